// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <map>
#include <thread>

#include "video/libav/libav_reader.h"
#include "video/testing.h"

namespace fovea {
namespace {

using testing::Bytes;
using testing::Clip;
using testing::read_all;
using testing::TempDir;

Bytes file_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

Clip read_file(const std::string& path, int threads = 1, bool allow_corrupt = false) {
  InputOptions options;
  options.path = path;
  options.threads = threads;
  options.allow_corrupt = allow_corrupt;
  return read_all(open_input(options, open_container));
}

// Makes clips with the ffmpeg program.
class Libav : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::system("ffmpeg -version >/dev/null 2>&1") != 0) {
      GTEST_SKIP() << "the ffmpeg program is not installed: clips for this test cannot be made";
    }
  }
  // Runs "ffmpeg ARGS NAME" and returns the path of NAME; "" if this ffmpeg cannot (an encoder is missing,
  // say).
  std::string make(const std::string& args, const std::string& name) {
    const std::string command =
        "ffmpeg -nostdin -v error -y " + args + " '" + dir_.path(name) + "' >'" + dir_.path("log") + "' 2>&1";
    if (std::system(command.c_str()) == 0) return dir_.path(name);
    const Bytes log = file_bytes(dir_.path("log"));
    std::printf("[  NOTE    ] ffmpeg could not make %s: %s\n", name.c_str(),
                std::string(log.begin(), log.end()).c_str());
    return "";
  }
  // What the ffmpeg program decodes: an oracle for samples.
  std::vector<Bytes> oracle(const std::string& path, const std::string& pixel_format, size_t frame_bytes) {
    const std::string any =
        make("-i '" + path + "' -fps_mode passthrough -f rawvideo -pix_fmt " + pixel_format, "oracle.yuv");
    const Bytes all = file_bytes(any);
    std::vector<Bytes> frames;
    for (size_t at = 0; at + frame_bytes <= all.size(); at += frame_bytes) {
      frames.emplace_back(all.begin() + static_cast<ptrdiff_t>(at),
                          all.begin() + static_cast<ptrdiff_t>(at + frame_bytes));
    }
    return frames;
  }

  TempDir dir_;
};

