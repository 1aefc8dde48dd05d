// SPDX-License-Identifier: BSD-2-Clause-Patent
// Sum of absolute blurred differences between two pictures, over a strip of rows.
//
//   d = previous - current                                   per sample, signed
//   Y = (sum over 5 rows    of tap * d + 2^(b-1)) >> b       b = bit_depth; floor
//   X = (sum over 5 columns of tap * Y + 2^15) >> 16         floor
//   returns the sum of |X| over rows [y_begin, y_end)
//
// Taps 3571 16004 26386 16004 3571 (sum 2^16), borders mirrored without repeating the edge sample. As floors
// are not symmetric, the order of the two pictures matters.
//
//   previous, current  one plane each, same size, 3x3 .. 2^17 columns; any alignment. uint8_t for b = 8,
//                      uint16_t for 9 .. 16; samples above the bit depth give the formula's value, too
//   scratch            motion_scratch_bytes(width) bytes, aligned to kAlignment
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/plane.h"

namespace fovea::motion {

inline constexpr std::array<int32_t, 3> kTaps = {3571, 16004, 26386};  // outermost first, symmetric

// Two taps in the low and high half of an integer. They stand in another file to be opaque to the compiler,
// which else makes them anew from immediates in inner loops.
enum TapPair { kOuterZero, kZeroOuter, kInnerZero, kZeroInner, kCentreZero, kZeroCentre, kOuterInner, kInnerOuter, kInnerCentre, kCentreInner };
extern const std::array<int32_t, 10> kTapPairs;

size_t motion_scratch_bytes(int width_px);

uint64_t blurred_difference(const PlaneView& previous, const PlaneView& current, int bit_depth, int y_begin, int y_end,
                            uint8_t* scratch);

// The definition, as plain loops. `row` holds width values.
template <class Sample>
uint64_t blurred_difference_row_ref(const PlaneView& previous, const PlaneView& current, int bit_depth, int y, int32_t* row);
uint64_t blurred_difference_ref(const PlaneView& previous, const PlaneView& current, int bit_depth, int y_begin, int y_end,
                                uint8_t* scratch);

}  // namespace fovea::motion
