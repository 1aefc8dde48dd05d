// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>
#include <math.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "metrics/adm/adm_kernels.h"
#include "metrics/adm/adm_plan.h"
#include "metrics/adm/adm_scalar.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::adm {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

// ---------------------------------------------------------------------------------------------------------
// Kernels against their plain loops, on every target.

// A row with slack, and beyond the slack elements that no kernel may touch.
template <class T>
class Row {
 public:
  explicit Row(int count) : count_(count), data_(count + 2 * (kSlack + kGuard), static_cast<T>(kPoison)) {}
  T* get() { return data_.data() + kGuard + kSlack; }
  T& operator[](int x) { return get()[x]; }
  bool guards_intact() const {
    for (int i = 0; i < kGuard; ++i) {
      if (data_[i] != static_cast<T>(kPoison) || data_[data_.size() - 1 - i] != static_cast<T>(kPoison))
        return false;
    }
    return true;
  }
  bool equals(const Row& other, int begin, int end) const {
    for (int x = begin; x < end; ++x) {
      if (data_[kGuard + kSlack + x] != other.data_[kGuard + kSlack + x]) {
        ADD_FAILURE() << "element " << x << ": " << +data_[kGuard + kSlack + x] << ", expected "
                      << +other.data_[kGuard + kSlack + x];
        return false;
      }
    }
    return guards_intact();
  }

 private:
  static constexpr int kGuard = 8;
  static constexpr int kPoison = 0x5A5A;
  int count_;
  std::vector<T> data_;
};

template <class T>
std::vector<Row<T>> rows(int n, int count) {
  return std::vector<Row<T>>(n, Row<T>(count));
}

// Integers of all magnitudes up to `limit`, zero and the limit included.
int64_t wild(Random& random, int64_t limit) {
  switch (random.uniform(0, 9)) {
    case 0:
      return 0;
    case 1:
      return limit;
    case 2:
      return -limit;
    case 3:
      return random.uniform(-3, 3);
    default: {
      const int64_t bound =
          std::max<int64_t>(1, limit >> random.uniform(0, std::bit_width(static_cast<uint64_t>(limit)) - 1));
      return random.uniform(-bound, bound);
    }
  }
}

const std::vector<Range> kHighRanges = {{0, 0}, {0, 1000}, {3, 1000}, {0, 5}, {5, 9}, {7, 40}};

template <class Sample>
void check_columns0(int bit_depth) {
  for_each_target([&](const char* target) {
    Random random(bit_depth);
    for (int width = 5; width < 150; width += 1 + width / 9) {
      for (const Range& wanted : kHighRanges) {
        SCOPED_TRACE(::testing::Message()
                     << target << " width " << width << " high " << wanted.begin << ".." << wanted.end);
        std::vector<std::vector<Sample>> samples(6, std::vector<Sample>(width));
        const int style = static_cast<int>(random.uniform(0, 2));
        for (auto& row : samples) {
          for (Sample& s : row) {  // also samples above the bit depth
            s = static_cast<Sample>(style == 0   ? random.bits()
                                    : style == 1 ? -(random.bits() >> 7 & 1)
                                                 : (1 << bit_depth) - 1);
          }
        }
        const Sample* in[6];
        for (int k = 0; k < 6; ++k) in[k] = samples[k].data();
        const Range high{std::min(wanted.begin, width), std::min(wanted.end, width)};
        for (const Range& low : {Range{0, width}, high}) {
          const Columns columns{width, low, high};
          auto out = rows<int16_t>(2, width), expected = rows<int16_t>(2, width);
          columns0(in, columns, bit_depth, out[0].get(), out[1].get());
          columns0_ref(in, columns, bit_depth, expected[0].get(), expected[1].get());
          for (int i = 0; i < 2; ++i) {
            const Range r = i == 0 ? low : high;
            if (r.begin == r.end) continue;
            ASSERT_TRUE(
                out[i].equals(expected[i], r.begin == 0 ? -1 : r.begin, r.end == width ? width + 2 : r.end))
                << i;
          }
        }
      }
    }
  });
}

TEST(AdmKernel, ColumnsOfLuma) {
  check_columns0<uint8_t>(8);
  for (const int bit_depth : {10, 12, 16}) check_columns0<uint16_t>(bit_depth);
}

TEST(AdmKernel, ColumnsOfBands) {
  for_each_target([&](const char* target) {
    Random random(3);
    for (int width = 5; width < 150; width += 1 + width / 9) {
      for (const bool split : {false, true}) {
        for (const Range& wanted : kHighRanges) {
          SCOPED_TRACE(::testing::Message() << target << " width " << width << " split " << split);
          auto high_in = rows<int16_t>(6, width), low_in = rows<int16_t>(6, width);
          const bool extreme = random.uniform(0, 1) == 1;
          const int limit = split ? 32767 : 27411;
          for (int k = 0; k < 6; ++k) {
            for (int x = 0; x < width; ++x) {
              high_in[k][x] =
                  static_cast<int16_t>(extreme ? (random.bits() & 64 ? limit : -limit) : wild(random, limit));
              low_in[k][x] =
                  static_cast<int16_t>(extreme ? (random.bits() & 64 ? 32767 : -32768) : random.bits());
            }
          }
          const Range high{std::min(wanted.begin, width), std::min(wanted.end, width)};
          const Columns columns{width, {0, width}, high};
          auto out = rows<int16_t>(4, width), expected = rows<int16_t>(4, width);
          const auto to = [](std::vector<Row<int16_t>>& r, int i) {
            return SplitRow{r[i].get(), r[i + 1].get()};
          };
          if (split) {
            ConstSplitRow in[6];
            for (int k = 0; k < 6; ++k) in[k] = {high_in[k].get(), low_in[k].get()};
            columns2(in, columns, to(out, 0), to(out, 2));
            columns2_ref(in, columns, to(expected, 0), to(expected, 2));
          } else {
            const int16_t* in[6];
            for (int k = 0; k < 6; ++k) in[k] = high_in[k].get();
            columns1(in, columns, to(out, 0), to(out, 2));
            columns1_ref(in, columns, to(expected, 0), to(expected, 2));
          }
          for (int i = 0; i < 4; ++i) {
            const Range r = i < 2 ? columns.low : high;
            if (r.begin == r.end) continue;
            ASSERT_TRUE(
                out[i].equals(expected[i], r.begin == 0 ? -1 : r.begin, r.end == width ? width + 2 : r.end))
                << i;
          }
        }
      }
    }
  });
}

