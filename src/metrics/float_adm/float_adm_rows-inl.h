// SPDX-License-Identifier: BSD-2-Clause-Patent
// What happens to one row of a tile. Compiled once per CPU target: include after hwy/highway.h, inside a
// foreach_target file.
#if defined(FOVEA_METRICS_FLOAT_ADM_ROWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FOVEA_METRICS_FLOAT_ADM_ROWS_INL_H_
#undef FOVEA_METRICS_FLOAT_ADM_ROWS_INL_H_
#else
#define FOVEA_METRICS_FLOAT_ADM_ROWS_INL_H_
#endif

#include "hwy/highway.h"
#include "metrics/float_adm/float_adm_tile.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::float_adm::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// For lambdas: GCC keeps large ones as functions, whose vectors then go through memory.
#undef FOVEA_FLOAT_ADM_INLINE
#define FOVEA_FLOAT_ADM_INLINE HWY_ATTR __attribute__((always_inline))

using DF = hn::CappedTag<float, kMaxLanes>;
using VF = hn::Vec<DF>;

HWY_INLINE int Step() {
  return static_cast<int>(hn::Lanes(DF()));
}

// ---- 1. split -----------------------------------------------------------------------------------------

#if HWY_TARGET != HWY_SCALAR
// Samples row[0], row[2], ... and row[1], row[3], ... of a vector's worth of pairs.
template <class Sample>
HWY_INLINE void LoadPairs(const Sample* row, int zero, float unit_float, VF& first, VF& second) {
  const DF d;
  if constexpr (sizeof(Sample) == 4) {
    hn::LoadInterleaved2(d, row, first, second);
    return;
  }
  const hn::RebindToSigned<DF> di;
  const auto centred = [&](auto samples) FOVEA_FLOAT_ADM_INLINE {
    return hn::ConvertTo(d, hn::Sub(samples, hn::Set(di, zero)));
  };
  if constexpr (sizeof(Sample) == 1) {
    const hn::Rebind<uint16_t, DF> d16;
    const hn::Repartition<uint8_t, decltype(d16)> d8;
    const auto pairs = hn::BitCast(d16, hn::LoadU(d8, row));
    first = centred(hn::PromoteTo(di, hn::And(pairs, hn::Set(d16, 255))));
    second = centred(hn::PromoteTo(di, hn::ShiftRight<8>(pairs)));
  }
  if constexpr (sizeof(Sample) == 2) {
    const hn::RebindToUnsigned<decltype(di)> du;
    const hn::Repartition<uint16_t, decltype(du)> d16;
    const auto pairs = hn::BitCast(du, hn::LoadU(d16, row));
    const auto unit = hn::Set(d, unit_float);
    first = hn::Mul(centred(hn::BitCast(di, hn::And(pairs, hn::Set(du, 0xffff)))), unit);
    second = hn::Mul(centred(hn::BitCast(di, hn::ShiftRight<16>(pairs))), unit);
  }
}
#endif

// Row y for the outputs in `columns`, and one pair of samples more.
template <class Sample>
void SplitRow(const Source& source, int y, Range columns, float* HWY_RESTRICT out) {
  const Sample* row = source.view.template row<Sample>(y);
  const int width = source.view.width_px, count = columns.end - columns.begin + 1;
  const auto at = [&](int x) {
    const Sample v = row[adm::reflect(x, width)];
    if constexpr (sizeof(Sample) == 4) {
      return v;
    } else {
      return static_cast<float>(static_cast<int>(v) - source.zero) * source.unit;
    }
  };
  const auto put = [&](int i) {
    out[kOdd + i] = at(2 * (columns.begin + i) - 1);
    out[kEven + i] = at(2 * (columns.begin + i));
  };
  int i = 0;
  if (columns.begin == 0) put(i++);
#if HWY_TARGET != HWY_SCALAR
  const DF d;
  const int zero = source.zero;
  const float unit = source.unit;
  for (; i < count; i += Step()) {
    const int x = 2 * (columns.begin + i) - 1;
    if (x + 2 * Step() > width) break;
    auto odd = hn::Zero(d), even = odd;
    LoadPairs(row + x, zero, unit, odd, even);
    hn::StoreU(odd, d, out + kOdd + i);
    hn::StoreU(even, d, out + kEven + i);
  }
#endif
  for (; i < count; ++i) put(i);
}

