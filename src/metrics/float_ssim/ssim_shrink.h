// SPDX-License-Identifier: BSD-2-Clause-Patent
// Box decimation before float_ssim.
//
//   out(x, y) = float(sum over b, a in [-floor(f/2), f-1-floor(f/2)] of fl(in(f x + a, f y + b) * float(1 / f^2)))
//
// with the edge sample repeated (-1 -> 0, n -> n-1). The sum is double; at any bit depth it is exact, so that its
// order is free: columns of f rows are summed first, then f neighbours. Where f is a power of two nothing is rounded
// before the end, and integers do.
#pragma once

#include <cstdint>

#include "base/memory.h"
#include "base/plane.h"

namespace fovea::ssim_core {

struct Shrinker {
  int factor = 1;
  int width = 0, height = 0;          // of the picture
  int out_width = 0, out_height = 0;  // floor(n / f), and one more for odd n, whatever the remainder
  int sample_bytes = 1;
  float scale = 1;                    // of a sample

  Shrinker() = default;
  Shrinker(int factor, int width, int height, int sample_bytes, float scale);
  size_t scratch_bytes() const;
  // Rows [begin, end) of the result; `out` has rows of out_width floats.
  void rows(const PlaneView& plane, int begin, int end, float* out, Scratch& scratch) const;
};

// The definition, for one output sample.
float shrunk_ref(const Shrinker& shrinker, const PlaneView& plane, int x, int y);

// acc[x] += row[x]
void add_samples(const uint8_t* row, int width, uint16_t* acc);
void add_samples(const uint16_t* row, int width, uint32_t* acc);
// acc[x] += fl(fl(row[x] * scale) * weight)
void add_weighted(const uint8_t* row, float scale, float weight, int width, double* acc);
void add_weighted(const uint16_t* row, float scale, float weight, int width, double* acc);

}  // namespace fovea::ssim_core
