// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
//
// Four output rows are made at a time, in four steps. Everything is 16-bit multiply-adds of pairs into 32-bit
// lanes (MulPairAdd), modulo 2^32; unsigned 16-bit operands are read as signed after subtracting 2^15, and as
// taps sum to 2^16 that moves a sum by exactly 2^31.
//
// 1. Ring. Rows 2j and 2j+1 (edges reflected) are interleaved, so that a 32-bit lane holds two rows of one
//    column: for each group of columns a vector of the even columns, then one of the odd columns.
//      row 2j    a0 a1 a2 a3 ..        even: a0 b0 a2 b2 ..
//      row 2j+1  b0 b1 b2 b3 ..        odd:  a1 b1 a3 b3 ..
// 2. Vertical. Means are rounded to 16 bits, second moments to 32. The latter are kept as two 16-bit
//    halves: (sum f V + 2^15) >> 16 = sum f high + ((sum f low + 2^15) >> 16), both below 2^32. Products of
//    16-bit samples are split in the same way before the vertical sum.
// 3. Horizontal. Pairs of neighbours, weighted by (f0 f1)(f2 f3).. for even and (0 f0)(f1 f2).. for odd
//    columns, from the same loads.
// 4. Statistics of even and odd columns; sums do not care about the order.
#include "metrics/vif/vif_kernels.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/vif/vif_kernels.cc"
#include "hwy/foreach_target.h"
#include "hwy/cache_control.h"
#include "hwy/highway.h"

#include "base/simd-inl.h"
#include "metrics/vif/vif_log2.h"

#ifndef FOVEA_VIF_ONCE
#define FOVEA_VIF_ONCE
namespace fovea::vif {

// Taps as pairs: even[k] weighs positions (2k, 2k+1) counted from the pair even_start of an even output
// position (itself the first of pair 0), odd[k] those from odd_start for the odd position that follows.
struct PairTaps {
  int even_start;
  int odd_start;
  int32_t even[9];
  int32_t odd[9];
  // What is left of the one tap that exceeds a signed 16-bit lane, to be added from the same operand; else 0.
  int32_t even_rest[9];
  int32_t odd_rest[9];
};
constexpr PairTaps pair_taps(int scale) {
  const int radius = kRadius[scale];
  PairTaps p{};
  p.even_start = -((radius + 1) / 2);
  p.odd_start = -(radius / 2);
  for (int k = 0; k <= radius; ++k) {
    const auto tap = [&](int position, int centre) {
      const int i = position - centre + radius;
      return i < 0 || i > 2 * radius ? 0u : static_cast<uint32_t>(kTaps[scale][i]);
    };
    const int e = 2 * (p.even_start + k), o = 2 * (p.odd_start + k);
    const auto pack = [](uint32_t first, uint32_t second) { return static_cast<int32_t>(first | (second << 16)); };
    const auto main = [](uint32_t t) { return t > 32767 ? t / 2 : t; };
    p.even[k] = pack(main(tap(e, 0)), main(tap(e + 1, 0)));
    p.even_rest[k] = pack(tap(e, 0) - main(tap(e, 0)), tap(e + 1, 0) - main(tap(e + 1, 0)));
    p.odd[k] = pack(main(tap(o, 1)), main(tap(o + 1, 1)));
    p.odd_rest[k] = pack(tap(o, 1) - main(tap(o, 1)), tap(o + 1, 1) - main(tap(o + 1, 1)));
  }
  return p;
}
inline constexpr PairTaps kPairTaps[kScales] = {pair_taps(0), pair_taps(1), pair_taps(2), pair_taps(3)};
// The same behind a pointer that the compiler cannot look through: broadcasting a tap from memory is free on most
// CPUs, building it from an immediate is not.
extern const PairTaps* const volatile kPairTapsInMemory;

inline constexpr int kBlock = 4;         // output rows made at a time
inline constexpr int kMaxPairs = 10;     // ring rows that they need
inline constexpr int kLead = 64;         // samples before a row of the vertical pass
inline constexpr int kMaxGroup = 128;    // columns of a group on the widest target
inline constexpr int kRefPlanes = 3;     // mean, upper and lower half of the second moment
inline constexpr int kDisPlanes = 5;     // and both halves of the mixed moment

inline constexpr int kChunk = 512;       // columns whose statistics are made at a time

inline size_t padded_width(int width) { return round_up(width, kMaxGroup); }
inline size_t plane_pitch(int width) { return kLead + padded_width(width) + kMaxGroup; }

}  // namespace fovea::vif
#endif

HWY_BEFORE_NAMESPACE();
namespace fovea::vif::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR  // pairs of lanes need two
void RunStrip(const Strip& strip, Scratch& scratch) { run_strip_ref(strip, scratch); }
void Log2Row(const uint32_t* v, int count, int32_t* out) {
  for (int i = 0; i < count; ++i) out[i] = static_cast<int32_t>(log2_q11(v[i]) - 2048 * 17);
}
#else

using fovea::HWY_NAMESPACE::MulPairAdd;

// The attributes of a lambda that must not become a call.
#undef FOVEA_VIF_LAMBDA
#define FOVEA_VIF_LAMBDA HWY_ATTR __attribute__((always_inline))

// Whether to work on statistics between the steps of filters; it takes 32 registers to pay off.
constexpr bool kCompanions = HWY_CAP_GE512;

using D32 = hn::ScalableTag<int32_t>;
using DU32 = hn::RebindToUnsigned<D32>;
using D16 = hn::Repartition<int16_t, D32>;
using DU16 = hn::RebindToUnsigned<D16>;
using V32 = hn::Vec<D32>;
using VU32 = hn::Vec<DU32>;
using V16 = hn::Vec<D16>;

// How samples reach 16-bit lanes and sums are rounded; see Rounding in vif_ref.cc.
enum class Depth {
  k8,     // bytes: a product fits 16 bits, no rounding of second moments
  kHigh,  // 10 and 12 bits
  k16,    // full 16 bits: scale 0 of 16-bit video and the coarser scales
};

// step(0), step(1), .. step(kCount - 1), where the argument is a compile-time constant.
template <class Step, int... k>
HWY_INLINE void Unrolled(const Step& step, std::integer_sequence<int, k...>) {
  (step(std::integral_constant<int, k>()), ...);
}
template <int kCount, class Step>
HWY_INLINE void Unroll(const Step& step) {
  Unrolled(step, std::make_integer_sequence<int, kCount>());
}

// Taps of one scale: which are there is known to the compiler, their values are not.
template <int kScale>
struct Taps {
  static constexpr const PairTaps& kKnown = kPairTaps[kScale];
  const PairTaps& in_memory = kPairTapsInMemory[kScale];

