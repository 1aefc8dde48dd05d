// SPDX-License-Identifier: BSD-2-Clause-Patent
// SSIM over five scales. The README beside this file has the formulas.
#include <algorithm>
#include <array>
#include <cmath>

#include "metrics/float_ms_ssim/halve.h"
#include "metrics/float_ssim/ssim_core.h"
#include "metrics/float_ssim/ssim_report.h"
#include "metrics/metric.h"

namespace fovea::float_ms_ssim {
namespace {

#define FOVEA_PARAMS_OWNER "float_ms_ssim"
#define FOVEA_PARAMS_FILE "metrics/float_ms_ssim/float_ms_ssim.params"
#include "metrics/define_params.inc"

constexpr int kScales = 5;
constexpr int kMinSize = ssim_core::kWindow << (kScales - 1);  // 176: the window fits the last scale
constexpr int kStripRows = 64;                            // of the next scale
constexpr std::array<float, kScales> kContrastPower = {0.0448f, 0.2856f, 0.3001f, 0.2363f, 0.1333f};
constexpr std::array<float, kScales> kLuminancePower = {0.0f, 0.0f, 0.0f, 0.0f, 0.1333f};

struct Plan {
  Format format;
  std::array<int, kScales> width{}, height{};
  std::array<int, kScales> bands{};
  std::array<int, kScales> halve_strips{};  // to make the next scale; 0 at the last
  bool lcs = false;
  bool db = false;
  double max_db = 0;
};

// Per scale: sums[band][dis]; from scale 1 on: planes[picture], picture 0 being the reference.
struct State final : FrameState {
  std::array<std::vector<ssim_core::Sums>, kScales> sums;
  std::array<std::vector<AlignedBuffer<float>>, kScales> planes;
};

class FloatMsSsim final : public Metric {
 public:
  explicit FloatMsSsim(const Plan& plan) : plan_(plan) {
    for (int s = 0; s < kScales; ++s) strips_.push_back(plan.bands[s] + plan.halve_strips[s]);
    features_.push_back(plain_feature("float_ms_ssim"));
    for (const char* factor : {"l", "c", "s"}) {
      for (int s = 0; plan.lcs && s < kScales; ++s) {
        features_.push_back(plain_feature((std::string("float_ms_ssim_") + factor + "_scale" + std::to_string(s)).c_str()));
      }
    }
  }

  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  // One phase a scale: its bands of columns are scored, and strips of rows of the next scale are made.
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int dis_count) const override {
    return std::max(ssim_core::band_scratch_bytes(dis_count) + Scratch::bytes_for<ssim_core::Image>(dis_count), ms_ssim::halve_scratch_bytes());
  }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    auto state = std::make_unique<State>();
    for (int s = 0; s < kScales; ++s) {
      state->sums[s].resize(static_cast<size_t>(plan_.bands[s]) * dis_count);
      for (int i = 0; s > 0 && i < 1 + dis_count; ++i) {
        state->planes[s].emplace_back(static_cast<size_t>(plan_.width[s]) * plan_.height[s]);
      }
    }
    return state;
  }

  void run(const FrameInput& input, int scale, int strip, FrameState& frame_state, Scratch& scratch) const override {
    State& state = static_cast<State&>(frame_state);
    const int dis_count = static_cast<int>(input.dis().size());
    if (strip >= plan_.bands[scale]) {
      const StripRange rows = strip_range(plan_.height[scale + 1], plan_.halve_strips[scale], strip - plan_.bands[scale], 1);
      for (int i = 0; i < 1 + dis_count; ++i) {
        scratch.reset();
        ms_ssim::halve_rows(image(input, state, scale, i), rows.begin, rows.end, state.planes[scale + 1][i].data(), scratch);
      }
      return;
    }
    // The luminance of all but the last scale has the power 0.
    const bool all = plan_.lcs || scale == kScales - 1;
    ssim_core::Image* dis = scratch.take<ssim_core::Image>(dis_count);
    for (int k = 0; k < dis_count; ++k) dis[k] = image(input, state, scale, k + 1);
    ssim_core::band_sums(all ? ssim_core::Wanted::kAll : ssim_core::Wanted::kContrastStructure, image(input, state, scale, 0), dis, dis_count, strip,
                    &state.sums[scale][static_cast<size_t>(strip) * dis_count], scratch);
  }

  void finish(const FrameInput& input, const FrameState& frame_state, int dis, std::span<double> raw) const override {
    const State& state = static_cast<const State&>(frame_state);
    double score = 1;
    for (int s = 0; s < kScales; ++s) {
      const ssim_core::Means means =
          ssim_core::join_bands(state.sums[s].data() + dis, static_cast<int>(input.dis().size()), plan_.width[s], plan_.height[s]);
      const double l = static_cast<double>(means.luminance), c = static_cast<double>(means.contrast),
                   structure = static_cast<double>(means.structure);
      score *= std::pow(l, static_cast<double>(kLuminancePower[s])) * std::pow(c, static_cast<double>(kContrastPower[s])) *
               std::pow(structure, static_cast<double>(kContrastPower[s]));
      if (!plan_.lcs) continue;
      raw[1 + s] = l;
      raw[1 + kScales + s] = c;
      raw[1 + 2 * kScales + s] = structure;
    }
    raw[0] = plan_.db ? ssim_core::to_db(score, plan_.max_db) : score;
  }

 private:
  ssim_core::Image image(const FrameInput& input, const State& state, int scale, int picture) const {
    ssim_core::Image out;
    out.width = plan_.width[scale];
    out.height = plan_.height[scale];
    if (scale > 0) {
      out.floats = state.planes[scale][picture].data();
      out.pitch = out.width;
    } else {
      out.samples = &(picture == 0 ? input.ref() : input.dis()[picture - 1]).planes[0];
      out.sample_bytes = plan_.format.sample_bytes();
      out.scale = ssim_core::sample_scale(plan_.format.bit_depth);
    }
    return out;
  }

  Plan plan_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  if (std::min(format.width_px, format.height_px) < kMinSize) return too_small_error("float_ms_ssim", format, kMinSize, kMinSize);
  Plan plan;
  plan.format = format;
  plan.lcs = params.enable_lcs;
  plan.db = params.enable_db;
  plan.max_db = ssim_core::max_db(format, params.clip_db);
  for (int s = 0; s < kScales; ++s) {
    plan.width[s] = s == 0 ? format.width_px : ms_ssim::halved(plan.width[s - 1]);
    plan.height[s] = s == 0 ? format.height_px : ms_ssim::halved(plan.height[s - 1]);
    plan.bands[s] = ssim_core::band_count(plan.width[s]);
    if (s + 1 < kScales) plan.halve_strips[s] = strip_count(ms_ssim::halved(plan.height[s]), kStripRows);
  }
  return std::unique_ptr<Metric>(std::make_unique<FloatMsSsim>(plan));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "float_ms_ssim",
    .summary = "structural similarity over five scales",
    .provided = {{"float_ms_ssim", nullptr}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::float_ms_ssim
