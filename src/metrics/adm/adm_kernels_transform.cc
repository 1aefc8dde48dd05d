// SPDX-License-Identifier: BSD-2-Clause-Patent
// The wavelet. Filters are sums of products of 16-bit numbers: 32-bit rows are split in halves, and since
// rounding comes last the halves are filtered apart and joined exactly.
#include <cstring>
#include <type_traits>

#include "metrics/adm/adm_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/adm/adm_kernels_transform.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "metrics/adm/adm_simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::adm::HWY_NAMESPACE {

#if FOVEA_ADM_PLAIN

void Columns0Bytes(const uint8_t* const rows[4], const Columns& columns, int bit_depth, int16_t* low, int16_t* high) {
  columns0_ref(rows, columns, bit_depth, low, high);
}
void Columns0Words(const uint16_t* const rows[4], const Columns& columns, int bit_depth, int16_t* low, int16_t* high) {
  columns0_ref(rows, columns, bit_depth, low, high);
}
void Columns1(const int16_t* const rows[4], const Columns& columns, SplitRow low, SplitRow high) {
  columns1_ref(rows, columns, low, high);
}
void Columns2(const ConstSplitRow rows[4], const Columns& columns, SplitRow low, SplitRow high) {
  columns2_ref(rows, columns, low, high);
}
void Rows0(const int16_t* low, const int16_t* high, const RowPlan& plan, int16_t* a, int16_t* const detail[kBands]) {
  rows0_ref(low, high, plan, a, detail);
}
void Rows1(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, int shift, SplitRow a, int32_t* const detail[kBands]) {
  rows1_ref(low, high, plan, shift, a, detail);
}

#else

// Mirrored samples beyond the borders that `range` touches.
HWY_INLINE void Mirror(Range range, int width, int16_t* row) {
  if (range.begin < range.end && range.begin == 0) row[-1] = row[1];
  if (range.begin < range.end && range.end == width) {
    row[width] = row[width - 1];
    row[width + 1] = row[width - 2];
  }
}
HWY_INLINE void Mirror(Range range, int width, SplitRow row) {
  Mirror(range, width, row.high);
  Mirror(range, width, row.low);
}

// Calls body(x, want_low, want_high) for vectors that cover both ranges. The flags are compile-time constants.
template <class Body>
HWY_INLINE void ForColumns(const Columns& columns, int lanes, Body body) {
  const auto covered = [lanes](Range r) {
    return Range{r.begin / lanes * lanes, r.begin < r.end ? (r.end + lanes - 1) / lanes * lanes : r.begin / lanes * lanes};
  };
  const Range low = covered(columns.low), high = covered(columns.high);
  int x = HWY_MIN(low.begin, high.begin < high.end ? high.begin : low.begin);
  const int end = HWY_MAX(low.end, high.begin < high.end ? high.end : low.end);
  for (; x < end; x += lanes) {
    const bool in_high = x >= high.begin && x < high.end;
    if (x >= low.begin && x < low.end) {
      if (in_high) {
        body(x, std::true_type{}, std::true_type{});
      } else {
        body(x, std::true_type{}, std::false_type{});
      }
    } else if (in_high) {
      body(x, std::false_type{}, std::true_type{});
    }
  }
}

// Samples are moved to the top of 16 bits, mid-grey to zero: then all bit depths round alike, at bit 16.
template <class D16>
HWY_INLINE hn::Vec<D16> LoadSample(D16 d16, const uint8_t* p, int) {
  const hn::Rebind<uint8_t, D16> d8;
  const auto x = hn::PromoteTo(d16, hn::LoadU(d8, p));
  return hn::Xor(hn::ShiftLeft<8>(x), hn::Set(d16, -32768));
}
template <class D16>
HWY_INLINE hn::Vec<D16> LoadSample(D16 d16, const uint16_t* p, int up) {
  const hn::Repartition<uint16_t, D16> du16;
  return hn::Xor(hn::BitCast(d16, hn::ShiftLeftSame(hn::LoadU(du16, p), up)), hn::Set(d16, -32768));
}

