// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "metrics/metric.h"
#include "metrics/speed_chroma/speed_band.h"
#include "metrics/speed_chroma/speed_model.h"
#include "metrics/speed_chroma/speed_pipeline.h"
#include "metrics/testing.h"

namespace fovea::speed_chroma {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

const OptionMap kModelOptions = {{"speed_nn_floor", "0.1"}, {"speed_sigma_nn", "0.19"}, {"speed_weight_var_mode", "5"}, {"speed_max_val", "45"}};

OptionMap with(OptionMap options, const OptionMap& more) {
  for (const auto& [name, value] : more) options[name] = value;
  return options;
}

// The metric by its definition: whole pictures, full filters, no tables.
struct Picture {
  Picture(int w, int h) : width(w), height(h), samples(static_cast<size_t>(w) * h) {}
  float& at(int y, int x) { return samples[static_cast<size_t>(y) * width + x]; }
  float at(int y, int x) const { return samples[static_cast<size_t>(y) * width + x]; }
  int width, height;
  std::vector<float> samples;
};

int reflected(int i, int n) { return i < 0 ? -i : i >= n ? 2 * n - 2 - i : i; }

Picture picture_of(const PlaneView& plane, int width, int height, int bit_depth) {
  Picture out(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int v = bit_depth > 8 ? plane.row<uint16_t>(y)[x] : plane.row<uint8_t>(y)[x];
      out.at(y, x) = static_cast<float>(v) / static_cast<float>(1 << (bit_depth - 8)) - 128.0f;
    }
  }
  return out;
}

Picture filtered(const Picture& in, const std::vector<float>& taps) {
  const int radius = static_cast<int>(taps.size()) / 2;
  Picture down(in.width, in.height), out(in.width, in.height);
  for (int y = 0; y < in.height; ++y) {
    for (int x = 0; x < in.width; ++x) {
      float sum = 0;
      for (int t = -radius; t <= radius; ++t) sum += taps[t + radius] * in.at(reflected(y + t, in.height), x);
      down.at(y, x) = sum;
    }
  }
  for (int y = 0; y < in.height; ++y) {
    for (int x = 0; x < in.width; ++x) {
      float sum = 0;
      for (int t = -radius; t <= radius; ++t) sum += taps[t + radius] * down.at(y, reflected(x + t, in.width));
      out.at(y, x) = sum;
    }
  }
  return out;
}

Picture bilinear(const Picture& in, int width, int height) {
  Picture out(width, height);
  const float rx = static_cast<float>(in.width) / static_cast<float>(width), ry = static_cast<float>(in.height) / static_cast<float>(height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const float xx = static_cast<float>((x + 0.5) * rx - 0.5), yy = static_cast<float>((y + 0.5) * ry - 0.5);
      const int x1 = reflected(static_cast<int>(std::floor(xx)), in.width), x2 = reflected(static_cast<int>(std::ceil(xx)), in.width);
      const int y1 = reflected(static_cast<int>(std::floor(yy)), in.height), y2 = reflected(static_cast<int>(std::ceil(yy)), in.height);
      const float dx = xx - static_cast<float>(x1), dy = yy - static_cast<float>(y1);
      out.at(y, x) = (1 - dy) * (1 - dx) * in.at(y1, x1) + (1 - dy) * dx * in.at(y1, x2) + dy * (1 - dx) * in.at(y2, x1) + dy * dx * in.at(y2, x2);
    }
  }
  return out;
}

