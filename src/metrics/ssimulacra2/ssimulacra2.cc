// SPDX-License-Identifier: BSD-2-Clause-Patent
// SSIMULACRA 2. The README beside this file has the formulas.
//
// The blur runs one way, left to right and top to bottom, and looks only 4 samples ahead. So a picture is cut
// into tiles that hand the oscillators' states on to their right and lower neighbours:
//
//        0   1   2   3       tile (row r, column c) can run when its left and its upper neighbour have;
//        1   2   3   4       a phase is one scale's tiles of equal r + c
//        2   3   4   5
//
// A tile walks down in blocks of 16 rows: samples to XYB, blur along the rows (rows as lanes), blur along the
// columns, maps. Only the rows that a block looks back on are kept of the blurred planes.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "metrics/metric.h"
#include "metrics/ssimulacra2/ssimulacra2_kernels.h"

namespace fovea::ssimulacra2 {
namespace {

#define FOVEA_PARAMS_OWNER "ssimulacra2"
#define FOVEA_PARAMS_FILE "metrics/ssimulacra2/ssimulacra2.params"
#include "metrics/define_params.inc"

constexpr int kTileColumns = 256;  // a multiple of 2 * kGroup: what a tile works on fits a second-level cache
constexpr int kTileBlocks = 8;     // 128 rows
constexpr int kLead = 16;          // columns left of a tile: the blur looks 10 back at the picture's border
constexpr int kHalo = 8;           // columns beside a tile that it converts for its own use
constexpr int kXybPitch = kLead + kTileColumns + 32;
constexpr int kLaneColumns = kLead + kTileColumns + kHalo;

// How tiles cut a scale, and the blurred planes ("streams") that it needs.
struct Grid {
  int width = 0;
  int height = 0;
  int blocks = 0;  // of 16 rows, with the 4 rows that the blur looks ahead
  int columns = 0;
  int rows = 0;
  int pitch = 0;  // of its linear planes (scale > 0): room for the kernels' rounding up

  explicit Grid(const ScalePlan& scale)
      : width(scale.width),
        height(scale.height),
        blocks((scale.height + kAhead + kRows - 1) / kRows),
        columns((scale.width + kTileColumns - 1) / kTileColumns),
        rows((blocks + kTileBlocks - 1) / kTileBlocks),
        pitch((scale.width + 31) / 32 * 32 + 32) {}
  int diagonals() const { return rows + columns - 1; }
  int first_row(int diagonal) const { return std::max(0, diagonal - columns + 1); }
  int tiles_on(int diagonal) const { return std::min(rows - 1, diagonal) - first_row(diagonal) + 1; }
};

int streams(const PlanePlan& plane, int dis_count) {
  if (!plane.needs_ssim && !plane.needs_edges) return 0;
  return plane.needs_ssim ? 2 + 3 * dis_count : 1 + dis_count;
}
int streams(const ScalePlan& scale, int dis_count) {
  int sum = 0;
  for (const PlanePlan& plane : scale.planes) sum += streams(plane, dis_count);
  return sum;
}

// What a column of tiles hands down. Offsets in floats; per distorted picture and plane kNorms rows of
// totals.
struct ColumnLayout {
  size_t history = 0;  // [stream][kHistory][kTileColumns]
  size_t state = 0;    // [stream][kStates][kTileColumns]
  size_t xyb = 0;      // [picture][plane][kRing][kXybPitch]
  size_t floats = 0;
  size_t totals = 0;  // doubles