TEST_F(Libav, SameStreamInEveryContainerGivesTheSameFrames) {
  struct Codec {
    const char* name;
    const char* encode;
    const char* raw_extension;
    std::vector<const char*> containers;
  };
  const std::vector<Codec> codecs = {
      {"h264", "-c:v libx264 -preset veryfast -bf 3 -g 20", "264", {"mp4", "mkv", "ts", "mov", "flv"}},
      {"h264open",
       "-c:v libx264 -preset veryfast -x264-params open-gop=1:bframes=3:keyint=12",
       "264",
       {"mp4", "mkv", "ts"}},
      {"hevc", "-c:v libx265 -preset ultrafast -x265-params log-level=none", "265", {"mp4", "mkv", "ts"}},
      {"vp9", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8", "ivf", {"webm", "mp4"}},
      {"av1", "-c:v libsvtav1 -preset 12", "obu", {"mkv", "mp4"}},
  };
  const std::string source = "-f lavfi -i testsrc2=size=176x144:rate=25:duration=1.6 -pix_fmt yuv420p ";
  int made = 0;
  for (const Codec& c : codecs) {
    SCOPED_TRACE(c.name);
    const std::string first = make(source + c.encode, std::string(c.name) + ".mkv");
    if (first.empty()) continue;
    ++made;
    const Clip expected = read_file(first);
    EXPECT_EQ(expected.error, "");
    EXPECT_EQ(expected.frames.size(), 40u);
    EXPECT_EQ(expected.frames, oracle(first, "yuv420p", 176 * 144 * 3 / 2));
    std::vector<std::string> names = {c.raw_extension};
    names.insert(names.end(), c.containers.begin(), c.containers.end());
    for (const std::string& extension : names) {
      SCOPED_TRACE(extension);
      const std::string path = make("-i '" + first + "' -c copy", std::string(c.name) + "_copy." + extension);
      if (path.empty()) continue;
      for (const int threads : {1, 3}) {
        const Clip clip = read_file(path, threads);
        EXPECT_EQ(clip.error, "");
        EXPECT_EQ(clip.frames.size(), expected.frames.size());
        EXPECT_TRUE(clip.frames == expected.frames) << "samples differ";
      }
      // Through a pipe, where nothing can be sought. (An mp4 whose index comes last cannot be read so.)
      const std::string fifo = dir_.path("fifo");
      ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
      const Bytes bytes = file_bytes(path);
      std::thread writer([&] {
        std::ofstream(fifo, std::ios::binary)
            .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
      });
      const Clip piped = read_file(fifo);
      writer.join();
      unlink(fifo.c_str());
      if (extension != "mp4" && extension != "mov") {
        EXPECT_EQ(piped.error, "");
        EXPECT_TRUE(piped.frames == expected.frames);
      }
    }
  }
  EXPECT_GT(made, 0);
}

// A cut by stream copy leaves frames that an edit list hides; they are decoded all the same.
TEST_F(Libav, EditListsHideNothing) {
  const std::string whole =
      make("-f lavfi -i testsrc2=size=96x64:rate=25:duration=2 -pix_fmt yuv420p -c:v libx264 -g 10 -bf 2",
           "whole.mp4");
  if (whole.empty()) GTEST_SKIP() << "no libx264 in this ffmpeg";
  const std::string cut = make("-ss 0.7 -i '" + whole + "' -c copy", "cut.mp4");
  const std::string raw = make("-ignore_editlist 1 -i '" + cut + "' -c copy", "cut.264");
  const Clip a = read_file(cut);
  const Clip b = read_file(raw);
  EXPECT_EQ(a.error, "");
  EXPECT_GT(a.frames.size(), 33u);
  EXPECT_EQ(static_cast<int64_t>(a.frames.size()), a.info.frame_count);
  EXPECT_TRUE(a.frames == b.frames);
}

TEST_F(Libav, PixelFormats) {
  struct Case {
    const char* format;
    const char* planar;  // of the same samples
    Format expected;
    const char* how;
  };
  const int w = 50;
  const int h = 38;
  const std::string ffv1 = "-c:v ffv1";
  const std::vector<Case> cases = {
      {"yuv420p", "yuv420p", {w, h, 8, Chroma::k420}, "-c:v ffv1"},
      {"yuv422p", "yuv422p", {w, h, 8, Chroma::k422}, "-c:v ffv1"},
      {"yuv444p", "yuv444p", {w, h, 8, Chroma::k444}, "-c:v ffv1"},
      {"gray", "gray", {w, h, 8, Chroma::k400}, "-c:v ffv1"},
      {"gray10le", "gray10le", {w, h, 10, Chroma::k400}, "-c:v ffv1"},
      {"gray16le", "gray16le", {w, h, 16, Chroma::k400}, "-c:v ffv1 -level 3"},
      {"yuv420p9le", "yuv420p9le", {w, h, 9, Chroma::k420}, "-c:v ffv1"},
      {"yuv420p10le", "yuv420p10le", {w, h, 10, Chroma::k420}, "-c:v ffv1"},
      {"yuv422p12le", "yuv422p12le", {w, h, 12, Chroma::k422}, "-c:v ffv1"},
      {"yuv444p14le", "yuv444p14le", {w, h, 14, Chroma::k444}, "-c:v ffv1"},
      {"yuv420p16le", "yuv420p16le", {w, h, 16, Chroma::k420}, "-c:v ffv1"},
      {"yuva420p", "yuv420p", {w, h, 8, Chroma::k420}, "-c:v ffv1"},
      {"yuvj420p", "yuvj420p", {w, h, 8, Chroma::k420}, "-c:v mjpeg"},
      {"nv12", "yuv420p", {w, h, 8, Chroma::k420}, "-c:v rawvideo -f nut"},
      {"nv21", "yuv420p", {w, h, 8, Chroma::k420}, "-c:v rawvideo -f nut"},
      {"yuyv422", "yuv422p", {w, h, 8, Chroma::k422}, "-c:v rawvideo -f nut"},
      {"uyvy422", "yuv422p", {w, h, 8, Chroma::k422}, "-c:v rawvideo -f nut"},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.format);
    const std::string path = make("-f lavfi -i testsrc2=size=50x38:rate=10:duration=0.3 -pix_fmt " +
                                      std::string(c.format) + " -strict -1 " + c.how,
                                  std::string(c.format) + (std::strstr(c.how, "nut") ? ".nut" : ".mkv"));
    if (path.empty()) continue;
    const Clip clip = read_file(path);
    EXPECT_EQ(clip.error, "");
    EXPECT_EQ(clip.info.format, c.expected) << describe(clip.info.format);
    ASSERT_EQ(clip.frames.size(), 3u);
    EXPECT_TRUE(clip.frames == oracle(path, c.planar, clip.frames[0].size()));
    if (std::string(c.format) == "yuvj420p") {
      EXPECT_EQ(clip.info.color.range, ColorRange::kFull);
    }
  }
}

