// SPDX-License-Identifier: BSD-2-Clause-Patent
// Every metric on whole frames, on every CPU target: METRIC/SIZE/bits/distorted clips/TARGET. Choose with
// --benchmark_filter='^vif/1920x1080/8/1/'.
#include <benchmark/benchmark.h>

#include <map>
#include <string>

#include "hwy/targets.h"
#include "metrics/registry.h"
#include "metrics/testing.h"

namespace fovea::testing {
namespace {

// A reference and its distorted versions, made when first asked for; `time` is 0 or 1.
std::span<const Frame> pictures(const Format& format, int time) {
  constexpr int kMostDistorted = 8;
  static std::map<std::string, std::vector<Frame>> cache;
  std::vector<Frame>& frames = cache[describe(format) + std::to_string(time)];
  if (frames.empty()) {
    frames.push_back(make_frame(format, Pattern::kTexture, time + 1));
    while (frames.size() <= kMostDistorted) frames.push_back(distort(frames[0], frames.size()));
  }
  return frames;
}

void score_frames(benchmark::State& bench, const MetricInfo& info, const Format& format, int dis_count,
                  int64_t target) {
  hwy::SetSupportedTargetsForTest(target);
  auto created = info.create(format, {});
  if (!created.ok()) {
    bench.SkipWithError(created.error().message.c_str());
    return;
  }
  const Metric& metric = **created;
  std::vector<PictureSet> at;  // the latest first
  for (int d = 0; d <= metric.history(); ++d) {
    const std::span<const Frame> frames = pictures(format, (metric.history() - d) % 2);
    at.push_back({&frames[0], frames.subspan(1, dis_count)});
  }
  const FrameInput input{metric.history(), at};
  const auto state = metric.make_state(dis_count);
  Scratch scratch(metric.scratch_bytes(dis_count));
  std::vector<double> raw(metric.raw_count());
  for (auto _ : bench) {
    for (size_t phase = 0; phase < metric.strips().size(); ++phase) {
      for (int strip = 0; strip < metric.strips()[phase]; ++strip) {
        scratch.reset();
        metric.run(input, static_cast<int>(phase), strip, *state, scratch);
      }
    }
    for (int k = 0; k < dis_count; ++k) metric.finish(input, *state, k, raw);
    benchmark::DoNotOptimize(raw.data());
  }
  bench.SetItemsProcessed(bench.iterations() * dis_count);
  hwy::SetSupportedTargetsForTest(0);
}

const bool kRegistered = [] {
  const std::pair<Format, int> cases[] = {
      {{1920, 1080, 8}, 1}, {{1920, 1080, 10}, 1}, {{1920, 1080, 8}, 8}, {{3840, 2160, 8}, 1}};
  for (const MetricInfo* info : all_metrics()) {
    if (info->needs_file) continue;
    for (const auto& [format, dis_count] : cases) {
      for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
        const std::string name = std::string(info->name) + "/" + std::to_string(format.width_px) + "x" +
                                 std::to_string(format.height_px) + "/" + std::to_string(format.bit_depth) +
                                 "/" + std::to_string(dis_count) + "/" + hwy::TargetName(target);
        benchmark::RegisterBenchmark(name.c_str(), [=, format = format,
                                                    dis_count = dis_count](benchmark::State& bench) {
          score_frames(bench, *info, format, dis_count, target);
        })->Unit(benchmark::kMillisecond);
      }
    }
  }
  return true;
}();

}  // namespace
}  // namespace fovea::testing
