// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "models/model.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstdio>

#include "models/model_check.h"

namespace fovea {

using namespace models;

namespace {

constexpr double kCiLowPercent = 2.5;
constexpr double kCiHighPercent = 97.5;
constexpr double kSlopeStep = 0.01;  // half the span over which the transform's slope is taken

using FeatureVector = std::array<double, kMaxModelFeatures>;

// Without chroma information (exactly 0) the chroma feature is what luma suggests.
void correct_chroma(const Model& model, FeatureVector& x) {
  if (!model.chroma_correction || *model.chroma_correction == 0) return;
  const double c = *model.chroma_correction;
  const size_t luma = find_features(model, kChromaCorrectionLuma).first;
  const size_t chroma = find_features(model, kChromaCorrectionChroma).first;
  const auto slope = [&](size_t i) { return model.linear_rescale ? model.slopes[1 + i] : 1.0; };
  const auto intercept = [&](size_t i) { return model.linear_rescale ? model.intercepts[1 + i] : 0.0; };
  const auto unscaled = [&](size_t i) { return (x[i] - intercept(i)) / slope(i); };
  if (unscaled(chroma) != 0) return;
  const double derived = -c * unscaled(luma) + c;
  x[chroma] = slope(chroma) * derived + intercept(chroma);
}

double evaluate(const Svm& svm, const FeatureVector& x, size_t features) {
  double sum = 0;
  const double* vector = svm.vectors.data();
  for (const double coefficient : svm.coefficients) {
    double distance_sq = 0;
    for (size_t i = 0; i < svm.dims; ++i) {
      const double d = x[i] - vector[i];
      distance_sq += d * d;
    }
    for (size_t i = svm.dims; i < features; ++i) distance_sq += x[i] * x[i];
    vector += svm.dims;
    sum += coefficient * std::exp(-svm.gamma * distance_sq);
  }
  return sum - svm.rho;
}

// Segments are visited in order and the last one that covers x decides. One that does not run to the right,
// or runs down, ends the visit: what was found so far stands, 0 if nothing was.
double through_knots(const std::vector<TransformKnot>& knots, double x) {
  if (knots.size() < 2) return x;
  const size_t segments = knots.size() - 1;
  double y = 0;
  for (size_t s = 0; s < segments; ++s) {
    const TransformKnot from = knots[s], to = knots[s + 1];
    if (!(to.x > from.x) || to.y < from.y) break;
    const bool reaches_left = s == 0 || x >= from.x;
    const bool reaches_right = s + 1 == segments || x <= to.x;
    if (!reaches_left || !reaches_right) continue;
    if (from.y == to.y) {
      y = from.y;
      continue;
    }
    const double slope = (to.y - from.y) / (to.x - from.x);
    y = slope * x + (from.y - slope * from.x);
  }
  return y;
}

double apply(const ScoreTransform& t, double score) {
  double y = score;
  if (t.p0 || t.p1 || t.p2) {
    y = t.p0.value_or(0) + t.p1.value_or(0) * score;
    y += t.p2.value_or(0) * score * score;
  }
  if (!t.knots.empty()) y = through_knots(t.knots, y);
  if (t.out_lte_in) y = std::min(y, score);
  if (t.out_gte_in) y = std::max(y, score);
  return y;
}

// Between order statistics, linearly.
double percentile(std::span<const double> sorted, double percent) {
  const double position = percent * (static_cast<double>(sorted.size()) - 1) / 100.0;
  const double below = std::floor(position);
  const size_t i = static_cast<size_t>(below);
  if (position == below) return sorted[i];
  const double weight = position - below;
  return sorted[i] * (1 - weight) + sorted[i + 1] * weight;
}

}  // namespace

size_t overload_features(ModelSet& set, const std::function<bool(std::string_view)>& matches,
                         const OptionMap& options) {
  size_t matched = 0;
  const auto overload = [&](Model& model) {
    matched = 0;
    for (ModelFeature& feature : model.features) {
      if (!matches(feature.name)) continue;
      ++matched;
      for (const auto& [name, text] : options) feature.options[name] = normalise_option_text(text);
    }
  };
  for (Model& sibling : set.siblings) overload(sibling);
  overload(set.model);
  return matched;
}

double raw_score(const Model& model, std::span<const double> features) {
  assert(features.size() == model.features.size() && model.svm);
  FeatureVector x;
  for (size_t i = 0; i < features.size(); ++i) {
    x[i] = model.linear_rescale ? model.slopes[1 + i] * features[i] + model.intercepts[1 + i] : features[i];
  }
  correct_chroma(model, x);
  const double y = evaluate(*model.svm, x, features.size());
  return model.linear_rescale ? (y - model.intercepts[0]) / model.slopes[0] : y;
}

double finish_score(const Model& model, const LoadFlags& flags, double raw) {
  double y = raw;
  const auto& transform = model.transform;
  if (transform && (transform->enabled || flags.enable_transform) && !flags.disable_transform) {
    y = apply(*transform, raw);
  }
  if (model.clip && !flags.disable_clip) y = std::min(std::max(y, model.clip->min), model.clip->max);
  return y;
}

double predict_score(const Model& model, const LoadFlags& flags, std::span<const double> features) {
  return finish_score(model, flags, raw_score(model, features));
}

BootstrapScore predict_bootstrap(const ModelSet& set, const LoadFlags& flags,
                                 std::span<const double> features, std::span<double> sibling_scores) {
  assert(set.is_collection());
  assert(sibling_scores.empty() || sibling_scores.size() == set.siblings.size());
  const size_t count = set.siblings.size();
  const double n = static_cast<double>(count);
  std::vector<double> raw(count);
  double sum = 0;
  for (size_t k = 0; k < count; ++k) {
    raw[k] = raw_score(set.siblings[k], features);
    sum += raw[k];
    if (!sibling_scores.empty()) sibling_scores[k] = finish_score(set.siblings[k], flags, raw[k]);
  }
  const double mean = sum / n;
  double sum_sq = 0;
  for (const double r : raw) sum_sq += (r - mean) * (r - mean);
  const double stddev = std::sqrt(sum_sq / n);
  if (!std::isfinite(sum_sq)) return {mean, mean, mean, mean};  // there is no order among NaNs
  std::sort(raw.begin(), raw.end());

  // Spread goes through the transform by its slope at the mean; clip and transform are the first sibling's.
  const auto finish = [&](double score) { return finish_score(set.siblings[0], flags, score); };
  const double slope = (finish(mean + kSlopeStep) - finish(mean - kSlopeStep)) / (2 * kSlopeStep);
  return {.bagging = finish(mean),
          .stddev = stddev * slope,
          .ci_lo = finish(percentile(raw, kCiLowPercent)),
          .ci_hi = finish(percentile(raw, kCiHighPercent))};
}

std::string sibling_score_name(std::string_view name, size_t k) {
  char number[32];
  std::snprintf(number, sizeof number, "_%04zu", k + 1);
  return std::string(name) + number;
}

BootstrapNames bootstrap_score_names(std::string_view name) {
  const std::string n(name);
  return {n + "_bagging", n + "_stddev", n + "_ci_p95_lo", n + "_ci_p95_hi"};
}

std::string describe_model(const ModelSet& set) {
  std::string out = set.id + ": " + set.summary + "\n";
  if (!set.credit.empty()) out += set.credit + "\n";
  if (!set.source.empty()) out += "source: " + set.source + "\n";
  if (set.viewing.distance_h > 0)
    out += "viewing distance: " + format_g(set.viewing.distance_h) + " picture heights\n";
  if (set.viewing.display_height_px > 0)
    out += "display height: " + std::to_string(set.viewing.display_height_px) + " px\n";
  out += count_of(set.model.features.size(), "feature") + ", " +
         count_of(set.model.svm->coefficients.size(), "support vector");
  if (set.is_collection()) out += ", " + count_of(set.siblings.size(), "bootstrap sibling");
  out += "\n";
  for (const ModelFeature& feature : set.model.features) {
    out += "  " + feature.name;
    for (const auto& [name, text] : feature.options) out += " " + name + "=" + text;
    out += "\n";
  }
  return out + "SHA-256 " + set.hash + "\n";
}

}  // namespace fovea
