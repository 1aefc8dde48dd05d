// SPDX-License-Identifier: BSD-2-Clause-Patent
// Float motion of the reference picture. The README beside this file has the formulas.
#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/float_motion/float_motion_kernels.h"
#include "metrics/metric.h"

namespace fovea::float_motion {
namespace {

#define FOVEA_PARAMS_OWNER "float_motion"
#define FOVEA_PARAMS_FILE "metrics/float_motion/float_motion.params"
#include "metrics/define_params.inc"

constexpr FeatureName kMotion = {"VMAF_feature_motion_score", "motion"};
constexpr FeatureName kMotion2 = {"VMAF_feature_motion2_score", "motion2"};
constexpr FeatureName kMotion3 = {"VMAF_feature_motion3_score", "motion3"};
constexpr int kMinSize = 3;
constexpr int kMaxHalfWidth = 7680;  // of the scaler that halves a picture
constexpr int kStripRows = 128;

// Where the bilinear scaler takes the samples of one output row or column.
struct ScalerTap {
  int low = 0;
  int high = 0;
  float fraction = 0;  // distance from `low`
};

struct PlanePlan {
  int width = 0;
  int height = 0;
  std::vector<ScalerTap> half_columns;  // only with motion_add_scale1
  std::vector<ScalerTap> half_rows;
};

// Everything that depends on format and options only.
struct Plan {
  Format format;
  Params params;
  Filter filter;
  int strips = 1;
  std::vector<PlanePlan> planes;
};

std::vector<ScalerTap> halving_taps(int size) {
  const int half = static_cast<int>(size * 0.5 + 0.5);
  const float ratio = static_cast<float>(size) / static_cast<float>(half);
  std::vector<ScalerTap> taps(half);
  for (int i = 0; i < half; ++i) {
    const float position = static_cast<float>((i + 0.5) * ratio - 0.5);
    taps[i].low = reflect101(static_cast<int>(std::floor(position)), size);
    taps[i].high = reflect101(static_cast<int>(std::ceil(position)), size);
    taps[i].fraction = position - static_cast<float>(taps[i].low);
  }
  return taps;
}

Filter make_filter(int size) {
  if (size == 1) return {0, {1.0f, 0.0f, 0.0f}};
  if (size == 3) return {1, {0.667243004f, 0.166378498f, 0.0f}};
  return {2, {0.402619947f, 0.244201342f, 0.054488685f}};
}

// Sums of the rows of every plane, full size and halved. They are added in order, in single precision.
struct State final : FrameState {
  explicit State(const Plan& plan) : full(plan.planes.size()), half(plan.planes.size()) {
    for (size_t p = 0; p < plan.planes.size(); ++p) {
      full[p].resize(plan.planes[p].height);
      half[p].resize(plan.planes[p].half_rows.size());
    }
  }
  std::vector<std::vector<float>> full;
  std::vector<std::vector<float>> half;
  bool has_earlier = false;  // picture to compare with; set by strip 0
};

float mean(const std::vector<float>& row_sums, int width) {
  float total = 0;
  for (const float sum : row_sums) total += sum;
  return total / static_cast<float>(width * static_cast<int>(row_sums.size()));
}

// Emits motion2 and motion3 of a frame as soon as the next one is scored. motion2 is the smaller of the
// scores on both sides of a frame, so that a single cut does not count.
class FloatMotionTimeline final : public Timeline {
 public:
  explicit FloatMotionTimeline(const Params& params) : params_(params), motion3_(params.debug ? 2 : 1) {}

  void add(int64_t frame, std::span<const double> raw, ScoreSink& sink) override {
    const double score = raw[0];
    if (frame == 0 || params_.motion_force_zero) sink.score(kMotion2Index, frame, 0.0);
    if (params_.debug) sink.score(kMotionIndex, frame, clip(score * params_.motion_fps_weight));
    if (params_.motion_force_zero) sink.score(motion3_, frame, 0.0);
    if (!params_.motion_force_zero && frame == 1) sink.score(motion3_, 0, bent(score));
    if (!params_.motion_force_zero && frame > 1) emit(frame - 1, std::min(last_, score), sink);
    last_ = score;
    frames_ = frame + 1;
  }

