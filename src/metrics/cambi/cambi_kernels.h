// SPDX-License-Identifier: BSD-2-Clause-Patent
// The pixel loops of CAMBI: rows of the first pass and of the mode filter, and the scan of a tile.
//
// Rows of 16-bit samples have kRowPad spare samples before the first and after the last: kernels read and
// write whole vectors there. What stands there is without meaning unless said otherwise. Only `in` of
// to_ten_bits() and pair_sums() is read strictly within [0, width).
// Masks are rows of bits, bit x % 64 of word x / 64 for pixel x, with bit_words(width) words and kBitPad
// words of zeros before them. Bits from `width` on are 0. Each kernel has a plain version ending in _ref with
// the same contract, which is its definition.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/memory.h"
#include "metrics/cambi/cambi_plan.h"

namespace fovea::cambi {

// out[x] = in[x] as ten bits; out[width] repeats the last. Samples above the bit depth's maximum count as
// the maximum. bit_depth: 8 for bytes, 9 .. 16 for words; above ten bits values are rounded, up to 1024.
void to_ten_bits(const uint8_t* in, int width, int bit_depth, uint16_t* out);
void to_ten_bits(const uint16_t* in, int width, int bit_depth, uint16_t* out);

// out[x] = in[x] + in[x+1], the last sample standing beside itself; of bytes, and of words with in[width].
void pair_sums(const uint8_t* in, int width, uint16_t* out);
void pair_sums(const uint16_t* in, int width, uint16_t* out);

// out[x] = (sums[x] + below[x]) >> shift, shift 0 or 2; out[width] repeats the last.
void anti_dither(const uint16_t* sums, const uint16_t* below, int shift, int width, uint16_t* out);

inline constexpr int kBitPad = 8;
// Words of a row of bits: one for the bit `width`, whole vectors, and as many zeros again behind.
inline int bit_words(int width) {
  return (width / 64 + 1 + 7) / 8 * 8 + 8;
}

// Bit x: the pixel equals its right (row[x+1], also row[width]) and its lower neighbour.
void flat_bits(const uint16_t* row, const uint16_t* below, int width, uint64_t* flat);

// Numbers in rows of bits: digit i of pixel x is bit x of row i; the rows stand `stride` words apart.
// counts (3 digits) = the number of bits set in flat[x-3 .. x+3].
void count_across(const uint64_t* flat, int width, uint64_t* counts, int stride);
// sums (6 digits) += entering - leaving (3 digits each, null: nothing); mask = sums > threshold.
void slide_sums(const uint64_t* entering, const uint64_t* leaving, int threshold, int width, uint64_t* sums,
                int stride, uint64_t* mask);

// The value that occurs at least twice among three samples, or else the smallest; of a sample and its
// neighbours across (the first and the last sample stay), and of three rows.
void mode_across(const uint16_t* row, int width, uint16_t* out);
void mode_down(const uint16_t* above, const uint16_t* row, const uint16_t* below, int width, uint16_t* out);

// Equal pixels side by side that count: columns begin .. end - 1, all of index `code`.
struct PixelRun {
  uint16_t begin;
  uint16_t end;
  uint16_t code;
};

// The longest runs of a row, from left to right, of samples in [first_code, first_code + code_count) where
// the mask is set; the index is sample - first_code + 1. Returns how many. `runs` has room for width +
// kRowPad, `positions` for 2 * (width + kRowPad).
int find_runs(const uint16_t* row, const uint64_t* mask, int width, int first_code, int code_count,
              PixelRun* runs, uint16_t* positions);

// out[x] = row[2x] for x < (width + 1) / 2.
void halve_row(const uint16_t* row, int width, uint16_t* out);
// The same of a mask.
void halve_bits(const uint64_t* bits, int width, uint64_t* out);

// An exact sum of floats that are 0 or at least 1/2 (their last bit is worth 2^-24 or more).
struct ExactSum {
  uint64_t whole = 0;
  uint64_t fraction = 0;  // units of 2^-24
  // `value` must be exact: a sum of such floats below 2^29.
  void add(double value) {
    const uint64_t integer = static_cast<uint64_t>(value);
    whole += integer;
    fraction += static_cast<uint64_t>((value - static_cast<double>(integer)) * 16777216.0);
  }
  void add(const ExactSum& other) {
    whole += other.whole;
    fraction += other.fraction;
  }
  double value() const {
    return static_cast<double>(whole + (fraction >> 24)) +
           static_cast<double>(fraction & 0xFFFFFF) / 16777216.0;
  }
};

// Where the runs of a row stand.
struct RowRuns {
  uint32_t at;
  uint32_t count;
};

// A tile to scan: all rows of a range of columns and of `radius` columns to either side.
struct Tile {
  const PixelRun* runs = nullptr;  // columns from 0 (= the first column of the left side)
  const RowRuns* rows = nullptr;   // [height]
  int columns = 0;
  int height = 0;
  int radius = 0;
  int code_count = 0;  // indices are 1 .. code_count
  int contrasts = 0;
  const uint32_t* steps = nullptr;  // [index]: bit d set if a step of d+1 counts at this code
  const float* weights = nullptr;   // [d]
  const float* reciprocals = nullptr;
};

struct TileResult {
  int64_t stored = 0;  // c-values written; those not written are 0
  ExactSum sum;
};

// c-values of a tile: for the pixel of index v at (y, x), with N(u) the number of pixels of index u within
// `radius` rows and columns,
//   c = max over the steps d of v of (weights[d] * N(v) * m) * reciprocals[N(v) + m],
//   m = max(N(v + d + 1), N(v - d - 1)),
// the integer product rounded to float once; 0 where the index is 0.
//   values   receives the c-values in row order, some zeros among them left out; kRowPad spare ones follow
//   map      if not null: c-values that are not 0 are also put at map[y * map_stride + x]
//   memory   ScanMemory::bytes(), aligned to 128 bytes
TileResult scan_tile(const Tile& tile, float* values, float* map, size_t map_stride, void* memory);

// Bytes of each part of that memory, multiples of 128.
struct ScanMemory {
  ScanMemory(int columns, int code_count, int contrasts) {
    const size_t codes = static_cast<size_t>(code_count) + 1 + 2 * contrasts;
    count_stride = round_up(static_cast<size_t>(columns), 64) + 128;  // of 16-bit counts
    zeros = count_stride * 2;
    pointers = round_up(codes * sizeof(void*), 128);
    live = round_up(codes * 4, 128);
    presence = round_up(codes / 8 + 16, 128);
    counts = (static_cast<size_t>(code_count) + 1) * count_stride * 2;
  }
  size_t bytes() const { return zeros + pointers + live + 2 * presence + counts; }
  size_t count_stride, zeros, pointers, live, presence, counts;
};

void to_ten_bits_ref(const uint8_t* in, int width, int bit_depth, uint16_t* out);
void to_ten_bits_ref(const uint16_t* in, int width, int bit_depth, uint16_t* out);
void pair_sums_ref(const uint8_t* in, int width, uint16_t* out);
void pair_sums_ref(const uint16_t* in, int width, uint16_t* out);
void anti_dither_ref(const uint16_t* sums, const uint16_t* below, int shift, int width, uint16_t* out);
void flat_bits_ref(const uint16_t* row, const uint16_t* below, int width, uint64_t* flat);
void count_across_ref(const uint64_t* flat, int width, uint64_t* counts, int stride);
void slide_sums_ref(const uint64_t* entering, const uint64_t* leaving, int threshold, int width,
                    uint64_t* sums, int stride, uint64_t* mask);
void mode_across_ref(const uint16_t* row, int width, uint16_t* out);
void mode_down_ref(const uint16_t* above, const uint16_t* row, const uint16_t* below, int width,
                   uint16_t* out);
int find_runs_ref(const uint16_t* row, const uint64_t* mask, int width, int first_code, int code_count,
                  PixelRun* runs);
void halve_row_ref(const uint16_t* row, int width, uint16_t* out);
void halve_bits_ref(const uint64_t* bits, int width, uint64_t* out);
TileResult scan_tile_ref(const Tile& tile, float* values, float* map, size_t map_stride, void* memory);

}  // namespace fovea::cambi
