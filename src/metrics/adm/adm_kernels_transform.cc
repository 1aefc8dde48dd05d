// SPDX-License-Identifier: BSD-2-Clause-Patent
// The wavelet. Filters are sums of products of 16-bit numbers: 32-bit rows are split in halves, and since
// rounding comes last the halves are filtered apart and joined exactly.
#include "metrics/adm/adm_kernels.h"

#include <cstring>
#include <type_traits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/adm/adm_kernels_transform.cc"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "metrics/adm/adm_simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::adm::HWY_NAMESPACE {

#if FOVEA_ADM_PLAIN

void Columns0Bytes(const uint8_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
                   int16_t* high) {
  columns0_ref(rows, columns, bit_depth, low, high);
}
void Columns0Words(const uint16_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
                   int16_t* high) {
  columns0_ref(rows, columns, bit_depth, low, high);
}
void Columns1(const int16_t* const rows[6], const Columns& columns, SplitRow low, SplitRow high) {
  columns1_ref(rows, columns, low, high);
}
void Columns2(const ConstSplitRow rows[6], const Columns& columns, SplitRow low, SplitRow high) {
  columns2_ref(rows, columns, low, high);
}
void Rows0(const int16_t* low, const int16_t* high, const RowPlan& plan, int16_t* a,
           int16_t* const detail[kBands]) {
  rows0_ref(low, high, plan, a, detail);
}
void Rows1(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, int shift, SplitRow a,
           int32_t* const detail[kBands]) {
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

// Calls body(range, want_high) for whole vectors of columns, up to three times: before, within and after the
// columns of the high filter. The flag is a compile-time constant. `high` lies within `low`.
template <class Body>
HWY_INLINE void ForColumns(const Columns& columns, int lanes, Body body) {
  const auto down = [lanes](int x) { return x / lanes * lanes; };
  const auto up = [lanes](int x) { return (x + lanes - 1) / lanes * lanes; };
  if (columns.low.begin >= columns.low.end) return;
  const Range low{down(columns.low.begin), up(columns.low.end)};
  if (columns.high.begin >= columns.high.end) {
    body(low, std::false_type{});
    return;
  }
  const Range high{down(columns.high.begin), up(columns.high.end)};
  body(Range{low.begin, high.begin}, std::false_type{});
  body(high, std::true_type{});
  body(Range{high.end, low.end}, std::false_type{});
}

// Bytes are taken as they are; mid-grey and rounding are in the start of the sums, which end at bit 8. Words
// are moved to the top of 16 bits and mid-grey to zero: then all their bit depths round alike, at bit 16.
template <class D16>
HWY_INLINE hn::Vec<D16> LoadSample(D16 d16, const uint8_t* p, int) {
  const hn::Rebind<uint8_t, D16> d8;
  return hn::PromoteTo(d16, hn::LoadU(d8, p));
}
template <class D16>
HWY_INLINE hn::Vec<D16> LoadSample(D16 d16, const uint16_t* p, int up) {
  const hn::Repartition<uint16_t, D16> du16;
  return hn::Xor(hn::BitCast(d16, hn::ShiftLeftSame(hn::LoadU(du16, p), up)), hn::Set(d16, -32768));
}

// Packs the upper or the lower halves of 32-bit columns whose blocks are interleaved (of `lower` and `upper`
// in turns).
template <class D16, class V32>
HWY_INLINE hn::Vec<D16> PackHigh(D16 d16, V32 lower, V32 upper) {
#if HWY_ARCH_X86 && HWY_MAX_BYTES == 64  // one permutation; Highway has none of two vectors
  alignas(64) static constexpr int16_t kOrder[32] = {1,  3,  5,  7,  33, 35, 37, 39, 9,  11, 13,
                                                     15, 41, 43, 45, 47, 17, 19, 21, 23, 49, 51,
                                                     53, 55, 25, 27, 29, 31, 57, 59, 61, 63};
  return hn::Vec<D16>{_mm512_permutex2var_epi16(lower.raw, _mm512_load_si512(kOrder), upper.raw)};
#else
  return hn::ReorderDemote2To(d16, hn::ShiftRight<16>(lower), hn::ShiftRight<16>(upper));
#endif
}
// The lower halves come out less 32768.
template <class D16, class V32>
HWY_INLINE hn::Vec<D16> PackLow(D16 d16, V32 lower, V32 upper) {
#if HWY_ARCH_X86 && HWY_MAX_BYTES == 64
  alignas(64) static constexpr int16_t kOrder[32] = {0,  2,  4,  6,  32, 34, 36, 38, 8,  10, 12,
                                                     14, 40, 42, 44, 46, 16, 18, 20, 22, 48, 50,
                                                     52, 54, 24, 26, 28, 30, 56, 58, 60, 62};
  return hn::Xor(hn::Vec<D16>{_mm512_permutex2var_epi16(lower.raw, _mm512_load_si512(kOrder), upper.raw)},
                 hn::Set(d16, -32768));
#else
  const hn::Repartition<int32_t, D16> d32;
  const auto bits = hn::Set(d32, 0xFFFF), bias = hn::Set(d32, 32768);
  return hn::ReorderDemote2To(d16, hn::Sub(hn::And(lower, bits), bias), hn::Sub(hn::And(upper, bits), bias));
#endif
}

template <class Sample>
HWY_INLINE void Columns0(const Sample* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
                         int16_t* high) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const int up = 16 - bit_depth;
  constexpr bool kBytes = sizeof(Sample) == 1;
  const auto low_start = hn::Set(d32, kBytes ? 128 - 128 * kLowSum : 32768),
             high_start = hn::Set(d32, kBytes ? 128 : 32768);
  const auto low01 = Pair(d16, kLow[0], kLow[1]), low23 = Pair(d16, kLow[2], kLow[3]);
  const auto high01 = Pair(d16, kHigh[0], kHigh[1]), high23 = Pair(d16, kHigh[2], kHigh[3]);
  HWY_ALIGN Sample tail[4][HWY_MAX_BYTES / 2];

  ForColumns(columns, lanes, [&](Range range, auto want_high) FOVEA_ADM_INLINE {
    const auto vector = [&](const Sample* p0, const Sample* p1, const Sample* p2, const Sample* p3,
                            int x) FOVEA_ADM_INLINE {
      const auto x0 = LoadSample(d16, p0, up), x1 = LoadSample(d16, p1, up);
      const auto x2 = LoadSample(d16, p2, up), x3 = LoadSample(d16, p3, up);
      const auto lower01 = hn::InterleaveLower(d16, x0, x1), upper01 = hn::InterleaveUpper(d16, x0, x1);
      const auto lower23 = hn::InterleaveLower(d16, x2, x3), upper23 = hn::InterleaveUpper(d16, x2, x3);
      const auto filter = [&](auto taps01, auto taps23, auto start) FOVEA_ADM_INLINE {
        const auto lower = MulPairAdd(d32, lower01, taps01, MulPairAdd(d32, lower23, taps23, start));
        const auto upper = MulPairAdd(d32, upper01, taps01, MulPairAdd(d32, upper23, taps23, start));
        if constexpr (kBytes)
          return hn::ReorderDemote2To(d16, hn::ShiftRight<8>(lower), hn::ShiftRight<8>(upper));
        return PackHigh(d16, lower, upper);
      };
      hn::StoreU(filter(low01, low23, low_start), d16, low + x);
      if constexpr (want_high) hn::StoreU(filter(high01, high23, high_start), d16, high + x);
    };
    int x = range.begin;
    for (; x < range.end && x + lanes <= columns.width; x += lanes) {
      hwy::Prefetch(rows[4] + x);
      hwy::Prefetch(rows[5] + x);
      vector(rows[0] + x, rows[1] + x, rows[2] + x, rows[3] + x, x);
    }
    if (x < range.end) {  // nothing beyond the row's end is read
      for (int k = 0; k < 4; ++k) {
        std::memcpy(tail[k], rows[k] + x, static_cast<size_t>(columns.width - x) * sizeof(Sample));
      }
      vector(tail[0], tail[1], tail[2], tail[3], x);
    }
  });
  Mirror(columns.low, columns.width, low);
  Mirror(columns.high, columns.width, high);
}

