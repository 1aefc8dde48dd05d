// SPDX-License-Identifier: BSD-2-Clause-Patent
// The scan of a tile. Compiled once per CPU target through foreach_target.h.
//
// counts[u][x] = N(u) at column x of the current row is kept for every code in use. The runs of the row that
// enters the window are added and those of the row that leaves it taken off: a run [begin, end) adds to
// column x as many as it has pixels in [x, x + 2 radius]. c-values are made by runs as well, since their
// counts then stand side by side in 2 n + 1 rows of `counts`. Flat areas are what CAMBI looks at, so that
// runs are long, and few against the pixels.
#include <algorithm>
#include <cstring>

#include "base/memory.h"
#include "metrics/cambi/cambi_kernels.h"
#include "metrics/cambi/cambi_plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/cambi/cambi_tile.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::cambi::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
TileResult ScanTile(const Tile& tile, float* values, float* map, size_t map_stride, void* memory) {
  return scan_tile_ref(tile, values, map, map_stride, memory);
}
#else

using D16 = hn::CappedTag<uint16_t, kRowPad / 2>;

// An estimate below this part of another is of the smaller c-value: twice the error of ApproximateReciprocal
// (1.5 * 2^-12 on x86, 2^-8 on Arm) and some more.
constexpr float kClear = HWY_ARCH_X86 ? 1.0f - 1.0f / 1024 : 1.0f - 1.0f / 64;

class Scanner {
 public:
  Scanner(const Tile& tile, uint8_t* memory) : tile_(tile) {
    const ScanMemory need(tile.columns, tile.code_count, tile.contrasts);
    stride_ = need.count_stride;
    zeros_ = reinterpret_cast<uint16_t*>(memory);
    std::memset(zeros_, 0, need.zeros);
    memory += need.zeros;
    counts_ = reinterpret_cast<uint16_t**>(memory) + tile.contrasts;
    memory += need.pointers;
    live_ = reinterpret_cast<int32_t*>(memory) + tile.contrasts;
    memory += need.live;
    for (int code = -tile.contrasts; code <= tile.code_count + tile.contrasts; ++code) {
      counts_[code] = zeros_;
      live_[code] = 0;
    }
    present_up_ = memory;
    present_down_ = memory + need.presence;
    std::memset(memory, 0, 2 * need.presence);
    memory += 2 * need.presence;
    next_counts_ = reinterpret_cast<uint16_t*>(memory);
  }

  TileResult scan(float* values, float* map, size_t map_stride) {
    TileResult result;
    float* out = values;
    for (int y = 0; y < tile_.radius; ++y) apply<1>(y);
    for (int y = 0; y < tile_.height; ++y) {
      apply<1>(y + tile_.radius);
      apply<-1>(y - tile_.radius - 1);
      double sum = 0.0;
      out = evaluate(y, out, map != nullptr ? map + y * map_stride : nullptr, sum);
      result.sum.add(sum);
    }
    result.stored = out - values;
    return result;
  }

 private:
  void set_present(int code, bool present) {
    const auto set = [present](uint8_t* bits, int bit) {
      if (present) {
        bits[bit / 8] = static_cast<uint8_t>(bits[bit / 8] | 1 << bit % 8);
      } else {
        bits[bit / 8] = static_cast<uint8_t>(bits[bit / 8] & ~(1 << bit % 8));
      }
    };
    set(present_up_, code);
    set(present_down_, tile_.code_count - code);
  }

  // Steps d for which a code d+1 above or below is in the window's rows.
  uint32_t present_steps(int code) const {
    const auto bits_from = [](const uint8_t* bits, int bit) {
      uint64_t out;
      std::memcpy(&out, bits + bit / 8, 8);
      return static_cast<uint32_t>(out >> bit % 8);
    };
    return bits_from(present_up_, code + 1) | bits_from(present_down_, tile_.code_count - code + 1);
  }

