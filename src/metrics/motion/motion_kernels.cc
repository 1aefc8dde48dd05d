// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
//
// Differences of rows are computed once and kept, as 16-bit lanes, in a ring of five rows together with
// their largest magnitude. That magnitude decides how an output row is made:
//   0                  all five rows are equal: the row adds nothing
//   small              Y fits 16 bits: pairs of lanes are multiplied and added into 32 bits (the usual case)
//   larger             Y takes 17 bits: its half and its last bit are filtered apart
//   over 14 bits       so are the differences
//   above bit depth    the plain loop
#include "metrics/motion/motion_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/motion/motion_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include "base/memory.h"
#include "base/simd-inl.h"

#ifndef FOVEA_MOTION_ROW_STRIDE_
#define FOVEA_MOTION_ROW_STRIDE_
namespace fovea::motion {
// Samples between the rows of the ring: an odd multiple of 256 bytes, so that rows do not share cache sets.
inline size_t row_stride(int width) { return (round_up(static_cast<size_t>(width), kAlignment) + kAlignment) | 128; }
}  // namespace fovea::motion
#endif

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

// previous[x] - current[x] for one vector, modulo 2^16; keeps the largest magnitude (not wrapped).
template <class DU, class Sample>
HWY_INLINE auto Difference(DU du, const Sample* HWY_RESTRICT previous, const Sample* HWY_RESTRICT current, hn::Vec<DU>& peak) {
  const hn::RebindToSigned<DU> di;
  const hn::Rebind<Sample, DU> ds;
  if constexpr (sizeof(Sample) == 1) {
    const auto difference = hn::Sub(hn::PromoteTo(di, hn::LoadU(ds, previous)), hn::PromoteTo(di, hn::LoadU(ds, current)));
    peak = hn::Max(peak, hn::BitCast(du, hn::Max(difference, hn::Neg(difference))));  // two pipes busy with products do Abs
    return difference;
  } else {
    const auto p = hn::LoadU(ds, previous), c = hn::LoadU(ds, current);
    peak = hn::Max(peak, hn::Sub(hn::Max(p, c), hn::Min(p, c)));
    return hn::BitCast(di, hn::Sub(p, c));
  }
}

// out[x] = previous[x] - current[x], modulo 2^16; returns the largest magnitude (not wrapped).
template <class Sample>
int DifferenceRow(const Sample* HWY_RESTRICT previous, const Sample* HWY_RESTRICT current, int width, int16_t* HWY_RESTRICT out) {
  const hn::ScalableTag<uint16_t> du;
  const hn::RebindToSigned<decltype(du)> di;
  const int lanes = static_cast<int>(hn::Lanes(du));
  if (width < lanes) {
    int peak = 0;
    for (int x = 0; x < width; ++x) {
      const int difference = previous[x] - current[x];
      out[x] = static_cast<int16_t>(difference);
      peak = HWY_MAX(peak, difference < 0 ? -difference : difference);
    }
    return peak;
  }
  auto peak = hn::Zero(du);
  int x = 0;
  for (; x + lanes <= width; x += lanes) hn::Store(Difference(du, previous + x, current + x, peak), di, out + x);
  x = width - lanes;
  hn::StoreU(Difference(du, previous + x, current + x, peak), di, out + x);
  return hn::GetLane(hn::MaxOfLanes(du, peak));
}

// The sums of a window of columns, even and odd samples apart: a tap in the low (high) half of a 32-bit lane
// picks the even (odd) one.
template <class D32, class V16, class V32>
HWY_INLINE void BlurColumns(D32 d32, V16 outer, V16 inner, V16 centre, V32& even, V32& odd) {
  const hn::Repartition<int16_t, D32> d16;
  const auto taps = [&](TapPair pair) HWY_ATTR { return hn::BitCast(d16, hn::Set(d32, kTapPairs[pair])); };
  even = MulPairAdd(d32, outer, taps(kOuterZero), even);
  odd = MulPairAdd(d32, outer, taps(kZeroOuter), odd);
  even = MulPairAdd(d32, inner, taps(kInnerZero), even);
  odd = MulPairAdd(d32, inner, taps(kZeroInner), odd);
  even = MulPairAdd(d32, centre, taps(kCentreZero), even);
  odd = MulPairAdd(d32, centre, taps(kZeroCentre), odd);
}

