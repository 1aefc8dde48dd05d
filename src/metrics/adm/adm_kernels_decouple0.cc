// SPDX-License-Identifier: BSD-2-Clause-Patent
// Decoupling at scale 0, in 16-bit lanes.
//
// In magnitudes, with t = 0 where the signs of t and o differ:
//   k = (floor(2^30 / |o|) * min(|t|, |o|) + 2^14) >> 15    in two 15-bit digits of the reciprocal
//   k = 2^15 where |t| > |o|                                (the clamp)
//   r = (k * |o| + 2^14) >> 15
// k = 2^15 is no 16-bit number, -k is, so that the last product is (-k) * (-o). |o|, |t| <= 22931.
#include "metrics/adm/adm_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/adm/adm_kernels_decouple0.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "metrics/adm/adm_direction-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::adm::HWY_NAMESPACE {

#if FOVEA_ADM_PLAIN

void Divisors0(const int16_t* o, int count, Reciprocal0 out) { divisors0_ref(o, count, out); }
void DoDecouple0(const Decouple0& rows, int count, const Split& split) { decouple0_ref(rows, count, split); }

#else

void Divisors0(const int16_t* o, int count, Reciprocal0 out) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto zero = hn::Zero(d16);
  const auto zero32 = hn::Zero(d32), one = hn::Set(d32, 1), low_bits = hn::Set(d32, 32767);
  for (int x = 0; x < count; x += lanes) {
    const auto magnitude = hn::Abs(hn::LoadU(d16, o + x));
    const auto lower = hn::BitCast(d32, hn::InterleaveLower(d16, magnitude, zero));
    const auto upper = hn::BitCast(d32, hn::InterleaveUpper(d16, magnitude, zero));
    const auto r0 = ReciprocalOf(d32, hn::Max(lower, one)), r1 = ReciprocalOf(d32, hn::Max(upper, one));
    hn::StoreU(hn::ReorderDemote2To(d16, hn::Sub(zero32, hn::ShiftRight<15>(r0)), hn::Sub(zero32, hn::ShiftRight<15>(r1))),
               d16, out.minus_high + x);
    hn::StoreU(hn::ReorderDemote2To(d16, hn::And(r0, low_bits), hn::And(r1, low_bits)), d16, out.low + x);
  }
}

// The vector of -1 and 0 that tells where same_direction() holds.
template <class D16, class V16>
HWY_INLINE V16 DirectionFlags(D16 d16, const Decouple0& rows, int x, int count, V16 oh, V16 ov, V16 th, V16 tv) {
  const hn::Repartition<int32_t, D16> d32;
  const hn::RebindToFloat<decltype(d32)> df;
  const auto zero = hn::Zero(d32);
  const auto o0 = hn::InterleaveLower(d16, oh, ov), o1 = hn::InterleaveUpper(d16, oh, ov);
  const auto t0 = hn::InterleaveLower(d16, th, tv), t1 = hn::InterleaveUpper(d16, th, tv);
  const auto dot = [&](auto a, auto b) FOVEA_ADM_INLINE { return hn::ConvertTo(df, MulPairAdd(d32, a, b, zero)); };
  hn::MFromD<decltype(df)> sure0, sure1, unsure0, unsure1;
  Direction(df, dot(o0, t0), dot(o0, o0), dot(t0, t0), sure0, unsure0);
  Direction(df, dot(o1, t1), dot(o1, o1), dot(t1, t1), sure1, unsure1);
  const auto joined = [&](auto m0, auto m1) FOVEA_ADM_INLINE {
    return hn::ReorderDemote2To(d16, hn::BitCast(d32, hn::VecFromMask(df, m0)), hn::BitCast(d32, hn::VecFromMask(df, m1)));
  };
  auto flags = joined(sure0, sure1);
  if (HWY_UNLIKELY(!hn::AllFalse(df, hn::Or(unsure0, unsure1)))) {
    HWY_ALIGN int16_t flag[HWY_MAX_BYTES / 2], ask[HWY_MAX_BYTES / 2];
    hn::Store(flags, d16, flag);
    hn::Store(joined(unsure0, unsure1), d16, ask);
    const int lanes = HWY_MIN(static_cast<int>(hn::Lanes(d16)), count - x);
    for (int i = 0; i < lanes; ++i) {
      if (ask[i] == 0) continue;
      flag[i] = same_direction(rows.o[kH][x + i], rows.o[kV][x + i], rows.t[kH][x + i], rows.t[kV][x + i]) ? -1 : 0;
    }
    flags = hn::Load(d16, flag);
  }
  return flags;
}

