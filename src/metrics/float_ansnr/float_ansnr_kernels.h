// SPDX-License-Identifier: BSD-2-Clause-Patent
// Row sums of the filtered reference and of its difference to filtered distorted pictures, bit for bit as
// plain loops make them (the README beside this file has the formulas).
//
//   ref, dis   planes of one size, 3x3 or more; uint8_t for bit_depth 8, uint16_t for 9 .. 16, any values
//   signal     [y_end - y_begin], sums of r^2
//   noise      [dis_count][noise_stride], sums of (r - d)^2
//   scratch    ansnr_scratch_bytes(dis_count) bytes, aligned to kAlignment
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "video/frame.h"

namespace fovea::float_ansnr {

inline constexpr int kMaxRows = 144;  // of one call; a multiple of 16

// By distance from the centre, rows then columns.
inline constexpr std::array<std::array<float, 2>, 2> kRefTaps = {{{4.0f / 16, 2.0f / 16}, {2.0f / 16, 1.0f / 16}}};
inline constexpr std::array<std::array<float, 3>, 3> kDisTaps = {{
    {static_cast<float>(127 / 571.0), static_cast<float>(52 / 571.0), static_cast<float>(12 / 571.0)},
    {static_cast<float>(52 / 571.0), static_cast<float>(31 / 571.0), static_cast<float>(7 / 571.0)},
    {static_cast<float>(12 / 571.0), static_cast<float>(7 / 571.0), static_cast<float>(2 / 571.0)},
}};

// The border rule: -1 -> 1, -2 -> 2; n -> n-1, n+1 -> n-2.
inline int mirror(int i, int n) { return i < 0 ? -i : i >= n ? 2 * n - 1 - i : i; }

size_t ansnr_scratch_bytes(int dis_count);

void ansnr_rows(const PlaneView& ref, std::span<const Frame> dis, int bit_depth, int y_begin, int y_end, float* signal, float* noise,
                size_t noise_stride, uint8_t* scratch);
void ansnr_rows_ref(const PlaneView& ref, std::span<const Frame> dis, int bit_depth, int y_begin, int y_end, float* signal,
                    float* noise, size_t noise_stride);

}  // namespace fovea::float_ansnr
