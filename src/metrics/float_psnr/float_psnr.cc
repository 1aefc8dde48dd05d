// SPDX-License-Identifier: BSD-2-Clause-Patent
// PSNR of luma on the 8-bit scale. The README beside this file has the formulas.
#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/float_psnr/float_psnr_kernels.h"
#include "metrics/metric.h"
#include "metrics/psnr/psnr_kernels.h"

namespace fovea::float_psnr {
namespace {

#define FOVEA_PARAMS_OWNER "float_psnr"
#define FOVEA_PARAMS_FILE "metrics/float_psnr/float_psnr.params"
#include "metrics/define_params.inc"

constexpr const char* kName = "float_psnr";
constexpr int kStripRows = 128;

struct Plan {
  Format format;
  int strips = 1;
  double samples = 0;
  double scale = 1;  // of the samples over 8 bits
  double peak = 255;
  double cap_db = 60;
};

// sse[strip * dis_count + dis]
struct State final : FrameState {
  explicit State(size_t size) : sse(size) {}
  std::vector<double> sse;
};

class FloatPsnr final : public Metric {
 public:
  explicit FloatPsnr(const Plan& plan) : plan_(plan), strips_{plan.strips}, features_{plain_feature(kName)} {}

  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int) const override { return 0; }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(static_cast<size_t>(plan_.strips) * dis_count);
  }

  void run(const FrameInput& input, int, int strip, FrameState& state, Scratch&) const override {
    const size_t dis_count = input.dis().size();
    double* const sse = &static_cast<State&>(state).sse[strip * dis_count];
    std::fill_n(sse, dis_count, 0.0);
    const PlaneView& ref = input.ref().planes[0];
    const StripRange rows = strip_range(ref.height_px, plan_.strips, strip, 1);
    for (int y = rows.begin; y < rows.end; ++y) {
      for (size_t k = 0; k < dis_count; ++k) {
        const PlaneView& dis = input.dis()[k].planes[0];
        sse[k] += plan_.format.sample_bytes() == 1
                      ? static_cast<double>(psnr::sse_row(ref.row<uint8_t>(y), dis.row<uint8_t>(y), ref.width_px))
                      : rounded_sse_row(ref.row<uint16_t>(y), dis.row<uint16_t>(y), ref.width_px);
      }
    }
  }

  void finish(const FrameInput& input, const FrameState& state, int dis, std::span<double> raw) const override {
    const auto& sums = static_cast<const State&>(state).sse;
    double sse = 0;
    for (int s = 0; s < plan_.strips; ++s) sse += sums[s * input.dis().size() + dis];
    const double mse = sse / (plan_.scale * plan_.scale) / plan_.samples;
    raw[0] = std::min(10.0 * std::log10(plan_.peak * plan_.peak / std::max(mse, 1e-10)), plan_.cap_db);
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
    return unsupported_error("float_psnr: bit depth " + std::to_string(b) + " is not 8, 10, 12 or 16");
  }
  Plan plan;
  plan.format = format;
  plan.strips = strip_count(format.height_px, kStripRows);
  plan.samples = static_cast<double>(format.width_px) * format.height_px;
  plan.scale = 1 << (b - 8);
  plan.peak = ((1 << b) - 1) / plan.scale;
  plan.cap_db = 6 * b + 12;
  return std::unique_ptr<Metric>(std::make_unique<FloatPsnr>(plan));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = kName,
    .summary = "peak signal-to-noise ratio of luma on the 8-bit scale [dB]",
    .provided = {{kName, nullptr}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::float_psnr
