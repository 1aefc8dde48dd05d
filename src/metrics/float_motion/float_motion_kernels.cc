// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
//
// Sixteen rows at a time: the column filter walks down the rows with its unfinished sums in registers, so that
// a sample is converted and multiplied once; the row filter and the differences follow in tiles that stay in
// the first-level cache until AddRowsInOrder has taken them.
#include "metrics/float_motion/float_motion_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/float_motion/float_motion_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "kernels/ordered_sums-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::float_motion::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
void AbsDifferenceRows(const PlaneView& a, const PlaneView& b, const Filter& filter, int bit_depth, int y_begin, int y_end,
                       float* sums, uint8_t* scratch) {
  abs_difference_rows_ref(a, b, filter, bit_depth, y_begin, y_end, sums, scratch);
}
void BlurBand(const PlaneView& plane, const Filter& filter, int bit_depth, int y_begin, float* band, uint8_t* scratch) {
  blur_band_ref(plane, filter, bit_depth, y_begin, band, scratch);
}
#else

constexpr int kTile = 256;  // columns
static_assert(kBandRows == fovea::HWY_NAMESPACE::kOrderedRows);
constexpr int kLead = 64;   // floats before a row, for its mirrored end

// kBandRows rows filtered down the columns, into `out`, with mirrored ends. The scale of the samples goes into
// the taps: a power of two, so that no rounding changes.
template <int kRadius, class Sample>
void Columns(const PlaneView& plane, const Filter& filter, int bit_depth, int y_begin, float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> df;
  const hn::RebindToSigned<decltype(df)> di;
  const hn::Rebind<Sample, decltype(df)> ds;
  const int lanes = static_cast<int>(hn::Lanes(df)), width = plane.width_px;
  const size_t stride = band_stride(width);
  constexpr int kRows = kBandRows + 2 * kRadius;
  const Sample* rows[kRows];
  for (int r = 0; r < kRows; ++r) {
    const int y = HWY_MIN(y_begin + r - kRadius, plane.height_px - 1 + kRadius);  // rows past the end are not used
    rows[r] = plane.row<Sample>(reflect101(y, plane.height_px));
  }
  const float step = 1.0f / static_cast<float>(1 << (bit_depth - 8));
  const auto tap0 = hn::Set(df, filter.taps[0] * step), tap1 = hn::Set(df, filter.taps[1] * step), tap2 = hn::Set(df, filter.taps[2] * step);
  const auto zero_level = hn::Set(di, 128 << (bit_depth - 8));

  const auto walk = [&](int x) HWY_ATTR {
    auto oldest = hn::Zero(df), second = oldest, third = oldest, newest = oldest;  // unfinished sums
    for (int r = 0; r < kRows; ++r) {
      const auto value = hn::ConvertTo(df, hn::Sub(hn::PromoteTo(di, hn::LoadU(ds, rows[r] + x)), zero_level));
      auto done = hn::Mul(value, tap0);
      if constexpr (kRadius == 1) {
        const auto centre = done, side = hn::Mul(value, tap1);
        done = hn::Add(third, side);
        third = hn::Add(newest, centre);
        newest = side;
      } else if constexpr (kRadius == 2) {
        const auto centre = done, near = hn::Mul(value, tap1), far = hn::Mul(value, tap2);
        done = hn::Add(oldest, far);
        oldest = hn::Add(second, near);
        second = hn::Add(third, centre);
        third = hn::Add(newest, near);
        newest = far;
      }
      if (r >= 2 * kRadius) hn::StoreU(done, df, out + (r - 2 * kRadius) * stride + x);
    }
  };
  int x = 0;
  for (; x + lanes <= width; x += lanes) walk(x);
  if (x < width) walk(width - lanes);
  for (int r = 0; r < kBandRows; ++r) {
    float* const row = out + r * stride;
    for (int k = 1; k <= kRadius; ++k) {
      row[-k] = row[k];
      row[width - 1 + k] = row[width - 1 - k];
    }
  }
}

// The row filter at row[0 .. lanes).
template <int kRadius, class DF>
HWY_INLINE hn::Vec<DF> RowFilter(DF df, const float* row, hn::Vec<DF> tap0, hn::Vec<DF> tap1, hn::Vec<DF> tap2) {
  auto sum = hn::Zero(df);
  if constexpr (kRadius == 0) {
    sum = hn::Load(df, row);
  } else if constexpr (kRadius == 1) {
    sum = hn::Mul(hn::LoadU(df, row - 1), tap1);
    sum = hn::Add(sum, hn::Mul(hn::Load(df, row), tap0));
    sum = hn::Add(sum, hn::Mul(hn::LoadU(df, row + 1), tap1));
  } else {
    sum = hn::Mul(hn::LoadU(df, row - 2), tap2);
    sum = hn::Add(sum, hn::Mul(hn::LoadU(df, row - 1), tap1));
    sum = hn::Add(sum, hn::Mul(hn::Load(df, row), tap0));
    sum = hn::Add(sum, hn::Mul(hn::LoadU(df, row + 1), tap1));
    sum = hn::Add(sum, hn::Mul(hn::LoadU(df, row + 2), tap2));
  }
  return sum;
}

