// SPDX-License-Identifier: BSD-2-Clause-Patent
// Constants of the window statistics.
#pragma once

namespace fovea::ssim_core {

// Half of the 11-tap Gaussian (sigma 1.5), to six digits as published: the sum is 1.000002.
inline constexpr float kHalfWindow[6] = {0.001028f, 0.007599f, 0.036001f, 0.109361f, 0.213006f, 0.266012f};
inline constexpr float window_tap(int k) { return kHalfWindow[k <= 5 ? k : 10 - k]; }

inline constexpr float kC1 = (0.01f * 255) * (0.01f * 255);
inline constexpr float kC2 = (0.03f * 255) * (0.03f * 255);
inline constexpr float kC3 = kC2 / 2.0f;

}  // namespace fovea::ssim_core