template <class Sample>
HWY_INLINE void Columns0(const Sample* const rows[4], const Columns& columns, int bit_depth, int16_t* low, int16_t* high) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const int up = 16 - bit_depth;
  const auto half = hn::Set(d32, 32768);
  const auto low01 = Pair(d16, kLow[0], kLow[1]), low23 = Pair(d16, kLow[2], kLow[3]);
  const auto high01 = Pair(d16, kHigh[0], kHigh[1]), high23 = Pair(d16, kHigh[2], kHigh[3]);
  HWY_ALIGN Sample tail[4][HWY_MAX_BYTES / 2];

  ForColumns(columns, lanes, [&](int x, auto want_low, auto want_high) HWY_ATTR {
    const Sample* p[4] = {rows[0] + x, rows[1] + x, rows[2] + x, rows[3] + x};
    if (x + lanes > columns.width) {  // nothing beyond the row's end is read
      for (int k = 0; k < 4; ++k) {
        std::memcpy(tail[k], p[k], static_cast<size_t>(columns.width - x) * sizeof(Sample));
        p[k] = tail[k];
      }
    }
    const auto x0 = LoadSample(d16, p[0], up), x1 = LoadSample(d16, p[1], up);
    const auto x2 = LoadSample(d16, p[2], up), x3 = LoadSample(d16, p[3], up);
    const auto lower01 = hn::InterleaveLower(d16, x0, x1), upper01 = hn::InterleaveUpper(d16, x0, x1);
    const auto lower23 = hn::InterleaveLower(d16, x2, x3), upper23 = hn::InterleaveUpper(d16, x2, x3);
    if constexpr (want_low) {
      const auto lower = MulPairAdd(d32, lower01, low01, MulPairAdd(d32, lower23, low23, half));
      const auto upper = MulPairAdd(d32, upper01, low01, MulPairAdd(d32, upper23, low23, half));
      hn::StoreU(hn::ReorderDemote2To(d16, hn::ShiftRight<16>(lower), hn::ShiftRight<16>(upper)), d16, low + x);
    }
    if constexpr (want_high) {
      const auto lower = MulPairAdd(d32, lower01, high01, MulPairAdd(d32, lower23, high23, half));
      const auto upper = MulPairAdd(d32, upper01, high01, MulPairAdd(d32, upper23, high23, half));
      hn::StoreU(hn::ReorderDemote2To(d16, hn::ShiftRight<16>(lower), hn::ShiftRight<16>(upper)), d16, high + x);
    }
  });
  Mirror(columns.low, columns.width, low);
  Mirror(columns.high, columns.width, high);
}

void Columns0Bytes(const uint8_t* const rows[4], const Columns& columns, int bit_depth, int16_t* low, int16_t* high) {
  Columns0(rows, columns, bit_depth, low, high);
}
void Columns0Words(const uint16_t* const rows[4], const Columns& columns, int bit_depth, int16_t* low, int16_t* high) {
  Columns0(rows, columns, bit_depth, low, high);
}

// Splits the 32-bit columns of interleaved blocks.
template <class D16, class V32>
HWY_INLINE void StoreSplit(D16 d16, V32 lower, V32 upper, SplitRow to, int x) {
  const hn::Repartition<int32_t, D16> d32;
  const auto low_bits = hn::Set(d32, 0xFFFF), bias = hn::Set(d32, 32768);
  hn::StoreU(hn::ReorderDemote2To(d16, hn::ShiftRight<16>(lower), hn::ShiftRight<16>(upper)), d16, to.high + x);
  hn::StoreU(hn::ReorderDemote2To(d16, hn::Sub(hn::And(lower, low_bits), bias), hn::Sub(hn::And(upper, low_bits), bias)),
             d16, to.low + x);
}

void Columns1(const int16_t* const rows[4], const Columns& columns, SplitRow low, SplitRow high) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto zero = hn::Zero(d32);
  const auto low01 = Pair(d16, kLow[0], kLow[1]), low23 = Pair(d16, kLow[2], kLow[3]);
  const auto high01 = Pair(d16, kHigh[0], kHigh[1]), high23 = Pair(d16, kHigh[2], kHigh[3]);

  ForColumns(columns, lanes, [&](int x, auto want_low, auto want_high) HWY_ATTR {
    const auto x0 = hn::LoadU(d16, rows[0] + x), x1 = hn::LoadU(d16, rows[1] + x);
    const auto x2 = hn::LoadU(d16, rows[2] + x), x3 = hn::LoadU(d16, rows[3] + x);
    const auto lower01 = hn::InterleaveLower(d16, x0, x1), upper01 = hn::InterleaveUpper(d16, x0, x1);
    const auto lower23 = hn::InterleaveLower(d16, x2, x3), upper23 = hn::InterleaveUpper(d16, x2, x3);
    if constexpr (want_low) {
      StoreSplit(d16, MulPairAdd(d32, lower01, low01, MulPairAdd(d32, lower23, low23, zero)),
                 MulPairAdd(d32, upper01, low01, MulPairAdd(d32, upper23, low23, zero)), low, x);
    }
    if constexpr (want_high) {
      StoreSplit(d16, MulPairAdd(d32, lower01, high01, MulPairAdd(d32, lower23, high23, zero)),
                 MulPairAdd(d32, upper01, high01, MulPairAdd(d32, upper23, high23, zero)), high, x);
    }
  });
  Mirror(columns.low, columns.width, low);
  Mirror(columns.high, columns.width, high);
}

