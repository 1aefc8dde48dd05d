// SPDX-License-Identifier: BSD-2-Clause-Patent
// Float VIF. If the pictures are resampled, that is the first phase; then a phase a scale, which makes its
// sums and, on the way, the planes of the next scale.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <optional>
#include <string>

#include "metrics/float_vif/float_vif_kernels.h"
#include "metrics/float_vif/prescale.h"
#include "metrics/metric.h"

namespace fovea::float_vif {
namespace {

#define FOVEA_PARAMS_OWNER "float_vif"
#define FOVEA_PARAMS_FILE "metrics/float_vif/float_vif.params"
#include "metrics/define_params.inc"

constexpr std::array<FeatureName, kScales> kScore = {{
    {"VMAF_feature_vif_scale0_score", "vif_scale0"},
    {"VMAF_feature_vif_scale1_score", "vif_scale1"},
    {"VMAF_feature_vif_scale2_score", "vif_scale2"},
    {"VMAF_feature_vif_scale3_score", "vif_scale3"},
}};
constexpr int kStripRows = 64;
constexpr int kMaxBilinearWidth = 7680;

// Ratios of viewing distances for which windows are defined.
constexpr float kKernelScales[] = {1.0f,        1.0f / 2,     3.0f / 2, 2.0f,      2.0f / 3,  2.4f,
                                   360.0f / 97, 4.0f / 3,     3.5f / 3, 3.75f / 3, 4.25f / 3, 5.0f / 3,
                                   3.0f,        1.0f / 2.25f, 1.4746f,  1.54f,     1.6f,      1.06667f,
                                   0.711111f,   0.740740f,    1.111111f};

// A Gaussian of five standard deviations. How each step rounds decides on variances near the noise, so that
// the order and the types here are part of the definition.
Taps gaussian(int scale, float kernel_scale) {
  int count = static_cast<int>(std::ceil(static_cast<float>((1 << (4 - scale)) + 1) * kernel_scale));
  count = std::max(count | 1, 3);
  Taps taps;
  taps.radius = count / 2;
  const float sigma = static_cast<float>(count) / 5.0f;
  const float peak = static_cast<float>(1.0 / (sigma * std::sqrt(2.0 * std::numbers::pi)));
  float sum = 0;
  for (int i = 0; i < count; ++i) {
    const int d = i - taps.radius;
    taps.data()[i] = static_cast<float>(std::exp(-0.5 * d / sigma * d / sigma)) / peak;
    sum += taps.data()[i];
  }
  for (int i = 0; i < count; ++i) taps.data()[i] /= sum;
  return taps;
}

Statistic make_statistic(const Params& params) {
  Statistic s;
  s.noise = params.vif_sigma_nsq;
  s.flat_below = static_cast<float>(s.noise);
  if (s.flat_below < s.noise)
    s.flat_below = std::nextafter(s.flat_below, std::numeric_limits<float>::infinity());
  int exponent = 0;
  if (s.noise > 0 && std::frexp(s.noise, &exponent) == 0.5 && std::abs(exponent) < 60)
    s.inverse_noise = std::ldexp(1.0f, 1 - exponent);
  s.flat_weight = std::pow(static_cast<float>(s.noise), 2.0f) / (255.0f * 255.0f);
  s.gain_limit = static_cast<float>(params.vif_enhn_gain_limit);
  return s;
}

// Everything that depends on format and options only.
struct Plan {
  Format format;
  bool debug = false;
  bool skip_scale0 = false;
  std::array<double, kScales> least_score{};
  Statistic statistic;
  std::optional<Prescaler> prescaler;
  std::array<Taps, kScales> taps;
  std::array<int, kScales> width{}, height{}, strips{};