  // sum + a pair of samples, weighted by pair k for an even (odd) output position; sum if there is no pair k.
  template <int k>
  HWY_INLINE V32 Even(V16 v, V32 sum) const {
    if constexpr (k >= 0 && k <= kRadius[kScale]) {
      sum = Add(v, in_memory.even[k], sum);
      if constexpr (kKnown.even_rest[k] != 0) sum = Add(v, kKnown.even_rest[k], sum);
    }
    return sum;
  }
  template <int k>
  HWY_INLINE V32 Odd(V16 v, V32 sum) const {
    if constexpr (k >= 0 && k <= kRadius[kScale]) {
      sum = Add(v, in_memory.odd[k], sum);
      if constexpr (kKnown.odd_rest[k] != 0) sum = Add(v, kKnown.odd_rest[k], sum);
    }
    return sum;
  }

 private:
  static HWY_INLINE V32 Add(V16 v, int32_t tap, V32 sum) {
    return MulPairAdd(D32(), v, hn::BitCast(D16(), hn::Set(D32(), tap)), sum);
  }
};

HWY_INLINE V16 FlipTop(V16 v) { return hn::Xor(v, hn::Set(D16(), static_cast<int16_t>(-32768))); }
HWY_INLINE VU32 Unsigned(V32 v) { return hn::BitCast(DU32(), v); }

// 16-bit lanes from the upper (lower) halves of 32-bit lanes: even lanes from `even`, odd ones from `odd`.
HWY_INLINE V16 UpperHalves(V32 even, V32 odd) {
  return hn::OddEven(hn::BitCast(D16(), odd), hn::BitCast(D16(), hn::ShiftRight<16>(Unsigned(even))));
}
HWY_INLINE V16 LowerHalves(V32 even, V32 odd) {
  return hn::OddEven(hn::BitCast(D16(), hn::ShiftLeft<16>(odd)), hn::BitCast(D16(), even));
}

// ---- 1. ring ------------------------------------------------------------------------------------------

// Interleaves two rows of `width` samples; writes 2 * round_up(width, group) lanes.
template <class Sample>
void InterleaveRows(const Sample* HWY_RESTRICT a, const Sample* HWY_RESTRICT b, int width, int16_t* HWY_RESTRICT out) {
  const D16 d16;
  const D32 d32;
  const hn::Rebind<Sample, D16> ds;
  const int group = static_cast<int>(hn::Lanes(d16));
  const auto put = [&](const Sample* p, const Sample* q, int16_t* to) FOVEA_VIF_LAMBDA {
    V16 va, vb;
    if constexpr (sizeof(Sample) == 1) {
      va = hn::PromoteTo(d16, hn::LoadU(ds, p));
      vb = hn::PromoteTo(d16, hn::LoadU(ds, q));
    } else {
      va = hn::BitCast(d16, hn::LoadU(ds, p));
      vb = hn::BitCast(d16, hn::LoadU(ds, q));
    }
    hn::Store(LowerHalves(hn::BitCast(d32, va), hn::BitCast(d32, vb)), d16, to);
    hn::Store(UpperHalves(hn::BitCast(d32, va), hn::BitCast(d32, vb)), d16, to + group);
  };
  int x = 0;
  for (; x + group <= width; x += group) put(a + x, b + x, out + 2 * x);
  if (x < width) {
    Sample last[2][HWY_MAX_BYTES / 2] = {};
    for (int i = x; i < width; ++i) {
      last[0][i - x] = a[i];
      last[1][i - x] = b[i];
    }
    put(last[0], last[1], out + 2 * x);
  }
}

// Pointers to the ring rows of one picture, from the first that the block at hand needs.
struct Ring {
  int16_t* pair[kMaxPairs];
  int first = 0;  // pair number of pair[0]
  int filled = 0;  // pairs below this number are there

  void Advance(int pairs, int count) {
    for (int i = 0; i < pairs; ++i) {
      int16_t* oldest = pair[0];
      for (int j = 0; j + 1 < count; ++j) pair[j] = pair[j + 1];
      pair[count - 1] = oldest;
      ++first;
    }
  }
};

template <class Sample>
HWY_INLINE void FetchAhead(const PlaneView& plane, int y, int begin, int end) {
  if (y >= plane.height_px) return;
  const uint8_t* row = plane.row_bytes(y);
  for (int i = begin * static_cast<int>(sizeof(Sample)); i < end * static_cast<int>(sizeof(Sample)); i += 64) hwy::Prefetch(row + i);
}

template <class Sample>
void FillRing(const PlaneView& plane, int count, Ring& ring) {
  const auto row = [&](int y) {
    const int h = plane.height_px;
    return plane.row<Sample>(HWY_MIN(HWY_MAX(reflect101(y, h), 0), h - 1));
  };
  for (; ring.filled < ring.first + count; ++ring.filled) {
    InterleaveRows(row(2 * ring.filled), row(2 * ring.filled + 1), plane.width_px, ring.pair[ring.filled - ring.first]);
  }
}

// ---- 2. vertical --------------------------------------------------------------------------------------

// Rows of the vertical pass: plane p of output row r at base + (r * planes + p) * pitch.
struct Columns {
  int16_t* base;
  size_t pitch;
  int planes;
  int16_t* row(int r, int plane) const { return base + (r * planes + plane) * pitch; }
};

// Rounding of the vertical pass.
struct Shifts {
  int mean = 8;
  int32_t mean_start = 0;
  int square = 0;
  int32_t high_start = 0;
  int32_t low_start = 0;
};
template <Depth kDepth>
Shifts MakeShifts(int bit_depth) {
  Shifts s;
  const int b = kDepth == Depth::k8 ? 8 : kDepth == Depth::k16 ? 16 : bit_depth;
  s.mean = b;
  s.square = 2 * (b - 8);
  // Means leave the pass less 2^15, ready to be read as signed. At 16 bits the samples bring that along.
  s.mean_start = (1 << (b - 1)) - (b == 16 ? 0 : 1 << (15 + b));
  // So do the upper halves of the second moments.
  s.high_start = kDepth == Depth::kHigh ? static_cast<int32_t>(0u - (1u << (15 + s.square))) : 0;
  s.low_start = kDepth == Depth::k8 ? 0 : static_cast<int32_t>(0x80000000u + (1u << (s.square - 1)));
  return s;
}

// Ring rows that a block of four output rows needs.
template <int kScale>
constexpr int PairCount() {
  constexpr PairTaps t = kPairTaps[kScale];
  return kRadius[kScale] + 1 + t.odd_start - t.even_start + 1;
}

