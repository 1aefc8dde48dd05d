// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
#include "metrics/ciede/ciede_kernels.h"

#include <cmath>
#include <limits>
#include <numbers>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/ciede/ciede_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "metrics/ciede/ciede_math-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::ciede::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, kPad>;
using VF = hn::Vec<DF>;
using DD = hn::CappedTag<double, kPad / 2>;
using VD = hn::Vec<DD>;
using DHalf = hn::Rebind<float, DD>;  // as many floats as a vector holds doubles

constexpr double kPi = std::numbers::pi;

template <class Sample>
void WidenTwice(const Sample* HWY_RESTRICT in, int count, uint16_t* HWY_RESTRICT out) {
  int i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<uint32_t> d;
  const hn::Rebind<Sample, decltype(d)> ds;
  const hn::Repartition<uint16_t, decltype(d)> d16;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (; i + lanes <= count; i += lanes) {
    const auto wide = hn::PromoteTo(d, hn::LoadU(ds, in + i));
    hn::StoreU(hn::BitCast(d16, hn::Or(wide, hn::ShiftLeft<16>(wide))), d16, out + 2 * i);
  }
#endif
  for (; i < count; ++i) out[2 * i] = out[2 * i + 1] = in[i];
}
void WidenTwice8(const uint8_t* in, int count, uint16_t* out) {
  WidenTwice(in, count, out);
}
void WidenTwice16(const uint16_t* in, int count, uint16_t* out) {
  WidenTwice(in, count, out);
}

void Widen8(const uint8_t* HWY_RESTRICT in, int count, uint16_t* HWY_RESTRICT out) {
  int i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<uint16_t> d;
  const hn::Rebind<uint8_t, decltype(d)> ds;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (; i + lanes <= count; i += lanes) hn::StoreU(hn::PromoteTo(d, hn::LoadU(ds, in + i)), d, out + i);
#endif
  for (; i < count; ++i) out[i] = in[i];
}

