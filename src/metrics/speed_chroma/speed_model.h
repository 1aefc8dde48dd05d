// SPDX-License-Identifier: BSD-2-Clause-Patent
// The block model of one band: a Gaussian scale mixture of 5x5 blocks. A block Y is sqrt(S) times a Gaussian of
// covariance K, seen through noise; K comes from all windows of the band, S = Y' K^-1 Y / 25.
//
// Everything is single precision in a fixed order unless a line says double, because the published scores
// hang on it: the same in double moves them by 3e-5. Matrices are [kDims][kPitch] floats, row-major.
#pragma once

#include "base/memory.h"
#include "metrics/speed_chroma/speed_plan.h"

namespace fovea::speed {

// Covariance of the 25 positions of a 5x5 window over all (rows-4) x (cols-4) windows, position 5r+c.
// Means are float sums in raster order; the sums of products are double, in the order of the reference.
//   band   rows of `pitch` floats; rows, cols: multiples of 5; 16 floats beyond cols are read, not used
//   k      [kDims][kPitch], symmetric; columns beyond kDims are 0
void covariance(const float* band, int pitch, int rows, int cols, Scratch& scratch, float* k);
// By the definition, deviations and all.
void covariance_ref(const float* band, int pitch, int rows, int cols, float* k);
size_t covariance_scratch_bytes(int rows, int cols);

// Householder reduction of symmetric k to the diagonal d[kDims] and its neighbour e[kDims - 1].
void tridiagonalise(const float* k, float* d, float* e);
void tridiagonalise_ref(const float* k, float* d, float* e);

// Implicit QR steps with Wilkinson's shift. d becomes the eigenvalues, in the order in which they fall out.
void diagonalise(float* d, float* e);

// K = Q^-1 R by Householder reflections. False if a pivot of R is next to zero. Where a reflector vanishes, q and r
// become NaN, as they do by the definition.
//   q, r   [kPaddedDims][kPitch]; of r the upper triangle is used; the last rows are padding
inline constexpr int kPaddedDims = 28;
bool factor(const float* k, float* q, float* r);
bool factor_ref(const float* k, float* q, float* r);

// Strength S and entropy E of `count` blocks.
//   q, r         from factor(); nullptr if it failed: then S = 0
//   lambda       [kDims] eigenvalues
//   y            [kDims][pitch] samples of the blocks; pitch a multiple of 16; columns from count up to the next
//                multiple of 16 hold anything finite
//   b            [kPaddedDims][pitch] work
//   s, e         [count rounded up to 16]
void block_statistics(const float* q, const float* r, const float* lambda, float noise, const float* y, int count, int pitch,
                      float* b, float* s, float* e);
void block_statistics_ref(const float* q, const float* r, const float* lambda, float noise, const float* y, int count, int pitch,
                          float* b, float* s, float* e);

// log2 of floats that are not subnormal, in double, within 4e-16 of the truth plus half a unit in the last place.
// Made of the same operations on every target, unlike a library's. NaN below 0, -inf at 0.
//   out   [count], count a multiple of 8
void log2_many(const float* x, int count, double* out);
double log2_ref(float x);

}  // namespace fovea::speed
