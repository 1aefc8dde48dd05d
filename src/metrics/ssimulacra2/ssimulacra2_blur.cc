// SPDX-License-Identifier: BSD-2-Clause-Patent
// The recursive blur and the maps. Compiled once per CPU target; the wrappers at the end choose at run time.
#include <cstring>
#include <type_traits>

#include "metrics/ssimulacra2/ssimulacra2_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/ssimulacra2/ssimulacra2_blur.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::ssimulacra2::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#undef FOVEA_LAMBDA
#define FOVEA_LAMBDA HWY_ATTR __attribute__((always_inline))

using DA = hn::CappedTag<float, kRows>;
using DD = hn::CappedTag<float, kGroup / 2>;  // two chains of operations side by side

#if HWY_TARGET != HWY_SCALAR
// Four lanes each of the rows 0, 4, 8, ... of a block, as many as fill a vector.
template <class D>
HWY_INLINE hn::Vec<D> LoadBlocks(D d, const float* HWY_RESTRICT in, ptrdiff_t pitch) {
#if HWY_HAVE_SCALABLE
  (void)pitch;
  return hn::LoadU(d, in);
#else
  if constexpr (hn::MaxLanes(D()) <= 4) {
    return hn::LoadU(d, in);
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, LoadBlocks(half, in + hn::MaxLanes(half) * pitch, pitch),
                       LoadBlocks(half, in, pitch));
  }
#endif
}
#endif

// in[rows][in_pitch] to out[columns][out_pitch]; rows are a multiple of 16, columns of 4.
HWY_INLINE void Transpose(const float* HWY_RESTRICT in, ptrdiff_t in_pitch, int rows, int columns,
                          float* HWY_RESTRICT out, ptrdiff_t out_pitch) {
#if HWY_TARGET == HWY_SCALAR
  for (int y = 0; y < rows; ++y) {
    for (int x = 0; x < columns; ++x) out[x * out_pitch + y] = in[y * in_pitch + x];
  }
#else
#if HWY_HAVE_SCALABLE
  const hn::FixedTag<float, 4> d;
#else
  const DA d;
#endif
  for (int y = 0; y < rows; y += static_cast<int>(hn::Lanes(d))) {
    for (int x = 0; x < columns; x += 4) {
      const float* HWY_RESTRICT from = in + y * in_pitch + x;
      float* HWY_RESTRICT to = out + x * out_pitch + y;
      const auto r0 = LoadBlocks(d, from, in_pitch), r1 = LoadBlocks(d, from + in_pitch, in_pitch),
                 r2 = LoadBlocks(d, from + 2 * in_pitch, in_pitch),
                 r3 = LoadBlocks(d, from + 3 * in_pitch, in_pitch);
      const auto even0 = hn::InterleaveLower(d, r0, r2), odd0 = hn::InterleaveLower(d, r1, r3),
                 even1 = hn::InterleaveUpper(d, r0, r2), odd1 = hn::InterleaveUpper(d, r1, r3);
      hn::StoreU(hn::InterleaveLower(d, even0, odd0), d, to);
      hn::StoreU(hn::InterleaveUpper(d, even0, odd0), d, to + out_pitch);
      hn::StoreU(hn::InterleaveLower(d, even1, odd1), d, to + 2 * out_pitch);
      hn::StoreU(hn::InterleaveUpper(d, even1, odd1), d, to + 3 * out_pitch);
    }
  }
#endif
}

void RowsToLanes(const float* rows, ptrdiff_t pitch, int columns, float* lanes) {
  Transpose(rows, pitch, kRows, columns, lanes, kRows);
}

