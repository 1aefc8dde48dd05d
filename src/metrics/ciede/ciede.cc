// SPDX-License-Identifier: BSD-2-Clause-Patent
// CIEDE2000 colour difference. The README beside this file has the formulas.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "metrics/ciede/ciede_kernels.h"
#include "metrics/metric.h"

namespace fovea::ciede {
namespace {

#define FOVEA_PARAMS_OWNER "ciede"
#define FOVEA_PARAMS_FILE "metrics/ciede/ciede.params"
#include "metrics/define_params.inc"

constexpr int kStripRows = 16;
constexpr int kBlocks = kRun / kBlock;
static_assert(kBlocks == 32);  // a set of blocks is a uint32_t

struct Plan {
  Format format;
  int strips = 1;
  Conversion conversion{};
};

// Sums of the rows of the picture, which are added in order: sums[dis][y].
struct State final : FrameState {
  explicit State(size_t size) : sums(size) {}
  std::vector<double> sums;
};

struct Work {
  Colours ref, dis, packed;
  Lab ref_lab, dis_lab, packed_lab;
  alignas(64) float difference[kStored];
};

// Eight pixels of each block of the set, one block after the other, and zeros for the rest of a vector.
template <class T>
void pack(const T* in, uint32_t blocks, T* out) {
  for (; blocks != 0; blocks &= blocks - 1, out += kBlock) {
    std::memcpy(out, in + std::countr_zero(blocks) * kBlock, kBlock * sizeof(T));
  }
  std::fill_n(out, kPad, T{0});
}
void pack(const Colours& in, uint32_t blocks, Colours& out) {
  pack(in.y, blocks, out.y);
  pack(in.u, blocks, out.u);
  pack(in.v, blocks, out.v);
}
void pack(const Lab& in, uint32_t blocks, Lab& out) {
  pack(in.l, blocks, out.l);
  pack(in.a, blocks, out.a);
  pack(in.b, blocks, out.b);
}

// Blocks in which a pixel differs: the others add exactly 0.
uint32_t changed_blocks(const Colours& ref, const Colours& dis, int blocks) {
  uint32_t changed = 0;
  constexpr size_t kBytes = kBlock * sizeof(uint16_t);
  for (int b = 0; b < blocks; ++b) {
    const int i = b * kBlock;
    const bool differs = std::memcmp(ref.y + i, dis.y + i, kBytes) != 0 ||
                         std::memcmp(ref.u + i, dis.u + i, kBytes) != 0 ||
                         std::memcmp(ref.v + i, dis.v + i, kBytes) != 0;
    changed |= static_cast<uint32_t>(differs) << b;
  }
  return changed;
}

class Ciede final : public Metric {
 public:
  explicit Ciede(const Plan& plan)
      : plan_(plan), strips_{plan.strips}, features_{plain_feature("ciede2000")} {}

  const std::vector<Feature>& features() const override { return features_; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int) const override { return Scratch::bytes_for<Work>(1); }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(static_cast<size_t>(plan_.format.height_px) * dis_count);
  }

  void run(const FrameInput& input, int, int strip, FrameState& state, Scratch& scratch) const override {
    Work& work = *scratch.take<Work>(1);
    const StripRange rows = strip_range(plan_.format.height_px, plan_.strips, strip, 1);
    for (int y = rows.begin; y < rows.end; ++y) {
      if (plan_.format.sample_bytes() == 1) {
        run_row<uint8_t>(input, y, static_cast<State&>(state), work);
      } else {
        run_row<uint16_t>(input, y, static_cast<State&>(state), work);
      }
    }
  }

  void finish(const FrameInput&, const FrameState& state, int dis, std::span<double> raw) const override {
    const Format& format = plan_.format;
    const double* rows =
        static_cast<const State&>(state).sums.data() + static_cast<size_t>(dis) * format.height_px;
    double sum = 0;
    for (int y = 0; y < format.height_px; ++y) sum += rows[y];
    raw[0] = 45.0 - 20.0 * std::log10(sum / (static_cast<double>(format.width_px) * format.height_px));
  }

