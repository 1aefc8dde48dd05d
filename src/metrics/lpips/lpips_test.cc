// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cstdlib>

#include "dnn/picture.h"
#include "dnn/runtime.h"
#include "dnn/testing.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::lpips {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;
using dnn::testing::Folder;
using dnn::testing::ModelBytes;

#define FOVEA_NEED_RUNTIME() \
  if (const auto found = dnn::runtime(); !found.ok()) GTEST_SKIP() << found.error().message

// In the place of LPIPS: the mean of 2 ref - dist, which shows what goes in, and where.
ModelBytes stand_in() {
  ModelBytes m;
  m.input("ref", {1, 3, -1, -1})
      .input("dist", {1, 3, -1, -1})
      .output("score", {1, 1, 1, 1})
      .weight("two", {1}, {2});
  m.node("Mul", {"ref", "two"}, {"r"}).node("Sub", {"r", "dist"}, {"d"});
  m.node("ReduceMean", {"d"}, {"score"}, ModelBytes::integer("keepdims", 1));
  return m;
}

std::string refusal(const Format& format, const OptionMap& options) {
  const auto metric = kMetric.create(format, options);
  return metric.ok() ? "" : metric.error().message;
}

class Lpips : public ::testing::Test {
 protected:
  void SetUp() override { unsetenv("VMAF_LPIPS_MODEL_PATH"); }
  void TearDown() override { unsetenv("VMAF_LPIPS_MODEL_PATH"); }
  Folder folder_{"fovea_lpips_test"};
};

TEST_F(Lpips, FeedsTheNetworkWithBothPictures) {
  FOVEA_NEED_RUNTIME();
  const std::string path = folder_.write("n.onnx", stand_in().str());
  dnn::PictureNumbers numbers;
  numbers.channels = dnn::Channels::kRgb8;
  numbers.mean = {0.485f, 0.456f, 0.406f};
  numbers.std = {0.229f, 0.224f, 0.225f};
  const auto mean = [&](const Frame& frame) {
    const dnn::PictureTensor tensor(frame.format, numbers);
    std::vector<float> values(tensor.size());
    tensor.fill(frame, values.data());
    double sum = 0;
    for (const float v : values) sum += v;
    return sum / static_cast<double>(values.size());
  };
  for (const Format& format : {Format{37, 21, 8, Chroma::k420}, Format{20, 17, 10, Chroma::k422},
                               Format{17, 30, 16, Chroma::k444}}) {
    const Frame ref = make_frame(format, Pattern::kTexture, 1);
    const std::vector<std::vector<Frame>> clips = {{distort(ref, 2)},
                                                   {make_frame(format, Pattern::kNoise, 3)}};
    const auto metric = kMetric.create(format, {{"model_path", path}});
    ASSERT_TRUE(metric.ok()) << metric.error().message;
    const auto scores = run_metric(**metric, {ref}, clips);
    for (int k = 0; k < 2; ++k) {
      ASSERT_EQ(scores[k].size(), 1u);
      EXPECT_NEAR(scores[k].at("lpips")[0], 2 * mean(ref) - mean(clips[k][0]), 1e-4) << describe(format);
    }
  }
}

TEST_F(Lpips, TakesTheOptionBeforeTheEnvironment) {
  FOVEA_NEED_RUNTIME();
  const Format format{32, 32, 8, Chroma::k420};
  const std::string path = folder_.write("n.onnx", stand_in().str());
  setenv("VMAF_LPIPS_MODEL_PATH", path.c_str(), 1);
  EXPECT_EQ(refusal(format, {}), "");
  EXPECT_NE(refusal(format, {{"model_path", folder_.file("none.onnx")}}), "");
  setenv("VMAF_LPIPS_MODEL_PATH", folder_.file("none.onnx").c_str(), 1);
  EXPECT_NE(refusal(format, {}), "");
  EXPECT_EQ(refusal(format, {{"model_path", path}}), "");
}

