// SPDX-License-Identifier: BSD-2-Clause-Patent
// SpEED of the change of luma from one picture to the next. The README beside this file has the formulas.
#include "metrics/metric.h"
#include "metrics/speed_chroma/speed_pipeline.h"

namespace fovea::speed_temporal {
namespace {

#define FOVEA_PARAMS_OWNER "speed_temporal"
#define FOVEA_PARAMS_FILE "metrics/speed_temporal/speed_temporal.params"
#include "metrics/define_params.inc"

constexpr FeatureName kName = {"Speed_temporal_feature_speed_temporal_score", "speed_temporal"};

// Per picture (0: the reference, k + 1: distorted k).
struct State final : FrameState {
  State(const speed::Plan& plan, int pictures) {
    const size_t floats = static_cast<size_t>(plan.lattice_pitch()) * plan.lattice_height;
    for (int p = 0; p < pictures; ++p) {
      lattices.emplace_back(floats);
      std::fill(lattices.back().data(), lattices.back().data() + floats, 0.0f);
      models.emplace_back(plan);
    }
  }
  std::vector<AlignedBuffer<float>> lattices;
  std::vector<speed::BlockModel> models;
};

class SpeedTemporal final : public Metric {
 public:
  SpeedTemporal(speed::Plan plan, bool use_ref_diff, const std::string& suffix)
      : plan_(std::move(plan)),
        use_ref_diff_(use_ref_diff),
        strips_{strip_count(plan_.lattice_height, speed::kStripRows), 1},
        features_{named_feature(kName, suffix)} {}

  const std::vector<Feature>& features() const override { return features_; }
  int history() const override { return 1; }
  bool history_has_distorted() const override { return true; }
  bool uses_chroma() const override { return false; }
  // Phase 0: strips of lattice rows. Phase 1: the block models.
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int) const override {
    return std::max(lattice_scratch_bytes(plan_), model_scratch_bytes(plan_));
  }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(plan_, 1 + dis_count);
  }

  void run(const FrameInput& input, int phase, int strip, FrameState& frame_state, Scratch& scratch) const override {
    if (input.at[1].ref == nullptr) return;  // the first picture of the clip
    State& state = static_cast<State&>(frame_state);
    const int pictures = 1 + static_cast<int>(input.dis().size());
    const StripRange rows = strip_range(plan_.lattice_height, strips_[0], strip, 1);
    for (int p = 0; p < pictures; ++p) {
      scratch.reset();
      if (phase == 1) {
        block_model(plan_, state.lattices[p].data(), scratch, state.models[p]);
        continue;
      }
      const Frame& before = p == 0 ? *input.at[1].ref : input.at[1].dis[p - 1];
      const Frame& now = p == 0 || use_ref_diff_ ? input.ref() : input.dis()[p - 1];
      lattice_rows(plan_, {&now.planes[0], &before.planes[0]}, rows.begin, rows.end, state.lattices[p].data(), scratch);
    }
  }

  void finish(const FrameInput& input, const FrameState& frame_state, int dis, std::span<double> raw) const override {
    const State& state = static_cast<const State&>(frame_state);
    raw[0] = 0;
    if (input.at[1].ref != nullptr) raw[0] = static_cast<double>(compare(plan_, state.models[0], state.models[dis + 1]).value);
  }

 private:
  speed::Plan plan_;
  bool use_ref_diff_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  if (params.speed_prescale > 1.0) {
    return unsupported_error("speed_temporal: speed_prescale=" + format_g(params.speed_prescale) + " is above 1, which is not defined here");
  }
  FOVEA_ASSIGN(speed::Plan plan,
               speed::make_plan("speed_temporal",
                                {params.speed_kernelscale, params.speed_prescale, params.speed_prescale_method,
                                 params.speed_sigma_nn, params.speed_nn_floor, /*weight_mode=*/0},
                                format.width_px, format.height_px, format.bit_depth));
  return std::unique_ptr<Metric>(
      std::make_unique<SpeedTemporal>(std::move(plan), params.speed_use_ref_diff, param_table().suffix(params)));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "speed_temporal",
    .summary = "difference of the local entropies of change in luma (SpEED)",
    .provided = {kName},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::speed_temporal
