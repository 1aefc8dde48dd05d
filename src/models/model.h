// SPDX-License-Identifier: BSD-2-Clause-Patent
// Models: from the feature values of a frame to a score.
//
//   features --> scaled --> support vector regression --> scaled back --> transform --> clip --> score
//                  |         (a sum of Gaussian bumps       = raw score
//                  |          around known examples)
//           chroma derived from luma where a picture has none
//
// A model set is one model, or one with siblings trained on resampled data, whose disagreement gives a
// confidence interval (bootstrap). Here is the data and the arithmetic; models/store.h loads sets.
//
// Models know features by name and value, never how they are computed. All arithmetic is IEEE double in a
// fixed order with the C library's exp(), so that scores equal libvmaf's to the last bit.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/params.h"

namespace fovea {

// The name that scores are reported by unless the user gives another.
inline constexpr const char* kDefaultModelName = "vmaf";
inline constexpr size_t kMaxModelFeatures = 64;
inline constexpr size_t kMaxTransformKnots = 10;

// What a caller asks of a model. disable_transform wins over enable_transform.
struct LoadFlags {
  bool disable_clip = false;
  bool enable_transform = false;
  bool disable_transform = false;
};

// A feature as the model asks for it: the internal name, e.g. "VMAF_integer_feature_adm2_score", and options
// of the extractor that provides it. Numbers among the texts have passed through single precision and "%g".
struct ModelFeature {
  std::string name;
  OptionMap options;
  bool operator==(const ModelFeature&) const = default;
};

enum class ModelKind { kSvr, kBootstrapSvr, kResidueBootstrapSvr };

// y = sum_j coefficients[j] exp(-gamma |x - vector j|^2) - rho
struct Svm {
  double gamma = 0;
  double rho = 0;
  size_t dims = 0;                   // numbers per vector; <= number of features, the rest counts as 0
  std::vector<double> coefficients;  // one per support vector
  std::vector<double> vectors;       // [coefficients.size()][dims]
};

struct TransformKnot {
  double x = 0;
  double y = 0;
  bool operator==(const TransformKnot&) const = default;
};

// score -> p0 + p1 score + p2 score^2 -> piecewise linear through knots -> bounded by the score it began with
struct ScoreTransform {
  bool enabled = false;  // without it the transform waits for LoadFlags::enable_transform
  std::optional<double> p0 = {}, p1 = {}, p2 = {};
  std::vector<TransformKnot> knots = {};
  bool out_lte_in = false;
  bool out_gte_in = false;
  bool operator==(const ScoreTransform&) const = default;
};

struct ScoreClip {
  double min = 0;
  double max = 0;
  bool operator==(const ScoreClip&) const = default;
};

struct Model {
  ModelKind kind = ModelKind::kSvr;
  std::vector<ModelFeature> features;  // in the order of the SVM's dimensions
  bool linear_rescale = false;         // false: features and score enter and leave as they are
  std::vector<double> slopes;          // if linear_rescale: [0] the score's, [1 + i] feature i's
  std::vector<double> intercepts;      // likewise
  std::optional<double> chroma_correction;
  std::optional<ScoreTransform> transform;
  std::optional<ScoreClip> clip;
  std::shared_ptr<const Svm> svm;  // never null in a loaded model; shared between models that have the same
};

// What the viewer is assumed to do; 0 where the source does not say.
struct ViewingConditions {
  double distance_h = 0;  // in picture heights
  int display_height_px = 0;
  bool operator==(const ViewingConditions&) const = default;
};

// What a user selects by an id or a file.
struct ModelSet {
  std::string id;       // "vmaf_v0.6.1"
  std::string summary;  // one line
  std::string credit;   // whose parameters these are, and the licence
  std::string source;   // where they come from
  ViewingConditions viewing;
  std::string hash;  // SHA-256 of the content as it was read, hexadecimal

  Model model;                  // its prediction is "the" score; of a collection: the one trained on all data
  std::vector<Model> siblings;  // members 1, 2, ... of a bootstrap collection; empty for a single model.
                                // All ask for the same features, in the same order, as `model`.
  bool is_collection() const { return !siblings.empty(); }
};

// Some lines for people: what the set is, where it comes from, what it asks for.
std::string describe_model(const ModelSet& set);

// Lays `options` (texts as users write them) over those of every feature whose name `matches`; later wins.
// Returns how many features matched.
size_t overload_features(ModelSet& set, const std::function<bool(std::string_view feature_name)>& matches,
                         const OptionMap& options);

// --- one model, one frame -------------------------------------------------------------------------------
// `features`: values in the order of Model::features, as many. Missing values are the caller's business;
// what is not finite may come out as not finite.

// Before transform and clip.
double raw_score(const Model& model, std::span<const double> features);
// Transform and clip of a raw score.
double finish_score(const Model& model, const LoadFlags& flags, double raw);
// Both: the score.
double predict_score(const Model& model, const LoadFlags& flags, std::span<const double> features);

// --- a bootstrap collection, one frame ------------------------------------------------------------------

// Statistics of the siblings' scores, and the 95 % confidence interval.
struct BootstrapScore {
  double bagging = 0;
  double stddev = 0;
  double ci_lo = 0;
  double ci_hi = 0;
};

// Needs set.is_collection(). sibling_scores[k] gets the score of siblings[k]; as many, or empty if not
// wanted.
BootstrapScore predict_bootstrap(const ModelSet& set, const LoadFlags& flags,
                                 std::span<const double> features, std::span<double> sibling_scores);

// Names under which a collection called `name` reports, in order of report: sibling k as NAME_0001 ..., then
// bagging, stddev, and the interval's ends.
std::string sibling_score_name(std::string_view name, size_t k);  // k counts from 0
struct BootstrapNames {
  std::string bagging, stddev, ci_lo, ci_hi;
};
BootstrapNames bootstrap_score_names(std::string_view name);

}  // namespace fovea
