// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
//
// Lanes are neighbouring samples, so that every sum keeps the order of its taps. A last, partial vector is
// replaced by a whole one that ends with the row.
#include "metrics/speed_chroma/speed_band.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/speed_chroma/speed_band.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::speed::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most 16 lanes: rows are at least that long.
using DF = hn::CappedTag<float, 16>;
using DI = hn::RebindToSigned<DF>;

template <class Sample>
HWY_INLINE hn::Vec<DI> LoadSamples(const Sample* p) {
  return hn::PromoteTo(DI(), hn::LoadU(hn::Rebind<Sample, DI>(), p));
}

// Calls body(x) for vectors that cover [0, width).
template <class Body>
HWY_INLINE void ForVectors(int width, Body body) {
  const int lanes = static_cast<int>(hn::Lanes(DF()));
  int x = 0;
  for (; x + lanes <= width; x += lanes) body(x);
  if (x < width) body(width - lanes);
}

// kTaps > 0: known when compiled.
template <int kTaps, class At>
HWY_INLINE void WeightedSums(int width, int taps, const float* HWY_RESTRICT weights, At at, float* HWY_RESTRICT out) {
  ForVectors(width, [&](int x) HWY_ATTR {
    auto sum = hn::Zero(DF());
    for (int t = 0; t < (kTaps > 0 ? kTaps : taps); ++t) sum = hn::Add(sum, hn::Mul(hn::Set(DF(), weights[t]), at(t, x)));
    hn::StoreU(sum, DF(), out + x);
  });
}

template <class At>
HWY_INLINE void AnyTaps(int width, int taps, const float* weights, At at, float* out) {
  if (taps == 9) return WeightedSums<9>(width, taps, weights, at, out);
  WeightedSums<0>(width, taps, weights, at, out);
}

#if HWY_TARGET == HWY_SCALAR
void FilterRows8(const uint8_t* const* rows, const float* weights, int taps, int bias, int width, float* out) {
  filter_rows_ref(rows, weights, taps, bias, width, out);
}
void FilterRows16(const uint16_t* const* rows, const float* weights, int taps, int bias, int width, float* out) {
  filter_rows_ref(rows, weights, taps, bias, width, out);
}
void FilterChange8(const uint8_t* const* before, const uint8_t* const* now, const float* weights, int taps, int width, float* out) {
  filter_change_ref(before, now, weights, taps, width, out);
}
void FilterChange16(const uint16_t* const* before, const uint16_t* const* now, const float* weights, int taps, int width, float* out) {
  filter_change_ref(before, now, weights, taps, width, out);
}
#else
template <class Sample>
HWY_INLINE void FilterRows(const Sample* const* HWY_RESTRICT rows, const float* weights, int taps, int bias, int width, float* out) {
  const auto vbias = hn::Set(DI(), bias);
  AnyTaps(width, taps, weights,
          [&](int t, int x) HWY_ATTR { return hn::ConvertTo(DF(), hn::Sub(LoadSamples(rows[t] + x), vbias)); }, out);
}
void FilterRows8(const uint8_t* const* rows, const float* weights, int taps, int bias, int width, float* out) {
  FilterRows(rows, weights, taps, bias, width, out);
}
void FilterRows16(const uint16_t* const* rows, const float* weights, int taps, int bias, int width, float* out) {
  FilterRows(rows, weights, taps, bias, width, out);
}

template <class Sample>
HWY_INLINE void FilterChange(const Sample* const* HWY_RESTRICT before, const Sample* const* HWY_RESTRICT now, const float* weights,
                             int taps, int width, float* out) {
  AnyTaps(width, taps, weights, [&](int t, int x) HWY_ATTR {
    return hn::ConvertTo(DF(), hn::Sub(LoadSamples(before[t] + x), LoadSamples(now[t] + x)));
  }, out);
}
void FilterChange8(const uint8_t* const* before, const uint8_t* const* now, const float* weights, int taps, int width, float* out) {
  FilterChange(before, now, weights, taps, width, out);
}
void FilterChange16(const uint16_t* const* before, const uint16_t* const* now, const float* weights, int taps, int width, float* out) {
  FilterChange(before, now, weights, taps, width, out);
}
#endif  // HWY_SCALAR

void FilterFloats(const float* const* HWY_RESTRICT rows, const float* weights, int taps, int width, float* out) {
  AnyTaps(width, taps, weights, [&](int t, int x) HWY_ATTR { return hn::LoadU(DF(), rows[t] + x); }, out);
}

template <class Sample>
HWY_INLINE void ConvertRow(const Sample* HWY_RESTRICT row, int bias, float scale, int width, float* HWY_RESTRICT out) {
#if HWY_TARGET == HWY_SCALAR
  for (int x = 0; x < width; ++x) out[x] = static_cast<float>(row[x] - bias) * scale;
#else
  const auto vbias = hn::Set(DI(), bias);
  const auto vscale = hn::Set(DF(), scale);
  ForVectors(width, [&](int x) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::ConvertTo(DF(), hn::Sub(LoadSamples(row + x), vbias)), vscale), DF(), out + x);
  });
