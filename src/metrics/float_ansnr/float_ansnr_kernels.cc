// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
//
// A strip is cut into tiles of columns whose rings of filtered rows stay in the first-level cache. In a tile
// the reference comes first, once; then each distorted picture. Every source row of the latter is filtered
// with the three different rows of the kernel, and an output row adds up five of these.
#include "metrics/float_ansnr/float_ansnr_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/float_ansnr/float_ansnr_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

#include <algorithm>

#include "base/memory.h"
#include "kernels/ordered_sums-inl.h"

#ifndef FOVEA_FLOAT_ANSNR_TILE_
#define FOVEA_FLOAT_ANSNR_TILE_
namespace fovea::float_ansnr {
constexpr int kTile = 128;            // columns
constexpr int kMargin = 64;           // floats on both sides of a tile, for its neighbours
constexpr int kGroup = 16;            // rows summed together
constexpr int kRow = kTile + 2 * kMargin;

// Scratch memory; all members start aligned.
struct Workspace {
  float ref[kMaxRows][kTile];         // r of the tile
  float source[2][kRow];              // a row of samples, converted one row ahead
  float ring[9][kTile];               // filtered rows
  float terms[kGroup][kTile];
};
}  // namespace fovea::float_ansnr
#endif

HWY_BEFORE_NAMESPACE();
namespace fovea::float_ansnr::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
void AnsnrRows(const PlaneView& ref, std::span<const Frame> dis, int bit_depth, int y_begin, int y_end, float* signal, float* noise,
               size_t noise_stride, uint8_t*) {
  ansnr_rows_ref(ref, dis, bit_depth, y_begin, y_end, signal, noise, noise_stride);
}
#else

using DF = hn::ScalableTag<float>;
static_assert(kGroup == fovea::HWY_NAMESPACE::kOrderedRows);

struct Tile {
  int x;
  int count;
};

// Columns tile.x - 2 .. tile.x + tile.count + 2 of a row, with mirrored borders, as (sample - middle grey) on
// the scale of the samples: taps take the scale, a power of two, so that no rounding changes.
template <class Sample>
void Convert(const Sample* HWY_RESTRICT row, int width, int bit_depth, Tile tile, float* HWY_RESTRICT out) {
  const DF df;
  const hn::RebindToSigned<DF> di;
  const hn::Rebind<Sample, DF> ds;
  const int lanes = static_cast<int>(hn::Lanes(df));
  const int begin = HWY_MAX(tile.x - lanes, 0), end = HWY_MIN(tile.x + tile.count + 2, width);
  const int middle = 128 << (bit_depth - 8);
  const auto grey = hn::Set(di, middle);
  const auto step = [&](int x) HWY_ATTR {
    hn::StoreU(hn::ConvertTo(df, hn::Sub(hn::PromoteTo(di, hn::LoadU(ds, row + x)), grey)), df, out + (x - tile.x));
  };
  if (end - begin < lanes) {
    for (int x = begin; x < end; ++x) out[x - tile.x] = static_cast<float>(static_cast<int>(row[x]) - middle);
  } else {
    int x = begin;
    for (; x + lanes <= end; x += lanes) step(x);
    if (x < end) step(end - lanes);
  }
  if (tile.x == 0) {
    out[-1] = out[1];
    out[-2] = out[2];
  }
  for (int i = tile.count; i < tile.count + 2; ++i) {
    if (tile.x + i >= width) out[i] = out[mirror(tile.x + i, width) - tile.x];
  }
}

// Calls row(i, samples) for source rows y_begin - radius .. y_end - 1 + radius, i = 0, 1, ...
template <class Sample, class Row>
HWY_INLINE void ForEachSourceRow(const PlaneView& plane, int bit_depth, int y_begin, int y_end, int radius, Tile tile, Workspace& work,
                                 const Row& row) {
  const int count = y_end - y_begin + 2 * radius;
  const auto convert = [&](int i) HWY_ATTR {
    const int y = mirror(y_begin - radius + i, plane.height_px);
    Convert(plane.row<Sample>(y), plane.width_px, bit_depth, tile, work.source[i % 2] + kMargin);
  };
  convert(0);
  for (int i = 0; i < count; ++i) {
    if (i + 1 < count) convert(i + 1);
    row(i, work.source[i % 2] + kMargin);
  }
}

