// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/memory.h"
#include "metrics/metric.h"
#include "metrics/motion/motion_kernels.h"
#include "metrics/testing.h"

namespace fovea::motion {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

uint64_t fast(const Frame& a, const Frame& b, int begin, int end) {
  AlignedBuffer<uint8_t> scratch(motion_scratch_bytes(a.format.width_px));
  return blurred_difference(a.planes[0], b.planes[0], a.format.bit_depth, begin, end, scratch.data());
}

uint64_t plain(const Frame& a, const Frame& b, int begin, int end) {
  AlignedBuffer<uint8_t> scratch(motion_scratch_bytes(a.format.width_px));
  return blurred_difference_ref(a.planes[0], b.planes[0], a.format.bit_depth, begin, end, scratch.data());
}

uint64_t fast(const Frame& a, const Frame& b) { return fast(a, b, 0, a.format.height_px); }
uint64_t plain(const Frame& a, const Frame& b) { return plain(a, b, 0, a.format.height_px); }

void put(Frame& frame, int y, int x, int value) {
  if (frame.format.sample_bytes() == 1) {
    mutable_row(frame, 0, y)[x] = static_cast<uint8_t>(value);
  } else {
    reinterpret_cast<uint16_t*>(mutable_row(frame, 0, y))[x] = static_cast<uint16_t>(value);
  }
}

Frame filled(const Format& format, const std::function<int(int y, int x)>& value) {
  Frame frame = make_frame(format, Pattern::kBlack, 1);
  for (int y = 0; y < format.height_px; ++y) {
    for (int x = 0; x < format.width_px; ++x) put(frame, y, x, value(y, x));
  }
  return frame;
}

// The definition once more, in two dimensions at a time and without any shared code.
uint64_t from_the_formula(const Frame& a, const Frame& b) {
  const int64_t tap[5] = {3571, 16004, 26386, 16004, 3571};
  const int w = a.format.width_px, h = a.format.height_px, bits = a.format.bit_depth;
  const auto mirror = [](int i, int n) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; };
  const auto sample = [&](const Frame& f, int y, int x) -> int64_t {
    return f.format.sample_bytes() == 1 ? f.planes[0].row<uint8_t>(y)[x] : f.planes[0].row<uint16_t>(y)[x];
  };
  uint64_t total = 0;
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x) {
      int64_t outer = 32768;
      for (int kx = -2; kx <= 2; ++kx) {
        int64_t inner = int64_t{1} << (bits - 1);
        for (int ky = -2; ky <= 2; ++ky) {
          const int sy = mirror(y + ky, h), sx = mirror(x + kx, w);
          inner += tap[ky + 2] * (sample(a, sy, sx) - sample(b, sy, sx));
        }
        outer += tap[kx + 2] * (inner >> bits);
      }
      total += static_cast<uint64_t>(std::llabs(outer >> 16));
    }
  }
  return total;
}

TEST(MotionKernel, ReferenceFollowsTheFormula) {
  for (const int bit_depth : {8, 9, 10, 12, 16}) {
    for (const auto& [w, h] : {std::pair{3, 3}, {4, 3}, {3, 7}, {17, 5}}) {
      const Format format{w, h, bit_depth, Chroma::k400};
      const Frame a = make_frame(format, Pattern::kNoise, 1), b = make_frame(format, Pattern::kBinaryNoise, 2);
      ASSERT_EQ(plain(a, b), from_the_formula(a, b));
      ASSERT_EQ(plain(b, a), from_the_formula(b, a));
    }
  }
}

TEST(MotionKernel, EqualsReferenceOnEveryTargetAndWidth) {
  for (const int bit_depth : {8, 9, 10, 12, 14, 15, 16}) {
    for (int width = 3; width <= 140; width += width < 40 ? 1 : 7) {
      const Format format{width, 9, bit_depth, Chroma::k400};
      for (const Pattern pattern : {Pattern::kNoise, Pattern::kBinaryNoise, Pattern::kTexture, Pattern::kStripes}) {
        const Frame a = make_frame(format, pattern, width);
        const Frame b = width % 3 == 0 ? make_frame(format, Pattern::kBinaryNoise, width + 1) : distort(a, width);
        const uint64_t forward = plain(a, b), backward = plain(b, a);
        for_each_target([&](const char* target) {
          ASSERT_EQ(fast(a, b), forward) << target << " " << bit_depth << " bit, width " << width << " " << pattern_name(pattern);
          ASSERT_EQ(fast(b, a), backward) << target << " " << bit_depth << " bit, width " << width << " " << pattern_name(pattern);
        });
      }
    }
  }
}