void Columns0Bytes(const uint8_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
                   int16_t* high) {
  Columns0(rows, columns, bit_depth, low, high);
}
void Columns0Words(const uint16_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
                   int16_t* high) {
  Columns0(rows, columns, bit_depth, low, high);
}

template <class D16, class V32>
HWY_INLINE void StoreSplit(D16 d16, V32 lower, V32 upper, SplitRow to, int x) {
  hn::StoreU(PackHigh(d16, lower, upper), d16, to.high + x);
  hn::StoreU(PackLow(d16, lower, upper), d16, to.low + x);
}

void Columns1(const int16_t* const rows[6], const Columns& columns, SplitRow low, SplitRow high) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto zero = hn::Zero(d32);
  const auto low01 = Pair(d16, kLow[0], kLow[1]), low23 = Pair(d16, kLow[2], kLow[3]);
  const auto high01 = Pair(d16, kHigh[0], kHigh[1]), high23 = Pair(d16, kHigh[2], kHigh[3]);

  ForColumns(columns, lanes, [&](Range range, auto want_high) FOVEA_ADM_INLINE {
    for (int x = range.begin; x < range.end; x += lanes) {
      hwy::Prefetch(rows[4] + x);
      hwy::Prefetch(rows[5] + x);
      const auto x0 = hn::LoadU(d16, rows[0] + x), x1 = hn::LoadU(d16, rows[1] + x);
      const auto x2 = hn::LoadU(d16, rows[2] + x), x3 = hn::LoadU(d16, rows[3] + x);
      const auto lower01 = hn::InterleaveLower(d16, x0, x1), upper01 = hn::InterleaveUpper(d16, x0, x1);
      const auto lower23 = hn::InterleaveLower(d16, x2, x3), upper23 = hn::InterleaveUpper(d16, x2, x3);
      StoreSplit(d16, MulPairAdd(d32, lower01, low01, MulPairAdd(d32, lower23, low23, zero)),
                 MulPairAdd(d32, upper01, low01, MulPairAdd(d32, upper23, low23, zero)), low, x);
      if constexpr (want_high) {
        StoreSplit(d16, MulPairAdd(d32, lower01, high01, MulPairAdd(d32, lower23, high23, zero)),
                   MulPairAdd(d32, upper01, high01, MulPairAdd(d32, upper23, high23, zero)), high, x);
      }
    }
  });
  Mirror(columns.low, columns.width, low);
  Mirror(columns.high, columns.width, high);
}

