// SPDX-License-Identifier: BSD-2-Clause-Patent
// The pixel loops of SSIMULACRA 2.
//
// The blur is a sum of three oscillators that never die out, so a rounding error at the left border is felt
// at the right one. All float operations below happen in one fixed order; kernels take independent rows or
// columns as lanes. Every function equals its _ref to the last bit on every CPU target.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "metrics/ssimulacra2/ssimulacra2_plan.h"

namespace fovea::ssimulacra2 {

inline constexpr int kRows = 16;   // rows of a block: the lanes of the blur along rows
inline constexpr int kGroup = 32;  // columns of one call of the blur along columns
inline constexpr int kPad = 16;    // row kernels may read and write up to a multiple of this many samples
inline constexpr int kBehind = 6;  // the blur's output n reads inputs n-6 and n+4
inline constexpr int kAhead = 4;
inline constexpr int kHistory = kBehind + kAhead;  // rows above a block that the blur along columns needs
inline constexpr int kRing = 2 * kRows;            // rows of X, Y and B that are kept
inline constexpr int kStates = 6;                  // two past outputs of three oscillators
inline constexpr float kBias = 0.0037930732552754493f;  // of a cone's light
inline constexpr float kBlurInput[3] = {0.0552952364f, -0.0588366874f, 0.0129558193f};
inline constexpr float kBlurFeedback[3] = {-1.90211308f, -1.17557049f, -1.22464685e-16f};

// What chroma adds to R, G and B: [4][pitch] rows: to R of Cr, from G of Cb, from G of Cr, to B of Cb.
//   count <= pitch, a multiple of kPad
void chroma_terms(const uint8_t* cb, const uint8_t* cr, int count, const Color& color, float* terms,
                  int pitch);
void chroma_terms(const uint16_t* cb, const uint16_t* cr, int count, const Color& color, float* terms,
                  int pitch);
// Each value twice; `count` outputs.
void double_columns(const float* in, int count, float* out);
// One row of linear light in [0, 1] (R, G, B) and of the planes X, Y, B of the eye's colour space, moved to
// be positive; count is a multiple of kPad.
void linear_xyb_row(const uint8_t* luma, const float* terms, int terms_pitch, int count, const Color& color,
                    float* const linear[3], float* const xyb[3]);
void linear_xyb_row(const uint16_t* luma, const float* terms, int terms_pitch, int count, const Color& color,
                    float* const linear[3], float* const xyb[3]);
// The latter from linear light.
void xyb_row(const float* r, const float* g, const float* b, int count, float* const xyb[3]);
// Means of 2x2 samples, added in raster order; `count` outputs (a multiple of kPad) from 2 * count samples.
void halve_row(const float* top, const float* bottom, int count, float* out);

// kRows rows of `columns` (a multiple of 4) samples to [columns][kRows].
void rows_to_lanes(const float* rows, ptrdiff_t pitch, int columns, float* lanes);

// What one call blurs, in the order of its outputs ("streams").
enum class Moments {
  kFirst,      // a
  kFirsts,     // a, b
  kOfRef,      // a, a*a
  kDistorted,  // b, b*b, a*b
};
constexpr int stream_count(Moments moments) {
  return moments == Moments::kFirst ? 1 : moments == Moments::kDistorted ? 3 : 2;
}
// Blur along 16 rows: columns [begin, end), at most kGroup of them. `begin` is a multiple of 16, or -kAhead
// where rows begin (output starts at column 0 then); `end` is a multiple of 16.
//   a, b   lanes of column 0; read from begin-6 to end+3
//   state  [stream][kStates][kRows], 0 where rows begin
//   out    [stream][kRows][pitch], from column `begin` (or 0) on
void blur_across(Moments moments, const float* a, const float* b, int begin, int end, float* state,
                 float* out, ptrdiff_t out_stride, ptrdiff_t pitch);
// Blur along kGroup columns: kRows outputs, the first kAhead above the rows.
//   rows     [kRows][kGroup], aligned
//   history  [kHistory][pitch]: the rows above, 0 where columns begin; replaced by the last of `rows`
//   state    [kStates][state_pitch], 0 where columns begin
//   out      [kRows][kGroup], aligned
void blur_down(const float* rows, float* history, int pitch, float* state, int state_pitch, float* out);

// Blurred planes of a group of columns, each [kRows][kGroup].
struct Blurred {
  const float* mu1;
  const float* mu2;
  const float* s11;  // the last three only for the SSIM map
  const float* s22;
  const float* s12;
};
// Adds up the maps of rows [begin, end) of the group, column by column.
//   a, b   reference and distorted plane; row i of the group is at ((first + i) mod kRing) * pitch
//   sums   [kNorms][sums_pitch]: ssim, ringing, blur, then their fourth powers
// Sums of the rows are float, and enter the totals as one double each.
void add_ssim(Definition definition, const Blurred& blurred, int begin, int end, double* sums,
              int sums_pitch);
void add_edges(const Blurred& blurred, const float* a, const float* b, int pitch, int first, int begin,
               int end, double* sums, int sums_pitch);

// The definition, as plain loops.
float srgb_to_linear_ref(float v);
// A first guess from the bit pattern (a third of the exponent), then two Newton steps.
constexpr float cube_root_ref(float x) {
  if (x <= 0.0f) return 0.0f;
  float y = std::bit_cast<float>(std::bit_cast<uint32_t>(x) / 3 + 0x2a5137a0u);
  for (int step = 0; step < 2; ++step) y = (2.0f * y + x / (y * y)) * (1.0f / 3.0f);
  return y;
}
void chroma_terms_ref(int cb, int cr, const Color& color, float terms[4]);
void linear_ref(int luma, const float terms[4], const Color& color, float rgb[3]);
void xyb_ref(const float rgb[3], float xyb[3]);
// `count` values `stride` apart; outside them the input is 0.
void blur_line_ref(const float* in, float* out, int count, ptrdiff_t stride);
double ssim_error_ref(Definition definition, float m1, float m2, float s11, float s22, float s12);
double edge_ref(float a, float b, float m1, float m2);
double score_ref(const Plan& plan, const Frame& ref, const Frame& dis);

}  // namespace fovea::ssimulacra2
