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
void ToTenBits8(const uint8_t* in, int width, int bit_depth, uint16_t* out) {
  to_ten_bits_ref(in, width, bit_depth, out);
}
void ToTenBits16(const uint16_t* in, int width, int bit_depth, uint16_t* out) {
  to_ten_bits_ref(in, width, bit_depth, out);
}
void PairSums8(const uint8_t* in, int width, uint16_t* out) {
  pair_sums_ref(in, width, out);
}
void PairSums16(const uint16_t* in, int width, uint16_t* out) {
  pair_sums_ref(in, width, out);
}
void AntiDither(const uint16_t* sums, const uint16_t* below, int shift, int width, uint16_t* out) {
  anti_dither_ref(sums, below, shift, width, out);
}
void FlatBits(const uint16_t* row, const uint16_t* below, int width, uint64_t* flat) {
  flat_bits_ref(row, below, width, flat);
}
void CountAcross(const uint64_t* flat, int width, uint64_t* counts, int stride) {
  count_across_ref(flat, width, counts, stride);
}
void SlideSums(const uint64_t* entering, const uint64_t* leaving, int threshold, int width, uint64_t* sums,
               int stride, uint64_t* mask) {
  slide_sums_ref(entering, leaving, threshold, width, sums, stride, mask);
}
void ModeAcross(const uint16_t* row, int width, uint16_t* out) {
  mode_across_ref(row, width, out);
}
void ModeDown(const uint16_t* above, const uint16_t* row, const uint16_t* below, int width, uint16_t* out) {
  mode_down_ref(above, row, below, width, out);
}
int FindRuns(const uint16_t* row, const uint64_t* mask, int width, int first_code, int code_count,
             PixelRun* runs, uint16_t*) {
  return find_runs_ref(row, mask, width, first_code, code_count, runs);
}
void HalveRow(const uint16_t* row, int width, uint16_t* out) {
  halve_row_ref(row, width, out);
}
#else

// At most 64 bytes, so that vectors beyond a row's end stay within its spare samples.
using D16 = hn::CappedTag<uint16_t, kRowPad / 2>;
using D64 = hn::CappedTag<uint64_t, 8>;
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

void PairSums8(const uint8_t* HWY_RESTRICT in, int width, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const D8Half d8;
  const bool done = ForWholeVectors(static_cast<int>(hn::Lanes(d16)), width - 1, [&](int x) HWY_ATTR {
    hn::StoreU(
        hn::Add(hn::PromoteTo(d16, hn::LoadU(d8, in + x)), hn::PromoteTo(d16, hn::LoadU(d8, in + x + 1))),
        d16, out + x);
  });
  if (!done) return pair_sums_ref(in, width, out);
  out[width - 1] = static_cast<uint16_t>(2 * in[width - 1]);
}

void PairSums16(const uint16_t* HWY_RESTRICT in, int width, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  for (int x = 0; x < width; x += lanes)
    hn::StoreU(hn::Add(hn::LoadU(d16, in + x), hn::LoadU(d16, in + x + 1)), d16, out + x);
}

void AntiDither(const uint16_t* HWY_RESTRICT sums, const uint16_t* HWY_RESTRICT below, int shift, int width,
                uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  for (int x = 0; x < width; x += lanes) {
    const auto sum = hn::Add(hn::LoadU(d16, sums + x), hn::LoadU(d16, below + x));
    hn::StoreU(shift == 0 ? sum : hn::ShiftRight<2>(sum), d16, out + x);
  }
  out[width] = out[width - 1];
}

// Clears the bits from `width` on.
HWY_INLINE void ClearTail(uint64_t* bits, int width) {
  bits[width / 64] &= (uint64_t{1} << width % 64) - 1;
  for (int word = width / 64 + 1; word < bit_words(width); ++word) bits[word] = 0;
}

void FlatBits(const uint16_t* HWY_RESTRICT row, const uint16_t* HWY_RESTRICT below, int width,
              uint64_t* HWY_RESTRICT flat) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  uint8_t* const bytes = reinterpret_cast<uint8_t*>(flat);
  for (int x = 0; x < width; x += lanes) {
    const auto value = hn::LoadU(d16, row + x);
    const auto equal =
        hn::And(hn::Eq(value, hn::LoadU(d16, row + x + 1)), hn::Eq(value, hn::LoadU(d16, below + x)));
    hn::StoreMaskBits(d16, equal, bytes + x / 8);
  }
  ClearTail(flat, width);
}

