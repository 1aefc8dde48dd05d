// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/cambi/cambi_plan.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "metrics/cambi/cambi_kernels.h"
#include "metrics/metric.h"

namespace fovea::cambi {
namespace {

constexpr int kBlack = 64, kWhite = 940;  // limited range of ten bits
constexpr int kMinSize = 216, kMaxSize = 16384;
constexpr int kRowStrip = 128;  // rows of a strip of the first pass

using Luminance = double (*)(int);

double signal_level(int code) {
  return (std::clamp(code, kBlack, kWhite) - kBlack) / static_cast<double>(kWhite - kBlack);
}

// The highest code at which a step of `contrast` codes is a visible relative change of luminance. The
// change falls as the code rises: bisection, with the ends treated as libvmaf treats them.
int visibility_limit(Luminance luminance, int contrast, double threshold) {
  const auto visible = [&](int code) {
    return luminance(code + contrast) - luminance(code) > threshold * luminance(code);
  };
  const auto is_last = [&](int code) { return visible(code) && !visible(code + 1); };
  int low = kBlack, high = kWhite - contrast - 1;
  if (!visible(low)) return 0;
  if (is_last(low)) return low;
  if (visible(high)) return is_last(high) ? high : 1023;
  while (true) {
    const int middle = low + (high - low) / 2;
    if (!visible(middle)) {
      high = middle;
    } else if (visible(middle + 1)) {
      low = middle;
    } else {
      return middle;
    }
  }
}

// First code that is bright enough; 0 if all are, beyond any code if none is.
int darkest_code(Luminance luminance, double min_luminance) {
  int code = kBlack;
  while (code <= kWhite && luminance(code) < min_luminance) ++code;
  if (code == kBlack) return 0;
  return code <= kWhite ? code : kMaxCode + 2 * kMaxContrasts;
}

// How much a step of d+1 codes weighs.
int step_weight(int d) {
  constexpr int kFirst[] = {1, 2, 3, 4, 4, 5, 5, 6, 6, 6, 6, 7, 7, 7, 7};
  return d < 15 ? kFirst[d] : d < 22 ? 8 : 9;
}

// 1/i by way of nine significant decimal digits: libvmaf holds its table as text, and some entries differ
// from the nearest float because of that.
std::vector<float> reciprocal_table(int count) {
  std::vector<float> table(static_cast<size_t>(count) + 1, 0.0f);
  for (int i = 1; i <= count; ++i) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, 1.0 / i, std::chars_format::scientific, 8).ptr;
    std::from_chars(text, end, table[i]);
  }
  return table;
}

// Nearest source index of each sample of an axis. The position is accumulated in single precision: its
// rounding decides which sample is taken.
std::vector<int> sample_positions(int in, int out) {
  std::vector<int> positions(out);
  const float step = static_cast<float>(in) / static_cast<float>(out);
  float at = static_cast<float>(static_cast<double>(step) / 2.0 - 0.5);
  for (int& position : positions) {
    position = std::clamp(static_cast<int>(static_cast<double>(at) + 0.5), 0, in - 1);
    at += step;
  }
  return positions;
}

int mask_threshold(int width, int height) {
  const int blocks = (width / 64) * (height / 64);
  int exponent = 0;  // ceil(log2(blocks))
  while ((1 << exponent) < blocks) ++exponent;
  return (49 + 3 * (exponent - 11) - 1) >> 1;
}

