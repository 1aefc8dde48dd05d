// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "metrics/float_adm/float_adm_kernels.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::float_adm {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

Source samples_of(const Frame& frame) {
  const int above = 1 << (frame.format.bit_depth - 8);
  return {frame.planes[0], frame.format.sample_bytes(), 128 * above, 1.0f / static_cast<float>(above)};
}

// ---------------------------------------------------------------------------------------------------------
// Strips against their plain loops, on every target.

constexpr float kPoison = -7.0f;

// What the strips of a scale make.
struct Made {
  Made(const BandGeometry& g, int dis_count)
      : sums(1 + 2 * dis_count),
        low(1 + dis_count, std::vector<float>(plane_stride(g.width) * g.height, kPoison)) {
    for (auto& bands : sums) bands.fill(std::vector<float>(g.height, kPoison));
    for (int k = 0; k < dis_count; ++k) views.push_back({view(1 + 2 * k), view(2 + 2 * k)});
    for (auto& plane : low) planes.push_back({plane.data(), plane_stride(g.width)});
  }
  RowSums view(int i) {
    RowSums out;
    for (int b = 0; b < kBands; ++b) out.band[b] = sums[i][b].data();
    return out;
  }
  void attach(Strip& s, bool has_next) {
    s.den = view(0);
    s.sums = views.data();
    s.low_ref = has_next ? planes[0] : LowPlane{};
    s.low_dis = planes.data() + 1;
  }
  std::vector<std::array<std::vector<float>, kBands>> sums;  // den, then num and aim of each picture
  std::vector<std::vector<float>> low;
  std::vector<DistortedSums> views;
  std::vector<LowPlane> planes;
};

// `scoring` null: no sums.
void check(const Source& ref, const std::vector<Source>& dis, const Scoring* scoring, bool has_next,
           int strip_rows, const std::string& what) {
  const BandGeometry g = adm::band_geometry({ref.view.width_px, ref.view.height_px, 8, Chroma::k400})[0];
  const int dis_count = static_cast<int>(dis.size());
  Strip s;
  s.bands = &g;
  s.dis_count = dis_count;
  s.ref = ref;
  s.dis = dis.data();
  s.scoring = scoring;
  s.rows = {0, g.height};
  Made expected(g, dis_count);
  expected.attach(s, has_next);
  run_strip_ref(s);
  for_each_target([&](const char* target) {
    const std::string where = what + " " + target + " " + std::to_string(g.src_width) + "x" +
                              std::to_string(g.src_height) + " in strips of " + std::to_string(strip_rows);
    Made got(g, dis_count);
    got.attach(s, has_next);
    for (int y = 0; y < g.height; y += strip_rows) {
      s.rows = {y, std::min(g.height, y + strip_rows)};
      Scratch scratch(strip_scratch_bytes(dis_count));
      std::memset(scratch.take<uint8_t>(scratch.bytes()), 0xff, scratch.bytes());  // not a number
      scratch.reset();
      run_strip(s, scratch);
    }
    for (size_t i = 0; i < got.sums.size(); ++i) {
      for (int b = 0; b < kBands; ++b) {
        for (int y = 0; y < g.height; ++y)
          ASSERT_EQ(got.sums[i][b][y], expected.sums[i][b][y])
              << where << ": sums " << i << ", band " << b << ", row " << y;
      }
    }
    for (size_t i = 0; has_next && i < got.low.size(); ++i) {
      for (int y = 0; y < g.height; ++y) {
        for (int x = 0; x < g.width; ++x) {
          const size_t at = y * plane_stride(g.width) + x;
          ASSERT_EQ(got.low[i][at], expected.low[i][at])
              << where << ": low band " << i << " at " << y << ", " << x;
        }
      }
    }
  });
}

Scoring usual() {
  Scoring s;
  s.csf[kH] = s.csf[kV] = 0.0173815377f;
  s.csf[kD] = 0.005890687f;
  return s;
}

TEST(FloatAdmKernels, EqualTheDefinitionOnEveryContent) {
  int seed = 1;
  for (const int bit_depth : {8, 10, 12, 16}) {
    for (const Pattern pattern : kAllPatterns) {
      const Format format{50 + seed % 23, 30 + seed % 19, bit_depth, Chroma::k400};
      const Frame ref = make_frame(format, pattern, seed), a = distort(ref, seed),
                  b = make_frame(format, kAllPatterns[seed % 9], seed + 1);
      const Scoring scoring = usual();
      check(samples_of(ref), {samples_of(a), samples_of(b)}, &scoring, true, 7, pattern_name(pattern));
      EXPECT_TRUE(poison_intact(ref) && poison_intact(a) && poison_intact(b));
      ++seed;
    }
  }
}

