// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <numbers>

#include "metrics/speed_chroma/speed_model.h"

namespace fovea::speed {
namespace {

// out = a b, full kDims x kDims by kDims x columns.
void product(const float* a, const float* b, int b_pitch, int columns, float* out) {
  for (int i = 0; i < kDims; ++i) {
    for (int j = 0; j < columns; ++j) {
      float sum = 0;
      for (int l = 0; l < kDims; ++l) sum += a[i * kPitch + l] * b[l * b_pitch + j];
      out[i * b_pitch + j] = sum;
    }
  }
}

float norm(const float* v, int count) {
  float sum = 0;
  for (int i = 0; i < count; ++i) sum += v[i] * v[i];
  return std::sqrt(sum);
}

}  // namespace

void covariance_ref(const float* band, int pitch, int rows, int cols, float* k) {
  const int windows_v = rows - kBlock + 1, windows_h = cols - kBlock + 1;
  const int count = windows_v * windows_h;
  const auto at = [&](int a, int y, int x) { return band[static_cast<ptrdiff_t>(y + a / kBlock) * pitch + x + a % kBlock]; };
  float mean[kDims];
  for (int a = 0; a < kDims; ++a) {
    float sum = 0;
    for (int y = 0; y < windows_v; ++y) {
      for (int x = 0; x < windows_h; ++x) sum += at(a, y, x);
    }
    mean[a] = sum / static_cast<float>(count);
  }
  std::fill(k, k + kDims * kPitch, 0.0f);
  for (int a = 0; a < kDims; ++a) {
    for (int b = a; b < kDims; ++b) {
      double sum = 0;
      for (int y = 0; y < windows_v; ++y) {
        for (int x = 0; x < windows_h; ++x) {
          sum += (static_cast<double>(at(a, y, x)) - static_cast<double>(mean[a])) *
                 (static_cast<double>(at(b, y, x)) - static_cast<double>(mean[b]));
        }
      }
      k[a * kPitch + b] = k[b * kPitch + a] = static_cast<float>(sum / count);
    }
  }
}

void tridiagonalise_ref(const float* k, float* d, float* e) {
  float a[kDims][kDims], v[kDims], x[kDims];
  for (int i = 0; i < kDims; ++i) std::memcpy(a[i], k + i * kPitch, sizeof a[i]);
  for (int i = 0; i < kDims - 2; ++i) {
    const int m = i + 1;
    float sum = 0;
    for (int r = m + 1; r < kDims; ++r) sum += a[r][i] * a[r][i];
    const float below = std::sqrt(sum);
    if (below == 0) continue;
    const float alpha = a[m][i];
    const float root = std::sqrt(alpha * alpha + below * below);
    const float beta = alpha >= 0 ? -root : root;
    const float tau = (beta - alpha) / beta, scale = alpha - beta;
    v[m] = 1;
    for (int r = m + 1; r < kDims; ++r) v[r] = scale != 0 ? a[r][i] / scale : a[r][i];
    a[m][i] = beta;
    float dot = 0;
    for (int r = m; r < kDims; ++r) {
      x[r] = 0;
      for (int j = m; j < kDims; ++j) x[r] += tau * a[r][j] * v[j];
      dot += x[r] * v[r];
    }
    const float shift = static_cast<float>(-0.5 * static_cast<double>(tau) * static_cast<double>(dot));
    for (int r = m; r < kDims; ++r) x[r] += shift * v[r];
    for (int r = m; r < kDims; ++r) {
      for (int j = m; j < kDims; ++j) a[r][j] -= x[r] * v[j] + v[r] * x[j];
    }
  }
  for (int i = 0; i < kDims; ++i) d[i] = a[i][i];
  for (int i = 0; i < kDims - 1; ++i) e[i] = a[i + 1][i];
}

bool factor_ref(const float* k, float* q, float* r) {
  constexpr size_t kCells = size_t{kDims} * kPitch;
  float z[kCells], h[kCells], next[kCells], v[kDims];
  std::memcpy(z, k, sizeof z);
  std::fill(q, q + kPaddedDims * kPitch, 0.0f);
  for (int i = 0; i < kDims; ++i) q[i * kPitch + i] = 1.0f;
  for (int step = 0; step < kDims - 1; ++step) {
    for (int i = 0; i < kDims; ++i) {
      for (int j = 0; j < kDims; ++j) {
        if (i < step || j < step) z[i * kPitch + j] = i == j ? 1.0f : 0.0f;
      }
    }
    for (int i = 0; i < kDims; ++i) v[i] = z[i * kPitch + step];
    const float length = norm(v, kDims);
    v[step] += k[step * kPitch + step] >= 0 ? length : -length;
    const float v_length = norm(v, kDims);
    for (float& value : v) value /= v_length;
    for (int i = 0; i < kDims; ++i) {
      for (int j = 0; j < kDims; ++j) h[i * kPitch + j] = -2.0f * v[i] * v[j];
      h[i * kPitch + i] += 1.0f;
    }
    product(h, z, kPitch, kDims, next);
    std::memcpy(z, next, sizeof z);
    product(h, q, kPitch, kDims, next);
    std::memcpy(q, next, sizeof next);
  }
  product(q, k, kPitch, kDims, r);
  for (int i = 0; i < kDims; ++i) {
    if (static_cast<double>(std::abs(r[i * kPitch + i])) < kTiny) return false;
  }
  return true;
}

double log2_ref(float x) {
  if (x == 0) return -std::numeric_limits<double>::infinity();
  if (!(x > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (x == std::numeric_limits<float>::infinity()) return std::numeric_limits<double>::infinity();
  constexpr int32_t kSqrtHalf = 0x3f3504f3;
  const int32_t bits = std::bit_cast<int32_t>(x) - kSqrtHalf;
  const float mantissa = std::bit_cast<float>((bits & 0x7fffff) + kSqrtHalf);
  const double f = static_cast<double>(mantissa - 1.0f);
  const double s = f / (2.0 + f), z = s * s;
  double p = 0;
  for (int n = 10; n >= 0; --n) p = p * z + 2.0 / ((2 * n + 1) * std::numbers::ln2);
  return static_cast<double>(bits >> 23) + s * p;
}

void block_statistics_ref(const float* q, const float* r, const float* lambda, float noise, const float* y, int count, int pitch,
                          float* b, float* s, float* e) {
  if (q != nullptr) product(q, y, pitch, count, b);
  for (int j = 0; j < count; ++j) {
    s[j] = 0;
    for (int i = kDims - 1; q != nullptr && i >= 0; --i) {
      float value = b[i * pitch + j];
      for (int l = i + 1; l < kDims; ++l) value -= b[l * pitch + j] * r[i * kPitch + l];
      b[i * pitch + j] = value / r[i * kPitch + i];
    }
    for (int a = 0; q != nullptr && a < kDims; ++a) s[j] += b[a * pitch + j] * y[a * pitch + j] / static_cast<float>(kDims);
    e[j] = 0;
    for (int i = 0; i < kDims; ++i) {
      const float variance = (lambda[i] < 0 ? 0.0f : lambda[i]) * s[j] + noise;
      e[j] = static_cast<float>(static_cast<double>(e[j]) + (log2_ref(variance) + log2_2pie()));
    }
  }
}

}  // namespace fovea::speed
