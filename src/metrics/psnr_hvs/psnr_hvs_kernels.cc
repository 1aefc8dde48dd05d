// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
//
// Blocks of a row of blocks lie in the lanes, as many as a vector has 16-bit lanes: value k of all of them is
// one vector. The transform is exact in 16 bits (its nodes stay below 2.83^2 * 4095 = 32760 in magnitude);
// what follows is single precision, half of the blocks at a time.
#include "metrics/psnr_hvs/psnr_hvs_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/psnr_hvs/psnr_hvs_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <cstring>

#include "base/memory.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::psnr_hvs::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
void VisibleError(const PlaneView& ref, std::span<const PlaneView> dis, const Weights& weights, int bit_depth, float* totals, uint8_t*) {
  visible_error_ref(ref, dis, weights, bit_depth, totals);
}
#else

using D16 = hn::ScalableTag<int16_t>;
using DF = hn::ScalableTag<float>;
using V16 = hn::Vec<D16>;
using VF = hn::Vec<DF>;

// One round of a transposition of eight vectors of eight; three make it.
template <class D, class V>
HWY_INLINE void Shuffle(D d, V& v0, V& v1, V& v2, V& v3, V& v4, V& v5, V& v6, V& v7) {
  const V a = hn::InterleaveLower(d, v0, v4), b = hn::InterleaveUpper(d, v0, v4), c = hn::InterleaveLower(d, v1, v5),
          e = hn::InterleaveUpper(d, v1, v5), f = hn::InterleaveLower(d, v2, v6), g = hn::InterleaveUpper(d, v2, v6),
          h = hn::InterleaveLower(d, v3, v7), i = hn::InterleaveUpper(d, v3, v7);
  v0 = a, v1 = b, v2 = c, v3 = e, v4 = f, v5 = g, v6 = h, v7 = i;
}

// samples[(8 y + x) * lanes + b] of blocks b = 0 .. lanes - 1 from `row` on; those past `count` repeat the last.
template <class Sample>
void LoadBlocks(const PlaneView& plane, int y0, int x0, int count, int lanes, int16_t* HWY_RESTRICT samples) {
  const hn::CappedTag<int16_t, 8> d;
  const hn::Rebind<Sample, decltype(d)> ds;
  const auto load = [&](const Sample* from) HWY_ATTR {
    if constexpr (sizeof(Sample) == 1) {
      return hn::PromoteTo(d, hn::LoadU(ds, from));
    } else {
      return hn::BitCast(d, hn::LoadU(ds, from));
    }
  };
  for (int b = 0; b < lanes; b += 8) {
    int x[8];
    for (int k = 0; k < 8; ++k) x[k] = x0 + kStep * HWY_MIN(b + k, count - 1);
    for (int y = 0; y < kBlock; ++y) {
      const Sample* row = plane.row<Sample>(y0 + y);
      auto v0 = load(row + x[0]), v1 = load(row + x[1]), v2 = load(row + x[2]), v3 = load(row + x[3]);
      auto v4 = load(row + x[4]), v5 = load(row + x[5]), v6 = load(row + x[6]), v7 = load(row + x[7]);
      for (int round = 0; round < 3; ++round) Shuffle(d, v0, v1, v2, v3, v4, v5, v6, v7);
      int16_t* const out = samples + 8 * y * lanes + b;
      hn::Store(v0, d, out);
      hn::Store(v1, d, out + lanes);
      hn::Store(v2, d, out + 2 * lanes);
      hn::Store(v3, d, out + 3 * lanes);
      hn::Store(v4, d, out + 4 * lanes);
      hn::Store(v5, d, out + 5 * lanes);
      hn::Store(v6, d, out + 6 * lanes);
      hn::Store(v7, d, out + 7 * lanes);
    }
  }
}

// Half, towards zero.
HWY_INLINE V16 Half(V16 v) { return hn::ShiftRight<1>(hn::Sub(v, hn::ShiftRight<15>(v))); }

