// SPDX-License-Identifier: BSD-2-Clause-Patent
// Input that breaks other tools. Nothing may crash, hang, leave a partial file or give a silently wrong score.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "support.h"

namespace fovea::testing {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class Hostile : public ::testing::Test {
 protected:
  // fovea score with the two files, a psnr besides the default model, and a report.
  RunResult score(const std::string& ref, const std::string& dis, std::vector<std::string> more = {}) {
    std::vector<std::string> command = {FOVEA_PROGRAM, "score", ref, dis, "--feature", "psnr", "-o", folder_ / "report.json"};
    command.insert(command.end(), more.begin(), more.end());
    return run(command, "/dev/null", 20);
  }
  std::string put(const std::string& name, const std::string& content) {
    write_file(folder_ / name, content);
    return folder_ / name;
  }
  json report() { return json::parse(read_file(folder_ / "report.json")); }
  bool has_report() { return fs::exists(folder_ / "report.json"); }
  // The message is one that tells a user what to do.
  void expect_error(const RunResult& r, int status, const std::vector<std::string>& fragments) {
    EXPECT_EQ(r.status, status) << r.all();
    for (const std::string& fragment : fragments) EXPECT_NE(r.err.find(fragment), std::string::npos) << "no '" << fragment << "' in: " << r.err;
    if (status == 2 || status == 4) {
      EXPECT_FALSE(has_report());
    }
  }
  TemporaryFolder folder_;
};

TEST_F(Hostile, TinyPicturesGetWhatIsDefined) {
  for (const auto& [w, h] : {std::pair{2, 2}, {8, 8}, {16, 64}, {64, 16}}) {
    const RunResult r = score(put("r.y4m", y4m_clip(w, h, "420jpeg", 2, 1, false)), put("d.y4m", y4m_clip(w, h, "420jpeg", 2, 1, true)));
    EXPECT_EQ(r.status, 3) << w << "x" << h << ": " << r.all();
    EXPECT_NE(r.err.find("minimum"), std::string::npos) << r.err;
    const json out = report();
    EXPECT_TRUE(out["clips"][0]["pooled"].contains("psnr_y")) << "PSNR is defined for any size";
    EXPECT_FALSE(out["clips"][0]["pooled"].contains("vmaf"));
    EXPECT_FALSE(out["refusals"].empty());
  }
  // Nothing that was asked for is defined: no report.
  fs::remove(folder_ / "report.json");
  put("r.y4m", y4m_clip(2, 2, "420jpeg", 2, 1, false));
  put("d.y4m", y4m_clip(2, 2, "420jpeg", 2, 1, true));
  const RunResult r = run({FOVEA_PROGRAM, "score", folder_ / "r.y4m", folder_ / "d.y4m", "-o", folder_ / "report.json"});
  EXPECT_EQ(r.status, 2) << r.all();
  EXPECT_FALSE(has_report());
}

TEST_F(Hostile, OddSizesAreScored) {
  for (const auto& [w, h] : {std::pair{177, 99}, {177, 98}, {176, 99}, {67, 67}}) {
    const RunResult y4m = score(put("r.y4m", y4m_clip(w, h, "420jpeg", 2, 1, false)), put("d.y4m", y4m_clip(w, h, "420jpeg", 2, 1, true)));
    ASSERT_EQ(y4m.status, 0) << w << "x" << h << ": " << y4m.all();
    const json from_y4m = report()["clips"][0]["pooled"];
    const std::string size = std::to_string(w) + "x" + std::to_string(h);
    const RunResult raw = score(put("r.yuv", raw_clip(w, h, 8, "420", 2, 1)), put("d.yuv", raw_clip_distorted(w, h, 8, "420", 2, 1)),
                                {"--size", size, "--chroma", "420", "--bit-depth", "8"});
    ASSERT_EQ(raw.status, 0) << raw.all();
    EXPECT_EQ(report()["clips"][0]["pooled"], from_y4m);
    EXPECT_TRUE(from_y4m["vmaf"]["mean"].is_number());
  }
}

TEST_F(Hostile, RawFilesThatAreNoWholeNumberOfFrames) {
  const std::string good = put("r.yuv", raw_clip(64, 48, 8, "420", 3, 1));
  const std::vector<std::string> shape = {"--size", "64x48", "--chroma", "420", "--bit-depth", "8"};
  const std::string partial = raw_clip_distorted(64, 48, 8, "420", 3, 1);
  expect_error(score(good, put("d.yuv", partial.substr(0, partial.size() - 100)), shape), 2, {"d.yuv", "4608", "4508"});
  expect_error(score(good, put("d.yuv", partial.substr(0, 1000)), shape), 2, {"d.yuv", "1000", "4608"});
  expect_error(score(good, put("d.yuv", ""), shape), 2, {"d.yuv", "empty"});
}

TEST_F(Hostile, AContainerIsNotRawYuv) {
  if (!have_ffmpeg()) GTEST_SKIP() << "no ffmpeg program to make an mp4 with";
  const std::string mp4 = folder_ / "clip.mp4";
  ASSERT_EQ(run({"ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=64x48:r=25", "-frames:v", "5", "-pix_fmt", "yuv420p", mp4}).status, 0);
  expect_error(score(mp4, mp4, {"--size", "64x48"}), 2, {"clip.mp4", "not raw"});
  const RunResult vmaf = run({VMAF_PROGRAM, "-r", mp4, "-d", mp4, "-w", "64", "-h", "48", "-p", "420", "-b", "8"});
  EXPECT_NE(vmaf.status, 0);
  EXPECT_LT(vmaf.status, 256);
}

TEST_F(Hostile, BrokenY4mHeaders) {
  const std::string good = put("r.y4m", y4m_clip(64, 48, "420jpeg", 2, 1, false));
  const std::string body = "FRAME\n" + raw_clip(64, 48, 8, "420", 1, 1);
  struct Case {
    std::string header;
    std::vector<std::string> fragments;
  };
  for (const Case& c : std::vector<Case>{
           {"YUV4MPEG2 W64 H48 F25:0 Ip C420jpeg\n", {"d.y4m", "rate"}},
           {"YUV4MPEG2 W-4 H48 F25:1 Ip C420jpeg\n", {"d.y4m", "-4"}},
           {"YUV4MPEG2 W2147483647 H2147483647 F25:1 Ip C420jpeg\n", {"d.y4m"}},
           {"YUV4MPEG2 W65536 H65536 F25:1 Ip C420jpeg\n", {"d.y4m"}},
           {"YUV4MPEG2 W64 H48 F25:1 Ip C999\n", {"d.y4m", "999"}},
           {"YUV4MPEG2 H48 F25:1 Ip C420jpeg\n", {"d.y4m"}},
           {"YUV4MPEG2 W64 H48 F25:1 Ip C420jpeg X" + std::string(70000, 'x') + "\n", {"d.y4m"}},
       }) {
    expect_error(score(good, put("d.y4m", c.header + body)), 2, c.fragments);
  }
  // Long comment tags are legal.
  const std::string commented = "YUV4MPEG2 W64 H48 F25:1 Ip C420jpeg X" + std::string(5000, 'x') + "\n" + body + body;
  EXPECT_EQ(score(good, put("d.y4m", commented)).status, 0);
  // 4:1:1 is converted or refused, never a crash.
  const std::string c411 = "YUV4MPEG2 W2 H4 F25:1 Ip C411\nFRAME\n" + std::string(16, 'a');
  EXPECT_LE(score(put("a.y4m", c411), put("b.y4m", c411)).status, 5);
}

TEST_F(Hostile, ATruncatedClipGivesItsWholePairs) {
  const std::string good = put("r.y4m", y4m_clip(64, 48, "420jpeg", 4, 1, false));
  const std::string whole = y4m_clip(64, 48, "420jpeg", 4, 1, true);
  const RunResult r = score(good, put("d.y4m", whole.substr(0, whole.size() - 2000)));
  EXPECT_EQ(r.status, 3) << r.all();
  EXPECT_NE(r.err.find("d.y4m"), std::string::npos);
  EXPECT_EQ(report()["frames"], 3);
  EXPECT_EQ(report()["complete"], false);
}

TEST_F(Hostile, WhatIsNoVideo) {
  const std::string good = put("r.y4m", y4m_clip(64, 48, "420jpeg", 2, 1, false));
  expect_error(score(good, folder_ / "missing.y4m"), 2, {"missing.y4m", "No such file"});
  expect_error(score(good, put("empty.y4m", "")), 2, {"empty.y4m", "empty"});
  std::string noise;
  for (int i = 0; i < 4000; ++i) noise += static_cast<char>(i * 7919 >> 3);
  expect_error(score(good, put("noise.bin", noise)), 2, {"noise.bin"});
  expect_error(score(good, folder_.path().string()), 2, {});
}

TEST_F(Hostile, PairsThatDoNotFitNameTheFlagThatHelps) {
  const std::string ref = put("r.y4m", y4m_clip(64, 48, "420jpeg", 2, 1, false));
  expect_error(score(ref, put("d.y4m", y4m_clip(32, 24, "420jpeg", 2, 1, true))), 2, {"64x48", "32x24", "--scale"});
  expect_error(score(ref, put("d.y4m", y4m_clip(64, 48, "444", 2, 1, true))), 2, {"4:2:0", "4:4:4"});
  // Another bit depth is raised, and said so.
  const RunResult deep = score(ref, put("d.y4m", y4m_clip(64, 48, "420p10", 2, 1, true)));
  EXPECT_EQ(deep.status, 0) << deep.all();
  EXPECT_NE(report()["clips"][0]["plan"].dump().find("10"), std::string::npos);
}

TEST_F(Hostile, UnequalLengths) {
  const std::string ref = put("r.y4m", y4m_clip(64, 48, "420jpeg", 10, 1, false));
  const std::string dis = put("d.y4m", y4m_clip(64, 48, "420jpeg", 4, 1, true));
  const RunResult r = score(ref, dis);
  EXPECT_EQ(r.status, 3) << r.all();
  EXPECT_NE(r.err.find("--allow-short"), std::string::npos) << r.err;
  EXPECT_EQ(report()["frames"], 4);
  EXPECT_EQ(score(ref, dis, {"--allow-short"}).status, 0);
  // The drop-in keeps libvmaf's exit status.
  const RunResult vmaf = run({VMAF_PROGRAM, "-r", ref, "-d", dis, "-o", folder_ / "v.xml"});
  EXPECT_EQ(vmaf.status, 0) << vmaf.all();
  EXPECT_NE(vmaf.err.find("ended before"), std::string::npos);
}

TEST_F(Hostile, ReportsThatCannotBeWritten) {
  const std::string ref = put("r.y4m", y4m_clip(64, 48, "420jpeg", 2, 1, false));
  for (const std::string& bad : {folder_ / "no/such/folder/report.json", std::string("/dev/full:json")}) {
    const RunResult r = run({FOVEA_PROGRAM, "score", ref, ref, "-o", bad});
    EXPECT_EQ(r.status, 4) << r.all();
    EXPECT_NE(r.err.find(bad.substr(0, 9)), std::string::npos) << r.err;
  }
  EXPECT_EQ(run({VMAF_PROGRAM, "-r", ref, "-d", ref, "-o", "/dev/full"}).status, 4);
  EXPECT_EQ(run({VMAF_PROGRAM, "-r", ref, "-d", ref, "-o", folder_ / "no/such/x.xml"}).status, 4);
}

TEST_F(Hostile, BrokenModels) {
  const std::string ref = put("r.y4m", y4m_clip(64, 48, "420jpeg", 2, 1, false));
  const std::string svm = "svm_type nu_svr\\nkernel_type rbf\\ngamma 0.04\\nnr_class 2\\ntotal_sv 1\\nrho -1\\nSV\\n";
  const auto model = [&](const std::string& names, const std::string& slopes, const std::string& text) {
    return "{\"model_dict\":{\"model_type\":\"LIBSVMNUSVR\",\"norm_type\":\"linear_rescale\",\"feature_names\":" + names + ",\"slopes\":" +
           slopes + ",\"intercepts\":[0,0,0],\"score_clip\":[0,100],\"model\":\"" + text + "\"}}";
  };
  const std::string two = "[\"VMAF_integer_feature_adm2_score\",\"VMAF_integer_feature_motion2_score\"]";
  struct Case {
    std::string name, text, fragment;
  };
  for (const Case& c : std::vector<Case>{
           {"truncated", model(two, "[1,1,1]", svm + "0.5 1:1 2:1\\n").substr(0, 150), "truncated.json"},
           {"deep", std::string(200000, '[') + std::string(200000, ']'), "deep.json"},
           {"garbage", model(two, "[1,1,1]", "garbage"), "model"},
           {"slopes", model(two, "[1,1]", svm + "0.5 1:1 2:1\\n"), "slopes"},
           {"nothing", model("[]", "[1]", svm + "0.5\\n"), "feature_names"},
           {"index", model(two, "[1,1,1]", svm + "0.5 1:1 999999999:1\\n"), "999999999"},
           {"unknown", model("[\"no_such_feature\",\"VMAF_integer_feature_motion2_score\"]", "[1,1,1]", svm + "0.5 1:1 2:1\\n"), "no_such_feature"},
           {"types", "{\"model_dict\":{\"model_type\":7}}", "model_type"},
       }) {
    const std::string path = put(c.name + ".json", c.text);
    expect_error(score(ref, ref, {"-m", path}), 2, {c.fragment});
    EXPECT_EQ(run({VMAF_PROGRAM, "-r", ref, "-d", ref, "-m", "path=" + path}).status, 255) << c.name;
  }
  EXPECT_EQ(score(ref, ref, {"-m", put("good.json", model(two, "[1,1,1]", svm + "0.5 1:1 2:1\\n"))}).status, 0);
}

TEST_F(Hostile, InputsMayBePipes) {
  const std::string ref = put("r.y4m", y4m_clip(64, 48, "420jpeg", 3, 1, false)), dis = put("d.y4m", y4m_clip(64, 48, "420jpeg", 3, 1, true));
  ASSERT_EQ(score(ref, dis).status, 0);
  const json direct = report()["clips"][0]["frames"];
  const RunResult r = run({FOVEA_PROGRAM, "score", ref, "-", "--feature", "psnr", "-o", folder_ / "report.json"}, dis);
  ASSERT_EQ(r.status, 0) << r.all();
  EXPECT_EQ(report()["clips"][0]["frames"], direct);
  const RunResult fifo = run({"sh", "-c", "mkfifo " + (folder_ / "fr") + " " + (folder_ / "fd") + "; cat " + ref + " > " + (folder_ / "fr") +
                                              " & cat " + dis + " > " + (folder_ / "fd") + " & exec " + VMAF_PROGRAM + " -r " +
                                              (folder_ / "fr") + " -d " + (folder_ / "fd") + " --json -o " + (folder_ / "v.json")});
  ASSERT_EQ(fifo.status, 0) << fifo.all();
  EXPECT_EQ(json::parse(read_file(folder_ / "v.json"))["frames"].size(), 3u);
}

}  // namespace
}  // namespace fovea::testing
