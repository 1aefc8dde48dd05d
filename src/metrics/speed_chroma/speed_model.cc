// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
//
// Lanes are always things with sums of their own (lags, columns, blocks): no sum is ever split over lanes, so
// every target adds in the same order and arrives at the same bits. Nothing may be fused here.
#include "metrics/speed_chroma/speed_model.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/speed_chroma/speed_model.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#ifndef FOVEA_SPEED_MODEL_ONCE_
#define FOVEA_SPEED_MODEL_ONCE_
namespace fovea::speed {

inline constexpr int kLags = 16;             // lane l is the column lag l - 4; 9 .. 15 are padding
inline constexpr int kRegions = 9;           // 0..3 and 5..8: single rows (columns) at the ends; 4: all between
inline constexpr int kCore = 4;
inline constexpr int kEnds = kBlock - 1;

// The series of log2((1 + s) / (1 - s)) in s^2, times s.
inline constexpr int kLogTerms = 11;
inline constexpr double log_coefficient(int n) { return 2.0 / ((2 * n + 1) * std::numbers::ln2); }
inline constexpr int32_t kSqrtHalfBits = 0x3f3504f3;

}  // namespace fovea::speed
#endif

HWY_BEFORE_NAMESPACE();
namespace fovea::speed::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DF = hn::CappedTag<float, 16>;  // kPitch is two of them
using DD = hn::CappedTag<double, 8>;

// Float means of the 25 positions, each a running sum in raster order.
HWY_INLINE void Means(const float* HWY_RESTRICT band, int pitch, int windows_v, int windows_h, float* HWY_RESTRICT mean) {
  const hn::CappedTag<float, 8> d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  alignas(64) float sums[kBlock][8 + 8] = {};
  for (int g = 0; g < kBlock; g += lanes) {
    auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0, s4 = s0;
    for (int y = 0; y < windows_v; ++y) {
      const float* HWY_RESTRICT p = band + static_cast<ptrdiff_t>(y) * pitch + g;
      for (int x = 0; x < windows_h; ++x, ++p) {
        s0 = hn::Add(s0, hn::LoadU(d, p));
        s1 = hn::Add(s1, hn::LoadU(d, p + pitch));
        s2 = hn::Add(s2, hn::LoadU(d, p + 2 * pitch));
        s3 = hn::Add(s3, hn::LoadU(d, p + 3 * pitch));
        s4 = hn::Add(s4, hn::LoadU(d, p + 4 * pitch));
      }
    }
    hn::StoreU(s0, d, sums[0] + g);
    hn::StoreU(s1, d, sums[1] + g);
    hn::StoreU(s2, d, sums[2] + g);
    hn::StoreU(s3, d, sums[3] + g);
    hn::StoreU(s4, d, sums[4] + g);
  }
  const float count = static_cast<float>(windows_v * windows_h);
  for (int a = 0; a < kDims; ++a) mean[a] = sums[a / kBlock][a % kBlock] / count;
}

// Products of one row with the five rows from itself downwards, at column lags -4 .. 4, summed by region of
// columns: sums[dr][region][lag] += p[x] * q[dr][x + lag].
HWY_INLINE void LagProducts(const double* HWY_RESTRICT p, ptrdiff_t pitch, int windows_h, double* HWY_RESTRICT sums) {
  const DD d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  constexpr int kStep = kRegions * kLags;
  for (int g = 0; g < 9; g += lanes) {
    const double* HWY_RESTRICT q = p - kEnds + g;
    const auto run = [&](int begin, int end, double* HWY_RESTRICT s) HWY_ATTR {
      auto s0 = hn::LoadU(d, s), s1 = hn::LoadU(d, s + kStep), s2 = hn::LoadU(d, s + 2 * kStep),
           s3 = hn::LoadU(d, s + 3 * kStep), s4 = hn::LoadU(d, s + 4 * kStep);
      for (int x = begin; x < end; ++x) {
        const auto sample = hn::Set(d, p[x]);
        s0 = hn::Add(s0, hn::Mul(sample, hn::LoadU(d, q + x)));
        s1 = hn::Add(s1, hn::Mul(sample, hn::LoadU(d, q + pitch + x)));
        s2 = hn::Add(s2, hn::Mul(sample, hn::LoadU(d, q + 2 * pitch + x)));
        s3 = hn::Add(s3, hn::Mul(sample, hn::LoadU(d, q + 3 * pitch + x)));
        s4 = hn::Add(s4, hn::Mul(sample, hn::LoadU(d, q + 4 * pitch + x)));
      }
      hn::StoreU(s0, d, s);
      hn::StoreU(s1, d, s + kStep);
      hn::StoreU(s2, d, s + 2 * kStep);
      hn::StoreU(s3, d, s + 3 * kStep);
      hn::StoreU(s4, d, s + 4 * kStep);
    };
    for (int x = 0; x < kEnds; ++x) run(x, x + 1, sums + x * kLags + g);
    run(kEnds, windows_h, sums + kCore * kLags + g);
    for (int x = 0; x < kEnds; ++x) run(windows_h + x, windows_h + x + 1, sums + (kCore + 1 + x) * kLags + g);
  }
}

