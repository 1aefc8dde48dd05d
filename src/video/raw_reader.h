// SPDX-License-Identifier: BSD-2-Clause-Patent
// Planar yuv without a header: Y, Cb, Cr, frame after frame; chroma of odd sizes is rounded up.
#pragma once

#include <memory>

#include "video/reader.h"

namespace fovea {

// options.raw_format must be set. Refuses files that carry the signature of another format and regular files
// that are not a whole number of frames; a pipe that ends within a frame is an error of next().
Result<std::unique_ptr<Reader>> open_raw(std::unique_ptr<ByteSource> source, const InputOptions& options);

}  // namespace fovea
