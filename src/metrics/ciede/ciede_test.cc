// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <numbers>

#include "metrics/ciede/ciede_kernels.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::ciede {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

std::unique_ptr<Metric> make(const Format& format) {
  auto metric = kMetric.create(format, {});
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

int sample(const Frame& frame, int plane, int y, int x) {
  const PlaneView& view = frame.planes[plane];
  y = std::min(y, view.height_px - 1);
  x = std::min(x, view.width_px - 1);
  return frame.format.sample_bytes() == 1 ? view.row<uint8_t>(y)[x] : view.row<uint16_t>(y)[x];
}

LabColour lab_at(const Frame& frame, int y, int x) {
  const Chroma chroma = frame.format.chroma;
  const int cy = chroma == Chroma::k420 ? y / 2 : y, cx = chroma == Chroma::k444 ? x : x / 2;
  return colour_to_lab_ref(sample(frame, 0, y, x), sample(frame, 1, cy, cx), sample(frame, 2, cy, cx),
                           frame.format.bit_depth);
}

double definition(const Frame& ref, const Frame& dis) {
  double sum = 0;
  for (int y = 0; y < ref.format.height_px; ++y) {
    for (int x = 0; x < ref.format.width_px; ++x) sum += difference_ref(lab_at(ref, y, x), lab_at(dis, y, x));
  }
  return 45.0 - 20.0 * std::log10(sum / (static_cast<double>(ref.format.width_px) * ref.format.height_px));
}

// The errors that ciede_math-inl.h promises, over dense sweeps, and the same bits on every target.
TEST(CiedeMath, ErrorsAreWithinTheirBounds) {
  constexpr double kPi = std::numbers::pi;
  struct Case {
    Function function;
    const char* name;
    double low, high;
    double (*truth)(double);
    bool single, relative;
    double bound;
  };
  const Case cases[] = {
      {Function::kPower2_4, "x^2.4", 0.0625, 90, [](double x) { return std::pow(x, 2.4); }, false, true,
       1e-9},
      {Function::kCubeRoot, "x^(1/3)", 0.0078125, 9000, [](double x) { return std::cbrt(x); }, false, true,
       1e-10},
      {Function::kInverseSquareRoot, "x^(-1/2)", 1e-30, 1e38, [](double x) { return 1 / std::sqrt(x); }, true,
       true, 3e-7},
      {Function::kTwiceArcTangent, "2 atan", 0, 0.41421356237309503,
       [](double x) { return 2 * std::atan(x); }, false, false, 5e-11},
      {Function::kSine, "sin", -kPi / 2, kPi / 2, [](double x) { return std::sin(x); }, true, false, 2e-7},
      {Function::kSineFull, "sin, full", 0, 8, [](double x) { return std::sin(x); }, true, false, 3e-7},
      {Function::kCosineFull, "cos, full", 0, 8, [](double x) { return std::cos(x); }, true, false, 3e-7},
      {Function::kExpOfMinus, "exp(-x) up to 1", 0, 1, [](double x) { return std::exp(-x); }, true, true,
       2e-7},
      {Function::kExpOfMinus, "exp(-x)", 0, 80, [](double x) { return std::exp(-x); }, true, true, 5e-6},
  };
  constexpr int kCount = 200001;
  std::vector<double> in(kCount), out(kCount), first(kCount);
  for (const Case& c : cases) {
    for (int i = 0; i < kCount; ++i) {
      const double t = static_cast<double>(i) / (kCount - 1);
      // Ranges of many octaves are swept evenly in the logarithm.
      in[i] = c.low > 0 && c.high / c.low > 100 ? c.low * std::pow(c.high / c.low, t)
                                                : c.low + (c.high - c.low) * t;
      if (c.single) in[i] = static_cast<float>(in[i]);
    }
    bool have_first = false;
    for_each_target([&](const char* target) {
      apply(c.function, in.data(), kCount, out.data());
      if (!have_first) first = out;
      have_first = true;
      ASSERT_EQ(out, first) << c.name << " " << target << ": targets disagree";
      double worst = 0;
      for (int i = 0; i < kCount; ++i) {
        const double truth = c.truth(in[i]);
        worst = std::max(worst, std::abs(out[i] - truth) / (c.relative ? truth : 1.0));
      }
      EXPECT_LT(worst, c.bound) << c.name << " " << target;
      std::printf("%-16s %-7s largest error %.2g\n", c.name, target, worst);
    });
  }
}

// Colours of all kinds, near and far apart, pixel by pixel.
TEST(CiedeKernel, PixelsFollowTheDefinitionOnEveryTarget) {
  for (const int bit_depth : {8, 10, 12, 16}) {
    Random random(bit_depth);
    const int peak = (1 << bit_depth) - 1;
    const Conversion conversion = make_conversion(bit_depth);
    const auto ref = std::make_unique<Colours>(), dis = std::make_unique<Colours>();
    const auto ref_lab = std::make_unique<Lab>(), dis_lab = std::make_unique<Lab>();
    int pixels = 0, lab_differs = 0, off = 0;
    for (int round = 0; round < 60; ++round) {
      const int reach = round % 3 == 0 ? peak : round % 3 == 1 ? peak / 20 : peak / 100;
      const bool grey = round % 5 == 0, edge = round % 7 == 0;
      for (int i = 0; i < kStored; ++i) {
        const auto pick = [&](uint16_t& r, uint16_t& d, bool flat) {
          r = static_cast<uint16_t>(flat   ? (peak + 1) / 2
                                    : edge ? peak * random.uniform(0, 1)
                                           : random.uniform(0, peak));
          d = static_cast<uint16_t>(std::clamp<int64_t>(r + random.uniform(-reach, reach), 0, peak));
        };
        pick(ref->y[i], dis->y[i], false);
        pick(ref->u[i], dis->u[i], grey);
        pick(ref->v[i], dis->v[i], grey);
      }
      std::vector<float> first;
      for_each_target([&](const char* target) {
        std::vector<float> out(kStored);
        colours_to_lab(*ref, kRun, conversion, *ref_lab);
        colours_to_lab(*dis, kRun, conversion, *dis_lab);
        differences(*ref_lab, *dis_lab, kRun, out.data());
        out.resize(kRun);
        const bool count = first.empty();
        if (count) first = out;
        ASSERT_EQ(out, first) << target << ": targets disagree";
        for (int i = 0; i < kRun; ++i) {
          const LabColour r = colour_to_lab_ref(ref->y[i], ref->u[i], ref->v[i], bit_depth);
          const LabColour d = colour_to_lab_ref(dis->y[i], dis->u[i], dis->v[i], bit_depth);
          const float want = difference_ref(r, d);
          // Most pixels are worked out without the roundings of the definition. Those of hue move a
          // difference by up to chroma times a unit of its last bit, 5e-7.
          ASSERT_NEAR(out[i], want, 1.5e-4 + 2e-6 * want)
              << target << " pixel " << i << " bits " << bit_depth;
          if (!count) continue;
          ++pixels;
          lab_differs += r.l != ref_lab->l[i] || r.a != ref_lab->a[i] || r.b != ref_lab->b[i];
          off += std::abs(out[i] - want) > 2e-6f * std::max(want, 0.05f);
        }
      });
    }
    EXPECT_LT(lab_differs, pixels / 100) << bit_depth;
    EXPECT_LT(off, pixels / 20) << bit_depth;
    std::printf("%2d bit: L*a*b* differs in %d, the difference in %d of %d pixels\n", bit_depth, lab_differs,
                off, pixels);
  }
}

TEST(Ciede, FollowsTheDefinitionOnEveryTarget) {
  double worst = 0;
  for (const auto& [width, height] :
       {std::pair{1, 1}, {2, 3}, {7, 5}, {8, 2}, {37, 9}, {255, 3}, {256, 4}, {257, 33}, {530, 6}}) {
    for (const Chroma chroma : {Chroma::k420, Chroma::k422, Chroma::k444}) {
      for (const int bit_depth : {8, 10, 12, 16}) {
        for (const bool floor_chroma : {false, true}) {
          const Format format{width, height, bit_depth, chroma, floor_chroma};
          if (format.plane_width(1) < 1 || format.plane_height(1) < 1) continue;
          const Pattern pattern = kAllPatterns[(width + bit_depth) % std::size(kAllPatterns)];
          const Frame ref = make_frame(format, pattern, width);
          const Frame dis =
              height % 2 == 1 ? make_frame(format, Pattern::kBinaryNoise, 7) : distort(ref, height);
          const double want = definition(ref, dis);
          const auto metric = make(format);
          std::vector<double> first;
          for_each_target([&](const char* target) {
            const auto got = run_metric(*metric, {ref}, {dis}).at("ciede2000");
            if (first.empty()) first = got;
            EXPECT_EQ(got, first) << target << ": targets disagree";
            if (std::isinf(want)) {
              EXPECT_EQ(got[0], want);
            } else {
              worst = std::max(worst, std::abs(got[0] - want));
              ASSERT_NEAR(got[0], want, 2e-6)
                  << target << " " << describe(format) << " " << pattern_name(pattern);
            }
          });
        }
      }
    }
  }
  std::printf("largest error of a score: %.2g\n", worst);
}

TEST(Ciede, StripsAndCompanyDoNotMatter) {
  for (const int bit_depth : {8, 10}) {
    const Format format{507, 61, bit_depth, Chroma::k420};
    const auto metric = make(format);
    const Frame ref = make_frame(format, Pattern::kTexture, 5);
    std::vector<std::vector<Frame>> clips;
    for (int k = 0; k < 18; ++k) clips.push_back({distort(ref, k)});
    const auto want = run_metric(*metric, {ref}, clips);
    EXPECT_EQ(run_metric(*metric, {ref}, clips, /*reverse=*/true), want);
    for (int k = 0; k < 18; ++k) EXPECT_EQ(run_metric(*metric, {ref}, clips[k]), want[k]);
    EXPECT_TRUE(poison_intact(ref));
  }
}

TEST(Ciede, IdenticalPicturesScoreInfinity) {
  for (const Pattern pattern : kAllPatterns) {
    const Frame frame = make_frame({130, 50, 8, Chroma::k420}, pattern, 6);
    EXPECT_EQ(run_metric(*make(frame.format), {frame}, {frame}).at("ciede2000")[0],
              std::numeric_limits<double>::infinity());
  }
}

// Equal colours in blocks that are not skipped add nothing, either: one pixel of each block differs.
TEST(Ciede, EqualColoursAddNothing) {
  const Format format{64, 2, 8, Chroma::k444};
  const Frame ref = make_frame(format, Pattern::kNoise, 3), dis = make_frame(format, Pattern::kNoise, 3);
  for (int x = 0; x < 64; x += 8) mutable_row(const_cast<Frame&>(dis), 0, 0)[x] ^= 4;
  const double got = run_metric(*make(format), {ref}, {dis}).at("ciede2000")[0];
  EXPECT_NEAR(got, definition(ref, dis), 2e-6);
}

// In the dark, where L*a*b* is linear, chroma steps up and down are exactly half a turn apart: roundings
// decide.
TEST(Ciede, HalfTurnsInTheDarkFollowTheDefinition) {
  const Format format{256, 16, 8, Chroma::k444};
  Random random(4);
  Frame ref = allocate_frame(format), dis = allocate_frame(format);
  for (int p = 0; p < 3; ++p) {
    for (int y = 0; y < 16; ++y) {
      for (int x = 0; x < 256; ++x) {
        mutable_row(ref, p, y)[x] =
            static_cast<uint8_t>(p == 0 ? random.uniform(16, 21) : 128 + (x * p / 2 % 5 - 2));
        mutable_row(dis, p, y)[x] =
            static_cast<uint8_t>(p == 0 ? random.uniform(16, 21) : 128 - (x * p / 2 % 5 - 2) * (1 + y % 2));
      }
    }
  }
  EXPECT_NEAR(run_metric(*make(format), {ref}, {dis}).at("ciede2000")[0], definition(ref, dis), 1e-6);
}

// 4:2:2 keeps its chroma rows.
TEST(Ciede, ChromaOf422LiesAtHalfTheColumnAndTheSameRow) {
  const Format half{64, 32, 8, Chroma::k422}, full{64, 32, 8, Chroma::k444};
  const Frame ref = make_frame(half, Pattern::kTexture, 1), dis = distort(ref, 2);
  const auto expand = [&](const Frame& in) {
    Frame out = allocate_frame(full);
    for (int p = 0; p < 3; ++p) {
      for (int y = 0; y < 32; ++y) {
        for (int x = 0; x < 64; ++x)
          mutable_row(out, p, y)[x] = in.planes[p].row<uint8_t>(y)[p == 0 ? x : x / 2];
      }
    }
    return out;
  };
  EXPECT_EQ(run_metric(*make(half), {ref}, {dis}), run_metric(*make(full), {expand(ref)}, {expand(dis)}));
}

// Samples above the bit depth give a number, whatever it is.
TEST(Ciede, SamplesAboveTheBitDepthAreSafe) {
  const Format deep{40, 8, 16, Chroma::k420}, format{40, 8, 10, Chroma::k420};
  Frame ref = make_frame(deep, Pattern::kNoise, 1), dis = make_frame(deep, Pattern::kNoise, 2);
  ref.format = dis.format = format;
  EXPECT_TRUE(std::isfinite(run_metric(*make(format), {ref}, {dis}).at("ciede2000")[0]));
}

TEST(Ciede, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k400}, {}).error().message,
            "ciede: 4:0:0 has no colour; give 4:2:0, 4:2:2 or 4:4:4");
  EXPECT_EQ(kMetric.create({16, 16, 9, Chroma::k420}, {}).error().message,
            "ciede: bit depth 9 is not 8, 10, 12 or 16");
  EXPECT_FALSE(kMetric.create({1, 16, 8, Chroma::k420, true}, {}).ok());
  EXPECT_FALSE(kMetric.create({16, 16, 8, Chroma::k420}, {{"scale", "1"}}).ok());
}