TEST(AdmKernel, RowsOfBands) {
  for_each_target([&](const char* target) {
    Random random(4);
    for (int width = 5; width < 300; width += 1 + width / 9) {
      const int out_width = (width + 1) / 2;
      for (const Range& detail :
           {Range{0, out_width}, Range{out_width / 10, out_width - out_width / 10}, Range{0, 0}}) {
        SCOPED_TRACE(::testing::Message() << target << " width " << width);
        auto in = rows<int16_t>(4, width);
        const bool extreme = random.uniform(0, 1) == 1;
        for (auto& row : in) {
          for (int x = -1; x < width + 2; ++x) {
            row[x] = static_cast<int16_t>(extreme ? (random.bits() & 64 ? 32767 : -32768) : random.bits());
          }
        }
        const RowPlan plan{random.uniform(0, 3) == 0 ? 0 : out_width, detail};
        const int count = detail.end - detail.begin;

        auto a = rows<int16_t>(2, out_width), d = rows<int16_t>(6, out_width);
        int16_t* const out0[kBands] = {d[0].get(), d[1].get(), d[2].get()};
        int16_t* const expected0[kBands] = {d[3].get(), d[4].get(), d[5].get()};
        rows0(in[0].get(), in[1].get(), plan, a[0].get(), out0);
        rows0_ref(in[0].get(), in[1].get(), plan, a[1].get(), expected0);
        ASSERT_TRUE(a[0].equals(a[1], 0, plan.a_count));
        for (int b = 0; b < kBands; ++b) ASSERT_TRUE(d[b].equals(d[b + 3], 0, count)) << b;

        for (const int shift : {15, 16}) {
          auto split = rows<int16_t>(4, out_width);
          auto e = rows<int32_t>(6, out_width);
          int32_t* const out1[kBands] = {e[0].get(), e[1].get(), e[2].get()};
          int32_t* const expected1[kBands] = {e[3].get(), e[4].get(), e[5].get()};
          const ConstSplitRow low{in[0].get(), in[1].get()}, high{in[2].get(), in[3].get()};
          rows1(low, high, plan, shift, {split[0].get(), split[1].get()}, out1);
          rows1_ref(low, high, plan, shift, {split[2].get(), split[3].get()}, expected1);
          for (int i = 0; i < 2; ++i) ASSERT_TRUE(split[i].equals(split[i + 2], 0, plan.a_count)) << i;
          for (int b = 0; b < kBands; ++b) ASSERT_TRUE(e[b].equals(e[b + 3], 0, count)) << b;
        }
      }
    }
  });
}

constexpr double kGains[] = {1, 2, 1.2, 100, 99.5, 33};
Split split_of(double gain, const uint32_t* weight, bool aim) {
  return {gain, gain == std::floor(gain) ? static_cast<int>(gain) : 0, weight, aim};
}

TEST(AdmKernel, LimitsOfEveryCoefficient) {
  Row<int16_t> o(45823), expected(45823);
  for (int x = 0; x < 45823; ++x) o[x] = static_cast<int16_t>(x - 22911);
  for (const double gain : kGains) {
    const Split split = split_of(gain, nullptr, true);
    prepare0_ref(o.get(), 45823, split, expected.get());
    for_each_target([&](const char* target) {
      SCOPED_TRACE(::testing::Message() << target << " gain " << gain);
      Row<int16_t> limit(45823);
      prepare0(o.get(), 45823, split, limit.get());
      for (int x = 0; x < 45823; ++x) {  // beyond any coefficient, how far does not matter
        ASSERT_EQ(std::clamp<int>(limit[x], -22931, 22931), std::clamp<int>(expected[x], -22931, 22931))
            << o[x];
      }
      ASSERT_TRUE(limit.guards_intact());
    });
  }
}

TEST(AdmKernel, ReciprocalsOfEveryDivisor) {
  std::vector<int32_t> values;
  for (int n = 0; n <= 32768; ++n) values.push_back(n);
  for (int bit = 15; bit < 31; ++bit) {
    for (int m = 16384; m <= 32768; m += 7) {
      const int64_t v = int64_t{m} << (bit - 14);
      for (const int64_t near :
           {v - 1, v, v + 1, v + (int64_t{1} << (bit - 14)) / 2, v + (int64_t{1} << (bit - 14)) / 2 - 1}) {
        if (near < (int64_t{1} << 31)) values.push_back(static_cast<int32_t>(m % 2 == 0 ? near : -near));
      }
    }
  }
  const int count = static_cast<int>(values.size());
  Row<int32_t> o(count);
  Row<uint32_t> expected_twice(count), expected_up(count);
  std::copy(values.begin(), values.end(), o.get());
  prepare1_ref(o.get(), count, {expected_twice.get(), expected_up.get()});
  for_each_target([&](const char* target) {
    SCOPED_TRACE(target);
    Row<uint32_t> twice(count), up(count);
    prepare1(o.get(), count, {twice.get(), up.get()});
    for (int x = 0; x < count; ++x) {
      if (std::abs(o[x]) <= kSimpleDivisor) continue;
      ASSERT_EQ(twice[x], expected_twice[x]) << o[x];
      ASSERT_EQ(up[x], expected_up[x]) << o[x];
    }
    ASSERT_TRUE(twice.guards_intact() && up.guards_intact());
  });
}

