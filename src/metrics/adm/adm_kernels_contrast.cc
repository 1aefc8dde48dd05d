// SPDX-License-Identifier: BSD-2-Clause-Patent
// Thresholds from three rows of masks, and sums of cubes of what exceeds them.
#include "metrics/adm/adm_kernels.h"

#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/adm/adm_kernels_contrast.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "metrics/adm/adm_mask0-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::adm::HWY_NAMESPACE {

#if FOVEA_ADM_PLAIN

ContrastSums DoContrast0(const Contrast0& rows, Range range, const Pooling& pooling) {
  return contrast0_ref(rows, range, pooling);
}
ContrastSums DoContrast1(const Contrast1& rows, Range range, const Pooling& pooling) {
  return contrast1_ref(rows, range, pooling);
}
uint64_t Energy0(const int16_t* o, Range range) {
  return energy0_ref(o, range);
}
uint64_t Energy1(const int32_t* o, Range range, int square_shift, int term_shift) {
  return energy1_ref(o, range, square_shift, term_shift);
}

#else

template <class DU32, class V>
HWY_INLINE V OddLanes(DU32 du32, V v) {
  const hn::Repartition<uint64_t, DU32> du64;
  return hn::BitCast(du32, hn::ShiftRight<32>(hn::BitCast(du64, v)));
}

// Adds cube(x) of all lanes to `sum`. x < 2^30.5 or so (see weights_fit()), hence no sign anywhere.
template <int kSquareShift, class DU32, class V, class V64>
HWY_INLINE void AddCubes(DU32 du32, V x, int term_shift, V64 half, V64& sum) {
  const hn::Repartition<uint64_t, DU32> du64;
  const auto square_half = hn::Set(du64, uint64_t{1} << (kSquareShift - 1));
  const auto add = [&](auto lane) FOVEA_ADM_INLINE {
    const auto square = hn::ShiftRight<kSquareShift>(hn::Add(hn::MulEven(lane, lane), square_half));
    const auto cube = hn::Add(hn::MulEven(hn::BitCast(du32, square), lane), half);
    sum = hn::Add(sum, hn::ShiftRightSame(cube, term_shift));
  };
  add(x);
  add(OddLanes(du32, x));
}

// 2^(shift-1), or 0 for shift 0.
HWY_INLINE uint64_t HalfOf(int shift) {
  return shift == 0 ? 0 : uint64_t{1} << (shift - 1);
}

template <class D64, class V>
HWY_INLINE int64_t SumOf(D64 d64, V v) {
  return static_cast<int64_t>(hn::GetLane(hn::SumOfLanes(d64, v)));
}

// sum[x] = rows 0 + 1 + 2, for the columns of `range` and one on each side.
HWY_INLINE void AddRows(const uint16_t* const rows[3], Range range, uint16_t* HWY_RESTRICT sum) {
  const hn::ScalableTag<uint16_t> d;
  for (int x = range.begin - 1; x < range.end + 1; x += static_cast<int>(hn::Lanes(d))) {
    const auto outer = hn::SaturatedAdd(hn::LoadU(d, rows[0] + x), hn::LoadU(d, rows[2] + x));
    hn::StoreU(hn::SaturatedAdd(outer, hn::LoadU(d, rows[1] + x)), d, sum + x);
  }
}
HWY_INLINE void AddRows(const int32_t* const rows[3], Range range, int32_t* HWY_RESTRICT sum) {
  const hn::ScalableTag<int32_t> d;
  for (int x = range.begin - 1; x < range.end + 1; x += static_cast<int>(hn::Lanes(d))) {
    const auto outer = hn::Add(hn::LoadU(d, rows[0] + x), hn::LoadU(d, rows[2] + x));
    hn::StoreU(hn::Add(outer, hn::LoadU(d, rows[1] + x)), d, sum + x);
  }
}

