// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/params.h"

#include <gtest/gtest.h>

#include <clocale>

namespace fovea {
namespace {

struct Params {
  bool on = false;
  int count = 3;
  double gain = 100.0;
  String method = "nearest";
};

const ParamTable<Params>& table() {
  static const ParamTable<Params> t("thing", {{"z_on", "zo", &Params::on, 0, 0, ""},
                                              {"count", "", &Params::count, 0, 9, ""},
                                              {"a_gain", "g", &Params::gain, 1, 100, ""},
                                              {"method", "m", &Params::method, 0, 0, ""}});
  return t;
}

TEST(Params, ParsesAndBuildsSuffixesInOrderOfFullNames) {
  const auto p = table().parse({{"z_on", "true"}, {"count", "7"}, {"a_gain", "1.05"}, {"method", "bicubic"}});
  ASSERT_TRUE(p.ok());
  EXPECT_TRUE(p->on);
  EXPECT_EQ(p->count, 7);
  EXPECT_EQ(table().suffix(*p), "_g_1.05_m_bicubic_zo");
  EXPECT_EQ(table().suffix(*table().parse({{"a_gain", "100.0"}})), "") << "a default given explicitly adds nothing";
}

TEST(Params, SaysWhatIsWrong) {
  EXPECT_EQ(table().parse({{"a_gian", "1"}}).error().message, "thing: unknown option 'a_gian'; did you mean 'a_gain'?");
  EXPECT_EQ(table().parse({{"a_gain", "0.5"}}).error().message, "thing: a_gain=0.5 is outside [1, 100]");
  EXPECT_EQ(table().parse({{"count", "1.5"}}).error().message, "thing: count=1.5 is not a whole number");
  EXPECT_EQ(table().parse({{"z_on", "yes"}}).error().message, "thing: z_on=yes is not true or false");
  EXPECT_EQ(table().parse({{"a_gain", "nan"}}).error().message, "thing: a_gain=nan is outside [1, 100]");
  EXPECT_FALSE(table().parse({{"a_gain", ""}}).ok());
  EXPECT_FALSE(table().parse({{"a_gain", "1.5x"}}).ok());
}

TEST(Params, NumbersPassThroughSinglePrecision) {
  EXPECT_EQ(normalise_option_text("1.0"), "1");
  EXPECT_EQ(normalise_option_text("0.1"), "0.1");
  EXPECT_EQ(normalise_option_text("1.23456789"), "1.23457");
  EXPECT_EQ(normalise_option_text("bicubic"), "bicubic");
  EXPECT_EQ(normalise_option_text("1e10"), "1e+10");
  EXPECT_EQ(normalise_option_text("true"), "true");
}

TEST(Params, IgnoresTheLocale) {
  if (std::setlocale(LC_NUMERIC, "de_DE.UTF-8") == nullptr) GTEST_SKIP() << "locale de_DE.UTF-8 is not installed";
  EXPECT_EQ(normalise_option_text("1.50"), "1.5");
  std::setlocale(LC_NUMERIC, "C");
}

TEST(NearMiss, FindsTheClosestWord) {
  EXPECT_EQ(near_miss("psrn", {"psnr", "vif", "adm"}), "psnr");
  EXPECT_EQ(near_miss("completely_else", {"psnr", "vif"}), "");
}

}  // namespace
}  // namespace fovea