// Adds ring row k to the sums of four output rows, in one half group (even or odd columns).
template <int kScale, int k>
HWY_INLINE void AddRowTap(const Taps<kScale>& taps, V16 v, V32& s0, V32& s1, V32& s2, V32& s3) {
  constexpr int odd = k - (kPairTaps[kScale].odd_start - kPairTaps[kScale].even_start);
  s0 = taps.template Even<k>(v, s0);
  s1 = taps.template Odd<odd>(v, s1);
  s2 = taps.template Even<k - 1>(v, s2);  // rows 2 and 3 see each pair one tap later
  s3 = taps.template Odd<odd - 1>(v, s3);
}

// Four output rows of a half group from what load(k) makes of ring row k.
template <int kScale, class Load>
HWY_INLINE void SumFour(const Taps<kScale>& taps, const Load& load, V32& s0, V32& s1, V32& s2, V32& s3) {
  Unroll<PairCount<kScale>()>([&](auto k) FOVEA_VIF_LAMBDA { AddRowTap<kScale, k>(taps, load(k), s0, s1, s2, s3); });
}

// The second moment of each column from the sums of the halves of its products.
template <Depth kDepth>
HWY_INLINE V32 JoinMoment(V32 high, V32 low, const Shifts& s) {
  if constexpr (kDepth == Depth::k16) {
    return hn::Add(high, hn::BitCast(D32(), hn::ShiftRight<16>(Unsigned(low))));
  } else {
    return hn::Add(hn::ShiftLeftSame(high, 16 - s.square), hn::BitCast(D32(), hn::ShiftRightSame(Unsigned(low), s.square)));
  }
}

// Rounded means of a group of columns.
template <Depth kDepth>
HWY_INLINE V16 JoinMeans(V32 even, V32 odd, const Shifts& s) {
  const D16 d16;
  if constexpr (kDepth == Depth::k16) return UpperHalves(even, odd);
  if constexpr (kDepth == Depth::k8) {
    return hn::OddEven(hn::BitCast(d16, hn::ShiftLeft<8>(odd)), hn::BitCast(d16, hn::ShiftRight<8>(even)));
  }
  return hn::OddEven(hn::BitCast(d16, hn::ShiftLeftSame(odd, 16 - s.mean)), hn::BitCast(d16, hn::ShiftRightSame(even, s.mean)));
}

HWY_INLINE void StoreMoment(V32 even, V32 odd, int16_t* high, int16_t* low) {
  const D16 d16;
  hn::Store(UpperHalves(even, odd), d16, high);
  hn::Store(FlipTop(LowerHalves(even, odd)), d16, low);
}

// Mean and second moment of one picture, to planes 0 to 2.
template <int kScale, Depth kDepth>
void VerticalOwn(const Ring& ring, int width, const Shifts& shifts, const Columns& out) {
  const D32 d32;
  const D16 d16;
  const DU16 du16;
  const int group = static_cast<int>(hn::Lanes(d16));
  const Taps<kScale> taps;
  for (int x = 0; x < width; x += group) {
    const auto half = [&](int at, V32& m0, V32& m1, V32& m2, V32& m3, V32& q0, V32& q1, V32& q2, V32& q3) FOVEA_VIF_LAMBDA {
      m0 = m1 = m2 = m3 = hn::Set(d32, shifts.mean_start);
      q0 = q1 = q2 = q3 = hn::Set(d32, kDepth == Depth::k8 ? 0 : shifts.high_start);
      V32 l0, l1, l2, l3;
      l0 = l1 = l2 = l3 = hn::Set(d32, shifts.low_start);
      SumFour(taps, [&](int k) FOVEA_VIF_LAMBDA {
        const V16 v = hn::Load(d16, ring.pair[k] + at);
        return kDepth == Depth::k16 ? FlipTop(v) : v;
      }, m0, m1, m2, m3);
      const auto low = [&](int k) FOVEA_VIF_LAMBDA {
        const V16 v = hn::Load(d16, ring.pair[k] + at);
        return FlipTop(hn::Mul(v, v));
      };
      if constexpr (kDepth == Depth::k8) {
        SumFour(taps, low, q0, q1, q2, q3);
      } else {
        SumFour(taps, low, l0, l1, l2, l3);
        SumFour(taps, [&](int k) FOVEA_VIF_LAMBDA {
          const auto v = hn::BitCast(du16, hn::Load(d16, ring.pair[k] + at));
          const V16 high = hn::BitCast(d16, hn::MulHigh(v, v));
          return kDepth == Depth::k16 ? FlipTop(high) : high;
        }, q0, q1, q2, q3);
      }
      if constexpr (kDepth != Depth::k8) {
        q0 = JoinMoment<kDepth>(q0, l0, shifts);
        q1 = JoinMoment<kDepth>(q1, l1, shifts);
        q2 = JoinMoment<kDepth>(q2, l2, shifts);
        q3 = JoinMoment<kDepth>(q3, l3, shifts);
      }
    };
    V32 em0, em1, em2, em3, eq0, eq1, eq2, eq3, om0, om1, om2, om3, oq0, oq1, oq2, oq3;
    half(2 * x, em0, em1, em2, em3, eq0, eq1, eq2, eq3);
    half(2 * x + group, om0, om1, om2, om3, oq0, oq1, oq2, oq3);
    const auto put = [&](int r, V32 em, V32 om, V32 eq, V32 oq) FOVEA_VIF_LAMBDA {
      hn::Store(JoinMeans<kDepth>(em, om, shifts), d16, out.row(r, 0) + x);
      StoreMoment(eq, oq, out.row(r, 1) + x, out.row(r, 2) + x);
    };
    put(0, em0, om0, eq0, oq0);
    put(1, em1, om1, eq1, oq1);
    put(2, em2, om2, eq2, oq2);
    put(3, em3, om3, eq3, oq3);
  }
}