  ColumnLayout(const ScalePlan& scale, int dis_count) {
    const size_t count = streams(scale, dis_count);
    state = count * kHistory * kTileColumns;
    xyb = state + count * kStates * kTileColumns;
    floats = round_up(xyb + static_cast<size_t>(1 + dis_count) * 3 * kRing * kXybPitch,
                      kAlignment / sizeof(float));
    totals = static_cast<size_t>(dis_count) * 3 * kNorms * kTileColumns;
  }
};

using PlaneSums = std::array<std::array<double, kNorms>, 3>;

struct State final : FrameState {
  std::vector<AlignedBuffer<float>>
      linear;                    // [scale][picture][plane] of the scales above 0, one buffer a scale
  AlignedBuffer<float> columns;  // ColumnLayout per column of tiles; scales take turns
  AlignedBuffer<double> totals;
  AlignedBuffer<float> across;               // states of the blur along rows: [block][stream][kStates][kRows]
  std::vector<std::vector<PlaneSums>> sums;  // [scale][column of tiles * dis_count + dis]
};

struct WorkSpace {
  float* rgb;        // [plane][2][kXybPitch]
  float* terms;      // [4][kXybPitch], as chroma has them
  float* spread;     // [4][kXybPitch], one a luma sample
  uint8_t* samples;  // up to three rows of kXybPitch samples of two bytes
  float* lanes;      // [picture][kLaneColumns][kRows]
  float* rows;       // [stream of a plane][kRows][kGroup], blurred along rows
  float* blurred;    // [5][kRows][kGroup]

  static constexpr size_t kPlane = 2 * static_cast<size_t>(kXybPitch);
  static constexpr size_t kLanes = static_cast<size_t>(kLaneColumns) * kRows;
  static constexpr size_t kBlurredSize = kRows * kGroup;

  WorkSpace(Scratch& scratch, int dis_count)
      : rgb(scratch.take<float>(3 * kPlane)),
        terms(scratch.take<float>(4 * kXybPitch)),
        spread(scratch.take<float>(4 * kXybPitch)),
        samples(scratch.take<uint8_t>(6 * kXybPitch)),
        lanes(scratch.take<float>((1 + static_cast<size_t>(dis_count)) * kLanes)),
        rows(scratch.take<float>((2 + 3 * static_cast<size_t>(dis_count)) * kBlurredSize)),
        blurred(scratch.take<float>(5 * kBlurredSize)) {}
  static size_t bytes(int dis_count) {
    return Scratch::bytes_for<float>(3 * kPlane) + 2 * Scratch::bytes_for<float>(4 * kXybPitch) +
           Scratch::bytes_for<uint8_t>(6 * kXybPitch) +
           Scratch::bytes_for<float>((1 + static_cast<size_t>(dis_count)) * kLanes) +
           Scratch::bytes_for<float>((2 + 3 * static_cast<size_t>(dis_count)) * kBlurredSize) +
           Scratch::bytes_for<float>(5 * kBlurredSize);
  }
};

// Rows of a tile lie far apart: CPUs do not foresee them.
constexpr int kFetchAhead = 4;
template <bool kForWriting, class T>
void prefetch(const T* from, int count) {
  constexpr int kLine = 64 / sizeof(T);
  for (int i = 0; i < count; i += kLine) __builtin_prefetch(from + i, kForWriting);
}

class Ssimulacra2 final : public Metric {
 public:
  explicit Ssimulacra2(const Plan& plan) : plan_(plan), features_{plain_feature("ssimulacra2")} {
    for (size_t s = 0; s < plan.scales.size(); ++s) {
      grids_.emplace_back(plan.scales[s]);
      for (int d = 0; d < grids_[s].diagonals(); ++d) {
        strips_.push_back(grids_[s].tiles_on(d));
        phases_.push_back({static_cast<int>(s), d});
      }
    }
  }

  const std::vector<Feature>& features() const override { return features_; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int dis_count) const override { return WorkSpace::bytes(dis_count); }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    auto state = std::make_unique<State>();
    size_t columns = 0, totals = 0, across = 0;
    for (size_t s = 0; s < grids_.size(); ++s) {
      const Grid& grid = grids_[s];
      const ColumnLayout layout(plan_.scales[s], dis_count);
      columns = std::max(columns, grid.columns * layout.floats);
      totals = std::max(totals, grid.columns * layout.totals);
      across = std::max(
          across, static_cast<size_t>(grid.blocks) * streams(plan_.scales[s], dis_count) * kStates * kRows);
      state->linear.emplace_back(s == 0 ? 0 : plane_size(s) * 3 * (1 + dis_count));
      state->sums.emplace_back(static_cast<size_t>(grid.columns) * dis_count);
    }
    state->columns = AlignedBuffer<float>(columns);
    state->totals = AlignedBuffer<double>(totals);
    state->across = AlignedBuffer<float>(across);
    return state;
  }

