// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "report/peer_formats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace fovea {
namespace {

TEST(NumberFormat, FollowsLibvmaf) {
  const NumberFormat number;
  EXPECT_EQ(number(83.8562841), "83.856284");
  EXPECT_EQ(number(0.0), "0.000000");
  EXPECT_EQ(number(-0.0), "-0.000000");
  EXPECT_EQ(number(1e-7), "0.0000001000000000");
  EXPECT_EQ(number(3.0000001), "3.0000000999999998");
  EXPECT_EQ(number(0.000001), "0.000001");
  EXPECT_EQ(number(INFINITY), "inf");
  EXPECT_EQ(number(-INFINITY), "-inf");
  EXPECT_EQ(number(NAN), "nan");
  EXPECT_EQ((*NumberFormat::parse("legacy"))(1e-7), "0.000000");
  EXPECT_EQ((*NumberFormat::parse("max"))(0.1), "0.10000000000000001");
  EXPECT_EQ((*NumberFormat::parse("4"))(83.8562841), "83.86");
  for (const char* bad : {"0", "18", "", "x", "4.5", "-1"}) EXPECT_FALSE(NumberFormat::parse(bad).ok()) << bad;
}

ScoreTable small_table() {
  ScoreTable table;
  const int a = table.add("VMAF_a", "a", Series::Rank::kFeature);
  const int model = table.add("vmaf", "vmaf", Series::Rank::kModel);
  const int late = table.add("late", "late", Series::Rank::kLateFeature);
  for (int i = 0; i < 3; ++i) {
    table.set(a, i, 0.5 * i);
    table.set(model, i, 90 + i);
    if (i > 0) table.set(late, i, i == 1 ? NAN : 2.0);
  }
  table.set_aggregate("apsnr_y", 33.25);
  return table;
}

PeerReport report_of(const ScoreTable& table) {
  PeerReport report;
  report.table = &table;
  report.version = "1.2 \"x\" <y>";
  report.width_px = 576;
  report.height_px = 324;
  report.fps = 12.345;
  report.frame_count = 3;
  return report;
}

TEST(PeerFormats, XmlIsWhatScriptsRead) {
  const ScoreTable table = small_table();
  EXPECT_EQ(write_peer_report(report_of(table), PeerFormat::kXml),
            "<VMAF version=\"1.2 &quot;x&quot; &lt;y&gt;\">\n"
            "  <params qualityWidth=\"576\" qualityHeight=\"324\" />\n"
            "  <fyi fps=\"12.35\" />\n"
            "  <frames>\n"
            "    <frame frameNum=\"0\" a=\"0.000000\" vmaf=\"90.000000\" />\n"
            "    <frame frameNum=\"1\" a=\"0.500000\" late=\"nan\" vmaf=\"91.000000\" />\n"
            "    <frame frameNum=\"2\" a=\"1.000000\" late=\"2.000000\" vmaf=\"92.000000\" />\n"
            "  </frames>\n"
            "  <pooled_metrics>\n"
            "    <metric name=\"a\" min=\"0.000000\" max=\"1.000000\" mean=\"0.500000\" harmonic_mean=\"0.384615\" />\n"
            "    <metric name=\"late\" />\n"
            "    <metric name=\"vmaf\" min=\"90.000000\" max=\"92.000000\" mean=\"91.000000\" harmonic_mean=\"90.992753\" />\n"
            "  </pooled_metrics>\n"
            "  <aggregate_metrics apsnr_y=\"33.250000\" />\n"
            "</VMAF>\n");
}

TEST(PeerFormats, CsvSkipsWhatIsMissing) {
  const ScoreTable table = small_table();
  EXPECT_EQ(write_peer_report(report_of(table), PeerFormat::kCsv),
            "Frame,a,late,vmaf,\n0,0.000000,90.000000,\n1,0.500000,nan,91.000000,\n2,1.000000,2.000000,92.000000,\n");
}

TEST(PeerFormats, SubHasALineAFrame) {
  const ScoreTable table = small_table();
  PeerReport report = report_of(table);
  report.subsample = 2;
  EXPECT_EQ(write_peer_report(report, PeerFormat::kSub),
            "{0}{1}frame: 0|a: 0.000000|vmaf: 90.000000|\n{2}{3}frame: 2|a: 1.000000|late: 2.000000|vmaf: 92.000000|\n");
}

TEST(PeerFormats, JsonParsesAndHoldsNoNan) {
  const ScoreTable table = small_table();
  const auto json = nlohmann::json::parse(write_peer_report(report_of(table), PeerFormat::kJson));
  EXPECT_EQ(json["version"], "1.2 \"x\" <y>");
  EXPECT_EQ(json["frames"].size(), 3u);
  EXPECT_TRUE(json["frames"][1]["metrics"]["late"].is_null());
  EXPECT_EQ(json["frames"][2]["metrics"]["vmaf"], 92.0);
  EXPECT_TRUE(json["pooled_metrics"]["late"].empty());
  EXPECT_EQ(json["aggregate_metrics"]["apsnr_y"], 33.25);
}

TEST(PeerFormats, EmptyTableIsValid) {
  const ScoreTable table;
  PeerReport report = report_of(table);
  report.frame_count = 0;
  EXPECT_EQ(nlohmann::json::parse(write_peer_report(report, PeerFormat::kJson))["frames"].size(), 0u);
}

}  // namespace
}  // namespace fovea
