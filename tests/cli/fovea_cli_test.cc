// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "support.h"

namespace fovea::testing {
namespace {

using nlohmann::json;

class FoveaCli : public ::testing::Test {
 protected:
  void SetUp() override {
    write_file(folder_ / "r.y4m", y4m_clip(160, 90, "420jpeg", 4, 3, false));
    for (int k = 0; k < 3; ++k) {
      // Different damage: other noise.
      std::string clip = y4m_clip(160, 90, "420jpeg", 4, 3, true);
      for (size_t i = 1000; i < clip.size(); i += 997) clip[i] = static_cast<char>(clip[i] ^ k);
      write_file(folder_ / ("d" + std::to_string(k) + ".y4m"), clip);
    }
  }
  RunResult fovea(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), FOVEA_PROGRAM);
    return run(arguments);
  }
  json report(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"-o", folder_ / "out.json"});
    const RunResult r = fovea(arguments);
    EXPECT_EQ(r.status, 0) << r.all();
    return json::parse(read_file(folder_ / "out.json"));
  }
  std::string ref() { return folder_ / "r.y4m"; }
  std::string dis(int k = 0) { return folder_ / ("d" + std::to_string(k) + ".y4m"); }
  TemporaryFolder folder_;
};

TEST_F(FoveaCli, PrintsATable) {
  const RunResult r = fovea({"score", ref(), dis()});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_NE(r.out.find("reference  r.y4m  160x90 4:2:0 8 bit, 25 fps"), std::string::npos) << r.out;
  EXPECT_NE(r.out.find("d0.y4m  vmaf"), std::string::npos) << r.out;
  EXPECT_EQ(r.out.find("vif_scale0"), std::string::npos) << "only what was asked for\n" << r.out;
  const RunResult asked = fovea({"score", ref(), dis(), "--feature", "vif"});
  EXPECT_NE(asked.out.find("integer_vif_scale0"), std::string::npos) << asked.out;
  EXPECT_EQ(asked.out.find("integer_adm2"), std::string::npos) << asked.out;
}

TEST_F(FoveaCli, ManyEncodesInOneRunEqualSingleRuns) {
  const json together = report({"score", ref(), dis(0), dis(1), dis(2), "--threads", "2"});
  ASSERT_EQ(together["clips"].size(), 3u);
  for (int k = 0; k < 3; ++k) {
    const json alone = report({"score", ref(), dis(k), "--threads", "1"});
    EXPECT_EQ(together["clips"][k]["frames"], alone["clips"][0]["frames"]);
    EXPECT_EQ(together["clips"][k]["pooled"], alone["clips"][0]["pooled"]);
  }
}

