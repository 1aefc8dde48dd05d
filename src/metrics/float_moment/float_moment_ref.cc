// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/float_moment/float_moment_kernels.h"

namespace fovea::float_moment {
namespace {

template <class Sample>
Moments moments(const Sample* row, int width) {
  Moments out;
  for (int x = 0; x < width; ++x) {
    const float value = static_cast<float>(row[x]);
    const float square = value * value;
    out.sum += value;
    out.squares += square;
  }
  return out;
}

}  // namespace

Moments moments_row_ref(const uint8_t* row, int width) { return moments(row, width); }
Moments moments_row_ref(const uint16_t* row, int width) { return moments(row, width); }

}  // namespace fovea::float_moment
