// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
//
// Differences of rows are computed once and kept, as 16-bit lanes, in a ring of five rows together with
// their largest magnitude. That magnitude decides how an output row is made:
//   0                  all five rows are equal: the row adds nothing
//   small              Y fits 16 bits: pairs of lanes are multiplied and added into 32 bits (the usual case)
//   larger             Y takes 17 bits: its half and its last bit are filtered apart
//   over 14 bits       32-bit lanes, differences and Y halved in that way
//   above bit depth    the plain loop
#include "metrics/motion/motion_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/motion/motion_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "base/memory.h"
#include "base/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::motion::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // pairs of lanes need two
uint64_t BlurredDifference(const PlaneView& previous, const PlaneView& current, int bit_depth, int y_begin, int y_end,
                           uint8_t* scratch) {
  return blurred_difference_ref(previous, current, bit_depth, y_begin, y_end, scratch);
}
#else

using fovea::HWY_NAMESPACE::MulPairAdd;

// out[x] = previous[x] - current[x], modulo 2^16; returns the largest magnitude (not wrapped).
template <class Sample>
int DifferenceRow(const Sample* HWY_RESTRICT previous, const Sample* HWY_RESTRICT current, int width, int16_t* HWY_RESTRICT out) {
  const hn::ScalableTag<uint16_t> du;
  const hn::RebindToSigned<decltype(du)> di;
  const hn::Rebind<Sample, decltype(du)> ds;
  const int lanes = static_cast<int>(hn::Lanes(du));
  int peak = 0;
  if (width < lanes) {
    for (int x = 0; x < width; ++x) {
      const int difference = previous[x] - current[x];
      out[x] = static_cast<int16_t>(difference);
      peak = HWY_MAX(peak, difference < 0 ? -difference : difference);
    }
    return peak;
  }
  if constexpr (sizeof(Sample) == 1) {
    auto high = hn::Zero(di), low = hn::Zero(di);
    const auto step = [&](int x) HWY_ATTR {
      const auto difference = hn::Sub(hn::PromoteTo(di, hn::LoadU(ds, previous + x)), hn::PromoteTo(di, hn::LoadU(ds, current + x)));
      high = hn::Max(high, difference);
      low = hn::Min(low, difference);
      hn::StoreU(difference, di, out + x);
    };
    int x = 0;
    for (; x + lanes <= width; x += lanes) step(x);
    if (x < width) step(width - lanes);
    return hn::GetLane(hn::MaxOfLanes(di, hn::Max(high, hn::Neg(low))));
  } else {
    auto magnitude = hn::Zero(du);
    const auto step = [&](int x) HWY_ATTR {
      const auto p = hn::LoadU(ds, previous + x), c = hn::LoadU(ds, current + x);
      magnitude = hn::Max(magnitude, hn::Sub(hn::Max(p, c), hn::Min(p, c)));
      hn::StoreU(hn::BitCast(di, hn::Sub(p, c)), di, out + x);
    };
    int x = 0;
    for (; x + lanes <= width; x += lanes) step(x);
    if (x < width) step(width - lanes);
    return hn::GetLane(hn::MaxOfLanes(du, magnitude));
  }
}

// The sums of a window of columns, even and odd samples apart: a tap in the low (high) half of a 32-bit lane
// picks the even (odd) one.
template <class D32, class V16, class V32>
HWY_INLINE void BlurColumns(D32 d32, V16 outer, V16 inner, V16 centre, V32& even, V32& odd) {
  const hn::Repartition<int16_t, D32> d16;
  const auto low = [&](int32_t tap) HWY_ATTR { return hn::BitCast(d16, hn::Set(d32, tap)); };
  const auto high = [&](int32_t tap) HWY_ATTR { return hn::BitCast(d16, hn::Set(d32, tap << 16)); };
  even = MulPairAdd(d32, outer, low(kTaps[0]), even);
  odd = MulPairAdd(d32, outer, high(kTaps[0]), odd);
  even = MulPairAdd(d32, inner, low(kTaps[1]), even);
  odd = MulPairAdd(d32, inner, high(kTaps[1]), odd);
  even = MulPairAdd(d32, centre, low(kTaps[2]), even);
  odd = MulPairAdd(d32, centre, high(kTaps[2]), odd);
}

