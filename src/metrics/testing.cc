// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/testing.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>
#include <stdexcept>

#include "hwy/targets.h"

namespace fovea::testing {
namespace {

constexpr uint8_t kPoison = 0xA5;
constexpr int kLead = 1;  // samples before the first one: rows start unaligned
constexpr int kGap = 7;   // samples between rows

Frame poisoned_frame(const Format& format) {
  Frame frame;
  frame.format = format;
  const int bytes = format.sample_bytes();
  size_t total = 0;
  std::array<size_t, 3> offset{};
  for (int p = 0; p < format.plane_count(); ++p) {
    const int width = format.plane_width(p), height = format.plane_height(p);
    const size_t stride = static_cast<size_t>(width + kGap) * bytes;
    offset[p] = total + kLead * bytes;
    total += kLead * bytes + stride * (height - 1) + static_cast<size_t>(width) * bytes;
    frame.planes[p] = {nullptr, static_cast<ptrdiff_t>(stride), width, height};
  }
  std::shared_ptr<uint8_t> block(new uint8_t[total], std::default_delete<uint8_t[]>());
  std::memset(block.get(), kPoison, total);
  for (int p = 0; p < format.plane_count(); ++p) frame.planes[p].data = block.get() + offset[p];
  frame.owner = std::move(block);
  return frame;
}

void put(Frame& frame, int plane, int y, int x, int value) {
  const int peak = (1 << frame.format.bit_depth) - 1;
  value = std::clamp(value, 0, peak);
  uint8_t* row = mutable_row(frame, plane, y);
  if (frame.format.sample_bytes() == 1) {
    row[x] = static_cast<uint8_t>(value);
  } else {
    const uint16_t sample = static_cast<uint16_t>(value);
    std::memcpy(row + 2 * x, &sample, 2);
  }
}

int get(const Frame& frame, int plane, int y, int x) {
  const uint8_t* row = frame.planes[plane].row_bytes(y);
  if (frame.format.sample_bytes() == 1) return row[x];
  uint16_t sample;
  std::memcpy(&sample, row + 2 * x, 2);
  return sample;
}

}  // namespace

std::vector<Frame> read_clip(const std::string& path, const Format& format, int frames) {
  std::ifstream file(path, std::ios::binary);
  std::vector<Frame> clip;
  for (int i = 0; i < frames; ++i) {
    clip.push_back(allocate_frame(format));
    for (int p = 0; p < format.plane_count(); ++p) {
      for (int y = 0; y < format.plane_height(p); ++y) {
        file.read(reinterpret_cast<char*>(mutable_row(clip.back(), p, y)),
                  std::streamsize{format.plane_width(p)} * format.sample_bytes());
      }
    }
  }
  if (!file.good()) throw std::runtime_error(path + ": no " + std::to_string(frames) + " frames of " + describe(format));
  return clip;
}

const char* pattern_name(Pattern pattern) {
  switch (pattern) {
    case Pattern::kNoise:
      return "noise";
    case Pattern::kBinaryNoise:
      return "binary noise";
    case Pattern::kFlat:
      return "flat";
    case Pattern::kBlack:
      return "black";
    case Pattern::kWhite:
      return "white";
    case Pattern::kSmooth:
      return "smooth";
    case Pattern::kChecker:
      return "checker";
    case Pattern::kStripes:
      return "stripes";
    case Pattern::kTexture:
      return "texture";
  }
  return "?";
}

Frame make_frame(const Format& format, Pattern pattern, uint64_t seed) {
  Frame frame = poisoned_frame(format);
  const int peak = (1 << format.bit_depth) - 1;
  Random random(seed);
  const int level = static_cast<int>(random.uniform(0, peak));
  const int period = static_cast<int>(random.uniform(1, 9));
  const double fx = random.uniform(5, 60) / 500.0, fy = random.uniform(5, 60) / 500.0;
  for (int p = 0; p < format.plane_count(); ++p) {
    for (int y = 0; y < frame.planes[p].height_px; ++y) {
      for (int x = 0; x < frame.planes[p].width_px; ++x) {
        int value = 0;
        const double wave = 0.5 + 0.25 * std::sin(fx * x + 0.3 * p) + 0.2 * std::cos(fy * y + fx * x / 3);
        switch (pattern) {
          case Pattern::kNoise:
            value = static_cast<int>(random.uniform(0, peak));
            break;
          case Pattern::kBinaryNoise:
            value = (random.bits() >> 20) & 1 ? peak : 0;
            break;
          case Pattern::kFlat:
            value = level;
            break;
          case Pattern::kBlack:
            value = 0;
            break;
          case Pattern::kWhite:
            value = peak;
            break;
          case Pattern::kSmooth:
            value = static_cast<int>(peak * wave);
            break;
          case Pattern::kChecker:
            value = ((x / period + y / period) & 1) != 0 ? peak : 0;
            break;
          case Pattern::kStripes:
            value = (y / period) & 1 ? peak : level;
            break;
          case Pattern::kTexture:
            value = static_cast<int>(peak * wave + peak * 0.12 * std::sin(1.9 * x) * std::cos(1.3 * y)) +
                    static_cast<int>(random.uniform(-(peak >> 5), peak >> 5));
            break;
        }
        put(frame, p, y, x, value);
      }
    }
  }
  return frame;
}

Frame distort(const Frame& frame, uint64_t seed) {
  Frame out = poisoned_frame(frame.format);
  Random random(seed ^ 0xD15);
  const int peak = (1 << frame.format.bit_depth) - 1;
  const int noise = static_cast<int>(random.uniform(0, peak >> 4));
  const int shift = static_cast<int>(random.uniform(-(peak >> 5), peak >> 5));
  const bool blur = random.uniform(0, 1) == 1;
  for (int p = 0; p < frame.format.plane_count(); ++p) {
    const int width = frame.planes[p].width_px, height = frame.planes[p].height_px;
    const int calm = static_cast<int>(random.uniform(0, height));  // rows above are untouched
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        int value = get(frame, p, y, x);
        if (y >= calm) {
          if (blur)
            value = (value * 2 + get(frame, p, y, std::max(x - 1, 0)) +
                     get(frame, p, y, std::min(x + 1, width - 1)) + 2) /
                    4;
          value += shift + (noise > 0 ? static_cast<int>(random.uniform(-noise, noise)) : 0);
        }
        put(out, p, y, x, value);
      }
    }
  }
  return out;
}

