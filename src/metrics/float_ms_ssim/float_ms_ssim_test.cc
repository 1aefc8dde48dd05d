// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "metrics/float_ms_ssim/halve.h"
#include "metrics/float_ssim/ssim_core.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::float_ms_ssim {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

std::vector<float> floats_of(const Frame& frame) {
  const PlaneView& plane = frame.planes[0];
  const float scale = ssim_core::sample_scale(frame.format.bit_depth);
  std::vector<float> out;
  for (int y = 0; y < plane.height_px; ++y) {
    for (int x = 0; x < plane.width_px; ++x) {
      out.push_back(static_cast<float>(frame.format.sample_bytes() == 1 ? plane.row<uint8_t>(y)[x] : plane.row<uint16_t>(y)[x]) * scale);
    }
  }
  return out;
}

std::vector<float> halved_plane(const std::vector<float>& in, int width, int height) {
  std::vector<float> out;
  for (int y = 0; y < ms_ssim::halved(height); ++y) {
    for (int x = 0; x < ms_ssim::halved(width); ++x) out.push_back(ms_ssim::halved_ref(in.data(), width, height, x, y));
  }
  return out;
}

TEST(MsSsimHalve, EqualsTheDefinition) {
  for (const auto& size : {std::pair{11, 11}, {12, 13}, {127, 30}, {128, 31}, {129, 12}, {130, 40}, {131, 41}, {300, 99}}) {
    const auto width = size.first, height = size.second;
    for (const int bit_depth : {8, 10, 16}) {
      const Frame frame = make_frame({width, height, bit_depth, Chroma::k400}, bit_depth == 10 ? Pattern::kTexture : Pattern::kNoise, width);
      const auto floats = floats_of(frame);
      const auto want = halved_plane(floats, width, height);
      const int out_width = ms_ssim::halved(width), out_height = ms_ssim::halved(height);
      for (const bool from_samples : {true, false}) {
        ssim_core::Image image;
        image.width = width;
        image.height = height;
        image.samples = from_samples ? &frame.planes[0] : nullptr;
        image.sample_bytes = frame.format.sample_bytes();
        image.scale = ssim_core::sample_scale(bit_depth);
        image.floats = floats.data();
        image.pitch = width;
        for_each_target([&](const char* target) {
          std::vector<float> got(want.size() + 1, -1.0f);
          for (const auto& [begin, end] : {std::pair{0, out_height / 2}, {out_height / 2, out_height}}) {
            Scratch scratch(ms_ssim::halve_scratch_bytes());
            ms_ssim::halve_rows(image, begin, end, got.data(), scratch);
          }
          for (size_t i = 0; i < want.size(); ++i) {
            ASSERT_EQ(got[i], want[i]) << target << " " << width << "x" << height << " bit depth " << bit_depth << " at " << i / out_width << ","
                                       << i % out_width;
          }
          EXPECT_EQ(got.back(), -1.0f) << target << ": wrote beyond the plane";
        });
      }
    }
  }
}

TEST(FloatMsSsim, FollowsTheDefinition) {
  for (const auto& [width, height] : {std::pair{176, 176}, {177, 301}, {333, 178}, {298, 203}}) {
    for (const int bit_depth : {8, 12}) {
      for (const Pattern pattern : {Pattern::kTexture, Pattern::kBinaryNoise, Pattern::kFlat}) {
        const Format format{width, height, bit_depth, Chroma::k400};
        const Frame ref = make_frame(format, pattern, width), dis = distort(ref, height);
        auto a = floats_of(ref), b = floats_of(dis);
        int w = width, h = height;
        double want = 1;
        const auto scores = run_metric(*make(format, {{"enable_lcs", "true"}}), {ref}, {dis});
        const auto brief = run_metric(*make(format), {ref}, {dis});
        const std::string what = describe(format) + " " + pattern_name(pattern);
        for (int s = 0; s < 5; ++s) {
          if (s > 0) {
            a = halved_plane(a, w, h);
            b = halved_plane(b, w, h);
            w = ms_ssim::halved(w);
            h = ms_ssim::halved(h);
          }
          const ssim_core::Sums sums = ssim_core::sums_ref(a.data(), b.data(), w, h);
          const double positions = static_cast<double>(w - 10) * (h - 10);
          const float l = static_cast<float>(sums.luminance / positions), c = static_cast<float>(sums.contrast / positions),
                      structure = static_cast<float>(sums.structure / positions);
          EXPECT_FLOAT_EQ(static_cast<float>(scores.at("float_ms_ssim_l_scale" + std::to_string(s))[0]), l) << what;
          EXPECT_FLOAT_EQ(static_cast<float>(scores.at("float_ms_ssim_c_scale" + std::to_string(s))[0]), c) << what;
          EXPECT_FLOAT_EQ(static_cast<float>(scores.at("float_ms_ssim_s_scale" + std::to_string(s))[0]), structure) << what;
          const double beta = std::array<float, 5>{0.0448f, 0.2856f, 0.3001f, 0.2363f, 0.1333f}[s];
          want *= std::pow(l, s == 4 ? static_cast<double>(0.1333f) : 0.0) * std::pow(c, beta) * std::pow(structure, beta);
        }
        if (std::isnan(want)) {
          EXPECT_TRUE(std::isnan(scores.at("float_ms_ssim")[0])) << what;
        } else {
          EXPECT_NEAR(scores.at("float_ms_ssim")[0], want, 2e-7) << what;
          EXPECT_NEAR(brief.at("float_ms_ssim")[0], want, 2e-7) << what;
        }
      }
    }
  }
}

