// SPDX-License-Identifier: BSD-2-Clause-Patent
// Weighted coefficients of scale 0 in 16-bit lanes. Include inside a foreach_target file.
#if defined(FOVEA_METRICS_ADM_ADM_MASK0_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FOVEA_METRICS_ADM_ADM_MASK0_INL_H_
#undef FOVEA_METRICS_ADM_ADM_MASK0_INL_H_
#else
#define FOVEA_METRICS_ADM_ADM_MASK0_INL_H_
#endif

#include "metrics/adm/adm_simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::adm::HWY_NAMESPACE {
#if !FOVEA_ADM_PLAIN

// |c| of mask0() for h and v: (F m + 2^14) >> 15 with F = weight_low + (weight_top ? 2^15 : 0).
template <class D16, class V16>
HWY_INLINE V16 WeightedStraight(D16, V16 m, V16 weight_low, V16 weight_top) {
  return hn::Abs(hn::Add(hn::MulFixedPoint15(m, weight_low), hn::And(m, weight_top)));
}
// And for d: (F m + 65535) >> 17 = -floor(-F m / 2^16) >> 1; `weight` is F as a signed number, `top` -1 if
// that is negative.
template <class D16, class V16>
HWY_INLINE V16 WeightedDiagonal(D16, V16 m, V16 weight, V16 top) {
  return hn::Abs(hn::ShiftRight<1>(hn::Sub(hn::And(m, top), hn::MulHigh(weight, hn::Neg(m)))));
}

// Weights as 16-bit lanes take them.
struct Weights0 {
  int16_t low, top, diagonal, diagonal_top;
  explicit Weights0(const uint32_t* weight)
      : low(static_cast<int16_t>(weight[kH] & 32767)),
        top(static_cast<int16_t>((weight[kH] & 32768) != 0 ? -1 : 0)),
        diagonal(s16(weight[kD])),
        diagonal_top(static_cast<int16_t>((weight[kD] & 32768) != 0 ? -1 : 0)) {}
};

#endif
}  // namespace fovea::adm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
