// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <cmath>
#include <cstdlib>

#include "metrics/ssim/ssim_kernels.h"

namespace fovea::ssim_int {

double similarity(double weight, double x, double y, double xy, double dd, const Constants& constants) {
  const double c1 = constants.c1_scale * (weight * weight), c2 = constants.c2_scale * (weight * weight);
  const double means = x * y, squares = x * x + y * y;
  const double above = (2.0 * means + c1) * (c2 + 2.0 * (xy * weight - means));
  const double below = (squares + c1) * ((dd + 2.0 * xy) * weight - squares + c2);
  return above / below;
}

double plane_ref(const int* ref, const int* dis, int width, int height, int bit_depth, double* weights) {
  const double peak = static_cast<double>((int64_t{1} << bit_depth) - 1);
  const double k1 = peak * peak * (0.01 * 0.01), k2 = peak * peak * (0.03 * 0.03);
  double score = 0;
  *weights = 0;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      int64_t w = 0, r = 0, d = 0, rr = 0, dd = 0, rd = 0;
      for (int b = -kRadius; b <= kRadius; ++b) {
        for (int a = -kRadius; a <= kRadius; ++a) {
          if (y + b < 0 || y + b >= height || x + a < 0 || x + a >= width) continue;
          const int64_t tap = int64_t{kTaps[std::abs(b)]} * kTaps[std::abs(a)];
          const int64_t i = static_cast<int64_t>(y + b) * width + x + a;
          w += tap;
          r += tap * ref[i];
          d += tap * dis[i];
          rr += tap * ref[i] * ref[i];
          dd += tap * dis[i] * dis[i];
          rd += tap * ref[i] * dis[i];
        }
      }
      const double weight = static_cast<double>(w), sr = static_cast<double>(r), sd = static_cast<double>(d);
      const double c1 = k1 * weight * weight, c2 = k2 * weight * weight;
      const double above = (2 * sr * sd + c1) * (c2 + 2 * (static_cast<double>(rd) * weight - sr * sd));
      const double below = (sr * sr + sd * sd + c1) * (static_cast<double>(rr) * weight - sr * sr +
                                                       static_cast<double>(dd) * weight - sd * sd + c2);
      score += weight * (above / below);
      *weights += weight;
    }
  }
  return score;
}

}  // namespace fovea::ssim_int
