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

int find_runs_ref(const uint16_t* row, int width, int first_code, int code_count, PixelRun* runs) {
  int count = 0, open_code = 0;
  for (int x = 0; x <= width; ++x) {
    int code = 0;
    if (x < width && (row[x] & kMaskBit) != 0) {
      const int index = (row[x] & ~kMaskBit) - first_code;
      code = index >= 0 && index < code_count ? index + 1 : 0;
    }
    if (code == open_code) continue;
    if (open_code != 0) runs[count - 1].end = static_cast<uint16_t>(x);
    if (code != 0) runs[count++] = {static_cast<uint16_t>(x), 0, static_cast<uint16_t>(code)};
    open_code = code;
  }
  return count;
}

void halve_row_ref(const uint16_t* row, int width, uint16_t* out) {
  for (int x = 0; 2 * x < width; ++x) out[x] = row[2 * x];
}

TileResult scan_tile_ref(const Tile& tile, float* values, float* map, size_t map_stride, void* memory) {
  const int columns = tile.columns, reach = 2 * tile.radius;
  uint16_t* const counts = static_cast<uint16_t*>(memory);  // [code][x]
  std::memset(counts, 0, (static_cast<size_t>(tile.code_count) + 1) * columns * sizeof(uint16_t));
  const auto count_of = [&](int code, int x) { return code > 0 && code <= tile.code_count ? counts[static_cast<size_t>(code) * columns + x] : 0; };
  const auto apply = [&](int y, int sign) {
    if (y < 0 || y >= tile.height) return;
    for (uint32_t i = 0; i < tile.rows[y].count; ++i) {
      const PixelRun run = tile.runs[tile.rows[y].at + i];
      for (int x = std::max(run.begin - reach, 0); x < std::min<int>(run.end, columns); ++x) {
        const int overlap = std::min<int>(run.end, x + reach + 1) - std::max<int>(run.begin, x);
        uint16_t& count = counts[static_cast<size_t>(run.code) * columns + x];
        count = static_cast<uint16_t>(count + sign * overlap);
      }
    }
  };
  TileResult result;
  for (int y = 0; y < tile.radius; ++y) apply(y, 1);
  for (int y = 0; y < tile.height; ++y) {
    apply(y + tile.radius, 1);
    apply(y - tile.radius - 1, -1);
    double row_sum = 0.0;
    for (uint32_t i = 0; i < tile.rows[y].count; ++i) {
      const PixelRun run = tile.runs[tile.rows[y].at + i];
      for (int x = std::max(run.begin - tile.radius, 0); x < std::min(run.end - tile.radius, columns); ++x) {
        const int own = count_of(run.code, x);
        float strongest = 0.0f;
        for (int d = 0; d < tile.contrasts; ++d) {
          if ((tile.steps[run.code] >> d & 1) == 0) continue;
          const int other = std::max(count_of(run.code + d + 1, x), count_of(run.code - d - 1, x));
          const float product = tile.weights[d] * static_cast<float>(own) * static_cast<float>(other);
          strongest = std::max(strongest, product * tile.reciprocals[own + other]);
        }
        values[result.stored++] = strongest;
        row_sum += strongest;
        if (map != nullptr && strongest > 0.0f) map[y * map_stride + x] = strongest;
      }
    }
    result.sum.add(row_sum);
  }
  return result;
}

}  // namespace fovea::cambi
