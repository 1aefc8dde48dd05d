// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/speed_chroma/speed_pipeline.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "metrics/speed_chroma/speed_band.h"
#include "metrics/speed_chroma/speed_model.h"

namespace fovea::speed {
namespace {

constexpr int kMaxResampleTaps = 9;
constexpr int kChunk = 128;  // blocks at a time, so that their samples stay in the first cache

// Columns of the scaled picture that the horizontal filter sees, if nothing is resampled.
int direct_columns(const Plan& plan) {
  return std::min(plan.width, (plan.lattice_width - 1) * kDecimation + plan.radius() + 1);
}

template <class Sample>
class LatticeFilter {
 public:
  LatticeFilter(const Plan& plan, const Source& source, Scratch& scratch)
      : plan_(plan), source_(source), taps_(static_cast<int>(plan.wide.size())), shift_(plan.bit_depth - 8) {
    const float scale = 1.0f / static_cast<float>(1 << shift_);
    for (int t = 0; t < taps_; ++t) weights_[t] = plan.wide[t] * (plan.resample ? 1.0f : scale);
    if (plan.resample) {
      const Resampler& table = plan.resampler;
      row_ = scratch.take<float>(round_up(table.columns, 16));
      for (int j = 0; j < table.taps; ++j) source_rows_[j] = scratch.take<float>(plan.width);
      for (int t = 0; t < taps_; ++t) scaled_rows_[t] = scratch.take<float>(table.columns);
    } else {
      row_ = scratch.take<float>((plan.lattice_width - 1) * kDecimation + 2 * taps_);
    }
  }

  void row(int y, float* out) {
    if (plan_.resample) {
      resampled(y);
      filter_windows(row_, taps_, plan_.wide.data(), taps_, plan_.lattice_width, out);
    } else {
      direct(y);
      filter_windows(row_, kDecimation, plan_.wide.data(), taps_, plan_.lattice_width, out);
    }
  }

 private:
  int scaled_row(int y, int t) const { return mirrored(y * kDecimation + t - plan_.radius(), plan_.scaled_height); }

  // row_[radius + x] is column x.
  void direct(int y) {
    const int radius = plan_.radius(), columns = direct_columns(plan_), width = plan_.width;
    std::array<const Sample*, kMaxTaps> now, before;
    for (int t = 0; t < taps_; ++t) {
      const int from = scaled_row(y, t);
      now[t] = source_.now->row<Sample>(from);
      if (source_.before != nullptr) before[t] = source_.before->row<Sample>(from);
    }
    if (source_.before != nullptr) {
      filter_change(before.data(), now.data(), weights_.data(), taps_, columns, row_ + radius);
    } else {
      filter_rows(now.data(), weights_.data(), taps_, 128 << shift_, columns, row_ + radius);
    }
    for (int k = 1; k <= radius; ++k) row_[radius - k] = row_[radius + mirrored(-k, width)];
    const int last = (plan_.lattice_width - 1) * kDecimation + radius;
    for (int x = columns; x <= last; ++x) row_[radius + x] = row_[radius + mirrored(x, width)];
  }

  // row_[i * taps + t] is tap t of window i.
  void resampled(int y) {
    const Resampler& table = plan_.resampler;
    const float scale = 1.0f / static_cast<float>(1 << shift_);
    std::array<const float*, kMaxTaps> rows;
    for (int t = 0; t < taps_; ++t) {
      const int from = scaled_row(y, t);
      rows[t] = scaled_rows_[t];
      bool known = false;  // mirrored rows come twice
      for (int u = 0; u < t && !known; ++u) {
        known = scaled_row(y, u) == from;
        if (known) rows[t] = rows[u];
      }
      if (known) continue;
      for (int j = 0; j < table.taps; ++j) {
        const int in = table.row_index[static_cast<size_t>(from) * table.taps + j];
        const Sample* now = source_.now->row<Sample>(in);
        if (source_.before != nullptr) {
          convert_change(source_.before->row<Sample>(in), now, scale, plan_.width, source_rows_[j]);
        } else {
          convert_row(now, 128 << shift_, scale, plan_.width, source_rows_[j]);
        }
      }
      resample_row(table, source_rows_.data(), &table.row_weight[static_cast<size_t>(from) * table.taps], scaled_rows_[t]);
    }
    filter_floats(rows.data(), weights_.data(), taps_, table.columns, row_);
  }

