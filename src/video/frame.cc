// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/frame.h"

#include "base/memory.h"

namespace fovea {

const char* chroma_name(Chroma chroma) {
  switch (chroma) {
    case Chroma::k400:
      return "4:0:0";
    case Chroma::k420:
      return "4:2:0";
    case Chroma::k422:
      return "4:2:2";
    case Chroma::k444:
      return "4:4:4";
  }
  return "?";
}

std::string describe(const Format& f) {
  return std::to_string(f.width_px) + "x" + std::to_string(f.height_px) + " " + chroma_name(f.chroma) + " " +
         std::to_string(f.bit_depth) + " bit";
}

Frame allocate_frame(const Format& format) {
  Frame frame;
  frame.format = format;
  std::array<size_t, 3> offset{};
  size_t bytes = 0;
  for (int p = 0; p < format.plane_count(); ++p) {
    const size_t stride = round_up(static_cast<size_t>(format.plane_width(p)) * format.sample_bytes(), 64);
    offset[p] = bytes;
    frame.planes[p] = {nullptr, static_cast<ptrdiff_t>(stride), format.plane_width(p),
                       format.plane_height(p)};
    bytes += stride * format.plane_height(p);
  }
  auto storage = std::make_shared<AlignedBuffer<uint8_t>>(bytes);
  for (int p = 0; p < format.plane_count(); ++p) frame.planes[p].data = storage->data() + offset[p];
  frame.owner = std::move(storage);
  return frame;
}

}  // namespace fovea