template <int kRadius, class Sample>
void AbsDifferences(const PlaneView& a, const PlaneView& b, const Filter& filter, int bit_depth, int y_begin, int y_end,
                    float* sums, uint8_t* scratch) {
  const hn::ScalableTag<float> df;
  const int lanes = static_cast<int>(hn::Lanes(df)), width = a.width_px;
  const size_t stride = band_stride(width);
  float* const terms = reinterpret_cast<float*>(scratch);  // [kBandRows][kTile]
  float* const columns_a = terms + kBandRows * kTile + kLead;
  float* const columns_b = columns_a + kBandRows * stride + kLead;
  const auto tap0 = hn::Set(df, filter.taps[0]), tap1 = hn::Set(df, filter.taps[1]), tap2 = hn::Set(df, filter.taps[2]);
  for (int y = y_begin; y < y_end; y += kBandRows) {
    Columns<kRadius, Sample>(a, filter, bit_depth, y, columns_a);
    Columns<kRadius, Sample>(b, filter, bit_depth, y, columns_b);
    float band_sums[kBandRows] = {};
    for (int x0 = 0; x0 < width; x0 += kTile) {
      const int count = HWY_MIN(kTile, width - x0);
      for (int r = 0; r < kBandRows; ++r) {
        for (int x = 0; x < count; x += lanes) {
          const auto blurred_a = RowFilter<kRadius>(df, columns_a + r * stride + x0 + x, tap0, tap1, tap2);
          const auto blurred_b = RowFilter<kRadius>(df, columns_b + r * stride + x0 + x, tap0, tap1, tap2);
          hn::Store(hn::Abs(hn::Sub(blurred_a, blurred_b)), df, terms + r * kTile + x);
        }
      }
      fovea::HWY_NAMESPACE::AddRowsInOrder(terms, kTile, count, band_sums);
    }
    for (int r = 0; r < HWY_MIN(kBandRows, y_end - y); ++r) sums[y - y_begin + r] = band_sums[r];
  }
}

template <int kRadius, class Sample>
void Blur(const PlaneView& plane, const Filter& filter, int bit_depth, int y_begin, float* band, uint8_t* scratch) {
  const hn::ScalableTag<float> df;
  const int lanes = static_cast<int>(hn::Lanes(df)), width = plane.width_px;
  const size_t stride = band_stride(width);
  float* const columns = reinterpret_cast<float*>(scratch) + kLead;
  const auto tap0 = hn::Set(df, filter.taps[0]), tap1 = hn::Set(df, filter.taps[1]), tap2 = hn::Set(df, filter.taps[2]);
  Columns<kRadius, Sample>(plane, filter, bit_depth, y_begin, columns);
  for (int r = 0; r < kBandRows; ++r) {
    for (int x = 0; x < width; x += lanes) {
      hn::Store(RowFilter<kRadius>(df, columns + r * stride + x, tap0, tap1, tap2), df, band + r * stride + x);
    }
  }
}

// A picture narrower than a vector takes the plain loops.
bool IsNarrow(const PlaneView& plane) { return plane.width_px < static_cast<int>(hn::Lanes(hn::ScalableTag<float>())); }

void AbsDifferenceRows(const PlaneView& a, const PlaneView& b, const Filter& filter, int bit_depth, int y_begin, int y_end,
                       float* sums, uint8_t* scratch) {
  const auto run = [&](auto function8, auto function16) {
    bit_depth > 8 ? function16(a, b, filter, bit_depth, y_begin, y_end, sums, scratch)
                  : function8(a, b, filter, bit_depth, y_begin, y_end, sums, scratch);
  };
  if (IsNarrow(a)) return run(abs_difference_rows_ref, abs_difference_rows_ref);
  if (filter.radius == 0) return run(AbsDifferences<0, uint8_t>, AbsDifferences<0, uint16_t>);
  if (filter.radius == 1) return run(AbsDifferences<1, uint8_t>, AbsDifferences<1, uint16_t>);
  run(AbsDifferences<2, uint8_t>, AbsDifferences<2, uint16_t>);
}

void BlurBand(const PlaneView& plane, const Filter& filter, int bit_depth, int y_begin, float* band, uint8_t* scratch) {
  const auto run = [&](auto function8, auto function16) {
    bit_depth > 8 ? function16(plane, filter, bit_depth, y_begin, band, scratch) : function8(plane, filter, bit_depth, y_begin, band, scratch);
  };
  if (IsNarrow(plane)) return run(blur_band_ref, blur_band_ref);
  if (filter.radius == 0) return run(Blur<0, uint8_t>, Blur<0, uint16_t>);
  if (filter.radius == 1) return run(Blur<1, uint8_t>, Blur<1, uint16_t>);
  run(Blur<2, uint8_t>, Blur<2, uint16_t>);
}

#endif  // HWY_SCALAR

}  // namespace fovea::float_motion::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::float_motion {

HWY_EXPORT(AbsDifferenceRows);
HWY_EXPORT(BlurBand);

size_t float_motion_scratch_bytes(int width_px) {
  constexpr size_t kTerms = kBandRows * 256, kLeads = 2 * 64;
  return (kTerms + kLeads + 2 * kBandRows * band_stride(width_px)) * sizeof(float);
}

void abs_difference_rows(const PlaneView& a, const PlaneView& b, const Filter& filter, int bit_depth, int y_begin, int y_end,
                         float* sums, uint8_t* scratch) {
  HWY_DYNAMIC_DISPATCH(AbsDifferenceRows)(a, b, filter, bit_depth, y_begin, y_end, sums, scratch);
}

void blur_band(const PlaneView& plane, const Filter& filter, int bit_depth, int y_begin, float* band, uint8_t* scratch) {
  HWY_DYNAMIC_DISPATCH(BlurBand)(plane, filter, bit_depth, y_begin, band, scratch);
}

}  // namespace fovea::float_motion
#endif