// With x = 65536 h + l + 32768: (sum T x + 32768) >> 16 = sum T h + ((sum T l + 32768) >> 16) + sum T / 2.
void Columns2(const ConstSplitRow rows[4], const Columns& columns, SplitRow low, SplitRow high) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto half = hn::Set(d32, 32768), zero = hn::Zero(d32), bias = hn::Set(d32, kLowSum / 2);
  const auto low01 = Pair(d16, kLow[0], kLow[1]), low23 = Pair(d16, kLow[2], kLow[3]);
  const auto high01 = Pair(d16, kHigh[0], kHigh[1]), high23 = Pair(d16, kHigh[2], kHigh[3]);

  ForColumns(columns, lanes, [&](int x, auto want_low, auto want_high) HWY_ATTR {
    const auto h0 = hn::LoadU(d16, rows[0].high + x), h1 = hn::LoadU(d16, rows[1].high + x);
    const auto h2 = hn::LoadU(d16, rows[2].high + x), h3 = hn::LoadU(d16, rows[3].high + x);
    const auto l0 = hn::LoadU(d16, rows[0].low + x), l1 = hn::LoadU(d16, rows[1].low + x);
    const auto l2 = hn::LoadU(d16, rows[2].low + x), l3 = hn::LoadU(d16, rows[3].low + x);
    const auto hl01 = hn::InterleaveLower(d16, h0, h1), hu01 = hn::InterleaveUpper(d16, h0, h1);
    const auto hl23 = hn::InterleaveLower(d16, h2, h3), hu23 = hn::InterleaveUpper(d16, h2, h3);
    const auto ll01 = hn::InterleaveLower(d16, l0, l1), lu01 = hn::InterleaveUpper(d16, l0, l1);
    const auto ll23 = hn::InterleaveLower(d16, l2, l3), lu23 = hn::InterleaveUpper(d16, l2, l3);
    const auto filtered = [&](auto h01, auto h23, auto l01, auto l23, auto taps01, auto taps23, auto start) HWY_ATTR {
      return hn::Add(MulPairAdd(d32, h01, taps01, MulPairAdd(d32, h23, taps23, start)),
                     hn::ShiftRight<16>(MulPairAdd(d32, l01, taps01, MulPairAdd(d32, l23, taps23, half))));
    };
    if constexpr (want_low) {
      StoreSplit(d16, filtered(hl01, hl23, ll01, ll23, low01, low23, bias),
                 filtered(hu01, hu23, lu01, lu23, low01, low23, bias), low, x);
    }
    if constexpr (want_high) {
      StoreSplit(d16, filtered(hl01, hl23, ll01, ll23, high01, high23, zero),
                 filtered(hu01, hu23, lu01, lu23, high01, high23, zero), high, x);
    }
  });
  Mirror(columns.low, columns.width, low);
  Mirror(columns.high, columns.width, high);
}

// One row through one filter: outputs [begin, end) to out[0 ...].
template <class Taps>
HWY_INLINE void FilterRow0(const int16_t* row, Range range, const Taps& taps, int16_t* out) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const auto half = hn::Set(d32, 32768);
  const auto taps01 = Pair(d16, taps[0], taps[1]), taps23 = Pair(d16, taps[2], taps[3]);
  for (int j = range.begin; j < range.end; j += 2 * lanes) {
    const int16_t* p = row + 2 * j - 1;
    const auto first = MulPairAdd(d32, hn::LoadU(d16, p), taps01, MulPairAdd(d32, hn::LoadU(d16, p + 2), taps23, half));
    p += 2 * lanes;
    const auto second = MulPairAdd(d32, hn::LoadU(d16, p), taps01, MulPairAdd(d32, hn::LoadU(d16, p + 2), taps23, half));
    hn::StoreU(hn::ConcatOdd(d16, hn::BitCast(d16, second), hn::BitCast(d16, first)), d16, out + j - range.begin);
  }
}

void Rows0(const int16_t* low, const int16_t* high, const RowPlan& plan, int16_t* a, int16_t* const detail[kBands]) {
  FilterRow0(low, {0, plan.a_count}, kLow, a);
  FilterRow0(low, plan.detail, kHigh, detail[kV]);
  FilterRow0(high, plan.detail, kLow, detail[kH]);
  FilterRow0(high, plan.detail, kHigh, detail[kD]);
}

