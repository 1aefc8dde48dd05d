// SPDX-License-Identifier: BSD-2-Clause-Patent
// Resampling of luma before float VIF looks at it. Each output sample is a sum over source samples, rows
// outside columns, in single precision; weights come from double arithmetic and are rounded once. The README
// has the rules.
#pragma once

#include <string>
#include <vector>

#include "base/memory.h"
#include "base/result.h"
#include "metrics/float_vif/float_vif_kernels.h"

namespace fovea::float_vif {

// Where the samples of one direction come from.
struct Axis {
  int size = 0;               // outputs
  int taps = 0;               // source samples of each
  std::vector<int> index;     // [tap * size + i]
  std::vector<float> weight;  // likewise
};

struct Prescaler {
  Axis x, y;
  bool copies = false;      // nearest: a sample as it is
  bool normalised = false;  // lanczos4: divided by the sum of weights

  int width() const { return x.size; }
  int height() const { return y.size; }
  size_t scratch_bytes(int source_width) const;
  // Rows [begin, end) of the resampled plane.
  void rows(const Source& source, int begin, int end, float* out, ptrdiff_t stride, Scratch& scratch) const;
};

inline int prescaled_size(int size, double factor) {
  return static_cast<int>(size * factor + 0.5);
}
bool is_prescale_method(const std::string& method);
// Errors: a picture that is too small for the method.
Result<Prescaler> make_prescaler(int width, int height, double factor, const std::string& method);

}  // namespace fovea::float_vif