  const Plan& plan_;
  const Source& source_;
  const int taps_;
  const int shift_;
  std::array<float, kMaxTaps> weights_{};
  std::array<float*, kMaxResampleTaps> source_rows_{};
  std::array<float*, kMaxTaps> scaled_rows_{};
  float* row_ = nullptr;
};

template <class Sample>
void typed_lattice_rows(const Plan& plan, const Source& source, int begin, int end, float* lattice, Scratch& scratch) {
  LatticeFilter<Sample> filter(plan, source, scratch);
  for (int y = begin; y < end; ++y) filter.row(y, lattice + static_cast<ptrdiff_t>(y) * plan.lattice_pitch());
}

}  // namespace

size_t lattice_scratch_bytes(const Plan& plan) {
  const size_t taps = plan.wide.size();
  if (!plan.resample) return Scratch::bytes_for<float>((plan.lattice_width - 1) * kDecimation + 2 * taps);
  return Scratch::bytes_for<float>(round_up(plan.resampler.columns, 16)) +
         plan.resampler.taps * Scratch::bytes_for<float>(plan.width) + taps * Scratch::bytes_for<float>(plan.resampler.columns);
}

void lattice_rows(const Plan& plan, const Source& source, int begin, int end, float* lattice, Scratch& scratch) {
  if (plan.bit_depth > 8) {
    typed_lattice_rows<uint16_t>(plan, source, begin, end, lattice, scratch);
  } else {
    typed_lattice_rows<uint8_t>(plan, source, begin, end, lattice, scratch);
  }
}

size_t model_scratch_bytes(const Plan& plan) {
  const int rows = plan.blocks_v * kBlock, cols = plan.blocks_h * kBlock;
  return Scratch::bytes_for<float>(static_cast<size_t>(plan.lattice_pitch()) * plan.lattice_height) +
         Scratch::bytes_for<float>(plan.lattice_pitch() + plan.narrow.size() + 32) + covariance_scratch_bytes(rows, cols) +
         Scratch::bytes_for<float>(kDims * kPitch) + 2 * Scratch::bytes_for<float>(kPaddedDims * kPitch) +
         Scratch::bytes_for<float>(kDims * kChunk) + Scratch::bytes_for<float>(kPaddedDims * kChunk);
}

void block_model(const Plan& plan, const float* lattice, Scratch& scratch, BlockModel& model) {
  const int pitch = plan.lattice_pitch(), height = plan.lattice_height;
  const int taps = static_cast<int>(plan.narrow.size());
  float* band = scratch.take<float>(static_cast<size_t>(pitch) * height);
  float* temp = scratch.take<float>(pitch + taps + 32);
  for (int y = 0; y < height; ++y) {
    std::array<const float*, kMaxTaps> rows;
    for (int t = 0; t < taps; ++t) rows[t] = lattice + static_cast<ptrdiff_t>(mirrored(y + t - taps / 2, height)) * pitch;
    remove_local_mean(rows.data(), plan.narrow.data(), taps, plan.lattice_width, temp, band + static_cast<ptrdiff_t>(y) * pitch);
  }

  float* k = scratch.take<float>(kDims * kPitch);
  covariance(band, pitch, plan.blocks_v * kBlock, plan.blocks_h * kBlock, scratch, k);
  float lambda[kDims], neighbours[kDims - 1];
  tridiagonalise(k, lambda, neighbours);
  diagonalise(lambda, neighbours);

  float* q = scratch.take<float>(kPaddedDims * kPitch);
  float* r = scratch.take<float>(kPaddedDims * kPitch);
  const bool regular = std::all_of(lambda, lambda + kDims, [](float value) { return static_cast<double>(value) >= kTiny; });
  model.failed = !regular || !factor(k, q, r);

  float* y = scratch.take<float>(kDims * kChunk);
  float* work = scratch.take<float>(kPaddedDims * kChunk);
  for (int begin = 0; begin < plan.blocks(); begin += kChunk) {
    const int count = std::min(kChunk, plan.blocks() - begin);
    const int columns = static_cast<int>(round_up(count, 16));
    for (int j = 0; j < columns; ++j) {
      if (j >= count) {
        for (int a = 0; a < kDims; ++a) y[a * kChunk + j] = 0;
        continue;
      }
      const float* block = band + static_cast<ptrdiff_t>((begin + j) / plan.blocks_h) * kBlock * pitch + (begin + j) % plan.blocks_h * kBlock;
      for (int a = 0; a < kDims; ++a) y[a * kChunk + j] = block[a / kBlock * pitch + a % kBlock];
    }
    block_statistics(model.failed ? nullptr : q, r, lambda, plan.noise, y, count, kChunk, work, &model.strength[begin],
                     &model.entropy[begin]);
  }
}

namespace {

// 1 + the variances that weight the two entropies. A sum of a single strength is float, a mixture double.
std::pair<double, double> weights(int mode, float ref, float dis) {
  const double only_ref = static_cast<double>(1.0f + ref), only_dis = static_cast<double>(1.0f + dis);
  const double r = static_cast<double>(ref), d = static_cast<double>(dis);
  const double mean = static_cast<double>(ref + dis) / 2.0;
  switch (mode) {
    case 0: return {only_ref, only_dis};
    case 1: return {only_ref, only_ref};
    case 2: return {only_dis, only_dis};
    case 3: return {1.0 + mean, 1.0 + mean};
    case 4: return {only_ref, 1.0 + mean};
    case 5: return {only_ref, 1.0 + (0.75 * r + 0.25 * d)};
    default: return {only_ref, 1.0 + (0.25 * r + 0.75 * d)};
  }
}

}  // namespace

Score compare(const Plan& plan, const BlockModel& ref, const BlockModel& dis) {
  if (ref.failed != dis.failed) return {0.0f, true};
  float sum = 0;
  for (int j = 0; j < plan.blocks(); ++j) {
    const float er = ref.entropy[j], ed = dis.entropy[j];
    if (er < plan.base_entropy && ed < plan.base_entropy) continue;
    const auto [wr, wd] = weights(plan.weight_mode, ref.strength[j], dis.strength[j]);
    const float fr = static_cast<float>(static_cast<double>(er) * std::log2(wr));
    const float fd = static_cast<float>(static_cast<double>(ed) * std::log2(wd));
    sum += std::abs(fr - fd);
  }
  return {sum / static_cast<float>(plan.blocks()), ref.failed};
}

}  // namespace fovea::speed