  int first_phase() const { return prescaler ? 1 : 0; }  // of the scales
};

// Planes of the scales of one picture; that of scale 0 only if it is resampled.
struct Pyramid {
  std::array<AlignedBuffer<float>, kScales> plane;
};

struct ScaleSums {
  std::vector<float> den;               // [row]
  std::vector<std::vector<float>> num;  // [dis][row]
  std::vector<float*> num_rows;
};

struct State final : FrameState {
  State(const Plan& plan, int dis_count) {
    for (int p = 0; p <= dis_count; ++p) {
      Pyramid& pyramid = pictures.emplace_back();
      for (int s = plan.prescaler ? 0 : 1; s < kScales; ++s) {
        pyramid.plane[s] = AlignedBuffer<float>(plane_stride(plan.width[s]) * plan.height[s]);
      }
    }
    for (int s = 0; s < kScales; ++s) {
      sums[s].den.resize(plan.height[s]);
      sums[s].num.assign(dis_count, std::vector<float>(plan.height[s]));
      for (auto& rows : sums[s].num) sums[s].num_rows.push_back(rows.data());
    }
  }
  std::vector<Pyramid> pictures;  // the reference first
  std::array<ScaleSums, kScales> sums;
};

class FloatVif final : public Metric {
 public:
  FloatVif(Plan plan, const std::string& suffix) : plan_(std::move(plan)) {
    if (plan_.prescaler) strips_.push_back(plan_.strips[0]);
    strips_.insert(strips_.end(), plan_.strips.begin(), plan_.strips.end());
    for (const FeatureName& name : kScore) features_.push_back(named_feature(name, suffix));
    if (!plan_.debug) return;
    const auto add = [&](const std::string& name) {
      features_.push_back(named_feature({name.c_str(), nullptr}, suffix));
    };
    for (const char* name : {"vif", "vif_num", "vif_den"}) add(name);
    for (int s = 0; s < kScales; ++s) {
      add("vif_num_scale" + std::to_string(s));
      add("vif_den_scale" + std::to_string(s));
    }
  }

  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int dis_count) const override {
    const size_t scale = Scratch::bytes_for<Source>(dis_count) + Scratch::bytes_for<NextPlane>(dis_count) +
                         strip_scratch_bytes(plan_.taps[0].radius, dis_count);
    return plan_.prescaler ? std::max(scale, plan_.prescaler->scratch_bytes(plan_.format.width_px)) : scale;
  }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(plan_, dis_count);
  }

  void run(const FrameInput& input, int phase, int index, FrameState& frame_state,
           Scratch& scratch) const override {
    State& state = static_cast<State&>(frame_state);
    const int dis_count = static_cast<int>(input.dis().size());
    const int scale = phase - plan_.first_phase();
    const StripRange rows = strip_range(plan_.height[std::max(scale, 0)], strips_[phase], index, kBandRows);
    if (scale < 0) {
      for (int p = 0; p <= dis_count; ++p) {
        scratch.reset();
        plan_.prescaler->rows(samples(p == 0 ? input.ref() : input.dis()[p - 1]), rows.begin, rows.end,
                              state.pictures[p].plane[0].data(), plane_stride(plan_.width[0]), scratch);
      }
      return;
    }
    Source* dis = scratch.take<Source>(dis_count);
    NextPlane* next_dis = scratch.take<NextPlane>(dis_count);
    for (int d = 0; d < dis_count; ++d) {
      dis[d] = source(input.dis()[d], state.pictures[d + 1], scale);
      next_dis[d] = next_plane(state.pictures[d + 1], scale);
    }
    Strip strip;
    strip.begin = rows.begin;
    strip.end = rows.end;
    strip.dis_count = dis_count;
    strip.ref = source(input.ref(), state.pictures[0], scale);
    strip.dis = dis;
    if (scale > 0 || !plan_.skip_scale0) strip.taps = &plan_.taps[scale];
    strip.statistic = plan_.statistic;
    strip.den = state.sums[scale].den.data();
    strip.num = state.sums[scale].num_rows.data();
    if (scale + 1 < kScales) strip.next_taps = &plan_.taps[scale + 1];
    strip.next_ref = next_plane(state.pictures[0], scale);
    strip.next_dis = next_dis;
    run_strip(strip, scratch);
  }