// Sums over the five shifts of a window from sums over regions: out[c] covers shift c. `step` doubles lie between
// regions, and between shifts.
HWY_INLINE void JoinRegions(const double* HWY_RESTRICT in, ptrdiff_t in_step, double* HWY_RESTRICT out, ptrdiff_t out_step) {
  const DD d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int g = 0; g < 9; g += lanes) {
    for (int c = 0; c < kBlock; ++c) {
      auto sum = hn::LoadU(d, in + kCore * in_step + g);
      for (int x = kEnds - 1; x >= c; --x) sum = hn::Add(sum, hn::LoadU(d, in + x * in_step + g));
      for (int x = 0; x < c; ++x) sum = hn::Add(sum, hn::LoadU(d, in + (kCore + 1 + x) * in_step + g));
      hn::StoreU(sum, d, out + c * out_step + g);
    }
  }
}

// sums[r][c]: sum of the samples of the windows at shift (r, c). `rows` is rounded up to a multiple of 4, with rows of 0.
HWY_INLINE void WindowSums(const double* HWY_RESTRICT band, ptrdiff_t pitch, int rows, int windows_v, int windows_h,
                           double* HWY_RESTRICT sums) {
  const DD d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int i = 0; i < kBlock * kLags; ++i) sums[i] = 0;
  alignas(64) double row_sums[4][kLags] = {};
  for (int y = 0; y < rows; y += 4) {
    for (int g = 0; g < kBlock; g += lanes) {
      auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
      const double* HWY_RESTRICT p = band + y * pitch + g;
      for (int x = 0; x < windows_h; ++x, ++p) {
        s0 = hn::Add(s0, hn::LoadU(d, p));
        s1 = hn::Add(s1, hn::LoadU(d, p + pitch));
        s2 = hn::Add(s2, hn::LoadU(d, p + 2 * pitch));
        s3 = hn::Add(s3, hn::LoadU(d, p + 3 * pitch));
      }
      hn::StoreU(s0, d, row_sums[0] + g);
      hn::StoreU(s1, d, row_sums[1] + g);
      hn::StoreU(s2, d, row_sums[2] + g);
      hn::StoreU(s3, d, row_sums[3] + g);
    }
    for (int i = 0; i < 4; ++i) {
      for (int r = 0; r < kBlock; ++r) {
        if (y + i < r || y + i >= r + windows_v) continue;
        for (int c = 0; c < kBlock; ++c) sums[r * kLags + c] += row_sums[i][c];
      }
    }
  }
}

