// SPDX-License-Identifier: BSD-2-Clause-Patent
// ADM of one coefficient in plain integers. This is the definition; all loops and kernels answer to it.
// Integers are exact where they are 64 bits wide; s16() and s32() keep the low bits, which matters for a few
// contents and options only.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "metrics/adm/adm_plan.h"

namespace fovea::adm {

inline int16_t s16(int64_t value) {
  return static_cast<int16_t>(static_cast<uint64_t>(value));
}
inline int32_t s32(int64_t value) {
  return static_cast<int32_t>(static_cast<uint64_t>(value));
}

// Shift right and round half up; modulo 2^64.
inline int64_t shift_round(int64_t value, int bits) {
  if (bits == 0) return value;
  return static_cast<int64_t>(static_cast<uint64_t>(value) + (uint64_t{1} << (bits - 1))) >> bits;
}
inline uint64_t shift_round(uint64_t value, int bits) {
  return bits == 0 ? value : (value + (uint64_t{1} << (bits - 1))) >> bits;
}

// Daubechies-2 wavelet in Q15.
inline constexpr int32_t kLow[4] = {15826, 27411, 7345, -4240};
inline constexpr int32_t kHigh[4] = {-4240, -7345, 27411, -15826};
inline constexpr int32_t kLowSum = 46342;

// Rounding shifts of the transform of scales 1 .. 3 (scale 0: the bit depth, then 16).
inline constexpr int kColumnShift[kScales] = {0, 0, 16, 16};
inline constexpr int kRowShift[kScales] = {16, 15, 16, 15};

// floor(2^30 / n), n = 1 .. 32768.
inline int32_t reciprocal(int32_t n) {
  return (1 << 30) / n;
}

// Divisor o as mantissa * 2^shift with a mantissa of at most 2^15, rounded half up. o >= 1.
struct Divisor {
  int32_t mantissa;
  int32_t shift;
};
inline Divisor divisor(uint32_t o) {
  if (o < 32768) return {static_cast<int32_t>(o), 0};
  const int shift = std::bit_width(o) - 15;
  return {static_cast<int32_t>((uint64_t{o} + (uint64_t{1} << (shift - 1))) >> shift), shift};
}

inline constexpr int kOne = 32768;  // gain 1 in Q15

// How much of the reference coefficient o is left in t: t / o within 0 .. 1, Q15.
inline int64_t gain(int64_t o, int64_t t) {
  if (o == 0) return kOne;
  const Divisor d = divisor(static_cast<uint32_t>(std::abs(o)));
  const int64_t product = reciprocal(d.mantissa) * t * (o < 0 ? -1 : 1);
  return std::clamp<int64_t>(shift_round(product, 15 + d.shift), 0, kOne);
}

// float(cos^2(1 degree)).
inline constexpr double kCosSquared = 0x1.ffd814p-1;

// Do (oh, ov) and (th, tv) point the same way within one degree? Single precision sums, double products.
inline bool same_direction(int64_t oh, int64_t ov, int64_t th, int64_t tv) {
  const double p = static_cast<float>(oh * th + ov * tv);
  const double u = static_cast<float>(oh * oh + ov * ov);
  const double v = static_cast<float>(th * th + tv * tv);
  return p >= 0.0 && p * p >= (kCosSquared * u) * v;
}

// What is left of reference coefficient o in distorted t. `enhanced`: same_direction() at its place.
inline int64_t restored(int64_t o, int64_t t, bool enhanced, double gain_limit) {
  const int64_t k = gain(o, t);
  const int64_t r = (k * o + 16384) >> 15;
  if (!enhanced || k == 0 || o == 0) return r;
  const double stronger = static_cast<double>(r) * gain_limit;
  const double target = static_cast<double>(t);
  return static_cast<int64_t>(o > 0 ? std::min(stronger, target) : std::max(stronger, target));
}

// For |o| <= 16383 the roundings cancel: where detail is not enhanced, restored() is t held between 0 and o.
// (Every such o and t was tried.)
inline constexpr int kSimpleDivisor = 16383;

// What one weighted coefficient hides: `near` about |c|/30 at each neighbour, `near` + `centre` (about
// |c|/15) at its own place.
struct Mask {
  int32_t near;
  int32_t centre;
};

// Scale 0. The products fit 32 bits, c, n and z are kept in 16. |c|:
inline int32_t weighted0(int32_t coefficient, uint32_t weight, int band) {
  const int64_t product = int64_t{weight} * coefficient;
  return std::abs(int32_t{band == kD ? s16((product + 65535) >> 17) : s16((product + 16384) >> 15)});
}
inline Mask mask0(int32_t coefficient, uint32_t weight, int band) {
  const int32_t magnitude = weighted0(coefficient, weight, band);
  const int32_t n = s16((4369 * magnitude + 2048) >> 12);
  const int32_t z = s16((8738 * magnitude + 2048) >> 12);
  return {n, z - n};
}
// Up to this |c|, z does not wrap.
inline constexpr int kWholeMask0 = 15360;

// Scales 1 .. 3: |c|.
inline uint32_t weighted(int32_t coefficient, uint32_t weight) {
  const int32_t c = s32((int64_t{weight} * coefficient + (int64_t{1} << 27)) >> 28);
  return static_cast<uint32_t>(std::abs(int64_t{c}));
}

// Scales 1 .. 3. Each of n and z is one less in the definition (a half is subtracted, not added, before the
// shift). kMaskBias makes up for all 3 bands * 9 places.
inline Mask mask(uint32_t magnitude) {
  const auto n = static_cast<int32_t>((143165577ull * magnitude + (1ull << 31)) >> 32);
  const auto z = static_cast<int32_t>((286331153ull * magnitude + (1ull << 31)) >> 32);
  return {n, z - n};
}
inline constexpr int kMaskBias = 27;

// What is seen of a signal above the threshold.
inline int32_t seen0(int32_t coefficient, uint32_t weight, int band, int32_t threshold) {
  const int64_t signal = std::abs(int64_t{s32(int64_t{weight} * coefficient)});
  return std::max(s32(signal - s32(int64_t{threshold} * (band == kD ? 4096 : 1024))), 0);
}
inline int32_t seen(uint32_t magnitude, int32_t threshold) {
  return std::max(s32(int64_t{magnitude} - threshold), 0);
}

// Its cube, scaled.
inline int64_t cube(int32_t x, int square_shift, int term_shift) {
  const int32_t square = s32(shift_round(int64_t{x} * x, square_shift));
  return shift_round(int64_t{square} * x, term_shift);
}

// Cube of a reference coefficient at scales 1 .. 3. A full unit, not a half, is added before the first shift.
inline uint64_t energy(int32_t coefficient, int square_shift, int term_shift) {
  const uint64_t x = static_cast<uint64_t>(std::abs(int64_t{coefficient}));
  return shift_round(((x * x + (uint64_t{1} << square_shift)) >> square_shift) * x, term_shift);
}

}  // namespace fovea::adm
