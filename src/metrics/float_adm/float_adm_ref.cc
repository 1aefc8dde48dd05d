// SPDX-License-Identifier: BSD-2-Clause-Patent
// Float ADM, as plain loops: what the kernels must equal.
#include <algorithm>
#include <cmath>
#include <vector>

#include "metrics/float_adm/float_adm_kernels.h"

namespace fovea::float_adm {
namespace {

using adm::reflect;
using Row = std::vector<float>;

float sample(const Source& s, int y, int x) {
  if (s.sample_bytes == 4) return s.view.row<float>(y)[x];
  const int value = s.sample_bytes == 1 ? s.view.row<uint8_t>(y)[x] : s.view.row<uint16_t>(y)[x];
  return static_cast<float>(value - s.zero) * s.unit;
}

// taps[0] * at(0) + ... + taps[3] * at(3)
template <class At>
float filtered(const float (&taps)[4], At at) {
  float sum = 0.0f;
  for (int k = 0; k < 4; ++k) sum += taps[k] * at(k);
  return sum;
}

struct Bands {
  Row low, detail[kBands];
};

Bands transformed_row(const Source& source, const BandGeometry& g, int y) {
  Row low(g.src_width), high(g.src_width);
  for (int x = 0; x < g.src_width; ++x) {
    const auto column = [&](int k) { return sample(source, reflect(2 * y - 1 + k, g.src_height), x); };
    low[x] = filtered(kLow, column);
    high[x] = filtered(kHigh, column);
  }
  const auto filter = [&](const Row& in, const float(&taps)[4]) {
    Row out(g.width);
    for (int x = 0; x < g.width; ++x)
      out[x] = filtered(taps, [&](int k) { return in[reflect(2 * x - 1 + k, g.src_width)]; });
    return out;
  };
  Bands out;
  out.low = filter(low, kLow);
  out.detail[kV] = filter(low, kHigh);
  out.detail[kH] = filter(high, kLow);
  out.detail[kD] = filter(high, kHigh);
  return out;
}

// Do the two point the same way, within one degree? Another rounding gives other answers near it.
bool same_direction(float oh, float ov, float th, float tv) {
  const float p = oh * th + ov * tv;
  const float u = oh * oh + ov * ov;
  const float v = th * th + tv * tv;
  return p >= 0.0f && p * p >= kCosSquared * u * v;
}

// What is left of reference coefficient o in distorted t.
float restored(float o, float t, bool enhanced, double gain_limit) {
  const float gain = std::clamp(t / (o + kTiny), 0.0f, 1.0f);
  const float r = gain * o;
  if (enhanced && r > 0.0f) return static_cast<float>(std::min(r * gain_limit, double{t}));
  if (enhanced && r < 0.0f) return static_cast<float>(std::max(r * gain_limit, double{t}));
  return r;
}

// Weighted magnitudes of one row: of the reference, of what is restored, of what was added.
struct Weighted {
  Row restored[kBands], additive[kBands];
};

Weighted decoupled_row(const Bands& ref, const Bands& dis, const Scoring& scoring) {
  const size_t width = ref.low.size();
  Weighted out;
  for (int b = 0; b < kBands; ++b) {
    out.restored[b].resize(width);
    out.additive[b].resize(width);
    for (size_t x = 0; x < width; ++x) {
      const float o = ref.detail[b][x], t = dis.detail[b][x];
      const bool enhanced =
          same_direction(ref.detail[kH][x], ref.detail[kV][x], dis.detail[kH][x], dis.detail[kV][x]);
      const float r = restored(o, t, enhanced, scoring.gain_limit);
      out.restored[b][x] = std::fabs(scoring.csf[b] * r);
      out.additive[b][x] = std::fabs(scoring.csf[b] * (t - r));
    }
  }
  return out;
}

// What three rows of masking bands hide at column x of the middle one.
float threshold(const Row* const rows[3], int x) {
  const int width = static_cast<int>(rows[1]->size());
  float sum = kCentre * (*rows[1])[x];
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      if (dy != 0 || dx != 0) sum += kNeighbour * (*rows[dy + 1])[reflect(x + dx, width)];
    }
  }
  return sum;
}

float powered(float v, float p) {
  return p == 3.0f ? v * v * v : std::pow(v, p);
}

void score_rows(const Strip& s, int d, const std::vector<Bands>& ref, const std::vector<Bands>& dis) {
  const BandGeometry& g = *s.bands;
  const Range rows = s.detail_rows();
  std::vector<Weighted> weighted;
  for (int i = 0; i < rows.end - rows.begin; ++i)
    weighted.push_back(decoupled_row(ref[i], dis[i], *s.scoring));
  for (int y = s.summed_rows().begin; y < s.summed_rows().end; ++y) {
    for (const bool is_aim : {false, true}) {
      // The rows that mask, by band, and the row that is measured.
      const Row* masks[kBands][3];
      for (int b = 0; b < kBands; ++b) {
        for (int k = 0; k < 3; ++k) {
          const Weighted& row = weighted[reflect(y - 1 + k, g.height) - rows.begin];
          masks[b][k] = is_aim ? &row.restored[b] : &row.additive[b];
        }
      }
      const Row(&measured)[kBands] =
          is_aim ? weighted[y - rows.begin].additive : weighted[y - rows.begin].restored;
      float sums[kBands] = {};
      for (int x = g.left; x < g.right; ++x) {
        float hidden = 0.0f;
        for (int b = 0; s.scoring->masking && b < kBands; ++b) hidden += threshold(masks[b], x);
        for (int b = 0; b < kBands; ++b)
          sums[b] += powered(std::max(measured[b][x] - hidden, 0.0f), s.scoring->p_norm);
      }
      const RowSums& out = is_aim ? s.sums[d].aim : s.sums[d].num;
      for (int b = 0; b < kBands; ++b) out.band[b][y] = sums[b];
    }
  }
}

}  // namespace

void run_strip_ref(const Strip& s) {
  const BandGeometry& g = *s.bands;
  const Range detail = s.detail_rows(), summed = s.summed_rows();
  std::vector<Bands> ref;  // [row of `detail`]
  for (int picture = 0; picture <= s.dis_count; ++picture) {
    const Source& source = picture == 0 ? s.ref : s.dis[picture - 1];
    const LowPlane& low = picture == 0 || s.low_dis == nullptr ? s.low_ref : s.low_dis[picture - 1];
    for (int y = s.rows.begin; low.data != nullptr && y < s.rows.end; ++y) {
      const Bands bands = transformed_row(source, g, y);
      std::copy(bands.low.begin(), bands.low.end(), low.data + y * low.stride);
    }
    std::vector<Bands> bands;
    for (int y = detail.begin; y < detail.end; ++y) bands.push_back(transformed_row(source, g, y));
    if (picture > 0) {
      score_rows(s, picture - 1, ref, bands);
      continue;
    }
    ref = bands;
    for (int y = summed.begin; y < summed.end; ++y) {
      for (int b = 0; b < kBands; ++b) {
        float sum = 0.0f;
        for (int x = g.left; x < g.right; ++x) {
          const float o = ref[y - detail.begin].detail[b][x];
          sum += powered(std::fabs(s.scoring->csf[b] * o), s.scoring->p_norm);
        }
        s.den.band[b][y] = sum;
      }
    }
  }
}

}  // namespace fovea::float_adm
