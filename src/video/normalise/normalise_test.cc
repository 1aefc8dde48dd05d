// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/normalise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <thread>

#include "video/testing.h"
#include "video/y4m_reader.h"

namespace fovea {
namespace {

using testing::planar_bytes;

StreamInfo stream(const std::string& name, Format format) {
  StreamInfo info;
  info.name = name;
  info.format = format;
  info.frame_rate = {25, 1};
  info.frame_count = 10;
  return info;
}

const Format kHd{1920, 1080, 8, Chroma::k420};

std::string error_of(const StreamInfo& ref, const StreamInfo& dis, const PlanOptions& options = {}) {
  auto plan = make_plan(ref, dis, options);
  if (plan.ok()) return "";
  EXPECT_EQ(exit_status(plan.error().code), 2);
  return plan.error().message;
}

TEST(Plan, EqualClipsNeedNothing) {
  auto plan = make_plan(stream("ref.mkv", kHd), stream("dis.mkv", kHd), {});
  ASSERT_TRUE(plan.ok());
  EXPECT_TRUE(plan->is_identity());
  EXPECT_EQ(describe(*plan), "");
}

TEST(Plan, DifferencesNameTheValuesAndTheFlag) {
  const StreamInfo ref = stream("ref.mkv", kHd);
  EXPECT_EQ(error_of(ref, stream("dis.mp4", {1280, 720, 8, Chroma::k420}))
                .find("dis.mp4: 1280x720 but ref.mkv is 1920x1080; add --scale ref to bring the distorted clip "
                      "to the reference's size"),
            0u);
  EXPECT_NE(error_of(ref, stream("dis.mp4", {1920, 1080, 8, Chroma::k422}))
                .find("4:2:2 but ref.mkv is 4:2:0; add --chroma"),
            std::string::npos);
  StreamInfo slow = stream("dis.mp4", kHd);
  slow.frame_rate = {25, 2};
  slow.frame_count = 5;
  EXPECT_NE(error_of(ref, slow).find("12.5 frames per second but ref.mkv is 25; add --fps"),
            std::string::npos)
      << error_of(ref, slow);
  PlanOptions options;
  options.decimate = true;
  auto plan = make_plan(ref, slow, options);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(plan->ref.keep_every, 2);
  EXPECT_TRUE(plan->warnings.empty()) << plan->warnings[0];
  slow.frame_rate = {0, 1};
  EXPECT_EQ(error_of(ref, slow), "") << "an unknown rate is no difference";
  options = {};
  options.require_equal = true;
  EXPECT_NE(error_of(ref, stream("dis.mp4", {1920, 1080, 10, Chroma::k420}), options).find("10 bit"),
            std::string::npos);
}

TEST(Plan, Warnings) {
  StreamInfo ref = stream("ref", kHd);
  StreamInfo dis = stream("dis", kHd);
  dis.frame_count = 4;
  dis.color.range = ColorRange::kFull;
  dis.color.matrix = 9;
  ref.color.matrix = 1;
  dis.color.transfer = kTransferPq;
  auto plan = make_plan(ref, dis, {});
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->warnings.size(), 4u) << describe(*plan);
  const std::string all = describe(*plan);
  for (const char* part :
       {"4 frames but ref is 10 frames", "--allow-short", "full range but ref is unspecified range",
        "--range", "matrix bt2020nc but ref is matrix bt709", "HDR against SDR"}) {
    EXPECT_NE(all.find(part), std::string::npos) << part;
  }
  EXPECT_TRUE(plan->is_identity()) << "samples stay as they are";
}

TEST(Plan, OffsetsOfSeveralClips) {
  const StreamInfo ref = stream("ref", kHd);
  const std::vector<StreamInfo> dis(3, ref);
  PlanOptions options;
  options.offset_frames = {2, -3, 0};
  auto plan = make_plan(ref, dis, options);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->ref.skip_frames, 3);
  EXPECT_EQ(plan->dis[0].skip_frames, 5);
  EXPECT_EQ(plan->dis[1].skip_frames, 0);
  EXPECT_EQ(plan->dis[2].skip_frames, 3);
  options.offset_frames = {1, 2};
  EXPECT_FALSE(make_plan(ref, dis, options).ok());
}

