// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
#include "metrics/ssim/ssim_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/ssim/ssim_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::ssim_int::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class V>
HWY_INLINE V Square(V v) {
  return hn::Mul(v, v);
}

void ExpandRow8(const uint8_t* HWY_RESTRICT ref, const uint8_t* HWY_RESTRICT dis, int width,
                float* HWY_RESTRICT out) {
  int x = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<float> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<uint8_t, decltype(d)> ds;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (; x + lanes <= width; x += lanes) {
    const auto a = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(ds, ref + x))),
               b = hn::ConvertTo(d, hn::PromoteTo(di, hn::LoadU(ds, dis + x)));
    hn::StoreU(a, d, out + x);
    hn::StoreU(b, d, out + kPitch + x);
    hn::StoreU(hn::Mul(a, b), d, out + 2 * kPitch + x);
    hn::StoreU(Square(hn::Sub(a, b)), d, out + 3 * kPitch + x);
  }
#endif
  for (; x < width; ++x) {
    const int a = ref[x], b = dis[x];
    out[x] = static_cast<float>(a);
    out[kPitch + x] = static_cast<float>(b);
    out[2 * kPitch + x] = static_cast<float>(a * b);
    out[3 * kPitch + x] = static_cast<float>((a - b) * (a - b));
  }
}

void ExpandRow16(const uint16_t* HWY_RESTRICT ref, const uint16_t* HWY_RESTRICT dis, int width,
                 double* HWY_RESTRICT out) {
  int x = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::ScalableTag<double> d;
  const hn::Rebind<int32_t, decltype(d)> di;
  const hn::Rebind<uint16_t, decltype(d)> ds;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (; x + lanes <= width; x += lanes) {
    const auto a = hn::PromoteTo(d, hn::PromoteTo(di, hn::LoadU(ds, ref + x))),
               b = hn::PromoteTo(d, hn::PromoteTo(di, hn::LoadU(ds, dis + x)));
    hn::StoreU(a, d, out + x);
    hn::StoreU(b, d, out + kPitch + x);
    hn::StoreU(hn::Mul(a, b), d, out + 2 * kPitch + x);
    hn::StoreU(Square(hn::Sub(a, b)), d, out + 3 * kPitch + x);
  }
#endif
  for (; x < width; ++x) {
    const double a = ref[x], b = dis[x];
    out[x] = a;
    out[kPitch + x] = b;
    out[2 * kPitch + x] = a * b;
    out[3 * kPitch + x] = (a - b) * (a - b);
  }
}

// The window downwards, above `start`. Exact: fused or not is the same.
template <class D>
HWY_INLINE hn::Vec<D> Down(D d, const hn::TFromD<D>* const* HWY_RESTRICT rows, int i,
                           hn::TFromD<D> start = 0) {
  using T = hn::TFromD<D>;
  auto sum = hn::MulAdd(hn::LoadU(d, rows[4] + i), hn::Set(d, T{68}), hn::Set(d, start));
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, rows[3] + i), hn::LoadU(d, rows[5] + i)), hn::Set(d, T{55}), sum);
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, rows[2] + i), hn::LoadU(d, rows[6] + i)), hn::Set(d, T{28}), sum);
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, rows[1] + i), hn::LoadU(d, rows[7] + i)), hn::Set(d, T{9}), sum);
  return hn::MulAdd(hn::Add(hn::LoadU(d, rows[0] + i), hn::LoadU(d, rows[8] + i)), hn::Set(d, T{2}), sum);
}

using DD = hn::CappedTag<double, kLanes>;
using VD = hn::Vec<DD>;

// W q = above / below of windows. The order of operations is that of similarity().
HWY_INLINE void Similarity(VD w, VD sx, VD sy, VD sxy, VD sdd, const Constants& constants, VD& above,
                           VD& below) {
  const DD d;
  const auto two = hn::Set(d, 2.0), w_sq = Square(w);
  const auto c1 = hn::Mul(hn::Set(d, constants.c1_scale), w_sq),
             c2 = hn::Mul(hn::Set(d, constants.c2_scale), w_sq);
  const auto xy = hn::Mul(sx, sy), squares = hn::Add(Square(sx), Square(sy));
  above = hn::Mul(
      w, hn::Mul(hn::Add(hn::Mul(two, xy), c1), hn::Add(c2, hn::Mul(two, hn::Sub(hn::Mul(sxy, w), xy)))));
  const auto variances = hn::Sub(hn::Mul(hn::Add(sdd, hn::Mul(two, sxy)), w), squares);
  below = hn::Mul(hn::Add(squares, c1), hn::Add(variances, c2));
}

