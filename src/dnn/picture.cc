// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "dnn/picture.h"

#include <algorithm>

namespace fovea::dnn {
namespace {

// Kr and Kb of ITU-R BT.601, BT.709 and BT.2020.
struct Weights {
  double red, blue;
};
Weights weights_of(Matrix matrix) {
  switch (matrix) {
    case Matrix::kBt601:
      return {0.299, 0.114};
    case Matrix::kBt2020:
      return {0.2627, 0.0593};
    case Matrix::kBt709:
      break;
  }
  return {0.2126, 0.0722};
}

// A column or row of chroma for one of luma. Odd pictures may have their chroma rounded down.
int chroma_at(int luma_at, bool halved, int size) {
  return std::min(halved ? luma_at / 2 : luma_at, size - 1);
}

}  // namespace

PictureTensor::PictureTensor(const Format& format, const PictureNumbers& numbers)
    : format_(format),
      numbers_(numbers),
      shape_{1, numbers.channel_count(), format.height_px, format.width_px},
      pixels_(static_cast<size_t>(format.height_px) * static_cast<size_t>(format.width_px)),
      peak_((1u << format.bit_depth) - 1) {
  if (numbers.channels == Channels::kRgb || numbers.channels == Channels::kRgb8) {
    make_rgb_tables();
    return;
  }
  const float step = (numbers.high - numbers.low) / static_cast<float>(peak_);
  for (int channel = 0; channel < numbers.channel_count(); ++channel) {
    std::vector<float>& table = by_code_[channel];
    for (unsigned code = 0; code <= peak_; ++code) {
      table.push_back((static_cast<float>(code) * step + numbers.low - numbers.mean[channel]) *
                      (1.0f / numbers.std[channel]));
    }
  }
}

float PictureTensor::scaled(float c, int channel) const {
  return (c * (numbers_.high - numbers_.low) + numbers_.low - numbers_.mean[channel]) *
         (1.0f / numbers_.std[channel]);
}

void PictureTensor::make_rgb_tables() {
  for (std::vector<float>* table : {&rgb_.luma, &rgb_.red_cr, &rgb_.green_cb, &rgb_.green_cr, &rgb_.blue_cb})
    table->resize(size_t{peak_} + 1);
  if (numbers_.channels == Channels::kRgb8) {
    const int extra = format_.bit_depth - 8;
    for (unsigned code = 0; code <= peak_; ++code) {
      // To 8 bits; the largest codes of deeper samples give 256.
      const float byte = static_cast<float>(extra > 0 ? (code + (1u << (extra - 1))) >> extra : code);
      const float chroma = (byte - 128.0f) * (1.0f / 224.0f);
      rgb_.luma[code] = (byte - 16.0f) * (1.0f / 219.0f);
      rgb_.red_cr[code] = 1.28033f * chroma;
      rgb_.green_cb[code] = 0.21482f * chroma;
      rgb_.green_cr[code] = 0.38059f * chroma;
      rgb_.blue_cb[code] = 2.12798f * chroma;
    }
    for (int channel = 0; channel < 3; ++channel) {
      for (int step = 0; step < 256; ++step)
        by_step_[channel][step] = scaled(static_cast<float>(step) * (1.0f / 255.0f), channel);
    }
    return;
  }
  const Weights k = weights_of(numbers_.matrix);
  const double green = 1 - k.red - k.blue, unit = 1 << (format_.bit_depth - 8), peak = peak_;
  for (unsigned code = 0; code <= peak_; ++code) {
    const double luma = numbers_.full_range ? code / peak : (code - 16 * unit) / (219 * unit);
    const double chroma = (code - 128 * unit) / (numbers_.full_range ? peak : 224 * unit);
    rgb_.luma[code] = static_cast<float>(luma);
    rgb_.red_cr[code] = static_cast<float>(2 * (1 - k.red) * chroma);
    rgb_.green_cb[code] = static_cast<float>(2 * k.blue * (1 - k.blue) / green * chroma);
    rgb_.green_cr[code] = static_cast<float>(2 * k.red * (1 - k.red) / green * chroma);
    rgb_.blue_cb[code] = static_cast<float>(2 * (1 - k.blue) * chroma);
  }
}

template <class Sample>
void PictureTensor::fill_codes(const PlaneView& plane, const std::vector<float>& table, float* out) const {
  const bool wide = plane.width_px < format_.width_px, high = plane.height_px < format_.height_px;
  for (int y = 0; y < format_.height_px; ++y) {
    const Sample* const row = plane.row<Sample>(chroma_at(y, high, plane.height_px));
    for (int x = 0; x < format_.width_px; ++x)
      *out++ = table[std::min<unsigned>(row[chroma_at(x, wide, plane.width_px)], peak_)];
  }
}

template <class Sample>
void PictureTensor::fill_rgb(const Frame& frame, float* out) const {
  const PlaneView &luma = frame.planes[0], &cb = frame.planes[1], &cr = frame.planes[2];
  const bool wide = format_.chroma != Chroma::k444, high = format_.chroma == Chroma::k420;
  const bool steps = numbers_.channels == Channels::kRgb8;
  for (int y = 0; y < format_.height_px; ++y) {
    const Sample* const lumas = luma.row<Sample>(y);
    const int chroma_y = chroma_at(y, high, cb.height_px);
    const Sample *const cbs = cb.row<Sample>(chroma_y), *const crs = cr.row<Sample>(chroma_y);
    for (int x = 0; x < format_.width_px; ++x, ++out) {
      const int chroma_x = chroma_at(x, wide, cb.width_px);
      const unsigned u = std::min<unsigned>(cbs[chroma_x], peak_),
                     v = std::min<unsigned>(crs[chroma_x], peak_);
      const float base = rgb_.luma[std::min<unsigned>(lumas[x], peak_)];
      const float rgb[3] = {base + rgb_.red_cr[v], base - rgb_.green_cb[u] - rgb_.green_cr[v],
                            base + rgb_.blue_cb[u]};
      for (int channel = 0; channel < 3; ++channel) {
        const float c = std::clamp(rgb[channel], 0.0f, 1.0f);
        out[channel * pixels_] =
            steps ? by_step_[channel][static_cast<size_t>(c * 255.0f + 0.5f)] : scaled(c, channel);
      }
    }
  }
}

void PictureTensor::fill_plane(const PlaneView& plane, int channel, float* out) const {
  if (format_.sample_bytes() == 1) {
    fill_codes<uint8_t>(plane, by_code_[channel], out);
  } else {
    fill_codes<uint16_t>(plane, by_code_[channel], out);
  }
}

void PictureTensor::fill(const Frame& frame, float* out) const {
  if (numbers_.channels == Channels::kRgb || numbers_.channels == Channels::kRgb8) {
    return format_.sample_bytes() == 1 ? fill_rgb<uint8_t>(frame, out) : fill_rgb<uint16_t>(frame, out);
  }
  for (int channel = 0; channel < numbers_.channel_count(); ++channel)
    fill_plane(frame.planes[channel], channel, out + channel * pixels_);
}

}  // namespace fovea::dnn