// Every K_ab with the same lag between a and b sums the same products over windows that differ at their ends only.
// So the products of each of the 45 lags are summed once, apart for the ends, and joined for each pair:
//   sum (p - ma)(q - mb) = sum pq - mb (sum p - n ma) - ma sum q
void Covariance(const float* HWY_RESTRICT band, int pitch, int rows, int cols, Scratch& scratch, float* HWY_RESTRICT k) {
  const int windows_v = rows - kEnds, windows_h = cols - kEnds;
  // Lead of 4, tail of 20: lags reach over both ends, into zeros.
  const ptrdiff_t wide_pitch = cols + 24;
  const int wide_rows = rows + 8;
  double* HWY_RESTRICT wide = scratch.take<double>(static_cast<size_t>(wide_pitch) * wide_rows);
  constexpr size_t kRowSums = size_t{kBlock} * kRegions * kLags;
  double* HWY_RESTRICT products = scratch.take<double>(kRegions * kRowSums);               // [row region][dr][column region][lag]
  double* HWY_RESTRICT shifted = scratch.take<double>(kRegions * kBlock * kBlock * kLags);  // [row region][dr][c][lag]
  std::memset(wide, 0, sizeof(double) * wide_pitch * wide_rows);
  std::memset(products, 0, sizeof(double) * kRegions * kRowSums);
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < cols; ++x) wide[y * wide_pitch + kEnds + x] = static_cast<double>(band[static_cast<ptrdiff_t>(y) * pitch + x]);
  }

  for (int y = 0; y < rows; ++y) {
    const int region = y < kEnds ? y : y < windows_v ? kCore : kCore + 1 + y - windows_v;
    LagProducts(wide + y * wide_pitch + kEnds, wide_pitch, windows_h, products + region * kRowSums);
  }
  constexpr ptrdiff_t kShifted = ptrdiff_t{kBlock} * kBlock * kLags;
  for (int region = 0; region < kRegions; ++region) {
    for (int dr = 0; dr < kBlock; ++dr) {
      JoinRegions(products + region * kRowSums + dr * kRegions * kLags, kLags, shifted + region * kShifted + dr * kBlock * kLags, kLags);
    }
  }

  float mean[kDims];
  Means(band, pitch, windows_v, windows_h, mean);
  alignas(64) double sums[kBlock * kLags];
  WindowSums(wide + kEnds, wide_pitch, rows, windows_v, windows_h, sums);

  std::fill(k, k + kDims * kPitch, 0.0f);
  const double count = static_cast<double>(windows_v) * windows_h;
  alignas(64) double totals[kBlock * kLags];  // [r][lag]
  for (int dr = 0; dr < kBlock; ++dr) {
    for (int c = 0; c < kBlock; ++c) {
      JoinRegions(shifted + (dr * kBlock + c) * kLags, kShifted, totals, kLags);
      for (int r = 0; r + dr < kBlock; ++r) {
        for (int c2 = dr == 0 ? c : 0; c2 < kBlock; ++c2) {
          const int a = r * kBlock + c, b = (r + dr) * kBlock + c2;
          const double ma = static_cast<double>(mean[a]), mb = static_cast<double>(mean[b]);
          const double excess = sums[r * kLags + c] - count * ma;
          const double sum = totals[r * kLags + c2 - c + kEnds] - mb * excess - ma * sums[(r + dr) * kLags + c2];
          k[a * kPitch + b] = k[b * kPitch + a] = static_cast<float>(sum / count);
        }
      }
    }
  }
}

void Tridiagonalise(const float* HWY_RESTRICT k, float* HWY_RESTRICT d, float* HWY_RESTRICT e) {
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(df));
  // The matrix stays symmetric to the last bit, so that rows serve as columns.
  alignas(64) float a[kDims * kPitch], v[kPitch], x[kPitch];
  std::memcpy(a, k, sizeof a);
  for (int i = 0; i < kDims - 2; ++i) {
    const float* row = a + i * kPitch;
    const int first = i + 1;
    float norm_sq = 0;
    for (int r = first + 1; r < kDims; ++r) norm_sq += row[r] * row[r];
    const float below = std::sqrt(norm_sq);
    e[i] = row[first];
    if (below == 0) continue;

    const float alpha = row[first];
    const float root = std::sqrt(alpha * alpha + below * below);
    const float beta = alpha >= 0 ? -root : root;
    const float tau = (beta - alpha) / beta;
    const float scale = alpha - beta;
    e[i] = beta;
    const int begin = first / lanes * lanes;
    for (int c = begin; c < kPitch; c += lanes) {
      const auto column = hn::Load(df, row + c);
      hn::Store(scale != 0 ? hn::Div(column, hn::Set(df, scale)) : column, df, v + c);
    }
    for (int c = begin; c < first; ++c) v[c] = 0;
    for (int c = kDims; c < kPitch; ++c) v[c] = 0;
    v[first] = 1;

    const auto vtau = hn::Set(df, tau);
    for (int c = begin; c < kDims; c += lanes) {
      auto sum = hn::Zero(df);
      for (int j = first; j < kDims; ++j) {
        sum = hn::Add(sum, hn::Mul(hn::Mul(vtau, hn::Load(df, a + j * kPitch + c)), hn::Set(df, v[j])));
      }
      hn::Store(sum, df, x + c);
    }
    float dot = 0;
    for (int j = first; j < kDims; ++j) dot += x[j] * v[j];
    const float shift = static_cast<float>(-0.5 * static_cast<double>(tau) * static_cast<double>(dot));
    for (int j = first; j < kDims; ++j) x[j] += shift * v[j];
    for (int c = begin; c < first; ++c) x[c] = 0;

    for (int r = first; r < kDims; ++r) {
      const auto xr = hn::Set(df, x[r]), vr = hn::Set(df, v[r]);
      for (int c = begin; c < kDims; c += lanes) {
        const auto change = hn::Add(hn::Mul(xr, hn::Load(df, v + c)), hn::Mul(vr, hn::Load(df, x + c)));
        float* cell = a + r * kPitch + c;
        hn::Store(hn::Sub(hn::Load(df, cell), change), df, cell);
      }
    }
  }
  for (int i = 0; i < kDims; ++i) d[i] = a[i * kPitch + i];
  e[kDims - 2] = a[(kDims - 1) * kPitch + kDims - 2];
}