// The windows of 8-bit pictures, downwards. Their sums are below 2^24: those of samples fit into 16 bits less
// kBias, the others into such a lower half and an upper one.
constexpr int kBias = 32768;
constexpr int kHalves = 6;               // r, d, lower halves of r d and (r - d)^2, upper halves of these
constexpr int kHalfPitch = kPitch + 32;  // vectors read behind the last column
void Down8(const float* const* HWY_RESTRICT rows, int16_t* HWY_RESTRICT out) {
  const hn::CappedTag<float, 16> d;
  const hn::RebindToSigned<decltype(d)> di;
  const hn::Rebind<int16_t, decltype(d)> d16;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto bias = hn::Set(di, kBias);
  // From 2^23 on a float's last digits are an integer.
  constexpr float kInteger = 8388608.0f;
  const auto integer_bias = hn::Set(di, 0x4B000000 + kBias);
  for (int x = 0; x < kPitch; x += lanes) {
    for (int q = 0; q < 2; ++q) {
      const auto sum = hn::BitCast(di, Down(d, rows, q * kPitch + x, kInteger));
      hn::StoreU(hn::DemoteTo(d16, hn::Sub(sum, integer_bias)), d16, out + q * kHalfPitch + x);
    }
    for (int q = 2; q < kQuantities; ++q) {
      const auto sum = hn::ConvertTo(di, Down(d, rows, q * kPitch + x)),
                 lower = hn::And(sum, hn::Set(di, 0xFFFF));
      hn::StoreU(hn::DemoteTo(d16, hn::Sub(lower, bias)), d16, out + q * kHalfPitch + x);
      hn::StoreU(hn::DemoteTo(d16, hn::ShiftRight<16>(sum)), d16, out + (q + 2) * kHalfPitch + x);
    }
  }
  for (int h = 0; h < kHalves; ++h) {
    for (int x = kPitch; x < kHalfPitch; ++x) out[h * kHalfPitch + x] = 0;
  }
}

constexpr int kAcross[2 * kRadius + 1] = {2, 9, 28, 55, 68, 55, 28, 9, 2};

// ... and across, at even columns to out[q][0], at odd ones to out[q][1]. The sums of products, up to 2^32,
// are 2^31 less.
void Across8(const int16_t* HWY_RESTRICT in, int pairs, int32_t* HWY_RESTRICT out) {
  const hn::CappedTag<int32_t, 16> d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int j = 0; j < pairs; j += lanes) {
    const auto put = [&](int q, hn::Vec<decltype(d)> even, hn::Vec<decltype(d)> odd) HWY_ATTR {
      hn::StoreU(even, d, out + 2 * q * kPairs + j);
      hn::StoreU(odd, d, out + (2 * q + 1) * kPairs + j);
    };
    const auto window = [&](int half, int start, hn::Vec<decltype(d)>& even, hn::Vec<decltype(d)>& odd)
                            HWY_ATTR {
                              const int16_t* HWY_RESTRICT from = in + half * kHalfPitch + 2 * j;
                              even = odd = hn::Set(d, start);
#if HWY_TARGET == HWY_SCALAR
                              for (int a = 0; a < 2 * kRadius + 1; ++a) {
                                even.raw += kAcross[a] * from[a];
                                odd.raw += kAcross[a] * from[a + 1];
                              }
#else
                              // Two taps in a step: of an even column from its first tap on, of an odd one
                              // from the column before.
                              const hn::Repartition<int16_t, decltype(d)> d16;
                              const auto step = [&](int a) HWY_ATTR {
                                const auto both = [&](int first, int second) HWY_ATTR {
                                  return hn::BitCast(d16, hn::Set(d, first | second << 16));
                                };
                                const auto columns = hn::LoadU(d16, from + a);
                                even = fovea::HWY_NAMESPACE::MulPairAdd(
                                    d, columns, both(kAcross[a], a < 8 ? kAcross[a + 1] : 0), even);
                                odd = fovea::HWY_NAMESPACE::MulPairAdd(
                                    d, columns, both(a > 0 ? kAcross[a - 1] : 0, kAcross[a]), odd);
                              };
                              step(0), step(2), step(4), step(6), step(8);
#endif
                            };
    hn::Vec<decltype(d)> even, odd, upper_even, upper_odd;
    for (int q = 0; q < 2; ++q) {
      window(q, 256 * kBias, even, odd);
      put(q, even, odd);
    }
    for (int q = 2; q < kQuantities; ++q) {
      window(q, 256 * kBias, even, odd);
      window(q + 2, 0, upper_even, upper_odd);
      const auto sign = hn::Set(d, static_cast<int32_t>(0x80000000u));
      put(q, hn::Xor(hn::Add(even, hn::ShiftLeft<16>(upper_even)), sign),
          hn::Xor(hn::Add(odd, hn::ShiftLeft<16>(upper_odd)), sign));
    }
  }
}

