// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <limits>

#include "metrics/float_vif/float_vif_kernels.h"
#include "metrics/float_vif/prescale.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::float_vif {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

// A bell that is symmetric to the bit, with a sum near 1.
Taps bell(int radius) {
  Taps t;
  t.radius = radius;
  float sum = 0;
  for (int k = -radius; k <= radius; ++k) {
    t.data()[k + radius] = std::exp(-0.1f * static_cast<float>(k * k));
    sum += t.data()[k + radius];
  }
  for (int i = 0; i < t.count(); ++i) t.data()[i] /= sum;
  return t;
}

Source samples_of(const Frame& frame) {
  const int above = 1 << (frame.format.bit_depth - 8);
  return {frame.planes[0], frame.format.sample_bytes(), 128 * above, 1.0f / static_cast<float>(above)};
}

// What a strip makes.
struct Made {
  Made(int width, int height, int dis_count)
      : den(height, -7.0f),
        num(dis_count, std::vector<float>(height, -7.0f)),
        next(1 + dis_count,
             std::vector<float>(static_cast<size_t>(plane_stride(width / 2)) * (height / 2), -7.0f)) {
    for (auto& n : num) rows.push_back(n.data());
    for (auto& n : next) planes.push_back({n.data(), plane_stride(width / 2)});
  }
  void attach(Strip& s) {
    s.den = den.data();
    s.num = rows.data();
    s.next_ref = planes[0];
    s.next_dis = planes.data() + 1;
  }
  std::vector<float> den;
  std::vector<std::vector<float>> num, next;
  std::vector<float*> rows;
  std::vector<NextPlane> planes;
};

// Equal in every bit, but that zeros may differ in sign.
bool same(const std::vector<float>& a, const std::vector<float>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (!(a[i] == b[i])) return false;
  }
  return a.size() == b.size();
}

void check(const Source& ref, const std::vector<Source>& dis, const Taps* taps, const Taps* next_taps,
           const Statistic& statistic, int strip_rows, const std::string& what) {
  const int width = ref.view.width_px, height = ref.view.height_px, dis_count = static_cast<int>(dis.size());
  Strip s;
  s.dis_count = dis_count;
  s.ref = ref;
  s.dis = dis.data();
  s.taps = taps;
  s.next_taps = next_taps;
  s.statistic = statistic;
  s.end = height;
  Made expected(width, height, dis_count);
  expected.attach(s);
  run_strip_ref(s);
  for_each_target([&](const char* target) {
    Made got(width, height, dis_count);
    got.attach(s);
    for (s.begin = 0; s.begin < height; s.begin += strip_rows) {
      s.end = std::min(height, s.begin + strip_rows);
      Scratch scratch(strip_scratch_bytes(taps != nullptr ? taps->radius : next_taps->radius, dis_count));
      std::memset(scratch.take<uint8_t>(scratch.bytes()), 0xff, scratch.bytes());  // not a number
      scratch.reset();
      run_strip(s, scratch);
    }
    const std::string where =
        what + " " + target + " " + std::to_string(width) + "x" + std::to_string(height);
    if (taps != nullptr) {
      EXPECT_TRUE(same(got.den, expected.den)) << where;
      for (int d = 0; d < dis_count; ++d) EXPECT_TRUE(same(got.num[d], expected.num[d])) << where << " " << d;
    }
    for (int p = 0; next_taps != nullptr && p <= dis_count; ++p) {
      for (int y = 0; y < height / 2; ++y) {
        for (int x = 0; x < width / 2; ++x) {
          const size_t at = y * plane_stride(width / 2) + x;
          ASSERT_EQ(got.next[p][at], expected.next[p][at])
              << where << " picture " << p << " " << y << " " << x;
        }
      }
    }
  });
}

Statistic usual() {
  Statistic s;
  s.inverse_noise = 0.5f;
  s.flat_weight = 4.0f / 65025.0f;
  return s;
}

TEST(FloatVifKernels, EqualTheDefinitionOnEveryTarget) {
  const Taps wide = bell(8), next = bell(4);
  int seed = 1;
  for (const int bit_depth : {8, 10, 12, 16}) {
    for (const Pattern pattern : kAllPatterns) {
      const Format format{50 + seed % 23, 30 + seed % 19, bit_depth, Chroma::k400};
      const Frame ref = make_frame(format, pattern, seed), a = distort(ref, seed),
                  b = make_frame(format, kAllPatterns[seed % 9], seed + 1);
      check(samples_of(ref), {samples_of(a), samples_of(b)}, &wide, &next, usual(), 16,
            pattern_name(pattern));
      EXPECT_TRUE(poison_intact(ref) && poison_intact(a) && poison_intact(b));
      ++seed;
    }
  }
}

