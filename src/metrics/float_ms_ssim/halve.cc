// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
#include "metrics/float_ms_ssim/halve.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/float_ms_ssim/halve.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::ms_ssim::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DD = hn::CappedTag<double, 8>;
using DF = hn::Rebind<float, DD>;
using VD = hn::Vec<DD>;
using VF = hn::Vec<DF>;

void SplitRow(const float* HWY_RESTRICT row, int count, float* HWY_RESTRICT even, float* HWY_RESTRICT odd) {
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(df));
  for (int x = 0; x < count; x += lanes) {
    VF a, b;
    hn::LoadInterleaved2(df, row + 2 * x, a, b);
    hn::StoreU(a, df, even + x);
    hn::StoreU(b, df, odd + x);
  }
}

HWY_INLINE VD Weighted(VF v, const float* weight) { return hn::PromoteTo(DD(), hn::Mul(v, hn::Set(DF(), *weight))); }

void HalveDown(const float* HWY_RESTRICT in, ptrdiff_t pitch, int rows, int k, double* HWY_RESTRICT out, ptrdiff_t out_pitch) {
  const DD d;
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const float* w = kHalve[k];
  for (int i = 0; i < 8; i += lanes) {
    const float* HWY_RESTRICT p = in + i;
    // a has seen the most rows, e the fewest.
    auto a = hn::Zero(d), b = a, c = a, e = a;
    for (int y = -4; y < rows; ++y, p += 2 * pitch) {
      const auto even = hn::LoadU(df, p);
      const auto w0 = Weighted(even, w), w2 = Weighted(even, w + 2), w4 = Weighted(even, w + 4);
      if (y >= 0) hn::StoreU(hn::Add(a, w4), d, out + y * out_pitch + i);
      if (y == rows - 1) break;  // the row below belongs to the next output
      const auto odd = hn::LoadU(df, p + pitch);
      const auto w1 = Weighted(odd, w + 1), w3 = Weighted(odd, w + 3);
      a = hn::Add(hn::Add(b, w2), w3);
      b = hn::Add(hn::Add(c, w0), w1);
      c = hn::Add(hn::Add(e, w2), w1);
      e = hn::Add(w4, w3);
    }
  }
}

void HalveAcross(const double* HWY_RESTRICT e0, const double* HWY_RESTRICT o1, const double* HWY_RESTRICT e2,
                 const double* HWY_RESTRICT o3, const double* HWY_RESTRICT e4, int count, float* HWY_RESTRICT out) {
  const DD d;
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int x = 0;
  for (; x + lanes <= count; x += lanes) {
    const auto at = [&](const double* h, int i) HWY_ATTR { return hn::LoadU(d, h + x + i); };
    auto sum = hn::Add(at(e0, 0), hn::Add(at(o1, -1), at(o1, 0)));
    sum = hn::Add(sum, hn::Add(at(e2, -1), at(e2, 1)));
    sum = hn::Add(sum, hn::Add(at(o3, -2), at(o3, 1)));
    sum = hn::Add(sum, hn::Add(at(e4, -2), at(e4, 2)));
    hn::StoreU(hn::DemoteTo(df, sum), df, out + x);
  }
  for (; x < count; ++x) {
    double sum = e0[x] + (o1[x - 1] + o1[x]);
    sum += e2[x - 1] + e2[x + 1];
    sum += o3[x - 2] + o3[x + 1];
    sum += e4[x - 2] + e4[x + 2];
    out[x] = static_cast<float>(sum);
  }
}

}  // namespace fovea::ms_ssim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::ms_ssim {

HWY_EXPORT(SplitRow);
HWY_EXPORT(HalveDown);
HWY_EXPORT(HalveAcross);

void split_row(const float* row, int count, float* even, float* odd) { HWY_DYNAMIC_DISPATCH(SplitRow)(row, count, even, odd); }
void halve_down(const float* in, ptrdiff_t pitch, int rows, int k, double* out, ptrdiff_t out_pitch) {
  HWY_DYNAMIC_DISPATCH(HalveDown)(in, pitch, rows, k, out, out_pitch);
}
void halve_across(const double* e0, const double* o1, const double* e2, const double* o3, const double* e4, int count, float* out) {
  HWY_DYNAMIC_DISPATCH(HalveAcross)(e0, o1, e2, o3, e4, count, out);
}

