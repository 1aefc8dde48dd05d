// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
//
// A strip is done in tiles of columns, so that everything between the samples and the sums stays in the
// first-level cache. Down a tile, row by row:
//
// 1. Split. New source rows as floats, even and odd columns apart: the filters then need no shuffles.
// 2. Columns are filtered, then rows: the low-low row goes to its plane, detail into short rows.
// 3. Decouple. Weighted magnitudes of what is restored and what was added, and what they hide of their
//    neighbours.
// 4. Contrast of the row above, whose neighbourhood is now complete; cubes of four rows are kept,
// 5. and summed from left to right, a lane a row.
#include "metrics/float_adm/float_adm_kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/float_adm/float_adm_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/ordered_sums-inl.h"

#ifndef FOVEA_FLOAT_ADM_ONCE
#define FOVEA_FLOAT_ADM_ONCE
namespace fovea::float_adm {

// Columns of the bands that are summed at a time. One more on each side has detail, and the filter reads one
// pair of samples more: a multiple of every vector.
inline constexpr int kTile = 125;
inline constexpr int kFiltered = kTile + 3;
inline constexpr int kMaxLanes = 16;
static_assert(kFiltered % kMaxLanes == 0);
// Floats of a row of a tile, with a neighbour before it and what vectors read beyond it.
inline constexpr int kBefore = kMaxLanes;
inline constexpr int kRow = kBefore + kFiltered + kMaxLanes;
inline constexpr int kSourceRows = 4;  // of a picture that are kept
inline constexpr int kBlock = 4;       // rows that are summed at a time

// A source or filtered row: even columns 2j, and odd columns 2j - 1.
struct Halves {
  float* even;
  float* odd;
};

// What one row hides (`hidden`, of each neighbour) and its weighted magnitudes.
struct Parts {
  float* restored[kBands];
  float* additive[kBands];
  float* restored_hides[kBands];
  float* additive_hides[kBands];
};

// Rows in flight. Row y lives in slot y % 3, source row y in y % 4.
struct Distorted {
  Halves source[kSourceRows];
  Parts slot[3];
  float* terms;  // [2 * kBands][kBlock] rows: num, then aim
};
struct Work {
  Halves ref_source[kSourceRows];
  Halves low, high;
  float* o[kBands];
  float* t[kBands];
  float* den_terms;  // [kBands][kBlock] rows
  Distorted* dis;    // [dis_count]
};

// Hands out rows, or, without a Scratch, only adds up what they take.
class WorkAllocator {
 public:
  explicit WorkAllocator(Scratch* scratch) : scratch_(scratch) {}
  float* rows(int count) {
    float* first = take<float>(static_cast<size_t>(count) * kRow);
    return first == nullptr ? nullptr : first + kBefore;
  }
  Work work(int dis_count) {
    Work w{};
    for (Halves& h : w.ref_source) h = halves();
    w.low = halves();
    w.high = halves();
    for (int b = 0; b < kBands; ++b) {
      w.o[b] = rows(1);
      w.t[b] = rows(1);
    }
    w.den_terms = rows(kBands * kBlock);
    w.dis = take<Distorted>(static_cast<size_t>(dis_count));
    for (int k = 0; k < dis_count; ++k) {
      Distorted d{};
      for (Halves& h : d.source) h = halves();
      for (Parts& slot : d.slot) {
        for (auto* part : {&slot.restored, &slot.additive, &slot.restored_hides, &slot.additive_hides}) {
          for (float*& row : *part) row = rows(1);
        }
      }
      d.terms = rows(2 * kBands * kBlock);
      if (w.dis != nullptr) w.dis[k] = d;
    }
    return w;
  }
  size_t bytes() const { return bytes_; }

 private:
  Halves halves() {
    float* both = rows(2);
    return {both, both == nullptr ? nullptr : both + kRow};
  }
  template <class T>
  T* take(size_t count) {
    bytes_ += Scratch::bytes_for<T>(count);
    return scratch_ == nullptr ? nullptr : scratch_->take<T>(count);
  }

