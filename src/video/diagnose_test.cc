// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/diagnose.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "video/testing.h"
#include "video/y4m_reader.h"

namespace fovea {
namespace {

template <class F>
Frame painted(const Format& format, F f) {
  Frame frame = allocate_frame(format);
  for (int p = 0; p < format.plane_count(); ++p) {
    for (int y = 0; y < format.plane_height(p); ++y) {
      for (int x = 0; x < format.plane_width(p); ++x) {
        const int v = p == 0 ? static_cast<int>(f(x, y)) : 1 << (format.bit_depth - 1);
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

uint32_t hash(uint32_t a, uint32_t b) {
  uint32_t h = a * 0x9e3779b1u ^ b * 0x85ebca77u;
  h ^= h >> 15;
  h *= 0x2c1b3c6du;
  return h ^ h >> 13;
}

// A scene that moves: waves whose phases advance unevenly; `noise` stands for coding error.
Frame scene(int t, double noise, uint32_t seed, double motion = 1.0) {
  const double s = motion * (t + 0.8 * std::sin(0.7 * t));
  return painted({160, 90, 8, Chroma::k420}, [&](int x, int y) {
    const double wave = 60 * std::sin(0.05 * x + 0.11 * s) + 40 * std::cos(0.09 * y - 0.07 * s + 0.01 * x);
    const double n =
        noise * (static_cast<double>(
                     hash(seed + static_cast<uint32_t>(t), static_cast<uint32_t>(y * 160 + x)) % 1000) /
                     500 -
                 1);
    return std::clamp(128 + wave + n, 0.0, 255.0);
  });
}

// Distorted frame i shows moment source(i).
Alignment align(int frames, const std::function<int(int)>& source, double motion = 1.0, int search = 32) {
  AlignmentTracker tracker(search);
  for (int i = 0; i < frames; ++i) {
    tracker.add(scene(i, 0, 0, motion), scene(source(i), 12, 77, motion));
  }
  return tracker.result();
}

TEST(Signature, MeansAreIndependentOfDepthAndSize) {
  const auto slope = [](double x, double y) { return 30 + 100 * x + 60 * y; };
  LumaSignature first;
  for (const auto& [w, h, depth] :
       std::vector<std::array<int, 3>>{{640, 360, 8}, {1921, 1081, 8}, {640, 360, 10}, {320, 180, 16}}) {
    const LumaSignature s = make_signature(painted({w, h, depth, Chroma::k420}, [&, w = w, h = h, depth = depth](int x, int y) {
      return slope((x + 0.5) / w, (y + 0.5) / h) * (1 << (depth - 8));
    }));
    if (depth == 8 && w == 640) first = s;
    for (size_t c = 0; c < s.mean.size(); ++c)
      ASSERT_NEAR(s.mean[c], first.mean[c], 1.2) << w << " " << depth;
    EXPECT_NEAR(s.mean[0], slope(0.5 / 32, 0.5 / 18), 1);
  }
}

TEST(Signature, AnySizeAndAnyValue) {
  for (const auto& [w, h] : std::vector<std::pair<int, int>>{{1, 1}, {2, 3}, {31, 17}, {33, 19}, {5000, 2}}) {
    for (const int depth : {8, 16}) {
      const int top = (1 << depth) - 1;
      const LumaSignature s =
          make_signature(painted({w, h, depth, Chroma::k420}, [&](int, int) { return top; }));
      for (const float m : s.mean)
        EXPECT_TRUE(m == 0.0f || std::abs(m - top / static_cast<float>(1 << (depth - 8))) < 0.01f) << m;
      EXPECT_GT(s.mean[LumaSignature::kColumns - 1], 200.0f);
    }
  }
}

TEST(Align, AlignedClipsAreOk) {
  for (const int frames : {6, 12, 40, 150}) {
    const Alignment a = align(frames, [](int i) { return i; });
    EXPECT_EQ(a.status, Alignment::Status::kOk) << frames << " " << a.text;
  }
}

TEST(Align, OffsetsAreFound) {
  for (const int frames : {24, 120}) {
    for (int k = -8; k <= 8; ++k) {
      if (k == 0) continue;
      const Alignment a = align(frames, [&](int i) { return i - k; });
      EXPECT_EQ(a.status, Alignment::Status::kOffset) << frames << " " << k << " " << a.text;
      EXPECT_EQ(a.offset, k) << a.text;
      EXPECT_NE(a.text.find("--offset " + std::to_string(k)), std::string::npos) << a.text;
    }
  }
  const Alignment far = align(
      200, [](int i) { return i + 100; }, 1.0, 120);
  EXPECT_EQ(far.offset, -100) << far.text;
}

TEST(Align, DroppedAndRepeatedFramesAreFound) {
  for (const int frames : {11, 24, 100, 300}) {
    for (const int at : {frames / 2, frames / 2 + 1, frames - 6}) {
      const Alignment drop = align(
          frames, [&](int i) { return i < at ? i : i + 1; }, 2.0);
      EXPECT_EQ(drop.status, Alignment::Status::kDropOrDup) << frames << " " << at << " " << drop.text;
      EXPECT_EQ(drop.offset, -1);
      EXPECT_NEAR(static_cast<double>(drop.frame), at, 2) << frames;
      const Alignment dup = align(
          frames, [&](int i) { return i < at ? i : i - 1; }, 2.0);
      EXPECT_EQ(dup.status, Alignment::Status::kDropOrDup) << frames << " " << at << " " << dup.text;
      EXPECT_EQ(dup.offset, 1);
      EXPECT_NEAR(static_cast<double>(dup.frame), at, 2) << frames;
    }
  }
  const Alignment many = align(200, [](int i) { return i + i / 40; });
  EXPECT_EQ(many.status, Alignment::Status::kDropOrDup);
  EXPECT_NE(many.text.find("4 such places"), std::string::npos) << many.text;
}

TEST(Align, StaticClipsRaiseNoAlarm) {
  for (const int frames : {2, 12, 80}) {
    const Alignment a = align(
        frames, [](int i) { return i - 3; }, 0.0);
    EXPECT_EQ(a.status, Alignment::Status::kUnsure) << a.text;
  }
  AlignmentTracker flat;
  for (int i = 0; i < 100; ++i) {
    const auto grey = [](int v) { return painted({64, 64, 8, Chroma::k420}, [v](int, int) { return v; }); };
    flat.add(grey(16), grey(i == 0 ? 30 : 17 + i % 2));  // a clip that pumps against one that does not move
  }
  EXPECT_EQ(flat.result().status, Alignment::Status::kUnsure) << flat.result().text;
  EXPECT_EQ(AlignmentTracker().result().status, Alignment::Status::kUnsure);
}

TEST(Align, UnrelatedClipsRaiseNoAlarm) {
  AlignmentTracker tracker;
  for (int i = 0; i < 100; ++i) {
    tracker.add(scene(i, 0, 0), painted({160, 90, 8, Chroma::k420}, [&](int x, int y) {
                  return 128 +
                         90 * std::sin(0.13 * y + 0.31 * i * std::cos(0.02 * x) + 3 * std::sin(1.3 * i));
                }));
  }
  EXPECT_EQ(tracker.result().status, Alignment::Status::kUnsure) << tracker.result().text;
}

TEST(Align, ChangeOfSizeDepthAndBrightnessDoesNotMatter) {
  AlignmentTracker tracker(8);
  for (int i = 0; i < 60; ++i) {
    const Frame full = scene(i + 2, 0, 0);
    const Frame limited = painted({96, 54, 10, Chroma::k420}, [&](int x, int y) {
      return (10 + full.planes[0].row<uint8_t>(y * 90 / 54)[x * 160 / 96] * 0.95) * 4;
    });
    tracker.add(scene(i, 0, 0), limited);
  }
  const Alignment a = tracker.result();
  EXPECT_EQ(a.offset, -2) << a.text;
}

TEST(Align, HeadsOfFiles) {
  const testing::TempDir dir;
  const auto write = [&](const std::string& name, int first, int frames) {
    testing::Bytes bytes = testing::y4m_header(160, 90, "420");
    for (int i = 0; i < frames; ++i) {
      testing::append(bytes, "FRAME\n");
      const auto samples = testing::frame_bytes(scene(first + i, first == 0 ? 0 : 10, 5));
      bytes.insert(bytes.end(), samples.begin(), samples.end());
    }
    return dir.write(name, bytes);
  };
  InputOptions ref;
  ref.path = write("ref.y4m", 0, 40);
  InputOptions dis;
  dis.path = write("dis.y4m", 7, 12);
  auto a = align_heads(ref, dis, nullptr);
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->status, Alignment::Status::kOffset) << a->text;
  EXPECT_EQ(a->offset, -7);
  dis.path = dir.path("none");
  EXPECT_FALSE(align_heads(ref, dis, nullptr).ok());
}

TEST(Bars, AreFoundAndNotInvented) {
  for (const int depth : {8, 10}) {
    const Format f{320, 180, depth, Chroma::k420};
    const int unit = 1 << (depth - 8);
    const auto boxed = [&](int left, int top, int right, int bottom) {
      return painted(f, [&](int x, int y) {
        const bool inside = x >= left && x < right && y >= top && y < bottom;
        return (inside ? 60 + (x * 7 + y * 3) % 100 : 16 + (x + y) % 3) * unit;
      });
    };
    BarDetector letterbox;
    letterbox.add(boxed(0, 20, 320, 160));
    letterbox.add(boxed(0, 30, 320, 150));  // a darker scene does not narrow it
    auto area = letterbox.result();
    ASSERT_TRUE(area);
    EXPECT_EQ(area->top_px, 20);
    EXPECT_EQ(area->height_px, 140);
    EXPECT_EQ(area->width_px, 320);
    BarDetector pillar;
    pillar.add(boxed(41, 0, 279, 180));
    area = pillar.result();
    ASSERT_TRUE(area);
    EXPECT_EQ(area->left_px, 42);
    EXPECT_EQ(area->width_px, 236);
    BarDetector none;
    none.add(boxed(0, 0, 320, 180));
    EXPECT_FALSE(none.result());
    BarDetector black;
    black.add(boxed(0, 0, 0, 0));
    EXPECT_FALSE(black.result());
    BarDetector dark;
    dark.add(boxed(100, 80, 130, 100));
    EXPECT_FALSE(dark.result()) << "a lamp in the night is not a picture with bars";
  }
}

TEST(Compare, NamesEveryDifference) {
  StreamInfo a;
  a.name = "ref";
  a.format = {1920, 1080, 8, Chroma::k420};
  a.frame_rate = {25, 1};
  a.frame_count = 100;
  EXPECT_TRUE(compare_streams(a, a).empty());
  StreamInfo b = a;
  b.name = "dis";
  b.format = {1280, 720, 10, Chroma::k422};
  b.frame_rate = {30, 1};
  b.frame_count = 99;
  b.color.range = ColorRange::kFull;
  b.color.matrix = 9;
  b.color.transfer = kTransferHlg;
  std::string topics;
  for (const Finding& f : compare_streams(a, b)) {
    topics += f.topic + ";";
    EXPECT_EQ(f.text.find("dis: "), 0u) << f.text;
  }
  EXPECT_EQ(topics, "size;chroma;bit depth;frame rate;range;matrix;transfer;length;");
}

}  // namespace
}  // namespace fovea
