// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cstdlib>

#include "metrics/metric.h"
#include "metrics/speed_chroma/speed_pipeline.h"
#include "metrics/testing.h"

namespace fovea::speed_temporal {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

constexpr const char* kKey = "Speed_temporal_feature_speed_temporal_score";

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

std::vector<Frame> clip(const Format& format, int frames, uint64_t seed) {
  std::vector<Frame> out;
  for (int i = 0; i < frames; ++i) out.push_back(make_frame(format, i % 3 == 2 ? Pattern::kNoise : Pattern::kTexture, seed + i));
  return out;
}

std::vector<Frame> damaged(const std::vector<Frame>& in, uint64_t seed) {
  std::vector<Frame> out;
  for (const Frame& frame : in) out.push_back(distort(frame, seed + out.size()));
  return out;
}

int sample(const Frame& frame, int y, int x) {
  return frame.format.bit_depth > 8 ? frame.planes[0].row<uint16_t>(y)[x] : frame.planes[0].row<uint8_t>(y)[x];
}

// A 16-bit picture whose values around 0 are the change between two 8-bit ones, so that the way of speed_chroma
// (checked against the definition in its own folder) serves as the reference.
Frame change(const Frame& before, const Frame& now) {
  Frame out = allocate_frame({now.format.width_px, now.format.height_px, 16, Chroma::k400});
  for (int y = 0; y < out.format.height_px; ++y) {
    for (int x = 0; x < out.format.width_px; ++x) {
      reinterpret_cast<uint16_t*>(mutable_row(out, 0, y))[x] = static_cast<uint16_t>((sample(before, y, x) - sample(now, y, x)) * 64 + 32768);
    }
  }
  return out;
}

double score_of_changes(const Frame& ref, const Frame& dis) {
  speed::Options options;
  const auto plan = speed::make_plan("test", options, ref.format.width_px, ref.format.height_px, 16);
  speed::BlockModel models[2] = {speed::BlockModel(*plan), speed::BlockModel(*plan)};
  for (int i = 0; i < 2; ++i) {
    const Frame& frame = i == 0 ? ref : dis;
    std::vector<float> lattice(static_cast<size_t>(plan->lattice_pitch()) * plan->lattice_height);
    Scratch scratch(std::max(lattice_scratch_bytes(*plan), model_scratch_bytes(*plan)));
    lattice_rows(*plan, {&frame.planes[0], nullptr}, 0, plan->lattice_height, lattice.data(), scratch);
    for (float& value : lattice) value *= 4;  // change() keeps a quarter
    scratch.reset();
    block_model(*plan, lattice.data(), scratch, models[i]);
  }
  return static_cast<double>(compare(*plan, models[0], models[1]).value);
}

TEST(SpeedTemporal, IsTheScoreOfTheChanges) {
  int alive = 0;
  for (const auto& [width, height] : {std::pair{321, 243}, {400, 290}}) {
    const Format format{width, height, 8, Chroma::k400};
    const auto ref = clip(format, 4, 1), dis = damaged(ref, 9);
    for (const bool ref_diff : {false, true}) {
      const auto metric = make(format, {{"speed_use_ref_diff", ref_diff ? "true" : "false"}});
      const auto scores = run_metric(*metric, ref, dis).at(metric->features()[0].key);
      EXPECT_EQ(scores[0], 0.0);
      for (int i = 1; i < 4; ++i) {
        const double want = score_of_changes(change(ref[i - 1], ref[i]), change(dis[i - 1], ref_diff ? ref[i] : dis[i]));
        EXPECT_EQ(scores[i], want) << "frame " << i;
        alive += want > 0.01;
      }
    }
  }
  EXPECT_GE(alive, 8) << "too few cases with a usable covariance";
}

TEST(SpeedTemporal, DepthsAgreeOnTheSamePicture) {
  const Format format8{333, 250, 8, Chroma::k420};
  const auto ref = clip(format8, 3, 3), dis = damaged(ref, 4);
  const auto want = run_metric(*make(format8), ref, dis);
  for (const int bit_depth : {10, 12, 16}) {
    const auto deeper = [&](const std::vector<Frame>& in) {
      std::vector<Frame> out;
      for (const Frame& frame : in) {
        out.push_back(allocate_frame({333, 250, bit_depth, Chroma::k420}));
        for (int y = 0; y < 250; ++y) {
          for (int x = 0; x < 333; ++x) {
            reinterpret_cast<uint16_t*>(mutable_row(out.back(), 0, y))[x] = static_cast<uint16_t>(sample(frame, y, x) << (bit_depth - 8));
          }
        }
      }
      return out;
    };
    EXPECT_EQ(run_metric(*make({333, 250, bit_depth, Chroma::k420}), deeper(ref), deeper(dis)), want) << bit_depth;
  }
}

TEST(SpeedTemporal, TargetsStripsAndCompanyDoNotMatter) {
  for (const int bit_depth : {8, 10}) {
    for (const OptionMap& options : {OptionMap{}, OptionMap{{"speed_prescale", "0.6"}, {"speed_prescale_method", "bilinear"}},
                                     OptionMap{{"speed_prescale", "0.7"}, {"speed_prescale_method", "lanczos4"}, {"speed_use_ref_diff", "true"}}}) {
      const Format format{601, 455, bit_depth, Chroma::k420};
      const auto metric = make(format, options);
      const auto ref = clip(format, 3, 5);
      const std::vector<std::vector<Frame>> clips = {damaged(ref, 1), damaged(ref, 2), ref};
      const auto want = run_metric(*metric, ref, clips);
      for_each_target([&](const char* target) {
        EXPECT_EQ(run_metric(*metric, ref, clips, /*reverse=*/true), want) << target;
        for (int k = 0; k < 3; ++k) EXPECT_EQ(run_metric(*metric, ref, clips[k]), want[k]) << target;
      });
    }
  }
}

TEST(SpeedTemporal, StillOrEqualClipsScoreNothing) {
  const Format format{320, 240, 8, Chroma::k400};
  const auto ref = clip(format, 3, 7);
  const std::vector<Frame> still(3, ref[0]);
  const auto scores = [&](const std::vector<Frame>& a, const std::vector<Frame>& b) { return run_metric(*make(format), a, b).at(kKey); };
  EXPECT_EQ(scores(ref, ref), std::vector<double>(3, 0.0));
  EXPECT_EQ(scores(still, still), std::vector<double>(3, 0.0));
  EXPECT_EQ(scores(ref, still), std::vector<double>(3, 0.0));  // one plane has no usable covariance
}

TEST(SpeedTemporal, NeedsOneEarlierPictureAndNamesItsOptions) {
  const auto metric = make({320, 240, 8, Chroma::k400}, {{"speed_use_ref_diff", "true"}, {"speed_max_val", "45"}});
  EXPECT_EQ(metric->history(), 1);
  EXPECT_TRUE(metric->every_frame());
  EXPECT_EQ(metric->features()[0].key, "speed_temporal_mxv_45_urd");
  EXPECT_EQ(make({320, 240, 8, Chroma::k400})->features()[0].label, "speed_temporal");
}

TEST(SpeedTemporal, RefusesWhatItIsNotDefinedFor) {
  const auto message = [](const Format& format, const OptionMap& options) { return kMetric.create(format, options).error().message; };
  EXPECT_EQ(message({79, 100, 8, Chroma::k400}, {}), "speed_temporal: a plane of 79x100 is smaller than its minimum of 80x80");
  EXPECT_TRUE(kMetric.create({80, 80, 8, Chroma::k400}, {}).ok());
  EXPECT_EQ(message({320, 240, 8, Chroma::k400}, {{"speed_prescale", "1.5"}}), "speed_temporal: speed_prescale=1.5 is above 1, which is not defined here");
  EXPECT_EQ(message({320, 240, 8, Chroma::k400}, {{"speed_weight_var_mode", "1"}}).substr(0, 54), "speed_temporal: unknown option 'speed_weight_var_mode'");
}

// Values of libvmaf on its own test clip (576x324, three frames).
TEST(SpeedTemporal, Golden) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the test clips are not there";
  const Format format{576, 324, 8, Chroma::k420};
  const auto read = [&](const char* name) { return read_clip(std::string(data) + "/clips/netflix/" + name, format, 3); };
  const auto ref = read("src01_hrc00_576x324_3frames.yuv"), dis = read("src01_hrc01_576x324_3frames.yuv");
  for_each_target([&](const char* target) {
    const auto plain = run_metric(*make(format), ref, dis).at(kKey);
    const auto ref_diff = run_metric(*make(format, {{"speed_use_ref_diff", "true"}}), ref, dis).at("speed_temporal_urd");
    const double want[] = {0, 24.802658, 23.856455}, want_ref_diff[] = {0, 14.143039, 19.295971};
    for (int i = 0; i < 3; ++i) {
      EXPECT_NEAR(plain[i], want[i], 5.1e-7) << target;
      EXPECT_NEAR(ref_diff[i], want_ref_diff[i], 5.1e-7) << target;
    }
  });
}

}  // namespace
}  // namespace fovea::speed_temporal
