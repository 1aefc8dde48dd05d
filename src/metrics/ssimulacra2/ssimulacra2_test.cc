// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>

#include "metrics/metric.h"
#include "metrics/ssimulacra2/ssimulacra2_kernels.h"
#include "metrics/testing.h"

namespace fovea::ssimulacra2 {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

constexpr float kPoison = 12345.0f;

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

std::vector<float> random_floats(Random& random, size_t count) {
  std::vector<float> out(count);
  for (float& v : out) v = static_cast<float>(random.uniform(0, 1 << 20)) / (1 << 20);
  return out;
}

double score_of(const Metric& metric, const Frame& ref, const Frame& dis) {
  return run_metric(metric, {ref}, {dis}).at("ssimulacra2")[0];
}

// Every luma code, with random chroma.
template <class Sample>
void check_linear_light(int bit_depth, int yuv_matrix) {
  const Color color = make_color(yuv_matrix, bit_depth);
  const int codes = 1 << bit_depth;
  constexpr int kCount = 4 * kPad, kPitch = kCount + 3;
  Random random(bit_depth + 100 * yuv_matrix);
  std::vector<Sample> luma(kCount), cb(kCount), cr(kCount);
  for (int first = 0; first < codes; first += kCount) {
    for (int x = 0; x < kCount; ++x) {
      luma[x] = static_cast<Sample>(std::min(first + x, codes - 1));
      cb[x] = static_cast<Sample>(random.uniform(0, codes - 1));
      cr[x] = static_cast<Sample>(x % 7 == 0 ? codes - 1 : x % 7 == 1 ? 0 : random.uniform(0, codes - 1));
    }
    for_each_target([&](const char* target) {
      std::vector<float> terms(4 * kPitch, kPoison), rgb(3 * kPitch, kPoison);
      chroma_terms(cb.data(), cr.data(), kCount, color, terms.data(), kPitch);
      std::vector<float> xyb(3 * kPitch, kPoison);
      float* const linear_rows[3] = {&rgb[0], &rgb[kPitch], &rgb[2 * kPitch]};
      float* const xyb_rows[3] = {&xyb[0], &xyb[kPitch], &xyb[2 * kPitch]};
      linear_xyb_row(luma.data(), terms.data(), kPitch, kCount, color, linear_rows, xyb_rows);
      for (int x = 0; x < kCount; ++x) {
        float want_terms[4], want[3], want_xyb[3];
        chroma_terms_ref(cb[x], cr[x], color, want_terms);
        linear_ref(luma[x], want_terms, color, want);
        xyb_ref(want, want_xyb);
        for (int i = 0; i < 4; ++i) ASSERT_EQ(terms[i * kPitch + x], want_terms[i]) << target << " " << x;
        for (int i = 0; i < 3; ++i) {
          ASSERT_EQ(rgb[i * kPitch + x], want[i]) << target << " code " << luma[x];
          ASSERT_EQ(xyb[i * kPitch + x], want_xyb[i]) << target << " code " << luma[x];
        }
      }
      for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(rgb[i * kPitch + kCount], kPoison) << target;
        ASSERT_EQ(xyb[i * kPitch + kCount], kPoison) << target;
      }
    });
  }
}

TEST(Ssimulacra2Kernel, LinearLightOfEveryCodeIsExact) {
  for (int matrix = 0; matrix < kMatrices; ++matrix) {
    check_linear_light<uint8_t>(8, matrix);
    check_linear_light<uint16_t>(10, matrix);
    check_linear_light<uint16_t>(16, matrix);
  }
}

