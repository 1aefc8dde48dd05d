// SPDX-License-Identifier: BSD-2-Clause-Patent
// What Netflix says about its published models, but not in their files.
#pragma once

#include <string_view>

#include "models/model.h"

namespace fovea::models {

inline constexpr const char* kNetflixCredit = "Model parameters (c) Netflix, Inc., BSD-2-Clause-Patent";

struct PublishedModel {
  std::string_view id;
  std::string_view folder;  // below model/ in Netflix's repository
  std::string_view summary;
  ViewingConditions viewing;
};

// nullptr if there is no published model of that id.
const PublishedModel* find_published(std::string_view id);

}  // namespace fovea::models
