// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "compat/loaded_model.h"

#include <array>

#include "metrics/registry.h"

namespace fovea::compat {

std::shared_ptr<const LoadedModel> LoadedModel::make(ModelSet set, std::string name, const LoadFlags& flags) {
  auto loaded = std::make_shared<LoadedModel>();
  loaded->set = std::move(set);
  loaded->name = std::move(name);
  loaded->flags = flags;
  auto uses = resolve_features(loaded->set.model, loaded->name);
  const auto& features = loaded->set.model.features;
  if (uses.ok()) {
    loaded->uses = *std::move(uses);
    for (size_t i = 0; i < features.size(); ++i) loaded->inputs.push_back(feature_key(loaded->uses[i], features[i].name));
  } else {
    // Scores may still be imported under the features' own names.
    loaded->fault = std::move(uses).error();
    for (const ModelFeature& feature : features) loaded->inputs.push_back(feature.name);
  }
  return loaded;
}

std::optional<std::vector<double>> inputs_at(const LoadedModel& loaded, const ScoreTable& table, int64_t frame) {
  std::vector<double> values;
  for (const std::string& key : loaded.inputs) {
    const int series = table.find(key);
    const std::optional<double> value = series < 0 ? std::nullopt : table[series].at(frame);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  return values;
}

std::optional<double> score_at(const LoadedModel& loaded, const Model& model, const std::string& name, ScoreTable& table,
                               int64_t frame) {
  if (const int series = table.find(name); series >= 0 && table[series].has(frame)) return table[series].at(frame);
  const auto values = inputs_at(loaded, table, frame);
  if (!values) return std::nullopt;
  const double score = predict_score(model, loaded.flags, *values);
  table.set(table.add(name, name, Series::Rank::kModel), frame, score);
  return score;
}

namespace {

std::array<std::string, 4> statistics_names(const std::string& name) {
  BootstrapNames names = bootstrap_score_names(name);
  return {std::move(names.bagging), std::move(names.stddev), std::move(names.ci_lo), std::move(names.ci_hi)};
}

}  // namespace

std::optional<BootstrapScore> predict_collection(const LoadedModel& loaded, ScoreTable& table, int64_t frame) {
  const auto values = inputs_at(loaded, table, frame);
  if (!values) return std::nullopt;
  std::vector<double> members(loaded.set.siblings.size());
  const BootstrapScore score = predict_bootstrap(loaded.set, loaded.flags, *values, members);
  const auto store = [&](const std::string& name, double value) {
    const int series = table.add(name, name, Series::Rank::kModel);
    if (!table[series].has(frame)) table.set(series, frame, value);
  };
  for (size_t k = 0; k < members.size(); ++k) store(sibling_score_name(loaded.name, k), members[k]);
  const auto names = statistics_names(loaded.name);
  store(names[0], score.bagging);
  store(names[1], score.stddev);
  store(names[2], score.ci_lo);
  store(names[3], score.ci_hi);
  return score;
}

std::optional<BootstrapScore> stored_collection(const LoadedModel& loaded, const ScoreTable& table, int64_t frame) {
  std::array<double, 4> values{};
  const auto names = statistics_names(loaded.name);
  for (size_t i = 0; i < names.size(); ++i) {
    const int series = table.find(names[i]);
    if (series < 0 || !table[series].has(frame)) return std::nullopt;
    values[i] = *table[series].at(frame);
  }
  return BootstrapScore{values[0], values[1], values[2], values[3]};
}

std::string report_label(const std::string& key) {
  if (const MetricInfo* metric = find_provider(key)) {
    for (const FeatureName& name : metric->provided) {
      if (key == name.name) return name.alias != nullptr ? name.alias : key;
    }
  }
  // libvmaf's floating point features, which may be imported where no metric computes them.
  static constexpr std::string_view kBegin = "VMAF_feature_", kEnd = "_score";
  static constexpr std::string_view kKnown[] = {"adm2", "aim", "adm3", "adm_scale0", "adm_scale1", "adm_scale2", "adm_scale3",
                                                "motion", "motion2", "motion3", "vif_scale0", "vif_scale1", "vif_scale2",
                                                "vif_scale3"};
  for (const std::string_view name : kKnown) {
    if (key.size() == kBegin.size() + name.size() + kEnd.size() && key.starts_with(kBegin) && key.ends_with(kEnd) &&
        key.substr(kBegin.size(), name.size()) == name) {
      return std::string(name);
    }
  }
  return key;
}

}  // namespace fovea::compat