// Largest sums, and magnitudes on both sides of each limit between the ways to make a row.
TEST(MotionKernel, LimitsOfEveryRange) {
  for (const int bit_depth : {8, 9, 10, 12, 14, 15, 16}) {
    const int peak = (1 << bit_depth) - 1;
    const Format format{71, 12, bit_depth, Chroma::k400};
    std::vector<int> levels = {1, 2, peak / 4, peak / 2 - 1, peak / 2, peak / 2 + 1, peak / 2 + 2, peak - 1, peak};
    for (const int limit : {16382, 16383, 16384, 32767, 32768}) {
      if (limit <= peak) levels.push_back(limit);
    }
    const Frame black = make_frame(format, Pattern::kBlack, 1);
    for (const int level : levels) {
      const Frame flat = filled(format, [&](int, int) { return level; });
      const Frame stripes = filled(format, [&](int y, int) { return y % 5 == 2 ? level : 0; });
      const Frame columns = filled(format, [&](int, int x) { return x % 3 == 0 ? level : peak - level; });
      const Frame late = filled(format, [&](int y, int x) { return y == 7 && x == 70 ? level : 0; });
      for (const Frame* frame : {&flat, &stripes, &columns, &late}) {
        const uint64_t forward = plain(black, *frame), backward = plain(*frame, black);
        for_each_target([&](const char* target) {
          ASSERT_EQ(fast(black, *frame), forward) << target << " " << bit_depth << " bit, level " << level;
          ASSERT_EQ(fast(*frame, black), backward) << target << " " << bit_depth << " bit, level " << level;
        });
      }
    }
  }
}

TEST(MotionKernel, LargestRowSumsDoNotOverflow) {
  for (const int bit_depth : {8, 16}) {
    const Format format{16387, 3, bit_depth, Chroma::k400};
    const Frame black = make_frame(format, Pattern::kBlack, 1), white = make_frame(format, Pattern::kWhite, 1);
    const uint64_t expected = 3ull * 16387 * (bit_depth == 8 ? 65280 : 65535);
    for_each_target([&](const char* target) {
      EXPECT_EQ(fast(white, black), expected) << target;
      EXPECT_EQ(fast(black, white), expected) << target;
    });
  }
}

TEST(MotionKernel, SamplesAboveTheBitDepthFollowTheFormula) {
  const Format format{45, 10, 10, Chroma::k400};
  Random random(5);
  const Frame a = filled(format, [&](int, int) { return static_cast<int>(random.uniform(0, 65535)); });
  const Frame b = filled(format, [&](int, int) { return static_cast<int>(random.uniform(0, 65535)); });
  const uint64_t expected = from_the_formula(a, b);
  for_each_target([&](const char* target) { EXPECT_EQ(fast(a, b), expected) << target; });
}

TEST(MotionKernel, StripsAddUpToThePicture) {
  const Format format{53, 23, 8, Chroma::k400};
  const Frame a = make_frame(format, Pattern::kTexture, 1), b = distort(a, 2);
  const uint64_t whole = plain(a, b);
  for_each_target([&](const char* target) {
    for (int cut = 1; cut < 23; ++cut) EXPECT_EQ(fast(a, b, 0, cut) + fast(a, b, cut, 23), whole) << target << " cut at " << cut;
  });
}

// --- the metric ---

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

constexpr const char* kSadKey = "VMAF_integer_feature_motion_sad_score";
constexpr const char* kMotion2Key = "VMAF_integer_feature_motion2_score";
constexpr const char* kMotion3Key = "VMAF_integer_feature_motion3_score";