// What lets scale 0 do without a division.
TEST(AdmKernel, SimpleDivisors) {
  for (int o = 1; o <= kSimpleDivisor; o += o < 300 ? 1 : 97) {
    for (int t = -2; t <= o + 2; t += t < 300 || t > o - 300 ? 1 : 89) {
      const int64_t expected = std::clamp(t, 0, o);
      ASSERT_EQ(restored(o, t, false, 1), expected) << o << " " << t;
      ASSERT_EQ(restored(-o, -t, false, 1), -expected) << o << " " << t;
    }
  }
}

constexpr uint32_t kWeights0[][kBands] = {
    {36453, 36453, 49417}, {24809, 24809, 36088}, {0, 0, 0}, {1, 1, 1}, {4544, 4544, 377}};
constexpr uint32_t kWeights1[][kBands] = {{137373656, 137373656, 61414027},
                                          {196166000, 196166000, 134487000},
                                          {(1u << 28) - 1, (1u << 28) - 1, 5},
                                          {0, 0, 0}};

// Reference and distorted coefficients: unrelated, equal, scaled, or a hair's breadth from one degree apart.
template <class T>
void fill_bands(Random& random, int64_t limit, int count, std::vector<Row<T>>& o, std::vector<Row<T>>& t) {
  for (int x = 0; x < count; ++x) {
    const int style = static_cast<int>(random.uniform(0, 5));
    const double scale = static_cast<double>(random.uniform(1, 3000)) / 1000;
    const double angle =
        (random.uniform(0, 3) == 0 ? 1.0 : 1.0 + static_cast<double>(random.uniform(-50, 50)) * 1e-6) * M_PI /
        180;
    for (int b = 0; b < kBands; ++b) {
      o[b][x] = static_cast<T>(wild(random, limit));
      const int64_t noise = random.uniform(-2, 2);
      t[b][x] = static_cast<T>(style == 0   ? wild(random, limit)
                               : style == 1 ? int64_t{o[b][x]}
                               : style == 2
                                   ? std::clamp<int64_t>(static_cast<int64_t>(o[b][x] * scale), -limit, limit)
                                   : std::clamp<int64_t>(o[b][x] + noise, -limit, limit));
    }
    if (style == 5) {
      const double h = o[kH][x], v = o[kV][x];
      const auto rotated = [&](double value) {
        return static_cast<T>(
            std::clamp<int64_t>(static_cast<int64_t>(value * std::min(scale, 1.2)), -limit, limit));
      };
      t[kH][x] = rotated(h * std::cos(angle) - v * std::sin(angle));
      t[kV][x] = rotated(h * std::sin(angle) + v * std::cos(angle));
    }
  }
}

template <class Decouple, class Signal, class Mask>
void point_outputs(Decouple& in, std::vector<Row<Signal>>& signal, std::vector<Row<Mask>>& masks) {
  for (int b = 0; b < kBands; ++b) {
    in.r[b] = signal[b].get();
    in.a[b] = signal[kBands + b].get();
  }
  for (int i = 0; i < 2; ++i) {
    in.masks.near[i] = masks[i].get();
    in.masks.centre[i] = masks[2 + i].get();
  }
}

TEST(AdmKernel, DecoupleOfScale0) {
  for_each_target([&](const char* target) {
    Random random(5);
    for (int count = 1; count < 1500; count += 1 + count / 3) {
      for (const double gain : kGains) {
        for (const auto& weight : kWeights0) {
          SCOPED_TRACE(::testing::Message()
                       << target << " count " << count << " gain " << gain << " weight " << weight[0]);
          auto o = rows<int16_t>(3, count), t = rows<int16_t>(3, count), limits = rows<int16_t>(3, count);
          fill_bands(random, random.uniform(0, 1) == 1 ? 22931 : 900, count, o, t);
          const Split split = split_of(gain, weight, random.uniform(0, 3) != 0);
          auto signal = rows<int16_t>(6, count), expected = rows<int16_t>(6, count);
          auto masks = rows<uint16_t>(4, count), expected_masks = rows<uint16_t>(4, count);
          Decouple0 in;
          for (int b = 0; b < kBands; ++b) {
            prepare0(o[b].get(), count, split, limits[b].get());
            in.o[b] = o[b].get();
            in.t[b] = t[b].get();
            in.limit[b] = limits[b].get();
          }
          point_outputs(in, signal, masks);
          decouple0(in, count, split);
          point_outputs(in, expected, expected_masks);
          decouple0_ref(in, count, split);
          for (int i = 0; i < 6; ++i) ASSERT_TRUE(signal[i].equals(expected[i], 0, count)) << i;
          for (int i = 0; i < 4; ++i) ASSERT_TRUE(masks[i].equals(expected_masks[i], 0, count)) << i;
        }
      }
    }
  });
}

