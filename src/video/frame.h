// SPDX-License-Identifier: BSD-2-Clause-Patent
// A decoded picture: what it is made of, and who keeps its samples alive.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/plane.h"

namespace fovea {

enum class Chroma : uint8_t { k400, k420, k422, k444 };

// Shape of every picture of a stream.
struct Format {
  int width_px = 0;
  int height_px = 0;
  int bit_depth = 8;  // 8 .. 16; up to 8: one byte a sample, else two
  Chroma chroma = Chroma::k420;
  // Subsampled planes of odd pictures are rounded up, as files hold them; libvmaf's pictures round them down.
  bool floor_chroma = false;

  bool operator==(const Format&) const = default;
  int plane_count() const { return chroma == Chroma::k400 ? 1 : 3; }
  int sample_bytes() const { return bit_depth > 8 ? 2 : 1; }
  int plane_width(int plane) const {
    return plane > 0 && (chroma == Chroma::k420 || chroma == Chroma::k422) ? half(width_px) : width_px;
  }
  int plane_height(int plane) const {
    return plane > 0 && chroma == Chroma::k420 ? half(height_px) : height_px;
  }
  int half(int size_px) const { return (size_px + (floor_chroma ? 0 : 1)) / 2; }
};

const char* chroma_name(Chroma chroma);      // "4:2:0"
std::string describe(const Format& format);  // "1920x1080 4:2:0 8 bit"

// The same pictures without chroma.
inline Format luma_only(Format format) {
  format.chroma = Chroma::k400;
  return format;
}

// Copying a Frame copies references, never samples.
struct Frame {
  Format format;
  std::array<PlaneView, 3> planes;    // luma, Cb, Cr; data == nullptr if absent or skipped
  std::shared_ptr<const void> owner;  // keeps the samples alive
};

// A frame with its own, uninitialised, samples (64-byte aligned rows) for the caller to fill through
// mutable_row(); used by readers and tests.
Frame allocate_frame(const Format& format);
inline uint8_t* mutable_row(Frame& frame, int plane, int y) {
  return const_cast<uint8_t*>(frame.planes[plane].row_bytes(y));
}

}  // namespace fovea
