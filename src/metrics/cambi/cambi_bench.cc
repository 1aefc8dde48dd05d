// SPDX-License-Identifier: BSD-2-Clause-Patent
// Whole frames at 1920x1080, eight bits, one thread: noise (nothing is flat), a natural mix and a banded sky.
#include <benchmark/benchmark.h>

#include <cmath>

#include "hwy/targets.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::cambi {
extern const MetricInfo kMetric;
namespace {

constexpr Format kFormat{1920, 1080, 8, Chroma::k400};

// Slow ramps, noisy in the given share of the columns.
Frame picture(double noisy) {
  Frame frame = allocate_frame(kFormat);
  testing::Random random(1);
  for (int y = 0; y < kFormat.height_px; ++y) {
    uint8_t* const row = mutable_row(frame, 0, y);
    for (int x = 0; x < kFormat.width_px; ++x) {
      const double ramp = 70 + 40 * std::sin(x / 500.0 + y / 900.0) + 20 * std::cos(y / 210.0);
      row[x] = static_cast<uint8_t>(
          ramp + (x < noisy * kFormat.width_px ? static_cast<double>(random.uniform(-12, 12)) : 0.0));
    }
  }
  return frame;
}

void run_frame(benchmark::State& state, int64_t target, double noisy, const OptionMap& options) {
  hwy::SetSupportedTargetsForTest(target);
  const auto metric = kMetric.create(kFormat, options).value();
  const Frame frame = picture(noisy);
  const PictureSet set{&frame, {&frame, 1}};
  const FrameInput input{0, {&set, 1}};
  const auto frame_state = metric->make_state(1);
  Scratch scratch(metric->scratch_bytes(1));
  std::vector<double> raw(metric->raw_count());
  for (auto _ : state) {
    for (size_t phase = 0; phase < metric->strips().size(); ++phase) {
      for (int strip = 0; strip < metric->strips()[phase]; ++strip) {
        scratch.reset();
        metric->run(input, static_cast<int>(phase), strip, *frame_state, scratch);
      }
    }
    metric->finish(input, *frame_state, 0, raw);
    benchmark::DoNotOptimize(raw[0]);
  }
  state.SetItemsProcessed(state.iterations() * kFormat.width_px * kFormat.height_px);
  hwy::SetSupportedTargetsForTest(0);
}

const int kRegistered = [] {
  const OptionMap speedup = {
      {"cambi_high_res_speedup", "1080"}, {"cambi_vis_lum_threshold", "0.06"}, {"cambi_max_val", "17"}};
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    for (const auto& [name, noisy] :
         {std::pair{"noise", 1.0}, std::pair{"mixed", 0.6}, std::pair{"banded", 0.0}}) {
      for (const bool half : {false, true}) {
        const std::string label =
            std::string("cambi/") + name + (half ? "/half_size/" : "/") + hwy::TargetName(target);
        benchmark::RegisterBenchmark(label.c_str(), [=, noisy = noisy](benchmark::State& state) {
          run_frame(state, target, noisy, half ? speedup : OptionMap{});
        })->Unit(benchmark::kMillisecond);
      }
    }
  }
  return 0;
}();

}  // namespace
}  // namespace fovea::cambi
