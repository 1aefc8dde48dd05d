// SPDX-License-Identifier: BSD-2-Clause-Patent
// Thresholds from three rows of masks, and sums of cubes of what exceeds them.
#include "metrics/adm/adm_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/adm/adm_kernels_contrast.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "metrics/adm/adm_simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::adm::HWY_NAMESPACE {

#if FOVEA_ADM_PLAIN

ContrastSums DoContrast0(const Contrast<int16_t>& rows, Range range, const Pooling& pooling) {
  return contrast0_ref(rows, range, pooling);
}
ContrastSums DoContrast1(const Contrast<uint32_t>& rows, Range range, const Pooling& pooling) {
  return contrast1_ref(rows, range, pooling);
}
uint64_t Energy0(const int16_t* o, Range range) { return energy0_ref(o, range); }
uint64_t Energy1(const int32_t* o, Range range, int square_shift, int term_shift) {
  return energy1_ref(o, range, square_shift, term_shift);
}

#else

template <class DU32, class V>
HWY_INLINE V OddLanes(DU32 du32, V v) {
  const hn::Repartition<uint64_t, DU32> du64;
  return hn::BitCast(du32, hn::ShiftRight<32>(hn::BitCast(du64, v)));
}

// sum[x] = rows 0 + 1 + 2, for the columns of `range` and one on each side.
HWY_INLINE void AddRows(const int32_t* const rows[3], Range range, int32_t* sum) {
  const hn::ScalableTag<int32_t> d32;
  for (int x = range.begin - 1; x < range.end + 1; x += static_cast<int>(hn::Lanes(d32))) {
    hn::StoreU(hn::Add(hn::Add(hn::LoadU(d32, rows[0] + x), hn::LoadU(d32, rows[1] + x)), hn::LoadU(d32, rows[2] + x)),
               d32, sum + x);
  }
}

