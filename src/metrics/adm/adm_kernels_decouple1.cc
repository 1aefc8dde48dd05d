// SPDX-License-Identifier: BSD-2-Clause-Patent
// Decoupling at scales 1 to 3, in 32-bit lanes with 64-bit products. In magnitudes, with t = 0 where its sign
// is not that of o, m and s of divisor(|o|), R = floor(2^30 / m):
//   k = (R |t| + 2^(14+s)) >> (15+s) = (2R (|t| << (16-s)) + 2^31) >> 32, at most 2^15
//   r = (k |o| + 2^14) >> 15
// and for |o| <= 16383 simply r = min(|t|, |o|), see kSimpleDivisor. There R is not needed.
#include "metrics/adm/adm_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/adm/adm_kernels_decouple1.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "metrics/adm/adm_direction-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::adm::HWY_NAMESPACE {

#if FOVEA_ADM_PLAIN

void Prepare1(const int32_t* o, int count, Reciprocal out) {
  prepare1_ref(o, count, out);
}
void DoDecouple1(const Decouple1& rows, int count, const Split& split) {
  decouple1_ref(rows, count, split);
}

#else

void Prepare1(const int32_t* o, int count, Reciprocal out) {
  const hn::ScalableTag<int32_t> d32;
  const hn::RebindToUnsigned<decltype(d32)> du32;
  const hn::RebindToFloat<decltype(d32)> df;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const auto one = hn::Set(d32, 1);
  for (int x = 0; x < count; x += lanes) {
    const auto magnitude = hn::Max(hn::Abs(hn::LoadU(d32, o + x)), one);
    // bit_width - 15 from the exponent of a float; without the low bits the conversion is exact.
    const auto top = hn::ConvertTo(df, hn::And(magnitude, hn::Set(d32, ~0xFF)));
    const auto shift =
        hn::Max(hn::Sub(hn::ShiftRight<23>(hn::BitCast(d32, top)), hn::Set(d32, 127 + 14)), hn::Zero(d32));
    // (|o| + 2^(shift-1)) >> shift, also for shift 0.
    const auto doubled = hn::Shr(hn::ShiftLeft<1>(hn::BitCast(du32, magnitude)), hn::BitCast(du32, shift));
    const auto mantissa = hn::ShiftRight<1>(hn::Add(doubled, hn::BitCast(du32, one)));
    const auto reciprocal = hn::BitCast(du32, ReciprocalOf(d32, hn::BitCast(d32, mantissa)));
    hn::StoreU(hn::Add(reciprocal, reciprocal), du32, out.twice + x);
    hn::StoreU(hn::BitCast(du32, hn::Sub(hn::Set(d32, 16), shift)), du32, out.up + x);
  }
}

template <class D32, class V32>
HWY_INLINE V32 DirectionFlags(D32 d32, const Decouple1& rows, int x, int count, V32 oh32, V32 ov32, V32 th32,
                              V32 tv32) {
  const hn::RebindToFloat<D32> df;
  const auto oh = hn::ConvertTo(df, oh32), ov = hn::ConvertTo(df, ov32);
  const auto th = hn::ConvertTo(df, th32), tv = hn::ConvertTo(df, tv32);
  hn::Mask<decltype(df)> sure, unsure;
  Direction(df, hn::MulAdd(oh, th, hn::Mul(ov, tv)), hn::MulAdd(oh, oh, hn::Mul(ov, ov)),
            hn::MulAdd(th, th, hn::Mul(tv, tv)), sure, unsure);
  auto flags = hn::BitCast(d32, hn::VecFromMask(df, sure));
  if (HWY_UNLIKELY(!hn::AllFalse(df, unsure))) {
    HWY_ALIGN int32_t flag[HWY_MAX_BYTES / 4], ask[HWY_MAX_BYTES / 4];
    hn::Store(flags, d32, flag);
    hn::Store(hn::BitCast(d32, hn::VecFromMask(df, unsure)), d32, ask);
    const int lanes = HWY_MIN(static_cast<int>(hn::Lanes(d32)), count - x);
    for (int i = 0; i < lanes; ++i) {
      if (ask[i] == 0) continue;
      flag[i] =
          same_direction(rows.o[kH][x + i], rows.o[kV][x + i], rows.t[kH][x + i], rows.t[kV][x + i]) ? -1 : 0;
    }
    flags = hn::Load(d32, flag);
  }
  return flags;
}