// Thresholds of a vector of columns from the masking coefficients themselves, in 32 bits; columns in the
// order of InterleaveLower and InterleaveUpper.
HWY_NOINLINE void ExactThreshold0(const int16_t* const masking[3][kBands], int x, const Weights0& weights,
                                  int32_t* lower, int32_t* upper) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const auto low = hn::Set(d16, weights.low), top = hn::Set(d16, weights.top);
  const auto diagonal = hn::Set(d16, weights.diagonal), diagonal_top = hn::Set(d16, weights.diagonal_top);
  const auto zero = hn::Zero(d16);
  const auto one = Pair(d16, 1, 0);
  auto sum0 = hn::Zero(d32), sum1 = sum0;
  const auto add = [&](auto terms) FOVEA_ADM_INLINE {
    sum0 = MulPairAdd(d32, hn::InterleaveLower(d16, terms, zero), one, sum0);
    sum1 = MulPairAdd(d32, hn::InterleaveUpper(d16, terms, zero), one, sum1);
  };
  const auto part = [&](auto c, int factor) FOVEA_ADM_INLINE {
    return hn::MulFixedPoint15(c, hn::Set(d16, static_cast<int16_t>(factor * 8)));
  };
  for (int y = 0; y < 3; ++y) {
    for (int at = x - 1; at <= x + 1; ++at) {
      for (int b = 0; b < kBands; ++b) {
        const auto m = hn::LoadU(d16, masking[y][b] + at);
        const auto c =
            b == kD ? WeightedDiagonal(d16, m, diagonal, diagonal_top) : WeightedStraight(d16, m, low, top);
        if (y == 1 && at == x) {
          add(hn::Add(hn::Add(c, c), part(c, 8738 - 8192)));  // z, which may wrap
        } else {
          add(hn::Add(c, part(c, 4369 - 4096)));
        }
      }
    }
  }
  hn::Store(sum0, d32, lower);
  hn::Store(sum1, d32, upper);
}