  void flush(ScoreSink& sink) override {
    if (params_.motion_force_zero || frames_ == 0) return;
    if (frames_ == 1) return sink.score(motion3_, 0, 0.0);
    emit(frames_ - 1, last_, sink);
  }

 private:
  static constexpr int kMotion2Index = 0, kMotionIndex = 1;

  double clip(double value) const { return std::min(value, params_.motion_max_val); }
  double bent(double score) const {
    const double value = score * params_.motion_fps_weight, factor = params_.motion_blend_factor;
    return clip(value * factor + (1.0 - factor) * std::min(params_.motion_blend_offset, value));
  }
  void emit(int64_t frame, double score, ScoreSink& sink) {
    sink.score(kMotion2Index, frame, clip(score * params_.motion_fps_weight));
    sink.score(motion3_, frame, bent(score));
  }

  Params params_;
  int motion3_;
  double last_ = 0;
  int64_t frames_ = 0;
};

class FloatMotion final : public Metric {
 public:
  FloatMotion(Plan plan, const std::string& suffix) : plan_(std::move(plan)), strips_{plan_.strips} {
    features_.push_back(named_feature(kMotion2, suffix));
    if (plan_.params.debug) features_.push_back(named_feature(kMotion, suffix));
    features_.push_back(named_feature(kMotion3, suffix));
    features_.back().late = !plan_.params.motion_force_zero;
  }

  const std::vector<Feature>& features() const override { return features_; }
  int history() const override { return plan_.params.motion_force_zero ? 0 : 1; }
  bool every_frame() const override { return true; }
  int raw_count() const override { return 1; }
  bool uses_chroma() const override { return plan_.params.motion_add_uv; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int) const override {
    const int width = plan_.format.width_px;
    return Scratch::bytes_for<uint8_t>(float_motion_scratch_bytes(width)) +
           (plan_.params.motion_add_scale1 ? 2 * Scratch::bytes_for<float>(2 * kBandRows * band_stride(width)) : 0);
  }
  std::unique_ptr<FrameState> make_state(int) const override { return std::make_unique<State>(plan_); }

  void run(const FrameInput& input, int, int strip, FrameState& frame_state, Scratch& scratch) const override {
    State& state = static_cast<State&>(frame_state);
    const Frame* earlier = history() == 0 ? nullptr : input.at[1].ref;
    if (strip == 0) state.has_earlier = earlier != nullptr;
    if (earlier == nullptr) return;
    uint8_t* const memory = scratch.take<uint8_t>(float_motion_scratch_bytes(plan_.format.width_px));
    float* bands[2] = {};
    if (plan_.params.motion_add_scale1) {
      for (float*& band : bands) band = scratch.take<float>(2 * kBandRows * band_stride(plan_.format.width_px));
    }
    for (size_t p = 0; p < plan_.planes.size(); ++p) {
      const PlaneView &a = earlier->planes[p], &b = input.ref().planes[p];
      const StripRange rows = strip_range(a.height_px, plan_.strips, strip, kBandRows);
      abs_difference_rows(a, b, plan_.filter, plan_.format.bit_depth, rows.begin, rows.end, &state.full[p][rows.begin], memory);
      if (plan_.params.motion_add_scale1) half_size(a, b, plan_.planes[p], strip, state.half[p], bands, memory);
    }
  }

  void finish(const FrameInput&, const FrameState& frame_state, int, std::span<double> raw) const override {
    const State& state = static_cast<const State&>(frame_state);
    raw[0] = 0;
    if (!state.has_earlier) return;
    for (size_t p = 0; p < plan_.planes.size(); ++p) {
      float score = mean(state.full[p], plan_.planes[p].width);
      if (plan_.params.motion_add_scale1) score += mean(state.half[p], static_cast<int>(plan_.planes[p].half_columns.size()));
      raw[0] += score;
    }
  }

