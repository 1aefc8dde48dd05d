// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/reader.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <set>
#include <thread>

#include "video/pool.h"
#include "video/raw_reader.h"
#include "video/sniff.h"
#include "video/testing.h"
#include "video/y4m_chroma.h"
#include "video/y4m_reader.h"

namespace fovea {
namespace {

using testing::append;
using testing::Bytes;
using testing::Clip;
using testing::planar_bytes;
using testing::read_all;
using testing::TempDir;
using testing::y4m_clip;
using testing::y4m_header;

Clip read_y4m(const Bytes& bytes, bool as_pipe, bool compat = false, int64_t skip = 0) {
  InputOptions options;
  options.libvmaf_compat = compat;
  options.skip_frames = skip;
  return read_all(open_y4m(ByteSource::from_memory(bytes, "clip.y4m", as_pipe), options));
}

Clip read_raw(const Bytes& bytes, const Format& format, bool as_pipe, int64_t skip = 0) {
  InputOptions options;
  options.raw_format = format;
  options.skip_frames = skip;
  return read_all(open_raw(ByteSource::from_memory(bytes, "clip.yuv", as_pipe), options));
}

struct Sampling {
  Chroma chroma;
  std::vector<std::string> tags_8bit;
  std::string deep_prefix;
};
const std::vector<Sampling> kSamplings = {{Chroma::k420, {"420", "420jpeg", "420mpeg2", "420paldv"}, "420p"},
                                          {Chroma::k422, {"422"}, "422p"},
                                          {Chroma::k444, {"444"}, "444p"},
                                          {Chroma::k400, {"mono"}, "mono"}};
const std::vector<std::pair<int, int>> kSizes = {{1, 1},    {2, 2},    {17, 17}, {177, 99},
                                                 {177, 98}, {176, 99}, {64, 16}};

TEST(Y4m, EverySamplingDepthAndSize) {
  for (const Sampling& s : kSamplings) {
    for (const auto& [w, h] : kSizes) {
      for (int depth = 8; depth <= 16; ++depth) {
        const Format f{w, h, depth, s.chroma};
        const auto tags = depth == 8 ? s.tags_8bit : std::vector{s.deep_prefix + std::to_string(depth)};
        for (const std::string& tag : tags) {
          for (const bool as_pipe : {false, true}) {
            SCOPED_TRACE(describe(f) + " C" + tag);
            const Clip clip = read_y4m(y4m_clip(f, tag, 3), as_pipe);
            EXPECT_EQ(clip.error, "");
            EXPECT_EQ(clip.info.format, f);
            EXPECT_EQ(clip.info.frame_count, as_pipe ? -1 : 3);
            ASSERT_EQ(clip.frames.size(), 3u);
            for (int i = 0; i < 3; ++i) EXPECT_EQ(clip.frames[i], planar_bytes(f, i)) << "frame " << i;
          }
        }
      }
    }
  }
}

TEST(Raw, EverySamplingDepthAndSize) {
  for (const Sampling& s : kSamplings) {
    for (const auto& [w, h] : kSizes) {
      for (int depth = 8; depth <= 16; ++depth) {
        const Format f{w, h, depth, s.chroma};
        Bytes bytes;
        for (int i = 0; i < 3; ++i) {
          const Bytes one = planar_bytes(f, i);
          bytes.insert(bytes.end(), one.begin(), one.end());
        }
        for (const bool as_pipe : {false, true}) {
          for (const int skip : {0, 1, 3, 4}) {
            SCOPED_TRACE(describe(f) + " skip " + std::to_string(skip));
            const Clip clip = read_raw(bytes, f, as_pipe, skip);
            EXPECT_EQ(clip.error, "");
            const int left = std::max(0, 3 - skip);
            EXPECT_EQ(clip.info.frame_count, as_pipe ? -1 : left);
            ASSERT_EQ(static_cast<int>(clip.frames.size()), left);
            for (int i = 0; i < left; ++i)
              EXPECT_EQ(clip.frames[i], planar_bytes(f, i + skip)) << "frame " << i;
          }
        }
      }
    }
  }
}

// Luma of all frames, with or without chroma; then the error, if there is one.
std::vector<Bytes> read_luma(Result<std::unique_ptr<Reader>> reader, bool skip_chroma) {
  std::vector<Bytes> out;
  if (skip_chroma) (*reader)->skip_chroma();
  while (true) {
    auto frame = (*reader)->next();
    if (!frame.ok()) append(out.emplace_back(), frame.error().message);
    if (!frame.ok() || !*frame) return out;
    EXPECT_EQ((*frame)->format, (*reader)->info().format);
    EXPECT_EQ((*frame)->planes[1].data == nullptr, skip_chroma || (*frame)->format.plane_count() == 1);
    Frame luma = **frame;
    luma.format = luma_only(luma.format);
    out.push_back(testing::frame_bytes(luma));
  }
}

TEST(Reader, WithoutChromaLumaIsTheSame) {
  for (const auto& [tag, format] :
       {std::pair{"420p10", Format{33, 21, 10, Chroma::k420}},
        std::pair{"422", Format{17, 9, 8, Chroma::k422}}, std::pair{"444", Format{16, 12, 8, Chroma::k444}},
        std::pair{"mono", Format{25, 17, 8, Chroma::k400}}}) {
    const Format f = format;  // clang 14 takes no structured bindings into lambdas
    for (const bool as_pipe : {false, true}) {
      for (const size_t cut : {size_t{0}, size_t{1}, size_t{200}}) {  // within chroma, within luma
        SCOPED_TRACE(describe(f) + ", less " + std::to_string(cut) + " bytes");
        Bytes bytes = y4m_clip(f, tag, 3);
        bytes.resize(bytes.size() - cut);
        const auto y4m = [&] {
          return open_y4m(ByteSource::from_memory(bytes, "clip.y4m", as_pipe),
                          {.path = "", .libvmaf_compat = true});
        };
        EXPECT_EQ(read_luma(y4m(), true), read_luma(y4m(), false));
        if (!as_pipe && cut > 0) continue;  // refused at once
        Bytes raw;
        for (int i = 0; i < 3; ++i) {
          const Bytes one = planar_bytes(f, i);
          raw.insert(raw.end(), one.begin(), one.end());
        }
        raw.resize(raw.size() - std::min(cut, raw.size()));
        const auto open = [&] {
          return open_raw(ByteSource::from_memory(raw, "clip.yuv", as_pipe), {.path = "", .raw_format = f});
        };
        if (raw.empty()) continue;
        EXPECT_EQ(read_luma(open(), true), read_luma(open(), false));
      }
    }
  }
}

TEST(Y4m, SkipsFrames) {
  const Format f{33, 21, 10, Chroma::k422};
  for (const bool as_pipe : {false, true}) {
    for (const int skip : {0, 2, 5, 9}) {
      const Clip clip = read_y4m(y4m_clip(f, "422p10", 5), as_pipe, false, skip);
      EXPECT_EQ(clip.error, "");
      ASSERT_EQ(static_cast<int>(clip.frames.size()), std::max(0, 5 - skip));
      if (skip < 5) {
        EXPECT_EQ(clip.frames[0], planar_bytes(f, skip));
      }
    }
  }
}

TEST(Y4m, HeaderIsRead) {
  Bytes bytes;
  append(bytes,
         "YUV4MPEG2 C420jpeg XCOLORRANGE=FULL W16 Xanything=1 H8 A128:117 Ip F30000:1001 W17\nFRAME Ip\n");
  const Bytes samples = planar_bytes({17, 8, 8, Chroma::k420}, 0);
  bytes.insert(bytes.end(), samples.begin(), samples.end());
  const Clip clip = read_y4m(bytes, true);
  EXPECT_EQ(clip.error, "");
  ASSERT_EQ(clip.frames.size(), 1u);
  EXPECT_EQ(clip.frames[0], samples);
  EXPECT_EQ(clip.info.format.width_px, 17) << "the last one counts";
  EXPECT_EQ(clip.info.frame_rate, (Rational{30000, 1001}));
  EXPECT_EQ(clip.info.color.range, ColorRange::kFull);
  EXPECT_EQ(clip.info.color.chroma_location, ChromaLocation::kCenter);
}

TEST(Y4m, LongHeadersAreLegalUpToTheLimit) {
  const Format f{16, 16, 8, Chroma::k420};
  for (const size_t length : {200u, 300u, 4095u, 4096u, 5000u, 65000u}) {
    Bytes bytes;
    append(bytes, "YUV4MPEG2 W16 H16 F25:1 Ip X" + std::string(length, 'x') + " C420\nFRAME\n");
    const Bytes samples = planar_bytes(f, 0);
    bytes.insert(bytes.end(), samples.begin(), samples.end());
    for (const bool as_pipe : {false, true}) {
      const Clip clip = read_y4m(bytes, as_pipe);
      EXPECT_EQ(clip.error, "") << length;
      ASSERT_EQ(clip.frames.size(), 1u) << length;
      EXPECT_EQ(clip.frames[0], samples) << length;
    }
  }
  Bytes bytes;
  append(bytes, "YUV4MPEG2 W16 H16 F25:1 Ip X" + std::string(70000, 'x') + " C420\nFRAME\n");
  EXPECT_NE(read_y4m(bytes, true).error.find("longer than 65536 bytes"), std::string::npos);
}

TEST(Y4m, MalformedInput) {
  struct Case {
    std::string header;  // without newline
    std::string fragment;
  };
  const std::string tail = " Ip A1:1 C420";
  const std::vector<Case> cases = {
      {"YUV4MPEG2 W-4 H16 F25:1" + tail, "invalid size W-4"},
      {"YUV4MPEG2 W0 H16 F25:1" + tail, "invalid size W0"},
      {"YUV4MPEG2 W16 H F25:1" + tail, "invalid size H"},
      {"YUV4MPEG2 W16x H16 F25:1" + tail, "invalid size W16x"},
      {"YUV4MPEG2 W2147483647 H2147483647 F25:1" + tail, "invalid size W2147483647"},
      {"YUV4MPEG2 W99999999999999999999 H16 F25:1" + tail, "invalid size W9"},
      {"YUV4MPEG2 W65536 H65536 F25:1" + tail, "invalid size W65536"},
      {"YUV4MPEG2 H16 F25:1" + tail, "no width"},
      {"YUV4MPEG2 W16 F25:1" + tail, "no height"},
      {"YUV4MPEG2 W16 H16" + tail, "no frame rate"},
      {"YUV4MPEG2 W16 H16 F25:0" + tail, "invalid frame rate F25:0"},
      {"YUV4MPEG2 W16 H16 F0:1" + tail, "invalid frame rate F0:1"},
      {"YUV4MPEG2 W16 H16 F25" + tail, "invalid frame rate F25"},
      {"YUV4MPEG2 W16 H16 F25:-1" + tail, "invalid frame rate F25:-1"},
      {"YUV4MPEG2 W16 H16 F25:1 It C420", "interlaced"},
      {"YUV4MPEG2 W16 H16 F25:1 Ib C420", "interlaced"},
      {"YUV4MPEG2 W16 H16 F25:1 Im C420", "interlaced"},
      {"YUV4MPEG2 W16 H16 F25:1 Ip C410", "chroma type C410 is not supported"},
      {"YUV4MPEG2 W16 H16 F25:1 Ip C420p17", "C420p17"},
      {"YUV4MPEG2 W16 H16 F25:1 Ip C420p8", "C420p8"},
      {"YUV4MPEG2 W16 H16 F25:1 Ip C420p", "C420p"},
      {"YUV4MPEG2 W16 H16 F25:1 Ip C420p10x", "C420p10x"},
      {"YUV4MPEG2 W16 H16 F25:1 Ip C\x01\x80", "C??"},
  };
  for (const Case& c : cases) {
    Bytes bytes;
    append(bytes, c.header + "\nFRAME\n");
    bytes.resize(bytes.size() + 16 * 16 * 2);
    for (const bool as_pipe : {false, true}) {
      const Clip clip = read_y4m(bytes, as_pipe);
      EXPECT_NE(clip.error.find(c.fragment), std::string::npos) << c.header << " -> " << clip.error;
      EXPECT_EQ(clip.error.find("clip.y4m: "), 0u) << clip.error;
      EXPECT_TRUE(clip.frames.empty());
    }
  }
}

TEST(Y4m, HugeSizeIsCheckedAgainstTheFileBeforeAllocating) {
  const int64_t before = testing::resident_kib();
  Bytes bytes = y4m_header(65535, 65535, "444p16");
  Clip clip = read_y4m(bytes, false);
  EXPECT_NE(clip.error.find("no whole frame"), std::string::npos) << clip.error;
  EXPECT_NE(clip.error.find("25769017356"), std::string::npos)
      << "names the bytes of a frame: " << clip.error;
  append(bytes, "FRAME\n");
  clip = read_y4m(bytes, false);
  EXPECT_NE(clip.error.find("no whole frame"), std::string::npos) << clip.error;
  // A pipe tells its length only at its end.
  bytes = y4m_header(16384, 16384, "420");
  append(bytes, "FRAME\nabc");
  clip = read_y4m(bytes, true);
  EXPECT_NE(clip.error.find("frame 0: truncated: expected 402653184 bytes, found 3"), std::string::npos)
      << clip.error;
  EXPECT_LT(testing::resident_kib() - before, 64 * 1024);
}

TEST(Y4m, TruncationNamesTheFrame) {
  const Format f{20, 10, 8, Chroma::k420};
  const Bytes whole = y4m_clip(f, "420", 3);
  const size_t frame = 300 + 6;
  for (const bool as_pipe : {false, true}) {
    Bytes cut(whole.begin(), whole.end() - 100);
    Clip clip = read_y4m(cut, as_pipe);
    EXPECT_EQ(clip.frames.size(), 2u);
    EXPECT_NE(clip.error.find("clip.y4m: frame 2: truncated: expected 300 bytes, found 200"),
              std::string::npos)
        << clip.error;
    // After the FRAME line, and within it.
    clip = read_y4m({whole.begin(), whole.end() - 300}, as_pipe);
    EXPECT_NE(clip.error.find("frame 2: truncated: expected 300 bytes, found 0"), std::string::npos)
        << clip.error;
    cut.assign(whole.begin(), whole.end() - 303);
    clip = read_y4m(cut, as_pipe);
    EXPECT_EQ(clip.frames.size(), 2u);
    EXPECT_NE(clip.error.find("frame 2: truncated: 3 stray bytes"), std::string::npos) << clip.error;
    clip = read_y4m(cut, as_pipe, true);
    EXPECT_EQ(clip.error, "") << "libvmaf takes fewer than six bytes for the end";
    // A byte too many within a frame.
    Bytes shifted = whole;
    shifted.insert(shifted.end() - static_cast<ptrdiff_t>(2 * frame) - 10, 'x');
    clip = read_y4m(shifted, as_pipe);
    EXPECT_EQ(clip.frames.size(), 1u);
    EXPECT_NE(clip.error.find("frame 1: lost framing: expected FRAME at byte"), std::string::npos)
        << clip.error;
    // No newline after FRAME.
    Bytes endless = y4m_header(20, 10, "420");
    append(endless, "FRAME " + std::string(400, 'y'));
    clip = read_y4m(endless, as_pipe);
    EXPECT_NE(clip.error.find("has no end"), std::string::npos) << clip.error;
  }
  for (const size_t length : {size_t{8}, size_t{20}, y4m_header(20, 10, "420").size() - 1}) {
    const Clip clip = read_y4m({whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length)}, true);
    EXPECT_NE(clip.error.find("header has no end"), std::string::npos) << clip.error;
  }
}

// The definitions once more, written as plain sums.
int fir(const std::vector<int>& taps, int first, const std::function<int(int)>& at, int x) {
  int sum = 64;
  for (size_t t = 0; t < taps.size(); ++t) sum += taps[t] * at(x + first + static_cast<int>(t));
  return std::clamp(sum >> 7, 0, 255);
}

TEST(Y4m, CompatConversions) {
  for (const auto& [w, h] : kSizes) {
    const int cw = (w + 1) / 2;
    const int ch = (h + 1) / 2;
    const auto clamp_at = [](const uint8_t* p, int stride, int n) {
      return [=](int i) { return int{p[stride * std::clamp(i, 0, n - 1)]}; };
    };
    SCOPED_TRACE(std::to_string(w) + "x" + std::to_string(h));
    {  // mono
      const Format f{w, h, 8, Chroma::k400};
      const Clip clip = read_y4m(y4m_clip(f, "mono", 2), true, true);
      ASSERT_EQ(clip.frames.size(), 2u) << clip.error;
      EXPECT_EQ(clip.info.format.chroma, Chroma::k420);
      Bytes expected = planar_bytes(f, 1);
      expected.resize(expected.size() + 2 * static_cast<size_t>(cw * ch), 128);
      EXPECT_EQ(clip.frames[1], expected);
    }
    {  // 422
      const Format f{w, h, 8, Chroma::k422};
      const Clip clip = read_y4m(y4m_clip(f, "422", 1), true, true);
      ASSERT_EQ(clip.frames.size(), 1u) << clip.error;
      Bytes expected = planar_bytes(f, 0);
      const Bytes src = expected;
      for (int row = 0; row < 2 * h; ++row) {
        const size_t at = static_cast<size_t>(w * h + row * cw);
        for (int x = 0; x < cw; ++x) {
          expected[at + x] =
              static_cast<uint8_t>(fir({4, -17, 114, 35, -9, 1}, -2, clamp_at(&src[at], 1, cw), x));
        }
      }
      EXPECT_EQ(clip.frames[0], expected);
    }
    {  // 420paldv
      const Format f{w, h, 8, Chroma::k420};
      const Clip clip = read_y4m(y4m_clip(f, "420paldv", 1), true, true);
      ASSERT_EQ(clip.frames.size(), 1u) << clip.error;
      Bytes expected = planar_bytes(f, 0);
      const Bytes src = expected;
      for (int p = 0; p < 2; ++p) {
        const size_t base = static_cast<size_t>(w * h + p * cw * ch);
        Bytes mid(static_cast<size_t>(cw * ch));
        for (int y = 0; y < ch; ++y) {
          for (int x = 0; x < cw; ++x) {
            mid[y * cw + x] = static_cast<uint8_t>(fir(
                {4, -17, 114, 35, -9, 1}, -2, clamp_at(&src[base + static_cast<size_t>(y) * cw], 1, cw), x));
          }
        }
        for (int y = 0; y < ch; ++y) {
          for (int x = 0; x < cw; ++x) {
            const auto column = clamp_at(&mid[x], cw, ch);
            expected[base + y * cw + x] =
                static_cast<uint8_t>(p == 0 ? fir({1, -9, 35, 114, -17, 4}, -3, column, y)
                                            : fir({4, -17, 114, 35, -9, 1}, -2, column, y));
          }
        }
      }
      EXPECT_EQ(clip.frames[0], expected);
    }
    for (const bool compat : {false, true}) {  // 411
      const int qw = (w + 3) / 4;
      const Bytes luma = planar_bytes({w, h, 8, Chroma::k400}, 0);
      const Bytes chroma = planar_bytes({2 * qw, h, 8, Chroma::k400}, 1);
      Bytes bytes = y4m_header(w, h, "411");
      append(bytes, "FRAME\n");
      bytes.insert(bytes.end(), luma.begin(), luma.end());
      bytes.insert(bytes.end(), chroma.begin(), chroma.end());
      const Clip clip = read_y4m(bytes, false, compat);
      ASSERT_EQ(clip.frames.size(), 1u) << clip.error;
      EXPECT_EQ(clip.info.format.chroma, Chroma::k422);
      Bytes expected = luma;
      for (int row = 0; row < 2 * h; ++row) {
        const auto at = clamp_at(&chroma[static_cast<size_t>(row) * qw], 1, qw);
        for (int x = 0; x < cw; ++x) {
          expected.push_back(static_cast<uint8_t>(x % 2 == 0 ? fir({1, 110, 18, -1}, -1, at, x / 2)
                                                             : fir({-3, 50, 86, -5}, -1, at, x / 2)));
        }
      }
      EXPECT_EQ(clip.frames[0], expected);
    }
    for (const bool compat : {false, true}) {  // 444alpha
      const Format f{w, h, 8, Chroma::k444};
      Bytes bytes = y4m_header(w, h, "444alpha");
      for (int i = 0; i < 2; ++i) {
        append(bytes, "FRAME\n");
        const Bytes samples = planar_bytes(f, i);
        bytes.insert(bytes.end(), samples.begin(), samples.end());
        bytes.resize(bytes.size() + static_cast<size_t>(w * h), 77);
      }
      const Clip clip = read_y4m(bytes, true, compat);
      ASSERT_EQ(clip.frames.size(), 2u) << clip.error;
      EXPECT_EQ(clip.frames[1], planar_bytes(f, 1));
    }
  }
}

TEST(Raw, WrongLengthNamesBytesAndPlausibleShapes) {
  const Format f{352, 288, 8, Chroma::k420};
  const Bytes bytes(152064 * 3 - 1000, 1);
  const std::string file_error = read_raw(bytes, f, false).error;
  EXPECT_NE(file_error.find("455192 bytes are not a whole number of frames"), std::string::npos)
      << file_error;
  EXPECT_NE(file_error.find("152064 bytes a frame"), std::string::npos) << file_error;
  EXPECT_NE(file_error.find("2 frames and a remainder of 151064 bytes"), std::string::npos) << file_error;
  const Clip pipe = read_raw(bytes, f, true);
  EXPECT_EQ(pipe.frames.size(), 2u);
  EXPECT_NE(pipe.error.find("frame 2: truncated: expected 152064 bytes (352x288 4:2:0 8 bit), found 151064"),
            std::string::npos)
      << pipe.error;
  // 4:4:4 given as 4:2:0.
  const std::string other = read_raw(Bytes(352 * 288 * 3, 1), {352, 288, 10, Chroma::k422}, false).error;
  EXPECT_NE(other.find("it would fit 352x288 4:2:0 8 bit (2 frames)"), std::string::npos) << other;
  const std::string tiny = read_raw(Bytes(10, 1), f, false).error;
  EXPECT_NE(tiny.find("0 frames and a remainder of 10 bytes"), std::string::npos) << tiny;
  EXPECT_NE(read_raw({}, f, false).error.find("empty file"), std::string::npos);
  EXPECT_NE(read_raw({}, f, true).error.find("empty file"), std::string::npos);
  EXPECT_NE(read_raw(bytes, {0, 288, 8, Chroma::k420}, false).error.find("invalid size 0x288"),
            std::string::npos);
  EXPECT_NE(read_raw(bytes, {352, -1, 8, Chroma::k420}, false).error.find("invalid size"), std::string::npos);
  EXPECT_NE(read_raw(bytes, {352, 288, 7, Chroma::k420}, false).error.find("invalid bit depth 7"),
            std::string::npos);
}

TEST(Raw, ContainersAreRefused) {
  const auto head = [](const std::string& text) {
    Bytes bytes;
    append(bytes, text);
    bytes.resize(16 * 16 * 3 / 2 * 4);
    return bytes;
  };
  Bytes ts(384 * 4);
  for (size_t at = 0; at < ts.size(); at += 188) {
    ts[at] = 0x47;
    ts[at + 3] = 0x10;
  }
  const std::vector<std::pair<Bytes, std::string>> cases = {
      {head({"\0\0\0\x20"
             "ftypisom",
             12}),
       "this is mp4/mov, not raw yuv"},
      {head("\x1a\x45\xdf\xa3"), "matroska/webm"},
      {head("YUV4MPEG2 W16"), "y4m"},
      {head({"RIFF\x10\0\0\0AVI LIST", 16}), "RIFF"},
      {head({"\0\0\0\x01\x67\x64\x00\x1f", 8}), "H.264"},
      {head({"\0\0\0\x01\x09\xf0", 6}), "H.264"},
      {head({"\0\0\0\x01\x40\x01\x0c", 7}), "H.265"},
      {head("DKIF"), "ivf"},
      {ts, "MPEG transport stream"},
  };
  for (const auto& [bytes, fragment] : cases) {
    const std::string error = read_raw(bytes, {16, 16, 8, Chroma::k420}, true).error;
    EXPECT_NE(error.find(fragment), std::string::npos) << error;
  }
}

TEST(Raw, FlatPicturesAreNoContainers) {
  for (int value = 0; value < 256; ++value) {
    for (const int depth : {8, 16}) {
      const Format f{64, 64, depth, Chroma::k420};
      Bytes bytes(static_cast<size_t>(64 * 64 * 3 / 2 * f.sample_bytes()), static_cast<uint8_t>(value));
      EXPECT_EQ(read_raw(bytes, f, false).error, "") << value;
      for (size_t i = 1; i < bytes.size(); i += 2) bytes[i] = 0;
      EXPECT_EQ(read_raw(bytes, f, false).error, "") << value;
    }
  }
}

TEST(OpenInput, SaysWhyAFileCannotBeUsed) {
  const TempDir dir;
  const auto error = [](const std::string& path, std::optional<Format> raw = {}) {
    InputOptions options;
    options.path = path;
    options.raw_format = raw;
    return read_all(open_input(options)).error;
  };
  EXPECT_EQ(error(dir.path("none.y4m")), dir.path("none.y4m") + ": cannot open: No such file or directory");
  EXPECT_NE(error(dir.path("")).find("directory"), std::string::npos);
  EXPECT_NE(error("").find("empty name"), std::string::npos);
  EXPECT_NE(error(dir.write("empty.y4m", {})).find("empty.y4m: empty file"), std::string::npos);
  const Bytes noise = planar_bytes({64, 64, 8, Chroma::k444}, 3);
  EXPECT_NE(error(dir.write("noise", noise)).find("not a y4m file; raw yuv needs its width"),
            std::string::npos);
  Bytes mp4 = noise;
  std::memcpy(mp4.data(),
              "\0\0\0\x18"
              "ftypmp42",
              12);
  EXPECT_NE(error(dir.write("a.mp4", mp4)).find("this is mp4/mov, and only y4m and raw yuv"),
            std::string::npos);
  EXPECT_NE(error(dir.write("a.yuv", mp4), Format{64, 64, 8, Chroma::k444}).find("not raw yuv"),
            std::string::npos);
  EXPECT_EQ(error(dir.write("noise.yuv", noise), Format{64, 64, 8, Chroma::k444}), "");
  // Truncated in the middle of a frame while the header stands: the whole frames are delivered first.
  Bytes cut = y4m_clip({64, 64, 8, Chroma::k420}, "420", 4);
  cut.resize(cut.size() - 1);
  EXPECT_NE(error(dir.write("cut.y4m", cut)).find("frame 3: truncated: expected 6144 bytes, found 6143"),
            std::string::npos);
  if (geteuid() != 0) {
    const std::string secret = dir.write("secret.y4m", noise);
    chmod(secret.c_str(), 0);
    EXPECT_NE(error(secret).find("Permission denied"), std::string::npos);
  }
}

TEST(OpenInput, StandardInputOnce) {
  auto both = open_inputs({{.path = "-"}, {.path = "-"}});
  ASSERT_FALSE(both.ok());
  EXPECT_NE(both.error().message.find("standard input can be read only once"), std::string::npos);
}

// One writer for two FIFOs that opens both before it writes to the second: both must be open before reading
// starts.
TEST(OpenInput, FifosWithOneWriter) {
  const TempDir dir;
  const Format f{61, 33, 10, Chroma::k420};  // a frame is well below what a pipe holds
  const Bytes y4m = y4m_clip(f, "420p10", 6);
  const std::string paths[2] = {dir.path("ref"), dir.path("dis")};
  for (const std::string& p : paths) ASSERT_EQ(mkfifo(p.c_str(), 0600), 0);
  std::thread writer([&] {
    std::ofstream ref(paths[0], std::ios::binary);
    std::ofstream dis(paths[1], std::ios::binary);
    const size_t half = y4m.size() / 2;
    const char* data = reinterpret_cast<const char*>(y4m.data());
    // Odd pieces, alternating, so that reads come up short.
    for (size_t at = 0; at < y4m.size();) {
      const size_t n = std::min<size_t>(at < half ? 997 : 4099, y4m.size() - at);
      ref.write(data + at, static_cast<std::streamsize>(n)).flush();
      dis.write(data + at, static_cast<std::streamsize>(n)).flush();
      at += n;
    }
  });
  auto readers = open_inputs({{.path = paths[0]}, {.path = paths[1]}});
  ASSERT_TRUE(readers.ok()) << readers.error().message;
  int frames = 0;
  for (;; ++frames) {
    auto ref = (*readers)[0]->next();
    auto dis = (*readers)[1]->next();
    ASSERT_TRUE(ref.ok() && dis.ok());
    ASSERT_EQ(ref->has_value(), dis->has_value());
    if (!*ref) break;
    EXPECT_EQ(testing::frame_bytes(**ref), planar_bytes(f, frames));
    EXPECT_EQ(testing::frame_bytes(**dis), planar_bytes(f, frames));
  }
  writer.join();
  EXPECT_EQ(frames, 6);
  EXPECT_EQ((*readers)[0]->info().frame_count, -1);
  EXPECT_FALSE((*readers)[0]->info().is_rereadable);
}

TEST(Pool, FramesOutliveTheirReaderAndAreRecycled) {
  const Format f{40, 30, 8, Chroma::k420};
  std::optional<Frame> kept;
  std::set<const uint8_t*> addresses;
  {
    auto reader = open_y4m(ByteSource::from_memory(y4m_clip(f, "420", 50), "clip", false), {});
    ASSERT_TRUE(reader.ok());
    for (int i = 0; i < 50; ++i) {
      auto frame = (*reader)->next();
      ASSERT_TRUE(frame.ok() && *frame);
      addresses.insert((*frame)->planes[0].data);
      if (i == 10) kept = **frame;
    }
  }
  EXPECT_LE(addresses.size(), 2u) << "one in flight and one kept";
  EXPECT_EQ(testing::frame_bytes(*kept), planar_bytes(f, 10));
}

TEST(Pool, ReturnsFromOtherThreads) {
  FramePool pool({64, 64, 8, Chroma::k420}, FramePool::Rows::kAligned);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&pool, t] {
      for (int i = 0; i < 200; ++i) {
        auto frame = pool.acquire();
        ASSERT_TRUE(frame.ok());
        std::memset(mutable_row(*frame, 0, 0), t, 64);
        const Frame copy = *frame;
        frame = Frame{};
        EXPECT_EQ(copy.planes[0].data[63], t);
      }
    });
  }
  for (auto& t : threads) t.join();
}

TEST(Memory, FlatOverALongClip) {
  if (testing::kIsSanitized) GTEST_SKIP() << "sanitizers keep freed memory";
  const TempDir dir;
  const Format f{320, 180, 8, Chroma::k420};
  const Bytes one = planar_bytes(f, 0);
  const std::string path = dir.path("long.yuv");
  {
    std::ofstream out(path, std::ios::binary);
    for (int i = 0; i < 2000; ++i) {
      out.write(reinterpret_cast<const char*>(one.data()), static_cast<std::streamsize>(one.size()));
    }
  }
  InputOptions options;
  options.path = path;
  options.raw_format = f;
  auto reader = open_input(options);
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  int64_t early = 0;
  int frames = 0;
  std::vector<Frame> in_flight(8);
  while (true) {
    auto frame = (*reader)->next();
    ASSERT_TRUE(frame.ok());
    if (!*frame) break;
    in_flight[frames % 8] = **frame;
    if (++frames == 100) early = testing::resident_kib();
  }
  EXPECT_EQ(frames, 2000);
  EXPECT_LT(testing::resident_kib() - early, 1024);
}

}  // namespace
}  // namespace fovea
