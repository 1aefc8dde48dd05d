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

HWY_INLINE VD Weighted(VF v, float weight) { return hn::PromoteTo(DD(), hn::Mul(v, hn::Set(DF(), weight))); }

void HalveAcross(const float* HWY_RESTRICT row, int parity, int count, double* const* HWY_RESTRICT h) {
  const DD d;
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int x = 0; x < count; x += lanes) {
    const float* HWY_RESTRICT in = row + 2 * x;
    VF m4, m3, m2, m1, c0, p1, p2, p3, p4, unused;
    hn::LoadInterleaved2(df, in - 4, m4, m3);
    hn::LoadInterleaved2(df, in - 2, m2, m1);
    hn::LoadInterleaved2(df, in, c0, p1);
    hn::LoadInterleaved2(df, in + 2, p2, p3);
    hn::LoadInterleaved2(df, in + 4, p4, unused);
    (void)unused;
    for (int b = parity, i = 0; b < 5; b += 2, ++i) {
      const float* k = kHalve[b];
      auto sum = Weighted(m4, k[4]);
      sum = hn::Add(sum, Weighted(m3, k[3]));
      sum = hn::Add(sum, Weighted(m2, k[2]));
      sum = hn::Add(sum, Weighted(m1, k[1]));
      sum = hn::Add(sum, Weighted(c0, k[0]));
      sum = hn::Add(sum, Weighted(p1, k[1]));
      sum = hn::Add(sum, Weighted(p2, k[2]));
      sum = hn::Add(sum, Weighted(p3, k[3]));
      sum = hn::Add(sum, Weighted(p4, k[4]));
      hn::StoreU(sum, d, h[i] + x);
    }
  }
}

void HalveDown(const double* const* HWY_RESTRICT h, int count, float* HWY_RESTRICT out) {
  const DD d;
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int x = 0;
  for (; x + lanes <= count; x += lanes) {
    auto sum = hn::LoadU(d, h[0] + x);
    for (int i = 1; i < 9; ++i) sum = hn::Add(sum, hn::LoadU(d, h[i] + x));
    hn::StoreU(hn::DemoteTo(df, sum), df, out + x);
  }
  for (; x < count; ++x) {
    double sum = h[0][x];
    for (int i = 1; i < 9; ++i) sum += h[i][x];
    out[x] = static_cast<float>(sum);
  }
}

}  // namespace fovea::ms_ssim::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::ms_ssim {

HWY_EXPORT(HalveAcross);
HWY_EXPORT(HalveDown);

void halve_across(const float* row, int parity, int count, double* const* h) { HWY_DYNAMIC_DISPATCH(HalveAcross)(row, parity, count, h); }
void halve_down(const double* const* h, int count, float* out) { HWY_DYNAMIC_DISPATCH(HalveDown)(h, count, out); }

const float kHalve[5][5] = {{0.363505f, 0.160885f, -0.047149f, -0.010146f, 0.016114f},
                            {0.160885f, 0.071207f, -0.020867f, -0.004490f, 0.007132f},
                            {-0.047149f, -0.020867f, 0.006115f, 0.001316f, -0.002090f},
                            {-0.010146f, -0.004490f, 0.001316f, 0.000283f, -0.000450f},
                            {0.016114f, 0.007132f, -0.002090f, -0.000450f, 0.000714f}};

namespace {

constexpr int kTile = 64;                   // outputs across, so that the ring of row sums stays in the first cache
constexpr int kRing = 10;                   // rows of samples below one output row, and one more
constexpr int kMargin = 4;
constexpr int kRow = 2 * kTile + 2 * kMargin + 16;

int repeated(int i, int n) { return i < 0 ? -1 - i : i >= n ? 2 * n - 1 - i : i; }

// Columns [begin, end) of row y, both of which may lie beyond the edges.
void load_padded(const ssim::Image& in, int y, int begin, int end, float* out) {
  const int first = std::max(begin, 0), last = std::min(end, in.width);
  float* column = out - begin;
  ssim::prefetch_row(in, std::max(y, 0) + ssim::kPrefetchRows, first, last);
  ssim::load_row(in, repeated(y, in.height), first, last, column + first);
  for (int x = begin; x < 0; ++x) column[x] = column[-1 - x];
  for (int x = last; x < end; ++x) {
    const int from = std::max(2 * in.width - 1 - x, begin);  // before `begin` only where nothing is used
    column[x] = column[from];
  }
}

}  // namespace

size_t halve_scratch_bytes() { return Scratch::bytes_for<float>(kRow) + Scratch::bytes_for<double>(3 * kRing * kTile); }

void halve_rows(const ssim::Image& in, int begin, int end, float* out, Scratch& scratch) {
  const int width = halved(in.width);
  float* row = scratch.take<float>(kRow);
  double* sums = scratch.take<double>(3 * kRing * kTile);
  std::fill(row, row + kRow, 0.0f);
  const auto slot = [&](int y, int i) { return sums + (static_cast<ptrdiff_t>((y + kRing) % kRing) * 3 + i) * kTile; };
  for (int x = 0; x < width; x += kTile) {
    const int count = std::min(kTile, width - x);
    const int padded = (count + 7) / 8 * 8;
    int ready = 2 * begin - kMargin;  // rows before this one have their sums
    for (int y = begin; y < end; ++y) {
      for (; ready <= 2 * y + kMargin; ++ready) {
        load_padded(in, ready, 2 * x - kMargin, 2 * (x + count) + kMargin, row);
        double* const h[3] = {slot(ready, 0), slot(ready, 1), slot(ready, 2)};
        halve_across(row + kMargin, ready & 1, padded, h);
      }
      const double* h[9];
      for (int b = -kMargin; b <= kMargin; ++b) h[b + kMargin] = slot(2 * y + b, std::abs(b) / 2);
      halve_down(h, count, out + static_cast<ptrdiff_t>(y) * width + x);
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
