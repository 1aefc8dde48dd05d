// SPDX-License-Identifier: BSD-2-Clause-Patent
// Which instruction sets kernels may use. Scores do not depend on it; speed does.
#pragma once

#include <cstdint>
#include <string>

namespace fovea {

// Switches instruction sets off for the whole process, by libvmaf's mask: 1 SSE2, 2 SSSE3, 4 SSE4.1 (any of
// these leaves plain code), 8 AVX2, 16 AVX-512, 32 AVX-512 with VNNI; and all others on. Call before scoring.
void disable_cpu_features(uint64_t libvmaf_mask);

// The best instruction set kernels will use: "AVX3_DL", "AVX2", "NEON", ...
std::string cpu_target_name();

}  // namespace fovea
