// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/adm/adm_bands.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "metrics/metric.h"

namespace fovea::adm {
namespace {

constexpr int kStripRows = 72;

// The reciprocal of the quantiser step that is just visible.
float watson(int scale, bool diagonal, const Viewing& viewing) {
  // Amplitudes of the basis functions (table V of the paper), orientations 1 and 2.
  static constexpr float kAmplitude[kScales][2] = {
      {0.67234f, 0.72709f}, {0.41317f, 0.49428f}, {0.22727f, 0.28688f}, {0.11792f, 0.15214f}};
  const float gain = diagonal ? 0.534f : 1.0f;
  const float r = pixels_per_degree(viewing);
  const float t =
      static_cast<float>(std::log10(std::pow(2.0, scale + 1) * double{0.401f} * double{gain} / double{r}));
  const float exponent = 0.466f * t * t;
  const float step = static_cast<float>(2.0 * double{0.495f} * std::pow(10.0, double{exponent}) /
                                        double{kAmplitude[scale][diagonal]});
  return 1.0f / step;
}

float barten(int scale, double csf_scale, const Viewing& viewing) {
  static constexpr float kLuminances[6] = {0.002f, 0.02f, 0.2f, 2.0f, 20.0f, 150.0f};
  static constexpr float kFits[6][4] = {
      {0.991265f, 3.74038f, 0.50722f, 4.46044f},  {0.800889f, 3.54104f, 0.682505f, 4.94958f},
      {0.476505f, 4.37453f, 0.750315f, 5.28678f}, {0.405782f, 4.40602f, 0.935314f, 5.61425f},
      {0.334278f, 3.79542f, 1.07327f, 6.4635f},   {0.394533f, 2.7755f, 1.16577f, 7.45665f}};
  constexpr float kLuminance = 100.0f;

  const float rho = static_cast<float>(double{pixels_per_degree(viewing)} / std::pow(2.0, scale + 1));
  int i = 0;
  while (kLuminance > kLuminances[i + 1]) ++i;
  const float from = static_cast<float>(std::log10(kLuminances[i]));
  const float to = static_cast<float>(std::log10(kLuminances[i + 1]));
  const float at = static_cast<float>(std::log10(kLuminance));
  float p[4];
  for (int k = 0; k < 4; ++k)
    p[k] = kFits[i][k] + ((kFits[i + 1][k] - kFits[i][k]) / (to - from)) * (at - from);
  const float a = static_cast<float>(1.0 + std::pow(double{p[0] * rho}, double{p[1]}));
  const float b =
      static_cast<float>(1.0 / std::pow(1.0 - std::exp(-std::pow(double{rho / 7.0f}, 2.0)), double{p[2]}));
  const float csf = static_cast<float>(double{p[3]} / std::pow(double{a * b}, 0.5));

  static constexpr float kBlurGain[4] = {0.424838596301290f, 0.572435103936480f, 0.000167576239164937f,
                                         0.00255872352306433f};
  static constexpr float kBlurDecay[4] = {0.028f, 0.37f, 37.0f, 360.0f};
  float blur = 0.0f;
  for (int k = 0; k < 4; ++k) {
    blur = static_cast<float>(double{blur} + double{kBlurGain[k]} * std::exp(double{-kBlurDecay[k] * rho}));
  }
  const float adaptation = static_cast<float>(
      double{30.162f} *
      std::pow(std::pow(double{4.0627f / kLuminance}, double{1.6596f}) + 1.0, double{-0.2712f}));
  return static_cast<float>(double{csf * blur * adaptation} * csf_scale);
}

}  // namespace

Range BandGeometry::strip_rows(int strip) const {
  const StripRange rows = strip_range(height, strips, strip, 1);
  return {rows.begin, rows.end};
}

Range BandGeometry::summed_rows(Range strip_rows) const {
  const Range rows{std::max(strip_rows.begin, top), std::min(strip_rows.end, bottom)};
  return rows.empty() ? Range{strip_rows.begin, strip_rows.begin} : rows;
}

Range BandGeometry::detail_rows(Range summed_rows) const {
  if (summed_rows.empty()) return summed_rows;
  return {std::max(summed_rows.begin - 1, 0), std::min(summed_rows.end + 1, height)};
}

std::array<BandGeometry, kScales> band_geometry(const Format& format) {
  std::array<BandGeometry, kScales> scales;
  int width = format.width_px, height = format.height_px;
  for (BandGeometry& s : scales) {
    s.src_width = width;
    s.src_height = height;
    s.width = width = (width + 1) / 2;
    s.height = height = (height + 1) / 2;
    s.left = static_cast<int>(s.width * 0.1 - 0.5);
    s.top = static_cast<int>(s.height * 0.1 - 0.5);
    s.right = s.width - s.left;
    s.bottom = s.height - s.top;
    s.strips = strip_count(s.height, kStripRows);
  }
  return scales;
}

double least_sum(const Format& format) {
  return 1e-10 * (static_cast<double>(format.width_px) * format.height_px) / (1920.0 * 1080.0);
}

float pixels_per_degree(const Viewing& viewing) {
  return static_cast<float>(viewing.distance_h * viewing.display_height_px * std::numbers::pi / 180.0);
}

Csf watson_csf(int scale, const Viewing& viewing) {
  return {watson(scale, false, viewing), watson(scale, true, viewing)};
}

Csf barten_csf(int scale, const Viewing& viewing, double straight_scale, double diagonal_scale) {
  return {barten(scale, straight_scale, viewing), barten(scale, diagonal_scale, viewing)};
}

}  // namespace fovea::adm