// The sums of a window of a row, for the even and the odd samples from `row` (aligned) on; reads row[-2 ..].
template <class D32, class V32>
HWY_INLINE void BlurRow(D32 d32, const int16_t* row, V32& even, V32& odd) {
  const hn::Repartition<int16_t, D32> d16;
  const auto pair = [&](int32_t low, int32_t high) HWY_ATTR { return hn::BitCast(d16, hn::Set(d32, low | (high << 16))); };
  const auto before = hn::LoadU(d16, row - 2), here = hn::Load(d16, row), after = hn::LoadU(d16, row + 2);
  even = MulPairAdd(d32, before, pair(kTaps[0], kTaps[1]), even);
  odd = MulPairAdd(d32, before, pair(0, kTaps[0]), odd);
  even = MulPairAdd(d32, here, pair(kTaps[2], kTaps[1]), even);
  odd = MulPairAdd(d32, here, pair(kTaps[1], kTaps[2]), odd);
  even = MulPairAdd(d32, after, pair(kTaps[0], 0), even);
  odd = MulPairAdd(d32, after, pair(kTaps[1], kTaps[0]), odd);
}

template <class D32, class V32>
HWY_INLINE uint64_t SumOfUnsignedLanes(D32 d32, V32 v) {
  const hn::Repartition<uint64_t, D32> d64;
  const auto low = hn::And(hn::BitCast(d64, v), hn::Set(d64, 0xFFFFFFFF)), high = hn::ShiftRight<32>(hn::BitCast(d64, v));
  return hn::GetLane(hn::SumOfLanes(d64, hn::Add(low, high)));
}

// The borders of a row of Y.
template <class T>
void MirrorEnds(T* row, int width) {
  row[-1] = row[1];
  row[-2] = row[2];
  row[width] = row[width - 2];
  row[width + 1] = row[width - 3];
}

// Sum of |X| of one row where Y fits 16 bits. Ring rows and `y_row` are read and written up to a whole
// vector beyond the width.
uint64_t NarrowRow(const int16_t* const* rows, int width, int bit_depth, int16_t* HWY_RESTRICT y_row) {
  const hn::ScalableTag<int32_t> d32;
  const hn::Repartition<int16_t, decltype(d32)> d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto column_rounding = hn::Set(d32, 1 << (bit_depth - 1));
  const int left = 16 - bit_depth;
  for (int x = 0; x < width; x += lanes) {
    auto even = column_rounding, odd = column_rounding;
    BlurColumns(d32, hn::Add(hn::Load(d16, rows[0] + x), hn::Load(d16, rows[4] + x)),
                hn::Add(hn::Load(d16, rows[1] + x), hn::Load(d16, rows[3] + x)), hn::Load(d16, rows[2] + x), even, odd);
    const auto low_half = hn::BitCast(d16, hn::ShiftRightSame(even, bit_depth));
    const auto high_half = hn::BitCast(d16, hn::ShiftLeftSame(odd, left));
    hn::Store(hn::OddEven(high_half, low_half), d16, y_row + x);
  }
  MirrorEnds(y_row, width);

  const auto row_rounding = hn::Set(d32, 32768);
  const auto one = hn::Set(d16, 1);
  auto total = hn::Zero(d32);  // each step adds less than 2^16 to a lane
  const auto magnitudes = [&](int x) HWY_ATTR {
    auto even = row_rounding, odd = row_rounding;
    BlurRow(d32, y_row + x, even, odd);
    return hn::Abs(hn::OddEven(hn::BitCast(d16, odd), hn::BitCast(d16, hn::ShiftRight<16>(even))));
  };
  int x = 0;
  for (; x + lanes <= width; x += lanes) total = MulPairAdd(d32, magnitudes(x), one, total);
  if (x < width) {
    const auto tail = hn::FirstN(d16, static_cast<size_t>(width - x));
    total = MulPairAdd(d32, hn::IfThenElseZero(tail, magnitudes(x)), one, total);
  }
  return SumOfUnsignedLanes(d32, total);
}

