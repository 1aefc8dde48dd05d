// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "metrics/metric.h"
#include "metrics/testing.h"
#include "metrics/vif/vif_kernels.h"

namespace fovea::vif {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

struct Plane {
  Plane(int width, int height)
      : samples(static_cast<size_t>(next_stride(width)) * height), width(width), height(height) {}
  NextPlane next() { return {samples.data(), next_stride(width)}; }
  PlaneView view() const {
    return {reinterpret_cast<const uint8_t*>(samples.data()), next_stride(width) * 2, width, height};
  }
  std::vector<uint16_t> samples;
  int width, height;
};

// Sums of all scales, and all planes of the pyramid, by the definition.
struct Expected {
  std::array<Sums, kScales> sums;
  std::vector<Plane> ref, dis;  // of scales 1 to 3
};
Expected by_definition(const Frame& ref, const Frame& dis, double gain_limit) {
  Expected out;
  Scratch scratch(strip_scratch_bytes_ref(ref.format.width_px));
  Strip s;
  s.bit_depth = ref.format.bit_depth;
  s.gain_limits = &gain_limit;
  s.dis_count = 1;
  PlaneView r = ref.planes[0], d = dis.planes[0];
  for (s.scale = 0; s.scale < kScales; ++s.scale) {
    NextPlane next_dis;
    s.ref = r;
    s.dis = &d;
    s.end = r.height_px;
    s.sums = &out.sums[s.scale];
    s.next_ref = {};
    s.next_dis = &next_dis;
    if (s.scale + 1 < kScales) {
      s.next_ref = out.ref.emplace_back(r.width_px / 2, r.height_px / 2).next();
      next_dis = out.dis.emplace_back(r.width_px / 2, r.height_px / 2).next();
    }
    scratch.reset();
    run_strip_ref(s, scratch);
    if (s.scale + 1 < kScales) {
      r = out.ref.back().view();
      d = out.dis.back().view();
    }
  }
  return out;
}

float num_of(const Sums& s) {
  return static_cast<float>(s.num_log / 2048.0 +
                            (static_cast<double>(s.den_flat) - (s.num_flat / 16384.0) / 65025.0));
}
float den_of(const Sums& s) {
  return static_cast<float>(s.den_log / 2048.0 + static_cast<double>(s.den_flat));
}

// Runs every scale of a picture pair through the kernels, in strips, and compares sums and planes. The gain
// limits are scored at once.
void check_kernels(const Frame& ref, const Frame& dis, const std::vector<double>& gain_limits, int strip_rows,
                   const std::string& what) {
  std::vector<Expected> by_limit;
  for (const double limit : gain_limits) by_limit.push_back(by_definition(ref, dis, limit));
  const Expected& expected = by_limit[0];
  const size_t limits = gain_limits.size();
  const Format& format = ref.format;
  for_each_target([&](const char* target) {
    for (int scale = 0; scale < kScales; ++scale) {
      const int width = format.width_px >> scale, height = format.height_px >> scale;
      const PlaneView r = scale == 0 ? ref.planes[0] : expected.ref[scale - 1].view();
      const PlaneView d = scale == 0 ? dis.planes[0] : expected.dis[scale - 1].view();
      const bool last = scale + 1 == kScales;
      Plane next_ref(last ? 1 : width / 2, last ? 1 : height / 2), next_dis = next_ref;
      std::vector<Sums> total(limits), sums(limits);
      for (int begin = 0; begin < height; begin += strip_rows) {
        Scratch scratch(strip_scratch_bytes(width, 1, static_cast<int>(limits)));
        const NextPlane to = last ? NextPlane{} : next_dis.next();
        const Strip s{scale,
                      format.bit_depth,
                      begin,
                      std::min(begin + strip_rows, height),
                      1,
                      static_cast<int>(limits),
                      gain_limits.data(),
                      r,
                      &d,
                      sums.data(),
                      last ? NextPlane{} : next_ref.next(),
                      &to};
        run_strip(s, scratch);
        for (size_t i = 0; i < limits; ++i) total[i] += sums[i];
      }
      const std::string where = what + " " + target + " scale " + std::to_string(scale) + " " +
                                std::to_string(width) + "x" + std::to_string(height) + " bits " +
                                std::to_string(format.bit_depth);
      for (size_t i = 0; i < limits; ++i) {
        const Sums& want = by_limit[i].sums[scale];
        ASSERT_EQ(total[i].den_flat, want.den_flat) << where << " limit " << i;
        ASSERT_EQ(total[i].den_log, want.den_log) << where << " limit " << i;
        ASSERT_EQ(total[i].num_flat, want.num_flat) << where << " limit " << i;
        ASSERT_EQ(total[i].num_log, want.num_log) << where << " limit " << i;
      }
      for (int y = 0; !last && y < height / 2; ++y) {
        for (int x = 0; x < width / 2; ++x) {
          ASSERT_EQ(next_ref.view().row<uint16_t>(y)[x], expected.ref[scale].view().row<uint16_t>(y)[x])
              << where << " " << y << " " << x;
          ASSERT_EQ(next_dis.view().row<uint16_t>(y)[x], expected.dis[scale].view().row<uint16_t>(y)[x])
              << where << " " << y << " " << x;
        }
      }
    }
  });
  EXPECT_TRUE(poison_intact(ref) && poison_intact(dis)) << what;
}

TEST(VifKernels, EqualTheDefinitionOnEveryTarget) {
  for (const int bit_depth : {8, 10, 12, 16}) {
    int seed = bit_depth;
    for (const Pattern pattern : kAllPatterns) {
      const Format format{70 + seed % 13, 30 + seed % 7, bit_depth, Chroma::k400};
      const Frame ref = make_frame(format, pattern, seed);
      ++seed;
      check_kernels(ref, distort(ref, seed), {100.0}, 16, pattern_name(pattern));
      check_kernels(make_frame(format, Pattern::kFlat, seed), ref, {1.0}, 1000, pattern_name(pattern));
      check_kernels(ref, make_frame(format, kAllPatterns[seed % 9], seed), {1.05, 100.0, 1.0}, 8,
                    pattern_name(pattern));
    }
  }
}

TEST(VifKernels, EqualTheDefinitionAtEverySize) {
  for (int size = 16; size <= 140; ++size) {
    const int bit_depth = std::array{8, 10, 16, 12}[size % 4];
    const Format wide{size, 16 + (size * 7) % 23, bit_depth, Chroma::k400},
        high{16 + (size * 5) % 19, size, bit_depth, Chroma::k400};
    for (const Format& format : {wide, high}) {
      const Frame ref = make_frame(format, size % 3 == 0 ? Pattern::kNoise : Pattern::kTexture, size);
      check_kernels(ref, distort(ref, size), {100.0, 1.0}, 12, "size");
    }
  }
}

TEST(VifKernels, HoldAtTheExtremesOfContrast) {
  for (const int bit_depth : {8, 10, 12, 16}) {
    const Format format{90, 64, bit_depth, Chroma::k400};
    const int peak = (1 << bit_depth) - 1;
    const auto put = [&](Frame& frame, int y, int x, int value) {
      if (bit_depth == 8) {
        mutable_row(frame, 0, y)[x] = static_cast<uint8_t>(value);
      } else {
        reinterpret_cast<uint16_t*>(mutable_row(frame, 0, y))[x] = static_cast<uint16_t>(value);
      }
    };
    // Halves of black and white, upright and lying, with and against each other: the largest variances.
    Frame upright = make_frame(format, Pattern::kBlack, 1), lying = upright,
          inverse = make_frame(format, Pattern::kBlack, 2);
    lying = make_frame(format, Pattern::kBlack, 3);
    Frame faint = make_frame(format, Pattern::kBlack, 4);
    for (int y = 0; y < 64; ++y) {
      for (int x = 0; x < 90; ++x) {
        put(upright, y, x, x < 45 ? 0 : peak);
        put(inverse, y, x, x < 45 ? peak : 0);
        put(lying, y, x, y < 32 ? peak : 0);
        put(faint, y, x, x < 45 ? 0 : peak / 80);  // the largest gain: a faint edge made stark
      }
    }
    for (const Frame* ref : {&upright, &inverse, &lying, &faint}) {
      for (const Frame* dis : {&upright, &inverse, &lying, &faint})
        check_kernels(*ref, *dis, {100.0}, 64, "edges");
    }
  }
}

TEST(VifKernels, LogarithmIsTheTable) {
  std::vector<uint32_t> v;
  for (uint32_t i = 32768; i < 65536; ++i) {
    // Every index with nothing, everything and one bit below it, at several octaves.
    v.push_back(i << 1);
    v.push_back((i << 1) | 1);
    for (const int k : {2, 7, 8, 9, 13, 14, 15}) {
      v.push_back(i << k);
      v.push_back((i << k) | ((1u << k) - 1));
      v.push_back((i << k) | (1u << (k - 1)));
    }
  }
  for_each_target([&](const char* target) {
    std::vector<int32_t> got(v.size());
    log2_row(v.data(), static_cast<int>(v.size()), got.data());
    for (size_t i = 0; i < v.size(); ++i)
      ASSERT_EQ(got[i], log2_q11(v[i]) - 2048 * 17) << target << " " << v[i];
  });
}

TEST(VifKernels, TableIsTheOneOfTheDefinition) {
  uint32_t crc = ~0u;
  int64_t sum = 0;
  for (int i = 0; i < 32768; ++i) {
    const uint16_t entry = log2_table()[i];
    sum += entry;
    for (const int byte : {entry & 255, entry >> 8}) {
      crc ^= static_cast<uint32_t>(byte);
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1)));
    }
  }
  EXPECT_EQ(~crc, 0x42ad4d4fu);
  EXPECT_EQ(sum, 1044032097);
}