// With x = 65536 h + l + 32768: (sum T x + 32768) >> 16 = sum T h + ((sum T l + 32768) >> 16) + sum T / 2.
void Columns2(const ConstSplitRow rows[6], const Columns& columns, SplitRow low, SplitRow high) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto half = hn::Set(d32, 32768), zero = hn::Zero(d32), bias = hn::Set(d32, kLowSum / 2);
  const auto low01 = Pair(d16, kLow[0], kLow[1]), low23 = Pair(d16, kLow[2], kLow[3]);
  const auto high01 = Pair(d16, kHigh[0], kHigh[1]), high23 = Pair(d16, kHigh[2], kHigh[3]);

  ForColumns(columns, lanes, [&](Range range, auto want_high) FOVEA_ADM_INLINE {
    for (int x = range.begin; x < range.end; x += lanes) {
      const auto h0 = hn::LoadU(d16, rows[0].high + x), h1 = hn::LoadU(d16, rows[1].high + x);
      const auto h2 = hn::LoadU(d16, rows[2].high + x), h3 = hn::LoadU(d16, rows[3].high + x);
      const auto l0 = hn::LoadU(d16, rows[0].low + x), l1 = hn::LoadU(d16, rows[1].low + x);
      const auto l2 = hn::LoadU(d16, rows[2].low + x), l3 = hn::LoadU(d16, rows[3].low + x);
      const auto hl01 = hn::InterleaveLower(d16, h0, h1), hu01 = hn::InterleaveUpper(d16, h0, h1);
      const auto hl23 = hn::InterleaveLower(d16, h2, h3), hu23 = hn::InterleaveUpper(d16, h2, h3);
      const auto ll01 = hn::InterleaveLower(d16, l0, l1), lu01 = hn::InterleaveUpper(d16, l0, l1);
      const auto ll23 = hn::InterleaveLower(d16, l2, l3), lu23 = hn::InterleaveUpper(d16, l2, l3);
      const auto filtered = [&](auto h01, auto h23, auto l01, auto l23, auto taps01, auto taps23,
                                auto start) FOVEA_ADM_INLINE {
        return hn::Add(MulPairAdd(d32, h01, taps01, MulPairAdd(d32, h23, taps23, start)),
                       hn::ShiftRight<16>(MulPairAdd(d32, l01, taps01, MulPairAdd(d32, l23, taps23, half))));
      };
      StoreSplit(d16, filtered(hl01, hl23, ll01, ll23, low01, low23, bias),
                 filtered(hu01, hu23, lu01, lu23, low01, low23, bias), low, x);
      if constexpr (want_high) {
        StoreSplit(d16, filtered(hl01, hl23, ll01, ll23, high01, high23, zero),
                   filtered(hu01, hu23, lu01, lu23, high01, high23, zero), high, x);
      }
    }
  });
  Mirror(columns.low, columns.width, low);
  Mirror(columns.high, columns.width, high);
}

