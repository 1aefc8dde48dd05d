// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "metrics/float_ssim/ssim_core.h"
#include "metrics/float_ssim/ssim_report.h"
#include "metrics/float_ssim/ssim_shrink.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::float_ssim {
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

std::vector<float> random_floats(Random& random, int count, double limit) {
  std::vector<float> out(count);
  for (float& value : out) value = static_cast<float>(limit * static_cast<double>(random.uniform(0, 1 << 20)) / (1 << 20));
  return out;
}

TEST(SsimKernels, WindowDownEqualsReference) {
  for_each_target([](const char* target) {
    Random random(1);
    for (const int steps : {11, 22, 88}) {
      const auto in = random_floats(random, steps * 8, 300);
      std::vector<double> got_state(88), want_state(88);
      for (int i = 0; i < 88; ++i) got_state[i] = want_state[i] = static_cast<double>(random.uniform(0, 1000));
      std::vector<float> got(steps * 8), want(steps * 8);
      ssim_core::window_down(in.data(), steps, got_state.data(), got.data());
      ssim_core::window_down_ref(in.data(), steps, want_state.data(), want.data());
      EXPECT_EQ(got, want) << target << " " << steps;
      EXPECT_EQ(got_state, want_state) << target << " " << steps;
    }
  });
}

// Both passes of a block against the plain window means, for a plane and for a product.
TEST(SsimKernels, BothPassesAreTheWindowMeans) {
  constexpr int kSteps = 33, kRows = 24;  // 23 window columns, 14 window rows
  for_each_target([](const char* target) {
    Random random(2);
    for (const bool product : {false, true}) {
      const auto a = random_floats(random, kRows * kSteps, 255), b = random_floats(random, kRows * kSteps, 255);
      std::vector<float> input(a);
      for (size_t i = 0; product && i < input.size(); ++i) input[i] = a[i] * b[i];
      std::vector<float> want((kRows - 10) * (kSteps - 10));
      ssim_core::window_means_ref(input.data(), kSteps, kRows, want.data());

      const auto lanes_of = [&](const std::vector<float>& plane, int group) {
        std::vector<float> rows(8 * 36), lanes(36 * 8);
        for (int i = 0; i < 8; ++i) std::copy_n(plane.data() + (group * 8 + i) * kSteps, kSteps, rows.data() + i * 36);
        ssim_core::rows_to_lanes(rows.data(), 36, 36, lanes.data());
        for (int x = 0; x < kSteps; ++x) {
          for (int i = 0; i < 8; ++i) EXPECT_EQ(lanes[x * 8 + i], plane[(group * 8 + i) * kSteps + x]) << target;
        }
        return lanes;
      };
      constexpr int kPitch = 33 * 8;
      std::vector<float> across(3 * kPitch), temp((kSteps + 16) * 8), down(33 * 8);
      for (int g = 0; g < kRows / 8; ++g) {
        const auto la = lanes_of(a, g), lb = lanes_of(b, g);
        ssim_core::window_across(la.data(), product ? lb.data() : nullptr, kSteps, temp.data(), across.data() + g * 64, kPitch);
      }
      for (int c = 0; c < 3; ++c) {
        std::vector<double> state(88);
        ssim_core::window_down(across.data() + c * kPitch, 33, state.data(), down.data());
        for (int y = 0; y < kRows - 10; ++y) {
          for (int x = c * 8; x < std::min(c * 8 + 8, kSteps - 10); ++x) {
            ASSERT_EQ(down[(y + 10) * 8 + x % 8], want[y * (kSteps - 10) + x]) << target << " " << y << "," << x << " product " << product;
          }
        }
      }
    }
  });
}

