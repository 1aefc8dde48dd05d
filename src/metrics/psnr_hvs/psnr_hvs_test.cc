// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/memory.h"
#include "metrics/metric.h"
#include "metrics/psnr_hvs/psnr_hvs_kernels.h"
#include "metrics/testing.h"

namespace fovea::psnr_hvs {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

void check(const Frame& ref, const std::vector<Frame>& dis, const char* what) {
  AlignedBuffer<uint8_t> scratch(visible_error_scratch_bytes());
  std::vector<PlaneView> planes;
  for (const Frame& frame : dis) planes.push_back(frame.planes[0]);
  for (int plane = 0; plane < 3; ++plane) {
    const Weights weights = make_weights(plane);
    std::vector<float> expected(dis.size()), totals(dis.size());
    visible_error_ref(ref.planes[0], planes, weights, ref.format.bit_depth, expected.data());
    for_each_target([&](const char* target) {
      visible_error(ref.planes[0], planes, weights, ref.format.bit_depth, totals.data(), scratch.data());
      ASSERT_EQ(totals, expected) << target << " " << describe(ref.format) << " " << what << ", weights of plane " << plane;
    });
  }
}

TEST(PsnrHvsKernel, EqualsReferenceOnEveryTargetAndWidth) {
  for (const int bit_depth : {8, 10, 12}) {
    for (int width = 8; width <= 500; width += width < 24 ? 1 : 37) {
      const Format format{width, 8 + width % 23, bit_depth, Chroma::k400};
      const Frame ref = make_frame(format, Pattern::kTexture, width);
      check(ref, {distort(ref, width), make_frame(format, Pattern::kNoise, width + 1)}, "texture");
    }
  }
}

TEST(PsnrHvsKernel, ExtremesStayWithin16Bits) {
  for (const int bit_depth : {8, 12}) {
    const Format format{113, 71, bit_depth, Chroma::k400};
    for (const Pattern pattern : kAllPatterns) {
      check(make_frame(format, pattern, 3), {make_frame(format, Pattern::kBlack, 1), make_frame(format, Pattern::kWhite, 1),
                                             make_frame(format, Pattern::kBinaryNoise, 5), make_frame(format, pattern, 3)},
            pattern_name(pattern));
    }
  }
}

// Basis pictures of the transform at full swing: the largest coefficients of every frequency.
TEST(PsnrHvsKernel, LargestCoefficients) {
  const Format format{8, 8, 12, Chroma::k400};
  const Frame black = make_frame(format, Pattern::kBlack, 1);
  std::vector<Frame> dis;
  for (int v = 0; v < 8; ++v) {
    for (int u = 0; u < 8; ++u) {
      for (const int sign : {1, -1}) {
        dis.push_back(make_frame(format, Pattern::kBlack, 1));
        for (int y = 0; y < 8; ++y) {
          for (int x = 0; x < 8; ++x) {
            const double wave = std::cos((2 * y + 1) * v * M_PI / 16) * std::cos((2 * x + 1) * u * M_PI / 16);
            reinterpret_cast<uint16_t*>(mutable_row(dis.back(), 0, y))[x] = sign * wave > 0 ? 4095 : 0;
          }
        }
      }
    }
  }
  check(black, dis, "basis");
  check(dis[77], dis, "basis against basis");
}

// Long sums: the total goes through many powers of two, and its rounding against small terms shows.
TEST(PsnrHvsKernel, LongRunningSums) {
  for (const int bit_depth : {8, 10}) {
    const Format format{700, 260, bit_depth, Chroma::k400};
    const Frame ref = make_frame(format, Pattern::kTexture, 8);
    check(ref, {distort(ref, 1), distort(ref, 2), distort(ref, 3)}, "long");
  }
}

std::unique_ptr<Metric> make(const Format& format) {
  auto metric = kMetric.create(format, {});
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

TEST(PsnrHvs, ScoresFollowFromTheTotalsInLockstep) {
  for (const auto& [chroma, bit_depth] : {std::pair{Chroma::k420, 8}, {Chroma::k422, 10}, {Chroma::k444, 12}}) {
    const Format format{61, 47, bit_depth, chroma};
    const Frame ref = make_frame(format, Pattern::kTexture, 1);
    const std::vector<std::vector<Frame>> clips = {{distort(ref, 2)}, {make_frame(format, Pattern::kNoise, 3)}};
    const auto scores = run_metric(*make(format), {ref}, clips, /*reverse=*/true);
    for (int k = 0; k < 2; ++k) {
      double error[3];
      const char* names[] = {"psnr_hvs_y", "psnr_hvs_cb", "psnr_hvs_cr"};
      for (int p = 0; p < 3; ++p) {
        const int w = format.plane_width(p), h = format.plane_height(p);
        float total = 0;
        const PlaneView plane = clips[k][0].planes[p];
        visible_error_ref(ref.planes[p], {&plane, 1}, make_weights(p), bit_depth, &total);
        const float peak = static_cast<float>((1 << bit_depth) - 1);
        error[p] = total / static_cast<float>(64 * ((w - 8) / 7 + 1) * ((h - 8) / 7 + 1)) / (peak * peak);
        EXPECT_EQ(scores[k].at(names[p])[0], -10.0 * std::log10(error[p])) << p;
      }
      EXPECT_EQ(scores[k].at("psnr_hvs")[0], -10.0 * std::log10(0.8 * error[0] + 0.1 * (error[1] + error[2])));
    }
  }
}

TEST(PsnrHvs, IdenticalIsInfiniteAndTinyIsNan) {
  const Format format{40, 24, 8, Chroma::k420};
  const Frame frame = make_frame(format, Pattern::kTexture, 2);
  for (const auto& [name, values] : run_metric(*make(format), {frame}, {frame})) {
    EXPECT_EQ(values[0], std::numeric_limits<double>::infinity()) << name;
  }
  const Format tiny{12, 12, 8, Chroma::k420};
  const Frame ref = make_frame(tiny, Pattern::kNoise, 2), dis = make_frame(tiny, Pattern::kNoise, 3);
  const auto scores = run_metric(*make(tiny), {ref}, std::vector<Frame>{dis});
  EXPECT_TRUE(std::isfinite(scores.at("psnr_hvs_y")[0]));
  EXPECT_TRUE(std::isnan(scores.at("psnr_hvs_cb")[0]));
  EXPECT_TRUE(std::isnan(scores.at("psnr_hvs")[0]));
}

TEST(PsnrHvs, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k400}, {}).error().message, "psnr_hvs: needs chroma, the pictures are 4:0:0");
  EXPECT_EQ(kMetric.create({16, 16, 16, Chroma::k420}, {}).error().message, "psnr_hvs: bit depth 16 is above 12");
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k420}, {{"x", "1"}}).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace fovea::psnr_hvs
