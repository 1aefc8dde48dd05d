// SPDX-License-Identifier: BSD-2-Clause-Patent
// From samples to the lattice: kernels over one row. All are single precision, and each sum is taken in the
// order of its taps, starting at 0, with every product rounded: equal on every CPU target to the last bit.
#pragma once

#include <cstdint>

#include "metrics/speed_chroma/speed_plan.h"

namespace fovea::speed {

// Vertical low-pass of samples:
//   out[x] = sum over t of weights[t] * (rows[t][x] - bias)
// weights may carry the (power of two) scale of deep samples: the products then round alike.
//   rows     [taps] rows of `width` samples, width >= 64
//   out      [width]
void filter_rows(const uint8_t* const* rows, const float* weights, int taps, int bias, int width, float* out);
void filter_rows(const uint16_t* const* rows, const float* weights, int taps, int bias, int width, float* out);
void filter_rows_ref(const uint8_t* const* rows, const float* weights, int taps, int bias, int width, float* out);
void filter_rows_ref(const uint16_t* const* rows, const float* weights, int taps, int bias, int width, float* out);
// The same for the change from one picture to the next, before[t][x] - now[t][x].
void filter_change(const uint8_t* const* before, const uint8_t* const* now, const float* weights, int taps, int width, float* out);
void filter_change(const uint16_t* const* before, const uint16_t* const* now, const float* weights, int taps, int width, float* out);
void filter_change_ref(const uint8_t* const* before, const uint8_t* const* now, const float* weights, int taps, int width, float* out);
void filter_change_ref(const uint16_t* const* before, const uint16_t* const* now, const float* weights, int taps, int width, float* out);
// The same for resampled rows.
void filter_floats(const float* const* rows, const float* weights, int taps, int width, float* out);
void filter_floats_ref(const float* const* rows, const float* weights, int taps, int width, float* out);

// Samples to floats, (row[x] - bias) * scale, or (before[x] - now[x]) * scale; width >= 20. Exact.
void convert_row(const uint8_t* row, int bias, float scale, int width, float* out);
void convert_row(const uint16_t* row, int bias, float scale, int width, float* out);
void convert_change(const uint8_t* before, const uint8_t* now, float scale, int width, float* out);
void convert_change(const uint16_t* before, const uint16_t* now, float scale, int width, float* out);

// One row of the columns that the table asks for.
//   rows     [table.taps] source rows
//   weights  [table.taps] their weights
//   out      [table.columns]; needs room for a multiple of 16
void resample_row(const Resampler& table, const float* const* rows, const float* weights, float* out);
void resample_row_ref(const Resampler& table, const float* const* rows, const float* weights, float* out);

// Horizontal low-pass, decimated: out[i] = sum over t of weights[t] * row[i * step + t].
//   row      [(count - 1) * step + taps]
void filter_windows(const float* row, int step, const float* weights, int taps, int count, float* out);
void filter_windows_ref(const float* row, int step, const float* weights, int taps, int count, float* out);

// out[x] = centre[x] - the low-pass of the lattice there: rows first, then columns, mirrored borders.
//   rows     [taps] lattice rows, already mirrored; centre is the middle one
//   temp     [width + taps + 32]
//   out      [width + 16]
void remove_local_mean(const float* const* rows, const float* weights, int taps, int width, float* temp, float* out);
void remove_local_mean_ref(const float* const* rows, const float* weights, int taps, int width, float* temp, float* out);

}  // namespace fovea::speed
