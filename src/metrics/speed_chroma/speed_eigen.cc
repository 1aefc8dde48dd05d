// SPDX-License-Identifier: BSD-2-Clause-Patent
// Eigenvalues of a symmetric tridiagonal matrix. One chain of dependent scalar steps: nothing for SIMD.
#include <algorithm>
#include <cmath>

#include "metrics/speed_chroma/speed_model.h"

namespace fovea::speed {
namespace {

// Bound on steps; a matrix that needs more keeps what it has then.
constexpr int kMaxSteps = 500;

float hypotenuse(float x, float y) { return std::sqrt(x * x + y * y); }

// Zeroes the neighbours e[first .. last-1] that are negligible beside their diagonal.
void chop(const float* d, float* e, int first, int last) {
  for (int i = first; i < last; ++i) {
    if (std::abs(e[i]) < kTiny * static_cast<double>(std::abs(d[i]) + std::abs(d[i + 1]))) e[i] = 0;
  }
}

struct Rotation {
  float c, s;
};

// Turns (x, z) into (something, 0). Only the sum under the root is float.
Rotation givens(float x, float z) {
  if (z == 0) return {1, 0};
  const bool steep = std::abs(z) > std::abs(x);
  const float t = steep ? -x / z : -z / x;
  const float a = static_cast<float>(1.0 / std::sqrt(static_cast<double>(1.0f + t * t)));
  const float b = a * t;
  return steep ? Rotation{b, a} : Rotation{a, b};
}

// The block [a b; b g] in rotated axes.
void rotate(Rotation r, float& a, float& b, float& g) {
  const float p = r.c * a - r.s * b, q = r.s * g - r.c * b;
  const float u = r.s * a + r.c * b, w = r.s * b + r.c * g;
  a = r.c * p + r.s * q;
  b = r.c * u - r.s * w;
  g = r.s * u + r.c * w;
}

// The eigenvalue of the last 2x2 block that is next to its corner.
float wilkinson_shift(float d_before, float d_last, float e_last) {
  const float half = (d_before - d_last) / 2;
  if (half > 0) return d_last - e_last * (e_last / (half + hypotenuse(half, e_last)));
  if (half == 0) return d_last - std::abs(e_last);
  return d_last + e_last * (e_last / (-half + hypotenuse(half, e_last)));
}

// One step on `count` rows: a rotation at the top makes a bulge, the others chase it to the bottom.
void qr_step(float* d, float* e, int count) {
  float mu = wilkinson_shift(d[count - 2], d[count - 1], e[count - 2]);
  if (kTiny * std::abs(static_cast<double>(mu)) > static_cast<double>(std::abs(d[0]) + std::abs(e[0]))) mu = 0;

  float a = d[0], b = e[0], g = d[1];
  if (count == 2) {
    rotate(givens(a - mu, b), a, b, g);
    d[0] = a;
    e[0] = b;
    d[1] = g;
    return;
  }
  float x = a - mu, z = b;
  float above = 0, bulge = 0;
  float next = e[1];
  for (int k = 0; k < count - 1; ++k) {
    const Rotation r = givens(x, z);
    const float settled = r.c * above - r.s * bulge;
    rotate(r, a, b, g);
    d[k] = a;
    if (k > 0) e[k - 1] = settled;
    above = x = b;
    bulge = z = -r.s * next;
    a = g;
    b = r.c * next;
    if (k < count - 2) g = d[k + 2];
    // e[k + 2] is still as the last step left it: at most e[k + 1] has been written.
    next = k < count - 3 ? e[k + 2] : b;
    if (k < count - 2) e[k + 1] = b;
  }
  d[count - 1] = a;
  e[count - 2] = above;
}

}  // namespace

void diagonalise(float* d, float* e) {
  chop(d, e, 0, kDims - 1);
  int last = kDims - 1;
  for (int step = 0; step < kMaxSteps && last > 0; ++step) {
    if (e[last - 1] == 0) {
      --last;
      continue;
    }
    int first = last - 1;
    while (first > 0 && e[first - 1] != 0) --first;
    qr_step(d + first, e + first, last - first + 1);
    chop(d, e, first, last);
  }
}

}  // namespace fovea::speed