TEST(Plan, DepthIsRaisedToTheDeepest) {
  const StreamInfo ref = stream("ref", kHd);
  std::vector<StreamInfo> dis(2, ref);
  dis[1].format.bit_depth = 10;
  auto plan = make_plan(ref, dis, {});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->ref.output.bit_depth, 10);
  EXPECT_EQ(plan->dis[0].output.bit_depth, 10);
  EXPECT_TRUE(plan->dis[1].is_identity());
  EXPECT_EQ(plan->notes.size(), 2u);
  const auto json = plan_json(*plan);
  EXPECT_EQ(json["reference"]["steps"][0]["step"], "bit_depth");
  EXPECT_EQ(json["distorted"][1]["steps"].size(), 0u);
}

TEST(Plan, Crops) {
  auto crop = parse_crop("1920x800", 1920, 1080);
  ASSERT_TRUE(crop.ok());
  EXPECT_EQ(*crop, (CropRect{0, 140, 1920, 800}));
  crop = parse_crop("100x50+3+7", 1920, 1080);
  ASSERT_TRUE(crop.ok());
  EXPECT_EQ(*crop, (CropRect{3, 7, 100, 50}));
  for (const char* bad : {"", "x", "100", "100x", "100x50+3", "100x50+3+", "100x50+3+7x", "-1x5", "axb"}) {
    EXPECT_FALSE(parse_crop(bad, 1920, 1080).ok()) << bad;
  }
  PlanOptions options;
  options.crop_dis = CropRect{0, 140, 1920, 800};
  const StreamInfo ref = stream("ref", kHd);
  EXPECT_NE(error_of(ref, stream("dis", kHd), options).find("1920x800 after cropping"), std::string::npos);
  options.crop_ref = options.crop_dis;
  EXPECT_EQ(error_of(ref, stream("dis", kHd), options), "");
  options.crop_ref = CropRect{1, 0, 100, 100};
  options.crop_dis = options.crop_ref;
  EXPECT_NE(error_of(ref, stream("dis", kHd), options).find("splits a chroma sample"), std::string::npos);
  options.crop_ref = CropRect{1900, 0, 100, 100};
  EXPECT_NE(error_of(ref, stream("dis", kHd), options).find("not within the picture"), std::string::npos);
}

Frame make_frame(const Format& f, int index) {
  Frame frame = allocate_frame(f);
  const auto bytes = planar_bytes(f, index);
  size_t at = 0;
  for (int p = 0; p < f.plane_count(); ++p) {
    const size_t row = static_cast<size_t>(f.plane_width(p)) * f.sample_bytes();
    for (int y = 0; y < f.plane_height(p); ++y, at += row)
      std::memcpy(mutable_row(frame, p, y), &bytes[at], row);
  }
  return frame;
}

Frame apply(const SidePlan& plan, const Frame& frame) {
  auto normaliser = Normaliser::create(plan);
  EXPECT_TRUE(normaliser.ok()) << normaliser.error().message;
  auto out = (*normaliser)->apply(frame);
  EXPECT_TRUE(out.ok()) << out.error().message;
  return *out;
}

TEST(Normaliser, IdentityPassesThrough) {
  const Format f{33, 17, 10, Chroma::k422};
  auto plan = make_plan(stream("a", f), stream("b", f), {});
  const Frame in = make_frame(f, 1);
  const Frame out = apply(plan->ref, in);
  EXPECT_EQ(out.planes[1].data, in.planes[1].data);
}

TEST(Normaliser, RaisesByShift) {
  for (const int from : {8, 10, 12}) {
    for (const Chroma chroma : {Chroma::k400, Chroma::k420, Chroma::k422, Chroma::k444}) {
      const Format a{33, 17, from, chroma};
      const Format b{33, 17, 16, chroma};
      auto plan = make_plan(stream("a", a), stream("b", b), {});
      ASSERT_TRUE(plan.ok());
      const Frame in = make_frame(a, 3);
      const Frame out = apply(plan->ref, in);
      ASSERT_EQ(out.format, b);
      for (int p = 0; p < a.plane_count(); ++p) {
        for (int y = 0; y < a.plane_height(p); ++y) {
          for (int x = 0; x < a.plane_width(p); ++x) {
            const int v = from == 8 ? in.planes[p].row<uint8_t>(y)[x] : in.planes[p].row<uint16_t>(y)[x];
            ASSERT_EQ(out.planes[p].row<uint16_t>(y)[x], v << (16 - from));
          }
        }
      }
    }
  }
}