  Scratch* scratch_;
  size_t bytes_ = 0;
};

inline Range cut(Range a, Range b) {
  const Range r{std::max(a.begin, b.begin), std::min(a.end, b.end)};
  return r.empty() ? Range{} : r;
}

inline void power_row(float* row, int count, float p) {
  for (int i = 0; i < count; ++i) row[i] = std::pow(row[i], p);
}

}  // namespace fovea::float_adm
#endif

HWY_BEFORE_NAMESPACE();
namespace fovea::float_adm::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// For lambdas: GCC keeps large ones as functions, whose vectors then go through memory.
#undef FOVEA_FLOAT_ADM_INLINE
#define FOVEA_FLOAT_ADM_INLINE HWY_ATTR __attribute__((always_inline))

using DF = hn::CappedTag<float, kMaxLanes>;
using VF = hn::Vec<DF>;

HWY_INLINE int Step() {
  return static_cast<int>(hn::Lanes(DF()));
}

// ---- 1. split -----------------------------------------------------------------------------------------

#if HWY_TARGET != HWY_SCALAR
// Samples row[0], row[2], ... and row[1], row[3], ... of a vector's worth of pairs.
template <class Sample>
HWY_INLINE void LoadPairs(const Sample* row, const Source& source, VF& first, VF& second) {
  const DF d;
  if constexpr (sizeof(Sample) == 4) {
    hn::LoadInterleaved2(d, row, first, second);
    return;
  }
  const hn::RebindToSigned<DF> di;
  const auto centred = [&](auto samples) FOVEA_FLOAT_ADM_INLINE {
    return hn::ConvertTo(d, hn::Sub(samples, hn::Set(di, source.zero)));
  };
  if constexpr (sizeof(Sample) == 1) {
    const hn::Rebind<uint16_t, DF> d16;
    const hn::Repartition<uint8_t, decltype(d16)> d8;
    const auto pairs = hn::BitCast(d16, hn::LoadU(d8, row));
    first = centred(hn::PromoteTo(di, hn::And(pairs, hn::Set(d16, 255))));
    second = centred(hn::PromoteTo(di, hn::ShiftRight<8>(pairs)));
  }
  if constexpr (sizeof(Sample) == 2) {
    const hn::RebindToUnsigned<decltype(di)> du;
    const hn::Repartition<uint16_t, decltype(du)> d16;
    const auto pairs = hn::BitCast(du, hn::LoadU(d16, row));
    const auto unit = hn::Set(d, source.unit);
    first = hn::Mul(centred(hn::BitCast(di, hn::And(pairs, hn::Set(du, 0xffff)))), unit);
    second = hn::Mul(centred(hn::BitCast(di, hn::ShiftRight<16>(pairs))), unit);
  }
}
#endif

// Row y for the outputs in `columns`, and one pair of samples more.
template <class Sample>
void SplitRow(const Source& source, int y, Range columns, const Halves& out) {
  const Sample* row = source.view.template row<Sample>(y);
  const int width = source.view.width_px, count = columns.end - columns.begin + 1;
  const auto at = [&](int x) {
    const Sample v = row[adm::reflect(x, width)];
    if constexpr (sizeof(Sample) == 4) {
      return v;
    } else {
      return static_cast<float>(static_cast<int>(v) - source.zero) * source.unit;
    }
  };
  const auto put = [&](int i) {
    out.odd[i] = at(2 * (columns.begin + i) - 1);
    out.even[i] = at(2 * (columns.begin + i));
  };
  int i = 0;
  if (columns.begin == 0) put(i++);
#if HWY_TARGET != HWY_SCALAR
  const DF d;
  for (; i < count; i += Step()) {
    const int x = 2 * (columns.begin + i) - 1;
    if (x + 2 * Step() > width) break;
    auto odd = hn::Zero(d), even = odd;
    LoadPairs(row + x, source, odd, even);
    hn::StoreU(odd, d, out.odd + i);
    hn::StoreU(even, d, out.even + i);
  }
#endif
  for (; i < count; ++i) put(i);
}

