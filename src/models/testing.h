// SPDX-License-Identifier: BSD-2-Clause-Patent
// For the tests of this folder: a small model in every format.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "models/model.h"

namespace fovea::testing {

using Json = nlohmann::ordered_json;

// Two features, both options, transform, clip and chroma correction.
inline Json small_model_json() {
  return Json::parse(R"({
    "param_dict": {"C": 4.0, "score_clip": null},
    "model_dict": {
      "model_type": "LIBSVMNUSVR",
      "norm_type": "linear_rescale",
      "feature_dict": {"anything": ["goes", 1, null]},
      "feature_names": ["VMAF_integer_feature_adm3_score", "Speed_chroma_feature_speed_chroma_uv_score"],
      "feature_opts_dicts": [{"adm_csf_mode": 2, "adm_min_val": 0.5}, {"speed_prescale_method": "bilinear"}],
      "slopes": [0.0125, 2.5, 0.03125],
      "intercepts": [-0.25, -1.5, -0.015625],
      "score_clip": [0, 100.0],
      "score_transform": {"p0": 1.5, "p1": 1.25, "p2": -0.0078125, "out_gte_in": "true", "note": "unknown members are skipped"},
      "chroma_correction_parameter": 120.0,
      "model": "svm_type nu_svr\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 3\nrho -0.75\nSV\n-0.5 1:0.25 2:0.5 \n1 2:1\n0.25 1:-1.5e-1\n"
    }
  })");
}

// A collection of `members` small models that differ in rho.
inline Json small_collection_json(int members) {
  Json collection;
  for (int k = 0; k < members; ++k) {
    Json member = small_model_json();
    member["model_dict"]["model_type"] = "BOOTSTRAP_LIBSVMNUSVR";
    std::string text = member["model_dict"]["model"];
    text.replace(text.find("-0.75"), 5, "-0.7" + std::to_string(k));
    member["model_dict"]["model"] = text;
    collection[std::to_string(k)] = member;
  }
  return collection;
}

inline std::string read_bytes(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), {}};
}

// A folder below FOVEA_TEST_DATA, or "" when it is unset.
inline std::filesystem::path test_data(const char* folder) {
  const char* root = std::getenv("FOVEA_TEST_DATA");
  return root ? std::filesystem::path(root) / folder : std::filesystem::path();
}

// Deterministic numbers in [low, high), the same on every machine.
class Numbers {
 public:
  explicit Numbers(uint64_t seed) : state_(seed * 2 + 1) {}
  double next(double low, double high) {
    state_ = state_ * 6364136223846793005ull + 1442695040888963407ull;
    return low + (high - low) * (static_cast<double>(state_ >> 11) / 9007199254740992.0);
  }

 private:
  uint64_t state_;
};

// Values that the features of a published model can have; every third frame has no motion and no chroma.
inline std::vector<double> plausible_features(const Model& model, Numbers& numbers, int frame) {
  std::vector<double> values;
  for (const ModelFeature& feature : model.features) {
    const auto has = [&](const char* part) { return feature.name.find(part) != std::string::npos; };
    const double high = has("motion") ? 30 : has("cambi") ? 17 : has("speed_chroma") ? 45 : 1.1;
    const bool zero = frame % 3 == 0 && (has("motion") || has("speed_chroma"));
    values.push_back(zero ? 0.0 : numbers.next(has("adm") ? 0.3 : 0, high));
  }
  return values;
}

inline bool same_bits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}

}  // namespace fovea::testing