HWY_INLINE V16 Part(V16 v, int factor) { return hn::MulFixedPoint15(v, hn::Set(D16(), static_cast<int16_t>(factor))); }

// Eight-point transform of the values at in[0], in[stride], ... of all blocks.
HWY_INLINE void Dct8(const int16_t* in, int16_t* out, size_t stride) {
  const D16 d;
  const auto x0 = hn::Load(d, in), x1 = hn::Load(d, in + stride), x2 = hn::Load(d, in + 2 * stride), x3 = hn::Load(d, in + 3 * stride);
  const auto x4 = hn::Load(d, in + 4 * stride), x5 = hn::Load(d, in + 5 * stride), x6 = hn::Load(d, in + 6 * stride),
             x7 = hn::Load(d, in + 7 * stride);
  auto d1 = hn::Sub(x0, x7), s4 = hn::Add(x1, x6), d3 = hn::Sub(x2, x5), s6 = hn::Add(x3, x4);
  const auto h1 = Half(d1), h4 = Half(s4), h6 = Half(s6);
  auto s0 = hn::Sub(x0, h1), d5 = hn::Sub(x6, h4), s2 = hn::Sub(x2, Half(d3)), d7 = hn::Sub(h6, x4);

  s0 = hn::Add(s0, h6);
  s6 = hn::Sub(s0, s6);
  s2 = hn::Sub(h4, s2);
  s4 = hn::Sub(s2, s4);
  s0 = hn::Sub(s0, Part(s4, 13573));
  s4 = hn::Add(s4, Part(s0, 2 * 11585));
  s0 = hn::Sub(s0, Part(s4, 13573));
  s6 = hn::Sub(s6, Part(s2, 21895));
  s2 = hn::Add(s2, Part(s6, 2 * 15137));
  s6 = hn::Sub(s6, Part(s2, 21895));

  d3 = hn::Add(d3, Part(d5, 19195));
  d5 = hn::Add(d5, Part(d3, 2 * 11585));
  d3 = hn::Sub(d3, Part(d5, 4 * 7489));
  d7 = hn::Sub(Half(d5), d7);
  d5 = hn::Sub(d5, d7);
  d3 = hn::Sub(h1, d3);
  d1 = hn::Sub(d1, d3);
  d7 = hn::Add(d7, Part(d1, 3227));
  d1 = hn::Sub(d1, Part(d7, 6393));
  d7 = hn::Add(d7, Part(d1, 3227));
  d5 = hn::Add(d5, Part(d3, 4 * 2485));
  d3 = hn::Sub(d3, Part(d5, 18205));
  d5 = hn::Add(d5, Part(d3, 4 * 2485));

  hn::Store(s0, d, out);
  hn::Store(d1, d, out + stride);
  hn::Store(s2, d, out + 2 * stride);
  hn::Store(d3, d, out + 3 * stride);
  hn::Store(s4, d, out + 4 * stride);
  hn::Store(d5, d, out + 5 * stride);
  hn::Store(s6, d, out + 6 * stride);
  hn::Store(d7, d, out + 7 * stride);
}

void Transform(const int16_t* HWY_RESTRICT samples, int16_t* HWY_RESTRICT coefficients, size_t lanes) {
  for (size_t x = 0; x < 8; ++x) Dct8(samples + x * lanes, coefficients + x * lanes, 8 * lanes);
  for (size_t y = 0; y < 8; ++y) Dct8(coefficients + 8 * y * lanes, coefficients + 8 * y * lanes, lanes);
}

