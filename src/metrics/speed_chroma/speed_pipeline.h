// SPDX-License-Identifier: BSD-2-Clause-Patent
// What speed_chroma and speed_temporal share: the way from a plane to a score, in three steps.
//
//   lattice_rows()   strips of rows      samples -> lattice
//   block_model()    once per plane      lattice -> strength and entropy of every block
//   compare()        once per pair       two models -> score
#pragma once

#include "base/memory.h"
#include "base/plane.h"
#include "metrics/speed_chroma/speed_plan.h"

namespace fovea::speed {

// The picture to work on: a plane (values around 0), or the change from `before` to it (before - now).
struct Source {
  const PlaneView* now = nullptr;
  const PlaneView* before = nullptr;  // nullptr: the plane itself
};

// Rows [begin, end) of the lattice; `lattice` has rows of lattice_pitch() floats.
void lattice_rows(const Plan& plan, const Source& source, int begin, int end, float* lattice, Scratch& scratch);
size_t lattice_scratch_bytes(const Plan& plan);
// Rows of the lattice that make a strip, and their number.
inline constexpr int kStripRows = 8;

struct BlockModel {
  explicit BlockModel(const Plan& plan) : strength(round_up(plan.blocks(), 16) + 16), entropy(strength.size()) {}
  AlignedBuffer<float> strength;  // in raster order
  AlignedBuffer<float> entropy;
  bool failed = false;  // no usable covariance: a flat plane, or too few windows
};
void block_model(const Plan& plan, const float* lattice, Scratch& scratch, BlockModel& model);
size_t model_scratch_bytes(const Plan& plan);

struct Score {
  float value = 0;
  bool failed = false;  // either plane had no usable covariance
};
Score compare(const Plan& plan, const BlockModel& ref, const BlockModel& dis);

}  // namespace fovea::speed
