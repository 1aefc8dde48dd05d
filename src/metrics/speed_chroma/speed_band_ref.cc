// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <algorithm>

#include "metrics/speed_chroma/speed_band.h"

namespace fovea::speed {
namespace {

template <class At>
void weighted_sums(int width, int taps, const float* weights, At at, float* out) {
  for (int x = 0; x < width; ++x) {
    float sum = 0;
    for (int t = 0; t < taps; ++t) sum += weights[t] * at(t, x);
    out[x] = sum;
  }
}

}  // namespace

void filter_rows_ref(const uint8_t* const* rows, const float* weights, int taps, int bias, int width, float* out) {
  weighted_sums(width, taps, weights, [=](int t, int x) { return static_cast<float>(rows[t][x] - bias); }, out);
}
void filter_rows_ref(const uint16_t* const* rows, const float* weights, int taps, int bias, int width, float* out) {
  weighted_sums(width, taps, weights, [=](int t, int x) { return static_cast<float>(rows[t][x] - bias); }, out);
}
void filter_change_ref(const uint8_t* const* before, const uint8_t* const* now, const float* weights, int taps, int width, float* out) {
  weighted_sums(width, taps, weights, [=](int t, int x) { return static_cast<float>(before[t][x] - now[t][x]); }, out);
}
void filter_change_ref(const uint16_t* const* before, const uint16_t* const* now, const float* weights, int taps, int width, float* out) {
  weighted_sums(width, taps, weights, [=](int t, int x) { return static_cast<float>(before[t][x] - now[t][x]); }, out);
}
void filter_floats_ref(const float* const* rows, const float* weights, int taps, int width, float* out) {
  weighted_sums(width, taps, weights, [=](int t, int x) { return rows[t][x]; }, out);
}
void filter_windows_ref(const float* row, int step, const float* weights, int taps, int count, float* out) {
  weighted_sums(count, taps, weights, [=](int t, int i) { return row[i * step + t]; }, out);
}

void resample_row_ref(const Resampler& table, const float* const* rows, const float* weights, float* out) {
  for (int c = 0; c < table.columns; ++c) {
    float sum = 0, weight_sum = 0;
    for (int j = 0; j < table.taps; ++j) {
      for (int i = 0; i < table.taps; ++i) {
        const size_t k = static_cast<size_t>(i) * table.columns + c;
        const float weight = table.column_weight[k] * weights[j];
        sum += rows[j][table.column_index[k]] * weight;
        weight_sum += weight;
      }
    }
    out[c] = table.normalise ? sum / weight_sum : sum;
  }
}

void remove_local_mean_ref(const float* const* rows, const float* weights, int taps, int width, float* temp, float* out) {
  filter_floats_ref(rows, weights, taps, width, temp);
  const int radius = taps / 2;
  for (int x = 0; x < width; ++x) {
    float sum = 0;
    for (int t = 0; t < taps; ++t) sum += weights[t] * temp[mirrored(x + t - radius, width)];
    out[x] = rows[radius][x] - sum;
  }
}

}  // namespace fovea::speed
