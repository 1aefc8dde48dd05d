// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
#include "metrics/float_ssim/ssim_core.h"
#include "metrics/float_ssim/ssim_taps.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/float_ssim/ssim_core_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::ssim_core::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DD = hn::CappedTag<double, kGroup>;
using DF = hn::Rebind<float, DD>;
using VD = hn::Vec<DD>;
using VF = hn::Vec<DF>;

// out[i][j] = in[j][i] for 4x4 floats.
HWY_INLINE void Transpose4(const float* HWY_RESTRICT in, ptrdiff_t in_pitch, float* HWY_RESTRICT out, ptrdiff_t out_pitch) {
#if HWY_TARGET == HWY_SCALAR
  for (int i = 0; i < 4; ++i) {
    for (int j = 0; j < 4; ++j) out[i * out_pitch + j] = in[j * in_pitch + i];
  }
#else
  const hn::FixedTag<float, 4> d;
  const hn::FixedTag<double, 2> dw;
  const auto r0 = hn::LoadU(d, in), r1 = hn::LoadU(d, in + in_pitch), r2 = hn::LoadU(d, in + 2 * in_pitch),
             r3 = hn::LoadU(d, in + 3 * in_pitch);
  const auto a = hn::BitCast(dw, hn::InterleaveLower(d, r0, r1)), b = hn::BitCast(dw, hn::InterleaveLower(d, r2, r3));
  const auto e = hn::BitCast(dw, hn::InterleaveUpper(d, r0, r1)), f = hn::BitCast(dw, hn::InterleaveUpper(d, r2, r3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dw, a, b)), d, out);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dw, a, b)), d, out + out_pitch);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(dw, e, f)), d, out + 2 * out_pitch);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(dw, e, f)), d, out + 3 * out_pitch);
#endif
}

template <class Sample>
HWY_INLINE void ConvertSamples(const Sample* HWY_RESTRICT row, float scale, int width, float* HWY_RESTRICT out) {
  int x = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Rebind<Sample, decltype(df)> ds;
  const int lanes = static_cast<int>(hn::Lanes(df));
  const auto vscale = hn::Set(df, scale);
  for (; x + lanes <= width; x += lanes) {
    hn::StoreU(hn::Mul(hn::ConvertTo(df, hn::PromoteTo(di, hn::LoadU(ds, row + x))), vscale), df, out + x);
  }
#endif
  for (; x < width; ++x) out[x] = static_cast<float>(row[x]) * scale;
}
void ConvertSamples8(const uint8_t* row, float scale, int width, float* out) { ConvertSamples(row, scale, width, out); }
void ConvertSamples16(const uint16_t* row, float scale, int width, float* out) { ConvertSamples(row, scale, width, out); }

void RowsToLanes(const float* HWY_RESTRICT rows, ptrdiff_t row_pitch, int columns, float* HWY_RESTRICT out) {
  for (int x = 0; x < columns; x += 4) {
    Transpose4(rows + x, row_pitch, out + x * kGroup, kGroup);
    Transpose4(rows + 4 * row_pitch + x, row_pitch, out + x * kGroup + 4, kGroup);
  }
}

// a + p, on a multiplier where those stand idle beside the adders (AMD); exact, as p * 1 is.
HWY_INLINE VD AddByMultiplier(VD a, VD p) {
#if HWY_NATIVE_FMA
  return hn::MulAdd(p, hn::Set(DD(), 1.0), a);
#else
  return hn::Add(a, p);
#endif
}

