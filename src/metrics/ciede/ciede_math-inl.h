// SPDX-License-Identifier: BSD-2-Clause-Patent
// Roots, powers and circular functions for colour differences. Multiplications and additions stand apart and
// in one order (no fused ones), so that every CPU target computes the same bits. The largest errors given
// here are tested against <cmath>. Compiled once per CPU target by its users: include it inside a
// foreach_target file.
#if defined(FOVEA_METRICS_CIEDE_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FOVEA_METRICS_CIEDE_MATH_INL_H_
#undef FOVEA_METRICS_CIEDE_MATH_INL_H_
#else
#define FOVEA_METRICS_CIEDE_MATH_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::ciede::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// c0 + x (c1 + x (c2 + ...))
template <class D, class V>
HWY_INLINE V Polynomial(D d, V, double c) {
  return hn::Set(d, static_cast<hn::TFromD<D>>(c));
}
template <class D, class V, class... Rest>
HWY_INLINE V Polynomial(D d, V x, double c, Rest... rest) {
  return hn::Add(hn::Mul(Polynomial(d, x, rest...), x), hn::Set(d, static_cast<hn::TFromD<D>>(c)));
}

// x^(-1/kRoot) in single precision; relative error below 6e-6 (5th root), 2e-6 (3rd), 3e-7 (square root); x
// in [0.005, 1e4], square root [1e-30, 1e38]. The exponent and the fraction divided by the root make a first
// guess g within 4 %; r = 1 - x g^kRoot tells by how much it is off.
template <int kRoot, class D, class V = hn::Vec<D>>
HWY_INLINE V InverseRoot(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto one = hn::Set(d, 1.0f);
  if constexpr (kRoot == 2) {
    const auto g = hn::BitCast(d, hn::Sub(hn::Set(di, 0x5f374740), hn::ShiftRight<1>(hn::BitCast(di, x))));
    const auto r = hn::Sub(one, hn::Mul(hn::Mul(x, g), g));
    return hn::Mul(g, Polynomial(d, r, 1.0000000006509309, 0.4999983302908879, 0.3749973453406691,
                                 0.313935363906073, 0.27499594110597264));
  }
  // In units of 256, so that a float's last digit is 1 of the result.
  const auto magic = hn::Set(d, 8388608.0f + (kRoot == 5 ? 4991968.0f : 5546475.0f));
  const auto bits = hn::ConvertTo(d, hn::ShiftRight<8>(hn::BitCast(di, x)));
  const auto quotient = hn::Sub(magic, hn::Mul(bits, hn::Set(d, 1.0f / kRoot)));
  const auto g = hn::BitCast(d, hn::ShiftLeft<8>(hn::BitCast(di, quotient)));
  const auto g2 = hn::Mul(g, g);
  if constexpr (kRoot == 5) {
    const auto r = hn::Sub(one, hn::Mul(hn::Mul(x, g), hn::Mul(g2, g2)));
    return hn::Mul(g, Polynomial(d, r, 0.9999948873736165, 0.2000361379937826, 0.12167595536778578,
                                 0.08585219839511614));
  } else {
    static_assert(kRoot == 3 || kRoot == 2);
    const auto r = hn::Sub(one, hn::Mul(hn::Mul(x, g), g2));
    return hn::Mul(g, Polynomial(d, r, 0.99999782984960606, 0.33332578223096754, 0.22380770903595512,
                                 0.17490626044498725));
  }
}

// k x^2.4, relative error below 1e-9; w is close to s x^(-1/5), s^8 = 0.6 k, bend = 8/3 s^5. With p = x w^5 /
// s^5, close to 1: x^2.4 = (x w / s)^3 p^(-3/5), and p^(-3/5) = 1.6 - 0.6 p.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Power2_4(D d, V x, V w, double bend) {
  const auto w2 = hn::Mul(w, w), xw = hn::Mul(x, w);
  return hn::Mul(hn::Mul(hn::Mul(xw, xw), xw), hn::Sub(hn::Set(d, bend), hn::Mul(xw, hn::Mul(w2, w2))));
}