// W q = above / below of the pairs from j on, their even or odd columns; 0 / 1 behind the last column.
HWY_INLINE void Score8(const int32_t* HWY_RESTRICT windows, const double* HWY_RESTRICT columns, VD row, int j,
                       const Constants& constants, VD& above, VD& below) {
  const DD d;
  const hn::Rebind<int32_t, DD> di;
  const auto sum = [&](int q)
                       HWY_ATTR { return hn::PromoteTo(d, hn::LoadU(di, windows + 2 * q * kPairs + j)); };
  const auto unsign = hn::Set(d, 2147483648.0), w = hn::Mul(hn::LoadU(d, columns + j), row);
  Similarity(w, sum(0), sum(1), hn::Add(sum(2), unsign), hn::Add(sum(3), unsign), constants, above, below);
  below = hn::IfThenElse(hn::Eq(w, hn::Zero(d)), hn::Set(d, 1.0), below);
}

void AddRow8(const float* const* HWY_RESTRICT rows, int count, const Weights& weights,
             const Constants& constants, double* HWY_RESTRICT sums) {
  alignas(64) int16_t halves[kHalves * kHalfPitch];
  alignas(64) int32_t windows[kQuantities * 2 * kPairs];
  const int pairs = (count + 1) / 2;
  Down8(rows, halves);
  Across8(halves, pairs, windows);
  const DD d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto row_weight = hn::Set(d, weights.row);
  for (int i = 0; i < kLanes; i += lanes) {
    auto sum = hn::LoadU(d, sums + i);
    for (int j = i; j < pairs; j += 2 * kLanes) {
      VD above, below, more_above, more_below;
      Score8(windows, weights.by_parity, row_weight, j, constants, above, below);
      // Four fractions with one division; the denominators are below 1e30.
      const auto add = [&](int parity, int from) HWY_ATTR {
        Score8(windows + parity * kPairs, weights.by_parity + parity * kPairs, row_weight, from, constants,
               more_above, more_below);
        above = hn::Add(hn::Mul(above, more_below), hn::Mul(more_above, below));
        below = hn::Mul(below, more_below);
      };
      add(1, j);
      add(0, j + kLanes);
      add(1, j + kLanes);
      sum = hn::Add(sum, hn::Div(above, below));
    }
    hn::StoreU(sum, d, sums + i);
  }
}

HWY_INLINE VD Across16(const double* HWY_RESTRICT in) {
  const DD d;
  auto sum = hn::Mul(hn::LoadU(d, in + 4), hn::Set(d, 68.0));
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, in + 3), hn::LoadU(d, in + 5)), hn::Set(d, 55.0), sum);
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, in + 2), hn::LoadU(d, in + 6)), hn::Set(d, 28.0), sum);
  sum = hn::MulAdd(hn::Add(hn::LoadU(d, in + 1), hn::LoadU(d, in + 7)), hn::Set(d, 9.0), sum);
  return hn::MulAdd(hn::Add(hn::LoadU(d, in), hn::LoadU(d, in + 8)), hn::Set(d, 2.0), sum);
}

void AddRow16(const double* const* HWY_RESTRICT rows, int count, const Weights& weights,
              const Constants& constants, double* HWY_RESTRICT down, double* HWY_RESTRICT sums) {
  const DD d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int i = 0; i < kRowValues; i += lanes) hn::StoreU(Down(d, rows, i), d, down + i);
  const auto row_weight = hn::Set(d, weights.row);
  for (int i = 0; i < kLanes; i += lanes) {
    auto sum = hn::LoadU(d, sums + i);
    for (int x = i; x < count; x += kLanes) {
      const auto mask = hn::FirstN(d, static_cast<size_t>(HWY_MIN(lanes, count - x)));
      const auto w = hn::Mul(hn::LoadU(d, weights.columns + x), row_weight);
      VD above, below;
      Similarity(w, Across16(down + x), Across16(down + kPitch + x), Across16(down + 2 * kPitch + x),
                 Across16(down + 3 * kPitch + x), constants, above, below);
      sum = hn::Add(sum, hn::IfThenElseZero(mask, hn::Div(above, below)));
    }
    hn::StoreU(sum, d, sums + i);
  }
}

}  // namespace fovea::ssim_int::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::ssim_int {

HWY_EXPORT(ExpandRow8);
HWY_EXPORT(ExpandRow16);
HWY_EXPORT(AddRow8);
HWY_EXPORT(AddRow16);

void expand_row(const uint8_t* ref, const uint8_t* dis, int width, float* out) {
  HWY_DYNAMIC_DISPATCH(ExpandRow8)(ref, dis, width, out);
}
void expand_row(const uint16_t* ref, const uint16_t* dis, int width, double* out) {
  HWY_DYNAMIC_DISPATCH(ExpandRow16)(ref, dis, width, out);
}
void add_row(const float* const* rows, int count, const Weights& weights, const Constants& constants,
             double* sums) {
  HWY_DYNAMIC_DISPATCH(AddRow8)(rows, count, weights, constants, sums);
}
void add_row(const double* const* rows, int count, const Weights& weights, const Constants& constants,
             double* down, double* sums) {
  HWY_DYNAMIC_DISPATCH(AddRow16)(rows, count, weights, constants, down, sums);
}

}  // namespace fovea::ssim_int
#endif
