// SPDX-License-Identifier: BSD-2-Clause-Patent
// PSNR of each plane. The README beside this file has the formulas.
#include <algorithm>
#include <array>
#include <cmath>

#include "metrics/metric.h"
#include "metrics/psnr/psnr_kernels.h"

namespace fovea::psnr {
namespace {

#define FOVEA_PARAMS_OWNER "psnr"
#define FOVEA_PARAMS_FILE "metrics/psnr/psnr.params"
#include "metrics/define_params.inc"

constexpr std::array<const char*, 3> kPsnrName = {"psnr_y", "psnr_cb", "psnr_cr"};
constexpr std::array<const char*, 3> kMseName = {"mse_y", "mse_cb", "mse_cr"};
constexpr std::array<const char*, 3> kApsnrName = {"apsnr_y", "apsnr_cb", "apsnr_cr"};
constexpr int kStripRows = 128;

// Everything that depends on format and options only. Plain data.
struct Plan {
  Format format;
  int planes = 3;
  int strips = 1;
  bool emit_mse = false;
  bool emit_apsnr = false;
  uint64_t peak = 255;
  std::array<double, 3> cap_db{};
  std::array<double, 3> samples{};
};

Plan make_plan(const Format& format, const Params& params) {
  Plan plan;
  plan.format = format;
  plan.planes = params.enable_chroma ? format.plane_count() : 1;
  plan.strips = strip_count(format.height_px, kStripRows);
  plan.emit_mse = params.enable_mse;
  plan.emit_apsnr = params.enable_apsnr;
  plan.peak = params.reduced_hbd_peak ? 255ull << (format.bit_depth - 8) : (1ull << format.bit_depth) - 1;
  for (int p = 0; p < 3; ++p) {
    plan.samples[p] = static_cast<double>(format.plane_width(p)) * format.plane_height(p);
    plan.cap_db[p] = 6 * format.bit_depth + 12;
    if (params.min_sse != 0.0) {
      const double peak_squared = static_cast<double>(plan.peak) * static_cast<double>(plan.peak);
      plan.cap_db[p] = std::ceil(10.0 * std::log10(peak_squared / (params.min_sse / plan.samples[p])));
    }
  }
  return plan;
}

// sse[strip][dis][plane]
struct State final : FrameState {
  explicit State(size_t size) : sse(size) {}
  std::vector<std::array<uint64_t, 3>> sse;
};

// Pools the squared error of the whole clip (APSNR) after passing the frame scores on.
class ApsnrTimeline final : public Timeline {
 public:
  ApsnrTimeline(const Plan& plan, int frame_features) : plan_(plan), frame_features_(frame_features) {}

  void add(int64_t frame, std::span<const double> raw, ScoreSink& sink) override {
    for (int i = 0; i < frame_features_; ++i) sink.score(i, frame, raw[i]);
    for (int p = 0; p < plan_.planes; ++p) {
      sse_[p] += static_cast<uint64_t>(raw[frame_features_ + p]);
      samples_[p] += static_cast<uint64_t>(plan_.samples[p]);
    }
  }

  void flush(ScoreSink& sink) override {
    for (int p = 0; p < plan_.planes; ++p) {
      const uint64_t ratio = plan_.peak * plan_.peak * samples_[p] * 2;  // half a unit of error, modulo 2^64
      double apsnr = std::ceil(10.0 * std::log10(static_cast<double>(ratio)));
      if (sse_[p] > 0) {
        const double pooled = 10.0 * (std::log10(static_cast<double>(plan_.peak) * static_cast<double>(plan_.peak)) +
                                      std::log10(static_cast<double>(samples_[p])) - std::log10(static_cast<double>(sse_[p])));
        apsnr = std::min(pooled, apsnr);
      }
      sink.aggregate(frame_features_ + p, apsnr);
    }
  }

