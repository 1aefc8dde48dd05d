// SPDX-License-Identifier: BSD-2-Clause-Patent
// The kernels as plain loops.
#include <algorithm>
#include <cstring>

#include "metrics/cambi/cambi_kernels.h"
#include "metrics/cambi/cambi_plan.h"

namespace fovea::cambi {
namespace {

template <class Sample>
void convert(const Sample* in, int width, int bit_depth, uint16_t* out) {
  const int peak = (1 << bit_depth) - 1;
  for (int x = 0; x < width; ++x) {
    const int value = std::min<int>(in[x], peak);
    out[x] = static_cast<uint16_t>(bit_depth <= 10 ? value << (10 - bit_depth) : (value + (1 << (bit_depth - 11))) >> (bit_depth - 10));
  }
  out[width] = out[width - 1];
}

uint16_t mode(uint16_t a, uint16_t b, uint16_t c) {
  const uint16_t mask = b & kMaskBit;
  a &= ~kMaskBit;
  b &= ~kMaskBit;
  c &= ~kMaskBit;
  if (a == b || b == c) return b | mask;
  if (a == c) return a | mask;
  return std::min({a, b, c}) | mask;
}

}  // namespace

void to_ten_bits_ref(const uint8_t* in, int width, int bit_depth, uint16_t* out) { convert(in, width, bit_depth, out); }
void to_ten_bits_ref(const uint16_t* in, int width, int bit_depth, uint16_t* out) { convert(in, width, bit_depth, out); }

void anti_dither_ref(const uint16_t* row, const uint16_t* below, int width, uint16_t* out) {
  for (int x = 0; x < width; ++x) out[x] = static_cast<uint16_t>((row[x] + row[x + 1] + below[x] + below[x + 1]) >> 2);
  out[width] = out[width - 1];
}

void flat_row_ref(const uint16_t* row, const uint16_t* below, int width, uint8_t* flat) {
  for (int x = 0; x < width; ++x) flat[x] = row[x] == row[x + 1] && row[x] == below[x];
  std::memset(flat + width, 0, kRowPad);
}

void slide_sums_ref(uint8_t* sums, const uint8_t* entering, const uint8_t* leaving, int width) {
  for (int x = 0; x < width; ++x) sums[x] = static_cast<uint8_t>(sums[x] + entering[x] - leaving[x]);
}

void mask_row_ref(const uint8_t* sums, int threshold, const uint16_t* row, int width, uint16_t* out) {
  for (int x = 0; x < width; ++x) {
    int sum = 0;
    for (int i = -3; i <= 3; ++i) sum += sums[x + i];
    out[x] = sum > threshold ? row[x] | kMaskBit : row[x];
  }
}

void mode_across_ref(const uint16_t* row, int width, uint16_t* out) {
  out[0] = row[0];
  for (int x = 1; x + 1 < width; ++x) out[x] = mode(row[x - 1], row[x], row[x + 1]);
  out[width - 1] = row[width - 1];
}

void mode_down_ref(const uint16_t* above, const uint16_t* row, const uint16_t* below, int width, uint16_t* out) {
  for (int x = 0; x < width; ++x) out[x] = mode(above[x], row[x], below[x]);
}

void index_row_ref(const uint16_t* row, int width, int first_code, int code_count, uint16_t* out) {
  for (int x = 0; x < width; ++x) {
    const int index = (row[x] & ~kMaskBit) - first_code;
    out[x] = static_cast<uint16_t>((row[x] & kMaskBit) != 0 && index >= 0 && index < code_count ? index + 1 : 0);
  }
}

void halve_row_ref(const uint16_t* row, int width, uint16_t* out) {
  for (int x = 0; 2 * x < width; ++x) out[x] = row[2 * x];
}

TileResult scan_tile_ref(const Tile& tile, float* values, float* map, size_t map_stride, void* memory) {
  // counts[u] is N(u) of a window that slides along the row.
  const size_t span = static_cast<size_t>(tile.code_count) + 1 + 2 * tile.contrasts;
  uint32_t* const counts = static_cast<uint32_t*>(memory) + tile.contrasts;
  const int width = tile.columns + 2 * tile.radius;
  TileResult result;
  for (int y = 0; y < tile.height; ++y) {
    const int top = std::max(y - tile.radius, 0), bottom = std::min(y + tile.radius, tile.height - 1);
    const auto add_column = [&](int x, uint32_t step) {
      for (int i = top; i <= bottom; ++i) counts[tile.slice[i * tile.slice_stride + x]] += step;
    };
    std::memset(memory, 0, span * sizeof(uint32_t));
    for (int x = 0; x < 2 * tile.radius; ++x) add_column(x, 1);
    const uint16_t* centre = tile.slice + y * tile.slice_stride + tile.radius;
    double row_sum = 0.0;
    for (int x = 0; x < tile.columns; ++x) {
      if (x > 0) add_column(x - 1, ~0u);
      if (x + 2 * tile.radius < width) add_column(x + 2 * tile.radius, 1);
      const int v = centre[x];
      if (v == 0) continue;
      float strongest = 0.0f;
      for (int d = 0; d < tile.contrasts; ++d) {
        if ((tile.steps[v] >> d & 1) == 0) continue;
        const uint32_t below = v - d - 1 > 0 ? counts[v - d - 1] : 0;
        const uint32_t other = std::max(counts[v + d + 1], below);
        const float product = tile.weights[d] * static_cast<float>(counts[v]) * static_cast<float>(other);
        strongest = std::max(strongest, product * tile.reciprocals[counts[v] + other]);
      }
      values[result.stored++] = strongest;
      row_sum += strongest;
      if (map != nullptr) map[y * map_stride + x] = strongest;
    }
    result.sum.add(row_sum);
  }
  return result;
}

}  // namespace fovea::cambi
