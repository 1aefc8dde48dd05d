/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * The ABI of libvmaf 3.2 on 64-bit systems, as facts: what our headers must come to. Compiled as C99, so that
 * the headers are C; each is included twice, so that they guard themselves.
 */
#include "libvmaf/dnn.h"
#include "libvmaf/feature.h"
#include "libvmaf/libvmaf.h"
#include "libvmaf/libvmaf_cuda.h"
#include "libvmaf/metadata.h"
#include "libvmaf/model.h"
#include "libvmaf/picture.h"
#include "libvmaf/version.h"

#include "libvmaf/dnn.h"
#include "libvmaf/feature.h"
#include "libvmaf/libvmaf.h"
#include "libvmaf/libvmaf_cuda.h"
#include "libvmaf/metadata.h"
#include "libvmaf/model.h"
#include "libvmaf/picture.h"
#include "libvmaf/version.h"

#include "abi_facts.h"

#include <stddef.h>

#define SIZE(type, bytes) {#type, (long)sizeof(type), bytes},
#define OFFSET(type, field, bytes) {#type "." #field, (long)offsetof(type, field), bytes},
#define VALUE(expression, value) {#expression, (long)(expression), value},

const struct AbiFact kAbiFacts[] = {
  SIZE(VmafConfiguration, 32)
  OFFSET(VmafConfiguration, log_level, 0)
  OFFSET(VmafConfiguration, n_threads, 4)
  OFFSET(VmafConfiguration, n_subsample, 8)
  OFFSET(VmafConfiguration, cpumask, 16)
  OFFSET(VmafConfiguration, gpumask, 24)
  SIZE(VmafPicture, 96)
  OFFSET(VmafPicture, pix_fmt, 0)
  OFFSET(VmafPicture, bpc, 4)
  OFFSET(VmafPicture, w, 8)
  OFFSET(VmafPicture, h, 20)
  OFFSET(VmafPicture, stride, 32)
  OFFSET(VmafPicture, data, 56)
  OFFSET(VmafPicture, ref, 80)
  OFFSET(VmafPicture, priv, 88)
  SIZE(VmafModelConfig, 16)
  OFFSET(VmafModelConfig, name, 0)
  OFFSET(VmafModelConfig, flags, 8)
  SIZE(VmafModelCollectionScore, 40)
  OFFSET(VmafModelCollectionScore, type, 0)
  OFFSET(VmafModelCollectionScore, bootstrap.bagging_score, 8)
  OFFSET(VmafModelCollectionScore, bootstrap.stddev, 16)
  OFFSET(VmafModelCollectionScore, bootstrap.ci.p95.lo, 24)
  OFFSET(VmafModelCollectionScore, bootstrap.ci.p95.hi, 32)
  SIZE(VmafPictureConfiguration, 20)
  OFFSET(VmafPictureConfiguration, pic_params.w, 0)
  OFFSET(VmafPictureConfiguration, pic_params.h, 4)
  OFFSET(VmafPictureConfiguration, pic_params.bpc, 8)
  OFFSET(VmafPictureConfiguration, pic_params.pix_fmt, 12)
  OFFSET(VmafPictureConfiguration, pic_cnt, 16)
  SIZE(VmafCudaConfiguration, 8)
  OFFSET(VmafCudaConfiguration, cu_ctx, 0)
  SIZE(VmafCudaPictureConfiguration, 20)
  OFFSET(VmafCudaPictureConfiguration, pic_params.w, 0)
  OFFSET(VmafCudaPictureConfiguration, pic_params.h, 4)
  OFFSET(VmafCudaPictureConfiguration, pic_params.bpc, 8)
  OFFSET(VmafCudaPictureConfiguration, pic_params.pix_fmt, 12)
  OFFSET(VmafCudaPictureConfiguration, pic_prealloc_method, 16)
  SIZE(VmafMetadata, 24)
  OFFSET(VmafMetadata, feature_name, 0)
  OFFSET(VmafMetadata, picture_index, 8)
  OFFSET(VmafMetadata, score, 16)
  SIZE(VmafMetadataConfiguration, 24)
  OFFSET(VmafMetadataConfiguration, feature_name, 0)
  OFFSET(VmafMetadataConfiguration, callback, 8)
  OFFSET(VmafMetadataConfiguration, data, 16)
  VALUE(sizeof(enum VmafLogLevel), 4)
  VALUE(VMAF_LOG_LEVEL_NONE, 0)
  VALUE(VMAF_LOG_LEVEL_ERROR, 1)
  VALUE(VMAF_LOG_LEVEL_WARNING, 2)
  VALUE(VMAF_LOG_LEVEL_INFO, 3)
  VALUE(VMAF_LOG_LEVEL_DEBUG, 4)
  VALUE(VMAF_OUTPUT_FORMAT_NONE, 0)
  VALUE(VMAF_OUTPUT_FORMAT_XML, 1)
  VALUE(VMAF_OUTPUT_FORMAT_JSON, 2)
  VALUE(VMAF_OUTPUT_FORMAT_CSV, 3)
  VALUE(VMAF_OUTPUT_FORMAT_SUB, 4)
  VALUE(VMAF_POOL_METHOD_UNKNOWN, 0)
  VALUE(VMAF_POOL_METHOD_MIN, 1)
  VALUE(VMAF_POOL_METHOD_MAX, 2)
  VALUE(VMAF_POOL_METHOD_MEAN, 3)
  VALUE(VMAF_POOL_METHOD_HARMONIC_MEAN, 4)
  VALUE(VMAF_POOL_METHOD_NB, 5)
  VALUE(VMAF_PIX_FMT_UNKNOWN, 0)
  VALUE(VMAF_PIX_FMT_YUV420P, 1)
  VALUE(VMAF_PIX_FMT_YUV422P, 2)
  VALUE(VMAF_PIX_FMT_YUV444P, 3)
  VALUE(VMAF_PIX_FMT_YUV400P, 4)
  VALUE(VMAF_MODEL_FLAGS_DEFAULT, 0)
  VALUE(VMAF_MODEL_FLAG_DISABLE_CLIP, 1)
  VALUE(VMAF_MODEL_FLAG_ENABLE_TRANSFORM, 2)
  VALUE(VMAF_MODEL_FLAG_DISABLE_TRANSFORM, 4)
  VALUE(VMAF_MODEL_COLLECTION_SCORE_UNKNOWN, 0)
  VALUE(VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP, 1)
  VALUE(VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_NONE, 0)
  VALUE(VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_DEVICE, 1)
  VALUE(VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST, 2)
  VALUE(VMAF_CUDA_PICTURE_PREALLOCATION_METHOD_HOST_PINNED, 3)
  VALUE(VMAF_API_VERSION_MAJOR, 3)
  VALUE(VMAF_API_VERSION_MINOR, 2)
  VALUE(VMAF_API_VERSION_PATCH, 0)
  VALUE(VMAF_MODEL_KIND_SVM, 0)
  VALUE(VMAF_MODEL_KIND_DNN_FR, 1)
  VALUE(VMAF_MODEL_KIND_DNN_NR, 2)
  VALUE(VMAF_MODEL_KIND_DNN_FILTER, 3)
  VALUE(VMAF_DNN_DEVICE_AUTO, 0)
  VALUE(VMAF_DNN_DEVICE_ROCM, 4)
  VALUE(VMAF_DNN_DEVICE_OPENVINO_GPU, 11)
  SIZE(VmafDnnConfig, 16)
  OFFSET(VmafDnnConfig, fp16_io, 12)
  SIZE(VmafDnnInput, 32)
  SIZE(VmafDnnOutput, 32)
};
const int kAbiFactCount = (int)(sizeof kAbiFacts / sizeof kAbiFacts[0]);