template <class D32>
HWY_INLINE hn::Vec<D32> Threshold(D32 d32, const int32_t* sum, const int32_t* centre, int x) {
  return hn::Add(hn::Add(hn::LoadU(d32, sum + x - 1), hn::LoadU(d32, sum + x + 1)),
                 hn::Add(hn::LoadU(d32, sum + x), hn::LoadU(d32, centre + x)));
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
HWY_INLINE uint64_t HalfOf(int shift) { return shift == 0 ? 0 : uint64_t{1} << (shift - 1); }

template <class D64, class V>
HWY_INLINE int64_t SumOf(D64 d64, V v) {
  return static_cast<int64_t>(hn::GetLane(hn::SumOfLanes(d64, v)));
}

// max(|F signal| - threshold, 0), the threshold already scaled.
template <class D32, class V>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D32>> Seen0(D32 d32, const int16_t* signal, V weight, V threshold) {
  const hn::Rebind<int16_t, D32> d16;
  const hn::RebindToUnsigned<D32> du32;
  const auto magnitude = hn::Mul(hn::Abs(hn::PromoteTo(d32, hn::LoadU(d16, signal))), weight);
  return hn::BitCast(du32, hn::Max(hn::Sub(magnitude, threshold), hn::Zero(d32)));
}

template <bool kAim>
HWY_INLINE bool ContrastRow0(const Contrast<int16_t>& rows, Range range, const Pooling& pooling, ContrastSums& sums) {
  const hn::ScalableTag<int32_t> d32;
  const hn::RebindToUnsigned<decltype(d32)> du32;
  const hn::Repartition<uint64_t, decltype(d32)> du64;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const auto weight = hn::Set(d32, static_cast<int32_t>(pooling.weight[kH]));
  const auto weight_d = hn::Set(d32, static_cast<int32_t>(pooling.weight[kD]));
  const int shift = pooling.term_shift[kH], shift_d = pooling.term_shift[kD];
  const auto half = hn::Set(du64, HalfOf(shift)), half_d = hn::Set(du64, HalfOf(shift_d));
  auto num_h = hn::Zero(du64), num_v = num_h, num_d = num_h, aim_h = num_h, aim_v = num_h, aim_d = num_h;
  auto highest = hn::Zero(d32);

  AddRows(rows.near[0], range, rows.sums[0]);
  if constexpr (kAim) AddRows(rows.near[1], range, rows.sums[1]);
  for (int x = range.begin; x < range.end; x += lanes) {
    const auto inside = hn::FirstN(du32, static_cast<size_t>(range.end - x));
    const auto add = [&](const int16_t* const signal[kBands], int which, auto& h, auto& v, auto& d) FOVEA_ADM_INLINE {
      const auto threshold = Threshold(d32, rows.sums[which], rows.centre[which], x);
      highest = hn::Max(highest, hn::IfThenElseZero(hn::RebindMask(d32, inside), threshold));
      const auto scaled = hn::ShiftLeft<10>(threshold);
      const auto seen_h = hn::IfThenElseZero(inside, Seen0(d32, signal[kH] + x, weight, scaled));
      const auto seen_v = hn::IfThenElseZero(inside, Seen0(d32, signal[kV] + x, weight, scaled));
      const auto seen_d = hn::IfThenElseZero(inside, Seen0(d32, signal[kD] + x, weight_d, hn::ShiftLeft<12>(threshold)));
      if (hn::AllTrue(du32, hn::Eq(hn::Or(hn::Or(seen_h, seen_v), seen_d), hn::Zero(du32)))) return;
      AddCubes<29>(du32, seen_h, shift, half, h);
      AddCubes<29>(du32, seen_v, shift, half, v);
      AddCubes<30>(du32, seen_d, shift_d, half_d, d);
    };
    add(rows.r, 0, num_h, num_v, num_d);
    if constexpr (kAim) add(rows.a, 1, aim_h, aim_v, aim_d);
  }
  sums = {{SumOf(du64, num_h), SumOf(du64, num_v), SumOf(du64, num_d)},
          {SumOf(du64, aim_h), SumOf(du64, aim_v), SumOf(du64, aim_d)}};
  // A threshold of 2^19 or more wraps once it is scaled for d. No picture is known that has one.
  return hn::AllTrue(d32, hn::Gt(hn::Set(d32, 1 << 19), highest));
}

ContrastSums DoContrast0(const Contrast<int16_t>& rows, Range range, const Pooling& pooling) {
  ContrastSums sums;
  const bool fits = pooling.aim ? ContrastRow0<true>(rows, range, pooling, sums) : ContrastRow0<false>(rows, range, pooling, sums);
  return HWY_LIKELY(fits) ? sums : contrast0_ref(rows, range, pooling);
}

template <bool kAim>
HWY_INLINE bool ContrastRow1(const Contrast<uint32_t>& rows, Range range, const Pooling& pooling, ContrastSums& sums) {
  const hn::ScalableTag<int32_t> d32;
  const hn::RebindToUnsigned<decltype(d32)> du32;
  const hn::Repartition<uint64_t, decltype(d32)> du64;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const int shift = pooling.term_shift[kH];  // the same for all bands
  const auto half = hn::Set(du64, HalfOf(shift));
  auto num_h = hn::Zero(du64), num_v = num_h, num_d = num_h, aim_h = num_h, aim_v = num_h, aim_d = num_h;
  auto any = hn::Zero(du32);

  AddRows(rows.near[0], range, rows.sums[0]);
  if constexpr (kAim) AddRows(rows.near[1], range, rows.sums[1]);
  for (int x = range.begin; x < range.end; x += lanes) {
    const auto inside = hn::FirstN(du32, static_cast<size_t>(range.end - x));
    const auto add = [&](const uint32_t* const signal[kBands], int which, auto& h, auto& v, auto& d) FOVEA_ADM_INLINE {
      const auto threshold = hn::Sub(Threshold(d32, rows.sums[which], rows.centre[which], x), hn::Set(d32, kMaskBias));
      const auto seen = [&](int b) FOVEA_ADM_INLINE {
        const auto excess = hn::Sub(hn::BitCast(d32, hn::LoadU(du32, signal[b] + x)), threshold);
        return hn::IfThenElseZero(inside, hn::BitCast(du32, hn::Max(excess, hn::Zero(d32))));
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
  }
  sums = {{SumOf(du64, num_h), SumOf(du64, num_v), SumOf(du64, num_d)},
          {SumOf(du64, aim_h), SumOf(du64, aim_v), SumOf(du64, aim_d)}};
  // From 2^30.5 on the definition's squares wrap.
  return hn::AllTrue(du32, hn::Eq(hn::ShiftRight<30>(any), hn::Zero(du32)));
}

ContrastSums DoContrast1(const Contrast<uint32_t>& rows, Range range, const Pooling& pooling) {
  ContrastSums sums;
  const bool fits = pooling.aim ? ContrastRow1<true>(rows, range, pooling, sums) : ContrastRow1<false>(rows, range, pooling, sums);
  return HWY_LIKELY(fits) ? sums : contrast1_ref(rows, range, pooling);
}

uint64_t Energy0(const int16_t* o, Range range) {
  const hn::ScalableTag<int32_t> d32;
  const hn::RebindToUnsigned<decltype(d32)> du32;
  const hn::Repartition<uint64_t, decltype(d32)> du64;
  const hn::Rebind<int16_t, decltype(d32)> d16;
  auto sum = hn::Zero(du64);
  for (int x = range.begin; x < range.end; x += static_cast<int>(hn::Lanes(d32))) {
    const auto inside = hn::FirstN(du32, static_cast<size_t>(range.end - x));
    const auto magnitude =
        hn::IfThenElseZero(inside, hn::BitCast(du32, hn::Abs(hn::PromoteTo(d32, hn::LoadU(d16, o + x)))));
    const auto square = hn::Mul(magnitude, magnitude);
    sum = hn::Add(sum, hn::Add(hn::MulEven(square, magnitude), hn::MulEven(OddLanes(du32, square), OddLanes(du32, magnitude))));
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
      sum = hn::Add(sum, hn::ShiftRightSame(hn::Add(hn::MulEven(hn::BitCast(du32, square), lane), half), term_shift));
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

ContrastSums contrast0(const Contrast<int16_t>& rows, Range range, const Pooling& pooling) {
  return HWY_DYNAMIC_DISPATCH(DoContrast0)(rows, range, pooling);
}
ContrastSums contrast1(const Contrast<uint32_t>& rows, Range range, const Pooling& pooling) {
  return HWY_DYNAMIC_DISPATCH(DoContrast1)(rows, range, pooling);
}
uint64_t energy0(const int16_t* o, Range range) { return HWY_DYNAMIC_DISPATCH(Energy0)(o, range); }
uint64_t energy1(const int32_t* o, Range range, int square_shift, int term_shift) {
  return HWY_DYNAMIC_DISPATCH(Energy1)(o, range, square_shift, term_shift);
}

}  // namespace fovea::adm
#endif
