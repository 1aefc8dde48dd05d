// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "score/presets.h"

#include "base/params.h"
#include "metrics/registry.h"

namespace fovea {
namespace {

constexpr int kAomVersions = 7;

Preset aom_ctc(int version) {
  Preset preset;
  preset.models = {{"vmaf_v0.6.1", "vmaf"}, {"vmaf_v0.6.1neg", "vmaf_neg"}};
  OptionMap ssim = {{"enable_db", "true"}, {"clip_db", "true"}};
  if (version >= 7) ssim["scale"] = "1";
  preset.features = {{"psnr", {{"reduced_hbd_peak", "true"}, {"enable_apsnr", "true"}, {"min_sse", "0.5"}}},
                     {"ciede", {}},
                     {"float_ssim", ssim},
                     {"float_ms_ssim", {{"enable_db", "true"}, {"clip_db", "true"}}},
                     {"psnr_hvs", {}}};
  if (version >= 3) preset.features.push_back({"cambi", {}});
  preset.common_bit_depth = version >= 6;
  return preset;
}

Preset nflx_ctc() {
  Preset preset;
  preset.models = {{"vmaf_4k_v0.6.1", "vmaf"}, {"vmaf_4k_v0.6.1neg", "vmaf_neg"}};
  preset.features = {{"psnr", {{"enable_chroma", "true"}, {"enable_apsnr", "true"}}},
                     {"float_ssim", {{"enable_db", "true"}, {"clip_db", "true"}}},
                     {"cambi", {}}};
  return preset;
}

Preset everything() {
  Preset preset;
  preset.models = {{"vmaf_v0.6.1", "vmaf"}, {"vmaf_v0.6.1neg", "vmaf_neg"}};
  for (const MetricInfo* metric : all_metrics()) {
    if (!metric->needs_file) preset.features.push_back({metric->name, {}});
  }
  return preset;
}

}  // namespace

const std::vector<std::string>& preset_names() {
  static const std::vector<std::string> names = {"all", "aom-ctc", "nflx-ctc"};
  return names;
}

Result<Preset> find_preset(const std::string& name) {
  if (name == "all") return everything();
  if (name == "aom-ctc") return aom_ctc(kAomVersions);
  if (name == "nflx-ctc" || name == "nflx-ctc-v1.0") return nflx_ctc();
  std::vector<std::string> names = preset_names();
  for (int version = 1; version <= kAomVersions; ++version) {
    names.push_back("aom-ctc-v" + std::to_string(version) + ".0");
    if (name == names.back()) return aom_ctc(version);
  }
  std::string message = "unknown preset '" + name + "'";
  if (const std::string guess = near_miss(name, names); !guess.empty()) message += "; did you mean '" + guess + "'?";
  return usage_error(message + " There are all, aom-ctc (or aom-ctc-v1.0 .. v7.0) and nflx-ctc.");
}

}  // namespace fovea