// The lattice of the pipeline in every odd shape, depth and kernel size.
TEST(SpeedLattice, IsThatOfTheFullFilter) {
  for (const int bit_depth : {8, 10, 16}) {
    for (const double kernelscale : {0.5, 1.0, 2.0, 360.0 / 97}) {
      for (const double prescale : {1.0, 0.5, 0.6, 1.7}) {
        for (const auto& [width, height] : {std::pair{160, 160}, {173, 201}, {259, 175}}) {
          speed::Options options;
          options.kernelscale = kernelscale;
          options.prescale = prescale;
          options.prescale_method = "bilinear";
          const auto plan = speed::make_plan("test", options, width, height, bit_depth);
          ASSERT_TRUE(plan.ok()) << plan.error().message;
          const Frame frame = make_frame({width, height, bit_depth, Chroma::k400}, Pattern::kTexture, width);
          Picture picture = picture_of(frame.planes[0], width, height, bit_depth);
          if (prescale != 1.0) picture = bilinear(picture, plan->scaled_width, plan->scaled_height);
          const Picture want = filtered(picture, plan->wide);
          for_each_target([&, width = width, height = height](const char* target) {
            Scratch scratch(lattice_scratch_bytes(*plan));
            std::vector<float> lattice(static_cast<size_t>(plan->lattice_pitch()) * plan->lattice_height);
            lattice_rows(*plan, {&frame.planes[0], nullptr}, 0, plan->lattice_height, lattice.data(), scratch);
            for (int y = 0; y < plan->lattice_height; ++y) {
              for (int x = 0; x < plan->lattice_width; ++x) {
                ASSERT_EQ(lattice[static_cast<size_t>(y) * plan->lattice_pitch() + x], want.at(16 * y, 16 * x))
                    << target << " " << width << "x" << height << " " << bit_depth << " bit, ks " << kernelscale << " ps " << prescale
                    << " at " << y << "," << x;
              }
            }
          });
        }
      }
    }
  }
}

// The model of a band by the plain loops of the reference.
struct RefModel {
  std::vector<float> strength, entropy;
  bool failed = false;
};

RefModel ref_model(const speed::Plan& plan, const PlaneView& plane) {
  using namespace speed;
  Picture picture = picture_of(plane, plan.width, plan.height, plan.bit_depth);
  if (plan.resample) picture = bilinear(picture, plan.scaled_width, plan.scaled_height);
  const Picture smooth = filtered(picture, plan.wide);
  Picture lattice(plan.lattice_width, plan.lattice_height);
  for (int y = 0; y < lattice.height; ++y) {
    for (int x = 0; x < lattice.width; ++x) lattice.at(y, x) = smooth.at(16 * y, 16 * x);
  }
  Picture band = filtered(lattice, plan.narrow);
  for (size_t i = 0; i < band.samples.size(); ++i) band.samples[i] = lattice.samples[i] - band.samples[i];

  std::vector<float> k(kDims * kPitch), q(kPaddedDims * kPitch), r(kPaddedDims * kPitch);
  covariance_ref(band.samples.data(), band.width, plan.blocks_v * 5, plan.blocks_h * 5, k.data());
  float lambda[kDims], rest[kDims - 1];
  tridiagonalise_ref(k.data(), lambda, rest);
  diagonalise(lambda, rest);
  RefModel model;
  for (const float value : lambda) model.failed = model.failed || !(value >= kTiny);
  model.failed = model.failed || !factor_ref(k.data(), q.data(), r.data());
  const int blocks = plan.blocks();
  std::vector<float> y(static_cast<size_t>(kDims) * blocks), b(static_cast<size_t>(kPaddedDims) * blocks);
  for (int a = 0; a < kDims; ++a) {
    for (int j = 0; j < blocks; ++j) y[a * blocks + j] = band.at(j / plan.blocks_h * 5 + a / 5, j % plan.blocks_h * 5 + a % 5);
  }
  model.strength.resize(blocks);
  model.entropy.resize(blocks);
  block_statistics_ref(model.failed ? nullptr : q.data(), r.data(), lambda, plan.noise, y.data(), blocks, blocks, b.data(),
                       model.strength.data(), model.entropy.data());
  return model;
}