// out[i][c] = sum over l = l_begin .. kDims-1 of a[i][l] * b[l][c], in that order, for rows i from `row_begin` to kDims
// (up to three more are written) and columns [column_begin, column_end), rounded out to vectors.
HWY_INLINE void Multiply(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, ptrdiff_t b_pitch, int row_begin, int l_begin,
                         int column_begin, int column_end, float* HWY_RESTRICT out) {
  const DF d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int i = row_begin; i < kDims; i += 4) {
    const float* HWY_RESTRICT a0 = a + i * kPitch;
    for (int c = column_begin / lanes * lanes; c < column_end; c += lanes) {
      auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
      for (int l = l_begin; l < kDims; ++l) {
        const auto v = hn::LoadU(d, b + l * b_pitch + c);
        s0 = hn::Add(s0, hn::Mul(hn::Set(d, a0[l]), v));
        s1 = hn::Add(s1, hn::Mul(hn::Set(d, a0[kPitch + l]), v));
        s2 = hn::Add(s2, hn::Mul(hn::Set(d, a0[2 * kPitch + l]), v));
        s3 = hn::Add(s3, hn::Mul(hn::Set(d, a0[3 * kPitch + l]), v));
      }
      float* HWY_RESTRICT o = out + i * b_pitch + c;
      hn::StoreU(s0, d, o);
      hn::StoreU(s1, d, o + b_pitch);
      hn::StoreU(s2, d, o + 2 * b_pitch);
      hn::StoreU(s3, d, o + 3 * b_pitch);
    }
  }
}

// The definition multiplies full 25x25 matrices at every step. Rows and columns before the step are those of the
// identity there, and products with 0 and 1 change no sum: only the trailing part is worked on.
bool Factor(const float* HWY_RESTRICT k, float* HWY_RESTRICT q, float* HWY_RESTRICT r) {
  const DF d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  constexpr size_t kCells = size_t{kPaddedDims} * kPitch;
  alignas(64) float z_cells[2][kCells] = {}, q_cells[2][kCells] = {};
  alignas(64) float h[kCells] = {}, v[kPitch] = {};
  float *z = z_cells[0], *z_next = z_cells[1], *u = q_cells[0], *u_next = q_cells[1];
  std::memcpy(z, k, sizeof(float) * kDims * kPitch);
  for (int i = 0; i < kDims; ++i) u[i * kPitch + i] = 1.0f;

  for (int step = 0; step < kDims - 1; ++step) {
    float norm_sq = 0;
    for (int i = step; i < kDims; ++i) {
      v[i] = z[i * kPitch + step];
      norm_sq += v[i] * v[i];
    }
    // The sign follows the diagonal of K itself, not of what is left of it.
    const float norm = std::sqrt(norm_sq);
    v[step] += k[step * kPitch + step] >= 0 ? norm : -norm;
    float length_sq = 0;
    for (int i = step; i < kDims; ++i) length_sq += v[i] * v[i];
    const float length = std::sqrt(length_sq);
    if (!(length != 0)) {  // 0 / 0 would spread to every cell
      std::fill(q, q + kCells, std::numeric_limits<float>::quiet_NaN());
      std::fill(r, r + kCells, std::numeric_limits<float>::quiet_NaN());
      return true;
    }
    for (int i = step; i < kDims; ++i) v[i] /= length;
    for (int i = 0; i < step; ++i) v[i] = 0;

    for (int i = step; i < kDims; ++i) {
      const auto minus_2v = hn::Set(d, -2.0f * v[i]);
      float* row = h + i * kPitch;
      for (int c = step / lanes * lanes; c < kDims; c += lanes) hn::Store(hn::Mul(minus_2v, hn::Load(d, v + c)), d, row + c);
      row[i] += 1.0f;
    }
    Multiply(h, u, kPitch, step, step, 0, kDims, u_next);
    Multiply(h, z, kPitch, step + 1, step, step + 1, kDims, z_next);
    // Later steps leave this row alone.
    std::memcpy(q + step * kPitch, u_next + step * kPitch, sizeof(float) * kPitch);
    std::swap(u, u_next);
    std::swap(z, z_next);
  }
  std::memcpy(q + (kDims - 1) * kPitch, u + (kDims - 1) * kPitch, sizeof(float) * kPitch);
  std::fill(q + kDims * kPitch, q + kCells, 0.0f);

  Multiply(q, k, kPitch, 0, 0, 0, kDims, r);
  for (int i = 0; i < kDims; ++i) {
    if (static_cast<double>(std::abs(r[i * kPitch + i])) < kTiny) return false;
  }
  return true;
}

