// SPDX-License-Identifier: BSD-2-Clause-Patent
// Integer VIF. Phase s makes the sums of scale s and, on the way, the planes of scale s + 1.
#include <algorithm>
#include <array>
#include <string>

#include "metrics/metric.h"
#include "metrics/vif/vif_kernels.h"

namespace fovea::vif {
namespace {

#define FOVEA_PARAMS_OWNER "vif"
#define FOVEA_PARAMS_FILE "metrics/vif/vif.params"
#include "metrics/define_params.inc"

constexpr std::array<FeatureName, kScales> kScore = {{
    {"VMAF_integer_feature_vif_scale0_score", "integer_vif_scale0"},
    {"VMAF_integer_feature_vif_scale1_score", "integer_vif_scale1"},
    {"VMAF_integer_feature_vif_scale2_score", "integer_vif_scale2"},
    {"VMAF_integer_feature_vif_scale3_score", "integer_vif_scale3"},
}};
constexpr int kMinimumPx = 16;  // the coarsest plane is then 2x2, the least that its taps can reflect in
constexpr int kStripRows = 96;  // of each scale

// Everything that depends on format and options only. Plain data.
struct Plan {
  Format format;
  bool skip_scale0 = false;
  bool debug = false;
  std::array<int, kScales> width{};
  std::array<int, kScales> height{};
  std::array<int, kScales> strips{};
};

Plan make_plan(const Format& format, const Params& params) {
  Plan plan;
  plan.format = format;
  plan.skip_scale0 = params.vif_skip_scale0;
  plan.debug = params.debug;
  for (int s = 0; s < kScales; ++s) {
    plan.width[s] = format.width_px >> s;
    plan.height[s] = format.height_px >> s;
    plan.strips[s] = strip_count(plan.height[s], kStripRows);
  }
  return plan;
}

// Planes of scales 1 to 3 of one picture.
struct Pyramid {
  std::array<AlignedBuffer<uint16_t>, kScales> plane;
};

struct State final : FrameState {
  State(const Plan& plan, int dis_count, int limit_count) : ref(pyramid(plan)) {
    for (int d = 0; d < dis_count; ++d) dis.push_back(pyramid(plan));
    for (int s = 0; s < kScales; ++s)
      sums[s].resize(static_cast<size_t>(plan.strips[s]) * dis_count * limit_count);
  }
  static Pyramid pyramid(const Plan& plan) {
    Pyramid p;
    for (int s = 1; s < kScales; ++s)
      p.plane[s] = AlignedBuffer<uint16_t>(next_stride(plan.width[s]) * plan.height[s]);
    return p;
  }

  Pyramid ref;
  std::vector<Pyramid> dis;
  std::array<std::vector<Sums>, kScales> sums;  // [scale][(strip * dis_count + dis) * limit_count + limit]
};

class Vif final : public Metric {
 public:
  // Variants differ in their gain limit.
  Vif(const Plan& plan, std::vector<double> gain_limits, const std::vector<std::string>& suffixes)
      : plan_(plan), gain_limits_(std::move(gain_limits)), strips_(plan.strips.begin(), plan.strips.end()) {
    for (const std::string& suffix : suffixes) add_features(suffix);
  }

  int variants() const override { return static_cast<int>(gain_limits_.size()); }
  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int dis_count) const override {
    return Scratch::bytes_for<PlaneView>(dis_count) + Scratch::bytes_for<NextPlane>(dis_count) +
           strip_scratch_bytes(plan_.width[0], dis_count, variants());
  }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(plan_, dis_count, variants());
  }
  void run(const FrameInput& input, int scale, int index, FrameState& frame_state,
           Scratch& scratch) const override {
    State& state = static_cast<State&>(frame_state);
    const int dis_count = static_cast<int>(input.dis().size());
    PlaneView* dis = scratch.take<PlaneView>(dis_count);
    NextPlane* next_dis = scratch.take<NextPlane>(dis_count);
    for (int d = 0; d < dis_count; ++d) {
      dis[d] = scale == 0 ? input.dis()[d].planes[0] : plane(state.dis[d], scale);
      next_dis[d] = next_plane(state.dis[d], scale);
    }
    const StripRange rows = strip_range(plan_.height[scale], plan_.strips[scale], index, 4);
    Strip strip;
    strip.scale = scale;
    strip.bit_depth = plan_.format.bit_depth;
    strip.limit_count = variants();
    strip.gain_limits = gain_limits_.data();
    strip.begin = rows.begin;
    strip.end = rows.end;
    strip.dis_count = dis_count;
    strip.ref = scale == 0 ? input.ref().planes[0] : plane(state.ref, scale);
    strip.dis = dis;
    strip.sums = scale == 0 && plan_.skip_scale0
                     ? nullptr
                     : &state.sums[scale][static_cast<size_t>(index) * dis_count * variants()];
    strip.next_ref = next_plane(state.ref, scale);
    strip.next_dis = next_dis;
    run_strip(strip, scratch);
  }

