// SPDX-License-Identifier: BSD-2-Clause-Patent
// SSIM at one scale. The README beside this file has the formulas.
#include <algorithm>
#include <cmath>

#include "metrics/float_ssim/ssim_core.h"
#include "metrics/float_ssim/ssim_report.h"
#include "metrics/float_ssim/ssim_shrink.h"
#include "metrics/metric.h"

namespace fovea::float_ssim {
namespace {

#define FOVEA_PARAMS_OWNER "float_ssim"
#define FOVEA_PARAMS_FILE "metrics/float_ssim/float_ssim.params"
#include "metrics/define_params.inc"

constexpr int kStripRows = 16;  // of the shrunk picture

struct Plan {
  Format format;
  ssim_core::Shrinker shrinker;  // factor 1: pictures are used as they are
  bool lcs = false;
  bool db = false;
  double max_db = 0;
};

// sums[band][dis]; shrunk[picture], picture 0 being the reference.
struct State final : FrameState {
  std::vector<ssim_core::Sums> sums;
  std::vector<AlignedBuffer<float>> shrunk;
};

class FloatSsim final : public Metric {
 public:
  explicit FloatSsim(const Plan& plan) : plan_(plan), bands_(ssim_core::band_count(plan.shrinker.out_width)) {
    if (plan.shrinker.factor > 1) strips_.push_back(strip_count(plan.shrinker.out_height, kStripRows));
    strips_.push_back(bands_);
    for (const char* name : {"float_ssim", "float_ssim_l", "float_ssim_c", "float_ssim_s"}) {
      features_.push_back(plain_feature(name));
      if (!plan.lcs) break;
    }
  }

  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  // Rows of the shrunk pictures, if they are shrunk; then bands of columns.
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int dis_count) const override {
    return std::max(ssim_core::band_scratch_bytes(dis_count) + Scratch::bytes_for<ssim_core::Image>(dis_count), plan_.shrinker.scratch_bytes());
  }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    auto state = std::make_unique<State>();
    state->sums.resize(static_cast<size_t>(bands_) * dis_count);
    const ssim_core::Shrinker& s = plan_.shrinker;
    for (int i = 0; s.factor > 1 && i < 1 + dis_count; ++i) state->shrunk.emplace_back(static_cast<size_t>(s.out_width) * s.out_height);
    return state;
  }

  void run(const FrameInput& input, int phase, int strip, FrameState& frame_state, Scratch& scratch) const override {
    State& state = static_cast<State&>(frame_state);
    const int dis_count = static_cast<int>(input.dis().size());
    if (phase + 1 < static_cast<int>(strips_.size())) {
      const StripRange rows = strip_range(plan_.shrinker.out_height, strips_[0], strip, 1);
      for (int i = 0; i < 1 + dis_count; ++i) {
        scratch.reset();
        plan_.shrinker.rows((i == 0 ? input.ref() : input.dis()[i - 1]).planes[0], rows.begin, rows.end, state.shrunk[i].data(), scratch);
      }
      return;
    }
    ssim_core::Image* dis = scratch.take<ssim_core::Image>(dis_count);
    for (int k = 0; k < dis_count; ++k) dis[k] = image(input.dis()[k], state, k + 1);
    ssim_core::band_sums(plan_.lcs ? ssim_core::Wanted::kAll : ssim_core::Wanted::kProduct, image(input.ref(), state, 0), dis, dis_count, strip, &state.sums[static_cast<size_t>(strip) * dis_count], scratch);
  }

  void finish(const FrameInput& input, const FrameState& frame_state, int dis, std::span<double> raw) const override {
    const State& state = static_cast<const State&>(frame_state);
    const ssim_core::Means means = ssim_core::join_bands(state.sums.data() + dis, static_cast<int>(input.dis().size()), plan_.shrinker.out_width,
                                               plan_.shrinker.out_height);
    const double score = static_cast<double>(means.ssim);
    raw[0] = plan_.db ? ssim_core::to_db(score, plan_.max_db) : score;
    if (!plan_.lcs) return;
    raw[1] = static_cast<double>(means.luminance);
    raw[2] = static_cast<double>(means.contrast);
    raw[3] = static_cast<double>(means.structure);
  }

 private:
  ssim_core::Image image(const Frame& frame, const State& state, int picture) const {
    const ssim_core::Shrinker& s = plan_.shrinker;
    ssim_core::Image out;
    out.width = s.out_width;
    out.height = s.out_height;
    if (s.factor > 1) {
      out.floats = state.shrunk[picture].data();
      out.pitch = s.out_width;
    } else {
      out.samples = &frame.planes[0];
      out.sample_bytes = s.sample_bytes;
      out.scale = s.scale;
    }
    return out;
  }

  Plan plan_;
  int bands_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  int factor = params.scale;
  if (factor == 0) {
    const float ratio = static_cast<float>(std::min(format.width_px, format.height_px)) / 256.0f;
    factor = std::max(1, static_cast<int>(std::floor(ratio + 0.5f)));
  }
  Plan plan;
  plan.format = format;
  plan.lcs = params.enable_lcs;
  plan.db = params.enable_db;
  plan.max_db = ssim_core::max_db(format, params.clip_db);
  if (factor == 1) {
    if (std::min(format.width_px, format.height_px) < ssim_core::kWindow) return too_small_error("float_ssim", format, ssim_core::kWindow, ssim_core::kWindow);
    plan.shrinker.out_width = plan.shrinker.width = format.width_px;
    plan.shrinker.out_height = plan.shrinker.height = format.height_px;
    plan.shrinker.sample_bytes = format.sample_bytes();
    plan.shrinker.scale = ssim_core::sample_scale(format.bit_depth);
  } else {
    plan.shrinker = ssim_core::Shrinker(factor, format.width_px, format.height_px, format.sample_bytes(), ssim_core::sample_scale(format.bit_depth));
    if (std::min(plan.shrinker.out_width, plan.shrinker.out_height) < ssim_core::kWindow) {
      return unsupported_error("float_ssim: " + std::to_string(format.width_px) + "x" + std::to_string(format.height_px) + " with scale=" +
                               std::to_string(factor) + " becomes " + std::to_string(plan.shrinker.out_width) + "x" +
                               std::to_string(plan.shrinker.out_height) + ", smaller than the window of 11x11");
    }
  }
  return std::unique_ptr<Metric>(std::make_unique<FloatSsim>(plan));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "float_ssim",
    .summary = "structural similarity at one scale",
    .provided = {{"float_ssim", nullptr}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::float_ssim
