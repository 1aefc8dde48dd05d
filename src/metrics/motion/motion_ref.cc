// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <cstdlib>

#include "metrics/motion/motion_kernels.h"

namespace fovea::motion {
namespace {

constexpr int64_t kFullTaps[5] = {kTaps[0], kTaps[1], kTaps[2], kTaps[1], kTaps[0]};

}  // namespace

#define FOVEA_PAIR(low, high) ((low) | ((high) << 16))
extern const std::array<int32_t, 10> kTapPairs;
const std::array<int32_t, 10> kTapPairs = {
    FOVEA_PAIR(kTaps[0], 0),        FOVEA_PAIR(0, kTaps[0]),        FOVEA_PAIR(kTaps[1], 0),        FOVEA_PAIR(0, kTaps[1]),
    FOVEA_PAIR(kTaps[2], 0),        FOVEA_PAIR(0, kTaps[2]),        FOVEA_PAIR(kTaps[0], kTaps[1]), FOVEA_PAIR(kTaps[1], kTaps[0]),
    FOVEA_PAIR(kTaps[1], kTaps[2]), FOVEA_PAIR(kTaps[2], kTaps[1])};
#undef FOVEA_PAIR

template <class Sample>
uint64_t blurred_difference_row_ref(const PlaneView& previous, const PlaneView& current, int bit_depth, int y, int32_t* row) {
  const int width = current.width_px, height = current.height_px;
  const Sample* p[5];
  const Sample* c[5];
  for (int k = 0; k < 5; ++k) {
    const int source = reflect101(y + k - 2, height);
    p[k] = previous.row<Sample>(source);
    c[k] = current.row<Sample>(source);
  }
  for (int x = 0; x < width; ++x) {
    int64_t sum = int64_t{1} << (bit_depth - 1);
    for (int k = 0; k < 5; ++k) sum += kFullTaps[k] * (p[k][x] - c[k][x]);
    row[x] = static_cast<int32_t>(sum >> bit_depth);
  }
  uint64_t total = 0;
  for (int x = 0; x < width; ++x) {
    int64_t sum = 32768;
    for (int k = 0; k < 5; ++k) sum += kFullTaps[k] * row[reflect101(x + k - 2, width)];
    total += static_cast<uint64_t>(std::abs(sum >> 16));
  }
  return total;
}

template uint64_t blurred_difference_row_ref<uint8_t>(const PlaneView&, const PlaneView&, int, int, int32_t*);
template uint64_t blurred_difference_row_ref<uint16_t>(const PlaneView&, const PlaneView&, int, int, int32_t*);

uint64_t blurred_difference_ref(const PlaneView& previous, const PlaneView& current, int bit_depth, int y_begin, int y_end,
                                uint8_t* scratch) {
  int32_t* row = reinterpret_cast<int32_t*>(scratch);
  uint64_t total = 0;
  for (int y = y_begin; y < y_end; ++y) {
    total += bit_depth > 8 ? blurred_difference_row_ref<uint16_t>(previous, current, bit_depth, y, row)
                           : blurred_difference_row_ref<uint8_t>(previous, current, bit_depth, y, row);
  }
  return total;
}

}  // namespace fovea::motion
