// SPDX-License-Identifier: BSD-2-Clause-Patent
// Time of run() per frame, one thread. Arguments: width, height, bit depth, distorted pictures per reference.
#include <benchmark/benchmark.h>

#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::float_adm {
extern const MetricInfo kMetric;
namespace {

void run_frames(benchmark::State& timer) {
  const Format format{static_cast<int>(timer.range(0)), static_cast<int>(timer.range(1)),
                      static_cast<int>(timer.range(2)), Chroma::k400};
  const int dis_count = static_cast<int>(timer.range(3));
  const auto metric = std::move(kMetric.create(format, {})).value();
  const Frame ref = testing::make_frame(format, testing::Pattern::kTexture, 1);
  std::vector<Frame> dis;
  for (int k = 0; k < dis_count; ++k) dis.push_back(testing::distort(ref, k + 1));
  const PictureSet set{&ref, dis};
  const FrameInput input{0, {&set, 1}};
  const auto state = metric->make_state(dis_count);
  Scratch scratch(metric->scratch_bytes(dis_count));
  for (auto _ : timer) {
    for (int phase = 0; phase < static_cast<int>(metric->strips().size()); ++phase) {
      for (int strip = 0; strip < metric->strips()[phase]; ++strip) {
        scratch.reset();
        metric->run(input, phase, strip, *state, scratch);
      }
    }
  }
  timer.SetItemsProcessed(timer.iterations() * dis_count);
}
BENCHMARK(run_frames)
    ->Args({1920, 1080, 8, 1})
    ->Args({1920, 1080, 10, 1})
    ->Args({1920, 1080, 8, 8})
    ->Args({3840, 2160, 8, 1})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace fovea::float_adm
