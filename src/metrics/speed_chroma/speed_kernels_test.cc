// SPDX-License-Identifier: BSD-2-Clause-Patent
// Every kernel against its plain loop, bit for bit, on every target.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "metrics/speed_chroma/speed_band.h"
#include "metrics/speed_chroma/speed_model.h"
#include "metrics/testing.h"

namespace fovea::speed {
namespace {

using namespace fovea::testing;

constexpr float kPoison = 1e30f;

bool same_bits(float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0 || (std::isnan(a) && std::isnan(b)); }

void expect_same(const float* got, const float* want, int count, const std::string& what) {
  for (int i = 0; i < count; ++i) ASSERT_TRUE(same_bits(got[i], want[i])) << what << " at " << i << ": " << got[i] << ", not " << want[i];
}

std::vector<float> random_floats(Random& random, size_t count, int range) {
  std::vector<float> out(count);
  for (float& value : out) value = static_cast<float>(random.uniform(-range, range)) / 1024.0f;
  return out;
}

template <class Sample>
void check_vertical() {
  for_each_target([](const char* target) {
    Random random(7);
    for (const int taps : {3, 5, 9, 11, 37}) {
      const std::vector<float> weights = random_floats(random, taps, 300);
      for (const int width : {64, 65, 79, 80, 95, 127, 128, 131}) {
        for (const Pattern pattern : {Pattern::kNoise, Pattern::kBinaryNoise, Pattern::kTexture}) {
          const Format format{width, taps, sizeof(Sample) == 1 ? 8 : 16, Chroma::k400};
          const Frame a = make_frame(format, pattern, width), b = make_frame(format, Pattern::kBinaryNoise, width + 1);
          std::vector<const Sample*> before, now;
          for (int t = 0; t < taps; ++t) {
            now.push_back(a.planes[0].row<Sample>(t));
            before.push_back(b.planes[0].row<Sample>(t));
          }
          const std::string what = std::string(target) + " width " + std::to_string(width) + " taps " + std::to_string(taps);
          std::vector<float> got(width + 1, kPoison), want(width);
          filter_rows(now.data(), weights.data(), taps, 128, width, got.data());
          filter_rows_ref(now.data(), weights.data(), taps, 128, width, want.data());
          expect_same(got.data(), want.data(), width, what);
          filter_change(before.data(), now.data(), weights.data(), taps, width, got.data());
          filter_change_ref(before.data(), now.data(), weights.data(), taps, width, want.data());
          expect_same(got.data(), want.data(), width, what + " change");
          convert_row(now[0], 77, 0.25f, width, got.data());
          for (int x = 0; x < width; ++x) want[x] = static_cast<float>(now[0][x] - 77) * 0.25f;
          expect_same(got.data(), want.data(), width, what + " convert");
          convert_change(before[0], now[0], 0.25f, width, got.data());
          for (int x = 0; x < width; ++x) want[x] = static_cast<float>(before[0][x] - now[0][x]) * 0.25f;
          expect_same(got.data(), want.data(), width, what + " convert change");
          EXPECT_EQ(got[width], kPoison) << what << ": wrote beyond the row";
        }
      }
    }
  });
}

TEST(SpeedKernels, VerticalFilterOfBytes) { check_vertical<uint8_t>(); }
TEST(SpeedKernels, VerticalFilterOfWords) { check_vertical<uint16_t>(); }

TEST(SpeedKernels, VerticalFilterOfFloats) {
  for_each_target([](const char* target) {
    Random random(8);
    for (const int taps : {5, 9, 37}) {
      for (const int width : {25, 63, 64, 90, 131}) {
        std::vector<std::vector<float>> rows;
        std::vector<const float*> pointers;
        for (int t = 0; t < taps; ++t) rows.push_back(random_floats(random, width, 1 << 20));
        for (const auto& row : rows) pointers.push_back(row.data());
        const std::vector<float> weights = random_floats(random, taps, 300);
        std::vector<float> got(width + 1, kPoison), want(width);
        filter_floats(pointers.data(), weights.data(), taps, width, got.data());
        filter_floats_ref(pointers.data(), weights.data(), taps, width, want.data());
        expect_same(got.data(), want.data(), width, std::string(target) + " width " + std::to_string(width));
        EXPECT_EQ(got[width], kPoison) << target;
      }
    }
  });
}

TEST(SpeedKernels, WindowsAndLocalMean) {
  for_each_target([](const char* target) {
    Random random(9);
    for (const int taps : {3, 5, 7, 9, 13, 37}) {
      const std::vector<float> weights = random_floats(random, taps, 300);
      for (int count = 5; count <= 40; ++count) {
        const std::string what = std::string(target) + " taps " + std::to_string(taps) + " count " + std::to_string(count);
        for (const int step : {16, taps}) {
          const std::vector<float> row = random_floats(random, (count - 1) * step + taps, 1 << 20);
          std::vector<float> got(count + 1, kPoison), want(count);
          filter_windows(row.data(), step, weights.data(), taps, count, got.data());
          filter_windows_ref(row.data(), step, weights.data(), taps, count, want.data());
          expect_same(got.data(), want.data(), count, what + " windows");
          EXPECT_EQ(got[count], kPoison) << what;
        }
        if (taps > 9) continue;
        std::vector<std::vector<float>> rows;
        std::vector<const float*> pointers;
        for (int t = 0; t < taps; ++t) {
          rows.push_back(random_floats(random, count + 32, 1 << 20));
          std::fill(rows.back().begin() + count, rows.back().end(), kPoison);
        }
        for (const auto& r : rows) pointers.push_back(r.data());
        std::vector<float> temp(count + taps + 32), got(count + 32), want(count + 32);
        remove_local_mean(pointers.data(), weights.data(), taps, count, temp.data(), got.data());
        remove_local_mean_ref(pointers.data(), weights.data(), taps, count, temp.data(), want.data());
        expect_same(got.data(), want.data(), count, what + " local mean");
      }
    }
  });
}

TEST(SpeedKernels, ResampledRow) {
  for (const char* method : {"nearest", "bilinear", "bicubic", "lanczos4"}) {
    for (const double prescale : {0.3, 0.5, 0.6, 0.9, 1.3, 2.0, 4.0}) {
      Options options;
      options.prescale = prescale;
      options.prescale_method = method;
      const auto plan = make_plan("test", options, 311, 287, 8);
      ASSERT_TRUE(plan.ok()) << plan.error().message;
      const Resampler& table = plan->resampler;
      for_each_target([&](const char* target) {
        Random random(10);
        std::vector<std::vector<float>> rows;
        std::vector<const float*> pointers;
        for (int t = 0; t < table.taps; ++t) rows.push_back(random_floats(random, plan->width, 1 << 17));
        for (const auto& r : rows) pointers.push_back(r.data());
        for (const int y : {0, 1, plan->scaled_height - 1}) {
          std::vector<float> got(table.columns + 16), want(table.columns);
          resample_row(table, pointers.data(), &table.row_weight[static_cast<size_t>(y) * table.taps], got.data());
          resample_row_ref(table, pointers.data(), &table.row_weight[static_cast<size_t>(y) * table.taps], want.data());
          expect_same(got.data(), want.data(), table.columns, std::string(target) + " " + method + " " + std::to_string(prescale));
        }
      });
    }
  }
}

struct Band {
  Band(int rows_, int cols_, uint64_t seed) : rows(rows_), cols(cols_), pitch((cols_ + 47) / 16 * 16), samples(static_cast<size_t>(pitch) * rows_, kPoison) {
    Random random(seed);
    const int smooth = static_cast<int>(random.uniform(0, 3));
    const float range = static_cast<float>(random.uniform(1, 1000));
    const float offset = static_cast<float>(random.uniform(-3, 3));
    for (int y = 0; y < rows; ++y) {
      for (int x = 0; x < cols; ++x) {
        float& value = samples[static_cast<size_t>(y) * pitch + x];
        value = offset + range * static_cast<float>(random.uniform(-1000, 1000)) / 3000.0f;
        if (smooth > 0 && x > 0) value = (value + samples[static_cast<size_t>(y) * pitch + x - 1]) / 2;
        if (smooth > 1 && y > 0) value = (value + samples[static_cast<size_t>(y - 1) * pitch + x]) / 2;
      }
    }
  }
  int rows, cols, pitch;
  std::vector<float> samples;
};

constexpr int kSizes[][2] = {{5, 5}, {5, 100}, {100, 5}, {10, 10}, {10, 25}, {15, 20}, {30, 60}, {65, 120}};

// The kernel joins sums over regions; the definition sums each pair's deviations. Both are good to a few units of
// double precision, so that the floats differ in a last place now and then, where products nearly cancel.
TEST(SpeedKernels, CovarianceIsThatOfTheDefinition) {
  for (const auto& size : kSizes) {
    for (int seed = 0; seed < 6; ++seed) {
      const Band band(size[0], size[1], seed);
      std::vector<float> want(kDims * kPitch), first;
      covariance_ref(band.samples.data(), band.pitch, band.rows, band.cols, want.data());
      float largest = 0;
      for (int a = 0; a < kDims; ++a) largest = std::max(largest, want[a * kPitch + a]);
      for_each_target([&](const char* target) {
        Scratch scratch(covariance_scratch_bytes(band.rows, band.cols));
        std::vector<float> got(kDims * kPitch, kPoison);
        covariance(band.samples.data(), band.pitch, band.rows, band.cols, scratch, got.data());
        if (first.empty()) first = got;
        EXPECT_EQ(first, got) << target << ": targets disagree";
        int different = 0;
        for (int i = 0; i < kDims * kPitch; ++i) {
          const double bound = std::abs(want[i]) * 1.2e-7 + largest * 1e-13;
          ASSERT_NEAR(got[i], want[i], bound) << target << " " << size[0] << "x" << size[1] << " cell " << i;
          different += got[i] != want[i];
        }
        EXPECT_LE(different, 2) << target << " " << size[0] << "x" << size[1];
      });
    }
  }
}

TEST(SpeedKernels, LinearAlgebraEqualsReference) {
  for (const auto& size : kSizes) {
    for (int seed = 0; seed < 12; ++seed) {
      const Band band(size[0], size[1], seed);
      std::vector<float> k(kDims * kPitch);
      covariance_ref(band.samples.data(), band.pitch, band.rows, band.cols, k.data());
      if (seed == 10) std::fill(k.begin(), k.end(), 0.0f);
      if (seed == 11) {  // diagonal: reflectors without anything below
        std::fill(k.begin(), k.end(), 0.0f);
        for (int a = 0; a < kDims; ++a) k[a * kPitch + a] = static_cast<float>(a + 1);
      }
      float d_want[kDims], e_want[kDims - 1];
      tridiagonalise_ref(k.data(), d_want, e_want);
      float lambda[kDims], rest[kDims - 1];
      std::memcpy(lambda, d_want, sizeof lambda);
      std::memcpy(rest, e_want, sizeof rest);
      diagonalise(lambda, rest);
      std::vector<float> q_want(kPaddedDims * kPitch), r_want(kPaddedDims * kPitch);
      const bool ok_want = factor_ref(k.data(), q_want.data(), r_want.data());

      const int count = 1 + seed * 7, pitch = 96;
      Random random(seed);
      std::vector<float> y(kDims * pitch);
      for (int a = 0; a < kDims; ++a) {
        for (int j = 0; j < pitch; ++j) y[a * pitch + j] = j < count ? static_cast<float>(random.uniform(-9999, 9999)) / 77 : 0.0f;
      }
      std::vector<float> b_want(kPaddedDims * pitch), s_want(pitch), e2_want(pitch);
      block_statistics_ref(ok_want ? q_want.data() : nullptr, r_want.data(), lambda, 0.29f, y.data(), count, pitch, b_want.data(),
                           s_want.data(), e2_want.data());

      for_each_target([&](const char* target) {
        const std::string what = std::string(target) + " seed " + std::to_string(seed) + " " + std::to_string(size[0]) + "x" + std::to_string(size[1]);
        float d[kDims], e[kDims - 1];
        tridiagonalise(k.data(), d, e);
        expect_same(d, d_want, kDims, what + " diagonal");
        expect_same(e, e_want, kDims - 1, what + " neighbours");
        std::vector<float> q(kPaddedDims * kPitch), r(kPaddedDims * kPitch);
        ASSERT_EQ(factor(k.data(), q.data(), r.data()), ok_want) << what;
        for (int i = 0; i < kDims; ++i) {
          expect_same(&q[i * kPitch], &q_want[i * kPitch], kDims, what + " q row " + std::to_string(i));
          expect_same(&r[i * kPitch + i], &r_want[i * kPitch + i], kDims - i, what + " r row " + std::to_string(i));
        }
        std::vector<float> b(kPaddedDims * pitch), s(pitch), entropy(pitch);
        block_statistics(ok_want ? q.data() : nullptr, r.data(), lambda, 0.29f, y.data(), count, pitch, b.data(), s.data(), entropy.data());
        expect_same(s.data(), s_want.data(), count, what + " strength");
        expect_same(entropy.data(), e2_want.data(), count, what + " entropy");
      });
    }
  }
}

TEST(SpeedKernels, EigenvaluesKeepTraceAndSquares) {
  for (int seed = 0; seed < 10; ++seed) {
    const Band band(30, 60, seed);
    std::vector<float> k(kDims * kPitch);
    covariance_ref(band.samples.data(), band.pitch, band.rows, band.cols, k.data());
    float d[kDims], e[kDims - 1];
    tridiagonalise(k.data(), d, e);
    diagonalise(d, e);
    double trace = 0, squares = 0, sum = 0, sum_sq = 0;
    for (int a = 0; a < kDims; ++a) {
      trace += static_cast<double>(k[a * kPitch + a]);
      sum += static_cast<double>(d[a]);
      sum_sq += static_cast<double>(d[a]) * d[a];
      for (int b = 0; b < kDims; ++b) squares += static_cast<double>(k[a * kPitch + b]) * k[a * kPitch + b];
    }
    EXPECT_NEAR(sum, trace, 1e-5 * trace);
    EXPECT_NEAR(sum_sq, squares, 1e-4 * squares);
  }
}

TEST(SpeedKernels, Log2) {
  Random random(11);
  std::vector<float> x = {1.0f, 2.0f, 0.5f, 0.70710678f, 0.70710677f, 1.41421354f, 1.41421366f, 1.0000001f, 0.99999994f, 0.19f,
                          3.4e38f, 1.2e-38f, 0.0f, -0.0f, -1.0f, std::numeric_limits<float>::infinity(),
                          -std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN()};
  while (x.size() < 20000) x.push_back(static_cast<float>(std::exp2(static_cast<double>(random.uniform(-30000, 30000)) / 1000.0)));
  for_each_target([&](const char* target) {
    std::vector<double> out(x.size());
    log2_many(x.data(), static_cast<int>(x.size()), out.data());
    for (size_t i = 0; i < x.size(); ++i) {
      const double want = std::log2(static_cast<double>(x[i]));
      if (std::isnan(want) || std::isinf(want)) {
        EXPECT_TRUE(std::isnan(want) ? std::isnan(out[i]) : out[i] == want) << target << " " << x[i];
        continue;
      }
      ASSERT_EQ(out[i], log2_ref(x[i])) << target << " " << x[i];
      ASSERT_NEAR(out[i], want, 4e-16 + 1.2e-16 * std::abs(want) * 2) << target << " " << x[i];
    }
  });
}

}  // namespace
}  // namespace fovea::speed