  std::unique_ptr<Timeline> make_timeline() const override { return std::make_unique<FloatMotionTimeline>(plan_.params); }

 private:
  // The row sums of the halved planes. Rows of an output row lie close together: two bands of blurred rows
  // of each picture are kept, even ones in the first, odd ones in the second half of the buffer.
  void half_size(const PlaneView& a, const PlaneView& b, const PlanePlan& plane, int strip, std::vector<float>& sums,
                 float* const* bands, uint8_t* memory) const {
    const PlaneView* const pictures[2] = {&a, &b};
    const size_t stride = band_stride(plane.width);
    int loaded[2] = {-1, -1};
    const auto load = [&](int y) {
      const int band = y / kBandRows, slot = band % 2;
      if (loaded[slot] == band) return;
      for (int i = 0; i < 2; ++i) {
        blur_band(*pictures[i], plan_.filter, plan_.format.bit_depth, band * kBandRows, bands[i] + slot * kBandRows * stride, memory);
      }
      loaded[slot] = band;
    };
    const auto row = [&](int picture, int y) { return bands[picture] + static_cast<size_t>(y % (2 * kBandRows)) * stride; };
    const StripRange rows = strip_range(static_cast<int>(plane.half_rows.size()), plan_.strips, strip, 1);
    for (int y = rows.begin; y < rows.end; ++y) {
      const ScalerTap& v = plane.half_rows[y];
      load(v.low);
      load(v.high);
      const float dy = v.fraction;
      const float *low[2] = {row(0, v.low), row(1, v.low)}, *high[2] = {row(0, v.high), row(1, v.high)};
      float sum = 0;
      for (const ScalerTap& h : plane.half_columns) {
        const float dx = h.fraction;
        float value[2];
        for (int i = 0; i < 2; ++i) {
          value[i] = (1 - dy) * (1 - dx) * low[i][h.low] + (1 - dy) * dx * low[i][h.high] + dy * (1 - dx) * high[i][h.low] +
                     dy * dx * high[i][h.high];
        }
        sum += std::fabs(value[0] - value[1]);
      }
      sums[y] = sum;
    }
  }

  Plan plan_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  if (params.motion_add_uv && format.chroma == Chroma::k400) {
    return unsupported_error("float_motion: motion_add_uv needs chroma, the pictures are 4:0:0");
  }
  const int planes = params.motion_add_uv ? 3 : 1;
  const int last = planes - 1;
  if (format.plane_width(last) < kMinSize || format.plane_height(last) < kMinSize) {
    const bool halved_x = format.plane_width(last) < format.width_px, halved_y = format.plane_height(last) < format.height_px;
    return too_small_error("float_motion", format, halved_x ? 2 * kMinSize - 1 : kMinSize, halved_y ? 2 * kMinSize - 1 : kMinSize);
  }
  Plan plan;
  plan.format = format;
  plan.params = params;
  plan.filter = make_filter(params.motion_filter_size);
  plan.strips = strip_count(format.height_px, kStripRows);
  for (int p = 0; p < planes; ++p) {
    PlanePlan plane;
    plane.width = format.plane_width(p);
    plane.height = format.plane_height(p);
    if (params.motion_add_scale1) {
      plane.half_columns = halving_taps(plane.width);
      plane.half_rows = halving_taps(plane.height);
      if (plane.half_columns.size() > kMaxHalfWidth) {
        return unsupported_error("float_motion: motion_add_scale1 makes at most 7680 columns, " + describe(format) + " would give " +
                                 std::to_string(plane.half_columns.size()));
      }
    }
    plan.planes.push_back(std::move(plane));
  }
  const std::string suffix = param_table().suffix(params);
  return std::unique_ptr<Metric>(std::make_unique<FloatMotion>(std::move(plan), suffix));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "float_motion",
    .summary = "how much the reference picture changes from frame to frame, single precision",
    .provided = {kMotion, kMotion2, kMotion3},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::float_motion