TEST(Vif, ScoresFollowTheDefinition) {
  for (const int bit_depth : {8, 10, 12, 16}) {
    const Format format{101, 213, bit_depth, Chroma::k420};  // several strips
    const Frame ref = make_frame(format, Pattern::kTexture, 5), dis = distort(ref, 6);
    for (const bool skip : {false, true}) {
      for (const char* limit : {"100", "1.05"}) {
        OptionMap options{{"debug", "true"}, {"vif_enhn_gain_limit", limit}};
        if (skip) options["vif_skip_scale0"] = "true";
        const auto scores = run_metric(*make(format, options), {ref}, {dis});
        ASSERT_EQ(scores.size(), 15u);
        const Expected expected = by_definition(ref, dis, std::atof(limit));
        std::string suffix = std::string(limit) == "1.05" ? "_egl_1.05" : "";
        if (skip) suffix += "_ssclz";
        double num = 0, den = 0;
        for (int s = 0; s < kScales; ++s) {
          const std::string scale = std::to_string(s);
          const std::string key = suffix.empty() ? "VMAF_integer_feature_vif_scale" + scale + "_score"
                                                 : "integer_vif_scale" + scale + suffix;
          const bool skipped = skip && s == 0;
          const float n = skipped ? 0.0f : num_of(expected.sums[s]),
                      d = skipped ? -1.0f : den_of(expected.sums[s]);
          EXPECT_EQ(scores.at(key)[0], skipped ? 0.0 : static_cast<double>(n / d)) << key;
          EXPECT_EQ(scores.at("integer_vif_num_scale" + scale + suffix)[0], n);
          EXPECT_EQ(scores.at("integer_vif_den_scale" + scale + suffix)[0], d);
          if (skipped) continue;
          num += n;
          den += d;
        }
        EXPECT_EQ(scores.at("integer_vif_num" + suffix)[0], num);
        EXPECT_EQ(scores.at("integer_vif_den" + suffix)[0], den);
        EXPECT_EQ(scores.at("integer_vif" + suffix)[0], num / den);
      }
    }
  }
}