TEST(Ssimulacra2Kernel, XybIsExact) {
  constexpr int kCount = 256 * kPad;
  Random random(1);
  auto r = random_floats(random, kCount), g = random_floats(random, kCount),
       b = random_floats(random, kCount);
  for (int i = 0; i < 8; ++i) {
    r[i] = static_cast<float>(i & 1);
    g[i] = static_cast<float>(i >> 1 & 1);
    b[i] = static_cast<float>(i >> 2);
  }
  for (int i = 8; i < kCount; i += 3) r[i] *= 1e-4f, g[i] *= 1e-3f, b[i] *= 1e-5f;
  for_each_target([&](const char* target) {
    std::vector<float> out(3 * (kCount + 1), kPoison);
    float* const xyb[3] = {&out[0], &out[kCount + 1], &out[2 * (kCount + 1)]};
    xyb_row(r.data(), g.data(), b.data(), kCount, xyb);
    for (int i = 0; i < kCount; ++i) {
      const float rgb[3] = {r[i], g[i], b[i]};
      float want[3];
      xyb_ref(rgb, want);
      for (int p = 0; p < 3; ++p) ASSERT_EQ(xyb[p][i], want[p]) << target << " " << i << " plane " << p;
    }
    for (int p = 0; p < 3; ++p) ASSERT_EQ(xyb[p][kCount], kPoison) << target;
  });
}

TEST(Ssimulacra2Kernel, HalvingAndDoublingAreExact) {
  Random random(2);
  const auto top = random_floats(random, 129), bottom = random_floats(random, 129);
  for_each_target([&](const char* target) {
    for (int count = kPad; count <= 4 * kPad; count += kPad) {
      std::vector<float> out(count + 1, kPoison);
      halve_row(&top[1], &bottom[1], count, out.data());
      for (int x = 0; x < count; ++x) {
        const float* t = &top[1 + 2 * x];
        const float* b = &bottom[1 + 2 * x];
        ASSERT_EQ(out[x], (t[0] + t[1] + b[0] + b[1]) * 0.25f) << target << " " << x;
      }
      ASSERT_EQ(out[count], kPoison) << target;
    }
    for (int count = 1; count <= 100; ++count) {
      std::vector<float> out(count + 1, kPoison);
      double_columns(&top[1], count, out.data());
      for (int x = 0; x < count; ++x)
        ASSERT_EQ(out[x], top[1 + x / 2]) << target << " " << x << " of " << count;
      ASSERT_EQ(out[count], kPoison) << target;
    }
  });
}

TEST(Ssimulacra2Kernel, LanesAreRowsExchangedWithColumns) {
  Random random(3);
  constexpr int kPitch = 77;
  const auto rows = random_floats(random, kRows * kPitch);
  for_each_target([&](const char* target) {
    for (int columns = 4; columns <= 76; columns += 4) {
      std::vector<float> lanes(columns * kRows + 1, kPoison);
      rows_to_lanes(&rows[1], kPitch, columns, lanes.data());
      for (int y = 0; y < kRows; ++y) {
        for (int x = 0; x < columns; ++x) ASSERT_EQ(lanes[x * kRows + y], rows[1 + y * kPitch + x]) << target;
      }
      ASSERT_EQ(lanes.back(), kPoison) << target;
    }
  });
}

// Rows in pieces equal the line filtered at once.
TEST(Ssimulacra2Kernel, BlurAlongRowsIsExact) {
  Random random(4);
  constexpr int kBefore = 10, kAfter = 4;
  for (const int width : {16, 32, 48, 304}) {
    const int columns = kBefore + width + kAfter, pitch = width + 3;
    std::vector<float> a(columns * kRows), b(a.size());
    for (int i = kBefore * kRows; i < (kBefore + width) * kRows; ++i) {
      a[i] = random_floats(random, 1)[0];
      b[i] = random_floats(random, 1)[0];
    }
    const auto blurred = [&](const std::vector<float>& u, const std::vector<float>* v) {
      std::vector<float> out(kRows * width);
      for (int y = 0; y < kRows; ++y) {
        std::vector<float> in(width);
        for (int x = 0; x < width; ++x) {
          const int at = (kBefore + x) * kRows + y;
          in[x] = v != nullptr ? u[at] * (*v)[at] : u[at];
        }
        blur_line_ref(in.data(), &out[y * width], width, 1);
      }
      return out;
    };
    const std::vector<std::pair<Moments, std::vector<std::vector<float>>>> cases = {
        {Moments::kFirst, {blurred(a, nullptr)}},
        {Moments::kFirsts, {blurred(a, nullptr), blurred(b, nullptr)}},
        {Moments::kOfRef, {blurred(a, nullptr), blurred(a, &a)}},
        {Moments::kDistorted, {blurred(b, nullptr), blurred(b, &b), blurred(a, &b)}}};
    for (const auto& one : cases) {
      const Moments moments = one.first;
      const auto& want = one.second;
      ASSERT_EQ(stream_count(moments), static_cast<int>(want.size()));
      for_each_target([&](const char* target) {
        const ptrdiff_t stride = static_cast<ptrdiff_t>(kRows) * pitch + 5;
        std::vector<float> state(want.size() * kStates * kRows), out(want.size() * stride, kPoison);
        for (int begin = -kAhead, end = 0; begin < width; begin = end) {
          end = std::min<int>(width, std::max(begin, 0) + 16 * static_cast<int>(random.uniform(1, 2)));
          blur_across(moments, &a[kBefore * kRows], &b[kBefore * kRows], begin, end, state.data(),
                      &out[std::max(begin, 0)], stride, pitch);
        }
        for (size_t stream = 0; stream < want.size(); ++stream) {
          for (int i = 0; i < stride; ++i) {
            const int y = i / pitch, x = i % pitch;
            ASSERT_EQ(out[stream * stride + i],
                      y < kRows && x < width ? want[stream][y * width + x] : kPoison)
                << target << " stream " << stream << " of " << want.size() << " row " << y << " column " << x;
          }
        }
      });
    }
  }
}