#endif
}
void ConvertRow8(const uint8_t* row, int bias, float scale, int width, float* out) { ConvertRow(row, bias, scale, width, out); }
void ConvertRow16(const uint16_t* row, int bias, float scale, int width, float* out) { ConvertRow(row, bias, scale, width, out); }

template <class Sample>
HWY_INLINE void ConvertChange(const Sample* HWY_RESTRICT before, const Sample* HWY_RESTRICT now, float scale, int width,
                              float* HWY_RESTRICT out) {
#if HWY_TARGET == HWY_SCALAR
  for (int x = 0; x < width; ++x) out[x] = static_cast<float>(before[x] - now[x]) * scale;
#else
  const auto vscale = hn::Set(DF(), scale);
  ForVectors(width, [&](int x) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::ConvertTo(DF(), hn::Sub(LoadSamples(before + x), LoadSamples(now + x))), vscale), DF(), out + x);
  });
#endif
}
void ConvertChange8(const uint8_t* before, const uint8_t* now, float scale, int width, float* out) {
  ConvertChange(before, now, scale, width, out);
}
void ConvertChange16(const uint16_t* before, const uint16_t* now, float scale, int width, float* out) {
  ConvertChange(before, now, scale, width, out);
}

template <int kTaps>
HWY_INLINE void Resample(const Resampler& table, const float* const* rows, const float* weights, float* HWY_RESTRICT out) {
  const size_t columns = static_cast<size_t>(table.columns);
  const int32_t* HWY_RESTRICT index = table.column_index.data();
  const float* HWY_RESTRICT column_weight = table.column_weight.data();
  ForVectors(table.columns, [&](int x) HWY_ATTR {
    auto sum = hn::Zero(DF()), weight_sum = hn::Zero(DF());
    for (int j = 0; j < kTaps; ++j) {
      const auto row_weight = hn::Set(DF(), weights[j]);
      for (int i = 0; i < kTaps; ++i) {
        const auto weight = hn::Mul(hn::LoadU(DF(), column_weight + i * columns + x), row_weight);
        const auto sample = hn::GatherIndex(DF(), rows[j], hn::LoadU(DI(), index + i * columns + x));
        sum = hn::Add(sum, hn::Mul(sample, weight));
        weight_sum = hn::Add(weight_sum, weight);
      }
    }
    hn::StoreU(table.normalise ? hn::Div(sum, weight_sum) : sum, DF(), out + x);
  });
}

void ResampleRow(const Resampler& table, const float* const* rows, const float* weights, float* out) {
  switch (table.taps) {
    case 1: return Resample<1>(table, rows, weights, out);
    case 2: return Resample<2>(table, rows, weights, out);
    case 4: return Resample<4>(table, rows, weights, out);
    default: return Resample<9>(table, rows, weights, out);
  }
}

void FilterWindows(const float* HWY_RESTRICT row, int step, const float* HWY_RESTRICT weights, int taps, int count,
                   float* HWY_RESTRICT out) {
  int i = 0;
#if HWY_TARGET != HWY_SCALAR
  // Four windows at a time; 4x4 transposes bring the same tap of all four into one vector.
  const hn::FixedTag<float, 4> d;
  const hn::FixedTag<double, 2> dw;
  for (; i + 4 <= count; i += 4) {
    const float* w0 = row + i * step;
    const float* w1 = w0 + step;
    const float* w2 = w1 + step;
    const float* w3 = w2 + step;
    auto sum = hn::Zero(d);
    int t = 0;
    for (; t + 4 <= taps; t += 4) {
      const auto r0 = hn::LoadU(d, w0 + t), r1 = hn::LoadU(d, w1 + t), r2 = hn::LoadU(d, w2 + t), r3 = hn::LoadU(d, w3 + t);
      const auto a = hn::BitCast(dw, hn::InterleaveLower(d, r0, r1)), b = hn::BitCast(dw, hn::InterleaveLower(d, r2, r3));
      const auto e = hn::BitCast(dw, hn::InterleaveUpper(d, r0, r1)), f = hn::BitCast(dw, hn::InterleaveUpper(d, r2, r3));
      sum = hn::Add(sum, hn::Mul(hn::Set(d, weights[t]), hn::BitCast(d, hn::InterleaveLower(dw, a, b))));
      sum = hn::Add(sum, hn::Mul(hn::Set(d, weights[t + 1]), hn::BitCast(d, hn::InterleaveUpper(dw, a, b))));
      sum = hn::Add(sum, hn::Mul(hn::Set(d, weights[t + 2]), hn::BitCast(d, hn::InterleaveLower(dw, e, f))));
      sum = hn::Add(sum, hn::Mul(hn::Set(d, weights[t + 3]), hn::BitCast(d, hn::InterleaveUpper(dw, e, f))));
    }
    for (; t < taps; ++t) {
      const auto s0 = hn::Set(d, w0[t]), s1 = hn::Set(d, w1[t]), s2 = hn::Set(d, w2[t]), s3 = hn::Set(d, w3[t]);
      const auto a = hn::BitCast(dw, hn::InterleaveLower(d, s0, s1)), b = hn::BitCast(dw, hn::InterleaveLower(d, s2, s3));
      sum = hn::Add(sum, hn::Mul(hn::Set(d, weights[t]), hn::BitCast(d, hn::InterleaveLower(dw, a, b))));
    }
    hn::StoreU(sum, d, out + i);
  }
#endif
  filter_windows_ref(row + i * step, step, weights, taps, count - i, out + i);
}