  void run(const FrameInput& input, int phase, int strip, FrameState& state, Scratch& scratch) const override;
  void finish(const FrameInput& input, const FrameState& frame_state, int dis,
              std::span<double> raw) const override {
    const State& state = static_cast<const State&>(frame_state);
    const size_t dis_count = input.dis().size();
    std::vector<PlaneSums> norms(grids_.size());
    for (size_t s = 0; s < grids_.size(); ++s) {
      const double samples = static_cast<double>(grids_[s].width) * grids_[s].height;
      for (int p = 0; p < 3; ++p) {
        for (int k = 0; k < kNorms; ++k) {
          double sum = 0;
          for (int c = 0; c < grids_[s].columns; ++c) sum += state.sums[s][c * dis_count + dis][p][k];
          norms[s][p][k] = k < kNorms / 2 ? sum / samples : std::pow(sum / samples, 0.25);
        }
      }
    }
    raw[0] = score(plan_, norms);
  }

 private:
  struct Tile;
  struct Phase {
    int scale;
    int diagonal;
  };
  size_t plane_size(size_t scale) const {
    return static_cast<size_t>(grids_[scale].pitch) * grids_[scale].height;
  }

  Plan plan_;
  std::vector<Grid> grids_;
  std::vector<Phase> phases_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

struct Ssimulacra2::Tile {
  const Ssimulacra2& metric;
  const FrameInput& input;
  State& state;
  int scale;
  int row;
  int column;
  WorkSpace work;

  const Grid& grid = metric.grids_[scale];
  const ScalePlan& plan = metric.plan_.scales[scale];
  const int dis_count = static_cast<int>(input.dis().size());
  const ColumnLayout layout{plan, dis_count};
  const int x0 = column * kTileColumns;
  const int columns = std::min(kTileColumns, grid.width - x0);
  const int groups = (columns + kGroup - 1) / kGroup;
  // Columns [first, last) of the picture are converted, the tile's own and some to both sides.
  const int first = std::max(0, x0 - kHalo);
  const int last = std::min(grid.width, x0 + kTileColumns + kHalo);
  float* const history = state.columns.data() + column * layout.floats;
  float* const down = history + layout.state;
  float* const xyb = history + layout.xyb;
  double* const totals = state.totals.data() + column * layout.totals;

  float* xyb_plane(int picture, int plane) const {
    return xyb + (static_cast<size_t>(picture) * 3 + plane) * kRing * kXybPitch;
  }
  double* totals_of(int dis, int plane) const {
    return totals + (static_cast<size_t>(dis) * 3 + plane) * kNorms * kTileColumns;
  }
  float* linear_plane(int s, int picture, int plane) const {
    return state.linear[s].data() + (static_cast<size_t>(picture) * 3 + plane) * metric.plane_size(s);
  }

  void run() const {
    if (row == 0) {  // outside the picture there is nothing, and nothing is in motion
      std::fill_n(history, layout.floats, 0.0f);
      std::fill_n(totals, layout.totals, 0.0);
    }
    const int end = std::min(grid.blocks, (row + 1) * kTileBlocks);
    for (int block = row * kTileBlocks; block < end; ++block) {
      for (int picture = 0; picture <= dis_count; ++picture) convert(block, picture);
      int stream = 0;
      for (int plane = 0; plane < 3; ++plane) {
        if (streams(plan.planes[plane], dis_count) == 0) continue;
        for (int picture = 0; picture <= dis_count; ++picture) to_lanes(block, picture, plane);
        for (int g = 0; g < groups; ++g) {  // what one group needs stays in the first-level cache
          blur_rows(block, plane, stream, g * kGroup);
          compare(block, plane, stream, g * kGroup);
        }
        stream += streams(plan.planes[plane], dis_count);
      }
    }
    if (row == grid.rows - 1) sum_columns();
  }