TEST_F(Libav, OddSizes) {
  const std::string other = make(
      "-f lavfi -i testsrc2=size=60x40:rate=10:duration=0.5 -vf format=yuv444p,crop=53:31,format=yuv420p "
      "-c:v ffv1",
      "odd_ffv1.mkv");
  ASSERT_NE(other, "");
  const Clip clip = read_file(other);
  EXPECT_EQ(clip.error, "");
  EXPECT_EQ(clip.info.format, (Format{53, 31, 8, Chroma::k420}));
  ASSERT_EQ(clip.frames.size(), 5u);
  EXPECT_EQ(clip.frames[0].size(), 53u * 31 + 2 * 27 * 16);
  EXPECT_TRUE(clip.frames == oracle(other, "yuv420p", clip.frames[0].size()));
}

TEST_F(Libav, Refusals) {
  const std::string rgb =
      make("-f lavfi -i testsrc2=size=64x48:rate=5:duration=0.4 -pix_fmt gbrp -c:v ffv1", "rgb.mkv");
  EXPECT_NE(read_file(rgb).error.find("is RGB; the metrics are defined on YUV"), std::string::npos)
      << read_file(rgb).error;
  const std::string sound = make("-f lavfi -i sine=duration=0.2 -c:a pcm_s16le", "sound.mkv");
  EXPECT_NE(read_file(sound).error.find("no video stream"), std::string::npos) << read_file(sound).error;
  const std::string noise = dir_.write("noise", testing::planar_bytes({64, 64, 8, Chroma::k444}, 5));
  EXPECT_NE(read_file(noise).error.find("noise: "), std::string::npos);
  EXPECT_NE(read_file(dir_.write("empty.mp4", {})).error.find("empty file"), std::string::npos);
  Bytes text;
  testing::append(text, "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n" + rgb + "\n#EXT-X-ENDLIST\n");
  EXPECT_NE(read_file(dir_.write("list.m3u8", text)).error, "") << "a playlist must not open other files";
  text.clear();
  testing::append(text, "ffconcat version 1.0\nfile '" + rgb + "'\n");
  EXPECT_NE(read_file(dir_.write("list.ffconcat", text)).error, "");
}

TEST_F(Libav, ChangeOfSizeNamesTheFrame) {
  const std::string a = make(
      "-f lavfi -i testsrc2=size=96x64:rate=25:duration=0.4 -pix_fmt yuv420p -c:v libx264 -bf 0", "a.264");
  const std::string b = make(
      "-f lavfi -i testsrc2=size=64x64:rate=25:duration=0.4 -pix_fmt yuv420p -c:v libx264 -bf 0", "b.264");
  if (a.empty() || b.empty()) GTEST_SKIP() << "no libx264 in this ffmpeg";
  Bytes joined = file_bytes(a);
  const Bytes second = file_bytes(b);
  joined.insert(joined.end(), second.begin(), second.end());
  const Clip clip = read_file(dir_.write("joined.264", joined));
  EXPECT_EQ(clip.frames.size(), 10u);
  EXPECT_NE(clip.error.find("frame 10: the picture changes from 96x64 yuv420p to 64x64"), std::string::npos)
      << clip.error;
}

TEST_F(Libav, AttachedPictureIsNotTheVideo) {
  const std::string video =
      make("-f lavfi -i testsrc2=size=96x64:rate=25:duration=0.4 -pix_fmt yuv420p -c:v libx264", "v.mp4");
  const std::string picture = make("-f lavfi -i testsrc2=size=640x480 -frames:v 1", "cover.png");
  const std::string both =
      make("-i '" + picture + "' -i '" + video + "' -map 0 -map 1 -c copy -disposition:v:0 attached_pic",
           "both.mp4");
  if (both.empty()) GTEST_SKIP() << "this ffmpeg cannot attach pictures";
  const Clip clip = read_file(both);
  EXPECT_EQ(clip.error, "");
  EXPECT_EQ(clip.frames.size(), 10u);
  EXPECT_EQ(clip.info.format.width_px, 96);
}