TEST(AdmKernel, DecoupleOfCoarserScales) {
  for_each_target([&](const char* target) {
    Random random(6);
    for (int count = 1; count < 1500; count += 1 + count / 3) {
      for (const double gain : kGains) {
        for (const auto& weight : kWeights1) {
          SCOPED_TRACE(::testing::Message()
                       << target << " count " << count << " gain " << gain << " weight " << weight[0]);
          auto o = rows<int32_t>(3, count), t = rows<int32_t>(3, count);
          auto reciprocals = rows<uint32_t>(6, count);
          fill_bands(random, 2103000000, count, o, t);
          const Split split = split_of(gain, weight, random.uniform(0, 3) != 0);
          auto signal = rows<uint32_t>(6, count), expected = rows<uint32_t>(6, count);
          auto masks = rows<int32_t>(4, count), expected_masks = rows<int32_t>(4, count);
          Decouple1 in;
          for (int b = 0; b < kBands; ++b) {
            in.o[b] = o[b].get();
            in.t[b] = t[b].get();
            in.reciprocal[b] = {reciprocals[b].get(), reciprocals[b + 3].get()};
            prepare1(o[b].get(), count, in.reciprocal[b]);
          }
          point_outputs(in, signal, masks);
          decouple1(in, count, split);
          point_outputs(in, expected, expected_masks);
          decouple1_ref(in, count, split);
          for (int i = 0; i < 6; ++i) ASSERT_TRUE(signal[i].equals(expected[i], 0, count)) << i;
          for (int i = 0; i < 4; ++i) ASSERT_TRUE(masks[i].equals(expected_masks[i], 0, count)) << i;
        }
      }
    }
  });
}

void expect_sums(const ContrastSums& sums, const ContrastSums& expected) {
  for (int b = 0; b < kBands; ++b) {
    ASSERT_EQ(sums.num[b], expected.num[b]) << b;
    ASSERT_EQ(sums.aim[b], expected.aim[b]) << b;
  }
}

TEST(AdmKernel, ContrastOfScale0) {
  for_each_target([&](const char* target) {
    Random random(7);
    for (int count = 3; count < 400; count += 1 + count / 6) {
      for (const auto& weight : kWeights0) {
        for (const int style : {0, 1, 2, 3, 4}) {
          SCOPED_TRACE(::testing::Message()
                       << target << " count " << count << " style " << style << " weight " << weight[0]);
          // r and a, three rows of three bands each. Style 0: all sizes; 1: a masks r; 2: r masks a; 3: some
          // large, so that thresholds leave 16 bits; 4: all as large as can be, so that they wrap when
          // scaled.
          auto signal = rows<int16_t>(18, count);
          for (int i = 0; i < 18; ++i) {
            const bool is_a = i >= 9;
            for (int x = -1; x <= count; ++x) {
              const int64_t limit = style == 1 ? (is_a ? 500 : 60) : style == 2 ? (is_a ? 60 : 500) : 22931;
              const int64_t v = style == 4 ? (random.bits() & 64 ? limit : -limit)
                                : style == 3 && random.uniform(0, count / 8 + 9) != 0
                                    ? random.uniform(-40, 40)
                                    : wild(random, limit);
              signal[i][x] = static_cast<int16_t>(v);
            }
          }
          auto masks = rows<uint16_t>(8, count), sums = rows<uint16_t>(2, count);
          Contrast0 in;
          for (int which = 0; which < 2; ++which) {
            for (int y = 0; y < 3; ++y) {
              for (int b = 0; b < kBands; ++b)
                (which == 0 ? in.r : in.a)[y][b] = signal[which * 9 + y * 3 + b].get();
              for (int x = -1; x <= count; ++x) {
                int near = 0, centre = 0;
                for (int b = 0; b < kBands; ++b) {
                  const int16_t m = signal[(1 - which) * 9 + y * 3 + b][x];
                  near += mask0(m, weight[b], b).near;
                  centre += weighted0(m, weight[b], b) > kWholeMask0 ? 65535 : mask0(m, weight[b], b).centre;
                }
                masks[which * 3 + y][x] = static_cast<uint16_t>(std::min(near, 65535));
                if (y == 1) masks[6 + which][x] = static_cast<uint16_t>(std::min(centre, 65535));
              }
              in.near[which][y] = masks[which * 3 + y].get();
            }
            in.centre[which] = masks[6 + which].get();
            in.sums[which] = sums[which].get();
          }
          const int square_shift[kBands] = {29, 29, 30};
          const int term = static_cast<int>(random.uniform(0, 9));
          const int term_shift[kBands] = {term, term, term + 1};
          const Pooling pooling{weight, square_shift, term_shift, random.uniform(0, 3) != 0};
          const Range range{static_cast<int>(random.uniform(0, 1)),
                            count - static_cast<int>(random.uniform(0, 1))};
          ASSERT_NO_FATAL_FAILURE(
              expect_sums(contrast0(in, range, pooling), contrast0_ref(in, range, pooling)));
          ASSERT_TRUE(sums[0].guards_intact() && sums[1].guards_intact());
        }
      }
    }
  });
}

TEST(AdmKernel, ContrastOfCoarserScales) {
  constexpr int64_t kMaskLimit = 3 * 71582788ll;
  for_each_target([&](const char* target) {
    Random random(7);
    for (int count = 3; count < 400; count += 1 + count / 6) {
      for (const int style : {0, 1, 2}) {
        SCOPED_TRACE(::testing::Message() << target << " count " << count << " style " << style);
        auto signal = rows<uint32_t>(6, count);
        auto masks = rows<int32_t>(8, count), sums = rows<int32_t>(2, count);
        // Style 0: all sizes, also such that squares wrap; 1: nothing exceeds the masks; 2: moderate.
        for (auto& row : signal) {
          for (int x = 0; x < count; ++x) {
            row[x] = static_cast<uint32_t>(std::abs(wild(random, style == 0   ? (1ll << 31) - 1
                                                                 : style == 1 ? 3
                                                                              : 1 << 26)));
          }
        }
        for (auto& row : masks) {
          for (int x = -1; x <= count; ++x)
            row[x] = static_cast<int32_t>(std::abs(wild(random, style == 2 ? 1 << 20 : kMaskLimit)));
        }
        Contrast1 in;
        for (int b = 0; b < kBands; ++b) {
          in.r[b] = signal[b].get();
          in.a[b] = signal[b + 3].get();
        }
        for (int i = 0; i < 2; ++i) {
          for (int y = 0; y < 3; ++y) in.near[i][y] = masks[3 * i + y].get();
          in.centre[i] = masks[6 + i].get();
          in.sums[i] = sums[i].get();
        }
        const int square_shift[kBands] = {30, 30, 30};
        const int term = static_cast<int>(random.uniform(0, 9));
        const int term_shift[kBands] = {term, term, term};
        const Pooling pooling{kWeights1[0], square_shift, term_shift, random.uniform(0, 3) != 0};
        const Range range{static_cast<int>(random.uniform(0, 1)),
                          count - static_cast<int>(random.uniform(0, 1))};
        ASSERT_NO_FATAL_FAILURE(
            expect_sums(contrast1(in, range, pooling), contrast1_ref(in, range, pooling)));
        ASSERT_TRUE(sums[0].guards_intact() && sums[1].guards_intact());
      }
    }
  });
}

