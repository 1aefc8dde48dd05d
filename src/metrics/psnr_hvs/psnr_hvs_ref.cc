// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "metrics/psnr_hvs/psnr_hvs_kernels.h"
#include "metrics/psnr_hvs/visibility.h"

namespace fovea::psnr_hvs {
namespace {

using Block = std::array<int, 64>;

// Half, towards zero.
int half(int v) { return v / 2; }

// round(v * factor / 2^15), ties up.
int part(int v, int factor) { return static_cast<int>((int64_t{v} * factor + 16384) >> 15); }

// In place, at x[0], x[stride] ...: a lifting transform, each step adds a rounded part of one value to another.
void dct8(int* x, int stride) {
  const auto at = [&](int k) -> int& { return x[k * stride]; };
  int d1 = at(0) - at(7), s4 = at(1) + at(6), d3 = at(2) - at(5), s6 = at(3) + at(4);
  const int h1 = half(d1), h4 = half(s4), h6 = half(s6);
  int s0 = at(0) - h1, d5 = at(6) - h4, s2 = at(2) - half(d3), d7 = h6 - at(4);

  s0 += h6;
  s6 = s0 - s6;
  s2 = h4 - s2;
  s4 = s2 - s4;
  s0 -= part(s4, 13573);
  s4 += part(s0, 2 * 11585);
  s0 -= part(s4, 13573);
  s6 -= part(s2, 21895);
  s2 += part(s6, 2 * 15137);
  s6 -= part(s2, 21895);

  d3 += part(d5, 19195);
  d5 += part(d3, 2 * 11585);
  d3 -= part(d5, 4 * 7489);
  d7 = half(d5) - d7;
  d5 -= d7;
  d3 = h1 - d3;
  d1 -= d3;
  d7 += part(d1, 3227);
  d1 -= part(d7, 6393);
  d7 += part(d1, 3227);
  d5 += part(d3, 4 * 2485);
  d3 -= part(d5, 18205);
  d5 += part(d3, 4 * 2485);

  const int out[8] = {s0, d1, s2, d3, s4, d5, s6, d7};
  for (int k = 0; k < 8; ++k) at(k) = out[k];
}

Block load_block(const PlaneView& plane, int bit_depth, int y0, int x0) {
  Block block;
  for (int k = 0; k < 64; ++k) {
    const int y = y0 + k / 8, x = x0 + k % 8;
    block[k] = bit_depth > 8 ? plane.row<uint16_t>(y)[x] : plane.row<uint8_t>(y)[x];
  }
  return block;
}

// Sum of squared distances from the mean of a size x size part of a block.
float deviation(const Block& block, int y0, int x0, int size) {
  float sum = 0;
  for (int y = y0; y < y0 + size; ++y) {
    for (int x = x0; x < x0 + size; ++x) sum += static_cast<float>(block[8 * y + x]);
  }
  const float mean = sum / static_cast<float>(size * size);
  float out = 0;
  for (int y = y0; y < y0 + size; ++y) {
    for (int x = x0; x < x0 + size; ++x) {
      const float distance = static_cast<float>(block[8 * y + x]) - mean;
      out += distance * distance;
    }
  }
  return out;
}

float masking(const Block& block, const Block& coefficients, const Weights& weights) {
  constexpr float kWhole = static_cast<float>(1.0 / 63.0) * 64.0f, kQuadrant = static_cast<float>(1.0 / 15.0) * 16.0f;
  float ratio = deviation(block, 0, 0, 8) * kWhole;
  if (ratio > 0) {
    float quadrants = deviation(block, 0, 0, 4) * kQuadrant;
    quadrants += deviation(block, 0, 4, 4) * kQuadrant;
    quadrants += deviation(block, 4, 0, 4) * kQuadrant;
    quadrants += deviation(block, 4, 4, 4) * kQuadrant;
    ratio = quadrants / ratio;
  }
  float energy = 0;
  for (int k = 1; k < 64; ++k) {
    const float value = static_cast<float>(coefficients[k]);
    const float square = value * value;
    energy += square * weights.mask[k];
  }
  return std::sqrt(energy * ratio) / 32.0f;
}

}  // namespace

Weights make_weights(int plane) {
  Weights out;
  out.visibility = kVisibility[plane];
  for (int k = 0; k < 64; ++k) {
    const double scaled = out.visibility[k] * 0.3885746225901003;
    out.mask[k] = static_cast<float>(scaled * scaled);
    out.inverse_mask[k] = 1.0f / out.mask[k];
  }
  return out;
}

void visible_error_ref(const PlaneView& ref, std::span<const PlaneView> dis, const Weights& weights, int bit_depth, float* totals) {
  const int columns = block_count(ref.width_px), rows = block_count(ref.height_px);
  for (size_t i = 0; i < dis.size(); ++i) {
    float total = 0;
    for (int b = 0; b < rows * columns; ++b) {
      const int y = b / columns * kStep, x = b % columns * kStep;
      const Block pictures[2] = {load_block(ref, bit_depth, y, x), load_block(dis[i], bit_depth, y, x)};
      Block transformed[2] = {pictures[0], pictures[1]};
      float strength[2];
      for (int p = 0; p < 2; ++p) {
        for (int k = 0; k < 8; ++k) dct8(&transformed[p][k], 8);
        for (int k = 0; k < 8; ++k) dct8(&transformed[p][8 * k], 1);
        strength[p] = masking(pictures[p], transformed[p], weights);
      }
      const float hidden = std::max(strength[0], strength[1]);
      for (int k = 0; k < 64; ++k) {
        float error = static_cast<float>(std::abs(transformed[0][k] - transformed[1][k]));
        if (k > 0) {
          const float threshold = hidden / weights.mask[k];
          error = error < threshold ? 0.0f : error - threshold;
        }
        const float weighted = error * weights.visibility[k];
        total += weighted * weighted;
      }
    }
    totals[i] = total;
  }
}

}  // namespace fovea::psnr_hvs
