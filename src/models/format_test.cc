// SPDX-License-Identifier: BSD-2-Clause-Patent
// Our own format: loss-free both ways, and no damage goes unnoticed.
#include "models/format.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/sha256.h"
#include "models/netflix_json.h"
#include "models/testing.h"

namespace fovea {
namespace {

using namespace fovea::testing;

ModelSet small_set(const Json& json) {
  auto set = read_netflix_json(json.dump(), "small");
  EXPECT_TRUE(set.ok()) << set.error().message;
  set->id = "small";
  return std::move(*set);
}

void expect_same_model(const Model& a, const Model& b) {
  EXPECT_EQ(a.kind, b.kind);
  EXPECT_EQ(a.features, b.features);
  EXPECT_EQ(a.linear_rescale, b.linear_rescale);
  EXPECT_EQ(a.slopes, b.slopes);
  EXPECT_EQ(a.intercepts, b.intercepts);
  EXPECT_EQ(a.chroma_correction, b.chroma_correction);
  EXPECT_EQ(a.transform, b.transform);
  EXPECT_EQ(a.clip, b.clip);
  EXPECT_EQ(a.svm->gamma, b.svm->gamma);
  EXPECT_EQ(a.svm->rho, b.svm->rho);
  EXPECT_EQ(a.svm->dims, b.svm->dims);
  EXPECT_EQ(a.svm->coefficients, b.svm->coefficients);
  EXPECT_EQ(a.svm->vectors, b.svm->vectors);
}

void expect_round_trip(const ModelSet& set) {
  const ModelText text = write_model(set);
  const auto back = read_model(text.bundle(), "text", {});
  ASSERT_TRUE(back.ok()) << back.error().message << "\n" << text.model;
  EXPECT_EQ(back->id, set.id);
  EXPECT_EQ(back->summary, set.summary);
  EXPECT_EQ(back->credit, set.credit);
  EXPECT_EQ(back->source, set.source);
  EXPECT_EQ(back->viewing, set.viewing);
  EXPECT_EQ(back->hash, text.hash);
  expect_same_model(back->model, set.model);
  ASSERT_EQ(back->siblings.size(), set.siblings.size());
  for (size_t k = 0; k < set.siblings.size(); ++k) expect_same_model(back->siblings[k], set.siblings[k]);
  EXPECT_EQ(write_model(*back).bundle(), text.bundle());
}

TEST(Format, RoundTripOfSmallModels) {
  expect_round_trip(small_set(small_model_json()));
  expect_round_trip(small_set(small_collection_json(4)));
}

TEST(Format, RoundTripOfOddities) {
  ModelSet set = small_set(small_model_json());
  set.id = "odd id=%";
  set.summary = "  two  blanks, 100 %, \"quotes\", \xc3\xa9, and a\nline end ";
  set.credit = "somebody";
  set.source = "\t";
  set.viewing = {1.5, 0};
  set.model.features[0].name = "a b=c%\n\xff";
  set.model.features[0].options = {{"", "x"}, {"k e y", "=="}, {"k", ""}};
  set.model.chroma_correction.reset();
  set.model.slopes = {0.1 + 0.2, -0.0, 1e-30};
  set.model.intercepts = {std::numeric_limits<double>::denorm_min(), 1e30, 1.0 / 3};
  set.model.transform =
      ScoreTransform{.enabled = true, .p1 = 0.1, .knots = {{0.1, 0.2}, {0.7, 1e-20}}, .out_lte_in = true};
  set.model.clip = ScoreClip{-0.1, 1e30};
  expect_round_trip(set);
  set.model.linear_rescale = false;
  set.model.slopes.clear();
  set.model.intercepts.clear();
  set.model.transform.reset();
  set.model.clip.reset();
  expect_round_trip(set);
}

TEST(Format, SiblingsMayDifferInEverythingButFeatures) {
  ModelSet set = small_set(small_collection_json(4));
  set.siblings[0].transform.reset();
  set.siblings[0].clip.reset();
  set.siblings[0].chroma_correction.reset();
  set.siblings[1].slopes[1] = 7;
  set.siblings[1].intercepts[2] = 8;
  set.siblings[1].transform->knots = {{0, 1}, {2, 3}};
  set.siblings[2].svm = set.siblings[1].svm;
  set.siblings[2].clip->max = 110;
  expect_round_trip(set);
}

TEST(Format, CarriageReturnsAreForgiven) {
  const ModelText text = write_model(small_set(small_model_json()));
  std::string dos;
  for (const char c : text.bundle()) dos += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const auto back = read_model(dos, "dos", {});
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->hash, text.hash);
}

TEST(Format, SvmsFromElsewhere) {
  const ModelText text = write_model(small_set(small_model_json()));
  const auto [hash, svm_text] = *text.svms.begin();
  int asked = 0;
  const auto good = read_model(text.model, "m",
                               [&, h = hash, t = svm_text](const std::string& wanted) -> Result<std::string> {
                                 EXPECT_EQ(wanted, h);
                                 ++asked;
                                 return t;
                               });
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(asked, 1);
  const auto none =
      read_model(text.model, "m", [](const std::string&) -> Result<std::string> { return std::string(); });
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().message.find("svm " + hash + ": not in the file"), std::string::npos)
      << none.error().message;
  EXPECT_FALSE(read_model(text.model, "m", {}).ok());
  const auto wrong = read_model(text.model, "m", [](const std::string&) -> Result<std::string> {
    return std::string("fovea-svm 1\n");
  });
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().message.find("its content has another hash"), std::string::npos)
      << wrong.error().message;
}