TEST(AdmKernel, Energy) {
  for_each_target([&](const char* target) {
    Random random(8);
    for (int count = 1; count < 300; count += 1 + count / 9) {
      Row<int16_t> fine(count);
      Row<int32_t> coarse(count);
      for (int x = 0; x < count; ++x) {
        fine[x] = static_cast<int16_t>(wild(random, 27411));
        coarse[x] = static_cast<int32_t>(wild(random, 2147483647));
      }
      const Range range{count / 7, count};
      ASSERT_EQ(energy0(fine.get(), range), energy0_ref(fine.get(), range)) << target << " " << count;
      for (const int shift : {30, 31}) {
        for (const int term : {0, 1, 9}) {
          ASSERT_EQ(energy1(coarse.get(), range, shift, term), energy1_ref(coarse.get(), range, shift, term))
              << target << " " << count;
        }
      }
    }
  });
}

// ---------------------------------------------------------------------------------------------------------
// The whole metric against whole pictures in plain loops: no strips, no rings, no crop before the sums.

template <class T>
struct Grid {
  int width = 0, height = 0;
  std::vector<T> values;
  Grid() = default;
  Grid(int w, int h) : width(w), height(h), values(static_cast<size_t>(w) * h) {}
  T& at(int y, int x) { return values[static_cast<size_t>(y) * width + x]; }
  T at(int y, int x) const { return values[static_cast<size_t>(y) * width + x]; }
};
using Band32 = Grid<int32_t>;
struct Bands {
  Band32 a, detail[kBands];
};

Band32 luma_of(const Frame& frame) {
  Band32 out(frame.format.width_px, frame.format.height_px);
  for (int y = 0; y < out.height; ++y) {
    for (int x = 0; x < out.width; ++x) {
      out.at(y, x) = (frame.format.bit_depth == 8 ? frame.planes[0].row<uint8_t>(y)[x]
                                                  : frame.planes[0].row<uint16_t>(y)[x]) -
                     (1 << (frame.format.bit_depth - 1));
    }
  }
  return out;
}

Bands transform(const Band32& in, int column_shift, int row_shift) {
  const int width = (in.width + 1) / 2, height = (in.height + 1) / 2;
  Grid<int64_t> low(in.width, height), high(in.width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < in.width; ++x) {
      int64_t l = 0, h = 0;
      for (int k = 0; k < 4; ++k) {
        const int64_t v = in.at(reflect(2 * y - 1 + k, in.height), x);
        l += kLow[k] * v;
        h += kHigh[k] * v;
      }
      low.at(y, x) = shift_round(l, column_shift);
      high.at(y, x) = shift_round(h, column_shift);
    }
  }
  Bands out{Band32(width, height), {Band32(width, height), Band32(width, height), Band32(width, height)}};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      int64_t a = 0, h = 0, v = 0, d = 0;
      for (int k = 0; k < 4; ++k) {
        const int at = reflect(2 * x - 1 + k, in.width);
        a += kLow[k] * low.at(y, at);
        v += kHigh[k] * low.at(y, at);
        h += kLow[k] * high.at(y, at);
        d += kHigh[k] * high.at(y, at);
      }
      out.a.at(y, x) = s32(shift_round(a, row_shift));
      out.detail[kH].at(y, x) = s32(shift_round(h, row_shift));
      out.detail[kV].at(y, x) = s32(shift_round(v, row_shift));
      out.detail[kD].at(y, x) = s32(shift_round(d, row_shift));
    }
  }
  return out;
}

// Contrast of `measured`, masked by `masking`: float sum over the bands.
float plain_contrast(const ScalePlan& plan, int scale, const Band32 (&measured)[kBands],
                     const Band32 (&masking)[kBands], float floor) {
  Band32 near(plan.width, plan.height), centre(plan.width, plan.height);
  for (int y = 0; y < plan.height; ++y) {
    for (int x = 0; x < plan.width; ++x) {
      for (int b = 0; b < kBands; ++b) {
        const int32_t m = masking[b].at(y, x);
        const Mask term = scale == 0 ? mask0(m, plan.weight[b], b) : mask(weighted(m, plan.weight[b]));
        near.at(y, x) = s32(int64_t{near.at(y, x)} + term.near - (scale > 0));
        centre.at(y, x) = s32(int64_t{centre.at(y, x)} + term.centre);
      }
    }
  }
  float out = 0;
  for (int b = 0; b < kBands; ++b) {
    int64_t total = 0;
    for (int y = plan.top; y < plan.bottom; ++y) {
      int64_t row = 0;
      for (int x = plan.left; x < plan.right; ++x) {
        int64_t threshold = centre.at(y, x);
        for (int dy = -1; dy <= 1; ++dy) {
          for (int dx = -1; dx <= 1; ++dx)
            threshold += near.at(reflect(y + dy, plan.height), reflect(x + dx, plan.width));
        }
        const int32_t m = measured[b].at(y, x);
        const int32_t excess = scale == 0 ? seen0(m, plan.weight[b], b, s32(threshold))
                                          : seen(weighted(m, plan.weight[b]), s32(threshold));
        row += cube(excess, plan.square_shift[b], plan.term_shift[b]);
      }
      total += shift_round(row, plan.row_shift);
    }
    const float sum = scale == 0 ? static_cast<float>(static_cast<double>(total)) : static_cast<float>(total);
    out += powf(std::ldexp(sum, -plan.exponent[b]), 1.0f / 3.0f) + floor;
  }
  return out;
}

