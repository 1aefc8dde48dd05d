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

// sums[r] = ((sums[r] + row[0]) + row[1]) + ... for kGroups * 4 rows, at most 6 groups, `stride` floats apart (a
// multiple of 4; rows aligned to 16 bytes). An addition waits for the one before it: several chains of four rows
// keep the adders busy.
inline constexpr int kOrderedRows = 16;

#if HWY_TARGET == HWY_SCALAR
template <int kGroups = kOrderedRows / 4>
inline void AddRowsInOrder(const float* rows, size_t stride, int width, float* sums) {
  for (int r = 0; r < kGroups * 4; ++r) {
    for (int x = 0; x < width; ++x) sums[r] += rows[r * stride + x];
  }
}
#else

template <int kGroups = kOrderedRows / 4>
inline void AddRowsInOrder(const float* HWY_RESTRICT rows, size_t stride, int width, float* HWY_RESTRICT sums) {
  static_assert(kGroups >= 1 && kGroups <= 6);
  const hn::CappedTag<float, 4> d;
  const auto load = [&](int group) HWY_ATTR { return group < kGroups ? hn::LoadU(d, sums + 4 * group) : hn::Zero(d); };
  auto sum0 = load(0), sum1 = load(1), sum2 = load(2), sum3 = load(3), sum4 = load(4), sum5 = load(5);
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
    if constexpr (kGroups > 1) add_columns(rows + 4 * stride + x, sum1);
    if constexpr (kGroups > 2) add_columns(rows + 8 * stride + x, sum2);
    if constexpr (kGroups > 3) add_columns(rows + 12 * stride + x, sum3);
    if constexpr (kGroups > 4) add_columns(rows + 16 * stride + x, sum4);
    if constexpr (kGroups > 5) add_columns(rows + 20 * stride + x, sum5);
  }
  hn::StoreU(sum0, d, sums);
  if constexpr (kGroups > 1) hn::StoreU(sum1, d, sums + 4);
  if constexpr (kGroups > 2) hn::StoreU(sum2, d, sums + 8);
  if constexpr (kGroups > 3) hn::StoreU(sum3, d, sums + 12);
  if constexpr (kGroups > 4) hn::StoreU(sum4, d, sums + 16);
  if constexpr (kGroups > 5) hn::StoreU(sum5, d, sums + 20);
  for (; x < width; ++x) {
    for (int r = 0; r < kGroups * 4; ++r) sums[r] += rows[r * stride + x];
  }
}

#endif  // HWY_SCALAR

}  // namespace fovea::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
