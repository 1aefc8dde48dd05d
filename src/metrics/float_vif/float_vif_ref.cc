// SPDX-License-Identifier: BSD-2-Clause-Patent
// Float VIF, as plain loops: what the kernels must equal.
#include <algorithm>
#include <bit>
#include <vector>

#include "metrics/float_vif/float_vif_kernels.h"

namespace fovea::float_vif {
namespace {

float sample(const Source& s, int y, int x) {
  if (s.sample_bytes == 4) return s.view.row<float>(y)[x];
  const int value = s.sample_bytes == 1 ? s.view.row<uint8_t>(y)[x] : s.view.row<uint16_t>(y)[x];
  return static_cast<float>(value - s.zero) * s.unit;
}

// Row y of a (times b, if there is one) under the window.
std::vector<float> blurred_row(const Source& a, const Source* b, const Taps& taps, int y) {
  const int width = a.view.width_px, height = a.view.height_px, radius = taps.radius;
  std::vector<float> columns(width), out(width);
  for (int x = 0; x < width; ++x) {
    float sum = 0;
    for (int k = 0; k < taps.count(); ++k) {
      const int from = reflect101(y - radius + k, height);
      const float value = b != nullptr ? sample(a, from, x) * sample(*b, from, x) : sample(a, from, x);
      sum += taps.data()[k] * value;
    }
    columns[x] = sum;
  }
  for (int x = 0; x < width; ++x) {
    float sum = 0;
    for (int k = 0; k < taps.count(); ++k) sum += taps.data()[k] * columns[reflect101(x - radius + k, width)];
    out[x] = sum;
  }
  return out;
}

void add_row(const Strip& s, int d, int y) {
  const Source& dis = s.dis[d];
  const auto mean_ref = blurred_row(s.ref, nullptr, *s.taps, y),
             mean_dis = blurred_row(dis, nullptr, *s.taps, y);
  const auto ref_ref = blurred_row(s.ref, &s.ref, *s.taps, y), dis_dis = blurred_row(dis, &dis, *s.taps, y);
  const auto ref_dis = blurred_row(s.ref, &dis, *s.taps, y);
  const Statistic& st = s.statistic;
  float num_sum = 0, den_sum = 0;
  for (int x = 0; x < s.width(); ++x) {
    const float m1 = mean_ref[x], m2 = mean_dis[x];
    float var_ref = std::max(ref_ref[x] - m1 * m1, 0.0f);
    const float var_dis = std::max(dis_dis[x] - m2 * m2, 0.0f);
    const float covariance = ref_dis[x] - m1 * m2;
    float gain = covariance / (var_ref + kEpsilon);
    float rest = var_dis - gain * covariance;
    if (var_ref < kEpsilon) {
      gain = 0;
      rest = var_dis;
      var_ref = 0;
    }
    if (var_dis < kEpsilon) gain = rest = 0;
    if (gain < 0) {
      gain = 0;
      rest = var_dis;
    }
    rest = std::max(rest, kEpsilon);  // before the gain is limited
    gain = std::min(gain, st.gain_limit);
    const float kept = gain * gain * var_ref;
    float num = quick_log2(static_cast<float>(1.0 + kept / (rest + st.noise)));
    float den = quick_log2(static_cast<float>(1.0 + var_ref / st.noise));
    if (covariance < 0) num = 0;
    if (var_ref < st.noise) {
      num = 1.0f - var_dis * st.flat_weight;
      den = 1.0f;
    }
    num_sum += num;
    den_sum += den;
  }
  s.num[d][y] = num_sum;
  s.den[y] = den_sum;
}

void next_row(const Strip& s, const Source& from, const NextPlane& to, int y) {
  const auto row = blurred_row(from, nullptr, *s.next_taps, 2 * y);
  for (int x = 0; x < s.width() / 2; ++x) to.data[y * to.stride + x] = row[2 * x];
}

}  // namespace

float quick_log2(float v) {
  const uint32_t bits = std::bit_cast<uint32_t>(v);
  const int exponent = static_cast<int>(bits >> 23 & 255) - 127;
  const float x = std::bit_cast<float>((bits & 0x7fffff) | 0x3f800000) - 1.0f;
  float sum = kLog2Coefficients[0];
  for (int i = 1; i < 8; ++i) sum = sum * x + kLog2Coefficients[i];
  return static_cast<float>(exponent) + sum * x;
}

void run_strip_ref(const Strip& s) {
  for (int d = 0; s.taps != nullptr && d < s.dis_count; ++d) {
    for (int y = s.begin; y < s.end; ++y) add_row(s, d, y);
  }
  if (s.next_taps == nullptr) return;
  for (int y = s.begin / 2; y < std::min((s.end + 1) / 2, s.height() / 2); ++y) {
    next_row(s, s.ref, s.next_ref, y);
    for (int d = 0; d < s.dis_count; ++d) next_row(s, s.dis[d], s.next_dis[d], y);
  }
}

}  // namespace fovea::float_vif