// adm2, aim, adm3, scales, then the debug values, as Metric::features() orders them.
std::vector<double> plain_scores(const Frame& ref, const Frame& dis, const Plan& plan) {
  const Params& params = plan.params;
  float num[kScales] = {}, den[kScales] = {}, aim[kScales] = {};
  Bands r, d;
  for (int scale = 0; scale < kScales; ++scale) {
    const ScalePlan& s = plan.scale[scale];
    const int column_shift = scale == 0 ? plan.format.bit_depth : kColumnShift[scale];
    r = transform(scale == 0 ? luma_of(ref) : r.a, column_shift, kRowShift[scale]);
    d = transform(scale == 0 ? luma_of(dis) : d.a, column_shift, kRowShift[scale]);
    den[scale] = static_cast<float>(1e-10);
    if (!s.scored) continue;
    Band32 kept[kBands], additive[kBands];
    for (int b = 0; b < kBands; ++b) kept[b] = additive[b] = Band32(s.width, s.height);
    den[scale] = 0;
    for (int b = 0; b < kBands; ++b) {
      uint64_t total = 0;
      for (int y = 0; y < s.height; ++y) {
        uint64_t row = 0;
        for (int x = 0; x < s.width; ++x) {
          const int64_t o = r.detail[b].at(y, x), t = d.detail[b].at(y, x);
          const bool enhanced = same_direction(r.detail[kH].at(y, x), r.detail[kV].at(y, x),
                                               d.detail[kH].at(y, x), d.detail[kV].at(y, x));
          kept[b].at(y, x) = s32(restored(o, t, enhanced, params.adm_enhn_gain_limit));
          additive[b].at(y, x) = s32(t - kept[b].at(y, x));
          if (x < s.left || x >= s.right) continue;
          row += scale == 0 ? static_cast<uint64_t>(std::abs(o * o * o))
                            : energy(static_cast<int32_t>(o), s.den_square_shift, s.den_term_shift);
        }
        if (y >= s.top && y < s.bottom) total += shift_round(row, s.den_row_shift);
      }
      den[scale] +=
          powf(static_cast<float>(std::ldexp(static_cast<double>(total), -s.den_exponent) * s.den_factor[b]),
               1.0f / 3.0f) +
          s.noise_floor;
    }
    num[scale] = plain_contrast(s, scale, kept, additive, s.noise_floor);
    if (!params.adm_skip_aim) aim[scale] = plain_contrast(s, scale, additive, kept, 0);
  }
  double n = 0, m = 0, a = 0;
  for (int scale = 0; scale < kScales; ++scale) {
    n += num[scale];
    m += den[scale];
    a += aim[scale];
  }
  const double limit = 1e-10 * (plan.format.width_px * plan.format.height_px) / (1920.0 * 1080.0);
  if (n < limit) n = 0;
  if (m < limit) m = 0;
  const double adm2 = m == 0 ? 1 : n / m, additive = m == 0 ? 0 : a / m;
  const double adm3 = std::max(params.adm_min_val,
                               adm2 * params.adm_dlm_weight + (1 - additive) * (1 - params.adm_dlm_weight));
  std::vector<double> out = {adm2, additive, adm3};
  for (int scale = 0; scale < kScales; ++scale) out.push_back(double{num[scale]} / double{den[scale]});
  for (const double v : {adm2, n, m}) out.push_back(v);
  for (int scale = 0; scale < kScales; ++scale) {
    out.push_back(num[scale]);
    out.push_back(den[scale]);
  }
  return out;
}

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

// Equal, or both not a number.
bool same(double a, double b) {
  return a == b || (std::isnan(a) && std::isnan(b));
}

void expect_plain(const Frame& ref, const Frame& dis, OptionMap options, const std::string& what) {
  options["debug"] = "true";
  const Params params = std::move(param_table().parse(options)).value();
  const auto expected = plain_scores(ref, dis, make_plan(ref.format, params));
  const auto metric = make(ref.format, options);
  ASSERT_EQ(metric->features().size(), expected.size());
  for_each_target([&](const char* target) {
    const auto scores = run_metric(*metric, {ref}, {dis});
    for (size_t i = 0; i < expected.size(); ++i) {
      const std::string& key = metric->features()[i].key;
      EXPECT_TRUE(same(scores.at(key)[0], expected[i]))
          << target << " " << describe(ref.format) << " " << what << ": " << key << " is "
          << scores.at(key)[0] << ", expected " << expected[i];
    }
  });
}

TEST(Adm, EqualsPlainLoopsForAllSizesAndPatterns) {
  const int sizes[][2] = {{33, 33}, {34, 45}, {47, 36},  {33, 35},  {34, 47},  {51, 38},
                          {64, 64}, {65, 33}, {101, 77}, {128, 40}, {134, 98}, {199, 165}};
  int i = 0;
  for (const auto& size : sizes) {
    for (const Pattern pattern : kAllPatterns) {
      const int bit_depth = std::array{8, 10, 12, 16}[i % 4];
      const Format format{size[0], size[1], bit_depth, Chroma::k400};
      const Frame ref = make_frame(format, pattern, i);
      const Frame dis = i % 5 == 0   ? make_frame(format, Pattern::kNoise, i + 7)
                        : i % 5 == 1 ? ref
                                     : distort(ref, i);
      expect_plain(ref, dis, {}, pattern_name(pattern));
      ++i;
    }
  }
}

