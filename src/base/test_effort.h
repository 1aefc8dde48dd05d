// SPDX-License-Identifier: BSD-2-Clause-Patent
// How much a test tries: the environment variable FOVEA_TEST_EFFORT is `low` (instrumented builds, emulated
// machines), `full` (hours are welcome) or unset.
#pragma once

#include <cstdlib>
#include <string>

namespace fovea::testing {

enum class Effort { kLow, kNormal, kFull };

inline Effort test_effort() {
  const char* text = std::getenv("FOVEA_TEST_EFFORT");
  const std::string effort = text != nullptr ? text : "";
  return effort == "low" ? Effort::kLow : effort == "full" ? Effort::kFull : Effort::kNormal;
}

}  // namespace fovea::testing