TEST(FloatMsSsim, TargetsStripsAndCompanyDoNotMatter) {
  for (const int bit_depth : {8, 10}) {
    for (const char* lcs : {"false", "true"}) {
      const Format format{407, 311, bit_depth, Chroma::k420};
      const auto metric = make(format, {{"enable_lcs", lcs}});
      const Frame ref = make_frame(format, Pattern::kTexture, 5);
      std::vector<std::vector<Frame>> clips;
      for (int k = 0; k < 3; ++k) clips.push_back({distort(ref, k)});
      const auto want = run_metric(*metric, {ref}, clips);
      for_each_target([&](const char* target) {
        EXPECT_EQ(run_metric(*metric, {ref}, clips, /*reverse=*/true), want) << target;
        for (int k = 0; k < 3; ++k) EXPECT_EQ(run_metric(*metric, {ref}, clips[k]), want[k]) << target;
      });
      EXPECT_TRUE(poison_intact(ref));
    }
  }
}

TEST(FloatMsSsim, IdenticalPicturesScoreOne) {
  const Format format{200, 190, 8, Chroma::k400};
  for (const Pattern pattern : kAllPatterns) {
    const Frame frame = make_frame(format, pattern, 6);
    EXPECT_NEAR(run_metric(*make(format), {frame}, {frame}).at("float_ms_ssim")[0], 1.0, 3e-7) << pattern_name(pattern);
  }
  const Frame black = make_frame(format, Pattern::kBlack, 6);
  EXPECT_EQ(run_metric(*make(format, {{"enable_db", "true"}}), {black}, {black}).at("float_ms_ssim")[0], INFINITY);
}

TEST(FloatMsSsim, NamesComeByFactorThenScale) {
  const auto metric = make({200, 200, 8, Chroma::k420}, {{"enable_lcs", "true"}});
  const auto& features = metric->features();
  ASSERT_EQ(features.size(), 16u);
  EXPECT_EQ(features[0].key, "float_ms_ssim");
  EXPECT_EQ(features[1].key, "float_ms_ssim_l_scale0");
  EXPECT_EQ(features[5].key, "float_ms_ssim_l_scale4");
  EXPECT_EQ(features[6].key, "float_ms_ssim_c_scale0");
  EXPECT_EQ(features[15].key, "float_ms_ssim_s_scale4");
}

TEST(FloatMsSsim, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({175, 300, 8, Chroma::k420}, {}).error().message, "float_ms_ssim: 175x300 is smaller than its minimum of 176x176");
  EXPECT_TRUE(kMetric.create({176, 176, 8, Chroma::k420}, {}).ok());
  EXPECT_FALSE(kMetric.create({576, 324, 8, Chroma::k420}, {{"scale", "1"}}).ok());
}

// Values of libvmaf on its own test clip (576x324, three frames).
TEST(FloatMsSsim, Golden) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the test clips are not there";
  const Format format{576, 324, 8, Chroma::k420};
  const auto read = [&](const char* name) { return read_clip(std::string(data) + "/clips/netflix/" + name, format, 3); };
  const auto ref = read("src01_hrc00_576x324_3frames.yuv"), dis = read("src01_hrc01_576x324_3frames.yuv");
  for_each_target([&](const char* target) {
    const auto scores = run_metric(*make(format), ref, dis).at("float_ms_ssim");
    const double want[] = {0.981973, 0.973370, 0.968904};
    for (int i = 0; i < 3; ++i) EXPECT_NEAR(scores[i], want[i], 5.1e-7) << target;
  });
}

}  // namespace
}  // namespace fovea::float_ms_ssim
