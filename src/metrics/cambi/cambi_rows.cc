// SPDX-License-Identifier: BSD-2-Clause-Patent
// The row kernels. Compiled once per CPU target through foreach_target.h.
#include <cstring>

#include "metrics/cambi/cambi_kernels.h"
#include "metrics/cambi/cambi_plan.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/cambi/cambi_rows.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::cambi::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
void ToTenBits8(const uint8_t* in, int width, int bit_depth, uint16_t* out) { to_ten_bits_ref(in, width, bit_depth, out); }
void ToTenBits16(const uint16_t* in, int width, int bit_depth, uint16_t* out) { to_ten_bits_ref(in, width, bit_depth, out); }
void AntiDither(const uint16_t* row, const uint16_t* below, int width, uint16_t* out) { anti_dither_ref(row, below, width, out); }
void FlatRow(const uint16_t* row, const uint16_t* below, int width, uint8_t* flat) { flat_row_ref(row, below, width, flat); }
void SlideSums(uint8_t* sums, const uint8_t* entering, const uint8_t* leaving, int width) { slide_sums_ref(sums, entering, leaving, width); }
void MaskRow(const uint8_t* sums, int threshold, const uint16_t* row, int width, uint16_t* out) { mask_row_ref(sums, threshold, row, width, out); }
void ModeAcross(const uint16_t* row, int width, uint16_t* out) { mode_across_ref(row, width, out); }
void ModeDown(const uint16_t* above, const uint16_t* row, const uint16_t* below, int width, uint16_t* out) { mode_down_ref(above, row, below, width, out); }
int FindRuns(const uint16_t* row, int width, int first_code, int code_count, PixelRun* runs, uint8_t*) { return find_runs_ref(row, width, first_code, code_count, runs); }
void HalveRow(const uint16_t* row, int width, uint16_t* out) { halve_row_ref(row, width, out); }
#else

// At most 64 bytes, so that vectors beyond a row's end stay within its spare samples.
using D16 = hn::CappedTag<uint16_t, kRowPad / 2>;
using D8 = hn::CappedTag<uint8_t, kRowPad>;
using D8Half = hn::Rebind<uint8_t, D16>;

// Calls step(x) for whole vectors within [0, width), the last one overlapping its neighbour; false if the
// row is shorter than a vector.
template <class Step>
HWY_INLINE bool ForWholeVectors(int lanes, int width, const Step& step) {
  if (width < lanes) return false;
  int x = 0;
  for (; x + lanes <= width; x += lanes) step(x);
  if (x < width) step(width - lanes);
  return true;
}

void ToTenBits8(const uint8_t* HWY_RESTRICT in, int width, int bit_depth, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const D8Half d8;
  const bool done = ForWholeVectors(static_cast<int>(hn::Lanes(d16)), width, [&](int x) HWY_ATTR {
    hn::StoreU(hn::ShiftLeft<2>(hn::PromoteTo(d16, hn::LoadU(d8, in + x))), d16, out + x);
  });
  if (!done) return to_ten_bits_ref(in, width, bit_depth, out);
  out[width] = out[width - 1];
}

void ToTenBits16(const uint16_t* HWY_RESTRICT in, int width, int bit_depth, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto peak = hn::Set(d16, static_cast<uint16_t>((1 << bit_depth) - 1));
  bool done = false;
  if (bit_depth <= 10) {
    done = ForWholeVectors(lanes, width, [&](int x) HWY_ATTR {
      const auto value = hn::Min(hn::LoadU(d16, in + x), peak);
      hn::StoreU(bit_depth == 10 ? value : hn::Add(value, value), d16, out + x);
    });
  } else {  // rounded without overflow: the value's bits that stay, plus the highest of those that go
    const auto one = hn::Set(d16, 1);
    done = ForWholeVectors(lanes, width, [&](int x) HWY_ATTR {
      const auto twice = hn::ShiftRightSame(hn::Min(hn::LoadU(d16, in + x), peak), bit_depth - 11);
      hn::StoreU(hn::Add(hn::ShiftRight<1>(twice), hn::And(twice, one)), d16, out + x);
    });
  }
  if (!done) return to_ten_bits_ref(in, width, bit_depth, out);
  out[width] = out[width - 1];
}

void AntiDither(const uint16_t* HWY_RESTRICT row, const uint16_t* HWY_RESTRICT below, int width, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  for (int x = 0; x < width; x += lanes) {
    const auto left = hn::Add(hn::LoadU(d16, row + x), hn::LoadU(d16, below + x));
    const auto right = hn::Add(hn::LoadU(d16, row + x + 1), hn::LoadU(d16, below + x + 1));
    hn::StoreU(hn::ShiftRight<2>(hn::Add(left, right)), d16, out + x);
  }
  out[width] = out[width - 1];
}

