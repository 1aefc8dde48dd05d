// SPDX-License-Identifier: BSD-2-Clause-Patent
// One pair of reference pictures, one thread. Arguments: width, height, bit depth, and 0 for a texture
// that moves, 1 for noise (large differences).
#include <benchmark/benchmark.h>

#include <algorithm>

#include "base/memory.h"
#include "metrics/motion/motion_kernels.h"
#include "metrics/testing.h"

namespace fovea::motion {
namespace {

// Test pictures lie unaligned; those of readers do not. `shift` moves the content.
Frame aligned_copy(const Frame& from, int shift) {
  Frame to = allocate_frame(from.format);
  const int bytes = from.format.sample_bytes(), height = from.format.height_px;
  for (int y = 0; y < height; ++y) {
    const uint8_t* row = from.planes[0].row_bytes(std::min(y + shift, height - 1));
    std::copy_n(row + shift * bytes, (from.format.width_px - shift) * bytes, mutable_row(to, 0, y));
    std::copy_n(row, shift * bytes, mutable_row(to, 0, y) + (from.format.width_px - shift) * bytes);
  }
  return to;
}

void motion_frame(benchmark::State& bench) {
  const Format format{static_cast<int>(bench.range(0)), static_cast<int>(bench.range(1)), static_cast<int>(bench.range(2)), Chroma::k400};
  const bool is_noise = bench.range(3) != 0;
  const Frame a = aligned_copy(testing::make_frame(format, is_noise ? testing::Pattern::kNoise : testing::Pattern::kTexture, 1), 0);
  const Frame b = aligned_copy(a, 1);
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