TEST(Ssimulacra2Kernel, BlurAlongColumnsIsExact) {
  Random random(5);
  constexpr int kPitch = 2 * kGroup, kHeight = 83;
  const auto in = random_floats(random, kHeight * kPitch);
  std::vector<float> want(in.size());
  for (int x = 0; x < kPitch; ++x) blur_line_ref(&in[x], &want[x], kHeight, kPitch);
  for_each_target([&](const char* target) {
    std::vector<float> history(kHistory * kPitch), state(kStates * kPitch);
    for (int top = 0; top - kAhead < kHeight; top += kRows) {
      for (int x = 0; x < kPitch; x += kGroup) {
        AlignedBuffer<float> rows(kRows * kGroup), out(kRows * kGroup + 1);
        for (int i = 0; i < kRows * kGroup; ++i) {
          const int y = top + i / kGroup;
          rows[i] = y < kHeight ? in[y * kPitch + x + i % kGroup] : 0.0f;
        }
        out[kRows * kGroup] = kPoison;
        blur_down(rows.data(), &history[x], kPitch, &state[x], kPitch, out.data());
        for (int i = 0; i < kRows * kGroup; ++i) {
          const int y = top - kAhead + i / kGroup;
          if (y >= 0 && y < kHeight) {
            ASSERT_EQ(out[i], want[y * kPitch + x + i % kGroup]) << target << " row " << y;
          }
        }
        ASSERT_EQ(out[kRows * kGroup], kPoison) << target;
      }
    }
  });
}

