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
#include "hwy/cache_control.h"
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
inline constexpr int kRowsAhead = 14;  // of which source rows are brought near
inline constexpr int kBlock = 4;       // rows that are summed at a time

// Rows that belong together stand kRow floats apart, so that one pointer leads to all of them.
// A source or filtered row is two: even columns 2j, and odd columns 2j - 1.
inline constexpr int kEven = 0, kOdd = kRow, kHalves = 2;
// Three rows of each: weighted magnitudes, and what they hide of a neighbour.
inline constexpr int kRestored = 0, kAdditive = 3 * kRow, kRestoredHides = 6 * kRow,
                     kAdditiveHides = 9 * kRow;
inline constexpr int kParts = 12;
// Terms: kBlock rows of each band.
inline constexpr int kTermRows = kBands * kBlock;

// One picture on its way through the wavelet.
struct Transformed {
  float* source[kSourceRows];  // row y in slot y % 4
  float* low;
  float* high;
  float* detail;  // [kBands]
};
struct Distorted {
  Transformed wavelet;
  float* parts[3];  // row y in slot y % 3
  float* terms;     // num, then aim
};
struct Work {
  Transformed ref;
  float* terms;    // den
  Distorted* dis;  // [dis_count]
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
    w.ref = transformed();
    w.terms = rows(kTermRows);
    w.dis = take<Distorted>(static_cast<size_t>(dis_count));
    for (int k = 0; k < dis_count; ++k) {
      Distorted d{};
      d.wavelet = transformed();
      for (float*& parts : d.parts) parts = rows(kParts);
      d.terms = rows(2 * kTermRows);
      if (w.dis != nullptr) w.dis[k] = d;
    }
    return w;
  }
  size_t bytes() const { return bytes_; }

 private:
  Transformed transformed() {
    Transformed t{};
    for (float*& row : t.source) row = rows(kHalves);
    t.low = rows(kHalves);
    t.high = rows(kHalves);
    t.detail = rows(kBands);
    return t;
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

// Brings near what a tile will read of row y: too short a piece for the CPU to foresee.
inline void prefetch_row(const Source& source, int y, Range columns) {
  if (y >= source.view.height_px) return;
  constexpr int kLine = 64;
  const uint8_t* row = source.view.row_bytes(y);
  const int begin = 2 * columns.begin * source.sample_bytes;
  const int end = std::min(2 * columns.end + 1, source.view.width_px) * source.sample_bytes;
  for (int i = begin; i < end; i += kLine) hwy::Prefetch(row + i);
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
HWY_INLINE void LoadPairs(const Sample* row, int zero, float unit_float, VF& first, VF& second) {
  const DF d;
  if constexpr (sizeof(Sample) == 4) {
    hn::LoadInterleaved2(d, row, first, second);
    return;
  }
  const hn::RebindToSigned<DF> di;
  const auto centred = [&](auto samples) FOVEA_FLOAT_ADM_INLINE {
    return hn::ConvertTo(d, hn::Sub(samples, hn::Set(di, zero)));
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
    const auto unit = hn::Set(d, unit_float);
    first = hn::Mul(centred(hn::BitCast(di, hn::And(pairs, hn::Set(du, 0xffff)))), unit);
    second = hn::Mul(centred(hn::BitCast(di, hn::ShiftRight<16>(pairs))), unit);
  }
}
#endif

// Row y for the outputs in `columns`, and one pair of samples more.
template <class Sample>
void SplitRow(const Source& source, int y, Range columns, float* HWY_RESTRICT out) {
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
    out[kOdd + i] = at(2 * (columns.begin + i) - 1);
    out[kEven + i] = at(2 * (columns.begin + i));
  };
  int i = 0;
  if (columns.begin == 0) put(i++);
#if HWY_TARGET != HWY_SCALAR
  const DF d;
  const int zero = source.zero;
  const float unit = source.unit;
  for (; i < count; i += Step()) {
    const int x = 2 * (columns.begin + i) - 1;
    if (x + 2 * Step() > width) break;
    auto odd = hn::Zero(d), even = odd;
    LoadPairs(row + x, zero, unit, odd, even);
    hn::StoreU(odd, d, out + kOdd + i);
    hn::StoreU(even, d, out + kEven + i);
  }
#endif
  for (; i < count; ++i) put(i);
}

void SplitRow(const Source& source, int y, Range columns, float* HWY_RESTRICT out) {
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
void FilterColumns(const float* const rows[4], int count, float* HWY_RESTRICT low, float* HWY_RESTRICT high) {
  const DF d;
  const float* HWY_RESTRICT r0 = rows[0];
  const float* HWY_RESTRICT r1 = rows[1];
  const float* HWY_RESTRICT r2 = rows[2];
  const float* HWY_RESTRICT r3 = rows[3];
  for (int i = 0; i < count; i += Step()) {
    for (const int at : {i + kEven, i + kOdd}) {
      const auto x0 = hn::Load(d, r0 + at), x1 = hn::Load(d, r1 + at);
      const auto x2 = hn::Load(d, r2 + at), x3 = hn::Load(d, r3 + at);
      hn::Store(Filtered(kLow, x0, x1, x2, x3), d, low + at);
      if (kDetail) hn::Store(Filtered(kHigh, x0, x1, x2, x3), d, high + at);
    }
  }
}

// Outputs begin .. end - 1 of the filtered rows: a[i], and detail from index 0.
template <bool kLowLow, bool kDetail>
void FilterRows(const float* HWY_RESTRICT low, const float* HWY_RESTRICT high, int begin, int end,
                float* HWY_RESTRICT a, float* HWY_RESTRICT detail) {
  const DF d;
  for (int i = begin; i < end; i += Step()) {
    const auto l0 = hn::LoadU(d, low + kOdd + i), l1 = hn::LoadU(d, low + kEven + i);
    const auto l2 = hn::LoadU(d, low + kOdd + i + 1), l3 = hn::LoadU(d, low + kEven + i + 1);
    if (kLowLow) hn::StoreU(Filtered(kLow, l0, l1, l2, l3), d, a + i);
    if (!kDetail) continue;
    const auto h0 = hn::LoadU(d, high + kOdd + i), h1 = hn::LoadU(d, high + kEven + i);
    const auto h2 = hn::LoadU(d, high + kOdd + i + 1), h3 = hn::LoadU(d, high + kEven + i + 1);
    float* HWY_RESTRICT out = detail + i - begin;
    hn::Store(Filtered(kHigh, l0, l1, l2, l3), d, out + kV * kRow);
    hn::Store(Filtered(kLow, h0, h1, h2, h3), d, out + kH * kRow);
    hn::Store(Filtered(kHigh, h0, h1, h2, h3), d, out + kD * kRow);
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
void Decouple(const float* HWY_RESTRICT o_rows, const float* HWY_RESTRICT t_rows, int count,
              const Scoring& scoring, float* HWY_RESTRICT parts) {
  const DF d;
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  const double limit = scoring.gain_limit;
  const auto float_limit = hn::Set(d, static_cast<float>(limit)), hides = hn::Set(d, kNeighbour);
  const auto straight = hn::Set(d, scoring.csf[kH]), diagonal = hn::Set(d, scoring.csf[kD]);
  for (int i = 0; i < count; i += Step()) {
    const auto oh = hn::Load(d, o_rows + kH * kRow + i), ov = hn::Load(d, o_rows + kV * kRow + i);
    const auto th = hn::Load(d, t_rows + kH * kRow + i), tv = hn::Load(d, t_rows + kV * kRow + i);
    const auto p = hn::Add(hn::Mul(oh, th), hn::Mul(ov, tv));
    const auto u = hn::Add(hn::Mul(oh, oh), hn::Mul(ov, ov));
    const auto v = hn::Add(hn::Mul(th, th), hn::Mul(tv, tv));
    const auto enhanced =
        hn::And(hn::Ge(p, zero), hn::Ge(hn::Mul(p, p), hn::Mul(hn::Mul(hn::Set(d, kCosSquared), u), v)));
    const auto split = [&](int band, VF csf, VF o, VF t) FOVEA_FLOAT_ADM_INLINE {
      const auto gain = hn::Min(hn::Max(hn::Div(t, hn::Add(o, hn::Set(d, kTiny))), zero), one);
      auto r = hn::Mul(gain, o);
      const auto stronger = kFloatLimit ? hn::Mul(r, float_limit) : TimesDouble(r, limit);
      const auto limited = hn::IfThenElse(hn::Gt(r, zero), hn::Min(stronger, t), hn::Max(stronger, t));
      r = hn::IfThenElse(hn::And(enhanced, hn::Ne(r, zero)), limited, r);
      const auto restored = hn::Abs(hn::Mul(csf, r)), additive = hn::Abs(hn::Mul(csf, hn::Sub(t, r)));
      float* HWY_RESTRICT out = parts + band * kRow + i;
      hn::Store(restored, d, out + kRestored);
      hn::Store(additive, d, out + kAdditive);
      hn::Store(hn::Mul(hides, restored), d, out + kRestoredHides);
      hn::Store(hn::Mul(hides, additive), d, out + kAdditiveHides);
    };
    split(kH, straight, oh, th);
    split(kV, straight, ov, tv);
    split(kD, diagonal, hn::Load(d, o_rows + kD * kRow + i), hn::Load(d, t_rows + kD * kRow + i));
  }
}

// The 3x3 neighbourhood beyond the bands' left and right borders.
void Mirror(float* parts, int count, bool at_left, bool at_right) {
  for (const int hides : {kRestoredHides, kAdditiveHides}) {
    for (int b = 0; b < kBands; ++b) {
      float* row = parts + hides + b * kRow;
      if (at_left) row[-1] = row[1];
      if (at_right) row[count] = row[count - 1];
    }
  }
}

// ---- 4. contrast --------------------------------------------------------------------------------------

// What is hidden at a place by the magnitudes of one band, and by what it hides in three rows.
HWY_INLINE VF Threshold(const float* magnitude, const float* above, const float* beside, const float* below) {
  const DF d;
  const auto add = [&](VF sum, const float* at)
                       FOVEA_FLOAT_ADM_INLINE { return hn::Add(sum, hn::LoadU(d, at)); };
  auto sum = hn::Mul(hn::Set(d, kCentre), hn::Load(d, magnitude));
  sum = add(add(add(sum, above - 1), above), above + 1);
  sum = add(add(sum, beside - 1), beside + 1);
  return add(add(add(sum, below - 1), below), below + 1);
}

HWY_INLINE VF Cube(VF x) {
  return hn::Mul(hn::Mul(x, x), x);
}

// Lanes of the vector at i that lie in `range`; a vector begins at most once before it.
HWY_INLINE hn::Mask<DF> Within(int i, Range range) {
  const DF d;
  const auto up_to_end = hn::FirstN(d, static_cast<size_t>(range.end - i));
  return i >= range.begin ? up_to_end
                          : hn::AndNot(hn::FirstN(d, static_cast<size_t>(range.begin - i)), up_to_end);
}

// What is seen of the middle one of three rows of parts. Terms before and, up to the next whole vector, after
// `range` become 0.
template <bool kMasking, bool kCubes>
void Contrast(const float* HWY_RESTRICT above, const float* HWY_RESTRICT beside,
              const float* HWY_RESTRICT below, Range range, float* HWY_RESTRICT terms) {
  const DF d;
  for (int i = 0; i < range.end; i += Step()) {
    // Over the bands, what the magnitudes at `part` hide.
    const auto hidden = [&](int part, int hides) FOVEA_FLOAT_ADM_INLINE {
      const auto by_band = [&](int b) FOVEA_FLOAT_ADM_INLINE {
        const int at = hides + b * kRow + i;
        return Threshold(beside + part + b * kRow + i, above + at, beside + at, below + at);
      };
      if (!kMasking) return hn::Zero(d);
      return hn::Add(hn::Add(by_band(kH), by_band(kV)), by_band(kD));
    };
    const auto by_restored = hidden(kRestored, kRestoredHides),
               by_additive = hidden(kAdditive, kAdditiveHides);
    const auto wanted = Within(i, range);
    const auto put = [&](int part, VF threshold, int kind) FOVEA_FLOAT_ADM_INLINE {
      const auto seen = hn::Max(hn::Sub(hn::Load(d, beside + part + i), threshold), hn::Zero(d));
      hn::Store(hn::IfThenElseZero(wanted, kCubes ? Cube(seen) : seen), d, terms + kind * kBlock * kRow + i);
    };
    put(kRestored + kH * kRow, by_additive, kH);
    put(kRestored + kV * kRow, by_additive, kV);
    put(kRestored + kD * kRow, by_additive, kD);
    put(kAdditive + kH * kRow, by_restored, kBands + kH);
    put(kAdditive + kV * kRow, by_restored, kBands + kV);
    put(kAdditive + kD * kRow, by_restored, kBands + kD);
  }
}

void Contrast(const float* above, const float* beside, const float* below, Range range,
              const Scoring& scoring, float* terms) {
  if (scoring.p_norm == 3.0f) {
    scoring.masking ? Contrast<true, true>(above, beside, below, range, terms)
                    : Contrast<false, true>(above, beside, below, range, terms);
    return;
  }
  scoring.masking ? Contrast<true, false>(above, beside, below, range, terms)
                  : Contrast<false, false>(above, beside, below, range, terms);
  for (int kind = 0; kind < 2 * kBands; ++kind)
    power_row(terms + kind * kBlock * kRow, range.end, scoring.p_norm);
}

// The same of the reference's own detail, where nothing is hidden.
void Energy(const float* HWY_RESTRICT o, Range range, const Scoring& scoring, float* HWY_RESTRICT terms) {
  const DF d;
  const bool cubes = scoring.p_norm == 3.0f;
  const auto straight = hn::Set(d, scoring.csf[kH]), diagonal = hn::Set(d, scoring.csf[kD]);
  for (int i = 0; i < range.end; i += Step()) {
    const auto wanted = Within(i, range);
    const auto put = [&](int b, VF csf) FOVEA_FLOAT_ADM_INLINE {
      const auto c = hn::Abs(hn::Mul(csf, hn::Load(d, o + b * kRow + i)));
      hn::Store(hn::IfThenElseZero(wanted, cubes ? Cube(c) : c), d, terms + b * kBlock * kRow + i);
    };
    put(kH, straight);
    put(kV, straight);
    put(kD, diagonal);
  }
  for (int b = 0; !cubes && b < kBands; ++b) power_row(terms + b * kBlock * kRow, range.end, scoring.p_norm);
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

// A strip's rows in some columns of the band.
class Tile {
 public:
  // `own`: columns that this tile sums and whose low-low band it makes.
  Tile(const Strip& strip, const Work& work, Range own) : s_(strip), g_(*strip.bands), work_(work) {
    if (!summed_rows_.empty()) summed_ = cut(own, {g_.left, g_.right});
    if (!summed_.empty()) {
      detail_ = {std::max(summed_.begin - 1, 0), std::min(summed_.end + 1, g_.width)};
      terms_ = {summed_.begin - detail_.begin, summed_.end - detail_.begin};
    }
    columns_ = has_low_ ? hull(own, detail_) : detail_;
    if (s_.scoring != nullptr)
      float_limit_ =
          static_cast<double>(static_cast<float>(s_.scoring->gain_limit)) == s_.scoring->gain_limit;
  }

  // Each step works on rows that were written a while ago: loads that straddle two stores must wait until
  // these have left the store buffer.
  void Run() {
    if (columns_.empty()) return;
    const Range detail_rows = detail_.empty() ? Range{} : detail_rows_;
    const Range rows = has_low_ ? hull(s_.rows, detail_rows) : detail_rows;
    int loaded = std::max(2 * rows.begin - 1, 0);  // source rows before it are there
    for (int y = rows.begin; y < rows.end; ++y) {
      const bool is_own = has_low_ && y >= s_.rows.begin && y < s_.rows.end;
      const bool is_detail = y >= detail_rows.begin && y < detail_rows.end;
      const int end = std::min(2 * y + 3, g_.src_height);
      ForPictures([&](const Source& source, const LowPlane&, const Transformed& to) {
        for (int row = loaded; row < end; ++row) {
          prefetch_row(source, row + kRowsAhead, columns_);
          SplitRow(source, row, columns_, to.source[row % kSourceRows]);
        }
      });
      loaded = std::max(loaded, end);
      ForPictures([&](const Source&, const LowPlane&, const Transformed& to) { Columns(y, is_detail, to); });
      ForPictures([&](const Source&, const LowPlane& plane, const Transformed& to) {
        Rows(is_own ? plane.data + y * plane.stride : nullptr, is_detail, to);
      });
      if (!is_detail) continue;
      for (int k = 0; k < s_.dis_count; ++k) AddContrast(y - 2, k);
      AddEnergy(y);
      for (int k = 0; k < s_.dis_count; ++k) {
        float* parts = work_.dis[k].parts[y % 3];
        const float* t = work_.dis[k].wavelet.detail;
        const int count = detail_.end - detail_.begin;
        float_limit_ ? Decouple<true>(work_.ref.detail, t, count, *s_.scoring, parts)
                     : Decouple<false>(work_.ref.detail, t, count, *s_.scoring, parts);
        Mirror(parts, count, detail_.begin == 0, detail_.end == g_.width);
      }
    }
    for (int k = 0; k < s_.dis_count && !detail_rows.empty(); ++k) {
      for (int y = detail_rows.end - 2; y < detail_rows.end; ++y) AddContrast(y, k);
    }
  }

 private:
  static Range hull(Range a, Range b) {
    return b.empty() ? a : Range{std::min(a.begin, b.begin), std::max(a.end, b.end)};
  }
  template <class Function>
  void ForPictures(const Function& f) const {
    f(s_.ref, s_.low_ref, work_.ref);
    for (int k = 0; k < s_.dis_count; ++k)
      f(s_.dis[k], has_low_ ? s_.low_dis[k] : LowPlane{}, work_.dis[k].wavelet);
  }

  void Columns(int y, bool is_detail, const Transformed& t) const {
    const float* rows[4];
    for (int k = 0; k < 4; ++k) rows[k] = t.source[adm::reflect(2 * y - 1 + k, g_.src_height) % kSourceRows];
    const int count = columns_.end - columns_.begin + 1;
    is_detail ? FilterColumns<true>(rows, count, t.low, t.high)
              : FilterColumns<false>(rows, count, t.low, t.high);
  }

  // `plane`: row of the low-low plane, null if it is another strip's.
  void Rows(float* plane, bool is_detail, const Transformed& t) const {
    float* a = plane != nullptr ? plane + columns_.begin : nullptr;
    const int end = columns_.end - columns_.begin;
    if (!is_detail) return FilterRows<true, false>(t.low, t.high, 0, end, a, t.detail);
    const int detail_begin = detail_.begin - columns_.begin, detail_end = detail_.end - columns_.begin;
    if (a == nullptr) return FilterRows<false, true>(t.low, t.high, detail_begin, detail_end, a, t.detail);
    FilterRows<true, false>(t.low, t.high, 0, detail_begin, a, t.detail);
    FilterRows<true, true>(t.low, t.high, detail_begin, detail_end, a, t.detail);
    FilterRows<true, false>(t.low, t.high, detail_end, end, a, t.detail);
  }

  bool IsSummed(int y) const { return y >= summed_rows_.begin && y < summed_rows_.end; }
  // Which of its block row y is, and whether the block is complete with it.
  int RowOfBlock(int y) const { return (y - summed_rows_.begin) % kBlock; }
  bool EndsBlock(int y) const { return RowOfBlock(y) == kBlock - 1 || y + 1 == summed_rows_.end; }

  void AddEnergy(int y) const {
    if (!IsSummed(y)) return;
    const int row = RowOfBlock(y);
    Energy(work_.ref.detail, terms_, *s_.scoring, work_.terms + row * kRow);
    if (EndsBlock(y)) AddTerms<kBands>(work_.terms, terms_.end, y - row, row + 1, s_.den.band);
  }

  void AddContrast(int y, int k) const {
    if (!IsSummed(y)) return;
    const Distorted& dis = work_.dis[k];
    const float* rows[3];
    for (int i = 0; i < 3; ++i) rows[i] = dis.parts[adm::reflect(y - 1 + i, g_.height) % 3];
    const int row = RowOfBlock(y);
    Contrast(rows[0], rows[1], rows[2], terms_, *s_.scoring, dis.terms + row * kRow);
    if (!EndsBlock(y)) return;
    const DistortedSums& sums = s_.sums[k];
    float* all[2 * kBands];
    std::copy_n(sums.num.band, kBands, all);
    std::copy_n(sums.aim.band, kBands, all + kBands);
    AddTerms<2 * kBands>(dis.terms, terms_.end, y - row, row + 1, all);
  }

  const Strip& s_;
  const BandGeometry& g_;
  const Work& work_;
  const Range detail_rows_ = s_.detail_rows(), summed_rows_ = s_.summed_rows();
  const bool has_low_ = s_.low_ref.data != nullptr;
  Range summed_{}, detail_{}, columns_{};
  Range terms_{};  // summed columns, counted from the first with detail
  bool float_limit_ = true;
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
