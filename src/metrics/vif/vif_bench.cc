// SPDX-License-Identifier: BSD-2-Clause-Patent
// Cost of a whole frame, and of its scales, per CPU target. Content: texture under noise, so that hardly a pixel
// is flat (the dearest case).
#include <benchmark/benchmark.h>

#include <algorithm>
#include <map>
#include <string>

#include "hwy/targets.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::vif {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

const std::vector<Frame>& pictures(const Format& format, int dis_count) {
  static std::map<std::string, std::vector<Frame>> cache;
  std::vector<Frame>& frames = cache[describe(format)];
  if (frames.empty()) frames.push_back(make_frame(format, Pattern::kTexture, 1));
  while (static_cast<int>(frames.size()) <= dis_count) frames.push_back(distort(frames[0], frames.size()));
  return frames;
}

// phase < 0: all phases.
void whole_frame(benchmark::State& bench, int64_t target, const Format& format, int dis_count, int only_phase) {
  const std::vector<Frame>& frames = pictures(format, dis_count);
  hwy::SetSupportedTargetsForTest(target);
  const auto metric = kMetric.create(format, {}).value().release();
  const auto state = metric->make_state(dis_count);
  Scratch scratch(metric->scratch_bytes(dis_count));
  const PictureSet set{&frames[0], std::span(frames).subspan(1, dis_count)};
  const FrameInput input{0, {&set, 1}};
  const auto run = [&](int phase) {
    for (int s = 0; s < metric->strips()[phase]; ++s) {
      scratch.reset();
      metric->run(input, phase, s, *state, scratch);
    }
  };
  for (int phase = 0; phase < 4; ++phase) run(phase);
  for (auto _ : bench) {
    for (int phase = 0; phase < 4; ++phase) {
      if (only_phase < 0 || only_phase == phase) run(phase);
    }
  }
  bench.counters["ms_per_dis"] = benchmark::Counter(static_cast<double>(dis_count) * bench.iterations() / 1e3,
                                                    benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  delete metric;
  hwy::SetSupportedTargetsForTest(0);
}

const bool kRegistered = [] {
  const struct {
    const char* name;
    Format format;
    int dis_count;
    int phase;
  } cases[] = {
      {"1080p_8", {1920, 1080, 8, Chroma::k400}, 1, -1},        {"1080p_10", {1920, 1080, 10, Chroma::k400}, 1, -1},
      {"2160p_8", {3840, 2160, 8, Chroma::k400}, 1, -1},        {"1080p_8_dis8", {1920, 1080, 8, Chroma::k400}, 8, -1},
      {"1080p_16", {1920, 1080, 16, Chroma::k400}, 1, -1},      {"1080p_8_scale0", {1920, 1080, 8, Chroma::k400}, 1, 0},
      {"1080p_10_scale0", {1920, 1080, 10, Chroma::k400}, 1, 0}, {"1080p_8_scale1", {1920, 1080, 8, Chroma::k400}, 1, 1},
      {"1080p_8_scale2", {1920, 1080, 8, Chroma::k400}, 1, 2},  {"1080p_8_scale3", {1920, 1080, 8, Chroma::k400}, 1, 3},
  };
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (target == HWY_SCALAR) continue;
    for (const auto& c : cases) {
      benchmark::RegisterBenchmark((std::string(c.name) + "/" + hwy::TargetName(target)).c_str(),
                                   [=](benchmark::State& bench) { whole_frame(bench, target, c.format, c.dis_count, c.phase); })
          ->Unit(benchmark::kMillisecond)
          ->MinTime(0.3);
    }
  }
  return true;
}();

}  // namespace
}  // namespace fovea::vif
