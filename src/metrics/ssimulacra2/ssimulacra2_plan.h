// SPDX-License-Identifier: BSD-2-Clause-Patent
// What SSIMULACRA 2 knows before it meets a picture: conversion factors, scales, weights.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "video/frame.h"

namespace fovea::ssimulacra2 {

inline constexpr int kScales = 6;
inline constexpr int kSmallestSide_px = 8;
inline constexpr int kNorms = 6;  // mean of ssim, ringing, blur; then their 4-norms

enum class Definition { kReference, kFork };

// Y, Cb, Cr codes to gamma-encoded R, G, B in [0, 1]; every factor is worked out in float, left to right.
struct Color {
  float inverse_peak;
  float luma_offset;
  float luma_scale;
  float chroma_scale;
  float cr_to_r;
  float cb_to_g;
  float cr_to_g;
  float cb_to_b;
};
Color make_color(int yuv_matrix, int bit_depth);
inline constexpr int kMatrices = 6;

// The curve that undoes sRGB's gamma, as straight lines between 1024 points. A point is one element, so that
// one load fetches both of its numbers.
struct SrgbTable {
  static constexpr int kSize = 1024;
  std::array<uint64_t, kSize> point;

  float value(int i) const { return std::bit_cast<float>(static_cast<uint32_t>(point[i])); }
  // To the next point; 0 at the last one.
  float rise(int i) const { return std::bit_cast<float>(static_cast<uint32_t>(point[i] >> 32)); }
};
const SrgbTable& srgb_table();

// Which of the 108 weights belong to a plane (X, Y, B) of a scale, and which maps they leave to be made:
// a map whose weights are 0 cannot change the score.
struct PlanePlan {
  int first_weight = 0;
  bool needs_ssim = false;
  bool needs_edges = false;
};

struct ScalePlan {
  int width = 0;
  int height = 0;
  std::array<PlanePlan, 3> planes;
};

struct Plan {
  Format format;
  Definition definition = Definition::kReference;
  Color color{};
  std::vector<ScalePlan> scales;
};
Plan make_plan(const Format& format, int yuv_matrix, Definition definition);

// norms[scale][plane]: the six numbers, in the order of the weights; unneeded ones may be 0.
double score(const Plan& plan, const std::vector<std::array<std::array<double, kNorms>, 3>>& norms);

// Column (or row) of the chroma sample that belongs to luma position i.
inline int chroma_position(int i, int luma_size, int chroma_size) {
  if (chroma_size == luma_size) return i;
  const int position = 2 * chroma_size == luma_size
                           ? i >> 1
                           : static_cast<int>(static_cast<int64_t>(i) * chroma_size / luma_size);
  return position < chroma_size ? position : chroma_size - 1;
}

}  // namespace fovea::ssimulacra2