template <bool kAim>
HWY_INLINE bool ContrastRow0(const Contrast0& rows, Range range, const Pooling& pooling, ContrastSums& sums) {
  const hn::ScalableTag<int16_t> d16;
  const hn::RebindToUnsigned<decltype(d16)> du16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const hn::RebindToUnsigned<decltype(d32)> du32;
  const hn::Repartition<uint64_t, decltype(d32)> du64;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto halves = [&](uint32_t weight) FOVEA_ADM_INLINE {
    return Pair(d16, static_cast<int>(weight / 2), static_cast<int>(weight - weight / 2));
  };
  const auto weight = halves(pooling.weight[kH]), weight_d = halves(pooling.weight[kD]);
  const int shift = pooling.term_shift[kH], shift_d = pooling.term_shift[kD];
  const auto half = hn::Set(du64, HalfOf(shift)), half_d = hn::Set(du64, HalfOf(shift_d));
  const auto zero16 = hn::Zero(du16);
  const auto zero = hn::Zero(d32);
  auto num_h = hn::Zero(du64), num_v = num_h, num_d = num_h, aim_h = num_h, aim_v = num_h, aim_d = num_h;
  auto highest = zero;

  AddRows(rows.near[0], range, rows.sums[0]);
  if constexpr (kAim) AddRows(rows.near[1], range, rows.sums[1]);
  const auto columns = [&](int x, auto is_last) FOVEA_ADM_INLINE {
    const auto inside = hn::FirstN(d16, static_cast<size_t>(range.end - x));
    const auto add = [&](const int16_t* const signal[kBands], const int16_t* const masking[3][kBands],
                         int which, auto& h, auto& v, auto& d) FOVEA_ADM_INLINE {
      const uint16_t* sum = rows.sums[which] + x;
      auto threshold =
          hn::SaturatedAdd(hn::SaturatedAdd(hn::LoadU(du16, sum - 1), hn::LoadU(du16, sum + 1)),
                           hn::SaturatedAdd(hn::LoadU(du16, sum), hn::LoadU(du16, rows.centre[which] + x)));
      if constexpr (is_last) threshold = hn::IfThenElseZero(hn::RebindMask(du16, inside), threshold);
      auto minus0 = hn::Sub(zero, hn::BitCast(d32, hn::InterleaveLower(du16, threshold, zero16)));
      auto minus1 = hn::Sub(zero, hn::BitCast(d32, hn::InterleaveUpper(du16, threshold, zero16)));
      if (HWY_UNLIKELY(!hn::AllFalse(du16, hn::Eq(threshold, hn::Set(du16, 65535))))) {
        HWY_ALIGN int32_t lower[HWY_MAX_BYTES / 4], upper[HWY_MAX_BYTES / 4];
        ExactThreshold0(masking, x, Weights0(pooling.weight), lower, upper);
        auto exact0 = hn::Load(d32, lower), exact1 = hn::Load(d32, upper);
        if constexpr (is_last) {
          const auto kept = hn::VecFromMask(d16, inside);
          exact0 = hn::And(exact0, hn::BitCast(d32, hn::InterleaveLower(d16, kept, kept)));
          exact1 = hn::And(exact1, hn::BitCast(d32, hn::InterleaveUpper(d16, kept, kept)));
        }
        highest = hn::Max(highest, hn::Max(exact0, exact1));
        minus0 = hn::Sub(zero, exact0);
        minus1 = hn::Sub(zero, exact1);
      }
      const auto load = [&](int b) FOVEA_ADM_INLINE {
        auto s = hn::Abs(hn::LoadU(d16, signal[b] + x));
        if constexpr (is_last) s = hn::IfThenElseZero(inside, s);
        return s;
      };
      const auto sh = load(kH), sv = load(kV), sd = load(kD);
      const auto seen = [&](auto pairs, auto factors, auto minus) FOVEA_ADM_INLINE {
        return hn::BitCast(du32, hn::Max(MulPairAdd(d32, pairs, factors, minus), zero));
      };
      const auto minus_s0 = hn::ShiftLeft<10>(minus0), minus_s1 = hn::ShiftLeft<10>(minus1);
      const auto minus_d0 = hn::ShiftLeft<12>(minus0), minus_d1 = hn::ShiftLeft<12>(minus1);
      auto h0 = seen(hn::InterleaveLower(d16, sh, sh), weight, minus_s0),
           h1 = seen(hn::InterleaveUpper(d16, sh, sh), weight, minus_s1);
      auto v0 = seen(hn::InterleaveLower(d16, sv, sv), weight, minus_s0),
           v1 = seen(hn::InterleaveUpper(d16, sv, sv), weight, minus_s1);
      auto d0 = seen(hn::InterleaveLower(d16, sd, sd), weight_d, minus_d0),
           d1 = seen(hn::InterleaveUpper(d16, sd, sd), weight_d, minus_d1);
      const auto any = hn::Or(hn::Or(hn::Or(h0, h1), hn::Or(v0, v1)), hn::Or(d0, d1));
      if (hn::AllTrue(du32, hn::Eq(any, hn::Zero(du32)))) return;
      AddCubes<29>(du32, h0, shift, half, h);
      AddCubes<29>(du32, h1, shift, half, h);
      AddCubes<29>(du32, v0, shift, half, v);
      AddCubes<29>(du32, v1, shift, half, v);
      if (hn::AllTrue(du32, hn::Eq(hn::Or(d0, d1), hn::Zero(du32)))) return;  // often
      AddCubes<30>(du32, d0, shift_d, half_d, d);
      AddCubes<30>(du32, d1, shift_d, half_d, d);
    };
    add(rows.r[1], rows.a, 0, num_h, num_v, num_d);
    if constexpr (kAim) add(rows.a[1], rows.r, 1, aim_h, aim_v, aim_d);
  };
  int x = range.begin;
  for (; x + lanes <= range.end; x += lanes) columns(x, std::false_type{});
  if (x < range.end) columns(x, std::true_type{});
  sums = {{SumOf(du64, num_h), SumOf(du64, num_v), SumOf(du64, num_d)},
          {SumOf(du64, aim_h), SumOf(du64, aim_v), SumOf(du64, aim_d)}};
  // A threshold of 2^19 or more wraps once it is scaled for d. No picture is known that has one.
  return hn::AllTrue(d32, hn::Gt(hn::Set(d32, 1 << 19), highest));
}

