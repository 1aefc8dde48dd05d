// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/float_ssim/ssim_core.h"

#include <algorithm>
#include <cstring>

namespace fovea::ssim_core {
namespace {

constexpr int kRowPitch = 160;                                          // floats of a loaded row: kBandSteps, rounded up
constexpr int kLaneFloats = (kBandSteps + 3) / 4 * 4 * kGroup;           // one group of rows
constexpr int kTempFloats = (kBandSteps + kGroup) * kGroup;
constexpr int kGroupFloats = kBlockRows * kGroup;                       // one group of columns of a block
constexpr int kPlaneFloats = kBandGroups * kGroupFloats;                // a block of a band
constexpr int kStateDoubles = kBandGroups * kWindow * kGroup;           // unfinished sums of a band
constexpr int kSums = 4 * kGroup;

// One window pass after the other for a block of a band.
struct Block {
  int groups = 0;         // of 8 rows
  int column_groups = 0;  // of 8 columns
  int steps_across = 0;
  int steps_down = 0;
  float* temp = nullptr;
  float* across = nullptr;

  void means(const float* a, const float* b, double* state, float* out) const {
    for (int g = 0; g < groups; ++g) {
      window_across(a + g * kLaneFloats, b == nullptr ? nullptr : b + g * kLaneFloats, steps_across, temp,
                    across + g * kGroup * kGroup, kGroupFloats);
    }
    for (int c = 0; c < column_groups; ++c) {
      window_down(across + c * kGroupFloats, steps_down, state + c * kWindow * kGroup, out + c * kGroupFloats);
    }
  }
};

// Rows [y, y + rows) and columns [x, x + columns) as lanes; what lies beyond is 0.
void load_lanes(const Image& image, int y, int rows, int x, int columns, int groups, int steps, float* row_buffer, float* lanes) {
  const int width = static_cast<int>(round_up(steps, 4));
  for (int g = 0; g < groups; ++g) {
    for (int i = 0; i < kGroup; ++i) {
      float* out = row_buffer + i * kRowPitch;
      const int row = g * kGroup + i;
      const int have = row < rows ? columns : 0;
      prefetch_row(image, y + row + kPrefetchRows, x, x + columns);
      if (have > 0) load_row(image, y + row, x, x + columns, out);
      std::fill(out + have, out + width, 0.0f);
    }
    rows_to_lanes(row_buffer, kRowPitch, width, lanes + g * kLaneFloats);
  }
}

}  // namespace

float sample_scale(int bit_depth) {
  const bool deep = bit_depth == 10 || bit_depth == 12 || bit_depth == 16;
  return deep ? 1.0f / static_cast<float>(1 << (bit_depth - 8)) : 1.0f;
}

void load_row(const Image& image, int y, int begin, int end, float* out) {
  if (image.samples == nullptr) {
    std::memcpy(out, image.floats + y * image.pitch + begin, sizeof(float) * static_cast<size_t>(end - begin));
  } else if (image.sample_bytes == 1) {
    convert_samples(image.samples->row<uint8_t>(y) + begin, image.scale, end - begin, out);
  } else {
    convert_samples(image.samples->row<uint16_t>(y) + begin, image.scale, end - begin, out);
  }
}

void prefetch_row(const Image& image, int y, int begin, int end) {
  if (y >= image.height) return;
  const char *first, *last;
  if (image.samples == nullptr) {
    first = reinterpret_cast<const char*>(image.floats + y * image.pitch + begin);
    last = first + sizeof(float) * static_cast<size_t>(end - begin) - 1;
  } else {
    first = reinterpret_cast<const char*>(image.samples->row_bytes(y)) + static_cast<ptrdiff_t>(begin) * image.sample_bytes;
    last = first + static_cast<ptrdiff_t>(end - begin) * image.sample_bytes - 1;
  }
  for (; first < last; first += 64) __builtin_prefetch(first);
  __builtin_prefetch(last);
}

int band_count(int width) { return (width - (kWindow - 1) + kBandColumns - 1) / kBandColumns; }

size_t band_scratch_bytes(int dis_count) {
  const size_t k = static_cast<size_t>(dis_count);
  return Scratch::bytes_for<float>(kGroup * kRowPitch) + 2 * Scratch::bytes_for<float>(kWindow * kLaneFloats) +
         Scratch::bytes_for<float>(kTempFloats) + 6 * Scratch::bytes_for<float>(kPlaneFloats) +
         Scratch::bytes_for<double>((2 + 3 * k) * kStateDoubles) + Scratch::bytes_for<double>(k * kSums);
}

void band_sums(Wanted wanted, const Image& ref, const Image* dis, int dis_count, int band, Sums* sums, Scratch& scratch) {
  float* row_buffer = scratch.take<float>(kGroup * kRowPitch);
  float* ref_lanes = scratch.take<float>(kWindow * kLaneFloats);
  float* dis_lanes = scratch.take<float>(kWindow * kLaneFloats);
  Block block;
  block.temp = scratch.take<float>(kTempFloats);
  block.across = scratch.take<float>(kPlaneFloats);
  float *m1 = scratch.take<float>(kPlaneFloats), *rr = scratch.take<float>(kPlaneFloats), *m2 = scratch.take<float>(kPlaneFloats),
        *dd = scratch.take<float>(kPlaneFloats), *rd = scratch.take<float>(kPlaneFloats);
  double* state = scratch.take<double>(static_cast<size_t>(2 + 3 * dis_count) * kStateDoubles);
  double* lane_sums = scratch.take<double>(static_cast<size_t>(dis_count) * kSums);
  std::fill(state, state + (2 + 3 * dis_count) * kStateDoubles, 0.0);
  std::fill(lane_sums, lane_sums + dis_count * kSums, 0.0);
  std::fill(block.temp, block.temp + kTempFloats, 0.0f);
  std::fill(block.across, block.across + kPlaneFloats, 0.0f);

  const int x = band * kBandColumns;
  const int columns = std::min(kBandColumns, ref.width - (kWindow - 1) - x);
  const int loaded = columns + kWindow - 1;
  block.column_groups = (columns + kGroup - 1) / kGroup;
  block.steps_across = static_cast<int>(round_up(loaded, kWindow));
  for (int y = 0; y < ref.height; y += kBlockRows) {
    const int rows = std::min(kBlockRows, ref.height - y);
    block.groups = (rows + kGroup - 1) / kGroup;
    block.steps_down = static_cast<int>(round_up(rows, kWindow));
    const int first = std::max(0, kWindow - 1 - y);  // windows that end above would begin above the picture
    load_lanes(ref, y, rows, x, loaded, block.groups, block.steps_across, row_buffer, ref_lanes);
    block.means(ref_lanes, nullptr, state, m1);
    block.means(ref_lanes, ref_lanes, state + kStateDoubles, rr);
    for (int k = 0; k < dis_count; ++k) {
      double* dis_state = state + static_cast<size_t>(2 + 3 * k) * kStateDoubles;
      load_lanes(dis[k], y, rows, x, loaded, block.groups, block.steps_across, row_buffer, dis_lanes);
      block.means(dis_lanes, nullptr, dis_state, m2);
      block.means(dis_lanes, dis_lanes, dis_state + kStateDoubles, dd);
      block.means(ref_lanes, dis_lanes, dis_state + 2 * kStateDoubles, rd);
      for (int c = 0; c < block.column_groups; ++c) {
        const int at = c * kGroupFloats + first * kGroup;
        add_positions(wanted, m1 + at, m2 + at, rr + at, dd + at, rd + at, rows - first, std::min(kGroup, columns - c * kGroup),
                      lane_sums + k * kSums);
      }
    }
  }
  for (int k = 0; k < dis_count; ++k) {
    const double* lanes = lane_sums + k * kSums;
    sums[k] = {};
    for (int i = 0; i < kGroup; ++i) {
      sums[k].ssim += lanes[i];
      sums[k].luminance += lanes[kGroup + i];
      sums[k].contrast += lanes[2 * kGroup + i];
      sums[k].structure += lanes[3 * kGroup + i];
    }
  }
}

Means join_bands(const Sums* sums, int stride, int width, int height) {
  Sums total;
  for (int b = 0; b < band_count(width); ++b) {
    const Sums& band = sums[static_cast<ptrdiff_t>(b) * stride];
    total.ssim += band.ssim;
    total.luminance += band.luminance;
    total.contrast += band.contrast;
    total.structure += band.structure;
  }
  const double positions = static_cast<double>(width - kWindow + 1) * (height - kWindow + 1);
  return {static_cast<float>(total.ssim / positions), static_cast<float>(total.luminance / positions),
          static_cast<float>(total.contrast / positions), static_cast<float>(total.structure / positions)};
}

}  // namespace fovea::ssim_core
