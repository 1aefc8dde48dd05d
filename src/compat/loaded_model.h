// SPDX-License-Identifier: BSD-2-Clause-Patent
// Models and collections behind their handles, and how they turn stored features into stored scores.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "libvmaf/model.h"
#include "models/model.h"
#include "score/result.h"
#include "score/session.h"

namespace fovea::compat {

// A model, or a collection, as it is at one moment. Overloads make a new one: contexts keep what they were given.
struct LoadedModel {
  static std::shared_ptr<const LoadedModel> make(ModelSet set, std::string name, const LoadFlags& flags);

  ModelSet set;  // of a collection the siblings are used, of a model set.model
  std::string name;
  LoadFlags flags;
  std::vector<FeatureUse> uses;     // empty if there is a fault
  std::optional<Error> fault;       // why its features cannot be computed
  std::vector<std::string> inputs;  // keys of the features in a ScoreTable, in model order
};

// The values of a model's features; nullopt if one is missing.
std::optional<std::vector<double>> inputs_at(const LoadedModel& loaded, const ScoreTable& table, int64_t frame);

// The score stored under `name` or, if there is none, a prediction, which is then stored. `model` is one of
// loaded.set. nullopt: a feature is missing.
std::optional<double> score_at(const LoadedModel& loaded, const Model& model, const std::string& name, ScoreTable& table,
                               int64_t frame);

// Predicts and stores the scores of a collection's members and their statistics. nullopt: a feature is missing.
std::optional<BootstrapScore> predict_collection(const LoadedModel& loaded, ScoreTable& table, int64_t frame);
// What the last function stored; nullopt if it did not.
std::optional<BootstrapScore> stored_collection(const LoadedModel& loaded, const ScoreTable& table, int64_t frame);

// How reports call what is stored under this key.
std::string report_label(const std::string& key);

}  // namespace fovea::compat

// What a handle stands for.
struct VmafModel {
  mutable std::mutex mutex;
  std::shared_ptr<const fovea::compat::LoadedModel> loaded;
  std::shared_ptr<const fovea::compat::LoadedModel> get() const {
    std::lock_guard lock(mutex);
    return loaded;
  }
};
struct VmafModelCollection : VmafModel {};
