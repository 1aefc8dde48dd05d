// SPDX-License-Identifier: BSD-2-Clause-Patent
// A plane of samples that somebody else owns.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fovea {

// Samples of up to 8 bits take one byte, deeper ones two (native endian, least significant bits used).
// Rows stand stride_bytes apart; nothing outside [0, width_px) of a row may be read.
struct PlaneView {
  const uint8_t* data = nullptr;
  ptrdiff_t stride_bytes = 0;
  int width_px = 0;
  int height_px = 0;

  const uint8_t* row_bytes(int y) const { return data + static_cast<ptrdiff_t>(y) * stride_bytes; }
  template <class Sample>
  const Sample* row(int y) const {
    return reinterpret_cast<const Sample*>(row_bytes(y));
  }
};

// The border rule of VIF and motion: reflect without repeating the edge sample (-1 -> 1, n -> n-2).
// Needs i > -n and i < 2n-1.
inline int reflect101(int i, int n) {
  if (i < 0) return -i;
  return i >= n ? 2 * (n - 1) - i : i;
}

}  // namespace fovea
