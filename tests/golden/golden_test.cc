// SPDX-License-Identifier: BSD-2-Clause-Patent
// Both programs against reports of libvmaf (scalar rules), on real footage.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "support.h"

namespace fovea::testing {
namespace {

using nlohmann::json;

struct Clip {
  const char* name;     // of the golden report and the encode
  const char* source;   // file of the reference
  int width, height, bit_depth;
};
constexpr Clip kClips[] = {
    {"bbb_1080p60__x264", "bbb_1080p60.webm", 1920, 1080, 8},
    {"bbb_2160p60__x265", "bbb_2160p60.mkv", 3840, 2160, 8},
    {"bee_720p30__svtav1", "bee_720p30.mp4", 1280, 720, 8},
    {"bloom_720p30__vp9", "bloom_720p30.264", 1280, 720, 8},
    {"butterfly_720p30__x264", "butterfly_720p30.mp4", 1280, 720, 8},
    {"flower_540p30__x265", "flower_540p30.mp4", 960, 540, 8},
    {"highway_540p25__svtav1", "highway_540p25.mp4", 960, 540, 8},
    {"nightcity_1080p50__vp9", "nightcity_1080p50.mov", 1920, 1080, 8},
    {"pdf_1024x768__x264", "pdf_1024x768.264", 1024, 768, 8},
    {"roofs_hdr10_1080p30__x265", "roofs_hdr10_1080p30.mp4", 1920, 1080, 10},
    {"street_1080p25__svtav1", "street_1080p25.264", 1920, 1080, 8},
};

// Values whose every printed digit must agree; the others are left to their metrics' tests.
bool is_exact(const std::string& name) {
  return name.rfind("integer_", 0) == 0 || name.rfind("VMAF_integer", 0) == 0 || name.rfind("psnr_", 0) == 0 ||
         name.rfind("vmaf", 0) == 0;
}

// Compares what both reports have; returns the number of values compared.
int compare(const json& golden, const json& ours, const std::string& where) {
  int compared = 0;
  EXPECT_EQ(golden["frames"].size(), ours["frames"].size()) << where;
  for (size_t i = 0; i < golden["frames"].size() && i < ours["frames"].size(); ++i) {
    const json &g = golden["frames"][i]["metrics"], &o = ours["frames"][i]["metrics"];
    for (const auto& [name, value] : g.items()) {
      if (!is_exact(name) || name.rfind("psnr_hvs", 0) == 0) continue;
      EXPECT_TRUE(o.contains(name)) << where << ": " << name;
      if (!o.contains(name)) continue;
      EXPECT_EQ(value, o[name]) << where << ", frame " << i << ": " << name;
      ++compared;
    }
  }
  return compared;
}

bool is_full_range(const Clip& clip) { return std::string(clip.name).rfind("street", 0) == 0; }

class Golden : public ::testing::TestWithParam<Clip> {};

TEST_P(Golden, VmafProgramFromRawEqualsEveryDigit) {
  FOVEA_NEED_DATA(data);
  if (!have_ffmpeg()) GTEST_SKIP() << "no ffmpeg program to decode with";
  const Clip clip = GetParam();
  const TemporaryFolder folder;
  // The golden report of the one full-range source was made with its limited-range encode converted to full
  // range by FFmpeg; the others were decoded as they are.
  const std::string format = clip.bit_depth == 10 ? "yuv420p10le" : is_full_range(clip) ? "yuvj420p" : "yuv420p";
  const auto decode = [&](const std::string& in, const std::string& out) {
    const RunResult r = run({"ffmpeg", "-v", "error", "-i", in, "-frames:v", "12", "-map", "0:v:0", "-fps_mode", "passthrough",
                             "-pix_fmt", format, "-f", "rawvideo", out});
    ASSERT_EQ(r.status, 0) << r.err;
  };
  decode(data + "/clips/source/" + clip.source, folder / "ref.yuv");
  decode(data + "/clips/encoded/" + clip.name + ".mkv", folder / "dis.yuv");
  const RunResult r = run({VMAF_PROGRAM, "-r", folder / "ref.yuv", "-d", folder / "dis.yuv", "-w", std::to_string(clip.width), "-h",
                           std::to_string(clip.height), "-p", "420", "-b", std::to_string(clip.bit_depth), "-m", "version=vmaf_v0.6.1",
                           "-m", "version=vmaf_v0.6.1neg:name=vmaf_neg", "--feature", "psnr", "--feature", "float_vif", "--json", "-o",
                           folder / "out.json", "--threads", "2"});
  ASSERT_EQ(r.status, 0) << r.err;
  const json golden = json::parse(read_file(data + "/golden/" + clip.name + ".v0.json"));
  const json ours = json::parse(read_file(folder / "out.json"));
  EXPECT_GT(compare(golden, ours, clip.name), 12 * 20);
  const json golden_float = json::parse(read_file(data + "/golden/" + clip.name + ".float.json"));
  for (size_t i = 0; i < ours["frames"].size(); ++i) {
    const json &g = golden_float["frames"][i]["metrics"], &o = ours["frames"][i]["metrics"];
    for (const std::string scale : {"0", "1", "2", "3"}) {
      EXPECT_EQ(g["vif_scale" + scale], o["vif_scale" + scale]) << "frame " << i << ", scale " << scale;
    }
  }
}

TEST_P(Golden, FoveaProgramFromContainersEqualsEveryDigit) {
  FOVEA_NEED_DATA(data);
  const Clip clip = GetParam();
  const TemporaryFolder folder;
  std::vector<std::string> command = {FOVEA_PROGRAM, "score", data + "/clips/source/" + clip.source,
                                      data + "/clips/encoded/" + clip.name + ".mkv", "--model", "vmaf_v0.6.1:name=vmaf", "--model",
                                      "vmaf_v0.6.1neg:name=vmaf_neg", "--feature", "psnr", "--allow-short", "-o",
                                      folder / "peer.json:libvmaf"};
  if (is_full_range(clip)) command.insert(command.end(), {"--range", "full"});
  const RunResult r = run(command);
  ASSERT_EQ(r.status, 0) << r.err;
  const json golden = json::parse(read_file(data + "/golden/" + clip.name + ".v0.json"));
  const json ours = json::parse(read_file(folder / "peer.json"));
  if (is_full_range(clip)) {
    // Our own conversion of range differs from FFmpeg's in rounding.
    EXPECT_NEAR(ours["pooled_metrics"]["vmaf"]["mean"].get<double>(), golden["pooled_metrics"]["vmaf"]["mean"].get<double>(), 0.3);
    return;
  }
  EXPECT_GT(compare(golden, ours, clip.name), 12 * 20);
}

INSTANTIATE_TEST_SUITE_P(Clips, Golden, ::testing::ValuesIn(kClips),
                         [](const auto& info) { return std::string(info.param.name); });

// The first three frames of src01 at every bit depth give one set of values.
TEST(GoldenNetflix, Src01AtEveryBitDepth) {
  FOVEA_NEED_DATA(data);
  for (const int bits : {8, 10, 12, 16}) {
    const std::string end = bits == 8 ? "_576x324_3frames.yuv" : "_576x324.yuv420p" + std::to_string(bits) + "le.yuv";
    const std::string base = data + "/clips/netflix/src01_hrc0";
    const TemporaryFolder folder;
    const RunResult r = run({VMAF_PROGRAM, "-r", base + "0" + end, "-d", base + "1" + end, "-w", "576", "-h", "324", "-p", "420", "-b",
                             std::to_string(bits), "--json", "-o", folder / "out.json", "--precision", "max", "--feature",
                             "vif=debug=true", "--feature", "adm=debug=true"});
    ASSERT_EQ(r.status, 0) << r.err;
    const json frames = json::parse(read_file(folder / "out.json"))["frames"];
    ASSERT_EQ(frames.size(), 3u);
    const json &f0 = frames[0]["metrics"], &f1 = frames[1]["metrics"], &f2 = frames[2]["metrics"];
    // VIF is the same at every depth of this clip.
    EXPECT_EQ(f0["integer_vif_scale0"], 0.50571197271347046) << bits;
    EXPECT_EQ(f0["integer_vif_scale1"], 0.87906116247177124);
    EXPECT_EQ(f0["integer_vif_scale2"], 0.9378732442855835);
    EXPECT_EQ(f0["integer_vif_scale3"], 0.96430087089538574);
    EXPECT_EQ(f1["integer_vif_scale0"], 0.41164883971214294);
    EXPECT_EQ(f2["integer_vif_scale3"], 0.9365079402923584);
    EXPECT_EQ(f1["VMAF_integer_feature_motion_sad_score"], 4.5794420490866665) << bits;
    EXPECT_EQ(f2["VMAF_integer_feature_motion_sad_score"], 4.2143270861464766);
    if (bits == 8) {
      EXPECT_EQ(f0["integer_adm2"], 0.96208391490299072);
      EXPECT_EQ(f0["integer_aim"], 0.011383920049685787);
      EXPECT_EQ(f0["integer_adm3"], 0.9753499974266524);
      EXPECT_EQ(f0["integer_adm_scale0"], 0.94633823222999869);
      EXPECT_EQ(f0["integer_adm_scale3"], 0.98088742977180587);
    }
  }
}

// Netflix's checkerboard clips, made anew: squares of 10 pixels, levels 16 and 235, three frames of which each
// moves one pixel to the right; the distorted clip starts `shift` pixels further.
std::string checkerboard(int shift) {
  const int w = 1920, h = 1080;
  std::string clip;
  for (int frame = 0; frame < 3; ++frame) {
    std::string rows[2];
    for (int parity = 0; parity < 2; ++parity) {
      for (int x = 0; x < w; ++x) {
        const int square = (x - shift - frame + 1000) / 10;  // 1000: keeps the division positive
        rows[parity] += static_cast<char>((square + parity) % 2 == 0 ? 16 : 235);
      }
    }
    for (int y = 0; y < h; ++y) clip += rows[y / 10 % 2];
    clip += std::string(static_cast<size_t>(w / 2) * (h / 2) * 2, static_cast<char>(128));
  }
  return clip;
}

// Expected means: published in Netflix/vmaf's own tests (older than today's integer rules, tolerance 5e-5).
TEST(GoldenNetflix, CheckerboardPairs) {
  const TemporaryFolder folder;
  write_file(folder / "ref.yuv", checkerboard(0));
  struct Pair {
    int shift;
    double vmaf, adm2, vif0, vif1, vif2, vif3;
  };
  for (const Pair& pair : {Pair{0, 99.14289994394608, 1, 0.999998, 1.000001, 0.999998, 1.0},
                           Pair{1, 35.06866714286451, 0.7853384465157921, 0.112931470868, 0.2983721613615637, 0.33743204896754614, 0.496419716304},
                           Pair{10, 7.985898744818505, 0.053996580527295335, 0, 0, 0, 0}}) {
    write_file(folder / "dis.yuv", checkerboard(pair.shift));
    const RunResult r = run({VMAF_PROGRAM, "-r", folder / "ref.yuv", "-d", folder / "dis.yuv", "-w", "1920", "-h", "1080", "-p", "420",
                             "-b", "8", "--json", "-o", folder / "out.json", "--precision", "max"});
    ASSERT_EQ(r.status, 0) << r.err;
    const json pooled = json::parse(read_file(folder / "out.json"))["pooled_metrics"];
    const auto mean = [&](const char* name) { return pooled[name]["mean"].get<double>(); };
    EXPECT_NEAR(mean("vmaf"), pair.vmaf, 5e-5) << "shift " << pair.shift;
    EXPECT_NEAR(mean("integer_adm2"), pair.adm2, 5e-5) << "shift " << pair.shift;
    EXPECT_NEAR(mean("integer_motion2"), 12.554711666666668, 5e-5);
    EXPECT_NEAR(mean("integer_vif_scale0"), pair.vif0, 5e-5);
    EXPECT_NEAR(mean("integer_vif_scale1"), pair.vif1, 5e-5);
    EXPECT_NEAR(mean("integer_vif_scale2"), pair.vif2, 5e-5);
    EXPECT_NEAR(mean("integer_vif_scale3"), pair.vif3, 5e-5);
  }
}

TEST(GoldenNetflix, FlatPairIsNearlyPerfect) {
  const TemporaryFolder folder;
  const int w = 576, h = 324;
  const auto flat = [&](int value) {
    std::string frame(static_cast<size_t>(w) * h, static_cast<char>(value));
    frame += std::string(static_cast<size_t>(w / 2) * (h / 2) * 2, static_cast<char>(128));
    return frame + frame + frame;
  };
  write_file(folder / "flat0.yuv", flat(0));
  write_file(folder / "flat10.yuv", flat(10));
  const RunResult r = run({VMAF_PROGRAM, "-r", folder / "flat0.yuv", "-d", folder / "flat10.yuv", "-w", "576", "-h", "324", "-p", "420",
                           "-b", "8", "--json", "-o", folder / "out.json"});
  ASSERT_EQ(r.status, 0) << r.err;
  const json out = json::parse(read_file(folder / "out.json"));
  EXPECT_NEAR(out["pooled_metrics"]["vmaf"]["mean"].get<double>(), 97.42804264261031, 5e-5);
}

}  // namespace
}  // namespace fovea::testing
