// SPDX-License-Identifier: BSD-2-Clause-Patent
// Contrast sensitivity: how strongly the eye sees each band. Scores hang on the last bit of these floats, so
// the mix of single and double precision is part of the definition.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "metrics/adm/adm_plan.h"

namespace fovea::adm {
namespace {

float pixels_per_degree(const Params& params) {
  return static_cast<float>(params.adm_norm_view_dist * params.adm_ref_display_height * std::numbers::pi /
                            180.0);
}

// A. B. Watson, G. Y. Yang, J. A. Solomon, J. Villasenor, "Visibility of wavelet quantization noise", 1997:
// the reciprocal of the quantiser step that is just visible.
float watson(int scale, bool diagonal, const Params& params) {
  // Amplitudes of the basis functions (table V there), orientations 1 and 2.
  static constexpr float kAmplitude[kScales][2] = {
      {0.67234f, 0.72709f}, {0.41317f, 0.49428f}, {0.22727f, 0.28688f}, {0.11792f, 0.15214f}};
  const float gain = diagonal ? 0.534f : 1.0f;
  const float r = pixels_per_degree(params);
  const float t =
      static_cast<float>(std::log10(std::pow(2.0, scale + 1) * double{0.401f} * double{gain} / double{r}));
  const float exponent = 0.466f * t * t;
  const float step = static_cast<float>(2.0 * double{0.495f} * std::pow(10.0, double{exponent}) /
                                        double{kAmplitude[scale][diagonal]});
  return 1.0f / step;
}

// P. G. J. Barten's model with optical blur and the adaptation of rods and cones, at 100 cd/m2.
float barten(int scale, double csf_scale, const Params& params) {
  static constexpr float kLuminances[6] = {0.002f, 0.02f, 0.2f, 2.0f, 20.0f, 150.0f};
  static constexpr float kFits[6][4] = {
      {0.991265f, 3.74038f, 0.50722f, 4.46044f},  {0.800889f, 3.54104f, 0.682505f, 4.94958f},
      {0.476505f, 4.37453f, 0.750315f, 5.28678f}, {0.405782f, 4.40602f, 0.935314f, 5.61425f},
      {0.334278f, 3.79542f, 1.07327f, 6.4635f},   {0.394533f, 2.7755f, 1.16577f, 7.45665f}};
  constexpr float kLuminance = 100.0f;

  const float rho = static_cast<float>(double{pixels_per_degree(params)} / std::pow(2.0, scale + 1));
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

// Blends of several models, tabulated for some displays.
struct Display {
  int height;
  double distance;
  float straight[kScales];
  float diagonal[kScales];
};

constexpr Display kBlend[] = {
    {1080, 3.0, {0.01183f, 0.025026f, 0.04295f, 0.058621f}, {0.004302f, 0.011778f, 0.023918f, 0.035901f}},
    {2160, 1.5, {0.01183f, 0.025026f, 0.04295f, 0.058621f}, {0.004302f, 0.011778f, 0.023918f, 0.035901f}},
    {1080, 5.0, {0.004212f, 0.014809f, 0.029642f, 0.047464f}, {0.000984f, 0.005852f, 0.0146f, 0.027574f}},
    {2160, 3.0, {0.00226f, 0.01183f, 0.025026f, 0.04295f}, {0.000479f, 0.004302f, 0.011778f, 0.023918f}},
    {2160, 5.0, {0.000092f, 0.004212f, 0.014809f, 0.029642f}, {0.000050f, 0.000984f, 0.005852f, 0.0146f}},
    {720, 5.0, {0.010144f, 0.022561f, 0.040309f, 0.05672f}, {0.003463f, 0.010282f, 0.021839f, 0.034641f}},
};

constexpr Display kBlendMae[] = {
    {1080, 3.0, {0.011249f, 0.022606f, 0.035930f, 0.045673f}, {0.004097f, 0.010921f, 0.021430f, 0.031313f}},
    {2160, 1.5, {0.011249f, 0.022606f, 0.035930f, 0.045673f}, {0.004097f, 0.010921f, 0.021430f, 0.031313f}},
    {1080, 5.0, {0.004052f, 0.013939f, 0.026298f, 0.038833f}, {0.000927f, 0.005544f, 0.013415f, 0.024515f}},
    {2160, 3.0, {0.002166f, 0.011249f, 0.022606f, 0.035930f}, {0.000447f, 0.004097f, 0.010921f, 0.021430f}},
    {2160, 5.0, {0.000077f, 0.004052f, 0.013939f, 0.026298f}, {0.000045f, 0.000927f, 0.005544f, 0.013415f}},
    {720, 5.0, {0.009689f, 0.020577f, 0.034162f, 0.044523f}, {0.003302f, 0.009579f, 0.019661f, 0.030318f}},
};

template <size_t N>
Csf tabulated(const Display (&table)[N], int scale, const Params& params) {
  for (const Display& d : table) {
    if (d.height == params.adm_ref_display_height && d.distance == params.adm_norm_view_dist) {
      return {d.straight[scale], d.diagonal[scale]};
    }
  }
  return {-22.0f, -22.0f};  // libvmaf uses its error code as the weight; scores become NaN
}

}  // namespace

Csf csf_of_scale(int scale, const Params& params) {
  switch (params.adm_csf_mode) {
    case 1:
      return {barten(scale, params.adm_csf_scale, params), barten(scale, params.adm_csf_diag_scale, params)};
    case 2:
      return tabulated(kBlend, scale, params);
    case 3:
      return tabulated(kBlendMae, scale, params);
    default:
      return {watson(scale, false, params), watson(scale, true, params)};
  }
}

}  // namespace fovea::adm