TEST(Vif, ManyDistortedClipsInLockstepEqualSingleRuns) {
  for (const int bit_depth : {8, 10}) {
    const Format format{75, 230, bit_depth, Chroma::k420};
    std::vector<Frame> ref;
    std::vector<std::vector<Frame>> clips(3);
    for (int i = 0; i < 2; ++i) {
      ref.push_back(make_frame(format, i == 0 ? Pattern::kTexture : Pattern::kNoise, i));
      for (int k = 0; k < 3; ++k) clips[k].push_back(distort(ref.back(), 10 * i + k));
    }
    const auto metric = make(format, {{"debug", "true"}});
    for (int count = 1; count <= 3; ++count) {
      const auto together =
          run_metric(*metric, ref, {clips.begin(), clips.begin() + count}, /*reverse=*/true);
      for (int k = 0; k < count; ++k)
        EXPECT_EQ(together[k], run_metric(*metric, ref, clips[k])) << count << " " << k;
    }
  }
}

TEST(Vif, IdenticalPicturesScoreAboutOne) {
  const Format format{128, 96, 8, Chroma::k420};
  const Frame frame = make_frame(format, Pattern::kNoise, 2);
  for (const auto& [key, series] : run_metric(*make(format), {frame}, {frame}))
    EXPECT_NEAR(series[0], 1.0, 1e-4) << key;
  const Frame black = make_frame(format, Pattern::kBlack, 2);
  for (const auto& [key, series] : run_metric(*make(format), {black}, {black}))
    EXPECT_EQ(series[0], 1.0) << key;
}