// Outputs of one row: of the low filter to low_out[j], of the high filter to high_out[j]; either may be null.
// Whole vectors are written.
template <bool kLowPass, bool kHighPass>
HWY_INLINE void FilterRow0(const int16_t* HWY_RESTRICT row, Range range, int16_t* HWY_RESTRICT low_out,
                           int16_t* HWY_RESTRICT high_out) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const auto half = hn::Set(d32, 32768);
  const auto low01 = Pair(d16, kLow[0], kLow[1]), low23 = Pair(d16, kLow[2], kLow[3]);
  const auto high01 = Pair(d16, kHigh[0], kHigh[1]), high23 = Pair(d16, kHigh[2], kHigh[3]);
  for (int j = range.begin; j < range.end; j += 2 * lanes) {
    const int16_t* p = row + 2 * j - 1;
    const auto a01 = hn::LoadU(d16, p), a23 = hn::LoadU(d16, p + 2);
    const auto b01 = hn::LoadU(d16, p + 2 * lanes), b23 = hn::LoadU(d16, p + 2 * lanes + 2);
    const auto filter = [&](auto taps01, auto taps23) FOVEA_ADM_INLINE {
      const auto a = MulPairAdd(d32, a01, taps01, MulPairAdd(d32, a23, taps23, half));
      const auto b = MulPairAdd(d32, b01, taps01, MulPairAdd(d32, b23, taps23, half));
      return hn::ConcatOdd(d16, hn::BitCast(d16, b), hn::BitCast(d16, a));
    };
    if constexpr (kLowPass) hn::StoreU(filter(low01, low23), d16, low_out + j);
    if constexpr (kHighPass) hn::StoreU(filter(high01, high23), d16, high_out + j);
  }
}

void Rows0(const int16_t* low, const int16_t* high, const RowPlan& plan, int16_t* a,
           int16_t* const detail[kBands]) {
  const Range d = plan.detail;
  if (d.begin >= d.end) {
    FilterRow0<true, false>(low, {0, plan.a_count}, a, nullptr);
    return;
  }
  if (plan.a_count > 0) {
    FilterRow0<true, false>(low, {0, d.begin}, a, nullptr);
    FilterRow0<true, true>(low, d, a, detail[kV] - d.begin);
    FilterRow0<true, false>(low, {d.end, plan.a_count}, a, nullptr);
  } else {
    FilterRow0<false, true>(low, d, nullptr, detail[kV] - d.begin);
  }
  FilterRow0<true, true>(high, d, detail[kH] - d.begin, detail[kD] - d.begin);
}

