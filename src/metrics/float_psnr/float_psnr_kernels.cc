// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrapper at the end chooses at run time.
#include "metrics/float_psnr/float_psnr_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/float_psnr/float_psnr_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::float_psnr::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
double RoundedSseRow(const uint16_t* ref, const uint16_t* dis, int width) { return rounded_sse_row_ref(ref, dis, width); }
#else

double RoundedSseRow(const uint16_t* HWY_RESTRICT ref, const uint16_t* HWY_RESTRICT dis, int width) {
  const hn::ScalableTag<double> f64;
  const hn::Rebind<float, decltype(f64)> f32;  // half a vector of floats fills one of doubles
  const hn::RebindToSigned<decltype(f32)> i32;
  const hn::Rebind<uint16_t, decltype(f32)> u16;
  const int lanes = static_cast<int>(hn::Lanes(f64));
  const auto squares = [&](int x) HWY_ATTR {
    const auto difference = hn::Sub(hn::PromoteTo(i32, hn::LoadU(u16, ref + x)), hn::PromoteTo(i32, hn::LoadU(u16, dis + x)));
    const auto single = hn::ConvertTo(f32, difference);
    return hn::PromoteTo(f64, hn::Mul(single, single));
  };
  auto sum0 = hn::Zero(f64), sum1 = hn::Zero(f64), sum2 = hn::Zero(f64), sum3 = hn::Zero(f64);
  int x = 0;
  for (; x + 4 * lanes <= width; x += 4 * lanes) {
    sum0 = hn::Add(sum0, squares(x));
    sum1 = hn::Add(sum1, squares(x + lanes));
    sum2 = hn::Add(sum2, squares(x + 2 * lanes));
    sum3 = hn::Add(sum3, squares(x + 3 * lanes));
  }
  const auto sum = hn::Add(hn::Add(sum0, sum1), hn::Add(sum2, sum3));
  return hn::GetLane(hn::SumOfLanes(f64, sum)) + rounded_sse_row_ref(ref + x, dis + x, width - x);
}

#endif  // HWY_SCALAR

}  // namespace fovea::float_psnr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::float_psnr {

HWY_EXPORT(RoundedSseRow);

double rounded_sse_row(const uint16_t* ref, const uint16_t* dis, int width) {
  return HWY_DYNAMIC_DISPATCH(RoundedSseRow)(ref, dis, width);
}

}  // namespace fovea::float_psnr
#endif
