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

// sums[r] = ((sums[r] + row[0]) + row[1]) + ... for kGroups * 4 rows, at most 6 groups, `stride` floats apart
// (a multiple of 4; rows aligned to 16 bytes). An addition waits for the one before it: several chains of
// four rows keep the adders busy.
inline constexpr int kOrderedRows = 16;

#if HWY_TARGET == HWY_SCALAR
template <int kGroups = kOrderedRows / 4>
inline void AddRowsInOrder(const float* rows, size_t stride, int width, float* sums) {
  for (int r = 0; r < kGroups * 4; ++r) {
    for (int x = 0; x < width; ++x) sums[r] += rows[r * stride + x];
  }
}
#else

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX2
using OrderedTag = hn::CappedTag<float, 8>;  // two groups a vector
#else
using OrderedTag = hn::CappedTag<float, 4>;
#endif

// Four columns of as many rows as d has lanes, transposed within blocks of four and added, a lane a row.
template <class D>
HWY_INLINE void AddColumns(D d, const float* from, size_t stride, hn::Vec<D>& sum) {
  const auto row = [&](size_t r) HWY_ATTR {
    const hn::CappedTag<float, 4> d4;
    if constexpr (hn::MaxLanes(D()) == 8) {
      return hn::Combine(d, hn::Load(d4, from + (r + 4) * stride), hn::Load(d4, from + r * stride));
    } else {
      return hn::Load(d, from + r * stride);
    }
  };
  const auto r0 = row(0), r1 = row(1), r2 = row(2), r3 = row(3);
  const auto even0 = hn::InterleaveLower(d, r0, r2), odd0 = hn::InterleaveLower(d, r1, r3);
  const auto even1 = hn::InterleaveUpper(d, r0, r2), odd1 = hn::InterleaveUpper(d, r1, r3);
  sum = hn::Add(sum, hn::InterleaveLower(d, even0, odd0));
  sum = hn::Add(sum, hn::InterleaveUpper(d, even0, odd0));
  sum = hn::Add(sum, hn::InterleaveLower(d, even1, odd1));
  sum = hn::Add(sum, hn::InterleaveUpper(d, even1, odd1));
}

template <int kGroups = kOrderedRows / 4>
inline void AddRowsInOrder(const float* HWY_RESTRICT rows, size_t stride, int width,
                           float* HWY_RESTRICT sums) {
  static_assert(kGroups >= 1 && kGroups <= 6);
  const OrderedTag d;
  const hn::CappedTag<float, 4> d4;
  constexpr int kLanes = static_cast<int>(hn::MaxLanes(OrderedTag()));
  constexpr int kChains = kGroups * 4 / kLanes, kLastRow = kChains * kLanes;  // then one group may be left
  const auto load = [&](int chain) HWY_ATTR {
    return chain < kChains ? hn::LoadU(d, sums + kLanes * chain) : hn::Zero(d);
  };
  auto sum0 = load(0), sum1 = load(1), sum2 = load(2), sum3 = load(3), sum4 = load(4), sum5 = load(5);
  auto rest = hn::Zero(d4);
  if constexpr (kLastRow < kGroups * 4) rest = hn::LoadU(d4, sums + kLastRow);
  int x = 0;
  for (; x + 4 <= width; x += 4) {
    const float* from = rows + x;
    if constexpr (kChains > 0) AddColumns(d, from, stride, sum0);
    if constexpr (kChains > 1) AddColumns(d, from + kLanes * stride, stride, sum1);
    if constexpr (kChains > 2) AddColumns(d, from + 2 * kLanes * stride, stride, sum2);
    if constexpr (kChains > 3) AddColumns(d, from + 3 * kLanes * stride, stride, sum3);
    if constexpr (kChains > 4) AddColumns(d, from + 4 * kLanes * stride, stride, sum4);
    if constexpr (kChains > 5) AddColumns(d, from + 5 * kLanes * stride, stride, sum5);
    if constexpr (kLastRow < kGroups * 4) AddColumns(d4, from + kLastRow * stride, stride, rest);
  }
  if constexpr (kChains > 0) hn::StoreU(sum0, d, sums);
  if constexpr (kChains > 1) hn::StoreU(sum1, d, sums + kLanes);
  if constexpr (kChains > 2) hn::StoreU(sum2, d, sums + 2 * kLanes);
  if constexpr (kChains > 3) hn::StoreU(sum3, d, sums + 3 * kLanes);
  if constexpr (kChains > 4) hn::StoreU(sum4, d, sums + 4 * kLanes);
  if constexpr (kChains > 5) hn::StoreU(sum5, d, sums + 5 * kLanes);
  if constexpr (kLastRow < kGroups * 4) hn::StoreU(rest, d4, sums + kLastRow);
  for (; x < width; ++x) {
    for (int r = 0; r < kGroups * 4; ++r) sums[r] += rows[r * stride + x];
  }
}

#endif  // HWY_SCALAR

}  // namespace fovea::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