// (sum T x + 2^(shift-1)) >> shift of a split row, modulo 2^32. Shift 16 as for columns; shift 15:
// 2 (sum T h + sum T / 2) + ((sum T l + 16384) >> 15).
template <int kShift, bool kLowPass, bool kHighPass, class StoreLow>
HWY_INLINE void FilterRow1(ConstSplitRow row, Range range, StoreLow store_low,
                           int32_t* HWY_RESTRICT high_out) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  const auto zero = hn::Zero(d32), half = hn::Set(d32, 1 << (kShift - 1)),
             low_bias = hn::Set(d32, kLowSum / 2);
  const auto low01 = Pair(d16, kLow[0], kLow[1]), low23 = Pair(d16, kLow[2], kLow[3]);
  const auto high01 = Pair(d16, kHigh[0], kHigh[1]), high23 = Pair(d16, kHigh[2], kHigh[3]);
  for (int j = range.begin; j < range.end; j += 2 * lanes) {
    const int16_t* h = row.high + 2 * j - 1;
    const int16_t* l = row.low + 2 * j - 1;
    const auto h01 = hn::LoadU(d16, h), h23 = hn::LoadU(d16, h + 2), l01 = hn::LoadU(d16, l),
               l23 = hn::LoadU(d16, l + 2);
    h += 2 * lanes;
    l += 2 * lanes;
    const auto h45 = hn::LoadU(d16, h), h67 = hn::LoadU(d16, h + 2), l45 = hn::LoadU(d16, l),
               l67 = hn::LoadU(d16, l + 2);
    const auto filter = [&](auto ha, auto hb, auto la, auto lb, auto taps01, auto taps23,
                            auto bias) FOVEA_ADM_INLINE {
      auto upper = MulPairAdd(d32, ha, taps01, MulPairAdd(d32, hb, taps23, bias));
      if constexpr (kShift == 15) upper = hn::Add(upper, upper);
      return hn::Add(upper,
                     hn::ShiftRight<kShift>(MulPairAdd(d32, la, taps01, MulPairAdd(d32, lb, taps23, half))));
    };
    if constexpr (kLowPass) {
      store_low(j, filter(h01, h23, l01, l23, low01, low23, low_bias),
                filter(h45, h67, l45, l67, low01, low23, low_bias));
    }
    if constexpr (kHighPass) {
      hn::StoreU(filter(h01, h23, l01, l23, high01, high23, zero), d32, high_out + j);
      hn::StoreU(filter(h45, h67, l45, l67, high01, high23, zero), d32, high_out + j + lanes);
    }
  }
}

template <int kShift>
HWY_INLINE void FilterRows1(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, SplitRow a,
                            int32_t* const detail[kBands]) {
  const hn::ScalableTag<int16_t> d16;
  const hn::Repartition<int32_t, decltype(d16)> d32;
  const auto store_a = [=](int j, auto first, auto second) FOVEA_ADM_INLINE {
    const auto x = hn::BitCast(d16, first), y = hn::BitCast(d16, second);
    hn::StoreU(hn::ConcatOdd(d16, y, x), d16, a.high + j);
    hn::StoreU(hn::Xor(hn::ConcatEven(d16, y, x), hn::Set(d16, -32768)), d16, a.low + j);
  };
  const Range d = plan.detail;
  if (d.begin >= d.end) {
    FilterRow1<kShift, true, false>(low, {0, plan.a_count}, store_a, nullptr);
    return;
  }
  if (plan.a_count > 0) {
    FilterRow1<kShift, true, false>(low, {0, d.begin}, store_a, nullptr);
    FilterRow1<kShift, true, true>(low, d, store_a, detail[kV] - d.begin);
    FilterRow1<kShift, true, false>(low, {d.end, plan.a_count}, store_a, nullptr);
  } else {
    FilterRow1<kShift, false, true>(low, d, store_a, detail[kV] - d.begin);
  }
  int32_t* const h = detail[kH] - d.begin;
  const auto store_h = [=](int j, auto first, auto second) FOVEA_ADM_INLINE {
    hn::StoreU(first, d32, h + j);
    hn::StoreU(second, d32, h + j + hn::Lanes(d32));
  };
  FilterRow1<kShift, true, true>(high, d, store_h, detail[kD] - d.begin);
}

void Rows1(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, int shift, SplitRow a,
           int32_t* const detail[kBands]) {
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

void columns0(const uint8_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
              int16_t* high) {
  HWY_DYNAMIC_DISPATCH(Columns0Bytes)(rows, columns, bit_depth, low, high);
}
void columns0(const uint16_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
              int16_t* high) {
  HWY_DYNAMIC_DISPATCH(Columns0Words)(rows, columns, bit_depth, low, high);
}
void columns1(const int16_t* const rows[6], const Columns& columns, SplitRow low, SplitRow high) {
  HWY_DYNAMIC_DISPATCH(Columns1)(rows, columns, low, high);
}
void columns2(const ConstSplitRow rows[6], const Columns& columns, SplitRow low, SplitRow high) {
  HWY_DYNAMIC_DISPATCH(Columns2)(rows, columns, low, high);
}
void rows0(const int16_t* low, const int16_t* high, const RowPlan& plan, int16_t* a,
           int16_t* const detail[kBands]) {
  HWY_DYNAMIC_DISPATCH(Rows0)(low, high, plan, a, detail);
}
void rows1(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, int shift, SplitRow a,
           int32_t* const detail[kBands]) {
  HWY_DYNAMIC_DISPATCH(Rows1)(low, high, plan, shift, a, detail);
}

}  // namespace fovea::adm
#endif
