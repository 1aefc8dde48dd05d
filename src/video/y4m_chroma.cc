// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/y4m_chroma.h"

#include <algorithm>

namespace fovea {
namespace {

uint8_t round_clamp(int sum) {
  return static_cast<uint8_t>(std::clamp((sum + 64) >> 7, 0, 255));
}

constexpr int kTaps[6] = {4, -17, 114, 35, -9, 1};  // at offsets -2 .. +3

// out[i] = sum of kTaps[t] * src[i + sign * (t - 2)], with i clamped to 0 .. n-1.
uint8_t tap6(const uint8_t* src, int64_t step, int i, int n, int sign) {
  int sum = 0;
  for (int t = 0; t < 6; ++t) sum += kTaps[t] * src[step * std::clamp(i + sign * (t - 2), 0, n - 1)];
  return round_clamp(sum);
}

void shift_vertically(const uint8_t* src, uint8_t* dst, int width, int height, int sign) {
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) dst[int64_t{y} * width + x] = tap6(src + x, width, y, height, sign);
  }
}

}  // namespace

void shift_chroma_right(const uint8_t* src, uint8_t* dst, int width, int height) {
  for (int y = 0; y < height; ++y, src += width, dst += width) {
    for (int x = 0; x < width; ++x) dst[x] = tap6(src, 1, x, width, +1);
  }
}

void shift_chroma_paldv_cb(const uint8_t* src, uint8_t* dst, int width, int height) {
  shift_vertically(src, dst, width, height, -1);
}

void shift_chroma_paldv_cr(const uint8_t* src, uint8_t* dst, int width, int height) {
  shift_vertically(src, dst, width, height, +1);
}

void upsample_chroma_411(const uint8_t* src, int src_width, uint8_t* dst, int dst_width, int height) {
  for (int y = 0; y < height; ++y, src += src_width, dst += dst_width) {
    const auto at = [&](int x) { return int{src[std::clamp(x, 0, src_width - 1)]}; };
    for (int x = 0; x < src_width; ++x) {
      dst[2 * x] = round_clamp(1 * at(x - 1) + 110 * at(x) + 18 * at(x + 1) - 1 * at(x + 2));
      if (2 * x + 1 < dst_width) {
        dst[2 * x + 1] = round_clamp(-3 * at(x - 1) + 50 * at(x) + 86 * at(x + 1) - 5 * at(x + 2));
      }
    }
  }
}

}  // namespace fovea
