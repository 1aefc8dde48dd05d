// SPDX-License-Identifier: BSD-2-Clause-Patent
// What is built in is what the files say, and it scores as the published files do.
#include "models/store.h"

#include <gtest/gtest.h>

#include <chrono>
#include <clocale>
#include <cmath>
#include <locale>
#include <set>

#include "models/embedded.h"
#include "models/netflix_json.h"
#include "models/testing.h"

namespace fovea {
namespace {

using namespace fovea::testing;
namespace fs = std::filesystem;

const fs::path kShare = FOVEA_SHARE_MODELS;

const LoadFlags kAllFlags[] = {{},
                               {.disable_clip = true},
                               {.enable_transform = true},
                               {.disable_clip = true, .enable_transform = true},
                               {.disable_transform = true}};

std::shared_ptr<const ModelSet> builtin(std::string_view id) {
  auto set = load_builtin(id);
  EXPECT_TRUE(set.ok()) << set.error().message;
  return *set;
}

TEST(Builtin, AllArePresentAndSound) {
  const std::set<std::string> expected = {"vmaf_v0.6.1",
                                          "vmaf_v0.6.1neg",
                                          "vmaf_4k_v0.6.1",
                                          "vmaf_4k_v0.6.1neg",
                                          "vmaf_b_v0.6.3",
                                          "vmaf_float_v0.6.1",
                                          "vmaf_float_v0.6.1neg",
                                          "vmaf_float_4k_v0.6.1",
                                          "vmaf_float_b_v0.6.3",
                                          "vmaf_v1.0.16_3d0h",
                                          "vmaf_v1.0.16_5d0h",
                                          "vmaf_v1.0.16_3d0h_2160",
                                          "vmaf_v1.0.16_1d5h_2160",
                                          "vmaf_v1.0.16_hfr_3d0h",
                                          "vmaf_v1.0.16_hfr_5d0h",
                                          "vmaf_v1.0.16_hfr_3d0h_2160",
                                          "vmaf_v1.0.16_hfr_1d5h_2160"};
  std::set<std::string> found;
  for (const BuiltinModel& info : builtin_models()) {
    found.insert(info.id);
    const auto set = builtin(info.id);
    EXPECT_EQ(set->id, info.id);
    EXPECT_EQ(set->hash, info.hash);
    EXPECT_EQ(set->hash.size(), 64u);
    EXPECT_EQ(set->summary, info.summary);
    EXPECT_FALSE(set->summary.empty());
    EXPECT_EQ(set->viewing, info.viewing);
    EXPECT_EQ(set->siblings.size(), info.siblings);
    EXPECT_EQ(set->credit, "Model parameters (c) Netflix, Inc., BSD-2-Clause-Patent");
  }
  EXPECT_EQ(found, expected);
  EXPECT_EQ(builtin_models()[0].id, kDefaultModelId);
  const Status sound = verify_builtin_models();
  EXPECT_TRUE(sound.ok()) << sound.error().message;
}

TEST(Builtin, EqualTheFilesBitForBit) {
  size_t models = 0, svms = 0;
  for (const models::EmbeddedText& m : models::embedded_models()) {
    EXPECT_EQ(m.text, read_bytes(kShare / (std::string(m.name) + ".model"))) << m.name;
  }
  for (const models::EmbeddedText& s : models::embedded_svms()) {
    EXPECT_EQ(s.text, read_bytes(kShare / "svm" / (std::string(s.name) + ".svm"))) << s.name;
  }
  for (const auto& entry : fs::directory_iterator(kShare)) models += entry.path().extension() == ".model";
  for (const auto& entry : fs::directory_iterator(kShare / "svm")) svms += entry.path().extension() == ".svm";
  EXPECT_EQ(models, models::embedded_models().size());
  EXPECT_EQ(svms, models::embedded_svms().size());
}

TEST(Builtin, EqualTheLoadedFiles) {
  for (const BuiltinModel& info : builtin_models()) {
    const auto file = load_model_file((kShare / (info.id + ".model")).string());
    ASSERT_TRUE(file.ok()) << file.error().message;
    EXPECT_EQ((*file)->hash, info.hash);
    EXPECT_EQ((*file)->id, info.id);
  }
}

// Variants share parameters, so the library holds each machine once.
TEST(Builtin, ShareTheirMachines) {
  EXPECT_EQ(models::embedded_svms().size(), 24u);  // v0.6.1, 4k, v1, and 21 of the bootstrap collection
  EXPECT_EQ(builtin("vmaf_v1.0.16_3d0h")->model.svm->vectors,
            builtin("vmaf_v1.0.16_hfr_1d5h_2160")->model.svm->vectors);
}

struct Known {
  const char* id;
  std::vector<double> features;
  double score;        // libvmaf's, to the last bit
  double transformed;  // with enable_transform
};

TEST(Builtin, KnownScores) {
  const std::vector<double> v0 = {0.91731, 5.25, 0.657939, 0.854844, 0.907806, 0.938035};
  const std::vector<double> v1 = {2.5, 0.0, 0.93291, 2.744645};
  const Known cases[] = {
      {"vmaf_v0.6.1", v0, 0x1.34c543dc99034p+6, 0x1.73caceae9447dp+6},
      {"vmaf_v0.6.1neg", v0, 0x1.34c543dc99034p+6, 0x1.73caceae9447dp+6},
      {"vmaf_float_v0.6.1", v0, 0x1.34c543dc99034p+6, 0x1.73caceae9447dp+6},
      {"vmaf_4k_v0.6.1", v0, 0x1.4c3819b175a54p+6, 0x1.4c3819b175a54p+6},
      {"vmaf_b_v0.6.3", v0, 0x1.31f9d47dde12bp+6, 0x1.71ff27c37b912p+6},
      {"vmaf_v1.0.16_3d0h", v1, 0x1.28f4f13d4fa4ep+6, 0x1.28f4f13d4fa4ep+6},
      {"vmaf_v1.0.16_5d0h", v1, 0x1.28f4f13d4fa4ep+6, 0x1.28f4f13d4fa4ep+6},
      {"vmaf_v1.0.16_3d0h_2160", v1, 0x1.37c82fba1271p+6, 0x1.37c82fba1271p+6},
      {"vmaf_v1.0.16_hfr_1d5h_2160", v1, 0x1.23c82fba1271p+6, 0x1.23c82fba1271p+6},
  };
  for (const Known& c : cases) {
    const auto set = builtin(c.id);
    EXPECT_EQ(predict_score(set->model, {}, c.features), c.score) << c.id;
    EXPECT_EQ(predict_score(set->model, {.enable_transform = true}, c.features), c.transformed) << c.id;
  }
  const auto collection = builtin("vmaf_b_v0.6.3");
  std::vector<double> siblings(20);
  BootstrapScore s = predict_bootstrap(*collection, {}, v0, siblings);
  EXPECT_EQ(s.bagging, 0x1.3138d9c387a56p+6);
  EXPECT_EQ(s.stddev, 0x1.0e63c6b95363dp+1);
  EXPECT_EQ(s.ci_lo, 0x1.1ce3b11765d2p+6);
  EXPECT_EQ(s.ci_hi, 0x1.3b9e9a0cb2e19p+6);
  EXPECT_EQ(siblings[19], 0x1.380e8a3f8d05p+6);
  s = predict_bootstrap(*collection, {.enable_transform = true}, v0, siblings);
  EXPECT_EQ(s.stddev, 0x1.5f8abb30510c3p+0);
  EXPECT_EQ(siblings[19], 0x1.75de49de22835p+6);
}

TEST(Builtin, UnknownIdsGetASuggestion) {
  const auto near = load_builtin("vmaf_v0.6.l");
  ASSERT_FALSE(near.ok());
  EXPECT_EQ(near.error().code, ErrorCode::kUsage);
  EXPECT_EQ(near.error().message, "unknown model 'vmaf_v0.6.l'; did you mean 'vmaf_v0.6.1'?");
  const auto far = load_builtin("x");
  ASSERT_FALSE(far.ok());
  EXPECT_NE(far.error().message.find("built in are vmaf_v0.6.1 "), std::string::npos) << far.error().message;
  EXPECT_TRUE(load_model("vmaf_v0.6.1").ok());
  EXPECT_TRUE(load_model((kShare / "vmaf_v0.6.1.model").string()).ok());
}

class Folder : public ::testing::Test {
 protected:
  void SetUp() override {
    path_ = fs::temp_directory_path() /
            ("fovea_models_test_" + std::to_string(reinterpret_cast<uintptr_t>(this)) + "_" +
             std::to_string(std::chrono::steady_clock::now().time_since_epoch().count()));
    fs::create_directories(path_);
  }
  void TearDown() override { fs::remove_all(path_); }
  std::string write(const char* name, const std::string& text) const {
    std::ofstream(path_ / name, std::ios::binary) << text;
    return (path_ / name).string();
  }
  fs::path path_;
};

TEST_F(Folder, LoadsBothFormatsByContent) {
  const std::string json = small_model_json().dump();
  const auto a = load_model_file(write("tiny.json", "\xEF\xBB\xBF\n" + json));
  ASSERT_TRUE(a.ok()) << a.error().message;
  EXPECT_EQ((*a)->id, "tiny");
  EXPECT_EQ((*a)->hash.size(), 64u);
  const auto imported = import_netflix_model(json, "tiny2");
  ASSERT_TRUE(imported.ok());
  const auto b = load_model_file(write("any name.txt", imported->text.bundle()));
  ASSERT_TRUE(b.ok()) << b.error().message;
  EXPECT_EQ((*b)->id, "tiny2");
  const double x[] = {0.5, 0.0};
  EXPECT_EQ(predict_score((*a)->model, {}, x), predict_score((*b)->model, {}, x));
  EXPECT_TRUE(load_model(write("tiny.json", json)).ok());
}

TEST_F(Folder, RefusesWhatIsNoModel) {
  const std::pair<std::string, const char*> cases[] = {
      {write("m.pkl", "anything"), "a Python pickle"},
      {write("pickle", "\x80\x03}q"), "a Python pickle"},
      {write("old_pickle", "(dp0\nS'x'"), "a Python pickle"},
      {write("empty", ""), "the model file is empty"},
      {write("blank", " \n\t "), "the model file is empty"},
      {write("text", "hello"), "neither a fovea model"},
      {write("binary", std::string("\0\1\2\3", 4)), "neither a fovea model"},
      {write("cut", "fovea-model 1\nid x\n"), "there is no sha256 line"},
      {write("later", "fovea-model 7\n"), "version '7' is not known"},
      {write("huge", std::string((16 << 20) + 1, ' ')), "larger than the 16 MiB"},
      {(path_ / "missing").string(), "No such file"},
      {path_.string(), "directory"},
  };
  for (const auto& [path, expected] : cases) {
    const auto set = load_model_file(path);
    ASSERT_FALSE(set.ok()) << path;
    EXPECT_NE(set.error().message.find(expected), std::string::npos) << set.error().message;
    EXPECT_EQ(set.error().message.find(path + ": "), 0u) << set.error().message;
    EXPECT_EQ(exit_status(set.error().code), 2);
  }
}

struct CommaNumbers : std::numpunct<char> {
  char do_decimal_point() const override { return ','; }
  char do_thousands_sep() const override { return '.'; }
  std::string do_grouping() const override { return "\3"; }
};

// Reading, writing and predicting in countries that write 0,5.
TEST(Locale, ChangesNothing) {
  const std::string json = small_collection_json(3).dump();
  const auto before = import_netflix_model(json, "x");
  ASSERT_TRUE(before.ok());
  const std::string old_c = std::setlocale(LC_ALL, nullptr);
  const std::locale old = std::locale::global(std::locale(std::locale::classic(), new CommaNumbers));
  bool comma = false;
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR", "nl_NL.UTF-8", "cs_CZ.UTF-8"}) {
    if (std::setlocale(LC_ALL, name) && *std::localeconv()->decimal_point == ',') {
      comma = true;
      break;
    }
  }
  const auto after = import_netflix_model(json, "x");
  const auto back =
      after.ok() ? parse_model(after->text.bundle(), "x") : Result<ModelSet>(internal_error("no import"));
  const auto known = load_builtin(kDefaultModelId);
  std::locale::global(old);
  std::setlocale(LC_ALL, old_c.c_str());
  RecordProperty("comma_c_locale", comma);
  ASSERT_TRUE(after.ok()) << after.error().message;
  ASSERT_TRUE(back.ok()) << back.error().message;
  ASSERT_TRUE(known.ok()) << known.error().message;
  EXPECT_EQ(after->text.bundle(), before->text.bundle());
  EXPECT_EQ(after->summary, before->summary);
  EXPECT_EQ((*known)->model.slopes[0], 0.012020766332648465);
}

#define FOVEA_NEED_DATA(folder)            \
  const fs::path data = test_data(folder); \
  if (data.empty())                        \
  GTEST_SKIP() << "FOVEA_TEST_DATA is not set: no published models and reports to compare with"

// The importer still writes the committed files from the published ones, byte by byte.
TEST(Published, ImportGivesTheCommittedFiles) {
  FOVEA_NEED_DATA("models");
  for (const BuiltinModel& info : builtin_models()) {
    const auto imported = import_netflix_model(read_bytes(data / (info.id + ".json")), info.id);
    ASSERT_TRUE(imported.ok()) << imported.error().message;
    EXPECT_EQ(imported->text.model, read_bytes(kShare / (info.id + ".model"))) << info.id;
    for (const auto& [hash, text] : imported->text.svms)
      EXPECT_EQ(text, read_bytes(kShare / "svm" / (hash + ".svm"))) << info.id;
  }
}

TEST(Published, BuiltinsScoreAsThePublishedFiles) {
  FOVEA_NEED_DATA("models");
  for (const BuiltinModel& info : builtin_models()) {
    const auto ours = builtin(info.id);
    const auto theirs = load_model_file((data / (info.id + ".json")).string());
    ASSERT_TRUE(theirs.ok()) << theirs.error().message;
    ASSERT_EQ(ours->model.features, (*theirs)->model.features);
    ASSERT_EQ(ours->siblings.size(), (*theirs)->siblings.size());
    Numbers numbers(1);
    for (int frame = 0; frame < 100; ++frame) {
      const std::vector<double> x = plausible_features(ours->model, numbers, frame);
      for (const LoadFlags& flags : kAllFlags) {
        ASSERT_TRUE(
            same_bits(predict_score(ours->model, flags, x), predict_score((*theirs)->model, flags, x)))
            << info.id;
        if (!ours->is_collection()) continue;
        std::vector<double> a(ours->siblings.size()), b(a.size());
        const BootstrapScore s = predict_bootstrap(*ours, flags, x, a),
                             t = predict_bootstrap(**theirs, flags, x, b);
        ASSERT_EQ(a, b) << info.id;
        ASSERT_TRUE(same_bits(s.bagging, t.bagging) && same_bits(s.stddev, t.stddev) &&
                    same_bits(s.ci_lo, t.ci_lo) && same_bits(s.ci_hi, t.ci_hi))
            << info.id;
      }
    }
  }
}

// Features in libvmaf's reports are rounded to 6 decimals, and the score reacts to that.
void check_report(const fs::path& path, const char* model_id, const std::vector<const char*>& columns,
                  const char* score) {
  const auto set = builtin(model_id);
  const Json report = Json::parse(read_bytes(path));
  const double half_digit = 5.5e-7;
  int frames = 0;
  for (const Json& frame : report["frames"]) {
    const Json& metrics = frame["metrics"];
    std::vector<double> x;
    for (const char* column : columns) x.push_back(metrics.at(column));
    const double expected = metrics.at(score);
    const double found = predict_score(set->model, {}, x);
    double tolerance = half_digit;
    for (size_t i = 0; i < x.size(); ++i) {
      std::vector<double> moved = x;
      moved[i] += half_digit;
      tolerance += 2 * std::abs(predict_score(set->model, {}, moved) - found);
    }
    EXPECT_NEAR(found, expected, tolerance) << path << " frame " << frames;
    EXPECT_LT(tolerance, 1e-3) << path;
    ++frames;
  }
  EXPECT_GT(frames, 0);
}

TEST(Published, ScoresOfReports) {
  FOVEA_NEED_DATA("golden");
  int reports = 0;
  for (const auto& entry : fs::directory_iterator(data)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(".v0.json")) {
      check_report(entry.path(), "vmaf_v0.6.1",
                   {"integer_adm2", "integer_motion2", "integer_vif_scale0", "integer_vif_scale1",
                    "integer_vif_scale2", "integer_vif_scale3"},
                   "vmaf");
      check_report(entry.path(), "vmaf_v0.6.1neg",
                   {"integer_adm2_egl_1", "integer_motion2", "integer_vif_scale0_egl_1",
                    "integer_vif_scale1_egl_1", "integer_vif_scale2_egl_1", "integer_vif_scale3_egl_1"},
                   "vmaf_neg");
      ++reports;
    } else if (name.ends_with(".v1.json")) {
      check_report(entry.path(), "vmaf_v1.0.16_3d0h",
                   {"cambi_hrs_1080_cmxv_17_vlt_0.06", "speed_chroma_uv_mxv_45_nnf_0.1_snn_0.19_wvm_5",
                    "integer_adm3_csf_2_dlmw_0.7_egl_1_min_0.5_nw_0.02", "integer_motion3_mmxv_18"},
                   "vmaf");
      ++reports;
    } else if (name.ends_with(".float.json")) {
      check_report(entry.path(), "vmaf_float_v0.6.1",
                   {"adm2", "motion2", "vif_scale0", "vif_scale1", "vif_scale2", "vif_scale3"}, "vmaf");
      ++reports;
    }
  }
  EXPECT_GT(reports, 0);
}

}  // namespace
}  // namespace fovea
