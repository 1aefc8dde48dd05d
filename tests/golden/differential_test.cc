// SPDX-License-Identifier: BSD-2-Clause-Patent
// Random sizes, depths, contents and options: every double that the `vmaf` program prints against independent
// scalar programs (prototypes/*_scalar.cpp in the data folder, compiled here), on every CPU level.
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "support.h"

namespace fovea::testing {
namespace {

using nlohmann::json;

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

// Content that is hard on kernels; `kind` 0 texture, 1 noise, 2 binary noise, 3 flat, 4 checker, 5 gradient.
std::string hard_clip(int w, int h, int bits, const std::string& chroma, int frames, int kind, uint64_t seed, bool distorted) {
  if (kind == 0) return distorted ? raw_clip_distorted(w, h, bits, chroma, frames, seed) : raw_clip(w, h, bits, chroma, frames, seed);
  Dice dice(seed + (distorted ? 5000 : 0));
  const int peak = (1 << bits) - 1;
  std::string out;
  for (int f = 0; f < frames; ++f) {
    for (int p = 0; p < 3; ++p) {
      const int pw = p > 0 && chroma != "444" ? (w + 1) / 2 : w, ph = p > 0 && chroma == "420" ? (h + 1) / 2 : h;
      for (int y = 0; y < ph; ++y) {
        for (int x = 0; x < pw; ++x) {
          int v = 0;
          if (kind == 1) v = dice.roll(0, peak);
          if (kind == 2) v = dice.roll(0, 1) * peak;
          if (kind == 3) v = static_cast<int>(seed % 7) * peak / 7 + (distorted ? 1 : 0);
          if (kind == 4) v = ((x / 3 + y / 3 + f + (distorted ? 1 : 0)) & 1) * peak;
          if (kind == 5) v = (x * peak / w + y + f * 2 + (distorted ? dice.roll(0, peak / 60 + 1) : 0));
          v = std::min(peak, std::max(0, v));
          out += static_cast<char>(v & 255);
          if (bits > 8) out += static_cast<char>(v >> 8);
        }
      }
    }
  }
  return out;
}

struct Feature {
  std::string name;
  int min_size;
  std::vector<std::vector<std::string>> option_sets;
};
const std::vector<Feature> kFeatures = {
    {"vif", 16, {{}, {"debug=true"}, {"vif_enhn_gain_limit=1"}, {"vif_enhn_gain_limit=1.05", "debug=true"}, {"vif_skip_scale0=true"},
                 {"vif_skip_scale0=true", "debug=true", "vif_enhn_gain_limit=2"}}},
    {"motion", 3, {{}, {"debug=true"}, {"motion_five_frame_window=true"}, {"motion_moving_average=true", "motion_max_val=18"},
                   {"motion_fps_weight=1.5", "motion_blend_factor=0.6", "motion_blend_offset=2"}, {"motion_force_zero=true"},
                   {"motion_five_frame_window=true", "motion_moving_average=true", "motion_max_val=8"}}},
    {"adm", 33, {{}, {"debug=true"}, {"adm_enhn_gain_limit=1"}, {"adm_enhn_gain_limit=1.2", "debug=true"}, {"adm_noise_weight=0"},
                 {"adm_noise_weight=0.02", "adm_min_val=0.5", "adm_csf_mode=2", "adm_dlm_weight=0.7", "adm_enhn_gain_limit=1"},
                 {"adm_norm_view_dist=5", "adm_csf_mode=2"}, {"adm_ref_display_height=2160", "adm_csf_mode=3"},
                 {"adm_norm_view_dist=4.5"}, {"adm_skip_aim=true"}, {"adm_skip_scale0=true", "debug=true"}, {"adm_csf_mode=1"},
                 {"adm_dlm_weight=0.2", "adm_min_val=0.3"}}},
};

TEST(Differential, EveryDoubleEqualsTheScalarPrograms) {
  FOVEA_NEED_DATA(data);
  const TemporaryFolder folder;
  for (const Feature& feature : kFeatures) {
    const RunResult r = run({"c++", "-std=c++20", "-O2", "-ffp-contract=off", data + "/prototypes/" + feature.name + "_scalar.cpp", "-o",
                             folder / feature.name}, "/dev/null", 300);
    if (r.status == 127) GTEST_SKIP() << "no compiler at hand for the scalar programs";
    ASSERT_EQ(r.status, 0) << r.err;
  }
  constexpr int kCases = 330;
  const std::vector<std::string> masks = {"0", "32", "48", "56", "-1"};  // AVX-512 VNNI, AVX-512, AVX2, SSE4, plain code
  int values = 0;
  for (int c = 0; c < kCases; ++c) {
    Dice dice(static_cast<uint64_t>(c) + 1);
    const Feature& feature = kFeatures[static_cast<size_t>(c) % kFeatures.size()];
    const int w = dice.roll(feature.min_size, 200), h = dice.roll(feature.min_size, 200);
    const int bits = dice.pick(std::vector<int>{8, 8, 10, 12, 16});
    const std::string chroma = dice.pick(std::vector<std::string>{"420", "422", "444"});
    const int kind = dice.roll(0, 5), frames = feature.name == "motion" ? dice.roll(1, 6) : 2;
    const auto& options = dice.pick(feature.option_sets);
    const std::string ref = folder / "ref.yuv", dis = folder / "dis.yuv";
    write_file(ref, hard_clip(w, h, bits, chroma, frames, kind, static_cast<uint64_t>(c), false));
    write_file(dis, hard_clip(w, h, bits, chroma, frames, kind, static_cast<uint64_t>(c), true));

    std::vector<std::string> scalar = {folder / feature.name, ref, dis, std::to_string(w), std::to_string(h), std::to_string(bits),
                                       chroma, std::to_string(frames), feature.name};
    std::string spec = feature.name;
    for (size_t i = 0; i < options.size(); ++i) {
      scalar.push_back(options[i]);
      spec += (i == 0 ? "=" : ":") + options[i];
    }
    const RunResult expected = run(scalar);
    ASSERT_EQ(expected.status, 0) << expected.err;
    // Each case on one level, the levels in turn: all of them meet all features.
    const std::string& mask = masks[static_cast<size_t>(c / 3) % masks.size()];
    const RunResult got = run({VMAF_PROGRAM, "-r", ref, "-d", dis, "-w", std::to_string(w), "-h", std::to_string(h), "-p", chroma, "-b",
                               std::to_string(bits), "-n", "--feature", spec, "--json", "--precision", "max", "--cpumask", mask, "--threads",
                               std::to_string(1 + c % 3), "-o", folder / "out.json"});
    const std::string where = "case " + std::to_string(c) + ": " + spec + " " + std::to_string(w) + "x" + std::to_string(h) + " " + chroma + " " +
                              std::to_string(bits) + " bit, kind " + std::to_string(kind) + ", cpumask " + mask;
    ASSERT_EQ(got.status, 0) << where << got.err;
    const json out = json::parse(read_file(folder / "out.json"))["frames"];
    std::istringstream lines(expected.out);
    std::string name, text;
    int frame = 0, bad = 0;
    while (lines >> name >> frame >> text) {
      const json& metrics = out[static_cast<size_t>(frame)]["metrics"];
      ASSERT_TRUE(metrics.contains(name)) << where << ": " << name;
      const double value = std::strtod(text.c_str(), nullptr);
      ++values;
      const bool same = std::isfinite(value) ? metrics[name].is_number() && metrics[name].get<double>() == value : metrics[name].is_null();
      if (!same && ++bad <= 3) ADD_FAILURE() << where << ", frame " << frame << ": " << name << " = " << metrics[name] << ", expected " << text;
    }
  }
  EXPECT_GT(values, kCases * 5);
  std::printf("%d cases, %d doubles compared\n", kCases, values);
}

}  // namespace
}  // namespace fovea::testing
