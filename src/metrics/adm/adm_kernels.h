// SPDX-License-Identifier: BSD-2-Clause-Patent
// The row functions of ADM. Each works on one row of one picture; adm.cc strings them together.
//
//   pixels or low-low band --columns--> two filtered rows --rows--> a (low-low), detail h, v, d
//   reference h, v, d --prepare--> limits or reciprocals, shared by all distorted pictures
//   reference + distorted h, v, d --decouple--> restored r, additive a, and what each of them masks
//   three rows of masks + r, a --contrast--> six sums of cubes
//
// Row buffers belong to the caller. Functions read and write whole vectors: every row buffer has kSlack
// elements before its first and after its last element (their contents do not matter unless named here).
// The exception is luma: of input rows nothing outside [0, width) is read.
//
// x(...) is the fast form for this CPU, x_ref(...) the same in plain loops. They agree bit for bit for any
// picture, as long as ScalePlan::fits_kernels is true; where it is not, only x_ref is right.
#pragma once

#include <cstdint>

#include "metrics/adm/adm_plan.h"

namespace fovea::adm {

inline constexpr int kSlack = 64;

// 32-bit numbers in two 16-bit rows, so that filters run on 16-bit multipliers:
// value = high * 65536 + low + 32768.
struct SplitRow {
  int16_t* high = nullptr;
  int16_t* low = nullptr;
};
struct ConstSplitRow {
  const int16_t* high = nullptr;
  const int16_t* low = nullptr;
};

// Which columns of the low and of the high vertical filter are wanted (empty: none). Where a range touches a
// border of the row, the mirrored samples beyond it, -1, width and width + 1, are written too. `high` lies
// within `low`.
struct Columns {
  int width = 0;
  Range low, high;
};

// Rows 0 .. 3 are filtered. Rows 4 and 5 will be needed next; they may be brought near.
// Level 0, samples -> 16 bits. Samples count modulo 2^bit_depth.
void columns0(const uint8_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
              int16_t* high);
void columns0(const uint16_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
              int16_t* high);
void columns0_ref(const uint8_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
                  int16_t* high);
void columns0_ref(const uint16_t* const rows[6], const Columns& columns, int bit_depth, int16_t* low,
                  int16_t* high);
// Level 1, 16 bits -> 32; levels 2 and 3, 32 -> 32 with a shift by 16.
void columns1(const int16_t* const rows[6], const Columns& columns, SplitRow low, SplitRow high);
void columns1_ref(const int16_t* const rows[6], const Columns& columns, SplitRow low, SplitRow high);
void columns2(const ConstSplitRow rows[6], const Columns& columns, SplitRow low, SplitRow high);
void columns2_ref(const ConstSplitRow rows[6], const Columns& columns, SplitRow low, SplitRow high);

// What a row of bands consists of: `a_count` low-low coefficients from column 0 (0: none), and detail of the
// columns in `detail` (empty: none), which are stored from index 0.
struct RowPlan {
  int a_count = 0;
  Range detail;
};
void rows0(const int16_t* low, const int16_t* high, const RowPlan& plan, int16_t* a,
           int16_t* const detail[kBands]);
void rows0_ref(const int16_t* low, const int16_t* high, const RowPlan& plan, int16_t* a,
               int16_t* const detail[kBands]);
// `shift` is 15 or 16.
void rows1(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, int shift, SplitRow a,
           int32_t* const detail[kBands]);
void rows1_ref(ConstSplitRow low, ConstSplitRow high, const RowPlan& plan, int shift, SplitRow a,
               int32_t* const detail[kBands]);

// Constants of decouple.
struct Split {
  double gain_limit = 100;
  int whole_gain = 100;              // 0: gain_limit is not a whole number
  const uint32_t* weight = nullptr;  // [kBands]
  bool aim = true;                   // false: what r masks is not wanted
};

// Scale 0: the furthest that a restored coefficient may go where detail is enhanced, o * gain_limit,
// truncated and held within +-32767.
void prepare0(const int16_t* o, int count, const Split& split, int16_t* limit);
void prepare0_ref(const int16_t* o, int count, const Split& split, int16_t* limit);

// Sums over the three bands of mask0(): near within 0 .. 65535, centre alike, or 65535 where a |c| above
// 15360 makes its own term wrap. Thresholds that come out as 65535 are worked out anew from r and a. [0] is
// what a masks, [1] what r masks.
struct Masks0 {
  uint16_t* near[2];
  uint16_t* centre[2];
};
struct Decouple0 {
  const int16_t* o[kBands];
  const int16_t* limit[kBands];
  const int16_t* t[kBands];
  int16_t* r[kBands];
  int16_t* a[kBands];
  Masks0 masks;
};
void decouple0(const Decouple0& rows, int count, const Split& split);
void decouple0_ref(const Decouple0& rows, int count, const Split& split);

// Scales 1 .. 3, of divisor(max(|o|, 1)) where |o| > 16383 (elsewhere the quotient is not needed, and any
// value will do): twice the reciprocal, and 16 - shift.
struct Reciprocal {
  uint32_t* twice;
  uint32_t* up;
};
void prepare1(const int32_t* o, int count, Reciprocal out);
void prepare1_ref(const int32_t* o, int count, Reciprocal out);

// As Masks0, but exact.
struct Masks1 {
  int32_t* near[2];
  int32_t* centre[2];
};
struct Decouple1 {
  const int32_t* o[kBands];
  Reciprocal reciprocal[kBands];
  const int32_t* t[kBands];
  uint32_t* r[kBands];  // weighted() of the restored coefficients
  uint32_t* a[kBands];
  Masks1 masks;
};
void decouple1(const Decouple1& rows, int count, const Split& split);
void decouple1_ref(const Decouple1& rows, int count, const Split& split);

// Sums of cubes over the columns in `range`.
struct Pooling {
  const uint32_t* weight = nullptr;  // [kBands]
  const int* square_shift = nullptr;
  const int* term_shift = nullptr;
  bool aim = true;
};
struct ContrastSums {
  int64_t num[kBands];
  int64_t aim[kBands];
};
// Rows 0, 1, 2: the row above, this one, the one below; one column beyond `range` is read on each side.
struct Contrast0 {
  const int16_t* r[3][kBands];
  const int16_t* a[3][kBands];
  const uint16_t* near[2][3];
  const uint16_t* centre[2];
  uint16_t* sums[2];  // scratch
};
ContrastSums contrast0(const Contrast0& rows, Range range, const Pooling& pooling);
ContrastSums contrast0_ref(const Contrast0& rows, Range range, const Pooling& pooling);
struct Contrast1 {
  const uint32_t* r[kBands];
  const uint32_t* a[kBands];
  const int32_t* near[2][3];
  const int32_t* centre[2];
  int32_t* sums[2];  // scratch
};
ContrastSums contrast1(const Contrast1& rows, Range range, const Pooling& pooling);
ContrastSums contrast1_ref(const Contrast1& rows, Range range, const Pooling& pooling);

// Sum of |o|^3, and of energy(o) at scales 1 .. 3.
uint64_t energy0(const int16_t* o, Range range);
uint64_t energy0_ref(const int16_t* o, Range range);
uint64_t energy1(const int32_t* o, Range range, int square_shift, int term_shift);
uint64_t energy1_ref(const int32_t* o, Range range, int square_shift, int term_shift);

}  // namespace fovea::adm
