// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "models/model_check.h"

#include <cmath>

namespace fovea::models {
namespace {

bool in_range(double v) {
  return std::abs(v) <= kMaxModelNumber;
}  // false for NaN
bool divides_well(double v) {
  return std::abs(v) >= 1 / kMaxModelNumber;
}

std::string outside(double v) {
  return format_g(v) + " is outside [-1e30, 1e30]";
}

std::optional<ModelFault> find_list_fault(const Model& model, const std::vector<double>& list,
                                          const char* member) {
  const size_t needed = 1 + model.features.size();
  if (list.size() != needed) {
    return ModelFault{member, count_of(list.size(), "number") + ", " + std::to_string(needed) +
                                  " needed (1 + " + count_of(model.features.size(), "feature") + ")"};
  }
  for (size_t i = 0; i < needed; ++i) {
    if (!in_range(list[i])) return ModelFault{member + ("/" + std::to_string(i)), outside(list[i])};
  }
  return std::nullopt;
}

std::optional<ModelFault> find_svm_fault(const Model& model) {
  const Svm& svm = *model.svm;
  if (svm.coefficients.empty()) return ModelFault{"model", "no support vectors"};
  if (svm.dims > model.features.size()) {
    return ModelFault{"model", "support vectors of " + count_of(svm.dims, "number") + " for " +
                                   count_of(model.features.size(), "feature")};
  }
  if (!(svm.gamma >= 0)) return ModelFault{"model", "gamma " + format_g(svm.gamma) + " is negative"};
  for (const double v : {svm.gamma, svm.rho}) {
    if (!in_range(v)) return ModelFault{"model", outside(v)};
  }
  for (const auto* list : {&svm.coefficients, &svm.vectors}) {
    for (const double v : *list) {
      if (!in_range(v)) return ModelFault{"model", outside(v)};
    }
  }
  return std::nullopt;
}

std::optional<ModelFault> find_transform_fault(const ScoreTransform& t) {
  const std::string member = "score_transform";
  if (t.p0 && !in_range(*t.p0)) return ModelFault{member + "/p0", outside(*t.p0)};
  if (t.p1 && !in_range(*t.p1)) return ModelFault{member + "/p1", outside(*t.p1)};
  if (t.p2 && !in_range(*t.p2)) return ModelFault{member + "/p2", outside(*t.p2)};
  if (t.knots.size() > kMaxTransformKnots) {
    return ModelFault{member + "/knots", count_of(t.knots.size(), "knot") + ", at most " +
                                             std::to_string(kMaxTransformKnots) + " allowed"};
  }
  for (size_t i = 0; i < t.knots.size(); ++i) {
    const std::string place = member + "/knots/" + std::to_string(i);
    for (const double v : {t.knots[i].x, t.knots[i].y}) {
      if (!in_range(v)) return ModelFault{place, outside(v)};
    }
    if (i == 0) continue;
    const double step = t.knots[i].x - t.knots[i - 1].x;
    if (step > 0 && !divides_well(step))
      return ModelFault{place, "its x is too close to that of the knot before"};
  }
  return std::nullopt;
}

std::optional<ModelFault> find_chroma_fault(const Model& model) {
  const std::string member = "chroma_correction_parameter";
  if (!in_range(*model.chroma_correction)) return ModelFault{member, outside(*model.chroma_correction)};
  if (*model.chroma_correction == 0) return std::nullopt;
  for (const std::string_view part : {kChromaCorrectionLuma, kChromaCorrectionChroma}) {
    const FoundFeatures found = find_features(model, part);
    if (found.count != 1) {
      return ModelFault{member, "needs exactly one feature with '" + std::string(part) +
                                    "' in its name, found " + std::to_string(found.count)};
    }
    if (model.linear_rescale && !divides_well(model.slopes[1 + found.first])) {
      return ModelFault{
          "slopes/" + std::to_string(1 + found.first),
          format_g(model.slopes[1 + found.first]) + " is too close to 0 for the chroma correction"};
    }
  }
  return std::nullopt;
}

}  // namespace

FoundFeatures find_features(const Model& model, std::string_view part) {
  FoundFeatures found;
  for (size_t i = 0; i < model.features.size(); ++i) {
    if (model.features[i].name.find(part) == std::string::npos) continue;
    if (found.count++ == 0) found.first = i;
  }
  return found;
}

std::optional<ModelFault> find_fault(const Model& model) {
  if (model.features.empty()) return ModelFault{"feature_names", "the model has no features"};
  if (model.features.size() > kMaxModelFeatures) {
    return ModelFault{"feature_names", count_of(model.features.size(), "feature") + ", at most " +
                                           std::to_string(kMaxModelFeatures) + " allowed"};
  }
  for (size_t i = 0; i < model.features.size(); ++i) {
    if (model.features[i].name.empty())
      return ModelFault{"feature_names/" + std::to_string(i), "the name is empty"};
  }
  if (model.linear_rescale) {
    if (auto fault = find_list_fault(model, model.slopes, "slopes")) return fault;
    if (auto fault = find_list_fault(model, model.intercepts, "intercepts")) return fault;
    if (!divides_well(model.slopes[0])) {
      return ModelFault{"slopes/0",
                        format_g(model.slopes[0]) + " is too close to 0: scores are divided by it"};
    }
  }
  if (auto fault = find_svm_fault(model)) return fault;
  if (model.clip) {
    if (!in_range(model.clip->min)) return ModelFault{"score_clip/0", outside(model.clip->min)};
    if (!in_range(model.clip->max)) return ModelFault{"score_clip/1", outside(model.clip->max)};
  }
  if (model.transform) {
    if (auto fault = find_transform_fault(*model.transform)) return fault;
  }
  if (model.chroma_correction) return find_chroma_fault(model);
  return std::nullopt;
}

std::optional<ModelFault> find_sibling_fault(const Model& model, const Model& sibling) {
  if (sibling.kind != model.kind) return ModelFault{"model_type", "differs from that of member 0"};
  if (sibling.features != model.features) {
    return ModelFault{"feature_names", "names or options differ from those of member 0"};
  }
  return std::nullopt;
}

std::string count_of(size_t n, std::string_view noun) {
  return std::to_string(n) + " " + std::string(noun) + (n == 1 ? "" : "s");
}

}  // namespace fovea::models
