// SPDX-License-Identifier: BSD-2-Clause-Patent
// From one scale of MS-SSIM to the next: a 9x9 low-pass at every second row and column.
//
//   out(x, y) = float(sum over b, a in [-4, 4] of fl(in(2x + a, 2y + b) * K[|b|][|a|]))
//
// in double, with the edge sample repeated (-1 -> 0, n -> n-1). Columns are summed first, downwards: the even ones with
// columns 0, 2 and 4 of K, the odd ones with 1 and 3. A pair of rows adds to the five output rows that it takes part in,
// which stay in registers, so that each product is made once for all of them. Nine column sums make an output sample.
// For samples of up to 16 bit every sum is exact, whatever its order; of later scales the last bit of a double may
// differ from that of a plain sum.
#pragma once

#include <cstddef>

#include "base/memory.h"
#include "metrics/float_ssim/ssim_core.h"

namespace fovea::ms_ssim {

inline int halved(int length) { return length / 2 + (length & 1); }

size_t halve_scratch_bytes();
// Rows [begin, end) of the next scale; `out` has rows of halved(in.width) floats.
void halve_rows(const ssim_core::Image& in, int begin, int end, float* out, Scratch& scratch);

// The definition, for one output sample of [height][width].
float halved_ref(const float* in, int width, int height, int x, int y);

// --- kernels ---

// Rows of samples apart: even[x] = row[2x], odd[x] = row[2x + 1], x < count; count a multiple of 8.
void split_row(const float* row, int count, float* even, float* odd);

// Column sums of eight columns (the lanes) with column k of K:
//   in    [2 rows + 8][pitch >= 8]; output row y is centred on in[2y + 4]
//   out   [rows][out_pitch]
void halve_down(const float* in, ptrdiff_t pitch, int rows, int k, double* out, ptrdiff_t out_pitch);

// out[x] = float(e0[x] + (o1[x-1] + o1[x]) + (e2[x-1] + e2[x+1]) + (o3[x-2] + o3[x+1]) + (e4[x-2] + e4[x+2])), any count.
// Column sums of even (e) and odd (o) columns, those of two columns before the first at -2.
void halve_across(const double* e0, const double* o1, const double* e2, const double* o3, const double* e4, int count, float* out);

// K, from the middle outwards, in float.
extern const float kHalve[5][5];

}  // namespace fovea::ms_ssim