void SplitRow(const Source& source, int y, Range columns, float* HWY_RESTRICT out) {
  if (source.sample_bytes == 1) return SplitRow<uint8_t>(source, y, columns, out);
  if (source.sample_bytes == 2) return SplitRow<uint16_t>(source, y, columns, out);
  SplitRow<float>(source, y, columns, out);
}

// ---- 2. transform -------------------------------------------------------------------------------------

HWY_INLINE VF Filtered(const float (&taps)[4], VF x0, VF x1, VF x2, VF x3) {
  const DF d;
  auto sum = hn::Mul(x0, hn::Set(d, taps[0]));
  sum = hn::Add(sum, hn::Mul(x1, hn::Set(d, taps[1])));
  sum = hn::Add(sum, hn::Mul(x2, hn::Set(d, taps[2])));
  return hn::Add(sum, hn::Mul(x3, hn::Set(d, taps[3])));
}

template <bool kDetail>
void FilterColumns(const float* const rows[4], int count, float* HWY_RESTRICT low, float* HWY_RESTRICT high) {
  const DF d;
  const float* HWY_RESTRICT r0 = rows[0];
  const float* HWY_RESTRICT r1 = rows[1];
  const float* HWY_RESTRICT r2 = rows[2];
  const float* HWY_RESTRICT r3 = rows[3];
  for (int i = 0; i < count; i += Step()) {
    for (const int at : {i + kEven, i + kOdd}) {
      const auto x0 = hn::Load(d, r0 + at), x1 = hn::Load(d, r1 + at);
      const auto x2 = hn::Load(d, r2 + at), x3 = hn::Load(d, r3 + at);
      hn::Store(Filtered(kLow, x0, x1, x2, x3), d, low + at);
      if (kDetail) hn::Store(Filtered(kHigh, x0, x1, x2, x3), d, high + at);
    }
  }
}

// Outputs begin .. end - 1 of the filtered rows: a[i], and detail from index 0.
template <bool kLowLow, bool kDetail>
void FilterRows(const float* HWY_RESTRICT low, const float* HWY_RESTRICT high, int begin, int end,
                float* HWY_RESTRICT a, float* HWY_RESTRICT detail) {
  const DF d;
  for (int i = begin; i < end; i += Step()) {
    const auto l0 = hn::LoadU(d, low + kOdd + i), l1 = hn::LoadU(d, low + kEven + i);
    const auto l2 = hn::LoadU(d, low + kOdd + i + 1), l3 = hn::LoadU(d, low + kEven + i + 1);
    if (kLowLow) hn::StoreU(Filtered(kLow, l0, l1, l2, l3), d, a + i);
    if (!kDetail) continue;
    const auto h0 = hn::LoadU(d, high + kOdd + i), h1 = hn::LoadU(d, high + kEven + i);
    const auto h2 = hn::LoadU(d, high + kOdd + i + 1), h3 = hn::LoadU(d, high + kEven + i + 1);
    float* HWY_RESTRICT out = detail + i - begin;
    hn::Store(Filtered(kHigh, l0, l1, l2, l3), d, out + kV * kRow);
    hn::Store(Filtered(kLow, h0, h1, h2, h3), d, out + kH * kRow);
    hn::Store(Filtered(kHigh, h0, h1, h2, h3), d, out + kD * kRow);
  }
}

// ---- 3. decouple --------------------------------------------------------------------------------------

// float(r * limit), the product in double.
HWY_INLINE VF TimesDouble(VF r, double limit) {
  const DF d;
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(d, static_cast<float>(static_cast<double>(hn::GetLane(r)) * limit));
#else
  const hn::Half<DF> dh;
  const hn::Rebind<double, hn::Half<DF> > dd;
  const auto half = [&](auto part) FOVEA_FLOAT_ADM_INLINE {
    return hn::DemoteTo(dh, hn::Mul(hn::PromoteTo(dd, part), hn::Set(dd, limit)));
  };
  return hn::Combine(d, half(hn::UpperHalf(dh, r)), half(hn::LowerHalf(dh, r)));
#endif
}