// One step of the three oscillators of a vector of lanes: l their last outputs, b those before.
template <class D, class V = hn::Vec<D>>
HWY_INLINE V Step(D d, V sum, V& l1, V& l3, V& l5, V& b1, V& b3, V& b5) {
  const V v1 = hn::Sub(
      hn::Sub(hn::Mul(hn::Set(d, kBlurInput[0]), sum), hn::Mul(hn::Set(d, kBlurFeedback[0]), l1)), b1);
  const V v3 = hn::Sub(
      hn::Sub(hn::Mul(hn::Set(d, kBlurInput[1]), sum), hn::Mul(hn::Set(d, kBlurFeedback[1]), l3)), b3);
  const V v5 = hn::Sub(
      hn::Sub(hn::Mul(hn::Set(d, kBlurInput[2]), sum), hn::Mul(hn::Set(d, kBlurFeedback[2]), l5)), b5);
  b1 = l1;
  b3 = l3;
  b5 = l5;
  l1 = v1;
  l3 = v3;
  l5 = v5;
  return hn::Add(hn::Add(v1, v3), v5);
}

template <int kChain>
using Chain = std::integral_constant<int, kChain>;

// Runs up to three vectors of lanes side by side through steps [begin, end): while one waits for its last
// outputs the others work, and their states stay in registers. input(n, chain) is a chain's sum of the two
// inputs, output(n, chain, value) takes the result.
template <int kChains, class D, class Input, class Output>
HWY_INLINE void Oscillate(D d, int begin, int end, float* HWY_RESTRICT state, ptrdiff_t chain_pitch,
                          ptrdiff_t pitch, const Input& input, const Output& output) {
  const auto load = [&](int chain, int i)
                        FOVEA_LAMBDA { return hn::LoadU(d, state + chain * chain_pitch + i * pitch); };
  const auto store = [&](int chain, int i, hn::Vec<D> v)
                         FOVEA_LAMBDA { hn::StoreU(v, d, state + chain * chain_pitch + i * pitch); };
  constexpr int kSecond = kChains > 1 ? 1 : 0, kThird = kChains > 2 ? 2 : 0;
  auto p1 = load(0, 0), p3 = load(0, 1), p5 = load(0, 2);
  auto p1b = load(0, 3), p3b = load(0, 4), p5b = load(0, 5);
  auto q1 = load(kSecond, 0), q3 = load(kSecond, 1), q5 = load(kSecond, 2);
  auto q1b = load(kSecond, 3), q3b = load(kSecond, 4), q5b = load(kSecond, 5);
  auto r1 = load(kThird, 0), r3 = load(kThird, 1), r5 = load(kThird, 2);
  auto r1b = load(kThird, 3), r3b = load(kThird, 4), r5b = load(kThird, 5);
  for (int n = begin; n < end; ++n) {
    const auto p = input(n, Chain<0>()), q = input(n, Chain<kSecond>()), r = input(n, Chain<kThird>());
    output(n, Chain<0>(), Step(d, p, p1, p3, p5, p1b, p3b, p5b));
    if constexpr (kChains > 1) output(n, Chain<1>(), Step(d, q, q1, q3, q5, q1b, q3b, q5b));
    if constexpr (kChains > 2) output(n, Chain<2>(), Step(d, r, r1, r3, r5, r1b, r3b, r5b));
  }
  store(0, 0, p1), store(0, 1, p3), store(0, 2, p5);
  store(0, 3, p1b), store(0, 4, p3b), store(0, 5, p5b);
  if constexpr (kChains > 1) {
    store(1, 0, q1), store(1, 1, q3), store(1, 2, q5);
    store(1, 3, q1b), store(1, 4, q3b), store(1, 5, q5b);
  }
  if constexpr (kChains > 2) {
    store(2, 0, r1), store(2, 1, r3), store(2, 2, r5);
    store(2, 3, r1b), store(2, 4, r3b), store(2, 5, r5b);
  }
}

// What stream kStream of a call is the blur of.
template <Moments kMoments, int kStream>
HWY_INLINE hn::Vec<DA> Moment(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, ptrdiff_t at) {
  const DA d;
  constexpr bool kOfDis = kMoments == Moments::kDistorted || (kMoments == Moments::kFirsts && kStream == 1);
  const auto v = hn::LoadU(d, (kOfDis ? b : a) + at);
  if constexpr (kMoments == Moments::kOfRef && kStream == 1) return hn::Mul(v, v);
  if constexpr (kMoments == Moments::kDistorted && kStream == 1) return hn::Mul(v, v);
  if constexpr (kMoments == Moments::kDistorted && kStream == 2) return hn::Mul(hn::LoadU(d, a + at), v);
  return v;
}

