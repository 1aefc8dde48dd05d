// SPDX-License-Identifier: BSD-2-Clause-Patent
// The drop-in's command line.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "support.h"

namespace fovea::testing {
namespace {

using nlohmann::json;

class VmafCli : public ::testing::Test {
 protected:
  void SetUp() override {
    write_file(folder_ / "r.yuv", raw_clip(160, 90, 8, "420", 4, 3));
    write_file(folder_ / "d.yuv", raw_clip_distorted(160, 90, 8, "420", 4, 3));
  }
  std::vector<std::string> base() {
    return {VMAF_PROGRAM, "-r", folder_ / "r.yuv", "-d", folder_ / "d.yuv", "-w", "160", "-h", "90", "-p", "420", "-b", "8"};
  }
  RunResult vmaf(const std::vector<std::string>& more) {
    std::vector<std::string> command = base();
    command.insert(command.end(), more.begin(), more.end());
    return run(command);
  }
  std::string report(const std::vector<std::string>& more) {
    std::vector<std::string> all = more;
    all.insert(all.end(), {"-o", folder_ / "out"});
    const RunResult r = vmaf(all);
    EXPECT_EQ(r.status, 0) << r.err;
    return read_file(folder_ / "out");
  }
  // Without the line that differs from run to run.
  static std::string without_fps(const std::string& text) { return std::regex_replace(text, std::regex("fps[^\n]*"), ""); }
  TemporaryFolder folder_;
};

TEST_F(VmafCli, ReportsAreXmlUnlessAskedOtherwise) {
  EXPECT_EQ(report({}).rfind("<VMAF version=", 0), 0u);
  EXPECT_EQ(report({"--json", "--csv"}).rfind("Frame,integer_adm2,integer_aim,", 0), 0u) << "the last format wins";
  EXPECT_EQ(report({"--sub"}).rfind("{0}{1}frame: 0|integer_adm2: ", 0), 0u);
  EXPECT_EQ(json::parse(report({"--json"}))["frames"].size(), 4u);
}

TEST_F(VmafCli, ColumnsStandInLibvmafsOrder) {
  const std::string csv = report({"--csv", "--feature", "psnr"});
  EXPECT_EQ(csv.substr(0, csv.find('\n')),
            "Frame,integer_adm2,integer_aim,integer_adm3,integer_adm_scale0,integer_adm_scale1,integer_adm_scale2,integer_adm_scale3,"
            "VMAF_integer_feature_motion_sad_score,integer_vif_scale0,integer_vif_scale1,integer_vif_scale2,integer_vif_scale3,"
            "psnr_y,psnr_cb,psnr_cr,integer_motion2,integer_motion3,vmaf,");
}

TEST_F(VmafCli, ThreadsAndInstructionSetsChangeNothing) {
  const std::string expected = without_fps(report({"--json", "--precision", "max", "--feature", "psnr"}));
  for (const char* threads : {"1", "2", "3", "7"}) {
    EXPECT_EQ(without_fps(report({"--json", "--precision", "max", "--feature", "psnr", "--threads", threads})), expected) << threads;
  }
  for (const char* mask : {"32", "48", "56", "-1", "0x3f"}) {
    EXPECT_EQ(without_fps(report({"--json", "--precision", "max", "--feature", "psnr", "--cpumask", mask})), expected) << mask;
  }
}

TEST_F(VmafCli, OptionsAreThoseOfGetopt) {
  EXPECT_EQ(run({VMAF_PROGRAM, "--ref=" + (folder_ / "r.yuv"), "--dist", folder_ / "d.yuv", "--wid=0xa0", "-h90", "--pix", "420",
                 "--bitd=8", "stray", "-c", "ignored"}).status, 0) << "prefixes, '=' and hexadecimal";
  EXPECT_EQ(vmaf({"--frame_cnt", "2", "--json", "-o", folder_ / "out"}).status, 0);
  EXPECT_EQ(json::parse(read_file(folder_ / "out"))["frames"].size(), 2u);
}

TEST_F(VmafCli, MistakesAreUsageErrors) {
  const auto expect = [&](const std::vector<std::string>& more, const std::string& fragment) {
    const RunResult r = vmaf(more);
    EXPECT_EQ(r.status, 1) << fragment << ": " << r.err;
    EXPECT_NE(r.err.find(fragment), std::string::npos) << r.err;
    EXPECT_NE(r.err.find("Usage: "), std::string::npos);
  };
  expect({"--threads", "abc"}, "Invalid argument \"abc\" for option --threads; should be an integer");
  expect({"--subsample", ""}, "--subsample");
  expect({"-b", "9"}, "should be a valid bitdepth (8/10/12/16)");
  expect({"-p", "400"}, "should be a valid pixel format (420/422/444)");
  expect({"--modle", "x"}, "did you mean '--model'?");
  expect({"-m", "version=vmaf_v0.6.1:oops"}, "bad option string \"oops\"");
  expect({"-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg"}, "uniquely named");
  expect({"--precision", "18"}, "precision '18' is not one of 1 .. 17, max, full, legacy");
  expect({"--aom_ctc", "v9.0"}, "bad aom_ctc version \"v9.0\"");
  EXPECT_EQ(run({VMAF_PROGRAM}).status, 1);
  EXPECT_EQ(run({VMAF_PROGRAM, "-r", folder_ / "r.yuv", "-d", folder_ / "d.yuv", "-w", "160"}).status, 1);
}

TEST_F(VmafCli, WhatCannotBeSetUpIs255) {
  EXPECT_EQ(vmaf({"-m", "version=vmaf_v9"}).status, 255);
  EXPECT_EQ(vmaf({"-m", "path=/no/such/model.json"}).status, 255);
  EXPECT_EQ(vmaf({"-m", "name=only"}).status, 255);
  EXPECT_EQ(vmaf({"--feature", "psrn"}).status, 255);
  EXPECT_EQ(vmaf({"--feature", "psnr=min_sse=-1"}).status, 255);
  const RunResult r = vmaf({"--feature", "psnr=enable_mes=true"});
  EXPECT_EQ(r.status, 255);
  EXPECT_NE(r.err.find("did you mean 'enable_mse'?"), std::string::npos) << "libvmaf ignores a misspelt option";
}

TEST_F(VmafCli, ModelOptions) {
  const json all = json::parse(report({"--json", "--precision", "max", "-m", "version=vmaf_v0.6.1", "-m",
                                       "version=vmaf_v0.6.1:name=phone:enable_transform", "-m",
                                       "version=vmaf_v0.6.1:name=neg2:vif.vif_enhn_gain_limit=1.0:adm.adm_enhn_gain_limit=1.0", "-m",
                                       "version=vmaf_v0.6.1neg:name=neg", "-m", "version=vmaf_b_v0.6.3:name=b"}));
  const json& f = all["frames"][1]["metrics"];
  EXPECT_GT(f["phone"].get<double>(), f["vmaf"].get<double>());
  EXPECT_EQ(f["neg"], f["neg2"]) << "overloaded options make the NEG model of the default one";
  EXPECT_TRUE(f.contains("integer_vif_scale0_egl_1"));
  for (const char* name : {"b", "b_0001", "b_0020", "b_bagging", "b_stddev", "b_ci_p95_lo", "b_ci_p95_hi"}) EXPECT_TRUE(f.contains(name)) << name;
}

TEST_F(VmafCli, SubsampleAndNoPrediction) {
  const json some = json::parse(report({"--json", "--subsample", "2"}));
  EXPECT_EQ(some["frames"].size(), 2u);
  EXPECT_EQ(some["frames"][1]["frameNum"], 2);
  const json features = json::parse(report({"--json", "-n", "--feature", "psnr"}));
  EXPECT_FALSE(features["frames"][0]["metrics"].contains("vmaf"));
  EXPECT_FALSE(features["frames"][0]["metrics"].contains("integer_adm2"));
}

TEST_F(VmafCli, SkippingFrames) {
  const json all = json::parse(report({"--json", "--feature", "psnr"}));
  const json skipped = json::parse(report({"--json", "--feature", "psnr", "--frame_skip_ref", "1", "--frame_skip_dist", "1"}));
  EXPECT_EQ(skipped["frames"].size(), 3u);
  EXPECT_EQ(skipped["frames"][0]["metrics"]["psnr_y"], all["frames"][1]["metrics"]["psnr_y"]);
  EXPECT_NE(vmaf({"--frame_skip_ref", "100"}).status, 0);
}

TEST_F(VmafCli, VersionAndHelp) {
  const RunResult version = run({VMAF_PROGRAM, "--version"});
  EXPECT_EQ(version.status, 0);
  EXPECT_EQ(version.out, "");
  EXPECT_EQ(version.err.rfind("3.2.0", 0), 0u);
  EXPECT_EQ(run({VMAF_PROGRAM, "--help"}).status, 0);
}

TEST_F(VmafCli, NothingIsPrintedOnSuccess) {
  const RunResult r = vmaf({"-o", folder_ / "out"});
  EXPECT_EQ(r.out + r.err, "");
}

}  // namespace
}  // namespace fovea::testing