/* The types of all functions. An assignment that does not fit is an error here. */
struct AbiFunctions {
  int (*init)(VmafContext **, VmafConfiguration);
  int (*use_features_from_model)(VmafContext *, VmafModel *);
  int (*use_features_from_model_collection)(VmafContext *, VmafModelCollection *);
  int (*use_feature)(VmafContext *, const char *, VmafFeatureDictionary *);
  int (*import_feature_score)(VmafContext *, const char *, double, unsigned);
  int (*read_pictures)(VmafContext *, VmafPicture *, VmafPicture *, unsigned);
  int (*score_at_index)(VmafContext *, VmafModel *, double *, unsigned);
  int (*score_at_index_model_collection)(VmafContext *, VmafModelCollection *, VmafModelCollectionScore *, unsigned);
  int (*feature_score_at_index)(VmafContext *, const char *, double *, unsigned);
  int (*score_pooled)(VmafContext *, VmafModel *, enum VmafPoolingMethod, double *, unsigned, unsigned);
  int (*score_pooled_model_collection)(VmafContext *, VmafModelCollection *, enum VmafPoolingMethod,
                                       VmafModelCollectionScore *, unsigned, unsigned);
  int (*feature_score_pooled)(VmafContext *, const char *, enum VmafPoolingMethod, double *, unsigned, unsigned);
  int (*preallocate_pictures)(VmafContext *, VmafPictureConfiguration);
  int (*fetch_preallocated_picture)(VmafContext *, VmafPicture *);
  int (*close)(VmafContext *);
  int (*write_output)(VmafContext *, const char *, enum VmafOutputFormat);
  int (*write_output_with_format)(VmafContext *, const char *, enum VmafOutputFormat, const char *);
  const char *(*version)(void);
  int (*model_load)(VmafModel **, VmafModelConfig *, const char *);
  int (*model_load_from_path)(VmafModel **, VmafModelConfig *, const char *);
  int (*model_feature_overload)(VmafModel *, const char *, VmafFeatureDictionary *);
  void (*model_destroy)(VmafModel *);
  int (*model_collection_load)(VmafModel **, VmafModelCollection **, VmafModelConfig *, const char *);
  int (*model_collection_load_from_path)(VmafModel **, VmafModelCollection **, VmafModelConfig *, const char *);
  int (*model_collection_feature_overload)(VmafModel *, VmafModelCollection **, const char *, VmafFeatureDictionary *);
  void (*model_collection_destroy)(VmafModelCollection *);
  const void *(*model_version_next)(const void *, const char **);
  int (*feature_dictionary_set)(VmafFeatureDictionary **, const char *, const char *);
  int (*feature_dictionary_free)(VmafFeatureDictionary **);
  int (*picture_alloc)(VmafPicture *, enum VmafPixelFormat, unsigned, unsigned, unsigned);
  int (*picture_unref)(VmafPicture *);
  int (*register_metadata_handler)(VmafContext *, VmafMetadataConfiguration);
  int (*cuda_state_init)(VmafCudaState **, VmafCudaConfiguration);
  int (*cuda_state_free)(VmafCudaState *);
  int (*cuda_import_state)(VmafContext *, VmafCudaState *);
  int (*cuda_preallocate_pictures)(VmafContext *, VmafCudaPictureConfiguration);
  int (*cuda_fetch_preallocated_picture)(VmafContext *, VmafPicture *);
  int (*dnn_available)(void);
  int (*use_tiny_model)(VmafContext *, const char *, const VmafDnnConfig *);
  int (*dnn_session_open)(VmafDnnSession **, const char *, const VmafDnnConfig *);
  int (*dnn_session_run_luma8)(VmafDnnSession *, const uint8_t *, size_t, int, int, uint8_t *, size_t);
  int (*dnn_session_run_plane16)(VmafDnnSession *, const uint16_t *, size_t, int, int, int, uint16_t *, size_t);
  int (*dnn_session_run)(VmafDnnSession *, const VmafDnnInput *, size_t, VmafDnnOutput *, size_t);
  void (*dnn_session_close)(VmafDnnSession *);
  const char *(*dnn_session_attached_ep)(VmafDnnSession *);
  int (*dnn_verify_signature)(const char *, const char *);
};
extern const struct AbiFunctions kAbiFunctions;
const struct AbiFunctions kAbiFunctions = {
  vmaf_init,
  vmaf_use_features_from_model,
  vmaf_use_features_from_model_collection,
  vmaf_use_feature,
  vmaf_import_feature_score,
  vmaf_read_pictures,
  vmaf_score_at_index,
  vmaf_score_at_index_model_collection,
  vmaf_feature_score_at_index,
  vmaf_score_pooled,
  vmaf_score_pooled_model_collection,
  vmaf_feature_score_pooled,
  vmaf_preallocate_pictures,
  vmaf_fetch_preallocated_picture,
  vmaf_close,
  vmaf_write_output,
  vmaf_write_output_with_format,
  vmaf_version,
  vmaf_model_load,
  vmaf_model_load_from_path,
  vmaf_model_feature_overload,
  vmaf_model_destroy,
  vmaf_model_collection_load,
  vmaf_model_collection_load_from_path,
  vmaf_model_collection_feature_overload,
  vmaf_model_collection_destroy,
  vmaf_model_version_next,
  vmaf_feature_dictionary_set,
  vmaf_feature_dictionary_free,
  vmaf_picture_alloc,
  vmaf_picture_unref,
  vmaf_register_metadata_handler,
  vmaf_cuda_state_init,
  vmaf_cuda_state_free,
  vmaf_cuda_import_state,
  vmaf_cuda_preallocate_pictures,
  vmaf_cuda_fetch_preallocated_picture,
  vmaf_dnn_available,
  vmaf_use_tiny_model,
  vmaf_dnn_session_open,
  vmaf_dnn_session_run_luma8,
  vmaf_dnn_session_run_plane16,
  vmaf_dnn_session_run,
  vmaf_dnn_session_close,
  vmaf_dnn_session_attached_ep,
  vmaf_dnn_verify_signature,
};
const int kAbiFunctionCount = (int)(sizeof kAbiFunctions / sizeof(void (*)(void)));
