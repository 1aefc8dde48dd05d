// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/pool.h"

#include <new>

namespace fovea {

FramePool::FramePool(const Format& format, Rows rows) {
  layout_.format = format;
  for (int p = 0; p < format.plane_count(); ++p) {
    const size_t row_bytes = static_cast<size_t>(format.plane_width(p)) * format.sample_bytes();
    const size_t stride = rows == Rows::kTight ? row_bytes : round_up(row_bytes, 64);
    offset_[p] = bytes_;
    layout_.planes[p] = {nullptr, static_cast<ptrdiff_t>(stride), format.plane_width(p),
                         format.plane_height(p)};
    bytes_ += round_up(stride * format.plane_height(p), kAlignment);
  }
}

Result<Frame> FramePool::acquire() try {
  const auto buffer = buffers_.acquire([&] { return AlignedBuffer<uint8_t>(bytes_); });
  Frame frame = layout_;
  for (int p = 0; p < frame.format.plane_count(); ++p) frame.planes[p].data = buffer->data() + offset_[p];
  frame.owner = buffer;
  return frame;
} catch (const std::bad_alloc&) {
  return unsupported_error(describe(layout_.format) + ": not enough memory for a frame of " +
                           std::to_string(bytes_) + " bytes");
}

}  // namespace fovea