TEST(FloatVifKernels, EqualTheDefinitionAtEverySize) {
  for (int size = 9; size <= 100; ++size) {
    const int bit_depth = std::array{8, 10, 16, 12}[size % 4];
    const Taps taps = bell(std::array{8, 4, 2, 1, 5}[size % 5]),
               next = bell(std::array{4, 2, 1, 1, 3}[size % 5]);
    for (const Format& format : {Format{size, 9 + (size * 7) % 23, bit_depth, Chroma::k400},
                                 Format{9 + (size * 5) % 19, size, bit_depth, Chroma::k400}}) {
      const Frame ref = make_frame(format, size % 3 == 0 ? Pattern::kNoise : Pattern::kTexture, size),
                  dis = distort(ref, size);
      check(samples_of(ref), {samples_of(dis)}, &taps, &next, usual(), 32, "size");
    }
  }
}

TEST(FloatVifKernels, EqualTheDefinitionForAnyWindowNoiseAndGain) {
  const Format format{83, 75, 8, Chroma::k400};
  const Frame ref = make_frame(format, Pattern::kTexture, 3), dis = distort(ref, 4);
  for (const int radius : {1, 2, 3, 6, 12, 20, 32, 34}) {
    const Taps taps = bell(radius), next = bell((radius + 1) / 2);
    check(samples_of(ref), {samples_of(dis)}, &taps, &next, usual(), 16, "radius " + std::to_string(radius));
    check(samples_of(ref), {samples_of(dis)}, nullptr, &taps, usual(), 48, "without statistics");
    check(samples_of(ref), {samples_of(dis)}, &taps, nullptr, usual(), 1008, "without a next scale");
  }
  for (const double noise : {0.0, 0.3, 0.5, 2.0, 4.99}) {
    for (const float limit : {1.0f, 1.05f, 100.0f}) {
      Statistic s = usual();
      s.noise = noise;
      s.flat_below = std::nextafter(static_cast<float>(noise),
                                    static_cast<float>(noise) < noise ? 9.0f : static_cast<float>(noise));
      s.inverse_noise = noise == 0.5 ? 2.0f : noise == 2.0 ? 0.5f : 0.0f;
      s.flat_weight = static_cast<float>(noise * noise) / 65025.0f;
      s.gain_limit = limit;
      const Taps taps = bell(4);
      check(samples_of(ref), {samples_of(dis)}, &taps, nullptr, s, 64, "noise " + std::to_string(noise));
      const Frame flat = make_frame(format, Pattern::kFlat, 3);
      check(samples_of(flat), {samples_of(dis)}, &taps, nullptr, s, 64,
            "flat, noise " + std::to_string(noise));
      check(samples_of(ref), {samples_of(flat)}, &taps, nullptr, s, 64,
            "made flat, noise " + std::to_string(noise));
    }
  }
}

TEST(FloatVifKernels, LogarithmIsTheDefinitionOfIt) {
  std::vector<float> v = {1.0f,
                          std::nextafter(1.0f, 2.0f),
                          2.0f,
                          3.4e38f,
                          std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN(),
                          -std::numeric_limits<float>::quiet_NaN(),
                          1.5f};
  Random random(7);
  while (v.size() < 4096)
    v.push_back(std::bit_cast<float>(static_cast<uint32_t>(random.uniform(0x3f800000, 0x50000000))));
  for_each_target([&](const char* target) {
    std::vector<float> got(v.size());
    log2_row(v.data(), static_cast<int>(v.size()), got.data());
    for (size_t i = 0; i < v.size(); ++i) ASSERT_EQ(got[i], quick_log2(v[i])) << target << " " << v[i];
  });
  EXPECT_EQ(quick_log2(std::numeric_limits<float>::infinity()), 128.0f);
  EXPECT_NEAR(quick_log2(std::numeric_limits<float>::quiet_NaN()), 128.585, 1e-3);
  EXPECT_NEAR(quick_log2(10.0f), std::log2(10.0), 1e-5);
}

TEST(FloatVif, ScoresDoNotDependOnTargetStripsOrCompany) {
  for (const int bit_depth : {8, 10}) {
    const Format format{117, 213, bit_depth, Chroma::k420};  // several strips
    std::vector<Frame> ref;
    std::vector<std::vector<Frame>> clips(3);
    for (int i = 0; i < 2; ++i) {
      ref.push_back(make_frame(format, i == 0 ? Pattern::kTexture : Pattern::kNoise, i));
      for (int k = 0; k < 3; ++k) clips[k].push_back(distort(ref.back(), 10 * i + k));
    }
    for (const OptionMap& options :
         {OptionMap{{"debug", "true"}},
          OptionMap{{"vif_prescale", "0.7"}, {"vif_prescale_method", "bicubic"}}}) {
      const auto metric = make(format, options);
      const auto alone = run_metric(*metric, ref, clips[1]);
      for_each_target([&](const char* target) {
        const auto together = run_metric(*metric, ref, clips, /*reverse=*/true);
        EXPECT_EQ(together[1], alone) << target;
      });
    }
  }
}

