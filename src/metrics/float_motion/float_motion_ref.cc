// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <algorithm>
#include <cmath>

#include "metrics/float_motion/float_motion_kernels.h"

namespace fovea::float_motion {
namespace {

float sample(const PlaneView& plane, int bit_depth, int y, int x) {
  const float value = bit_depth > 8 ? plane.row<uint16_t>(y)[x] : plane.row<uint8_t>(y)[x];
  return value / static_cast<float>(1 << (bit_depth - 8)) - 128.0f;
}

// `columns` holds a row filtered down the columns.
void blur_row(const PlaneView& plane, const Filter& filter, int bit_depth, int y, float* columns, float* out) {
  const int radius = filter.radius;
  for (int x = 0; x < plane.width_px; ++x) {
    float sum = 0;
    for (int k = -radius; k <= radius; ++k) {
      sum += filter.taps[std::abs(k)] * sample(plane, bit_depth, reflect101(y + k, plane.height_px), x);
    }
    columns[x] = sum;
  }
  for (int x = 0; x < plane.width_px; ++x) {
    float sum = 0;
    for (int k = -radius; k <= radius; ++k) sum += filter.taps[std::abs(k)] * columns[reflect101(x + k, plane.width_px)];
    out[x] = sum;
  }
}

}  // namespace

void abs_difference_rows_ref(const PlaneView& a, const PlaneView& b, const Filter& filter, int bit_depth, int y_begin, int y_end,
                             float* sums, uint8_t* scratch) {
  float* const columns = reinterpret_cast<float*>(scratch);
  float* const row_a = columns + band_stride(a.width_px);
  float* const row_b = row_a + band_stride(a.width_px);
  for (int y = y_begin; y < y_end; ++y) {
    blur_row(a, filter, bit_depth, y, columns, row_a);
    blur_row(b, filter, bit_depth, y, columns, row_b);
    float sum = 0;
    for (int x = 0; x < a.width_px; ++x) sum += std::fabs(row_a[x] - row_b[x]);
    sums[y - y_begin] = sum;
  }
}

void blur_band_ref(const PlaneView& plane, const Filter& filter, int bit_depth, int y_begin, float* band, uint8_t* scratch) {
  const int y_end = std::min(y_begin + kBandRows, plane.height_px);
  for (int y = y_begin; y < y_end; ++y) {
    blur_row(plane, filter, bit_depth, y, reinterpret_cast<float*>(scratch), band + (y - y_begin) * band_stride(plane.width_px));
  }
}

}  // namespace fovea::float_motion
