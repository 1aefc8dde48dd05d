// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <benchmark/benchmark.h>

#include <memory>

#include "metrics/ciede/ciede_kernels.h"
#include "metrics/testing.h"

namespace fovea::ciede {
namespace {

using namespace fovea::testing;

void fill(Colours& colours, uint64_t seed) {
  Random random(seed);
  for (int i = 0; i < kStored; ++i) {
    colours.y[i] = static_cast<uint16_t>(random.uniform(60, 235));
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

}  // namespace
}  // namespace fovea::ciede