void ColoursToLab(const Colours& colours, int count, const Conversion& k, Lab& out) {
  alignas(64) double exact[3][kStored];  // channels, then tristimulus values
  alignas(64) float guess[3][kStored];   // their inverse roots
  const DF df;
  const DD dd;
  const DHalf dh;
  const hn::Rebind<int32_t, DD> di;
  const hn::Rebind<uint16_t, DD> du;
  const int lanes_f = static_cast<int>(hn::Lanes(df)), lanes_d = static_cast<int>(hn::Lanes(dd));
  const auto put = [&](int channel, int i, VD value) HWY_ATTR {
    hn::StoreU(value, dd, exact[channel] + i);
    hn::StoreU(hn::DemoteTo(dh, value), dh, guess[channel] + i);
  };
  const auto number = [&](const uint16_t* samples)
                          HWY_ATTR { return hn::PromoteTo(dd, hn::PromoteTo(di, hn::LoadU(du, samples))); };

  for (int i = 0; i < count; i += lanes_d) {
    const auto y = number(colours.y + i), u = number(colours.u + i), v = number(colours.v + i);
    const auto add = [&](VD sum, VD sample, double weight)
                         HWY_ATTR { return hn::Add(sum, hn::Mul(sample, hn::Set(dd, weight))); };
    put(0, i, hn::Add(y, add(hn::Set(dd, k.r_offset), v, k.r_from_v)));
    put(1, i, hn::Add(y, add(add(hn::Set(dd, k.g_offset), u, k.g_from_u), v, k.g_from_v)));
    put(2, i, hn::Add(y, add(hn::Set(dd, k.b_offset), u, k.b_from_u)));
  }

  // Dark colours are straight lines; most runs of pixels have none. Whether all are above it is known with a
  // margin.
  const auto margin = [](double threshold) { return static_cast<float>(threshold * 1.00001); };
  auto lowest = hn::Set(df, std::numeric_limits<float>::max());
  const auto least = hn::Set(df, static_cast<float>(k.threshold * 0.5));
  for (int channel = 0; channel < 3; ++channel) {
    const auto scale = hn::Set(df, k.channels[channel].root_scale);
    for (int i = 0; i < count; i += lanes_f) {
      const auto x = hn::Load(df, guess[channel] + i);
      lowest = hn::Min(lowest, x);
      hn::Store(hn::Mul(InverseRoot<5>(df, hn::Max(x, least)), scale), df, guess[channel] + i);
    }
  }

  const auto mix = [&](auto all_curved) HWY_ATTR {
    constexpr bool kAllCurved = decltype(all_curved)::value;
    const auto linear = [&](int channel, int i) HWY_ATTR {
      const Conversion::Channel& to = k.channels[channel];
      const auto x = hn::LoadU(dd, exact[channel] + i);
      const auto curved = Power2_4(dd, x, hn::PromoteTo(dd, hn::LoadU(dh, guess[channel] + i)), to.bend);
      if constexpr (kAllCurved) return curved;
      const auto straight = hn::Add(hn::Mul(x, hn::Set(dd, to.slope)), hn::Set(dd, to.intercept));
      return hn::IfThenElse(hn::Gt(x, hn::Set(dd, k.threshold)), curved, straight);
    };
    for (int i = 0; i < count; i += lanes_d) {
      const auto r = linear(0, i), g = linear(1, i), b = linear(2, i);
      const auto sum = [&](double from_r, double from_g, double from_b) HWY_ATTR {
        return hn::Add(hn::Add(hn::Mul(r, hn::Set(dd, from_r)), hn::Mul(g, hn::Set(dd, from_g))),
                       hn::Mul(b, hn::Set(dd, from_b)));
      };
      put(0, i, sum(kX[0] / kY[0] / kWhiteX, kX[1] / kY[1] / kWhiteX, kX[2] / kY[2] / kWhiteX));
      put(1, i, hn::Add(hn::Add(r, g), b));
      put(2, i, sum(kZ[0] / kY[0] / kWhiteZ, kZ[1] / kY[1] / kWhiteZ, kZ[2] / kY[2] / kWhiteZ));
    }
  };
  if (hn::AllTrue(df, hn::Gt(lowest, hn::Set(df, margin(k.threshold))))) {
    mix(std::true_type());
  } else {
    mix(std::false_type());
  }

  constexpr double kThreshold = 64.0 / 24389.0;  // of 8/27 t
  lowest = hn::Set(df, std::numeric_limits<float>::max());
  for (int channel = 0; channel < 3; ++channel) {
    for (int i = 0; i < count; i += lanes_f) {
      const auto t = hn::Load(df, guess[channel] + i);
      lowest = hn::Min(lowest, t);
      hn::Store(InverseRoot<3>(df, hn::Max(t, hn::Set(df, static_cast<float>(kThreshold * 0.5)))), df,
                guess[channel] + i);
    }
  }

  const auto respond = [&](auto all_curved) HWY_ATTR {
    for (int channel = 0; channel < 3; ++channel) {
      for (int i = 0; i < count; i += lanes_d) {
        const auto t = hn::LoadU(dd, exact[channel] + i);
        auto f = CubeRoot(dd, t, hn::PromoteTo(dd, hn::LoadU(dh, guess[channel] + i)));
        if constexpr (!decltype(all_curved)::value) {
          const auto straight =
              hn::Add(hn::Mul(t, hn::Set(dd, 24389.0 / 8.0 / 116.0)), hn::Set(dd, 16.0 / 116.0));
          f = hn::IfThenElse(hn::Gt(t, hn::Set(dd, kThreshold)), f, straight);
        }
        hn::StoreU(hn::DemoteTo(dh, f), dh, guess[channel] + i);
      }
    }
  };
  if (hn::AllTrue(df, hn::Gt(lowest, hn::Set(df, margin(kThreshold))))) {
    respond(std::true_type());
  } else {
    respond(std::false_type());
  }

  // Differences and multiples of f with one rounding: the upper and the lower half of its digits make exact
  // ones.
  const auto upper = [&](VF f) HWY_ATTR {
    return hn::And(f, hn::BitCast(df, hn::Set(hn::RebindToUnsigned<DF>(), 0xFFFFF000u)));
  };
  const auto difference = [&](VF upper1, VF lower1, VF upper2, VF lower2, float weight) HWY_ATTR {
    const auto k = hn::Set(df, weight);
    return hn::Add(hn::Mul(hn::Sub(upper1, upper2), k), hn::Mul(hn::Sub(lower1, lower2), k));
  };
  for (int i = 0; i < count; i += lanes_f) {
    const auto fx = hn::Load(df, guess[0] + i), fy = hn::Load(df, guess[1] + i),
               fz = hn::Load(df, guess[2] + i);
    const auto ux = upper(fx), uy = upper(fy), uz = upper(fz);
    const auto lx = hn::Sub(fx, ux), ly = hn::Sub(fy, uy), lz = hn::Sub(fz, uz);
    const auto k116 = hn::Set(df, 116.0f);
    hn::Store(hn::Add(hn::Sub(hn::Mul(uy, k116), hn::Set(df, 16.0f)), hn::Mul(ly, k116)), df, out.l + i);
    hn::Store(difference(ux, lx, uy, ly, 500.0f), df, out.a + i);
    hn::Store(difference(uy, ly, uz, lz, 200.0f), df, out.b + i);
  }
}

