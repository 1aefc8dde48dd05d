// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the tests of metrics share: pictures that are hard on kernels, and a plain driver of the contract.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "metrics/metric.h"

namespace fovea::testing {

enum class Pattern { kNoise, kBinaryNoise, kFlat, kBlack, kWhite, kSmooth, kChecker, kStripes, kTexture };
inline constexpr Pattern kAllPatterns[] = {Pattern::kNoise,  Pattern::kBinaryNoise, Pattern::kFlat,
                                           Pattern::kBlack,  Pattern::kWhite,       Pattern::kSmooth,
                                           Pattern::kChecker, Pattern::kStripes,    Pattern::kTexture};
const char* pattern_name(Pattern pattern);

// Deterministic pictures. Rows stand further apart than they are long, start at an odd sample address, and
// the gaps hold poison, so that a kernel that reads past a row gives wrong numbers; the block ends with the
// last sample, so that a sanitizer sees reads past the end.
Frame make_frame(const Format& format, Pattern pattern, uint64_t seed);
// A damaged copy: blur, noise, a shift of brightness and some untouched areas, depending on the seed.
Frame distort(const Frame& frame, uint64_t seed);
// The first frames of a raw planar file; throws if there are fewer.
std::vector<Frame> read_clip(const std::string& path, const Format& format, int frames);
// True if the gaps between rows still hold poison.
bool poison_intact(const Frame& frame);

// scores[key] = value per frame (NaN where none was emitted); aggregates under the same map with one value.
using Scores = std::map<std::string, std::vector<double>>;

// Drives a metric over a clip the way the engine does. `reverse` runs strips from the last to the first.
std::vector<Scores> run_metric(const Metric& metric, const std::vector<Frame>& ref,
                               const std::vector<std::vector<Frame>>& dis_clips, bool reverse = false);
// The same for one distorted clip.
Scores run_metric(const Metric& metric, const std::vector<Frame>& ref, const std::vector<Frame>& dis);

// Calls `body` once for every CPU target that was compiled in and that this machine can run, with
// dispatch forced to it, and restores normal dispatch. `body` gets the target's name. The environment
// variable FOVEA_TEST_TARGETS (e.g. "NEON,SVE2") narrows the choice; a target that is absent ends the test.
void for_each_target(const std::function<void(const char* target)>& body);

// Uniform integer in [lo, hi].
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 0x1234567) {}
  uint64_t bits() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  int64_t uniform(int64_t lo, int64_t hi) { return lo + static_cast<int64_t>(bits() % static_cast<uint64_t>(hi - lo + 1)); }

 private:
  uint64_t state_;
};

}  // namespace fovea::testing