ContrastSums DoContrast0(const Contrast0& rows, Range range, const Pooling& pooling) {
  ContrastSums sums;
  const bool fits = pooling.aim ? ContrastRow0<true>(rows, range, pooling, sums)
                                : ContrastRow0<false>(rows, range, pooling, sums);
  return HWY_LIKELY(fits) ? sums : contrast0_ref(rows, range, pooling);
}

template <bool kAim>
HWY_INLINE bool ContrastRow1(const Contrast1& rows, Range range, const Pooling& pooling, ContrastSums& sums) {
  const hn::ScalableTag<int32_t> d32;
  const hn::RebindToUnsigned<decltype(d32)> du32;
  const hn::Repartition<uint64_t, decltype(d32)> du64;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const int shift = pooling.term_shift[kH];  // the same for all bands
  const auto half = hn::Set(du64, HalfOf(shift));
  const auto zero = hn::Zero(d32);
  auto num_h = hn::Zero(du64), num_v = num_h, num_d = num_h, aim_h = num_h, aim_v = num_h, aim_d = num_h;
  auto any = hn::Zero(du32);

  AddRows(rows.near[0], range, rows.sums[0]);
  if constexpr (kAim) AddRows(rows.near[1], range, rows.sums[1]);
  const auto columns = [&](int x, auto is_last) FOVEA_ADM_INLINE {
    const auto inside = hn::FirstN(du32, static_cast<size_t>(range.end - x));
    const auto add = [&](const uint32_t* const signal[kBands], int which, auto& h, auto& v,
                         auto& d) FOVEA_ADM_INLINE {
      const int32_t* sum = rows.sums[which] + x;
      const auto threshold =
          hn::Add(hn::Add(hn::LoadU(d32, sum - 1), hn::LoadU(d32, sum + 1)),
                  hn::Add(hn::LoadU(d32, sum),
                          hn::Sub(hn::LoadU(d32, rows.centre[which] + x), hn::Set(d32, kMaskBias))));
      const auto seen = [&](int b) FOVEA_ADM_INLINE {
        const auto excess =
            hn::Max(hn::Sub(hn::BitCast(d32, hn::LoadU(du32, signal[b] + x)), threshold), zero);
        if constexpr (is_last) return hn::IfThenElseZero(inside, hn::BitCast(du32, excess));
        return hn::BitCast(du32, excess);
      };
      const auto seen_h = seen(kH), seen_v = seen(kV), seen_d = seen(kD);
      const auto together = hn::Or(hn::Or(seen_h, seen_v), seen_d);
      if (hn::AllTrue(du32, hn::Eq(together, hn::Zero(du32)))) return;
      any = hn::Or(any, together);
      AddCubes<30>(du32, seen_h, shift, half, h);
      AddCubes<30>(du32, seen_v, shift, half, v);
      AddCubes<30>(du32, seen_d, shift, half, d);
    };
    add(rows.r, 0, num_h, num_v, num_d);
    if constexpr (kAim) add(rows.a, 1, aim_h, aim_v, aim_d);
  };
  int x = range.begin;
  for (; x + lanes <= range.end; x += lanes) columns(x, std::false_type{});
  if (x < range.end) columns(x, std::true_type{});
  sums = {{SumOf(du64, num_h), SumOf(du64, num_v), SumOf(du64, num_d)},
          {SumOf(du64, aim_h), SumOf(du64, aim_v), SumOf(du64, aim_d)}};
  // From 2^30.5 on the definition's squares wrap.
  return hn::AllTrue(du32, hn::Eq(hn::ShiftRight<30>(any), hn::Zero(du32)));
}