// min(trunc(r * gain), t) of magnitudes, in double.
template <class D16, class V16>
HWY_INLINE V16 FractionalGain(D16 d16, V16 r, V16 t, double gain) {
  const hn::ScalableTag<double> df64;
  const hn::Rebind<int32_t, decltype(df64)> d32;
  const hn::Rebind<int16_t, decltype(df64)> dq;
  HWY_ALIGN int16_t from[HWY_MAX_BYTES / 2], to[HWY_MAX_BYTES / 2];
  hn::Store(r, d16, from);
  hn::Store(t, d16, to);
  for (size_t i = 0; i < hn::Lanes(d16); i += hn::Lanes(df64)) {
    const auto stronger = hn::Mul(hn::PromoteTo(df64, hn::PromoteTo(d32, hn::Load(dq, from + i))), hn::Set(df64, gain));
    const auto target = hn::PromoteTo(df64, hn::PromoteTo(d32, hn::Load(dq, to + i)));
    hn::Store(hn::DemoteTo(dq, hn::DemoteTo(d32, hn::Min(stronger, target))), dq, to + i);
  }
  return hn::Load(d16, to);
}

// What a weighted coefficient hides: n and z of mask0(), modulo 2^16.
template <class D16, class V16>
HWY_INLINE void MaskTerms(D16 d16, V16 c, V16& n, V16& z) {
  const auto magnitude = hn::Abs(c);  // below 2^15, see weights_fit()
  n = hn::Add(magnitude, hn::MulFixedPoint15(magnitude, hn::Set(d16, 273 * 8)));
  z = hn::Add(hn::Add(magnitude, magnitude), hn::MulFixedPoint15(magnitude, hn::Set(d16, 546 * 8)));
}

// Masks of three bands. weight_low: the low 15 bits of the weight of h and v; weight_top: -1 if bit 15 is set;
// weight_d, weight_d_top: the weight of d as a signed number, and -1 if that is negative.
template <class D16, class V16>
HWY_INLINE void StoreMasks(D16 d16, V16 h, V16 v, V16 d, V16 weight_low, V16 weight_top, V16 weight_d, V16 weight_d_top,
                           int32_t* near, int32_t* centre) {
  const hn::Repartition<int32_t, D16> d32;
  const auto straight = [&](auto m) FOVEA_ADM_INLINE { return hn::Add(hn::MulFixedPoint15(m, weight_low), hn::And(m, weight_top)); };
  // (F m + 65535) >> 17 = -floor(-F m / 2^16) >> 1.
  const auto diagonal = hn::ShiftRight<1>(
      hn::Sub(hn::And(d, weight_d_top), hn::MulHigh(weight_d, hn::Neg(d))));
  V16 nh, zh, nv, zv, nd, zd;
  MaskTerms(d16, straight(h), nh, zh);
  MaskTerms(d16, straight(v), nv, zv);
  MaskTerms(d16, diagonal, nd, zd);
  const auto both = hn::Set(d16, 1), first = Pair(d16, 1, 0), second = Pair(d16, 0, 1);
  const auto zero = hn::Zero(d32);
  const auto d0 = hn::InterleaveLower(d16, nd, zd), d1 = hn::InterleaveUpper(d16, nd, zd);
  const auto n0 = MulPairAdd(d32, hn::InterleaveLower(d16, nh, nv), both, MulPairAdd(d32, d0, first, zero));
  const auto n1 = MulPairAdd(d32, hn::InterleaveUpper(d16, nh, nv), both, MulPairAdd(d32, d1, first, zero));
  const auto z0 = MulPairAdd(d32, hn::InterleaveLower(d16, zh, zv), both, MulPairAdd(d32, d0, second, zero));
  const auto z1 = MulPairAdd(d32, hn::InterleaveUpper(d16, zh, zv), both, MulPairAdd(d32, d1, second, zero));
  StoreBlocks(d32, n0, n1, near);
  StoreBlocks(d32, hn::Sub(z0, n0), hn::Sub(z1, n1), centre);
}

