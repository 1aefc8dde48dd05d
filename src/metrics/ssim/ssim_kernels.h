// SPDX-License-Identifier: BSD-2-Clause-Patent
// Kernels of the integer SSIM. Every sum of samples and products is exact, so that its order is free: 8-bit pictures
// take single precision downwards (below 2^24) and 32-bit integers across (below 2^32), deeper ones double throughout
// (below 2^48).
//
// Four sums make a window: of r, d, r d and (r - d)^2. The squares follow: sum r^2 + d^2 = sum (r - d)^2 + 2 sum r d.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fovea::ssim_int {

inline constexpr int kRadius = 4;
inline constexpr int kTaps[kRadius + 1] = {68, 55, 28, 9, 2};  // from the middle outwards; all nine make 256
inline constexpr int kQuantities = 4;                         // r, d, r d, (r - d)^2
inline constexpr int kLanes = 8;                              // sums are kept by column modulo 8

// Samples of one row to the four quantities, out[q * pitch + x].
void expand_row(const uint8_t* ref, const uint8_t* dis, int width, ptrdiff_t pitch, float* out);
void expand_row(const uint16_t* ref, const uint16_t* dis, int width, ptrdiff_t pitch, double* out);

// The window downwards: out[i] = sum of kTaps[|b|] * rows[b + 4][i]; count a multiple of 16.
void window_down(const float* const* rows, int count, uint32_t* out);
void window_down(const double* const* rows, int count, double* out);

// Constants of a picture: c1 = c1_scale * W^2, c2 = c2_scale * W^2 for a window of weight W.
struct Constants {
  double c1_scale;
  double c2_scale;
};

// The window across, and the sum of W q by column modulo 8 over x < count.
//   in      [kQuantities][pitch], the four sums downwards, from four columns before the first one; 16 readable behind
//   weight  [count] W of each column
void add_row(const uint32_t* in, ptrdiff_t pitch, int count, const double* weight, const Constants& constants, double* sums);
void add_row(const double* in, ptrdiff_t pitch, int count, const double* weight, const Constants& constants, double* sums);

// q of one window.
double similarity(double weight, double x, double y, double xy, double dd, const Constants& constants);

// The definition: sum of W q over a plane of samples, sum of W in *weights.
double plane_ref(const int* ref, const int* dis, int width, int height, int bit_depth, double* weights);

}  // namespace fovea::ssim_int
