// SPDX-License-Identifier: BSD-2-Clause-Patent
// SSIM from exact integer window sums. The README beside this file has the formulas.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <type_traits>

#include "metrics/metric.h"
#include "metrics/ssim/ssim_kernels.h"

namespace fovea::ssim {
namespace {

#define FOVEA_PARAMS_OWNER "ssim"
#define FOVEA_PARAMS_FILE "metrics/ssim/ssim.params"
#include "metrics/define_params.inc"

using ssim_int::kBandColumns;
using ssim_int::kLanes;
using ssim_int::kPairs;
using ssim_int::kRadius;
using ssim_int::kRowValues;

constexpr int kRing = 2 * kRadius + 1;
constexpr int kPrefetchRows = 16;

struct Plan {
  Format format;
  int bands = 0;
  ssim_int::Constants constants{};
  std::vector<double> weight_x, weight_y;  // by column and row: what of a window lies inside
  double total_weight = 0;
};

std::vector<double> edge_weights(int length) {
  std::vector<double> out(length);
  for (int i = 0; i < length; ++i) {
    for (int a = -kRadius; a <= kRadius; ++a) {
      if (i + a >= 0 && i + a < length) out[i] += ssim_int::kTaps[std::abs(a)];
    }
  }
  return out;
}

// sums[band][dis]
struct State final : FrameState {
  std::vector<double> sums;
};

class Ssim final : public Metric {
 public:
  explicit Ssim(Plan plan) : plan_(std::move(plan)), strips_{plan_.bands}, features_{plain_feature("ssim")} {}

  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  // Bands of columns.
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int) const override {
    return Scratch::bytes_for<double>((kRing + 1) * kRowValues + 32) +
           Scratch::bytes_for<double>(kRowValues + 32) + Scratch::bytes_for<double>(2 * kPairs);
  }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    auto state = std::make_unique<State>();
    state->sums.resize(static_cast<size_t>(plan_.bands) * dis_count);
    return state;
  }

  void run(const FrameInput& input, int, int strip, FrameState& state, Scratch& scratch) const override {
    const int dis_count = static_cast<int>(input.dis().size());
    for (int k = 0; k < dis_count; ++k) {
      scratch.reset();
      const PlaneView &ref = input.ref().planes[0], &dis = input.dis()[k].planes[0];
      static_cast<State&>(state).sums[static_cast<size_t>(strip) * dis_count + k] =
          plan_.format.sample_bytes() == 1 ? band<uint8_t, float>(ref, dis, strip, scratch)
                                           : band<uint16_t, double>(ref, dis, strip, scratch);
    }
  }

  void finish(const FrameInput& input, const FrameState& state, int dis,
              std::span<double> raw) const override {
    const auto& sums = static_cast<const State&>(state).sums;
    double sum = 0;
    for (int b = 0; b < plan_.bands; ++b) sum += sums[static_cast<size_t>(b) * input.dis().size() + dis];
    raw[0] = sum / plan_.total_weight;
  }

 private:
  // Sum of W q over the band, from top to bottom. Row: quantities of a row.
  template <class Sample, class Row>
  double band(const PlaneView& ref, const PlaneView& dis, int index, Scratch& scratch) const {
    Row* ring = scratch.take<Row>((kRing + 1) * kRowValues + 32);
    double* down = scratch.take<double>(kRowValues + 32);
    double* by_parity = scratch.take<double>(2 * kPairs);
    std::fill(ring, ring + (kRing + 1) * kRowValues + 32, Row{0});
    std::fill(down, down + kRowValues + 32, 0.0);
    std::fill(by_parity, by_parity + 2 * kPairs, 0.0);
    const Row* zeros = ring + kRing * kRowValues;  // a row outside the picture adds nothing

    const int x = index * kBandColumns, width = plan_.format.width_px, height = plan_.format.height_px;
    const int columns = std::min(kBandColumns, width - x);
    const int first = std::max(0, x - kRadius), last = std::min(width, x + columns + kRadius);
    const int lead = first - (x - kRadius);  // columns left of the picture stay 0
    for (int i = 0; i < columns; ++i) by_parity[i % 2 * kPairs + i / 2] = plan_.weight_x[x + i];
    double lanes[kLanes] = {};
    for (int y = -kRadius; y < height; ++y) {
      const int row = y + kRadius;  // that the window of y sees last
      if (row < height) {
        const Sample *r = ref.row<Sample>(row) + first, *d = dis.row<Sample>(row) + first;
        ssim_int::expand_row(r, d, last - first, ring + row % kRing * kRowValues + lead);
        if (row + kPrefetchRows < height) {
          for (int i = 0; i < last - first; i += static_cast<int>(64 / sizeof(Sample))) {
            __builtin_prefetch(ref.row<Sample>(row + kPrefetchRows) + first + i);
            __builtin_prefetch(dis.row<Sample>(row + kPrefetchRows) + first + i);
          }
        }
      }
      if (y < 0) continue;
      std::array<const Row*, kRing> rows;
      for (int b = -kRadius; b <= kRadius; ++b) {
        rows[b + kRadius] = y + b < 0 || y + b >= height ? zeros : ring + (y + b) % kRing * kRowValues;
      }
      const ssim_int::Weights weights{plan_.weight_y[y], plan_.weight_x.data() + x, by_parity};
      if constexpr (std::is_same_v<Row, float>) {
        ssim_int::add_row(rows.data(), columns, weights, plan_.constants, lanes);
      } else {
        ssim_int::add_row(rows.data(), columns, weights, plan_.constants, down, lanes);
      }
    }
    double sum = 0;
    for (const double lane : lanes) sum += lane;
    return sum;
  }

  Plan plan_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_TRY(param_table().parse(options));
  Plan plan;
  plan.format = format;
  plan.bands = (format.width_px + kBandColumns - 1) / kBandColumns;
  const double peak = static_cast<double>((1 << format.bit_depth) - 1);
  plan.constants = {peak * peak * (0.01 * 0.01), peak * peak * (0.03 * 0.03)};
  plan.weight_x = edge_weights(format.width_px);
  plan.weight_y = edge_weights(format.height_px);
  double sum_x = 0, sum_y = 0;
  for (const double w : plan.weight_x) sum_x += w;
  for (const double w : plan.weight_y) sum_y += w;
  plan.total_weight = sum_x * sum_y;
  plan.weight_x.resize(plan.weight_x.size() + kLanes, 1.0);  // for whole vectors
  return std::unique_ptr<Metric>(std::make_unique<Ssim>(std::move(plan)));
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "ssim",
    .summary = "structural similarity from exact integer windows",
    .provided = {{"ssim", nullptr}},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
};

}  // namespace fovea::ssim
