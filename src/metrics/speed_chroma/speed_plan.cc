// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/speed_chroma/speed_plan.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fovea::speed {
namespace {

constexpr double kKernelScales[] = {1,          1.0 / 2,  3.0 / 2,  2,       2.0 / 3, 2.4,    360.0 / 97,
                                    4.0 / 3,    3.5 / 3,  3.75 / 3, 4.25 / 3, 5.0 / 3, 3,      1 / 2.25,
                                    1.4746,     1.54,     1.6,      1.06667, 0.711111, 0.740740, 1.111111};

// Length of the filter of one octave of the pyramid (1 .. 4): odd, at least 3.
int filter_length(int octave, float kernelscale) {
  const int length = static_cast<int>(std::ceil(static_cast<float>((1 << (4 - octave)) + 1) * kernelscale));
  return std::max(3, length | 1);
}

// The order and the widths of these steps decide the last bit of every tap.
std::vector<float> gaussian(int length, float sigma) {
  std::vector<float> taps;
  const float peak = static_cast<float>(1.0 / (static_cast<double>(sigma) * std::sqrt(2.0 * std::numbers::pi)));
  float sum = 0;
  for (int x = -(length / 2); x <= length / 2; ++x) {
    taps.push_back(static_cast<float>(std::exp(-0.5 * x / sigma * x / sigma)) / peak);
    sum += taps.back();
  }
  for (float& tap : taps) tap /= sum;
  return taps;
}

// One axis of an interpolation: where the samples are taken, and how they weigh.
struct Taps {
  std::vector<int> index;
  std::vector<float> weight;
};

float cubic(float distance) {
  constexpr float a = -0.75f;
  const float t = std::abs(distance);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
  return 0;
}

float lanczos4(float x) {
  constexpr double pi = std::numbers::pi;
  if (x == 0) return 1;
  if (std::abs(x) >= 4) return 0;
  return static_cast<float>(4.0 * std::sin(pi * x) * std::sin(pi * x / 4.0) / (pi * pi * x * x));
}

enum class Method { kNearest, kBilinear, kBicubic, kLanczos4 };

int tap_count(Method method) {
  switch (method) {
    case Method::kNearest: return 1;
    case Method::kBilinear: return 2;
    case Method::kBicubic: return 4;
    case Method::kLanczos4: return 9;
  }
  return 0;
}

// Taps of scaled sample i; ratio = source length / scaled length, in single precision.
Taps taps_at(Method method, int i, int source_length, float ratio) {
  if (method == Method::kNearest) {
    return {{std::min(static_cast<int>(static_cast<float>(i) * ratio), source_length - 1)}, {1.0f}};
  }
  const float centre = static_cast<float>((i + 0.5) * static_cast<double>(ratio) - 0.5);
  const int left = static_cast<int>(std::floor(centre));
  if (method == Method::kBilinear) {
    const int a = mirrored(left, source_length), b = mirrored(static_cast<int>(std::ceil(centre)), source_length);
    // Before the first sample a is mirrored to 1, and the weight becomes that of an extrapolation.
    const float t = centre - static_cast<float>(a);
    return {{a, b}, {1 - t, t}};
  }
  Taps taps;
  const float t = centre - static_cast<float>(left);
  const int first = method == Method::kBicubic ? -1 : -4;
  for (int k = 0; k < tap_count(method); ++k) {
    const float distance = t - static_cast<float>(first + k);
    taps.index.push_back(mirrored(left + first + k, source_length));
    taps.weight.push_back(method == Method::kBicubic ? cubic(distance) : lanczos4(distance));
  }
  return taps;
}

Resampler make_resampler(Method method, const Plan& plan) {
  Resampler out;
  out.taps = tap_count(method);
  out.normalise = method == Method::kLanczos4;
  const int length = static_cast<int>(plan.wide.size()), radius = plan.radius();
  out.columns = plan.lattice_width * length;
  out.column_index.resize(static_cast<size_t>(out.taps) * out.columns);
  out.column_weight.resize(out.column_index.size());
  const float ratio_x = static_cast<float>(plan.width) / static_cast<float>(plan.scaled_width);
  for (int c = 0; c < out.columns; ++c) {
    const int x = mirrored(c / length * kDecimation + c % length - radius, plan.scaled_width);
    const Taps taps = taps_at(method, x, plan.width, ratio_x);
    for (int t = 0; t < out.taps; ++t) {
      out.column_index[static_cast<size_t>(t) * out.columns + c] = taps.index[t];
      out.column_weight[static_cast<size_t>(t) * out.columns + c] = taps.weight[t];
    }
  }
  const float ratio_y = static_cast<float>(plan.height) / static_cast<float>(plan.scaled_height);
  for (int y = 0; y < plan.scaled_height; ++y) {
    const Taps taps = taps_at(method, y, plan.height, ratio_y);
    out.row_index.insert(out.row_index.end(), taps.index.begin(), taps.index.end());
    out.row_weight.insert(out.row_weight.end(), taps.weight.begin(), taps.weight.end());
  }
  return out;
}

}  // namespace

