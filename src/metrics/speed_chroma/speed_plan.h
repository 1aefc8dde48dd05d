// SPDX-License-Identifier: BSD-2-Clause-Patent
// SpEED: what speed_chroma and speed_temporal work out once per stream.
//
//   plane --(resample)--> scaled --low-pass, every 16th sample--> lattice --minus its own low-pass--> band
//   band --covariance of 5x5 windows, its eigenvalues--> per 5x5 block: strength S and entropy E --> score
//
// Only every 16th row and column of the low-passed picture is kept, so only the samples below its filter
// windows are ever resampled or read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/params.h"
#include "base/result.h"

namespace fovea::speed {

inline constexpr int kBlock = 5;               // a block is 5x5 samples of the band
inline constexpr int kDims = kBlock * kBlock;  // order of the covariance matrix
inline constexpr int kPitch = 32;              // floats between rows of a kDims x kDims matrix
inline constexpr int kDecimation = 16;
inline constexpr int kMinScaled = kBlock * kDecimation;  // least width and height after resampling [px]
inline constexpr double kTiny = 1e-6;          // least eigenvalue, least pivot, and the precision of the QR steps
inline constexpr int kMaxTaps = 63;            // longest filter: speed_kernelscale 4 gives 37

// Options that both metrics have, already in range.
struct Options {
  double kernelscale = 1.0;
  double prescale = 1.0;
  std::string prescale_method = "nearest";
  double sigma_nn = 0.29;
  double nn_floor = 0.0;
  int weight_mode = 0;
};

// Interpolation as a table: an output sample is the sum over `taps` x `taps` source samples, row by row, of
// sample * fl(column weight * row weight); with `normalise` divided by the sum of those weights.
// Columns stand in the order in which the horizontal filter wants them, and occur as often as it needs them.
struct Resampler {
  int taps = 0;
  bool normalise = false;
  int columns = 0;
  std::vector<int32_t> column_index;  // [taps][columns], source column
  std::vector<float> column_weight;   // [taps][columns]
  std::vector<int32_t> row_index;     // [scaled height][taps], source row
  std::vector<float> row_weight;      // [scaled height][taps]
};

struct Plan {
  int width = 0, height = 0;                // of the plane [px]
  int scaled_width = 0, scaled_height = 0;  // after resampling
  int lattice_width = 0, lattice_height = 0;
  int blocks_h = 0, blocks_v = 0;
  int bit_depth = 8;
  bool resample = false;
  Resampler resampler;
  std::vector<float> wide;    // taps of the low-pass before decimation
  std::vector<float> narrow;  // taps of the low-pass on the lattice
  float noise = 0;            // variance of the neural noise
  float base_entropy = 0;     // blocks below it in both pictures do not count
  int weight_mode = 0;

  int blocks() const { return blocks_h * blocks_v; }
  int radius() const { return static_cast<int>(wide.size()) / 2; }
  // Floats between rows of lattice and band; the kernels may read, never use, up to 16 beyond the width.
  int lattice_pitch() const { return (lattice_width + 16 + 15) / 16 * 16; }
};

// Fails on a kernel scale or method that is not defined, and on planes below 80x80 after resampling.
// `owner` names the metric in messages.
Result<Plan> make_plan(const char* owner, const Options& options, int width, int height, int bit_depth);

// Mirror without repeating the edge sample, for any distance: -1 -> 1, n -> n-2.
int mirrored(int i, int n);

// log2(2 pi e), twice the entropy of a unit Gaussian.
double log2_2pie();

}  // namespace fovea::speed
