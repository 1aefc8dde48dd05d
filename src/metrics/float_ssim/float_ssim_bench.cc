// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <benchmark/benchmark.h>

#include "base/memory.h"
#include "metrics/float_ssim/ssim_core.h"

namespace fovea::float_ssim {
namespace {

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