void FlatRow(const uint16_t* HWY_RESTRICT row, const uint16_t* HWY_RESTRICT below, int width, uint8_t* HWY_RESTRICT flat) {
  const D16 d16;
  const D8Half d8;
  const hn::RebindToSigned<D16> di16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto one = hn::Set(di16, 1);
  for (int x = 0; x < width; x += lanes) {
    const auto value = hn::LoadU(d16, row + x);
    const auto equal = hn::And(hn::Eq(value, hn::LoadU(d16, row + x + 1)), hn::Eq(value, hn::LoadU(d16, below + x)));
    hn::StoreU(hn::DemoteTo(d8, hn::And(hn::BitCast(di16, hn::VecFromMask(d16, equal)), one)), d8, flat + x);
  }
  std::memset(flat + width, 0, kRowPad);
}

void SlideSums(uint8_t* HWY_RESTRICT sums, const uint8_t* HWY_RESTRICT entering, const uint8_t* HWY_RESTRICT leaving, int width) {
  const D8 d8;
  const int lanes = static_cast<int>(hn::Lanes(d8));
  int x = 0;  // whole vectors only: what stands behind the last sum must stay
  for (; x + lanes <= width; x += lanes) {
    hn::StoreU(hn::Sub(hn::Add(hn::LoadU(d8, sums + x), hn::LoadU(d8, entering + x)), hn::LoadU(d8, leaving + x)), d8, sums + x);
  }
  slide_sums_ref(sums + x, entering + x, leaving + x, width - x);
}

void MaskRow(const uint8_t* HWY_RESTRICT sums, int threshold, const uint16_t* HWY_RESTRICT row, int width, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const D8Half d8;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const auto limit = hn::Set(d8, static_cast<uint8_t>(threshold));
  for (int x = 0; x < width; x += lanes) {
    const uint8_t* at = sums + x;
    const auto outer = hn::Add(hn::Add(hn::LoadU(d8, at - 3), hn::LoadU(d8, at + 3)), hn::Add(hn::LoadU(d8, at - 2), hn::LoadU(d8, at + 2)));
    const auto inner = hn::Add(hn::Add(hn::LoadU(d8, at - 1), hn::LoadU(d8, at + 1)), hn::LoadU(d8, at));
    // Positive where the sum (at most 49) exceeds the threshold; moved to the top bit.
    const auto excess = hn::Min(hn::SaturatedSub(hn::Add(outer, inner), limit), hn::Set(d8, 1));
    const auto mask = hn::ShiftLeft<15>(hn::PromoteTo(d16, excess));
    hn::StoreU(hn::Or(hn::LoadU(d16, row + x), mask), d16, out + x);
  }
}

template <class V>
HWY_INLINE V Mode(D16 d16, V a, V b, V c) {
  const auto bit = hn::Set(d16, kMaskBit);
  const auto mask = hn::And(b, bit);
  a = hn::AndNot(bit, a);
  b = hn::AndNot(bit, b);
  c = hn::AndNot(bit, c);
  const auto lower = hn::Min(a, c);  // is a where a == c
  const auto other = hn::IfThenElse(hn::Eq(a, c), lower, hn::Min(lower, b));
  return hn::Or(hn::IfThenElse(hn::Or(hn::Eq(a, b), hn::Eq(b, c)), b, other), mask);
}

void ModeAcross(const uint16_t* HWY_RESTRICT row, int width, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  for (int x = 0; x < width; x += lanes) {
    hn::StoreU(Mode(d16, hn::LoadU(d16, row + x - 1), hn::LoadU(d16, row + x), hn::LoadU(d16, row + x + 1)), d16, out + x);
  }
  out[0] = row[0];
  out[width - 1] = row[width - 1];
}

void ModeDown(const uint16_t* HWY_RESTRICT above, const uint16_t* HWY_RESTRICT row, const uint16_t* HWY_RESTRICT below, int width, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  for (int x = 0; x < width; x += lanes) {
    hn::StoreU(Mode(d16, hn::LoadU(d16, above + x), hn::LoadU(d16, row + x), hn::LoadU(d16, below + x)), d16, out + x);
  }
}

// Appends base + the position of each bit. Writes up to 3 values too many: one loop per bit would end
// unpredictably.
HWY_INLINE uint16_t* AppendPositions(uint64_t bits, int base, uint16_t* HWY_RESTRICT out) {
  const int count = static_cast<int>(hwy::PopCount(bits));
  for (int done = 0; done < count; done += 4) {
    for (int i = 0; i < 4; ++i) {
      out[done + i] = static_cast<uint16_t>(base + static_cast<int>(hwy::Num0BitsBelowLS1Bit_Nonzero64(bits | uint64_t{1} << 63)));
      bits &= bits - 1;
    }
  }
  return out + count;
}

