// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/adm/adm_plan.h"

#include <math.h>

#include <algorithm>
#include <cmath>

namespace fovea::adm {
namespace {

constexpr float kThird = 1.0f / 3.0f;

int ceil_log2(double n) {
  return static_cast<int>(std::ceil(std::log2(n)));
}

// The largest detail coefficient of scale 0: both passes of the wavelet gain at most sum|tap| / 2^16 = 54822
// / 65536 on samples scaled to 16 bits.
constexpr int64_t kMaxDetail0 = 22931;

// True if no step of the vector kernels leaves its integer width where the definition would wrap.
bool weights_fit(int scale, const std::array<uint32_t, kBands>& weight) {
  if (scale > 0) return std::all_of(weight.begin(), weight.end(), [](uint32_t w) { return w < (1u << 28); });
  // |c| must stay below 2^15; the square of the signal, shifted, below 2^31. A threshold is at least
  // -2 * 32768 (the centre terms of h and v wrap to 16 bits), or -3 * 32768 where that of d can wrap too.
  const int64_t straight = std::max(weight[kH], weight[kV]);
  const int64_t diagonal = weight[kD];
  const bool masks = straight * kMaxDetail0 + 16384 < int64_t{32768} << 15;
  return masks && straight * kMaxDetail0 + (int64_t{65536} << 10) < (int64_t{1} << 30) &&
         diagonal * kMaxDetail0 + (int64_t{65536} << 12) <= 1518500249;
}

ScalePlan make_scale(int scale, const BandGeometry& bands, const Params& params) {
  ScalePlan s{bands};
  s.begin = std::max(s.left - 1, 0);
  s.end = std::min(s.right + 1, s.width);
  s.scored = scale > 0 || !params.adm_skip_scale0;

  const Csf csf = csf_of_scale(scale, params);
  s.csf = {csf.straight, csf.straight, csf.diagonal};
  const bool default_view =
      params.adm_csf_mode == 0 &&
      std::fabs(params.adm_norm_view_dist * params.adm_ref_display_height - 3240.0) < 1e-8;
  for (int b = 0; b < kBands; ++b) {
    const double f = s.csf[b];
    if (scale > 0) {
      s.weight[b] = static_cast<uint32_t>(static_cast<int64_t>(f * 4294967296.0));
    } else if (default_view) {
      s.weight[b] = b == kD ? 49417 : 36453;  // libvmaf's literals, a little off the formula
    } else {
      s.weight[b] = static_cast<uint16_t>(static_cast<int64_t>(std::ldexp(f, b == kD ? 23 : 21)));
    }
    s.den_factor[b] = std::pow(f, 3.0);
  }
  s.fits_kernels = weights_fit(scale, s.weight);

  s.row_shift = ceil_log2(s.height);
  for (int b = 0; b < kBands; ++b) {
    if (scale == 0) {
      s.square_shift[b] = b == kD ? 30 : 29;
      s.term_shift[b] =
          static_cast<int>(std::ceil(std::log2(static_cast<double>(s.width)) - (b == kD ? 3.0 : 4.0)));
      s.exponent[b] = (b == kD ? 57 : 52) - s.term_shift[b] - s.row_shift;
    } else {
      static constexpr int kExponent[kScales] = {0, 45, 39, 36};
      s.square_shift[b] = 30;
      s.term_shift[b] = ceil_log2(s.width);
      s.exponent[b] = kExponent[scale] - s.term_shift[b] - s.row_shift;
    }
  }
  const double area = static_cast<double>(s.rows()) * s.columns();
  if (scale == 0) {
    s.den_row_shift = std::max(0, static_cast<int>(std::ceil(std::log2(area) - 20.0)));
    s.den_exponent = 18 - s.den_row_shift;
  } else {
    static constexpr int kSquareShift[kScales] = {0, 31, 30, 31};
    static constexpr int kExponent[kScales] = {0, 32, 27, 23};
    s.den_square_shift = kSquareShift[scale];
    s.den_term_shift = ceil_log2(s.columns());
    s.den_row_shift = ceil_log2(s.rows());
    s.den_exponent = kExponent[scale] - s.den_row_shift - s.den_term_shift;
  }
  s.noise_floor = powf(static_cast<float>(area * params.adm_noise_weight), kThird);
  return s;
}

}  // namespace

Plan make_plan(const Format& format, const Params& params) {
  Plan plan;
  plan.format = format;
  plan.params = params;
  const auto bands = band_geometry(format);
  for (int s = 0; s < kScales; ++s) plan.scale[s] = make_scale(s, bands[s], params);
  return plan;
}

int whole_gain(double limit) {
  return limit == std::floor(limit) ? static_cast<int>(limit) : 0;
}

}  // namespace fovea::adm
