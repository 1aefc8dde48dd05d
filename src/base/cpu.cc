// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/cpu.h"

#include "hwy/targets.h"

namespace fovea {

void disable_cpu_features(uint64_t mask) {
  int64_t disabled = 0;
#if HWY_ARCH_X86
  if (mask & 7) disabled |= HWY_SSSE3 | HWY_SSE4;
  if (mask & (7 | 8)) disabled |= HWY_AVX2;
  if (mask & (7 | 8 | 16)) disabled |= HWY_AVX3;
  if (mask & (7 | 8 | 16 | 32)) disabled |= HWY_AVX3_DL;
#elif HWY_ARCH_ARM
  if (mask & 1) disabled |= HWY_NEON;
#endif
  hwy::DisableTargets(disabled);
}

std::string cpu_target_name() {
  const int64_t targets = hwy::SupportedTargets() & HWY_TARGETS;
  return hwy::TargetName(targets & -targets);
}

}  // namespace fovea