// A map's values are kept in float, and rows are added up in float: 1e-6 of a sum.
TEST(Ssimulacra2Kernel, MapsAddUpToTheDefinition) {
  Random random(6);
  constexpr int kSumsPitch = kGroup + 5, kPitch = kGroup + 3, kFirst = 7 * kRows - kAhead;
  for (const auto& rows : {std::pair{0, kRows}, {4, kRows}, {0, 1}, {7, 9}, {3, 3}}) {
    const auto begin = rows.first, end = rows.second;
    std::array<std::vector<float>, 5> planes;
    for (auto& plane : planes) plane = random_floats(random, kRows * kGroup);
    const auto a = random_floats(random, kRing * kPitch), b = random_floats(random, kRing * kPitch);
    for (int i = 0; i < kRows * kGroup; ++i) {  // moments of plausible pictures
      planes[1][i] = planes[0][i] + 0.05f * (planes[1][i] - 0.5f);
      planes[2][i] = planes[0][i] * planes[0][i] + 0.01f * planes[2][i];
      planes[3][i] = planes[1][i] * planes[1][i] + 0.01f * planes[3][i];
      planes[4][i] = planes[0][i] * planes[1][i] + 0.01f * (planes[4][i] - 0.3f);
    }
    planes[4][5] = planes[3][5] = planes[2][5] = planes[1][5] = planes[0][5];
    const Blurred blurred{planes[0].data(), planes[1].data(), planes[2].data(), planes[3].data(),
                          planes[4].data()};
    for (const Definition definition : {Definition::kReference, Definition::kFork}) {
      std::vector<double> want(kNorms * kSumsPitch, 0.25), first;
      for (int y = begin; y < end; ++y) {
        for (int x = 0; x < kGroup; ++x) {
          const int i = y * kGroup + x, at = (kFirst + y) % kRing * kPitch + x;
          const double edge = edge_ref(a[at], b[at], planes[0][i], planes[1][i]);
          const double maps[3] = {ssim_error_ref(definition, planes[0][i], planes[1][i], planes[2][i],
                                                 planes[3][i], planes[4][i]),
                                  std::max(edge, 0.0), std::max(-edge, 0.0)};
          for (int k = 0; k < 3; ++k) {
            want[k * kSumsPitch + x] += maps[k];
            want[(3 + k) * kSumsPitch + x] += std::pow(maps[k], 4);
          }
        }
      }
      for_each_target([&](const char* target) {
        std::vector<double> sums(kNorms * kSumsPitch, 0.25);
        add_ssim(definition, blurred, begin, end, sums.data(), kSumsPitch);
        add_edges(blurred, a.data(), b.data(), kPitch, kFirst, begin, end, sums.data(), kSumsPitch);
        if (first.empty()) first = sums;
        ASSERT_EQ(sums, first) << target << ": targets disagree";
        for (size_t i = 0; i < sums.size(); ++i) {
          if (i % kSumsPitch >= kGroup) {
            ASSERT_EQ(sums[i], 0.25) << target;
          }
          ASSERT_NEAR(sums[i], want[i], 1e-6 * want[i])
              << target << " " << i / kSumsPitch << " column " << i % kSumsPitch;
        }
      });
    }
  }
}

// Equal pictures are equal even where rounding errors of the blur leave nothing to divide by.
TEST(Ssimulacra2Kernel, NothingOverNothingIsNoError) {
  std::vector<float> zero(kRows * kGroup), negative(kRows * kGroup, -0.00045f);
  const Blurred blurred{zero.data(), zero.data(), negative.data(), negative.data(), negative.data()};
  for (const Definition definition : {Definition::kReference, Definition::kFork}) {
    EXPECT_EQ(ssim_error_ref(definition, 0, 0, negative[0], negative[0], negative[0]), 0.0);
    for_each_target([&](const char* target) {
      std::vector<double> sums(kNorms * kGroup);
      add_ssim(definition, blurred, 0, kRows, sums.data(), kGroup);
      for (const double sum : sums) ASSERT_EQ(sum, 0.0) << target;
    });
  }
}

// Scale by scale down to one column, tile borders, odd chroma. The scores differ from the definition's only
// by what summing maps in float does.
TEST(Ssimulacra2, FollowsTheDefinitionOnEveryTarget) {
  double worst = 0;
  int turn = 0;
  for (const auto& [width, height] : {std::pair{8, 8},
                                      {9, 17},
                                      {15, 8},
                                      {16, 33},
                                      {31, 12},
                                      {40, 127},
                                      {65, 66},
                                      {127, 20},
                                      {128, 128},
                                      {129, 113},
                                      {136, 9},
                                      {137, 132},
                                      {233, 47},
                                      {257, 259},
                                      {391, 16}}) {
    for (const bool fork : {false, true}) {
      for (int k = 0; k < 4; ++k, ++turn) {
        constexpr Chroma kChromas[] = {Chroma::k420, Chroma::k422, Chroma::k444};
        constexpr int kDepths[] = {8, 10, 12, 16};
        const Format format{width, height, kDepths[k], kChromas[turn % 3], turn % 5 == 0};
        const int matrix = turn % kMatrices;
        const Pattern pattern = kAllPatterns[turn % std::size(kAllPatterns)];
        const Frame ref = make_frame(format, pattern, turn);
        const Frame dis = turn % 4 == 1 ? make_frame(format, Pattern::kBinaryNoise, 7) : distort(ref, turn);
        const Definition definition = fork ? Definition::kFork : Definition::kReference;
        const double want = score_ref(make_plan(format, matrix, definition), ref, dis);
        const auto metric = make(
            format, {{"yuv_matrix", std::to_string(matrix)}, {"definition", fork ? "fork" : "reference"}});
        std::vector<double> first;
        for_each_target([&](const char* target) {
          const double got = score_of(*metric, ref, dis);
          if (first.empty()) first.push_back(got);
          EXPECT_EQ(got, first[0]) << target << ": targets disagree";
          worst = std::max(worst, std::abs(got - want) / std::max(1.0, std::abs(want)));
          ASSERT_NEAR(got, want, 1e-6 * std::max(1.0, std::abs(want)))
              << target << " " << describe(format) << " " << pattern_name(pattern) << " matrix " << matrix
              << (fork ? " fork" : "");
        });
        ASSERT_TRUE(poison_intact(ref) && poison_intact(dis));
      }
    }
  }
  std::printf("%d pictures, largest error of a score %.2g\n", turn, worst);
}