ContrastSums DoContrast1(const Contrast1& rows, Range range, const Pooling& pooling) {
  ContrastSums sums;
  const bool fits = pooling.aim ? ContrastRow1<true>(rows, range, pooling, sums)
                                : ContrastRow1<false>(rows, range, pooling, sums);
  return HWY_LIKELY(fits) ? sums : contrast1_ref(rows, range, pooling);
}

uint64_t Energy0(const int16_t* o, Range range) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<uint32_t, decltype(d16)> du32;
  const hn::Repartition<uint64_t, decltype(d16)> du64;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto zero = hn::Zero(d16);
  auto sum = hn::Zero(du64);
  const auto add = [&](auto magnitude) FOVEA_ADM_INLINE {
    const auto cubes = [&](auto half) FOVEA_ADM_INLINE {
      const auto x = hn::BitCast(du32, half);
      const auto square = hn::Mul(x, x);
      return hn::Add(hn::MulEven(square, x), hn::MulEven(OddLanes(du32, square), OddLanes(du32, x)));
    };
    sum = hn::Add(sum, hn::Add(cubes(hn::InterleaveLower(d16, magnitude, zero)),
                               cubes(hn::InterleaveUpper(d16, magnitude, zero))));
  };
  int x = range.begin;
  for (; x + lanes <= range.end; x += lanes) add(hn::Abs(hn::LoadU(d16, o + x)));
  if (x < range.end) {
    add(hn::IfThenElseZero(hn::FirstN(d16, static_cast<size_t>(range.end - x)),
                           hn::Abs(hn::LoadU(d16, o + x))));
  }
  return hn::GetLane(hn::SumOfLanes(du64, sum));
}

uint64_t Energy1(const int32_t* o, Range range, int square_shift, int term_shift) {
  const hn::ScalableTag<int32_t> d32;
  const hn::RebindToUnsigned<decltype(d32)> du32;
  const hn::Repartition<uint64_t, decltype(d32)> du64;
  const auto unit = hn::Set(du64, uint64_t{1} << square_shift), half = hn::Set(du64, HalfOf(term_shift));
  auto sum = hn::Zero(du64);
  for (int x = range.begin; x < range.end; x += static_cast<int>(hn::Lanes(d32))) {
    const auto inside = hn::FirstN(du32, static_cast<size_t>(range.end - x));
    const auto magnitude = hn::IfThenElseZero(inside, hn::BitCast(du32, hn::Abs(hn::LoadU(d32, o + x))));
    const auto add = [&](auto lane) FOVEA_ADM_INLINE {
      const auto square = hn::ShiftRightSame(hn::Add(hn::MulEven(lane, lane), unit), square_shift);
      sum = hn::Add(
          sum, hn::ShiftRightSame(hn::Add(hn::MulEven(hn::BitCast(du32, square), lane), half), term_shift));
    };
    add(magnitude);
    add(OddLanes(du32, magnitude));
  }
  return hn::GetLane(hn::SumOfLanes(du64, sum));
}

#endif  // FOVEA_ADM_PLAIN

}  // namespace fovea::adm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::adm {

HWY_EXPORT(DoContrast0);
HWY_EXPORT(DoContrast1);
HWY_EXPORT(Energy0);
HWY_EXPORT(Energy1);

ContrastSums contrast0(const Contrast0& rows, Range range, const Pooling& pooling) {
  return HWY_DYNAMIC_DISPATCH(DoContrast0)(rows, range, pooling);
}
ContrastSums contrast1(const Contrast1& rows, Range range, const Pooling& pooling) {
  return HWY_DYNAMIC_DISPATCH(DoContrast1)(rows, range, pooling);
}
uint64_t energy0(const int16_t* o, Range range) {
  return HWY_DYNAMIC_DISPATCH(Energy0)(o, range);
}
uint64_t energy1(const int32_t* o, Range range, int square_shift, int term_shift) {
  return HWY_DYNAMIC_DISPATCH(Energy1)(o, range, square_shift, term_shift);
}

}  // namespace fovea::adm
#endif