void SplitRow(const Source& source, int y, Range columns, const Halves& out) {
  if (source.sample_bytes == 1) return SplitRow<uint8_t>(source, y, columns, out);
  if (source.sample_bytes == 2) return SplitRow<uint16_t>(source, y, columns, out);
  SplitRow<float>(source, y, columns, out);
}

// ---- 2. transform -------------------------------------------------------------------------------------

HWY_INLINE VF Filtered(const float (&taps)[4], VF x0, VF x1, VF x2, VF x3) {
  const DF d;
  auto sum = hn::Mul(x0, hn::Set(d, taps[0]));
  sum = hn::Add(sum, hn::Mul(x1, hn::Set(d, taps[1])));
  sum = hn::Add(sum, hn::Mul(x2, hn::Set(d, taps[2])));
  return hn::Add(sum, hn::Mul(x3, hn::Set(d, taps[3])));
}

template <bool kDetail>
void FilterColumns(const Halves* const rows[4], int count, const Halves& low, const Halves& high) {
  const DF d;
  const auto half = [&](const float* HWY_RESTRICT r0, const float* HWY_RESTRICT r1,
                        const float* HWY_RESTRICT r2, const float* HWY_RESTRICT r3,
                        float* HWY_RESTRICT to_low, float* HWY_RESTRICT to_high) FOVEA_FLOAT_ADM_INLINE {
    for (int i = 0; i < count; i += Step()) {
      const auto x0 = hn::Load(d, r0 + i), x1 = hn::Load(d, r1 + i), x2 = hn::Load(d, r2 + i),
                 x3 = hn::Load(d, r3 + i);
      hn::Store(Filtered(kLow, x0, x1, x2, x3), d, to_low + i);
      if (kDetail) hn::Store(Filtered(kHigh, x0, x1, x2, x3), d, to_high + i);
    }
  };
  half(rows[0]->even, rows[1]->even, rows[2]->even, rows[3]->even, low.even, high.even);
  half(rows[0]->odd, rows[1]->odd, rows[2]->odd, rows[3]->odd, low.odd, high.odd);
}

// Outputs begin .. end - 1 of the filtered rows: a[i], and detail from index 0.
template <bool kLowLow, bool kDetail>
void FilterRows(const Halves& low, const Halves& high, int begin, int end, float* HWY_RESTRICT a,
                float* const detail[kBands]) {
  const DF d;
  float* HWY_RESTRICT h = detail[kH];
  float* HWY_RESTRICT v = detail[kV];
  float* HWY_RESTRICT diagonal = detail[kD];
  for (int i = begin; i < end; i += Step()) {
    const auto l0 = hn::LoadU(d, low.odd + i), l1 = hn::LoadU(d, low.even + i);
    const auto l2 = hn::LoadU(d, low.odd + i + 1), l3 = hn::LoadU(d, low.even + i + 1);
    if (kLowLow) hn::StoreU(Filtered(kLow, l0, l1, l2, l3), d, a + i);
    if (!kDetail) continue;
    const auto h0 = hn::LoadU(d, high.odd + i), h1 = hn::LoadU(d, high.even + i);
    const auto h2 = hn::LoadU(d, high.odd + i + 1), h3 = hn::LoadU(d, high.even + i + 1);
    hn::Store(Filtered(kHigh, l0, l1, l2, l3), d, v + i - begin);
    hn::Store(Filtered(kLow, h0, h1, h2, h3), d, h + i - begin);
    hn::Store(Filtered(kHigh, h0, h1, h2, h3), d, diagonal + i - begin);
  }
}

// ---- 3. decouple --------------------------------------------------------------------------------------