const OptionMap kOptionSets[] = {
    {{"adm_enhn_gain_limit", "1"}},
    {{"adm_enhn_gain_limit", "1.2"}},
    {{"adm_enhn_gain_limit", "7.3"}, {"adm_noise_weight", "0.02"}},
    {{"adm_noise_weight", "0"}},
    {{"adm_noise_weight", "1500"}, {"adm_dlm_weight", "0.7"}},
    {{"adm_min_val", "0.5"}, {"adm_dlm_weight", "0"}},
    {{"adm_skip_aim", "true"}},
    {{"adm_skip_scale0", "true"}},
    {{"adm_skip_scale0", "true"}, {"adm_skip_aim", "true"}, {"adm_enhn_gain_limit", "2"}},
    {{"adm_norm_view_dist", "4.5"}},
    {{"adm_norm_view_dist", "24"}, {"adm_ref_display_height", "4320"}},
    {{"adm_ref_display_height", "2160"}, {"adm_norm_view_dist", "1.5"}},
    {{"adm_csf_mode", "1"}},
    {{"adm_csf_mode", "1"}, {"adm_csf_scale", "0.02"}, {"adm_csf_diag_scale", "0.01"}},
    {{"adm_csf_mode", "1"}, {"adm_csf_scale", "50"}, {"adm_csf_diag_scale", "0"}},
    {{"adm_csf_mode", "2"}},
    {{"adm_csf_mode", "2"}, {"adm_norm_view_dist", "5"}},
    {{"adm_csf_mode", "2"}, {"adm_norm_view_dist", "5"}, {"adm_ref_display_height", "720"}},
    {{"adm_csf_mode", "3"}, {"adm_ref_display_height", "2160"}},
    {{"adm_csf_mode", "3"}, {"adm_norm_view_dist", "3.3"}, {"adm_min_val", "0.25"}},
    {{"adm_csf_scale", "2"}, {"adm_csf_diag_scale", "0.5"}},
};

TEST(Adm, EqualsPlainLoopsForAllOptions) {
  int i = 0;
  for (const OptionMap& options : kOptionSets) {
    for (const Pattern pattern :
         {Pattern::kTexture, Pattern::kNoise, Pattern::kBinaryNoise, Pattern::kFlat}) {
      const Format format{90 + i % 7, 71 + i % 5, i % 2 == 0 ? 8 : 10, Chroma::k400};
      const Frame ref = make_frame(format, pattern, i);
      std::string what = pattern_name(pattern);
      for (const auto& [name, value] : options) what += " " + name + "=" + value;
      expect_plain(ref, distort(ref, i), options, what);
      ++i;
    }
  }
}

TEST(Adm, UndefinedDisplaysOfTabulatedModesGiveNaN) {
  const Format format{64, 64, 8, Chroma::k400};
  const Frame frame = make_frame(format, Pattern::kTexture, 1);
  const auto scores =
      run_metric(*make(format, {{"adm_csf_mode", "2"}, {"adm_norm_view_dist", "4"}, {"adm_min_val", "0.25"}}),
                 {frame}, {distort(frame, 2)});
  for (const auto& [key, values] : scores) {
    if (key.find("adm3") != std::string::npos) {
      EXPECT_EQ(values[0], 0.25);
    } else {
      EXPECT_TRUE(std::isnan(values[0])) << key;
    }
  }
}

TEST(Adm, IdenticalPictures) {
  const Format format{80, 60, 10, Chroma::k420};
  const Frame frame = make_frame(format, Pattern::kTexture, 2);
  const auto scores = run_metric(*make(format), {frame}, {frame});
  EXPECT_NEAR(scores.at("VMAF_integer_feature_adm2_score")[0], 1.0, 1e-3);
  EXPECT_EQ(scores.at("VMAF_integer_feature_aim_score")[0], 0.0);
}

TEST(Adm, ManyDistortedClipsInLockstepAndStripsInAnyOrder) {
  const Format format{150, 700, 8, Chroma::k420};  // several strips at three scales
  const std::vector<Frame> ref = {make_frame(format, Pattern::kTexture, 3),
                                  make_frame(format, Pattern::kNoise, 4)};
  std::vector<std::vector<Frame>> clips;
  for (int k = 0; k < 3; ++k) clips.push_back({distort(ref[0], k), distort(ref[1], k + 5)});
  const auto metric = make(format, {{"debug", "true"}});
  EXPECT_GT(metric->strips()[0], 3);
  const auto together = run_metric(*metric, ref, clips, /*reverse=*/true);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(together[k], run_metric(*metric, ref, clips[k]));
  expect_plain(ref[0], clips[0][0], {}, "strips");
  for (const auto& clip : clips) {
    for (const Frame& frame : clip) EXPECT_TRUE(poison_intact(frame));
  }
}

TEST(Adm, Names) {
  const Format format{64, 64, 8, Chroma::k420};
  const auto plain = make(format, {{"debug", "true"}});
  EXPECT_EQ(plain->features()[0].key, "VMAF_integer_feature_adm2_score");
  EXPECT_EQ(plain->features()[0].label, "integer_adm2");
  EXPECT_EQ(plain->features()[3].key, "integer_adm_scale0");
  EXPECT_EQ(plain->features()[7].key, "integer_adm");
  EXPECT_EQ(plain->features()[17].key, "integer_adm_den_scale3");
  const auto named = make(
      format,
      {{"debug", "true"}, {"adm_csf_scale", "0.9"}, {"adm_csf_diag_scale", "0.8"}, {"adm_csf_mode", "1"}});
  EXPECT_EQ(named->features()[0].key, "integer_adm2_scfd_0.8_csf_1_scf_0.9");
  EXPECT_EQ(named->features()[3].key, "integer_adm_scale0_scfd_0.8_csf_1_scf_0.9");
  EXPECT_EQ(named->features()[7].label, "integer_adm_scfd_0.8_csf_1_scf_0.9");
  EXPECT_EQ(make(format, {{"adm_skip_scale0", "true"}, {"adm_skip_aim", "true"}})->features()[1].key,
            "integer_aim_ssz");
}

