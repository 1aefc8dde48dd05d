// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "metrics/metric.h"
#include "metrics/ssim/ssim_kernels.h"
#include "metrics/testing.h"

namespace fovea::ssim {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

std::unique_ptr<Metric> make(const Format& format) {
  auto metric = kMetric.create(format, {});
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

std::vector<int> samples_of(const Frame& frame) {
  const PlaneView& plane = frame.planes[0];
  std::vector<int> out;
  for (int y = 0; y < plane.height_px; ++y) {
    for (int x = 0; x < plane.width_px; ++x)
      out.push_back(frame.format.sample_bytes() == 1 ? plane.row<uint8_t>(y)[x] : plane.row<uint16_t>(y)[x]);
  }
  return out;
}

double definition(const Frame& ref, const Frame& dis) {
  double weights;
  const double sum = ssim_int::plane_ref(samples_of(ref).data(), samples_of(dis).data(), ref.format.width_px,
                                         ref.format.height_px, ref.format.bit_depth, &weights);
  return sum / weights;
}

// The definition rounds squares of deep samples that the kernels keep whole: a few units in 1e-13.
TEST(Ssim, FollowsTheDefinitionOnEveryTarget) {
  for (const auto& [width, height] :
       {std::pair{1, 1}, {3, 2}, {9, 9}, {119, 20}, {120, 5}, {121, 33}, {127, 12}, {250, 41}}) {
    for (const int bit_depth : {8, 10, 12, 16}) {
      for (const Pattern pattern : kAllPatterns) {
        const Format format{width, height, bit_depth, Chroma::k400};
        const Frame ref = make_frame(format, pattern, width);
        const Frame dis =
            height % 2 == 1 ? make_frame(format, Pattern::kBinaryNoise, 7) : distort(ref, height);
        const double want = definition(ref, dis);
        const auto metric = make(format);
        std::vector<double> first;
        for_each_target([&](const char* target) {
          const auto got = run_metric(*metric, {ref}, {dis}).at("ssim");
          if (first.empty()) first = got;
          EXPECT_EQ(got, first) << target << ": targets disagree";
          ASSERT_NEAR(got[0], want, 1e-11)
              << target << " " << describe(format) << " " << pattern_name(pattern);
        });
      }
    }
  }
}

TEST(Ssim, StripsAndCompanyDoNotMatter) {
  for (const int bit_depth : {8, 10}) {
    const Format format{507, 111, bit_depth, Chroma::k420};
    const auto metric = make(format);
    const Frame ref = make_frame(format, Pattern::kTexture, 5);
    std::vector<std::vector<Frame>> clips;
    for (int k = 0; k < 3; ++k) clips.push_back({distort(ref, k)});
    const auto want = run_metric(*metric, {ref}, clips);
    EXPECT_EQ(run_metric(*metric, {ref}, clips, /*reverse=*/true), want);
    for (int k = 0; k < 3; ++k) EXPECT_EQ(run_metric(*metric, {ref}, clips[k]), want[k]);
    EXPECT_TRUE(poison_intact(ref));
  }
}

TEST(Ssim, IdenticalPicturesScoreOne) {
  for (const Pattern pattern : kAllPatterns) {
    const Frame frame = make_frame({130, 50, 8, Chroma::k400}, pattern, 6);
    EXPECT_NEAR(run_metric(*make(frame.format), {frame}, {frame}).at("ssim")[0], 1.0, 1e-14)
        << pattern_name(pattern);
  }
}

// The widest sums: all white, and black against white.
TEST(Ssim, ExtremesDoNotOverflow) {
  for (const int bit_depth : {8, 16}) {
    const Format format{140, 30, bit_depth, Chroma::k400};
    const Frame white = make_frame(format, Pattern::kWhite, 1),
                black = make_frame(format, Pattern::kBlack, 1);
    EXPECT_NEAR(run_metric(*make(format), {white}, {white}).at("ssim")[0], 1.0, 1e-14);
    // One of the means is 0 and so are both variances: c1 / (peak^2 + c1).
    EXPECT_NEAR(run_metric(*make(format), {white}, {black}).at("ssim")[0], 1e-4 / (1 + 1e-4), 1e-14);
  }
}

TEST(Ssim, HasNoOptions) {
  EXPECT_FALSE(kMetric.create({64, 64, 8, Chroma::k420}, {{"scale", "1"}}).ok());
}

// Values of the only implementation that offers this feature, on libvmaf's test clip (576x324, three frames).
TEST(Ssim, Golden) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the test clips are not there";
  const auto check = [&](int bit_depth, const char* ref_name, const char* dis_name,
                         std::array<double, 3> want) {
    const Format format{576, 324, bit_depth, Chroma::k420};
    const auto read = [&](const char* name) {
      return read_clip(std::string(data) + "/clips/netflix/" + name, format, 3);
    };
    const auto ref = read(ref_name), dis = read(dis_name);
    for_each_target([&](const char* target) {
      const auto scores = run_metric(*make(format), ref, dis).at("ssim");
      for (int i = 0; i < 3; ++i) EXPECT_NEAR(scores[i], want[i], 5.1e-7) << target << " frame " << i;
    });
  };
  check(8, "src01_hrc00_576x324_3frames.yuv", "src01_hrc01_576x324_3frames.yuv",
        {0.924739, 0.890188, 0.874274});
  check(10, "src01_hrc00_576x324.yuv420p10le.yuv", "src01_hrc01_576x324.yuv420p10le.yuv",
        {0.924933, 0.890435, 0.874544});
}

}  // namespace
}  // namespace fovea::ssim