TEST(Vif, SamplesAboveTheBitDepthDoNoHarm) {
  const Format deep{50, 40, 16, Chroma::k400}, shallow{50, 40, 10, Chroma::k400};
  Frame ref = make_frame(deep, Pattern::kNoise, 1), dis = make_frame(deep, Pattern::kBinaryNoise, 2);
  ref.format = dis.format = shallow;
  for_each_target([&](const char*) { EXPECT_EQ(run_metric(*make(shallow), {ref}, {dis}).size(), 4u); });
}

TEST(Vif, OneInstanceServesSeveralGainLimits) {
  const OptionMap plain, strict = {{"vif_enhn_gain_limit", "1"}}, coarse = {{"vif_skip_scale0", "true"}};
  EXPECT_TRUE(kMetric.shares_work(plain, strict));
  EXPECT_FALSE(kMetric.shares_work(plain, coarse));
  const Format format{150, 97, 8, Chroma::k400};
  const Frame ref = make_frame(format, Pattern::kTexture, 3);
  const std::vector<std::vector<Frame>> clips = {{distort(ref, 1)}, {distort(ref, 2)}};
  const std::vector<OptionMap> variants = {plain, strict};
  const auto together = run_metric(*kMetric.create_variants(format, variants).value(), {ref}, clips);
  for (size_t k = 0; k < clips.size(); ++k) {
    Scores apart;
    for (const OptionMap& options : variants)
      apart.merge(run_metric(*kMetric.create(format, options).value(), {ref}, clips[k]));
    ASSERT_EQ(apart.size(), 8u);
    EXPECT_EQ(together[k], apart);
  }
}

TEST(Vif, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({16, 16, 9, Chroma::k420}, {}).error().message,
            "vif: bit depth 9 is not 8, 10, 12 or 16");
  EXPECT_EQ(kMetric.create({16, 15, 8, Chroma::k420}, {}).error().message,
            "vif: 16x15 is smaller than its minimum of 16x16");
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k420}, {{"vif_enhn_gain_limit", "0.5"}}).error().message,
            "vif: vif_enhn_gain_limit=0.5 is outside [1, 100]");
  EXPECT_TRUE(kMetric.create({16, 16, 8, Chroma::k400}, {}).ok());
}

TEST(Vif, PublishedClipsHaveTheirScores) {
  const char* root = std::getenv("FOVEA_TEST_DATA");
  if (root == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the published clips are not here";
  const double scores[3][kScales] = {
      {0.50571197271347046, 0.87906116247177124, 0.9378732442855835, 0.96430087089538574},
      {0.41164883971214294, 0.81354045867919922, 0.89456266164779663, 0.9368787407875061},
      {0.3819071352481842, 0.79923832416534424, 0.88920056819915771, 0.9365079402923584}};
  const std::filesystem::path clips = std::filesystem::path(root) / "clips" / "netflix";
  for (const int bit_depth : {8, 10, 12, 16}) {
    const Format format{576, 324, bit_depth, Chroma::k420};
    const std::string tail =
        bit_depth == 8 ? "_3frames.yuv" : ".yuv420p" + std::to_string(bit_depth) + "le.yuv";
    const auto ref = read_clip(clips / ("src01_hrc00_576x324" + tail), format, 3);
    const auto dis = read_clip(clips / ("src01_hrc01_576x324" + tail), format, 3);
    const auto got = run_metric(*make(format, {{"debug", "true"}}), ref, dis);
    for (int i = 0; i < 3; ++i) {
      for (int s = 0; s < kScales; ++s) {
        EXPECT_EQ(got.at("VMAF_integer_feature_vif_scale" + std::to_string(s) + "_score")[i], scores[i][s])
            << bit_depth << " " << i;
      }
    }
    EXPECT_EQ(got.at("integer_vif")[0], 0.58071375230283695);
    EXPECT_EQ(got.at("integer_vif_num")[0], 940654.6572265625);
    EXPECT_EQ(got.at("integer_vif_den")[0], 1619825.005859375);
  }
}

}  // namespace
}  // namespace fovea::vif