// Mixed moment of two pictures, to planes 3 and 4.
template <int kScale, Depth kDepth>
void VerticalMixed(const Ring& ref, const Ring& dis, int width, const Shifts& shifts, const Columns& out) {
  const D32 d32;
  const D16 d16;
  const DU16 du16;
  const int group = static_cast<int>(hn::Lanes(d16));
  const Taps<kScale> taps;
  for (int x = 0; x < width; x += group) {
    const auto half = [&](int at, V32& q0, V32& q1, V32& q2, V32& q3) FOVEA_VIF_LAMBDA {
      q0 = q1 = q2 = q3 = hn::Set(d32, kDepth == Depth::k8 ? 0 : shifts.high_start);
      V32 l0, l1, l2, l3;
      l0 = l1 = l2 = l3 = hn::Set(d32, shifts.low_start);
      const auto low = [&](int k) FOVEA_VIF_LAMBDA {
        return FlipTop(hn::Mul(hn::Load(d16, ref.pair[k] + at), hn::Load(d16, dis.pair[k] + at)));
      };
      if constexpr (kDepth == Depth::k8) {
        SumFour(taps, low, q0, q1, q2, q3);
      } else {
        SumFour(taps, low, l0, l1, l2, l3);
        SumFour(taps, [&](int k) FOVEA_VIF_LAMBDA {
          const V16 high = hn::BitCast(d16, hn::MulHigh(hn::BitCast(du16, hn::Load(d16, ref.pair[k] + at)),
                                                        hn::BitCast(du16, hn::Load(d16, dis.pair[k] + at))));
          return kDepth == Depth::k16 ? FlipTop(high) : high;
        }, q0, q1, q2, q3);
      }
      if constexpr (kDepth != Depth::k8) {
        q0 = JoinMoment<kDepth>(q0, l0, shifts);
        q1 = JoinMoment<kDepth>(q1, l1, shifts);
        q2 = JoinMoment<kDepth>(q2, l2, shifts);
        q3 = JoinMoment<kDepth>(q3, l3, shifts);
      }
    };
    V32 e0, e1, e2, e3, o0, o1, o2, o3;
    half(2 * x, e0, e1, e2, e3);
    half(2 * x + group, o0, o1, o2, o3);
    StoreMoment(e0, o0, out.row(0, 3) + x, out.row(0, 4) + x);
    StoreMoment(e1, o1, out.row(1, 3) + x, out.row(1, 4) + x);
    StoreMoment(e2, o2, out.row(2, 3) + x, out.row(2, 4) + x);
    StoreMoment(e3, o3, out.row(3, 3) + x, out.row(3, 4) + x);
  }
}

// Reflects a row of the vertical pass at both ends.
HWY_INLINE void MirrorEnds(int16_t* row, int width, int radius) {
  for (int i = 1; i <= radius; ++i) {
    row[-i] = row[i];
    row[width - 1 + i] = row[width - 1 - i];
  }
}

// ---- 3. horizontal ------------------------------------------------------------------------------------

// Adds tap k of the filter along row p to the sums of a group of columns, the first of which stands at p.
// All rows that are wanted go through tap k before the next one, so that taps need few registers and sums do not
// wait for each other.
template <int kScale, int k>
HWY_INLINE void AddColumnTap(const Taps<kScale>& taps, const int16_t* HWY_RESTRICT p, V32& even, V32& odd) {
  constexpr PairTaps t = kPairTaps[kScale];
  const V16 v = hn::LoadU(D16(), p + 2 * (t.even_start + k));
  even = taps.template Even<k>(v, even);
  odd = taps.template Odd<k - (t.odd_start - t.even_start)>(v, odd);
}
template <int kScale>
constexpr int ColumnTaps() {
  return kRadius[kScale] + 1 + kPairTaps[kScale].odd_start - kPairTaps[kScale].even_start;
}

// What sums start with: the 2^15 that was taken from the operands comes back, and lower halves are rounded.
HWY_INLINE V32 StartHigh() { return hn::Set(D32(), static_cast<int32_t>(0x80000000u)); }
HWY_INLINE V32 StartLow() { return hn::Set(D32(), static_cast<int32_t>(0x80008000u)); }
HWY_INLINE V32 JoinHalves(V32 high, V32 low) { return hn::Add(high, hn::BitCast(D32(), hn::ShiftRight<16>(Unsigned(low)))); }

// ---- 4. statistics ------------------------------------------------------------------------------------

// moment - ((a * b + 2^31) >> 32)
HWY_INLINE V32 Central(V32 moment, V32 a, V32 b) {
  const DU32 du32;
  const hn::Repartition<uint64_t, DU32> du64;
  const auto half = hn::Set(du64, 0x80000000u);
  const auto upper = [&](V32 v) FOVEA_VIF_LAMBDA { return hn::BitCast(du32, hn::ShiftRight<32>(hn::BitCast(du64, v))); };
  const auto even = hn::ShiftRight<32>(hn::Add(hn::MulEven(Unsigned(a), Unsigned(b)), half));
  const auto odd = hn::Add(hn::MulEven(upper(a), upper(b)), half);
  return hn::Sub(moment, hn::BitCast(D32(), hn::OddEven(hn::BitCast(du32, odd), hn::BitCast(du32, even))));
}

// Rounds toward zero. Lanes beyond int32_t give anything.
template <class D, class V>
HWY_INLINE hn::Vec<D> Truncate(D d, V v) {
#if HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX3  // without Highway's clamping
  (void)d;
  if constexpr (sizeof(hn::TFromV<V>) == 8) {
    return hn::Vec<D>{_mm512_cvttpd_epi32(v.raw)};
  } else {
    return hn::Vec<D>{_mm512_cvttps_epi32(v.raw)};
  }
#elif HWY_TARGET == HWY_AVX2
  (void)d;
  if constexpr (sizeof(hn::TFromV<V>) == 8) {
    return hn::Vec<D>{_mm256_cvttpd_epi32(v.raw)};
  } else {
    return hn::Vec<D>{_mm256_cvttps_epi32(v.raw)};
  }
#else
  if constexpr (sizeof(hn::TFromV<V>) == 8) {
    return hn::DemoteTo(d, v);
  } else {
    return hn::ConvertTo(d, v);
  }
#endif
}