  // 16 rows of a picture to linear light, its half for the next scale, and XYB.
  void convert(int block, int picture) const {
    if (scale > 0) return convert_with(block, picture, [](int, float* const[3], float* const[3]) {});
    const Frame& frame = picture == 0 ? input.ref() : input.dis()[picture - 1];
    if (frame.format.sample_bytes() == 1) {
      convert_with(block, picture, Lineariser<uint8_t>{*this, frame});
    } else {
      convert_with(block, picture, Lineariser<uint16_t>{*this, frame});
    }
  }

  // Two rows at a time, while they are in the first-level cache.
  template <class Linearise>
  void convert_with(int block, int picture, Linearise&& linearise) const {
    const int top = block * kRows, rows = std::clamp(grid.height - top, 0, kRows);
    const int begin = kLead + first - x0, count = last - first, slot = top & (kRing - 1);
    const int padded = (count + kPad - 1) / kPad * kPad;
    for (int y = 0; y < kRows; ++y) {
      float *linear[3], *out[3];
      for (int p = 0; p < 3; ++p) {
        linear[p] = scale == 0 ? work.rgb + p * WorkSpace::kPlane + (y & 1) * kXybPitch
                               : linear_plane(scale, picture, p) +
                                     static_cast<ptrdiff_t>(top + y) * grid.pitch + first;
        out[p] = xyb_plane(picture, p) + (slot + y) * kXybPitch + begin;
      }
      if (y < rows) {
        if (scale == 0) {
          linearise(top + y, linear, out);
        } else {
          const ptrdiff_t later = std::min(kFetchAhead, grid.height - 1 - top - y);
          for (const float* row : linear) prefetch<false>(row + later * grid.pitch, count);
          xyb_row(linear[0], linear[1], linear[2], padded, out);
        }
        const bool second = (y & 1) != 0;
        if ((second || y + 1 == rows) && scale + 1 < static_cast<int>(metric.grids_.size()))
          halve(picture, linear, second ? scale == 0 ? kXybPitch : grid.pitch : 0, top + y);
      }
      const int valid = y < rows ? count : 0;
      for (int p = 0; valid < kLaneColumns - begin && p < 3; ++p)
        std::fill(out[p] + valid, out[p] + (kXybPitch - begin), 0.0f);
    }
  }

  // Rows of samples to linear light and XYB.
  template <class Sample>
  struct Lineariser {
    const Tile& tile;
    const Frame& frame;
    const PlaneView &luma = frame.planes[0], &cb = frame.planes[1], &cr = frame.planes[2];
    const int width = tile.grid.width, height = tile.grid.height, first = tile.first;
    const int count = tile.last - first, padded = (count + kPad - 1) / kPad * kPad;
    const int chroma_first = chroma_position(first, width, cb.width_px);
    const int chroma_count = chroma_position(tile.last - 1, width, cb.width_px) + 1 - chroma_first;
    Sample* const staged = reinterpret_cast<Sample*>(tile.work.samples);
    const float* terms = tile.work.terms;
    int chroma_row = -1;

    void operator()(int y, float* const linear[3], float* const xyb[3]) {
      const Color& color = tile.metric.plan_.color;
      const int later = std::min(y + kRows, height - 1);
      if (const int wanted = chroma_position(y, height, cb.height_px); wanted != chroma_row) {
        chroma_row = wanted;
        add_chroma(color);
        const int chroma_later = chroma_position(later, height, cb.height_px);
        prefetch<false>(cb.row<Sample>(chroma_later) + chroma_first, chroma_count);
        prefetch<false>(cr.row<Sample>(chroma_later) + chroma_first, chroma_count);
      }
      const Sample* samples = luma.row<Sample>(y) + first;
      prefetch<false>(luma.row<Sample>(later) + first, count);
      if (first + padded > width) samples = std::copy_n(samples, count, staged) - count;
      linear_xyb_row(samples, terms, kXybPitch, padded, color, linear, xyb);
      for (int p = 0; p < 3; ++p) repeat_edge(linear[p], count, width, tile.last);
    }

