// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "base/memory.h"
#include "metrics/float_ansnr/float_ansnr_kernels.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::float_ansnr {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

TEST(FloatAnsnrKernel, EqualsReferenceOnEveryTarget) {
  for (const int bit_depth : {8, 10, 16}) {
    for (const int width : {3, 4, 7, 15, 16, 17, 18, 33, 64, 127, 128, 129, 130, 131, 144, 145, 257, 300}) {
      const int height = 3 + width % 19;
      const Format format{width, height, bit_depth, Chroma::k400};
      const Frame ref = make_frame(format, width % 2 == 0 ? Pattern::kTexture : Pattern::kBinaryNoise, width);
      const std::vector<Frame> dis = {distort(ref, width), make_frame(format, Pattern::kNoise, width + 1)};
      AlignedBuffer<uint8_t> scratch(ansnr_scratch_bytes(2));
      for (const int begin : {0, 2}) {
        std::vector<float> signal(height), noise(2 * height), expected_signal(height), expected_noise(2 * height);
        ansnr_rows_ref(ref.planes[0], dis, bit_depth, begin, height, expected_signal.data(), expected_noise.data(), height);
        for_each_target([&](const char* target) {
          ansnr_rows(ref.planes[0], dis, bit_depth, begin, height, signal.data(), noise.data(), height, scratch.data());
          ASSERT_EQ(signal, expected_signal) << target << " " << bit_depth << " bit, " << width << "x" << height;
          ASSERT_EQ(noise, expected_noise) << target << " " << bit_depth << " bit, " << width << "x" << height;
        });
      }
    }
  }
}

std::unique_ptr<Metric> make(const Format& format) {
  auto metric = kMetric.create(format, {});
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

TEST(FloatAnsnr, ScoresFollowFromTheRowSumsInLockstep) {
  for (const int bit_depth : {8, 10, 12, 16}) {
    for (const int height : {40, 131, 200}) {  // one strip, one long strip, two
      const Format format{61, height, bit_depth, Chroma::k420};
      const Frame ref = make_frame(format, Pattern::kTexture, 1);
      const std::vector<std::vector<Frame>> clips = {{distort(ref, 2)}, {make_frame(format, Pattern::kNoise, 3)}, {ref}};
      const auto scores = run_metric(*make(format), {ref}, clips, /*reverse=*/true);
      for (int k = 0; k < 3; ++k) {
        std::vector<float> signal(height), noise(height);
        ansnr_rows_ref(ref.planes[0], clips[k], bit_depth, 0, height, signal.data(), noise.data(), height);
        float signal_sum = 0, noise_sum = 0;
        for (int y = 0; y < height; ++y) {
          signal_sum += signal[y];
          noise_sum += noise[y];
        }
        const double peak = ((1 << bit_depth) - 1) / std::ldexp(1.0, bit_depth - 8);
        EXPECT_EQ(scores[k].at("float_ansnr")[0], 10.0 * std::log10(static_cast<double>(signal_sum / noise_sum)));
        EXPECT_EQ(scores[k].at("float_anpsnr")[0],
                  std::min(10.0 * std::log10(peak * peak * 61 * height / noise_sum), 6.0 * bit_depth + 12));
      }
    }
  }
}

TEST(FloatAnsnr, NoNoiseReachesTheCap) {
  // Middle grey is 0 under both filters.
  const Format format{20, 20, 8, Chroma::k400};
  Frame grey = make_frame(format, Pattern::kBlack, 1);
  for (int y = 0; y < 20; ++y) {
    for (int x = 0; x < 20; ++x) mutable_row(grey, 0, y)[x] = 128;
  }
  const auto scores = run_metric(*make(format), {grey}, std::vector<Frame>{grey});
  EXPECT_EQ(scores.at("float_ansnr")[0], 60.0);
  EXPECT_EQ(scores.at("float_anpsnr")[0], 60.0);
}

TEST(FloatAnsnr, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({16, 16, 9, Chroma::k420}, {}).error().message, "float_ansnr: bit depth 9 is not 8, 10, 12 or 16");
  EXPECT_EQ(kMetric.create({16, 2, 8, Chroma::k420}, {}).error().message, "float_ansnr: 16x2 is smaller than its minimum of 3x3");
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k420}, {{"x", "1"}}).error().code, ErrorCode::kUsage);
}

}  // namespace
}  // namespace fovea::float_ansnr