const float kHalve[5][5] = {{0.363505f, 0.160885f, -0.047149f, -0.010146f, 0.016114f},
                            {0.160885f, 0.071207f, -0.020867f, -0.004490f, 0.007132f},
                            {-0.047149f, -0.020867f, 0.006115f, 0.001316f, -0.002090f},
                            {-0.010146f, -0.004490f, 0.001316f, 0.000283f, -0.000450f},
                            {0.016114f, 0.007132f, -0.002090f, -0.000450f, 0.000714f}};

namespace {

// A tile is 16 rows of 60 outputs: its column sums take 40 KiB, its samples 20.
constexpr int kTileRows = 16;
constexpr int kTileColumns = 60;
constexpr int kPitch = kTileColumns + 4;  // two columns of either kind on both sides
constexpr int kInRows = 2 * kTileRows + 7;
constexpr int kMargin = 4;
constexpr int kRow = 2 * kPitch + 16;

int repeated(int i, int n) { return i < 0 ? -1 - i : i >= n ? 2 * n - 1 - i : i; }

// Columns [begin, end) of row y, both of which may lie beyond the edges.
void load_padded(const ssim_core::Image& in, int y, int begin, int end, float* out) {
  const int first = std::max(begin, 0), last = std::min(end, in.width);
  float* column = out - begin;
  ssim_core::prefetch_row(in, std::max(y, 0) + ssim_core::kPrefetchRows, first, last);
  ssim_core::load_row(in, repeated(y, in.height), first, last, column + first);
  for (int x = begin; x < 0; ++x) column[x] = column[-1 - x];
  for (int x = last; x < end; ++x) {
    const int from = std::max(2 * in.width - 1 - x, begin);  // before `begin` only where nothing is used
    column[x] = column[from];
  }
}

}  // namespace

size_t halve_scratch_bytes() {
  return Scratch::bytes_for<float>(kRow) + 2 * Scratch::bytes_for<float>(kInRows * kPitch) +
         5 * Scratch::bytes_for<double>(kTileRows * kPitch + 8);
}

void halve_rows(const ssim_core::Image& in, int begin, int end, float* out, Scratch& scratch) {
  const int width = halved(in.width);
  float* row = scratch.take<float>(kRow);
  float* even = scratch.take<float>(kInRows * kPitch);
  float* odd = scratch.take<float>(kInRows * kPitch);
  double* sums[5];  // by column of K
  for (double*& sum : sums) sum = scratch.take<double>(kTileRows * kPitch + 8);
  std::fill(row, row + kRow, 0.0f);
  for (int y = begin; y < end; y += kTileRows) {
    const int rows = std::min(kTileRows, end - y);
    for (int x = 0; x < width; x += kTileColumns) {
      const int count = std::min(kTileColumns, width - x);
      const int columns = (count + 4 + 7) / 8 * 8;
      for (int i = 0; i < 2 * rows + 7; ++i) {
        load_padded(in, 2 * y - kMargin + i, 2 * x - kMargin, 2 * (x + count) + kMargin, row);
        split_row(row, columns, even + i * kPitch, odd + i * kPitch);
      }
      for (int k = 0; k < 5; ++k) {
        for (int c = 0; c < columns; c += 8) halve_down((k % 2 == 0 ? even : odd) + c, kPitch, rows, k, sums[k] + c, kPitch);
      }
      for (int i = 0; i < rows; ++i) {
        const auto at = [&](int k) { return sums[k] + i * kPitch + 2; };
        halve_across(at(0), at(1), at(2), at(3), at(4), count, out + static_cast<ptrdiff_t>(y + i) * width + x);
      }
    }
  }
}

float halved_ref(const float* in, int width, int height, int x, int y) {
  double sum = 0;
  for (int b = -4; b <= 4; ++b) {
    for (int a = -4; a <= 4; ++a) {
      const float sample = in[static_cast<ptrdiff_t>(repeated(2 * y + b, height)) * width + repeated(2 * x + a, width)];
      sum += static_cast<double>(sample * kHalve[std::abs(b)][std::abs(a)]);
    }
  }
  return static_cast<float>(sum);
}

}  // namespace fovea::ms_ssim
#endif