// (sum T x + 2^(shift-1)) >> shift of a split row, modulo 2^32. Shift 15:
// 2 sum T h + ((sum T l + 16384) >> 15) + sum T.
template <int kShift, class D16>
HWY_INLINE hn::Vec<hn::Repartition<int32_t, D16>> FilterSplit(D16 d16, ConstSplitRow row, int at, hn::Vec<D16> taps01,
                                                              hn::Vec<D16> taps23,
                                                              hn::Vec<hn::Repartition<int32_t, D16>> bias) {
  const hn::Repartition<int32_t, D16> d32;
  const auto zero = hn::Zero(d32), half = hn::Set(d32, 1 << (kShift - 1));
  auto high = MulPairAdd(d32, hn::LoadU(d16, row.high + at), taps01,
                         MulPairAdd(d32, hn::LoadU(d16, row.high + at + 2), taps23, zero));
  const auto low = MulPairAdd(d32, hn::LoadU(d16, row.low + at), taps01,
                              MulPairAdd(d32, hn::LoadU(d16, row.low + at + 2), taps23, half));
  if constexpr (kShift == 15) high = hn::Add(high, high);
  return hn::Add(hn::Add(high, bias), hn::ShiftRight<kShift>(low));
}

template <int kShift, class Taps>
HWY_INLINE void FilterRow1(ConstSplitRow row, Range range, const Taps& taps, int32_t* out) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const auto taps01 = Pair(d16, taps[0], taps[1]), taps23 = Pair(d16, taps[2], taps[3]);
  const int sum = taps[0] + taps[1] + taps[2] + taps[3];
  const auto bias = hn::Set(d32, kShift == 15 ? sum : sum / 2);
  for (int j = range.begin; j < range.end; j += lanes) {
    hn::StoreU(FilterSplit<kShift>(d16, row, 2 * j - 1, taps01, taps23, bias), d32, out + j - range.begin);
  }
}

template <int kShift>
HWY_INLINE void FilterRows1(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, SplitRow a,
                            int32_t* const detail[kBands]) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const auto taps01 = Pair(d16, kLow[0], kLow[1]), taps23 = Pair(d16, kLow[2], kLow[3]);
  const auto bias = hn::Set(d32, kShift == 15 ? kLowSum : kLowSum / 2);
  for (int j = 0; j < plan.a_count; j += 2 * lanes) {
    const auto first = hn::BitCast(d16, FilterSplit<kShift>(d16, low, 2 * j - 1, taps01, taps23, bias));
    const auto second = hn::BitCast(d16, FilterSplit<kShift>(d16, low, 2 * (j + lanes) - 1, taps01, taps23, bias));
    hn::StoreU(hn::ConcatOdd(d16, second, first), d16, a.high + j);
    hn::StoreU(hn::Xor(hn::ConcatEven(d16, second, first), hn::Set(d16, -32768)), d16, a.low + j);
  }
  FilterRow1<kShift>(low, plan.detail, kHigh, detail[kV]);
  FilterRow1<kShift>(high, plan.detail, kLow, detail[kH]);
  FilterRow1<kShift>(high, plan.detail, kHigh, detail[kD]);
}

void Rows1(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, int shift, SplitRow a, int32_t* const detail[kBands]) {
  if (shift == 15) {
    FilterRows1<15>(low, high, plan, a, detail);
  } else {
    FilterRows1<16>(low, high, plan, a, detail);
  }
}

#endif  // FOVEA_ADM_PLAIN

}  // namespace fovea::adm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::adm {

HWY_EXPORT(Columns0Bytes);
HWY_EXPORT(Columns0Words);
HWY_EXPORT(Columns1);
HWY_EXPORT(Columns2);
HWY_EXPORT(Rows0);
HWY_EXPORT(Rows1);

void columns0(const uint8_t* const rows[4], const Columns& columns, int bit_depth, int16_t* low, int16_t* high) {
  HWY_DYNAMIC_DISPATCH(Columns0Bytes)(rows, columns, bit_depth, low, high);
}
void columns0(const uint16_t* const rows[4], const Columns& columns, int bit_depth, int16_t* low, int16_t* high) {
  HWY_DYNAMIC_DISPATCH(Columns0Words)(rows, columns, bit_depth, low, high);
}
void columns1(const int16_t* const rows[4], const Columns& columns, SplitRow low, SplitRow high) {
  HWY_DYNAMIC_DISPATCH(Columns1)(rows, columns, low, high);
}
void columns2(const ConstSplitRow rows[4], const Columns& columns, SplitRow low, SplitRow high) {
  HWY_DYNAMIC_DISPATCH(Columns2)(rows, columns, low, high);
}
void rows0(const int16_t* low, const int16_t* high, const RowPlan& plan, int16_t* a, int16_t* const detail[kBands]) {
  HWY_DYNAMIC_DISPATCH(Rows0)(low, high, plan, a, detail);
}
void rows1(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, int shift, SplitRow a, int32_t* const detail[kBands]) {
  HWY_DYNAMIC_DISPATCH(Rows1)(low, high, plan, shift, a, detail);
}

}  // namespace fovea::adm
#endif
