// SPDX-License-Identifier: BSD-2-Clause-Patent
// Float sums of rows, each taken from left to right: several rows side by side in the lanes of a vector, so
// that the order of additions (and so the last bit) is that of a plain loop on every CPU target.
// Compiled once per CPU target by its users: include it after hwy/highway.h, inside a foreach_target file.
#if defined(FOVEA_KERNELS_ORDERED_SUMS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FOVEA_KERNELS_ORDERED_SUMS_INL_H_
#undef FOVEA_KERNELS_ORDERED_SUMS_INL_H_
#else
#define FOVEA_KERNELS_ORDERED_SUMS_INL_H_
#endif

#include <cstddef>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// sums[r] = ((sums[r] + row[0]) + row[1]) + ... for kOrderedRows rows, `stride` floats apart (a multiple of 4;
// rows aligned to 16 bytes). An addition waits for the one before it: four chains of rows keep the adders busy.
inline constexpr int kOrderedRows = 16;

#if HWY_TARGET == HWY_SCALAR
inline void AddRowsInOrder(const float* rows, size_t stride, int width, float* sums) {
  for (int r = 0; r < kOrderedRows; ++r) {
    for (int x = 0; x < width; ++x) sums[r] += rows[r * stride + x];
  }
}
#else

inline void AddRowsInOrder(const float* HWY_RESTRICT rows, size_t stride, int width, float* HWY_RESTRICT sums) {
  const hn::CappedTag<float, 4> d;
  auto sum0 = hn::LoadU(d, sums), sum1 = hn::LoadU(d, sums + 4), sum2 = hn::LoadU(d, sums + 8), sum3 = hn::LoadU(d, sums + 12);
  const auto add_columns = [&](const float* from, auto& sum) HWY_ATTR {
    const auto r0 = hn::Load(d, from), r1 = hn::Load(d, from + stride);
    const auto r2 = hn::Load(d, from + 2 * stride), r3 = hn::Load(d, from + 3 * stride);
    // Transposed: one column of four rows in a vector.
    const auto even0 = hn::InterleaveLower(d, r0, r2), odd0 = hn::InterleaveLower(d, r1, r3);
    const auto even1 = hn::InterleaveUpper(d, r0, r2), odd1 = hn::InterleaveUpper(d, r1, r3);
    sum = hn::Add(sum, hn::InterleaveLower(d, even0, odd0));
    sum = hn::Add(sum, hn::InterleaveUpper(d, even0, odd0));
    sum = hn::Add(sum, hn::InterleaveLower(d, even1, odd1));
    sum = hn::Add(sum, hn::InterleaveUpper(d, even1, odd1));
  };
  int x = 0;
  for (; x + 4 <= width; x += 4) {
    add_columns(rows + x, sum0);
    add_columns(rows + 4 * stride + x, sum1);
    add_columns(rows + 8 * stride + x, sum2);
    add_columns(rows + 12 * stride + x, sum3);
  }
  hn::StoreU(sum0, d, sums);
  hn::StoreU(sum1, d, sums + 4);
  hn::StoreU(sum2, d, sums + 8);
  hn::StoreU(sum3, d, sums + 12);
  for (; x < width; ++x) {
    for (int r = 0; r < kOrderedRows; ++r) sums[r] += rows[r * stride + x];
  }
}

#endif  // HWY_SCALAR

}  // namespace fovea::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
