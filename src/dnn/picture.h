// SPDX-License-Identifier: BSD-2-Clause-Patent
// Pictures as networks take them: float32, one plane a channel, [channels, height, width].
//
//   kLuma   Y'
//   kYcbcr  Y', Cb, Cr
//   kRgb    R', G', B' by the matrix and the range that are named, clamped to [0, 1]
//   kRgb8   R', G', B' in 256 steps from 8-bit samples, BT.709 limited range with CIEDE2000's coefficients:
//   what
//           the extractors of lusoris/vmaf make
//
// Subsampled chroma is repeated. A sample, as a fraction c of the largest code, or a component c becomes
//
//   (low + c (high - low) - mean) / std          mean and std by channel
#pragma once

#include <array>
#include <vector>

#include "video/frame.h"

namespace fovea::dnn {

enum class Channels { kLuma, kYcbcr, kRgb, kRgb8 };
enum class Matrix { kBt601, kBt709, kBt2020 };

struct PictureNumbers {
  Channels channels = Channels::kLuma;
  Matrix matrix = Matrix::kBt709;  // kRgb
  bool full_range = false;         // kRgb: of the samples
  float low = 0;
  float high = 1;
  std::array<float, 3> mean{0, 0, 0};
  std::array<float, 3> std{1, 1, 1};

  int channel_count() const { return channels == Channels::kLuma ? 1 : 3; }
};

class PictureTensor {
 public:
  // All but kLuma need chroma.
  PictureTensor(const Format& format, const PictureNumbers& numbers);

  // [1, channels, height, width]
  const std::vector<int64_t>& shape() const { return shape_; }
  size_t size() const { return static_cast<size_t>(shape_[1]) * pixels_; }
  // Thread safe; samples above the bit depth count as the largest code.
  void fill(const Frame& frame, float* out) const;
  // kLuma and kYcbcr: of one plane, whatever frame it is in.
  void fill_plane(const PlaneView& plane, int channel, float* out) const;

 private:
  // What a chroma or luma sample adds to a component, by code.
  struct RgbTables {
    std::vector<float> luma, red_cr, green_cb, green_cr, blue_cb;
  };
  void make_rgb_tables();
  template <class Sample>
  void fill_rgb(const Frame& frame, float* out) const;
  template <class Sample>
  void fill_codes(const PlaneView& plane, const std::vector<float>& table, float* out) const;
  float scaled(float c, int channel) const;

  Format format_;
  PictureNumbers numbers_;
  std::vector<int64_t> shape_;
  size_t pixels_;
  unsigned peak_;
  std::array<std::vector<float>, 3> by_code_;        // kLuma, kYcbcr
  RgbTables rgb_;                                    // kRgb, kRgb8
  std::array<std::array<float, 256>, 3> by_step_{};  // kRgb8
};

}  // namespace fovea::dnn
