// SPDX-License-Identifier: BSD-2-Clause-Patent
// CAMBI, the banding index. The README beside this file has the definition.
//
//   phase 0  strips of rows: ten bits, anti-dither, mask; mode filter of scale 0, or half size
//   phase 1  one task: mode filter of the smaller scales; beside it the tiles of scale 0
//   phase 2  the tiles of the other scales
//   phase 3  the mean of the worst, one task a scale
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <mutex>

#include "metrics/cambi/cambi_heatmaps.h"
#include "metrics/cambi/cambi_kernels.h"
#include "metrics/cambi/cambi_plan.h"
#include "metrics/cambi/cambi_pool.h"
#include "metrics/metric.h"

namespace fovea::cambi {
namespace {

enum class Work { kRows, kScales, kTile, kPool };

struct Task {
  Work work;
  bool source;  // of the reference (full_ref), else of every distorted picture
  int scale;
  int index;  // strip of rows or tile
};

// What one picture leaves behind on its way.
struct Picture {
  explicit Picture(const Layout& layout)
      : samples(layout.samples), bits(layout.bits), runs(layout.runs), values(layout.values) {
    for (int s = 0; s < kScales; ++s) {
      const ScaleLayout& scale = layout.scales[s];
      tiles[s].resize(scale.tiles);
      rows[s].resize(static_cast<size_t>(scale.tiles) * scale.height);
    }
  }
  AlignedBuffer<uint16_t> samples;  // ScaleLayout::plane_at
  AlignedBuffer<uint64_t> bits;     // ScaleLayout::mask_at
  AlignedBuffer<PixelRun> runs;     // ScaleLayout::runs_at; only what pictures need is ever touched
  std::array<std::vector<RowRuns>, kScales> rows;  // [tile * height + y]
  AlignedBuffer<float> values;                     // ScaleLayout::values_at
  std::array<std::vector<TileResult>, kScales> tiles;
  std::array<double, kScales> pooled{};
  std::array<AlignedBuffer<float>, kScales> maps;  // with heat maps only
};

struct State final : FrameState {
  std::vector<Picture> dis;
  std::unique_ptr<Picture> source;
};

// A row of 16-bit samples with its spare ones.
uint16_t* take_row(Scratch& scratch, int width) {
  return scratch.take<uint16_t>(row_stride(width)) + kRowPad;
}
size_t row_bytes(int width) {
  return Scratch::bytes_for<uint16_t>(row_stride(width));
}
// Rows of bits, all zeros, `bit_row_stride` words apart.
int bit_row_stride(int width) {
  return kBitPad + bit_words(width);
}
uint64_t* take_bits(Scratch& scratch, int width, int rows = 1) {
  const size_t words = static_cast<size_t>(bit_row_stride(width)) * rows;
  uint64_t* const bits = scratch.take<uint64_t>(words);
  std::memset(bits, 0, words * sizeof(uint64_t));
  return bits + kBitPad;
}
size_t bit_row_bytes(int width, int rows = 1) {
  return Scratch::bytes_for<uint64_t>(static_cast<size_t>(bit_row_stride(width)) * rows);
}

// A row on its way: ten-bit samples, and where they lie in flat areas.
struct MaskedRow {
  const uint16_t* samples;
  const uint64_t* mask;
};

// Takes rows of unfiltered samples in order and puts out rows of a scale: their runs, tile by tile, and every
// second sample of every second row as input of the next scale.
class ModeFilter {
 public:
  static size_t scratch_bytes(const Layout& layout) {
    const int width = layout.width;
    return 4 * row_bytes(width) + Scratch::bytes_for<PixelRun>(width + kRowPad) +
           Scratch::bytes_for<uint16_t>(2 * (width + kRowPad)) +
           Scratch::bytes_for<uint32_t>(layout.scales[0].tiles);
  }

  // Buffers for rows of up to `width`.
  ModeFilter(const Plan& plan, const Layout& layout, int width, Scratch& scratch)
      : plan_(plan), layout_(layout) {
    for (uint16_t*& row : across_) row = take_row(scratch, width);
    filtered_ = take_row(scratch, width);
    runs_ = scratch.take<PixelRun>(width + kRowPad);
    positions_ = scratch.take<uint16_t>(2 * (width + kRowPad));
    next_run_ = scratch.take<uint32_t>(layout.scales[0].tiles);
  }

  // Rows [begin, end) of a scale of `picture` will be put out.
  void start(Picture& picture, int scale, int begin, int end) {
    picture_ = &picture;
    scale_ = scale;
    begin_ = begin;
    end_ = end;
    // Strips of rows pack their runs, each from where it would stand if all before were full.
    std::fill_n(next_run_, layout_.scales[scale].tiles,
                static_cast<uint32_t>(layout_.scales[scale].runs_per_row * begin));
  }

