// SPDX-License-Identifier: BSD-2-Clause-Patent
// The arithmetic: every step by hand on models small enough for it.
#include "models/model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "models/model_check.h"
#include "models/testing.h"

namespace fovea {
namespace {

using namespace fovea::testing;

constexpr LoadFlags kPlain;
constexpr LoadFlags kTransform{.enable_transform = true};

// One feature, and a machine that answers exp(-|x - 0.5|^2) - rho.
Model bump_model(double rho = 0) {
  Model model;
  model.features = {{"VMAF_integer_feature_adm2_score", {}}};
  model.svm = std::make_shared<const Svm>(Svm{1.0, rho, 1, {1.0}, {0.5}});
  return model;
}

// A model that answers `value` whatever the feature.
Model constant_model(double value) {
  Model model = bump_model();
  model.svm = std::make_shared<const Svm>(Svm{0.0, -value, 1, {0.0}, {0.5}});
  return model;
}

double finish(const ScoreTransform& t, double raw, const LoadFlags& flags = kPlain) {
  Model model = bump_model();
  model.transform = t;
  return finish_score(model, flags, raw);
}

TEST(Predict, SumOfBumpsMinusRho) {
  Model model;
  model.features = {{"a", {}}, {"b", {}}};
  model.svm = std::make_shared<const Svm>(Svm{0.5, 0.25, 2, {2.0, -3.0}, {0.0, 1.0, 4.0, 0.5}});
  const double x[] = {1.5, -2.0};
  const double d0 = 1.5 * 1.5 + 9.0, d1 = 2.5 * 2.5 + 2.5 * 2.5;
  EXPECT_EQ(raw_score(model, x), 0.0 + 2.0 * std::exp(-0.5 * d0) + -3.0 * std::exp(-0.5 * d1) - 0.25);
}

TEST(Predict, FeaturesBeyondTheVectorsCountAsDifferencesFromZero) {
  Model model;
  model.features = {{"a", {}}, {"b", {}}};
  model.svm = std::make_shared<const Svm>(Svm{0.5, 0, 1, {1.0}, {1.0}});
  const double x[] = {1.0, 3.0};
  EXPECT_EQ(raw_score(model, x), std::exp(-4.5));
}

TEST(Predict, LinearRescaleOnTheWayInAndOut) {
  Model model = bump_model(0.125);
  model.linear_rescale = true;
  model.slopes = {0.01, 2.0};
  model.intercepts = {-0.3, 0.25};
  const double x[] = {0.7};
  const double n = 2.0 * 0.7 + 0.25;
  const double y = std::exp(-(n - 0.5) * (n - 0.5)) - 0.125;
  EXPECT_EQ(raw_score(model, x), (y + 0.3) / 0.01);
  EXPECT_EQ(predict_score(model, kPlain, x), raw_score(model, x));
}

TEST(Predict, ClipAndItsFlag) {
  Model model = constant_model(120);
  model.clip = ScoreClip{0, 110};
  const double x[] = {0.5};
  EXPECT_EQ(predict_score(model, kPlain, x), 110);
  EXPECT_EQ(predict_score(model, {.disable_clip = true}, x), 120);
  EXPECT_EQ(finish_score(model, kPlain, -3), 0);
  EXPECT_EQ(finish_score(model, kPlain, 55.5), 55.5);
}

TEST(Transform, OffUnlessEnabledByModelOrFlag) {
  ScoreTransform t{.p0 = 1.0, .p1 = 2.0};
  EXPECT_EQ(finish(t, 10), 10);
  EXPECT_EQ(finish(t, 10, kTransform), 21);
  t.enabled = true;
  EXPECT_EQ(finish(t, 10), 21);
  EXPECT_EQ(finish(t, 10, {.disable_transform = true}), 10);
  EXPECT_EQ(finish(t, 10, {.enable_transform = true, .disable_transform = true}), 10);
}

TEST(Transform, Polynomial) {
  EXPECT_EQ(finish({.enabled = true, .p0 = 1.5}, 10), 1.5);
  EXPECT_EQ(finish({.enabled = true, .p2 = 0.5}, 10), 50);
  EXPECT_EQ(finish({.enabled = true, .p0 = 1, .p1 = 3, .p2 = 0.5}, 10), 81);
  EXPECT_EQ(finish({.enabled = true}, 10), 10);
  const double y = 33.3, p0 = 1.70674692, p1 = 1.72643844, p2 = -0.00705305;
  EXPECT_EQ(finish({.enabled = true, .p0 = p0, .p1 = p1, .p2 = p2}, y), (p0 + p1 * y) + (p2 * y) * y);
}

TEST(Transform, BoundsByTheScoreItBeganWith) {
  EXPECT_EQ(finish({.enabled = true, .p0 = 5.0, .p1 = 1.0, .out_lte_in = true}, 10), 10);
  EXPECT_EQ(finish({.enabled = true, .p0 = -5.0, .p1 = 1.0, .out_lte_in = true}, 10), 5);
  EXPECT_EQ(finish({.enabled = true, .p0 = -5.0, .p1 = 1.0, .out_gte_in = true}, 10), 10);
  EXPECT_EQ(finish({.enabled = true, .p0 = 5.0, .p1 = 1.0, .out_gte_in = true}, 10), 15);
}

TEST(Transform, ClipComesLast) {
  Model model = bump_model();
  model.transform = ScoreTransform{.enabled = true, .p0 = 200.0};
  model.clip = ScoreClip{0, 100};
  EXPECT_EQ(finish_score(model, kPlain, 10), 100);
}

struct KnotCase {
  const char* what;
  std::vector<TransformKnot> knots;
  double x;
  double expected;
};

TEST(Transform, Knots) {
  const std::vector<TransformKnot> rising = {{10, 20}, {20, 40}, {40, 50}};
  const KnotCase cases[] = {
      {"no knots", {}, 7, 7},
      {"one knot changes nothing", {{1, 2}}, 7, 7},
      {"inside the first segment", rising, 15, 30},
      {"inside the second segment", rising, 30, 45},
      {"at a shared knot", rising, 20, 40},
      {"at the first knot", rising, 10, 20},
      {"at the last knot", rising, 40, 50},
      {"below the first knot", rising, 5, 10},
      {"above the last knot", rising, 60, 60},
      {"horizontal segment", {{0, 5}, {10, 5}, {20, 9}}, 3, 5},
      {"below a horizontal first segment", {{0, 5}, {10, 5}, {20, 9}}, -8, 5},
      {"above a horizontal last segment", {{0, 5}, {10, 7}, {20, 7}}, 80, 7},
      {"first knot at 0", {{0, 3}, {10, 23}}, 4, 11},
      {"x stands still: the walk ends, nothing found", {{10, 1}, {10, 2}, {20, 3}}, 15, 0},
      {"x runs back at once", {{10, 1}, {5, 2}}, 7, 0},
      {"y falls at once", {{0, 10}, {10, 5}}, 5, 0},
      {"y falls later: earlier segments stand", {{0, 0}, {10, 10}, {20, 5}}, 5, 5},
      {"y falls later: beyond it nothing covers x", {{0, 0}, {10, 10}, {20, 5}}, 15, 0},
      {"the broken segment's left end belongs to the one before", {{0, 0}, {10, 10}, {20, 5}}, 10, 10},
      {"x repeats at the end: no segment reaches further", {{0, 0}, {10, 10}, {10, 20}}, 12, 0},
  };
  for (const KnotCase& c : cases) {
    EXPECT_EQ(finish({.enabled = true, .knots = c.knots}, c.x), c.expected) << c.what;
  }
}

TEST(Transform, SharedKnotTakesTheLaterSegment) {
  // Both segments give 0.7 at x = 0.3 on paper; in double they differ in the last bits.
  const std::vector<TransformKnot> knots = {{0.1, 0.1}, {0.3, 0.7}, {0.9, 1.3}};
  const double slope = (1.3 - 0.7) / (0.9 - 0.3);
  EXPECT_EQ(finish({.enabled = true, .knots = knots}, 0.3), slope * 0.3 + (0.7 - slope * 0.3));
}

TEST(Transform, KnotsFollowThePolynomial) {
  EXPECT_EQ(finish({.enabled = true, .p0 = 5.0, .p1 = 1.0, .knots = {{0, 0}, {100, 50}}}, 15), 10);
}

Model chroma_model() {
  Model model;
  model.features = {{"Speed_chroma_feature_speed_chroma_uv_score", {}},
                    {"VMAF_integer_feature_adm3_score", {}}};
  model.linear_rescale = true;
  model.slopes = {1, 0.03, 4.0};
  model.intercepts = {0, -0.015, -3.0};
  model.chroma_correction = 120;
  model.svm = std::make_shared<const Svm>(Svm{1.0, 0, 2, {1.0}, {0.0, 0.0}});
  return model;
}

TEST(Chroma, ZeroChromaIsDerivedFromLuma) {
  Model model = chroma_model();
  const double x[] = {0.0, 0.93};
  const double n_luma = 4.0 * 0.93 + -3.0;
  const double luma = (n_luma - -3.0) / 4.0;
  const double n_chroma = 0.03 * (-120.0 * luma + 120.0) + -0.015;
  EXPECT_EQ(raw_score(model, x), std::exp(-(n_chroma * n_chroma + n_luma * n_luma)));
  model.chroma_correction = 0;  // means none
  const double uncorrected = -0.015;
  EXPECT_EQ(raw_score(model, x), std::exp(-(uncorrected * uncorrected + n_luma * n_luma)));
}

TEST(Chroma, AnyOtherValueIsLeftAlone) {
  Model model = chroma_model();
  const double x[] = {0.25, 0.93};
  const double corrected = raw_score(model, x);
  model.chroma_correction.reset();
  EXPECT_EQ(corrected, raw_score(model, x));
}

TEST(Chroma, WorksWithoutRescaling) {
  Model model = chroma_model();
  model.linear_rescale = false;
  model.slopes.clear();
  model.intercepts.clear();
  const double x[] = {0.0, 0.75};
  EXPECT_EQ(raw_score(model, x), std::exp(-(30.0 * 30.0 + 0.75 * 0.75)));
}

ModelSet constant_collection(const std::vector<double>& values) {
  ModelSet set;
  set.model = constant_model(50);
  for (const double v : values) set.siblings.push_back(constant_model(v));
  return set;
}

TEST(Bootstrap, MeanSpreadAndPercentiles) {
  const ModelSet set = constant_collection({4, 1, 3, 2, 5});
  const double x[] = {0.5};
  double scores[5];
  const BootstrapScore s = predict_bootstrap(set, kPlain, x, scores);
  EXPECT_EQ(s.bagging, 3);
  EXPECT_NEAR(s.stddev, std::sqrt(2.0), 1e-12);  // population; its slope of 1 is a quotient of differences
  EXPECT_DOUBLE_EQ(s.ci_lo, 1.1);                // position 0.1
  EXPECT_DOUBLE_EQ(s.ci_hi, 4.9);
  const double expected[] = {4, 1, 3, 2, 5};
  for (int k = 0; k < 5; ++k) EXPECT_EQ(scores[k], expected[k]);
  EXPECT_EQ(predict_score(set.model, kPlain, x), 50);
}

TEST(Bootstrap, WholePercentilePositionsAndASingleSibling) {
  std::vector<double> values;
  for (int k = 0; k <= 40; ++k) values.push_back(40 - k);
  const double x[] = {0.5};
  const BootstrapScore many = predict_bootstrap(constant_collection(values), kPlain, x, {});
  EXPECT_EQ(many.ci_lo, 1);
  EXPECT_EQ(many.ci_hi, 39);
  const BootstrapScore one = predict_bootstrap(constant_collection({7}), kPlain, x, {});
  EXPECT_EQ(one.bagging, 7);
  EXPECT_EQ(one.stddev, 0);
  EXPECT_EQ(one.ci_lo, 7);
  EXPECT_EQ(one.ci_hi, 7);
}

TEST(Bootstrap, TransformAndClipOfTheFirstSiblingApplyToTheStatistics) {
  ModelSet set = constant_collection({40, 50, 60});
  set.siblings[0].transform = ScoreTransform{.p0 = 1.0, .p1 = 2.0};
  set.siblings[0].clip = ScoreClip{0, 1000};
  const double x[] = {0.5};
  double scores[3];
  const BootstrapScore off = predict_bootstrap(set, kPlain, x, scores);
  EXPECT_EQ(off.bagging, 50);
  const BootstrapScore on = predict_bootstrap(set, kTransform, x, scores);
  EXPECT_EQ(on.bagging, 101);
  EXPECT_NEAR(on.stddev, 2 * off.stddev, 1e-9);
  EXPECT_DOUBLE_EQ(on.ci_lo, 1 + 2 * off.ci_lo);
  EXPECT_EQ(scores[0], 81);
  EXPECT_EQ(scores[1], 50);  // its own transform: none
}

TEST(Bootstrap, AtTheClipBoundTheSpreadVanishes) {
  ModelSet set = constant_collection({99, 101, 120});
  for (Model& sibling : set.siblings) sibling.clip = ScoreClip{0, 100};
  const double x[] = {0.5};
  const BootstrapScore s = predict_bootstrap(set, kPlain, x, {});
  EXPECT_EQ(s.bagging, 100);
  EXPECT_EQ(s.stddev, 0);
  EXPECT_EQ(s.ci_hi, 100);
  EXPECT_GT(predict_bootstrap(set, {.disable_clip = true}, x, {}).stddev, 0);
}

TEST(Bootstrap, NotANumberStaysOneAndNothingCrashes) {
  ModelSet set;
  set.model = bump_model();
  for (int k = 0; k < 50; ++k) set.siblings.push_back(bump_model(k));
  const double x[] = {std::numeric_limits<double>::quiet_NaN()};
  EXPECT_TRUE(std::isnan(predict_bootstrap(set, kPlain, x, {}).ci_lo));
  EXPECT_TRUE(std::isnan(predict_score(set.model, kPlain, x)));
}

TEST(Names, OfCollections) {
  EXPECT_EQ(sibling_score_name("vmaf", 0), "vmaf_0001");
  EXPECT_EQ(sibling_score_name("vmaf", 19), "vmaf_0020");
  const BootstrapNames names = bootstrap_score_names("x");
  EXPECT_EQ(names.bagging, "x_bagging");
  EXPECT_EQ(names.stddev, "x_stddev");
  EXPECT_EQ(names.ci_lo, "x_ci_p95_lo");
  EXPECT_EQ(names.ci_hi, "x_ci_p95_hi");
}

TEST(Overload, LaterWinsAndNumbersAreNormalised) {
  ModelSet set = constant_collection({1, 2});
  for (Model* m : {&set.model, &set.siblings[0], &set.siblings[1]}) {
    m->features = {{"VMAF_integer_feature_adm2_score", {{"adm_enhn_gain_limit", "1"}}}, {"other", {}}};
  }
  const auto is_adm = [](std::string_view name) { return name.find("adm") != std::string_view::npos; };
  EXPECT_EQ(overload_features(set, is_adm, {{"adm_enhn_gain_limit", "1.200"}, {"debug", "true"}}), 1u);
  const OptionMap expected = {{"adm_enhn_gain_limit", "1.2"}, {"debug", "true"}};
  EXPECT_EQ(set.model.features[0].options, expected);
  EXPECT_EQ(set.siblings[1].features[0].options, expected);
  EXPECT_TRUE(set.model.features[1].options.empty());
  EXPECT_EQ(overload_features(set, [](std::string_view) { return false; }, {{"a", "b"}}), 0u);
}

}  // namespace
}  // namespace fovea
