// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <algorithm>
#include <cstring>

#include "video/diagnose.h"

namespace fovea {
namespace {

constexpr int kRowsPerCell =
    4;  // enough to average noise and coding error away; all of them would cost ten times more

// Sum of `count` samples, eight bytes at a time: even and odd samples in lanes of twice their width.
uint32_t sum_samples(const uint8_t* row, int count) {
  constexpr uint64_t kEven = 0x00ff00ff00ff00ffu;
  uint32_t sum = 0;
  int x = 0;
  while (x + 8 <= count) {
    uint64_t lanes = 0;
    for (int n = 0; n < 128 && x + 8 <= count; ++n, x += 8) {  // 128 * 2 * 255 < 2^16
      uint64_t v;
      std::memcpy(&v, row + x, sizeof(v));
      lanes += (v & kEven) + ((v >> 8) & kEven);
    }
    sum += static_cast<uint32_t>((lanes & 0xffff) + (lanes >> 16 & 0xffff) + (lanes >> 32 & 0xffff) +
                                 (lanes >> 48));
  }
  for (; x < count; ++x) sum += row[x];
  return sum;
}

// A cell is at most 2048 samples wide, so that 32 bits hold four rows of it.
uint32_t sum_samples(const uint16_t* row, int count) {
  constexpr uint64_t kEven = 0x0000ffff0000ffffu;
  uint64_t lanes = 0;
  int x = 0;
  for (; x + 4 <= count; x += 4) {
    uint64_t v;
    std::memcpy(&v, row + x, sizeof(v));
    lanes += (v & kEven) + ((v >> 16) & kEven);
  }
  uint32_t sum = static_cast<uint32_t>((lanes & 0xffffffffu) + (lanes >> 32));
  for (; x < count; ++x) sum += row[x];
  return sum;
}

template <class Sample>
void add_row(const Sample* row, const int* edges, uint32_t* sums) {
  for (int c = 0; c < LumaSignature::kColumns; ++c)
    sums[c] += sum_samples(row + edges[c], edges[c + 1] - edges[c]);
}

}  // namespace

LumaSignature make_signature(const Frame& frame) {
  constexpr int kColumns = LumaSignature::kColumns;
  constexpr int kRows = LumaSignature::kRows;
  LumaSignature out;
  const PlaneView& luma = frame.planes[0];
  int edges[kColumns + 1];
  for (int c = 0; c <= kColumns; ++c) edges[c] = static_cast<int>(int64_t{luma.width_px} * c / kColumns);
  const float unit = 1.0f / static_cast<float>(1 << (frame.format.bit_depth - 8));
  for (int r = 0; r < kRows; ++r) {
    const int top = static_cast<int>(int64_t{luma.height_px} * r / kRows);
    const int bottom = std::max(top + 1, static_cast<int>(int64_t{luma.height_px} * (r + 1) / kRows));
    const int rows = std::min(kRowsPerCell, bottom - top);
    uint32_t sums[kColumns] = {};
    for (int i = 0; i < rows; ++i) {
      const int y = std::min(luma.height_px - 1, top + (bottom - top) * (2 * i + 1) / (2 * rows));
      if (frame.format.sample_bytes() == 1) {
        add_row(luma.row<uint8_t>(y), edges, sums);
      } else {
        add_row(luma.row<uint16_t>(y), edges, sums);
      }
    }
    for (int c = 0; c < kColumns; ++c) {
      const int samples = rows * (edges[c + 1] - edges[c]);
      // Pictures narrower than the grid leave some cells empty.
      out.mean[static_cast<size_t>(r) * kColumns + c] =
          samples > 0 ? static_cast<float>(sums[c]) * unit / static_cast<float>(samples) : 0.0f;
    }
  }
  return out;
}

}  // namespace fovea
