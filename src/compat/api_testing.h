// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the tests of the C API share. They see it as programs do: through the headers and the shared library.
#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <unistd.h>
#include <vector>

#include "libvmaf/libvmaf.h"
#include "metrics/testing.h"

namespace fovea::compat {

inline constexpr const char* kVif0 = "VMAF_integer_feature_vif_scale0_score";
inline constexpr const char* kMotion2 = "VMAF_integer_feature_motion2_score";

// Frames of a clip and of its damaged version.
struct Clip {
  Format format;
  std::vector<Frame> ref, dis;
};

inline Clip make_clip(int width, int height, int bit_depth, Chroma chroma, int frames) {
  Clip clip;
  clip.format = Format{width, height, bit_depth, chroma, /*floor_chroma=*/true};
  for (int i = 0; i < frames; ++i) {
    clip.ref.push_back(testing::make_frame(clip.format, testing::Pattern::kTexture, static_cast<uint64_t>(i) + 1));
    clip.dis.push_back(testing::distort(clip.ref.back(), static_cast<uint64_t>(i) + 100));
  }
  return clip;
}
inline Clip small_clip(int frames = 4) { return make_clip(96, 80, 8, Chroma::k420, frames); }

inline VmafPixelFormat pix_fmt_of(Chroma chroma) {
  switch (chroma) {
    case Chroma::k422: return VMAF_PIX_FMT_YUV422P;
    case Chroma::k444: return VMAF_PIX_FMT_YUV444P;
    case Chroma::k400: return VMAF_PIX_FMT_YUV400P;
    default: return VMAF_PIX_FMT_YUV420P;
  }
}

inline void fill(VmafPicture& pic, const Frame& frame) {
  for (int p = 0; p < frame.format.plane_count(); ++p) {
    for (unsigned y = 0; y < pic.h[p]; ++y) {
      std::memcpy(static_cast<uint8_t*>(pic.data[p]) + static_cast<ptrdiff_t>(y) * pic.stride[p],
                  frame.planes[p].row_bytes(static_cast<int>(y)), size_t{pic.w[p]} * (pic.bpc > 8 ? 2 : 1));
    }
  }
}

inline VmafPicture picture_of(const Frame& frame) {
  VmafPicture pic;
  EXPECT_EQ(vmaf_picture_alloc(&pic, pix_fmt_of(frame.format.chroma), static_cast<unsigned>(frame.format.bit_depth),
                               static_cast<unsigned>(frame.format.width_px), static_cast<unsigned>(frame.format.height_px)),
            0);
  fill(pic, frame);
  return pic;
}

inline int read(VmafContext* vmaf, const Clip& clip, int frame, unsigned index) {
  VmafPicture ref = picture_of(clip.ref[static_cast<size_t>(frame)]), dis = picture_of(clip.dis[static_cast<size_t>(frame)]);
  return vmaf_read_pictures(vmaf, &ref, &dis, index);
}

inline VmafContext* open(unsigned threads = 0, unsigned subsample = 0) {
  VmafConfiguration config{};
  config.log_level = VMAF_LOG_LEVEL_NONE;
  config.n_threads = threads;
  config.n_subsample = subsample;
  VmafContext* vmaf = nullptr;
  EXPECT_EQ(vmaf_init(&vmaf, config), 0);
  return vmaf;
}

// No messages from here on.
inline void quiet() { EXPECT_EQ(vmaf_close(open()), 0); }

inline VmafModel* load(const char* version = "vmaf_v0.6.1", const char* name = nullptr, uint64_t flags = 0) {
  VmafModelConfig config{name, flags};
  VmafModel* model = nullptr;
  EXPECT_EQ(vmaf_model_load(&model, &config, version), 0) << version;
  return model;
}

// Everything in the clip, flushed.
inline void score_clip(VmafContext* vmaf, const Clip& clip) {
  for (size_t i = 0; i < clip.ref.size(); ++i) ASSERT_EQ(read(vmaf, clip, static_cast<int>(i), static_cast<unsigned>(i)), 0) << i;
  ASSERT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), 0);
}

inline VmafFeatureDictionary* options(const std::vector<std::pair<const char*, const char*>>& entries) {
  VmafFeatureDictionary* dict = nullptr;
  for (const auto& [key, value] : entries) EXPECT_EQ(vmaf_feature_dictionary_set(&dict, key, value), 0);
  return dict;
}

// A folder of its own, gone with the object.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / ("fovea_compat_" + std::to_string(::getpid()))) {
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string file(const char* name) const { return path_ / name; }
  static std::string read(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  std::filesystem::path path_;
};

}  // namespace fovea::compat
