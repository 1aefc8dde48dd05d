// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
#include "metrics/ssim/ssim_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/ssim/ssim_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::ssim_int::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class V>
HWY_INLINE V Square(V v) {
  return hn::Mul(v, v);
}

void ExpandRow8(const uint8_t* HWY_RESTRICT ref, const uint8_t* HWY_RESTRICT dis, int width, ptrdiff_t pitch, float* HWY_RESTRICT out) {
  int x = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> ds;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (; x + lanes <= width; x += lanes) {
    const auto a = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(ds, ref + x))), b = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(ds, dis + x)));
    hn::StoreU(a, d, out + x);
    hn::StoreU(b, d, out + pitch + x);
    hn::StoreU(hn::Mul(a, b), d, out + 2 * pitch + x);
    hn::StoreU(Square(hn::Sub(a, b)), d, out + 3 * pitch + x);
  }
#endif
  for (; x < width; ++x) {
    const int a = ref[x], b = dis[x];
    out[x] = static_cast<float>(a);
    out[pitch + x] = static_cast<float>(b);
    out[2 * pitch + x] = static_cast<float>(a * b);
    out[3 * pitch + x] = static_cast<float>((a - b) * (a - b));
  }
}

void ExpandRow16(const uint16_t* HWY_RESTRICT ref, const uint16_t* HWY_RESTRICT dis, int width, ptrdiff_t pitch, double* HWY_RESTRICT out) {
  int x = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::Rebind<int32_t, decltype(d)> di;
  const hn::Rebind<uint16_t, decltype(d)> ds;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (; x + lanes <= width; x += lanes) {
    const auto a = hn::PromoteTo(d, hn::PromoteTo(di, hn::LoadU(ds, ref + x))), b = hn::PromoteTo(d, hn::PromoteTo(di, hn::LoadU(ds, dis + x)));
    hn::StoreU(a, d, out + x);
    hn::StoreU(b, d, out + pitch + x);
    hn::StoreU(hn::Mul(a, b), d, out + 2 * pitch + x);
    hn::StoreU(Square(hn::Sub(a, b)), d, out + 3 * pitch + x);
  }
#endif
  for (; x < width; ++x) {
    const double a = ref[x], b = dis[x];
    out[x] = a;
    out[pitch + x] = b;
    out[2 * pitch + x] = a * b;
    out[3 * pitch + x] = (a - b) * (a - b);
  }
}

// Exact: fused or not is the same.
template <class D>
HWY_INLINE hn::Vec<D> Down(D d, const hn::TFromD<D>* const* HWY_RESTRICT rows, int i) {
  using T = hn::TFromD<D>;
  auto sum = hn::Mul(hn::LoadU(d, rows[4] + i), hn::Set(d, T{68}));
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, rows[3] + i), hn::LoadU(d, rows[5] + i)), hn::Set(d, T{55}), sum);
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, rows[2] + i), hn::LoadU(d, rows[6] + i)), hn::Set(d, T{28}), sum);
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, rows[1] + i), hn::LoadU(d, rows[7] + i)), hn::Set(d, T{9}), sum);
  return hn::MulAdd(hn::Add(hn::LoadU(d, rows[0] + i), hn::LoadU(d, rows[8] + i)), hn::Set(d, T{2}), sum);
}

void WindowDown8(const float* const* HWY_RESTRICT rows, int count, uint32_t* HWY_RESTRICT out) {
  const hn::CappedTag<float, 16> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::RebindToUnsigned<decltype(d)> du;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int i = 0; i < count; i += lanes) hn::StoreU(hn::BitCast(du, hn::ConvertTo(di, Down(d, rows, i))), du, out + i);
}

void WindowDown16(const double* const* HWY_RESTRICT rows, int count, double* HWY_RESTRICT out) {
  const hn::CappedTag<double, 8> d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int i = 0; i < count; i += lanes) hn::StoreU(Down(d, rows, i), d, out + i);
}

using DD = hn::CappedTag<double, kLanes>;
using VD = hn::Vec<DD>;

// The window across, as double; `in` stands at its first column.
HWY_INLINE VD Across(const uint32_t* HWY_RESTRICT in) {
  const hn::Rebind<uint32_t, DD> du;
  const hn::Rebind<int32_t, DD> di;
  auto sum = hn::Mul(hn::LoadU(du, in + 4), hn::Set(du, 68));
  sum = hn::Add(sum, hn::Mul(hn::Add(hn::LoadU(du, in + 3), hn::LoadU(du, in + 5)), hn::Set(du, 55)));
  sum = hn::Add(sum, hn::Mul(hn::Add(hn::LoadU(du, in + 2), hn::LoadU(du, in + 6)), hn::Set(du, 28)));
  sum = hn::Add(sum, hn::Mul(hn::Add(hn::LoadU(du, in + 1), hn::LoadU(du, in + 7)), hn::Set(du, 9)));
  sum = hn::Add(sum, hn::Mul(hn::Add(hn::LoadU(du, in), hn::LoadU(du, in + 8)), hn::Set(du, 2)));
  // Unsigned to double: through the signed number that is 2^31 less.
  return hn::Add(hn::PromoteTo(DD(), hn::BitCast(di, hn::Xor(sum, hn::Set(du, 0x80000000u)))), hn::Set(DD(), 2147483648.0));
}

