// SPDX-License-Identifier: BSD-2-Clause-Patent
// Float ADM: detail loss and additive impairments in single precision. A phase is a scale, which makes its
// sums and, on the way, the low-low band that is the input of the next scale.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "metrics/float_adm/float_adm_kernels.h"
#include "metrics/metric.h"

namespace fovea::float_adm {
namespace {

#define FOVEA_PARAMS_OWNER "float_adm"
#define FOVEA_PARAMS_FILE "metrics/float_adm/float_adm.params"
#include "metrics/define_params.inc"

constexpr FeatureName kScores[] = {{"VMAF_feature_adm2_score", "adm2"},
                                   {"VMAF_feature_aim_score", "aim"},
                                   {"VMAF_feature_adm3_score", "adm3"},
                                   {"VMAF_feature_adm_scale0_score", "adm_scale0"},
                                   {"VMAF_feature_adm_scale1_score", "adm_scale1"},
                                   {"VMAF_feature_adm_scale2_score", "adm_scale2"},
                                   {"VMAF_feature_adm_scale3_score", "adm_scale3"}};
// Smallest picture: the bands of the last scale are 2x2, so that each coefficient has a neighbour to mirror.
constexpr int kMinSize = 17;

// The contrast sensitivity of the first ADM, for a spatial frequency in cycles per degree.
float first_csf(float frequency) {
  return static_cast<float>((0.31 + 0.69 * double{frequency}) * std::exp(-0.29 * double{frequency}));
}

adm::Csf csf_of_scale(int scale, const Params& params) {
  const adm::Viewing viewing{params.adm_norm_view_dist, params.adm_ref_display_height};
  adm::Csf csf = adm::watson_csf(scale, viewing);
  if (params.adm_csf_mode == 1)
    csf = adm::barten_csf(scale, viewing, params.adm_csf_scale, params.adm_csf_diag_scale);
  if (params.adm_csf_mode == 2) {
    const double r = adm::pixels_per_degree(viewing);
    const float frequency = static_cast<float>(r / std::pow(2.0, scale + 1));
    csf = {first_csf(frequency), first_csf(static_cast<float>(double{frequency} / 0.7))};
  }
  const double straight[kScales] = {params.adm_f1s0, params.adm_f1s1, params.adm_f1s2, params.adm_f1s3};
  const double diagonal[kScales] = {params.adm_f2s0, params.adm_f2s1, params.adm_f2s2, params.adm_f2s3};
  if (straight[scale] >= 0) csf.straight = static_cast<float>(straight[scale]);
  if (diagonal[scale] >= 0) csf.diagonal = static_cast<float>(diagonal[scale]);
  return csf;
}

// Everything that depends on format and options only.
struct Plan {
  Format format;
  Params params;
  std::array<BandGeometry, kScales> bands;
  std::array<Scoring, kScales> scoring;
  float root = 0;  // exponent of the sums
  std::array<float, kScales> noise_floor{};