TEST(FloatAdmKernels, EqualTheDefinitionAtEverySize) {
  for (int size = 3; size <= 90; ++size) {
    const int bit_depth = std::array{8, 10, 16, 12}[size % 4];
    for (const Format& format : {Format{size, 3 + (size * 7) % 23, bit_depth, Chroma::k400},
                                 Format{3 + (size * 5) % 19, size, bit_depth, Chroma::k400}}) {
      const Frame ref = make_frame(format, size % 3 == 0 ? Pattern::kNoise : Pattern::kTexture, size),
                  dis = distort(ref, size);
      const Scoring scoring = usual();
      check(samples_of(ref), {samples_of(dis)}, &scoring, size % 2 == 0, 5 + size % 9, "size");
    }
  }
}

// Several tiles, whose ends meet the middle of the band and its border at all places.
TEST(FloatAdmKernels, EqualTheDefinitionInTiles) {
  for (const int width : {248, 250, 251, 252, 253, 276, 278, 280, 310, 312, 499, 501, 503, 640, 999, 1290}) {
    const Format format{width, 21, width % 3 == 0 ? 10 : 8, Chroma::k400};
    const Frame ref = make_frame(format, Pattern::kTexture, width), dis = distort(ref, width);
    const Scoring scoring = usual();
    check(samples_of(ref), {samples_of(dis)}, &scoring, width % 2 == 0, 100, "tiles");
    check(samples_of(ref), {samples_of(dis)}, nullptr, true, 4, "tiles without sums");
  }
}

// Sources of the other scales.
TEST(FloatAdmKernels, EqualTheDefinitionOnFloats) {
  Random random(5);
  for (const int width : {3, 4, 17, 34, 63, 64, 65, 131, 270}) {
    const int height = 5 + width % 13;
    std::vector<float> planes[2];
    for (auto& plane : planes) {
      plane.resize(plane_stride(width) * height);
      for (float& v : plane) v = static_cast<float>(random.uniform(-50000, 50000)) / 97.0f;
    }
    for (size_t i = 0; i < planes[1].size(); i += 3) planes[1][i] = planes[0][i];
    const auto source = [&](const std::vector<float>& plane) {
      return Source{{reinterpret_cast<const uint8_t*>(plane.data()),
                     plane_stride(width) * static_cast<ptrdiff_t>(sizeof(float)), width, height},
                    4,
                    0,
                    1.0f};
    };
    const Scoring scoring = usual();
    check(source(planes[0]), {source(planes[1])}, &scoring, true, 4, "floats");
  }
}

