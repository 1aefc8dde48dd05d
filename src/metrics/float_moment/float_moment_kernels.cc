// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
#include "metrics/float_moment/float_moment_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/float_moment/float_moment_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::float_moment::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // one lane cannot hold narrower ones
Moments Moments8(const uint8_t* row, int width) { return moments_row_ref(row, width); }
Moments Moments16(const uint16_t* row, int width) { return moments_row_ref(row, width); }
#else

using fovea::HWY_NAMESPACE::MulPairAdd;

template <class D32, class V32>
HWY_INLINE double TotalOf(D32, V32 v) {
  const hn::Repartition<uint64_t, D32> d64;
  const auto low = hn::And(hn::BitCast(d64, v), hn::Set(d64, 0xFFFFFFFF)), high = hn::ShiftRight<32>(hn::BitCast(d64, v));
  return static_cast<double>(hn::GetLane(hn::SumOfLanes(d64, hn::Add(low, high))));
}

Moments Moments8(const uint8_t* HWY_RESTRICT row, int width) {
  const hn::ScalableTag<int32_t> d32;
  const hn::Repartition<int16_t, decltype(d32)> d16;
  const hn::Rebind<uint8_t, decltype(d16)> d8;  // half a vector of bytes fills one of words
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto one = hn::Set(d16, 1);

  Moments out;
  int x = 0;
  while (x + lanes <= width) {
    // Each step adds at most 2 * 255^2 to a lane: 8192 steps stay below 2^31.
    const int end = x + lanes * HWY_MIN((width - x) / lanes, 8192);
    auto sum = hn::Zero(d32), squares = hn::Zero(d32);
    for (; x < end; x += lanes) {
      const auto v = hn::PromoteTo(d16, hn::LoadU(d8, row + x));
      sum = MulPairAdd(d32, v, one, sum);
      squares = MulPairAdd(d32, v, v, squares);
    }
    out.sum += TotalOf(d32, sum);
    out.squares += TotalOf(d32, squares);
  }
  const Moments tail = moments_row_ref(row + x, width - x);
  return {out.sum + tail.sum, out.squares + tail.squares};
}

Moments Moments16(const uint16_t* HWY_RESTRICT row, int width) {
  const hn::ScalableTag<double> f64;
  const hn::Rebind<float, decltype(f64)> f32;  // half a vector of floats fills one of doubles
  const hn::RebindToSigned<decltype(f32)> i32;
  const hn::Rebind<uint16_t, decltype(f32)> u16;
  const int lanes = static_cast<int>(hn::Lanes(f64));
  auto sum = hn::Zero(i32);
  auto squares0 = hn::Zero(f64), squares1 = hn::Zero(f64);
  Moments out;
  const auto step = [&](int x, auto& squares) HWY_ATTR {
    const auto v = hn::PromoteTo(i32, hn::LoadU(u16, row + x));
    const auto single = hn::ConvertTo(f32, v);
    sum = hn::Add(sum, v);
    squares = hn::Add(squares, hn::PromoteTo(f64, hn::Mul(single, single)));
  };
  int x = 0;
  while (x + 2 * lanes <= width) {
    // Each round adds two samples to a lane of `sum`: 16384 rounds stay below 2^31.
    const int end = x + 2 * lanes * HWY_MIN((width - x) / (2 * lanes), 16384);
    sum = hn::Zero(i32);
    for (; x < end; x += 2 * lanes) {
      step(x, squares0);
      step(x + lanes, squares1);
    }
    out.sum += hn::GetLane(hn::SumOfLanes(f64, hn::PromoteTo(f64, sum)));
  }
  out.squares = hn::GetLane(hn::SumOfLanes(f64, hn::Add(squares0, squares1)));
  const Moments tail = moments_row_ref(row + x, width - x);
  return {out.sum + tail.sum, out.squares + tail.squares};
}

#endif  // HWY_SCALAR

}  // namespace fovea::float_moment::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::float_moment {

HWY_EXPORT(Moments8);
HWY_EXPORT(Moments16);

Moments moments_row(const uint8_t* row, int width) { return HWY_DYNAMIC_DISPATCH(Moments8)(row, width); }
Moments moments_row(const uint16_t* row, int width) { return HWY_DYNAMIC_DISPATCH(Moments16)(row, width); }

}  // namespace fovea::float_moment
#endif