TEST(SsimKernels, PositionsSumLikeTheReference) {
  Random random(3);
  constexpr int kRows = 37;
  const auto m1 = random_floats(random, kRows * 8, 255), m2 = random_floats(random, kRows * 8, 255);
  auto rr = m1, dd = m2, rd = m1;
  for (int i = 0; i < kRows * 8; ++i) {
    // Some variances are 0 or would be negative; some covariances are negative.
    rr[i] = m1[i] * m1[i] + static_cast<float>(random.uniform(-20, 200));
    dd[i] = m2[i] * m2[i] + static_cast<float>(random.uniform(-20, 200));
    rd[i] = m1[i] * m2[i] + static_cast<float>(random.uniform(-100, 100));
  }
  for (int valid = 1; valid <= 8; ++valid) {
    std::vector<double> want(32);
    ssim_core::add_positions_ref(m1.data(), m2.data(), rr.data(), dd.data(), rd.data(), kRows, valid, want.data());
    for (const auto wanted : {ssim_core::Wanted::kProduct, ssim_core::Wanted::kContrastStructure, ssim_core::Wanted::kAll}) {
      std::vector<double> first;
      for_each_target([&](const char* target) {
        std::vector<double> got(32);
        ssim_core::add_positions(wanted, m1.data(), m2.data(), rr.data(), dd.data(), rd.data(), kRows, valid, got.data());
        if (first.empty()) first = got;
        EXPECT_EQ(got, first) << target << ": targets disagree";
        for (int i = 0; i < 32; ++i) {
          const int sum = i / 8;
          const bool asked = wanted == ssim_core::Wanted::kAll || (wanted == ssim_core::Wanted::kProduct ? sum == 0 : sum >= 2);
          EXPECT_NEAR(got[i], asked ? want[i] : 0.0, 1e-12) << target << " sum " << sum << " lane " << i % 8 << " valid " << valid;
        }
      });
    }
  }
}

TEST(SsimShrink, EqualsTheDefinition) {
  for (const int bit_depth : {8, 10, 16}) {
    for (const int factor : {2, 3, 4, 5, 7, 8, 10}) {
      for (const auto& size : {std::pair{120, 133}, {121, 117}, {160, 128}, {135, 111}}) {
        const auto width = size.first, height = size.second;
        for (const Pattern pattern : {Pattern::kNoise, Pattern::kWhite}) {
          const Frame frame = make_frame({width, height, bit_depth, Chroma::k400}, pattern, factor);
          const ssim_core::Shrinker shrinker(factor, width, height, frame.format.sample_bytes(), ssim_core::sample_scale(bit_depth));
          EXPECT_EQ(shrinker.out_width, width / factor + width % 2);
          for_each_target([&](const char* target) {
            std::vector<float> got(static_cast<size_t>(shrinker.out_width) * shrinker.out_height, -1);
            Scratch scratch(shrinker.scratch_bytes());
            shrinker.rows(frame.planes[0], 0, shrinker.out_height, got.data(), scratch);
            for (int y = 0; y < shrinker.out_height; ++y) {
              for (int x = 0; x < shrinker.out_width; ++x) {
                ASSERT_EQ(got[static_cast<size_t>(y) * shrinker.out_width + x], ssim_core::shrunk_ref(shrinker, frame.planes[0], x, y))
                    << target << " " << width << "x" << height << " factor " << factor << " bit depth " << bit_depth << " at " << y << "," << x;
              }
            }
          });
        }
      }
    }
  }
}

// Sums in another order: equal to the last bit of a float but for ties.
TEST(FloatSsim, FollowsTheDefinition) {
  for (const auto& [width, height] : {std::pair{11, 11}, {12, 300}, {155, 11}, {154, 99}, {156, 98}, {299, 187}, {301, 100}}) {
    for (const int bit_depth : {8, 10, 12, 16}) {
      for (const Pattern pattern : {Pattern::kTexture, Pattern::kBinaryNoise, Pattern::kFlat, Pattern::kChecker}) {
        const Format format{width, height, bit_depth, Chroma::k400};
        const Frame ref = make_frame(format, pattern, width), dis = distort(ref, height);
        const auto a = floats_of(ref), b = floats_of(dis);
        const ssim_core::Sums sums = ssim_core::sums_ref(a.data(), b.data(), width, height);
        const double positions = static_cast<double>(width - 10) * (height - 10);
        const auto scores = run_metric(*make(format, {{"enable_lcs", "true"}, {"scale", "1"}}), {ref}, {dis});
        const std::string what = describe(format) + " " + pattern_name(pattern);
        EXPECT_FLOAT_EQ(static_cast<float>(scores.at("float_ssim")[0]), static_cast<float>(sums.ssim / positions)) << what;
        EXPECT_FLOAT_EQ(static_cast<float>(scores.at("float_ssim_l")[0]), static_cast<float>(sums.luminance / positions)) << what;
        EXPECT_FLOAT_EQ(static_cast<float>(scores.at("float_ssim_c")[0]), static_cast<float>(sums.contrast / positions)) << what;
        EXPECT_FLOAT_EQ(static_cast<float>(scores.at("float_ssim_s")[0]), static_cast<float>(sums.structure / positions)) << what;
      }
    }
  }
}

