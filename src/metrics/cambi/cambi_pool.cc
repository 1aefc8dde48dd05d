// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h.
//
// The sum of the largest is the sum of all without the smallest. A sample of the values tells between which
// two the border must be; one pass adds up what is below and keeps what is between, for the next round.
#include "metrics/cambi/cambi_pool.h"

#include <algorithm>
#include <array>
#include <limits>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/cambi/cambi_pool.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#ifndef FOVEA_CAMBI_POOL_ONCE
#define FOVEA_CAMBI_POOL_ONCE
namespace fovea::cambi {

struct RangeCounts {
  int64_t below = 0;   // values < low
  int64_t within = 0;  // low <= values <= high
};

// C-values are below 2^18: the sum of a block stays below 2^29, and thus exact (ExactSum).
constexpr int64_t kBlock = 1024;

}  // namespace fovea::cambi
#endif

HWY_BEFORE_NAMESPACE();
namespace fovea::cambi::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

RangeCounts CountRange(const float* HWY_RESTRICT values, int64_t count, float low, float high) {
  RangeCounts counts;
  int64_t i = 0;
#if HWY_TARGET != HWY_SCALAR
  const hn::CappedTag<float, 16> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto low_v = hn::Set(d, low), high_v = hn::Set(d, high);
  int64_t not_above = 0;
  for (; i + lanes <= count; i += lanes) {
    const auto v = hn::LoadU(d, values + i);
    counts.below += static_cast<int64_t>(hn::CountTrue(d, hn::Lt(v, low_v)));
    not_above += static_cast<int64_t>(hn::CountTrue(d, hn::Le(v, high_v)));
  }
  counts.within = not_above - counts.below;
#endif
  for (; i < count; ++i) {
    counts.below += values[i] < low;
    counts.within += values[i] >= low && values[i] <= high;
  }
  return counts;
}

// Adds the values below `low` to `below` and writes those within to `out`, which may be `values` or stand
// before it; returns how many.
int64_t TakeRange(const float* values, int64_t count, float low, float high, float* out, ExactSum& below) {
  float* const out_begin = out;
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t end = HWY_MIN(begin + kBlock, count);
    double block = 0.0;
    int64_t i = begin;
#if HWY_TARGET != HWY_SCALAR
    const hn::CappedTag<float, 16> d;
    const hn::Half<decltype(d)> dh;
    const hn::Rebind<double, decltype(dh)> dd;
    const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
    const auto low_v = hn::Set(d, low), high_v = hn::Set(d, high);
    auto sum = hn::Zero(dd);
    for (; i + lanes <= end; i += lanes) {
      const auto v = hn::LoadU(d, values + i);
      const auto is_below = hn::Lt(v, low_v);
      const auto small = hn::IfThenElseZero(is_below, v);
      sum = hn::Add(sum, hn::Add(hn::PromoteTo(dd, hn::LowerHalf(dh, small)),
                                 hn::PromoteTo(dd, hn::UpperHalf(dh, small))));
      const auto within = hn::AndNot(is_below, hn::Le(v, high_v));
#if HWY_TARGET <= HWY_AVX3 && HWY_ARCH_X86          // elsewhere Compress() comes with a table that costs more
      hn::StoreU(hn::Compress(v, within), d, out);  // at most up to what has been read
      out += hn::CountTrue(d, within);
#else
      if (hn::AllFalse(d, within)) continue;
      for (int64_t k = i; k < i + lanes; ++k) {
        const float value = values[k];
        *out = value;
        out += value >= low && value <= high;
      }
#endif
    }
    block = hn::GetLane(hn::SumOfLanes(dd, sum));
#endif
    for (; i < end; ++i) {
      const float v = values[i];
      if (v < low) block += v;
      if (v >= low && v <= high) *out++ = v;
    }
    below.add(block);
  }
  return out - out_begin;
}

}  // namespace fovea::cambi::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::cambi {
namespace {

HWY_EXPORT(CountRange);
HWY_EXPORT(TakeRange);

constexpr int64_t kSample = 4096;
constexpr int64_t kMargin = 160;  // five standard deviations of a rank in the sample
constexpr int64_t kFew = 4096;    // values to sort out without further ado

struct Range {
  float low = 0.0f;
  float high = std::numeric_limits<float>::infinity();
};

// Where the value of rank `rank` of `count` probably is.
template <class ForEachSample>
Range probable_range(int64_t rank, int64_t count, const ForEachSample& for_each_sample) {
  std::array<float, kSample + 1> sample;
  int64_t size = 0;
  for_each_sample(count / kSample + 1, [&](float value) {
    if (size < static_cast<int64_t>(sample.size())) sample[size++] = value;
  });
  const int64_t expected = rank * size / count, first = expected - kMargin, last = expected + kMargin;
  Range range;
  if (first >= 0 && first < size) {
    std::nth_element(sample.begin(), sample.begin() + first, sample.begin() + size);
    range.low = sample[first];
  }
  if (last < size) {
    std::nth_element(sample.begin(), sample.begin() + last, sample.begin() + size);
    range.high = sample[last];
  }
  return range;
}

// Adds `times` times a value.
void add_times(ExactSum& sum, float value, int64_t times) {
  const uint64_t whole = static_cast<uint64_t>(value);
  const uint64_t fraction =
      static_cast<uint64_t>((static_cast<double>(value) - static_cast<double>(whole)) * 16777216.0);
  sum.whole += whole * static_cast<uint64_t>(times);
  sum.fraction += fraction * static_cast<uint64_t>(times);
}

// Adds the `surplus` smallest of values[0 .. count) to `sum`. Reorders the values.
void add_smallest(float* values, int64_t count, int64_t surplus, ExactSum& sum) {
  while (surplus > 0 && count > kFew) {
    Range range = probable_range(surplus, count, [&](int64_t step, const auto& take) {
      for (int64_t i = 0; i < count; i += step) take(values[i]);
    });
    RangeCounts counts = HWY_DYNAMIC_DISPATCH(CountRange)(values, count, range.low, range.high);
    if (counts.below > surplus || counts.below + counts.within < surplus) break;  // a misleading sample
    HWY_DYNAMIC_DISPATCH(TakeRange)(values, count, range.low, range.high, values, sum);
    surplus -= counts.below;
    if (range.low == range.high) return add_times(sum, range.low, surplus);
    if (counts.within == count) break;
    count = counts.within;
  }
  if (surplus <= 0) return;
  if (surplus < count) std::nth_element(values, values + surplus, values + count);
  for (int64_t begin = 0; begin < surplus; begin += kBlock) {
    double block = 0.0;
    for (int64_t i = begin; i < std::min(begin + kBlock, surplus); ++i) block += values[i];
    sum.add(block);
  }
}

}  // namespace

