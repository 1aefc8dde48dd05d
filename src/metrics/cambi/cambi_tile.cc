// SPDX-License-Identifier: BSD-2-Clause-Patent
// The scan of a tile. Compiled once per CPU target through foreach_target.h.
//
// counts[u][x] = N(u) at column x of the current row is kept for every code in use. From row to row only
// what differs between the row that enters the window and the one that leaves it is applied, and by runs of
// equal pixels: a run [a, b] of the slice adds to column x as many as it has pixels in [x, x + 2 radius].
// c-values are made by runs as well, since their counts then stand side by side in 2 n + 1 rows of `counts`.
// Flat areas are what CAMBI looks at, so runs are long, and rows resemble their neighbours.
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

class Scanner {
 public:
  Scanner(const Tile& tile, uint8_t* memory) : tile_(tile), width_(tile.columns + 2 * tile.radius) {
    const ScanMemory need(tile.columns, tile.radius, tile.code_count, tile.contrasts);
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
    entering_edges_ = memory;
    leaving_edges_ = memory + need.bits;
    differences_ = memory + 2 * need.bits;
    next_row_ = reinterpret_cast<uint16_t*>(memory + 3 * need.bits);
  }

  TileResult scan(float* values, float* map, size_t map_stride) {
    const int height = tile_.height, radius = tile_.radius;
    TileResult result;
    float* out = values;
    for (int y = 0; y < std::min(radius, height); ++y) update(row(y), zeros_);
    for (int y = 0; y < height; ++y) {
      const bool enters = y + radius < height, leaves = y - radius - 1 >= 0;
      if (enters || leaves) update(enters ? row(y + radius) : zeros_, leaves ? row(y - radius - 1) : zeros_);
      double sum = 0.0;
      out = evaluate(row(y), out, map != nullptr ? map + y * map_stride : nullptr, sum);
      result.sum.add(sum);
    }
    result.stored = out - values;
    return result;
  }

 private:
  const uint16_t* row(int y) const { return tile_.slice + static_cast<size_t>(y) * tile_.slice_stride; }

  // Bit x of `edges`: pixel x differs from x-1.
  void find_edges(const uint16_t* HWY_RESTRICT in, uint8_t* HWY_RESTRICT edges) const {
    const D16 d16;
    const int lanes = static_cast<int>(hn::Lanes(d16));
    for (int x = 0; x < width_; x += lanes) {
      hn::StoreMaskBits(d16, hn::Ne(hn::LoadU(d16, in + x), hn::LoadU(d16, in + x - 1)), edges + x / 8);
    }
  }

  // Counts the pixels of row `in` and discounts those of row `out`.
  void update(const uint16_t* HWY_RESTRICT in, const uint16_t* HWY_RESTRICT out) {
    const D16 d16;
    const int lanes = static_cast<int>(hn::Lanes(d16));
    for (int x = 0; x < width_; x += lanes) {
      const auto entering = hn::LoadU(d16, in + x), leaving = hn::LoadU(d16, out + x);
      hn::StoreMaskBits(d16, hn::Ne(entering, leaving), differences_ + x / 8);
      hn::StoreMaskBits(d16, hn::Ne(entering, hn::LoadU(d16, in + x - 1)), entering_edges_ + x / 8);
      hn::StoreMaskBits(d16, hn::Ne(leaving, hn::LoadU(d16, out + x - 1)), leaving_edges_ + x / 8);
    }
    for_each_difference(in, entering_edges_, [this](int code, int a, int b) HWY_ATTR { apply<1>(code, a, b); });
    for_each_difference(out, leaving_edges_, [this](int code, int a, int b) HWY_ATTR { apply<-1>(code, a, b); });
  }

  static uint64_t load_word(const uint8_t* bits, int word) {
    uint64_t out;
    std::memcpy(&out, bits + 8 * word, 8);
    return out;
  }

  // Calls run(code, a, b) for the longest runs of equal counted pixels that differ from the other row.
  template <class Run>
  HWY_INLINE void for_each_difference(const uint16_t* HWY_RESTRICT in, const uint8_t* HWY_RESTRICT edges, const Run& run) {
    uint64_t carry = 0;  // did the last pixel of the word before differ?
    int begin = -1, code = 0;
    for (int base = 0; base < width_; base += 64) {
      const uint64_t differs = load_word(differences_, base / 64);
      uint64_t bits = (load_word(edges, base / 64) & differs) | (differs ^ (differs << 1 | carry));
      carry = differs >> 63;
      if (width_ - base < 64) bits &= (uint64_t{1} << (width_ - base)) - 1;
      while (bits != 0) {
        const int shift = static_cast<int>(hwy::Num0BitsBelowLS1Bit_Nonzero64(bits));
        bits &= bits - 1;
        const int x = base + shift;
        if (begin >= 0) run(code, begin, x - 1);
        code = in[x];
        begin = (differs >> shift & 1) != 0 && code != 0 ? x : -1;
      }
    }
    if (begin >= 0) run(code, begin, width_ - 1);
  }