// One sample: a0 gets its last tap and is finished, a1 .. a9 get theirs, and the sum of a new window starts in a0.
HWY_INLINE VF Step(VF x, VD& a0, VD& a1, VD& a2, VD& a3, VD& a4, VD& a5, VD& a6, VD& a7, VD& a8, VD& a9, VD& a10) {
  const DD d;
  const DF df;
  const auto p0 = hn::PromoteTo(d, hn::Mul(x, hn::Set(df, kHalfWindow[0])));
  const auto p1 = hn::PromoteTo(d, hn::Mul(x, hn::Set(df, kHalfWindow[1])));
  const auto p2 = hn::PromoteTo(d, hn::Mul(x, hn::Set(df, kHalfWindow[2])));
  const auto p3 = hn::PromoteTo(d, hn::Mul(x, hn::Set(df, kHalfWindow[3])));
  const auto p4 = hn::PromoteTo(d, hn::Mul(x, hn::Set(df, kHalfWindow[4])));
  const auto p5 = hn::PromoteTo(d, hn::Mul(x, hn::Set(df, kHalfWindow[5])));
  const auto finished = hn::DemoteTo(df, hn::Add(a0, p0));
  a1 = AddByMultiplier(a1, p1);
  a2 = AddByMultiplier(a2, p2);
  a3 = AddByMultiplier(a3, p3);
  a4 = AddByMultiplier(a4, p4);
  a5 = AddByMultiplier(a5, p5);
  a6 = hn::Add(a6, p4);
  a7 = hn::Add(a7, p3);
  a8 = hn::Add(a8, p2);
  a9 = hn::Add(a9, p1);
  a10 = p0;
  return finished;
}

// Runs one vector of lanes through `steps` samples, eleven at a time so that every sum keeps its register.
template <class Load, class Store>
HWY_INLINE void Slide(int steps, double* HWY_RESTRICT state, Load load, Store store) {
  const DD d;
  auto a0 = hn::LoadU(d, state), a1 = hn::LoadU(d, state + kGroup), a2 = hn::LoadU(d, state + 2 * kGroup),
       a3 = hn::LoadU(d, state + 3 * kGroup), a4 = hn::LoadU(d, state + 4 * kGroup), a5 = hn::LoadU(d, state + 5 * kGroup),
       a6 = hn::LoadU(d, state + 6 * kGroup), a7 = hn::LoadU(d, state + 7 * kGroup), a8 = hn::LoadU(d, state + 8 * kGroup),
       a9 = hn::LoadU(d, state + 9 * kGroup), a10 = hn::LoadU(d, state + 10 * kGroup);
  for (int s = 0; s < steps; s += kWindow) {
    store(s, Step(load(s), a0, a1, a2, a3, a4, a5, a6, a7, a8, a9, a10));
    store(s + 1, Step(load(s + 1), a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a0));
    store(s + 2, Step(load(s + 2), a2, a3, a4, a5, a6, a7, a8, a9, a10, a0, a1));
    store(s + 3, Step(load(s + 3), a3, a4, a5, a6, a7, a8, a9, a10, a0, a1, a2));
    store(s + 4, Step(load(s + 4), a4, a5, a6, a7, a8, a9, a10, a0, a1, a2, a3));
    store(s + 5, Step(load(s + 5), a5, a6, a7, a8, a9, a10, a0, a1, a2, a3, a4));
    store(s + 6, Step(load(s + 6), a6, a7, a8, a9, a10, a0, a1, a2, a3, a4, a5));
    store(s + 7, Step(load(s + 7), a7, a8, a9, a10, a0, a1, a2, a3, a4, a5, a6));
    store(s + 8, Step(load(s + 8), a8, a9, a10, a0, a1, a2, a3, a4, a5, a6, a7));
    store(s + 9, Step(load(s + 9), a9, a10, a0, a1, a2, a3, a4, a5, a6, a7, a8));
    store(s + 10, Step(load(s + 10), a10, a0, a1, a2, a3, a4, a5, a6, a7, a8, a9));
  }
  hn::StoreU(a0, d, state);
  hn::StoreU(a1, d, state + kGroup);
  hn::StoreU(a2, d, state + 2 * kGroup);
  hn::StoreU(a3, d, state + 3 * kGroup);
  hn::StoreU(a4, d, state + 4 * kGroup);
  hn::StoreU(a5, d, state + 5 * kGroup);
  hn::StoreU(a6, d, state + 6 * kGroup);
  hn::StoreU(a7, d, state + 7 * kGroup);
  hn::StoreU(a8, d, state + 8 * kGroup);
  hn::StoreU(a9, d, state + 9 * kGroup);
  hn::StoreU(a10, d, state + 10 * kGroup);
}

