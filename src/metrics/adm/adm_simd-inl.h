// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the kernels of ADM share. Include after hwy/highway.h, inside a foreach_target file.
#if defined(FOVEA_METRICS_ADM_ADM_SIMD_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FOVEA_METRICS_ADM_ADM_SIMD_INL_H_
#undef FOVEA_METRICS_ADM_ADM_SIMD_INL_H_
#else
#define FOVEA_METRICS_ADM_ADM_SIMD_INL_H_
#endif

#include "base/simd-inl.h"
#include "hwy/highway.h"
#include "metrics/adm/adm_kernels.h"
#include "metrics/adm/adm_scalar.h"

// The kernels lean on vectors of 16-byte blocks: interleaving two rows block by block and packing the results
// block by block gives columns back in their order. Where vectors have no such blocks the plain loops run.
#undef FOVEA_ADM_PLAIN
#if HWY_TARGET == HWY_SCALAR || HWY_HAVE_SCALABLE
#define FOVEA_ADM_PLAIN 1
#else
#define FOVEA_ADM_PLAIN 0
#endif

HWY_BEFORE_NAMESPACE();
namespace fovea::adm::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// For lambdas: GCC keeps large ones as functions, whose vectors then go through memory.
#ifndef FOVEA_ADM_INLINE
#define FOVEA_ADM_INLINE HWY_ATTR __attribute__((always_inline))
#endif

#if !FOVEA_ADM_PLAIN
using fovea::HWY_NAMESPACE::MulPairAdd;

// (a, b, a, b, ...) for MulPairAdd.
template <class D16>
HWY_INLINE hn::Vec<D16> Pair(D16 d16, int a, int b) {
  const hn::Repartition<int32_t, D16> d32;
  return hn::BitCast(d16,
                     hn::Set(d32, static_cast<int32_t>((static_cast<uint32_t>(b) << 16) | (a & 0xFFFF))));
}

#endif  // !FOVEA_ADM_PLAIN

}  // namespace fovea::adm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