TEST(Format, EveryFlippedBitAndEveryCutIsNoticed) {
  const std::string good = write_model(small_set(small_model_json())).bundle();
  ASSERT_TRUE(read_model(good, "m", {}).ok());
  for (size_t i = 0; i < good.size(); ++i) {
    std::string text = good;
    text[i] ^= 1;
    EXPECT_FALSE(read_model(text, "m", {}).ok()) << "byte " << i;
    EXPECT_FALSE(read_model(good.substr(0, i), "m", {}).ok()) << "cut at " << i;
  }
}

// The text with its hash and its SVM's hash made right again after a change, so that the change itself is
// seen.
std::string rehash(std::string model, const std::string& svm) {
  const size_t at = model.find("\nsvm ");
  if (at != std::string::npos) model.replace(at + 5, 64, sha256_hex(svm));
  model = model.substr(0, model.find("\nsha256 ") + 1);
  return model + "sha256 " + sha256_hex(model) + "\n" + svm;
}

struct Damage {
  const char* from;
  const char* to;
  const char* expected;
};

TEST(Format, NamesTheCulpritOfEveryDamage) {
  ModelSet set = small_set(small_model_json());
  set.viewing = {3, 1080};
  set.model.transform->knots = {{0, 0}, {100, 100}};
  const ModelText good = write_model(set);
  const std::string svm = good.svms.begin()->second;
  ASSERT_TRUE(read_model(rehash(good.model, svm), "m", {}).ok());
  const Damage damages[] = {
      {"fovea-model 1", "fovea-model 2", "line 1: fovea-model version '2' is not known"},
      {"fovea-model 1", "fovea-modem 1", "line 1: expected 'fovea-model'"},
      {"id small\n", "", "the set has no id"},
      {"id small", "id", "line 2: 'id' needs one word"},
      {"id small", "id a b", "line 2: 'id' needs one word"},
      {"id small", "id a%2", "line 2: neither plain text nor a %XX code"},
      {"id small", "id small\nid small", "line 3: 'id' is given twice"},
      {"id small", "id small\ncolour red", "line 3: unknown line 'colour'"},
      {"viewing 3 1080", "viewing 3", "line 3: 'viewing' needs 2 numbers, found 1"},
      {"viewing 3 1080", "viewing -3 1080", "a viewing distance lies in"},
      {"viewing 3 1080", "viewing 3 1e3", "a display height is a whole number"},
      {"kind svr", "kind forest", "kind 'forest' is unknown"},
      {"kind svr\n", "", "the model has no kind"},
      {"norm linear_rescale\n", "", "the model has no norm"},
      {"norm linear_rescale", "norm clip", "norm 'clip' is unknown"},
      {"norm linear_rescale", "norm none none", "norm 'none' is unknown"},
      {"feature Speed", "feature\nfeature Speed", "'feature' needs a name"},
      {" adm_csf_mode=2", " adm_csf_mode", "'adm_csf_mode' is not option=value"},
      {" adm_csf_mode=2", " adm_min_val=2", "'adm_min_val' is given twice"},
      {" adm_csf_mode=2", " adm%=2", "'adm%=2' has a bad %XX code"},
      {"slopes 0.0125", "slopes", "slopes: 2 numbers, 3 needed (1 + 2 features)"},
      {"slopes 0.0125", "slopes 0.0125 1", "slopes: 4 numbers, 3 needed"},
      {"slopes 0.0125", "slopes x", "'x' is not a finite number"},
      {"slopes 0.0125", "slopes inf", "'inf' is not a finite number"},
      {"slopes 0.0125", "slopes 0", "slopes/0: 0 is too close to 0"},
      {"intercepts -0.25", "intercepts 1e31", "intercepts/0: 1e+31 is outside"},
      {"chroma_correction 120", "chroma_correction", "'chroma_correction' needs 1 number, found 0"},
      {"chroma_correction 120", "chroma_correction 1 2", "'chroma_correction' needs 1 number, found 2"},
      {"feature VMAF_integer_feature_adm3", "feature VMAF_integer_feature_adm2",
       "needs exactly one feature with 'adm3'"},
      {"transform off", "transform maybe", "'transform' needs on, off or none"},
      {"transform off", "transform off p3=1", "'p3=1' is unknown"},
      {"transform off", "transform off p0", "'p0' is unknown"},
      {"transform off", "transform off p0=x", "'p0=x' is not a finite number"},
      {"transform off", "knot 1 2\ntransform off", "a knot without a transform"},
      {"knot 100 100", "knot 100", "'knot' needs 2 numbers, found 1"},
      {"knot 100 100",
       "knot 1 1\nknot 2 2\nknot 3 3\nknot 4 4\nknot 5 5\nknot 6 6\nknot 7 7\nknot 8 8\nknot 9 9\nknot 10 10",
       "more than 10 knots"},
      {"clip 0 100", "clip 0", "'clip' needs 2 numbers, found 1"},
      {"clip 0 100", "clip 0 y", "'y' is not a finite number"},
      {"\nsvm ", "\nsvm x", "'svm' needs a SHA-256"},
      {"\nsvm ", "\nsibling\nsvm ", "the model has no svm"},
      {"\nsha256 ", "\nsibling\nsha256 ", "only models of a bootstrap kind have siblings"},
      {"\nsha256 ", "\nsibling 1\nsha256 ", "'sibling' stands alone"},
  };
  for (const Damage& d : damages) {
    std::string model = good.model;
    const size_t at = model.find(d.from);
    ASSERT_NE(at, std::string::npos) << d.from;
    model.replace(at, std::string(d.from).size(), d.to);
    if (std::string(d.to).find("svm x") != std::string::npos) {  // keep the hash wrong
      model = model.substr(0, model.find("\nsha256 ") + 1);
      model += "sha256 " + sha256_hex(model) + "\n";
    } else {
      model = rehash(model, svm);
    }
    const auto set_or = read_model(model, "m", {});
    ASSERT_FALSE(set_or.ok()) << d.expected << "\n" << model;
    EXPECT_NE(set_or.error().message.find(d.expected), std::string::npos)
        << "expected " << d.expected << "\nfound    " << set_or.error().message;
    EXPECT_EQ(set_or.error().message.find("m: "), 0u) << set_or.error().message;
  }
}