TEST(FloatVif, IdenticalPicturesScoreAboutOne) {
  const Format format{128, 96, 8, Chroma::k420};
  const Frame frame = make_frame(format, Pattern::kNoise, 2), black = make_frame(format, Pattern::kBlack, 2);
  for (const auto& [key, series] : run_metric(*make(format), {frame}, {frame}))
    EXPECT_NEAR(series[0], 1.0, 1e-4) << key;
  for (const auto& [key, series] : run_metric(*make(format), {black}, {black}))
    EXPECT_NEAR(series[0], 1.0, 1e-6) << key;
}

TEST(FloatVif, OptionsNameTheFeatures) {
  const Format format{64, 64, 8, Chroma::k420};
  const auto metric = make(format, {{"debug", "true"},
                                    {"vif_enhn_gain_limit", "1.05"},
                                    {"vif_skip_scale0", "true"},
                                    {"vif_kernelscale", "1.5"},
                                    {"vif_prescale_method", "lanczos4"},
                                    {"vif_scale2_min_val", "0.25"},
                                    {"vif_sigma_nsq", "1"}});
  const std::string tail = "_egl_1.05_ks_1.5_pm_lanczos4_s2miv_0.25_snsq_1_ssclz";
  ASSERT_EQ(metric->features().size(), 15u);
  EXPECT_EQ(metric->features()[0].key, "vif_scale0" + tail);
  EXPECT_EQ(metric->features()[4].key, "vif" + tail);
  EXPECT_EQ(metric->features()[14].key, "vif_den_scale3" + tail);
  EXPECT_EQ(make(format)->features()[3].key, "VMAF_feature_vif_scale3_score");
  const Frame ref = make_frame(format, Pattern::kNoise, 1), dis = make_frame(format, Pattern::kNoise, 2);
  const auto scores = run_metric(*metric, {ref}, {dis});
  EXPECT_EQ(scores.at("vif_scale0" + tail)[0], 0.0);
  EXPECT_EQ(scores.at("vif_num_scale0" + tail)[0], 0.0);
  EXPECT_EQ(scores.at("vif_den_scale0" + tail)[0], -1.0);
  EXPECT_GE(scores.at("vif_scale2" + tail)[0], 0.25);
}

TEST(FloatVif, SamplesAboveTheBitDepthDoNoHarm) {
  const Format deep{50, 40, 16, Chroma::k400}, shallow{50, 40, 10, Chroma::k400};
  Frame ref = make_frame(deep, Pattern::kNoise, 1), dis = make_frame(deep, Pattern::kBinaryNoise, 2);
  ref.format = dis.format = shallow;
  for_each_target([&](const char*) { EXPECT_EQ(run_metric(*make(shallow), {ref}, {dis}).size(), 4u); });
}

TEST(FloatVif, RefusesWhatItIsNotDefinedFor) {
  const auto message = [](const Format& format, const OptionMap& options) {
    const auto metric = kMetric.create(format, options);
    return metric.ok() ? std::string("accepted") : metric.error().message;
  };
  EXPECT_EQ(message({16, 16, 9, Chroma::k420}, {}), "float_vif: bit depth 9 is not 8, 10, 12 or 16");
  EXPECT_EQ(message({16, 15, 8, Chroma::k420}, {}), "float_vif: 16x15 is smaller than its minimum of 16x16");
  EXPECT_EQ(message({16, 16, 8, Chroma::k400}, {}), "accepted");
  EXPECT_EQ(message({31, 31, 8, Chroma::k420}, {{"vif_prescale", "0.5"}}), "accepted");  // 15.5 + 0.5
  EXPECT_EQ(message({30, 30, 8, Chroma::k420}, {{"vif_prescale", "0.5"}}),
            "float_vif: 30x30 with vif_prescale=0.5 becomes 15x15, smaller than the minimum of 16x16");
  EXPECT_EQ(message({64, 64, 8, Chroma::k420}, {{"vif_prescale_method", "area"}}),
            "float_vif: vif_prescale_method=area is not one of nearest, bilinear, bicubic, lanczos4");
  EXPECT_EQ(message({64, 64, 8, Chroma::k420}, {{"vif_kernelscale", "1.2"}}),
            "float_vif: vif_kernelscale=1.2 is not one of 0.444444, 0.5, 0.666667, 0.711111, 0.74074, 1, "
            "1.06667, 1.11111, 1.16667, 1.25, "
            "1.33333, 1.41667, 1.4746, 1.5, 1.54, 1.6, 1.66667, 2, 2.4, 3, 3.71134");
  EXPECT_EQ(message({7681, 64, 8, Chroma::k400}, {{"vif_prescale_method", "bilinear"}}).substr(0, 71),
            "float_vif: vif_prescale_method=bilinear makes at most 7680 columns, 768");
  EXPECT_EQ(message({4, 5, 8, Chroma::k400}, {{"vif_prescale", "4"}, {"vif_prescale_method", "lanczos4"}}),
            "float_vif: 4x5 is too small for vif_prescale_method=lanczos4, whose reflected edge needs at "
            "least 6x6");
}

