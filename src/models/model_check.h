// SPDX-License-Identifier: BSD-2-Clause-Patent
// What every model must fulfil, whichever format it comes from. Readers call find_fault() last; prediction
// relies on it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "models/model.h"

namespace fovea::models {

// Parameters beyond this are refused, and so are slopes below its inverse where they divide. Finite features
// of at most this size then always give a finite score.
inline constexpr double kMaxModelNumber = 1e30;

// Numbers in the support vectors of one SVM, and of all SVMs of a set: a guard for memory, far above any real
// model (21 SVMs of 215 x 6).
inline constexpr size_t kMaxSvmValues = size_t{1} << 22;
inline constexpr size_t kMaxSetSvmValues = size_t{1} << 24;
inline constexpr size_t kMaxSiblings = 9998;  // four digits number the members of a collection

// Names that the chroma correction looks for; exactly one feature must contain each.
inline constexpr std::string_view kChromaCorrectionLuma = "adm3";
inline constexpr std::string_view kChromaCorrectionChroma = "speed_chroma";

struct FoundFeatures {
  size_t first = 0;
  size_t count = 0;
};
// Features whose name contains `part`.
FoundFeatures find_features(const Model& model, std::string_view part);

// `member` is the name of the culprit as in Netflix's JSON.
struct ModelFault {
  std::string member;
  std::string text;
};
std::optional<ModelFault> find_fault(const Model& model);
// What the siblings must have in common with the model. `sibling` counts from 0.
std::optional<ModelFault> find_sibling_fault(const Model& model, const Model& sibling);

// "1 number", "3 numbers"
std::string count_of(size_t n, std::string_view noun);

}  // namespace fovea::models