// libvmaf's values on its test clip (576x324, three frames).
TEST(Ciede, Golden) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the test clips are not there";
  for (const int bit_depth : {8, 10, 12, 16}) {
    const Format format{576, 324, bit_depth, Chroma::k420};
    const std::string end =
        bit_depth == 8 ? "_576x324_3frames.yuv" : "_576x324.yuv420p" + std::to_string(bit_depth) + "le.yuv";
    const auto read = [&](const std::string& name) {
      std::ifstream file(data + ("/clips/netflix/" + name), std::ios::binary);
      std::vector<Frame> frames;
      for (int i = 0; i < 3; ++i) {
        frames.push_back(allocate_frame(format));
        for (int p = 0; p < 3; ++p) {
          for (int y = 0; y < format.plane_height(p); ++y) {
            file.read(reinterpret_cast<char*>(mutable_row(frames[i], p, y)),
                      static_cast<std::streamsize>(format.plane_width(p)) * format.sample_bytes());
          }
        }
      }
      EXPECT_TRUE(file.good()) << name;
      return frames;
    };
    const auto ref = read("src01_hrc00" + end), dis = read("src01_hrc01" + end);
    const auto scores = run_metric(*make(format), ref, dis).at("ciede2000");
    const double want[] = {35.736006, 34.083841, 33.375169};
    for (int i = 0; i < 3; ++i) EXPECT_NEAR(scores[i], want[i], 6e-7) << bit_depth << " bit, frame " << i;
  }
}

}  // namespace
}  // namespace fovea::ciede