// After row `y` (0-based) of `rows`: adds the collected terms to the sums of their rows.
HWY_INLINE void AddGroup(Workspace& work, int y, int rows, Tile tile, float* sums) {
  if (y % kGroup == kGroup - 1 || y == rows - 1) {
    fovea::HWY_NAMESPACE::AddRowsInOrder(work.terms[0], kTile, tile.count, sums + y / kGroup * kGroup);
  }
}

// One row of r. `above` and `two_above` hold the sums along the rows before; the latter takes this one's.
// All sums are exact in single precision: 16 + 4 bits.
template <bool kOutput>
void RefRow(const float* HWY_RESTRICT samples, int count, float scale, float* HWY_RESTRICT two_above, const float* HWY_RESTRICT above,
            float* HWY_RESTRICT r_row, float* HWY_RESTRICT terms) {
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(df));
  const auto factor = hn::Set(df, scale);
  for (int x = 0; x < count; x += lanes) {
    const auto centre = hn::Load(df, samples + x);
    const auto sides = hn::Add(hn::LoadU(df, samples + x - 1), hn::LoadU(df, samples + x + 1));
    const auto row = hn::Add(sides, hn::Add(centre, centre));
    if constexpr (kOutput) {
      const auto middle = hn::Load(df, above + x);
      const auto r = hn::Mul(hn::Add(hn::Add(hn::Load(df, two_above + x), row), hn::Add(middle, middle)), factor);
      hn::Store(r, df, r_row + x);
      hn::Store(hn::Mul(r, r), df, terms + x);
    }
    hn::Store(row, df, two_above + x);
  }
}

// r of a tile, and the sums of r^2.
template <class Sample>
void RefTile(const PlaneView& ref, int bit_depth, int y_begin, int y_end, Tile tile, Workspace& work, float* sums) {
  const float scale = 1.0f / static_cast<float>(16 << (bit_depth - 8));
  ForEachSourceRow<Sample>(ref, bit_depth, y_begin, y_end, 1, tile, work, [&](int i, const float* samples) HWY_ATTR {
    float *const two_above = work.ring[i % 2], *const above = work.ring[(i + 1) % 2];
    const int y = i - 2;
    if (y < 0) return RefRow<false>(samples, tile.count, scale, two_above, above, nullptr, nullptr);
    RefRow<true>(samples, tile.count, scale, two_above, above, work.ref[y], work.terms[y % kGroup]);
    AddGroup(work, y, y_end - y_begin, tile, sums);
  });
}

// One source row of a distorted picture, filtered by the three different rows of the kernel. These go to
// rings of four (outer rows), three (inner rows) and two (the centre), whose oldest ones make an output row.
template <bool kOutput>
void DisRow(const float* HWY_RESTRICT samples, int count, float step, float* HWY_RESTRICT outer, float* HWY_RESTRICT inner,
            const float* HWY_RESTRICT inner_above, float* HWY_RESTRICT centre, const float* HWY_RESTRICT r_row, float* HWY_RESTRICT terms) {
  const DF df;
  const int lanes = static_cast<int>(hn::Lanes(df));
  const auto tap2 = hn::Set(df, kDisTaps[2][2] * step), tap7 = hn::Set(df, kDisTaps[2][1] * step);
  const auto tap12 = hn::Set(df, kDisTaps[2][0] * step), tap31 = hn::Set(df, kDisTaps[1][1] * step);
  const auto tap52 = hn::Set(df, kDisTaps[1][0] * step), tap127 = hn::Set(df, kDisTaps[0][0] * step);
  for (int x = 0; x < count; x += lanes) {
    const auto v0 = hn::LoadU(df, samples + x - 2), v1 = hn::LoadU(df, samples + x - 1), v2 = hn::Load(df, samples + x);
    const auto v3 = hn::LoadU(df, samples + x + 1), v4 = hn::LoadU(df, samples + x + 2);
    const auto filter = [&](auto far, auto near, auto middle) HWY_ATTR {
      auto sum = hn::Mul(v0, far);
      sum = hn::Add(sum, hn::Mul(v1, near));
      sum = hn::Add(sum, hn::Mul(v2, middle));
      sum = hn::Add(sum, hn::Mul(v3, near));
      return hn::Add(sum, hn::Mul(v4, far));
    };
    const auto outer_sum = filter(tap2, tap7, tap12);
    if constexpr (kOutput) {
      auto d = hn::Add(hn::Load(df, outer + x), hn::Load(df, inner + x));
      d = hn::Add(d, hn::Load(df, centre + x));
      d = hn::Add(d, hn::Load(df, inner_above + x));
      d = hn::Add(d, outer_sum);
      const auto difference = hn::Sub(hn::Load(df, r_row + x), d);
      hn::Store(hn::Mul(difference, difference), df, terms + x);
    }
    hn::Store(outer_sum, df, outer + x);
    hn::Store(filter(tap7, tap31, tap52), df, inner + x);
    hn::Store(filter(tap12, tap52, tap127), df, centre + x);
  }
}

