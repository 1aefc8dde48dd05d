// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/ssimulacra2/ssimulacra2_plan.h"

#include <algorithm>
#include <cmath>

namespace fovea::ssimulacra2 {
namespace {

// Weights, plane by plane, a row a scale; columns: means of ssim, ringing, blur, then their 4-norms.
// clang-format off
constexpr std::array<double, 3 * kScales * kNorms> kWeights = {
    // X
    0.0, 0.0007376606707406586, 0.0, 0.0, 0.0007793481682867309, 0.0,
    0.0, 0.0004371155730107379, 0.0, 1.1041726426657346, 0.00066284834129271, 0.00015231632783718752,
    0.0, 0.0016406437456599754, 0.0, 1.8422455520539298, 11.441172603757666, 0.0,
    0.0007989109436015163, 0.000176816438078653, 0.0, 1.8787594979546387, 10.94906990605142, 0.0,
    0.0007289346991508072, 0.9677937080626833, 0.0, 0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053,
    0.0004550992113792063, 0.0, 0.0, 0.0013648766163243398, 0.0, 0.0,
    // Y
    0.0, 0.0, 0.0, 7.466890328078848, 0.0, 17.445833984131262,
    0.0006235601634041466, 0.0, 0.0, 6.683678146179332, 0.00037724407979611296, 1.027889937768264,
    225.20515300849274, 0.0, 0.0, 19.213238186143016, 0.0011401524586618361, 0.001237755635509985,
    176.39317598450694, 0.0, 0.0, 24.43300999870476, 0.28520802612117757, 0.0004485436923833408,
    0.0, 0.0, 0.0, 34.77906344483772, 44.835625328877896, 0.0,
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0,
    // B
    0.0, 0.0008680556573291698, 0.0, 0.0, 0.0, 0.0,
    0.0, 0.0005313191874358747, 0.0, 0.00016533814161379112, 0.0, 0.0,
    0.0, 0.0, 0.0, 0.0004179171803251336, 0.0017290828234722833, 0.0,
    0.0020827005846636437, 0.0, 0.0, 8.826982764996862, 23.19243343998926, 0.0,
    95.1080498811086, 0.9863978034400682, 0.9834382792465353, 0.0012286405048278493, 171.2667255897307, 0.9807858872435379,
    0.0, 0.0, 0.0, 0.0005130064588990679, 0.0, 0.00010854057858411537
};
// clang-format on

struct Primaries {
  float kr, kg, kb;
  bool full_range;
};
constexpr std::array<Primaries, kMatrices> kPrimaries = {{
    {0.2126f, 0.7152f, 0.0722f, false},  // BT.709
    {0.299f, 0.587f, 0.114f, false},     // BT.601
    {0.2126f, 0.7152f, 0.0722f, true},
    {0.299f, 0.587f, 0.114f, true},
    {0.2627f, 0.6780f, 0.0593f, false},  // BT.2020, non-constant luminance
    {0.2627f, 0.6780f, 0.0593f, true},
}};

}  // namespace

Color make_color(int yuv_matrix, int bit_depth) {
  const Primaries& m = kPrimaries[yuv_matrix];
  Color color;
  color.inverse_peak = 1.0f / static_cast<float>((1 << bit_depth) - 1);
  color.luma_offset = m.full_range ? 0.0f : 16.0f / 255.0f;
  color.luma_scale = m.full_range ? 1.0f : 255.0f / 219.0f;
  color.chroma_scale = m.full_range ? 1.0f : 255.0f / 224.0f;
  color.cr_to_r = 2.0f * (1.0f - m.kr);
  color.cb_to_g = 2.0f * m.kb * (1.0f - m.kb) / m.kg;
  color.cr_to_g = 2.0f * m.kr * (1.0f - m.kr) / m.kg;
  color.cb_to_b = 2.0f * (1.0f - m.kb);
  return color;
}

const SrgbTable& srgb_table() {
  static const SrgbTable table = [] {
    std::array<float, SrgbTable::kSize> value;
    for (int i = 0; i < SrgbTable::kSize; ++i) {
      const double v = i / static_cast<double>(SrgbTable::kSize - 1);
      value[i] = static_cast<float>(v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4));
    }
    SrgbTable t;
    for (int i = 0; i < SrgbTable::kSize; ++i) {
      const float rise = i + 1 < SrgbTable::kSize ? value[i + 1] - value[i] : 0.0f;
      t.point[i] =
          static_cast<uint64_t>(std::bit_cast<uint32_t>(rise)) << 32 | std::bit_cast<uint32_t>(value[i]);
    }
    return t;
  }();
  return table;
}

Plan make_plan(const Format& format, int yuv_matrix, Definition definition) {
  Plan plan;
  plan.format = format;
  plan.definition = definition;
  plan.color = make_color(yuv_matrix, format.bit_depth);
  int width = format.width_px, height = format.height_px;
  while (static_cast<int>(plan.scales.size()) < kScales) {
    // The reference asks the size of the scale above, the fork that of the scale itself.
    if (definition == Definition::kReference && std::min(width, height) < kSmallestSide_px) break;
    if (!plan.scales.empty()) {
      width = (width + 1) / 2;
      height = (height + 1) / 2;
    }
    if (definition == Definition::kFork && std::min(width, height) < kSmallestSide_px) break;
    plan.scales.push_back({width, height, {}});
  }
  const int weight_rows =
      definition == Definition::kReference ? static_cast<int>(plan.scales.size()) : kScales;
  for (int s = 0; s < static_cast<int>(plan.scales.size()); ++s) {
    for (int p = 0; p < 3; ++p) {
      PlanePlan& plane = plan.scales[s].planes[p];
      plane.first_weight = (p * weight_rows + s) * kNorms;
      const double* w = &kWeights[plane.first_weight];
      plane.needs_ssim = w[0] != 0 || w[3] != 0;
      plane.needs_edges = w[1] != 0 || w[2] != 0 || w[4] != 0 || w[5] != 0;
    }
  }
  return plan;
}

double score(const Plan& plan, const std::vector<std::array<std::array<double, kNorms>, 3>>& norms) {
  double sum = 0.0;
  for (int p = 0; p < 3; ++p) {
    for (size_t s = 0; s < plan.scales.size(); ++s) {
      for (int k = 0; k < kNorms; ++k) {
        sum += kWeights[plan.scales[s].planes[p].first_weight + k] * std::fabs(norms[s][p][k]);
      }
    }
  }
  double s = sum * 0.9562382616834844;
  s = 2.326765642916932 * s - 0.020884521182843837 * s * s + 6.248496625763138e-05 * s * s * s;
  return s > 0.0 ? 100.0 - 10.0 * std::pow(s, 0.6276336467831387) : 100.0;
}

}  // namespace fovea::ssimulacra2
