// SPDX-License-Identifier: BSD-2-Clause-Patent
// Integer motion of the reference picture. The README beside this file has the formulas.
#include <algorithm>
#include <vector>

#include "metrics/metric.h"
#include "metrics/motion/motion_kernels.h"

namespace fovea::motion {
namespace {

#define FOVEA_PARAMS_OWNER "motion"
#define FOVEA_PARAMS_FILE "metrics/motion/motion.params"
#include "metrics/define_params.inc"

constexpr FeatureName kSad = {"VMAF_integer_feature_motion_sad_score", nullptr};
constexpr FeatureName kMotion = {"VMAF_integer_feature_motion_score", "integer_motion"};
constexpr FeatureName kMotion2 = {"VMAF_integer_feature_motion2_score", "integer_motion2"};
constexpr FeatureName kMotion3 = {"VMAF_integer_feature_motion3_score", "integer_motion3"};
constexpr int kMinSize = 3;  // the mirrored border needs two samples beside the edge
constexpr int kStripRows = 128;

// Everything that depends on format and options only. Plain data.
struct Plan {
  Format format;
  Params params;
  int strips = 1;
  int distance = 1;  // to the picture compared with
  double pixels = 0;
};

struct State final : FrameState {
  explicit State(int strips) : sad(strips) {}
  std::vector<uint64_t> sad;
};

// Emits motion2 and motion3 of a frame as soon as the next one is scored.
//
//   raw score of frame      0 .. D-1   D     D+1 ...      (D = distance)
//   compared with frame       -        0      1
//
// motion2 is the smaller of the scores on both sides of a frame, so that a single cut does not count.
class MotionTimeline final : public Timeline {
 public:
  MotionTimeline(const Plan& plan, int first_late_feature)
      : params_(plan.params), distance_(plan.distance), motion2_(first_late_feature), motion3_(first_late_feature + 1) {}

  void add(int64_t frame, std::span<const double> raw, ScoreSink& sink) override {
    const double score = raw[0];
    for (int i = 0; i < motion2_; ++i) sink.score(i, frame, score);
    if (frame == distance_) {
      start(frame, clip(blend(score)), sink);
    } else if (frame > distance_) {
      // Scores exist from frame D on: with D = 2 the first neighbour on the left is missing.
      const double left = scores_[(frame - distance_) % kKept];
      emit(frame - 1, frame - distance_ >= distance_ ? std::min(left, score) : score, sink);
    }
    scores_[frame % kKept] = score;
    frames_ = frame + 1;
  }

  void flush(ScoreSink& sink) override {
    if (frames_ <= distance_) {
      start(frames_, 0.0, sink);
    } else {
      emit(frames_ - 1, scores_[(frames_ - 1) % kKept], sink);
    }
  }

 private:
  static constexpr int kKept = 4;

  double clip(double value) const { return std::min(value, params_.motion_max_val); }
  double blend(double value) const {
    return value * params_.motion_blend_factor +
           (1.0 - params_.motion_blend_factor) * std::min(params_.motion_blend_offset, value);
  }

  // The frames before the first comparison.
  void start(int64_t frames, double motion3, ScoreSink& sink) {
    for (int64_t i = 0; i < frames; ++i) {
      sink.score(motion2_, i, 0.0);
      sink.score(motion3_, i, motion3);
    }
    previous_ = motion3;
  }

  void emit(int64_t frame, double motion2, ScoreSink& sink) {
    const double blended = clip(blend(motion2));
    sink.score(motion2_, frame, motion2);
    sink.score(motion3_, frame, params_.motion_moving_average ? (blended + previous_) / 2.0 : blended);
    previous_ = blended;
  }

  Params params_;
  int distance_;
  int motion2_;
  int motion3_;
  int64_t frames_ = 0;
  double scores_[kKept] = {};
  double previous_ = 0;  // blended, not averaged
};

class Motion final : public Metric {
 public:
  Motion(const Plan& plan, const std::string& suffix) : plan_(plan), strips_{plan.strips} {
    features_.push_back(named_feature(kSad, suffix));
    if (plan.params.debug) features_.push_back(named_feature(kMotion, suffix));
    first_late_ = static_cast<int>(features_.size());
    for (const FeatureName& name : {kMotion2, kMotion3}) {
      features_.push_back(named_feature(name, suffix));
      features_.back().late = true;
    }
  }

  const std::vector<Feature>& features() const override { return features_; }
  int history() const override { return plan_.params.motion_force_zero ? 0 : plan_.distance; }
  bool every_frame() const override { return true; }
  int raw_count() const override { return 1; }
  bool uses_chroma() const override { return false; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int) const override { return Scratch::bytes_for<uint8_t>(motion_scratch_bytes(plan_.format.width_px)); }
  std::unique_ptr<FrameState> make_state(int) const override { return std::make_unique<State>(plan_.strips); }

  void run(const FrameInput& input, int, int strip, FrameState& state, Scratch& scratch) const override {
    uint64_t& sad = static_cast<State&>(state).sad[strip];
    const Frame* earlier = history() == 0 ? nullptr : input.at[plan_.distance].ref;
    if (earlier == nullptr) {
      sad = 0;
      return;
    }
    const StripRange rows = strip_range(plan_.format.height_px, plan_.strips, strip, 1);
    sad = blurred_difference(earlier->planes[0], input.ref().planes[0], plan_.format.bit_depth, rows.begin, rows.end,
                             scratch.take<uint8_t>(motion_scratch_bytes(plan_.format.width_px)));
  }

  void finish(const FrameInput&, const FrameState& state, int, std::span<double> raw) const override {
    uint64_t sad = 0;
    for (const uint64_t part : static_cast<const State&>(state).sad) sad += part;
    // Y and X keep the 16-bit scale: 256 steps are one of 8 bits.
    const double mean = (static_cast<double>(sad) / 256.0) / plan_.pixels;
    raw[0] = std::min(mean * plan_.params.motion_fps_weight, plan_.params.motion_max_val);
  }

  std::unique_ptr<Timeline> make_timeline() const override { return std::make_unique<MotionTimeline>(plan_, first_late_); }

 private:
  Plan plan_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
  int first_late_ = 0;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  if (format.width_px < kMinSize || format.height_px < kMinSize) return too_small_error("motion", format, kMinSize, kMinSize);
  Plan plan;
  plan.format = format;
  plan.params = params;
  plan.strips = strip_count(format.height_px, kStripRows);
  plan.distance = params.motion_five_frame_window ? 2 : 1;
  plan.pixels = static_cast<double>(static_cast<uint32_t>(format.width_px) * static_cast<uint32_t>(format.height_px));
  return std::unique_ptr<Metric>(std::make_unique<Motion>(plan, param_table().suffix(params)));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "motion",
    .summary = "how much the reference picture changes from frame to frame, integer arithmetic",
    .provided = {kSad, kMotion, kMotion2, kMotion3},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::motion