std::vector<Frame> make_clip(const Format& format, int count, uint64_t seed) {
  std::vector<Frame> clip;
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    // Now and then a still frame or a cut, else some change.
    const int64_t kind = random.uniform(0, 5);
    if (i > 0 && kind == 0) {
      clip.push_back(clip.back());
    } else if (i == 0 || kind == 1) {
      clip.push_back(make_frame(format, kAllPatterns[random.uniform(0, 8)], random.bits()));
    } else {
      clip.push_back(distort(clip.back(), random.bits()));
    }
  }
  return clip;
}

struct Series {
  std::vector<double> sad, motion2, motion3;
};

// The rule for a whole clip, as one would write it with all scores at hand.
Series expected_series(const std::vector<Frame>& clip, int distance, double factor, double offset, double weight, double limit, bool average) {
  const int count = static_cast<int>(clip.size());
  const double pixels = static_cast<double>(clip[0].format.width_px) * clip[0].format.height_px;
  const auto bent = [&](double m) { return std::min(m * factor + (1.0 - factor) * std::min(offset, m), limit); };
  Series out{std::vector<double>(count, 0.0), std::vector<double>(count, 0.0), std::vector<double>(count, 0.0)};
  for (int i = distance; i < count; ++i) {
    out.sad[i] = std::min(((static_cast<double>(plain(clip[i - distance], clip[i])) / 256.0) / pixels) * weight, limit);
  }
  const double stamp = count > distance ? bent(out.sad[distance]) : 0.0;
  double previous = stamp;
  for (int i = 0; i < count; ++i) {
    if (i < distance) {
      out.motion3[i] = stamp;
      continue;
    }
    const int left = i - distance + 1, right = i + 1;
    out.motion2[i] = right >= count ? out.sad[i] : left >= distance ? std::min(out.sad[left], out.sad[right]) : out.sad[right];
    const double blended = bent(out.motion2[i]);
    out.motion3[i] = average ? (blended + previous) / 2.0 : blended;
    previous = blended;
  }
  return out;
}

TEST(Motion, SeriesOfShortAndLongClips) {
  const Format format{35, 250, 8, Chroma::k420};  // two strips
  for (int count = 1; count <= 8; ++count) {
    const auto clip = make_clip(format, count, count);
    const Series one = expected_series(clip, 1, 1.0, 40.0, 1.0, 10000.0, false);
    const auto scores = run_metric(*make(format), clip, clip);
    ASSERT_EQ(scores.size(), 3u);
    EXPECT_EQ(scores.at(kSadKey), one.sad) << count;
    EXPECT_EQ(scores.at(kMotion2Key), one.motion2) << count;
    EXPECT_EQ(scores.at(kMotion3Key), one.motion3) << count;

    const Series two = expected_series(clip, 2, 0.6, 2.0, 1.5, 8.0, true);
    const OptionMap options = {{"motion_five_frame_window", "true"}, {"motion_blend_factor", "0.6"}, {"motion_blend_offset", "2"},
                               {"motion_fps_weight", "1.5"},         {"motion_max_val", "8"},        {"motion_moving_average", "true"},
                               {"debug", "true"}};
    const std::string suffix = "_mbf_0.6_mbo_2_mffw_mfw_1.5_mmxv_8_mma";
    const auto bent = run_metric(*make(format, options), clip, std::vector<std::vector<Frame>>{clip}, /*reverse=*/true)[0];
    ASSERT_EQ(bent.size(), 4u);
    EXPECT_EQ(bent.at(kSadKey + suffix), two.sad) << count;
    EXPECT_EQ(bent.at("integer_motion" + suffix), two.sad) << count;
    EXPECT_EQ(bent.at("integer_motion2" + suffix), two.motion2) << count;
    EXPECT_EQ(bent.at("integer_motion3" + suffix), two.motion3) << count;
  }
}

TEST(Motion, ForcedToZero) {
  const Format format{20, 20, 8, Chroma::k400};
  const auto metric = make(format, {{"motion_force_zero", "true"}, {"debug", "true"}});
  EXPECT_EQ(metric->history(), 0);
  EXPECT_TRUE(metric->every_frame());
  const auto clip = make_clip(format, 3, 1);
  const auto scores = run_metric(*metric, clip, clip);
  ASSERT_EQ(scores.size(), 4u);
  for (const auto& [name, values] : scores) {
    EXPECT_EQ(values, std::vector<double>(3, 0.0)) << name;
    EXPECT_TRUE(name.ends_with("_force_0")) << name;
  }
}