  void finish(const FrameInput&, const FrameState& frame_state, int dis,
              std::span<double> raw) const override {
    const State& state = static_cast<const State&>(frame_state);
    std::array<float, kScales> num{}, den{};
    double num_total = 0, den_total = 0;
    for (int s = 0; s < kScales; ++s) {
      if (s == 0 && plan_.skip_scale0) {
        den[s] = -1.0f;
        raw[s] = 0.0;
        continue;
      }
      for (const float row : state.sums[s].num[dis]) num[s] += row;
      for (const float row : state.sums[s].den) den[s] += row;
      raw[s] = static_cast<double>(num[s]) / static_cast<double>(den[s]);
      if (s > 0) raw[s] = std::max(raw[s], plan_.least_score[s]);
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

 private:
  Source samples(const Frame& frame) const {
    const int above = 1 << (plan_.format.bit_depth - 8);
    return {frame.planes[0], plan_.format.sample_bytes(), 128 * above, 1.0f / static_cast<float>(above)};
  }
  Source source(const Frame& frame, const Pyramid& pyramid, int scale) const {
    if (scale == 0 && !plan_.prescaler) return samples(frame);
    const int width = plan_.width[scale];
    return {{reinterpret_cast<const uint8_t*>(pyramid.plane[scale].data()),
             plane_stride(width) * static_cast<ptrdiff_t>(sizeof(float)), width, plan_.height[scale]},
            static_cast<int>(sizeof(float)),
            0,
            1.0f};
  }
  NextPlane next_plane(Pyramid& pyramid, int scale) const {
    if (scale + 1 == kScales) return {};
    return {pyramid.plane[scale + 1].data(), plane_stride(plan_.width[scale + 1])};
  }

  Plan plan_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

std::string size_text(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  const int b = format.bit_depth;
  if (b != 8 && b != 10 && b != 12 && b != 16) {
    return unsupported_error("float_vif: bit depth " + std::to_string(b) + " is not 8, 10, 12 or 16");
  }
  const std::string& method = params.vif_prescale_method;
  if (!is_prescale_method(method)) {
    return usage_error("float_vif: vif_prescale_method=" + method +
                       " is not one of nearest, bilinear, bicubic, lanczos4");
  }
  const float kernel_scale = static_cast<float>(params.vif_kernelscale);
  if (std::none_of(std::begin(kKernelScales), std::end(kKernelScales),
                   [&](float k) { return std::fabs(kernel_scale - k) < 1e-3f; })) {
    std::vector<float> sorted(std::begin(kKernelScales), std::end(kKernelScales));
    std::sort(sorted.begin(), sorted.end());
    std::string list;
    for (const float k : sorted) list += (list.empty() ? "" : ", ") + format_g(k);
    return usage_error("float_vif: vif_kernelscale=" + format_g(params.vif_kernelscale) + " is not one of " +
                       list);
  }

  Plan plan;
  plan.format = format;
  plan.debug = params.debug;
  plan.skip_scale0 = params.vif_skip_scale0;
  plan.least_score = {0, params.vif_scale1_min_val, params.vif_scale2_min_val, params.vif_scale3_min_val};
  plan.statistic = make_statistic(params);
  const int width = prescaled_size(format.width_px, params.vif_prescale),
            height = prescaled_size(format.height_px, params.vif_prescale);
  if (method == "bilinear" && width > kMaxBilinearWidth) {
    return unsupported_error("float_vif: vif_prescale_method=bilinear makes at most 7680 columns, " +
                             describe(format) + " would give " + std::to_string(width));
  }

  int least = 0;
  for (int s = 0; s < kScales; ++s) {
    plan.taps[s] = gaussian(s, kernel_scale);
    plan.width[s] = width >> s;
    plan.height[s] = height >> s;
    plan.strips[s] = std::max(1, strip_count(plan.height[s], kStripRows));
    // Each plane must be larger than the radius in which its edges are reflected.
    if (s > 0 || !plan.skip_scale0) least = std::max(least, (plan.taps[s].radius + 1) << s);
    if (s > 0) least = std::max(least, (plan.taps[s].radius + 1) << (s - 1));
  }
  const bool resampled = width != format.width_px || height != format.height_px;
  if (std::min(width, height) < least) {
    if (!resampled) return too_small_error("float_vif", format, least, least);
    return unsupported_error("float_vif: " + size_text(format.width_px, format.height_px) +
                             " with vif_prescale=" + format_g(params.vif_prescale) + " becomes " +
                             size_text(width, height) + ", smaller than the minimum of " +
                             size_text(least, least));
  }
  if (resampled) {
    FOVEA_ASSIGN(plan.prescaler,
                 make_prescaler(format.width_px, format.height_px, params.vif_prescale, method));
  }
  return std::unique_ptr<Metric>(std::make_unique<FloatVif>(std::move(plan), param_table().suffix(params)));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "float_vif",
    .summary = "visual information fidelity of luma, four scales, single precision",
    .provided = {kScore.begin(), kScore.end()},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::float_vif