// min(trunc(r * gain), t) of magnitudes, in double.
template <class D32, class V32>
HWY_INLINE V32 FractionalGain(D32 d32, V32 r, V32 t, double gain) {
  const hn::ScalableTag<double> df64;
  const hn::Rebind<int32_t, decltype(df64)> dh;
  HWY_ALIGN int32_t from[HWY_MAX_BYTES / 4], to[HWY_MAX_BYTES / 4];
  hn::Store(r, d32, from);
  hn::Store(t, d32, to);
  for (size_t i = 0; i < hn::Lanes(d32); i += hn::Lanes(df64)) {
    const auto stronger = hn::Mul(hn::PromoteTo(df64, hn::Load(dh, from + i)), hn::Set(df64, gain));
    hn::Store(hn::DemoteTo(dh, hn::Min(stronger, hn::PromoteTo(df64, hn::Load(dh, to + i)))), dh, to + i);
  }
  return hn::Load(d32, to);
}

// High halves of a[i] * b[i] + 2^31, unsigned.
template <class DU32, class V>
HWY_INLINE V MulHighRound(DU32 du32, V a, V b) {
  const hn::Repartition<uint64_t, DU32> du64;
  const auto half = hn::Set(du64, uint64_t{1} << 31);
  const auto odd_lanes = [&](auto v) FOVEA_ADM_INLINE {
    return hn::BitCast(du32, hn::ShiftRight<32>(hn::BitCast(du64, v)));
  };
  const auto even = hn::Add(hn::MulEven(a, b), half);
  const auto odd = hn::Add(hn::MulEven(odd_lanes(a), odd_lanes(b)), half);
  return hn::OddEven(hn::BitCast(du32, odd), hn::BitCast(du32, hn::ShiftRight<32>(even)));
}

// weighted(): |(F m + 2^27) >> 28|, F < 2^28.
template <class D32, class V32>
HWY_INLINE hn::Vec<hn::RebindToUnsigned<D32> > Weighted(D32 d32, V32 m, V32 weight) {
  const hn::Repartition<int64_t, D32> d64;
  const hn::Repartition<uint64_t, D32> du64;
  const hn::RebindToUnsigned<D32> du32;
  const auto half = hn::Set(d64, int64_t{1} << 27);
  const auto odd_m = hn::BitCast(d32, hn::ShiftRight<32>(hn::BitCast(du64, m)));
  const auto even = hn::BitCast(du64, hn::Add(hn::MulEven(m, weight), half));
  const auto odd = hn::BitCast(du64, hn::Add(hn::MulEven(odd_m, weight), half));
  const auto c =
      hn::OddEven(hn::BitCast(d32, hn::ShiftLeft<4>(odd)), hn::BitCast(d32, hn::ShiftRight<28>(even)));
  return hn::BitCast(du32, hn::Abs(c));
}

template <class DU32, class V>
HWY_INLINE void StoreMasks(DU32 du32, V h, V v, V d, int32_t* near, int32_t* centre) {
  const hn::RebindToSigned<DU32> d32;
  const auto n_factor = hn::Set(du32, 143165577u), z_factor = hn::Set(du32, 286331153u);
  const auto n = hn::Add(hn::Add(MulHighRound(du32, h, n_factor), MulHighRound(du32, v, n_factor)),
                         MulHighRound(du32, d, n_factor));
  const auto z = hn::Add(hn::Add(MulHighRound(du32, h, z_factor), MulHighRound(du32, v, z_factor)),
                         MulHighRound(du32, d, z_factor));
  hn::StoreU(hn::BitCast(d32, n), d32, near);
  hn::StoreU(hn::BitCast(d32, hn::Sub(z, n)), d32, centre);
}

