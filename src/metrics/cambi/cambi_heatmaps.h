// SPDX-License-Identifier: BSD-2-Clause-Patent
// Files of c-values, one a scale: what of a picture CAMBI takes for banding, and how strongly.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "metrics/cambi/cambi_plan.h"

namespace fovea::cambi {

// cambi_heatmap_scale_S_WxH_16b.gray in a folder, W x H being the working size halved S times. Frame f takes
// the bytes from 2 f w h on, where w x h is the size of the scale (that of scale S+1's name when the metric
// starts at half size): row by row, little-endian 16-bit levels, min(65535, trunc(c * 65535 / c_max)), where
// c_max = floor(largest weight * window^2 / 4).
class HeatMaps {
 public:
  // Creates the folder if need be (mode 0770) and empties the files. Errors: kOutput.
  static Result<std::unique_ptr<HeatMaps>> open(const Plan& plan, const std::string& folder);
  ~HeatMaps();

  // `values`: the c-values of a scale, row after row. False if the file system refuses. Thread safe.
  bool write(int64_t frame, int scale, const float* values) const;

 private:
  HeatMaps() = default;
  double full_scale_ = 1;
  int widths_[kScales] = {};
  int heights_[kScales] = {};
  int files_[kScales] = {-1, -1, -1, -1, -1};
};

}  // namespace fovea::cambi