  // Row y of the scale's input; rows begin-1 .. end, as far as they exist, are wanted. The mask must stay
  // until the next call.
  void push(int y, const MaskedRow& row) {
    const ScaleLayout& scale = layout_.scales[scale_];
    mode_across(row.samples, scale.width, across_[y % 3]);
    if (y == 0 && begin_ == 0) put_out(0, row);  // the first and the last row stay as they are
    if (y - 1 >= std::max(begin_, 1) && y - 1 < end_) {
      mode_down(across_[(y - 2) % 3], across_[(y - 1) % 3], across_[y % 3], scale.width, filtered_);
      put_out(y - 1, {filtered_, last_mask_});
    }
    if (y > 0 && y == scale.height - 1 && end_ == scale.height) put_out(y, row);
    last_mask_ = row.mask;
  }

 private:
  void put_out(int y, const MaskedRow& row) {
    const ScaleLayout& scale = layout_.scales[scale_];
    const PixelRun* run = runs_;
    const PixelRun* const runs_end = runs_ + find_runs(row.samples, row.mask, scale.width, plan_.first_code,
                                                       plan_.code_count(), runs_, positions_);
    for (int t = 0; t < scale.tiles; ++t) {
      const int begin = scale.edges[t] - layout_.radius, end = scale.edges[t + 1] + layout_.radius;
      PixelRun* const tile_runs = picture_->runs.data() + scale.runs_at + t * scale.runs_per_tile;
      uint32_t at = next_run_[t];
      while (run != runs_end && run->end <= begin) ++run;
      for (const PixelRun* next = run; next != runs_end && next->begin < end; ++next) {
        tile_runs[at++] = {static_cast<uint16_t>(std::max(next->begin - begin, 0)),
                           static_cast<uint16_t>(std::min<int>(next->end, end) - begin), next->code};
      }
      picture_->rows[scale_][static_cast<size_t>(t) * scale.height + y] = {next_run_[t], at - next_run_[t]};
      next_run_[t] = at;
    }
    if (y % 2 == 0 && scale_ + 1 < kScales) {
      const ScaleLayout& next = layout_.scales[scale_ + 1];
      halve_row(row.samples, scale.width,
                picture_->samples.data() + next.plane_at + y / 2 * next.plane_stride);
      halve_bits(row.mask, scale.width, picture_->bits.data() + next.mask_at + y / 2 * next.mask_stride);
    }
  }

  const Plan& plan_;
  const Layout& layout_;
  Picture* picture_ = nullptr;
  int scale_ = 0, begin_ = 0, end_ = 0;
  uint16_t* across_[3];
  uint16_t* filtered_;
  const uint64_t* last_mask_ = nullptr;
  PixelRun* runs_;
  uint16_t* positions_;
  uint32_t* next_run_;  // of each tile
};

// Makes the masked ten-bit rows of a picture, from the top to the bottom of a strip.
class MaskedRows {
 public:
  static size_t scratch_bytes(int width) {
    return (3 + 3 + 8) * row_bytes(width) + 3 * bit_row_bytes(width) + bit_row_bytes(width, 6) +
           8 * bit_row_bytes(width, 3);
  }

  MaskedRows(const Plan& plan, const Layout& layout, Scratch& scratch) : plan_(plan), layout_(layout) {
    const int width = layout.width;
    resampled_ = take_row(scratch, width);
    converted_ = take_row(scratch, width);
    for (uint16_t*& row : pair_sums_) row = take_row(scratch, width);
    for (uint16_t*& row : ten_bits_) row = take_row(scratch, width);
    flat_ = take_bits(scratch, width);
    for (uint64_t*& row : masks_) row = take_bits(scratch, width);
    sums_ = take_bits(scratch, width, 6);
    for (uint64_t*& rows : counts_) rows = take_bits(scratch, width, 3);
  }

  // Rows from `begin` on will be asked for.
  void start(const PlaneView& luma, int begin) {
    luma_ = &luma;
    begin_ = begin;
    first_flat_ = next_flat_ = next_row_ = next_pair_sum_ = std::max(begin - 3, 0);
    std::memset(sums_ - kBitPad, 0, sizeof(uint64_t) * 6 * bit_row_stride(layout_.width));
  }

