// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/psnr/psnr_kernels.h"

namespace fovea::psnr {
namespace {

template <class Sample>
uint64_t sse(const Sample* ref, const Sample* dis, int width) {
  uint64_t sum = 0;
  for (int x = 0; x < width; ++x) {
    const int64_t difference = static_cast<int64_t>(ref[x]) - dis[x];
    sum += static_cast<uint64_t>(difference * difference);
  }
  return sum;
}

}  // namespace

uint64_t sse_row_ref(const uint8_t* ref, const uint8_t* dis, int width) { return sse(ref, dis, width); }
uint64_t sse_row_ref(const uint16_t* ref, const uint16_t* dis, int width) { return sse(ref, dis, width); }

}  // namespace fovea::psnr
