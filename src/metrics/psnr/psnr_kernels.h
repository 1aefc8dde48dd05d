// SPDX-License-Identifier: BSD-2-Clause-Patent
// Sum of squared differences over one row of samples.
//   ref, dis  [width] samples of one or two bytes, any alignment
//   returns   the exact sum: any uint8_t; uint16_t of any value, width <= 2^20
#pragma once

#include <cstdint>

namespace fovea::psnr {

uint64_t sse_row(const uint8_t* ref, const uint8_t* dis, int width);
uint64_t sse_row(const uint16_t* ref, const uint16_t* dis, int width);

// The definition, as plain loops.
uint64_t sse_row_ref(const uint8_t* ref, const uint8_t* dis, int width);
uint64_t sse_row_ref(const uint16_t* ref, const uint16_t* dis, int width);

}  // namespace fovea::psnr