Layout make_layout(const Plan& plan, int width, int height) {
  Layout layout;
  layout.width = width;
  layout.height = height;
  if (width != plan.format.width_px || height != plan.format.height_px) {
    layout.columns = sample_positions(plan.format.width_px, width);
    layout.rows = sample_positions(plan.format.height_px, height);
  }
  int window = plan.params.window_size * (width + height) / 375 / 16;
  if (plan.half_size) window = (window + 1) / 2;
  layout.window = window | 1;
  layout.radius = layout.window / 2;
  layout.mask_threshold = mask_threshold(width, height);
  layout.row_strips = strip_count(height, kRowStrip);

  // Wide enough that the columns beside a tile are few against its own; narrow enough for the counts of the
  // codes in use to stay in a core's cache, and for a frame to give work to several cores.
  const int target_columns = std::clamp(30 * layout.radius, 256, 1024);
  size_t samples = 2 * kRowPad, bits = 0, runs = 0, values = 0;
  for (int s = 0; s < kScales; ++s) {
    ScaleLayout& scale = layout.scales[s];
    if (s > 0 || plan.half_size) {
      width = (width + 1) / 2;
      height = (height + 1) / 2;
    }
    scale.width = width;
    scale.height = height;
    scale.tiles = strip_count(width, target_columns);
    scale.edges.resize(scale.tiles + 1, width);
    for (int t = 0; t < scale.tiles; ++t) {
      const StripRange range = strip_range(width, scale.tiles, t, 32);
      scale.edges[t] = range.begin;
      scale.tile_columns = std::max(scale.tile_columns, range.end - range.begin);
    }
    if (s > 0 || plan.half_size) {
      scale.plane_stride = row_stride(width);
      scale.plane_at = samples;
      samples += scale.plane_stride * height + kRowPad;
      scale.mask_stride = kBitPad + bit_words(width);
      scale.mask_at = bits + kBitPad;
      bits += scale.mask_stride * height;
    }
    scale.runs_at = runs;
    scale.runs_per_row = scale.tile_columns + 2 * layout.radius;
    scale.runs_per_tile = scale.runs_per_row * height;
    runs += scale.runs_per_tile * scale.tiles;
    scale.values_at = values;
    scale.values_per_tile = static_cast<size_t>(scale.tile_columns) * height + kRowPad;
    values += scale.values_per_tile * scale.tiles;
    const int64_t area = static_cast<int64_t>(width) * height;
    scale.kept = std::clamp<int64_t>(static_cast<int64_t>(plan.topk * static_cast<double>(area)), 1, area);
    layout.max_tile_columns = std::max(layout.max_tile_columns, scale.tile_columns);
  }
  layout.samples = samples + kRowPad;
  layout.bits = bits;
  layout.runs = runs;
  layout.values = values;
  return layout;
}

std::string size_text(int width, int height) {
  return std::to_string(width) + "x" + std::to_string(height);
}

}  // namespace

double luminance_bt1886(int code) {
  constexpr double kGamma = 2.4, kPeak = 300.0, kDark = 0.01;
  const double root_dark = std::pow(kDark, 1.0 / kGamma);
  const double span = std::pow(kPeak, 1.0 / kGamma) - root_dark;
  return std::pow(span, kGamma) * std::pow(std::max(signal_level(code) + root_dark / span, 0.0), kGamma);
}

double luminance_pq(int code) {
  constexpr double kM1 = 0.1593017578125, kM2 = 78.84375, kC1 = 0.8359375, kC2 = 18.8515625, kC3 = 18.6875;
  const double p = std::pow(signal_level(code), 1.0 / kM2);
  return 10000.0 * std::pow(std::max(p - kC1, 0.0) / (kC2 - kC3 * p), 1.0 / kM1);
}