 private:
  Plan plan_;
  int frame_features_;
  std::array<uint64_t, 3> sse_{};
  std::array<uint64_t, 3> samples_{};
};

class Psnr final : public Metric {
 public:
  explicit Psnr(const Plan& plan) : plan_(plan), strips_{plan.strips} {
    for (int p = 0; p < plan.planes; ++p) {
      features_.push_back(plain_feature(kPsnrName[p]));
      if (plan.emit_mse) features_.push_back(plain_feature(kMseName[p]));
    }
    frame_features_ = static_cast<int>(features_.size());
    for (int p = 0; plan.emit_apsnr && p < plan.planes; ++p) {
      features_.push_back(plain_feature(kApsnrName[p]));
      features_.back().aggregate = true;
    }
  }

  const std::vector<Feature>& features() const override { return features_; }
  bool every_frame() const override { return true; }
  // The frame's scores, then the exact squared error of each plane (below 2^53 for any picture).
  int raw_count() const override { return frame_features_ + plan_.planes; }
  bool uses_chroma() const override { return plan_.planes > 1; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int) const override { return 0; }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(static_cast<size_t>(plan_.strips) * dis_count);
  }

  void run(const FrameInput& input, int, int strip, FrameState& state, Scratch&) const override {
    if (plan_.format.sample_bytes() == 1) {
      run_typed<uint8_t>(input, strip, static_cast<State&>(state));
    } else {
      run_typed<uint16_t>(input, strip, static_cast<State&>(state));
    }
  }

  void finish(const FrameInput& input, const FrameState& state, int dis, std::span<double> raw) const override {
    const auto& sums = static_cast<const State&>(state).sse;
    const size_t dis_count = input.dis().size();
    const double peak_squared = static_cast<double>(plan_.peak) * static_cast<double>(plan_.peak);
    size_t next = 0;
    for (int p = 0; p < plan_.planes; ++p) {
      uint64_t sse = 0;
      for (int s = 0; s < plan_.strips; ++s) sse += sums[s * dis_count + dis][p];
      const double mse = static_cast<double>(sse) / plan_.samples[p];
      raw[next++] = std::min(10.0 * std::log10(peak_squared / std::max(mse, 1e-16)), plan_.cap_db[p]);
      if (plan_.emit_mse) raw[next++] = mse;
      raw[frame_features_ + p] = static_cast<double>(sse);
    }
  }

  std::unique_ptr<Timeline> make_timeline() const override {
    Plan plan = plan_;
    if (!plan.emit_apsnr) return std::make_unique<FrameScores>(frame_features_);
    return std::make_unique<ApsnrTimeline>(plan, frame_features_);
  }

 private:
  // Without APSNR the squared errors at the end of the raw values are dropped.
  class FrameScores final : public Timeline {
   public:
    explicit FrameScores(int count) : count_(count) {}
    void add(int64_t frame, std::span<const double> raw, ScoreSink& sink) override {
      for (int i = 0; i < count_; ++i) sink.score(i, frame, raw[i]);
    }

   private:
    int count_;
  };

  template <class Sample>
  void run_typed(const FrameInput& input, int strip, State& state) const {
    const size_t dis_count = input.dis().size();
    for (size_t k = 0; k < dis_count; ++k) state.sse[strip * dis_count + k] = {};
    for (int p = 0; p < plan_.planes; ++p) {
      const PlaneView& ref = input.ref().planes[p];
      const StripRange rows = strip_range(ref.height_px, plan_.strips, strip, 1);
      for (int y = rows.begin; y < rows.end; ++y) {
        for (size_t k = 0; k < dis_count; ++k) {
          state.sse[strip * dis_count + k][p] +=
              sse_row(ref.row<Sample>(y), input.dis()[k].planes[p].row<Sample>(y), ref.width_px);
        }
      }
    }
  }

  Plan plan_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
  int frame_features_ = 0;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  const int b = format.bit_depth;
  if (b != 8 && b != 10 && b != 12 && b != 16) {
    return unsupported_error("psnr: bit depth " + std::to_string(b) + " is not 8, 10, 12 or 16");
  }
  return std::unique_ptr<Metric>(std::make_unique<Psnr>(make_plan(format, params)));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "psnr",
    .summary = "peak signal-to-noise ratio of luma and chroma [dB]",
    .provided = {{"psnr_y", nullptr}, {"psnr_cb", nullptr}, {"psnr_cr", nullptr}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::psnr