TEST(FloatAdmKernels, EqualTheDefinitionUnderAllOptions) {
  const Format format{83, 75, 8, Chroma::k400};
  const Frame ref = make_frame(format, Pattern::kTexture, 3), a = distort(ref, 4), b = distort(ref, 5);
  for (const double limit : {1.0, 1.2, 7.5}) {
    for (const bool masking : {true, false}) {
      for (const float p : {3.0f, 1.0f, 3.5f}) {
        Scoring s = usual();
        s.gain_limit = limit;
        s.masking = masking;
        s.p_norm = p;
        s.csf[kD] = limit == 7.5 ? 0.0f : 2.5f;
        check(samples_of(ref), {samples_of(a), samples_of(b)}, &s, true, 16,
              "limit " + std::to_string(limit));
        check(samples_of(a), {samples_of(ref)}, &s, false, 16, "swapped");
      }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------
// The metric.

TEST(FloatAdm, ScoresDoNotDependOnTargetStripsOrCompany) {
  for (const int bit_depth : {8, 10}) {
    const Format format{117, 413, bit_depth, Chroma::k420};  // several strips
    std::vector<Frame> ref;
    std::vector<std::vector<Frame>> clips(3);
    for (int i = 0; i < 2; ++i) {
      ref.push_back(make_frame(format, i == 0 ? Pattern::kTexture : Pattern::kNoise, i));
      for (int k = 0; k < 3; ++k) clips[k].push_back(distort(ref.back(), 10 * i + k));
    }
    for (const OptionMap& options :
         {OptionMap{{"debug", "true"}}, OptionMap{{"adm_p_norm", "2.5"}, {"adm_enhn_gain_limit", "1.2"}},
          OptionMap{{"adm_skip_scale0", "true"}, {"adm_bypass_cm", "1"}}}) {
      const auto metric = make(format, options);
      ASSERT_GT(metric->strips()[0], 1);
      const auto alone = run_metric(*metric, ref, clips[1]);
      for_each_target([&](const char* target) {
        const auto together = run_metric(*metric, ref, clips, /*reverse=*/true);
        EXPECT_EQ(together[1], alone) << target;
      });
    }
  }
}

TEST(FloatAdm, IdenticalPicturesScoreOne) {
  const Format format{128, 96, 8, Chroma::k420};
  for (const Pattern pattern : {Pattern::kNoise, Pattern::kBlack}) {
    const Frame frame = make_frame(format, pattern, 2);
    for (const auto& [key, series] : run_metric(*make(format), {frame}, {frame}))
      EXPECT_NEAR(series[0], key.find("aim") != std::string::npos ? 0.0 : 1.0, 1e-6) << key;
  }
}

TEST(FloatAdm, OptionsNameTheFeatures) {
  const Format format{64, 64, 8, Chroma::k420};
  const auto metric = make(format, {{"debug", "true"},
                                    {"adm_enhn_gain_limit", "1.05"},
                                    {"adm_ref_display_height", "720"},
                                    {"adm_adm3_apply_hm", "true"},
                                    {"adm_bypass_cm", "1"},
                                    {"adm_f2s3", "0.5"},
                                    {"adm_skip_aim_scale", "0"},
                                    {"adm_skip_scale0", "true"}});
  const std::string tail = "_aah_bcm_1_egl_1.05_f2s3_0.5_rdf_720_sasc_0_ssz";
  ASSERT_EQ(metric->features().size(), 18u);
  EXPECT_EQ(metric->features()[0].key, "adm2" + tail);
  EXPECT_EQ(metric->features()[6].key, "adm_scale3" + tail);
  EXPECT_EQ(metric->features()[7].key, "adm");
  EXPECT_EQ(metric->features()[17].key, "adm_den_scale3" + tail);
  EXPECT_EQ(make(format)->features()[0].key, "VMAF_feature_adm2_score");
  EXPECT_EQ(make(format)->features()[1].label, "aim");
  const Frame ref = make_frame(format, Pattern::kNoise, 1), dis = make_frame(format, Pattern::kNoise, 2);
  const auto scores = run_metric(*metric, {ref}, {dis});
  EXPECT_EQ(scores.at("adm_scale0" + tail)[0], 0.0);
  EXPECT_EQ(scores.at("adm_num_scale0" + tail)[0], 0.0);
  EXPECT_EQ(scores.at("adm_den_scale0" + tail)[0], static_cast<double>(1e-10f));
}

TEST(FloatAdm, WithoutAnyEnergy) {
  const Format format{64, 64, 8, Chroma::k420};
  const Frame flat = make_frame(format, Pattern::kBlack, 1);
  const auto scores =
      run_metric(*make(format, {{"adm_noise_weight", "0"}, {"adm_min_val", "0.3"}}), {flat}, {flat});
  EXPECT_NEAR(scores.at("adm2_min_0.3_nw_0")[0], 1.0,
              0.5);  // what rounding leaves of a flat picture, or none
  EXPECT_GE(scores.at("adm3_min_0.3_nw_0")[0], 0.3);
}

TEST(FloatAdm, SamplesAboveTheBitDepthDoNoHarm) {
  const Format deep{50, 40, 16, Chroma::k400}, shallow{50, 40, 10, Chroma::k400};
  Frame ref = make_frame(deep, Pattern::kNoise, 1), dis = make_frame(deep, Pattern::kBinaryNoise, 2);
  ref.format = dis.format = shallow;
  for_each_target([&](const char*) { EXPECT_EQ(run_metric(*make(shallow), {ref}, {dis}).size(), 7u); });
}

TEST(FloatAdm, RefusesWhatItIsNotDefinedFor) {
  const auto message = [](const Format& format, const OptionMap& options) {
    const auto metric = kMetric.create(format, options);
    return metric.ok() ? std::string("accepted") : metric.error().message;
  };
  EXPECT_EQ(message({17, 17, 9, Chroma::k420}, {}), "float_adm: bit depth 9 is not 8, 10, 12 or 16");
  EXPECT_EQ(message({17, 16, 8, Chroma::k420}, {}), "float_adm: 17x16 is smaller than its minimum of 17x17");
  EXPECT_EQ(message({17, 17, 8, Chroma::k400}, {}), "accepted");
  EXPECT_EQ(message({64, 64, 8, Chroma::k400}, {{"adm_norm_view_dist", "0.75"}}), "accepted");
  EXPECT_NE(message({64, 64, 8, Chroma::k400}, {{"adm_skip_aim_scale", "-1"}}), "accepted");
  EXPECT_NE(message({64, 64, 8, Chroma::k400}, {{"adm_ref_display_height", "0"}}), "accepted");
}

}  // namespace
}  // namespace fovea::float_adm