// Sums of (r - d)^2 of a tile.
template <class Sample>
void DisTile(const PlaneView& dis, int bit_depth, int y_begin, int y_end, Tile tile, Workspace& work, float* sums) {
  const float step = 1.0f / static_cast<float>(1 << (bit_depth - 8));
  ForEachSourceRow<Sample>(dis, bit_depth, y_begin, y_end, 2, tile, work, [&](int i, const float* samples) HWY_ATTR {
    float *const outer = work.ring[i % 4], *const inner = work.ring[4 + i % 3], *const centre = work.ring[7 + i % 2];
    const float* const inner_above = work.ring[4 + (i + 2) % 3];
    const int y = i - 4;
    if (y < 0) return DisRow<false>(samples, tile.count, step, outer, inner, inner_above, centre, nullptr, nullptr);
    DisRow<true>(samples, tile.count, step, outer, inner, inner_above, centre, work.ref[y], work.terms[y % kGroup]);
    AddGroup(work, y, y_end - y_begin, tile, sums);
  });
}

template <class Sample>
void Strip(const PlaneView& ref, std::span<const Frame> dis, int bit_depth, int y_begin, int y_end, float* signal, float* noise,
           size_t noise_stride, Workspace& work, float* sums) {
  // sums[picture][kMaxRows], the reference first: they go on from tile to tile.
  const size_t rows = static_cast<size_t>(y_end - y_begin);
  for (size_t i = 0; i < (dis.size() + 1) * kMaxRows; ++i) sums[i] = 0;
  for (int x = 0; x < ref.width_px; x += kTile) {
    const Tile tile = {x, HWY_MIN(kTile, ref.width_px - x)};
    RefTile<Sample>(ref, bit_depth, y_begin, y_end, tile, work, sums);
    for (size_t k = 0; k < dis.size(); ++k) {
      DisTile<Sample>(dis[k].planes[0], bit_depth, y_begin, y_end, tile, work, sums + (k + 1) * kMaxRows);
    }
  }
  for (size_t y = 0; y < rows; ++y) {
    signal[y] = sums[y];
    for (size_t k = 0; k < dis.size(); ++k) noise[k * noise_stride + y] = sums[(k + 1) * kMaxRows + y];
  }
}

void AnsnrRows(const PlaneView& ref, std::span<const Frame> dis, int bit_depth, int y_begin, int y_end, float* signal, float* noise,
               size_t noise_stride, uint8_t* scratch) {
  Workspace& work = *reinterpret_cast<Workspace*>(scratch);
  float* const sums = reinterpret_cast<float*>(scratch + round_up(sizeof(Workspace), kAlignment));
  std::fill_n(&work.source[0][0], 2 * kRow, 0.0f);  // lanes beyond a tile are computed, never summed
  std::fill_n(&work.terms[0][0], kGroup * kTile, 0.0f);
  bit_depth > 8 ? Strip<uint16_t>(ref, dis, bit_depth, y_begin, y_end, signal, noise, noise_stride, work, sums)
                : Strip<uint8_t>(ref, dis, bit_depth, y_begin, y_end, signal, noise, noise_stride, work, sums);
}

#endif  // HWY_SCALAR

}  // namespace fovea::float_ansnr::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::float_ansnr {

HWY_EXPORT(AnsnrRows);

size_t ansnr_scratch_bytes(int dis_count) {
  return round_up(sizeof(Workspace), kAlignment) + static_cast<size_t>(dis_count + 1) * kMaxRows * sizeof(float);
}

void ansnr_rows(const PlaneView& ref, std::span<const Frame> dis, int bit_depth, int y_begin, int y_end, float* signal, float* noise,
                size_t noise_stride, uint8_t* scratch) {
  HWY_DYNAMIC_DISPATCH(AnsnrRows)(ref, dis, bit_depth, y_begin, y_end, signal, noise, noise_stride, scratch);
}

}  // namespace fovea::float_ansnr
#endif