// The same where Y may take 17 bits: its half Y >> 1 and the lost bit go through the row filter apart, and
// (2 whole + rest) >> 16 = (whole + (rest >> 1)) >> 15.
uint64_t HalvedRow(const int16_t* const* rows, int width, int bit_depth, int16_t* HWY_RESTRICT half_row, int16_t* HWY_RESTRICT rest_row) {
  const hn::ScalableTag<int32_t> d32;
  const hn::Repartition<int16_t, decltype(d32)> d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto column_rounding = hn::Set(d32, 1 << (bit_depth - 1));
  const int right = bit_depth + 1, left = 15 - bit_depth;
  const auto one = hn::Set(d16, 1);
  for (int x = 0; x < width; x += lanes) {
    auto even = column_rounding, odd = column_rounding;
    BlurColumns(d32, hn::Add(hn::Load(d16, rows[0] + x), hn::Load(d16, rows[4] + x)),
                hn::Add(hn::Load(d16, rows[1] + x), hn::Load(d16, rows[3] + x)), hn::Load(d16, rows[2] + x), even, odd);
    const auto half = hn::OddEven(hn::BitCast(d16, hn::ShiftLeftSame(odd, left)), hn::BitCast(d16, hn::ShiftRightSame(even, right)));
    const auto last = hn::OddEven(hn::BitCast(d16, hn::ShiftLeftSame(odd, left + 1)), hn::BitCast(d16, hn::ShiftRightSame(even, right - 1)));
    hn::Store(half, d16, half_row + x);
    hn::Store(hn::And(last, one), d16, rest_row + x);
  }
  MirrorEnds(half_row, width);
  MirrorEnds(rest_row, width);

  const auto row_rounding = hn::Set(d32, 32768);
  auto total = hn::Zero(d32);  // each step adds at most 2^17 to a lane
  const auto magnitudes = [&](int x, auto keep) HWY_ATTR {
    auto even = hn::Zero(d32), odd = even, even_rest = row_rounding, odd_rest = row_rounding;
    BlurRow(d32, half_row + x, even, odd);
    BlurRow(d32, rest_row + x, even_rest, odd_rest);
    even = hn::Abs(hn::ShiftRight<15>(hn::Add(even, hn::ShiftRight<1>(even_rest))));
    odd = hn::Abs(hn::ShiftRight<15>(hn::Add(odd, hn::ShiftRight<1>(odd_rest))));
    total = hn::Add(total, hn::Add(keep(even, 0), keep(odd, 1)));
  };
  int x = 0;
  for (; x + lanes <= width; x += lanes) magnitudes(x, [](auto v, int) HWY_ATTR { return v; });
  if (x < width) {
    magnitudes(x, [&](auto v, int odd) HWY_ATTR {
      return hn::IfThenElseZero(hn::FirstN(d32, static_cast<size_t>(width - x + 1 - odd) / 2), v);
    });
  }
  return SumOfUnsignedLanes(d32, total);
}

// Any row whose samples keep to the bit depth, in 32-bit lanes. row[-2 .. width+2) is written.
template <class Sample>
uint64_t WideRow(const PlaneView& previous, const PlaneView& current, int bit_depth, const int* sources, int32_t* HWY_RESTRICT row) {
  const hn::ScalableTag<int32_t> d32;
  const hn::Rebind<Sample, decltype(d32)> ds;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const int width = current.width_px;
  const auto tap0 = hn::Set(d32, kTaps[0]), tap1 = hn::Set(d32, kTaps[1]), tap2 = hn::Set(d32, kTaps[2]);
  const auto one = hn::Set(d32, 1);
  // floor((2 whole + remainder) / 2) = whole + floor(remainder / 2), and |whole| <= 2^16 * 2^15.
  const auto blur = [&](auto v0, auto v1, auto v2, auto v3, auto v4, auto half_rounding) HWY_ATTR {
    const auto whole0 = hn::Add(hn::ShiftRight<1>(v0), hn::ShiftRight<1>(v4)), whole1 = hn::Add(hn::ShiftRight<1>(v1), hn::ShiftRight<1>(v3));
    const auto rest0 = hn::Add(hn::And(v0, one), hn::And(v4, one)), rest1 = hn::Add(hn::And(v1, one), hn::And(v3, one));
    const auto whole = hn::Add(hn::Add(hn::Mul(whole0, tap0), hn::Mul(whole1, tap1)), hn::Mul(hn::ShiftRight<1>(v2), tap2));
    const auto rest = hn::Add(hn::Add(hn::Mul(rest0, tap0), hn::Mul(rest1, tap1)), hn::Mul(hn::And(v2, one), tap2));
    return hn::Add(whole, hn::Add(hn::ShiftRight<1>(rest), half_rounding));
  };

  const auto column_rounding = hn::Set(d32, 1 << (bit_depth - 2));
  const auto columns = [&](int x) HWY_ATTR {
    const auto difference = [&](int k) HWY_ATTR {
      return hn::Sub(hn::PromoteTo(d32, hn::LoadU(ds, previous.row<Sample>(sources[k]) + x)),
                     hn::PromoteTo(d32, hn::LoadU(ds, current.row<Sample>(sources[k]) + x)));
    };
    const auto sum = blur(difference(0), difference(1), difference(2), difference(3), difference(4), column_rounding);
    hn::StoreU(hn::ShiftRightSame(sum, bit_depth - 1), d32, row + x);
  };
  int x = 0;
  for (; x + lanes <= width; x += lanes) columns(x);
  if (x < width) columns(width - lanes);
  MirrorEnds(row, width);

  const auto row_rounding = hn::Set(d32, 16384);
  auto total = hn::Zero(d32);  // each step adds less than 2^16 to a lane
  const auto magnitudes = [&](int at) HWY_ATTR {
    const auto sum = blur(hn::LoadU(d32, row + at - 2), hn::LoadU(d32, row + at - 1), hn::LoadU(d32, row + at), hn::LoadU(d32, row + at + 1),
                          hn::LoadU(d32, row + at + 2), row_rounding);
    return hn::Abs(hn::ShiftRight<15>(sum));
  };
  for (x = 0; x + lanes <= width; x += lanes) total = hn::Add(total, magnitudes(x));
  if (x < width) total = hn::Add(total, hn::IfThenElseZero(hn::FirstN(d32, static_cast<size_t>(width - x)), magnitudes(x)));
  return SumOfUnsignedLanes(d32, total);
}

