// SPDX-License-Identifier: BSD-2-Clause-Patent
// The files of share/models as the build put them into the library (embed.cmake).
#pragma once

#include <span>
#include <string_view>

namespace fovea::models {

struct EmbeddedText {
  std::string_view name;  // file name without extension: a model's id, an SVM's hash
  std::string_view text;
};

std::span<const EmbeddedText> embedded_models();
std::span<const EmbeddedText> embedded_svms();

}  // namespace fovea::models
