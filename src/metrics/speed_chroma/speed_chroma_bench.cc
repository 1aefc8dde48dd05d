// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <benchmark/benchmark.h>

#include "metrics/metric.h"
#include "metrics/speed_chroma/speed_model.h"
#include "metrics/speed_chroma/speed_pipeline.h"
#include "metrics/testing.h"

namespace fovea::speed_chroma {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

// Args: width, height, bit depth, distorted pictures, prescale in tenths (bilinear).
void BM_Frame(benchmark::State& state) {
  const Format format{static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), static_cast<int>(state.range(2)), Chroma::k420};
  const Frame ref = make_frame(format, Pattern::kTexture, 1);
  std::vector<Frame> dis;
  for (int k = 0; k < state.range(3); ++k) dis.push_back(distort(ref, k));
  const auto metric = std::move(kMetric.create(format, {{"speed_nn_floor", "0.1"},
                                                        {"speed_sigma_nn", "0.19"},
                                                        {"speed_weight_var_mode", "5"},
                                                        {"speed_prescale", format_g(state.range(4) / 10.0)},
                                                        {"speed_prescale_method", "bilinear"}}).value());
  const int dis_count = static_cast<int>(dis.size());
  const auto frame_state = metric->make_state(dis_count);
  Scratch scratch(metric->scratch_bytes(dis_count));
  const std::vector<PictureSet> at = {{&ref, dis}};
  const FrameInput input{0, at};
  std::vector<double> raw(metric->raw_count());
  for (auto _ : state) {
    for (int phase = 0; phase < 2; ++phase) {
      for (int s = 0; s < metric->strips()[phase]; ++s) {
        scratch.reset();
        metric->run(input, phase, s, *frame_state, scratch);
      }
    }
    for (int k = 0; k < dis_count; ++k) metric->finish(input, *frame_state, k, raw);
    benchmark::DoNotOptimize(raw.data());
  }
}
BENCHMARK(BM_Frame)->Args({1920, 1080, 8, 1, 10})->Args({1920, 1080, 10, 1, 10})->Args({1920, 1080, 8, 4, 10})
    ->Args({1920, 1080, 8, 1, 6})->Args({3840, 2160, 8, 1, 10})->Args({3840, 2160, 8, 1, 5})->Args({3840, 2160, 8, 1, 6})
    ->Unit(benchmark::kMicrosecond);

struct Sample {
  Sample() : scratch(1 << 22), band(96 * 64), k(kDims * kPitch), q(kPaddedDims * kPitch), r(kPaddedDims * kPitch) {
    Random random(1);
    for (size_t i = 0; i < band.size(); ++i) band[i] = static_cast<float>(random.uniform(-1000, 1000)) / 100;
    speed::covariance(band.data(), 96, 30, 60, scratch, k.data());
  }
  static constexpr int kDims = speed::kDims, kPitch = speed::kPitch, kPaddedDims = speed::kPaddedDims;
  Scratch scratch;
  AlignedBuffer<float> band, k, q, r;
};

void BM_Lattice(benchmark::State& state) {
  const Format format{1920, 1080, 8, Chroma::k420};
  const Frame ref = make_frame(format, Pattern::kTexture, 1);
  const auto plan = speed::make_plan("bench", {}, 960, 540, 8);
  Scratch scratch(lattice_scratch_bytes(*plan));
  AlignedBuffer<float> lattice(plan->lattice_pitch() * plan->lattice_height);
  for (auto _ : state) {
    scratch.reset();
    lattice_rows(*plan, {&ref.planes[1], nullptr}, 0, plan->lattice_height, lattice.data(), scratch);
  }
}
BENCHMARK(BM_Lattice)->Unit(benchmark::kMicrosecond);

void BM_Covariance(benchmark::State& state) {
  Sample sample;
  for (auto _ : state) {
    sample.scratch.reset();
    speed::covariance(sample.band.data(), 96, 30, 60, sample.scratch, sample.k.data());
  }
}
BENCHMARK(BM_Covariance)->Unit(benchmark::kMicrosecond);

void BM_Eigenvalues(benchmark::State& state) {
  Sample sample;
  float d[speed::kDims], e[speed::kDims];
  for (auto _ : state) {
    speed::tridiagonalise(sample.k.data(), d, e);
    speed::diagonalise(d, e);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_Eigenvalues)->Unit(benchmark::kMicrosecond);

void BM_Tridiagonalise(benchmark::State& state) {
  Sample sample;
  float d[speed::kDims], e[speed::kDims];
  for (auto _ : state) {
    speed::tridiagonalise(sample.k.data(), d, e);
    benchmark::DoNotOptimize(d);
  }
}
BENCHMARK(BM_Tridiagonalise)->Unit(benchmark::kMicrosecond);

void BM_Factor(benchmark::State& state) {
  Sample sample;
  for (auto _ : state) benchmark::DoNotOptimize(speed::factor(sample.k.data(), sample.q.data(), sample.r.data()));
}
BENCHMARK(BM_Factor)->Unit(benchmark::kMicrosecond);

void BM_BlockStatistics(benchmark::State& state) {
  Sample sample;
  float d[speed::kDims], e[speed::kDims];
  speed::tridiagonalise(sample.k.data(), d, e);
  speed::diagonalise(d, e);
  speed::factor(sample.k.data(), sample.q.data(), sample.r.data());
  AlignedBuffer<float> y(25 * 128), b(28 * 128), s(128), entropy(128);
  for (size_t i = 0; i < y.size(); ++i) y[i] = sample.band[i];
  for (auto _ : state) {
    speed::block_statistics(sample.q.data(), sample.r.data(), d, 0.19f, y.data(), 72, 128, b.data(), s.data(), entropy.data());
  }
}
BENCHMARK(BM_BlockStatistics)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fovea::speed_chroma
