// SPDX-License-Identifier: BSD-2-Clause-Patent
// Decoupling at scale 0, in 16-bit lanes. No division is needed: see kSimpleDivisor. Larger coefficients,
// which hardly any picture has, are done one by one.
#include "metrics/adm/adm_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/adm/adm_kernels_decouple0.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "metrics/adm/adm_direction-inl.h"
#include "metrics/adm/adm_mask0-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::adm::HWY_NAMESPACE {

#if FOVEA_ADM_PLAIN

void Prepare0(const int16_t* o, int count, const Split& split, int16_t* limit) {
  prepare0_ref(o, count, split, limit);
}
void DoDecouple0(const Decouple0& rows, int count, const Split& split) {
  decouple0_ref(rows, count, split);
}

#else

void Prepare0(const int16_t* o, int count, const Split& split, int16_t* limit) {
  const hn::ScalableTag<int16_t> d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  if (split.whole_gain > 0) {
    const auto gain = hn::Set(d16, static_cast<int16_t>(split.whole_gain));
    // Beyond the cap the product would be above 32767 - 100, and so above any coefficient.
    const auto cap = hn::Set(d16, static_cast<int16_t>(32767 / split.whole_gain));
    const auto top = hn::Set(d16, 32767);
    for (int x = 0; x < count; x += lanes) {
      const auto v = hn::LoadU(d16, o + x);
      const auto magnitude = hn::Abs(v);
      const auto product = hn::IfThenElse(hn::Gt(magnitude, cap), top, hn::Mul(magnitude, gain));
      const auto sign = hn::ShiftRight<15>(v);
      hn::StoreU(hn::Sub(hn::Xor(product, sign), sign), d16, limit + x);
    }
    return;
  }
  const hn::ScalableTag<double> df64;
  const hn::Rebind<int32_t, decltype(df64)> d32;
  const hn::Rebind<int16_t, decltype(df64)> dq;
  const auto gain = hn::Set(df64, split.gain_limit);
  for (int x = 0; x < count; x += static_cast<int>(hn::Lanes(df64))) {
    const auto product = hn::Mul(hn::PromoteTo(df64, hn::PromoteTo(d32, hn::LoadU(dq, o + x))), gain);
    const auto held = hn::Max(hn::Min(product, hn::Set(df64, 32767.0)), hn::Set(df64, -32767.0));
    hn::StoreU(hn::DemoteTo(dq, hn::DemoteTo(d32, held)), dq, limit + x);
  }
}

// The vector of -1 and 0 that tells where same_direction() holds.
template <class D16, class V16>
HWY_INLINE V16 DirectionFlags(D16 d16, const Decouple0& rows, int x, int count, V16 oh, V16 ov, V16 th,
                              V16 tv) {
  const hn::Repartition<int32_t, D16> d32;
  const hn::RebindToFloat<decltype(d32)> df;
  const auto zero = hn::Zero(d32);
  const auto o0 = hn::InterleaveLower(d16, oh, ov), o1 = hn::InterleaveUpper(d16, oh, ov);
  const auto t0 = hn::InterleaveLower(d16, th, tv), t1 = hn::InterleaveUpper(d16, th, tv);
  const auto dot = [&](auto a, auto b)
                       FOVEA_ADM_INLINE { return hn::ConvertTo(df, MulPairAdd(d32, a, b, zero)); };
  hn::Mask<decltype(df)> sure0, sure1, unsure0, unsure1;
  Direction(df, dot(o0, t0), dot(o0, o0), dot(t0, t0), sure0, unsure0);
  Direction(df, dot(o1, t1), dot(o1, o1), dot(t1, t1), sure1, unsure1);
  const auto joined = [&](auto m0, auto m1) FOVEA_ADM_INLINE {
    return hn::ReorderDemote2To(d16, hn::BitCast(d32, hn::VecFromMask(df, m0)),
                                hn::BitCast(d32, hn::VecFromMask(df, m1)));
  };
  auto flags = joined(sure0, sure1);
  if (HWY_UNLIKELY(!hn::AllFalse(df, hn::Or(unsure0, unsure1)))) {
    HWY_ALIGN int16_t flag[HWY_MAX_BYTES / 2], ask[HWY_MAX_BYTES / 2];
    hn::Store(flags, d16, flag);
    hn::Store(joined(unsure0, unsure1), d16, ask);
    const int lanes = HWY_MIN(static_cast<int>(hn::Lanes(d16)), count - x);
    for (int i = 0; i < lanes; ++i) {
      if (ask[i] == 0) continue;
      flag[i] =
          same_direction(rows.o[kH][x + i], rows.o[kV][x + i], rows.t[kH][x + i], rows.t[kV][x + i]) ? -1 : 0;
    }
    flags = hn::Load(d16, flag);
  }
  return flags;
}