// float(r * limit), the product in double.
HWY_INLINE VF TimesDouble(VF r, double limit) {
  const DF d;
#if HWY_TARGET == HWY_SCALAR
  return hn::Set(d, static_cast<float>(static_cast<double>(hn::GetLane(r)) * limit));
#else
  const hn::Half<DF> dh;
  const hn::Rebind<double, hn::Half<DF> > dd;
  const auto half = [&](auto part) FOVEA_FLOAT_ADM_INLINE {
    return hn::DemoteTo(dh, hn::Mul(hn::PromoteTo(dd, part), hn::Set(dd, limit)));
  };
  return hn::Combine(d, half(hn::UpperHalf(dh, r)), half(hn::LowerHalf(dh, r)));
#endif
}

// The definition narrows min(r * limit, t) to float; as rounding keeps the order, the product may be narrowed
// first. kFloatLimit: the limit is a float, so that a product of floats is that already.
template <bool kFloatLimit>
void Decouple(const float* const o_rows[kBands], const float* const t_rows[kBands], int count,
              const Scoring& scoring, const Parts& out) {
  const DF d;
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const auto limit = hn::Set(d, static_cast<float>(scoring.gain_limit));
  for (int i = 0; i < count; i += Step()) {
    const auto oh = hn::Load(d, o_rows[kH] + i), ov = hn::Load(d, o_rows[kV] + i);
    const auto th = hn::Load(d, t_rows[kH] + i), tv = hn::Load(d, t_rows[kV] + i);
    const auto p = hn::Add(hn::Mul(oh, th), hn::Mul(ov, tv));
    const auto u = hn::Add(hn::Mul(oh, oh), hn::Mul(ov, ov));
    const auto v = hn::Add(hn::Mul(th, th), hn::Mul(tv, tv));
    const auto enhanced =
        hn::And(hn::Ge(p, zero), hn::Ge(hn::Mul(p, p), hn::Mul(hn::Mul(hn::Set(d, kCosSquared), u), v)));
    const auto split = [&](int b, VF o, VF t) FOVEA_FLOAT_ADM_INLINE {
      const auto gain = hn::Min(hn::Max(hn::Div(t, hn::Add(o, hn::Set(d, kTiny))), zero), one);
      auto r = hn::Mul(gain, o);
      const auto stronger = kFloatLimit ? hn::Mul(r, limit) : TimesDouble(r, scoring.gain_limit);
      const auto limited = hn::IfThenElse(hn::Gt(r, zero), hn::Min(stronger, t), hn::Max(stronger, t));
      r = hn::IfThenElse(hn::And(enhanced, hn::Ne(r, zero)), limited, r);
      const auto csf = hn::Set(d, scoring.csf[b]), hides = hn::Set(d, kNeighbour);
      const auto restored = hn::Abs(hn::Mul(csf, r)), additive = hn::Abs(hn::Mul(csf, hn::Sub(t, r)));
      hn::Store(restored, d, out.restored[b] + i);
      hn::Store(additive, d, out.additive[b] + i);
      hn::Store(hn::Mul(hides, restored), d, out.restored_hides[b] + i);
      hn::Store(hn::Mul(hides, additive), d, out.additive_hides[b] + i);
    };
    split(kH, oh, th);
    split(kV, ov, tv);
    split(kD, hn::Load(d, o_rows[kD] + i), hn::Load(d, t_rows[kD] + i));
  }
}

// The 3x3 neighbourhood beyond the bands' left and right borders.
void Mirror(const Parts& parts, int count, bool at_left, bool at_right) {
  for (const auto* rows : {&parts.restored_hides, &parts.additive_hides}) {
    for (float* row : *rows) {
      if (at_left) row[-1] = row[1];
      if (at_right) row[count] = row[count - 1];
    }
  }
}

// ---- 4. contrast --------------------------------------------------------------------------------------

// What is hidden at i, i + 1, ... by the magnitudes of one band and by what it hides in three rows.
HWY_INLINE VF Threshold(const float* magnitude, const float* above, const float* beside, const float* below,
                        int i) {
  const DF d;
  auto sum = hn::Mul(hn::Set(d, kCentre), hn::LoadU(d, magnitude + i));
  for (const float* at : {above + i - 1, above + i, above + i + 1, beside + i - 1, beside + i + 1,
                          below + i - 1, below + i, below + i + 1}) {
    sum = hn::Add(sum, hn::LoadU(d, at));
  }
  return sum;
}

