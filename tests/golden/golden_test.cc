// SPDX-License-Identifier: BSD-2-Clause-Patent
// Both programs against reports of libvmaf (scalar rules), on real footage.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "base/test_effort.h"
#include "support.h"

namespace fovea::testing {
namespace {

using nlohmann::json;

struct Clip {
  const char* name;    // of the golden report and the encode
  const char* source;  // file of the reference
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

// The printed digits must agree. Exceptions: CIEDE2000 takes its sines and roots from no particular C
// library, which may turn the last digit. libvmaf divides in float_adm with an approximate reciprocal of the
// CPU's: a few 1e-7 in what it emits, a hundred times that in what a model makes of it.
double tolerance(const std::string& name, bool float_features) {
  if (name == "ciede2000") return 1.5e-6;
  if (!float_features) return 0;
  if (name.rfind("adm", 0) == 0 || name == "aim") return 1.1e-6;
  return name.rfind("vmaf", 0) == 0 ? 3e-5 : 0;
}

bool agree(const json& golden, const json& ours, double tolerance) {
  if (golden == ours) return true;
  return golden.is_number() && ours.is_number() &&
         std::abs(golden.get<double>() - ours.get<double>()) <= tolerance;
}

// Every value of the golden report that `wanted` names, frame by frame and pooled; returns the number
// compared. `label`: what our report calls the golden report's `vmaf`.
template <class Wanted>
int compare(const json& golden, const json& ours, const std::string& where, Wanted wanted,
            const char* label = "vmaf", bool float_features = false) {
  int compared = 0;
  const auto compare_one = [&](const std::string& name, const json& g, const json& o,
                               const std::string& place) {
    if (!wanted(name)) return;
    const std::string our_name = name == "vmaf" ? label : name;
    if (!o.contains(our_name)) {
      ADD_FAILURE() << where << place << ": " << our_name << " is missing";
      return;
    }
    for (const char* kind : {"min", "max", "mean", "harmonic_mean"}) {
      const bool pooled = g.is_object();
      const json &a = pooled ? g[kind] : g, &b = pooled ? o[our_name][kind] : o[our_name];
      EXPECT_TRUE(agree(a, b, tolerance(name, float_features)))
          << where << place << ": " << name << " is " << b << ", not " << a;
      ++compared;
      if (!pooled) break;
    }
  };
  EXPECT_EQ(golden["frames"].size(), ours["frames"].size()) << where;
  for (size_t i = 0; i < golden["frames"].size() && i < ours["frames"].size(); ++i)
    for (const auto& [name, value] : golden["frames"][i]["metrics"].items())
      compare_one(name, value, ours["frames"][i]["metrics"], ", frame " + std::to_string(i));
  for (const auto& [name, value] : golden["pooled_metrics"].items())
    compare_one(name, value, ours["pooled_metrics"], ", pooled");
  return compared;
}

// A golden report and what was asked for it.
struct Report {
  const char* kind;  // of its file's name
  std::vector<std::string> arguments;
};
const Report kReports[] = {
    {"v0",
     {"-m", "version=vmaf_v0.6.1", "-m", "version=vmaf_v0.6.1neg:name=vmaf_neg", "--feature", "psnr",
      "--feature", "float_ssim", "--feature", "float_ms_ssim", "--feature", "psnr_hvs", "--feature",
      "ciede"}},
    {"v1", {"-m", "version=vmaf_v1.0.16_3d0h"}},
    {"float", {"-m", "version=vmaf_float_v0.6.1", "--feature", "cambi"}},
};

json golden_report(const std::string& data, const Clip& clip, const std::string& kind) {
  return json::parse(read_file(data + "/golden/" + clip.name + "." + kind + ".json"));
}

bool is_full_range(const Clip& clip) {
  return std::string(clip.name).rfind("street", 0) == 0;
}

class Golden : public ::testing::TestWithParam<Clip> {
 protected:
  void SetUp() override {
    if (test_effort() == Effort::kLow && GetParam().width * GetParam().height > 1024 * 768)
      GTEST_SKIP() << "little effort is wanted: only small clips";
  }
};

TEST_P(Golden, VmafProgramFromRawEqualsEveryDigit) {
  FOVEA_NEED_DATA(data);
  if (!have_ffmpeg()) GTEST_SKIP() << "no ffmpeg program to decode with";
  const Clip clip = GetParam();
  const TemporaryFolder folder;
  // The golden report of the one full-range source was made with its limited-range encode converted to full
  // range by FFmpeg; the others were decoded as they are.
  const std::string format = clip.bit_depth == 10  ? "yuv420p10le"
                             : is_full_range(clip) ? "yuvj420p"
                                                   : "yuv420p";
  const auto decode = [&](const std::string& in, const std::string& out) {
    const RunResult r = run({"ffmpeg", "-v", "error", "-i", in, "-frames:v", "12", "-map", "0:v:0",
                             "-fps_mode", "passthrough", "-pix_fmt", format, "-f", "rawvideo", out});
    ASSERT_EQ(r.status, 0) << r.err;
  };
  decode(data + "/clips/source/" + clip.source, folder / "ref.yuv");
  decode(data + "/clips/encoded/" + clip.name + ".mkv", folder / "dis.yuv");
  for (const Report& report : kReports) {
    const std::string kind = report.kind;
    // Half of all the time would go to the slow metrics of this one clip.
    if (clip.height > 2000 && kind == "v0" && test_effort() != Effort::kFull) continue;
    std::vector<std::string> command = {VMAF_PROGRAM,
                                        "-r",
                                        folder / "ref.yuv",
                                        "-d",
                                        folder / "dis.yuv",
                                        "-w",
                                        std::to_string(clip.width),
                                        "-h",
                                        std::to_string(clip.height),
                                        "-p",
                                        "420",
                                        "-b",
                                        std::to_string(clip.bit_depth),
                                        "--json",
                                        "-o",
                                        folder / "out.json",
                                        "--threads",
                                        "2"};
    command.insert(command.end(), report.arguments.begin(), report.arguments.end());
    const RunResult r = run(command, "/dev/null", 600);
    ASSERT_EQ(r.status, 0) << r.err;
    const json golden = golden_report(data, clip, kind), ours = json::parse(read_file(folder / "out.json"));
    const auto all = [](const std::string&) { return true; };
    EXPECT_GE(compare(golden, ours, clip.name + (" " + kind), all, "vmaf", kind == "float"), (12 + 4) * 15);
    for (const auto& [name, value] : ours["pooled_metrics"].items())
      EXPECT_TRUE(golden["pooled_metrics"].contains(name)) << name << " was not asked for";
  }
}

// One run that decodes once for all models.
TEST_P(Golden, FoveaProgramFromContainersEqualsEveryDigit) {
  FOVEA_NEED_DATA(data);
  const Clip clip = GetParam();
  const TemporaryFolder folder;
  std::vector<std::string> command = {FOVEA_PROGRAM,
                                      "score",
                                      data + "/clips/source/" + clip.source,
                                      data + "/clips/encoded/" + clip.name + ".mkv",
                                      "--model",
                                      "vmaf_v0.6.1:name=vmaf",
                                      "--model",
                                      "vmaf_v0.6.1neg:name=vmaf_neg",
                                      "--model",
                                      "vmaf_v1.0.16_3d0h:name=vmaf_v1",
                                      "--model",
                                      "vmaf_float_v0.6.1:name=vmaf_float",
                                      "--feature",
                                      "psnr",
                                      "--feature",
                                      "float_ssim",
                                      "--feature",
                                      "cambi",
                                      "--allow-short",
                                      "-o",
                                      folder / "peer.json:libvmaf"};
  if (is_full_range(clip)) command.insert(command.end(), {"--range", "full"});
  const RunResult r = run(command, "/dev/null", 600);
  ASSERT_EQ(r.status, 0) << r.err;
  const json golden = golden_report(data, clip, "v0");
  const json ours = json::parse(read_file(folder / "peer.json"));
  if (is_full_range(clip)) {
    // Our own conversion of range differs from FFmpeg's in rounding.
    EXPECT_NEAR(ours["pooled_metrics"]["vmaf"]["mean"].get<double>(),
                golden["pooled_metrics"]["vmaf"]["mean"].get<double>(), 0.3);
    return;
  }
  const auto in_v0 = [](const std::string& name) {
    return name != "ciede2000" && name != "float_ms_ssim" && name.rfind("psnr_hvs", 0) != 0;
  };
  EXPECT_GT(compare(golden, ours, clip.name, in_v0), (12 + 4) * 20);
  const auto all = [](const std::string&) { return true; };
  EXPECT_GT(compare(golden_report(data, clip, "v1"), ours, clip.name, all, "vmaf_v1"), (12 + 4) * 14);
  EXPECT_EQ(compare(golden_report(data, clip, "float"), ours, clip.name, all, "vmaf_float", true),
            (12 + 4) * 16);
}

INSTANTIATE_TEST_SUITE_P(Clips, Golden, ::testing::ValuesIn(kClips),
                         [](const auto& info) { return std::string(info.param.name); });

// The first three frames of src01 at every bit depth give one set of values.
TEST(GoldenNetflix, Src01AtEveryBitDepth) {
  FOVEA_NEED_DATA(data);
  for (const int bits : {8, 10, 12, 16}) {
    const std::string end =
        bits == 8 ? "_576x324_3frames.yuv" : "_576x324.yuv420p" + std::to_string(bits) + "le.yuv";
    const std::string base = data + "/clips/netflix/src01_hrc0";
    const TemporaryFolder folder;
    const RunResult r = run({VMAF_PROGRAM,
                             "-r",
                             base + "0" + end,
                             "-d",
                             base + "1" + end,
                             "-w",
                             "576",
                             "-h",
                             "324",
                             "-p",
                             "420",
                             "-b",
                             std::to_string(bits),
                             "--json",
                             "-o",
                             folder / "out.json",
                             "--precision",
                             "max",
                             "--feature",
                             "vif=debug=true",
                             "--feature",
                             "adm=debug=true"});
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

// The float models, on the same clip. Expected: the report of libvmaf.
TEST(GoldenNetflix, Src01UnderFloatModels) {
  FOVEA_NEED_DATA(data);
  const std::string base = data + "/clips/netflix/src01_hrc0";
  const TemporaryFolder folder;
  const RunResult r = run({VMAF_PROGRAM,
                           "-r",
                           base + "0_576x324_3frames.yuv",
                           "-d",
                           base + "1_576x324_3frames.yuv",
                           "-w",
                           "576",
                           "-h",
                           "324",
                           "-p",
                           "420",
                           "-b",
                           "8",
                           "--json",
                           "-o",
                           folder / "out.json",
                           "-m",
                           "version=vmaf_float_v0.6.1:name=vmaf_float",
                           "-m",
                           "version=vmaf_float_v0.6.1neg:name=vmaf_neg",
                           "-m",
                           "version=vmaf_float_4k_v0.6.1:name=vmaf_4k",
                           "-m",
                           "version=vmaf_float_b_v0.6.3:name=vmaf_b"});
  ASSERT_EQ(r.status, 0) << r.err;
  const json frames = json::parse(read_file(folder / "out.json"))["frames"];
  ASSERT_EQ(frames.size(), 3u);
  const std::map<std::string, std::array<double, 3>> expected = {
      {"adm2", {0.962086, 0.94977, 0.943473}},
      {"aim", {0.011381, 0.018346, 0.026425}},
      {"adm3", {0.975352, 0.965712, 0.958524}},
      {"adm2_egl_1", {0.957511, 0.943117, 0.93714}},
      {"vmaf_float", {83.854231, 82.643125, 81.198674}},
      {"vmaf_neg", {82.353697, 80.620124, 79.077078}},
      {"vmaf_4k", {90.109595, 88.844263, 87.952762}},
      {"vmaf_b", {83.16927, 81.323173, 79.813043}},
      {"vmaf_b_bagging", {82.273736, 80.816905, 79.282745}},
      {"vmaf_b_stddev", {2.302562, 1.315851, 1.250373}},
      {"vmaf_b_ci_p95_lo", {78.726489, 78.888142, 77.412455}},
      {"vmaf_b_ci_p95_hi", {86.204273, 83.265024, 81.493713}}};
  for (const auto& [name, values] : expected) {
    for (size_t i = 0; i < 3; ++i)
      EXPECT_NEAR(frames[i]["metrics"][name].get<double>(), values[i], tolerance(name, true))
          << name << ", frame " << i;
  }
}

// Netflix's checkerboard clips, made anew: squares of 10 pixels, levels 16 and 235, three frames of which
// each moves one pixel to the right; the distorted clip starts `shift` pixels further.
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
                           Pair{1, 35.06866714286451, 0.7853384465157921, 0.112931470868, 0.2983721613615637,
                                0.33743204896754614, 0.496419716304},
                           Pair{10, 7.985898744818505, 0.053996580527295335, 0, 0, 0, 0}}) {
    write_file(folder / "dis.yuv", checkerboard(pair.shift));
    const RunResult r =
        run({VMAF_PROGRAM, "-r", folder / "ref.yuv", "-d", folder / "dis.yuv", "-w", "1920", "-h", "1080",
             "-p", "420", "-b", "8", "--json", "-o", folder / "out.json", "--precision", "max"});
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
  const RunResult r = run({VMAF_PROGRAM, "-r", folder / "flat0.yuv", "-d", folder / "flat10.yuv", "-w", "576",
                           "-h", "324", "-p", "420", "-b", "8", "--json", "-o", folder / "out.json"});
  ASSERT_EQ(r.status, 0) << r.err;
  const json out = json::parse(read_file(folder / "out.json"));
  EXPECT_NEAR(out["pooled_metrics"]["vmaf"]["mean"].get<double>(), 97.42804264261031, 5e-5);
}

}  // namespace
}  // namespace fovea::testing