float ref_score(const speed::Plan& plan, const RefModel& ref, const RefModel& dis) {
  if (ref.failed != dis.failed) return 0;
  float sum = 0;
  for (size_t j = 0; j < ref.entropy.size(); ++j) {
    if (ref.entropy[j] < plan.base_entropy && dis.entropy[j] < plan.base_entropy) continue;
    const double sr = ref.strength[j], sd = dis.strength[j];
    double wr = 1.0f + ref.strength[j], wd = 1.0f + dis.strength[j];
    const double mean = 1 + (ref.strength[j] + dis.strength[j]) / 2.0;
    switch (plan.weight_mode) {
      case 0: break;
      case 1: wd = wr; break;
      case 2: wr = wd; break;
      case 3: wr = wd = mean; break;
      case 4: wd = mean; break;
      case 5: wd = 1 + (0.75 * sr + 0.25 * sd); break;
      case 6: wd = 1 + (0.25 * sr + 0.75 * sd); break;
    }
    const float fr = static_cast<float>(ref.entropy[j] * std::log2(wr)), fd = static_cast<float>(dis.entropy[j] * std::log2(wd));
    sum += std::abs(fr - fd);
  }
  return sum / static_cast<float>(ref.entropy.size());
}

TEST(SpeedChroma, FollowsTheDefinition) {
  struct Case {
    Format format;
    OptionMap options;
  };
  const Case cases[] = {
      {{451, 333, 8, Chroma::k420}, {}},
      {{331, 281, 8, Chroma::k444}, kModelOptions},
      {{450, 250, 10, Chroma::k422}, {{"speed_weight_var_mode", "3"}}},
      {{520, 300, 12, Chroma::k444}, with(kModelOptions, {{"speed_prescale", "0.6"}, {"speed_prescale_method", "bilinear"}})},
      {{640, 600, 16, Chroma::k444}, with(kModelOptions, {{"speed_prescale", "0.5"}, {"speed_prescale_method", "bilinear"}})},
      {{333, 290, 8, Chroma::k420}, {{"speed_prescale", "2"}, {"speed_prescale_method", "bilinear"}, {"speed_weight_var_mode", "6"}, {"speed_kernelscale", "2"}}},
      {{400, 300, 8, Chroma::k444}, {{"speed_weight_var_mode", "1"}}},
      {{400, 300, 8, Chroma::k444}, {{"speed_weight_var_mode", "2"}, {"speed_nn_floor", "1"}}},
      {{400, 300, 8, Chroma::k444}, {{"speed_weight_var_mode", "4"}, {"speed_kernelscale", "0.5"}}},
  };
  int alive = 0;
  for (const Case& c : cases) {
    for (const Pattern pattern : {Pattern::kTexture, Pattern::kNoise, Pattern::kFlat}) {
      const Frame ref = make_frame(c.format, pattern, 1), dis = distort(ref, 2);
      const auto metric = make(c.format, c.options);
      const auto option = [&](const char* name, double other) {
        return c.options.count(name) != 0 ? std::atof(c.options.at(name).c_str()) : other;
      };
      speed::Options options{option("speed_kernelscale", 1), option("speed_prescale", 1), "bilinear", option("speed_sigma_nn", 0.29),
                             option("speed_nn_floor", 0), static_cast<int>(option("speed_weight_var_mode", 0))};
      const int shift_x = c.format.chroma != Chroma::k444, shift_y = c.format.chroma == Chroma::k420;
      const auto plan = speed::make_plan("test", options, c.format.width_px >> shift_x, c.format.height_px >> shift_y, c.format.bit_depth);
      ASSERT_TRUE(plan.ok());
      double want[2];
      bool failed[2];
      for (int p = 0; p < 2; ++p) {
        const RefModel r = ref_model(*plan, ref.planes[1 + p]), d = ref_model(*plan, dis.planes[1 + p]);
        want[p] = ref_score(*plan, r, d);
        failed[p] = r.failed || d.failed;
      }
      const auto scores = run_metric(*metric, {ref}, {dis});
      const double cap = option("speed_max_val", 1000);
      const auto capped = [&](double x) { return x < cap ? x : cap; };
      const std::string what = describe(c.format) + " " + pattern_name(pattern) + metric->features()[2].key;
      // The sums of the covariance may differ in a last place of double precision.
      EXPECT_NEAR(scores.at(metric->features()[0].key)[0], capped(want[0]), 1e-4) << what;
      EXPECT_NEAR(scores.at(metric->features()[1].key)[0], capped(want[1]), 1e-4) << what;
      const double uv = failed[0] == failed[1] ? (want[0] + want[1]) / 2 : failed[0] ? want[1] : want[0];
      EXPECT_NEAR(scores.at(metric->features()[2].key)[0], capped(uv), 1e-4) << what;
      alive += !failed[0] && !failed[1] && want[0] > 0.01;
    }
  }
  EXPECT_GE(alive, 10) << "too few cases with a usable covariance";
}