  // Row y; to be called with consecutive y. The samples are valid until the next call, the mask one longer.
  MaskedRow next(int y) {
    const int last = layout_.height - 1, stride = bit_row_stride(layout_.width);
    uint64_t* const mask = masks_[y % 2];
    const auto counts_or_null = [&](int row) { return row >= first_flat_ ? counts_[row % 8] : nullptr; };
    while (next_flat_ <= std::min(y + 3, last)) {
      const uint16_t* const row = ten_bits(next_flat_);
      flat_bits(row, next_flat_ < last ? ten_bits(next_flat_ + 1) : row, layout_.width, flat_);
      count_across(flat_, layout_.width, counts_[next_flat_ % 8], stride);
      slide_sums(counts_[next_flat_ % 8], counts_or_null(next_flat_ - 7), layout_.mask_threshold,
                 layout_.width, sums_, stride, mask);
      ++next_flat_;
    }
    // Below the last row nothing enters any more.
    if (y + 3 > last && y > begin_)
      slide_sums(nullptr, counts_or_null(y - 4), layout_.mask_threshold, layout_.width, sums_, stride, mask);
    return {ten_bits(y), mask};
  }

 private:
  const uint16_t* ten_bits(int y) {
    for (; next_row_ <= y; ++next_row_) {
      uint16_t* const out = ten_bits_[next_row_ % 8];
      if (plan_.anti_dither) {
        const uint16_t* const sums = pair_sums_of(next_row_);
        const uint16_t* const below = next_row_ + 1 < layout_.height ? pair_sums_of(next_row_ + 1) : sums;
        // Of bytes: four ten-bit values are four times those, and their mean is the plain sum.
        anti_dither(sums, below, plan_.format.bit_depth == 8 ? 0 : 2, layout_.width, out);
      } else if (plan_.format.sample_bytes() == 1) {
        to_ten_bits(source_row<uint8_t>(next_row_), layout_.width, plan_.format.bit_depth, out);
      } else {
        to_ten_bits(source_row<uint16_t>(next_row_), layout_.width, plan_.format.bit_depth, out);
      }
    }
    return ten_bits_[y % 8];
  }

  const uint16_t* pair_sums_of(int y) {
    for (; next_pair_sum_ <= y; ++next_pair_sum_) {
      uint16_t* const out = pair_sums_[next_pair_sum_ % 2];
      if (plan_.format.sample_bytes() == 1) {
        pair_sums(source_row<uint8_t>(next_pair_sum_), layout_.width, out);
      } else {
        to_ten_bits(source_row<uint16_t>(next_pair_sum_), layout_.width, plan_.format.bit_depth, converted_);
        pair_sums(converted_, layout_.width, out);
      }
    }
    return pair_sums_[y % 2];
  }

  // Row y of the picture at its working size.
  template <class Sample>
  const Sample* source_row(int y) {
    if (layout_.columns.empty()) return luma_->row<Sample>(y);
    const Sample* const in = luma_->row<Sample>(layout_.rows[y]);
    Sample* const out = reinterpret_cast<Sample*>(resampled_);
    for (int x = 0; x < layout_.width; ++x) out[x] = in[layout_.columns[x]];
    return out;
  }

  const Plan& plan_;
  const Layout& layout_;
  const PlaneView* luma_ = nullptr;
  int begin_ = 0, first_flat_ = 0, next_flat_ = 0, next_row_ = 0, next_pair_sum_ = 0;
  uint16_t* resampled_;
  uint16_t* converted_;
  uint16_t* pair_sums_[2];
  uint16_t* ten_bits_[8];
  uint64_t* flat_;
  uint64_t* masks_[2];
  uint64_t* sums_;       // six digits
  uint64_t* counts_[8];  // three digits of each row
};

class Cambi final : public Metric {
 public:
  Cambi(Plan plan, const std::string& suffix, std::unique_ptr<HeatMaps> maps) : plan_(std::move(plan)) {
    features_.push_back(named_feature({"Cambi_feature_cambi_score", "cambi"}, suffix));
    if (plan_.params.full_ref) {
      features_.push_back(plain_feature("cambi_source"));
      features_.push_back(plain_feature("cambi_full_reference"));
    }
    with_maps_ = maps != nullptr;
    maps_.push_back(std::move(maps));

    const auto add = [this](size_t phase, Task task) {
      tasks_.resize(std::max(tasks_.size(), phase + 1));
      tasks_[phase].push_back(task);
    };
    for (const bool source : {false, true}) {
      if (source && !plan_.params.full_ref) break;
      const Layout& layout = layout_of(source);
      for (int i = 0; i < layout.row_strips; ++i) add(0, {Work::kRows, source, 0, i});
      add(1, {Work::kScales, source, 0, 0});
      for (int s = 0; s < kScales; ++s) {
        const size_t phase = s == 0 && !plan_.half_size ? 1 : 2;
        for (int t = 0; t < layout.scales[s].tiles; ++t) add(phase, {Work::kTile, source, s, t});
        add(3, {Work::kPool, source, s, 0});
      }
    }
    for (const auto& phase : tasks_) strips_.push_back(static_cast<int>(phase.size()));
  }

  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  const std::vector<int>& strips() const override { return strips_; }