Result<Plan> make_plan(const Format& format, const Params& params) {
  Plan plan;
  plan.format = format;
  plan.params = params;
  plan.anti_dither = (params.enc_bitdepth != 0 ? params.enc_bitdepth : format.bit_depth) < 10;
  plan.contrasts = 1 << params.max_log_contrast;
  plan.topk = params.topk != 0.6 ? params.topk : params.cambi_topk;

  int enc_width = params.enc_width, enc_height = params.enc_height;
  if (enc_width == 0 || enc_height == 0 || enc_width > format.width_px || enc_height > format.height_px) {
    enc_width = format.width_px;
    enc_height = format.height_px;
  }
  int src_width = params.src_width, src_height = params.src_height;
  if (src_width == 0 || src_height == 0) {
    src_width = format.width_px;
    src_height = format.height_px;
  }
  for (const auto& [width, height] : {std::pair{enc_width, enc_height}, std::pair{src_width, src_height}}) {
    if (width < kMinSize && height < kMinSize) {
      return unsupported_error("cambi: " + size_text(width, height) +
                               " is too small; width or height must be at least " + std::to_string(kMinSize));
    }
  }
  for (const auto& [width, height] : {std::pair{enc_width, enc_height}, std::pair{src_width, src_height}}) {
    if (std::max(width, height) > kMaxSize) {
      return unsupported_error("cambi: " + size_text(width, height) + " is larger than " +
                               size_text(kMaxSize, kMaxSize));
    }
  }
  if ((src_width > enc_width && src_height < enc_height) ||
      (src_width < enc_width && src_height > enc_height)) {
    return usage_error("cambi: src " + size_text(src_width, src_height) + " is wider but lower than enc " +
                       size_text(enc_width, enc_height) + ", or the reverse; neither may be");
  }
  const int64_t area = static_cast<int64_t>(enc_width) * enc_height;
  const int speedup = params.cambi_high_res_speedup;
  plan.half_size = (speedup == 1080 && area >= 1920 * 1080) || (speedup == 1440 && area >= 2560 * 1440) ||
                   (speedup == 2160 && area >= 3840 * 2160);
  plan.encode = make_layout(plan, enc_width, enc_height);
  plan.source = make_layout(plan, src_width, src_height);
  const int window = params.full_ref ? std::max(plan.encode.window, plan.source.window) : plan.encode.window;
  if (window > kMaxWindow) {
    return unsupported_error("cambi: window_size=" + std::to_string(params.window_size) +
                             " gives a window of " + std::to_string(window) + " pixels at " +
                             size_text(enc_width, enc_height) + ", more than " + std::to_string(kMaxWindow) +
                             "; choose a smaller one, or cambi_high_res_speedup=2160");
  }

  // Only the one that counts is looked at: scripts for libvmaf give both.
  const bool is_newer = params.cambi_eotf != "bt1886";
  const std::string& eotf = is_newer ? params.cambi_eotf : params.eotf;
  if (eotf != "bt1886" && eotf != "pq")
    return usage_error(std::string("cambi: ") + (is_newer ? "cambi_eotf=" : "eotf=") + eotf +
                       " is not bt1886 or pq");
  const Luminance luminance = eotf == "pq" ? luminance_pq : luminance_bt1886;
  for (int d = 0; d < plan.contrasts; ++d) {
    plan.limits[d] = visibility_limit(luminance, d + 1, params.tvi_threshold);
    plan.weights[d] = static_cast<float>(step_weight(d));
  }
  plan.darkest_code = darkest_code(luminance, params.cambi_vis_lum_threshold);

  // Which steps count at each code, and from that which codes need counting at all.
  const auto steps_at = [&](int code) {
    uint32_t steps = 0;
    for (int d = 0; d < plan.contrasts; ++d) {
      if (code <= plan.limits[d] && code + plan.contrasts + d + 1 > plan.darkest_code) steps |= 1u << d;
    }
    return steps;
  };
  int first = kMaxCode + 1, last = -1;
  for (int code = 0; code <= kMaxCode; ++code) {
    for (int d = 0; d < plan.contrasts; ++d) {
      if ((steps_at(code) >> d & 1) == 0) continue;
      first = std::min(first, std::max(code - d - 1, 0));
      last = std::max(last, std::min(code + d + 1, kMaxCode));
    }
  }
  plan.first_code = first <= last ? first : 1;
  plan.last_code = first <= last ? last : 0;
  plan.steps.assign(1, 0);
  for (int code = plan.first_code; code <= plan.last_code; ++code) plan.steps.push_back(steps_at(code));
  plan.reciprocals = reciprocal_table(window * window);
  return plan;
}

}  // namespace fovea::cambi