TEST(Normaliser, CropMovesPointers) {
  for (const Chroma chroma : {Chroma::k400, Chroma::k420, Chroma::k422, Chroma::k444}) {
    const Format f{64, 48, 10, chroma};
    PlanOptions options;
    options.crop_ref = options.crop_dis = CropRect{6, 4, 21, 13};
    auto plan = make_plan(stream("a", f), stream("b", f), options);
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    const Frame in = make_frame(f, 2);
    const Frame out = apply(plan->ref, in);
    EXPECT_EQ(out.format.width_px, 21);
    for (int p = 0; p < f.plane_count(); ++p) {
      const int left = p && chroma != Chroma::k444 ? 3 : 6;
      const int top = p && chroma == Chroma::k420 ? 2 : 4;
      ASSERT_EQ(out.planes[p].height_px, out.format.plane_height(p));
      for (int y = 0; y < out.format.plane_height(p); ++y) {
        ASSERT_EQ(std::memcmp(out.planes[p].row_bytes(y), in.planes[p].row<uint16_t>(y + top) + left,
                              static_cast<size_t>(out.format.plane_width(p)) * 2),
                  0);
      }
    }
  }
}

// Frame with luma from f(x, y) and neutral chroma.
template <class F>
Frame painted(const Format& format, F f) {
  Frame frame = allocate_frame(format);
  for (int p = 0; p < format.plane_count(); ++p) {
    for (int y = 0; y < format.plane_height(p); ++y) {
      for (int x = 0; x < format.plane_width(p); ++x) {
        const int v = p == 0 ? static_cast<int>(f(x, y)) : 128 << (format.bit_depth - 8);
        if (format.sample_bytes() == 1) {
          mutable_row(frame, p, y)[x] = static_cast<uint8_t>(v);
        } else {
          reinterpret_cast<uint16_t*>(mutable_row(frame, p, y))[x] = static_cast<uint16_t>(v);
        }
      }
    }
  }
  return frame;
}

TEST(Normaliser, ScalesWithEveryKernel) {
  const Format small{160, 90, 8, Chroma::k420};
  const Format large{320, 180, 10, Chroma::k420};
  PlanOptions options;
  options.scale = PlanOptions::Scale::kReference;
  for (const ScaleKernel kernel : {ScaleKernel::kPoint, ScaleKernel::kBilinear, ScaleKernel::kBicubic,
                                   ScaleKernel::kSpline36, ScaleKernel::kLanczos}) {
    options.kernel = kernel;
    auto plan = make_plan(stream("ref", large), stream("dis", small), options);
    ASSERT_TRUE(plan.ok()) << plan.error().message;
    EXPECT_NE(describe(*plan).find(std::string("scale to 320x180 (") + kernel_name(kernel) + ")"),
              std::string::npos);
    const auto slope = [](double x, double y) { return 20 + x + y / 2; };
    const Frame out = apply(plan->dis[0], painted(small, slope));
    ASSERT_EQ(out.format, large);
    // A slope stays a slope away from the edges, four times as large in its 10-bit numbers.
    for (int y = 20; y < 160; ++y) {
      for (int x = 20; x < 300; ++x) {
        const double expected = 4 * std::floor(slope((x - 0.5) / 2, (y - 0.5) / 2));
        ASSERT_NEAR(out.planes[0].row<uint16_t>(y)[x], expected, 6)
            << kernel_name(kernel) << " " << x << "," << y;
      }
    }
    EXPECT_EQ(out.planes[1].row<uint16_t>(50)[50], 512);
  }
}

TEST(Normaliser, ConvertsRange) {
  for (const int depth : {8, 10}) {
    const Format f{64, 64, depth, Chroma::k420};
    StreamInfo full = stream("full", f);
    full.color.range = ColorRange::kFull;
    PlanOptions options;
    options.range = ColorRange::kLimited;
    auto plan = make_plan(stream("untagged", f), full, options);
    ASSERT_TRUE(plan.ok());
    EXPECT_TRUE(plan->ref.is_identity()) << "untagged counts as limited";
    EXPECT_NE(describe(*plan).find("range full -> limited"), std::string::npos);
    const int max = (1 << depth) - 1;
    const Frame out = apply(plan->dis[0], painted(f, [&](int x, int) { return x % 2 ? max : 0; }));
    const auto at = [&](int p, int x) {
      return depth == 8 ? out.planes[p].row<uint8_t>(5)[x] : out.planes[p].row<uint16_t>(5)[x];
    };
    EXPECT_EQ(at(0, 0), 16 << (depth - 8));
    EXPECT_EQ(at(0, 1), 235 << (depth - 8));
    EXPECT_EQ(at(1, 0), 128 << (depth - 8));
    // And back.
    StreamInfo limited = stream("limited", f);
    limited.color.range = ColorRange::kLimited;
    options.range = ColorRange::kFull;
    plan = make_plan(limited, full, options);
    const Frame back = apply(plan->ref, out);
    EXPECT_EQ(depth == 8 ? back.planes[0].row<uint8_t>(5)[1] : back.planes[0].row<uint16_t>(5)[1], max);
  }
}

