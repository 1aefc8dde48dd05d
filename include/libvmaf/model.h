/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Models: from features to a score. Part of fovea's drop-in for libvmaf 3. */
#ifndef LIBVMAF_MODEL_H
#define LIBVMAF_MODEL_H

#include <stdint.h>

#include "feature.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VmafModel VmafModel;
typedef struct VmafModelCollection VmafModelCollection;

enum VmafModelFlags {
    VMAF_MODEL_FLAGS_DEFAULT = 0,
    VMAF_MODEL_FLAG_DISABLE_CLIP = (1 << 0),
    VMAF_MODEL_FLAG_ENABLE_TRANSFORM = (1 << 1),
    VMAF_MODEL_FLAG_DISABLE_TRANSFORM = (1 << 2),
};

/* How a model is run. Every model of this library is of the first kind. */
typedef enum VmafModelKind {
    VMAF_MODEL_KIND_SVM = 0,
    VMAF_MODEL_KIND_DNN_FR = 1,
    VMAF_MODEL_KIND_DNN_NR = 2,
    VMAF_MODEL_KIND_DNN_FILTER = 3,
} VmafModelKind;

typedef struct VmafModelConfig {
    const char *name; /* under which scores are stored and reported; NULL: "vmaf" */
    uint64_t flags;   /* of enum VmafModelFlags */
} VmafModelConfig;

enum VmafModelCollectionScoreType {
    VMAF_MODEL_COLLECTION_SCORE_UNKNOWN = 0,
    VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP,
};

typedef struct VmafModelCollectionScore {
    enum VmafModelCollectionScoreType type;
    struct {
        double bagging_score; /* mean of the members */
        double stddev;
        struct {
            struct {
                double lo, hi;
            } p95; /* 95 % confidence interval */
        } ci;
    } bootstrap;
} VmafModelCollectionScore;

/*
 * Loads a built-in model ("vmaf_v0.6.1"), or a file: Netflix's JSON or fovea's own format.
 * Returns 0; -EINVAL if there is no such model, if it cannot be read (the reason is logged) or is a collection;
 * -ENOSYS for an .onnx file. *model is NULL after a failure.
 */
int vmaf_model_load(VmafModel **model, VmafModelConfig *cfg, const char *version);
int vmaf_model_load_from_path(VmafModel **model, VmafModelConfig *cfg, const char *path);

/*
 * Lays options over those of every feature of the model that this extractor provides; no such feature is no
 * error. Takes the dictionary over if no argument is NULL. Call it before vmaf_use_features_from_model().
 */
int vmaf_model_feature_overload(VmafModel *model, const char *feature_name, VmafFeatureDictionary *opts_dict);

/* Contexts keep what they need of a model: it may go before or after vmaf_close(). NULL is fine. */
void vmaf_model_destroy(VmafModel *model);

/*
 * Loads a bootstrap collection: *model is the member trained on all data, *model_collection the resampled ones.
 * Destroy both. -EINVAL also if the source is a single model.
 */
int vmaf_model_collection_load(VmafModel **model, VmafModelCollection **model_collection, VmafModelConfig *cfg,
                               const char *version);
int vmaf_model_collection_load_from_path(VmafModel **model, VmafModelCollection **model_collection,
                                         VmafModelConfig *cfg, const char *path);

/* vmaf_model_feature_overload() for both parts of a collection. */
int vmaf_model_collection_feature_overload(VmafModel *model, VmafModelCollection **model_collection,
                                           const char *feature_name, VmafFeatureDictionary *opts_dict);

void vmaf_model_collection_destroy(VmafModelCollection *model_collection);

/*
 * Walks through the built-in models: pass NULL first, then what the last call returned, until it is NULL. A
 * name is put into *version if version is not NULL; it lives as long as the program.
 */
const void *vmaf_model_version_next(const void *prev, const char **version);

#ifdef __cplusplus
}
#endif

#endif
