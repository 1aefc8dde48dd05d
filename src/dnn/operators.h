// SPDX-License-Identifier: BSD-2-Clause-Patent
// Operators that a graph may use: those of ONNX's standard domain that compute on tensors and give the same
// result each time. Not among them: If, Loop, Scan, sequences, strings, random numbers.
#pragma once

#include <string_view>

namespace fovea::dnn {

bool is_allowed_operator(std::string_view name);

}  // namespace fovea::dnn