template <bool kWhole, bool kAim>
HWY_INLINE void DecoupleRow0(const Decouple0& rows, int count, const Split& split) {
  const hn::ScalableTag<int16_t> d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto zero = hn::Zero(d16);
  const auto gain = hn::Set(d16, static_cast<int16_t>(kWhole ? split.whole_gain : 1));
  const auto gain_cap = hn::Set(d16, static_cast<int16_t>(kWhole ? 32767 / split.whole_gain : 0));
  const auto weight_low = hn::Set(d16, static_cast<int16_t>(split.weight[kH] & 32767));
  const auto weight_top = hn::Set(d16, static_cast<int16_t>((split.weight[kH] & 32768) != 0 ? -1 : 0));
  const auto weight_d = hn::Set(d16, s16(split.weight[kD]));
  const auto weight_d_top = hn::Set(d16, static_cast<int16_t>((split.weight[kD] & 32768) != 0 ? -1 : 0));

  for (int x = 0; x < count; x += lanes) {
    const auto oh = hn::LoadU(d16, rows.o[kH] + x), ov = hn::LoadU(d16, rows.o[kV] + x);
    const auto th = hn::LoadU(d16, rows.t[kH] + x), tv = hn::LoadU(d16, rows.t[kV] + x);
    const auto flags = DirectionFlags(d16, rows, x, count, oh, ov, th, tv);
    const auto enhanced = hn::MaskFromVec(flags);

    const auto decouple = [&](int b, auto o, auto t, auto& r, auto& a) FOVEA_ADM_INLINE {
      const auto sign = hn::ShiftRight<15>(o);
      const auto magnitude = hn::Abs(o);
      const auto target = hn::Max(hn::Sub(hn::Xor(t, sign), sign), zero);
      const auto part = hn::Min(target, magnitude);
      const auto minus_k = hn::Sub(hn::Mul(hn::LoadU(d16, rows.reciprocal[b].minus_high + x), part),
                                   hn::MulFixedPoint15(hn::LoadU(d16, rows.reciprocal[b].low + x), part));
      const auto clamped = hn::IfThenElse(hn::Gt(target, magnitude), hn::Set(d16, -32768), minus_k);
      const auto plain = hn::Abs(hn::MulFixedPoint15(clamped, hn::Neg(o)));
      hn::Vec<decltype(d16)> stronger;
      if constexpr (kWhole) {
        stronger = hn::IfThenElse(hn::Gt(plain, gain_cap), target, hn::Min(hn::Mul(plain, gain), target));
      } else {
        stronger = FractionalGain(d16, plain, target, split.gain_limit);
      }
      const auto kept = hn::IfThenElse(enhanced, stronger, plain);
      r = hn::Sub(hn::Xor(kept, sign), sign);
      a = hn::Sub(t, r);
      hn::StoreU(r, d16, rows.r[b] + x);
      hn::StoreU(a, d16, rows.a[b] + x);
    };
    hn::Vec<decltype(d16)> rh, rv, rd, ah, av, ad;
    decouple(kH, oh, th, rh, ah);
    decouple(kV, ov, tv, rv, av);
    decouple(kD, hn::LoadU(d16, rows.o[kD] + x), hn::LoadU(d16, rows.t[kD] + x), rd, ad);
    StoreMasks(d16, ah, av, ad, weight_low, weight_top, weight_d, weight_d_top, rows.masks.near[0] + x, rows.masks.centre[0] + x);
    if constexpr (kAim) {
      StoreMasks(d16, rh, rv, rd, weight_low, weight_top, weight_d, weight_d_top, rows.masks.near[1] + x, rows.masks.centre[1] + x);
    }
  }
}

void DoDecouple0(const Decouple0& rows, int count, const Split& split) {
  if (split.whole_gain > 0) {
    split.aim ? DecoupleRow0<true, true>(rows, count, split) : DecoupleRow0<true, false>(rows, count, split);
  } else {
    split.aim ? DecoupleRow0<false, true>(rows, count, split) : DecoupleRow0<false, false>(rows, count, split);
  }
}

#endif  // FOVEA_ADM_PLAIN

}  // namespace fovea::adm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::adm {

HWY_EXPORT(Divisors0);
HWY_EXPORT(DoDecouple0);

void divisors0(const int16_t* o, int count, Reciprocal0 out) { HWY_DYNAMIC_DISPATCH(Divisors0)(o, count, out); }
void decouple0(const Decouple0& rows, int count, const Split& split) { HWY_DYNAMIC_DISPATCH(DoDecouple0)(rows, count, split); }

}  // namespace fovea::adm
#endif