template <bool kWhole, bool kAim>
HWY_INLINE void DecoupleRow1(const Decouple1& rows, int count, const Split& split) {
  const hn::ScalableTag<int32_t> d32;
  const hn::RebindToUnsigned<decltype(d32)> du32;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const auto zero = hn::Zero(d32);
  const auto gain = hn::Set(d32, kWhole ? split.whole_gain : 1);
  const auto gain_cap = hn::Set(d32, kWhole ? 0x7FFFFFFF / split.whole_gain : 0);

  for (int x = 0; x < count; x += lanes) {
    const auto oh = hn::LoadU(d32, rows.o[kH] + x), ov = hn::LoadU(d32, rows.o[kV] + x);
    const auto th = hn::LoadU(d32, rows.t[kH] + x), tv = hn::LoadU(d32, rows.t[kV] + x);
    const auto enhanced = hn::MaskFromVec(DirectionFlags(d32, rows, x, count, oh, ov, th, tv));

    const auto decouple = [&](int b, auto o, auto t, auto& r_seen, auto& a_seen) FOVEA_ADM_INLINE {
      const auto sign = hn::ShiftRight<31>(o);
      const auto magnitude = hn::Abs(o);
      const auto target = hn::Max(hn::Sub(hn::Xor(t, sign), sign), zero);
      // Beyond 1.5 |o| the gain is 1 anyway; held there, the shifted number fits.
      const auto magnitude_u = hn::BitCast(du32, magnitude);
      const auto part =
          hn::Min(hn::BitCast(du32, target), hn::Add(magnitude_u, hn::ShiftRight<1>(magnitude_u)));
      const auto scaled = hn::Shl(part, hn::LoadU(du32, rows.reciprocal[b].up + x));
      const auto quotient = MulHighRound(du32, scaled, hn::LoadU(du32, rows.reciprocal[b].twice + x));
      const auto k = hn::BitCast(d32, hn::Min(quotient, hn::Set(du32, uint32_t{kOne})));
      // (k |o| + 2^14 - (o < 0)) >> 15, with |o| = 2^15 o1 + o0.
      const auto o0 = hn::And(magnitude, hn::Set(d32, 32767)), o1 = hn::ShiftRight<15>(magnitude);
      const auto half = hn::Add(hn::Set(d32, 16384), sign);
      const auto product = hn::Add(hn::Mul(k, o1), hn::ShiftRight<15>(hn::Add(hn::Mul(k, o0), half)));
      const auto plain = hn::IfThenElse(hn::Gt(magnitude, hn::Set(d32, kSimpleDivisor)), product,
                                        hn::Min(target, magnitude));
      hn::Vec<decltype(d32)> stronger;
      if constexpr (kWhole) {
        stronger = hn::IfThenElse(hn::Gt(plain, gain_cap), target, hn::Min(hn::Mul(plain, gain), target));
      } else {
        stronger = FractionalGain(d32, plain, target, split.gain_limit);
      }
      const auto kept = hn::IfThenElse(enhanced, stronger, plain);
      const auto r = hn::Sub(hn::Xor(kept, sign), sign);
      const auto weight = hn::Set(d32, static_cast<int32_t>(split.weight[b]));
      r_seen = Weighted(d32, r, weight);
      a_seen = Weighted(d32, hn::Sub(t, r), weight);
      hn::StoreU(r_seen, du32, rows.r[b] + x);
      hn::StoreU(a_seen, du32, rows.a[b] + x);
    };
    hn::Vec<decltype(du32)> rh, rv, rd, ah, av, ad;
    decouple(kH, oh, th, rh, ah);
    decouple(kV, ov, tv, rv, av);
    decouple(kD, hn::LoadU(d32, rows.o[kD] + x), hn::LoadU(d32, rows.t[kD] + x), rd, ad);
    StoreMasks(du32, ah, av, ad, rows.masks.near[0] + x, rows.masks.centre[0] + x);
    if constexpr (kAim) StoreMasks(du32, rh, rv, rd, rows.masks.near[1] + x, rows.masks.centre[1] + x);
  }
}

void DoDecouple1(const Decouple1& rows, int count, const Split& split) {
  if (split.whole_gain > 0) {
    split.aim ? DecoupleRow1<true, true>(rows, count, split) : DecoupleRow1<true, false>(rows, count, split);
  } else {
    split.aim ? DecoupleRow1<false, true>(rows, count, split)
              : DecoupleRow1<false, false>(rows, count, split);
  }
}

#endif  // FOVEA_ADM_PLAIN

}  // namespace fovea::adm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::adm {

HWY_EXPORT(Prepare1);
HWY_EXPORT(DoDecouple1);

void prepare1(const int32_t* o, int count, Reciprocal out) {
  HWY_DYNAMIC_DISPATCH(Prepare1)(o, count, out);
}
void decouple1(const Decouple1& rows, int count, const Split& split) {
  HWY_DYNAMIC_DISPATCH(DoDecouple1)(rows, count, split);
}

}  // namespace fovea::adm
#endif