bool poison_intact(const Frame& frame) {
  const int bytes = frame.format.sample_bytes();
  for (int p = 0; p < frame.format.plane_count(); ++p) {
    const PlaneView& plane = frame.planes[p];
    for (int y = 0; y + 1 < plane.height_px; ++y) {
      const uint8_t* end = plane.row_bytes(y) + static_cast<size_t>(plane.width_px) * bytes;
      for (int i = 0; i < kGap * bytes; ++i) {
        if (end[i] != kPoison) return false;
      }
    }
  }
  return true;
}

namespace {

class Collector final : public ScoreSink {
 public:
  Collector(const std::vector<Feature>& features, size_t frames, Scores& out)
      : features_(features), frames_(frames), out_(out) {}
  void score(int feature, int64_t frame, double value) override {
    auto& series = out_[features_[feature].key];
    series.resize(frames_, std::numeric_limits<double>::quiet_NaN());
    series[frame] = value;
  }
  void aggregate(int feature, double value) override { out_[features_[feature].key] = {value}; }

 private:
  const std::vector<Feature>& features_;
  size_t frames_;
  Scores& out_;
};

}  // namespace

std::vector<Scores> run_metric(const Metric& metric, const std::vector<Frame>& ref,
                               const std::vector<std::vector<Frame>>& dis_clips, bool reverse) {
  const int dis_count = static_cast<int>(dis_clips.size());
  std::vector<Scores> scores(dis_count);
  std::vector<std::unique_ptr<Timeline>> timelines;
  std::vector<Collector> collectors;
  for (int k = 0; k < dis_count; ++k) {
    timelines.push_back(metric.make_timeline());
    collectors.emplace_back(metric.features(), ref.size(), scores[k]);
  }
  const auto state = metric.make_state(dis_count);
  Scratch scratch(metric.scratch_bytes(dis_count));
  std::vector<std::vector<Frame>> sets(ref.size());
  for (size_t i = 0; i < ref.size(); ++i) {
    for (int k = 0; k < dis_count; ++k) sets[i].push_back(dis_clips[k][i]);
  }
  for (size_t i = 0; i < ref.size(); ++i) {
    std::vector<PictureSet> at(metric.history() + 1);
    for (size_t d = 0; d < at.size() && d <= i; ++d) at[d] = {&ref[i - d], sets[i - d]};
    const FrameInput input{static_cast<int64_t>(i), at};
    for (int phase = 0; phase < static_cast<int>(metric.strips().size()); ++phase) {
      const int strips = metric.strips()[phase];
      for (int s = 0; s < strips; ++s) {
        scratch.reset();
        metric.run(input, phase, reverse ? strips - 1 - s : s, *state, scratch);
      }
    }
    for (int k = 0; k < dis_count; ++k) {
      std::vector<double> raw(metric.raw_count());
      metric.finish(input, *state, k, raw);
      if (const auto error = state->take_error()) throw std::runtime_error(error->message);
      timelines[k]->add(static_cast<int64_t>(i), raw, collectors[k]);
    }
  }
  for (int k = 0; k < dis_count; ++k) timelines[k]->flush(collectors[k]);
  return scores;
}

Scores run_metric(const Metric& metric, const std::vector<Frame>& ref, const std::vector<Frame>& dis) {
  return run_metric(metric, ref, std::vector<std::vector<Frame>>{dis})[0];
}

namespace {

// The names in FOVEA_TEST_TARGETS, or all.
std::vector<int64_t> targets_to_test() {
  hwy::SetSupportedTargetsForTest(0);
  std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  const char* names = std::getenv("FOVEA_TEST_TARGETS");
  if (names == nullptr) return targets;
  std::vector<int64_t> chosen;
  std::istringstream list(names);
  for (std::string name; std::getline(list, name, ',');) {
    const auto target =
        std::find_if(targets.begin(), targets.end(), [&](int64_t t) { return name == hwy::TargetName(t); });
    if (target == targets.end()) {
      std::fprintf(stderr, "FOVEA_TEST_TARGETS: %s was not compiled in or does not run here\n", name.c_str());
      std::exit(1);
    }
    chosen.push_back(*target);
  }
  return chosen;
}

}  // namespace

void for_each_target(const std::function<void(const char*)>& body) {
  for (const int64_t target : targets_to_test()) {
    hwy::SetSupportedTargetsForTest(target);
    body(hwy::TargetName(target));
  }
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace fovea::testing