TEST_F(FoveaCli, PresetsNameModelsAndFeatures) {
  const auto metrics = [&](const std::vector<std::string>& arguments, int status) {
    std::vector<std::string> command = {"score", ref(), dis(), "-o", folder_ / "p.json"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const RunResult r = fovea(command);
    EXPECT_EQ(r.status, status) << r.all();
    return json::parse(read_file(folder_ / "p.json"))["clips"][0]["frames"][0]["metrics"];
  };
  // CAMBI, MS-SSIM and SpEED are not defined for pictures as small as these; the rest goes on.
  const json all = metrics({"--preset", "all"}, 3);
  for (const char* name :
       {"vmaf", "vmaf_neg", "psnr_y", "psnr_hvs", "ciede2000", "float_ssim", "ssimulacra2"})
    EXPECT_TRUE(all.contains(name)) << name << " in " << all;
  EXPECT_FALSE(all.contains("cambi"));
  const json aom = metrics({"-p", "aom-ctc-v2.0", "--feature", "float_psnr"}, 3);
  EXPECT_TRUE(aom.contains("vmaf_neg") && aom.contains("ciede2000") && aom.contains("float_psnr")) << aom;
  EXPECT_EQ(aom["vmaf"], all["vmaf"]);
  EXPECT_FALSE(metrics({"-p", "aom-ctc", "--no-model"}, 3).contains("vmaf"));
  EXPECT_TRUE(metrics({"-p", "nflx-ctc"}, 3).contains("vmaf_neg"));
  const RunResult r = fovea({"score", ref(), dis(), "--preset", "aom-ct"});
  EXPECT_EQ(r.status, 2);
  EXPECT_NE(r.err.find("did you mean 'aom-ctc'?"), std::string::npos) << r.err;
}

TEST_F(FoveaCli, ReportsAreByteIdenticalForEveryNumberOfThreads) {
  std::string expected;
  for (const char* threads : {"1", "2", "3", "7"}) {
    ASSERT_EQ(fovea({"score", ref(), dis(0), dis(1), "--feature", "psnr", "--threads", threads, "--no-timing",
                     "-o", folder_ / "t.json", "-o", folder_ / "t.csv"})
                  .status,
              3 - 3);
    const std::string text = read_file(folder_ / "t.json");
    if (expected.empty()) expected = text;
    EXPECT_EQ(text, expected) << threads;
  }
}

TEST_F(FoveaCli, ReportSaysWhatItIsMadeOf) {
  const json r = report({"score", ref(), dis(), "--feature", "psnr=enable_apsnr=true"});
  EXPECT_EQ(r["models"][0]["id"], "vmaf_v0.6.1");
  EXPECT_EQ(r["models"][0]["hash"].get<std::string>().rfind("sha256:", 0), 0u);
  EXPECT_NE(r["models"][0]["credit"].get<std::string>().find("Netflix"), std::string::npos);
  const json& pooled = r["clips"][0]["pooled"]["vmaf"];
  for (const char* name :
       {"mean", "harmonic_mean", "min", "max", "stddev", "p1", "p5", "p10", "p25", "median"}) {
    EXPECT_TRUE(pooled[name].is_number()) << name;
  }
  EXPECT_TRUE(r["clips"][0]["aggregates"]["apsnr_y"].is_number());
  EXPECT_TRUE(r["timing"]["fps"].is_number());
  EXPECT_TRUE(r["clips"][0].contains("plan"));
  EXPECT_TRUE(r["clips"][0].contains("alignment"));
}

TEST_F(FoveaCli, SeveralReportFormats) {
  const RunResult r = fovea({"score", ref(), dis(), "-o", folder_ / "a.csv", "-o", folder_ / "a.xml", "-o",
                             folder_ / "a.sub", "-o", folder_ / "a.txt:libvmaf"});
  ASSERT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(read_file(folder_ / "a.csv").rfind("Frame,integer_adm2,", 0), 0u);
  EXPECT_EQ(read_file(folder_ / "a.xml").rfind("<VMAF", 0), 0u);
  EXPECT_EQ(read_file(folder_ / "a.sub").rfind("{0}{1}frame: 0|", 0), 0u);
  EXPECT_EQ(json::parse(read_file(folder_ / "a.txt"))["frames"].size(), 4u);
  EXPECT_EQ(fovea({"score", ref(), dis(), "-o", folder_ / "a.html"}).status, 2);
}

TEST_F(FoveaCli, PlanDoesNotScore) {
  const RunResult r = fovea({"score", ref(), dis(), "--plan"});
  EXPECT_EQ(r.status, 0) << r.err;
  EXPECT_EQ(r.out.find("vmaf"), std::string::npos) << r.out;
}

TEST_F(FoveaCli, PoolingOfAnUnknownNameIsAnError) {
  EXPECT_EQ(fovea({"score", ref(), dis(), "--pool", "p5"}).status, 0);
  const RunResult r = fovea({"score", ref(), dis(), "--pool", "harmonic"});
  EXPECT_EQ(r.status, 2);
  EXPECT_NE(r.err.find("harmonic"), std::string::npos);
}

TEST_F(FoveaCli, MisspeltNamesGetANearMiss) {
  const auto expect = [&](std::vector<std::string> arguments, const std::string& fragment) {
    const RunResult r = fovea(arguments);
    EXPECT_EQ(r.status, 2) << r.all();
    EXPECT_NE(r.err.find(fragment), std::string::npos) << r.err;
  };
  expect({"score", ref(), dis(), "-m", "vmaf_v0.6.2"}, "vmaf_v0.6.1");
  expect({"score", ref(), dis(), "--feature", "psrn"}, "did you mean 'psnr'?");
  expect({"score", ref(), dis(), "--feature", "psnr=enable_mes=true"}, "did you mean 'enable_mse'?");
  expect({"score", ref(), dis(), "--thraeds", "2"}, "--thraeds");
  expect({"metrics", "vfi"}, "did you mean 'vif'?");
  expect({"scroe"}, "scroe");
}

TEST_F(FoveaCli, Catalogues) {
  const RunResult models = fovea({"models", "--verify"});
  EXPECT_EQ(models.status, 0) << models.err;
  for (const char* id :
       {"vmaf_v0.6.1", "vmaf_v0.6.1neg", "vmaf_4k_v0.6.1", "vmaf_4k_v0.6.1neg", "vmaf_b_v0.6.3",
        "vmaf_float_v0.6.1", "vmaf_v1.0.16_3d0h", "vmaf_v1.0.16_hfr_5d0h"}) {
    EXPECT_NE(models.out.find(id), std::string::npos) << id;
  }
  EXPECT_NE(fovea({"metrics"}).out.find("psnr"), std::string::npos);
  EXPECT_NE(fovea({"metrics", "adm"}).out.find("adm_noise_weight"), std::string::npos);
  EXPECT_NE(fovea({"--version"}).out.find("fovea "), std::string::npos);
  EXPECT_EQ(fovea({"--help"}).status, 0);
  EXPECT_EQ(fovea({"score", "--help"}).status, 0);
  EXPECT_EQ(fovea({}).status, 2);
}

TEST_F(FoveaCli, ImportedModelScoresAsTheOriginal) {
  FOVEA_NEED_DATA(data);
  const std::string json_model = data + "/models/vmaf_4k_v0.6.1.json";
  const RunResult r = fovea({"model", "import", json_model, "-o", folder_ / "mine.model"});
  ASSERT_EQ(r.status, 0) << r.err;
  const json a = report({"score", ref(), dis(), "-m", json_model, "-m",
                         (folder_ / "mine.model") + ":name=mine", "-m", "vmaf_4k_v0.6.1:name=builtin"});
  const json& f = a["clips"][0]["frames"][2]["metrics"];
  EXPECT_EQ(f["mine"], f["builtin"]);
  EXPECT_EQ(f["mine"], f["vmaf_4k_v0.6.1"]);
}

TEST_F(FoveaCli, WithoutOnnxRuntimeANetworkIsRefusedAndSaysHowToGetIt) {
  FOVEA_NEED_DATA(data);
  const std::string lpips = "lpips=model_path=" + data + "/models/onnx/lpips_sq.onnx";
  const RunResult r = run({"env", "FOVEA_ONNXRUNTIME=/nowhere", FOVEA_PROGRAM, "score", ref(), dis(),
                           "--feature", lpips, "--feature", "psnr"});
  EXPECT_EQ(r.status, 3) << "the other features are scored: " << r.all();
  EXPECT_NE(r.err.find("not computed: lpips: FOVEA_ONNXRUNTIME=/nowhere cannot be used"), std::string::npos)
      << r.err;
  EXPECT_NE(r.err.find("`./dev libraries`"), std::string::npos) << r.err;
  EXPECT_NE(r.out.find("psnr_y"), std::string::npos) << r.out;
}

TEST_F(FoveaCli, NetworksScoreAlikeForEveryNumberOfThreads) {
  FOVEA_NEED_DATA(data);
  const std::string model = data + "/models/onnx/lpips_sq.onnx";
  const auto sidecar = [&](const std::string& name, const std::string& feature) {
    write_file(folder_ / name, R"({"schema_version": 1, "layout": "rgb8", "range": [0, 1],
      "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "min_size": [17, 17],
      "inputs": [{"name": "ref", "picture": "reference"}, {"name": "dist", "picture": "distorted"}],
      "outputs": [{"name": "score", "feature": ")" +
                                   feature + "\"}]}");
    return "onnx=model_path=" + model + ":sidecar=" + (folder_ / name);
  };
  const std::string mine = sidecar("a.json", "mine"), lpips = "lpips=model_path=" + model;
  if (const RunResult r = fovea({"score", ref(), dis(), "-n", "--feature", lpips});
      r.err.find("`./dev libraries`") != std::string::npos)
    GTEST_SKIP() << r.err;
  json expected;
  for (const char* threads : {"1", "3"}) {
    const json r = report(
        {"score", ref(), dis(0), dis(1), "-n", "--feature", lpips, "--feature", mine, "--threads", threads});
    if (expected.is_null()) expected = r["clips"];
    for (int k = 0; k < 2; ++k) {
      ASSERT_EQ(r["clips"][k]["frames"].size(), 4u);
      for (int i = 0; i < 4; ++i) {
        const json& metrics = r["clips"][k]["frames"][i]["metrics"];
        EXPECT_EQ(metrics, expected[k]["frames"][i]["metrics"]) << threads;
        EXPECT_EQ(metrics["mine"], metrics["lpips"]);
        EXPECT_GT(metrics["lpips"].get<double>(), 0);
      }
    }
  }
  // Nobody else may use a network's name.
  const auto refused = [&](const std::string& a, const std::string& b, const std::string& message) {
    const RunResult r = fovea({"score", ref(), dis(), "-n", "--feature", a, "--feature", b});
    EXPECT_EQ(r.status, 2) << r.all();
    EXPECT_NE(r.err.find(message), std::string::npos) << r.err;
  };
  refused(mine, sidecar("b.json", "mine"), "onnx: the feature 'mine' is emitted by another onnx already");
  refused("psnr", sidecar("c.json", "psnr_y"), "onnx: the feature 'psnr_y' is emitted by psnr already");
  refused(sidecar("d.json", "lpips"), lpips, "lpips: the feature 'lpips' is emitted by onnx already");
}

TEST_F(FoveaCli, FindsAnOffset) {
  FOVEA_NEED_DATA(data);
  const std::string source = data + "/clips/source/highway_540p25.mp4",
                    dis = data + "/clips/encoded/highway_540p25__svtav1.mkv";
  const RunResult aligned = fovea({"score", source, dis, "--allow-short", "-n", "-f", "psnr"});
  EXPECT_EQ(aligned.status, 0) << aligned.all();
  const RunResult shifted =
      fovea({"score", source, dis, "--allow-short", "--skip-ref", "3", "--feature", "psnr", "-n"});
  EXPECT_NE(shifted.all().find("--offset"), std::string::npos) << shifted.all();
  // With the offset that it names, all is well: frame i of the encode is frame i of the source again.
  const RunResult strict = fovea(
      {"score", source, dis, "--allow-short", "--skip-ref", "3", "--feature", "psnr", "-n", "--strict"});
  EXPECT_EQ(strict.status, 2) << strict.all();
}

}  // namespace
}  // namespace fovea::testing
