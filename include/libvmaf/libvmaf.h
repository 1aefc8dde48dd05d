/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * libvmaf's C API, version 3, as fovea provides it.
 *
 * vmaf_init -> models and features -> vmaf_read_pictures(i) ... -> vmaf_read_pictures(NULL, NULL, 0) -> scores
 * -> vmaf_write_output -> vmaf_close
 *
 * All functions return 0 or a negative errno: -EINVAL for a wrong argument, a wrong moment, an unknown name or a
 * score that does not exist; -ENOMEM. Handles that are not alive (NULL, closed, never made) are -EINVAL, too.
 * A context's functions are called from one thread at a time; score queries may run beside
 * vmaf_read_pictures(). Log level and CPU mask belong to the process: the latest vmaf_init() sets them.
 */
#ifndef LIBVMAF_LIBVMAF_H
#define LIBVMAF_LIBVMAF_H

#include <stdint.h>
#include <stdio.h>

#include "feature.h"
#include "model.h"
#include "picture.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Messages up to this level go to stderr. */
enum VmafLogLevel {
    VMAF_LOG_LEVEL_NONE = 0,
    VMAF_LOG_LEVEL_ERROR,
    VMAF_LOG_LEVEL_WARNING,
    VMAF_LOG_LEVEL_INFO,
    VMAF_LOG_LEVEL_DEBUG,
};

enum VmafOutputFormat {
    VMAF_OUTPUT_FORMAT_NONE = 0,
    VMAF_OUTPUT_FORMAT_XML,
    VMAF_OUTPUT_FORMAT_JSON,
    VMAF_OUTPUT_FORMAT_CSV,
    VMAF_OUTPUT_FORMAT_SUB,
};

/* MEAN: sum / n. HARMONIC_MEAN: n / sum(1 / (v + 1)) - 1. */
enum VmafPoolingMethod {
    VMAF_POOL_METHOD_UNKNOWN = 0,
    VMAF_POOL_METHOD_MIN,
    VMAF_POOL_METHOD_MAX,
    VMAF_POOL_METHOD_MEAN,
    VMAF_POOL_METHOD_HARMONIC_MEAN,
    VMAF_POOL_METHOD_NB
};

typedef struct VmafConfiguration {
    enum VmafLogLevel log_level;
    unsigned n_threads;   /* workers beside the caller; 0: everything in the caller */
    unsigned n_subsample; /* n > 1: score pictures whose index is a multiple of n */
    uint64_t cpumask;     /* instruction sets not to use: 1 SSE2/NEON, 2 SSSE3, 4 SSE4.1, 8 AVX2, 16 AVX-512,
                             32 AVX-512 with VNNI. Scores do not depend on it. */
    uint64_t gpumask;     /* not 0: no GPU. This library uses none. */
} VmafConfiguration;

typedef struct VmafContext VmafContext;

/* *vmaf is NULL after a failure. */
int vmaf_init(VmafContext **vmaf, VmafConfiguration cfg);

/* Asks for what a model needs. Equal features of several models are computed once. Before the first picture. */
int vmaf_use_features_from_model(VmafContext *vmaf, VmafModel *model);
int vmaf_use_features_from_model_collection(VmafContext *vmaf, VmafModelCollection *model_collection);

/*
 * Asks for an extractor by name ("psnr"), with options or NULL. Unknown options and values out of range are
 * refused at once, with a message. If the extractor is unknown the caller keeps the dictionary, otherwise it is
 * taken over. Asking twice for the same is fine. Before the first picture.
 */
int vmaf_use_feature(VmafContext *vmaf, const char *feature_name, VmafFeatureDictionary *opts_dict);

/* Stores a score from elsewhere; -EINVAL if the feature has one at this index. */
int vmaf_import_feature_score(VmafContext *vmaf, const char *feature_name, double value, unsigned index);

/*
 * Hands over a pair of pictures of one format; it fixes the format of all that follow. Indices increase; gaps
 * are fine. The pictures are the library's from here on, whatever it returns, and both structs are zeroed (but
 * pictures the caller did not own are left alone). An extractor that is not defined for the format makes the
 * first call fail.
 * With both NULL: waits until everything is scored and ends the clip. -EINVAL after that, for a second flush,
 * and for a flush before any picture if extractors were asked for.
 */
int vmaf_read_pictures(VmafContext *vmaf, VmafPicture *ref, VmafPicture *dist, unsigned index);

/* The stored score under the model's name or, if there is none, a new prediction from stored features. */
int vmaf_score_at_index(VmafContext *vmaf, VmafModel *model, double *score, unsigned index);

/* Predicts and stores the scores of all members and their statistics; -EINVAL if that was done before. */
int vmaf_score_at_index_model_collection(VmafContext *vmaf, VmafModelCollection *model_collection,
                                         VmafModelCollectionScore *score, unsigned index);

/* By full internal name, option suffix included: "VMAF_integer_feature_adm2_score", "integer_adm2_egl_1". */
int vmaf_feature_score_at_index(VmafContext *vmaf, const char *feature_name, double *score, unsigned index);

/*
 * Pools index_low .. index_high, both included, by n_subsample. -EINVAL if a score is missing; -EAGAIN from
 * vmaf_score_pooled() if it may still come because the clip has not been flushed.
 */
int vmaf_score_pooled(VmafContext *vmaf, VmafModel *model, enum VmafPoolingMethod pool_method, double *score,
                      unsigned index_low, unsigned index_high);
int vmaf_score_pooled_model_collection(VmafContext *vmaf, VmafModelCollection *model_collection,
                                       enum VmafPoolingMethod pool_method, VmafModelCollectionScore *score,
                                       unsigned index_low, unsigned index_high);
int vmaf_feature_score_pooled(VmafContext *vmaf, const char *feature_name, enum VmafPoolingMethod pool_method,
                              double *score, unsigned index_low, unsigned index_high);

typedef struct VmafPictureConfiguration {
    struct {
        unsigned w, h;
        unsigned bpc;
        enum VmafPixelFormat pix_fmt;
    } pic_params;
    unsigned pic_cnt;
} VmafPictureConfiguration;

/* Makes a pool of pictures that come back by themselves; once per context. */
int vmaf_preallocate_pictures(VmafContext *vmaf, VmafPictureConfiguration cfg);

/*
 * Takes a picture from the pool; its samples are those of an earlier use. Waits while the caller holds pic_cnt
 * of them: pictures that were handed over with vmaf_read_pictures() do not count.
 */
int vmaf_fetch_preallocated_picture(VmafContext *vmaf, VmafPicture *pic);

/* Ends a context in any state. Pictures that the caller still owns stay valid until they are given back. */
int vmaf_close(VmafContext *vmaf);

/*
 * Writes a report. The file appears when it is complete; until then an older one stays as it was. Scores print
 * as libvmaf 3.2 prints them. -EINVAL if the file cannot be made or fmt is unknown, -EIO if writing fails.
 */
int vmaf_write_output(VmafContext *vmaf, const char *output_path, enum VmafOutputFormat fmt);

/*
 * The same with a printf format for scores, with exactly one conversion, for a double; NULL: "%.6f". Others are
 * -EINVAL.
 */
int vmaf_write_output_with_format(VmafContext *vmaf, const char *output_path, enum VmafOutputFormat fmt,
                                  const char *score_format);

const char *vmaf_version(void);

#ifdef __cplusplus
}
#endif

#endif
