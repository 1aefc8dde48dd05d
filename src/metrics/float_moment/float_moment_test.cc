// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include "metrics/float_moment/float_moment_kernels.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::float_moment {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

template <class Sample>
void check_kernel() {
  for_each_target([](const char* target) {
    for (int width = 1; width <= 150; ++width) {
      for (const Pattern pattern : {Pattern::kNoise, Pattern::kWhite, Pattern::kTexture}) {
        const Frame frame = make_frame({width, 2, sizeof(Sample) == 1 ? 8 : 16, Chroma::k400}, pattern, width);
        const Sample* row = frame.planes[0].row<Sample>(1);
        ASSERT_EQ(moments_row(row, width).sum, moments_row_ref(row, width).sum) << target << " width " << width;
        ASSERT_EQ(moments_row(row, width).squares, moments_row_ref(row, width).squares) << target << " width " << width;
      }
    }
    const std::vector<Sample> white(300001, static_cast<Sample>(~0));
    EXPECT_EQ(moments_row(white.data(), 300001).sum, moments_row_ref(white.data(), 300001).sum) << target;
    EXPECT_EQ(moments_row(white.data(), 300001).squares, moments_row_ref(white.data(), 300001).squares) << target;
  });
}

TEST(FloatMomentKernel, RowOfBytesEqualsReferenceOnEveryTarget) { check_kernel<uint8_t>(); }
TEST(FloatMomentKernel, RowOfWordsEqualsReferenceOnEveryTarget) { check_kernel<uint16_t>(); }

std::unique_ptr<Metric> make(const Format& format) {
  auto metric = kMetric.create(format, {});
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

TEST(FloatMoment, FollowsTheFormulaInLockstep) {
  for (const int bit_depth : {8, 10, 12, 16}) {
    const Format format{75, 300, bit_depth, Chroma::k420};
    const Frame ref = make_frame(format, Pattern::kTexture, 1);
    const std::vector<std::vector<Frame>> clips = {{distort(ref, 2)}, {make_frame(format, Pattern::kNoise, 3)}};
    const auto scores = run_metric(*make(format), {ref}, clips, /*reverse=*/true);
    for (int k = 0; k < 2; ++k) {
      for (const bool is_ref : {true, false}) {
        const Frame& frame = is_ref ? ref : clips[k][0];
        double sum = 0, squares = 0;
        for (int y = 0; y < 300; ++y) {
          for (int x = 0; x < 75; ++x) {
            const int sample = bit_depth == 8 ? frame.planes[0].row<uint8_t>(y)[x] : frame.planes[0].row<uint16_t>(y)[x];
            const float value = sample / static_cast<float>(1 << (bit_depth - 8));
            const float square = value * value;
            sum += value;
            squares += square;
          }
        }
        const std::string which = is_ref ? "ref" : "dis";
        EXPECT_EQ(scores[k].at("float_moment_" + which + "1st")[0], sum / (75.0 * 300.0)) << bit_depth;
        EXPECT_EQ(scores[k].at("float_moment_" + which + "2nd")[0], squares / (75.0 * 300.0)) << bit_depth;
      }
    }
  }
}

TEST(FloatMoment, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({16, 16, 9, Chroma::k420}, {}).error().message, "float_moment: bit depth 9 is not 8, 10, 12 or 16");
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k420}, {{"x", "1"}}).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace fovea::float_moment