// log2 in Q11 of lanes in [2^16, 2^31): 2048 * (octave - 127) + fraction.
HWY_INLINE void Log2(V32 v, V32& octave, V32& fraction) {
  const D32 d32;
  const hn::Repartition<float, D32> df;
#if HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX3
  // Rounding toward zero leaves the upper 16 bits as they are.
  const V32 bits = hn::BitCast(d32, hn::Vec<decltype(df)>{_mm512_cvt_roundepi32_ps(v.raw, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)});
#else
  // Of the bits below the upper 16 the first is cleared, so that rounding to 24 bits cannot reach those.
  const V32 bits = hn::BitCast(d32, hn::ConvertTo(df, hn::AndNot(hn::ShiftRight<16>(v), v)));
#endif
  octave = hn::ShiftRight<23>(bits);
#if HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_AVX3
  const V32 segment = hn::ShiftRight<18>(bits);  // the instruction looks at five bits only
  const auto coefficient = [&](const float* c) FOVEA_VIF_LAMBDA {
    return hn::Vec<decltype(df)>{_mm512_permutex2var_ps(hn::Load(df, c).raw, segment.raw, hn::Load(df, c + 16).raw)};
  };
  const auto one = hn::Set(df, 1.0f);
  const auto u = hn::Sub(hn::BitCast(df, hn::OrAnd(hn::BitCast(d32, one), bits, hn::Set(d32, 0x3FF00))), one);
  auto y = coefficient(kLog2Quadratic[2]);
  y = hn::MulAdd(y, u, coefficient(kLog2Quadratic[1]));
  y = hn::MulAdd(y, u, coefficient(kLog2Quadratic[0]));
  fraction = Truncate(d32, y);
#elif HWY_TARGET == HWY_AVX2
  const V32 segment = hn::ShiftRight<20>(bits);  // the instruction looks at three bits only
  const auto coefficient = [&](const float* c) FOVEA_VIF_LAMBDA {
    return hn::Vec<decltype(df)>{_mm256_permutevar8x32_ps(hn::Load(df, c).raw, segment.raw)};
  };
  const auto one = hn::Set(df, 1.0f);
  const auto u = hn::Sub(hn::BitCast(df, hn::OrAnd(hn::BitCast(d32, one), bits, hn::Set(d32, 0xFFF00))), one);
  auto y = coefficient(kLog2Cubic[3]);
  y = hn::MulAdd(y, u, coefficient(kLog2Cubic[2]));
  y = hn::MulAdd(y, u, coefficient(kLog2Cubic[1]));
  y = hn::MulAdd(y, u, coefficient(kLog2Cubic[0]));
  fraction = Truncate(d32, y);
#else
  // Without cheap look-ups in registers: pairs of 16-bit entries of the table.
  const V32 offset = hn::And(hn::ShiftRight<7>(bits), hn::Set(d32, 0xFFFE));
  const V32 entry = hn::And(hn::GatherOffset(d32, reinterpret_cast<const int32_t*>(log2_table()), offset), hn::Set(d32, 0xFFFF));
  fraction = hn::Sub(entry, hn::Set(d32, 30720));
#endif
}

HWY_INLINE int64_t SumLanes(V32 v) {
  const D32 d32;
  HWY_ALIGN int32_t lane[HWY_MAX_BYTES / 4];
  hn::Store(v, d32, lane);
  int64_t sum = 0;
  for (size_t i = 0; i < hn::Lanes(d32); ++i) sum += lane[i];
  return sum;
}
// The same for lanes of up to 32 bits without sign, under a mask.
template <class M>
HWY_INLINE int64_t SumUnsignedLanes(M mask, V32 v) {
  const hn::Repartition<uint64_t, D32> d64;
  const auto kept = hn::BitCast(d64, hn::IfThenElseZero(mask, v));
  return static_cast<int64_t>(hn::GetLane(hn::SumOfLanes(
      d64, hn::Add(hn::And(kept, hn::Set(d64, 0xFFFFFFFF)), hn::ShiftRight<32>(kept)))));
}

// From here on a row holds, for each group of columns, the even ones and then the odd ones. Columns from
// `width` to the end of the group get `value`.
void PadRow(int32_t* row, int width, int32_t value) {
  const int lanes = static_cast<int>(hn::Lanes(D32())), group = 2 * lanes;
  for (int x = width; x % group != 0; ++x) row[x - x % group + (x % 2) * lanes + x % group / 2] = value;
}

// Mean and variance of the reference along a row.
template <int kScale>
void RefMoments(const Columns& in, int r, int width, int32_t* HWY_RESTRICT mean, int32_t* HWY_RESTRICT variance) {
  const D32 d32;
  const int lanes = static_cast<int>(hn::Lanes(d32)), group = 2 * lanes;
  const int16_t *m = in.row(r, 0), *h = in.row(r, 1), *l = in.row(r, 2);
  const Taps<kScale> taps;
  for (int x = 0; x < width; x += group) {
    V32 m_even = StartHigh(), m_odd = m_even, h_even = m_even, h_odd = m_even, l_even = StartLow(), l_odd = l_even;
    Unroll<ColumnTaps<kScale>()>([&](auto k) FOVEA_VIF_LAMBDA {
      AddColumnTap<kScale, k>(taps, m + x, m_even, m_odd);
      AddColumnTap<kScale, k>(taps, h + x, h_even, h_odd);
      AddColumnTap<kScale, k>(taps, l + x, l_even, l_odd);
    });
    const V32 q_even = JoinHalves(h_even, l_even), q_odd = JoinHalves(h_odd, l_odd);
    hn::Store(m_even, d32, mean + x);
    hn::Store(m_odd, d32, mean + x + lanes);
    hn::Store(Central(q_even, m_even, m_even), d32, variance + x);
    hn::Store(Central(q_odd, m_odd, m_odd), d32, variance + x + lanes);
  }
  PadRow(variance, width, -1);
}

// Logarithms to be summed, a vector at a time: of the reference's variances, or of pairs of terms.
struct RefLogs {
  const int32_t* variance;
  int count;  // lanes
  int next;
};
struct DisLogs {
  const int32_t* noise_only;
  const int32_t* with_signal;
  int count;
  int next;
};

HWY_INLINE void AddLog(RefLogs& logs, V32& octaves, V32& fractions, int64_t& textured_count) {
  const D32 d32;
  const V32 v = hn::Load(d32, logs.variance + logs.next);
  const auto textured = hn::Gt(v, hn::Set(d32, kNoiseQ16 - 1));
  textured_count += static_cast<int64_t>(hn::CountTrue(d32, textured));
  V32 octave, fraction;
  Log2(hn::Add(v, hn::Set(d32, kNoiseQ16)), octave, fraction);
  octaves = hn::Add(octaves, hn::IfThenElseZero(textured, octave));
  fractions = hn::Add(fractions, hn::IfThenElseZero(textured, fraction));
  logs.next += static_cast<int>(hn::Lanes(d32));
}
HWY_INLINE void AddLog(DisLogs& logs, V32& octaves, V32& fractions, int64_t&) {
  const D32 d32;
  V32 octave1, octave2, fraction1, fraction2;
  Log2(hn::Load(d32, logs.noise_only + logs.next), octave1, fraction1);
  Log2(hn::Load(d32, logs.with_signal + logs.next), octave2, fraction2);
  octaves = hn::Add(octaves, hn::Sub(octave2, octave1));
  fractions = hn::Add(fractions, hn::Sub(fraction2, fraction1));
  logs.next += static_cast<int>(hn::Lanes(d32));
}

HWY_INLINE void AddToSums(const RefLogs&, V32 octaves, V32 fractions, int64_t textured_count, Sums& sums) {
  sums.den_flat -= textured_count;  // the caller adds all pixels
  sums.den_log += 2048 * (SumLanes(octaves) - (127 + 17) * textured_count) + SumLanes(fractions);
}
HWY_INLINE void AddToSums(const DisLogs&, V32 octaves, V32 fractions, int64_t, Sums& sums) {
  sums.num_log += 2048 * SumLanes(octaves) + SumLanes(fractions);
}

