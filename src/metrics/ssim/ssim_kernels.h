// SPDX-License-Identifier: BSD-2-Clause-Patent
// Kernels of the integer SSIM. Every sum of samples and products is exact, so that its order is free: 8-bit
// pictures take single precision downwards (below 2^24) and, across, 32-bit sums of 16-bit halves (below
// 2^32); deeper ones double throughout (below 2^48).
//
// Four sums make a window: of r, d, r d and (r - d)^2. The squares follow: sum r^2 + d^2 = sum (r - d)^2 + 2
// sum r d.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fovea::ssim_int {

inline constexpr int kRadius = 4;
inline constexpr int kTaps[kRadius + 1] = {68, 55, 28, 9, 2};  // from the middle outwards; all nine make 256
inline constexpr int kQuantities = 4;                          // r, d, r d, (r - d)^2
inline constexpr int kLanes = 8;                               // sums are kept by column modulo 8

// A picture is scored in bands of columns.
inline constexpr int kBandColumns = 120;
inline constexpr int kPitch = kBandColumns + 2 * kRadius;  // with its margins: a multiple of every vector
inline constexpr int kRowValues = kQuantities * kPitch;
inline constexpr int kPairs = 64;  // of columns in a band, to whole vectors

// Samples of one row to the four quantities, out[q * kPitch + x].
void expand_row(const uint8_t* ref, const uint8_t* dis, int width, float* out);
void expand_row(const uint16_t* ref, const uint16_t* dis, int width, double* out);

// Constants of a picture: c1 = c1_scale * W^2, c2 = c2_scale * W^2 for a window of weight W.
struct Constants {
  double c1_scale;
  double c2_scale;
};

// W of a row of windows: row * column.
struct Weights {
  double row;
  const double* columns;    // [count]
  const double* by_parity;  // [2][kPairs]: those of even and of odd columns, 0 from `count` on
};

// The sum of W q over a row of windows in a band. rows: the nine that they see. Column x goes to sums[x / 2 %
// 8]; of deep pictures to sums[x % 8].
void add_row(const float* const* rows, int count, const Weights& weights, const Constants& constants,
             double* sums);
//   down  scratch of kRowValues + 32, the last 32 are 0
void add_row(const double* const* rows, int count, const Weights& weights, const Constants& constants,
             double* down, double* sums);

// q of one window.
double similarity(double weight, double x, double y, double xy, double dd, const Constants& constants);

// The definition: sum of W q over a plane of samples, sum of W in *weights.
double plane_ref(const int* ref, const int* dis, int width, int height, int bit_depth, double* weights);

}  // namespace fovea::ssim_int