    void add_chroma(const Color& color) {
      const Sample *u = cb.row<Sample>(chroma_row) + chroma_first,
                   *v = cr.row<Sample>(chroma_row) + chroma_first;
      const int chroma_padded = (chroma_count + kPad - 1) / kPad * kPad;
      if (chroma_first + chroma_padded > cb.width_px) {
        u = std::copy_n(u, chroma_count, staged + kXybPitch) - chroma_count;
        v = std::copy_n(v, chroma_count, staged + 2 * kXybPitch) - chroma_count;
      }
      chroma_terms(u, v, chroma_padded, color, tile.work.terms, kXybPitch);
      if (cb.width_px != width) terms = tile.spread_chroma(cb.width_px, chroma_first, count);
    }
  };

  // After the last column of an odd picture its value stands once more, for halving.
  static void repeat_edge(float* row, int count, int width, int last) {
    if (last == width && width % 2 != 0) row[count] = row[count - 1];
  }

  const float* spread_chroma(int chroma_width, int chroma_first, int count) const {
    for (int i = 0; i < 4; ++i) {
      const float* in = work.terms + i * kXybPitch;
      float* out = work.spread + i * kXybPitch;
      if (2 * chroma_width == grid.width) {  // `first` is even
        double_columns(in, count, out);
      } else {
        for (int x = 0; x < count; ++x)
          out[x] = in[chroma_position(first + x, grid.width, chroma_width) - chroma_first];
      }
    }
    return work.spread;
  }

  // Row y and that above it (the same one where rows end) to a row of the next scale.
  void halve(int picture, float* const linear[3], ptrdiff_t pitch, int y) const {
    const Grid& next = metric.grids_[scale + 1];
    const int count = (columns + 1) / 2, shift = x0 - first;
    const ptrdiff_t later = std::min(kRows / 2, next.height - 1 - y / 2);
    for (int p = 0; p < 3; ++p) {
      float* out = linear_plane(scale + 1, picture, p) + y / 2 * static_cast<ptrdiff_t>(next.pitch) + x0 / 2;
      prefetch<true>(out + later * next.pitch, count);
      halve_row(linear[p] - pitch + shift, linear[p] + shift, (count + kPad - 1) / kPad * kPad, out);
      repeat_edge(out, count, next.width, x0 / 2 + count);
    }
  }

  float* across_state(int block, int stream) const {
    return state.across.data() +
           (static_cast<size_t>(block) * streams(plan, dis_count) + stream) * kStates * kRows;
  }

  // Lanes of the tile's columns, with those before and after it.
  void to_lanes(int block, int picture, int plane) const {
    const int slot = block * kRows & (kRing - 1), skip = column == 0 ? 0 : kHalo;
    float* const out = work.lanes + picture * WorkSpace::kLanes;
    rows_to_lanes(xyb_plane(picture, plane) + slot * kXybPitch + skip, kXybPitch, kLaneColumns - skip,
                  out + skip * kRows);
  }
  const float* lanes(int picture) const { return work.lanes + picture * WorkSpace::kLanes + kLead * kRows; }

  // Blur along the rows of a group of columns. The streams of a plane in order: mu1, s11; then of each
  // distorted picture mu2, s22, s12. Without SSIM only the first moments.
  void blur_rows(int block, int plane, int stream, int x) const {
    float* to = work.rows;
    const auto blur = [&](Moments moments, const float* a, const float* b) {
      float* const oscillators = across_state(block, stream);
      const bool border = column == 0 && x == 0;
      if (border) std::fill_n(oscillators, stream_count(moments) * kStates * kRows, 0.0f);
      blur_across(moments, a, b, border ? -kAhead : x, x + kGroup, oscillators, to, WorkSpace::kBlurredSize,
                  kGroup);
      to += stream_count(moments) * WorkSpace::kBlurredSize;
      stream += stream_count(moments);
    };
    if (plan.planes[plane].needs_ssim) {
      blur(Moments::kOfRef, lanes(0), nullptr);
      for (int k = 0; k < dis_count; ++k) blur(Moments::kDistorted, lanes(0), lanes(1 + k));
    } else {
      int picture = 0;
      for (; picture < dis_count; picture += 2) blur(Moments::kFirsts, lanes(picture), lanes(picture + 1));
      if (picture == dis_count) blur(Moments::kFirst, lanes(picture), nullptr);
    }
  }