// The definition narrows min(r * limit, t) to float; as rounding keeps the order, the product may be narrowed
// first. kFloatLimit: the limit is a float, so that a product of floats is that already.
template <bool kFloatLimit>
void Decouple(const float* HWY_RESTRICT o_rows, const float* HWY_RESTRICT t_rows, int count,
              const Scoring& scoring, float* HWY_RESTRICT parts) {
  const DF d;
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const double limit = scoring.gain_limit;
  const auto float_limit = hn::Set(d, static_cast<float>(limit)), hides = hn::Set(d, kNeighbour);
  const auto straight = hn::Set(d, scoring.csf[kH]), diagonal = hn::Set(d, scoring.csf[kD]);
  for (int i = 0; i < count; i += Step()) {
    const auto oh = hn::Load(d, o_rows + kH * kRow + i), ov = hn::Load(d, o_rows + kV * kRow + i);
    const auto th = hn::Load(d, t_rows + kH * kRow + i), tv = hn::Load(d, t_rows + kV * kRow + i);
    const auto p = hn::Add(hn::Mul(oh, th), hn::Mul(ov, tv));
    const auto u = hn::Add(hn::Mul(oh, oh), hn::Mul(ov, ov));
    const auto v = hn::Add(hn::Mul(th, th), hn::Mul(tv, tv));
    const auto enhanced =
        hn::And(hn::Ge(p, zero), hn::Ge(hn::Mul(p, p), hn::Mul(hn::Mul(hn::Set(d, kCosSquared), u), v)));
    const auto split = [&](int band, VF csf, VF o, VF t) FOVEA_FLOAT_ADM_INLINE {
      const auto gain = hn::Min(hn::Max(hn::Div(t, hn::Add(o, hn::Set(d, kTiny))), zero), one);
      auto r = hn::Mul(gain, o);
      const auto stronger = kFloatLimit ? hn::Mul(r, float_limit) : TimesDouble(r, limit);
      const auto limited = hn::IfThenElse(hn::Gt(r, zero), hn::Min(stronger, t), hn::Max(stronger, t));
      r = hn::IfThenElse(hn::And(enhanced, hn::Ne(r, zero)), limited, r);
      const auto restored = hn::Abs(hn::Mul(csf, r)), additive = hn::Abs(hn::Mul(csf, hn::Sub(t, r)));
      float* HWY_RESTRICT out = parts + band * kRow + i;
      hn::Store(restored, d, out + kRestored);
      hn::Store(additive, d, out + kAdditive);
      hn::Store(hn::Mul(hides, restored), d, out + kRestoredHides);
      hn::Store(hn::Mul(hides, additive), d, out + kAdditiveHides);
    };
    split(kH, straight, oh, th);
    split(kV, straight, ov, tv);
    split(kD, diagonal, hn::Load(d, o_rows + kD * kRow + i), hn::Load(d, t_rows + kD * kRow + i));
  }
}

// The 3x3 neighbourhood beyond the bands' left and right borders.
void Mirror(float* parts, int count, bool at_left, bool at_right) {
  for (const int hides : {kRestoredHides, kAdditiveHides}) {
    for (int b = 0; b < kBands; ++b) {
      float* row = parts + hides + b * kRow;
      if (at_left) row[-1] = row[1];
      if (at_right) row[count] = row[count - 1];
    }
  }
}

// ---- 4. contrast --------------------------------------------------------------------------------------

// What is hidden at a place by the magnitudes of one band, and by what it hides in three rows.
HWY_INLINE VF Threshold(const float* magnitude, const float* above, const float* beside, const float* below) {
  const DF d;
  const auto add = [&](VF sum, const float* at)
                       FOVEA_FLOAT_ADM_INLINE { return hn::Add(sum, hn::LoadU(d, at)); };
  auto sum = hn::Mul(hn::Set(d, kCentre), hn::Load(d, magnitude));
  sum = add(add(add(sum, above - 1), above), above + 1);
  sum = add(add(sum, beside - 1), beside + 1);
  return add(add(add(sum, below - 1), below), below + 1);
}