// Of x > 0, not subnormal; anything for others.
template <class D, class V>
HWY_INLINE hn::Vec<D> Log2Positive(D d, V x) {
  const hn::Rebind<float, D> df;
  const hn::Rebind<int32_t, D> di;
  const auto low = hn::Set(di, kSqrtHalfBits);
  const auto bits = hn::Sub(hn::BitCast(di, x), low);
  const auto mantissa = hn::BitCast(df, hn::Add(hn::And(bits, hn::Set(di, 0x7fffff)), low));  // in [sqrt(1/2), sqrt(2))
  const auto exponent = hn::PromoteTo(d, hn::ShiftRight<23>(bits));
  const auto f = hn::PromoteTo(d, hn::Sub(mantissa, hn::Set(df, 1.0f)));
  const auto s = hn::Div(f, hn::Add(hn::Set(d, 2.0), f));
  const auto z = hn::Mul(s, s);
  auto p = hn::Set(d, log_coefficient(kLogTerms - 1));
  for (int n = kLogTerms - 2; n >= 0; --n) p = hn::Add(hn::Mul(p, z), hn::Set(d, log_coefficient(n)));
  return hn::Add(exponent, hn::Mul(s, p));
}

template <class D, class V>
HWY_INLINE hn::Vec<D> Log2(D d, V x) {
  const auto wide = hn::PromoteTo(d, x);
  const auto infinity = hn::Set(d, std::numeric_limits<double>::infinity());
  const auto nan = hn::Set(d, std::numeric_limits<double>::quiet_NaN());
  const auto special = hn::IfThenElse(hn::Eq(wide, infinity), infinity,
                                      hn::IfThenElse(hn::Eq(wide, hn::Zero(d)), hn::Neg(infinity), nan));
  const auto regular = hn::And(hn::Gt(wide, hn::Zero(d)), hn::Lt(wide, infinity));
  return hn::IfThenElse(regular, Log2Positive(d, x), special);
}

HWY_INLINE void Entropies(const float* HWY_RESTRICT lambda, float noise, int count, const float* HWY_RESTRICT s, float* HWY_RESTRICT e) {
  const DD d;
  const hn::Rebind<float, DD> df;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto unit = hn::Set(d, log2_2pie());
  const auto vnoise = hn::Set(df, noise);
  for (int c = 0; c < count; c += lanes) {
    const auto strength = hn::LoadU(df, s + c);
    auto entropy = hn::Zero(df);
    for (int i = 0; i < kDims; ++i) {
      const float variance = lambda[i] < 0 ? 0.0f : lambda[i];
      const auto log = Log2(d, hn::Add(hn::Mul(hn::Set(df, variance), strength), vnoise));
      entropy = hn::DemoteTo(df, hn::Add(hn::PromoteTo(d, entropy), hn::Add(log, unit)));
    }
    hn::StoreU(entropy, df, e + c);
  }
}