HWY_INLINE VD RoundToSingle(VD value) {
  return hn::PromoteTo(DD(), hn::DemoteTo(DHalf(), value));
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V SeventhPower(D, V x) {
  const auto x2 = hn::Mul(x, x);
  return hn::Mul(hn::Mul(hn::Mul(x2, x2), x2), x);
}

// The angle of (a, b) with length chroma, in [0, 2 pi], rounded where the definition rounds. Half of it,
// folded into the first octant, has the tangent min / (chroma + max).
HWY_INLINE hn::Vec<DHalf> Hue(VD a, VD b, VD chroma) {
  const DD d;
  const DHalf dh;
  const auto across = hn::Abs(a), up = hn::Abs(b);
  const auto low = hn::Min(across, up), high = hn::Max(across, up);
  // Grey divides 0 by something.
  auto angle = TwiceArcTangent(d, hn::Div(low, hn::Max(hn::Add(chroma, high), hn::Set(d, 1e-30))));
  angle = hn::IfThenElse(hn::Gt(up, across), hn::Sub(hn::Set(d, kPi / 2), angle), angle);
  angle = hn::IfThenElse(hn::Lt(a, hn::Zero(d)), hn::Sub(hn::Set(d, kPi), angle), angle);
  const auto rounded = RoundToSingle(angle);
  return hn::DemoteTo(dh,
                      hn::IfThenElse(hn::Lt(b, hn::Zero(d)), hn::Sub(hn::Set(d, 2 * kPi), rounded), rounded));
}

// 1 - 0.17 cos(h - 30) + 0.24 cos(2h) + 0.32 cos(3h + 6) - 0.2 cos(4h - 63 degrees), in powers of c = cos h
// and s = sin h.
HWY_INLINE VF HueWeight(VF s, VF c) {
  const DF d;
  constexpr double kCos6 = 0.99452189536827333692, kSin6 = 0.10452846326765347140;
  constexpr double kCos63 = 0.45399049973954679156, kSin63 = 0.89100652418836786236;
  constexpr double kCos30 = 0.86602540378443864676;
  return hn::Add(
      Polynomial(d, c, 0.76 - 0.2 * kCos63, -0.17 * kCos30 - 0.96 * kCos6, 0.48 + 1.6 * kCos63, 1.28 * kCos6,
                 -1.6 * kCos63),
      hn::Mul(s, Polynomial(d, c, -0.085 + 0.32 * kSin6, 0.8 * kSin63, -1.28 * kSin6, -1.6 * kSin63)));
}

// The squared differences of one vector of pixels from `begin` on, with the roundings of the definition.
HWY_NOINLINE void ExactSquares(const Lab& ref, const Lab& dis, int begin, float* HWY_RESTRICT out) {
  alignas(64) float chroma1[kPad], chroma2[kPad], hue1[kPad], hue2[kPad];
  const DF d;
  const DD dd;
  const DHalf dh;
  const int lanes = static_cast<int>(hn::Lanes(d)), lanes_d = static_cast<int>(hn::Lanes(dd));
  for (int j = 0; j < lanes; j += lanes_d) {
    const int i = begin + j;
    const auto a1 = hn::PromoteTo(dd, hn::LoadU(dh, ref.a + i)),
               b1 = hn::PromoteTo(dd, hn::LoadU(dh, ref.b + i));
    const auto a2 = hn::PromoteTo(dd, hn::LoadU(dh, dis.a + i)),
               b2 = hn::PromoteTo(dd, hn::LoadU(dh, dis.b + i));
    const auto b1_sq = hn::Mul(b1, b1), b2_sq = hn::Mul(b2, b2);
    const auto raw1 = RoundToSingle(hn::Sqrt(hn::Add(hn::Mul(a1, a1), b1_sq)));
    const auto raw2 = RoundToSingle(hn::Sqrt(hn::Add(hn::Mul(a2, a2), b2_sq)));
    const auto half = hn::Set(dd, 0.5);
    const auto mean_7 = SeventhPower(dd, hn::Mul(RoundToSingle(hn::Add(raw1, raw2)), half));
    const auto share = hn::Div(mean_7, hn::Add(mean_7, hn::Set(dd, 6103515625.0)));  // 25^7
    const auto stretch = hn::Mul(half, hn::Sub(hn::Set(dd, 1.0), hn::Sqrt(share)));
    const auto stretched1 = RoundToSingle(hn::Add(a1, hn::Mul(a1, stretch)));
    const auto stretched2 = RoundToSingle(hn::Add(a2, hn::Mul(a2, stretch)));
    const auto length1 = hn::Sqrt(hn::Add(hn::Mul(stretched1, stretched1), b1_sq));
    const auto length2 = hn::Sqrt(hn::Add(hn::Mul(stretched2, stretched2), b2_sq));
    hn::StoreU(hn::DemoteTo(dh, length1), dh, chroma1 + j);
    hn::StoreU(hn::DemoteTo(dh, length2), dh, chroma2 + j);
    hn::StoreU(Hue(stretched1, b1, length1), dh, hue1 + j);
    hn::StoreU(Hue(stretched2, b2, length2), dh, hue2 + j);
  }

  const auto set = [&](double value) HWY_ATTR { return hn::Set(d, static_cast<float>(value)); };
  const auto one = set(1), half = set(0.5);
  const auto l1 = hn::Load(d, ref.l + begin), l2 = hn::Load(d, dis.l + begin);
  const auto k = hn::Sub(hn::Mul(hn::Add(l1, l2), half), set(50));
  const auto k_sq = hn::Mul(k, k);
  const auto scale_l = hn::Add(one, hn::Div(hn::Mul(k_sq, set(0.015)), hn::Sqrt(hn::Add(k_sq, set(20)))));
  const auto c1 = hn::Load(d, chroma1), c2 = hn::Load(d, chroma2);
  const auto mean_c = hn::Mul(hn::Add(c1, c2), half);
  const auto scale_c = hn::Add(one, hn::Mul(mean_c, set(0.045)));

  // A whole turn in two parts; added to what lies between half of it and all of it, the first is exact.
  const auto h1 = hn::Load(d, hue1), h2 = hn::Load(d, hue2);
  const auto full_turn = set(2 * kPi),
             full_turn_rest =
                 hn::Set(d, static_cast<float>(2 * kPi - static_cast<double>(static_cast<float>(2 * kPi))));
  auto turn = hn::Sub(h2, h1);
  const auto long_way = hn::Ge(hn::Abs(turn), set(kPi));  // the float is above pi, the one before it below
  const auto sign = hn::And(turn, hn::SignBit(d));
  turn = hn::IfThenElse(long_way,
                        hn::Sub(hn::Sub(turn, hn::Or(full_turn, sign)), hn::Xor(full_turn_rest, sign)), turn);
  const auto d_hue = hn::Mul(hn::Mul(set(2), hn::Sqrt(hn::Mul(c1, c2))), Sine(d, hn::Mul(turn, half)));
  const auto h_sum = hn::Add(h1, h2);
  const auto mean_h =
      hn::Mul(half, hn::IfThenElse(long_way, hn::Add(hn::Add(h_sum, full_turn), full_turn_rest), h_sum));

  VF s, c;
  SineCosine(d, mean_h, s, c);
  const auto weight_h = HueWeight(s, c);
  const auto scale_h = hn::Add(one, hn::Mul(hn::Mul(mean_c, set(0.015)), weight_h));

  const auto l = hn::Div(hn::Sub(l2, l1), hn::Mul(scale_l, set(0.65)));
  const auto chroma = hn::Div(hn::Sub(c2, c1), scale_c);
  const auto hue = hn::Div(d_hue, hn::Mul(scale_h, set(4)));
  auto sum = hn::Add(hn::Add(hn::Mul(l, l), hn::Mul(chroma, chroma)), hn::Mul(hue, hue));

  // Chroma and hue lean on each other around 275 degrees; beyond this bound by less than 1e-8 of the sum.
  const auto from_blue = hn::Mul(hn::Sub(hn::Mul(mean_h, set(180 / kPi)), set(275)), set(1.0 / 25));
  const auto from_blue_sq = hn::Mul(from_blue, from_blue);
  const auto near = hn::Lt(from_blue_sq, set(20));
  if (!hn::AllFalse(d, near)) {
    const auto lean = hn::Mul(ExpOfMinus(d, hn::Min(from_blue_sq, set(20))), set(kPi / 3));
    const auto mean_7 = SeventhPower(d, mean_c);
    const auto rotation = hn::Mul(hn::Sqrt(hn::Div(mean_7, hn::Add(mean_7, set(6103515625.0)))),
                                  hn::Mul(set(-2), Sine(d, lean)));
    sum = hn::IfThenElse(near, hn::Add(sum, hn::Mul(hn::Mul(rotation, chroma), hue)), sum);
  }
  hn::Store(sum, d, out);
}

// The roundings of the definition are followed where they show: in differences below kClose, and where hues
// are half a turn apart to within kTie (common in the dark, where sRGB is linear): rounding decides which way
// the turn goes.
constexpr float kClose = 0.0625f, kTie = 1e-5f;
constexpr float kUndecided = 4.0f;  // in place of a cosine: a tie

// Hue never appears as an angle: what is needed of it are the sine and the cosine of the mean of two hues,
// and the chord between them. With A = stretched a and C^2 = A^2 + b^2, the products P = C1 C2 and dot = A1
// A2 + b1 b2 give the chord, 2 sqrt(P) sin(half the turn) = sqrt(2 (P - dot)) = |A1 b2 - A2 b1| sqrt(2 / (P +
// dot)), and (A1 C2 + A2 C1, b1 C2 + b2 C1) / sqrt(2 P (P + dot)) is the mean direction: in each case the
// form is chosen that does not subtract like from like. Several short loops, as a processor looks ahead only
// so far.
void Differences(const Lab& ref, const Lab& dis, int count, float* HWY_RESTRICT out) {
  alignas(64) float stretches[kStored], chroma_sums[kStored], chroma_steps[kStored], sines[kStored],
      cosines[kStored], chords[kStored], rotations[kStored];
  const DF d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto set = [&](double value) HWY_ATTR { return hn::Set(d, static_cast<float>(value)); };
  const auto square = [](VF v) HWY_ATTR { return hn::Mul(v, v); };
  const auto one = set(1), half = set(0.5);
  // sqrt(c^7 / (c^7 + 25^7)); beyond these bounds it is 0 or 1.
  const auto saturation = [&](VF c) HWY_ATTR {
    const auto c7 = SeventhPower(d, hn::Min(hn::Max(c, set(1e-3)), set(400)));
    return hn::Mul(c7, InverseRoot<2>(d, hn::Mul(c7, hn::Add(c7, set(6103515625.0)))));
  };
  const auto length = [&](const Lab& lab, int i) HWY_ATTR {
    return hn::Sqrt(hn::Add(square(hn::Load(d, lab.a + i)), square(hn::Load(d, lab.b + i))));
  };
  for (int i = 0; i < count; i += lanes) {
    const auto mean = hn::Mul(hn::Add(length(ref, i), length(dis, i)), half);
    hn::Store(hn::Sub(set(1.5), hn::Mul(half, saturation(mean))), d, stretches + i);
  }

  for (int i = 0; i < count; i += lanes) {
    const auto stretch = hn::Load(d, stretches + i);
    const auto a1_raw = hn::Load(d, ref.a + i), a2_raw = hn::Load(d, dis.a + i);
    const auto b1 = hn::Load(d, ref.b + i), b2 = hn::Load(d, dis.b + i), db = hn::Sub(b2, b1);
    const auto a1 = hn::Mul(a1_raw, stretch), a2 = hn::Mul(a2_raw, stretch),
               da = hn::Mul(hn::Sub(a2_raw, a1_raw), stretch);
    const auto c1 = hn::Sqrt(hn::Add(square(a1), square(b1))), c2 = hn::Sqrt(hn::Add(square(a2), square(b2)));
    const auto product = hn::Mul(c1, c2), dot = hn::Add(hn::Mul(a1, a2), hn::Mul(b1, b2));
    const auto cross = hn::Sub(hn::Mul(a1, db), hn::Mul(da, b1)), turn_sign = hn::And(cross, hn::SignBit(d));
    const auto obtuse = hn::Lt(dot, hn::Zero(d));
    const auto longer = hn::Add(product, hn::Abs(dot)), twice_longer = hn::Add(longer, longer);
    const auto inverse_length = InverseRoot<2>(d, hn::Max(hn::Mul(twice_longer, product), set(1e-30)));
    const auto x1 = hn::Mul(a1, c2), x2 = hn::Mul(a2, c1), y1 = hn::Mul(b1, c2), y2 = hn::Mul(b2, c1);
    // The mean of hues more than a right angle apart lies across the line between both.
    const auto x = hn::IfThenElse(obtuse, hn::Xor(hn::Sub(y2, y1), turn_sign), hn::Add(x1, x2));
    const auto y = hn::IfThenElse(obtuse, hn::Xor(hn::Sub(x1, x2), turn_sign), hn::Add(y1, y2));
    const auto acute_sq = hn::Mul(square(hn::Mul(hn::Add(cross, cross), inverse_length)), product);
    const auto tie = hn::And(obtuse, hn::Le(hn::Abs(cross), hn::Mul(product, hn::Set(d, kTie))));
    hn::Store(hn::IfThenElse(tie, hn::Set(d, kUndecided), hn::Mul(x, inverse_length)), d, cosines + i);
    hn::Store(hn::Mul(y, inverse_length), d, sines + i);
    // The square of the chord, with the sign of the turn.
    hn::Store(hn::Or(hn::IfThenElse(obtuse, twice_longer, acute_sq), turn_sign), d, chords + i);
    hn::Store(hn::Add(c1, c2), d, chroma_sums + i);
    // (c1 + c2)(c2 - c1)
    hn::Store(hn::Add(hn::Mul(da, hn::Add(a1, a2)), hn::Mul(db, hn::Add(b1, b2))), d, chroma_steps + i);
  }

  // Chroma and hue lean on each other around 275 degrees, by exp(-(distance / 25 degrees)^2), the exponent in
  // powers of z = 1 - cos(distance). Where it is above 20 that is less than 1e-8 of the sum.
  for (int i = 0; i < count; i += lanes) {
    constexpr double kCos275 = 0.08715574274765817, kSin275 = -0.99619469809174553, kFar = 1.3714;
    const auto z = hn::Sub(hn::Sub(one, hn::Mul(hn::Load(d, cosines + i), set(kCos275))),
                           hn::Mul(hn::Load(d, sines + i), set(kSin275)));
    const auto near = hn::Lt(z, set(kFar));
    auto rotation = hn::Zero(d);
    if (!hn::AllFalse(d, near)) {
      const auto z_near = hn::Min(z, set(kFar));
      const auto exponent =
          hn::Mul(z_near, Polynomial(d, z_near, 10.504988892601082, 1.7504501819466154, 0.4716670500713712,
                                     0.12705503578765293, 0.09630453990505812));
      const auto lean = hn::Mul(ExpOfMinus(d, exponent), set(kPi / 3));
      const auto strength = saturation(hn::Mul(hn::Load(d, chroma_sums + i), half));
      rotation = hn::IfThenElse(near, hn::Mul(strength, hn::Mul(set(-2), Sine(d, lean))), rotation);
    }
    hn::Store(rotation, d, rotations + i);
  }

  for (int i = 0; i < count; i += lanes) {
    const auto cosine = hn::Load(d, cosines + i);
    // One division by the three weights: S_L = (root + 0.015 k^2) / root, S_C = 1 + 0.045 C, S_H = 1 + 0.015
    // C T.
    const auto l1 = hn::Load(d, ref.l + i), l2 = hn::Load(d, dis.l + i), c_sum = hn::Load(d, chroma_sums + i);
    const auto k_sq = square(hn::Sub(hn::Mul(hn::Add(l1, l2), half), set(50))),
               root_sq = hn::Add(k_sq, set(20));
    const auto by_l = hn::Mul(hn::Add(hn::Sqrt(root_sq), hn::Mul(k_sq, set(0.015))), set(0.65));
    const auto by_c = hn::Mul(hn::Max(c_sum, set(1e-15)), hn::Add(one, hn::Mul(c_sum, set(0.0225))));
    const auto by_h =
        hn::Add(set(4), hn::Mul(hn::Mul(c_sum, set(0.03)), HueWeight(hn::Load(d, sines + i), cosine)));
    const auto by_ch = hn::Mul(by_c, by_h), inverse = hn::Div(one, hn::Mul(by_l, by_ch)),
               by_l_inverse = hn::Mul(by_l, inverse);
    const auto l_sq = hn::Mul(square(hn::Mul(hn::Sub(l2, l1), hn::Mul(by_ch, inverse))), root_sq);
    const auto dc = hn::Mul(hn::Load(d, chroma_steps + i), hn::Mul(by_h, by_l_inverse));
    const auto chord = hn::Load(d, chords + i), h_weight = hn::Mul(by_c, by_l_inverse),
               chord_sq = hn::Abs(chord);
    const auto h_sq = hn::Mul(chord_sq, square(h_weight));
    auto sum = hn::Add(hn::Add(l_sq, square(dc)), h_sq);
    const auto dh = hn::Mul(hn::Or(hn::Sqrt(chord_sq), hn::And(chord, hn::SignBit(d))), h_weight);
    sum = hn::Add(sum, hn::Mul(hn::Mul(hn::Load(d, rotations + i), dc), dh));
    const auto close = hn::And(hn::Gt(sum, hn::Zero(d)), hn::Lt(sum, set(kClose * kClose)));
    const auto delicate = hn::Or(close, hn::Gt(cosine, hn::Set(d, 0.5f * kUndecided)));
    if (HWY_UNLIKELY(!hn::AllFalse(d, delicate))) {
      alignas(64) float exact[kPad];
      ExactSquares(ref, dis, i, exact);
      sum = hn::IfThenElse(delicate, hn::Load(d, exact), sum);
    }
    hn::StoreU(hn::Sqrt(hn::Max(sum, hn::Zero(d))), d, out + i);
  }
}

void AddByLane(const float* HWY_RESTRICT in, int count, double* HWY_RESTRICT sums) {
  const hn::CappedTag<double, kLanes> d;
  const hn::Rebind<float, decltype(d)> df;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int i = 0; i < kLanes; i += lanes) {
    auto sum = hn::LoadU(d, sums + i);
    for (int x = i; x < count; x += kLanes) sum = hn::Add(sum, hn::PromoteTo(d, hn::LoadU(df, in + x)));
    hn::StoreU(sum, d, sums + i);
  }
}

