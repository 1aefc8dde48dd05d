// SPDX-License-Identifier: BSD-2-Clause-Patent
// YUV4MPEG2. One header line, then FRAME lines each followed by the planes.
#pragma once

#include <memory>

#include "video/reader.h"

namespace fovea {

inline constexpr size_t kY4mHeaderLimit = 65536;  // bytes, newline included

// Parses the header; `source` stands at the first byte. Sizes are checked against the length of a regular
// file before anything is allocated. options.libvmaf_compat is explained in reader.h.
Result<std::unique_ptr<Reader>> open_y4m(std::unique_ptr<ByteSource> source, const InputOptions& options);

}  // namespace fovea