HWY_INLINE VF Cube(VF x) {
  return hn::Mul(hn::Mul(x, x), x);
}

// What is seen of columns begin .. begin + count - 1 of the middle one of three rows. Terms of one band and
// kind are kBlock rows away from those of the next, from column 0; those beyond `count` become 0.
template <bool kMasking, bool kCubes>
void Contrast(const Parts* const rows[3], int begin, int count, float* HWY_RESTRICT terms) {
  const DF d;
  for (int x = 0; x < count; x += Step()) {
    const int i = begin + x;
    auto by_restored = hn::Zero(d), by_additive = by_restored;
    for (int b = 0; kMasking && b < kBands; ++b) {
      by_restored =
          hn::Add(by_restored, Threshold(rows[1]->restored[b], rows[0]->restored_hides[b],
                                         rows[1]->restored_hides[b], rows[2]->restored_hides[b], i));
      by_additive =
          hn::Add(by_additive, Threshold(rows[1]->additive[b], rows[0]->additive_hides[b],
                                         rows[1]->additive_hides[b], rows[2]->additive_hides[b], i));
    }
    const auto wanted = hn::FirstN(d, static_cast<size_t>(count - x));
    const auto put = [&](const float* magnitude, VF hidden, int kind) FOVEA_FLOAT_ADM_INLINE {
      const auto seen = hn::Max(hn::Sub(hn::LoadU(d, magnitude + i), hidden), hn::Zero(d));
      hn::Store(hn::IfThenElseZero(wanted, kCubes ? Cube(seen) : seen), d, terms + kind * kBlock * kRow + x);
    };
    for (int b = 0; b < kBands; ++b) {
      put(rows[1]->restored[b], by_additive, b);
      put(rows[1]->additive[b], by_restored, kBands + b);
    }
  }
}

void Contrast(const Parts* const rows[3], int begin, int count, const Scoring& scoring, float* terms) {
  if (scoring.p_norm == 3.0f) {
    scoring.masking ? Contrast<true, true>(rows, begin, count, terms)
                    : Contrast<false, true>(rows, begin, count, terms);
    return;
  }
  scoring.masking ? Contrast<true, false>(rows, begin, count, terms)
                  : Contrast<false, false>(rows, begin, count, terms);
  for (int kind = 0; kind < 2 * kBands; ++kind)
    power_row(terms + kind * kBlock * kRow, count, scoring.p_norm);
}

// The same of the reference's own detail.
void Energy(const float* const o_rows[kBands], int begin, int count, const Scoring& scoring, float* terms) {
  const DF d;
  const bool cubes = scoring.p_norm == 3.0f;
  for (int b = 0; b < kBands; ++b) {
    float* HWY_RESTRICT out = terms + b * kBlock * kRow;
    const float* HWY_RESTRICT o = o_rows[b] + begin;
    const auto csf = hn::Set(d, scoring.csf[b]);
    for (int x = 0; x < count; x += Step()) {
      const auto c = hn::Abs(hn::Mul(csf, hn::LoadU(d, o + x)));
      const auto wanted = hn::FirstN(d, static_cast<size_t>(count - x));
      hn::Store(hn::IfThenElseZero(wanted, cubes ? Cube(c) : c), d, out + x);
    }
    if (!cubes) power_row(out, count, scoring.p_norm);
  }
}

// ---- 5. sums ------------------------------------------------------------------------------------------

