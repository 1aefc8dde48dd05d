// SPDX-License-Identifier: BSD-2-Clause-Patent
// The chroma resampling that libvmaf's tool applies to some 8-bit y4m layouts: six-tap filters of integer
// weights with sum 128; results are (sum + 64) >> 7, clamped to 0 .. 255, with the edge sample repeated.
// Planes are tight: row follows row.
#pragma once

#include <cstdint>

namespace fovea {

// Moves samples a quarter of a chroma sample to the right (co-sited with luma -> between luma samples).
void shift_chroma_right(const uint8_t* src, uint8_t* dst, int width, int height);

// The vertical half of 420paldv, whose Cb and Cr lines sit at different heights; src must differ from dst.
void shift_chroma_paldv_cb(const uint8_t* src, uint8_t* dst, int width, int height);
void shift_chroma_paldv_cr(const uint8_t* src, uint8_t* dst, int width, int height);

// 4:1:1 -> 4:2:2. src is [height][src_width], dst [height][dst_width] with dst_width 2 src_width or one less.
void upsample_chroma_411(const uint8_t* src, int src_width, uint8_t* dst, int dst_width, int height);

}  // namespace fovea