  size_t scratch_bytes(int) const override {
    size_t most = 0;
    for (const bool source : {false, true}) {
      if (source && !plan_.params.full_ref) break;
      const Layout& layout = layout_of(source);
      const size_t rows = MaskedRows::scratch_bytes(layout.width) + ModeFilter::scratch_bytes(layout);
      const size_t scan = ScanMemory(layout.max_tile_columns, plan_.code_count(), plan_.contrasts).bytes();
      most = std::max({most, rows, Scratch::bytes_for<uint8_t>(scan)});
    }
    return most;
  }

  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    auto state = std::make_unique<State>();
    for (int k = 0; k < dis_count; ++k) {
      Picture& picture = state->dis.emplace_back(plan_.encode);
      for (int s = 0; with_maps_ && s < kScales; ++s) {
        const ScaleLayout& scale = plan_.encode.scales[s];
        picture.maps[s] = AlignedBuffer<float>(static_cast<size_t>(scale.width) * scale.height);
      }
    }
    if (plan_.params.full_ref) state->source = std::make_unique<Picture>(plan_.source);
    if (with_maps_) open_more_maps(dis_count);
    return state;
  }

  void run(const FrameInput& input, int phase, int strip, FrameState& frame_state,
           Scratch& scratch) const override {
    State& state = static_cast<State&>(frame_state);
    const Task& task = tasks_[phase][strip];
    Picture* const pictures = task.source ? state.source.get() : state.dis.data();
    const size_t count = task.source ? 1 : input.dis().size();
    const auto luma = [&](size_t k) -> const PlaneView& {
      return (task.source ? input.ref() : input.dis()[k]).planes[0];
    };
    const Layout& layout = layout_of(task.source);

    switch (task.work) {
      case Work::kRows: {
        MaskedRows rows(plan_, layout, scratch);
        ModeFilter filter(plan_, layout, layout.width, scratch);
        for (size_t k = 0; k < count; ++k) run_rows(luma(k), task.index, layout, rows, filter, pictures[k]);
        break;
      }
      case Work::kScales: {
        const int first = plan_.half_size ? 0 : 1;
        ModeFilter filter(plan_, layout, layout.scales[first].width, scratch);
        for (size_t k = 0; k < count; ++k) {
          for (int s = first; s < kScales; ++s) {
            const ScaleLayout& scale = layout.scales[s];
            filter.start(pictures[k], s, 0, scale.height);
            for (int y = 0; y < scale.height; ++y) {
              filter.push(y, {pictures[k].samples.data() + scale.plane_at + y * scale.plane_stride,
                              pictures[k].bits.data() + scale.mask_at + y * scale.mask_stride});
            }
          }
        }
        break;
      }
      case Work::kTile: {
        const size_t bytes = ScanMemory(layout.max_tile_columns, plan_.code_count(), plan_.contrasts).bytes();
        uint8_t* const memory = scratch.take<uint8_t>(bytes);
        for (size_t k = 0; k < count; ++k) run_tile(layout, task.scale, task.index, pictures[k], memory);
        break;
      }
      case Work::kPool: {
        const ScaleLayout& scale = layout.scales[task.scale];
        for (size_t k = 0; k < count; ++k) {
          Picture& picture = pictures[k];
          picture.pooled[task.scale] =
              pool_largest(picture.values.data() + scale.values_at, scale.values_per_tile,
                           picture.tiles[task.scale], scale.kept);
        }
        break;
      }
    }
  }

  void finish(const FrameInput& input, const FrameState& frame_state, int dis,
              std::span<double> raw) const override {
    const State& state = static_cast<const State&>(frame_state);
    const double cap = plan_.params.cambi_max_val;
    const double score = score_of(state.dis[dis], plan_.encode);
    if (with_maps_) {
      if (const Status written = write_maps(input.index, dis, state.dis[dis]); !written.ok()) state.fail(written.error());
    }
    raw[0] = std::min(score, cap);
    if (plan_.params.full_ref) {
      const double source = score_of(*state.source, plan_.source);
      raw[1] = std::min(source, cap);
      raw[2] = std::min(std::max(0.0, score - source), cap);
    }
  }

 private:
  const Layout& layout_of(bool source) const { return source ? plan_.source : plan_.encode; }

