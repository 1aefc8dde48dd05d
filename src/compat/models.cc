// SPDX-License-Identifier: BSD-2-Clause-Patent
// vmaf_model_*: loading, overloads, and the list of built-in models.
#include <string_view>

#include "compat/call.h"
#include "compat/dictionary.h"
#include "compat/handles.h"
#include "compat/loaded_model.h"
#include "metrics/registry.h"
#include "models/store.h"

namespace fovea::compat {
namespace {

using Models = Handles<VmafModel>;
using Collections = Handles<VmafModelCollection>;
using Dictionaries = Handles<VmafFeatureDictionary>;

LoadFlags flags_of(uint64_t bits) {
  LoadFlags flags;
  flags.disable_clip = (bits & VMAF_MODEL_FLAG_DISABLE_CLIP) != 0;
  flags.enable_transform = (bits & VMAF_MODEL_FLAG_ENABLE_TRANSFORM) != 0;
  flags.disable_transform = (bits & VMAF_MODEL_FLAG_DISABLE_TRANSFORM) != 0;
  return flags;
}

template <class Handle>
Handle* publish(ModelSet set, const VmafModelConfig& config) {
  auto model = std::make_shared<Handle>();
  model->loaded = LoadedModel::make(std::move(set), config.name != nullptr ? config.name : kDefaultModelName,
                                    flags_of(config.flags));
  return Handles<Handle>::all().add(std::move(model));
}

enum class Source { kBuiltin, kFile };

Result<std::shared_ptr<const ModelSet>> load_source(Source source, const char* where) {
  return source == Source::kBuiltin ? load_builtin(where) : load_model_file(where);
}

int load(Source source, VmafModel** model, const VmafModelConfig* config, const char* where) {
  if (model == nullptr) return -EINVAL;
  *model = nullptr;
  if (config == nullptr || where == nullptr) return -EINVAL;
  if (source == Source::kFile && std::string_view(where).ends_with(".onnx")) return -ENOSYS;
  const auto set = load_source(source, where);
  if (!set.ok()) return refuse(set.error());
  if ((*set)->is_collection()) return refuse(std::string(where) + " is a collection of models, not a single one");
  *model = publish<VmafModel>(**set, *config);
  return 0;
}

int load_collection(Source source, VmafModel** model, VmafModelCollection** collection, const VmafModelConfig* config,
                    const char* where) {
  if (model != nullptr) *model = nullptr;
  if (collection != nullptr) *collection = nullptr;
  if (model == nullptr || collection == nullptr || config == nullptr || where == nullptr) return -EINVAL;
  const auto set = load_source(source, where);
  if (!set.ok()) return refuse(set.error());
  if (!(*set)->is_collection()) return refuse(std::string(where) + " is a single model, not a collection");
  ModelSet single = **set;
  single.siblings.clear();
  VmafModel* const first = publish<VmafModel>(std::move(single), *config);
  try {
    *collection = publish<VmafModelCollection>(**set, *config);
  } catch (...) {
    Models::all().take(first);
    throw;
  }
  *model = first;
  return 0;
}

void overload(VmafModel& model, const char* extractor, const OptionMap& options) {
  const auto provided_by_extractor = [&](std::string_view feature) {
    const MetricInfo* metric = find_provider(feature);
    return metric != nullptr && std::string_view(metric->name) == extractor;
  };
  std::lock_guard lock(model.mutex);
  ModelSet set = model.loaded->set;
  if (overload_features(set, provided_by_extractor, options) == 0) return;
  model.loaded = LoadedModel::make(std::move(set), model.loaded->name, model.loaded->flags);
}

int overload_model(VmafModel* model, const char* extractor, VmafFeatureDictionary* opts) {
  if (model == nullptr || extractor == nullptr || opts == nullptr) return -EINVAL;
  const auto dictionary = Dictionaries::all().take(opts);
  const auto found = Models::all().find(model);
  if (dictionary == nullptr || found == nullptr) return -EINVAL;
  overload(*found, extractor, dictionary->options);
  return 0;
}

int overload_collection(VmafModel* model, VmafModelCollection** collection, const char* extractor,
                        VmafFeatureDictionary* opts) {
  if (model == nullptr || collection == nullptr || *collection == nullptr || extractor == nullptr || opts == nullptr) {
    return -EINVAL;
  }
  const auto dictionary = Dictionaries::all().take(opts);
  const auto first = Models::all().find(model);
  const auto rest = Collections::all().find(*collection);
  if (dictionary == nullptr || first == nullptr || rest == nullptr) return -EINVAL;
  overload(*first, extractor, dictionary->options);
  overload(*rest, extractor, dictionary->options);
  return 0;
}

}  // namespace
}  // namespace fovea::compat

using namespace fovea::compat;

FOVEA_API int vmaf_model_load(VmafModel** model, VmafModelConfig* cfg, const char* version) {
  return call([&] { return load(Source::kBuiltin, model, cfg, version); });
}

FOVEA_API int vmaf_model_load_from_path(VmafModel** model, VmafModelConfig* cfg, const char* path) {
  return call([&] { return load(Source::kFile, model, cfg, path); });
}

FOVEA_API int vmaf_model_feature_overload(VmafModel* model, const char* feature_name, VmafFeatureDictionary* opts_dict) {
  return call([&] { return overload_model(model, feature_name, opts_dict); });
}

FOVEA_API void vmaf_model_destroy(VmafModel* model) {
  (void)call([&] {
    Models::all().take(model);
    return 0;
  });
}

FOVEA_API int vmaf_model_collection_load(VmafModel** model, VmafModelCollection** model_collection, VmafModelConfig* cfg,
                                         const char* version) {
  return call([&] { return load_collection(Source::kBuiltin, model, model_collection, cfg, version); });
}

FOVEA_API int vmaf_model_collection_load_from_path(VmafModel** model, VmafModelCollection** model_collection,
                                                   VmafModelConfig* cfg, const char* path) {
  return call([&] { return load_collection(Source::kFile, model, model_collection, cfg, path); });
}

FOVEA_API int vmaf_model_collection_feature_overload(VmafModel* model, VmafModelCollection** model_collection,
                                                     const char* feature_name, VmafFeatureDictionary* opts_dict) {
  return call([&] { return overload_collection(model, model_collection, feature_name, opts_dict); });
}

FOVEA_API void vmaf_model_collection_destroy(VmafModelCollection* model_collection) {
  (void)call([&] {
    Collections::all().take(model_collection);
    return 0;
  });
}

FOVEA_API const void* vmaf_model_version_next(const void* prev, const char** version) {
  const void* next = nullptr;
  (void)call([&] {
    const auto& models = fovea::builtin_models();
    size_t i = 0;
    if (prev != nullptr) {
      while (i < models.size() && &models[i] != prev) ++i;
      ++i;
    }
    if (i >= models.size()) return 0;
    if (version != nullptr) *version = models[i].id.c_str();
    next = &models[i];
    return 0;
  });
  return next;
}
