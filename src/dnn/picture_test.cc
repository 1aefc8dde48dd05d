// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "dnn/picture.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace fovea::dnn {
namespace {

Frame noise(const Format& format, uint32_t seed) {
  Frame frame = allocate_frame(format);
  std::mt19937 random(seed);
  for (int p = 0; p < format.plane_count(); ++p) {
    for (int y = 0; y < frame.planes[p].height_px; ++y) {
      uint8_t* const row = mutable_row(frame, p, y);
      for (int i = 0; i < frame.planes[p].width_px * format.sample_bytes(); ++i)
        row[i] = static_cast<uint8_t>(random());
    }
  }
  return frame;
}

int sample(const Frame& frame, int plane, int y, int x) {
  const Format& f = frame.format;
  if (plane > 0 && f.chroma != Chroma::k444) x = std::min(x / 2, frame.planes[plane].width_px - 1);
  if (plane > 0 && f.chroma == Chroma::k420) y = std::min(y / 2, frame.planes[plane].height_px - 1);
  const int value = f.sample_bytes() == 1 ? frame.planes[plane].row<uint8_t>(y)[x]
                                          : frame.planes[plane].row<uint16_t>(y)[x];
  return std::min(value, (1 << f.bit_depth) - 1);
}

// Pixel by pixel, as the header says.
float expected(const Frame& frame, const PictureNumbers& n, int channel, int y, int x) {
  const int depth = frame.format.bit_depth;
  const float inverse = 1.0f / n.std[channel];
  if (n.channels == Channels::kLuma || n.channels == Channels::kYcbcr) {
    const float step = (n.high - n.low) / static_cast<float>((1 << depth) - 1);
    return (static_cast<float>(sample(frame, channel, y, x)) * step + n.low - n.mean[channel]) * inverse;
  }
  if (n.channels == Channels::kRgb8) {
    float v[3];
    for (int p = 0; p < 3; ++p) {
      const int code = sample(frame, p, y, x);
      v[p] = static_cast<float>(depth == 8 ? code : (code + (1 << (depth - 9))) >> (depth - 8));
    }
    const float luma = (v[0] - 16.0f) * (1.0f / 219.0f);
    const float u = (v[1] - 128.0f) * (1.0f / 224.0f), w = (v[2] - 128.0f) * (1.0f / 224.0f);
    const float rgb[] = {luma + 1.28033f * w, luma - 0.21482f * u - 0.38059f * w, luma + 2.12798f * u};
    const int q = static_cast<int>(std::clamp(rgb[channel], 0.0f, 1.0f) * 255.0f + 0.5f);
    return (static_cast<float>(q) * (1.0f / 255.0f) * (n.high - n.low) + n.low - n.mean[channel]) * inverse;
  }
  ADD_FAILURE();
  return 0;
}

constexpr Format kFormats[] = {
    {17, 9, 8, Chroma::k420}, {16, 8, 8, Chroma::k422},   {5, 7, 8, Chroma::k444},
    {1, 1, 8, Chroma::k420},  {13, 11, 10, Chroma::k420}, {6, 5, 12, Chroma::k422},
    {7, 3, 16, Chroma::k444}, {9, 5, 9, Chroma::k420},    {17, 9, 10, Chroma::k420, /*floor_chroma=*/true}};

TEST(Picture, EqualsItsDefinition) {
  PictureNumbers imagenet;
  imagenet.channels = Channels::kRgb8;
  imagenet.mean = {0.485f, 0.456f, 0.406f};
  imagenet.std = {0.229f, 0.224f, 0.225f};
  PictureNumbers luma;
  PictureNumbers planes;
  planes.channels = Channels::kYcbcr;
  planes.low = -1;
  planes.mean = {0.1f, 0, 0.5f};
  planes.std = {1, 2, 0.25f};
  for (const Format& format : kFormats) {
    for (const PictureNumbers& numbers : {imagenet, luma, planes}) {
      const Frame frame = noise(format, 5);
      const PictureTensor tensor(format, numbers);
      ASSERT_EQ(tensor.shape(),
                (std::vector<int64_t>{1, numbers.channel_count(), format.height_px, format.width_px}));
      std::vector<float> out(tensor.size() + 1, 77.0f);
      tensor.fill(frame, out.data());
      EXPECT_EQ(out.back(), 77.0f);
      size_t i = 0;
      for (int c = 0; c < numbers.channel_count(); ++c) {
        for (int y = 0; y < format.height_px; ++y) {
          for (int x = 0; x < format.width_px; ++x)
            ASSERT_EQ(out[i++], expected(frame, numbers, c, y, x))
                << describe(format) << " c" << c << " y" << y << " x" << x;
        }
      }
    }
  }
}

// Colours of which everybody knows the components.
TEST(Picture, RgbHasTheColoursOfItsMatrix) {
  struct Case {
    Matrix matrix;
    bool full;
    int y, cb, cr;
    float r, g, b;
  };
  const Case cases[] = {
      {Matrix::kBt709, false, 235, 128, 128, 1, 1, 1}, {Matrix::kBt709, false, 16, 128, 128, 0, 0, 0},
      {Matrix::kBt709, true, 255, 128, 128, 1, 1, 1},  {Matrix::kBt709, false, 63, 102, 240, 1, 0, 0},
      {Matrix::kBt709, false, 173, 42, 26, 0, 1, 0},   {Matrix::kBt709, false, 32, 240, 118, 0, 0, 1},
      {Matrix::kBt601, false, 81, 90, 240, 1, 0, 0},   {Matrix::kBt601, false, 145, 54, 34, 0, 1, 0},
      {Matrix::kBt601, true, 76, 85, 255, 1, 0, 0},    {Matrix::kBt2020, false, 74, 97, 240, 1, 0, 0},
      {Matrix::kBt2020, false, 29, 240, 119, 0, 0, 1},
  };
  for (const int depth : {8, 10}) {
    for (const Case& c : cases) {
      if (c.full && depth != 8) continue;
      Frame frame = allocate_frame({1, 1, depth, Chroma::k444});
      const int codes[] = {c.y, c.cb, c.cr};
      for (int p = 0; p < 3; ++p) {
        if (depth == 8) {
          *mutable_row(frame, p, 0) = static_cast<uint8_t>(codes[p]);
        } else {
          *reinterpret_cast<uint16_t*>(mutable_row(frame, p, 0)) = static_cast<uint16_t>(codes[p] << 2);
        }
      }
      PictureNumbers numbers;
      numbers.channels = Channels::kRgb;
      numbers.matrix = c.matrix;
      numbers.full_range = c.full;
      float rgb[3];
      PictureTensor(frame.format, numbers).fill(frame, rgb);
      EXPECT_NEAR(rgb[0], c.r, 0.01) << c.y << " " << c.cb << " " << c.cr;
      EXPECT_NEAR(rgb[1], c.g, 0.01) << c.y << " " << c.cb << " " << c.cr;
      EXPECT_NEAR(rgb[2], c.b, 0.01) << c.y << " " << c.cb << " " << c.cr;
      numbers.low = -255;
      numbers.high = 255;
      numbers.mean[0] = 100;
      numbers.std[0] = 10;
      float scaled[3];
      PictureTensor(frame.format, numbers).fill(frame, scaled);
      EXPECT_NEAR(scaled[0], (rgb[0] * 510 - 255 - 100) / 10, 1e-4);
      EXPECT_NEAR(scaled[1], rgb[1] * 510 - 255, 1e-3);
    }
  }
}

}  // namespace
}  // namespace fovea::dnn
