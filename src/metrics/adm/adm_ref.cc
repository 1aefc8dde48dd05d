// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/adm/adm_kernels.h"
#include "metrics/adm/adm_scalar.h"

namespace fovea::adm {
namespace {

void put(SplitRow row, int x, int32_t value) {
  row.high[x] = static_cast<int16_t>(value >> 16);
  row.low[x] = static_cast<int16_t>((value & 0xFFFF) - 32768);
}
template <class Row>
int64_t get(const Row& row, int x) {
  return int64_t{row.high[x]} * 65536 + row.low[x] + 32768;
}

// Writes `value(x)` for the columns of `range` and the mirrored columns beyond a border that it touches.
template <class Value, class Put>
void filtered_row(Range range, int width, Value value, Put put_value) {
  for (int x = range.begin; x < range.end; ++x) put_value(x, value(x));
  if (range.begin < range.end && range.begin == 0) put_value(-1, value(1));
  if (range.begin < range.end && range.end == width) {
    put_value(width, value(width - 1));
    put_value(width + 1, value(width - 2));
  }
}

template <class Sample>
void columns0_typed(const Sample* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
                    int16_t* high) {
  const auto value = [&](const int32_t* taps) {
    return [=](int x) {
      const int32_t mask = (1 << bit_depth) - 1, grey = 1 << (bit_depth - 1);
      int32_t sum = 0;
      for (int k = 0; k < 4; ++k) sum += taps[k] * ((rows[k][x] & mask) - grey);
      return s16(shift_round(int64_t{sum}, bit_depth));
    };
  };
  filtered_row(columns.low, columns.width, value(kLow), [=](int x, int16_t v) { low[x] = v; });
  filtered_row(columns.high, columns.width, value(kHigh), [=](int x, int16_t v) { high[x] = v; });
}

// `sample(k, x)` is row k of the four.
template <class SampleAt>
void columns_split(const Columns& columns, int shift, SampleAt sample, SplitRow low, SplitRow high) {
  const auto value = [&](const int32_t* taps) {
    return [=](int x) {
      int64_t sum = 0;
      for (int k = 0; k < 4; ++k) sum += taps[k] * sample(k, x);
      return s32(shift_round(sum, shift));
    };
  };
  filtered_row(columns.low, columns.width, value(kLow), [=](int x, int32_t v) { put(low, x, v); });
  filtered_row(columns.high, columns.width, value(kHigh), [=](int x, int32_t v) { put(high, x, v); });
}

// `low(x)`, `high(x)` are the filtered rows.
template <class LowAt, class HighAt, class PutA, class PutDetail>
void filter_rows(const RowPlan& plan, int shift, LowAt low, HighAt high, PutA put_a, PutDetail put_detail) {
  const auto filter = [shift](const int32_t* taps, auto at, int j) {
    int64_t sum = 0;
    for (int k = 0; k < 4; ++k) sum += taps[k] * int64_t{at(2 * j - 1 + k)};
    return shift_round(sum, shift);
  };
  for (int j = 0; j < plan.a_count; ++j) put_a(j, filter(kLow, low, j));
  for (int j = plan.detail.begin; j < plan.detail.end; ++j) {
    put_detail(kH, j - plan.detail.begin, filter(kLow, high, j));
    put_detail(kV, j - plan.detail.begin, filter(kHigh, low, j));
    put_detail(kD, j - plan.detail.begin, filter(kHigh, high, j));
  }
}

// Decouples column x of the three bands; `keep(b, r, a)` takes a band's result.
template <class Rows, class Keep>
void decouple_column(const Rows& rows, int x, double gain_limit, Keep keep) {
  const bool enhanced = same_direction(rows.o[kH][x], rows.o[kV][x], rows.t[kH][x], rows.t[kV][x]);
  for (int b = 0; b < kBands; ++b) {
    const int64_t o = rows.o[b][x], t = rows.t[b][x];
    const int64_t r = restored(o, t, enhanced, gain_limit);
    keep(b, r, t - r);
  }
}

// `seen_r(b, x)` and `seen_a(b, x)` give what exceeds a threshold.
template <class ThresholdAt, class SeenR, class SeenA>
ContrastSums contrast(Range range, const Pooling& pooling, ThresholdAt threshold, SeenR seen_r,
                      SeenA seen_a) {
  ContrastSums sums{};
  const auto add = [](int64_t& sum, int64_t term) {
    sum = static_cast<int64_t>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(term));
  };
  for (int x = range.begin; x < range.end; ++x) {
    const int32_t by_a = threshold(0, x), by_r = pooling.aim ? threshold(1, x) : 0;
    for (int b = 0; b < kBands; ++b) {
      add(sums.num[b], cube(seen_r(b, x, by_a), pooling.square_shift[b], pooling.term_shift[b]));
      if (pooling.aim)
        add(sums.aim[b], cube(seen_a(b, x, by_r), pooling.square_shift[b], pooling.term_shift[b]));
    }
  }
  return sums;
}

}  // namespace

void columns0_ref(const uint8_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
                  int16_t* high) {
  columns0_typed(rows, columns, bit_depth, low, high);
}
void columns0_ref(const uint16_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
                  int16_t* high) {
  columns0_typed(rows, columns, bit_depth, low, high);
}

void columns1_ref(const int16_t* const rows[6], const Columns& columns, SplitRow low, SplitRow high) {
  columns_split(
      columns, kColumnShift[1], [=](int k, int x) { return int64_t{rows[k][x]}; }, low, high);
}
void columns2_ref(const ConstSplitRow rows[6], const Columns& columns, SplitRow low, SplitRow high) {
  columns_split(
      columns, kColumnShift[2], [=](int k, int x) { return get(rows[k], x); }, low, high);
}

