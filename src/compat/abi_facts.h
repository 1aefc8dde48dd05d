/* SPDX-License-Identifier: BSD-2-Clause-Patent */
/* A size, an offset or an enumerator: what our headers say, and what libvmaf's do. */
#ifndef FOVEA_COMPAT_ABI_FACTS_H
#define FOVEA_COMPAT_ABI_FACTS_H

#ifdef __cplusplus
extern "C" {
#endif

struct AbiFact {
  const char *name;
  long ours;
  long libvmaf;
};
extern const struct AbiFact kAbiFacts[];
extern const int kAbiFactCount;
extern const int kAbiFunctionCount;

#ifdef __cplusplus
}
#endif

#endif