// All that are left.
template <class Logs>
void Drain(Logs& logs, Sums& sums) {
  V32 octaves = hn::Zero(D32()), fractions = octaves;
  int64_t textured_count = 0;
  while (logs.next < logs.count) AddLog(logs, octaves, fractions, textured_count);
  AddToSums(logs, octaves, fractions, textured_count, sums);
  logs.next = logs.count = 0;
}

// What the numerator's two logarithms are taken of, gathered from vectors of pixels with at least one textured.
struct Terms {
  int32_t* noise_only;
  int32_t* with_signal;  // equal to noise_only where a pixel adds nothing
  int count;             // lanes written
  // The same under further gain limits: limit i at further + (i - 1) * further_pitch.
  int32_t* further;
  size_t further_pitch;
};

// The reference's power as it shows under a limited gain.
template <class VF64>
HWY_INLINE auto Explained(VF64 gain, VF64 power, double limit) {
  const hn::DFromV<VF64> df64;
  const hn::Rebind<int32_t, decltype(df64)> dh32;
  gain = hn::Min(gain, hn::Set(df64, limit));
  return Truncate(dh32, hn::Mul(hn::Mul(gain, gain), power));
}

// The terms of one vector of pixels, and its part of num_flat.
HWY_INLINE void AddTerms(const int32_t* HWY_RESTRICT ref_variance, const int32_t* HWY_RESTRICT variance,
                         const int32_t* HWY_RESTRICT covariance, const Strip& strip, Terms& terms, Sums& sums) {
  const D32 d32;
  const hn::Half<D32> dh32;
  const hn::Rebind<double, decltype(dh32)> df64;
  const size_t lanes = hn::Lanes(d32);
  const V32 v1 = hn::Load(d32, ref_variance), v2 = hn::Load(d32, variance), v12 = hn::Load(d32, covariance);
  const auto textured = hn::Gt(v1, hn::Set(d32, kNoiseQ16 - 1));
  if (!hn::AllTrue(d32, textured)) {
    sums.num_flat += SumUnsignedLanes(hn::Not(textured), v2);
    if (hn::AllFalse(d32, textured)) return;
  }
  const V32 zero = hn::Zero(d32);
  const auto shared = hn::And(textured, hn::Gt(hn::Min(v12, v2), zero));
  // Half of the lanes: what the reference does not explain, and what it explains under the limited gain.
  const auto explain = [&](size_t x, auto& rest, auto& explained, auto& gain, auto& d1) FOVEA_VIF_LAMBDA {
    d1 = hn::PromoteTo(df64, hn::Load(dh32, ref_variance + x));
    const auto d2 = hn::PromoteTo(df64, hn::Load(dh32, variance + x));
    const auto d12 = hn::PromoteTo(df64, hn::Load(dh32, covariance + x));
    gain = hn::Div(d12, hn::Add(d1, hn::Set(df64, 65536 * 1.0e-10)));
    rest = Truncate(dh32, hn::Sub(d2, hn::Mul(gain, d12)));
    explained = Explained(gain, d1, strip.gain_limits[0]);
  };
  hn::Vec<decltype(dh32)> rest0, rest1, explained0, explained1;
  hn::Vec<decltype(df64)> gain0, gain1, power0, power1;
  explain(0, rest0, explained0, gain0, power0);
  explain(lanes / 2, rest1, explained1, gain1, power1);
  const V32 n1 = hn::Add(hn::Max(hn::Combine(d32, rest1, rest0), zero), hn::Set(d32, kNoiseQ16));
  const V32 n2 = hn::Add(n1, hn::IfThenElseZero(shared, hn::Combine(d32, explained1, explained0)));
  hn::Store(n1, d32, terms.noise_only + terms.count);
  hn::Store(n2, d32, terms.with_signal + terms.count);
  for (int i = 1; i < strip.limit_count; ++i) {
    const V32 explained = hn::Combine(d32, Explained(gain1, power1, strip.gain_limits[i]), Explained(gain0, power0, strip.gain_limits[i]));
    hn::Store(hn::Add(n1, hn::IfThenElseZero(shared, explained)), d32, terms.further + (i - 1) * terms.further_pitch + terms.count);
  }
  terms.count += static_cast<int>(lanes);
}

// Variance (at least 0) of the distorted picture and covariance along columns [begin, end) of a row, to index 0
// on. `companion` is called twice a group, with the index of a vector of results that are ready: filters are
// bound by multipliers, so that other work done in between comes nearly free.
template <int kScale, class Companion>
HWY_INLINE void DisMoments(const Columns& in, int r, int begin, int end, const int32_t* HWY_RESTRICT ref_mean,
                           int32_t* HWY_RESTRICT variance, int32_t* HWY_RESTRICT covariance, const Companion& companion) {
  const D32 d32;
  const int lanes = static_cast<int>(hn::Lanes(d32)), group = 2 * lanes;
  const int16_t *m = in.row(r, 0), *h = in.row(r, 1), *l = in.row(r, 2), *xh = in.row(r, 3), *xl = in.row(r, 4);
  const V32 zero = hn::Zero(d32);
  const Taps<kScale> taps;
  for (int x = begin; x < end; x += group) {
    const int to = x - begin;
    V32 m_even = StartHigh(), m_odd = m_even, h_even = m_even, h_odd = m_even, l_even = StartLow(), l_odd = l_even;
    V32 xh_even = m_even, xh_odd = m_even, xl_even = l_even, xl_odd = l_even;
    Unroll<ColumnTaps<kScale>()>([&](auto k) FOVEA_VIF_LAMBDA {
      AddColumnTap<kScale, k>(taps, m + x, m_even, m_odd);
      AddColumnTap<kScale, k>(taps, h + x, h_even, h_odd);
      AddColumnTap<kScale, k>(taps, l + x, l_even, l_odd);
      AddColumnTap<kScale, k>(taps, xh + x, xh_even, xh_odd);
      AddColumnTap<kScale, k>(taps, xl + x, xl_even, xl_odd);
      if (k == ColumnTaps<kScale>() / 4 && to > 0) companion(to - group);
      if (k == ColumnTaps<kScale>() * 5 / 8 && to > 0) companion(to - lanes);
    });
    const V32 dd_even = JoinHalves(h_even, l_even), dd_odd = JoinHalves(h_odd, l_odd);
    const V32 rd_even = JoinHalves(xh_even, xl_even), rd_odd = JoinHalves(xh_odd, xl_odd);
    hn::Store(hn::Max(Central(dd_even, m_even, m_even), zero), d32, variance + to);
    hn::Store(hn::Max(Central(dd_odd, m_odd, m_odd), zero), d32, variance + to + lanes);
    hn::Store(Central(rd_even, m_even, hn::Load(d32, ref_mean + x)), d32, covariance + to);
    hn::Store(Central(rd_odd, m_odd, hn::Load(d32, ref_mean + x + lanes)), d32, covariance + to + lanes);
  }
  PadRow(variance, end - begin, 0);
  PadRow(covariance, end - begin, 0);
}

