// SPDX-License-Identifier: BSD-2-Clause-Patent
// Helpers of this room's tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/sanitized.h"
#include "video/reader.h"

namespace fovea::testing {

using Bytes = std::vector<uint8_t>;

inline void append(Bytes& to, const std::string& text) {
  to.insert(to.end(), text.begin(), text.end());
}

// The samples of frame `index` in file order, reproducible, within the bit depth.
inline Bytes planar_bytes(const Format& f, int index) {
  Bytes out;
  uint32_t state = 12345u + 7919u * static_cast<uint32_t>(index);
  for (int p = 0; p < f.plane_count(); ++p) {
    const int64_t samples = int64_t{f.plane_width(p)} * f.plane_height(p);
    for (int64_t i = 0; i < samples; ++i) {
      state = state * 1664525u + 1013904223u;
      const uint32_t value = (state >> 16) & ((1u << f.bit_depth) - 1);
      out.push_back(static_cast<uint8_t>(value));
      if (f.sample_bytes() == 2) out.push_back(static_cast<uint8_t>(value >> 8));
    }
  }
  return out;
}

inline Bytes y4m_header(int width, int height, const std::string& chroma_tag) {
  Bytes out;
  append(out, "YUV4MPEG2 W" + std::to_string(width) + " H" + std::to_string(height) + " F25:1 Ip A1:1 C" +
                  chroma_tag + "\n");
  return out;
}

inline Bytes y4m_clip(const Format& f, const std::string& chroma_tag, int frames) {
  Bytes out = y4m_header(f.width_px, f.height_px, chroma_tag);
  for (int i = 0; i < frames; ++i) {
    append(out, "FRAME\n");
    const Bytes samples = planar_bytes(f, i);
    out.insert(out.end(), samples.begin(), samples.end());
  }
  return out;
}

// All samples of a frame in file order.
inline Bytes frame_bytes(const Frame& frame) {
  Bytes out;
  for (int p = 0; p < frame.format.plane_count(); ++p) {
    for (int y = 0; y < frame.format.plane_height(p); ++y) {
      const uint8_t* row = frame.planes[p].row_bytes(y);
      out.insert(out.end(), row, row + size_t{1} * frame.format.plane_width(p) * frame.format.sample_bytes());
    }
  }
  return out;
}

// A folder that goes away with the test.
class TempDir {
 public:
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "fovea_video_XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string path(const std::string& name) const { return path_ + "/" + name; }
  std::string write(const std::string& name, const Bytes& bytes) const {
    std::ofstream(path(name), std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return path(name);
  }

 private:
  std::string path_;
};

struct Clip {
  StreamInfo info;
  std::vector<Bytes> frames;
  std::string error;  // of opening or reading; frames before it are in `frames`
};

inline Clip read_all(Result<std::unique_ptr<Reader>> reader) {
  Clip clip;
  if (!reader.ok()) {
    EXPECT_EQ(exit_status(reader.error().code), 2) << reader.error().message;
    clip.error = reader.error().message;
    return clip;
  }
  while (true) {
    auto frame = (*reader)->next();
    if (!frame.ok()) {
      clip.error = frame.error().message;
      EXPECT_EQ(exit_status(frame.error().code), 2) << clip.error;
      EXPECT_FALSE((*reader)->next().ok()) << "an error is repeated";
      break;
    }
    if (!*frame) break;
    EXPECT_EQ((*frame)->format, (*reader)->info().format);
    clip.frames.push_back(frame_bytes(**frame));
  }
  clip.info = (*reader)->info();
  return clip;
}

inline constexpr bool kIsSanitized = FOVEA_SANITIZED != 0;  // their allocators keep freed memory

inline int64_t resident_kib() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0;
  int64_t resident = 0;
  statm >> total >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

}  // namespace fovea::testing
