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
// 4. Contrast of the row before the last, whose neighbourhood is complete; cubes of four rows are kept,
// 5. and summed from left to right, a lane a row.
// Steps 1 to 4 are in float_adm_rows-inl.h.
#include "metrics/float_adm/float_adm_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/float_adm/float_adm_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "kernels/ordered_sums-inl.h"
#include "metrics/float_adm/float_adm_rows-inl.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::float_adm::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

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
        if (is_own) prefetch_row(plane, y + kLowRowsAhead, columns_, g_.height);
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