  // Adds or takes off the runs of row y, if it exists.
  template <int kSign>
  HWY_INLINE void apply(int y) {
    if (y < 0 || y >= tile_.height) return;
    const D16 d16;
    const int lanes = static_cast<int>(hn::Lanes(d16));
    const int reach = 2 * tile_.radius, columns = tile_.columns;
    const auto window = hn::Set(d16, static_cast<uint16_t>(reach + 1));
    // Enough vectors for a run that is no longer than one; to do all of them costs less than to find out
    // how many it takes.
    const int usual = ((reach + lanes + lanes - 1 + lanes - 1) & -lanes);
    const PixelRun* const runs_end = tile_.runs + tile_.rows[y].at + tile_.rows[y].count;
    for (const PixelRun* run = tile_.runs + tile_.rows[y].at; run != runs_end; ++run) {
      const int a = run->begin, end = run->end, code = run->code;
      uint16_t* counts = counts_[code];
      if (HWY_UNLIKELY(counts == zeros_)) {
        counts = counts_[code] = next_counts_;
        next_counts_ += stride_;
        std::memset(counts, 0, stride_ * sizeof(uint16_t));
      }
      const int32_t was_live = live_[code];
      live_[code] = was_live + kSign * (end - a);
      if (HWY_UNLIKELY(kSign > 0 ? was_live == 0 : live_[code] == 0)) set_present(code, kSign > 0);

      const auto first = hn::Set(d16, static_cast<uint16_t>(a)),
                 past = hn::Set(d16, static_cast<uint16_t>(end));
      int x = HWY_MAX(a - reach, 0) & -lanes;
      const int stop = end - a <= lanes ? HWY_MIN(x + usual, columns) : HWY_MIN(end, columns);
      for (; x < stop; x += lanes) {
        const auto column = hn::Iota(d16, static_cast<uint16_t>(x));
        const auto overlap = hn::SaturatedSub(hn::Min(hn::Add(column, window), past), hn::Max(column, first));
        const auto before = hn::Load(d16, counts + x);
        hn::Store(kSign > 0 ? hn::Add(before, overlap) : hn::Sub(before, overlap), d16, counts + x);
      }
    }
  }

  // One step of contrast: counts of the codes above and below, and the weight.
  struct Step {
    const uint16_t* above;
    const uint16_t* below;
    float weight;
  };

  HWY_INLINE float* evaluate(int y, float* out, float* map, double& row_sum) {
    const hn::CappedTag<float, 16> df;
    const hn::Half<decltype(df)> dh;
    const hn::Rebind<double, decltype(dh)> dd;
    auto sum = hn::Zero(dd);
    const int radius = tile_.radius, columns = tile_.columns;
    const PixelRun* const runs_end = tile_.runs + tile_.rows[y].at + tile_.rows[y].count;
    for (const PixelRun* run = tile_.runs + tile_.rows[y].at; run != runs_end; ++run) {
      const uint32_t steps = tile_.steps[run->code] & present_steps(run->code);
      if (steps == 0) continue;
      const int begin = HWY_MAX(run->begin - radius, 0), end = HWY_MIN(run->end - radius, columns);
      if (begin < end) out = evaluate_run(run->code, steps, begin, end, out, map, sum);
    }
    // Exact in any order: c-values are multiples of 2^-24 and a row's sum is below 2^29.
    row_sum = hn::GetLane(hn::SumOfLanes(dd, sum));
    return out;
  }