// Odd pictures leave out the last, half chroma sample.
TEST(SpeedChroma, OddPicturesUseWholeChromaSamplesOnly) {
  const Frame odd = make_frame({451, 333, 8, Chroma::k420}, Pattern::kTexture, 3), odd_dis = distort(odd, 4);
  const auto even_of = [](const Frame& from) {
    Frame to = allocate_frame({450, 332, 8, Chroma::k420});
    for (int p = 0; p < 3; ++p) {
      for (int y = 0; y < to.planes[p].height_px; ++y) std::copy_n(from.planes[p].row_bytes(y), to.planes[p].width_px, mutable_row(to, p, y));
    }
    return to;
  };
  EXPECT_EQ(run_metric(*make(odd.format), {odd}, {odd_dis}), run_metric(*make({450, 332, 8, Chroma::k420}), {even_of(odd)}, {even_of(odd_dis)}));
}

TEST(SpeedChroma, TargetsStripsAndCompanyDoNotMatter) {
  for (const int bit_depth : {8, 10}) {
    for (const OptionMap& options : {kModelOptions, with(kModelOptions, {{"speed_prescale", "0.6"}, {"speed_prescale_method", "bicubic"}})}) {
      const Format format{701, 555, bit_depth, Chroma::k420};
      const auto metric = make(format, options);
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

TEST(SpeedChroma, IdenticalAndFlatPicturesScoreNothing) {
  const Format format{480, 320, 8, Chroma::k420};
  for (const Pattern pattern : kAllPatterns) {
    const Frame frame = make_frame(format, pattern, 6);
    const auto plain = run_metric(*make(format), {frame}, {frame}), model = run_metric(*make(format, kModelOptions), {frame}, {frame});
    for (const auto& [key, values] : plain) EXPECT_EQ(values[0], 0) << key << pattern_name(pattern);
    // Weight mode 5 takes a float sum for the one picture and a double one for the other.
    for (const auto& [key, values] : model) EXPECT_NEAR(values[0], 0, 1e-4) << key << pattern_name(pattern);
  }
  const Frame flat = make_frame(format, Pattern::kFlat, 1), noise = make_frame(format, Pattern::kNoise, 1);
  const auto one_flat = run_metric(*make(format), {noise}, {flat});
  for (const auto& [key, values] : one_flat) EXPECT_EQ(values[0], 0) << key;
}

TEST(SpeedChroma, SamplesAboveTheBitDepthAreHarmless) {
  const Format format{350, 340, 10, Chroma::k420};
  Frame wild = make_frame({350, 340, 16, Chroma::k420}, Pattern::kBinaryNoise, 7);
  wild.format = format;
  run_metric(*make(format), {wild}, {make_frame(format, Pattern::kNoise, 1)});
}

TEST(SpeedChroma, ScoresAreBoundedByMaxVal) {
  const Format format{480, 320, 8, Chroma::k420};
  const Frame ref = make_frame(format, Pattern::kNoise, 8), dis = make_frame(format, Pattern::kBinaryNoise, 9);
  const auto scores = run_metric(*make(format, {{"speed_max_val", "0.5"}}), {ref}, {dis});
  for (const char* key : {"speed_chroma_u_mxv_0.5", "speed_chroma_v_mxv_0.5", "speed_chroma_uv_mxv_0.5"}) EXPECT_EQ(scores.at(key)[0], 0.5) << key;
}

TEST(SpeedChroma, Names) {
  const Format format{480, 320, 8, Chroma::k420};
  const auto plain = make(format), model = make(format, kModelOptions);
  ASSERT_EQ(plain->features().size(), 3u);
  EXPECT_EQ(plain->features()[2].key, "Speed_chroma_feature_speed_chroma_uv_score");
  EXPECT_EQ(plain->features()[2].label, "speed_chroma_uv");
  EXPECT_EQ(model->features()[0].key, "speed_chroma_u_mxv_45_nnf_0.1_snn_0.19_wvm_5");
  EXPECT_EQ(make(format, with(kModelOptions, {{"speed_kernelscale", "1.0"}}))->features()[2].key, "speed_chroma_uv_mxv_45_nnf_0.1_snn_0.19_wvm_5");
  EXPECT_EQ(make({960, 640, 8, Chroma::k420}, with(kModelOptions, {{"speed_prescale", "0.5"}, {"speed_prescale_method", "bilinear"}}))->features()[2].key,
            "speed_chroma_uv_mxv_45_nnf_0.1_ps_0.5_psm_bilinear_snn_0.19_wvm_5");
}

TEST(SpeedChroma, RefusesWhatItIsNotDefinedFor) {
  const auto message = [](const Format& format, const OptionMap& options) { return kMetric.create(format, options).error().message; };
  EXPECT_EQ(message({480, 320, 8, Chroma::k400}, {}), "speed_chroma: 4:0:0 has no chroma planes to score");
  EXPECT_EQ(message({159, 320, 8, Chroma::k420}, {}), "speed_chroma: a plane of 79x160 is smaller than its minimum of 80x80");
  EXPECT_TRUE(kMetric.create({160, 160, 8, Chroma::k420}, {}).ok());
  EXPECT_EQ(message({300, 320, 8, Chroma::k420}, {{"speed_prescale", "0.5"}}),
            "speed_chroma: a plane of 75x80 after speed_prescale=0.5 is smaller than its minimum of 80x80");
  EXPECT_EQ(message({480, 320, 8, Chroma::k420}, {{"speed_prescale_method", "cubic"}}),
            "speed_chroma: speed_prescale_method=cubic is not one of nearest, bilinear, bicubic, lanczos4");
  EXPECT_EQ(message({480, 320, 8, Chroma::k420}, {{"speed_kernelscale", "1.2"}}).substr(0, 49), "speed_chroma: speed_kernelscale=1.2 is not one of");
  EXPECT_EQ(message({480, 320, 8, Chroma::k420}, {{"speed_sigma_nn", "3"}}), "speed_chroma: speed_sigma_nn=3 is outside [0.1, 2]");
}

// Values of libvmaf on its own test clip (576x324, three frames).
TEST(SpeedChroma, Golden) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the test clips are not there";
  const Format format{576, 324, 8, Chroma::k420};
  const auto read = [&](const char* name) { return read_clip(std::string(data) + "/clips/netflix/" + name, format, 3); };
  const auto ref = read("src01_hrc00_576x324_3frames.yuv"), dis = read("src01_hrc01_576x324_3frames.yuv");
  for_each_target([&](const char* target) {
    auto scores = run_metric(*make(format), ref, dis);
    const double want[3][3] = {{6.121126, 3.796380, 4.958753}, {9.412991, 3.417748, 6.415370}, {12.685597, 3.239602, 7.962600}};
    const char* planes[] = {"u", "v", "uv"};
    for (int i = 0; i < 3; ++i) {
      for (int p = 0; p < 3; ++p) {
        EXPECT_NEAR(scores.at(std::string("Speed_chroma_feature_speed_chroma_") + planes[p] + "_score")[i], want[i][p], 5.1e-7) << target;
      }
    }
    scores = run_metric(*make(format, kModelOptions), ref, dis);
    const double model_want[] = {2.474470, 3.095797, 3.775686};
    for (int i = 0; i < 3; ++i) EXPECT_NEAR(scores.at("speed_chroma_uv_mxv_45_nnf_0.1_snn_0.19_wvm_5")[i], model_want[i], 5.1e-7) << target;
  });
}

}  // namespace
}  // namespace fovea::speed_chroma