  void finish(const FrameInput& input, const FrameState& frame_state, int dis,
              std::span<double> raw) const override {
    const size_t count = features_.size() / gain_limits_.size();
    for (size_t i = 0; i < gain_limits_.size(); ++i) {
      const size_t column = static_cast<size_t>(dis) * gain_limits_.size() + i;
      finish_variant(static_cast<const State&>(frame_state), column, input.dis().size() * gain_limits_.size(),
                     raw.subspan(i * count, count));
    }
  }

 private:
  void add_features(const std::string& suffix) {
    for (const FeatureName& name : kScore) features_.push_back(named_feature(name, suffix));
    if (!plan_.debug) return;
    const auto add = [&](const std::string& name) {
      features_.push_back(named_feature({name.c_str(), nullptr}, suffix));
    };
    for (const char* name : {"integer_vif", "integer_vif_num", "integer_vif_den"}) add(name);
    for (int s = 0; s < kScales; ++s) {
      add("integer_vif_num_scale" + std::to_string(s));
      add("integer_vif_den_scale" + std::to_string(s));
    }
  }

  // From sums[strip * columns + column].
  void finish_variant(const State& state, size_t column, size_t columns, std::span<double> raw) const {
    std::array<float, kScales> num{}, den{};
    double num_total = 0, den_total = 0;
    for (int s = 0; s < kScales; ++s) {
      if (s == 0 && plan_.skip_scale0) {
        den[s] = -1.0f;
        raw[s] = 0.0;
        continue;
      }
      Sums sums;
      for (int i = 0; i < plan_.strips[s]; ++i) sums += state.sums[s][i * columns + column];
      // The order of operations is part of the definition. 65025 is the squared peak.
      const double den_flat = static_cast<double>(sums.den_flat);
      num[s] = static_cast<float>(static_cast<double>(sums.num_log) / 2048.0 +
                                  (den_flat - (static_cast<double>(sums.num_flat) / 16384.0) / 65025.0));
      den[s] = static_cast<float>(static_cast<double>(sums.den_log) / 2048.0 + den_flat);
      raw[s] = num[s] / den[s];
      num_total += num[s];
      den_total += den[s];
    }
    if (!plan_.debug) return;
    size_t next = kScales;
    raw[next++] = den_total == 0.0 ? 1.0 : num_total / den_total;
    raw[next++] = num_total;
    raw[next++] = den_total;
    for (int s = 0; s < kScales; ++s) {
      raw[next++] = num[s];
      raw[next++] = den[s];
    }
  }

  PlaneView plane(const Pyramid& pyramid, int scale) const {
    return {reinterpret_cast<const uint8_t*>(pyramid.plane[scale].data()),
            next_stride(plan_.width[scale]) * static_cast<ptrdiff_t>(sizeof(uint16_t)), plan_.width[scale],
            plan_.height[scale]};
  }
  NextPlane next_plane(Pyramid& pyramid, int scale) const {
    if (scale + 1 == kScales) return {};
    return {pyramid.plane[scale + 1].data(), next_stride(plan_.width[scale + 1])};
  }

  Plan plan_;
  std::vector<double> gain_limits_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

Result<std::unique_ptr<Metric>> create_variants(const Format& format, std::span<const OptionMap> variants) {
  Params params;
  std::vector<double> gain_limits;
  std::vector<std::string> suffixes;
  for (const OptionMap& options : variants) {
    FOVEA_ASSIGN(params, param_table().parse(options));
    gain_limits.push_back(params.vif_enhn_gain_limit);
    suffixes.push_back(param_table().suffix(params));
  }
  const int b = format.bit_depth;
  if (b != 8 && b != 10 && b != 12 && b != 16) {
    return unsupported_error("vif: bit depth " + std::to_string(b) + " is not 8, 10, 12 or 16");
  }
  if (format.width_px < kMinimumPx || format.height_px < kMinimumPx) {
    return too_small_error("vif", format, kMinimumPx, kMinimumPx);
  }
  return std::unique_ptr<Metric>(
      std::make_unique<Vif>(make_plan(format, params), std::move(gain_limits), suffixes));
}

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  return create_variants(format, std::span(&options, 1));
}

// The gain is limited after all filtering.
bool shares_work(const OptionMap& a, const OptionMap& b) {
  auto first = param_table().parse(a), second = param_table().parse(b);
  if (!first.ok() || !second.ok()) return false;
  first->vif_enhn_gain_limit = second->vif_enhn_gain_limit;
  return *first == *second;
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "vif",
    .summary = "visual information fidelity of luma, four scales",
    .provided = {kScore.begin(), kScore.end()},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
    .shares_work = shares_work,
    .create_variants = create_variants,
};

}  // namespace fovea::vif
