// SPDX-License-Identifier: BSD-2-Clause-Patent
// Signal-to-noise ratio of filtered luma. The README beside this file has the formulas.
#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/float_ansnr/float_ansnr_kernels.h"
#include "metrics/metric.h"

namespace fovea::float_ansnr {
namespace {

#define FOVEA_PARAMS_OWNER "float_ansnr"
#define FOVEA_PARAMS_FILE "metrics/float_ansnr/float_ansnr.params"
#include "metrics/define_params.inc"

constexpr int kMinSize = 3;
constexpr int kStripRows = 88;  // strips have at most one and a half times as many

struct Plan {
  Format format;
  int strips = 1;
  double peak = 255;
  double cap_db = 60;
};

// Sums of the rows of the picture, which are added in order: signal[y], noise[dis][y].
struct State final : FrameState {
  State(int height, int dis_count) : signal(height), noise(static_cast<size_t>(height) * dis_count) {}
  std::vector<float> signal;
  std::vector<float> noise;
};

class FloatAnsnr final : public Metric {
 public:
  explicit FloatAnsnr(const Plan& plan)
      : plan_(plan), strips_{plan.strips}, features_{plain_feature("float_ansnr"), plain_feature("float_anpsnr")} {}

  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int dis_count) const override { return Scratch::bytes_for<uint8_t>(ansnr_scratch_bytes(dis_count)); }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(plan_.format.height_px, dis_count);
  }

  void run(const FrameInput& input, int, int strip, FrameState& frame_state, Scratch& scratch) const override {
    State& state = static_cast<State&>(frame_state);
    const int height = plan_.format.height_px, dis_count = static_cast<int>(input.dis().size());
    const StripRange rows = strip_range(height, plan_.strips, strip, 1);
    ansnr_rows(input.ref().planes[0], input.dis(), plan_.format.bit_depth, rows.begin, rows.end, &state.signal[rows.begin],
               &state.noise[rows.begin], height, scratch.take<uint8_t>(ansnr_scratch_bytes(dis_count)));
  }

  void finish(const FrameInput&, const FrameState& frame_state, int dis, std::span<double> raw) const override {
    const State& state = static_cast<const State&>(frame_state);
    const size_t height = state.signal.size();
    float signal = 0, noise = 0;
    for (size_t y = 0; y < height; ++y) {
      signal += state.signal[y];
      noise += state.noise[dis * height + y];
    }
    const double peak_energy = plan_.peak * plan_.peak * plan_.format.width_px * plan_.format.height_px;
    raw[0] = noise == 0.0f ? plan_.cap_db : 10.0 * std::log10(static_cast<double>(signal / noise));
    raw[1] = std::min(10.0 * std::log10(peak_energy / std::max<double>(noise, 1e-10)), plan_.cap_db);
  }

 private:
  Plan plan_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_TRY(param_table().parse(options));
  const int b = format.bit_depth;
  if (b != 8 && b != 10 && b != 12 && b != 16) {
    return unsupported_error("float_ansnr: bit depth " + std::to_string(b) + " is not 8, 10, 12 or 16");
  }
  if (format.width_px < kMinSize || format.height_px < kMinSize) return too_small_error("float_ansnr", format, kMinSize, kMinSize);
  Plan plan;
  plan.format = format;
  plan.strips = strip_count(format.height_px, kStripRows);
  plan.peak = ((1 << b) - 1) / static_cast<double>(1 << (b - 8));
  plan.cap_db = 6 * b + 12;
  return std::unique_ptr<Metric>(std::make_unique<FloatAnsnr>(plan));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "float_ansnr",
    .summary = "signal-to-noise ratio of low-pass filtered luma [dB]",
    .provided = {{"float_ansnr", nullptr}, {"float_anpsnr", nullptr}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::float_ansnr