void WindowAcross(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int steps, float* HWY_RESTRICT temp,
                  float* HWY_RESTRICT out, ptrdiff_t group_pitch) {
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(df));
  alignas(64) double state[kWindow * kGroup];
  for (int i = 0; i < kGroup; i += lanes) {
    for (double& value : state) value = 0;
    const auto store = [&](int s, VF v) HWY_ATTR { hn::StoreU(v, df, temp + s * kGroup + i); };
    if (b == nullptr) {
      Slide(steps, state, [&](int s) HWY_ATTR { return hn::LoadU(df, a + s * kGroup + i); }, store);
    } else {
      Slide(steps, state, [&](int s) HWY_ATTR {
        return hn::Mul(hn::LoadU(df, a + s * kGroup + i), hn::LoadU(df, b + s * kGroup + i));
      }, store);
    }
  }
  const int columns = steps - (kWindow - 1);
  const float* HWY_RESTRICT in = temp + (kWindow - 1) * kGroup;
  for (int x = 0; x < columns; x += kGroup, in += kGroup * kGroup, out += group_pitch) {
    Transpose4(in, kGroup, out, kGroup);
    Transpose4(in + 4 * kGroup, kGroup, out + 4, kGroup);
    Transpose4(in + 4, kGroup, out + 4 * kGroup, kGroup);
    Transpose4(in + 4 * kGroup + 4, kGroup, out + 4 * kGroup + 4, kGroup);
  }
}

void WindowDown(const float* HWY_RESTRICT in, int steps, double* HWY_RESTRICT state, float* HWY_RESTRICT out) {
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(df));
  for (int i = 0; i < kGroup; i += lanes) {
    Slide(steps, state + i, [&](int s) HWY_ATTR { return hn::LoadU(df, in + s * kGroup + i); },
          [&](int s, VF v) HWY_ATTR { hn::StoreU(v, df, out + s * kGroup + i); });
  }
}

template <Wanted kWanted>
HWY_INLINE void AddPositionsFor(const float* HWY_RESTRICT m1, const float* HWY_RESTRICT m2, const float* HWY_RESTRICT rr,
                                const float* HWY_RESTRICT dd, const float* HWY_RESTRICT rd, int rows, int valid,
                                double* HWY_RESTRICT sums) {
  const DD d;
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto zero = hn::Zero(df);
  const auto c1 = hn::Set(df, kC1), c2 = hn::Set(df, kC2), c3 = hn::Set(df, kC3);
  const auto wide_c1 = hn::Set(d, static_cast<double>(kC1)), wide_c2 = hn::Set(d, static_cast<double>(kC2));
  const auto one = hn::Set(d, 1.0);
  for (int i = 0; i < valid; i += lanes) {
    const auto counts = hn::FirstN(d, static_cast<size_t>(HWY_MIN(lanes, valid - i)));
    auto sum = hn::LoadU(d, sums + i), sum_l = hn::LoadU(d, sums + kGroup + i), sum_c = hn::LoadU(d, sums + 2 * kGroup + i),
         sum_s = hn::LoadU(d, sums + 3 * kGroup + i);
    for (int y = 0; y < rows; ++y) {
      const int at = y * kGroup + i;
      const auto a = hn::LoadU(df, m1 + at), b = hn::LoadU(df, m2 + at);
      const auto aa = hn::Mul(a, a), bb = hn::Mul(b, b);
      const auto v1 = hn::Max(zero, hn::Sub(hn::LoadU(df, rr + at), aa));
      const auto v2 = hn::Max(zero, hn::Sub(hn::LoadU(df, dd + at), bb));
      const auto v12 = hn::Sub(hn::LoadU(df, rd + at), hn::Mul(a, b));
      const auto deviations = hn::Sqrt(hn::Mul(v1, v2));
      const auto common = hn::IfThenElse(hn::And(hn::Lt(v12, zero), hn::Le(deviations, zero)), zero, v12);
      const auto s = hn::PromoteTo(d, hn::Div(hn::Add(common, c3), hn::Add(deviations, c3)));
      const auto wide_deviations = hn::PromoteTo(d, deviations);
      const auto c_above = hn::Add(hn::Add(wide_deviations, wide_deviations), wide_c2);
      const auto c_below = hn::PromoteTo(d, hn::Add(hn::Add(v1, v2), c2));
      if constexpr (kWanted == Wanted::kContrastStructure) {
        sum_c = hn::Add(sum_c, hn::IfThenElseZero(counts, hn::Div(c_above, c_below)));
      } else {
        // l and c from one division: apart from the quotients in the last place of double precision.
        const auto wide_a = hn::PromoteTo(d, a), wide_b = hn::PromoteTo(d, b);
        const auto l_above = hn::Add(hn::Mul(hn::Add(wide_a, wide_a), wide_b), wide_c1);
        const auto l_below = hn::PromoteTo(d, hn::Add(hn::Add(aa, bb), c1));
        const auto inverse = hn::Div(one, hn::Mul(l_below, c_below));
        sum = hn::Add(sum, hn::IfThenElseZero(counts, hn::Mul(hn::Mul(hn::Mul(l_above, c_above), inverse), s)));
        if constexpr (kWanted == Wanted::kAll) {
          sum_l = hn::Add(sum_l, hn::IfThenElseZero(counts, hn::Mul(hn::Mul(l_above, c_below), inverse)));
          sum_c = hn::Add(sum_c, hn::IfThenElseZero(counts, hn::Mul(hn::Mul(c_above, l_below), inverse)));
        }
      }
      if constexpr (kWanted != Wanted::kProduct) sum_s = hn::Add(sum_s, hn::IfThenElseZero(counts, s));
    }
    hn::StoreU(sum, d, sums + i);
    hn::StoreU(sum_l, d, sums + kGroup + i);
    hn::StoreU(sum_c, d, sums + 2 * kGroup + i);
    hn::StoreU(sum_s, d, sums + 3 * kGroup + i);
  }
}

