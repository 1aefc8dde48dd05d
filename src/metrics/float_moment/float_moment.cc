// SPDX-License-Identifier: BSD-2-Clause-Patent
// Mean and mean square of luma. The README beside this file has the formulas.
#include <vector>

#include "metrics/float_moment/float_moment_kernels.h"
#include "metrics/metric.h"

namespace fovea::float_moment {
namespace {

#define FOVEA_PARAMS_OWNER "float_moment"
#define FOVEA_PARAMS_FILE "metrics/float_moment/float_moment.params"
#include "metrics/define_params.inc"

constexpr int kStripRows = 128;

struct Plan {
  Format format;
  int strips = 1;
  double samples = 0;
  double scale = 1;  // of the samples over 8 bits
};

// moments[strip * (dis_count + 1) + picture]; picture 0 is the reference.
struct State final : FrameState {
  explicit State(size_t size) : moments(size) {}
  std::vector<Moments> moments;
};

class FloatMoment final : public Metric {
 public:
  explicit FloatMoment(const Plan& plan)
      : plan_(plan), strips_{plan.strips}, features_{plain_feature("float_moment_ref1st"), plain_feature("float_moment_dis1st"),
                                                     plain_feature("float_moment_ref2nd"), plain_feature("float_moment_dis2nd")} {}

  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int) const override { return 0; }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(static_cast<size_t>(plan_.strips) * (dis_count + 1));
  }

  void run(const FrameInput& input, int, int strip, FrameState& state, Scratch&) const override {
    const size_t pictures = input.dis().size() + 1;
    const StripRange rows = strip_range(plan_.format.height_px, plan_.strips, strip, 1);
    for (size_t i = 0; i < pictures; ++i) {
      const PlaneView& plane = (i == 0 ? input.ref() : input.dis()[i - 1]).planes[0];
      Moments total;
      for (int y = rows.begin; y < rows.end; ++y) {
        const Moments row = plan_.format.sample_bytes() == 1 ? moments_row(plane.row<uint8_t>(y), plane.width_px)
                                                             : moments_row(plane.row<uint16_t>(y), plane.width_px);
        total.sum += row.sum;
        total.squares += row.squares;
      }
      static_cast<State&>(state).moments[strip * pictures + i] = total;
    }
  }

  void finish(const FrameInput& input, const FrameState& state, int dis, std::span<double> raw) const override {
    const auto& moments = static_cast<const State&>(state).moments;
    const size_t pictures = input.dis().size() + 1;
    for (int which = 0; which < 2; ++which) {
      Moments total;
      for (int s = 0; s < plan_.strips; ++s) {
        const Moments& part = moments[s * pictures + (which == 0 ? 0 : dis + 1)];
        total.sum += part.sum;
        total.squares += part.squares;
      }
      raw[which] = total.sum / plan_.scale / plan_.samples;
      raw[2 + which] = total.squares / (plan_.scale * plan_.scale) / plan_.samples;
    }
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
    return unsupported_error("float_moment: bit depth " + std::to_string(b) + " is not 8, 10, 12 or 16");
  }
  Plan plan;
  plan.format = format;
  plan.strips = strip_count(format.height_px, kStripRows);
  plan.samples = static_cast<double>(format.width_px) * format.height_px;
  plan.scale = 1 << (b - 8);
  return std::unique_ptr<Metric>(std::make_unique<FloatMoment>(plan));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "float_moment",
    .summary = "mean and mean square of luma, reference and distorted",
    .provided = {{"float_moment_ref1st", nullptr},
                 {"float_moment_dis1st", nullptr},
                 {"float_moment_ref2nd", nullptr},
                 {"float_moment_dis2nd", nullptr}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::float_moment
