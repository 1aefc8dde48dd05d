// SPDX-License-Identifier: BSD-2-Clause-Patent
// The angle test and the division of decoupling, as vectors. Include inside a foreach_target file.
#if defined(FOVEA_METRICS_ADM_ADM_DIRECTION_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FOVEA_METRICS_ADM_ADM_DIRECTION_INL_H_
#undef FOVEA_METRICS_ADM_ADM_DIRECTION_INL_H_
#else
#define FOVEA_METRICS_ADM_ADM_DIRECTION_INL_H_
#endif

#include "metrics/adm/adm_simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::adm::HWY_NAMESPACE {
#if !FOVEA_ADM_PLAIN

// same_direction() asks p^2 >= c u v of three sums rounded to float, in double. Here p, u, v are floats
// within a few roundings of the exact sums (by Cauchy-Schwarz the error of p is small against sqrt(u v)), so
// p^2 and c u v are known within 23 * 2^-24. `sure`: true whatever the roundings; `unsure`: to be decided
// exactly. No product overflows: |coefficient| <= 2^31 gives u v <= 2^126.
inline constexpr float kDirectionMargin = 1.0f / (1 << 19);
template <class DF, class VF, class MF>
HWY_INLINE void Direction(DF df, VF p, VF u, VF v, MF& sure, MF& unsure) {
  const auto pp = hn::Mul(p, p), uv = hn::Mul(u, v);
  const auto positive = hn::Ge(p, hn::Zero(df));
  sure =
      hn::And(positive,
              hn::Ge(pp, hn::Mul(uv, hn::Set(df, static_cast<float>(kCosSquared) * (1 + kDirectionMargin)))));
  const auto maybe =
      hn::Ge(pp, hn::Mul(uv, hn::Set(df, static_cast<float>(kCosSquared) * (1 - kDirectionMargin))));
  unsure = hn::And(positive, hn::AndNot(sure, maybe));
}

// floor(2^30 / n) for n = 2^14 .. 2^15; for other n >= 1 any number.
template <class D32, class V32>
HWY_INLINE V32 ReciprocalOf(D32 d32, V32 n) {
  const hn::RebindToFloat<D32> df;
  const auto divisor = hn::ConvertTo(df, n);
#if HWY_ARCH_X86  // 12 bits, doubled by one step of Newton: faster than a division
  const auto guess = hn::ApproximateReciprocal(divisor);
  const auto inverse = hn::Mul(guess, hn::NegMulAdd(guess, divisor, hn::Set(df, 2.0f)));
#else
  const auto inverse = hn::Div(hn::Set(df, 1.0f), divisor);
#endif
  // A relative error of 2^-21 is 1/32 here: the quotient, raised by twice that, is floor() or one more.
  const auto estimate = hn::ConvertTo(d32, hn::Mul(inverse, hn::Set(df, 1073741824.0f + 1024.0f)));
  const auto too_much = hn::Gt(hn::Mul(estimate, n), hn::Set(d32, 1 << 30));
  return hn::Add(estimate, hn::VecFromMask(d32, too_much));
}

#endif
}  // namespace fovea::adm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