template <Moments kMoments>
HWY_INLINE void Across(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int begin, int end,
                       float* HWY_RESTRICT state, float* HWY_RESTRICT out, ptrdiff_t out_stride,
                       ptrdiff_t pitch) {
  const DA d;
  constexpr int kStreams = stream_count(kMoments);
  constexpr ptrdiff_t kStreamLanes = (kGroup + kAhead) * kRows;
  HWY_ALIGN float lanes[kStreams * kStreamLanes];
  const int width = static_cast<int>(hn::Lanes(d));
  if (width == kRows) {
    Oscillate<kStreams>(
        d, begin, end, state, kStates * kRows, kRows,
        [&](int n, auto stream) FOVEA_LAMBDA {
          constexpr int kStream = decltype(stream)::value;
          const ptrdiff_t at = static_cast<ptrdiff_t>(n) * kRows;
          return hn::Add(Moment<kMoments, kStream>(a, b, at - kBehind * kRows),
                         Moment<kMoments, kStream>(a, b, at + kAhead * kRows));
        },
        [&](int n, auto stream, hn::Vec<DA> v)
            FOVEA_LAMBDA { hn::Store(v, d, lanes + stream * kStreamLanes + (n - begin) * kRows); });
  } else {
    const auto run = [&](auto stream) FOVEA_LAMBDA {
      constexpr int kStream = decltype(stream)::value;
      float* HWY_RESTRICT stream_lanes = lanes + kStream * kStreamLanes;
      for (int r = 0; r < kRows; r += 2 * width) {
        Oscillate<2>(
            d, begin, end, state + kStream * kStates * kRows + r, width, kRows,
            [&](int n, auto half) FOVEA_LAMBDA {
              const ptrdiff_t at = static_cast<ptrdiff_t>(n) * kRows + r + half * width;
              return hn::Add(Moment<kMoments, kStream>(a, b, at - kBehind * kRows),
                             Moment<kMoments, kStream>(a, b, at + kAhead * kRows));
            },
            [&](int n, auto half, hn::Vec<DA> v)
                FOVEA_LAMBDA { hn::Store(v, d, stream_lanes + (n - begin) * kRows + r + half * width); });
      }
    };
    run(Chain<0>());
    if constexpr (kStreams > 1) run(Chain<1>());
    if constexpr (kStreams > 2) run(Chain<2>());
  }
  const int first = begin < 0 ? 0 : begin;  // outputs before the picture's border only set things in motion
  for (int stream = 0; stream < kStreams; ++stream) {
    Transpose(lanes + stream * kStreamLanes + (first - begin) * kRows, kRows, end - first, kRows,
              out + stream * out_stride, pitch);
  }
}

void BlurAcross(Moments moments, const float* a, const float* b, int begin, int end, float* state, float* out,
                ptrdiff_t out_stride, ptrdiff_t pitch) {
  switch (moments) {
    case Moments::kFirst:
      return Across<Moments::kFirst>(a, b, begin, end, state, out, out_stride, pitch);
    case Moments::kFirsts:
      return Across<Moments::kFirsts>(a, b, begin, end, state, out, out_stride, pitch);
    case Moments::kOfRef:
      return Across<Moments::kOfRef>(a, b, begin, end, state, out, out_stride, pitch);
    case Moments::kDistorted:
      return Across<Moments::kDistorted>(a, b, begin, end, state, out, out_stride, pitch);
  }
}

// Two vectors of columns. Not in line: GCC 12 trips over vectors of unknown length in nested loops.
HWY_NOINLINE void DownColumns(const float* HWY_RESTRICT rows, const float* const* HWY_RESTRICT behind, int x,
                              float* HWY_RESTRICT state, int state_pitch, float* HWY_RESTRICT out) {
  const DD d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  Oscillate<2>(
      d, 0, kRows, state, lanes, state_pitch,
      [&](int n, auto half) FOVEA_LAMBDA {
        return hn::Add(hn::LoadU(d, behind[n] + x + half * lanes),
                       hn::Load(d, rows + n * kGroup + half * lanes));
      },
      [&](int n, auto half, hn::Vec<DD> v)
          FOVEA_LAMBDA { hn::Store(v, d, out + n * kGroup + half * lanes); });
}