  bool is_scored(int scale) const { return scale > 0 || !params.adm_skip_scale0; }
};

Plan make_plan(const Format& format, const Params& params) {
  Plan plan;
  plan.format = format;
  plan.params = params;
  plan.bands = adm::band_geometry(format);
  plan.root = static_cast<float>(1.0 / params.adm_p_norm);
  for (int s = 0; s < kScales; ++s) {
    const adm::Csf csf = csf_of_scale(s, params);
    Scoring& scoring = plan.scoring[s];
    std::fill_n(scoring.csf, kBands, csf.straight);
    scoring.csf[kD] = csf.diagonal;
    scoring.gain_limit = params.adm_enhn_gain_limit;
    scoring.masking = params.adm_bypass_cm == 0;
    scoring.p_norm = static_cast<float>(params.adm_p_norm);
    const double area = static_cast<double>(plan.bands[s].rows()) * plan.bands[s].columns();
    plan.noise_floor[s] = std::pow(static_cast<float>(area * params.adm_noise_weight), plan.root);
  }
  return plan;
}

// A value per row for each band.
struct Rows {
  explicit Rows(int height) {
    for (auto& b : band) b.resize(height);
  }
  RowSums view() {
    RowSums out;
    for (int b = 0; b < kBands; ++b) out.band[b] = band[b].data();
    return out;
  }
  std::array<std::vector<float>, kBands> band;
};

struct State final : FrameState {
  State(const Plan& plan, int dis_count) {
    low.resize(dis_count + 1);
    for (auto& planes : low) {
      for (int s = 0; s + 1 < kScales; ++s)
        planes[s] = AlignedBuffer<float>(plane_stride(plan.bands[s].width) * plan.bands[s].height);
    }
    for (int s = 0; s < kScales; ++s) {
      den.emplace_back(plan.bands[s].height);
      num[s].assign(dis_count, Rows(plan.bands[s].height));
      aim[s] = num[s];
      for (int k = 0; k < dis_count; ++k) sums[s].push_back({num[s][k].view(), aim[s][k].view()});
    }
  }
  std::vector<std::array<AlignedBuffer<float>, kScales - 1>> low;  // of the reference first
  std::vector<Rows> den;                                           // [scale]
  std::array<std::vector<Rows>, kScales> num, aim;                 // [scale][dis]
  std::array<std::vector<DistortedSums>, kScales> sums;            // views of them
};

class FloatAdm final : public Metric {
 public:
  explicit FloatAdm(const Plan& plan) : plan_(plan) {
    for (const BandGeometry& bands : plan.bands) strips_.push_back(bands.strips);
    const std::string suffix = param_table().suffix(plan.params);
    for (const FeatureName& name : kScores) features_.push_back(named_feature(name, suffix));
    if (!plan.params.debug) return;
    features_.push_back(plain_feature("adm"));
    const auto add = [&](const std::string& name) {
      features_.push_back(named_feature({name.c_str(), nullptr}, suffix));
    };
    add("adm_num");
    add("adm_den");
    for (int s = 0; s < kScales; ++s) {
      add("adm_num_scale" + std::to_string(s));
      add("adm_den_scale" + std::to_string(s));
    }
  }

  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int dis_count) const override {
    return Scratch::bytes_for<Source>(dis_count) + Scratch::bytes_for<LowPlane>(dis_count) +
           strip_scratch_bytes(dis_count);
  }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(plan_, dis_count);
  }

  void run(const FrameInput& input, int scale, int index, FrameState& frame_state,
           Scratch& scratch) const override {
    State& state = static_cast<State&>(frame_state);
    const int dis_count = static_cast<int>(input.dis().size());
    Source* dis = scratch.take<Source>(dis_count);
    LowPlane* low_dis = scratch.take<LowPlane>(dis_count);
    for (int k = 0; k < dis_count; ++k) {
      dis[k] = source(input.dis()[k], state, k + 1, scale);
      low_dis[k] = low_plane(state, k + 1, scale);
    }
    Strip strip;
    strip.bands = &plan_.bands[scale];
    strip.rows = strip.bands->strip_rows(index);
    strip.dis_count = dis_count;
    strip.ref = source(input.ref(), state, 0, scale);
    strip.dis = dis;
    if (plan_.is_scored(scale)) strip.scoring = &plan_.scoring[scale];
    strip.den = state.den[scale].view();
    strip.sums = state.sums[scale].data();
    strip.low_ref = low_plane(state, 0, scale);
    strip.low_dis = low_dis;
    run_strip(strip, scratch);
  }

  void finish(const FrameInput& input, const FrameState& state, int dis,
              std::span<double> raw) const override;