TEST(FloatSsim, ShrinksBySizeAndOnRequest) {
  const Format format{641, 400, 8, Chroma::k400};  // 400 / 256 rounds to 2
  const Frame ref = make_frame(format, Pattern::kTexture, 1), dis = distort(ref, 2);
  EXPECT_EQ(run_metric(*make(format), {ref}, {dis}), run_metric(*make(format, {{"scale", "2"}}), {ref}, {dis}));
  for (const int factor : {2, 3, 10}) {
    const ssim_core::Shrinker shrinker(factor, 641, 400, 1, 1.0f);
    std::vector<float> a, b;
    for (int y = 0; y < shrinker.out_height; ++y) {
      for (int x = 0; x < shrinker.out_width; ++x) {
        a.push_back(ssim_core::shrunk_ref(shrinker, ref.planes[0], x, y));
        b.push_back(ssim_core::shrunk_ref(shrinker, dis.planes[0], x, y));
      }
    }
    const ssim_core::Sums sums = ssim_core::sums_ref(a.data(), b.data(), shrinker.out_width, shrinker.out_height);
    const double positions = static_cast<double>(shrinker.out_width - 10) * (shrinker.out_height - 10);
    EXPECT_FLOAT_EQ(static_cast<float>(run_metric(*make(format, {{"scale", std::to_string(factor)}}), {ref}, {dis}).at("float_ssim")[0]),
                    static_cast<float>(sums.ssim / positions));
  }
}

TEST(FloatSsim, TargetsStripsAndCompanyDoNotMatter) {
  for (const int bit_depth : {8, 10}) {
    for (const char* scale : {"1", "2", "3"}) {
      const Format format{501, 355, bit_depth, Chroma::k420};
      const auto metric = make(format, {{"enable_lcs", "true"}, {"scale", scale}});
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

// The float denominators leave a last place or two.
TEST(FloatSsim, IdenticalPicturesScoreOne) {
  const Format format{200, 150, 8, Chroma::k400};
  for (const Pattern pattern : kAllPatterns) {
    const Frame frame = make_frame(format, pattern, 6);
    EXPECT_NEAR(run_metric(*make(format), {frame}, {frame}).at("float_ssim")[0], 1.0, 1.2e-7) << pattern_name(pattern);
  }
  const Frame black = make_frame(format, Pattern::kBlack, 6);
  EXPECT_EQ(run_metric(*make(format), {black}, {black}).at("float_ssim")[0], 1.0);
  EXPECT_EQ(run_metric(*make(format, {{"enable_db", "true"}}), {black}, {black}).at("float_ssim")[0], INFINITY);
  EXPECT_EQ(run_metric(*make(format, {{"enable_db", "true"}, {"clip_db", "true"}}), {black}, {black}).at("float_ssim")[0],
            std::ceil(10 * std::log10(255.0 * 255.0 / (0.5 / (200.0 * 150.0)))));
  EXPECT_EQ(ssim_core::to_db(NAN, 48), 48);
}

TEST(FloatSsim, RefusesWhatItIsNotDefinedFor) {
  const auto message = [](const Format& format, const OptionMap& options) { return kMetric.create(format, options).error().message; };
  EXPECT_EQ(message({10, 64, 8, Chroma::k420}, {}), "float_ssim: 10x64 is smaller than its minimum of 11x11");
  EXPECT_EQ(message({100, 100, 8, Chroma::k420}, {{"scale", "10"}}),
            "float_ssim: 100x100 with scale=10 becomes 10x10, smaller than the window of 11x11");
  EXPECT_EQ(message({100, 100, 8, Chroma::k420}, {{"scale", "11"}}), "float_ssim: scale=11 is outside [0, 10]");
}

// Values of libvmaf on its own test clip (576x324, three frames).
TEST(FloatSsim, Golden) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the test clips are not there";
  const Format format{576, 324, 8, Chroma::k420};
  const auto read = [&](const char* name) { return read_clip(std::string(data) + "/clips/netflix/" + name, format, 3); };
  const auto ref = read("src01_hrc00_576x324_3frames.yuv"), dis = read("src01_hrc01_576x324_3frames.yuv");
  for_each_target([&](const char* target) {
    const auto expect = [&](const OptionMap& options, const char* key, std::array<double, 3> want) {
      const auto scores = run_metric(*make(format, options), ref, dis).at(key);
      for (int i = 0; i < 3; ++i) EXPECT_NEAR(scores[i], want[i], 5.1e-7) << target << " " << key << " frame " << i;
    };
    expect({}, "float_ssim", {0.925023, 0.891992, 0.876575});
    expect({{"scale", "2"}}, "float_ssim", {0.966839, 0.950459, 0.942670});
    expect({{"enable_db", "true"}}, "float_ssim", {11.250727, 9.665447, 9.085952});
  });
}

}  // namespace
}  // namespace fovea::float_ssim
