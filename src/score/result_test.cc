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

TEST(Series, FramesMayBeFarApart) {
  Series s("s", "s", Series::Rank::kFeature);
  const int64_t far = (int64_t{1} << 32) - 1;
  s.set(far, 2.0);
  s.set(300, 1.0);
  EXPECT_EQ(s.size(), far + 1);
  EXPECT_EQ(s.at(far), 2.0);
  EXPECT_EQ(s.at(300), 1.0);
  for (const int64_t without : {int64_t{-1}, int64_t{-300}, int64_t{0}, int64_t{299}, int64_t{301}, far - 1, far + 1}) {
    EXPECT_FALSE(s.has(without)) << without;
    EXPECT_FALSE(s.at(without)) << without;
  }
  EXPECT_EQ(s.next(-5), 300);
  EXPECT_EQ(s.next(300), 300);
  EXPECT_EQ(s.next(301), far);
  EXPECT_EQ(s.next(far + 1), -1);
}

TEST(ScoreTable, FramesWithValuesInOrder) {
  ScoreTable table;
  const int a = table.add("a", "a", Series::Rank::kFeature), b = table.add("b", "b", Series::Rank::kFeature);
  EXPECT_EQ(table.next_frame(0), -1);
  table.set(a, 5, 1.0);
  table.set(b, 3, 1.0);
  table.set(b, 900, 1.0);
  EXPECT_EQ(table.next_frame(0), 3);
  EXPECT_EQ(table.next_frame(4), 5);
  EXPECT_EQ(table.next_frame(6), 900);
  EXPECT_EQ(table.next_frame(901), -1);
}

TEST(ScoreTable, AnObserverSeesEachValueAndMayAddSeries) {
  ScoreTable table;
  const int a = table.add("a", "a", Series::Rank::kFeature);
  std::vector<std::string> seen;
  table.observe([&](ScoreTable& t, int series, int64_t frame, double value) {
    seen.push_back(t[series].key() + "@" + std::to_string(frame) + "=" + std::to_string(static_cast<int>(value)));
    if (series != a) return;
    for (int i = 0; i < 20; ++i) t.set(t.add("b" + std::to_string(i), "b", Series::Rank::kModel), frame, 2 * value);
  });
  table.set(a, 7, 4.0);
  ASSERT_EQ(seen.size(), 21u);
  EXPECT_EQ(seen[0], "a@7=4");
  EXPECT_EQ(seen[20], "b19@7=8");
}

}  // namespace
}  // namespace fovea