void AddPositions(Wanted wanted, const float* m1, const float* m2, const float* rr, const float* dd, const float* rd, int rows,
                  int valid, double* sums) {
  switch (wanted) {
    case Wanted::kProduct: return AddPositionsFor<Wanted::kProduct>(m1, m2, rr, dd, rd, rows, valid, sums);
    case Wanted::kContrastStructure: return AddPositionsFor<Wanted::kContrastStructure>(m1, m2, rr, dd, rd, rows, valid, sums);
    case Wanted::kAll: return AddPositionsFor<Wanted::kAll>(m1, m2, rr, dd, rd, rows, valid, sums);
  }
}

}  // namespace fovea::ssim_core::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::ssim_core {

HWY_EXPORT(ConvertSamples8);
HWY_EXPORT(ConvertSamples16);
HWY_EXPORT(RowsToLanes);
HWY_EXPORT(WindowAcross);
HWY_EXPORT(WindowDown);
HWY_EXPORT(AddPositions);

void convert_samples(const uint8_t* row, float scale, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(ConvertSamples8)(row, scale, width, out);
}
void convert_samples(const uint16_t* row, float scale, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(ConvertSamples16)(row, scale, width, out);
}
void rows_to_lanes(const float* rows, ptrdiff_t row_pitch, int columns, float* out) {
  HWY_DYNAMIC_DISPATCH(RowsToLanes)(rows, row_pitch, columns, out);
}
void window_across(const float* a, const float* b, int steps, float* temp, float* out, ptrdiff_t group_pitch) {
  HWY_DYNAMIC_DISPATCH(WindowAcross)(a, b, steps, temp, out, group_pitch);
}
void window_down(const float* in, int steps, double* state, float* out) { HWY_DYNAMIC_DISPATCH(WindowDown)(in, steps, state, out); }
void add_positions(Wanted wanted, const float* m1, const float* m2, const float* rr, const float* dd, const float* rd, int rows,
                   int valid, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddPositions)(wanted, m1, m2, rr, dd, rd, rows, valid, sums);
}

}  // namespace fovea::ssim_core
#endif