 private:
  Source source(const Frame& frame, State& state, int picture, int scale) const {
    const BandGeometry& bands = plan_.bands[scale];
    if (scale == 0) {
      const int above = 1 << (plan_.format.bit_depth - 8);
      return {frame.planes[0], plan_.format.sample_bytes(), 128 * above, 1.0f / static_cast<float>(above)};
    }
    return {{reinterpret_cast<const uint8_t*>(state.low[picture][scale - 1].data()),
             plane_stride(bands.src_width) * static_cast<ptrdiff_t>(sizeof(float)), bands.src_width,
             bands.src_height},
            static_cast<int>(sizeof(float)),
            0,
            1.0f};
  }
  LowPlane low_plane(State& state, int picture, int scale) const {
    if (scale + 1 == kScales) return {};
    return {state.low[picture][scale].data(), plane_stride(plan_.bands[scale].width)};
  }
  // The norms of the bands, added up.
  float score(const Rows& rows, int scale, float noise_floor) const {
    const BandGeometry& g = plan_.bands[scale];
    float score = 0.0f;
    for (const std::vector<float>& band : rows.band) {
      float total = 0.0f;
      for (int y = g.top; y < g.bottom; ++y) total += band[y];
      score += std::pow(total, plan_.root) + noise_floor;
    }
    return score;
  }

  Plan plan_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

void FloatAdm::finish(const FrameInput&, const FrameState& frame_state, int dis,
                      std::span<double> raw) const {
  const State& s = static_cast<const State&>(frame_state);
  const Params& params = plan_.params;
  std::array<float, kScales> num{}, den{};
  double num_sum = 0, den_sum = 0, aim_num = 0, aim_den = 0;
  for (int scale = 0; scale < kScales; ++scale) {
    den[scale] = static_cast<float>(1e-10);  // of a skipped scale
    float aim = 0;
    if (plan_.is_scored(scale)) {
      den[scale] = score(s.den[scale], scale, plan_.noise_floor[scale]);
      num[scale] = score(s.num[scale][dis], scale, plan_.noise_floor[scale]);
      aim = score(s.aim[scale][dis], scale, 0.0f);
    }
    num_sum += num[scale];
    den_sum += den[scale];
    if (scale == params.adm_skip_aim_scale) continue;
    aim_num += aim;
    aim_den += den[scale];
  }

  const double limit = adm::least_sum(plan_.format);
  if (num_sum < limit) num_sum = 0;
  if (den_sum < limit) den_sum = 0;
  const double adm2 = den_sum == 0 ? 1.0 : num_sum / den_sum;
  const double quotient = aim_num / aim_den;
  const double aim = den_sum == 0 ? 0.0 : quotient < 1.0 ? quotient : 1.0;  // 0 / 0 gives 1
  const double adm3 = params.adm_adm3_apply_hm
                          ? 2.0 * adm2 * aim / (adm2 + aim)
                          : adm2 * params.adm_dlm_weight + (1.0 - aim) * (1.0 - params.adm_dlm_weight);
  size_t next = 0;
  raw[next++] = adm2;
  raw[next++] = aim;
  raw[next++] = adm3 > params.adm_min_val ? adm3 : params.adm_min_val;  // in this form NaN gives the minimum
  for (int scale = 0; scale < kScales; ++scale)
    raw[next++] = static_cast<double>(num[scale]) / static_cast<double>(den[scale]);
  if (!params.debug) return;
  raw[next++] = adm2;
  raw[next++] = num_sum;
  raw[next++] = den_sum;
  for (int scale = 0; scale < kScales; ++scale) {
    raw[next++] = num[scale];
    raw[next++] = den[scale];
  }
}

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  const int b = format.bit_depth;
  if (b != 8 && b != 10 && b != 12 && b != 16) {
    return unsupported_error("float_adm: bit depth " + std::to_string(b) + " is not 8, 10, 12 or 16");
  }
  if (format.width_px < kMinSize || format.height_px < kMinSize)
    return too_small_error("float_adm", format, kMinSize, kMinSize);
  return std::unique_ptr<Metric>(std::make_unique<FloatAdm>(make_plan(format, params)));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "float_adm",
    .summary = "detail loss (adm2), additive impairments (aim) and both (adm3), single precision",
    .provided = {std::begin(kScores), std::end(kScores)},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::float_adm