HWY_INLINE VD Across(const double* HWY_RESTRICT in) {
  const DD d;
  auto sum = hn::Mul(hn::LoadU(d, in + 4), hn::Set(d, 68.0));
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, in + 3), hn::LoadU(d, in + 5)), hn::Set(d, 55.0), sum);
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, in + 2), hn::LoadU(d, in + 6)), hn::Set(d, 28.0), sum);
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, in + 1), hn::LoadU(d, in + 7)), hn::Set(d, 9.0), sum);
  return hn::MulAdd(hn::Add(hn::LoadU(d, in), hn::LoadU(d, in + 8)), hn::Set(d, 2.0), sum);
}

template <class T>
HWY_INLINE void AddRow(const T* HWY_RESTRICT in, ptrdiff_t pitch, int count, const double* HWY_RESTRICT weight,
                       const Constants& constants, double* HWY_RESTRICT sums) {
  const DD d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto c1_scale = hn::Set(d, constants.c1_scale), c2_scale = hn::Set(d, constants.c2_scale);
  const auto two = hn::Set(d, 2.0);
  for (int i = 0; i < kLanes; i += lanes) {
    auto sum = hn::LoadU(d, sums + i);
    for (int x = i; x < count; x += kLanes) {
      const auto mask = hn::FirstN(d, static_cast<size_t>(HWY_MIN(lanes, count - x)));
      const auto w = hn::LoadU(d, weight + x);
      const auto sx = Across(in + x), sy = Across(in + pitch + x), sxy = Across(in + 2 * pitch + x), sdd = Across(in + 3 * pitch + x);
      // The order of operations is that of similarity().
      const auto w_sq = Square(w);
      const auto c1 = hn::Mul(c1_scale, w_sq), c2 = hn::Mul(c2_scale, w_sq);
      const auto xy = hn::Mul(sx, sy);
      const auto squares = hn::Add(Square(sx), Square(sy));
      const auto above = hn::Mul(hn::Add(hn::Mul(two, xy), c1), hn::Add(c2, hn::Mul(two, hn::Sub(hn::Mul(sxy, w), xy))));
      const auto variances = hn::Sub(hn::Mul(hn::Add(sdd, hn::Mul(two, sxy)), w), squares);
      const auto below = hn::Mul(hn::Add(squares, c1), hn::Add(variances, c2));
      sum = hn::Add(sum, hn::IfThenElseZero(mask, hn::Mul(w, hn::Div(above, below))));
    }
    hn::StoreU(sum, d, sums + i);
  }
}
void AddRow8(const uint32_t* in, ptrdiff_t pitch, int count, const double* weight, const Constants& constants, double* sums) {
  AddRow(in, pitch, count, weight, constants, sums);
}
void AddRow16(const double* in, ptrdiff_t pitch, int count, const double* weight, const Constants& constants, double* sums) {
  AddRow(in, pitch, count, weight, constants, sums);
}

}  // namespace fovea::ssim_int::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::ssim_int {

HWY_EXPORT(ExpandRow8);
HWY_EXPORT(ExpandRow16);
HWY_EXPORT(WindowDown8);
HWY_EXPORT(WindowDown16);
HWY_EXPORT(AddRow8);
HWY_EXPORT(AddRow16);

void expand_row(const uint8_t* ref, const uint8_t* dis, int width, ptrdiff_t pitch, float* out) {
  HWY_DYNAMIC_DISPATCH(ExpandRow8)(ref, dis, width, pitch, out);
}
void expand_row(const uint16_t* ref, const uint16_t* dis, int width, ptrdiff_t pitch, double* out) {
  HWY_DYNAMIC_DISPATCH(ExpandRow16)(ref, dis, width, pitch, out);
}
void window_down(const float* const* rows, int count, uint32_t* out) { HWY_DYNAMIC_DISPATCH(WindowDown8)(rows, count, out); }
void window_down(const double* const* rows, int count, double* out) { HWY_DYNAMIC_DISPATCH(WindowDown16)(rows, count, out); }
void add_row(const uint32_t* in, ptrdiff_t pitch, int count, const double* weight, const Constants& constants, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddRow8)(in, pitch, count, weight, constants, sums);
}
void add_row(const double* in, ptrdiff_t pitch, int count, const double* weight, const Constants& constants, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddRow16)(in, pitch, count, weight, constants, sums);
}

}  // namespace fovea::ssim_int
#endif