// Published clips with known scores, and the same under options that change every step.
TEST(FloatVif, PublishedClipsHaveTheirScores) {
  const char* root = std::getenv("FOVEA_TEST_DATA");
  if (root == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the published clips are not here";
  const std::filesystem::path clips = std::filesystem::path(root) / "clips" / "netflix";
  for (const int bit_depth : {8, 10, 12, 16}) {
    const Format format{576, 324, bit_depth, Chroma::k420};
    const std::string tail =
        bit_depth == 8 ? "_3frames.yuv" : ".yuv420p" + std::to_string(bit_depth) + "le.yuv";
    const auto ref = read_clip(clips / ("src01_hrc00_576x324" + tail), format, 3);
    const auto dis = read_clip(clips / ("src01_hrc01_576x324" + tail), format, 3);
    const auto got = run_metric(*make(format, {{"debug", "true"}}), ref, dis);
    const double scores[3][kScales] = {{0.505712, 0.879045, 0.937868, 0.964272},
                                       {0.411650, 0.813512, 0.894560, 0.936911},
                                       {0.381908, 0.799256, 0.889200, 0.936505}};
    for (int i = 0; i < 3; ++i) {
      for (int s = 0; s < kScales; ++s) {
        EXPECT_NEAR(got.at("VMAF_feature_vif_scale" + std::to_string(s) + "_score")[i], scores[i][s], 5.1e-7)
            << bit_depth << " " << i;
      }
    }
    // Sums are floats, printed in full.
    const double num[kScales] = {660602.0625, 214730.71875, 52472.40625, 12846.802734},
                 den[kScales] = {1306280.125, 244277.390625, 55948.597656, 13322.798828};
    for (int s = 0; s < kScales; ++s) {
      EXPECT_NEAR(got.at("vif_num_scale" + std::to_string(s))[0], num[s], 5.1e-7) << bit_depth;
      EXPECT_NEAR(got.at("vif_den_scale" + std::to_string(s))[0], den[s], 5.1e-7) << bit_depth;
    }
    EXPECT_NEAR(got.at("vif")[0], 0.580711, 5.1e-7);
    EXPECT_NEAR(got.at("vif_num")[0], 940651.990234, 5.1e-7);
    EXPECT_NEAR(got.at("vif_den")[0], 1619828.912109, 5.1e-7);
    if (bit_depth != 8) continue;
    // Every option that enters the pixel work, with each way to resample.
    const std::map<std::string, std::array<double, kScales>> resampled = {
        {"nearest", {0.412316, 0.877767, 0.939565, 0.963962}},
        {"bilinear", {0.469027, 0.901880, 0.953673, 0.972821}},
        {"bicubic", {0.428558, 0.902102, 0.953960, 0.973002}},
        {"lanczos4", {0.420918, 0.903078, 0.954142, 0.972984}}};
    for (const auto& [method, expected] : resampled) {
      const auto metric = make(format, {{"vif_prescale", "0.7"},
                                        {"vif_prescale_method", method},
                                        {"vif_kernelscale", "1.5"},
                                        {"vif_sigma_nsq", "0.3"},
                                        {"vif_enhn_gain_limit", "1.05"}});
      const auto series = run_metric(*metric, {ref[0]}, {dis[0]});
      for (int s = 0; s < kScales; ++s)
        EXPECT_NEAR(series.at(metric->features()[s].key)[0], expected[s], 5.1e-7) << method << " " << s;
    }
    const auto enlarged = make(format, {{"vif_prescale", "1.5"}, {"vif_prescale_method", "bilinear"}});
    const double expected[kScales] = {0.569535, 0.812095, 0.890086, 0.932418};
    for (int s = 0; s < kScales; ++s) {
      EXPECT_NEAR(run_metric(*enlarged, {ref[0]}, {dis[0]}).at(enlarged->features()[s].key)[0], expected[s],
                  5.1e-7)
          << s;
    }
  }
}

}  // namespace
}  // namespace fovea::float_vif
