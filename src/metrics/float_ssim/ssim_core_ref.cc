// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/float_ssim/ssim_core.h"
#include "metrics/float_ssim/ssim_taps.h"

namespace fovea::ssim_core {

void window_means_ref(const float* in, int width, int height, float* out) {
  const int across = width - kWindow + 1;
  std::vector<float> rows(static_cast<size_t>(across) * height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < across; ++x) {
      double sum = 0;
      for (int k = 0; k < kWindow; ++k) sum += static_cast<double>(in[static_cast<size_t>(y) * width + x + k] * window_tap(k));
      rows[static_cast<size_t>(y) * across + x] = static_cast<float>(sum);
    }
  }
  for (int y = 0; y + kWindow <= height; ++y) {
    for (int x = 0; x < across; ++x) {
      double sum = 0;
      for (int k = 0; k < kWindow; ++k) sum += static_cast<double>(rows[static_cast<size_t>(y + k) * across + x] * window_tap(k));
      out[static_cast<size_t>(y) * across + x] = static_cast<float>(sum);
    }
  }
}

void add_position(float m1, float m2, float rr, float dd, float rd, Sums& sums) {
  const float m1_sq = m1 * m1, m2_sq = m2 * m2;
  const float v1 = std::max(0.0f, rr - m1_sq), v2 = std::max(0.0f, dd - m2_sq), v12 = rd - m1 * m2;
  const float deviations = std::sqrt(v1 * v2);
  const double l = (2.0 * static_cast<double>(m1) * static_cast<double>(m2) + static_cast<double>(kC1)) /
                   static_cast<double>(m1_sq + m2_sq + kC1);
  const double c = (2.0 * static_cast<double>(deviations) + static_cast<double>(kC2)) / static_cast<double>(v1 + v2 + kC2);
  const float common = v12 < 0 && deviations <= 0 ? 0.0f : v12;
  const double s = static_cast<double>((common + kC3) / (deviations + kC3));
  sums.ssim += l * c * s;
  sums.luminance += l;
  sums.contrast += c;
  sums.structure += s;
}

Sums sums_ref(const float* a, const float* b, int width, int height) {
  const size_t size = static_cast<size_t>(width) * height;
  const size_t positions = static_cast<size_t>(width - kWindow + 1) * (height - kWindow + 1);
  std::vector<float> product(size), m1(positions), m2(positions), rr(positions), dd(positions), rd(positions);
  const auto moments = [&](const float* x, const float* y, std::vector<float>& out) {
    for (size_t i = 0; i < size; ++i) product[i] = x[i] * y[i];
    window_means_ref(product.data(), width, height, out.data());
  };
  window_means_ref(a, width, height, m1.data());
  window_means_ref(b, width, height, m2.data());
  moments(a, a, rr);
  moments(b, b, dd);
  moments(a, b, rd);
  Sums sums;
  for (size_t i = 0; i < positions; ++i) add_position(m1[i], m2[i], rr[i], dd[i], rd[i], sums);
  return sums;
}

void window_down_ref(const float* in, int steps, double* state, float* out) {
  // The sum that gets tap `age` of this sample stands at state[(s + 10 - age) % 11]: each keeps its place from its
  // first sample to its last.
  const auto sum_of = [&](int s, int age, int lane) -> double& { return state[(s + kWindow - 1 - age) % kWindow * kGroup + lane]; };
  for (int s = 0; s < steps; ++s) {
    for (int i = 0; i < kGroup; ++i) {
      const float x = in[s * kGroup + i];
      const auto product = [&](int tap) { return static_cast<double>(x * window_tap(tap)); };
      out[s * kGroup + i] = static_cast<float>(sum_of(s, kWindow - 1, i) + product(kWindow - 1));
      for (int age = 1; age < kWindow - 1; ++age) sum_of(s, age, i) += product(age);
      sum_of(s, 0, i) = product(0);
    }
  }
}

void add_positions_ref(const float* m1, const float* m2, const float* rr, const float* dd, const float* rd, int rows, int valid,
                       double* sums) {
  for (int i = 0; i < valid; ++i) {
    Sums lane{sums[i], sums[kGroup + i], sums[2 * kGroup + i], sums[3 * kGroup + i]};
    for (int y = 0; y < rows; ++y) {
      const int at = y * kGroup + i;
      add_position(m1[at], m2[at], rr[at], dd[at], rd[at], lane);
    }
    sums[i] = lane.ssim;
    sums[kGroup + i] = lane.luminance;
    sums[2 * kGroup + i] = lane.contrast;
    sums[3 * kGroup + i] = lane.structure;
  }
}

}  // namespace fovea::ssim_core