  // Finishes the blur of a group of columns, 4 rows behind the rows known, and adds up its maps.
  void compare(int block, int plane, int stream, int x) const {
    const PlanePlan& wanted = plan.planes[plane];
    const int top = block * kRows - kAhead;
    const int begin = std::max(0, -top), end = std::clamp(grid.height - top, 0, kRows);
    float* out[5];
    for (int i = 0; i < 5; ++i) out[i] = work.blurred + i * WorkSpace::kBlurredSize;
    const float* rows = work.rows;
    const auto blur = [&](float* to) {
      blur_down(rows, history + static_cast<size_t>(stream) * kHistory * kTileColumns + x, kTileColumns,
                down + static_cast<size_t>(stream) * kStates * kTileColumns + x, kTileColumns, to);
      rows += WorkSpace::kBlurredSize;
      ++stream;
    };
    blur(out[0]);
    if (wanted.needs_ssim) blur(out[1]);
    for (int k = 0; k < dis_count; ++k) {
      blur(out[2]);
      if (wanted.needs_ssim) blur(out[3]);
      if (wanted.needs_ssim) blur(out[4]);
      const Blurred blurred{out[0], out[2], out[1], out[3], out[4]};
      double* const sums = totals_of(k, plane) + x;
      if (wanted.needs_ssim) add_ssim(metric.plan_.definition, blurred, begin, end, sums, kTileColumns);
      if (wanted.needs_edges) {
        add_edges(blurred, xyb_plane(0, plane) + kLead + x, xyb_plane(1 + k, plane) + kLead + x, kXybPitch,
                  top, begin, end, sums, kTileColumns);
      }
    }
  }

  void sum_columns() const {
    for (int k = 0; k < dis_count; ++k) {
      PlaneSums& sums = state.sums[scale][static_cast<size_t>(column) * dis_count + k];
      for (int plane = 0; plane < 3; ++plane) {
        for (int i = 0; i < kNorms; ++i) {
          const double* total = totals_of(k, plane) + i * kTileColumns;
          sums[plane][i] = 0;
          for (int x = 0; x < columns; ++x) sums[plane][i] += total[x];
        }
      }
    }
  }
};

void Ssimulacra2::run(const FrameInput& input, int phase, int strip, FrameState& state,
                      Scratch& scratch) const {
  const auto [scale, diagonal] = phases_[phase];
  const int row = grids_[scale].first_row(diagonal) + strip;
  const int dis_count = static_cast<int>(input.dis().size());
  const Tile tile{*this, input,          static_cast<State&>(state),   scale,
                  row,   diagonal - row, WorkSpace(scratch, dis_count)};
  tile.run();
}

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  if (params.definition != "reference" && params.definition != "fork") {
    return usage_error("ssimulacra2: definition=" + params.definition + " is neither reference nor fork");
  }
  if (format.chroma == Chroma::k400) {
    return unsupported_error("ssimulacra2: " + describe(format) +
                             " has no colour; it needs 4:2:0, 4:2:2 or 4:4:4");
  }
  if (std::min(format.width_px, format.height_px) < kSmallestSide_px) {
    return too_small_error("ssimulacra2", format, kSmallestSide_px, kSmallestSide_px);
  }
  return std::unique_ptr<Metric>(std::make_unique<Ssimulacra2>(make_plan(
      format, params.yuv_matrix, params.definition == "fork" ? Definition::kFork : Definition::kReference)));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "ssimulacra2",
    .summary = "structural similarity and edges in a colour space made for the eye, over six scales",
    .provided = {{"ssimulacra2", nullptr}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::ssimulacra2