// The sums of a window of a row, for the even and the odd samples from `row` (aligned) on; reads row[-2 ..].
template <class D32, class V32>
HWY_INLINE void BlurRow(D32 d32, const int16_t* row, V32& even, V32& odd) {
  const hn::Repartition<int16_t, D32> d16;
  const auto taps = [&](TapPair pair) HWY_ATTR { return hn::BitCast(d16, hn::Set(d32, kTapPairs[pair])); };
  const auto before = hn::LoadU(d16, row - 2), here = hn::Load(d16, row), after = hn::LoadU(d16, row + 2);
  even = MulPairAdd(d32, before, taps(kOuterInner), even);
  odd = MulPairAdd(d32, before, taps(kZeroOuter), odd);
  even = MulPairAdd(d32, here, taps(kCentreInner), even);
  odd = MulPairAdd(d32, here, taps(kInnerCentre), odd);
  even = MulPairAdd(d32, after, taps(kOuterZero), even);
  odd = MulPairAdd(d32, after, taps(kInnerOuter), odd);
}

template <class D32, class V32>
HWY_INLINE uint64_t SumOfUnsignedLanes(D32, V32 v) {
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

// One row of both pictures.
template <class Sample>
struct SourceRows {
  const Sample* previous;
  const Sample* current;
};

// Sum of |X| of one row where Y fits 16 bits. Ring rows and `y_row` are read and written up to a whole
// vector beyond the width. With kNew the last ring row is yet to be made from `newest`, and the caller
// looks afterwards, by the returned peak, whether that row was small enough.
//
// The row filter follows the column filter at a distance, far enough for its overlapping loads to find
// what was stored in the cache; so multiplications, loads and stores of all three steps overlap.
template <bool kNew, class Sample>
uint64_t NarrowRow(int16_t* const* rows, SourceRows<Sample> newest, int width, int bit_depth, int16_t* HWY_RESTRICT y_row, int* new_peak) {
  const hn::ScalableTag<int32_t> d32;
  const hn::Repartition<int16_t, decltype(d32)> d16;
  const hn::RebindToUnsigned<decltype(d16)> du16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const int distance = 8 * lanes;
  const auto column_rounding = hn::Set(d32, 1 << (bit_depth - 1));
  const int left = 16 - bit_depth;
  const int16_t* const HWY_RESTRICT row0 = rows[0];
  const int16_t* const HWY_RESTRICT row1 = rows[1];
  const int16_t* const HWY_RESTRICT row2 = rows[2];
  const int16_t* const HWY_RESTRICT row3 = rows[3];
  int16_t* const row4 = rows[4];
  auto peak = hn::Zero(du16);

  const auto columns_with = [&](int x, auto last) HWY_ATTR {
    auto even = column_rounding, odd = column_rounding;
    BlurColumns(d32, hn::Add(hn::Load(d16, row0 + x), last), hn::Add(hn::Load(d16, row1 + x), hn::Load(d16, row3 + x)),
                hn::Load(d16, row2 + x), even, odd);
    const auto low_half = hn::BitCast(d16, hn::ShiftRightSame(even, bit_depth));
    const auto high_half = hn::BitCast(d16, hn::ShiftLeftSame(odd, left));
    hn::Store(hn::OddEven(high_half, low_half), d16, y_row + x);
  };
  const auto columns = [&](int x) HWY_ATTR {
    if constexpr (kNew) {
      const auto last = Difference(du16, newest.previous + x, newest.current + x, peak);
      hn::Store(last, d16, row4 + x);
      columns_with(x, last);
    } else {
      columns_with(x, hn::Load(d16, row4 + x));
    }
  };
  const auto row_rounding = hn::Set(d32, 32768);
  const auto one = hn::Set(d16, 1);
  auto total = hn::Zero(d32);  // each step adds less than 2^16 to a lane
  const auto magnitudes = [&](int x) HWY_ATTR {
    auto even = row_rounding, odd = row_rounding;
    BlurRow(d32, y_row + x, even, odd);
    const auto sums = hn::OddEven(hn::BitCast(d16, odd), hn::BitCast(d16, hn::ShiftRight<16>(even)));
    return hn::Max(sums, hn::Neg(sums));
  };

  int x = 0, done = 0;
  for (; x < distance && x + lanes <= width; x += lanes) columns(x);
  y_row[-1] = y_row[1];
  y_row[-2] = y_row[2];
  for (; x + lanes <= width; x += lanes, done += lanes) {
    columns(x);
    total = MulPairAdd(d32, magnitudes(done), one, total);
  }
  if (x < width) {
    if constexpr (kNew) {
      const int end = width - lanes;
      hn::StoreU(Difference(du16, newest.previous + end, newest.current + end, peak), d16, row4 + end);
    }
    columns_with(x, hn::Load(d16, row4 + x));
  }
  MirrorEnds(y_row, width);
  for (; done + lanes <= width; done += lanes) total = MulPairAdd(d32, magnitudes(done), one, total);
  if (done < width) {
    const auto tail = hn::FirstN(d16, static_cast<size_t>(width - done));
    total = MulPairAdd(d32, hn::IfThenElseZero(tail, magnitudes(done)), one, total);
  }
  if constexpr (kNew) *new_peak = hn::GetLane(hn::MaxOfLanes(du16, peak));
  return SumOfUnsignedLanes(d32, total);
}

// Sum of |X| of one row where Y may take 17 bits: its half Y >> 1 and the lost bit go through the row filter
// apart, as (2 whole + rest) >> 16 = (whole + (rest >> 1)) >> 15. With kWide so may the differences; they are
// then made from the pictures, halved as well, in place of the ring.
template <bool kWide, class Sample>
uint64_t HalvedRow(int16_t* const* rows, const SourceRows<Sample>* sources, int width, int bit_depth, int16_t* HWY_RESTRICT half_row,
                   int16_t* HWY_RESTRICT rest_row) {
  const hn::ScalableTag<int32_t> d32;
  const hn::Repartition<int16_t, decltype(d32)> d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto column_rounding = hn::Set(d32, 1 << (bit_depth - 1));
  const int right = kWide ? bit_depth - 1 : bit_depth, left = 16 - right;
  const auto one = hn::Set(d16, 1);
  const auto store = [&](int x, auto even, auto odd) HWY_ATTR {
    const auto half = hn::OddEven(hn::BitCast(d16, hn::ShiftLeftSame(odd, left - 1)), hn::BitCast(d16, hn::ShiftRightSame(even, right + 1)));
    const auto last = hn::OddEven(hn::BitCast(d16, hn::ShiftLeftSame(odd, left)), hn::BitCast(d16, hn::ShiftRightSame(even, right)));
    hn::StoreU(half, d16, half_row + x);
    hn::StoreU(hn::And(last, one), d16, rest_row + x);
  };
  if constexpr (!kWide) {
    for (int x = 0; x < width; x += lanes) {
      auto even = column_rounding, odd = column_rounding;
      BlurColumns(d32, hn::Add(hn::Load(d16, rows[0] + x), hn::Load(d16, rows[4] + x)),
                  hn::Add(hn::Load(d16, rows[1] + x), hn::Load(d16, rows[3] + x)), hn::Load(d16, rows[2] + x), even, odd);
      store(x, even, odd);
    }
  } else {
    const auto columns = [&](int x) HWY_ATTR {
      auto even = hn::Zero(d32), odd = even, even_rest = column_rounding, odd_rest = column_rounding;
      // 2^16 taps of 2^15 just fit, if no more than one sample is multiplied at a time.
      const auto add = [&](int k, TapPair low, TapPair high) HWY_ATTR {
        const hn::RebindToUnsigned<decltype(d16)> du16;
        const auto p = hn::LoadU(du16, sources[k].previous + x), c = hn::LoadU(du16, sources[k].current + x);
        const auto borrow = hn::And(hn::AndNot(p, c), hn::BitCast(du16, one));
        const auto half = hn::BitCast(d16, hn::Sub(hn::Sub(hn::ShiftRight<1>(p), hn::ShiftRight<1>(c)), borrow));
        even = MulPairAdd(d32, half, hn::BitCast(d16, hn::Set(d32, kTapPairs[low])), even);
        odd = MulPairAdd(d32, half, hn::BitCast(d16, hn::Set(d32, kTapPairs[high])), odd);
        return hn::And(hn::BitCast(d16, hn::Xor(p, c)), one);
      };
      const auto rest0 = add(0, kOuterZero, kZeroOuter), rest1 = add(1, kInnerZero, kZeroInner);
      const auto rest2 = add(2, kCentreZero, kZeroCentre);
      const auto rest3 = add(3, kInnerZero, kZeroInner), rest4 = add(4, kOuterZero, kZeroOuter);
      BlurColumns(d32, hn::Add(rest0, rest4), hn::Add(rest1, rest3), rest2, even_rest, odd_rest);
      store(x, hn::Add(even, hn::ShiftRight<1>(even_rest)), hn::Add(odd, hn::ShiftRight<1>(odd_rest)));
    };
    int x = 0;
    for (; x + lanes <= width; x += lanes) columns(x);
    if (x < width) columns(width - lanes);
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

template <class Sample>
uint64_t Strip(const PlaneView& previous, const PlaneView& current, int bit_depth, int y_begin, int y_end, uint8_t* scratch) {
  const int width = current.width_px, height = current.height_px;
  const size_t stride = row_stride(width);
  int16_t* const ring = reinterpret_cast<int16_t*>(scratch);
  int16_t* const y_row = ring + 5 * stride + kAlignment;
  int16_t* const rest_row = ring + 7 * stride + kAlignment;
  int32_t* const plain_row = reinterpret_cast<int32_t*>(ring + 5 * stride);  // instead of the two
  int peaks[5] = {};
  for (int k = 0; k < 5; ++k) {
    for (size_t x = width; x < round_up(static_cast<size_t>(width), kAlignment); ++x) ring[k * stride + x] = 0;
  }

  // Sums of two differences must fit 16 bits; so must Y (or half of it), which is at most d * 2^(16-b).
  const int halved_peak = HWY_MIN((1 << bit_depth) - 1, 16383);
  const int narrow_peak = HWY_MIN((1 << (bit_depth - 1)) - 1, 16383);
  const bool has_vectors = static_cast<size_t>(width) >= hn::Lanes(hn::ScalableTag<int16_t>());
  const auto make_difference = [&](int row) HWY_ATTR {
    peaks[row % 5] = DifferenceRow(previous.row<Sample>(row), current.row<Sample>(row), width, ring + (row % 5) * stride);
  };
  uint64_t total = 0;
  int next = HWY_MAX(y_begin - 2, 0);
  for (int y = y_begin; y < y_end; ++y) {
    const int last = HWY_MIN(y + 2, height - 1);
    while (next < last) make_difference(next++);
    int sources[5];
    int16_t* rows[5];
    int peak = 0;  // of the rows that are there
    for (int k = 0; k < 5; ++k) {
      sources[k] = reflect101(y + k - 2, height);
      rows[k] = ring + (sources[k] % 5) * stride;
      if (sources[k] < next) peak = HWY_MAX(peak, peaks[sources[k] % 5]);
    }
    if (next == last) {
      // Often the newest row is small as well. (It must appear once in the window.)
      if (has_vectors && peak > 0 && peak <= narrow_peak && sources[4] == last && sources[0] != last) {
        const SourceRows<Sample> newest = {previous.row<Sample>(last), current.row<Sample>(last)};
        const uint64_t sum = NarrowRow<true>(rows, newest, width, bit_depth, y_row, &peaks[last % 5]);
        ++next;
        if (peaks[last % 5] <= narrow_peak) {
          total += sum;
          continue;
        }
      } else {
        make_difference(next++);
      }
      peak = HWY_MAX(peak, peaks[last % 5]);
    }
    if (peak == 0) continue;
    if (peak <= narrow_peak) {
      total += NarrowRow<false>(rows, SourceRows<Sample>{}, width, bit_depth, y_row, nullptr);
      continue;
    }
    if (peak <= halved_peak) {
      total += HalvedRow<false, Sample>(rows, nullptr, width, bit_depth, y_row, rest_row);
      continue;
    }
    if constexpr (sizeof(Sample) == 2) {
      if (peak < (1 << bit_depth) && has_vectors) {
        SourceRows<Sample> pictures[5];
        for (int k = 0; k < 5; ++k) pictures[k] = {previous.row<Sample>(sources[k]), current.row<Sample>(sources[k])};
        total += HalvedRow<true, Sample>(nullptr, pictures, width, bit_depth, y_row, rest_row);
        continue;
      }
    }
    total += blurred_difference_row_ref<Sample>(previous, current, bit_depth, y, plain_row);
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
  return 9 * row_stride(width_px) * sizeof(int16_t);
}

uint64_t blurred_difference(const PlaneView& previous, const PlaneView& current, int bit_depth, int y_begin, int y_end,
                            uint8_t* scratch) {
  return HWY_DYNAMIC_DISPATCH(BlurredDifference)(previous, current, bit_depth, y_begin, y_end, scratch);
}

}  // namespace fovea::motion
#endif
