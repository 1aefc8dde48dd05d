// SPDX-License-Identifier: BSD-2-Clause-Patent
// The mean of the largest c-values of a scale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "metrics/cambi/cambi_kernels.h"

namespace fovea::cambi {

// Sum of the `kept` largest c-values of a scale over `kept`, where
//   values   holds the stored c-values: those of tile t are [t * values_per_tile, .. + tiles[t].stored).
//            Overwritten. Values that were not stored are 0.
//   tiles    what the scans of the tiles returned
double pool_largest(float* values, size_t values_per_tile, std::span<const TileResult> tiles, int64_t kept);

}  // namespace fovea::cambi
