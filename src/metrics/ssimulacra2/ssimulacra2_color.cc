// SPDX-License-Identifier: BSD-2-Clause-Patent
// From samples to the planes X, Y, B. Compiled once per CPU target; the wrappers at the end choose at run
// time.
#include "metrics/ssimulacra2/ssimulacra2_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/ssimulacra2/ssimulacra2_color.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::ssimulacra2::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, kPad>;
using DI = hn::RebindToSigned<DF>;
using DU = hn::RebindToUnsigned<DF>;
using VF = hn::Vec<DF>;

template <class Sample>
HWY_INLINE VF LoadSamples(const Sample* from) {
  const DI di;
#if HWY_TARGET == HWY_SCALAR
  return hn::ConvertTo(DF(), hn::Set(di, *from));
#else
  const hn::Rebind<Sample, DI> d;
  return hn::ConvertTo(DF(), hn::PromoteTo(di, hn::LoadU(d, from)));
#endif
}

template <class Sample>
void ChromaTerms(const Sample* HWY_RESTRICT cb, const Sample* HWY_RESTRICT cr, int count, const Color& color,
                 float* HWY_RESTRICT terms, int pitch) {
  const DF d;
  const auto inverse_peak = hn::Set(d, color.inverse_peak), half = hn::Set(d, 0.5f),
             scale = hn::Set(d, color.chroma_scale);
  for (int x = 0; x < count; x += static_cast<int>(hn::Lanes(d))) {
    const auto u = hn::Mul(hn::Sub(hn::Mul(LoadSamples(cb + x), inverse_peak), half), scale);
    const auto v = hn::Mul(hn::Sub(hn::Mul(LoadSamples(cr + x), inverse_peak), half), scale);
    hn::StoreU(hn::Mul(hn::Set(d, color.cr_to_r), v), d, terms + x);
    hn::StoreU(hn::Mul(hn::Set(d, color.cb_to_g), u), d, terms + pitch + x);
    hn::StoreU(hn::Mul(hn::Set(d, color.cr_to_g), v), d, terms + 2 * pitch + x);
    hn::StoreU(hn::Mul(hn::Set(d, color.cb_to_b), u), d, terms + 3 * pitch + x);
  }
}
void ChromaTerms8(const uint8_t* cb, const uint8_t* cr, int count, const Color& color, float* terms,
                  int pitch) {
  ChromaTerms(cb, cr, count, color, terms, pitch);
}
void ChromaTerms16(const uint16_t* cb, const uint16_t* cr, int count, const Color& color, float* terms,
                   int pitch) {
  ChromaTerms(cb, cr, count, color, terms, pitch);
}

void DoubleColumns(const float* HWY_RESTRICT in, int count, float* HWY_RESTRICT out) {
  const DF d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int x = 0;
  for (; x + 2 * lanes <= count; x += 2 * lanes) {
    const auto v = hn::LoadU(d, in + x / 2);
    hn::StoreInterleaved2(v, v, d, out + x);
  }
  for (; x < count; ++x) out[x] = in[x / 2];
}

// `encoded` in [0, 1]. At 1 the position is the last point, whose rise is 0.
HWY_INLINE VF Linear(const SrgbTable& table, VF encoded) {
  const DF d;
  const DI di;
  const auto position = hn::Mul(encoded, hn::Set(d, static_cast<float>(SrgbTable::kSize - 1)));
  const auto point = hn::Floor(position);
  const auto fraction = hn::Sub(position, point);
  // Above 2^23 a float's last bit is 1: cheaper than a conversion that is defined for all floats.
  const auto i = hn::And(hn::BitCast(di, hn::Add(point, hn::Set(d, 8388608.0f))), hn::Set(di, 0x7fffff));
#if HWY_TARGET == HWY_SCALAR
  const auto value = hn::Set(d, table.value(hn::GetLane(i))), rise = hn::Set(d, table.rise(hn::GetLane(i)));
#else
  const hn::Half<DI> half;
  const hn::Repartition<int64_t, DI> di64;
  const hn::Repartition<uint64_t, DI> du64;
  const auto points = [&](auto at) HWY_ATTR {
    return hn::BitCast(d, hn::GatherIndex(du64, table.point.data(), hn::PromoteTo(di64, at)));
  };
  const auto lower = points(hn::LowerHalf(half, i)), upper = points(hn::UpperHalf(half, i));
  const auto value = hn::ConcatEven(d, upper, lower), rise = hn::ConcatOdd(d, upper, lower);
#endif
  return hn::Add(value, hn::Mul(fraction, rise));
}