TEST(Adm, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({64, 32, 8, Chroma::k420}, {}).error().message,
            "adm: 64x32 is smaller than its minimum of 33x33");
  EXPECT_EQ(kMetric.create({64, 64, 9, Chroma::k420}, {}).error().message,
            "adm: bit depth 9 is not 8, 10, 12 or 16");
  EXPECT_EQ(kMetric.create({64, 64, 8, Chroma::k420}, {{"adm_norm_view_dist", "2"}}).error().message,
            "adm: adm_norm_view_dist * adm_ref_display_height = 2160 is below 3240: nearer displays need "
            "more than the 16 bits of scale 0");
  EXPECT_EQ(kMetric.create({64, 64, 8, Chroma::k420}, {{"adm_csf_mode", "4"}}).error().message,
            "adm: adm_csf_mode=4 is outside [0, 3]");
}

// The vector kernels must be in use for every option set but those that overflow anyway.
TEST(Adm, OnlyBartenWeightsNeedPlainLoops) {
  for (const OptionMap& options : kOptionSets) {
    const Params params = std::move(param_table().parse(options)).value();
    const Plan plan = make_plan({1920, 1080, 8, Chroma::k420}, params);
    for (const ScalePlan& scale : plan.scale) {
      if (params.adm_csf_mode != 1) {
        EXPECT_TRUE(scale.fits_kernels) << scale.width;
      }
    }
    if (params.adm_csf_mode == 1 && params.adm_csf_scale >= 1) {
      EXPECT_FALSE(plan.scale[3].fits_kernels);
    }
  }
}

TEST(Adm, CsfDefaults) {
  const float straight[] = {0.0173815377f, 0.0319848284f, 0.0433726609f, 0.0456734113f};
  const float diagonal[] = {0.005890687f, 0.0142990677f, 0.0243969075f, 0.0313127376f};
  for (int s = 0; s < kScales; ++s) {
    EXPECT_EQ(csf_of_scale(s, Params{}).straight, straight[s]);
    EXPECT_EQ(csf_of_scale(s, Params{}).diagonal, diagonal[s]);
  }
}

TEST(Adm, OneInstanceServesSeveralGainLimits) {
  const OptionMap plain, neg = {{"adm_enhn_gain_limit", "1"}}, between = {{"adm_enhn_gain_limit", "1.5"}, {"adm_min_val", "0.9"}};
  EXPECT_TRUE(kMetric.shares_work(plain, neg));
  EXPECT_FALSE(kMetric.shares_work(plain, {{"adm_noise_weight", "1"}}));
  const Format format{250, 197, 8, Chroma::k400};
  const Frame ref = make_frame(format, Pattern::kTexture, 3);
  const std::vector<std::vector<Frame>> clips = {{distort(ref, 1)}, {distort(ref, 2)}};
  const std::vector<OptionMap> variants = {plain, neg, between};
  const auto together = run_metric(*kMetric.create_variants(format, variants).value(), {ref}, clips);
  for (size_t k = 0; k < clips.size(); ++k) {
    Scores apart;
    for (const OptionMap& options : variants) apart.merge(run_metric(*make(format, options), {ref}, clips[k]));
    ASSERT_EQ(apart.size(), 21u);
    EXPECT_EQ(together[k], apart);
  }
}

// Values of libvmaf's plain C code.
TEST(Adm, NetflixClip) {
  const char* root = std::getenv("FOVEA_TEST_DATA");
  if (root == nullptr)
    GTEST_SKIP() << "FOVEA_TEST_DATA is not set: it names the folder with clips/netflix/src01_*";
  const Format format{576, 324, 8, Chroma::k420};
  const auto read = [&](const char* name) {
    return read_clip(std::string(root) + "/clips/netflix/" + name, format, 1)[0];
  };
  const Frame ref = read("src01_hrc00_576x324_3frames.yuv"), dis = read("src01_hrc01_576x324_3frames.yuv");
  const auto metric = make(format, {{"debug", "true"}});
  const std::map<std::string, double> expected = {{"VMAF_integer_feature_adm2_score", 0.96208391490299072},
                                                  {"VMAF_integer_feature_aim_score", 0.011383920049685787},
                                                  {"VMAF_integer_feature_adm3_score", 0.9753499974266524},
                                                  {"integer_adm_scale0", 0.94633823222999869},
                                                  {"integer_adm_scale1", 0.93900563055789033},
                                                  {"integer_adm_scale2", 0.95747396874509894},
                                                  {"integer_adm_scale3", 0.98088742977180587},
                                                  {"integer_adm_num_scale0", 47.697776794433594},
                                                  {"integer_adm_num_scale1", 70.760513305664062},
                                                  {"integer_adm_num_scale2", 104.98495483398438},
                                                  {"integer_adm_num_scale3", 158.48797607421875},
                                                  {"integer_adm_den_scale0", 50.402462005615234},
                                                  {"integer_adm_den_scale1", 75.356857299804688},
                                                  {"integer_adm_den_scale2", 109.64784240722656},
                                                  {"integer_adm_den_scale3", 161.57611083984375}};
  for_each_target([&](const char* target) {
    const auto scores = run_metric(*metric, {ref}, {dis});
    for (const auto& [key, value] : expected) EXPECT_EQ(scores.at(key)[0], value) << target << " " << key;
  });
}

}  // namespace
}  // namespace fovea::adm
