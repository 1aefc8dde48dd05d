// SPDX-License-Identifier: BSD-2-Clause-Patent
// The entry points that take a context: handles to objects, NULL checks, ownership of arguments.
#include "base/cpu.h"
#include "compat/call.h"
#include "compat/context.h"
#include "compat/dictionary.h"
#include "compat/dnn_session.h"
#include "compat/handles.h"
#include "metrics/registry.h"

namespace fovea::compat {
namespace {

using Contexts = Handles<VmafContext>;
using Dictionaries = Handles<VmafFeatureDictionary>;

// Runs `body` with the live object behind the handle; -EINVAL if there is none.
template <class Handle, class Body>
int with(Handle* handle, Body&& body) noexcept {
  return call([&] {
    const auto object = Handles<Handle>::all().find(handle);
    return object == nullptr ? -EINVAL : body(*object);
  });
}

// The same with a context and a model or collection, as it is now.
template <class Model, class Body>
int with(VmafContext* vmaf, Model* model, Body&& body) noexcept {
  return with(vmaf, [&](VmafContext& context) {
    return with(model, [&](Model& m) { return body(context, m.get()); });
  });
}

// The mask of the process. Set only when it changes: kernels in other threads read it.
void set_cpu_mask(uint64_t mask) {
  static std::mutex mutex;
  static uint64_t current = 0;
  std::lock_guard lock(mutex);
  if (mask != current) disable_cpu_features(mask);
  current = mask;
}

int use_feature(VmafContext& context, const char* name, VmafFeatureDictionary* opts) {
  if (name == nullptr) return -EINVAL;
  if (opts != nullptr && Dictionaries::all().find(opts) == nullptr) return -EINVAL;
  if (find_metric(name) == nullptr) return context.use_feature(name, {});  // refuses, and says why
  const auto dictionary = opts != nullptr ? Dictionaries::all().take(opts) : nullptr;
  return context.use_feature(name, dictionary != nullptr ? dictionary->options : OptionMap());
}

}  // namespace
}  // namespace fovea::compat

using namespace fovea::compat;

FOVEA_API const char* vmaf_version(void) { return FOVEA_LIBVMAF_VERSION "-fovea-" FOVEA_VERSION; }

FOVEA_API int vmaf_init(VmafContext** vmaf, VmafConfiguration cfg) {
  return call([&] {
    if (vmaf == nullptr) return -EINVAL;
    *vmaf = nullptr;
    set_log_level(value_of(cfg.log_level));
    set_cpu_mask(cfg.cpumask);
    *vmaf = Contexts::all().add(std::make_shared<VmafContext>(cfg));
    return 0;
  });
}

FOVEA_API int vmaf_close(VmafContext* vmaf) {
  return call([&] {
    if (VmafContext::in_callback()) return -EINVAL;
    const auto context = Contexts::all().take(vmaf);
    if (context == nullptr) return -EINVAL;
    context->close();
    return 0;
  });
}

FOVEA_API int vmaf_use_features_from_model(VmafContext* vmaf, VmafModel* model) {
  return with(vmaf, model, [](VmafContext& c, auto m) { return c.use_model(std::move(m)); });
}

FOVEA_API int vmaf_use_features_from_model_collection(VmafContext* vmaf, VmafModelCollection* model_collection) {
  return with(vmaf, model_collection, [](VmafContext& c, auto m) { return c.use_collection(std::move(m)); });
}

FOVEA_API int vmaf_use_feature(VmafContext* vmaf, const char* feature_name, VmafFeatureDictionary* opts_dict) {
  return with(vmaf, [&](VmafContext& c) { return use_feature(c, feature_name, opts_dict); });
}

FOVEA_API int vmaf_use_tiny_model(VmafContext* ctx, const char* onnx_path, const VmafDnnConfig* cfg) {
  if (vmaf_dnn_available() == 0) return -ENOSYS;
  return with(ctx, [&](VmafContext& c) {
    std::shared_ptr<VmafDnnSession> network;
    std::string name;
    if (const int status = VmafDnnSession::open(onnx_path, cfg, &network); status != 0) return status;
    if (const int status = network->check_plane(0, 0); status != 0) return status;
    if (const int status = tiny_model_name(onnx_path, &name); status != 0) return status;
    return c.use_tiny_model(std::move(network), std::move(name));
  });
}