int mirrored(int i, int n) {
  while (i < 0 || i >= n) i = i < 0 ? -i : 2 * (n - 1) - i;
  return i;
}

double log2_2pie() { return std::log2(2.0 * std::numbers::pi * std::numbers::e); }

Result<Plan> make_plan(const char* owner, const Options& options, int width, int height, int bit_depth) {
  const std::string prefix = std::string(owner) + ": ";
  const float kernelscale = static_cast<float>(options.kernelscale);
  const auto near = [&](double scale) { return std::abs(kernelscale - static_cast<float>(scale)) < 1e-3f; };
  if (std::none_of(std::begin(kKernelScales), std::end(kKernelScales), near)) {
    std::vector<double> known(std::begin(kKernelScales), std::end(kKernelScales));
    std::sort(known.begin(), known.end());
    std::string list;
    for (const double scale : known) list += (list.empty() ? "" : ", ") + format_g(scale);
    return usage_error(prefix + "speed_kernelscale=" + format_g(options.kernelscale) + " is not one of " + list);
  }
  constexpr const char* kMethods[] = {"nearest", "bilinear", "bicubic", "lanczos4"};
  const auto found = std::find(std::begin(kMethods), std::end(kMethods), options.prescale_method);
  if (found == std::end(kMethods)) {
    return usage_error(prefix + "speed_prescale_method=" + options.prescale_method +
                       " is not one of nearest, bilinear, bicubic, lanczos4");
  }
  const Method method = static_cast<Method>(found - std::begin(kMethods));

  Plan plan;
  plan.width = plan.scaled_width = width;
  plan.height = plan.scaled_height = height;
  plan.bit_depth = bit_depth;
  if (std::abs(options.prescale - 1.0) >= 1e-3) {
    plan.scaled_width = static_cast<int>(width * options.prescale + 0.5);
    plan.scaled_height = static_cast<int>(height * options.prescale + 0.5);
  }
  plan.resample = plan.scaled_width != width || plan.scaled_height != height;
  if (plan.scaled_width < kMinScaled || plan.scaled_height < kMinScaled) {
    const bool scaled = options.prescale != 1.0;
    return unsupported_error(prefix + "a plane of " + std::to_string(plan.scaled_width) + "x" +
                             std::to_string(plan.scaled_height) +
                             (scaled ? " after speed_prescale=" + format_g(options.prescale) : "") +
                             " is smaller than its minimum of 80x80");
  }
  plan.lattice_width = plan.scaled_width / kDecimation;
  plan.lattice_height = plan.scaled_height / kDecimation;
  plan.blocks_h = plan.lattice_width / kBlock;
  plan.blocks_v = plan.lattice_height / kBlock;

  const int wide = filter_length(1, kernelscale), narrow = filter_length(4, kernelscale);
  plan.wide = gaussian(wide, static_cast<float>(std::sqrt(4.0) * wide / 5.0));
  plan.narrow = gaussian(narrow, static_cast<float>(narrow / 5.0));
  if (plan.resample) plan.resampler = make_resampler(method, plan);

  plan.noise = static_cast<float>(options.sigma_nn);
  const float floor_noise = (1.0f + static_cast<float>(options.nn_floor)) * plan.noise;
  plan.base_entropy = static_cast<float>(kDims * (std::log2(static_cast<double>(floor_noise)) + log2_2pie()));
  plan.weight_mode = options.weight_mode;
  return plan;
}

}  // namespace fovea::speed
