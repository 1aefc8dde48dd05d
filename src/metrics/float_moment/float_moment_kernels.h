// SPDX-License-Identifier: BSD-2-Clause-Patent
// Sum of the samples of one row and of their squares, each square rounded to single precision.
//   row      [width] samples of any value and alignment, width <= 2^20
//   returns  integers on the scale of the samples, exact below 2^53
#pragma once

#include <cstdint>

namespace fovea::float_moment {

struct Moments {
  double sum = 0;
  double squares = 0;
};

Moments moments_row(const uint8_t* row, int width);
Moments moments_row(const uint16_t* row, int width);

// The definition, as plain loops.
Moments moments_row_ref(const uint8_t* row, int width);
Moments moments_row_ref(const uint16_t* row, int width);

}  // namespace fovea::float_moment
