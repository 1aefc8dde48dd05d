// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
#include "metrics/float_ssim/ssim_shrink.h"

#include <algorithm>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/float_ssim/ssim_shrink.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::ssim_core::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Sample, class Sum>
HWY_INLINE void AddSamples(const Sample* HWY_RESTRICT row, int width, Sum* HWY_RESTRICT acc) {
  int x = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<Sum> d;
  const hn::Rebind<Sample, decltype(d)> ds;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (; x + lanes <= width; x += lanes) {
    hn::StoreU(hn::Add(hn::LoadU(d, acc + x), hn::PromoteTo(d, hn::LoadU(ds, row + x))), d, acc + x);
  }
#endif
  for (; x < width; ++x) acc[x] = static_cast<Sum>(acc[x] + row[x]);
}
void AddSamples8(const uint8_t* row, int width, uint16_t* acc) { AddSamples(row, width, acc); }
void AddSamples16(const uint16_t* row, int width, uint32_t* acc) { AddSamples(row, width, acc); }

template <class Sample>
HWY_INLINE void AddWeighted(const Sample* HWY_RESTRICT row, float scale, float weight, int width, double* HWY_RESTRICT acc) {
  int x = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::CappedTag<double, 8> d;  // narrower would leave less than 4 bytes of samples
  const hn::Rebind<float, decltype(d)> df;
  const hn::Rebind<int32_t, decltype(d)> di;
  const hn::Rebind<Sample, decltype(d)> ds;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto vscale = hn::Set(df, scale), vweight = hn::Set(df, weight);
  for (; x + lanes <= width; x += lanes) {
    const auto value = hn::Mul(hn::ConvertTo(df, hn::PromoteTo(di, hn::LoadU(ds, row + x))), vscale);
    hn::StoreU(hn::Add(hn::LoadU(d, acc + x), hn::PromoteTo(d, hn::Mul(value, vweight))), d, acc + x);
  }
#endif
  for (; x < width; ++x) acc[x] += static_cast<double>(static_cast<float>(row[x]) * scale * weight);
}
void AddWeighted8(const uint8_t* row, float scale, float weight, int width, double* acc) {
  AddWeighted(row, scale, weight, width, acc);
}
void AddWeighted16(const uint16_t* row, float scale, float weight, int width, double* acc) {
  AddWeighted(row, scale, weight, width, acc);
}

}  // namespace fovea::ssim_core::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::ssim_core {

HWY_EXPORT(AddSamples8);
HWY_EXPORT(AddSamples16);
HWY_EXPORT(AddWeighted8);
HWY_EXPORT(AddWeighted16);

void add_samples(const uint8_t* row, int width, uint16_t* acc) { HWY_DYNAMIC_DISPATCH(AddSamples8)(row, width, acc); }
void add_samples(const uint16_t* row, int width, uint32_t* acc) { HWY_DYNAMIC_DISPATCH(AddSamples16)(row, width, acc); }
void add_weighted(const uint8_t* row, float scale, float weight, int width, double* acc) {
  HWY_DYNAMIC_DISPATCH(AddWeighted8)(row, scale, weight, width, acc);
}
void add_weighted(const uint16_t* row, float scale, float weight, int width, double* acc) {
  HWY_DYNAMIC_DISPATCH(AddWeighted16)(row, scale, weight, width, acc);
}

namespace {

int repeated(int i, int n) { return i < 0 ? -1 - i : i >= n ? 2 * n - 1 - i : i; }
bool power_of_two(int n) { return (n & (n - 1)) == 0; }
float box_weight(int factor) { return static_cast<float>(1.0 / (factor * factor)); }

// Sum is the type of the column sums: integers if Whole, else double.
template <class Sample, class Sum>
void shrink_rows(const Shrinker& s, const PlaneView& plane, int begin, int end, float* out, Scratch& scratch) {
  const int f = s.factor, first = -(f / 2);
  const float weight = box_weight(f);
  Sum* padded = scratch.take<Sum>(s.width + 3 * f);
  Sum* acc = padded + f;
  const int last = f * (s.out_width - 1) + first + f;  // one behind the last column that is needed
  for (int y = begin; y < end; ++y) {
    std::fill(acc, acc + s.width, Sum{0});
    for (int b = first; b < first + f; ++b) {
      const Sample* row = plane.row<Sample>(repeated(f * y + b, s.height));
      if constexpr (std::is_same_v<Sum, double>) {
        add_weighted(row, s.scale, weight, s.width, acc);
      } else {
        add_samples(row, s.width, acc);
      }
    }
    for (int x = first; x < 0; ++x) acc[x] = acc[repeated(x, s.width)];
    for (int x = s.width; x < last; ++x) acc[x] = acc[repeated(x, s.width)];
    float* HWY_RESTRICT row_out = out + static_cast<ptrdiff_t>(y) * s.out_width;
    const double whole_weight = static_cast<double>(s.scale * weight);
    const Sum* in = acc + first;
    for (int x = 0; x < s.out_width; ++x, in += f) {
      if constexpr (std::is_same_v<Sum, double>) {
        double sum = 0;
        for (int a = 0; a < f; ++a) sum += in[a];
        row_out[x] = static_cast<float>(sum);
      } else {
        uint32_t sum = 0;  // below 2^31: 128 * 128 * 65535
        if (f == 4) {
          sum = uint32_t{in[0]} + in[1] + in[2] + in[3];
        } else {
          for (int a = 0; a < f; ++a) sum += in[a];
        }
        row_out[x] = static_cast<float>(static_cast<double>(static_cast<int32_t>(sum)) * whole_weight);
      }
    }
  }
}

}  // namespace

Shrinker::Shrinker(int factor_, int width_, int height_, int sample_bytes_, float scale_)
    : factor(factor_),
      width(width_),
      height(height_),
      out_width(width_ / factor_ + (width_ & 1)),
      out_height(height_ / factor_ + (height_ & 1)),
      sample_bytes(sample_bytes_),
      scale(scale_) {}

size_t Shrinker::scratch_bytes() const { return Scratch::bytes_for<double>(width + 3 * factor); }

void Shrinker::rows(const PlaneView& plane, int begin, int end, float* out, Scratch& scratch) const {
  const bool whole = power_of_two(factor) && factor <= 128;
  if (sample_bytes == 1) {
    if (whole) return shrink_rows<uint8_t, uint16_t>(*this, plane, begin, end, out, scratch);
    return shrink_rows<uint8_t, double>(*this, plane, begin, end, out, scratch);
  }
  if (whole) return shrink_rows<uint16_t, uint32_t>(*this, plane, begin, end, out, scratch);
  shrink_rows<uint16_t, double>(*this, plane, begin, end, out, scratch);
}

float shrunk_ref(const Shrinker& s, const PlaneView& plane, int x, int y) {
  const int f = s.factor, first = -(f / 2);
  double sum = 0;
  for (int b = first; b < first + f; ++b) {
    for (int a = first; a < first + f; ++a) {
      const int row = repeated(f * y + b, s.height), column = repeated(f * x + a, s.width);
      const int v = s.sample_bytes == 1 ? plane.row<uint8_t>(row)[column] : plane.row<uint16_t>(row)[column];
      sum += static_cast<double>(static_cast<float>(v) * s.scale * box_weight(f));
    }
  }
  return static_cast<float>(sum);
}

}  // namespace fovea::ssim_core
#endif
