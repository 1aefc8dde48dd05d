// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
#include "metrics/psnr/psnr_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/psnr/psnr_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::psnr::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // one lane cannot hold narrower ones
uint64_t SseRow8(const uint8_t* ref, const uint8_t* dis, int width) { return sse_row_ref(ref, dis, width); }
uint64_t SseRow16(const uint16_t* ref, const uint16_t* dis, int width) { return sse_row_ref(ref, dis, width); }
#else

uint64_t SseRow8(const uint8_t* HWY_RESTRICT ref, const uint8_t* HWY_RESTRICT dis, int width) {
  const hn::ScalableTag<int32_t> di32;
  const hn::Repartition<int16_t, decltype(di32)> di16;
  const hn::Rebind<uint8_t, decltype(di16)> du8;  // half a vector of bytes fills one of words
  const int lanes = static_cast<int>(hn::Lanes(di16));

  uint64_t sum = 0;
  int x = 0;
  while (x + lanes <= width) {
    // Each step adds at most 2 * 255^2 to a lane: 8192 steps stay below 2^31.
    const int end = x + lanes * HWY_MIN((width - x) / lanes, 8192);
    auto even = hn::Zero(di32), odd = hn::Zero(di32);
    for (; x < end; x += lanes) {
      const auto d = hn::Sub(hn::PromoteTo(di16, hn::LoadU(du8, ref + x)), hn::PromoteTo(di16, hn::LoadU(du8, dis + x)));
      even = hn::ReorderWidenMulAccumulate(di32, d, d, even, odd);
    }
    const hn::Repartition<int64_t, decltype(di32)> di64;
    const auto both = hn::Add(hn::Add(hn::And(hn::BitCast(di64, even), hn::Set(di64, 0xFFFFFFFF)), hn::ShiftRight<32>(hn::BitCast(di64, even))),
                              hn::Add(hn::And(hn::BitCast(di64, odd), hn::Set(di64, 0xFFFFFFFF)), hn::ShiftRight<32>(hn::BitCast(di64, odd))));
    sum += static_cast<uint64_t>(hn::GetLane(hn::SumOfLanes(di64, both)));
  }
  return sum + sse_row_ref(ref + x, dis + x, width - x);
}

uint64_t SseRow16(const uint16_t* HWY_RESTRICT ref, const uint16_t* HWY_RESTRICT dis, int width) {
  const hn::ScalableTag<uint32_t> du32;
  const hn::Rebind<uint16_t, decltype(du32)> du16;
  const int lanes = static_cast<int>(hn::Lanes(du32));

  // A square takes up to 32 bits. Its halves are summed apart: 2^16 of them fit a 32-bit lane.
  const auto low_half = hn::Set(du32, 0xFFFF);
  auto low = hn::Zero(du32), high = hn::Zero(du32);
  int x = 0;
  for (; x + lanes <= width; x += lanes) {
    const auto r = hn::PromoteTo(du32, hn::LoadU(du16, ref + x)), d = hn::PromoteTo(du32, hn::LoadU(du16, dis + x));
    const auto difference = hn::Sub(hn::Max(r, d), hn::Min(r, d));
    const auto square = hn::Mul(difference, difference);
    low = hn::Add(low, hn::And(square, low_half));
    high = hn::Add(high, hn::ShiftRight<16>(square));
  }
  const hn::Repartition<uint64_t, decltype(du32)> du64;
  const auto widened = [&](auto v) HWY_ATTR {
    return hn::Add(hn::And(hn::BitCast(du64, v), hn::Set(du64, 0xFFFFFFFF)), hn::ShiftRight<32>(hn::BitCast(du64, v)));
  };
  const auto both = hn::Add(widened(low), hn::ShiftLeft<16>(widened(high)));
  return hn::GetLane(hn::SumOfLanes(du64, both)) + sse_row_ref(ref + x, dis + x, width - x);
}

#endif  // HWY_SCALAR

}  // namespace fovea::psnr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::psnr {

HWY_EXPORT(SseRow8);
HWY_EXPORT(SseRow16);

uint64_t sse_row(const uint8_t* ref, const uint8_t* dis, int width) { return HWY_DYNAMIC_DISPATCH(SseRow8)(ref, dis, width); }
uint64_t sse_row(const uint16_t* ref, const uint16_t* dis, int width) { return HWY_DYNAMIC_DISPATCH(SseRow16)(ref, dis, width); }

}  // namespace fovea::psnr
#endif
