// SPDX-License-Identifier: BSD-2-Clause-Patent
// Visible squared error of a plane: the running float sum over all coefficients of all blocks, bit for bit as
// plain loops make it (the README beside this file has the formulas).
//
//   ref, dis   planes of one size; uint8_t for bit_depth 8, uint16_t for 9 .. 12. Samples above the bit depth
//              are safe, but give no defined value
//   weights    of this plane (make_weights)
//   totals     [dis count]
//   scratch    visible_error_scratch_bytes() bytes, aligned to kAlignment
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/plane.h"

namespace fovea::psnr_hvs {

inline constexpr int kBlock = 8;
inline constexpr int kStep = 7;

// By coefficient in raster order.
struct Weights {
  std::array<float, 64> visibility;
  std::array<float, 64> mask;
  std::array<float, 64> inverse_mask;  // rounded to nearest
};

Weights make_weights(int plane);

// Blocks along `size` samples.
inline int block_count(int size) { return size < kBlock ? 0 : (size - kBlock) / kStep + 1; }

size_t visible_error_scratch_bytes();

void visible_error(const PlaneView& ref, std::span<const PlaneView> dis, const Weights& weights, int bit_depth, float* totals,
                   uint8_t* scratch);
void visible_error_ref(const PlaneView& ref, std::span<const PlaneView> dis, const Weights& weights, int bit_depth, float* totals);

}  // namespace fovea::psnr_hvs