// sums[q * lanes + b] of the quadrants q (top left, top right, bottom left, bottom right): at most 16 * 4095.
void QuadrantSums(const int16_t* HWY_RESTRICT samples, size_t lanes, uint16_t* HWY_RESTRICT sums) {
  const hn::RebindToUnsigned<D16> d;
  const uint16_t* const unsigned_samples = reinterpret_cast<const uint16_t*>(samples);
  for (size_t q = 0; q < 4; ++q) {
    const uint16_t* const from = unsigned_samples + (q / 2 * 32 + q % 2 * 4) * lanes;
    auto sum = hn::Zero(d);
    for (size_t y = 0; y < 4; ++y) {
      const uint16_t* const row = from + 8 * y * lanes;
      const auto left = hn::Add(hn::Load(d, row), hn::Load(d, row + lanes));
      sum = hn::Add(sum, hn::Add(left, hn::Add(hn::Load(d, row + 2 * lanes), hn::Load(d, row + 3 * lanes))));
    }
    hn::Store(sum, d, sums + q * lanes);
  }
}

template <class T>
HWY_INLINE VF Single(const T* from) {
  const DF df;
  return hn::ConvertTo(df, hn::PromoteTo(hn::RebindToSigned<DF>(), hn::Load(hn::Rebind<T, DF>(), from)));
}

// a - b; as a fused operation it may take the pipes that additions leave idle, with the same result.
HWY_INLINE VF Distance(VF a, VF b) {
#if HWY_NATIVE_FMA
  return hn::MulSub(a, hn::Set(DF(), 1.0f), b);
#else
  return hn::Sub(a, b);
#endif
}

// M of the blocks at `samples`, `sums` and `coefficients` (already offset to their part of the lanes).
VF Masking(const int16_t* HWY_RESTRICT samples, const uint16_t* HWY_RESTRICT sums, const int16_t* HWY_RESTRICT coefficients, size_t lanes,
           const Weights& weights) {
  const DF df;
  const auto sum0 = Single(sums), sum1 = Single(sums + lanes), sum2 = Single(sums + 2 * lanes), sum3 = Single(sums + 3 * lanes);
  const auto mean = hn::Mul(hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3)), hn::Set(df, 1.0f / 64));  // exact
  const auto sixteenth = hn::Set(df, 1.0f / 16);

  auto whole = hn::Zero(df);
  const auto half_block = [&](const int16_t* rows, auto left_mean, auto right_mean, auto& left, auto& right) HWY_ATTR {
    const auto add = [&](const int16_t* from, auto part_mean, auto& part) HWY_ATTR {
      const auto value = Single(from);
      const auto distance = Distance(value, mean), part_distance = Distance(value, part_mean);
      whole = hn::Add(whole, hn::Mul(distance, distance));
      part = hn::Add(part, hn::Mul(part_distance, part_distance));
    };
    for (size_t y = 0; y < 4; ++y) {
      for (size_t x = 0; x < 4; ++x) add(rows + (8 * y + x) * lanes, left_mean, left);
      for (size_t x = 4; x < 8; ++x) add(rows + (8 * y + x) * lanes, right_mean, right);
    }
  };
  auto part0 = hn::Zero(df), part1 = part0, part2 = part0, part3 = part0;
  half_block(samples, hn::Mul(sum0, sixteenth), hn::Mul(sum1, sixteenth), part0, part1);
  half_block(samples + 32 * lanes, hn::Mul(sum2, sixteenth), hn::Mul(sum3, sixteenth), part2, part3);
  whole = hn::Mul(whole, hn::Set(df, static_cast<float>(1.0 / 63.0) * 64.0f));
  const auto scale = hn::Set(df, static_cast<float>(1.0 / 15.0) * 16.0f);
  auto quadrants = hn::Add(hn::Mul(part0, scale), hn::Mul(part1, scale));
  quadrants = hn::Add(quadrants, hn::Mul(part2, scale));
  quadrants = hn::Add(quadrants, hn::Mul(part3, scale));
  const auto ratio = hn::IfThenElse(hn::Gt(whole, hn::Zero(df)), hn::Div(quadrants, whole), whole);

  auto energy = hn::Zero(df);
  for (size_t k = 1; k < 64; ++k) {
    const auto value = Single(coefficients + k * lanes);
    energy = hn::Add(energy, hn::Mul(hn::Mul(value, value), hn::Set(df, weights.mask[k])));
  }
  return hn::Mul(hn::Sqrt(hn::Mul(energy, ratio)), hn::Set(df, 1.0f / 32));
}

