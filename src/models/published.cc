// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "models/published.h"

#include <algorithm>
#include <array>

namespace fovea::models {
namespace {

constexpr ViewingConditions kTv = {3, 1080};
constexpr ViewingConditions kFar = {5, 1080};
constexpr ViewingConditions kUhdNear = {1.5, 2160};
constexpr ViewingConditions kUhdTv = {3, 2160};

constexpr std::array<PublishedModel, 17> kPublished = {{
    {"vmaf_v0.6.1", "", "VMAF for 1080p seen from 3 picture heights", kTv},
    {"vmaf_v0.6.1neg", "", "VMAF for 1080p, no credit for enhancement (NEG)", kTv},
    {"vmaf_4k_v0.6.1", "", "VMAF for 2160p seen from 1.5 picture heights", kUhdNear},
    {"vmaf_4k_v0.6.1neg", "", "VMAF for 2160p, no credit for enhancement (NEG)", kUhdNear},
    {"vmaf_b_v0.6.3", "", "VMAF for 1080p with a confidence interval (bootstrap)", kTv},
    {"vmaf_v1.0.16_3d0h", "vmaf_v1.0.16/", "VMAF v1 for 1080p seen from 3 picture heights", kTv},
    {"vmaf_v1.0.16_5d0h", "vmaf_v1.0.16/", "VMAF v1 for 1080p seen from 5 picture heights", kFar},
    {"vmaf_v1.0.16_3d0h_2160", "vmaf_v1.0.16/", "VMAF v1 for 2160p seen from 3 picture heights", kUhdTv},
    {"vmaf_v1.0.16_1d5h_2160", "vmaf_v1.0.16/", "VMAF v1 for 2160p seen from 1.5 picture heights", kUhdNear},
    {"vmaf_v1.0.16_hfr_3d0h", "vmaf_v1.0.16_hfr/",
     "VMAF v1 for high frame rates, 1080p seen from 3 picture heights", kTv},
    {"vmaf_v1.0.16_hfr_5d0h", "vmaf_v1.0.16_hfr/",
     "VMAF v1 for high frame rates, 1080p seen from 5 picture heights", kFar},
    {"vmaf_v1.0.16_hfr_3d0h_2160", "vmaf_v1.0.16_hfr/",
     "VMAF v1 for high frame rates, 2160p seen from 3 picture heights", kUhdTv},
    {"vmaf_v1.0.16_hfr_1d5h_2160", "vmaf_v1.0.16_hfr/",
     "VMAF v1 for high frame rates, 2160p seen from 1.5 picture heights", kUhdNear},
    {"vmaf_float_v0.6.1", "", "VMAF for 1080p from floating-point features", kTv},
    {"vmaf_float_v0.6.1neg", "",
     "VMAF for 1080p from floating-point features, no credit for enhancement (NEG)", kTv},
    {"vmaf_float_4k_v0.6.1", "", "VMAF for 2160p from floating-point features", kUhdNear},
    {"vmaf_float_b_v0.6.3", "",
     "VMAF for 1080p from floating-point features with a confidence interval (bootstrap)", kTv},
}};

}  // namespace

const PublishedModel* find_published(std::string_view id) {
  const auto at =
      std::find_if(kPublished.begin(), kPublished.end(), [&](const PublishedModel& m) { return m.id == id; });
  return at == kPublished.end() ? nullptr : &*at;
}

}  // namespace fovea::models
