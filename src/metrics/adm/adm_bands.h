// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the integer and the float form of ADM have in common: the geometry of the wavelet's bands, and how
// strongly the eye sees each of them.
#pragma once

#include <array>

#include "video/frame.h"

namespace fovea::adm {

inline constexpr int kScales = 4;

// Detail bands: vertical high + horizontal low, vertical low + horizontal high, both high.
enum Band { kH, kV, kD };
inline constexpr int kBands = 3;

struct Range {
  int begin = 0;
  int end = 0;
  bool empty() const { return begin >= end; }
};

// The decimating filter reads samples 2i-1 .. 2i+2 of n >= 2. Beyond the border the start is mirrored without
// its first sample, the end with its last one: -1 -> 1, n -> n-1, n+1 -> n-2. The 3x3 neighbourhood of the
// masks follows the same rule.
inline int reflect(int index, int n) {
  if (index < 0) return -index;
  return index < n ? index : 2 * n - 1 - index;
}

struct BandGeometry {
  int src_width = 0;  // of the luma (scale 0) or low-low band that is transformed
  int src_height = 0;
  int width = 0;  // of the bands
  int height = 0;
  // The middle of the bands, 4/5 each way, is what is summed.
  int left = 0, top = 0, right = 0, bottom = 0;
  int strips = 1;

  int columns() const { return right - left; }
  int rows() const { return bottom - top; }
  // Rows of band coefficients of a strip.
  Range strip_rows(int strip) const;
  // Those of them that are summed, and the rows of detail that they need: one more on each side for the 3x3
  // neighbourhood.
  Range summed_rows(Range strip_rows) const;
  Range detail_rows(Range summed_rows) const;
};
std::array<BandGeometry, kScales> band_geometry(const Format& format);

// Sums of this and less over all scales count as zero.
double least_sum(const Format& format);

// Where the display stands: heights of the display away, and its lines.
struct Viewing {
  double distance_h = 3.0;
  int display_height_px = 1080;
};
// Samples per degree of visual angle.
float pixels_per_degree(const Viewing& viewing);

// Contrast sensitivity at a scale: of horizontal and vertical, and of diagonal detail. Scores hang on the
// last bit of these floats, so the mix of single and double precision is part of the definition.
struct Csf {
  float straight;
  float diagonal;
};
// A. B. Watson, G. Y. Yang, J. A. Solomon, J. Villasenor, "Visibility of wavelet quantization noise", 1997.
Csf watson_csf(int scale, const Viewing& viewing);
// P. G. J. Barten's model with optical blur and the adaptation of rods and cones, at 100 cd/m2.
Csf barten_csf(int scale, const Viewing& viewing, double straight_scale, double diagonal_scale);

}  // namespace fovea::adm