// n = (4369 |c| + 2^11) >> 12 and z - n = ((8738 |c| + 2^11) >> 12) - n, unsigned: sums over the bands.
template <class D16, class V16>
HWY_INLINE void StoreMasks(D16 d16, V16 h, V16 v, V16 d, const Weights0& weights, uint16_t* near,
                           uint16_t* centre) {
  const hn::RebindToUnsigned<D16> du16;
  const auto low = hn::Set(d16, weights.low), top = hn::Set(d16, weights.top);
  const auto ch = WeightedStraight(d16, h, low, top), cv = WeightedStraight(d16, v, low, top);
  const auto cd =
      WeightedDiagonal(d16, d, hn::Set(d16, weights.diagonal), hn::Set(d16, weights.diagonal_top));
  const auto excess = hn::BitCast(
      du16, hn::VecFromMask(d16, hn::Gt(hn::Max(hn::Max(ch, cv), cd), hn::Set(d16, kWholeMask0))));
  const auto part = [&](auto c, int factor) FOVEA_ADM_INLINE {
    return hn::MulFixedPoint15(c, hn::Set(d16, static_cast<int16_t>(factor * 8)));
  };
  const auto n_part = [&](auto c) FOVEA_ADM_INLINE { return part(c, 4369 - 4096); };
  const auto z_part = [&](auto c) FOVEA_ADM_INLINE { return part(c, 8738 - 8192); };
  const auto nh = n_part(ch), nv = n_part(cv), nd = n_part(cd);
  const auto sum = [&](auto a, auto b, auto c) FOVEA_ADM_INLINE {
    return hn::SaturatedAdd(hn::SaturatedAdd(hn::BitCast(du16, a), hn::BitCast(du16, b)),
                            hn::BitCast(du16, c));
  };
  hn::StoreU(sum(hn::Add(ch, nh), hn::Add(cv, nv), hn::Add(cd, nd)), du16, near);
  // z - n = c + z_part - n_part
  const auto rest = [&](auto c, auto n) FOVEA_ADM_INLINE { return hn::Add(c, hn::Sub(z_part(c), n)); };
  hn::StoreU(hn::Or(sum(rest(ch, nh), rest(cv, nv), rest(cd, nd)), excess), du16, centre);
}

template <bool kAim>
HWY_INLINE void DecoupleRow0(const Decouple0& rows, int count, const Split& split) {
  const hn::ScalableTag<int16_t> d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto zero = hn::Zero(d16);
  const Weights0 weights(split.weight);

  for (int x = 0; x < count; x += lanes) {
    const auto oh = hn::LoadU(d16, rows.o[kH] + x), ov = hn::LoadU(d16, rows.o[kV] + x),
               od = hn::LoadU(d16, rows.o[kD] + x);
    const auto th = hn::LoadU(d16, rows.t[kH] + x), tv = hn::LoadU(d16, rows.t[kV] + x),
               td = hn::LoadU(d16, rows.t[kD] + x);
    const auto enhanced = hn::MaskFromVec(DirectionFlags(d16, rows, x, count, oh, ov, th, tv));
    // t between 0 and o, or between 0 and the limit of enhancement.
    const auto restore = [&](int b, auto o, auto t) FOVEA_ADM_INLINE {
      const auto furthest = hn::IfThenElse(enhanced, hn::LoadU(d16, rows.limit[b] + x), o);
      return hn::Min(hn::Max(t, hn::Min(furthest, zero)), hn::Max(furthest, zero));
    };
    auto rh = restore(kH, oh, th), rv = restore(kV, ov, tv), rd = restore(kD, od, td);
    const auto largest = hn::Max(hn::Max(hn::Abs(oh), hn::Abs(ov)), hn::Abs(od));
    if (HWY_UNLIKELY(!hn::AllFalse(d16, hn::Gt(largest, hn::Set(d16, kSimpleDivisor))))) {
      HWY_ALIGN int16_t flags[HWY_MAX_BYTES / 2], r[kBands][HWY_MAX_BYTES / 2];
      hn::Store(hn::VecFromMask(d16, enhanced), d16, flags);
      for (int i = 0; i < HWY_MIN(lanes, count - x); ++i) {
        for (int b = 0; b < kBands; ++b)
          r[b][i] = s16(restored(rows.o[b][x + i], rows.t[b][x + i], flags[i] != 0, split.gain_limit));
      }
      rh = hn::Load(d16, r[kH]);
      rv = hn::Load(d16, r[kV]);
      rd = hn::Load(d16, r[kD]);
    }
    const auto ah = hn::Sub(th, rh), av = hn::Sub(tv, rv), ad = hn::Sub(td, rd);
    hn::StoreU(rh, d16, rows.r[kH] + x);
    hn::StoreU(rv, d16, rows.r[kV] + x);
    hn::StoreU(rd, d16, rows.r[kD] + x);
    hn::StoreU(ah, d16, rows.a[kH] + x);
    hn::StoreU(av, d16, rows.a[kV] + x);
    hn::StoreU(ad, d16, rows.a[kD] + x);
    StoreMasks(d16, ah, av, ad, weights, rows.masks.near[0] + x, rows.masks.centre[0] + x);
    if constexpr (kAim)
      StoreMasks(d16, rh, rv, rd, weights, rows.masks.near[1] + x, rows.masks.centre[1] + x);
  }
}

void DoDecouple0(const Decouple0& rows, int count, const Split& split) {
  split.aim ? DecoupleRow0<true>(rows, count, split) : DecoupleRow0<false>(rows, count, split);
}

#endif  // FOVEA_ADM_PLAIN

}  // namespace fovea::adm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::adm {

HWY_EXPORT(Prepare0);
HWY_EXPORT(DoDecouple0);

void prepare0(const int16_t* o, int count, const Split& split, int16_t* limit) {
  HWY_DYNAMIC_DISPATCH(Prepare0)(o, count, split, limit);
}
void decouple0(const Decouple0& rows, int count, const Split& split) {
  HWY_DYNAMIC_DISPATCH(DoDecouple0)(rows, count, split);
}

}  // namespace fovea::adm
#endif
