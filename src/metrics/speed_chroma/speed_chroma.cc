// SPDX-License-Identifier: BSD-2-Clause-Patent
// SpEED of the planes Cb and Cr. The README beside this file has the formulas.
#include <cmath>

#include "metrics/metric.h"
#include "metrics/speed_chroma/speed_pipeline.h"

namespace fovea::speed_chroma {
namespace {

#define FOVEA_PARAMS_OWNER "speed_chroma"
#define FOVEA_PARAMS_FILE "metrics/speed_chroma/speed_chroma.params"
#include "metrics/define_params.inc"

constexpr FeatureName kNames[] = {{"Speed_chroma_feature_speed_chroma_u_score", "speed_chroma_u"},
                                  {"Speed_chroma_feature_speed_chroma_v_score", "speed_chroma_v"},
                                  {"Speed_chroma_feature_speed_chroma_uv_score", "speed_chroma_uv"}};

// Per chroma plane and picture (0: the reference, k + 1: distorted k).
struct State final : FrameState {
  State(const speed::Plan& plan, int pictures) : lattice_floats(static_cast<size_t>(plan.lattice_pitch()) * plan.lattice_height) {
    for (int i = 0; i < 2 * pictures; ++i) {
      lattices.emplace_back(lattice_floats);
      std::fill(lattices.back().data(), lattices.back().data() + lattice_floats, 0.0f);
      models.emplace_back(plan);
    }
  }
  size_t lattice_floats;
  std::vector<AlignedBuffer<float>> lattices;
  std::vector<speed::BlockModel> models;
};

class SpeedChroma final : public Metric {
 public:
  SpeedChroma(speed::Plan plan, double max_val, const std::string& suffix)
      : plan_(std::move(plan)), max_val_(max_val), strips_{strip_count(plan_.lattice_height, speed::kStripRows), 2} {
    for (const FeatureName& name : kNames) features_.push_back(named_feature(name, suffix));
  }

  const std::vector<Feature>& features() const override { return features_; }
  // Phase 0: strips of lattice rows of both planes. Phase 1: the block models, one plane a strip.
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int) const override {
    return std::max(lattice_scratch_bytes(plan_), model_scratch_bytes(plan_));
  }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(plan_, 1 + dis_count);
  }

  void run(const FrameInput& input, int phase, int strip, FrameState& frame_state, Scratch& scratch) const override {
    State& state = static_cast<State&>(frame_state);
    const int pictures = 1 + static_cast<int>(input.dis().size());
    if (phase == 1) {
      for (int p = 0; p < pictures; ++p) {
        scratch.reset();
        block_model(plan_, state.lattices[2 * p + strip].data(), scratch, state.models[2 * p + strip]);
      }
      return;
    }
    const StripRange rows = strip_range(plan_.lattice_height, strips_[0], strip, 1);
    for (int p = 0; p < pictures; ++p) {
      const Frame& frame = p == 0 ? input.ref() : input.dis()[p - 1];
      for (int plane = 0; plane < 2; ++plane) {
        scratch.reset();
        lattice_rows(plan_, {&frame.planes[1 + plane], nullptr}, rows.begin, rows.end, state.lattices[2 * p + plane].data(), scratch);
      }
    }
  }

  void finish(const FrameInput&, const FrameState& frame_state, int dis, std::span<double> raw) const override {
    const State& state = static_cast<const State&>(frame_state);
    const speed::Score u = compare(plan_, state.models[0], state.models[2 * (dis + 1)]);
    const speed::Score v = compare(plan_, state.models[1], state.models[2 * (dis + 1) + 1]);
    float uv = (u.value + v.value) / 2.0f;
    if (u.failed && !v.failed) uv = v.value;
    if (v.failed && !u.failed) uv = u.value;
    const float scores[] = {u.value, v.value, uv};
    // A nearly singular covariance can make a score NaN, which is reported as the bound.
    for (int i = 0; i < 3; ++i) raw[i] = static_cast<double>(scores[i]) < max_val_ ? static_cast<double>(scores[i]) : max_val_;
  }

 private:
  speed::Plan plan_;
  double max_val_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  if (format.chroma == Chroma::k400) return unsupported_error("speed_chroma: 4:0:0 has no chroma planes to score");
  // Of an odd picture the last, half chroma column and row are left out.
  const int width = format.chroma == Chroma::k444 ? format.width_px : format.width_px / 2;
  const int height = format.chroma == Chroma::k420 ? format.height_px / 2 : format.height_px;
  FOVEA_ASSIGN(speed::Plan plan,
               speed::make_plan("speed_chroma",
                                {params.speed_kernelscale, params.speed_prescale, params.speed_prescale_method,
                                 params.speed_sigma_nn, params.speed_nn_floor, params.speed_weight_var_mode},
                                width, height, format.bit_depth));
  return std::unique_ptr<Metric>(std::make_unique<SpeedChroma>(std::move(plan), params.speed_max_val, param_table().suffix(params)));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "speed_chroma",
    .summary = "difference of the local entropies of chroma (SpEED)",
    .provided = {kNames[0], kNames[1], kNames[2]},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::speed_chroma