TEST_F(Lpips, RefusesWhatItIsNotDefinedFor) {
  const Format format{32, 32, 8, Chroma::k420};
  EXPECT_EQ(refusal(format, {}),
            "lpips: which network? Give its file as lpips=model_path=FILE.onnx or in VMAF_LPIPS_MODEL_PATH");
  EXPECT_EQ(refusal(format, {{"model_path", folder_.file("none.onnx")}}),
            "lpips: " + folder_.file("none.onnx") + ": No such file or directory");
  EXPECT_NE(refusal(format, {{"model", "x"}}).find("unknown option 'model'"), std::string::npos);

  const OptionMap options = {{"model_path", folder_.write("n.onnx", stand_in().str())}};
  EXPECT_EQ(refusal({32, 32, 8, Chroma::k400}, options), "lpips: needs chroma, the pictures are 4:0:0");
  EXPECT_EQ(refusal({16, 32, 8, Chroma::k420}, options), "lpips: 16x32 is smaller than its minimum of 17x17");
  EXPECT_EQ(refusal({32, 16, 8, Chroma::k420}, options), "lpips: 32x16 is smaller than its minimum of 17x17");

  ModelBytes other;
  other.input("ref", {1, 3, -1, -1}).output("score", {1}).node("ReduceMean", {"ref"}, {"score"});
  const std::string other_path = folder_.write("o.onnx", other.str());
  EXPECT_EQ(refusal(format, {{"model_path", other_path}}),
            "lpips: " + other_path + ": has no input 'dist', but 'ref' [1, 3, ?, ?] float32");
}

// What lusoris/vmaf's conversion and its lpips_sq.onnx give with ONNX Runtime 1.30. Another processor may
// round otherwise.
TEST_F(Lpips, OfRealPicturesIsThatOfTheFork) {
  const char* const data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set";
  FOVEA_NEED_RUNTIME();
  const struct {
    const char *ref, *dis;
    Format format;
    int frame;
    double score;
  } cases[] = {
      {"src01_hrc00_576x324_3frames.yuv",
       "src01_hrc01_576x324_3frames.yuv",
       {576, 324, 8, Chroma::k420},
       0,
       0.0703504011},
      {"src01_hrc00_576x324_3frames.yuv",
       "src01_hrc01_576x324_3frames.yuv",
       {576, 324, 8, Chroma::k420},
       2,
       0.0887120068},
      {"src01_hrc00_576x324.yuv420p12le.yuv",
       "src01_hrc01_576x324.yuv420p12le.yuv",
       {576, 324, 12, Chroma::k420},
       1,
       0.0885388702},
      {"sparks_ref_480x270.yuv42010le.yuv",
       "sparks_dis_480x270.yuv42010le.yuv",
       {480, 270, 10, Chroma::k420},
       0,
       0.00419890508},
      {"hall_cif_frm_0_frm_0.yuv",
       "hall_plr10_3693_frm_0_frm_0.yuv",
       {352, 288, 8, Chroma::k420},
       0,
       0.124677688},
  };
  const std::string folder = std::string(data) + "/clips/netflix/";
  for (const auto& c : cases) {
    const auto metric =
        kMetric.create(c.format, {{"model_path", std::string(data) + "/models/onnx/lpips_sq.onnx"}});
    ASSERT_TRUE(metric.ok()) << metric.error().message;
    const Frame ref = read_clip(folder + c.ref, c.format, c.frame + 1).back();
    const std::vector<std::vector<Frame>> clips = {{read_clip(folder + c.dis, c.format, c.frame + 1).back()},
                                                   {ref}};
    const auto scores = run_metric(**metric, {ref}, clips);
    EXPECT_NEAR(scores[0].at("lpips")[0], c.score, 2e-6) << c.ref << " " << c.frame;
    EXPECT_EQ(scores[1].at("lpips")[0], 0) << "a picture and itself";
  }
  // The smallest pictures: below them the runtime would crash.
  for (const auto& [width, height] : {std::pair{17, 40}, {40, 17}, {17, 17}}) {
    const Format format{width, height, 8, Chroma::k444};
    const auto metric =
        kMetric.create(format, {{"model_path", std::string(data) + "/models/onnx/lpips_sq.onnx"}});
    ASSERT_TRUE(metric.ok()) << metric.error().message;
    const auto scores = run_metric(**metric, {make_frame(format, Pattern::kNoise, 1)},
                                   std::vector<Frame>{make_frame(format, Pattern::kNoise, 2)});
    EXPECT_GT(scores.at("lpips")[0], 0);
  }
}

}  // namespace
}  // namespace fovea::lpips