// a / b for a constant b with its rounded inverse: correctly rounded (Markstein), as b's last bits are not all
// ones and nothing under- or overflows.
HWY_INLINE VF DivideBy(VF a, float b, float inverse) {
  const DF df;
#if HWY_NATIVE_FMA
  const auto estimate = hn::Mul(a, hn::Set(df, inverse));
  const auto rest = hn::NegMulAdd(estimate, hn::Set(df, b), a);
  return hn::MulAdd(rest, hn::Set(df, inverse), estimate);
#else
  (void)inverse;
  return hn::Div(a, hn::Set(df, b));
#endif
}

// terms[k * float lanes + b] = (visible error * visibility)^2 of the first `count` blocks, 0 for the others.
void Terms(const int16_t* HWY_RESTRICT ref, const int16_t* HWY_RESTRICT dis, size_t lanes, VF hidden, size_t count, const Weights& weights,
           float* HWY_RESTRICT terms) {
  const DF df;
  const size_t float_lanes = hn::Lanes(df);
  const auto keep = hn::FirstN(df, count);
  for (size_t k = 0; k < 64; ++k) {
    auto error = hn::Abs(Distance(Single(ref + k * lanes), Single(dis + k * lanes)));
    if (k > 0) {
      const auto threshold = DivideBy(hidden, weights.mask[k], weights.inverse_mask[k]);
      error = hn::Max(hn::Sub(error, threshold), hn::Zero(df));
    }
    const auto weighted = hn::Mul(error, hn::Set(df, weights.visibility[k]));
    hn::Store(hn::IfThenElseZero(keep, hn::Mul(weighted, weighted)), df, terms + k * float_lanes);
  }
}

// ((total + terms of block 0) + terms of block 1) ..., each addition rounded to single precision.
float AddTerms(const float* HWY_RESTRICT terms, float total) {
  const DF df;
  const size_t lanes = hn::Lanes(df);
  constexpr float kSmallest = 0x1p-40f;  // keeps 1 / unit far from overflow
  if (total >= kSmallest) {
    // Between two powers of two the total is a multiple of a unit, 2^23 to 2^24 of it.
    uint32_t bits;
    std::memcpy(&bits, &total, sizeof bits);
    bits &= 0x7F800000;
    float power;
    std::memcpy(&power, &bits, sizeof power);
    const float inverse_unit = 0x1p23f / power;
    const auto scale = hn::Set(df, inverse_unit);
    auto sum0 = hn::Zero(df), sum1 = sum0, rest0 = sum0, rest1 = sum0;
    for (size_t k = 0; k < 64; k += 2) {
      const auto term0 = hn::Mul(hn::Load(df, terms + k * lanes), scale), term1 = hn::Mul(hn::Load(df, terms + (k + 1) * lanes), scale);
      const auto round0 = hn::Round(term0), round1 = hn::Round(term1);
      sum0 = hn::Add(sum0, round0);
      sum1 = hn::Add(sum1, round1);
      rest0 = hn::Max(rest0, hn::Abs(hn::Sub(term0, round0)));
      rest1 = hn::Max(rest1, hn::Abs(hn::Sub(term1, round1)));
    }
    // Integers: exact below 2^24, and not below it if their true sum is not.
    const float sum = hn::GetLane(hn::SumOfLanes(df, hn::Add(sum0, sum1))) + total * inverse_unit;
    const bool has_tie = hn::GetLane(hn::MaxOfLanes(df, hn::Max(rest0, rest1))) >= 0.5f;
    if (sum < 0x1p24f && !has_tie) return sum / inverse_unit;
  } else {
    auto largest = hn::Zero(df);
    for (size_t k = 0; k < 64; ++k) largest = hn::Max(largest, hn::Load(df, terms + k * lanes));
    if (hn::GetLane(hn::MaxOfLanes(df, largest)) == 0) return total;
  }
  for (size_t b = 0; b < lanes; ++b) {
    for (size_t k = 0; k < 64; ++k) total += terms[k * lanes + b];
  }
  return total;
}

