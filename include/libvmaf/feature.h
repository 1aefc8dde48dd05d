/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* Options of a feature extractor. Part of fovea's drop-in for libvmaf 3. */
#ifndef LIBVMAF_FEATURE_H
#define LIBVMAF_FEATURE_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct VmafFeatureDictionary VmafFeatureDictionary;

/*
 * Sets option `key` to `val`; an older value of the same key is replaced. Start with *dict == NULL: the first
 * call makes the dictionary. A text that reads as a number is kept as that number in single precision,
 * printed with "%g".
 * Returns 0, -EINVAL (a NULL argument, or *dict is not a live dictionary), -ENOMEM.
 */
int vmaf_feature_dictionary_set(VmafFeatureDictionary **dict, const char *key, const char *val);

/*
 * Frees a dictionary that no other function has taken over, and sets *dict to NULL. *dict == NULL is fine.
 * Returns 0, or -EINVAL (dict is NULL, or *dict is not a live dictionary).
 */
int vmaf_feature_dictionary_free(VmafFeatureDictionary **dict);

#ifdef __cplusplus
}
#endif

#endif