HWY_INLINE VF Cube(VF x) {
  return hn::Mul(hn::Mul(x, x), x);
}

// Lanes of the vector at i that lie in `range`; a vector begins at most once before it.
HWY_INLINE hn::Mask<DF> Within(int i, Range range) {
  const DF d;
  const auto up_to_end = hn::FirstN(d, static_cast<size_t>(range.end - i));
  return i >= range.begin ? up_to_end
                          : hn::AndNot(hn::FirstN(d, static_cast<size_t>(range.begin - i)), up_to_end);
}

// What is seen of the middle one of three rows of parts. Terms before and, up to the next whole vector, after
// `range` become 0.
template <bool kMasking, bool kCubes>
void Contrast(const float* HWY_RESTRICT above, const float* HWY_RESTRICT beside,
              const float* HWY_RESTRICT below, Range range, float* HWY_RESTRICT terms) {
  const DF d;
  for (int i = 0; i < range.end; i += Step()) {
    // Over the bands, what the magnitudes at `part` hide.
    const auto hidden = [&](int part, int hides) FOVEA_FLOAT_ADM_INLINE {
      const auto by_band = [&](int b) FOVEA_FLOAT_ADM_INLINE {
        const int at = hides + b * kRow + i;
        return Threshold(beside + part + b * kRow + i, above + at, beside + at, below + at);
      };
      if (!kMasking) return hn::Zero(d);
      return hn::Add(hn::Add(by_band(kH), by_band(kV)), by_band(kD));
    };
    const auto by_restored = hidden(kRestored, kRestoredHides),
               by_additive = hidden(kAdditive, kAdditiveHides);
    const auto wanted = Within(i, range);
    const auto put = [&](int part, VF threshold, int kind) FOVEA_FLOAT_ADM_INLINE {
      const auto seen = hn::Max(hn::Sub(hn::Load(d, beside + part + i), threshold), hn::Zero(d));
      hn::Store(hn::IfThenElseZero(wanted, kCubes ? Cube(seen) : seen), d, terms + kind * kBlock * kRow + i);
    };
    put(kRestored + kH * kRow, by_additive, kH);
    put(kRestored + kV * kRow, by_additive, kV);
    put(kRestored + kD * kRow, by_additive, kD);
    put(kAdditive + kH * kRow, by_restored, kBands + kH);
    put(kAdditive + kV * kRow, by_restored, kBands + kV);
    put(kAdditive + kD * kRow, by_restored, kBands + kD);
  }
}

void Contrast(const float* above, const float* beside, const float* below, Range range,
              const Scoring& scoring, float* terms) {
  if (scoring.p_norm == 3.0f) {
    scoring.masking ? Contrast<true, true>(above, beside, below, range, terms)
                    : Contrast<false, true>(above, beside, below, range, terms);
    return;
  }
  scoring.masking ? Contrast<true, false>(above, beside, below, range, terms)
                  : Contrast<false, false>(above, beside, below, range, terms);
  for (int kind = 0; kind < 2 * kBands; ++kind)
    power_row(terms + kind * kBlock * kRow, range.end, scoring.p_norm);
}

// The same of the reference's own detail, where nothing is hidden.
void Energy(const float* HWY_RESTRICT o, Range range, const Scoring& scoring, float* HWY_RESTRICT terms) {
  const DF d;
  const bool cubes = scoring.p_norm == 3.0f;
  const auto straight = hn::Set(d, scoring.csf[kH]), diagonal = hn::Set(d, scoring.csf[kD]);
  for (int i = 0; i < range.end; i += Step()) {
    const auto wanted = Within(i, range);
    const auto put = [&](int b, VF csf) FOVEA_FLOAT_ADM_INLINE {
      const auto c = hn::Abs(hn::Mul(csf, hn::Load(d, o + b * kRow + i)));
      hn::Store(hn::IfThenElseZero(wanted, cubes ? Cube(c) : c), d, terms + b * kBlock * kRow + i);
    };
    put(kH, straight);
    put(kV, straight);
    put(kD, diagonal);
  }
  for (int b = 0; !cubes && b < kBands; ++b) power_row(terms + b * kBlock * kRow, range.end, scoring.p_norm);
}

}  // namespace fovea::float_adm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
