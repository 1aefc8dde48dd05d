// SPDX-License-Identifier: BSD-2-Clause-Patent
// Window statistics of the SSIM family, on float pictures of the 8-bit range.
//
// A window is an 11x11 Gaussian, separable, rows first; positions where it fits whole count. Every product of a
// sample and a tap is rounded to float, summed in double in the order of the taps, and the sum of each pass is
// rounded to float. These roundings are kept exactly: in flat areas they are what remains of the variances, and
// shift scores in the sixth decimal.
//
// The picture is cut into bands of columns, each scored from top to bottom in blocks of rows. Both passes are the
// same kernel, run along x with eight rows in the lanes and then along y with eight columns in the lanes: it holds
// the eleven sums that a sample takes part in, so that each of the six different products is made once.
//
//   samples --transpose--> [row group][x][8 rows] --along x, transpose--> [column group][y][8 columns]
//           --along y--> [column group][y][8 columns] --statistics--> sums
//
// A sum over the picture is kept in eight parts, by column modulo 8: any vector length gives the same bits.
#pragma once

#include <array>
#include <cstdint>

#include "base/memory.h"
#include "base/plane.h"

namespace fovea::ssim_core {

inline constexpr int kWindow = 11;
inline constexpr int kGroup = 8;                          // rows or columns side by side in a vector
inline constexpr int kBlockRows = kGroup * kWindow;       // 88 rows of a band at a time
inline constexpr int kBandColumns = 144;                  // window positions across a band: with the margin, 14 * 11 columns
inline constexpr int kBandSteps = kBandColumns + kWindow - 1;
inline constexpr int kBandGroups = kBandColumns / kGroup;

// Where a picture of one scale comes from: samples, or floats of an earlier step.
struct Image {
  int width = 0, height = 0;
  const PlaneView* samples = nullptr;  // if not null: value = sample * scale, exactly
  int sample_bytes = 1;
  float scale = 1;
  const float* floats = nullptr;  // else: rows `pitch` apart
  ptrdiff_t pitch = 0;
};

// Columns [begin, end) of row y as floats.
void load_row(const Image& image, int y, int begin, int end, float* out);
// Asks for the same of a row that will be loaded soon: rows of a band are too far apart for the machine to foresee.
void prefetch_row(const Image& image, int y, int begin, int end);
inline constexpr int kPrefetchRows = 16;  // ahead
// 1, 1/4, 1/16, 1/256 for 8, 10, 12, 16 bit: samples to the 8-bit range. Other depths are taken as 8 bit.
float sample_scale(int bit_depth);

// What is to be summed. Members of Sums that are not wanted stay 0.
enum class Wanted { kProduct, kContrastStructure, kAll };

// Sums over window positions: of l*c*s, and of its factors luminance, contrast and structure.
struct Sums {
  double ssim = 0, luminance = 0, contrast = 0, structure = 0;
};
// As single precision means.
struct Means {
  float ssim, luminance, contrast, structure;
};

int band_count(int width);
size_t band_scratch_bytes(int dis_count);
// Band `band` of `ref` against each of `dis_count` pictures of the same size, at least 11x11.
void band_sums(Wanted wanted, const Image& ref, const Image* dis, int dis_count, int band, Sums* sums, Scratch& scratch);

// Joins the bands of one picture, `stride` Sums apart.
Means join_bands(const Sums* sums, int stride, int width, int height);

// The definition: whole planes, plain loops. a, b: [height][width].
Sums sums_ref(const float* a, const float* b, int width, int height);
// One window pass over [height][width]: out [height-10][width-10].
void window_means_ref(const float* in, int width, int height, float* out);

// What one position contributes, from the five window means; adds to sums.
void add_position(float m1, float m2, float rr, float dd, float rd, Sums& sums);

// --- kernels ---

// out[x] = row[x] * scale; any width.
void convert_samples(const uint8_t* row, float scale, int width, float* out);
void convert_samples(const uint16_t* row, float scale, int width, float* out);

// Rows [8][row_pitch] to columns out[x][8], x < columns; columns a multiple of 4.
void rows_to_lanes(const float* rows, ptrdiff_t row_pitch, int columns, float* out);

// The window along x: lanes are rows.
//   a, b    [steps][8]; the input is a[s] (b null) or fl(a[s] * b[s]); steps a multiple of 11
//   temp    [steps][8]
//   out     8 rows of 8 columns, column group after column group, `group_pitch` floats apart: the window that
//           ends with step s goes to column s - 10
void window_across(const float* a, const float* b, int steps, float* temp, float* out, ptrdiff_t group_pitch);

// The window along y: lanes are columns.
//   in      [steps][8]; steps a multiple of 11
//   state   [11][8] unfinished sums, 0 at the top of the band
//   out     [steps][8]: the window that ends with row s
void window_down(const float* in, int steps, double* state, float* out);

// Adds positions [rows][valid <= 8] to sums[4][8] (l*c*s, l, c, s by column modulo 8); inputs [rows][8].
// l and c are good to a few units in the last place of double precision.
void add_positions(Wanted wanted, const float* m1, const float* m2, const float* rr, const float* dd, const float* rd, int rows,
                   int valid, double* sums);

// The plain loops of the two; all sums.
void window_down_ref(const float* in, int steps, double* state, float* out);
void add_positions_ref(const float* m1, const float* m2, const float* rr, const float* dd, const float* rd, int rows, int valid,
                       double* sums);

}  // namespace fovea::ssim_core
