// SPDX-License-Identifier: BSD-2-Clause-Patent
// Random sizes, depths, contents and options: every double that the `vmaf` program prints against independent
// scalar programs (prototypes/*_scalar.cpp in the data folder), on every CPU level. A metric is a row of
// kRows. FOVEA_TEST_EFFORT=full runs 250 cases a metric instead of a daily share.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <thread>

#include "base/test_effort.h"
#include "support.h"

namespace fovea::testing {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15ull + 99) {}
  int roll(int lo, int hi) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return lo + static_cast<int>(state_ % static_cast<uint64_t>(hi - lo + 1));
  }
  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[static_cast<size_t>(roll(0, static_cast<int>(from.size()) - 1))];
  }

 private:
  uint64_t state_;
};

struct Picture {
  int w, h, bits;
  std::string chroma;
  int frames;
};

// Content that is hard on kernels.
constexpr const char* kKinds[] = {"texture", "noise",    "binary noise", "flat",
                                  "checker", "gradient", "banding",      "same as reference"};
constexpr int kKindCount = static_cast<int>(std::size(kKinds));

std::string hard_clip(const Picture& c, int kind, uint64_t seed, bool distorted) {
  if (kind == 0)
    return distorted ? raw_clip_distorted(c.w, c.h, c.bits, c.chroma, c.frames, seed)
                     : raw_clip(c.w, c.h, c.bits, c.chroma, c.frames, seed);
  if (kind == 7) return raw_clip(c.w, c.h, c.bits, c.chroma, c.frames, seed);
  Dice dice(seed + (distorted ? 5000 : 0));
  const int peak = (1 << c.bits) - 1, step = std::max(1, peak >> 7) * (distorted ? 2 : 1);
  std::string out;
  for (int f = 0; f < c.frames; ++f) {
    for (int p = 0; p < 3; ++p) {
      const int pw = p > 0 && c.chroma != "444" ? (c.w + 1) / 2 : c.w,
                ph = p > 0 && c.chroma == "420" ? (c.h + 1) / 2 : c.h;
      for (int y = 0; y < ph; ++y) {
        for (int x = 0; x < pw; ++x) {
          int v = 0;
          if (kind == 1) v = dice.roll(0, peak);
          if (kind == 2) v = dice.roll(0, 1) * peak;
          if (kind == 3) v = static_cast<int>(seed % 7) * peak / 7 + (distorted ? 1 : 0);
          if (kind == 4) v = ((x / 3 + y / 3 + f + (distorted ? 1 : 0)) & 1) * peak;
          if (kind == 5) v = x * peak / c.w + y + f * 2 + (distorted ? dice.roll(0, peak / 60 + 1) : 0);
          if (kind == 6)
            v = static_cast<int>(peak * (0.1 + 0.08 * (x + f) / c.w + 0.05 * y / c.h)) / step * step;
          v = std::min(peak, std::max(0, v));
          out += static_cast<char>(v & 255);
          if (c.bits > 8) out += static_cast<char>(v >> 8);
        }
      }
    }
  }
  return out;
}

struct Option {
  std::string name;
  std::vector<std::string> values;
};
const std::vector<std::string> kOn = {"true"};

struct Row {
  std::string metric;
  std::string program;  // prototypes/<program>_scalar.cpp
  int smallest_px;      // side of the smallest 4:2:0 picture that is scored; below it both programs refuse
  int largest_px;       // side of random pictures
  int frames;           // of random clips: 1 .. this
  bool chroma;          // scores subsampled planes
  double tolerance;     // 0: every bit; otherwise |a - b| <= tolerance * max(1, |b|)
  std::vector<Option> options = {};
  std::vector<int> depths = {8, 8, 10, 12, 16};
  bool scalar_refuses = true;  // its program, too, checks the size
};

