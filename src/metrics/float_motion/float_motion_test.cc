// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/memory.h"
#include "metrics/float_motion/float_motion_kernels.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::float_motion {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

const Filter kFilters[] = {{0, {1.0f, 0.0f, 0.0f}}, {1, {0.667243004f, 0.166378498f, 0.0f}}, {2, {0.402619947f, 0.244201342f, 0.054488685f}}};

TEST(FloatMotionKernel, EqualsReferenceOnEveryTarget) {
  for (const int bit_depth : {8, 10, 16}) {
    for (const int width : {3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 64, 65, 130, 255, 256, 257, 300, 515}) {
      const int height = 3 + width % 17;
      const Format format{width, height, bit_depth, Chroma::k400};
      for (const Pattern pattern : {Pattern::kNoise, Pattern::kBinaryNoise, Pattern::kTexture}) {
        const Frame a = make_frame(format, pattern, width), b = make_frame(format, Pattern::kNoise, width + 1);
        AlignedBuffer<uint8_t> scratch(float_motion_scratch_bytes(width));
        AlignedBuffer<float> expected_band(kBandRows * band_stride(width)), band(kBandRows * band_stride(width));
        for (const Filter& filter : kFilters) {
          const int begin = height > 9 ? 1 : 0;
          std::vector<float> expected(height), sums(height);
          abs_difference_rows_ref(a.planes[0], b.planes[0], filter, bit_depth, begin, height, expected.data(), scratch.data());
          blur_band_ref(a.planes[0], filter, bit_depth, begin, expected_band.data(), scratch.data());
          for_each_target([&](const char* target) {
            std::fill(sums.begin(), sums.end(), 0.0f);
            abs_difference_rows(a.planes[0], b.planes[0], filter, bit_depth, begin, height, sums.data(), scratch.data());
            ASSERT_EQ(sums, expected) << target << " " << bit_depth << " bit, " << width << "x" << height << ", radius " << filter.radius;
            blur_band(a.planes[0], filter, bit_depth, begin, band.data(), scratch.data());
            for (int y = 0; y < std::min(kBandRows, height - begin); ++y) {
              for (int x = 0; x < width; ++x) {
                ASSERT_EQ(band[y * band_stride(width) + x], expected_band[y * band_stride(width) + x])
                    << target << " " << bit_depth << " bit, width " << width << ", radius " << filter.radius << " at " << y << " " << x;
              }
            }
          });
        }
      }
    }
  }
}

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

std::vector<Frame> make_clip(const Format& format, int count, uint64_t seed) {
  std::vector<Frame> clip;
  Random random(seed);
  for (int i = 0; i < count; ++i) {
    clip.push_back(i > 0 && random.uniform(0, 2) > 0 ? distort(clip.back(), random.bits())
                                                     : make_frame(format, kAllPatterns[random.uniform(0, 8)], random.bits()));
  }
  return clip;
}

// s by plain loops over whole planes, with the scaler written out.
double raw_score(const Frame& before, const Frame& now, const Filter& filter, bool scale1, bool uv) {
  double score = 0;
  for (int p = 0; p < (uv ? 3 : 1); ++p) {
    const PlaneView &a = before.planes[p], &b = now.planes[p];
    const int w = a.width_px, h = a.height_px;
    AlignedBuffer<uint8_t> scratch(float_motion_scratch_bytes(w));
    AlignedBuffer<float> band(kBandRows * band_stride(w));
    std::vector<float> planes[2];
    for (int i = 0; i < 2; ++i) {
      for (int y = 0; y < h; y += kBandRows) {
        blur_band_ref(i == 0 ? a : b, filter, now.format.bit_depth, y, band.data(), scratch.data());
        for (int r = 0; r < std::min(kBandRows, h - y); ++r) {
          planes[i].insert(planes[i].end(), &band[r * band_stride(w)], &band[r * band_stride(w)] + w);
        }
      }
    }
    const auto mean_difference = [](const std::vector<float>& one, const std::vector<float>& other, int width, int height) {
      float total = 0;
      for (int y = 0; y < height; ++y) {
        float row = 0;
        for (int x = 0; x < width; ++x) row += std::fabs(one[y * width + x] - other[y * width + x]);
        total += row;
      }
      return total / static_cast<float>(width * height);
    };
    float plane_score = mean_difference(planes[0], planes[1], w, h);
    if (scale1) {
      const int hw = static_cast<int>(w * 0.5 + 0.5), hh = static_cast<int>(h * 0.5 + 0.5);
      const float rx = static_cast<float>(w) / hw, ry = static_cast<float>(h) / hh;
      const auto mirror = [](int i, int n) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; };
      std::vector<float> halves[2];
      for (int i = 0; i < 2; ++i) {
        for (int y = 0; y < hh; ++y) {
          for (int x = 0; x < hw; ++x) {
            const float yy = static_cast<float>((y + 0.5) * ry - 0.5), xx = static_cast<float>((x + 0.5) * rx - 0.5);
            const int y1 = mirror(static_cast<int>(std::floor(yy)), h), y2 = mirror(static_cast<int>(std::ceil(yy)), h);
            const int x1 = mirror(static_cast<int>(std::floor(xx)), w), x2 = mirror(static_cast<int>(std::ceil(xx)), w);
            const float dy = yy - y1, dx = xx - x1;
            const auto at = [&](int sy, int sx) { return planes[i][sy * w + sx]; };
            halves[i].push_back((1 - dy) * (1 - dx) * at(y1, x1) + (1 - dy) * dx * at(y1, x2) + dy * (1 - dx) * at(y2, x1) + dy * dx * at(y2, x2));
          }
        }
      }
      plane_score += mean_difference(halves[0], halves[1], hw, hh);
    }
    score += plane_score;
  }
  return score;
}

