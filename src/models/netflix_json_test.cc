// SPDX-License-Identifier: BSD-2-Clause-Patent
// Netflix's JSON: what is understood, and a corpus of small damages, each of which must be named.
#include "models/netflix_json.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "models/store.h"
#include "models/testing.h"

namespace fovea {
namespace {

using namespace fovea::testing;

Result<ModelSet> read(const Json& json) {
  return read_netflix_json(json.dump(), "model.json");
}

TEST(NetflixJson, ReadsEverything) {
  const auto set = read(small_model_json());
  ASSERT_TRUE(set.ok()) << set.error().message;
  const Model& m = set->model;
  EXPECT_EQ(m.kind, ModelKind::kSvr);
  ASSERT_EQ(m.features.size(), 2u);
  EXPECT_EQ(m.features[0].name, "VMAF_integer_feature_adm3_score");
  EXPECT_EQ(m.features[0].options, (OptionMap{{"adm_csf_mode", "2"}, {"adm_min_val", "0.5"}}));
  EXPECT_EQ(m.features[1].options, (OptionMap{{"speed_prescale_method", "bilinear"}}));
  EXPECT_EQ(m.slopes, (std::vector<double>{0.0125, 2.5, 0.03125}));
  EXPECT_EQ(m.intercepts, (std::vector<double>{-0.25, -1.5, -0.015625}));
  EXPECT_EQ(m.clip, (ScoreClip{0, 100}));
  EXPECT_EQ(m.transform, (ScoreTransform{.p0 = 1.5, .p1 = 1.25, .p2 = -0.0078125, .out_gte_in = true}));
  EXPECT_EQ(m.chroma_correction, 120.0);
  EXPECT_EQ(m.svm->gamma, 0.5);
  EXPECT_EQ(m.svm->rho, -0.75);
  EXPECT_EQ(m.svm->dims, 2u);
  EXPECT_EQ(m.svm->coefficients, (std::vector<double>{-0.5, 1, 0.25}));
  EXPECT_EQ(m.svm->vectors, (std::vector<double>{0.25, 0.5, 0, 1, -0.15, 0}));
  EXPECT_FALSE(set->is_collection());
}

TEST(NetflixJson, OptionTextsPassThroughSinglePrecision) {
  Json json = small_model_json();
  json["model_dict"]["feature_opts_dicts"][0] = Json::parse(
      R"({"a": 1.0, "b": 0.06, "c": 1080, "d": true, "e": false, "f": "1.0", "g": 0.333333333333, "h": 1e10, "i": -0.0, "j": 16777217})");
  const auto set = read(json);
  ASSERT_TRUE(set.ok()) << set.error().message;
  EXPECT_EQ(set->model.features[0].options, (OptionMap{{"a", "1"},
                                                       {"b", "0.06"},
                                                       {"c", "1080"},
                                                       {"d", "true"},
                                                       {"e", "false"},
                                                       {"f", "1.0"},
                                                       {"g", "0.333333"},
                                                       {"h", "1e+10"},
                                                       {"i", "-0"},
                                                       {"j", "1.67772e+07"}}));
}

struct Variant {
  const char* what;
  std::function<void(Json& dict)> change;
};

void set_svm(Json& dict, const std::string& from, const std::string& to) {
  std::string text = dict["model"];
  const size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  dict["model"] = text;
}
std::function<void(Json&)> svm(const std::string& from, const std::string& to) {
  return [=](Json& dict) { set_svm(dict, from, to); };
}
std::function<void(Json&)> put(const char* pointer, const char* value) {
  return [=](Json& dict) { dict[Json::json_pointer(pointer)] = Json::parse(value); };
}
std::function<void(Json&)> drop(const char* name) {
  return [=](Json& dict) { dict.erase(name); };
}

TEST(NetflixJson, AcceptsWhatItShould) {
  const Variant variants[] = {
      {"no options", drop("feature_opts_dicts")},
      {"fewer options than features", put("/feature_opts_dicts", "[{}]")},
      {"no clip", drop("score_clip")},
      {"no transform", drop("score_transform")},
      {"empty transform", put("/score_transform", "{}")},
      {"no chroma correction", drop("chroma_correction_parameter")},
      {"chroma correction of 0", put("/chroma_correction_parameter", "0")},
      {"extra slopes", put("/slopes", "[0.0125, 2.5, 0.03125, 7, 8]")},
      {"extra clip elements", put("/score_clip", "[0, 100, 7]")},
      {"slopes ignored without norm",
       [](Json& d) {
         d["norm_type"] = "none";
         d["slopes"] = Json::array();
       }},
      {"no slopes without norm",
       [](Json& d) {
         d["norm_type"] = "none";
         d.erase("slopes");
         d.erase("intercepts");
       }},
      {"bootstrap kind alone", put("/model_type", "\"RESIDUEBOOTSTRAP_LIBSVMNUSVR\"")},
      {"out_lte_in other than true", put("/score_transform/out_lte_in", "\"yes\"")},
      {"ten knots",
       put("/score_transform/knots", "[[0,0],[1,1],[2,2],[3,3],[4,4],[5,5],[6,6],[7,7],[8,8],[9,9]]")},
      {"header in another order", svm("gamma 0.5\nnr_class 2\n", "nr_class 2\ngamma 0.5\n")},
      {"header words without effect",
       svm("nr_class 2\n", "nr_class 2 degree 3 coef0 0 probA 1 probB 2 label 1 2 nr_sv 5 6\n")},
      {"no nr_class", svm("nr_class 2\n", "")},
      {"CRLF and blanks", svm("SV\n-0.5 1:0.25 2:0.5 \n", "SV \t\r\n -0.5  1:0.25\t2:0.5 \r\n")},
      {"plus signs", svm("1 2:1\n", "+1 2:+1\n")},
      {"lines after the last", svm("1:-1.5e-1\n", "1:-1.5e-1\nmore 9:9\n")},
      {"no line end at the end", svm("1:-1.5e-1\n", "1:-1.5e-1")},
      {"only the coefficient", svm("1 2:1\n", "1\n")},
      {"unknown members", put("/whatever", "{\"a\": [1, {\"b\": null}]}")},
  };
  for (const Variant& v : variants) {
    Json json = small_model_json();
    v.change(json["model_dict"]);
    const auto set = read(json);
    EXPECT_TRUE(set.ok()) << v.what << ": " << (set.ok() ? "" : set.error().message);
  }
}

TEST(NetflixJson, RepeatedOptionWithTheSameValueIsFine) {
  std::string text = small_model_json().dump();
  const std::string option = "\"adm_csf_mode\":2,";
  text.insert(text.find(option), "\"adm_csf_mode\":2.0,");
  const auto set = read_netflix_json(text, "m");
  EXPECT_TRUE(set.ok()) << (set.ok() ? "" : set.error().message);
}

struct Damage {
  const char* expected;  // in the message, after "model.json: "
  std::function<void(Json& dict)> change;
};

TEST(NetflixJson, NamesTheCulpritOfEveryDamage) {
  const Damage damages[] = {
      // members that are missing, of another type, unknown, or given as null
      {"/model_dict/model_type: missing", drop("model_type")},
      {"/model_dict/model_type: a number, expected a string", put("/model_type", "3")},
      {"/model_dict/model_type: null, expected a string", put("/model_type", "null")},
      {"/model_dict/model_type: RANDOMFOREST is unknown", put("/model_type", "\"RANDOMFOREST\"")},
      {"/model_dict/norm_type: missing", drop("norm_type")},
      {"/model_dict/norm_type: clip_0to1 is unknown", put("/norm_type", "\"clip_0to1\"")},
      {"/model_dict/norm_type: true or false, expected a string", put("/norm_type", "true")},
      {"/model_dict/feature_names: missing", drop("feature_names")},
      {"/model_dict/feature_names: an object, expected an array", put("/feature_names", "{}")},
      {"/model_dict/feature_names: the model has no features", put("/feature_names", "[]")},
      {"/model_dict/feature_names/1: a number, expected a string", put("/feature_names/1", "5")},
      {"/model_dict/feature_names/0: the name is empty", put("/feature_names/0", "\"\"")},
      {"/model_dict/feature_opts_dicts: a string, expected an array", put("/feature_opts_dicts", "\"x\"")},
      {"/model_dict/feature_opts_dicts: null, expected an array", put("/feature_opts_dicts", "null")},
      {"/model_dict/feature_opts_dicts: 3 dictionaries for 2 features",
       put("/feature_opts_dicts", "[{},{},{}]")},
      {"/model_dict/feature_opts_dicts/1: an array, expected an object", put("/feature_opts_dicts/1", "[]")},
      {"/model_dict/feature_opts_dicts/0/adm_csf_mode: null, expected",
       put("/feature_opts_dicts/0/adm_csf_mode", "null")},
      {"/model_dict/feature_opts_dicts/0/a~1b~0c: an array, expected",
       [](Json& d) { d["feature_opts_dicts"][0]["a/b~c"] = Json::array(); }},
      {"/model_dict/feature_opts_dicts/0/adm_csf_mode: 1e+300 is beyond single precision",
       put("/feature_opts_dicts/0/adm_csf_mode", "1e300")},
      {"/model_dict/slopes: missing", drop("slopes")},
      {"/model_dict/slopes: 2 numbers, 3 needed (1 + 2 features)", put("/slopes", "[1, 2]")},
      {"/model_dict/slopes: 0 numbers, 3 needed", put("/slopes", "[]")},
      {"/model_dict/slopes: a number, expected an array", put("/slopes", "1.5")},
      {"/model_dict/slopes/2: a string, expected a number", put("/slopes/2", "\"2\"")},
      {"/model_dict/slopes/0: 0 is too close to 0", put("/slopes/0", "0")},
      {"/model_dict/slopes/0: 1e-40 is too close to 0", put("/slopes/0", "1e-40")},
      {"/model_dict/slopes/1: 0 is too close to 0 for the chroma correction", put("/slopes/1", "0.0")},
      {"/model_dict/slopes/1: 1e+31 is outside", put("/slopes/1", "1e31")},
      {"/model_dict/intercepts: missing", drop("intercepts")},
      {"/model_dict/intercepts: 1 number, 3 needed", put("/intercepts", "[1]")},
      {"/model_dict/intercepts/1: null, expected a number", put("/intercepts/1", "null")},
      {"/model_dict/intercepts/2: -1e+200 is outside", put("/intercepts/2", "-1e200")},
      {"/model_dict/score_clip: 1 number, 2 needed", put("/score_clip", "[5]")},
      {"/model_dict/score_clip: 0 numbers, 2 needed", put("/score_clip", "[]")},
      {"/model_dict/score_clip: null, expected an array", put("/score_clip", "null")},
      {"/model_dict/score_clip/1: a string, expected a number", put("/score_clip/1", "\"100\"")},
      {"/model_dict/score_clip/0: -1e+99 is outside", put("/score_clip/0", "-1e99")},
      {"/model_dict/score_transform: an array, expected an object", put("/score_transform", "[]")},
      {"/model_dict/score_transform/enabled: a string, expected true or false",
       put("/score_transform/enabled", "\"true\"")},
      {"/model_dict/score_transform/p1: a string, expected a number", put("/score_transform/p1", "\"1\"")},
      {"/model_dict/score_transform/p2: null, expected a number", put("/score_transform/p2", "null")},
      {"/model_dict/score_transform/p0: 1e+77 is outside", put("/score_transform/p0", "1e77")},
      {"/model_dict/score_transform/out_gte_in: true or false, expected a string",
       put("/score_transform/out_gte_in", "true")},
      {"/model_dict/score_transform/knots: a number, expected an array", put("/score_transform/knots", "4")},
      {"/model_dict/score_transform/knots/0: a number, expected an array",
       put("/score_transform/knots", "[4]")},
      {"/model_dict/score_transform/knots/1: 3 numbers, 2 needed",
       put("/score_transform/knots", "[[1,2],[1,2,3]]")},
      {"/model_dict/score_transform/knots/0/1: a string, expected a number",
       put("/score_transform/knots", "[[1,\"2\"]]")},
      {"/model_dict/score_transform/knots: 11 knots, at most 10",
       put("/score_transform/knots",
           "[[0,0],[1,1],[2,2],[3,3],[4,4],[5,5],[6,6],[7,7],[8,8],[9,9],[10,10]]")},
      {"/model_dict/score_transform/knots/1: its x is too close",
       put("/score_transform/knots", "[[0,0],[1e-200,1]]")},
      {"/model_dict/chroma_correction_parameter: a string, expected a number",
       put("/chroma_correction_parameter", "\"120\"")},
      {"/model_dict/chroma_correction_parameter: needs exactly one feature with 'adm3' in its name, found 0",
       put("/feature_names/0", "\"VMAF_integer_feature_adm2_score\"")},
      {"/model_dict/chroma_correction_parameter: needs exactly one feature with 'speed_chroma' in its name, "
       "found 0",
       put("/feature_names/1", "\"Cambi_feature_cambi_score\"")},
      {"/model_dict/chroma_correction_parameter: needs exactly one feature with 'adm3' in its name, found 2",
       put("/feature_names/1", "\"adm3_speed_chroma\"")},
      {"/model_dict/chroma_correction_parameter: 1e+60 is outside",
       put("/chroma_correction_parameter", "1e60")},
      // the LIBSVM text
      {"/model_dict/model: missing", drop("model")},
      {"/model_dict/model: an object, expected a string", put("/model", "{}")},
      {"/model_dict/model: line 1: the text ends before 'SV'", put("/model", "\"\"")},
      {"/model_dict/model: line 1: unknown header word 'garbage'", put("/model", "\"garbage\"")},
      {"/model_dict/model: line 1: svm_type 'c_svc' is not supported", svm("nu_svr", "c_svc")},
      {"/model_dict/model: line 2: kernel_type 'linear' is not supported", svm("rbf", "linear")},
      {"/model_dict/model: line 4: nr_class '3' is not supported", svm("nr_class 2", "nr_class 3")},
      {"/model_dict/model: line 3: gamma 'x' is not a finite number", svm("gamma 0.5", "gamma x")},
      {"/model_dict/model: line 3: gamma '0x1p4' is not a finite number", svm("gamma 0.5", "gamma 0x1p4")},
      {"/model_dict/model: line 3: gamma '0,5' is not a finite number", svm("gamma 0.5", "gamma 0,5")},
      {"/model_dict/model: line 3: gamma 'nan' is not a finite number", svm("gamma 0.5", "gamma nan")},
      {"/model_dict/model: line 3: gamma '1e999' is not a finite number", svm("gamma 0.5", "gamma 1e999")},
      {"/model_dict/model: gamma -1 is negative", svm("gamma 0.5", "gamma -1")},
      {"/model_dict/model: line 6: no gamma before 'SV'", svm("gamma 0.5\n", "")},
      {"/model_dict/model: line 6: no rho before 'SV'", svm("rho -0.75\n", "")},
      {"/model_dict/model: line 6: no total_sv before 'SV'", svm("total_sv 3\n", "")},
      {"/model_dict/model: line 6: no svm_type before 'SV'", svm("svm_type nu_svr\n", "")},
      {"/model_dict/model: line 6: no kernel_type before 'SV'", svm("kernel_type rbf\n", "")},
      {"/model_dict/model: line 4: gamma is given twice", svm("nr_class 2", "gamma 0.5")},
      {"/model_dict/model: line 5: total_sv '-3' is not a whole number", svm("total_sv 3", "total_sv -3")},
      {"/model_dict/model: line 5: total_sv '0' is not a whole number above 0",
       svm("total_sv 3", "total_sv 0")},
      {"/model_dict/model: line 5: total_sv '3.5' is not", svm("total_sv 3", "total_sv 3.5")},
      {"/model_dict/model: line 5: total_sv '99999999999999999999' is not",
       svm("total_sv 3", "total_sv 99999999999999999999")},
      {"total_sv is 2000000000 but there are 3 support vectors", svm("total_sv 3", "total_sv 2000000000")},
      {"total_sv is 4 but there are 3 support vectors", svm("total_sv 3", "total_sv 4")},
      {"/model_dict/model: line 6: rho '' is not a finite number",
       svm("rho -0.75\nSV\n-0.5 1:0.25 2:0.5 \n1 2:1\n0.25 1:-1.5e-1\n", "rho")},
      {"/model_dict/model: line 7: a line end must follow 'SV'", svm("SV\n", "SV 1 ")},
      {"/model_dict/model: line 8: the text ends before 'SV'",
       svm("SV\n-0.5 1:0.25 2:0.5 \n1 2:1\n0.25 1:-1.5e-1\n", "degree 3\n")},
      {"/model_dict/model: line 8: the coefficient 'a' is not a finite number",
       svm("-0.5 1:0.25", "a 1:0.25")},
      {"/model_dict/model: line 8: the coefficient 'inf' is not", svm("-0.5 1:0.25", "inf 1:0.25")},
      {"/model_dict/model: line 8: '0.25' is not index:value", svm("1:0.25", "0.25")},
      {"/model_dict/model: line 8: the value in '1:' is not a finite number", svm("1:0.25", "1:")},
      {"/model_dict/model: line 8: the value in '1:0.2.5' is not", svm("1:0.25", "1:0.2.5")},
      {"/model_dict/model: line 8: the index in ':5' is not a whole number", svm("1:0.25", ":5")},
      {"/model_dict/model: line 8: the index in '-1:5' is not a whole number", svm("1:0.25", "-1:5")},
      {"/model_dict/model: line 8: index 0 is outside 1..2", svm("1:0.25", "0:0.25")},
      {"/model_dict/model: line 8: index 3 is outside 1..2", svm("2:0.5", "3:0.5")},
      {"/model_dict/model: line 8: index 999999999 is outside 1..2", svm("2:0.5", "999999999:0.5")},
      {"/model_dict/model: line 8: index 1 does not ascend", svm("2:0.5", "1:0.5")},
      {"/model_dict/model: line 9: an empty line where a support vector was expected",
       svm("1 2:1\n", "\n1 2:1\n")},
      {"/model_dict/model: 1e+100 is outside", svm("1 2:1\n", "1e100 2:1\n")},
  };
  int count = 0;
  for (const Damage& d : damages) {
    Json json = small_model_json();
    d.change(json["model_dict"]);
    const auto set = read(json);
    ASSERT_FALSE(set.ok()) << d.expected;
    EXPECT_NE(
        set.error().message.find(std::string("model.json: ") + (d.expected[0] == '/' ? d.expected : "")),
        std::string::npos)
        << "expected " << d.expected << "\nfound    " << set.error().message;
    EXPECT_NE(set.error().message.find(d.expected), std::string::npos) << set.error().message;
    EXPECT_EQ(set.error().code, ErrorCode::kInput);
    ++count;
  }
  EXPECT_GE(count, 60);
}

TEST(NetflixJson, TooManyFeatures) {
  Json json = small_model_json();
  for (int i = 0; i < 63; ++i) json["model_dict"]["feature_names"].push_back("f" + std::to_string(i));
  const auto set = read(json);
  ASSERT_FALSE(set.ok());
  EXPECT_NE(set.error().message.find("/model_dict/feature_names: 65 features, at most 64"), std::string::npos)
      << set.error().message;
}

struct TextDamage {
  std::string text;
  const char* expected;
};

TEST(NetflixJson, TextsThatAreNoModel) {
  const std::string good = small_model_json().dump();
  const std::string deep(200000, '[');
  std::string twice = good;
  twice.insert(twice.find("\"norm_type\""), "\"norm_type\":\"none\",");
  std::string option_twice = good;
  option_twice.insert(option_twice.find("\"adm_csf_mode\""), "\"adm_csf_mode\":1,");
  std::string overflow = good;
  overflow.replace(overflow.find("0.0125"), 6, "1e9999");
  std::string many = "{\"a\":[0";
  for (int i = 0; i < 600000; ++i) many += ",0";
  const TextDamage damages[] = {
      {"", "not valid JSON"},
      {"{", "not valid JSON"},
      {"nonsense", "not valid JSON"},
      {good + "x", "not valid JSON"},
      {good.substr(0, good.size() / 2), "not valid JSON"},
      {overflow, "not valid JSON"},
      {"{\"model_dict\": {\"\xff\": 1}}", "not valid JSON"},
      {"[]", "an array, expected an object"},
      {"3", "a number, expected an object"},
      {"{}", "neither a model (member 'model_dict') nor a collection"},
      {"{\"1\": {}}", "neither a model"},
      {"{\"model_dict\": []}", "/model_dict: an array, expected an object"},
      {"{\"model_dict\": null}", "/model_dict: null, expected an object"},
      {"{\"model_dict\": {}, \"model_dict\": {}}", "/model_dict: stands there 2 times"},
      {twice, "/model_dict/norm_type: stands there 2 times"},
      {option_twice, "/model_dict/feature_opts_dicts/0/adm_csf_mode: given twice with different values"},
      {deep, "nested deeper than 32 levels"},
      {"{\"model_dict\": {\"slopes\": " + deep, "/model_dict/slopes/0/0/0"},
      {many, "more than 500000 values"},
  };
  for (const TextDamage& d : damages) {
    const auto set = read_netflix_json(d.text, "model.json");
    ASSERT_FALSE(set.ok()) << d.expected;
    EXPECT_NE(set.error().message.find(d.expected), std::string::npos) << set.error().message;
    EXPECT_EQ(set.error().message.find("model.json: "), 0u) << set.error().message;
    EXPECT_LT(set.error().message.size(), 500u);
  }
}

// Every prefix of a model is an error, never a crash.
TEST(NetflixJson, EveryTruncationIsRefused) {
  const std::string good = small_model_json().dump();
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_FALSE(read_netflix_json(good.substr(0, size), "m").ok()) << size;
}

// The same for the text inside; from the last number on, a cut text may still be a (different) model.
TEST(NetflixJson, EveryTruncationOfTheSvmIsSafe) {
  Json json = small_model_json();
  const std::string text = json["model_dict"]["model"];
  const size_t last_line = text.rfind("0.25 1:");
  for (size_t size = 0; size < text.size(); ++size) {
    json["model_dict"]["model"] = text.substr(0, size);
    EXPECT_TRUE(!read(json).ok() || size > last_line) << size;
  }
}

// One byte replaced anywhere: refused, or read as a model that predicts a finite score.
TEST(NetflixJson, EveryByteReplacedIsSafe) {
  const std::string good = small_model_json().dump();
  const double x[] = {0.5, 0.0};
  for (size_t i = 0; i < good.size(); ++i) {
    for (const char c : {'0', '9', '-', '"', '}', ' ', 'e', '\0'}) {
      std::string text = good;
      text[i] = c;
      const auto set = read_netflix_json(text, "m");
      if (set.ok() && set->model.features.size() == 2) {
        EXPECT_TRUE(std::isfinite(predict_score(set->model, {.enable_transform = true}, x))) << text;
      }
    }
  }
}

TEST(Collection, MembersInTheOrderOfTheFile) {
  Json json = small_collection_json(4);
  Json shuffled;
  shuffled["note"] = 1;
  shuffled["0"] = json["0"];
  shuffled["7"] = "skipped";
  shuffled["1"] = json["1"];
  shuffled["01"] = nullptr;
  shuffled["2"] = json["2"];
  const auto set = read(shuffled);
  ASSERT_TRUE(set.ok()) << set.error().message;
  EXPECT_EQ(set->model.kind, ModelKind::kBootstrapSvr);
  ASSERT_EQ(set->siblings.size(), 2u);
  EXPECT_EQ(set->model.svm->rho, -0.70);
  EXPECT_EQ(set->siblings[0].svm->rho, -0.71);
  EXPECT_EQ(set->siblings[1].svm->rho, -0.72);
}

TEST(Collection, Damages) {
  const std::pair<const char*, std::function<void(Json&)>> damages[] = {
      {"/1: missing", [](Json& j) { j.erase("1"); }},
      {"/1: missing",
       [](Json& j) {
         j = Json{{"0", j["0"]}};
       }},
      {"/2/model_dict/model_type: differs from that of member 0",
       [](Json& j) { j["2"]["model_dict"]["model_type"] = "RESIDUEBOOTSTRAP_LIBSVMNUSVR"; }},
      {"/0/model_dict/model_type: LIBSVMNUSVR cannot be a member",
       [](Json& j) { j["0"]["model_dict"]["model_type"] = "LIBSVMNUSVR"; }},
      {"/1/model_dict/feature_names: names or options differ",
       [](Json& j) { j["1"]["model_dict"]["feature_opts_dicts"][0]["adm_csf_mode"] = 1; }},
      {"/1: a string, expected an object", [](Json& j) { j["1"] = "x"; }},
      {"/0/model_dict: missing", [](Json& j) { j["0"].erase("model_dict"); }},
      {"/2/model_dict/slopes/1: a string, expected a number",
       [](Json& j) { j["2"]["model_dict"]["slopes"][1] = "x"; }},
  };
  for (const auto& [expected, change] : damages) {
    Json json = small_collection_json(3);
    change(json);
    const auto set = read(json);
    ASSERT_FALSE(set.ok()) << expected;
    EXPECT_EQ(set.error().message.find(std::string("model.json: ") + expected), 0u) << set.error().message;
  }
}

TEST(Import, KeepsEverythingAndSaysWhatItRead) {
  const auto imported = import_netflix_model(small_collection_json(3).dump(), "my-model_1.0");
  ASSERT_TRUE(imported.ok()) << imported.error().message;
  EXPECT_EQ(imported->set.id, "my-model_1.0");
  EXPECT_EQ(imported->set.credit, "");
  EXPECT_NE(imported->summary.find("2 features, 3 support vectors, 2 bootstrap siblings"), std::string::npos)
      << imported->summary;
  const auto back = parse_model(imported->text.bundle(), "bundle");
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->hash, imported->set.hash);
  ASSERT_EQ(back->siblings.size(), 2u);
  const double x[] = {0.7, 0.0};
  for (const LoadFlags flags : {LoadFlags{}, LoadFlags{.enable_transform = true}}) {
    EXPECT_TRUE(
        same_bits(predict_score(back->model, flags, x), predict_score(imported->set.model, flags, x)));
    EXPECT_TRUE(same_bits(predict_bootstrap(*back, flags, x, {}).stddev,
                          predict_bootstrap(imported->set, flags, x, {}).stddev));
  }
}

TEST(Import, RefusesBadIdsAndBadFiles) {
  for (const char* id : {"", "a b", "../x", "a/b", "a\nb", "\xc3\xa9"}) {
    EXPECT_FALSE(import_netflix_model(small_model_json().dump(), id).ok()) << id;
  }
  EXPECT_FALSE(import_netflix_model("{}", "x").ok());
}

}  // namespace
}  // namespace fovea
