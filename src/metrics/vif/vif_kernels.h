// SPDX-License-Identifier: BSD-2-Clause-Patent
// The pixel work of integer VIF: the sums of one strip of rows of one scale, and the rows of the next scale
// that belong to the strip.
//
// Scale s is filtered with taps of radius kRadius[s], which sum to 65536; edges are reflected (reflect101).
// Scale 0 is the luma plane; scale s+1 is scale s, blurred with the taps of scale s+1, every other row and
// column. From scale 1 on samples are uint16_t, with 8-bit white near 65280.
#pragma once

#include <array>
#include <cstdint>

#include "base/memory.h"
#include "base/plane.h"

namespace fovea::vif {

inline constexpr int kScales = 4;
inline constexpr int kMaxTaps = 17;
inline constexpr std::array<int, kScales> kRadius = {8, 4, 2, 1};
// Taps of scale s: kTaps[s][0 .. 2 * kRadius[s]].
inline constexpr uint16_t kTaps[kScales][kMaxTaps] = {
    {489, 935, 1640, 2640, 3896, 5274, 6547, 7455, 7784, 7455, 6547, 5274, 3896, 2640, 1640, 935, 489},
    {1244, 3663, 7925, 12590, 14692, 12590, 7925, 3663, 1244},
    {3571, 16004, 26386, 16004, 3571},
    {10904, 43728, 10904},
};
inline constexpr int32_t kNoiseQ16 = 131072;  // variance of the visual noise, 2.0

// Order-free sums over pixels. A pixel is "flat" where the reference's variance is below the noise.
struct Sums {
  int64_t num_log = 0;   // Q11, log2
  int64_t den_log = 0;   // Q11, log2
  int64_t num_flat = 0;  // distorted variance of flat pixels, Q16
  int64_t den_flat = 0;  // number of flat pixels

  bool operator==(const Sums&) const = default;
  Sums& operator+=(const Sums& other) {
    num_log += other.num_log;
    den_log += other.den_log;
    num_flat += other.num_flat;
    den_flat += other.den_flat;
    return *this;
  }
};

// A plane of the next scale. Rows may be written up to `stride` samples.
struct NextPlane {
  uint16_t* data = nullptr;
  ptrdiff_t stride = 0;  // samples, at least next_stride(width of the next scale)
};

// Row pitch, in samples, that the planes of scales 1 to 3 need: whole vectors of any target.
inline ptrdiff_t next_stride(int width) { return static_cast<ptrdiff_t>(round_up(width, 128)); }

// Rows [begin, end) of one scale; begin is a multiple of 4, and so is end unless it is the plane's height.
// Planes have uint8_t samples at scale 0 of 8-bit video, else uint16_t.
struct Strip {
  int scale = 0;
  int bit_depth = 8;  // of scale 0: 8, 10, 12 or 16
  int begin = 0;
  int end = 0;
  int dis_count = 0;
  int limit_count = 1;                  // gain limits that are scored at once
  const double* gain_limits = nullptr;  // [limit_count]
  PlaneView ref;
  const PlaneView* dis = nullptr;       // [dis_count]
  Sums* sums = nullptr;                 // [dis * limit_count + limit], overwritten; null: no statistics
  NextPlane next_ref;                   // data == nullptr: no next scale
  const NextPlane* next_dis = nullptr;  // [dis_count]; receives rows begin/2 .. of the next scale

  int width() const { return ref.width_px; }
  int height() const { return ref.height_px; }
  bool bytes() const { return scale == 0 && bit_depth == 8; }
};

// Any size from radius + 1 up in both directions. Sums are exact for samples within the bit depth; with
// larger samples they mean nothing, but nothing else happens.
void run_strip(const Strip& strip, Scratch& scratch);
// What run_strip() takes from its scratch, at most.
size_t strip_scratch_bytes(int width, int dis_count, int limit_count);

// The definition, as plain loops.
void run_strip_ref(const Strip& strip, Scratch& scratch);
size_t strip_scratch_bytes_ref(int width);

// log2 in Q11 of v >= 65536, from the upper 16 bits of v: T[v >> k] + 2048 k with k = floor(log2 v) - 15 and
// T[i] = round(2048 * float(log2 i)).
int64_t log2_q11(uint64_t v);
// T[32768 .. 65535], and one entry more so that pairs can be read.
const uint16_t* log2_table();
// out[i] = log2_q11(v[i]) - 2048 * 17 for 65536 <= v < 2^31, as the kernels compute it. For tests.
void log2_row(const uint32_t* v, int count, int32_t* out);

}  // namespace fovea::vif
