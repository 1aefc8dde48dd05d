// SPDX-License-Identifier: BSD-2-Clause-Patent
// The definition of a pixel's colour difference. Named quantities are single precision, the expressions
// between them double, but for a few that are single throughout: that is how libvmaf rounds.
#include <cmath>
#include <numbers>

#include "metrics/ciede/ciede_kernels.h"

namespace fovea::ciede {
namespace {

constexpr double kPi = std::numbers::pi;

double srgb_to_linear(double c) {
  return c > 10.0 / 255.0 ? std::pow((c + 0.055) / 1.055, 2.4) : c / 12.92;
}

float lab_response(double t) {
  const double value = t > 216.0 / 24389.0 ? std::pow(t, 1.0 / 3.0) : (24389.0 / 27.0 * t + 16.0) / 116.0;
  return static_cast<float>(value);
}

float length(float x, float y) {
  return static_cast<float>(std::sqrt(static_cast<double>(x) * x + static_cast<double>(y) * y));
}

float hue_angle(float b, float a) {
  if (a == 0.0f && b == 0.0f) return 0.0f;
  const float angle = static_cast<float>(std::atan2(static_cast<double>(b), static_cast<double>(a)));
  return angle < 0.0f ? static_cast<float>(angle + 2.0 * kPi) : angle;
}

}  // namespace

// BT.709, limited range, whatever the clip says.
LabColour colour_to_lab_ref(int luma, int cb, int cr, int bit_depth) {
  const double scale = 1 << (bit_depth - 8);
  const double y = (luma - 16.0 * scale) / (219.0 * scale);
  const double u = (cb - 128.0 * scale) / (224.0 * scale), v = (cr - 128.0 * scale) / (224.0 * scale);
  const double r = srgb_to_linear(y + 1.28033 * v);
  const double g = srgb_to_linear(y - 0.21482 * u - 0.38059 * v);
  const double b = srgb_to_linear(y + 2.12798 * u);
  const float fx =
      lab_response((0.4124564390896921 * r + 0.357576077643909 * g + 0.18043748326639894 * b) / 0.95047);
  const float fy = lab_response(0.21267285140562248 * r + 0.715152155287818 * g + 0.07217499330655958 * b);
  const float fz =
      lab_response((0.019333895582329317 * r + 0.119192025881303 * g + 0.9503040785363677 * b) / 1.08883);
  return {static_cast<float>(116.0 * fy - 16.0), static_cast<float>(500.0 * (static_cast<double>(fx) - fy)),
          static_cast<float>(200.0 * (static_cast<double>(fy) - fz))};
}

float difference_ref(const LabColour& ref, const LabColour& dis) {
  const float d_lightness = dis.l - ref.l;
  const double k = (ref.l + dis.l) / 2.0f - 50.0f;
  const float scale_lightness = static_cast<float>(1.0 + 0.015 * (k * k) / std::sqrt(20.0 + k * k));

  // Chroma after a stretch of the a axis near grey.
  const float raw_chroma1 = length(ref.a, ref.b), raw_chroma2 = length(dis.a, dis.b);
  const double mean_raw_7 = std::pow(static_cast<double>((raw_chroma1 + raw_chroma2) / 2.0f), 7.0);
  const double stretch = 1.0 - std::sqrt(mean_raw_7 / (mean_raw_7 + std::pow(25.0, 7.0)));
  const float a1 = static_cast<float>(ref.a + ref.a / 2.0 * stretch),
              a2 = static_cast<float>(dis.a + dis.a / 2.0 * stretch);
  const float chroma1 = length(a1, ref.b), chroma2 = length(a2, dis.b);
  const float mean_chroma = (chroma1 + chroma2) / 2.0f, d_chroma = chroma2 - chroma1;
  const float scale_chroma = static_cast<float>(1.0 + 0.045 * mean_chroma);

  // Hue, its difference taken the short way round the circle.
  const float hue1 = hue_angle(ref.b, a1), hue2 = hue_angle(dis.b, a2);
  const bool across = std::fabs(hue1 - hue2) > kPi;
  float turn = 0.0f;
  if (raw_chroma1 != 0.0f && raw_chroma2 != 0.0f) {
    turn = hue2 - hue1;
    if (across) turn = static_cast<float>(turn + (hue2 <= hue1 ? 2.0 : -2.0) * kPi);
  }
  const float d_hue =
      static_cast<float>(2.0 * std::sqrt(static_cast<double>(chroma1 * chroma2)) * std::sin(turn / 2.0));
  const float hue_sum = hue1 + hue2;
  const float mean_hue = static_cast<float>(across ? (hue_sum + 2.0 * kPi) / 2.0 : hue_sum / 2.0);
  const float hue_weight = static_cast<float>(
      1.0 - 0.17 * std::cos(mean_hue - kPi / 6.0) + 0.24 * std::cos(2.0 * mean_hue) +
      0.32 * std::cos(3.0 * mean_hue + kPi / 30.0) - 0.20 * std::cos(4.0 * mean_hue - 7.0 * kPi / 20.0));
  const float scale_hue = static_cast<float>(1.0 + 0.015 * mean_chroma * hue_weight);

  // Chroma and hue lean on each other around blue.
  const float degrees = static_cast<float>(mean_hue * (180.0 / kPi));
  const float from_blue = static_cast<float>((degrees - 275.0) / 25.0);
  const float lean_degrees = static_cast<float>(60.0 * std::exp(-static_cast<double>(from_blue * from_blue)));
  const float lean = static_cast<float>(lean_degrees * (kPi / 180.0));
  const float mean_7 = static_cast<float>(std::pow(static_cast<double>(mean_chroma), 7.0));
  const float share = mean_7 / (mean_7 + static_cast<float>(std::pow(25.0, 7.0)));
  const float rotation =
      static_cast<float>(-2.0 * std::sqrt(static_cast<double>(share)) * std::sin(static_cast<double>(lean)));

  const float l = d_lightness / (0.65f * scale_lightness), c = d_chroma / scale_chroma,
              h = d_hue / (4.0f * scale_hue);
  const float cross = rotation * c * h;
  return static_cast<float>(std::sqrt(static_cast<double>(l) * l + static_cast<double>(c) * c +
                                      static_cast<double>(h) * h + cross));
}

}  // namespace fovea::ciede