// i / 3, exact for i < 2^31.
HWY_INLINE hn::Vec<DU> Third(hn::Vec<DU> i) {
  const DU d;
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(d, hn::GetLane(i) / 3);
#else
  const hn::Repartition<uint64_t, DU> d64;
  const auto reciprocal = hn::Set(d, 0x55555556u);  // of 3, times 2^32
  const auto even = hn::ShiftRight<32>(hn::MulEven(i, reciprocal));
  const auto odd = hn::MulEven(hn::BitCast(d, hn::ShiftRight<32>(hn::BitCast(d64, i))), reciprocal);
  return hn::OddEven(hn::BitCast(d, odd), hn::BitCast(d, even));
#endif
}

// x > 0. The fused steps fuse exact products only, here and below: they round as the separate ones do.
HWY_INLINE VF CubeRoot(VF x) {
  const DF d;
  const DU du;
  const auto third = hn::Set(d, 1.0f / 3.0f), two = hn::Set(d, 2.0f);
  auto y = hn::BitCast(d, hn::Add(Third(hn::BitCast(du, x)), hn::Set(du, 0x2a5137a0u)));
  y = hn::Mul(hn::MulAdd(two, y, hn::Div(x, hn::Mul(y, y))), third);
  return hn::Mul(hn::MulAdd(two, y, hn::Div(x, hn::Mul(y, y))), third);
}

HWY_INLINE void StoreXyb(VF red, VF green, VF blue, float* HWY_RESTRICT out_x, float* HWY_RESTRICT out_y,
                         float* HWY_RESTRICT out_b) {
  constexpr float kRedInL = 0.30f, kRedInM = 0.23f, kRedInS = 0.24342268924547819f;
  constexpr float kGreenInS = 0.20476744424496821f, kBlueInL = 0.078f;
  constexpr float kBiasRoot = cube_root_ref(kBias);
  const DF d;
  const auto bias = hn::Set(d, kBias), bias_root = hn::Set(d, kBiasRoot), half = hn::Set(d, 0.5f);
  // Light and weights are not negative: with the bias the sum is positive.
  const auto cone = [&](float kr, float kg, float kb) HWY_ATTR __attribute__((always_inline)) {
    const auto sum = hn::Add(hn::Add(hn::Mul(hn::Set(d, kr), red), hn::Mul(hn::Set(d, kg), green)),
                             hn::Mul(hn::Set(d, kb), blue));
    return hn::Sub(CubeRoot(hn::Add(sum, bias)), bias_root);
  };
  const auto l = cone(kRedInL, 1.0f - kRedInL - kBlueInL, kBlueInL);
  const auto m = cone(kRedInM, 1.0f - kRedInM - kBlueInL, kBlueInL);
  const auto s = cone(kRedInS, kGreenInS, 1.0f - kRedInS - kGreenInS);
  const auto sum = hn::Add(l, m);  // twice Y
  hn::StoreU(hn::Add(hn::Mul(hn::Sub(l, m), hn::Set(d, 7.0f)), hn::Set(d, 0.42f)), d, out_x);
  hn::StoreU(hn::MulAdd(half, sum, hn::Set(d, 0.01f)), d, out_y);
  hn::StoreU(hn::Add(hn::NegMulAdd(half, sum, s), hn::Set(d, 0.55f)), d, out_b);
}

// Look-ups and divisions wait for different units: done in one loop, for vectors apart, they overlap.
template <class Sample>
void LinearXybRow(const Sample* HWY_RESTRICT luma, const float* HWY_RESTRICT terms, int pitch, int count,
                  const Color& color, float* const linear[3], float* const xyb[3]) {
  const DF d;
  const SrgbTable& table = srgb_table();
  float *HWY_RESTRICT r = linear[0], *HWY_RESTRICT g = linear[1], *HWY_RESTRICT b = linear[2];
  float *HWY_RESTRICT out_x = xyb[0], *HWY_RESTRICT out_y = xyb[1], *HWY_RESTRICT out_b = xyb[2];
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const auto inverse_peak = hn::Set(d, color.inverse_peak), offset = hn::Set(d, color.luma_offset),
             scale = hn::Set(d, color.luma_scale);
  const auto clamp = [&](VF v) HWY_ATTR { return hn::Min(hn::Max(v, zero), one); };
  const auto linearise = [&](int x) HWY_ATTR __attribute__((always_inline)) {
    const auto y = hn::Mul(hn::Sub(hn::Mul(LoadSamples(luma + x), inverse_peak), offset), scale);
    const auto red = hn::Add(y, hn::LoadU(d, terms + x));
    const auto green =
        hn::Sub(hn::Sub(y, hn::LoadU(d, terms + pitch + x)), hn::LoadU(d, terms + 2 * pitch + x));
    const auto blue = hn::Add(y, hn::LoadU(d, terms + 3 * pitch + x));
    hn::StoreU(Linear(table, clamp(red)), d, r + x);
    hn::StoreU(Linear(table, clamp(green)), d, g + x);
    hn::StoreU(Linear(table, clamp(blue)), d, b + x);
  };
  const auto colour = [&](int x) HWY_ATTR __attribute__((always_inline)) {
    StoreXyb(hn::LoadU(d, r + x), hn::LoadU(d, g + x), hn::LoadU(d, b + x), out_x + x, out_y + x, out_b + x);
  };
  const int lanes = static_cast<int>(hn::Lanes(d)), behind = HWY_MIN(4 * lanes, count);
  for (int x = 0; x < behind; x += lanes) linearise(x);
  for (int x = behind; x < count; x += lanes) {
    colour(x - behind);
    linearise(x);
  }
  for (int x = count - behind; x < count; x += lanes) colour(x);
}
void LinearXybRow8(const uint8_t* luma, const float* terms, int pitch, int count, const Color& color,
                   float* const linear[3], float* const xyb[3]) {
  LinearXybRow(luma, terms, pitch, count, color, linear, xyb);
}
void LinearXybRow16(const uint16_t* luma, const float* terms, int pitch, int count, const Color& color,
                    float* const linear[3], float* const xyb[3]) {
  LinearXybRow(luma, terms, pitch, count, color, linear, xyb);
}