// Adds the terms of rows y .. y + count - 1 of `kKinds` sums to theirs. Up to the next whole vector, terms
// beyond the last are zeros.
template <int kKinds>
void AddTerms(const float* terms, int columns, int y, int count, float* const (&sums)[kKinds]) {
  HWY_ALIGN float block[kKinds * kBlock] = {};
  columns = static_cast<int>(round_up(columns, std::min(4, Step())));
  for (int k = 0; k < kKinds; ++k) std::copy_n(sums[k] + y, count, block + k * kBlock);
  fovea::HWY_NAMESPACE::AddRowsInOrder<kKinds>(terms, kRow, columns, block);
  for (int k = 0; k < kKinds; ++k) std::copy_n(block + k * kBlock, count, sums[k] + y);
}

// ---- strip --------------------------------------------------------------------------------------------

class Tile {
 public:
  // `own`: columns of the low-low band, if there is a next scale.
  Tile(const Strip& strip, const Work& work, Range own)
      : s_(strip), g_(*strip.bands), work_(work), own_(own) {
    detail_rows_ = s_.detail_rows();
    summed_rows_ = s_.summed_rows();
    if (!summed_rows_.empty()) summed_ = cut(own, {g_.left, g_.right});
    if (!summed_.empty()) detail_ = {std::max(summed_.begin - 1, 0), std::min(summed_.end + 1, g_.width)};
    has_low_ = s_.low_ref.data != nullptr;
    columns_ = !has_low_         ? detail_
               : detail_.empty() ? own
                                 : Range{std::min(own.begin, detail_.begin), std::max(own.end, detail_.end)};
    float_limit_ =
        static_cast<double>(static_cast<float>(s_.scoring != nullptr ? s_.scoring->gain_limit : 0)) ==
        (s_.scoring != nullptr ? s_.scoring->gain_limit : 0);
  }

  void Run() {
    if (columns_.empty()) return;
    const bool has_detail = !detail_.empty();
    const Range rows = !has_low_     ? detail_rows_
                       : !has_detail ? s_.rows
                                     : Range{std::min(s_.rows.begin, detail_rows_.begin),
                                             std::max(s_.rows.end, detail_rows_.end)};
    int loaded = std::max(2 * rows.begin - 1, 0);  // source rows before it are there
    for (int y = rows.begin; y < rows.end; ++y) {
      const bool is_own = has_low_ && y >= s_.rows.begin && y < s_.rows.end;
      const bool is_detail = has_detail && y >= detail_rows_.begin && y < detail_rows_.end;
      const Range fresh{loaded, std::min(2 * y + 3, g_.src_height)};
      loaded = std::max(loaded, fresh.end);
      Transform(s_.ref, work_.ref_source, s_.low_ref, fresh, y, is_own, is_detail, work_.o);
      if (is_detail) AddEnergy(y);
      for (int k = 0; k < s_.dis_count; ++k) {
        Distorted& dis = work_.dis[k];
        Transform(s_.dis[k], dis.source, has_low_ ? s_.low_dis[k] : LowPlane{}, fresh, y, is_own, is_detail,
                  work_.t);
        if (!is_detail) continue;
        const Parts& parts = dis.slot[y % 3];
        const int count = detail_.end - detail_.begin;
        float_limit_ ? Decouple<true>(work_.o, work_.t, count, *s_.scoring, parts)
                     : Decouple<false>(work_.o, work_.t, count, *s_.scoring, parts);
        Mirror(parts, count, detail_.begin == 0, detail_.end == g_.width);
        AddContrast(y - 1, k);
        if (y + 1 == g_.height) AddContrast(y, k);
      }
    }
  }