// The numerator's terms of columns [begin, end) of a row.
template <int kScale>
void DisRow(const Columns& in, int r, int begin, int end, const int32_t* HWY_RESTRICT ref_mean,
            const int32_t* HWY_RESTRICT ref_variance, int32_t* HWY_RESTRICT variance, int32_t* HWY_RESTRICT covariance,
            const Strip& strip, Terms& terms, Sums& sums) {
  const int lanes = static_cast<int>(hn::Lanes(D32())), group = 2 * lanes;
  const int padded = (end - begin + group - 1) / group * group;
  const auto add = [&](int i) FOVEA_VIF_LAMBDA {
    AddTerms(ref_variance + begin + i, variance + i, covariance + i, strip, terms, sums);
  };
  if constexpr (kCompanions) {
    DisMoments<kScale>(in, r, begin, end, ref_mean, variance, covariance, add);
    add(padded - group);
    add(padded - lanes);
  } else {
    DisMoments<kScale>(in, r, begin, end, ref_mean, variance, covariance, [](int) FOVEA_VIF_LAMBDA {});
    for (int i = 0; i < padded; i += lanes) add(i);
  }
}

// ---- the next scale -----------------------------------------------------------------------------------

// Output rows 0 and 2 of the block, blurred with the next scale's taps, every other column.
template <int kScale, Depth kDepth>
void NextRows(const Ring& ring, int width, const Shifts& shifts, int16_t* row0, int16_t* row1, uint16_t* out0, uint16_t* out1) {
  constexpr int start = kPairTaps[kScale + 1].even_start;
  const Taps<kScale + 1> taps;
  constexpr int count = kRadius[kScale + 1] + 1, skip = start - kPairTaps[kScale].even_start;
  const D32 d32;
  const D16 d16;
  const int group = static_cast<int>(hn::Lanes(d16)), lanes = group / 2;
  const auto vertical = [&](int at, V32& s0, V32& s1) FOVEA_VIF_LAMBDA {
    s0 = s1 = hn::Set(d32, shifts.mean_start);
    Unroll<count + 1>([&](auto k) FOVEA_VIF_LAMBDA {
      V16 v = hn::Load(d16, ring.pair[skip + k] + at);
      if (kDepth == Depth::k16) v = FlipTop(v);
      s0 = taps.template Even<k>(v, s0);
      s1 = taps.template Even<k - 1>(v, s1);
    });
  };
  for (int x = 0; x < width; x += group) {
    V32 e0, e1, o0, o1;
    vertical(2 * x, e0, e1);
    vertical(2 * x + group, o0, o1);
    const auto put = [&](V32 even, V32 odd, int16_t* to) FOVEA_VIF_LAMBDA {
      hn::Store(JoinMeans<kDepth>(even, odd, shifts), d16, to);
    };
    put(e0, o0, row0 + x);
    put(e1, o1, row1 + x);
  }
  const hn::Rebind<uint16_t, D32> du16;
  const auto horizontal = [&](const int16_t* row, uint16_t* out) FOVEA_VIF_LAMBDA {
    for (int x = 0; x < width / 2; x += lanes) {
      V32 sum = hn::Set(d32, static_cast<int32_t>(0x80008000u));
      Unroll<count>([&](auto k) FOVEA_VIF_LAMBDA {
        sum = taps.template Even<k>(hn::LoadU(d16, row + 2 * (x + start + k)), sum);
      });
      hn::StoreU(hn::DemoteTo(du16, hn::BitCast(d32, hn::ShiftRight<16>(Unsigned(sum)))), du16, out + x);
    }
  };
  MirrorEnds(row0, width, kRadius[kScale + 1]);
  horizontal(row0, out0);
  if (out1 == nullptr) return;
  MirrorEnds(row1, width, kRadius[kScale + 1]);
  horizontal(row1, out1);
}

// ---- strips -------------------------------------------------------------------------------------------

