// SPDX-License-Identifier: BSD-2-Clause-Patent
// From one scale of MS-SSIM to the next: a 9x9 low-pass at every second row and column.
//
//   out(x, y) = float(sum over b, a in [-4, 4] of fl(in(2x + a, 2y + b) * K[|b|][|a|]))
//
// in double, with the edge sample repeated (-1 -> 0, n -> n-1). Rows are summed first, once for each of the five rows
// of K (of which a row of samples meets two or three), then nine row sums make an output row. For samples of up to
// 16 bit every sum is exact, whatever its order; of later scales the last bit of a double may differ from that of a
// plain sum.
#pragma once

#include "metrics/float_ssim/ssim_core.h"

namespace fovea::ms_ssim {

inline int halved(int length) { return length / 2 + (length & 1); }

size_t halve_scratch_bytes();
// Rows [begin, end) of the next scale; `out` has rows of halved(in.width) floats.
void halve_rows(const ssim::Image& in, int begin, int end, float* out, Scratch& scratch);

// The definition, for one output sample of [height][width].
float halved_ref(const float* in, int width, int height, int x, int y);

// --- kernels ---

// Sums of one row at distance parity 0 (rows 0, 2, 4 of K to h[0 .. 2]) or 1 (rows 1, 3 to h[0 .. 1]).
//   row   row[2x - 4 .. 2x + 4] are the samples below output x
//   h     [3] arrays of `count`; count a multiple of 8
void halve_across(const float* row, int parity, int count, double* const* h);
// out[x] = float(h[0][x] + h[1][x] + ... + h[8][x]); any count.
void halve_down(const double* const* h, int count, float* out);

// K, from the middle outwards, in float.
extern const float kHalve[5][5];

}  // namespace fovea::ms_ssim