TEST(Format, NamesTheCulpritInSvms) {
  const ModelText good = write_model(small_set(small_model_json()));
  const std::string svm = good.svms.begin()->second;
  const Damage damages[] = {
      {"fovea-svm 1", "fovea-svm 9", "line 1: fovea-svm version '9' is not known"},
      {"gamma 0.5\n", "", "line 2: expected 'gamma'"},
      {"gamma 0.5", "gamma x", "line 2: 'x' is not a finite number"},
      {"gamma 0.5", "gamma -0.5", "gamma -0.5 is negative"},
      {"rho -0.75", "rho", "line 3: 'rho' needs 1 number, found 0"},
      {"vectors 3 2", "vectors 3", "line 4: expected 'vectors', their count and their size"},
      {"vectors 3 2", "vectors 0 2", "'0' is not a count above 0"},
      {"vectors 3 2", "vectors 3 65", "'65' is not in 1..64"},
      {"vectors 3 2", "vectors 3 3", "line 5: 3 numbers, 4 needed"},
      {"vectors 3 2", "vectors 4 2", "4 vectors promised, the text ends after 3"},
      {"vectors 3 2", "vectors 4000000000000 2", "vectors promised, the text ends after 3"},
      {"vectors 3 2", "vectors 2 2", "more lines than the 2 vectors promised"},
      {"-0.5 0.25", "-0.5 nan", "line 5: 'nan' is not a finite number"},
      {"-0.5 0.25", "-0.5 1e31", "1e+31 is outside"},
  };
  for (const Damage& d : damages) {
    std::string changed = svm;
    changed.replace(changed.find(d.from), std::string(d.from).size(), d.to);
    const auto set = read_model(rehash(good.model, changed), "m", {});
    ASSERT_FALSE(set.ok()) << d.expected;
    EXPECT_NE(set.error().message.find(d.expected), std::string::npos)
        << "expected " << d.expected << "\nfound    " << set.error().message;
  }
  const auto unused = read_model(good.bundle() + "fovea-svm 1\n", "m", {});
  ASSERT_FALSE(unused.ok());
  EXPECT_NE(unused.error().message.find("has an SVM that no model refers to"), std::string::npos);
  const auto garbage = read_model(good.bundle().replace(good.model.size(), 5, "words"), "m", {});
  EXPECT_FALSE(garbage.ok());
}

}  // namespace
}  // namespace fovea
