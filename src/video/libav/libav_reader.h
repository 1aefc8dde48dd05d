// SPDX-License-Identifier: BSD-2-Clause-Patent
// Containers and codecs through FFmpeg's libraries, in process.
#pragma once

#include <memory>

#include "video/reader.h"

namespace fovea {

#if FOVEA_WITHOUT_LIBAV  // y4m and raw yuv only; open_input() says so when it meets another file
inline constexpr ContainerOpener open_container = nullptr;
#else
// For open_input(options, open_container). Decodes the first video stream that is not an attached picture.
// Planar YUV and grey of 8 to 16 bits is handed on without a copy.
Result<std::unique_ptr<Reader>> open_container(std::unique_ptr<ByteSource> source,
                                               const InputOptions& options);
#endif

}  // namespace fovea
