// SPDX-License-Identifier: BSD-2-Clause-Patent
// The pixel work of float VIF: the row sums of a strip of one scale, and the rows of the next scale that
// belong to the strip.
//
// Every sum of products starts at the first tap and goes on in the order of the taps, each product rounded
// before it is added; columns are filtered first, then rows; edges are reflected (reflect101). The sums of a
// row go from left to right. That makes every bit, on every CPU target, and lets strips be cut anywhere.
#pragma once

#include <cstdint>

#include "base/memory.h"
#include "base/plane.h"

namespace fovea::float_vif {

inline constexpr int kScales = 4;
inline constexpr int kMaxTaps = 69;
inline constexpr int kTapPadding =
    8;  // zeros on either side, for blocks of outputs that overlap the taps' ends
inline constexpr int kBandRows = 16;  // rows that the kernels make at a time
inline constexpr float kEpsilon = 1.0e-10f;

struct Taps {
  int radius = 0;
  float padded[kMaxTaps + 2 * kTapPadding] = {};

  const float* data() const { return padded + kTapPadding; }
  float* data() { return padded + kTapPadding; }
  int count() const { return 2 * radius + 1; }
};

// A plane of samples of 1 or 2 bytes, read as (sample - zero) * unit, or of floats (4 bytes), read as they
// are.
struct Source {
  PlaneView view;
  int sample_bytes = 1;
  int zero = 128;
  float unit = 1.0f;
};

// How statistics become information.
struct Statistic {
  double noise = 2.0;       // variance
  float flat_below = 2.0f;  // the least float that is not below the noise
  float inverse_noise = 0;  // 1 / noise if noise is a power of two, so that the quotient is exact; else 0
  float flat_weight = 0;    // what a distorted variance costs where the reference is flat
  float gain_limit = 100.0f;
};

// A plane of the next scale. Rows may be written up to `stride` floats.
struct NextPlane {
  float* data = nullptr;
  ptrdiff_t stride = 0;
};
// Row pitch, in floats, of the planes that this metric makes.
inline ptrdiff_t plane_stride(int width) {
  return static_cast<ptrdiff_t>(round_up(width, 32));
}

// Rows [begin, end) of one scale; begin is a multiple of kBandRows, and so is end unless it is the plane's
// height. The radii are smaller than the plane in both directions, and next_taps is not wider than taps.
struct Strip {
  int begin = 0;
  int end = 0;
  int dis_count = 0;
  Source ref;
  const Source* dis = nullptr;  // [dis_count]
  const Taps* taps = nullptr;   // null: no statistics
  Statistic statistic;
  float* den = nullptr;  // [height]: sums of rows begin .. end - 1; those of the reference's own information
  float* const* num = nullptr;      // [dis_count][height]
  const Taps* next_taps = nullptr;  // null: no next scale
  NextPlane next_ref;
  const NextPlane* next_dis = nullptr;  // [dis_count]; receives rows begin / 2 .. of the next scale

  int width() const { return ref.view.width_px; }
  int height() const { return ref.view.height_px; }
};

void run_strip(const Strip& strip, Scratch& scratch);
// What run_strip() takes from its scratch, at most, for windows up to `radius`.
size_t strip_scratch_bytes(int radius, int dis_count);

// The definition, as plain loops. Allocates.
void run_strip_ref(const Strip& strip);

// log2 to a few 1e-6, by the polynomial that is part of the definition; v >= 1, infinite or NaN.
float quick_log2(float v);
// out[i] = quick_log2(v[i]) as the kernels compute it, count a multiple of 16. For tests.
void log2_row(const float* v, int count, float* out);

// Coefficients of log2(1 + x) for x in [0, 1), highest power first; the constant one is 0.
inline constexpr float kLog2Coefficients[8] = {-0.012671635276421f, 0.064841182402670f,  -0.157048836463065f,
                                               0.257167726303123f,  -0.353800560300520f, 0.480131410397451f,
                                               -0.721314327952201f, 1.442694803896991f};

}  // namespace fovea::float_vif
