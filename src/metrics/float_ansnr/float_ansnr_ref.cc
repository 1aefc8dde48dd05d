// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <cstdlib>

#include "metrics/float_ansnr/float_ansnr_kernels.h"

namespace fovea::float_ansnr {
namespace {

template <size_t kSize>
float filtered(const PlaneView& plane, const std::array<std::array<float, kSize>, kSize>& taps, int bit_depth, int y, int x) {
  constexpr int kRadius = static_cast<int>(kSize) - 1;
  const float scale = static_cast<float>(1 << (bit_depth - 8));
  float sum = 0;
  for (int ky = -kRadius; ky <= kRadius; ++ky) {
    const int sy = mirror(y + ky, plane.height_px);
    float row_sum = 0;
    for (int kx = -kRadius; kx <= kRadius; ++kx) {
      const int sx = mirror(x + kx, plane.width_px);
      const float sample = bit_depth > 8 ? plane.row<uint16_t>(sy)[sx] : plane.row<uint8_t>(sy)[sx];
      row_sum += taps[std::abs(ky)][std::abs(kx)] * (sample / scale - 128.0f);
    }
    sum += row_sum;
  }
  return sum;
}

}  // namespace

void ansnr_rows_ref(const PlaneView& ref, std::span<const Frame> dis, int bit_depth, int y_begin, int y_end, float* signal,
                    float* noise, size_t noise_stride) {
  for (int y = y_begin; y < y_end; ++y) {
    float signal_sum = 0;
    for (size_t k = 0; k < dis.size(); ++k) noise[k * noise_stride + y - y_begin] = 0;
    for (int x = 0; x < ref.width_px; ++x) {
      const float r = filtered(ref, kRefTaps, bit_depth, y, x);
      signal_sum += r * r;
      for (size_t k = 0; k < dis.size(); ++k) {
        const float difference = r - filtered(dis[k].planes[0], kDisTaps, bit_depth, y, x);
        noise[k * noise_stride + y - y_begin] += difference * difference;
      }
    }
    signal[y - y_begin] = signal_sum;
  }
}

}  // namespace fovea::float_ansnr