TEST_F(Libav, DamageIsReported) {
  const std::string path = make(
      "-f lavfi -i testsrc2=size=320x240:rate=25:duration=2 -pix_fmt yuv420p -c:v libx264 -g 100 -movflags "
      "faststart",
      "v.mp4");
  if (path.empty()) GTEST_SKIP() << "no libx264 in this ffmpeg";
  Bytes bytes = file_bytes(path);
  Bytes cut(bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(bytes.size() * 6 / 10));
  Clip clip = read_file(dir_.write("cut.mp4", cut));
  EXPECT_GT(clip.frames.size(), 5u);
  EXPECT_LT(clip.frames.size(), 50u);
  EXPECT_NE(clip.error.find("cut.mp4: frame " + std::to_string(clip.frames.size()) + ": "), std::string::npos)
      << clip.error;
  clip = read_file(dir_.path("cut.mp4"), 1, true);
  EXPECT_EQ(clip.error, "");
  ASSERT_FALSE(clip.info.notes.empty());

  const std::string mkv = make("-i '" + path + "' -c copy", "v.mkv");
  Bytes cut_mkv = file_bytes(mkv);
  cut_mkv.resize(cut_mkv.size() * 6 / 10);
  clip = read_file(dir_.write("cut.mkv", cut_mkv));
  EXPECT_NE(clip.error.find("ends early"), std::string::npos) << clip.error;

  for (size_t i = bytes.size() / 2; i < bytes.size() / 2 + 3000; i += 7) bytes[i] ^= 0xff;
  const std::string damaged = dir_.write("damaged.mp4", bytes);
  for (const int threads : {1, 3}) {
    clip = read_file(damaged, threads);
    EXPECT_NE(clip.error.find("damaged.mp4: frame "), std::string::npos) << clip.error;
  }
}

TEST_F(Libav, ColourIsReported) {
  const std::string hdr = make(
      "-f lavfi -i testsrc2=size=128x96:rate=24000/1001:duration=0.5 -pix_fmt yuv420p10le -c:v ffv1 "
      "-color_range tv -colorspace bt2020nc -color_primaries bt2020 -color_trc smpte2084",
      "hdr.mkv");
  Clip clip = read_file(hdr);
  EXPECT_EQ(clip.error, "");
  EXPECT_TRUE(clip.info.color.is_hdr());
  EXPECT_EQ(matrix_name(clip.info.color.matrix), "bt2020nc");
  EXPECT_EQ(transfer_name(clip.info.color.transfer), "pq");
  EXPECT_EQ(clip.info.color.range, ColorRange::kLimited);
  EXPECT_EQ(clip.info.frame_rate, (Rational{24000, 1001}));
  EXPECT_FALSE(clip.info.is_variable_frame_rate);
}

TEST(LibavData, ClipsGiveTheRightFrames) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the folder with clips/ is not known";
  const std::map<std::string, std::pair<int, Format>> clips = {
      {"source/bee_720p30.mp4", {121, {1280, 720, 8, Chroma::k420}}},
      {"source/highway_540p25.mp4", {221, {960, 540, 8, Chroma::k420}}},
      {"source/pdf_1024x768.264", {50, {1024, 768, 8, Chroma::k420}}},
      {"source/roofs_hdr10_1080p30.mp4", {28, {1920, 1080, 10, Chroma::k420}}},
      {"source/street_1080p25.264", {54, {1920, 1080, 8, Chroma::k420}}},
      {"source/variable_frame_rate.mp4", {63, {3026, 1386, 8, Chroma::k420}}},
      {"encoded/bbb_1080p60__x264.mkv", {12, {1920, 1080, 8, Chroma::k420}}},
      {"encoded/roofs_hdr10_1080p30__x265.mkv", {12, {1920, 1080, 10, Chroma::k420}}},
      {"encoded/street_1080p25__svtav1.mkv", {12, {1920, 1080, 8, Chroma::k420}}},
      {"encoded/bloom_720p30__vp9.mkv", {12, {1280, 720, 8, Chroma::k420}}},
  };
  for (const auto& [name, expected] : clips) {
    SCOPED_TRACE(name);
    InputOptions options;
    options.path = std::string(data) + "/clips/" + name;
    options.threads = 2;
    auto reader = open_input(options, open_container);
    ASSERT_TRUE(reader.ok()) << reader.error().message;
    EXPECT_EQ((*reader)->info().format, expected.second);
    EXPECT_EQ((*reader)->info().is_variable_frame_rate, name == "source/variable_frame_rate.mp4");
    EXPECT_EQ((*reader)->info().color.is_hdr(), expected.second.bit_depth == 10);
    auto frames = (*reader)->skip(1000);
    ASSERT_TRUE(frames.ok()) << frames.error().message;
    EXPECT_EQ(*frames, expected.first);
  }
}

// Decoders allocate as they please; what they keep must not grow with the clip.
TEST_F(Libav, MemoryIsFlat) {
  if (testing::kIsSanitized) GTEST_SKIP() << "sanitizers keep freed memory";
  const std::string path = make(
      "-f lavfi -i testsrc2=size=160x120:rate=50:duration=40 -pix_fmt yuv420p -c:v libx264 -preset ultrafast",
      "long.mp4");
  if (path.empty()) GTEST_SKIP() << "no libx264 in this ffmpeg";
  InputOptions options;
  options.path = path;
  options.threads = 2;
  auto reader = open_input(options, open_container);
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
  EXPECT_LT(testing::resident_kib() - early, 4096);
}

}  // namespace
}  // namespace fovea