// Back-substitution R X = B in kVectors vectors of columns at a time (interleaved to hide latency), then S.
template <int kVectors>
HWY_INLINE void Substitute(const float* HWY_RESTRICT r, const float* HWY_RESTRICT y, ptrdiff_t pitch, float* HWY_RESTRICT b,
                           float* HWY_RESTRICT s) {
  const DF d;
  const ptrdiff_t lanes = static_cast<ptrdiff_t>(hn::Lanes(d));
  for (int i = kDims - 1; i >= 0; --i) {
    float* HWY_RESTRICT row = b + i * pitch;
    auto x0 = hn::LoadU(d, row), x1 = x0, x2 = x0, x3 = x0;
    if constexpr (kVectors == 4) {
      x1 = hn::LoadU(d, row + lanes);
      x2 = hn::LoadU(d, row + 2 * lanes);
      x3 = hn::LoadU(d, row + 3 * lanes);
    }
    for (int l = i + 1; l < kDims; ++l) {
      const auto weight = hn::Set(d, r[i * kPitch + l]);
      const float* HWY_RESTRICT known = b + l * pitch;
      x0 = hn::Sub(x0, hn::Mul(hn::LoadU(d, known), weight));
      if constexpr (kVectors == 4) {
        x1 = hn::Sub(x1, hn::Mul(hn::LoadU(d, known + lanes), weight));
        x2 = hn::Sub(x2, hn::Mul(hn::LoadU(d, known + 2 * lanes), weight));
        x3 = hn::Sub(x3, hn::Mul(hn::LoadU(d, known + 3 * lanes), weight));
      }
    }
    const auto pivot = hn::Set(d, r[i * kPitch + i]);
    hn::StoreU(hn::Div(x0, pivot), d, row);
    if constexpr (kVectors == 4) {
      hn::StoreU(hn::Div(x1, pivot), d, row + lanes);
      hn::StoreU(hn::Div(x2, pivot), d, row + 2 * lanes);
      hn::StoreU(hn::Div(x3, pivot), d, row + 3 * lanes);
    }
  }
  const auto dims = hn::Set(d, static_cast<float>(kDims));
  for (int v = 0; v < kVectors; ++v) {
    auto sum = hn::Zero(d);
    for (int a = 0; a < kDims; ++a) {
      sum = hn::Add(sum, hn::Div(hn::Mul(hn::LoadU(d, b + a * pitch + v * lanes), hn::LoadU(d, y + a * pitch + v * lanes)), dims));
    }
    hn::StoreU(sum, d, s + v * lanes);
  }
}

void BlockStatistics(const float* q, const float* r, const float* lambda, float noise, const float* HWY_RESTRICT y, int count,
                     int pitch, float* HWY_RESTRICT b, float* HWY_RESTRICT s, float* HWY_RESTRICT e) {
  const int lanes = static_cast<int>(hn::Lanes(DF()));
  const int columns = (count + 15) / 16 * 16;
  if (q == nullptr) {
    std::fill(s, s + columns, 0.0f);
  } else {
    Multiply(q, y, pitch, 0, 0, 0, columns, b);
    int c = 0;
    for (; c + 4 * lanes <= columns; c += 4 * lanes) Substitute<4>(r, y + c, pitch, b + c, s + c);
    for (; c < columns; c += lanes) Substitute<1>(r, y + c, pitch, b + c, s + c);
  }
  Entropies(lambda, noise, columns, s, e);
}

void Log2Many(const float* x, int count, double* out) {
  const hn::Rebind<float, DD> df;
  const int lanes = static_cast<int>(hn::Lanes(DD()));
  for (int i = 0; i + lanes <= count; i += lanes) hn::StoreU(Log2(DD(), hn::LoadU(df, x + i)), DD(), out + i);
}

}  // namespace fovea::speed::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::speed {

HWY_EXPORT(Covariance);
HWY_EXPORT(Tridiagonalise);
HWY_EXPORT(Factor);
HWY_EXPORT(BlockStatistics);
HWY_EXPORT(Log2Many);

size_t covariance_scratch_bytes(int rows, int cols) {
  return Scratch::bytes_for<double>(static_cast<size_t>(cols + 24) * (rows + 8)) +
         Scratch::bytes_for<double>(size_t{kRegions} * kBlock * kRegions * kLags) +
         Scratch::bytes_for<double>(size_t{kRegions} * kBlock * kBlock * kLags);
}

void covariance(const float* band, int pitch, int rows, int cols, Scratch& scratch, float* k) {
  if (std::min(rows, cols) == kBlock) return covariance_ref(band, pitch, rows, cols, k);  // one row of windows: no core
  HWY_DYNAMIC_DISPATCH(Covariance)(band, pitch, rows, cols, scratch, k);
}
void tridiagonalise(const float* k, float* d, float* e) { HWY_DYNAMIC_DISPATCH(Tridiagonalise)(k, d, e); }
bool factor(const float* k, float* q, float* r) { return HWY_DYNAMIC_DISPATCH(Factor)(k, q, r); }
void block_statistics(const float* q, const float* r, const float* lambda, float noise, const float* y, int count, int pitch,
                      float* b, float* s, float* e) {
  HWY_DYNAMIC_DISPATCH(BlockStatistics)(q, r, lambda, noise, y, count, pitch, b, s, e);
}
void log2_many(const float* x, int count, double* out) { HWY_DYNAMIC_DISPATCH(Log2Many)(x, count, out); }

}  // namespace fovea::speed
#endif