int FindRuns(const uint16_t* HWY_RESTRICT row, int width, int first_code, int code_count, PixelRun* HWY_RESTRICT runs, uint8_t* HWY_RESTRICT memory) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  const size_t words = static_cast<size_t>(width) / 64 + 1;  // bit `width` exists, so that the last run ends
  const size_t bit_bytes = static_cast<size_t>(width) / 8 + 32;
  uint8_t* const edges = memory;                  // bit x: differs from the sample before
  uint8_t* const counted = memory + bit_bytes;    // bit x: counts
  uint16_t* const begins = reinterpret_cast<uint16_t*>(memory + 2 * bit_bytes);
  uint16_t* const ends = begins + width + kRowPad;

  // Samples without the mask bit wrap to large numbers.
  const auto origin = hn::Set(d16, static_cast<uint16_t>(kMaskBit + first_code));
  const auto count = hn::Set(d16, static_cast<uint16_t>(code_count));
  for (int x = 0; x < width; x += lanes) {
    const auto sample = hn::LoadU(d16, row + x);
    hn::StoreMaskBits(d16, hn::Ne(sample, hn::LoadU(d16, row + x - 1)), edges + x / 8);
    hn::StoreMaskBits(d16, hn::Ne(hn::SaturatedSub(count, hn::Sub(sample, origin)), hn::Zero(d16)), counted + x / 8);
  }
  const auto word_of = [](const uint8_t* bits, size_t word) {
    uint64_t out;
    std::memcpy(&out, bits + 8 * word, 8);
    return out;
  };
  uint16_t* begin = begins;
  uint16_t* end = ends;
  uint64_t carry = 0;
  for (size_t word = 0; word < words; ++word) {
    uint64_t in_run = word_of(counted, word);
    if (word + 1 == words) in_run &= (uint64_t{1} << (width % 64)) - 1;
    const uint64_t before = in_run << 1 | carry;
    carry = in_run >> 63;
    const uint64_t edge = word_of(edges, word);
    const uint64_t first = in_run & (edge | ~before), past = before & (edge | ~in_run);
    if ((first | past) == 0) continue;
    begin = AppendPositions(first, static_cast<int>(word * 64), begin);
    end = AppendPositions(past, static_cast<int>(word * 64), end);
  }
  const int run_count = static_cast<int>(begin - begins);
  for (int i = 0; i < run_count; ++i) {
    const uint16_t code = static_cast<uint16_t>(row[begins[i]] - (kMaskBit + first_code) + 1);
    runs[i] = {begins[i], ends[i], code};
  }
  return run_count;
}

void HalveRow(const uint16_t* HWY_RESTRICT row, int width, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  for (int x = 0; 2 * x < width; x += lanes) {
    hn::StoreU(hn::ConcatEven(d16, hn::LoadU(d16, row + 2 * x + lanes), hn::LoadU(d16, row + 2 * x)), d16, out + x);
  }
}

#endif  // HWY_SCALAR

}  // namespace fovea::cambi::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::cambi {

HWY_EXPORT(ToTenBits8);
HWY_EXPORT(ToTenBits16);
HWY_EXPORT(AntiDither);
HWY_EXPORT(FlatRow);
HWY_EXPORT(SlideSums);
HWY_EXPORT(MaskRow);
HWY_EXPORT(ModeAcross);
HWY_EXPORT(ModeDown);
HWY_EXPORT(FindRuns);
HWY_EXPORT(HalveRow);

void to_ten_bits(const uint8_t* in, int width, int bit_depth, uint16_t* out) { HWY_DYNAMIC_DISPATCH(ToTenBits8)(in, width, bit_depth, out); }
void to_ten_bits(const uint16_t* in, int width, int bit_depth, uint16_t* out) { HWY_DYNAMIC_DISPATCH(ToTenBits16)(in, width, bit_depth, out); }
void anti_dither(const uint16_t* row, const uint16_t* below, int width, uint16_t* out) { HWY_DYNAMIC_DISPATCH(AntiDither)(row, below, width, out); }
void flat_row(const uint16_t* row, const uint16_t* below, int width, uint8_t* flat) { HWY_DYNAMIC_DISPATCH(FlatRow)(row, below, width, flat); }
void slide_sums(uint8_t* sums, const uint8_t* entering, const uint8_t* leaving, int width) { HWY_DYNAMIC_DISPATCH(SlideSums)(sums, entering, leaving, width); }
void mask_row(const uint8_t* sums, int threshold, const uint16_t* row, int width, uint16_t* out) { HWY_DYNAMIC_DISPATCH(MaskRow)(sums, threshold, row, width, out); }
void mode_across(const uint16_t* row, int width, uint16_t* out) { HWY_DYNAMIC_DISPATCH(ModeAcross)(row, width, out); }
void mode_down(const uint16_t* above, const uint16_t* row, const uint16_t* below, int width, uint16_t* out) { HWY_DYNAMIC_DISPATCH(ModeDown)(above, row, below, width, out); }
int find_runs(const uint16_t* row, int width, int first_code, int code_count, PixelRun* runs, uint8_t* memory) {
  return HWY_DYNAMIC_DISPATCH(FindRuns)(row, width, first_code, code_count, runs, memory);
}
void halve_row(const uint16_t* row, int width, uint16_t* out) { HWY_DYNAMIC_DISPATCH(HalveRow)(row, width, out); }

}  // namespace fovea::cambi
#endif