double pool_largest(float* values, size_t values_per_tile, std::span<const TileResult> tiles, int64_t kept) {
  int64_t stored = 0;
  ExactSum sum;
  for (const TileResult& tile : tiles) {
    stored += tile.stored;
    sum.add(tile.sum);
  }
  const int64_t surplus = stored - kept;
  if (surplus <= 0) return sum.value() / static_cast<double>(kept);

  Range range = probable_range(surplus, stored, [&](int64_t step, const auto& take) {
    int64_t next = 0;  // position in the tile
    for (size_t t = 0; t < tiles.size(); ++t) {
      for (; next < tiles[t].stored; next += step) take(values[t * values_per_tile + next]);
      next -= tiles[t].stored;
    }
  });
  const auto count_range = [&] {
    RangeCounts counts;
    for (size_t t = 0; t < tiles.size(); ++t) {
      const RangeCounts part = HWY_DYNAMIC_DISPATCH(CountRange)(values + t * values_per_tile, tiles[t].stored,
                                                                range.low, range.high);
      counts.below += part.below;
      counts.within += part.within;
    }
    return counts;
  };
  RangeCounts counts = count_range();
  if (counts.below > surplus || counts.below + counts.within < surplus) {  // a misleading sample
    range = {};
    counts = count_range();
  }
  ExactSum dropped;
  float* within = values;  // gathered in place: never ahead of what has been read
  for (size_t t = 0; t < tiles.size(); ++t) {
    within += HWY_DYNAMIC_DISPATCH(TakeRange)(values + t * values_per_tile, tiles[t].stored, range.low,
                                              range.high, within, dropped);
  }
  add_smallest(values, counts.within, surplus - counts.below, dropped);

  // Both are exact, and so is their difference.
  const auto normalise = [](ExactSum& s) {
    s.whole += s.fraction >> 24;
    s.fraction &= 0xFFFFFF;
  };
  normalise(sum);
  normalise(dropped);
  if (sum.fraction < dropped.fraction) {
    sum.fraction += uint64_t{1} << 24;
    --sum.whole;
  }
  sum.whole -= dropped.whole;
  sum.fraction -= dropped.fraction;
  return sum.value() / static_cast<double>(kept);
}

}  // namespace fovea::cambi
#endif