void rows0_ref(const int16_t* low, const int16_t* high, const RowPlan& plan, int16_t* a,
               int16_t* const detail[kBands]) {
  filter_rows(
      plan, kRowShift[0], [=](int x) { return low[x]; }, [=](int x) { return high[x]; },
      [=](int j, int64_t v) { a[j] = s16(v); }, [=](int b, int j, int64_t v) { detail[b][j] = s16(v); });
}
void rows1_ref(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, int shift, SplitRow a,
               int32_t* const detail[kBands]) {
  filter_rows(
      plan, shift, [=](int x) { return get(low, x); }, [=](int x) { return get(high, x); },
      [=](int j, int64_t v) { put(a, j, s32(v)); }, [=](int b, int j, int64_t v) { detail[b][j] = s32(v); });
}

void prepare0_ref(const int16_t* o, int count, const Split& split, int16_t* limit) {
  for (int x = 0; x < count; ++x) {
    const int32_t magnitude =
        static_cast<int32_t>(std::min(std::abs(int32_t{o[x]}) * split.gain_limit, 32767.0));
    limit[x] = static_cast<int16_t>(o[x] < 0 ? -magnitude : magnitude);
  }
}
void prepare1_ref(const int32_t* o, int count, Reciprocal out) {
  for (int x = 0; x < count; ++x) {
    const Divisor d = divisor(static_cast<uint32_t>(std::max(std::abs(int64_t{o[x]}), int64_t{1})));
    out.twice[x] = 2 * static_cast<uint32_t>(reciprocal(d.mantissa));
    out.up[x] = static_cast<uint32_t>(16 - d.shift);
  }
}

void decouple0_ref(const Decouple0& rows, int count, const Split& split) {
  for (int x = 0; x < count; ++x) {
    int32_t near[2] = {}, centre[2] = {};
    decouple_column(rows, x, split.gain_limit, [&](int b, int64_t r, int64_t a) {
      rows.r[b][x] = s16(r);
      rows.a[b][x] = s16(a);
      for (int which = 0; which < 2; ++which) {
        const int32_t coefficient = which == 0 ? rows.a[b][x] : rows.r[b][x];
        const Mask term = mask0(coefficient, split.weight[b], b);
        near[which] += std::max(term.near, 0);
        centre[which] +=
            weighted0(coefficient, split.weight[b], b) > kWholeMask0 ? 65535 : std::max(term.centre, 0);
      }
    });
    for (int which = 0; which < (split.aim ? 2 : 1); ++which) {
      rows.masks.near[which][x] = static_cast<uint16_t>(std::min(near[which], 65535));
      rows.masks.centre[which][x] = static_cast<uint16_t>(std::min(centre[which], 65535));
    }
  }
}

void decouple1_ref(const Decouple1& rows, int count, const Split& split) {
  for (int x = 0; x < count; ++x) {
    int32_t near[2] = {}, centre[2] = {};
    decouple_column(rows, x, split.gain_limit, [&](int b, int64_t r, int64_t a) {
      rows.r[b][x] = weighted(s32(r), split.weight[b]);
      rows.a[b][x] = weighted(s32(a), split.weight[b]);
      for (int which = 0; which < 2; ++which) {
        const Mask term = mask(which == 0 ? rows.a[b][x] : rows.r[b][x]);
        near[which] += term.near;
        centre[which] += term.centre;
      }
    });
    for (int which = 0; which < (split.aim ? 2 : 1); ++which) {
      rows.masks.near[which][x] = near[which];
      rows.masks.centre[which][x] = centre[which];
    }
  }
}

ContrastSums contrast0_ref(const Contrast0& rows, Range range, const Pooling& pooling) {
  const auto term = [&](int which, int y, int b, int x) {
    return mask0((which == 0 ? rows.a : rows.r)[y][b][x], pooling.weight[b], b);
  };
  const auto threshold = [&](int which, int x) {
    int32_t sum = 0;
    for (int b = 0; b < kBands; ++b) {
      sum += term(which, 1, b, x).centre;
      for (int y = 0; y < 3; ++y) {
        for (int d = -1; d <= 1; ++d) sum += term(which, y, b, x + d).near;
      }
    }
    return sum;
  };
  return contrast(
      range, pooling, threshold,
      [&](int b, int x, int32_t hidden) { return seen0(rows.r[1][b][x], pooling.weight[b], b, hidden); },
      [&](int b, int x, int32_t hidden) { return seen0(rows.a[1][b][x], pooling.weight[b], b, hidden); });
}

ContrastSums contrast1_ref(const Contrast1& rows, Range range, const Pooling& pooling) {
  const auto threshold = [&](int which, int x) {
    int64_t sum = rows.centre[which][x] - kMaskBias;
    for (int y = 0; y < 3; ++y) {
      for (int d = -1; d <= 1; ++d) sum += rows.near[which][y][x + d];
    }
    return s32(sum);
  };
  return contrast(
      range, pooling, threshold, [&](int b, int x, int32_t hidden) { return seen(rows.r[b][x], hidden); },
      [&](int b, int x, int32_t hidden) { return seen(rows.a[b][x], hidden); });
}

uint64_t energy0_ref(const int16_t* o, Range range) {
  uint64_t sum = 0;
  for (int x = range.begin; x < range.end; ++x) {
    const uint64_t magnitude = static_cast<uint64_t>(std::abs(int64_t{o[x]}));
    sum += magnitude * magnitude * magnitude;
  }
  return sum;
}
uint64_t energy1_ref(const int32_t* o, Range range, int square_shift, int term_shift) {
  uint64_t sum = 0;
  for (int x = range.begin; x < range.end; ++x) sum += energy(o[x], square_shift, term_shift);
  return sum;
}

}  // namespace fovea::adm