void BlurDown(const float* rows, float* history, int pitch, float* state, int state_pitch, float* out) {
  const float* behind[kRows];
  for (int n = 0; n < kRows; ++n)
    behind[n] = n < kHistory ? history + n * pitch : rows + (n - kHistory) * kGroup;
  for (int x = 0; x < kGroup; x += 2 * static_cast<int>(hn::Lanes(DD())))
    DownColumns(rows + x, behind, x, state + x, state_pitch, out + x);
  for (int n = 0; n < kHistory; ++n)
    std::memcpy(history + n * pitch, rows + (kRows - kHistory + n) * kGroup, kGroup * sizeof(float));
}

// Adds one float a column to double totals.
HWY_INLINE void AddTotals(hn::Vec<DD> v, double* HWY_RESTRICT totals) {
  const DD d;
  HWY_ALIGN float lane[kGroup / 2];
  hn::Store(v, d, lane);
  for (size_t i = 0; i < hn::Lanes(d); ++i) totals[i] += static_cast<double>(lane[i]);
}

// The blur's errors can make energy 0, and 0/0 of equal pictures is no error: CPUs disagree about max(0,
// NaN).
template <class D>
HWY_INLINE hn::Vec<D> PositiveOrZero(D d, hn::Vec<D> v) {
  return hn::IfThenElseZero(hn::Gt(v, hn::Zero(d)), v);
}

// luminance, structure and energy of the SSIM map.
template <class D>
HWY_INLINE void SsimTerms(D d, const Blurred& p, int i, hn::Vec<D>& luminance, hn::Vec<D>& structure,
                          hn::Vec<D>& energy) {
  const auto c2 = hn::Set(d, 0.0009f);
  const auto m1 = hn::LoadU(d, p.mu1 + i), m2 = hn::LoadU(d, p.mu2 + i);
  const auto gap = hn::Sub(m1, m2);
  luminance = hn::Sub(hn::Set(d, 1.0f), hn::Mul(gap, gap));
  const auto covariance = hn::Sub(hn::LoadU(d, p.s12 + i), hn::Mul(m1, m2));
  structure = hn::MulAdd(hn::Set(d, 2.0f), covariance, c2);  // an exact product: rounds once either way
  energy = hn::Add(hn::Add(hn::Sub(hn::LoadU(d, p.s11 + i), hn::Mul(m1, m1)),
                           hn::Sub(hn::LoadU(d, p.s22 + i), hn::Mul(m2, m2))),
                   c2);
}

// The fork's quotient, in double; rounded to float after it was taken from 1.
void SsimErrorsInDouble(const Blurred& p, int begin, int end, float* HWY_RESTRICT out) {
  const hn::CappedTag<double, kGroup / 2> d64;
  const hn::Rebind<float, decltype(d64)> d;
  for (int i = begin * kGroup; i < end * kGroup; i += static_cast<int>(hn::Lanes(d))) {
    hn::Vec<decltype(d)> luminance, structure, energy;
    SsimTerms(d, p, i, luminance, structure, energy);
    const auto quotient = hn::Div(hn::Mul(hn::PromoteTo(d64, luminance), hn::PromoteTo(d64, structure)),
                                  hn::PromoteTo(d64, energy));
    hn::StoreU(hn::DemoteTo(d, PositiveOrZero(d64, hn::Sub(hn::Set(d64, 1.0), quotient))), d, out + i);
  }
}