TEST(Normaliser, ConvertsMatrixAndChroma) {
  const Format f{64, 64, 8, Chroma::k444};
  StreamInfo ref = stream("ref", f);
  StreamInfo dis = stream("dis", {64, 64, 8, Chroma::k420});
  ref.color.matrix = 1;
  dis.color.matrix = 6;
  PlanOptions options;
  options.matrix = 1;
  options.chroma = Chroma::k444;
  auto plan = make_plan(ref, dis, options);
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_TRUE(plan->ref.is_identity());
  // Grey has no colour to convert.
  const Frame grey = apply(plan->dis[0], painted(dis.format, [](int, int) { return 120; }));
  EXPECT_EQ(grey.format, f);
  EXPECT_EQ(grey.planes[0].data[10], 120);
  EXPECT_EQ(grey.planes[2].data[10], 128);
  // A saturated colour moves: BT.601 (100, 90, 180) is BT.709 with other luma.
  Frame colour = painted(dis.format, [](int, int) { return 100; });
  for (int y = 0; y < 32; ++y) {
    std::memset(mutable_row(colour, 1, y), 90, 32);
    std::memset(mutable_row(colour, 2, y), 180, 32);
  }
  const Frame moved = apply(plan->dis[0], colour);
  // Worked out from the two definitions, in double precision.
  const double y = (100 - 16) / 219.0;
  const double pb = (90 - 128) / 224.0;
  const double pr = (180 - 128) / 224.0;
  const double r = y + 1.402 * pr;
  const double b = y + 1.772 * pb;
  const double g = (y - 0.299 * r - 0.114 * b) / 0.587;
  const double y709 = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  EXPECT_NEAR(moved.planes[0].data[700], 16 + 219 * y709, 1);
  EXPECT_NEAR(moved.planes[1].data[700], 128 + 224 * (b - y709) / 1.8556, 1);
  EXPECT_NEAR(moved.planes[2].data[700], 128 + 224 * (r - y709) / 1.5748, 1);
}

TEST(Normaliser, OddSidesAreRefusedWithAReason) {
  PlanOptions options;
  options.scale = PlanOptions::Scale::kReference;
  auto plan =
      make_plan(stream("ref", {177, 99, 8, Chroma::k420}), stream("dis", {88, 50, 8, Chroma::k420}), options);
  ASSERT_TRUE(plan.ok());
  auto normaliser = Normaliser::create(plan->dis[0]);
  ASSERT_FALSE(normaliser.ok());
  EXPECT_NE(normaliser.error().message.find("odd side"), std::string::npos);
}

TEST(Normaliser, SeveralThreadsShareOne) {
  PlanOptions options;
  options.scale = PlanOptions::Scale::kReference;
  auto plan =
      make_plan(stream("ref", {128, 96, 8, Chroma::k420}), stream("dis", {64, 48, 8, Chroma::k420}), options);
  auto normaliser = Normaliser::create(plan->dis[0]);
  ASSERT_TRUE(normaliser.ok());
  const Frame in = make_frame({64, 48, 8, Chroma::k420}, 1);
  const auto expected = testing::frame_bytes(*(*normaliser)->apply(in));
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) EXPECT_EQ(testing::frame_bytes(*(*normaliser)->apply(in)), expected);
    });
  }
  for (auto& t : threads) t.join();
}

TEST(NormalisedReader, SkipsDecimatesAndConverts) {
  const Format f{32, 32, 8, Chroma::k420};
  const auto open = [&] {
    return std::move(*open_y4m(ByteSource::from_memory(testing::y4m_clip(f, "420", 11), "clip", false), {}));
  };
  auto reader = open();
  SidePlan side;
  side.name = "clip";
  side.input = side.output = f;
  side.skip_frames = 2;
  auto same = normalise(std::move(reader), side);
  ASSERT_TRUE(same.ok());
  EXPECT_EQ(testing::frame_bytes(**(*same)->next().operator->()), planar_bytes(f, 2));
  side.keep_every = 3;
  auto decimated = normalise(open(), side);
  ASSERT_TRUE(decimated.ok());
  EXPECT_EQ((*decimated)->info().frame_rate.value(), 25.0 / 3);
  const auto clip = testing::read_all(std::move(decimated));
  ASSERT_EQ(clip.frames.size(), 3u);  // 2, 5, 8
  for (int i = 0; i < 3; ++i) EXPECT_EQ(clip.frames[i], planar_bytes(f, 2 + 3 * i));
}

}  // namespace
}  // namespace fovea