template <int kScale, Depth kDepth>
void RunStripOf(const Strip& s, Scratch& scratch) {
  using Sample = std::conditional_t<kDepth == Depth::k8, uint8_t, uint16_t>;
  constexpr int pairs = PairCount<kScale>();
  static_assert(pairs <= kMaxPairs);
  const int width = s.width(), dis_count = s.dis_count, radius = kRadius[kScale];
  const size_t pitch = plane_pitch(width);
  const Shifts shifts = MakeShifts<kDepth>(s.bit_depth);

  Ring* rings = scratch.take<Ring>(dis_count + 1);  // the reference's last
  for (int i = 0; i <= dis_count; ++i) {
    rings[i].first = rings[i].filled = s.begin / 2 + kPairTaps[kScale].even_start;
    for (int j = 0; j < pairs; ++j) rings[i].pair[j] = scratch.take<int16_t>(2 * padded_width(width));
  }
  Ring& ref_ring = rings[dis_count];
  const Columns ref_columns{scratch.take<int16_t>(kBlock * kRefPlanes * pitch) + kLead, pitch, kRefPlanes};
  const Columns dis_columns{scratch.take<int16_t>(kBlock * kDisPlanes * pitch) + kLead, pitch, kDisPlanes};
  const size_t wide = padded_width(width);
  int32_t* mean = scratch.take<int32_t>(kBlock * wide);
  int32_t* variance = scratch.take<int32_t>(kBlock * wide);
  int32_t* dis_variance = scratch.take<int32_t>(kChunk);
  int32_t* covariance = scratch.take<int32_t>(kChunk);
  Terms terms{scratch.take<int32_t>(kBlock * wide), scratch.take<int32_t>(kBlock * wide), 0,
              scratch.take<int32_t>((s.limit_count - 1) * kBlock * wide), kBlock * wide};
  std::fill_n(variance, kBlock * wide, -1);
  RefLogs ref_logs{variance, 0, 0};
  DisLogs dis_logs{terms.noise_only, terms.with_signal, 0, 0};
  Sums ref_sums, discarded;
  Sums* logs_of = &discarded;  // whose terms wait in dis_logs
  if (s.sums != nullptr) std::fill_n(s.sums, dis_count * s.limit_count, Sums{});

  for (int y = s.begin; y < s.end; y += kBlock) {
    const int rows = HWY_MIN(kBlock, s.end - y);
    FillRing<Sample>(s.ref, pairs, ref_ring);
    for (int d = 0; d < dis_count; ++d) FillRing<Sample>(s.dis[d], pairs, rings[d]);
    if (s.sums != nullptr) {
      VerticalOwn<kScale, kDepth>(ref_ring, width, shifts, ref_columns);
      Drain(ref_logs, ref_sums);
      for (int r = 0; r < rows; ++r) {
        for (int p = 0; p < kRefPlanes; ++p) MirrorEnds(ref_columns.row(r, p), width, radius);
        FetchAhead<Sample>(s.ref, 2 * ref_ring.filled + r, 0, width);
        RefMoments<kScale>(ref_columns, r, width, mean + r * wide, variance + r * wide);
      }
      ref_sums.den_flat += static_cast<int64_t>(width) * rows;
      ref_logs.count = static_cast<int>(wide) * rows;
      if (!kCompanions) Drain(ref_logs, ref_sums);
      for (int d = 0; d < dis_count; ++d) {
        VerticalOwn<kScale, kDepth>(rings[d], width, shifts, dis_columns);
        VerticalMixed<kScale, kDepth>(ref_ring, rings[d], width, shifts, dis_columns);
        Drain(dis_logs, *logs_of);
        Sums* sums = s.sums + d * s.limit_count;
        logs_of = sums;
        terms.count = 0;
        // Under further limits only the logarithms differ.
        int further_from = 0;
        const auto add_further = [&] {
          for (int i = 1; i < s.limit_count; ++i) {
            DisLogs logs{terms.noise_only, terms.further + (i - 1) * terms.further_pitch, terms.count, further_from};
            Drain(logs, sums[i]);
          }
          further_from = terms.count;
        };
        for (int r = 0; r < rows; ++r) {
          for (int p = 0; p < kDisPlanes; ++p) MirrorEnds(dis_columns.row(r, p), width, radius);
          for (int x = 0; x < width; x += kChunk) {
            const int end = HWY_MIN(x + kChunk, width);
            FetchAhead<Sample>(s.dis[d], 2 * rings[d].filled + r, x, end);
            DisRow<kScale>(dis_columns, r, x, end, mean + r * wide, variance + r * wide, dis_variance, covariance,
                           s, terms, *sums);
            dis_logs.count = terms.count;
            add_further();
            if (!kCompanions) {
              Drain(dis_logs, *logs_of);
              terms.count = further_from = 0;
            }
          }
        }
      }
    }
    if constexpr (kScale + 1 < kScales) {
      if (s.next_ref.data != nullptr && y / 2 < s.height() / 2) {
        const bool second = rows > 2 && y / 2 + 1 < s.height() / 2;
        const auto next = [&](const Ring& ring, const NextPlane& to) {
          uint16_t* out = to.data + (y / 2) * to.stride;
          NextRows<kScale, kDepth>(ring, width, shifts, dis_columns.row(0, 0), dis_columns.row(1, 0), out,
                                   second ? out + to.stride : nullptr);
        };
        next(ref_ring, s.next_ref);
        for (int d = 0; d < dis_count; ++d) next(rings[d], s.next_dis[d]);
      }
    }
    for (int i = 0; i <= dis_count; ++i) rings[i].Advance(kBlock / 2, pairs);
  }
  Drain(ref_logs, ref_sums);
  Drain(dis_logs, *logs_of);
  for (int i = 0; s.sums != nullptr && i < dis_count * s.limit_count; ++i) {
    s.sums[i].num_flat = s.sums[i - i % s.limit_count].num_flat;
    s.sums[i].den_log = ref_sums.den_log;
    s.sums[i].den_flat = ref_sums.den_flat;
  }
}

void RunStrip(const Strip& s, Scratch& scratch) {
  switch (s.scale) {
    case 0:
      if (s.bit_depth == 8) return RunStripOf<0, Depth::k8>(s, scratch);
      if (s.bit_depth < 16) return RunStripOf<0, Depth::kHigh>(s, scratch);
      return RunStripOf<0, Depth::k16>(s, scratch);
    case 1:
      return RunStripOf<1, Depth::k16>(s, scratch);
    case 2:
      return RunStripOf<2, Depth::k16>(s, scratch);
    default:
      return RunStripOf<3, Depth::k16>(s, scratch);
  }
}

void Log2Row(const uint32_t* v, int count, int32_t* out) {
  const D32 d32;
  const int lanes = static_cast<int>(hn::Lanes(d32));
  HWY_ALIGN int32_t in[HWY_MAX_BYTES / 4], result[HWY_MAX_BYTES / 4];
  for (int i = 0; i < count; i += lanes) {
    const int n = HWY_MIN(lanes, count - i);
    for (int j = 0; j < lanes; ++j) in[j] = static_cast<int32_t>(v[i + HWY_MIN(j, n - 1)]);
    V32 octave, fraction;
    Log2(hn::Load(d32, in), octave, fraction);
    hn::Store(hn::Add(hn::ShiftLeft<11>(hn::Sub(octave, hn::Set(d32, 127 + 17))), fraction), d32, result);
    for (int j = 0; j < n; ++j) out[i + j] = result[j];
  }
}

#endif  // HWY_SCALAR

}  // namespace fovea::vif::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::vif {

const PairTaps* const volatile kPairTapsInMemory = kPairTaps;

HWY_EXPORT(RunStrip);
HWY_EXPORT(Log2Row);

void run_strip(const Strip& strip, Scratch& scratch) { HWY_DYNAMIC_DISPATCH(RunStrip)(strip, scratch); }
void log2_row(const uint32_t* v, int count, int32_t* out) { HWY_DYNAMIC_DISPATCH(Log2Row)(v, count, out); }

size_t strip_scratch_bytes(int width, int dis_count, int limit_count) {
  const size_t pitch = plane_pitch(width), wide = padded_width(width);
  const size_t kernels = Scratch::bytes_for<uint8_t>(256 * (dis_count + 1)) +
                         (dis_count + 1) * kMaxPairs * Scratch::bytes_for<int16_t>(2 * wide) +
                         Scratch::bytes_for<int16_t>(kBlock * kRefPlanes * pitch) +
                         Scratch::bytes_for<int16_t>(kBlock * kDisPlanes * pitch) +
                         4 * Scratch::bytes_for<int32_t>(kBlock * wide) +
                         Scratch::bytes_for<int32_t>((limit_count - 1) * kBlock * wide) + 2 * Scratch::bytes_for<int32_t>(kChunk);
  return HWY_MAX(kernels, strip_scratch_bytes_ref(width));
}

}  // namespace fovea::vif
#endif