  void run_rows(const PlaneView& luma, int strip, const Layout& layout, MaskedRows& rows, ModeFilter& filter,
                Picture& picture) const {
    const StripRange range = strip_range(layout.height, layout.row_strips, strip, 2);
    if (plan_.half_size) {  // even rows and columns go on, unfiltered
      const ScaleLayout& first = layout.scales[0];
      rows.start(luma, range.begin);
      for (int y = range.begin; y < range.end; ++y) {
        const MaskedRow row = rows.next(y);
        if (y % 2 != 0) continue;
        halve_row(row.samples, layout.width,
                  picture.samples.data() + first.plane_at + y / 2 * first.plane_stride);
        halve_bits(row.mask, layout.width, picture.bits.data() + first.mask_at + y / 2 * first.mask_stride);
      }
      return;
    }
    const int begin = std::max(range.begin - 1, 0), end = std::min(range.end + 1, layout.height);
    rows.start(luma, begin);
    filter.start(picture, 0, range.begin, range.end);
    for (int y = begin; y < end; ++y) filter.push(y, rows.next(y));
  }

  void run_tile(const Layout& layout, int s, int t, Picture& picture, uint8_t* memory) const {
    const ScaleLayout& scale = layout.scales[s];
    const int begin = scale.edges[t], columns = scale.edges[t + 1] - begin;
    Tile tile;
    tile.runs = picture.runs.data() + scale.runs_at + t * scale.runs_per_tile;
    tile.rows = picture.rows[s].data() + static_cast<size_t>(t) * scale.height;
    tile.columns = columns;
    tile.height = scale.height;
    tile.radius = layout.radius;
    tile.code_count = plan_.code_count();
    tile.contrasts = plan_.contrasts;
    tile.steps = plan_.steps.data();
    tile.weights = plan_.weights.data();
    tile.reciprocals = plan_.reciprocals.data();
    float* map = nullptr;
    if (picture.maps[s].size() > 0) {
      map = picture.maps[s].data() + begin;
      for (int y = 0; y < scale.height; ++y)
        std::fill_n(map + static_cast<size_t>(y) * scale.width, columns, 0.0f);
    }
    picture.tiles[s][t] = scan_tile(tile, picture.values.data() + scale.values_at + t * scale.values_per_tile,
                                    map, scale.width, memory);
  }

  double score_of(const Picture& picture, const Layout& layout) const {
    double score = 0.0;
    for (int s = 0; s < kScales; ++s) score += (1 << (kScales - 1 - s)) * picture.pooled[s];
    return score / (layout.window * layout.window);
  }

  // Heat maps of further clips of one run go to numbered folders inside the first one's.
  std::string maps_folder(size_t dis) const {
    return plan_.params.heatmaps_path + (dis == 0 ? "" : "/" + std::to_string(dis));
  }

  void open_more_maps(int dis_count) const {
    const std::lock_guard lock(maps_mutex_);
    while (static_cast<int>(maps_.size()) < dis_count) {
      auto maps = HeatMaps::open(plan_, maps_folder(maps_.size()));
      maps_.push_back(maps.ok() ? std::move(maps).value() : nullptr);
    }
  }

  Status write_maps(int64_t frame, int dis, const Picture& picture) const {
    const HeatMaps* maps = nullptr;
    {
      const std::lock_guard lock(maps_mutex_);
      maps = maps_[dis].get();
    }
    if (maps == nullptr) return output_error("cambi: cannot create heat maps in " + maps_folder(dis));
    for (int s = 0; s < kScales; ++s) {
      errno = 0;
      if (!maps->write(frame, s, picture.maps[s].data())) {
        return output_error("cambi: cannot write the heat maps in " + maps_folder(dis) + ": " + std::strerror(errno));
      }
    }
    return {};
  }

  Plan plan_;
  std::vector<Feature> features_;
  std::vector<std::vector<Task>> tasks_;  // [phase][strip]
  std::vector<int> strips_;
  bool with_maps_ = false;
  mutable std::mutex maps_mutex_;
  mutable std::vector<std::unique_ptr<HeatMaps>> maps_;  // [dis]
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  FOVEA_ASSIGN(Plan plan, make_plan(format, params));
  std::unique_ptr<HeatMaps> maps;
  if (!params.heatmaps_path.empty()) {
    FOVEA_ASSIGN(maps, HeatMaps::open(plan, params.heatmaps_path));
  }
  return std::unique_ptr<Metric>(
      std::make_unique<Cambi>(std::move(plan), param_table().suffix(params), std::move(maps)));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "cambi",
    .summary = "banding index; higher is worse",
    .provided = {{"Cambi_feature_cambi_score", "cambi"}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::cambi
