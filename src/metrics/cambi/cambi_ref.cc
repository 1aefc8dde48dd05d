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
    out[x] = static_cast<uint16_t>(bit_depth <= 10 ? value << (10 - bit_depth)
                                                   : (value + (1 << (bit_depth - 11))) >> (bit_depth - 10));
  }
  out[width] = out[width - 1];
}

uint16_t mode(uint16_t a, uint16_t b, uint16_t c) {
  if (a == b || a == c) return a;
  return b == c ? b : std::min({a, b, c});
}

bool get_bit(const uint64_t* bits, int x) {
  return x >= 0 && (bits[x / 64] >> x % 64 & 1) != 0;
}

void set_bit(uint64_t* bits, int x, bool value) {
  const uint64_t bit = uint64_t{1} << x % 64;
  bits[x / 64] = value ? bits[x / 64] | bit : bits[x / 64] & ~bit;
}

int get_number(const uint64_t* rows, int stride, int digits, int x) {
  int number = 0;
  for (int i = 0; i < digits; ++i) number |= get_bit(rows + i * stride, x) << i;
  return number;
}

}  // namespace

void to_ten_bits_ref(const uint8_t* in, int width, int bit_depth, uint16_t* out) {
  convert(in, width, bit_depth, out);
}
void to_ten_bits_ref(const uint16_t* in, int width, int bit_depth, uint16_t* out) {
  convert(in, width, bit_depth, out);
}

void pair_sums_ref(const uint8_t* in, int width, uint16_t* out) {
  for (int x = 0; x < width; ++x) out[x] = static_cast<uint16_t>(in[x] + in[std::min(x + 1, width - 1)]);
}

void pair_sums_ref(const uint16_t* in, int width, uint16_t* out) {
  for (int x = 0; x < width; ++x) out[x] = static_cast<uint16_t>(in[x] + in[x + 1]);
}

void anti_dither_ref(const uint16_t* sums, const uint16_t* below, int shift, int width, uint16_t* out) {
  for (int x = 0; x < width; ++x) out[x] = static_cast<uint16_t>((sums[x] + below[x]) >> shift);
  out[width] = out[width - 1];
}

void flat_bits_ref(const uint16_t* row, const uint16_t* below, int width, uint64_t* flat) {
  for (int x = 0; x < bit_words(width) * 64; ++x)
    set_bit(flat, x, x < width && row[x] == row[x + 1] && row[x] == below[x]);
}

void count_across_ref(const uint64_t* flat, int width, uint64_t* counts, int stride) {
  for (int x = 0; x < width; ++x) {
    int count = 0;
    for (int i = -3; i <= 3; ++i) count += get_bit(flat, x + i);
    for (int digit = 0; digit < 3; ++digit) set_bit(counts + digit * stride, x, (count >> digit & 1) != 0);
  }
}

void slide_sums_ref(const uint64_t* entering, const uint64_t* leaving, int threshold, int width,
                    uint64_t* sums, int stride, uint64_t* mask) {
  for (int x = 0; x < width; ++x) {
    int sum = get_number(sums, stride, 6, x);
    if (entering != nullptr) sum += get_number(entering, stride, 3, x);
    if (leaving != nullptr) sum -= get_number(leaving, stride, 3, x);
    for (int digit = 0; digit < 6; ++digit) set_bit(sums + digit * stride, x, (sum >> digit & 1) != 0);
    set_bit(mask, x, sum > threshold);
  }
  for (int x = width; x < bit_words(width) * 64; ++x) set_bit(mask, x, false);
}

void mode_across_ref(const uint16_t* row, int width, uint16_t* out) {
  out[0] = row[0];
  for (int x = 1; x + 1 < width; ++x) out[x] = mode(row[x - 1], row[x], row[x + 1]);
  out[width - 1] = row[width - 1];
}

void mode_down_ref(const uint16_t* above, const uint16_t* row, const uint16_t* below, int width,
                   uint16_t* out) {
  for (int x = 0; x < width; ++x) out[x] = mode(above[x], row[x], below[x]);
}

int find_runs_ref(const uint16_t* row, const uint64_t* mask, int width, int first_code, int code_count,
                  PixelRun* runs) {
  int count = 0, open_code = 0;
  for (int x = 0; x <= width; ++x) {
    int code = 0;
    if (x < width && get_bit(mask, x)) {
      const int index = row[x] - first_code;
      code = index >= 0 && index < code_count ? index + 1 : 0;
    }
    if (code == open_code) continue;
    if (open_code != 0) runs[count - 1].end = static_cast<uint16_t>(x);
    if (code != 0) runs[count++] = {static_cast<uint16_t>(x), 0, static_cast<uint16_t>(code)};
    open_code = code;
  }
  return count;
}

void halve_bits_ref(const uint64_t* bits, int width, uint64_t* out) {
  const int half = (width + 1) / 2;
  for (int x = 0; x < bit_words(half) * 64; ++x) set_bit(out, x, x < half && get_bit(bits, 2 * x));
}

void halve_row_ref(const uint16_t* row, int width, uint16_t* out) {
  for (int x = 0; 2 * x < width; ++x) out[x] = row[2 * x];
}

TileResult scan_tile_ref(const Tile& tile, float* values, float* map, size_t map_stride, void* memory) {
  const int columns = tile.columns, reach = 2 * tile.radius;
  uint16_t* const counts = static_cast<uint16_t*>(memory);  // [code][x]
  std::memset(counts, 0, (static_cast<size_t>(tile.code_count) + 1) * columns * sizeof(uint16_t));
  const auto count_of = [&](int code, int x) {
    return code > 0 && code <= tile.code_count ? counts[static_cast<size_t>(code) * columns + x] : 0;
  };
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
