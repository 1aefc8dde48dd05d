// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cmath>

#include "metrics/metric.h"
#include "metrics/psnr/psnr_kernels.h"
#include "metrics/testing.h"

namespace fovea::psnr {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

template <class Sample>
void check_kernel() {
  for_each_target([](const char* target) {
    for (int width = 1; width <= 150; ++width) {
      for (const Pattern pattern : kAllPatterns) {
        const Format format{width, 3, sizeof(Sample) == 1 ? 8 : 16, Chroma::k400};
        const Frame ref = make_frame(format, pattern, width);
        const Frame dis = width % 3 == 0 ? make_frame(format, Pattern::kBinaryNoise, width + 1) : distort(ref, width);
        for (int y = 0; y < 3; ++y) {
          const Sample* r = ref.planes[0].row<Sample>(y);
          const Sample* d = dis.planes[0].row<Sample>(y);
          ASSERT_EQ(sse_row(r, d, width), sse_row_ref(r, d, width))
              << target << " width " << width << " " << pattern_name(pattern) << " row " << y;
        }
      }
    }
  });
}

TEST(PsnrKernel, RowOfBytesEqualsReferenceOnEveryTarget) { check_kernel<uint8_t>(); }
TEST(PsnrKernel, RowOfWordsEqualsReferenceOnEveryTarget) { check_kernel<uint16_t>(); }

// The widest sums: all-black against all-white at 8K width.
TEST(PsnrKernel, ExtremesDoNotOverflow) {
  for_each_target([](const char* target) {
    const std::vector<uint8_t> black8(8193, 0), white8(8193, 255);
    EXPECT_EQ(sse_row(black8.data(), white8.data(), 8193), 8193ull * 255 * 255) << target;
    const std::vector<uint16_t> black16(8193, 0), white16(8193, 65535);
    EXPECT_EQ(sse_row(black16.data(), white16.data(), 8193), 8193ull * 65535 * 65535) << target;
  });
}

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

TEST(Psnr, PlanesFollowTheDefinition) {
  for (const Chroma chroma : {Chroma::k400, Chroma::k420, Chroma::k422, Chroma::k444}) {
    for (const int bit_depth : {8, 10, 12, 16}) {
      const Format format{37, 301, bit_depth, chroma};  // odd, and high enough for several strips
      const Frame ref = make_frame(format, Pattern::kTexture, 1), dis = distort(ref, 5);
      const auto scores = run_metric(*make(format, {{"enable_mse", "true"}}), {ref}, {dis});
      ASSERT_EQ(scores.size(), chroma == Chroma::k400 ? 2u : 6u);
      const char* names[] = {"y", "cb", "cr"};
      for (int p = 0; p < format.plane_count(); ++p) {
        uint64_t sse = 0;
        for (int y = 0; y < ref.planes[p].height_px; ++y) {
          sse += bit_depth == 8 ? sse_row_ref(ref.planes[p].row<uint8_t>(y), dis.planes[p].row<uint8_t>(y), ref.planes[p].width_px)
                                : sse_row_ref(ref.planes[p].row<uint16_t>(y), dis.planes[p].row<uint16_t>(y), ref.planes[p].width_px);
        }
        const double mse = static_cast<double>(sse) / (static_cast<double>(ref.planes[p].width_px) * ref.planes[p].height_px);
        const double peak = (1 << bit_depth) - 1;
        EXPECT_EQ(scores.at(std::string("mse_") + names[p])[0], mse);
        EXPECT_EQ(scores.at(std::string("psnr_") + names[p])[0], std::min(10.0 * std::log10(peak * peak / mse), 6.0 * bit_depth + 12));
      }
    }
  }
}

TEST(Psnr, IdenticalPicturesReachTheCap) {
  const Format format{64, 48, 10, Chroma::k420};
  const Frame frame = make_frame(format, Pattern::kNoise, 2);
  EXPECT_EQ(run_metric(*make(format), {frame}, {frame}).at("psnr_y")[0], 72.0);
  EXPECT_EQ(run_metric(*make(format, {{"min_sse", "0.5"}}), {frame}, {frame}).at("psnr_y")[0],
            std::ceil(10.0 * std::log10(1023.0 * 1023.0 / (0.5 / (64.0 * 48.0)))));
}

TEST(Psnr, ApsnrPoolsTheErrorOfTheClip) {
  const Format format{33, 20, 8, Chroma::k420};
  std::vector<Frame> ref, dis;
  for (int i = 0; i < 3; ++i) {
    ref.push_back(make_frame(format, Pattern::kTexture, i));
    dis.push_back(distort(ref.back(), i + 10));
  }
  const auto scores = run_metric(*make(format, {{"enable_apsnr", "true"}, {"enable_mse", "true"}}), ref, dis);
  double mse = 0;
  for (const double m : scores.at("mse_y")) mse += m / 3;
  EXPECT_NEAR(scores.at("apsnr_y")[0], 10.0 * std::log10(255.0 * 255.0 / mse), 1e-9);
}

TEST(Psnr, ManyDistortedClipsInLockstepEqualSingleRuns) {
  const Format format{50, 300, 8, Chroma::k420};
  const Frame ref = make_frame(format, Pattern::kNoise, 3);
  std::vector<std::vector<Frame>> clips;
  for (int k = 0; k < 3; ++k) clips.push_back({distort(ref, k)});
  const auto metric = make(format);
  const auto together = run_metric(*metric, {ref}, clips, /*reverse=*/true);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(together[k], run_metric(*metric, {ref}, clips[k]));
}

TEST(Psnr, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({16, 16, 9, Chroma::k420}, {}).error().message, "psnr: bit depth 9 is not 8, 10, 12 or 16");
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k420}, {{"enable_mce", "true"}}).error().message,
            "psnr: unknown option 'enable_mce'; did you mean 'enable_mse'?");
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k420}, {{"min_sse", "-1"}}).error().message,
            "psnr: min_sse=-1 is outside [0, 1.79769e+308]");
}

}  // namespace
}  // namespace fovea::psnr
