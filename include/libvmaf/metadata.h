/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/*
 * Scores as they are made. libvmaf exports the function but installs no header for it, so programs that use it
 * bring declarations of their own; this file is apart from libvmaf.h so as not to collide with them.
 */
#ifndef LIBVMAF_METADATA_H
#define LIBVMAF_METADATA_H

#include "libvmaf.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VmafMetadata {
    char *feature_name;
    unsigned picture_index;
    double score;
} VmafMetadata;

typedef struct VmafMetadataConfiguration {
    char *feature_name;
    void (*callback)(void *data, VmafMetadata *metadata);
    void *data;
} VmafMetadataConfiguration;

/*
 * Has `callback` called with every score that is stored under feature_name, a feature's internal name or a
 * model's. Models whose features are in use are predicted for it as soon as a picture's features are complete.
 * The callback runs on the thread that stores the score, which may be a worker. Calls back into the context are
 * refused with -EINVAL.
 */
int vmaf_register_metadata_handler(VmafContext *vmaf, VmafMetadataConfiguration cfg);

#ifdef __cplusplus
}
#endif

#endif
