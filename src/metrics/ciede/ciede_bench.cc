// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <benchmark/benchmark.h>

#include <memory>

#include "metrics/ciede/ciede_kernels.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::ciede {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

void fill(Colours& colours, uint64_t seed) {
  Random random(seed);
  for (int i = 0; i < kStored; ++i) {
    colours.y[i] = static_cast<uint16_t>(random.uniform(16, 235));
    colours.u[i] = static_cast<uint16_t>(random.uniform(100, 156));
    colours.v[i] = static_cast<uint16_t>(random.uniform(100, 156));
  }
}

void BM_ColoursToLab(benchmark::State& state) {
  const auto colours = std::make_unique<Colours>();
  const auto lab = std::make_unique<Lab>();
  fill(*colours, 1);
  const Conversion conversion = make_conversion(8);
  for (auto _ : state) {
    colours_to_lab(*colours, kRun, conversion, *lab);
    benchmark::DoNotOptimize(lab->l);
  }
  state.SetItemsProcessed(state.iterations() * kRun);
}
BENCHMARK(BM_ColoursToLab);

void BM_Differences(benchmark::State& state) {
  const auto colours = std::make_unique<Colours>();
  const auto ref = std::make_unique<Lab>(), dis = std::make_unique<Lab>();
  const Conversion conversion = make_conversion(8);
  fill(*colours, 1);
  colours_to_lab(*colours, kRun, conversion, *ref);
  for (int i = 0; i < kStored; ++i) colours->y[i] += static_cast<uint16_t>(i % 5 + 1);
  colours_to_lab(*colours, kRun, conversion, *dis);
  alignas(64) float out[kStored];
  for (auto _ : state) {
    differences(*ref, *dis, kRun, out);
    benchmark::DoNotOptimize(out[0]);
  }
  state.SetItemsProcessed(state.iterations() * kRun);
}
BENCHMARK(BM_Differences);

// Args: width, height, bit depth, distorted pictures.
void BM_Frame(benchmark::State& state) {
  const Format format{static_cast<int>(state.range(0)), static_cast<int>(state.range(1)),
                      static_cast<int>(state.range(2)), Chroma::k420};
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
    for (int s = 0; s < metric->strips()[0]; ++s) {
      scratch.reset();
      metric->run(input, 0, s, *frame_state, scratch);
    }
    for (int k = 0; k < dis_count; ++k) metric->finish(input, *frame_state, k, raw);
    benchmark::DoNotOptimize(raw.data());
  }
}
BENCHMARK(BM_Frame)
    ->Args({1920, 1080, 8, 1})
    ->Args({1920, 1080, 10, 1})
    ->Args({1920, 1080, 8, 4})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fovea::ciede
