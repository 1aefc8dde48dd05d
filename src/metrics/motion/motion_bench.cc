// SPDX-License-Identifier: BSD-2-Clause-Patent
// One pair of reference pictures, one thread. Arguments: width, height, bit depth, shift of the content.
#include <benchmark/benchmark.h>

#include <algorithm>

#include "base/memory.h"
#include "metrics/motion/motion_kernels.h"
#include "metrics/testing.h"

namespace fovea::motion {
namespace {

void motion_frame(benchmark::State& bench) {
  const Format format{static_cast<int>(bench.range(0)), static_cast<int>(bench.range(1)), static_cast<int>(bench.range(2)), Chroma::k400};
  const auto pattern = bench.range(3) != 0 ? testing::Pattern::kNoise : testing::Pattern::kTexture;
  const Frame source = testing::make_frame(format, pattern, 1), other = testing::make_frame(format, pattern, bench.range(3) != 0 ? 2 : 1);
  const Frame moved = bench.range(3) != 0 ? other : testing::distort(other, 3);
  // Test pictures lie unaligned; real ones do not.
  const auto aligned = [&](const Frame& from) {
    Frame to = allocate_frame(format);
    for (int y = 0; y < format.height_px; ++y) {
      std::copy_n(from.planes[0].row_bytes(y), format.width_px * format.sample_bytes(), mutable_row(to, 0, y));
    }
    return to;
  };
  const Frame a = aligned(source), b = aligned(moved);
  AlignedBuffer<uint8_t> scratch(motion_scratch_bytes(format.width_px));
  for (auto _ : bench) {
    for (int y = 0; y < format.height_px; y += 128) {
      benchmark::DoNotOptimize(blurred_difference(a.planes[0], b.planes[0], format.bit_depth, y, std::min(y + 128, format.height_px), scratch.data()));
    }
  }
  bench.SetItemsProcessed(bench.iterations() * format.width_px * format.height_px);
}

BENCHMARK(motion_frame)
    ->Args({1920, 1080, 8, 0})->Args({1920, 1080, 10, 0})->Args({1920, 1080, 16, 0})->Args({3840, 2160, 8, 0})
    ->Args({1920, 1080, 8, 1})->Args({1920, 1080, 10, 1})->Args({1920, 1080, 16, 1})
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace fovea::motion
