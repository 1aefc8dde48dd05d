// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "metrics/ssimulacra2/ssimulacra2_kernels.h"

namespace fovea::ssimulacra2 {
namespace {

using Planes = std::array<std::vector<float>, 3>;

int sample(const Frame& frame, int plane, int y, int x) {
  const PlaneView& view = frame.planes[plane];
  return frame.format.sample_bytes() == 1 ? view.row<uint8_t>(y)[x] : view.row<uint16_t>(y)[x];
}

Planes linear_planes(const Frame& frame, const Color& color) {
  Planes out;
  const PlaneView &luma = frame.planes[0], &chroma = frame.planes[1];
  for (int y = 0; y < luma.height_px; ++y) {
    const int cy = chroma_position(y, luma.height_px, chroma.height_px);
    for (int x = 0; x < luma.width_px; ++x) {
      const int cx = chroma_position(x, luma.width_px, chroma.width_px);
      float terms[4], rgb[3];
      chroma_terms_ref(sample(frame, 1, cy, cx), sample(frame, 2, cy, cx), color, terms);
      linear_ref(sample(frame, 0, y, x), terms, color, rgb);
      for (int c = 0; c < 3; ++c) out[c].push_back(rgb[c]);
    }
  }
  return out;
}

Planes halve(const Planes& in, int width, int height) {
  Planes out;
  for (int c = 0; c < 3; ++c) {
    for (int y = 0; y < height; y += 2) {
      for (int x = 0; x < width; x += 2) {
        const float* top = &in[c][static_cast<size_t>(y) * width];
        const float* bottom = &in[c][static_cast<size_t>(std::min(y + 1, height - 1)) * width];
        const int next = std::min(x + 1, width - 1);
        out[c].push_back((((top[x] + top[next]) + bottom[x]) + bottom[next]) * 0.25f);
      }
    }
  }
  return out;
}

Planes to_xyb(const Planes& linear) {
  Planes out;
  for (size_t i = 0; i < linear[0].size(); ++i) {
    const float rgb[3] = {linear[0][i], linear[1][i], linear[2][i]};
    float xyb[3];
    xyb_ref(rgb, xyb);
    for (int c = 0; c < 3; ++c) out[c].push_back(xyb[c]);
  }
  return out;
}

std::vector<float> blur(const std::vector<float>& a, const std::vector<float>& b, int width, int height) {
  std::vector<float> in(a), across(a.size()), out(a.size());
  if (!b.empty())
    std::transform(a.begin(), a.end(), b.begin(), in.begin(), [](float u, float v) { return u * v; });
  for (int y = 0; y < height; ++y)
    blur_line_ref(&in[static_cast<size_t>(y) * width], &across[static_cast<size_t>(y) * width], width, 1);
  for (int x = 0; x < width; ++x) blur_line_ref(&across[x], &out[x], height, width);
  return out;
}

std::array<double, kNorms> plane_norms(Definition definition, const std::vector<float>& a,
                                       const std::vector<float>& b, int width, int height) {
  const auto m1 = blur(a, {}, width, height), m2 = blur(b, {}, width, height),
             s11 = blur(a, a, width, height), s22 = blur(b, b, width, height),
             s12 = blur(a, b, width, height);
  std::array<double, kNorms> norms{};
  for (size_t i = 0; i < a.size(); ++i) {
    const double edge = edge_ref(a[i], b[i], m1[i], m2[i]);
    const double maps[3] = {ssim_error_ref(definition, m1[i], m2[i], s11[i], s22[i], s12[i]),
                            std::max(edge, 0.0), std::max(-edge, 0.0)};
    for (int k = 0; k < 3; ++k) {
      norms[k] += maps[k];
      norms[3 + k] += maps[k] * maps[k] * (maps[k] * maps[k]);
    }
  }
  for (int k = 0; k < kNorms; ++k) {
    norms[k] /= static_cast<double>(a.size());
    if (k >= 3) norms[k] = std::pow(norms[k], 0.25);
  }
  return norms;
}

}  // namespace

float srgb_to_linear_ref(float v) {
  const SrgbTable& table = srgb_table();
  if (v <= 0.0f) return 0.0f;
  if (v >= 1.0f) return 1.0f;
  const float position = v * static_cast<float>(SrgbTable::kSize - 1);
  const int i = std::min(static_cast<int>(position), SrgbTable::kSize - 2);
  return table.value(i) + (position - static_cast<float>(i)) * (table.value(i + 1) - table.value(i));
}

void chroma_terms_ref(int cb, int cr, const Color& color, float terms[4]) {
  const float u = (static_cast<float>(cb) * color.inverse_peak - 0.5f) * color.chroma_scale;
  const float v = (static_cast<float>(cr) * color.inverse_peak - 0.5f) * color.chroma_scale;
  terms[0] = color.cr_to_r * v;
  terms[1] = color.cb_to_g * u;
  terms[2] = color.cr_to_g * v;
  terms[3] = color.cb_to_b * u;
}

void linear_ref(int luma, const float terms[4], const Color& color, float rgb[3]) {
  const float y = (static_cast<float>(luma) * color.inverse_peak - color.luma_offset) * color.luma_scale;
  const float encoded[3] = {y + terms[0], y - terms[1] - terms[2], y + terms[3]};
  for (int c = 0; c < 3; ++c) rgb[c] = srgb_to_linear_ref(std::clamp(encoded[c], 0.0f, 1.0f));
}

void xyb_ref(const float rgb[3], float xyb[3]) {
  constexpr float kCones[3][3] = {
      {0.30f, 1.0f - 0.30f - 0.078f, 0.078f},
      {0.23f, 1.0f - 0.23f - 0.078f, 0.078f},
      {0.24342268924547819f, 0.20476744424496821f, 1.0f - 0.24342268924547819f - 0.20476744424496821f}};
  float cone[3];
  for (int i = 0; i < 3; ++i) {
    cone[i] = cube_root_ref(std::max(
                  0.0f, kCones[i][0] * rgb[0] + kCones[i][1] * rgb[1] + kCones[i][2] * rgb[2] + kBias)) -
              cube_root_ref(kBias);
  }
  const float y = 0.5f * (cone[0] + cone[1]);
  xyb[0] = 0.5f * (cone[0] - cone[1]) * 14.0f + 0.42f;
  xyb[1] = y + 0.01f;
  xyb[2] = (cone[2] - y) + 0.55f;
}

void blur_line_ref(const float* in, float* out, int count, ptrdiff_t stride) {
  float last[3] = {}, before[3] = {};
  for (int n = -kAhead; n < count; ++n) {
    const float behind = n >= kBehind ? in[(n - kBehind) * stride] : 0.0f;
    const float ahead = n + kAhead < count ? in[(n + kAhead) * stride] : 0.0f;
    const float sum = behind + ahead;
    float result = 0.0f;
    for (int k = 0; k < 3; ++k) {
      const float value = kBlurInput[k] * sum - kBlurFeedback[k] * last[k] - before[k];
      before[k] = last[k];
      last[k] = value;
      result += value;
    }
    if (n >= 0) out[n * stride] = result;
  }
}

double ssim_error_ref(Definition definition, float m1, float m2, float s11, float s22, float s12) {
  constexpr float kC2 = 0.0009f;
  const float gap = m1 - m2;
  const float luminance = 1.0f - gap * gap;
  const float structure = 2.0f * (s12 - m1 * m2) + kC2;
  const float energy = (s11 - m1 * m1) + (s22 - m2 * m2) + kC2;
  const float in_float = luminance * structure / energy;
  const double in_double = static_cast<double>(luminance) * structure / energy;
  return std::max(0.0,
                  1.0 - (definition == Definition::kReference ? static_cast<double>(in_float) : in_double));
}

double edge_ref(float a, float b, float m1, float m2) {
  return (1.0 + std::fabs(static_cast<double>(b) - m2)) / (1.0 + std::fabs(static_cast<double>(a) - m1)) -
         1.0;
}

double score_ref(const Plan& plan, const Frame& ref, const Frame& dis) {
  Planes a = linear_planes(ref, plan.color), b = linear_planes(dis, plan.color);
  std::vector<std::array<std::array<double, kNorms>, 3>> norms;
  for (size_t s = 0; s < plan.scales.size(); ++s) {
    if (s > 0) {
      a = halve(a, plan.scales[s - 1].width, plan.scales[s - 1].height);
      b = halve(b, plan.scales[s - 1].width, plan.scales[s - 1].height);
    }
    const Planes x = to_xyb(a), y = to_xyb(b);
    norms.emplace_back();
    for (int p = 0; p < 3; ++p) {
      norms[s][p] = plane_norms(plan.definition, x[p], y[p], plan.scales[s].width, plan.scales[s].height);
    }
  }
  return score(plan, norms);
}

}  // namespace fovea::ssimulacra2