TEST(Ssimulacra2, OrderOfTilesAndCompanyDoNotMatter) {
  for (const int bit_depth : {8, 10}) {
    const Format format{407, 261, bit_depth, Chroma::k420};
    const auto metric = make(format);
    const std::vector<Frame> ref = {make_frame(format, Pattern::kTexture, 5),
                                    make_frame(format, Pattern::kSmooth, 6)};
    std::vector<std::vector<Frame>> clips;
    for (int k = 0; k < 4; ++k) clips.push_back({distort(ref[0], k), distort(ref[1], k + 9)});
    const auto want = run_metric(*metric, ref, clips);
    EXPECT_EQ(run_metric(*metric, ref, clips, /*reverse=*/true), want);
    for (int k = 0; k < 4; ++k) EXPECT_EQ(run_metric(*metric, ref, clips[k]), want[k]);
    EXPECT_NE(want[0], want[1]);
  }
}

TEST(Ssimulacra2, IdenticalPicturesScore100) {
  for (const Pattern pattern : kAllPatterns) {
    for (const int width : {8, 130, 301}) {
      const Frame frame = make_frame({width, 90, 8, Chroma::k420}, pattern, 6);
      EXPECT_EQ(score_of(*make(frame.format), frame, frame), 100.0) << pattern_name(pattern) << " " << width;
      EXPECT_EQ(score_of(*make(frame.format, {{"definition", "fork"}}), frame, frame), 100.0)
          << pattern_name(pattern);
    }
  }
}

TEST(Ssimulacra2, MoreNoiseScoresLower) {
  const Format format{320, 180, 8, Chroma::k420};
  const Frame ref = make_frame(format, Pattern::kTexture, 1);
  double above = 100.0;
  for (const int strength : {1, 3, 9, 27}) {
    Frame dis = make_frame(format, Pattern::kTexture, 1);
    Random random(2);
    for (int y = 0; y < format.height_px; ++y) {
      for (int x = 0; x < format.width_px; ++x) {
        uint8_t& sample = mutable_row(dis, 0, y)[x];
        sample =
            static_cast<uint8_t>(std::clamp<int64_t>(sample + random.uniform(-strength, strength), 0, 255));
      }
    }
    const double score = score_of(*make(format), ref, dis);
    EXPECT_LT(score, above) << strength;
    above = score;
  }
  EXPECT_LT(above, 40.0);
}

// 108 weights in the reference's order: with fewer than six scales they close ranks, the fork leaves gaps.
TEST(Ssimulacra2Plan, ScalesOfSmallPictures) {
  const auto scales = [](int width, int height, Definition definition) {
    return make_plan({width, height, 8, Chroma::k420}, 0, definition).scales;
  };
  EXPECT_EQ(scales(8, 8, Definition::kReference).size(), 2u);
  EXPECT_EQ(scales(8, 8, Definition::kFork).size(), 1u);
  EXPECT_EQ(scales(112, 500, Definition::kReference).size(), 5u);
  EXPECT_EQ(scales(113, 500, Definition::kReference).size(), 6u);
  EXPECT_EQ(scales(500, 224, Definition::kFork).size(), 5u);
  EXPECT_EQ(scales(500, 225, Definition::kFork).size(), 6u);
  EXPECT_EQ(scales(4000, 2000, Definition::kFork).size(), 6u);
  EXPECT_EQ(scales(8, 8, Definition::kReference)[1].planes[1].first_weight, 3 * kNorms);
  EXPECT_EQ(scales(8, 8, Definition::kFork)[0].planes[1].first_weight, 6 * kNorms);
  EXPECT_EQ(scales(225, 225, Definition::kReference)[5].width, 8);
}

