// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/float_psnr/float_psnr_kernels.h"

namespace fovea::float_psnr {

double rounded_sse_row_ref(const uint16_t* ref, const uint16_t* dis, int width) {
  double sum = 0;
  for (int x = 0; x < width; ++x) {
    const float difference = static_cast<float>(static_cast<int>(ref[x]) - dis[x]);
    const float square = difference * difference;
    sum += square;
  }
  return sum;
}

}  // namespace fovea::float_psnr