void XybRow(const float* HWY_RESTRICT r, const float* HWY_RESTRICT g, const float* HWY_RESTRICT b, int count,
            float* const xyb[3]) {
  const DF d;
  float *HWY_RESTRICT out_x = xyb[0], *HWY_RESTRICT out_y = xyb[1], *HWY_RESTRICT out_b = xyb[2];
  for (int i = 0; i < count; i += static_cast<int>(hn::Lanes(d))) {
    StoreXyb(hn::LoadU(d, r + i), hn::LoadU(d, g + i), hn::LoadU(d, b + i), out_x + i, out_y + i, out_b + i);
  }
}

void HalveRow(const float* HWY_RESTRICT top, const float* HWY_RESTRICT bottom, int count,
              float* HWY_RESTRICT out) {
  const DF d;
#if HWY_TARGET != HWY_SCALAR
  const auto quarter = hn::Set(d, 0.25f);
#endif
  for (int x = 0; x < count; x += static_cast<int>(hn::Lanes(d))) {
#if HWY_TARGET == HWY_SCALAR
    const float* t = top + 2 * x;
    const float* b = bottom + 2 * x;
    out[x] = (t[0] + t[1] + b[0] + b[1]) * 0.25f;
#else
    const auto sum = [&](int at) HWY_ATTR {  // in the even lanes
      const auto t = hn::LoadU(d, top + at), b = hn::LoadU(d, bottom + at);
      return hn::Add(hn::Add(hn::Add(t, hn::Shuffle2301(t)), b), hn::Shuffle2301(b));
    };
    const auto lower = sum(2 * x), upper = sum(2 * x + static_cast<int>(hn::Lanes(d)));
    hn::StoreU(hn::Mul(hn::ConcatEven(d, upper, lower), quarter), d, out + x);
#endif
  }
}

}  // namespace fovea::ssimulacra2::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::ssimulacra2 {

HWY_EXPORT(ChromaTerms8);
HWY_EXPORT(ChromaTerms16);
HWY_EXPORT(DoubleColumns);
HWY_EXPORT(LinearXybRow8);
HWY_EXPORT(LinearXybRow16);
HWY_EXPORT(XybRow);
HWY_EXPORT(HalveRow);

void chroma_terms(const uint8_t* cb, const uint8_t* cr, int count, const Color& color, float* terms,
                  int pitch) {
  HWY_DYNAMIC_DISPATCH(ChromaTerms8)(cb, cr, count, color, terms, pitch);
}
void chroma_terms(const uint16_t* cb, const uint16_t* cr, int count, const Color& color, float* terms,
                  int pitch) {
  HWY_DYNAMIC_DISPATCH(ChromaTerms16)(cb, cr, count, color, terms, pitch);
}
void double_columns(const float* in, int count, float* out) {
  HWY_DYNAMIC_DISPATCH(DoubleColumns)(in, count, out);
}
void linear_xyb_row(const uint8_t* luma, const float* terms, int terms_pitch, int count, const Color& color,
                    float* const linear[3], float* const xyb[3]) {
  HWY_DYNAMIC_DISPATCH(LinearXybRow8)(luma, terms, terms_pitch, count, color, linear, xyb);
}
void linear_xyb_row(const uint16_t* luma, const float* terms, int terms_pitch, int count, const Color& color,
                    float* const linear[3], float* const xyb[3]) {
  HWY_DYNAMIC_DISPATCH(LinearXybRow16)(luma, terms, terms_pitch, count, color, linear, xyb);
}
void xyb_row(const float* r, const float* g, const float* b, int count, float* const xyb[3]) {
  HWY_DYNAMIC_DISPATCH(XybRow)(r, g, b, count, xyb);
}
void halve_row(const float* top, const float* bottom, int count, float* out) {
  HWY_DYNAMIC_DISPATCH(HalveRow)(top, bottom, count, out);
}

}  // namespace fovea::ssimulacra2
#endif