 private:
  // `count` pixels of row y from x on; zeros behind them, so that every vector holds numbers.
  template <class Sample>
  void load(const Frame& frame, int y, int x, int count, Colours& out) const {
    const bool halve_x = plan_.format.chroma != Chroma::k444, halve_y = plan_.format.chroma == Chroma::k420;
    widen(frame.planes[0].row<Sample>(y) + x, count, out.y);
    std::fill(out.y + count, out.y + kStored, uint16_t{0});
    for (int p = 1; p < 3; ++p) {
      const PlaneView& plane = frame.planes[p];
      // Where chroma planes are rounded down, the last luma sample takes its neighbour's.
      const Sample* row = plane.row<Sample>(std::min(halve_y ? y / 2 : y, plane.height_px - 1));
      uint16_t* to = p == 1 ? out.u : out.v;
      int done = count;
      if (!halve_x) {
        widen(row + x, count, to);
      } else {
        const int pairs = std::min((count + 1) / 2, plane.width_px - x / 2);
        widen_twice(row + x / 2, pairs, to);
        done = std::min(2 * pairs, count);
      }
      std::fill(to + done, to + count, uint16_t{row[plane.width_px - 1]});
      std::fill(to + count, to + kStored, uint16_t{0});
    }
  }

  template <class Sample>
  void run_row(const FrameInput& input, int y, State& state, Work& work) const {
    const int width = plan_.format.width_px, dis_count = static_cast<int>(input.dis().size());
    constexpr int kMaxTogether = 16;
    for (int first = 0; first < dis_count; first += kMaxTogether) {
      const int last = std::min(first + kMaxTogether, dis_count);
      double sums[kMaxTogether][kLanes] = {};
      for (int x = 0; x < width; x += kRun) {
        const int count = std::min(kRun, width - x), blocks = (count + kBlock - 1) / kBlock;
        const uint32_t all = blocks == kBlocks ? ~uint32_t{0} : (uint32_t{1} << blocks) - 1;
        load<Sample>(input.ref(), y, x, count, work.ref);
        bool have_ref_lab = false;
        for (int k = first; k < last; ++k) {
          load<Sample>(input.dis()[k], y, x, count, work.dis);
          const uint32_t changed = changed_blocks(work.ref, work.dis, blocks);
          if (changed == 0) continue;
          add_run(changed, all, dis_count == 1, have_ref_lab, work, sums[k - first]);
          have_ref_lab = true;
        }
      }
      for (int k = first; k < last; ++k) {
        double sum = 0;
        for (const double lane : sums[k - first]) sum += lane;
        state.sums[static_cast<size_t>(k) * plan_.format.height_px + y] = sum;
      }
    }
  }

  // One distorted clip alone: only its changed blocks are converted. Several share a whole run of the
  // reference.
  void add_run(uint32_t changed, uint32_t all, bool alone, bool have_ref_lab, Work& work,
               double* sums) const {
    const int count = std::popcount(changed) * kBlock;
    const bool pick = changed != all;
    if (pick) {
      pack(work.dis, changed, work.packed);
      colours_to_lab(work.packed, count, plan_.conversion, work.dis_lab);
      if (alone) pack(work.ref, changed, work.packed);
    } else {
      colours_to_lab(work.dis, count, plan_.conversion, work.dis_lab);
    }
    if (!have_ref_lab) {
      const bool part = pick && alone;
      colours_to_lab(part ? work.packed : work.ref, part ? count : std::popcount(all) * kBlock,
                     plan_.conversion, work.ref_lab);
    }
    const bool pack_lab = pick && !alone;
    if (pack_lab) pack(work.ref_lab, changed, work.packed_lab);
    differences(pack_lab ? work.packed_lab : work.ref_lab, work.dis_lab, count, work.difference);
    add_by_lane(work.difference, count, sums);
  }

  Plan plan_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_TRY(param_table().parse(options));
  const int b = format.bit_depth;
  if (format.chroma == Chroma::k400)
    return unsupported_error("ciede: 4:0:0 has no colour; give 4:2:0, 4:2:2 or 4:4:4");
  if (b != 8 && b != 10 && b != 12 && b != 16) {
    return unsupported_error("ciede: bit depth " + std::to_string(b) + " is not 8, 10, 12 or 16");
  }
  // Planes that are rounded down may be empty.
  if (format.plane_width(1) < 1 || format.plane_height(1) < 1) return too_small_error("ciede", format, 2, 2);
  Plan plan;
  plan.format = format;
  plan.strips = strip_count(format.height_px, kStripRows);
  plan.conversion = make_conversion(b);
  return std::unique_ptr<Metric>(std::make_unique<Ciede>(plan));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "ciede",
    .summary = "CIEDE2000 colour difference, 45 - 20 log10 of its mean (higher is better)",
    .provided = {{"ciede2000", nullptr}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::ciede