void Apply(Function function, const double* HWY_RESTRICT in, int count, double* HWY_RESTRICT out) {
  const DD dd;
  const DF df;
  for (int i = 0; i < count; ++i) {
    const auto x = hn::Set(dd, in[i]);
    const auto x_float = hn::Set(df, static_cast<float>(in[i]));
    const auto first = [&](VF v) HWY_ATTR { return static_cast<double>(hn::GetLane(v)); };
    const auto widened = [&](VF v) HWY_ATTR { return hn::Set(dd, static_cast<double>(hn::GetLane(v))); };
    VF s, c;
    switch (function) {
      case Function::kPower2_4:
        out[i] = hn::GetLane(
            Power2_4(dd, x, hn::Mul(widened(InverseRoot<5>(df, x_float)), hn::Set(dd, std::pow(0.6, 0.125))),
                     8.0 / 3.0 * std::pow(0.6, 0.625)));
        break;
      case Function::kCubeRoot:
        out[i] =
            hn::GetLane(CubeRoot(dd, hn::Mul(x, hn::Set(dd, 8.0 / 27.0)),
                                 widened(InverseRoot<3>(df, hn::Mul(x_float, hn::Set(df, 8.0f / 27.0f))))));
        break;
      case Function::kInverseSquareRoot:
        out[i] = first(InverseRoot<2>(df, x_float));
        break;
      case Function::kTwiceArcTangent:
        out[i] = hn::GetLane(TwiceArcTangent(dd, x));
        break;
      case Function::kSine:
        out[i] = first(Sine(df, x_float));
        break;
      case Function::kSineFull:
        SineCosine(df, x_float, s, c);
        out[i] = first(s);
        break;
      case Function::kCosineFull:
        SineCosine(df, x_float, s, c);
        out[i] = first(c);
        break;
      case Function::kExpOfMinus:
        out[i] = first(ExpOfMinus(df, x_float));
        break;
    }
  }
}

}  // namespace fovea::ciede::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include <cstring>