// Adds three digits.
#define FOVEA_ADD3(a, b, c, sum, carry)  \
  const auto sum##_ab = hn::Xor(a, b);   \
  const auto sum = hn::Xor(sum##_ab, c); \
  const auto carry = hn::Or(hn::And(a, b), hn::And(sum##_ab, c))

void CountAcross(const uint64_t* HWY_RESTRICT flat, int width, uint64_t* HWY_RESTRICT counts, int stride) {
  const D64 d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int word = 0; word <= width / 64; word += lanes) {
    const auto left = hn::LoadU(d, flat + word - 1), here = hn::LoadU(d, flat + word),
               right = hn::LoadU(d, flat + word + 1);
    const auto l1 = hn::Or(hn::ShiftLeft<1>(here), hn::ShiftRight<63>(left)),
               r1 = hn::Or(hn::ShiftRight<1>(here), hn::ShiftLeft<63>(right));
    const auto l2 = hn::Or(hn::ShiftLeft<2>(here), hn::ShiftRight<62>(left)),
               r2 = hn::Or(hn::ShiftRight<2>(here), hn::ShiftLeft<62>(right));
    const auto l3 = hn::Or(hn::ShiftLeft<3>(here), hn::ShiftRight<61>(left)),
               r3 = hn::Or(hn::ShiftRight<3>(here), hn::ShiftLeft<61>(right));
    FOVEA_ADD3(l1, l2, l3, left_ones, left_twos);
    FOVEA_ADD3(r1, r2, r3, right_ones, right_twos);
    FOVEA_ADD3(left_ones, right_ones, here, ones, more_twos);
    FOVEA_ADD3(left_twos, right_twos, more_twos, twos, fours);
    hn::StoreU(ones, d, counts + word);
    hn::StoreU(twos, d, counts + stride + word);
    hn::StoreU(fours, d, counts + 2 * stride + word);
  }
}

void SlideSums(const uint64_t* HWY_RESTRICT entering, const uint64_t* HWY_RESTRICT leaving, int threshold,
               int width, uint64_t* HWY_RESTRICT sums, int stride, uint64_t* HWY_RESTRICT mask) {
  const D64 d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto digit_of_threshold = [threshold, d](int digit) HWY_ATTR {
    return hn::Set(d, (threshold >> digit & 1) != 0 ? ~uint64_t{0} : 0);
  };
  const auto t0 = digit_of_threshold(0), t1 = digit_of_threshold(1), t2 = digit_of_threshold(2);
  const auto t3 = digit_of_threshold(3), t4 = digit_of_threshold(4), t5 = digit_of_threshold(5);
  for (int word = 0; word <= width / 64; word += lanes) {
    uint64_t* const at = sums + word;
    auto s0 = hn::LoadU(d, at), s1 = hn::LoadU(d, at + stride), s2 = hn::LoadU(d, at + 2 * stride);
    auto s3 = hn::LoadU(d, at + 3 * stride), s4 = hn::LoadU(d, at + 4 * stride),
         s5 = hn::LoadU(d, at + 5 * stride);
    if (entering != nullptr) {
      const auto e0 = hn::LoadU(d, entering + word), e1 = hn::LoadU(d, entering + stride + word),
                 e2 = hn::LoadU(d, entering + 2 * stride + word);
      const auto c0 = hn::And(s0, e0);
      FOVEA_ADD3(s1, e1, c0, n1, c1);
      FOVEA_ADD3(s2, e2, c1, n2, c2);
      const auto c3 = hn::And(s3, c2), c4 = hn::And(s4, c3);
      s0 = hn::Xor(s0, e0);
      s1 = n1;
      s2 = n2;
      s3 = hn::Xor(s3, c2);
      s4 = hn::Xor(s4, c3);
      s5 = hn::Xor(s5, c4);
    }
    if (leaving != nullptr) {  // a - b = ~(~a + b)
      const auto l0 = hn::LoadU(d, leaving + word), l1 = hn::LoadU(d, leaving + stride + word),
                 l2 = hn::LoadU(d, leaving + 2 * stride + word);
      const auto i1 = hn::Not(s1), i2 = hn::Not(s2);
      const auto c0 = hn::AndNot(s0, l0);
      FOVEA_ADD3(i1, l1, c0, n1, c1);
      FOVEA_ADD3(i2, l2, c1, n2, c2);
      const auto c3 = hn::AndNot(s3, c2), c4 = hn::AndNot(s4, c3);
      s0 = hn::Xor(s0, l0);
      s1 = hn::Not(n1);
      s2 = hn::Not(n2);
      s3 = hn::Xor(s3, c2);
      s4 = hn::Xor(s4, c3);
      s5 = hn::Xor(s5, c4);
    }
    hn::StoreU(s0, d, at);
    hn::StoreU(s1, d, at + stride);
    hn::StoreU(s2, d, at + 2 * stride);
    hn::StoreU(s3, d, at + 3 * stride);
    hn::StoreU(s4, d, at + 4 * stride);
    hn::StoreU(s5, d, at + 5 * stride);
    // From the highest digit down: greater if the first difference is a 1 in the sum. From the lowest digit
    // up: greater = sum digit where the digits differ, else what the lower digits say.
    auto greater = hn::AndNot(t0, s0);
    const auto compare = [](auto lower, auto s, auto t)
                             HWY_ATTR { return hn::Or(hn::AndNot(t, s), hn::AndNot(hn::Xor(s, t), lower)); };
    greater = compare(greater, s1, t1);
    greater = compare(greater, s2, t2);
    greater = compare(greater, s3, t3);
    greater = compare(greater, s4, t4);
    greater = compare(greater, s5, t5);
    hn::StoreU(greater, d, mask + word);
  }
  ClearTail(mask, width);
}

// Two of three are equal if the middle one equals the smallest or the largest.
template <class V>
HWY_INLINE V Mode(V a, V b, V c) {
  const auto lower = hn::Min(a, b), upper = hn::Max(a, b);
  const auto middle = hn::Max(lower, hn::Min(upper, c));
  return hn::IfThenElse(hn::Eq(middle, hn::Max(upper, c)), middle, hn::Min(lower, c));
}

void ModeAcross(const uint16_t* HWY_RESTRICT row, int width, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  for (int x = 0; x < width; x += lanes) {
    hn::StoreU(Mode(hn::LoadU(d16, row + x - 1), hn::LoadU(d16, row + x), hn::LoadU(d16, row + x + 1)), d16,
               out + x);
  }
  out[0] = row[0];
  out[width - 1] = row[width - 1];
}

void ModeDown(const uint16_t* HWY_RESTRICT above, const uint16_t* HWY_RESTRICT row,
              const uint16_t* HWY_RESTRICT below, int width, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  for (int x = 0; x < width; x += lanes) {
    hn::StoreU(Mode(hn::LoadU(d16, above + x), hn::LoadU(d16, row + x), hn::LoadU(d16, below + x)), d16,
               out + x);
  }
}

// Appends base + the position of each bit. Writes up to 3 values too many: one loop per bit would end
// unpredictably.
HWY_INLINE uint16_t* AppendPositions(uint64_t bits, int base, uint16_t* HWY_RESTRICT out) {
  const int count = static_cast<int>(hwy::PopCount(bits));
  for (int done = 0; done < count; done += 4) {
    for (int i = 0; i < 4; ++i) {
      out[done + i] = static_cast<uint16_t>(
          base + static_cast<int>(hwy::Num0BitsBelowLS1Bit_Nonzero64(bits | uint64_t{1} << 63)));
      bits &= bits - 1;
    }
  }
  return out + count;
}

// One bit for each of 64 samples: test(x) gives the mask of those from x on.
template <class Test>
HWY_INLINE uint64_t Bits64(D16 d16, const Test& test) {
#if HWY_TARGET <= HWY_AVX3 && \
    HWY_ARCH_X86  // straight from the mask registers; through memory the halves would have to wait
  if (hn::Lanes(d16) == 32)
    return static_cast<uint64_t>(test(0).raw) | static_cast<uint64_t>(test(32).raw) << 32;
#endif
  const int lanes = static_cast<int>(hn::Lanes(d16));
  uint8_t bytes[16];
  for (int x = 0; x < 64; x += lanes) hn::StoreMaskBits(d16, test(x), bytes + x / 8);
  uint64_t out;
  std::memcpy(&out, bytes, 8);
  return out;
}

int FindRuns(const uint16_t* HWY_RESTRICT row, const uint64_t* HWY_RESTRICT mask, int width, int first_code,
             int code_count, PixelRun* HWY_RESTRICT runs, uint16_t* HWY_RESTRICT positions) {
  const D16 d16;
  const auto first = hn::Set(d16, static_cast<uint16_t>(first_code));
  const auto count = hn::Set(d16, static_cast<uint16_t>(code_count));
  uint16_t* const begins = positions;
  uint16_t* const ends = positions + width + kRowPad;
  uint16_t* begin = begins;
  uint16_t* end = ends;
  uint64_t carry = 0;
  for (int word = 0; word <= width / 64; ++word) {
    if ((mask[word] | carry) == 0) continue;
    const uint16_t* const samples = row + 64 * word;
    // Samples below the first code wrap to large numbers.
    const uint64_t in_run =
        mask[word] & Bits64(d16, [&](int x) HWY_ATTR {
          return hn::Ne(hn::SaturatedSub(count, hn::Sub(hn::LoadU(d16, samples + x), first)), hn::Zero(d16));
        });
    const uint64_t before = in_run << 1 | carry;
    carry = in_run >> 63;
    if ((in_run | before) == 0) continue;
    const uint64_t edges = Bits64(d16, [&](int x) HWY_ATTR {
      return hn::Ne(hn::LoadU(d16, samples + x), hn::LoadU(d16, samples + x - 1));
    });
    begin = AppendPositions(in_run & (edges | ~before), word * 64, begin);
    end = AppendPositions(before & (edges | ~in_run), word * 64, end);
  }
  const int run_count = static_cast<int>(begin - begins);
  for (int i = 0; i < run_count; ++i)
    runs[i] = {begins[i], ends[i], static_cast<uint16_t>(row[begins[i]] - first_code + 1)};
  return run_count;
}

void HalveRow(const uint16_t* HWY_RESTRICT row, int width, uint16_t* HWY_RESTRICT out) {
  const D16 d16;
  const int lanes = static_cast<int>(hn::Lanes(d16));
  for (int x = 0; 2 * x < width; x += lanes) {
    hn::StoreU(hn::ConcatEven(d16, hn::LoadU(d16, row + 2 * x + lanes), hn::LoadU(d16, row + 2 * x)), d16,
               out + x);
  }
}

#endif  // HWY_SCALAR

}  // namespace fovea::cambi::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::cambi {

HWY_EXPORT(ToTenBits8);
HWY_EXPORT(ToTenBits16);
HWY_EXPORT(PairSums8);
HWY_EXPORT(PairSums16);
HWY_EXPORT(AntiDither);
HWY_EXPORT(FlatBits);
HWY_EXPORT(CountAcross);
HWY_EXPORT(SlideSums);
HWY_EXPORT(ModeAcross);
HWY_EXPORT(ModeDown);
HWY_EXPORT(FindRuns);
HWY_EXPORT(HalveRow);

void to_ten_bits(const uint8_t* in, int width, int bit_depth, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(ToTenBits8)(in, width, bit_depth, out);
}
void to_ten_bits(const uint16_t* in, int width, int bit_depth, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(ToTenBits16)(in, width, bit_depth, out);
}
void pair_sums(const uint8_t* in, int width, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(PairSums8)(in, width, out);
}
void pair_sums(const uint16_t* in, int width, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(PairSums16)(in, width, out);
}
void anti_dither(const uint16_t* sums, const uint16_t* below, int shift, int width, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(AntiDither)(sums, below, shift, width, out);
}
void flat_bits(const uint16_t* row, const uint16_t* below, int width, uint64_t* flat) {
  HWY_DYNAMIC_DISPATCH(FlatBits)(row, below, width, flat);
}
void count_across(const uint64_t* flat, int width, uint64_t* counts, int stride) {
  HWY_DYNAMIC_DISPATCH(CountAcross)(flat, width, counts, stride);
}
void slide_sums(const uint64_t* entering, const uint64_t* leaving, int threshold, int width, uint64_t* sums,
                int stride, uint64_t* mask) {
  HWY_DYNAMIC_DISPATCH(SlideSums)(entering, leaving, threshold, width, sums, stride, mask);
}
void mode_across(const uint16_t* row, int width, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(ModeAcross)(row, width, out);
}
void mode_down(const uint16_t* above, const uint16_t* row, const uint16_t* below, int width, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(ModeDown)(above, row, below, width, out);
}
int find_runs(const uint16_t* row, const uint64_t* mask, int width, int first_code, int code_count,
              PixelRun* runs, uint16_t* positions) {
  return HWY_DYNAMIC_DISPATCH(FindRuns)(row, mask, width, first_code, code_count, runs, positions);
}
void halve_row(const uint16_t* row, int width, uint16_t* out) {
  HWY_DYNAMIC_DISPATCH(HalveRow)(row, width, out);
}

void halve_bits(const uint64_t* bits, int width, uint64_t* out) {
  const int half = (width + 1) / 2;
  const auto even_bits = [](uint64_t v) {
    v &= 0x5555555555555555;
    v = (v | v >> 1) & 0x3333333333333333;
    v = (v | v >> 2) & 0x0F0F0F0F0F0F0F0F;
    v = (v | v >> 4) & 0x00FF00FF00FF00FF;
    v = (v | v >> 8) & 0x0000FFFF0000FFFF;
    return (v | v >> 16) & 0x00000000FFFFFFFF;
  };
  for (int word = 0; word < bit_words(half); ++word) {
    const uint64_t low = 2 * word <= width / 64 ? bits[2 * word] : 0,
                   high = 2 * word < width / 64 ? bits[2 * word + 1] : 0;
    out[word] = even_bits(low) | even_bits(high) << 32;
  }
}

}  // namespace fovea::cambi
#endif
