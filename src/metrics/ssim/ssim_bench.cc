// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <benchmark/benchmark.h>

#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::ssim {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

// Args: width, height, bit depth, distorted pictures.
void BM_Frame(benchmark::State& state) {
  const Format format{static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), static_cast<int>(state.range(2)), Chroma::k400};
  const Frame ref = make_frame(format, Pattern::kTexture, 1);
  std::vector<Frame> dis;
  for (int k = 0; k < state.range(3); ++k) dis.push_back(distort(ref, k));
  const auto metric = std::move(kMetric.create(format, {}).value());
  const int dis_count = static_cast<int>(dis.size());
  const auto frame_state = metric->make_state(dis_count);
  Scratch scratch(metric->scratch_bytes(dis_count));
  const std::vector<PictureSet> at = {{&ref, dis}};
  const FrameInput input{0, at};
  std::vector<double> raw(metric->raw_count());
  for (auto _ : state) {
    for (int phase = 0; phase < static_cast<int>(metric->strips().size()); ++phase) {
      for (int s = 0; s < metric->strips()[phase]; ++s) {
        scratch.reset();
        metric->run(input, phase, s, *frame_state, scratch);
      }
    }
    for (int k = 0; k < dis_count; ++k) metric->finish(input, *frame_state, k, raw);
    benchmark::DoNotOptimize(raw.data());
  }
}
BENCHMARK(BM_Frame)->Args({1920, 1080, 8, 1})->Args({1920, 1080, 10, 1})->Args({1920, 1080, 8, 4})->Args({3840, 2160, 8, 1})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fovea::ssim
