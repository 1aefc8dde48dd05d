// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/float_vif/prescale.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace fovea::float_vif {
namespace {

float cubic_weight(float t) {
  constexpr float a = -0.75f;
  t = std::fabs(t);
  if (t < 1) return ((a + 2) * t - (a + 3)) * t * t + 1;
  if (t < 2) return (((t - 5) * t + 8) * t - 4) * a;
  return 0;
}

float lanczos_weight(float t) {
  constexpr double a = 4, pi = std::numbers::pi;
  if (t == 0) return 1;
  if (t <= -4 || t >= 4) return 0;
  return static_cast<float>(a * std::sin(pi * t) * std::sin(pi * t / a) / (pi * pi * t * t));
}

Axis make_axis(int from, int to, const std::string& method) {
  Axis axis;
  axis.size = to;
  axis.taps = method == "nearest" ? 1 : method == "bilinear" ? 2 : method == "bicubic" ? 4 : 9;
  axis.index.resize(static_cast<size_t>(to) * axis.taps);
  axis.weight.resize(axis.index.size(), 1.0f);
  const float ratio = static_cast<float>(from) / static_cast<float>(to);
  for (int i = 0; i < to; ++i) {
    if (method == "nearest") {
      axis.index[i] = static_cast<int>(static_cast<float>(i) * ratio);
      continue;
    }
    const float position = static_cast<float>((i + 0.5) * ratio - 0.5);
    const int floor = static_cast<int>(std::floor(position));
    if (method == "bilinear") {
      const int first = reflect101(floor, from);
      axis.index[i] = first;
      axis.index[to + i] = reflect101(static_cast<int>(std::ceil(position)), from);
      const float part =
          position - static_cast<float>(first);  // from the reflected sample: an extrapolation there
      axis.weight[i] = 1 - part;
      axis.weight[to + i] = part;
      continue;
    }
    const bool cubic = method == "bicubic";
    const float part = position - static_cast<float>(floor);
    for (int k = 0; k < axis.taps; ++k) {
      const int offset = k - (cubic ? 1 : 4);
      const float t = static_cast<float>(offset) - part;
      axis.index[k * to + i] = reflect101(floor + offset, from);
      axis.weight[k * to + i] = cubic ? cubic_weight(t) : lanczos_weight(t);
    }
  }
  return axis;
}

template <class Sample>
void read_row(const Source& s, int y, float* out) {
  const Sample* row = s.view.row<Sample>(y);
  for (int x = 0; x < s.view.width_px; ++x)
    out[x] = static_cast<float>(static_cast<int>(row[x]) - s.zero) * s.unit;
}

}  // namespace

bool is_prescale_method(const std::string& method) {
  return method == "nearest" || method == "bilinear" || method == "bicubic" || method == "lanczos4";
}

Result<Prescaler> make_prescaler(int width, int height, double factor, const std::string& method) {
  Prescaler p;
  p.x = make_axis(width, prescaled_size(width, factor), method);
  p.y = make_axis(height, prescaled_size(height, factor), method);
  p.copies = method == "nearest";
  p.normalised = method == "lanczos4";
  const auto fits = [](const Axis& axis, int size) {
    return std::all_of(axis.index.begin(), axis.index.end(), [&](int i) { return i >= 0 && i < size; });
  };
  if (!fits(p.x, width) || !fits(p.y, height)) {
    return unsupported_error("float_vif: " + std::to_string(width) + "x" + std::to_string(height) +
                             " is too small for vif_prescale_method=" + method +
                             ", whose reflected edge needs at least 6x6");
  }
  return p;
}

size_t Prescaler::scratch_bytes(int source_width) const {
  return Scratch::bytes_for<float>(source_width) + Scratch::bytes_for<float>(x.size);
}

void Prescaler::rows(const Source& source, int begin, int end, float* out, ptrdiff_t stride,
                     Scratch& scratch) const {
  float* const samples = scratch.take<float>(source.view.width_px);
  float* const weights = scratch.take<float>(x.size);
  for (int i = begin; i < end; ++i) {
    float* const row = out + i * stride;
    std::fill_n(row, x.size, 0.0f);
    std::fill_n(weights, x.size, 0.0f);
    for (int j = 0; j < y.taps; ++j) {
      const int from = y.index[static_cast<size_t>(j) * y.size + i];
      const float weight_y = y.weight[static_cast<size_t>(j) * y.size + i];
      source.sample_bytes == 1 ? read_row<uint8_t>(source, from, samples)
                               : read_row<uint16_t>(source, from, samples);
      for (int k = 0; k < x.taps; ++k) {
        const int* index = &x.index[static_cast<size_t>(k) * x.size];
        const float* weight_x = &x.weight[static_cast<size_t>(k) * x.size];
        if (copies) {
          for (int c = 0; c < x.size; ++c) row[c] = samples[index[c]];
          continue;
        }
        for (int c = 0; c < x.size; ++c) {
          const float weight = weight_x[c] * weight_y;
          row[c] += samples[index[c]] * weight;
          weights[c] += weight;
        }
      }
    }
    for (int c = 0; normalised && c < x.size; ++c) row[c] /= weights[c];
  }
}

}  // namespace fovea::float_vif
