// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/cambi/cambi_pool.h"

#include <algorithm>
#include <array>
#include <bit>

namespace fovea::cambi {
namespace {

// C-values are 0 or in [2^-1, 2^18); the bits of such floats order them. A key is their upper part.
constexpr int kKeyShift = 15;
constexpr uint32_t kKeyOrigin = 0x3F000000u >> kKeyShift;  // of 1/2
constexpr uint32_t kKeys = (19u << (23 - kKeyShift)) + 2;

uint32_t key_of(float value) {
  const uint32_t upper = std::bit_cast<uint32_t>(value) >> kKeyShift;
  return upper < kKeyOrigin ? 0 : std::min(upper - kKeyOrigin + 1, kKeys - 1);
}

// Exact while the sum of a block stays below 2^29.
constexpr int64_t kBlock = 1024;

}  // namespace

double pool_largest(float* values, size_t values_per_tile, std::span<const TileResult> tiles, int64_t kept) {
  int64_t stored = 0;
  ExactSum sum;
  for (const TileResult& tile : tiles) {
    stored += tile.stored;
    sum.add(tile.sum);
  }
  if (stored <= kept) return sum.value() / static_cast<double>(kept);

  // Leave out the smallest: all below some key, and some of that key.
  std::array<uint32_t, kKeys> histogram{};
  for (size_t t = 0; t < tiles.size(); ++t) {
    const float* tile = values + t * values_per_tile;
    for (int64_t i = 0; i < tiles[t].stored; ++i) ++histogram[key_of(tile[i])];
  }
  int64_t surplus = stored - kept;
  uint32_t border = 0;
  while (surplus >= histogram[border]) surplus -= histogram[border++];

  ExactSum dropped;
  float* same_key = values;  // gathered in place: never ahead of what is read
  for (size_t t = 0; t < tiles.size(); ++t) {
    const float* tile = values + t * values_per_tile;
    for (int64_t begin = 0; begin < tiles[t].stored; begin += kBlock) {
      const int64_t end = std::min(begin + kBlock, tiles[t].stored);
      double block = 0.0;
      for (int64_t i = begin; i < end; ++i) {
        const float value = tile[i];
        const uint32_t key = key_of(value);
        if (key < border) block += value;
        if (key == border) *same_key++ = value;
      }
      dropped.add(block);
    }
  }
  if (surplus > 0) {
    std::nth_element(values, values + surplus, same_key);
    for (int64_t begin = 0; begin < surplus; begin += kBlock) {
      double block = 0.0;
      for (int64_t i = begin; i < std::min(begin + kBlock, surplus); ++i) block += values[i];
      dropped.add(block);
    }
  }
  // Both are exact, and so is their difference.
  ExactSum largest;
  largest.whole = sum.whole - dropped.whole + (sum.fraction >> 24) - (dropped.fraction >> 24);
  largest.fraction = sum.fraction & 0xFFFFFF;
  const uint64_t dropped_fraction = dropped.fraction & 0xFFFFFF;
  if (largest.fraction < dropped_fraction) {
    largest.fraction += uint64_t{1} << 24;
    --largest.whole;
  }
  largest.fraction -= dropped_fraction;
  return largest.value() / static_cast<double>(kept);
}

}  // namespace fovea::cambi
