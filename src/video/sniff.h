// SPDX-License-Identifier: BSD-2-Clause-Patent
// Telling formats by their first bytes.
#pragma once

#include <cstdint>
#include <span>

namespace fovea {

inline constexpr size_t kSniffBytes = 1024;

// "y4m", or the usual name of a container or picture format ("mp4/mov", "matroska/webm", ...) whose signature
// the bytes carry; nullptr if none is recognised. Made to tell compressed files from raw yuv, so signatures
// that flat pictures could carry by chance are checked closely.
const char* sniff_container(std::span<const uint8_t> head);

}  // namespace fovea
