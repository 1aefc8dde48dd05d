// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "metrics/float_psnr/float_psnr_kernels.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::float_psnr {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

std::unique_ptr<Metric> make(const Format& format) {
  auto metric = kMetric.create(format, {});
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

TEST(FloatPsnrKernel, EqualsReferenceOnEveryTarget) {
  for_each_target([](const char* target) {
    for (int width = 1; width <= 130; ++width) {
      for (const Pattern pattern : {Pattern::kNoise, Pattern::kBinaryNoise, Pattern::kTexture}) {
        const Format format{width, 2, 16, Chroma::k400};
        const Frame ref = make_frame(format, pattern, width), dis = make_frame(format, Pattern::kNoise, width + 1);
        const uint16_t *r = ref.planes[0].row<uint16_t>(1), *d = dis.planes[0].row<uint16_t>(1);
        ASSERT_EQ(rounded_sse_row(r, d, width), rounded_sse_row_ref(r, d, width)) << target << " width " << width;
      }
    }
  });
}

// The formula on float samples, in order.
double from_the_formula(const Frame& ref, const Frame& dis) {
  const int b = ref.format.bit_depth, w = ref.format.width_px, h = ref.format.height_px;
  const float scale = static_cast<float>(1 << (b - 8));
  double sum = 0;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      const auto sample = [&](const Frame& f) -> float {
        return (b == 8 ? f.planes[0].row<uint8_t>(y)[x] : f.planes[0].row<uint16_t>(y)[x]) / scale;
      };
      const float difference = sample(ref) - sample(dis);
      const float square = difference * difference;
      sum += square;
    }
  }
  const double mse = sum / (static_cast<double>(w) * h), peak = ((1 << b) - 1) / static_cast<double>(scale);
  return std::min(10.0 * std::log10(peak * peak / std::max(mse, 1e-10)), 6.0 * b + 12);
}

TEST(FloatPsnr, FollowsTheFormulaInLockstep) {
  for (const int bit_depth : {8, 10, 12, 16}) {
    const Format format{75, 300, bit_depth, Chroma::k420};
    const Frame ref = make_frame(format, Pattern::kTexture, 1);
    const std::vector<std::vector<Frame>> clips = {{distort(ref, 2)}, {make_frame(format, Pattern::kNoise, 3)}, {ref}};
    const auto scores = run_metric(*make(format), {ref}, clips, /*reverse=*/true);
    for (int k = 0; k < 3; ++k) EXPECT_EQ(scores[k].at("float_psnr")[0], from_the_formula(ref, clips[k][0])) << bit_depth << " " << k;
    EXPECT_EQ(scores[2].at("float_psnr")[0], 6.0 * bit_depth + 12);
  }
}

TEST(FloatPsnr, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({16, 16, 9, Chroma::k420}, {}).error().message, "float_psnr: bit depth 9 is not 8, 10, 12 or 16");
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k420}, {{"x", "1"}}).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace fovea::float_psnr