// A score comes as soon as the frames that it needs are there.
TEST(Motion, EmitsOneFrameLate) {
  struct Log final : ScoreSink {
    void score(int feature, int64_t frame, double) override { last[feature] = frame; }
    void aggregate(int, double) override { ADD_FAILURE(); }
    std::map<int, int64_t> last;
  } log;
  const auto metric = make({16, 16, 8, Chroma::k400});
  ASSERT_EQ(metric->features().size(), 3u);
  EXPECT_FALSE(metric->features()[0].late);
  EXPECT_TRUE(metric->features()[1].late);
  EXPECT_TRUE(metric->features()[2].late);
  const auto timeline = metric->make_timeline();
  for (int64_t i = 0; i < 5; ++i) {
    const double raw[] = {i > 0 ? 1.0 : 0.0};
    timeline->add(i, raw, log);
    EXPECT_EQ(log.last.at(0), i);
    EXPECT_EQ(log.last.count(1) ? log.last.at(1) : -1, i - 1);
    EXPECT_EQ(log.last.count(2) ? log.last.at(2) : -1, i - 1);
  }
  timeline->flush(log);
  EXPECT_EQ(log.last.at(1), 4);
  EXPECT_EQ(log.last.at(2), 4);
}

TEST(Motion, DistortedClipsShareOneScore) {
  const Format format{40, 30, 10, Chroma::k420};
  const auto clip = make_clip(format, 4, 3);
  const auto together = run_metric(*make(format), clip, std::vector<std::vector<Frame>>{clip, make_clip(format, 4, 9)});
  EXPECT_EQ(together[0], together[1]);
  EXPECT_EQ(together[0], run_metric(*make(format), clip, clip));
}

TEST(Motion, NamesWithoutOptions) {
  const auto metric = make({16, 16, 8, Chroma::k420}, {{"debug", "true"}, {"motion_fps_weight", "1.0"}});
  std::vector<std::string> labels;
  for (const Feature& feature : metric->features()) labels.push_back(feature.label);
  EXPECT_EQ(labels, (std::vector<std::string>{kSadKey, "integer_motion", "integer_motion2", "integer_motion3"}));
  EXPECT_EQ(metric->features()[2].key, kMotion2Key);
  EXPECT_EQ(make({16, 16, 8, Chroma::k420}, {{"motion_max_val", "18"}})->features()[0].key, std::string(kSadKey) + "_mmxv_18");
}

TEST(Motion, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({2, 16, 8, Chroma::k420}, {}).error().message, "motion: 2x16 is smaller than its minimum of 3x3");
  EXPECT_EQ(kMetric.create({16, 2, 8, Chroma::k420}, {}).error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k420}, {{"motion_fps_weight", "6"}}).error().message,
            "motion: motion_fps_weight=6 is outside [0, 5]");
}

// Scores of a known clip (576x324, 3 frames), the same at every depth that the clip exists in.
TEST(Motion, KnownClip) {
  const char* folder = std::getenv("FOVEA_TEST_DATA");
  if (folder == nullptr) GTEST_SKIP() << "set FOVEA_TEST_DATA to the folder that holds clips/ to run this test";
  const Format format{576, 324, 8, Chroma::k420};
  const auto clip = read_clip(std::string(folder) + "/clips/netflix/src01_hrc00_576x324_3frames.yuv", format, 3);
  const auto scores = run_metric(*make(format), clip, clip);
  EXPECT_EQ(scores.at(kSadKey), (std::vector<double>{0.0, 4.5794420490866665, 4.2143270861464766}));
  EXPECT_EQ(scores.at(kMotion2Key), (std::vector<double>{0.0, 4.2143270861464766, 4.2143270861464766}));
  EXPECT_EQ(scores.at(kMotion3Key), (std::vector<double>{4.5794420490866665, 4.2143270861464766, 4.2143270861464766}));
}

}  // namespace
}  // namespace fovea::motion