namespace fovea::ciede {

HWY_EXPORT(Widen8);
HWY_EXPORT(WidenTwice8);
HWY_EXPORT(WidenTwice16);
HWY_EXPORT(ColoursToLab);
HWY_EXPORT(Differences);
HWY_EXPORT(AddByLane);
HWY_EXPORT(Apply);

void widen(const uint8_t* in, int count, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(Widen8)(in, count, out);
}
void widen(const uint16_t* in, int count, uint16_t* out) {
  std::memcpy(out, in, static_cast<size_t>(count) * sizeof(*out));
}
void widen_twice(const uint8_t* in, int count, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(WidenTwice8)(in, count, out);
}
void widen_twice(const uint16_t* in, int count, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(WidenTwice16)(in, count, out);
}
void colours_to_lab(const Colours& colours, int count, const Conversion& conversion, Lab& out) {
  HWY_DYNAMIC_DISPATCH(ColoursToLab)(colours, count, conversion, out);
}
void differences(const Lab& ref, const Lab& dis, int count, float* out) {
  HWY_DYNAMIC_DISPATCH(Differences)(ref, dis, count, out);
}
void add_by_lane(const float* in, int count, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddByLane)(in, count, sums);
}
void apply(Function function, const double* in, int count, double* out) {
  HWY_DYNAMIC_DISPATCH(Apply)(function, in, count, out);
}