template <class Sample>
uint64_t Strip(const PlaneView& previous, const PlaneView& current, int bit_depth, int y_begin, int y_end, uint8_t* scratch) {
  const int width = current.width_px, height = current.height_px;
  const size_t stride = round_up(static_cast<size_t>(width), kAlignment) + kAlignment;
  int16_t* const ring = reinterpret_cast<int16_t*>(scratch);
  int16_t* const y_row = ring + 5 * stride + kAlignment;
  int16_t* const rest_row = ring + 7 * stride + kAlignment;
  int32_t* const wide_row = reinterpret_cast<int32_t*>(ring + 5 * stride) + kAlignment;  // instead of the two
  int peaks[5] = {};
  for (int k = 0; k < 5; ++k) {
    for (size_t x = width; x < round_up(static_cast<size_t>(width), kAlignment); ++x) ring[k * stride + x] = 0;
  }

  // Sums of two differences must fit 16 bits; so must Y (or half of it), which is at most d * 2^(16-b).
  const int halved_peak = HWY_MIN((1 << bit_depth) - 1, 16383);
  const int narrow_peak = HWY_MIN((1 << (bit_depth - 1)) - 1, 16383);
  const bool has_wide_vectors = static_cast<size_t>(width) >= hn::Lanes(hn::ScalableTag<int32_t>());
  uint64_t total = 0;
  int next = HWY_MAX(y_begin - 2, 0);
  for (int y = y_begin; y < y_end; ++y) {
    for (; next <= HWY_MIN(y + 2, height - 1); ++next) {
      peaks[next % 5] = DifferenceRow(previous.row<Sample>(next), current.row<Sample>(next), width, ring + (next % 5) * stride);
    }
    int sources[5];
    const int16_t* rows[5];
    int peak = 0;
    for (int k = 0; k < 5; ++k) {
      sources[k] = reflect101(y + k - 2, height);
      rows[k] = ring + (sources[k] % 5) * stride;
      peak = HWY_MAX(peak, peaks[sources[k] % 5]);
    }
    if (peak == 0) continue;
    if (peak <= narrow_peak) {
      total += NarrowRow(rows, width, bit_depth, y_row);
    } else if (peak <= halved_peak) {
      total += HalvedRow(rows, width, bit_depth, y_row, rest_row);
    } else if (peak < (1 << bit_depth) && has_wide_vectors) {
      total += WideRow<Sample>(previous, current, bit_depth, sources, wide_row);
    } else {
      total += blurred_difference_row_ref<Sample>(previous, current, bit_depth, y, wide_row);
    }
  }
  return total;
}

uint64_t BlurredDifference(const PlaneView& previous, const PlaneView& current, int bit_depth, int y_begin, int y_end,
                           uint8_t* scratch) {
  return bit_depth > 8 ? Strip<uint16_t>(previous, current, bit_depth, y_begin, y_end, scratch)
                       : Strip<uint8_t>(previous, current, bit_depth, y_begin, y_end, scratch);
}

#endif  // HWY_SCALAR

}  // namespace fovea::motion::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::motion {

HWY_EXPORT(BlurredDifference);

size_t motion_scratch_bytes(int width_px) {
  const size_t stride = round_up(static_cast<size_t>(width_px), kAlignment) + kAlignment;
  return 9 * stride * sizeof(int16_t);
}

uint64_t blurred_difference(const PlaneView& previous, const PlaneView& current, int bit_depth, int y_begin, int y_end,
                            uint8_t* scratch) {
  return HWY_DYNAMIC_DISPATCH(BlurredDifference)(previous, current, bit_depth, y_begin, y_end, scratch);
}

}  // namespace fovea::motion
#endif
