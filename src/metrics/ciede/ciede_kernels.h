// SPDX-License-Identifier: BSD-2-Clause-Patent
// Kernels of the colour difference. They work on runs of up to kRun pixels, in arrays of kStored elements:
// whole vectors are read and written, up to kPad elements behind the last pixel, whose values do not matter.
//
// L*a*b* is worked out in double precision and rounded to single where the definition rounds, so that
// differences of close colours keep its last bits. Their difference is single precision, in forms that do not
// cancel: closer to the formula than the definition, whose roundings of chroma and hue weigh about 2e-6.
// Differences small enough for that to show are done again with these roundings.
#pragma once

#include <cstdint>

namespace fovea::ciede {

inline constexpr int kRun = 256;
inline constexpr int kPad = 64;  // as many floats as the widest vector holds
inline constexpr int kStored = kRun + kPad;
inline constexpr int kBlock = 8;  // pixels whose colours are compared at once
inline constexpr int kLanes = 8;  // sums are kept by column modulo 8

struct Colours {  // samples as they are, chroma repeated
  alignas(64) uint16_t y[kStored];
  alignas(64) uint16_t u[kStored];
  alignas(64) uint16_t v[kStored];
};

struct Lab {
  alignas(64) float l[kStored];
  alignas(64) float a[kStored];
  alignas(64) float b[kStored];
};

// Tristimulus values of the sRGB primaries, and the white point D65.
inline constexpr double kX[] = {0.4124564390896921, 0.357576077643909, 0.18043748326639894};
inline constexpr double kY[] = {0.21267285140562248, 0.715152155287818, 0.07217499330655958};
inline constexpr double kZ[] = {0.019333895582329317, 0.119192025881303, 0.9503040785363677};
inline constexpr double kWhiteX = 0.95047, kWhiteZ = 1.08883;

// From samples to linear light. x = (c + 0.055) / 1.055 of a channel c, in units of a luma sample, is
// y + v * r_from_v + r_offset, ...; light is a multiple of x^2.4, below the threshold of x * slope +
// intercept. Multiples are chosen so that the sum of the three lights is 8/27 Y (see Power2_4 and CubeRoot).
struct Conversion {
  double r_from_v, g_from_u, g_from_v, b_from_u;
  double r_offset, g_offset, b_offset;
  double threshold;
  struct Channel {
    double bend, slope, intercept;
    float root_scale;
  };
  Channel channels[3];
};
Conversion make_conversion(int bit_depth);

// Samples to 16 bits.
void widen(const uint8_t* in, int count, uint16_t* out);
void widen(const uint16_t* in, int count, uint16_t* out);
// Each sample twice: out[2i] = out[2i+1] = in[i], i < count.
void widen_twice(const uint8_t* in, int count, uint16_t* out);
void widen_twice(const uint16_t* in, int count, uint16_t* out);

void colours_to_lab(const Colours& colours, int count, const Conversion& conversion, Lab& out);

// out[i] = CIEDE2000 of two colours, [kStored].
void differences(const Lab& ref, const Lab& dis, int count, float* out);

// sums[i % 8] += in[i], from left to right; count a multiple of 8.
void add_by_lane(const float* in, int count, double* sums);

// The definition, by <cmath>.
struct LabColour {
  float l, a, b;
};
LabColour colour_to_lab_ref(int y, int u, int v, int bit_depth);
float difference_ref(const LabColour& ref, const LabColour& dis);

// The functions of ciede_math-inl.h by themselves, for tests: out[i] = f(in[i]).
enum class Function {
  kPower2_4,
  kCubeRoot,
  kInverseSquareRoot,
  kTwiceArcTangent,
  kSine,
  kSineFull,
  kCosineFull,
  kExpOfMinus
};
void apply(Function function, const double* in, int count, double* out);

}  // namespace fovea::ciede
