// SPDX-License-Identifier: BSD-2-Clause-Patent
// How the SSIM metrics report.
#pragma once

#include <cmath>
#include <limits>

#include "video/frame.h"

namespace fovea::ssim_core {

// The score in decibels that stands for half a unit of squared error in the whole picture; infinity without clipping.
inline double max_db(const Format& format, bool clip) {
  if (!clip) return std::numeric_limits<double>::infinity();
  const double peak = (1 << format.bit_depth) - 1;
  const double least_mse = 0.5 / (static_cast<double>(format.width_px) * format.height_px);
  return std::ceil(10.0 * std::log10(peak * peak / least_mse));
}

// -10 log10(1 - score), at most max_db, which also stands for NaN.
inline double to_db(double score, double max_db) {
  const double db = -10.0 * std::log10(1.0 - score);
  return db < max_db ? db : max_db;
}

}  // namespace fovea::ssim_core
