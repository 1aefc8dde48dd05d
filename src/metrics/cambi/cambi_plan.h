// SPDX-License-Identifier: BSD-2-Clause-Patent
// What CAMBI works out once per stream: sizes, thresholds, tables and the layout of its buffers.
//
//   luma -> working size, 10 bits -> (anti-dither) -> mask of flat areas
//                                          |               |
//                        five scales: mode filter, c-values, mean of the worst
//
// A c-value tells how strongly a flat pixel of code v is surrounded by pixels of v and of v +- k: banding.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/params.h"
#include "base/result.h"
#include "video/frame.h"

namespace fovea::cambi {

#define FOVEA_PARAMS_OWNER "cambi"
#define FOVEA_PARAMS_FILE "metrics/cambi/cambi.params"
#include "metrics/define_params.inc"

inline constexpr int kScales = 5;
inline constexpr int kMaxContrasts = 32;
inline constexpr int kMaxWindow = 255;  // its area fits 16 bits, as the counts must
inline constexpr int kMaxCode = 1024;   // rounding to 10 bits may give 1024

// Rows of 16-bit samples have this many spare ones before their first and after their last.
inline constexpr int kRowPad = 64;
inline size_t row_stride(int width) {
  return (static_cast<size_t>(width) + 2 * kRowPad - 1) / kRowPad * kRowPad + kRowPad;
}

// One scale of one picture. It is cut into tiles: column ranges of full height. A tile keeps the runs of its
// columns and of the `radius` columns to either side.
struct ScaleLayout {
  int width = 0;
  int height = 0;
  int tiles = 0;
  std::vector<int> edges;   // tile t has the columns edges[t] .. edges[t+1]-1
  int tile_columns = 0;     // of the widest
  size_t runs_at = 0;       // position of the first tile's runs in Picture::runs
  size_t runs_per_row = 0;  // room for those of a row of a tile, on average over a strip of rows
  size_t runs_per_tile = 0;
  size_t plane_at = 0;  // position of row 0 of the scale's unfiltered samples in Picture::samples (none for
                        // scale 0 of full size)
  size_t plane_stride = 0;
  size_t mask_at = 0;  // the same of the mask, in Picture::bits
  size_t mask_stride = 0;
  size_t values_at = 0;  // position of the scale's c-values in Picture::values
  size_t values_per_tile = 0;
  int64_t kept = 1;  // number of c-values that the mean is taken over
};

// One picture: the encode, or the reference.
struct Layout {
  int width = 0;  // working size
  int height = 0;
  std::vector<int> columns;  // source column of each working column; empty if the size is kept
  std::vector<int> rows;
  int window = 1;
  int radius = 0;
  int mask_threshold =
      0;  // a pixel is flat if more than this many of its 7x7 neighbours equal their neighbours
  int row_strips = 1;
  std::array<ScaleLayout, kScales> scales;
  size_t samples = 0;  // sizes of the buffers
  size_t bits = 0;
  size_t runs = 0;
  size_t values = 0;
  int max_tile_columns = 0;
};

struct Plan {
  Format format;
  Params params;
  bool half_size = false;  // the speed-up for large formats: start at half size
  bool anti_dither = false;
  int contrasts = 4;                        // n
  std::array<int, kMaxContrasts> limits{};  // highest code at which a step of d+1 codes is visible
  int darkest_code = 0;                     // codes below are too dark to matter
  int first_code = 1;                       // codes that need counting: first_code .. last_code
  int last_code = 0;
  std::vector<uint32_t> steps;  // [code - first_code + 1]: bit d set if a step of d+1 counts; [0] = 0
  std::array<float, kMaxContrasts> weights{};
  std::vector<float> reciprocals;  // [1 .. window^2]
  double topk = 0.6;
  Layout encode, source;  // source is used with full_ref

  int code_count() const { return last_code - first_code + 1; }
};

// Errors: a picture, a working size or a window CAMBI is not defined for, or an unknown transfer function.
Result<Plan> make_plan(const Format& format, const Params& params);

// Luminance of a ten-bit limited-range code [cd/m2]; used by tests.
double luminance_bt1886(int code);
double luminance_pq(int code);

}  // namespace fovea::cambi
