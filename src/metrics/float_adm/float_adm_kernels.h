// SPDX-License-Identifier: BSD-2-Clause-Patent
// The pixel work of float ADM: the row sums of a strip of one scale, and its rows of the low-low band, which
// is the input of the next scale.
//
// Every sum of products starts at the first tap (or at the centre of a neighbourhood) and goes on in order,
// each product rounded before it is added; the sums of a row go from left to right. That makes every bit, on
// every CPU target, and lets strips and tiles be cut anywhere.
#pragma once

#include <cstdint>

#include "base/memory.h"
#include "base/plane.h"
#include "metrics/adm/adm_bands.h"

namespace fovea::float_adm {

using adm::BandGeometry;
using adm::kBands;
using adm::kD;
using adm::kH;
using adm::kScales;
using adm::kV;
using adm::Range;

// Daubechies-2 wavelet.
inline constexpr float kLow[4] = {0.482962913144690f, 0.836516303737469f, 0.224143868041857f,
                                  -0.129409522550921f};
inline constexpr float kHigh[4] = {-0.129409522550921f, -0.224143868041857f, 0.836516303737469f,
                                   -0.482962913144690f};
inline constexpr float kTiny = 1e-30f;  // keeps the quotient of two zeros a number
// float(cos^2(1 degree)).
inline constexpr float kCosSquared = 0x1.ffd814p-1f;
// What a weighted coefficient hides at each of its neighbours and at its own place.
inline constexpr float kNeighbour = 0.0333333351f;
inline constexpr float kCentre = 0.0666666701f;

// A plane of samples of 1 or 2 bytes, read as (sample - zero) * unit, or of floats (4 bytes), read as they
// are.
struct Source {
  PlaneView view;
  int sample_bytes = 1;
  int zero = 128;
  float unit = 1.0f;
};

// How coefficients become sums.
struct Scoring {
  float csf[kBands] = {};
  double gain_limit = 100.0;
  bool masking = true;
  float p_norm = 3.0f;
};

// Sums of one row, [row of the band] each.
struct RowSums {
  float* band[kBands] = {};
};
struct DistortedSums {
  RowSums num, aim;
};

// A plane of low-low coefficients. Rows may be written up to `stride` floats.
struct LowPlane {
  float* data = nullptr;
  ptrdiff_t stride = 0;
};
// Row pitch, in floats, of the planes that this metric makes.
inline ptrdiff_t plane_stride(int width) {
  return static_cast<ptrdiff_t>(round_up(width, 32)) + 32;
}

// Rows `rows` of the bands of one scale; bands are at least 2x2.
struct Strip {
  const BandGeometry* bands = nullptr;
  Range rows;
  int dis_count = 0;
  Source ref;
  const Source* dis = nullptr;          // [dis_count]
  const Scoring* scoring = nullptr;     // null: no sums
  RowSums den;                          // of the reference's own detail
  const DistortedSums* sums = nullptr;  // [dis_count]; rows outside the middle of the band are left alone
  LowPlane low_ref;                     // null: no next scale
  const LowPlane* low_dis = nullptr;    // [dis_count]

  Range summed_rows() const {
    return scoring != nullptr ? bands->summed_rows(rows) : Range{rows.begin, rows.begin};
  }
  Range detail_rows() const { return bands->detail_rows(summed_rows()); }
};

void run_strip(const Strip& strip, Scratch& scratch);
// What run_strip() takes from its scratch.
size_t strip_scratch_bytes(int dis_count);

// The definition, as plain loops. Allocates.
void run_strip_ref(const Strip& strip);

}  // namespace fovea::float_adm