  template <int kSign>
  HWY_INLINE void apply(int code, int a, int b) {
    const D16 d16;
    const int lanes = static_cast<int>(hn::Lanes(d16));
    uint16_t* counts = counts_[code];
    if (counts == zeros_) {
      counts = counts_[code] = next_row_;
      next_row_ += stride_;
      std::memset(counts, 0, stride_ * sizeof(uint16_t));
    }
    live_[code] += kSign * (b - a + 1);
    const int reach = 2 * tile_.radius;
    const auto first = hn::Set(d16, static_cast<uint16_t>(a)), end = hn::Set(d16, static_cast<uint16_t>(b + 1));
    const auto window = hn::Set(d16, static_cast<uint16_t>(reach + 1));
    const int last = HWY_MIN(b, tile_.columns - 1);
    for (int x = HWY_MAX(a - reach, 0) & -lanes; x <= last; x += lanes) {
      const auto column = hn::Iota(d16, static_cast<uint16_t>(x));
      const auto overlap = hn::SaturatedSub(hn::Min(hn::Add(column, window), end), hn::Max(column, first));
      const auto before = hn::Load(d16, counts + x);
      hn::Store(kSign > 0 ? hn::Add(before, overlap) : hn::Sub(before, overlap), d16, counts + x);
    }
  }

  // One step of contrast: counts of the codes above and below, and the weight.
  struct Step {
    const uint16_t* above;
    const uint16_t* below;
    float weight;
  };

  HWY_INLINE float* evaluate(const uint16_t* HWY_RESTRICT in, float* out, float* map, double& sum) {
    find_edges(in, entering_edges_);
    const int first = tile_.radius, end = tile_.radius + tile_.columns;
    int begin = first;
    for (int base = first / 64 * 64; base < end; base += 64) {
      uint64_t bits = load_word(entering_edges_, base / 64);
      if (base <= first) bits &= ~uint64_t{0} << (first - base) << 1;  // edges after the first pixel
      if (end - base < 64) bits &= (uint64_t{1} << (end - base)) - 1;
      while (bits != 0) {
        const int x = base + static_cast<int>(hwy::Num0BitsBelowLS1Bit_Nonzero64(bits));
        bits &= bits - 1;
        if (tile_.steps[in[begin]] != 0) out = evaluate_run(in[begin], begin - first, x - first, out, map, sum);
        begin = x;
      }
    }
    if (tile_.steps[in[begin]] != 0) out = evaluate_run(in[begin], begin - first, end - first, out, map, sum);
    return out;
  }

  // c-values of the pixels [begin, end) of the tile, all of one code.
  HWY_INLINE float* evaluate_run(int code, int begin, int end, float* out, float* map, double& sum) {
    Step steps[kMaxContrasts];
    int step_count = 0;
    for (uint32_t bits = tile_.steps[code]; bits != 0; bits &= bits - 1) {
      const int d = static_cast<int>(hwy::Num0BitsBelowLS1Bit_Nonzero32(bits));
      const int above = code + d + 1, below = HWY_MAX(code - d - 1, 0);  // nothing is counted at 0
      if ((live_[above] | live_[below]) != 0) steps[step_count++] = {counts_[above], counts_[below], tile_.weights[d]};
    }
    if (step_count == 0) return out;

    const hn::CappedTag<float, 16> df;
    const hn::RebindToSigned<decltype(df)> di32;
    const hn::Rebind<uint16_t, decltype(df)> d16;
    const hn::Half<decltype(df)> dh;
    const hn::Rebind<double, decltype(dh)> dd;
    const int lanes = static_cast<int>(hn::Lanes(df));
    const uint16_t* const own_counts = counts_[code];
    auto low_sum = hn::Zero(dd), high_sum = hn::Zero(dd);
    for (int x = begin; x < end; x += lanes) {
      const auto own = hn::PromoteTo(di32, hn::LoadU(d16, own_counts + x));
      const auto own_float = hn::ConvertTo(df, own);
      auto strongest = hn::Zero(df);
      for (int i = 0; i < step_count; ++i) {
        const auto counted = hn::Max(hn::LoadU(d16, steps[i].above + x), hn::LoadU(d16, steps[i].below + x));
        if (hn::AllTrue(d16, hn::Eq(counted, hn::Zero(d16)))) continue;
        const auto other = hn::PromoteTo(di32, counted);
        const auto product = hn::Mul(hn::Mul(own_float, hn::Set(df, steps[i].weight)), hn::ConvertTo(df, other));
        strongest = hn::Max(strongest, hn::Mul(product, hn::GatherIndex(df, tile_.reciprocals, hn::Add(own, other))));
      }
      const int count = HWY_MIN(lanes, end - x);
      if (count < lanes) strongest = hn::IfThenElseZero(hn::FirstN(df, count), strongest);
      hn::StoreU(strongest, df, out);
      out += count;
      if (map != nullptr) std::memcpy(map + x, out - count, count * sizeof(float));
      low_sum = hn::Add(low_sum, hn::PromoteTo(dd, hn::LowerHalf(dh, strongest)));
      high_sum = hn::Add(high_sum, hn::PromoteTo(dd, hn::UpperHalf(dh, strongest)));
    }
    // Exact in any order: c-values are multiples of 2^-24 and a row's sum is below 2^29.
    sum += hn::GetLane(hn::SumOfLanes(dd, hn::Add(low_sum, high_sum)));
    return out;
  }

  const Tile& tile_;
  int width_;  // of a slice's row
  size_t stride_ = 0;
  uint16_t* zeros_ = nullptr;
  uint16_t** counts_ = nullptr;  // [code]; zeros_ for a code that has not occurred
  int32_t* live_ = nullptr;      // [code]: pixels of the slice in the window's rows
  uint8_t* entering_edges_ = nullptr;
  uint8_t* leaving_edges_ = nullptr;
  uint8_t* differences_ = nullptr;
  uint16_t* next_row_ = nullptr;
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
