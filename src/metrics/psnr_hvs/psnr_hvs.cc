// SPDX-License-Identifier: BSD-2-Clause-Patent
// PSNR-HVS-M. The README beside this file has the formulas.
#include <cmath>
#include <vector>

#include "metrics/metric.h"
#include "metrics/psnr_hvs/psnr_hvs_kernels.h"

namespace fovea::psnr_hvs {
namespace {

#define FOVEA_PARAMS_OWNER "psnr_hvs"
#define FOVEA_PARAMS_FILE "metrics/psnr_hvs/psnr_hvs.params"
#include "metrics/define_params.inc"

constexpr int kPlanes = 3;
constexpr int kMaxBitDepth = 12;

struct Plan {
  Format format;
  std::array<Weights, kPlanes> weights;
  std::array<float, kPlanes> coefficients{};
  float peak_squared = 0;
};

// totals[plane * dis_count + dis]
struct State final : FrameState {
  explicit State(int dis_count) : totals(static_cast<size_t>(kPlanes) * dis_count) {}
  std::vector<float> totals;
};

// The running sum of a plane has one order, so a plane is one strip: luma first, as it takes longest.
class PsnrHvs final : public Metric {
 public:
  explicit PsnrHvs(const Plan& plan)
      : plan_(plan), features_{plain_feature("psnr_hvs_y"), plain_feature("psnr_hvs_cb"), plain_feature("psnr_hvs_cr"), plain_feature("psnr_hvs")} {}

  const std::vector<Feature>& features() const override { return features_; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int dis_count) const override {
    return Scratch::bytes_for<uint8_t>(visible_error_scratch_bytes()) + Scratch::bytes_for<PlaneView>(dis_count);
  }
  std::unique_ptr<FrameState> make_state(int dis_count) const override { return std::make_unique<State>(dis_count); }

  void run(const FrameInput& input, int, int strip, FrameState& state, Scratch& scratch) const override {
    const size_t dis_count = input.dis().size();
    PlaneView* const dis = scratch.take<PlaneView>(dis_count);
    for (size_t k = 0; k < dis_count; ++k) dis[k] = input.dis()[k].planes[strip];
    visible_error(input.ref().planes[strip], {dis, dis_count}, plan_.weights[strip], plan_.format.bit_depth,
                  &static_cast<State&>(state).totals[strip * dis_count], scratch.take<uint8_t>(visible_error_scratch_bytes()));
  }

  void finish(const FrameInput& input, const FrameState& state, int dis, std::span<double> raw) const override {
    const auto& totals = static_cast<const State&>(state).totals;
    const auto decibel = [](double error) { return -10.0 * std::log10(error); };
    double error[kPlanes];
    for (int p = 0; p < kPlanes; ++p) {
      const float mean = totals[p * input.dis().size() + dis] / plan_.coefficients[p];
      error[p] = mean / plan_.peak_squared;
      raw[p] = decibel(error[p]);
    }
    raw[kPlanes] = decibel(0.8 * error[0] + 0.1 * (error[1] + error[2]));
  }

 private:
  Plan plan_;
  std::vector<int> strips_{kPlanes};
  std::vector<Feature> features_;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_TRY(param_table().parse(options));
  if (format.chroma == Chroma::k400) return unsupported_error("psnr_hvs: needs chroma, the pictures are 4:0:0");
  if (format.bit_depth > kMaxBitDepth) {
    return unsupported_error("psnr_hvs: bit depth " + std::to_string(format.bit_depth) + " is above 12");
  }
  Plan plan;
  plan.format = format;
  for (int p = 0; p < kPlanes; ++p) {
    plan.weights[p] = make_weights(p);
    plan.coefficients[p] = static_cast<float>(64 * block_count(format.plane_width(p)) * block_count(format.plane_height(p)));
  }
  const float peak = static_cast<float>((1 << format.bit_depth) - 1);
  plan.peak_squared = peak * peak;
  return std::unique_ptr<Metric>(std::make_unique<PsnrHvs>(plan));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "psnr_hvs",
    .summary = "PSNR of errors that the eye sees, by DCT frequency and masking [dB]",
    .provided = {{"psnr_hvs_y", nullptr}, {"psnr_hvs_cb", nullptr}, {"psnr_hvs_cr", nullptr}, {"psnr_hvs", nullptr}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::psnr_hvs
