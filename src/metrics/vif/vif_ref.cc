// SPDX-License-Identifier: BSD-2-Clause-Patent
// Integer VIF, as plain loops: what the kernels must equal.
#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

#include "metrics/vif/vif_kernels.h"

namespace fovea::vif {
namespace {

struct Rounding {
  int shift;
  uint64_t half;
};

// After the vertical pass means are brought to 16 bits, second moments to the Q16 of an 8-bit scale squared.
Rounding mean_rounding(const Strip& s) {
  const int shift = s.scale == 0 ? s.bit_depth : 16;
  return {shift, 1ull << (shift - 1)};
}
Rounding square_rounding(const Strip& s) {
  const int shift = s.scale == 0 ? 2 * (s.bit_depth - 8) : 16;
  return {shift, shift == 0 ? 0 : 1ull << (shift - 1)};
}

uint64_t sample(const Strip& s, const PlaneView& plane, int y, int x) {
  y = std::clamp(reflect101(y, s.height()), 0, s.height() - 1);
  return s.bytes() ? plane.row<uint8_t>(y)[x] : plane.row<uint16_t>(y)[x];
}

// A column after the vertical pass.
struct Column {
  uint32_t ref, dis, ref_ref, dis_dis, ref_dis;
};

void add_pixel(int32_t var_ref, int32_t var_dis, int32_t covariance, double gain_limit, Sums& sums) {
  if (var_ref < kNoiseQ16) {
    sums.num_flat += var_dis;
    sums.den_flat += 1;
    return;
  }
  sums.den_log += log2_q11(static_cast<uint64_t>(var_ref) + kNoiseQ16) - 2048 * 17;
  if (covariance <= 0 || var_dis <= 0) return;

  double gain = covariance / (var_ref + 65536 * 1.0e-10);
  const double residual = var_dis - gain * covariance;  // before the gain is limited
  const int64_t noise = (residual > 0 ? static_cast<int32_t>(residual) : 0) + int64_t{kNoiseQ16};
  gain = std::min(gain, gain_limit);
  const int64_t both = static_cast<int64_t>((gain * gain) * var_ref) + noise;
  sums.num_log += log2_q11(both) - log2_q11(noise);
}

Sums row_sums(const Strip& s, const PlaneView& dis, double gain_limit, int y, Column* row) {
  const int radius = kRadius[s.scale], width = s.width();
  const uint16_t* taps = kTaps[s.scale];
  const Rounding mean = mean_rounding(s), square = square_rounding(s);
  for (int x = 0; x < width; ++x) {
    uint64_t r = mean.half, d = mean.half, rr = square.half, dd = square.half, rd = square.half;
    for (int k = 0; k <= 2 * radius; ++k) {
      const uint64_t a = sample(s, s.ref, y - radius + k, x), b = sample(s, dis, y - radius + k, x);
      r += taps[k] * a;
      d += taps[k] * b;
      rr += taps[k] * (a * a);
      dd += taps[k] * (b * b);
      rd += taps[k] * (a * b);
    }
    row[x] = {static_cast<uint16_t>(r >> mean.shift), static_cast<uint16_t>(d >> mean.shift),
              static_cast<uint32_t>(rr >> square.shift), static_cast<uint32_t>(dd >> square.shift),
              static_cast<uint32_t>(rd >> square.shift)};
  }
  Sums sums;
  for (int x = 0; x < width; ++x) {
    uint32_t r = 0, d = 0;  // Q16 of the 16-bit scale
    uint64_t rr = 32768, dd = 32768, rd = 32768;
    for (int k = 0; k <= 2 * radius; ++k) {
      const Column& c = row[reflect101(x - radius + k, width)];
      r += taps[k] * c.ref;
      d += taps[k] * c.dis;
      rr += uint64_t{taps[k]} * c.ref_ref;
      dd += uint64_t{taps[k]} * c.dis_dis;
      rd += uint64_t{taps[k]} * c.ref_dis;
    }
    const auto product = [](uint64_t a, uint64_t b) { return static_cast<uint32_t>((a * b + (1ull << 31)) >> 32); };
    const auto central = [](uint64_t moment, uint32_t of_means) {
      return static_cast<int32_t>(static_cast<uint32_t>(moment >> 16) - of_means);
    };
    add_pixel(central(rr, product(r, r)), std::max(central(dd, product(d, d)), 0), central(rd, product(r, d)),
              gain_limit, sums);
  }
  return sums;
}

void next_row(const Strip& s, const PlaneView& plane, int y, uint16_t* row, uint16_t* out) {
  const int radius = kRadius[s.scale + 1], width = s.width();
  const uint16_t* taps = kTaps[s.scale + 1];
  const Rounding mean = mean_rounding(s);
  for (int x = 0; x < width; ++x) {
    uint64_t sum = mean.half;
    for (int k = 0; k <= 2 * radius; ++k) sum += taps[k] * sample(s, plane, 2 * y - radius + k, x);
    row[x] = static_cast<uint16_t>(sum >> mean.shift);
  }
  for (int x = 0; x < width / 2; ++x) {
    uint64_t sum = 32768;
    for (int k = 0; k <= 2 * radius; ++k) sum += uint64_t{taps[k]} * row[reflect101(2 * x - radius + k, width)];
    out[x] = static_cast<uint16_t>(sum >> 16);
  }
}

}  // namespace

const uint16_t* log2_table() {
  static const std::vector<uint16_t> table = [] {
    std::vector<uint16_t> t;
    for (int i = 32768; i < 65536; ++i) {
      // Rounded to single precision first: in double 38 entries would differ.
      const float log2_of_i = static_cast<float>(std::log2(static_cast<double>(i)));
      t.push_back(static_cast<uint16_t>(std::round(log2_of_i * 2048.0f)));
    }
    t.push_back(0);
    return t;
  }();
  return table.data();
}

int64_t log2_q11(uint64_t v) {
  const int k = static_cast<int>(std::bit_width(v)) - 16;
  return log2_table()[(v >> k) - 32768] + 2048 * static_cast<int64_t>(k);
}

void run_strip_ref(const Strip& s, Scratch& scratch) {
  if (s.sums != nullptr) {
    Column* row = scratch.take<Column>(s.width());
    for (int i = 0; i < s.dis_count * s.limit_count; ++i) {
      s.sums[i] = {};
      for (int y = s.begin; y < s.end; ++y) {
        s.sums[i] += row_sums(s, s.dis[i / s.limit_count], s.gain_limits[i % s.limit_count], y, row);
      }
    }
  }
  if (s.next_ref.data != nullptr) {
    uint16_t* row = scratch.take<uint16_t>(s.width());
    const int end = std::min((s.end + 1) / 2, s.height() / 2);
    for (int y = s.begin / 2; y < end; ++y) {
      next_row(s, s.ref, y, row, s.next_ref.data + y * s.next_ref.stride);
      for (int d = 0; d < s.dis_count; ++d) next_row(s, s.dis[d], y, row, s.next_dis[d].data + y * s.next_dis[d].stride);
    }
  }
}

size_t strip_scratch_bytes_ref(int width) {
  return Scratch::bytes_for<Column>(width) + Scratch::bytes_for<uint16_t>(width);
}

}  // namespace fovea::vif
