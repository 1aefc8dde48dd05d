// SPDX-License-Identifier: BSD-2-Clause-Patent
// Rows of float planes, bit for bit as plain loops make them: products are rounded before they are added
// (nothing is fused), taps are taken in ascending order, sums of a row run from left to right.
//
//   p = sample / 2^(b-8) - 128             b = bit_depth; exact
//   blurred = taps down the columns of p, then along the rows; borders mirrored without the edge sample
//
//   planes   more than `radius` samples in both directions; uint8_t for b = 8, uint16_t for 9 .. 16, any values
//   scratch  float_motion_scratch_bytes(width) bytes, aligned to kAlignment
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/memory.h"
#include "base/plane.h"

namespace fovea::float_motion {

struct Filter {
  int radius = 2;             // 0, 1, 2
  std::array<float, 3> taps;  // by distance from the centre
};

inline constexpr int kBandRows = 16;  // rows made together
// Floats between the rows of a band: an odd multiple of 256 bytes, so that rows do not share cache sets.
inline size_t band_stride(int width) { return (round_up(static_cast<size_t>(width), 64) + 64) | 64; }

size_t float_motion_scratch_bytes(int width_px);

// sums[y - y_begin] = sum over the row of |blurred a - blurred b|, for y_begin <= y < y_end.
void abs_difference_rows(const PlaneView& a, const PlaneView& b, const Filter& filter, int bit_depth, int y_begin, int y_end,
                         float* sums, uint8_t* scratch);
void abs_difference_rows_ref(const PlaneView& a, const PlaneView& b, const Filter& filter, int bit_depth, int y_begin, int y_end,
                             float* sums, uint8_t* scratch);

// Blurred rows y_begin .. y_begin + kBandRows - 1 (as far as there are), band_stride(width) apart.
void blur_band(const PlaneView& plane, const Filter& filter, int bit_depth, int y_begin, float* band, uint8_t* scratch);
void blur_band_ref(const PlaneView& plane, const Filter& filter, int bit_depth, int y_begin, float* band, uint8_t* scratch);

}  // namespace fovea::float_motion