void AddSsim(Definition definition, const Blurred& blurred, int begin, int end, double* sums, int pitch) {
  const DD d;
  HWY_ALIGN float errors[kRows * kGroup];
  if (definition == Definition::kFork) SsimErrorsInDouble(blurred, begin, end, errors);
  for (int x = 0; x < kGroup; x += static_cast<int>(hn::Lanes(d))) {
    auto sum = hn::Zero(d), sum4 = hn::Zero(d);
    for (int y = begin; y < end; ++y) {
      auto error = hn::Zero(d);
      if (definition == Definition::kFork) {
        error = hn::Load(d, errors + y * kGroup + x);
      } else {
        auto luminance = hn::Zero(d), structure = hn::Zero(d), energy = hn::Zero(d);
        SsimTerms(d, blurred, y * kGroup + x, luminance, structure, energy);
        error = PositiveOrZero(d, hn::Sub(hn::Set(d, 1.0f), hn::Div(hn::Mul(luminance, structure), energy)));
      }
      const auto square = hn::Mul(error, error);
      sum = hn::Add(sum, error);
      sum4 = hn::Add(sum4, hn::Mul(square, square));
    }
    AddTotals(sum, sums + x);
    AddTotals(sum4, sums + 3 * pitch + x);
  }
}

void AddEdges(const Blurred& blurred, const float* a, const float* b, int pitch, int first, int begin,
              int end, double* sums, int sums_pitch) {
  const DD d;
  const auto zero = hn::Zero(d), one = hn::Set(d, 1.0f);
  for (int x = 0; x < kGroup; x += static_cast<int>(hn::Lanes(d))) {
    auto ringing = zero, blurring = zero, ringing4 = zero, blurring4 = zero;
    for (int y = begin; y < end; ++y) {
      const int i = y * kGroup + x, at = ((first + y) & (kRing - 1)) * pitch + x;
      const auto ref_detail = hn::Abs(hn::Sub(hn::LoadU(d, a + at), hn::LoadU(d, blurred.mu1 + i)));
      const auto dis_detail = hn::Abs(hn::Sub(hn::LoadU(d, b + at), hn::LoadU(d, blurred.mu2 + i)));
      // (1 + dis) / (1 + ref) - 1 without the cancellation, which float would feel.
      const auto edge = hn::Div(hn::Sub(dis_detail, ref_detail), hn::Add(one, ref_detail));
      const auto positive = hn::Max(edge, zero), negative = hn::Sub(positive, edge);
      const auto square = hn::Mul(positive, positive), negative_square = hn::Mul(negative, negative);
      ringing = hn::Add(ringing, positive);
      blurring = hn::Add(blurring, negative);
      ringing4 = hn::Add(ringing4, hn::Mul(square, square));
      blurring4 = hn::Add(blurring4, hn::Mul(negative_square, negative_square));
    }
    AddTotals(ringing, sums + sums_pitch + x);
    AddTotals(blurring, sums + 2 * sums_pitch + x);
    AddTotals(ringing4, sums + 4 * sums_pitch + x);
    AddTotals(blurring4, sums + 5 * sums_pitch + x);
  }
}

}  // namespace fovea::ssimulacra2::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::ssimulacra2 {

HWY_EXPORT(RowsToLanes);
HWY_EXPORT(BlurAcross);
HWY_EXPORT(BlurDown);
HWY_EXPORT(AddSsim);
HWY_EXPORT(AddEdges);

void rows_to_lanes(const float* rows, ptrdiff_t pitch, int columns, float* lanes) {
  HWY_DYNAMIC_DISPATCH(RowsToLanes)(rows, pitch, columns, lanes);
}
void blur_across(Moments moments, const float* a, const float* b, int begin, int end, float* state,
                 float* out, ptrdiff_t out_stride, ptrdiff_t pitch) {
  HWY_DYNAMIC_DISPATCH(BlurAcross)(moments, a, b, begin, end, state, out, out_stride, pitch);
}
void blur_down(const float* rows, float* history, int pitch, float* state, int state_pitch, float* out) {
  HWY_DYNAMIC_DISPATCH(BlurDown)(rows, history, pitch, state, state_pitch, out);
}
void add_ssim(Definition definition, const Blurred& blurred, int begin, int end, double* sums,
              int sums_pitch) {
  HWY_DYNAMIC_DISPATCH(AddSsim)(definition, blurred, begin, end, sums, sums_pitch);
}
void add_edges(const Blurred& blurred, const float* a, const float* b, int pitch, int first, int begin,
               int end, double* sums, int sums_pitch) {
  HWY_DYNAMIC_DISPATCH(AddEdges)(blurred, a, b, pitch, first, begin, end, sums, sums_pitch);
}

}  // namespace fovea::ssimulacra2
#endif