 private:
  void Transform(const Source& source, const Halves (&slots)[kSourceRows], const LowPlane& plane, Range fresh,
                 int y, bool is_own, bool is_detail, float* const (&detail)[kBands]) const {
    for (int row = fresh.begin; row < fresh.end; ++row)
      SplitRow(source, row, columns_, slots[row % kSourceRows]);
    const Halves* rows[4];
    for (int k = 0; k < 4; ++k) rows[k] = &slots[adm::reflect(2 * y - 1 + k, g_.src_height) % kSourceRows];
    const int count = columns_.end - columns_.begin + 1;
    is_detail ? FilterColumns<true>(rows, count, work_.low, work_.high)
              : FilterColumns<false>(rows, count, work_.low, work_.high);
    float* a = is_own ? plane.data + y * plane.stride + columns_.begin : nullptr;
    const int end = columns_.end - columns_.begin;
    if (!is_detail) return FilterRows<true, false>(work_.low, work_.high, 0, end, a, detail);
    const int detail_begin = detail_.begin - columns_.begin, detail_end = detail_.end - columns_.begin;
    if (!is_own) return FilterRows<false, true>(work_.low, work_.high, detail_begin, detail_end, a, detail);
    FilterRows<true, false>(work_.low, work_.high, 0, detail_begin, a, detail);
    FilterRows<true, true>(work_.low, work_.high, detail_begin, detail_end, a, detail);
    FilterRows<true, false>(work_.low, work_.high, detail_end, end, a, detail);
  }

  bool IsSummed(int y) const { return y >= summed_rows_.begin && y < summed_rows_.end; }
  // Which of its block row y is, and whether the block is complete with it.
  int RowOfBlock(int y) const { return (y - summed_rows_.begin) % kBlock; }
  bool EndsBlock(int y) const { return RowOfBlock(y) == kBlock - 1 || y + 1 == summed_rows_.end; }

  void AddEnergy(int y) const {
    if (!IsSummed(y)) return;
    const int row = RowOfBlock(y), count = summed_.end - summed_.begin;
    Energy(work_.o, summed_.begin - detail_.begin, count, *s_.scoring, work_.den_terms + row * kRow);
    if (EndsBlock(y)) AddTerms<kBands>(work_.den_terms, count, y - row, row + 1, s_.den.band);
  }

  void AddContrast(int y, int k) const {
    if (!IsSummed(y)) return;
    const Distorted& dis = work_.dis[k];
    const Parts* rows[3];
    for (int i = 0; i < 3; ++i) rows[i] = &dis.slot[adm::reflect(y - 1 + i, g_.height) % 3];
    const int row = RowOfBlock(y), count = summed_.end - summed_.begin;
    Contrast(rows, summed_.begin - detail_.begin, count, *s_.scoring, dis.terms + row * kRow);
    if (!EndsBlock(y)) return;
    const DistortedSums& sums = s_.sums[k];
    float* all[2 * kBands];
    std::copy_n(sums.num.band, kBands, all);
    std::copy_n(sums.aim.band, kBands, all + kBands);
    AddTerms<2 * kBands>(dis.terms, count, y - row, row + 1, all);
  }

  const Strip& s_;
  const BandGeometry& g_;
  const Work& work_;
  Range own_, summed_{}, detail_{}, columns_{};
  Range detail_rows_, summed_rows_;
  bool has_low_ = false, float_limit_ = true;
};

void RunStrip(const Strip& strip, Scratch& scratch) {
  const Work work = WorkAllocator(&scratch).work(strip.dis_count);
  const Range summed = strip.summed_rows();
  const auto clear = [&](const RowSums& sums) {
    for (float* band : sums.band) std::fill(band + summed.begin, band + summed.end, 0.0f);
  };
  if (!summed.empty()) {
    clear(strip.den);
    for (int k = 0; k < strip.dis_count; ++k) {
      clear(strip.sums[k].num);
      clear(strip.sums[k].aim);
    }
  }
  const int width = strip.bands->width;
  for (int x = 0; x < width; x += kTile) Tile(strip, work, {x, std::min(x + kTile, width)}).Run();
}

}  // namespace fovea::float_adm::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::float_adm {

HWY_EXPORT(RunStrip);

void run_strip(const Strip& strip, Scratch& scratch) {
  HWY_DYNAMIC_DISPATCH(RunStrip)(strip, scratch);
}

size_t strip_scratch_bytes(int dis_count) {
  WorkAllocator allocator(nullptr);
  allocator.work(dis_count);
  return allocator.bytes();
}

}  // namespace fovea::float_adm
#endif