template <class Sample>
void Plane(const PlaneView& ref, std::span<const PlaneView> dis, const Weights& weights, float* totals, uint8_t* scratch) {
  const size_t lanes = hn::Lanes(D16()), float_lanes = hn::Lanes(DF());
  int16_t* const samples = reinterpret_cast<int16_t*>(scratch);
  int16_t* const ref_coefficients = samples + 64 * lanes;
  int16_t* const dis_coefficients = ref_coefficients + 64 * lanes;
  float* const ref_masking = reinterpret_cast<float*>(dis_coefficients + 64 * lanes);
  float* const terms = ref_masking + lanes;
  uint16_t* const sums = reinterpret_cast<uint16_t*>(terms + 64 * float_lanes);
  for (size_t i = 0; i < dis.size(); ++i) totals[i] = 0;
  const int columns = block_count(ref.width_px), rows = block_count(ref.height_px);
  for (int by = 0; by < rows; ++by) {
    for (int bx = 0; bx < columns; bx += static_cast<int>(lanes)) {
      const int count = HWY_MIN(static_cast<int>(lanes), columns - bx), y = by * kStep, x = bx * kStep;
      LoadBlocks<Sample>(ref, y, x, count, static_cast<int>(lanes), samples);
      QuadrantSums(samples, lanes, sums);
      Transform(samples, ref_coefficients, lanes);
      for (size_t b = 0; b < lanes; b += float_lanes) {
        hn::Store(Masking(samples + b, sums + b, ref_coefficients + b, lanes, weights), DF(), ref_masking + b);
      }
      for (size_t i = 0; i < dis.size(); ++i) {
        LoadBlocks<Sample>(dis[i], y, x, count, static_cast<int>(lanes), samples);
        QuadrantSums(samples, lanes, sums);
        Transform(samples, dis_coefficients, lanes);
        for (size_t b = 0; b < lanes && static_cast<int>(b) < count; b += float_lanes) {
          const auto dis_masking = Masking(samples + b, sums + b, dis_coefficients + b, lanes, weights);
          const auto hidden = hn::Max(hn::Load(DF(), ref_masking + b), dis_masking);
          Terms(ref_coefficients + b, dis_coefficients + b, lanes, hidden, HWY_MIN(float_lanes, count - b), weights, terms);
          totals[i] = AddTerms(terms, totals[i]);
        }
      }
    }
  }
}

void VisibleError(const PlaneView& ref, std::span<const PlaneView> dis, const Weights& weights, int bit_depth, float* totals,
                  uint8_t* scratch) {
  bit_depth > 8 ? Plane<uint16_t>(ref, dis, weights, totals, scratch) : Plane<uint8_t>(ref, dis, weights, totals, scratch);
}

#endif  // HWY_SCALAR

}  // namespace fovea::psnr_hvs::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::psnr_hvs {

HWY_EXPORT(VisibleError);

size_t visible_error_scratch_bytes() {
  constexpr size_t kMaxLanes = 128;  // 16-bit lanes of the longest vectors
  return 3 * 64 * kMaxLanes * sizeof(int16_t) + kMaxLanes * sizeof(float) + 64 * kMaxLanes / 2 * sizeof(float) + 4 * kMaxLanes * sizeof(uint16_t);
}

void visible_error(const PlaneView& ref, std::span<const PlaneView> dis, const Weights& weights, int bit_depth, float* totals,
                   uint8_t* scratch) {
  HWY_DYNAMIC_DISPATCH(VisibleError)(ref, dis, weights, bit_depth, totals, scratch);
}

}  // namespace fovea::psnr_hvs
#endif