FOVEA_API int vmaf_import_feature_score(VmafContext* vmaf, const char* feature_name, double value, unsigned index) {
  if (feature_name == nullptr) return -EINVAL;
  return with(vmaf, [&](VmafContext& c) { return c.import_score(feature_name, value, index); });
}

FOVEA_API int vmaf_read_pictures(VmafContext* vmaf, VmafPicture* ref, VmafPicture* dist, unsigned index) {
  if ((ref == nullptr) != (dist == nullptr)) return -EINVAL;
  return with(vmaf, [&](VmafContext& c) { return ref == nullptr ? c.flush() : c.read_pictures(ref, dist, index); });
}

FOVEA_API int vmaf_score_at_index(VmafContext* vmaf, VmafModel* model, double* score, unsigned index) {
  if (score == nullptr) return -EINVAL;
  return with(vmaf, model, [&](VmafContext& c, auto m) { return c.model_score(*m, score, index); });
}

FOVEA_API int vmaf_score_at_index_model_collection(VmafContext* vmaf, VmafModelCollection* model_collection,
                                                   VmafModelCollectionScore* score, unsigned index) {
  if (score == nullptr) return -EINVAL;
  return with(vmaf, model_collection, [&](VmafContext& c, auto m) { return c.collection_score(*m, score, index); });
}

FOVEA_API int vmaf_feature_score_at_index(VmafContext* vmaf, const char* feature_name, double* score, unsigned index) {
  if (feature_name == nullptr || score == nullptr) return -EINVAL;
  return with(vmaf, [&](VmafContext& c) { return c.feature_score(feature_name, score, index); });
}

FOVEA_API int vmaf_score_pooled(VmafContext* vmaf, VmafModel* model, VmafPoolingMethod pool_method, double* score,
                                unsigned index_low, unsigned index_high) {
  if (score == nullptr) return -EINVAL;
  const int method = value_of(pool_method);
  return with(vmaf, model, [&](VmafContext& c, auto m) { return c.pool_model(*m, method, score, index_low, index_high); });
}

FOVEA_API int vmaf_score_pooled_model_collection(VmafContext* vmaf, VmafModelCollection* model_collection,
                                                 VmafPoolingMethod pool_method, VmafModelCollectionScore* score,
                                                 unsigned index_low, unsigned index_high) {
  if (score == nullptr) return -EINVAL;
  const int method = value_of(pool_method);
  return with(vmaf, model_collection,
              [&](VmafContext& c, auto m) { return c.pool_collection(*m, method, score, index_low, index_high); });
}

FOVEA_API int vmaf_feature_score_pooled(VmafContext* vmaf, const char* feature_name, VmafPoolingMethod pool_method,
                                        double* score, unsigned index_low, unsigned index_high) {
  if (feature_name == nullptr || score == nullptr) return -EINVAL;
  const int method = value_of(pool_method);
  return with(vmaf, [&](VmafContext& c) { return c.pool_feature(feature_name, method, score, index_low, index_high); });
}

FOVEA_API int vmaf_preallocate_pictures(VmafContext* vmaf, VmafPictureConfiguration cfg) {
  return with(vmaf, [&](VmafContext& c) { return c.make_pool(cfg); });
}

FOVEA_API int vmaf_fetch_preallocated_picture(VmafContext* vmaf, VmafPicture* pic) {
  if (pic == nullptr) return -EINVAL;
  return with(vmaf, [&](VmafContext& c) { return c.fetch(pic); });
}

FOVEA_API int vmaf_register_metadata_handler(VmafContext* vmaf, VmafMetadataConfiguration cfg) {
  return with(vmaf, [&](VmafContext& c) { return c.add_handler(cfg); });
}

FOVEA_API int vmaf_write_output(VmafContext* vmaf, const char* output_path, VmafOutputFormat fmt) {
  const int format = value_of(fmt);
  return with(vmaf, [&](VmafContext& c) { return c.write(output_path, format, nullptr); });
}

FOVEA_API int vmaf_write_output_with_format(VmafContext* vmaf, const char* output_path, VmafOutputFormat fmt,
                                            const char* score_format) {
  const int format = value_of(fmt);
  return with(vmaf, [&](VmafContext& c) {
    return c.write(output_path, format, score_format != nullptr ? score_format : "%.6f");
  });
}
