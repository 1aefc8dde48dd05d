// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "score/result.h"

#include <gtest/gtest.h>

#include <cmath>

namespace fovea {
namespace {

Series series_of(const std::vector<double>& values) {
  Series s("s", "s", Series::Rank::kFeature);
  for (size_t i = 0; i < values.size(); ++i) s.set(static_cast<int64_t>(i), values[i]);
  return s;
}

TEST(Pool, KnownValues) {
  const auto p = pool(series_of({4, 1, 3, 2}), 0, 3);
  ASSERT_TRUE(p);
  EXPECT_EQ(p->mean, 2.5);
  EXPECT_EQ(p->min, 1);
  EXPECT_EQ(p->max, 4);
  EXPECT_DOUBLE_EQ(p->harmonic_mean, 4 / (1 / 5.0 + 1 / 2.0 + 1 / 4.0 + 1 / 3.0) - 1);
  EXPECT_DOUBLE_EQ(p->stddev, std::sqrt(1.25));
  EXPECT_DOUBLE_EQ(p->median, 2.5);
  EXPECT_DOUBLE_EQ(p->p25, 1.75);
  EXPECT_DOUBLE_EQ(p->p5, 1.15);
}

TEST(Pool, OneFrame) {
  const auto p = pool(series_of({7}), 0, 0);
  ASSERT_TRUE(p);
  EXPECT_EQ(p->p1, 7);
  EXPECT_EQ(p->stddev, 0);
}

TEST(Pool, AMissingFrameMeansNoPooledValue) {
  Series s("s", "s", Series::Rank::kFeature);
  s.set(0, 1);
  s.set(2, 3);
  EXPECT_FALSE(pool(s, 0, 2));
  EXPECT_TRUE(pool(s, 0, 2, 2));
  EXPECT_FALSE(pool(s, 0, -1));
}

TEST(Pool, UnknownNamesAreErrorsNotTheMean) {
  const auto p = pool(series_of({1, 2}), 0, 1);
  EXPECT_EQ(*pooled_value(*p, "harmonic_mean"), p->harmonic_mean);
  const auto wrong = pooled_value(*p, "harmonic");
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("harmonic"), std::string::npos);
  EXPECT_FALSE(pooled_value(*p, "p99").ok());
}

TEST(Pool, NanPoisonsOnlyWhatItMust) {
  const auto p = pool(series_of({1, NAN, 3}), 0, 2);
  ASSERT_TRUE(p);
  EXPECT_TRUE(std::isnan(p->mean));
  EXPECT_TRUE(std::isnan(p->median));
}

}  // namespace
}  // namespace fovea
