// SPDX-License-Identifier: BSD-2-Clause-Patent
// The rows of a tile that are in flight, and where they lie.
#pragma once

#include <algorithm>
#include <cmath>

#include "hwy/cache_control.h"
#include "metrics/float_adm/float_adm_kernels.h"

namespace fovea::float_adm {

// Columns of the bands that are summed at a time. One more on each side has detail, and the filter reads one
// pair of samples more: a multiple of every vector.
inline constexpr int kTile = 125;
inline constexpr int kFiltered = kTile + 3;
inline constexpr int kMaxLanes = 16;
static_assert(kFiltered % kMaxLanes == 0);
// Floats of a row of a tile, with a neighbour before it and what vectors read beyond it.
inline constexpr int kBefore = kMaxLanes;
inline constexpr int kRow = kBefore + kFiltered + kMaxLanes;
inline constexpr int kSourceRows = 4;    // of a picture that are kept
inline constexpr int kRowsAhead = 8;     // of which source rows are brought near,
inline constexpr int kLowRowsAhead = 4;  // and low-low rows
inline constexpr int kBlock = 4;         // rows that are summed at a time

// Rows that belong together stand kRow floats apart, so that one pointer leads to all of them.
// A source or filtered row is two: even columns 2j, and odd columns 2j - 1.
inline constexpr int kEven = 0, kOdd = kRow, kHalves = 2;
// Three rows of each: weighted magnitudes, and what they hide of a neighbour.
inline constexpr int kRestored = 0, kAdditive = 3 * kRow, kRestoredHides = 6 * kRow,
                     kAdditiveHides = 9 * kRow;
inline constexpr int kParts = 12;
// Terms: kBlock rows of each band.
inline constexpr int kTermRows = kBands * kBlock;

// One picture on its way through the wavelet.
struct Transformed {
  float* source[kSourceRows];  // row y in slot y % 4
  float* low;
  float* high;
  float* detail;  // [kBands]
};
struct Distorted {
  Transformed wavelet;
  float* parts[3];  // row y in slot y % 3
  float* terms;     // num, then aim
};
struct Work {
  Transformed ref;
  float* terms;    // den
  Distorted* dis;  // [dis_count]
};

// Hands out rows, or, without a Scratch, only adds up what they take.
class WorkAllocator {
 public:
  explicit WorkAllocator(Scratch* scratch) : scratch_(scratch) {}
  float* rows(int count) {
    float* first = take<float>(static_cast<size_t>(count) * kRow);
    return first == nullptr ? nullptr : first + kBefore;
  }
  Work work(int dis_count) {
    Work w{};
    w.ref = transformed();
    w.terms = rows(kTermRows);
    w.dis = take<Distorted>(static_cast<size_t>(dis_count));
    for (int k = 0; k < dis_count; ++k) {
      Distorted d{};
      d.wavelet = transformed();
      for (float*& parts : d.parts) parts = rows(kParts);
      d.terms = rows(2 * kTermRows);
      if (w.dis != nullptr) w.dis[k] = d;
    }
    return w;
  }
  size_t bytes() const { return bytes_; }

 private:
  Transformed transformed() {
    Transformed t{};
    for (float*& row : t.source) row = rows(kHalves);
    t.low = rows(kHalves);
    t.high = rows(kHalves);
    t.detail = rows(kBands);
    return t;
  }
  template <class T>
  T* take(size_t count) {
    bytes_ += Scratch::bytes_for<T>(count);
    return scratch_ == nullptr ? nullptr : scratch_->take<T>(count);
  }

  Scratch* scratch_;
  size_t bytes_ = 0;
};

inline Range cut(Range a, Range b) {
  const Range r{std::max(a.begin, b.begin), std::min(a.end, b.end)};
  return r.empty() ? Range{} : r;
}

// Brings near what a tile will read of a source row, or write of a low-low row: pieces of rows are too short
// for the CPU to foresee. Inlined by force: GCC leaves out calls of functions that do nothing else.
HWY_INLINE void prefetch(const void* row, int begin_bytes, int end_bytes) {
  constexpr int kLine = 64;
  for (int i = begin_bytes; i < end_bytes; i += kLine) hwy::Prefetch(static_cast<const uint8_t*>(row) + i);
}
HWY_INLINE void prefetch_row(const Source& source, int y, Range columns) {
  if (y >= source.view.height_px) return;
  const int end = std::min(2 * columns.end + 1, source.view.width_px);
  prefetch(source.view.row_bytes(y), 2 * columns.begin * source.sample_bytes, end * source.sample_bytes);
}
HWY_INLINE void prefetch_row(const LowPlane& plane, int y, Range columns, int height) {
  constexpr int kBytes = static_cast<int>(sizeof(float));
  if (y < height) prefetch(plane.data + y * plane.stride, columns.begin * kBytes, columns.end * kBytes);
}

inline void power_row(float* row, int count, float p) {
  for (int i = 0; i < count; ++i) row[i] = std::pow(row[i], p);
}

}  // namespace fovea::float_adm
