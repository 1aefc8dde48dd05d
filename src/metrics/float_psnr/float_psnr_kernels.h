// SPDX-License-Identifier: BSD-2-Clause-Patent
// Sum of squared differences over one row, each square rounded to single precision.
//   ref, dis  [width] samples of any value and alignment
//   returns   the sum on the scale of the samples: an integer, exact below 2^53 (width <= 2^20)
// For bytes it is the exact sum that psnr uses.
#pragma once

#include <cstdint>

namespace fovea::float_psnr {

double rounded_sse_row(const uint16_t* ref, const uint16_t* dis, int width);
// The definition, as a plain loop.
double rounded_sse_row_ref(const uint16_t* ref, const uint16_t* dis, int width);

}  // namespace fovea::float_psnr