using Options = std::vector<Option>;
Options operator+(Options a, const Options& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

const Options kVif = {
    {"debug", kOn}, {"vif_enhn_gain_limit", {"1", "1.05", "2", "7.5"}}, {"vif_skip_scale0", kOn}};
const Options kFloatVif = {{"vif_kernelscale", {"0.5", "1.5", "2", "0.711111"}},
                           {"vif_prescale", {"0.5", "0.8", "1.6"}},
                           {"vif_prescale_method", {"nearest", "bilinear", "bicubic", "lanczos4"}},
                           {"vif_scale1_min_val", {"0.5"}},
                           {"vif_scale2_min_val", {"0.6"}},
                           {"vif_scale3_min_val", {"0.7"}},
                           {"vif_sigma_nsq", {"0.5", "5"}}};
const Options kMotion = {{"debug", {"true", "false"}},
                         {"motion_force_zero", kOn},
                         {"motion_blend_factor", {"0.3", "0.6"}},
                         {"motion_blend_offset", {"0", "2"}},
                         {"motion_fps_weight", {"0.5", "1.5"}},
                         {"motion_max_val", {"4", "18"}}};
const Options kIntegerMotion = {{"motion_five_frame_window", kOn}, {"motion_moving_average", kOn}};
const Options kFloatMotion = {
    {"motion_add_scale1", kOn}, {"motion_filter_size", {"1", "3", "4", "9"}}, {"motion_add_uv", kOn}};
const Options kAdm = {{"debug", kOn},
                      {"adm_enhn_gain_limit", {"1", "1.2", "3", "99"}},
                      {"adm_noise_weight", {"0", "0.02", "3"}},
                      {"adm_min_val", {"0.3", "0.9"}},
                      {"adm_csf_mode", {"1", "2"}},
                      {"adm_dlm_weight", {"0.2", "0.7", "1"}},
                      {"adm_norm_view_dist", {"3", "4.5", "5"}},
                      {"adm_ref_display_height", {"720", "1080", "2160"}},
                      {"adm_skip_scale0", kOn},
                      {"adm_csf_scale", {"0.9", "2"}},
                      {"adm_csf_diag_scale", {"0.8", "1.5"}}};
const Options kIntegerAdm = {{"adm_skip_aim", kOn}, {"adm_csf_mode", {"3"}}};
const Options kFloatAdm = {{"adm_bypass_cm", {"1"}},     {"adm_adm3_apply_hm", kOn},
                           {"adm_p_norm", {"2", "3.5"}}, {"adm_f1s0", {"0.01", "2"}},
                           {"adm_f2s3", {"0.5"}},        {"adm_skip_aim_scale", {"0", "2"}}};
const Options kCambi = {{"cambi_max_val", {"0.2", "17"}},
                        {"enc_width", {"180", "200"}},
                        {"enc_height", {"220"}},
                        {"enc_bitdepth", {"8", "10"}},
                        {"src_width", {"320"}},
                        {"src_height", {"240"}},
                        {"window_size", {"33", "120"}},
                        {"topk", {"0.2", "1"}},
                        {"cambi_topk", {"0.05"}},
                        {"tvi_threshold", {"0.01", "0.04"}},
                        {"cambi_vis_lum_threshold", {"0.06", "5"}},
                        {"max_log_contrast", {"0", "3", "5"}},
                        {"full_ref", kOn},
                        {"eotf", {"pq"}},
                        {"cambi_eotf", {"pq"}},
                        {"cambi_high_res_speedup", {"1080"}}};
const Options kSpeed = {{"speed_kernelscale", {"0.5", "1.5", "1.4746", "2", "0.711111"}},
                        {"speed_prescale", {"0.5", "0.6", "0.9"}},
                        {"speed_prescale_method", {"nearest", "bilinear", "bicubic", "lanczos4"}},
                        {"speed_sigma_nn", {"0.19", "1.2"}},
                        {"speed_nn_floor", {"0.1", "0.9"}},
                        {"speed_max_val", {"2", "45"}}};
const Options kSpeedChroma = {{"speed_weight_var_mode", {"1", "2", "3", "4", "5", "6"}},
                              {"speed_prescale", {"1.7"}}};
const Options kSpeedTemporal = {{"speed_use_ref_diff", kOn}};
const Options kPsnr = {{"enable_chroma", {"false"}},
                       {"enable_mse", kOn},
                       {"enable_apsnr", kOn},
                       {"reduced_hbd_peak", kOn},
                       {"min_sse", {"0.5", "100"}}};
const Options kSsim = {{"enable_lcs", kOn}, {"enable_db", kOn}, {"clip_db", kOn}};
const Options kFloatSsim = {{"scale", {"1", "2", "3", "5", "10"}}};

const std::vector<Row> kRows = {
    // metric, program, smallest and largest side, frames, chroma, tolerance, options, depths
    {"vif", "vif", 16, 200, 2, false, 0, kVif},
    {"motion", "motion", 3, 200, 6, false, 0, kMotion + kIntegerMotion},
    {"adm", "adm", 33, 200, 2, false, 0, kAdm + kIntegerAdm},
    {"cambi", "cambi", 216, 330, 2, false, 0, kCambi},
    {"speed_chroma", "speed", 160, 400, 2, true, 0, kSpeed + kSpeedChroma},
    {"speed_temporal", "speed", 80, 260, 3, false, 0, kSpeed + kSpeedTemporal},
    {"psnr", "psnr", 2, 200, 3, true, 0, kPsnr},
    {"psnr_hvs", "psnr_hvs", 2, 200, 2, true, 0, {}, {8, 8, 10, 12, 12, 16}},
    {"float_psnr", "psnr", 1, 200, 2, false, 0},
    {"float_moment", "psnr", 1, 200, 2, false, 0},
    {"float_ansnr", "psnr", 3, 200, 2, false, 0, {}, {8, 8, 10, 12, 16}, false},
    {"float_motion", "motion", 3, 160, 5, true, 0, kMotion + kFloatMotion},
    {"float_ssim", "ssim", 11, 600, 2, false, 0, kSsim + kFloatSsim},
    {"float_ms_ssim", "ssim", 176, 330, 2, false, 0, kSsim},
    {"ssim", "ssim", 1, 200, 2, false, 1e-12},  // the order of its sums of doubles is ours
    {"float_vif", "vif", 16, 200, 2, false, 0, kVif + kFloatVif},
    {"float_adm", "adm", 17, 200, 2, false, 0, kAdm + kFloatAdm, {8, 8, 10, 12, 16}, false},
    {"ciede", "ciede", 2, 160, 2, true, 5e-6},
    // the order in which its maps are added up is ours
    {"ssimulacra2",
     "ssimulacra2",
     8,
     200,
     1,
     true,
     1e-6,
     {{"yuv_matrix", {"1", "2", "3"}}, {"definition", {"fork"}}},
     {8, 8, 10, 12, 16},
     false},
};

// The scalar programs, compiled once and kept beside the tests; empty if there is no compiler.
std::string scalar_program(const std::string& data, const std::string& name) {
  const fs::path source = data + "/prototypes/" + name + "_scalar.cpp", folder = FOVEA_SCALAR_PROGRAMS,
                 built = folder / name;
  fs::create_directories(folder);
  const int lock = open((folder / (name + ".lock")).c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0666);
  flock(lock, LOCK_EX);
  RunResult r;
  if (!fs::exists(built) || fs::last_write_time(built) < fs::last_write_time(source)) {
    r = run({"c++", "-std=c++20", "-O2", "-ffp-contract=off", source.string(), "-o",
             (folder / (name + ".new")).string()},
            "/dev/null", 300);
    if (r.status == 0) fs::rename(folder / (name + ".new"), built);
  }
  close(lock);
  if (r.status != 0 && r.status != 127) ADD_FAILURE() << r.err;
  return r.status == 0 ? built.string() : "";
}

std::set<std::string> registered_metrics() {
  std::set<std::string> names;
  std::istringstream lines(run({FOVEA_PROGRAM, "metrics"}).out);
  for (std::string line; std::getline(lines, line) && !line.empty();)
    names.insert(line.substr(0, line.find(' ')));
  return names;
}

// Neither success, nor a crash, nor killed for its time.
bool refuses(const RunResult& r) {
  return r.status != 0 && (r.status < 124 || r.status == 255);
}

struct Tally {
  int cases = 0, refused = 0, values = 0, differing = 0;
  double largest = 0;  // difference
};

class Comparison {
 public:
  Comparison(const Row& row, const std::string& scalar) : row_(row), scalar_(scalar) {}

  // Both programs on one pair of clips; what differs is a failure of the test.
  void compare(const Picture& c, int kind, uint64_t seed, const std::vector<std::string>& options,
               const std::string& mask, int threads) {
    const TemporaryFolder folder;
    const std::string ref = folder / "ref.yuv", dis = folder / "dis.yuv";
    write_file(ref, hard_clip(c, kind, seed, false));
    write_file(dis, hard_clip(c, kind, seed, true));
    const std::string w = std::to_string(c.w), h = std::to_string(c.h), bits = std::to_string(c.bits);
    std::vector<std::string> command = {scalar_,    ref, dis, w, h, bits, c.chroma, std::to_string(c.frames),
                                        row_.metric};
    std::string spec = row_.metric;
    for (size_t i = 0; i < options.size(); ++i) {
      command.push_back(options[i]);
      spec += (i == 0 ? "=" : ":") + options[i];
    }
    const RunResult expected = run(command);
    const RunResult got = run({VMAF_PROGRAM,
                               "-r",
                               ref,
                               "-d",
                               dis,
                               "-w",
                               w,
                               "-h",
                               h,
                               "-p",
                               c.chroma,
                               "-b",
                               bits,
                               "-n",
                               "--feature",
                               spec,
                               "--json",
                               "--precision",
                               "max",
                               "--cpumask",
                               mask,
                               "--threads",
                               std::to_string(threads),
                               "-o",
                               folder / "out.json"});
    const std::string where = spec + " " + w + "x" + h + " " + c.chroma + " " + bits + " bit, " +
                              std::to_string(c.frames) + " frames, " + kKinds[kind] + ", seed " +
                              std::to_string(seed) + ", cpumask " + mask;
    const std::lock_guard<std::mutex> lock(mutex_);
    ++tally.cases;
    if (expected.status != 0 || got.status != 0) {
      ++tally.refused;
      EXPECT_TRUE(refuses(expected)) << where << ": only our program refuses: " << got.err;
      EXPECT_TRUE(refuses(got)) << where << ": only the scalar program refuses: " << expected.err << got.err;
      EXPECT_NE(got.err.find(row_.metric), std::string::npos) << where << ": a refusal names the metric\n"
                                                              << got.err;
      return;
    }
    const json out = json::parse(read_file(folder / "out.json"));
    std::istringstream lines(expected.out);
    int bad = 0;
    for (std::string name, frame, text; lines >> name >> frame >> text;) {
      const json& found =
          frame == "aggregate" ? out["aggregate_metrics"] : out["frames"][std::stoul(frame)]["metrics"];
      // The decibels of chroma that is not scored: there -inf, here nothing.
      if (frame == "aggregate" && text == "-inf" && !found.contains(name)) continue;
      ASSERT_TRUE(found.contains(name)) << where << ": " << name << " is missing in " << found;
      const double value = std::strtod(text.c_str(), nullptr);
      ++tally.values;
      bool same = found[name].is_null();  // JSON has no other word for what is not finite
      if (std::isfinite(value)) {
        const double difference =
            found[name].is_number() ? std::abs(found[name].get<double>() - value) : INFINITY;
        same = difference <= row_.tolerance * std::max(1.0, std::abs(value));
        tally.largest = std::max(tally.largest, difference);
        if (difference != 0) ++tally.differing;
      }
      if (!same && ++bad <= 3)
        ADD_FAILURE() << where << ", frame " << frame << ": " << name << " = " << found[name] << ", expected "
                      << text;
    }
  }

  Tally tally;

 private:
  const Row& row_;
  std::string scalar_;
  std::mutex mutex_;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.metric;
}

class Differential : public ::testing::TestWithParam<Row> {};

TEST_P(Differential, EqualsTheScalarProgram) {
  FOVEA_NEED_DATA(data);
  const Row& row = GetParam();
  if (!registered_metrics().contains(row.metric)) GTEST_SKIP() << "this build has no metric " << row.metric;
  const std::string scalar = scalar_program(data, row.program);
  if (scalar.empty()) GTEST_SKIP() << "no compiler at hand for the scalar programs";
  const int cases = test_effort() == Effort::kFull ? 250 : test_effort() == Effort::kLow ? 6 : 24;
  const std::vector<std::string> masks = {"0", "32", "48", "56",
                                          "-1"};  // AVX-512 VNNI, AVX-512, AVX2, SSE4, plain code
  Comparison comparison(row, scalar);
  std::atomic<int> next = 0;
  const auto work = [&] {
    for (int c = next++; c < cases; c = next++) {
      Dice dice(static_cast<uint64_t>(c) + 1);
      Picture picture;
      // A share is too small, for metrics whose scalar program says so.
      const int lowest =
          row.scalar_refuses ? std::max(1, row.smallest_px - row.largest_px / 12) : row.smallest_px;
      picture.w = dice.roll(lowest, row.largest_px);
      picture.h = dice.roll(lowest, row.largest_px);
      picture.bits = dice.pick(row.depths);
      picture.chroma = dice.pick(std::vector<std::string>{"420", "422", "444"});
      picture.frames = dice.roll(1, row.frames);
      if (row.chroma) {  // by ceil here and by floor there: only even sides can agree
        if (picture.chroma != "444") picture.w += picture.w % 2;
        if (picture.chroma == "420") picture.h += picture.h % 2;
      }
      const int kind = dice.roll(0, kKindCount - 1);
      std::vector<std::string> options;
      std::set<std::string> chosen;
      for (const Option& option : row.options) {
        if (dice.roll(0, 3) == 0 && chosen.insert(option.name).second)
          options.push_back(option.name + "=" + dice.pick(option.values));
      }
      // Each case on one CPU level and number of threads; all of them meet all metrics.
      comparison.compare(picture, kind, static_cast<uint64_t>(c), options,
                         masks[static_cast<size_t>(c) % masks.size()], 1 + c % 3);
    }
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i) threads.emplace_back(work);
  for (std::thread& t : threads) t.join();
  const Tally& tally = comparison.tally;
  EXPECT_EQ(tally.cases, cases);
  EXPECT_LE(tally.refused, cases * 2 / 3) << "too few cases compare values";
  std::printf("%-14s %4d cases (%3d refused by both), %6d doubles, %d differing, by at most %g\n",
              row.metric.c_str(), tally.cases, tally.refused, tally.values, tally.differing, tally.largest);
}

TEST_P(Differential, RefusesPicturesBelowItsSmallest) {
  FOVEA_NEED_DATA(data);
  const Row& row = GetParam();
  if (!registered_metrics().contains(row.metric)) GTEST_SKIP() << "this build has no metric " << row.metric;
  const std::string scalar = scalar_program(data, row.program);
  if (scalar.empty()) GTEST_SKIP() << "no compiler at hand for the scalar programs";
  Comparison comparison(row, scalar);
  const int px = row.smallest_px;
  comparison.compare({px, px, 8, "420", 2}, 0, 1, {}, "0", 1);
  EXPECT_EQ(comparison.tally.refused, 0) << px << "x" << px;
  EXPECT_GT(comparison.tally.values, 0);
  if (px <= 2) return;  // nothing is too small
  const TemporaryFolder folder;
  for (const auto& [w, h] : {std::pair{px - 1, px}, std::pair{px, px - 1}}) {
    if (row.metric == "cambi") break;  // one long side is enough for it
    const Picture small{w, h, 8, "420", 2};
    write_file(folder / "ref.yuv", hard_clip(small, 0, 1, false));
    const RunResult r =
        run({VMAF_PROGRAM, "-r", folder / "ref.yuv", "-d", folder / "ref.yuv", "-w", std::to_string(w), "-h",
             std::to_string(h), "-p", "420", "-b", "8", "-n", "--feature", row.metric, "-o", folder / "out"});
    EXPECT_TRUE(refuses(r)) << w << "x" << h << ": status " << r.status << r.err;
    EXPECT_NE(r.err.find(row.metric), std::string::npos) << r.err;
  }
  if (!row.scalar_refuses) return;
  comparison.compare({px - 1, px - 1, 8, "420", 2}, 0, 1, {}, "0", 1);
  EXPECT_EQ(comparison.tally.refused, 1) << px - 1 << "x" << px - 1;
}

INSTANTIATE_TEST_SUITE_P(Metrics, Differential, ::testing::ValuesIn(kRows),
                         [](const auto& info) { return info.param.metric; });

}  // namespace
}  // namespace fovea::testing
