// SPDX-License-Identifier: BSD-2-Clause-Patent
// The text form of LIBSVM models, as it stands inside Netflix's JSON files.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "models/model.h"

namespace fovea::models {

// Reads a nu_svr model with rbf kernel. `features` is the highest index a support vector may use: libvmaf
// takes higher ones as differences from 0 and scores on; here they are errors, as nothing but a broken file
// has them. Errors name `where` and the line.
Result<Svm> read_libsvm(std::string_view text, size_t features, const std::string& where);

}  // namespace fovea::models