Conversion make_conversion(int bit_depth) {
  const double scale = 1 << (bit_depth - 8), chroma = 219.0 / 224.0, unit = 1 / (219 * scale) / 1.055;
  const double black = 0.055 * 219 * scale - 16 * scale, grey = 128 * scale * chroma;
  Conversion k{.r_from_v = 1.28033 * chroma,
               .g_from_u = -0.21482 * chroma,
               .g_from_v = -0.38059 * chroma,
               .b_from_u = 2.12798 * chroma,
               .r_offset = black - 1.28033 * grey,
               .g_offset = black + (0.21482 + 0.38059) * grey,
               .b_offset = black - 2.12798 * grey,
               .threshold = (10.0 / 255.0 + 0.055) / 1.055 / unit,
               .channels = {}};
  for (int i = 0; i < 3; ++i) {
    const double light = kY[i] * 8.0 / 27.0, s = std::pow(0.6 * light * std::pow(unit, 2.4), 0.125);
    k.channels[i] = {.bend = 8.0 / 3.0 * std::pow(s, 5.0),
                     .slope = light * unit * 1.055 / 12.92,
                     .intercept = light * -0.055 / 12.92,
                     .root_scale = static_cast<float>(s)};
  }
  return k;
}

}  // namespace fovea::ciede
#endif
