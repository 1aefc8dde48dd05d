// SPDX-License-Identifier: BSD-2-Clause-Patent
// The choice of a model of contrast sensitivity, and models that are tables.
#include "metrics/adm/adm_plan.h"

namespace fovea::adm {
namespace {

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
  const Viewing viewing{params.adm_norm_view_dist, params.adm_ref_display_height};
  switch (params.adm_csf_mode) {
    case 1:
      return barten_csf(scale, viewing, params.adm_csf_scale, params.adm_csf_diag_scale);
    case 2:
      return tabulated(kBlend, scale, params);
    case 3:
      return tabulated(kBlendMae, scale, params);
    default:
      return watson_csf(scale, viewing);
  }
}

}  // namespace fovea::adm
