// SPDX-License-Identifier: BSD-2-Clause-Patent
// Operations that Debian's Highway 1.0.3 lacks. Compiled once per CPU target by its users: include it after
// hwy/highway.h, inside a foreach_target file.
#if defined(FOVEA_BASE_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FOVEA_BASE_SIMD_INL_H_
#undef FOVEA_BASE_SIMD_INL_H_
#else
#define FOVEA_BASE_SIMD_INL_H_
#endif

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

// sum[i] + a[2i] * b[2i] + a[2i+1] * b[2i+1], without saturation (modulo 2^32).
template <class D32, class V16, class V32>
HWY_INLINE V32 MulPairAdd(D32 d32, V16 a, V16 b, V32 sum) {
#if HWY_TARGET == HWY_AVX3_DL  // one VNNI instruction instead of two; Highway's target attribute lacks the intrinsic
  if constexpr (sizeof(V32) == 64) {
    __asm__("vpdpwssd %2, %1, %0" : "+v"(sum.raw) : "v"(a.raw), "v"(b.raw));
    return sum;
  }
#endif
  auto odd = hn::Zero(d32);
  const auto even = hn::ReorderWidenMulAccumulate(d32, a, b, hn::Zero(d32), odd);
  return hn::Add(sum, hn::RearrangeToOddPlusEven(even, odd));
}

#endif  // HWY_SCALAR

}  // namespace fovea::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