// Samples above the bit depth give a number, whatever it is.
TEST(Ssimulacra2, SamplesAboveTheBitDepthAreSafe) {
  const Format deep{40, 16, 16, Chroma::k420}, format{40, 16, 10, Chroma::k420};
  Frame ref = make_frame(deep, Pattern::kNoise, 1), dis = make_frame(deep, Pattern::kNoise, 2);
  ref.format = dis.format = format;
  EXPECT_TRUE(std::isfinite(score_of(*make(format), ref, dis)));
}

TEST(Ssimulacra2, RefusesWhatItIsNotDefinedFor) {
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k400}, {}).error().message,
            "ssimulacra2: 16x16 4:0:0 8 bit has no colour; it needs 4:2:0, 4:2:2 or 4:4:4");
  EXPECT_FALSE(kMetric.create({7, 16, 8, Chroma::k420}, {}).ok());
  EXPECT_FALSE(kMetric.create({16, 7, 8, Chroma::k420}, {}).ok());
  EXPECT_FALSE(kMetric.create({16, 16, 8, Chroma::k420}, {{"yuv_matrix", "6"}}).ok());
  EXPECT_FALSE(kMetric.create({16, 16, 8, Chroma::k420}, {{"scale", "1"}}).ok());
  EXPECT_EQ(kMetric.create({16, 16, 8, Chroma::k420}, {{"definition", "libjxl"}}).error().message,
            "ssimulacra2: definition=libjxl is neither reference nor fork");
}

// Scores that others publish or compute for the clips of the data folder; they print six decimals.
TEST(Ssimulacra2, Golden) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the test clips are not there";
  const auto check = [&](const std::string& ref_name, const std::string& dis_name, const Format& format,
                         const OptionMap& options, const std::vector<double>& want) {
    const auto read = [&](const std::string& name) {
      std::ifstream file(data + ("/clips/netflix/" + name), std::ios::binary);
      std::vector<Frame> frames;
      for (size_t i = 0; i < want.size(); ++i) {
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
    const auto scores = run_metric(*make(format, options), read(ref_name), read(dis_name)).at("ssimulacra2");
    for (size_t i = 0; i < want.size(); ++i)
      EXPECT_NEAR(scores[i], want[i], 6e-7) << dis_name << " frame " << i;
  };
  const auto size_576 = [&](int bit_depth, const OptionMap& options, const std::vector<double>& want) {
    const std::string end = bit_depth == 8 ? "_576x324_3frames.yuv" : "_576x324.yuv420p10le.yuv";
    check("src01_hrc00" + end, "src01_hrc01" + end, {576, 324, bit_depth, Chroma::k420}, options, want);
  };
  size_576(8, {{"definition", "fork"}}, {49.955009, 36.047251, 30.377300});
  size_576(8, {{"definition", "fork"}, {"yuv_matrix", "1"}}, {47.233263, 33.909495, 28.578568});
  size_576(8, {{"definition", "fork"}, {"yuv_matrix", "3"}}, {50.874306, 38.339694, 33.125716});
  size_576(10, {{"definition", "fork"}}, {50.100673, 36.138629, 30.486247});
  size_576(8, {}, {49.955005, 36.047248, 30.377299});
  const std::string small =
      "_test_0_1_src01_hrc00_576x324_576x324_vs_src01_hrc01_576x324_576x324_q_160x90.yuv";
  const Format format{160, 90, 8, Chroma::k420};
  check("ref" + small, "dis" + small, format, {{"definition", "fork"}}, {86.795857, 82.816741});
  check("ref" + small, "dis" + small, format, {}, {84.035124, 81.471287});
}

}  // namespace
}  // namespace fovea::ssimulacra2
