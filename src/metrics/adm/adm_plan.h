// SPDX-License-Identifier: BSD-2-Clause-Patent
// What ADM knows before the first frame: geometry of the four scales, contrast sensitivity, shifts.
#pragma once

#include <array>
#include <cstdint>

#include "base/params.h"
#include "metrics/adm/adm_bands.h"

namespace fovea::adm {

#define FOVEA_PARAMS_OWNER "adm"
#define FOVEA_PARAMS_FILE "metrics/adm/adm.params"
#include "metrics/define_params.inc"

// Smallest picture: the last of four halvings still has five samples, as the taps and the masks beside the
// mirrored border need; libvmaf reads outside its buffers below.
inline constexpr int kMinSize = 33;

struct ScalePlan : BandGeometry {
  // Columns of detail that are worked out: the middle and one on each side for the 3x3 neighbourhood.
  int begin = 0, end = 0;
  bool scored = true;        // false: transform only
  bool fits_kernels = true;  // the weights leave the vector kernels their head-room; else plain loops run

  std::array<float, kBands> csf{};
  std::array<uint32_t, kBands> weight{};  // csf in fixed point: Q21, Q21, Q23 at scale 0, else Q32

  // Sums of cubes: square >> square_shift, times magnitude >> term_shift, row >> row_shift, total /
  // 2^exponent.
  std::array<int, kBands> square_shift{}, term_shift{}, exponent{};
  int row_shift = 0;
  int den_square_shift = 0, den_term_shift = 0, den_row_shift = 0, den_exponent = 0;
  std::array<double, kBands> den_factor{};  // csf^3
  float noise_floor = 0;
};

struct Plan {
  Format format;
  Params params;
  std::array<ScalePlan, kScales> scale;
};

// `format` is at least kMinSize each way.
Plan make_plan(const Format& format, const Params& params);

// adm_enhn_gain_limit if it is a whole number, else 0: Split::whole_gain.
int whole_gain(double limit);

// By the model that adm_csf_mode names.
Csf csf_of_scale(int scale, const Params& params);

}  // namespace fovea::adm