  // c-values of the pixels [begin, end) of the tile, all of one code. `bits` of steps are looked at.
  template <class V>
  HWY_INLINE float* evaluate_run(int code, uint32_t bits, int begin, int end, float* out, float* map,
                                 V& sum) {
    Step steps[kMaxContrasts];
    int step_count = 0;
    for (; bits != 0; bits &= bits - 1) {
      const int d = static_cast<int>(hwy::Num0BitsBelowLS1Bit_Nonzero32(bits));
      steps[step_count++] = {counts_[code + d + 1], counts_[HWY_MAX(code - d - 1, 0)],
                             tile_.weights[d]};  // nothing is counted at 0
    }

    const hn::CappedTag<float, 16> df;
    const hn::RebindToSigned<decltype(df)> di32;
    const hn::Rebind<uint16_t, decltype(df)> d16;
    const hn::Half<decltype(df)> dh;
    const hn::Rebind<double, decltype(dh)> dd;
    const int lanes = static_cast<int>(hn::Lanes(df));
    const uint16_t* const own_counts = counts_[code];
    for (int x = begin; x < end; x += lanes) {
      const auto own = hn::ConvertTo(df, hn::PromoteTo(di32, hn::LoadU(d16, own_counts + x)));
      const auto count_of = [&](const Step& step) HWY_ATTR {
        return hn::Max(hn::LoadU(d16, step.above + x), hn::LoadU(d16, step.below + x));
      };
      const auto value = [&](auto weight, auto other) HWY_ATTR {
        // The total is a whole number below 2^23: added to 2^23 it stands in the lowest bits.
        const auto total = hn::BitCast(di32, hn::Add(hn::Add(own, other), hn::Set(df, 8388608.0f)));
        const auto reciprocal =
            hn::GatherIndex(df, tile_.reciprocals, hn::And(total, hn::Set(di32, 0x7FFFFF)));
        return hn::Mul(hn::Mul(hn::Mul(own, weight), other), reciprocal);
      };
      // The table look-up is what costs. The candidates are compared by an estimate of value / own, and only
      // the largest one is looked up, unless another one comes too close.
      auto largest = hn::Zero(df), second = hn::Zero(df), largest_weight = hn::Zero(df),
           largest_other = hn::Zero(df);
      for (int i = 0; i < step_count; ++i) {
        const auto counted = count_of(steps[i]);
        const auto other = hn::ConvertTo(df, hn::PromoteTo(di32, counted));
        const auto weight = hn::Set(df, steps[i].weight);
        const auto estimate = hn::Mul(hn::Mul(other, weight), hn::ApproximateReciprocal(hn::Add(own, other)));
        const auto larger = hn::Gt(estimate, largest);
        second = hn::Max(second, hn::Min(estimate, largest));
        largest = hn::Max(estimate, largest);
        largest_weight = hn::IfThenElse(larger, weight, largest_weight);
        largest_other = hn::IfThenElse(larger, other, largest_other);
      }
      auto strongest = value(largest_weight, largest_other);
      if (HWY_UNLIKELY(!hn::AllFalse(df, hn::Gt(second, hn::Mul(largest, hn::Set(df, kClear)))))) {
        strongest = hn::Zero(df);
        for (int i = 0; i < step_count; ++i) {
          const auto other = hn::ConvertTo(df, hn::PromoteTo(di32, count_of(steps[i])));
          strongest = hn::Max(strongest, value(hn::Set(df, steps[i].weight), other));
        }
      }
      const int count = HWY_MIN(lanes, end - x);
      if (count < lanes) strongest = hn::IfThenElseZero(hn::FirstN(df, count), strongest);
      hn::StoreU(strongest, df, out);
      out += count;
      if (map != nullptr) std::memcpy(map + x, out - count, count * sizeof(float));
      sum = hn::Add(sum, hn::Add(hn::PromoteTo(dd, hn::LowerHalf(dh, strongest)),
                                 hn::PromoteTo(dd, hn::UpperHalf(dh, strongest))));
    }
    return out;
  }

  const Tile& tile_;
  size_t stride_ = 0;
  uint16_t* zeros_ = nullptr;        // counts of codes not met
  uint16_t** counts_ = nullptr;      // [code]; zeros_ for a code that has not occurred
  int32_t* live_ = nullptr;          // [code]: pixels of the slice in the window's rows
  uint8_t* present_up_ = nullptr;    // bit [code]: live
  uint8_t* present_down_ = nullptr;  // bit [code_count - code]: live
  uint16_t* next_counts_ = nullptr;
};

TileResult ScanTile(const Tile& tile, float* values, float* map, size_t map_stride, void* memory) {
  return Scanner(tile, static_cast<uint8_t*>(memory)).scan(values, map, map_stride);
}

#endif  // HWY_SCALAR

}  // namespace fovea::cambi::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::cambi {

HWY_EXPORT(ScanTile);

TileResult scan_tile(const Tile& tile, float* values, float* map, size_t map_stride, void* memory) {
  return HWY_DYNAMIC_DISPATCH(ScanTile)(tile, values, map, map_stride, memory);
}

}  // namespace fovea::cambi
#endif
