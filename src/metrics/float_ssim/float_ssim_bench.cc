// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <benchmark/benchmark.h>

#include "metrics/float_ssim/ssim_core.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::float_ssim {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

// Args: width, height, bit depth, distorted pictures, scale.
void BM_Frame(benchmark::State& state) {
  const Format format{static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), static_cast<int>(state.range(2)), Chroma::k400};
  const Frame ref = make_frame(format, Pattern::kTexture, 1);
  std::vector<Frame> dis;
  for (int k = 0; k < state.range(3); ++k) dis.push_back(distort(ref, k));
  const auto metric = std::move(kMetric.create(format, {{"scale", std::to_string(state.range(4))}}).value());
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
BENCHMARK(BM_Frame)->Args({1920, 1080, 8, 1, 0})->Args({1920, 1080, 10, 1, 0})->Args({1920, 1080, 8, 4, 0})->Args({1280, 720, 8, 1, 0})
    ->Args({1920, 1080, 8, 1, 1})->Args({3840, 2160, 8, 1, 0})->Unit(benchmark::kMicrosecond);

void BM_WindowAcross(benchmark::State& state) {
  AlignedBuffer<float> a(160 * 8), temp(170 * 8), out(18 * 88 * 8);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 251);
  for (auto _ : state) ssim_core::window_across(a.data(), nullptr, 154, temp.data(), out.data(), 88 * 8);
  state.SetItemsProcessed(state.iterations() * 154 * 8);
}
BENCHMARK(BM_WindowAcross);

void BM_WindowDown(benchmark::State& state) {
  AlignedBuffer<float> a(88 * 8), out(88 * 8);
  AlignedBuffer<double> sums(88);
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(i % 251);
  for (int i = 0; i < 88; ++i) sums[i] = 0;
  for (auto _ : state) ssim_core::window_down(a.data(), 88, sums.data(), out.data());
  state.SetItemsProcessed(state.iterations() * 88 * 8);
}
BENCHMARK(BM_WindowDown);

void BM_AddPositions(benchmark::State& state) {
  const ssim_core::Wanted wanted = static_cast<ssim_core::Wanted>(state.range(0));
  AlignedBuffer<float> a(88 * 8), b(88 * 8);
  for (size_t i = 0; i < a.size(); ++i) {
    a[i] = static_cast<float>(i % 251);
    b[i] = a[i] * a[i] + 50;
  }
  double sums[32] = {};
  for (auto _ : state) ssim_core::add_positions(wanted, a.data(), a.data(), b.data(), b.data(), b.data(), 88, 8, sums);
  state.SetItemsProcessed(state.iterations() * 88 * 8);
}
BENCHMARK(BM_AddPositions)->Arg(0)->Arg(1)->Arg(2);

}  // namespace
}  // namespace fovea::float_ssim