void RemoveLocalMean(const float* const* HWY_RESTRICT rows, const float* HWY_RESTRICT weights, int taps, int width,
                     float* HWY_RESTRICT temp, float* HWY_RESTRICT out) {
#if HWY_TARGET == HWY_SCALAR
  remove_local_mean_ref(rows, weights, taps, width, temp, out);
#else
  // The buffers are ours and padded: vectors may run past the width.
  const int lanes = static_cast<int>(hn::Lanes(DF()));
  const int radius = taps / 2;
  for (int x = 0; x < width; x += lanes) {
    auto sum = hn::Zero(DF());
    for (int t = 0; t < taps; ++t) sum = hn::Add(sum, hn::Mul(hn::Set(DF(), weights[t]), hn::LoadU(DF(), rows[t] + x)));
    hn::StoreU(sum, DF(), temp + radius + x);
  }
  for (int k = 1; k <= radius; ++k) {
    temp[radius - k] = temp[radius + mirrored(-k, width)];
    temp[radius + width - 1 + k] = temp[radius + mirrored(width - 1 + k, width)];
  }
  for (int x = 0; x < width; x += lanes) {
    auto sum = hn::Zero(DF());
    for (int t = 0; t < taps; ++t) sum = hn::Add(sum, hn::Mul(hn::Set(DF(), weights[t]), hn::LoadU(DF(), temp + x + t)));
    hn::StoreU(hn::Sub(hn::LoadU(DF(), rows[radius] + x), sum), DF(), out + x);
  }
#endif
}

}  // namespace fovea::speed::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::speed {

HWY_EXPORT(FilterRows8);
HWY_EXPORT(FilterRows16);
HWY_EXPORT(FilterChange8);
HWY_EXPORT(FilterChange16);
HWY_EXPORT(FilterFloats);
HWY_EXPORT(ConvertRow8);
HWY_EXPORT(ConvertRow16);
HWY_EXPORT(ConvertChange8);
HWY_EXPORT(ConvertChange16);
HWY_EXPORT(ResampleRow);
HWY_EXPORT(FilterWindows);
HWY_EXPORT(RemoveLocalMean);

void filter_rows(const uint8_t* const* rows, const float* weights, int taps, int bias, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(FilterRows8)(rows, weights, taps, bias, width, out);
}
void filter_rows(const uint16_t* const* rows, const float* weights, int taps, int bias, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(FilterRows16)(rows, weights, taps, bias, width, out);
}
void filter_change(const uint8_t* const* before, const uint8_t* const* now, const float* weights, int taps, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(FilterChange8)(before, now, weights, taps, width, out);
}
void filter_change(const uint16_t* const* before, const uint16_t* const* now, const float* weights, int taps, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(FilterChange16)(before, now, weights, taps, width, out);
}
void filter_floats(const float* const* rows, const float* weights, int taps, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(FilterFloats)(rows, weights, taps, width, out);
}
void convert_row(const uint8_t* row, int bias, float scale, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(ConvertRow8)(row, bias, scale, width, out);
}
void convert_row(const uint16_t* row, int bias, float scale, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(ConvertRow16)(row, bias, scale, width, out);
}
void convert_change(const uint8_t* before, const uint8_t* now, float scale, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(ConvertChange8)(before, now, scale, width, out);
}
void convert_change(const uint16_t* before, const uint16_t* now, float scale, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(ConvertChange16)(before, now, scale, width, out);
}
void resample_row(const Resampler& table, const float* const* rows, const float* weights, float* out) {
  HWY_DYNAMIC_DISPATCH(ResampleRow)(table, rows, weights, out);
}
void filter_windows(const float* row, int step, const float* weights, int taps, int count, float* out) {
  HWY_DYNAMIC_DISPATCH(FilterWindows)(row, step, weights, taps, count, out);
}
void remove_local_mean(const float* const* rows, const float* weights, int taps, int width, float* temp, float* out) {
  HWY_DYNAMIC_DISPATCH(RemoveLocalMean)(rows, weights, taps, width, temp, out);
}

}  // namespace fovea::speed
#endif