// The cube root of 27/8 x, relative error below 1e-10; w is close to x^(-1/3). With p = x w^3, close to 1:
// x^(1/3) = x w^2 p^(-2/3), and p^(-2/3) = 2/3 (2.5 - p).
template <class D, class V = hn::Vec<D>>
HWY_INLINE V CubeRoot(D d, V x, V w) {
  const auto root = hn::Mul(hn::Mul(x, w), w);
  return hn::Mul(root, hn::Sub(hn::Set(d, 2.5), hn::Mul(root, w)));
}

// 2 atan(t), error below 5e-11; t in [0, tan(pi/8)].
template <class D, class V = hn::Vec<D>>
HWY_INLINE V TwiceArcTangent(D d, V t) {
  return hn::Mul(
      t, Polynomial(d, hn::Mul(t, t), 1.9999999999596398, -0.66666664313603852, 0.39999775717002245,
                    -0.28563375653249312, 0.22083196372439406, -0.16923835768257786, 0.094368702454773259));
}

// sin x, single precision, error below 2e-7; |x| <= pi/2.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Sine(D d, V x) {
  const auto u = hn::Mul(x, x);
  const auto tail = Polynomial(d, u, -0.16666666616524031, 0.0083333309620849949, -0.0001984085950133794,
                               2.7525178118364114e-06, -2.3887505240611299e-08);
  return hn::Add(x, hn::Mul(hn::Mul(x, u), tail));
}

// The nearest integer of |x| < 2^21, as a float: the sum has no room for a fraction.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Nearest(D d, V x) {
  const auto shift = hn::Set(d, 12582912.0f);  // 1.5 * 2^23
  return hn::Sub(hn::Add(x, shift), shift);
}

// sin x and cos x, single precision, errors below 3e-7; x in [0, 8].
template <class D, class V = hn::Vec<D>>
HWY_INLINE void SineCosine(D d, V x, V& sine, V& cosine) {
  const hn::RebindToSigned<D> di;
  const auto half_turns = Nearest(d, hn::Mul(x, hn::Set(d, 0.318309886f)));
  // pi in two parts, the first short enough for exact products.
  auto r = hn::Sub(x, hn::Mul(half_turns, hn::Set(d, 3.140625f)));
  r = hn::Sub(r, hn::Mul(half_turns, hn::Set(d, 9.67653589793e-4f)));
  const auto flip = hn::BitCast(d, hn::ShiftLeft<31>(hn::ConvertTo(di, half_turns)));  // the sign, if odd
  const auto c = Polynomial(d, hn::Mul(r, r), 0.99999999999924127, -0.49999999996988259, 0.041666666471453964,
                            -0.0013888884142484593, 2.4801037393439909e-05, -2.7524567531642516e-07,
                            1.9905959850906097e-09);
  sine = hn::Xor(Sine(d, r), flip);
  cosine = hn::Xor(c, flip);
}

// exp(-x), single precision, relative error below 5e-6 (2e-7 up to x = 1); x in [0, 80].
template <class D, class V = hn::Vec<D>>
HWY_INLINE V ExpOfMinus(D d, V x) {
  const hn::RebindToSigned<D> di;
  const auto power = hn::Mul(x, hn::Set(d, -1.44269504f));
  const auto shift = hn::Set(d, 12582912.0f + 127.0f);  // the sum has no room for a fraction
  const auto shifted = hn::Add(power, shift);
  const auto fraction = Polynomial(d, hn::Sub(power, hn::Sub(shifted, shift)), 1.0000000005550533,
                                   0.69314720576715638, 0.2402264688607525, 0.055503287117862683,
                                   0.0096184892444624946, 0.0013399957632884523, 0.00015345789000030432);
  const auto scale = hn::BitCast(d, hn::ShiftLeft<23>(hn::BitCast(di, shifted)));
  return hn::Mul(fraction, scale);
}

}  // namespace fovea::ciede::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