TEST(FloatMotion, SeriesUnderAllOptions) {
  for (const auto& [chroma, bit_depth] : {std::pair{Chroma::k420, 8}, {Chroma::k422, 10}, {Chroma::k444, 12}, {Chroma::k420, 16}}) {
    const Format format{37, 205, bit_depth, chroma};  // odd, two strips
    for (int mask = 0; mask < 4; ++mask) {
      const bool scale1 = (mask & 1) != 0, uv = (mask & 2) != 0;
      const int size = std::array{5, 3, 1, 0}[mask];
      const int count = 4 - mask;
      const auto clip = make_clip(format, count, mask + bit_depth);
      const double weight = 1.5, factor = 0.25, offset = 2, limit = 18;
      const OptionMap options = {{"motion_add_scale1", option_text(scale1)}, {"motion_add_uv", option_text(uv)},
                                 {"motion_filter_size", std::to_string(size)}, {"motion_fps_weight", "1.5"},
                                 {"motion_blend_factor", "0.25"}, {"motion_blend_offset", "2"}, {"motion_max_val", "18"}};
      std::vector<double> raw(count, 0.0), motion(count), motion2(count), motion3(count);
      const auto bent = [&](double v) { return std::min(v * factor + (1 - factor) * std::min(offset, v), limit); };
      for (int i = 1; i < count; ++i) raw[i] = raw_score(clip[i - 1], clip[i], kFilters[size == 3 ? 1 : size == 1 ? 0 : 2], scale1, uv);
      for (int i = 0; i < count; ++i) {
        motion[i] = std::min(raw[i] * weight, limit);
        const double m = i == 0 ? 0.0 : i + 1 < count ? std::min(raw[i], raw[i + 1]) : raw[i];
        motion2[i] = std::min(m * weight, limit);
        motion3[i] = i > 0 ? bent(m * weight) : count > 1 ? bent(raw[1] * weight) : 0.0;
      }
      const std::string suffix = std::string(scale1 ? "_mdc" : "") + (uv ? "_mau" : "");
      const auto scores = run_metric(*make(format, options), clip, std::vector<std::vector<Frame>>{clip, clip}, /*reverse=*/true);
      EXPECT_EQ(scores[0], scores[1]);
      ASSERT_EQ(scores[0].size(), 3u);
      for (const auto& [name, values] : scores[0]) {
        const std::string base = name.substr(0, name.find('_'));
        EXPECT_EQ(values, base == "motion" ? motion : base == "motion2" ? motion2 : motion3) << name << suffix << " " << bit_depth;
      }
    }
  }
}

TEST(FloatMotion, Names) {
  const Format format{16, 16, 8, Chroma::k420};
  const auto labels = [&](const OptionMap& options) {
    std::vector<std::string> out;
    const auto metric = make(format, options);
    for (const Feature& feature : metric->features()) out.push_back(feature.label);
    return out;
  };
  EXPECT_EQ(labels({}), (std::vector<std::string>{"motion2", "motion", "motion3"}));
  EXPECT_EQ(labels({{"debug", "false"}}), (std::vector<std::string>{"motion2", "motion3"}));
  EXPECT_EQ(make(format)->features()[0].key, "VMAF_feature_motion2_score");
  const auto suffixed = labels({{"motion_add_scale1", "true"}, {"motion_add_uv", "true"}, {"motion_filter_size", "3"}});
  EXPECT_EQ(suffixed[0], "motion2_mdc_mau_mfs_3");
  EXPECT_FALSE(make(format)->features()[0].late);
  EXPECT_TRUE(make(format)->features()[2].late);
}

TEST(FloatMotion, ForcedToZero) {
  const Format format{20, 20, 8, Chroma::k400};
  const auto metric = make(format, {{"motion_force_zero", "true"}});
  EXPECT_EQ(metric->history(), 0);
  EXPECT_TRUE(metric->every_frame());
  const auto clip = make_clip(format, 3, 1);
  const auto scores = run_metric(*metric, clip, clip);
  ASSERT_EQ(scores.size(), 3u);
  for (const auto& [name, values] : scores) EXPECT_EQ(values, std::vector<double>(3, 0.0)) << name;
}

TEST(FloatMotion, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({2, 16, 8, Chroma::k420}, {}).error().message, "float_motion: 2x16 is smaller than its minimum of 3x3");
  EXPECT_EQ(kMetric.create({16, 4, 8, Chroma::k420}, {{"motion_add_uv", "true"}}).error().message,
            "float_motion: 16x4 is smaller than its minimum of 5x5");
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k400}, {{"motion_add_uv", "true"}}).error().message,
            "float_motion: motion_add_uv needs chroma, the pictures are 4:0:0");
  EXPECT_TRUE(kMetric.create({15360, 16, 8, Chroma::k420}, {{"motion_add_scale1", "true"}}).ok());
  EXPECT_EQ(kMetric.create({15361, 16, 8, Chroma::k420}, {{"motion_add_scale1", "true"}}).error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace fovea::float_motion
