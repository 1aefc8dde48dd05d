// SPDX-License-Identifier: BSD-2-Clause-Patent
// The recursive blur and the maps. Compiled once per CPU target; the wrappers at the end choose at run time.
#include "metrics/ssimulacra2/ssimulacra2_kernels.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/ssimulacra2/ssimulacra2_blur.cc"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::ssimulacra2::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most half of what a call works on, so that two chains of operations always run side by side.
using DA = hn::CappedTag<float, kRows / 2>;
using DD = hn::CappedTag<float, kGroup / 2>;

// in[4][in_pitch] to out[4][out_pitch] with rows and columns exchanged.
HWY_INLINE void Transpose4(const float* HWY_RESTRICT in, ptrdiff_t in_pitch, float* HWY_RESTRICT out,
                           ptrdiff_t out_pitch) {
#if HWY_TARGET == HWY_SCALAR
  for (int y = 0; y < 4; ++y) {
    for (int x = 0; x < 4; ++x) out[x * out_pitch + y] = in[y * in_pitch + x];
  }
#else
  const hn::FixedTag<float, 4> d;
  const hn::FixedTag<double, 2> d64;
  const auto r0 = hn::LoadU(d, in), r1 = hn::LoadU(d, in + in_pitch), r2 = hn::LoadU(d, in + 2 * in_pitch),
             r3 = hn::LoadU(d, in + 3 * in_pitch);
  const auto a = hn::BitCast(d64, hn::InterleaveLower(d, r0, r1)),
             b = hn::BitCast(d64, hn::InterleaveLower(d, r2, r3)),
             e = hn::BitCast(d64, hn::InterleaveUpper(d, r0, r1)),
             f = hn::BitCast(d64, hn::InterleaveUpper(d, r2, r3));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, a, b)), d, out);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, a, b)), d, out + out_pitch);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(d64, e, f)), d, out + 2 * out_pitch);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(d64, e, f)), d, out + 3 * out_pitch);
#endif
}

void RowsToLanes(const float* rows, ptrdiff_t pitch, int columns, float* lanes) {
  for (int x = 0; x < columns; x += 4) {
    for (int y = 0; y < kRows; y += 4) Transpose4(rows + y * pitch + x, pitch, lanes + x * kRows + y, kRows);
  }
}

void LanesToRows(const float* lanes, int columns, float* rows, ptrdiff_t pitch) {
  for (int y = 0; y < kRows; y += 4) {
    for (int x = 0; x < columns; x += 4)
      Transpose4(lanes + x * kRows + y, kRows, rows + y * pitch + x, pitch);
  }
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

// Runs two neighbouring vectors of lanes through steps [begin, end). input(n, 0 or 1) is the vector's sum of
// the two inputs, output(n, 0 or 1, value) takes the result. The twelve states stay in registers.
template <class D, class Input, class Output>
HWY_INLINE void Oscillate(D d, int begin, int end, float* HWY_RESTRICT state, int pitch, Input input,
                          Output output) {
  float* HWY_RESTRICT next = state + hn::Lanes(d);
  auto p1 = hn::LoadU(d, state), p3 = hn::LoadU(d, state + pitch), p5 = hn::LoadU(d, state + 2 * pitch),
       p1b = hn::LoadU(d, state + 3 * pitch), p3b = hn::LoadU(d, state + 4 * pitch),
       p5b = hn::LoadU(d, state + 5 * pitch);
  auto q1 = hn::LoadU(d, next), q3 = hn::LoadU(d, next + pitch), q5 = hn::LoadU(d, next + 2 * pitch),
       q1b = hn::LoadU(d, next + 3 * pitch), q3b = hn::LoadU(d, next + 4 * pitch),
       q5b = hn::LoadU(d, next + 5 * pitch);
  for (int n = begin; n < end; ++n) {
    output(n, 0, Step(d, input(n, 0), p1, p3, p5, p1b, p3b, p5b));
    output(n, 1, Step(d, input(n, 1), q1, q3, q5, q1b, q3b, q5b));
  }
  hn::StoreU(p1, d, state);
  hn::StoreU(p3, d, state + pitch);
  hn::StoreU(p5, d, state + 2 * pitch);
  hn::StoreU(p1b, d, state + 3 * pitch);
  hn::StoreU(p3b, d, state + 4 * pitch);
  hn::StoreU(p5b, d, state + 5 * pitch);
  hn::StoreU(q1, d, next);
  hn::StoreU(q3, d, next + pitch);
  hn::StoreU(q5, d, next + 2 * pitch);
  hn::StoreU(q1b, d, next + 3 * pitch);
  hn::StoreU(q3b, d, next + 4 * pitch);
  hn::StoreU(q5b, d, next + 5 * pitch);
}

template <class Value>
HWY_INLINE void Across(int begin, int end, float* HWY_RESTRICT state, float* HWY_RESTRICT out, Value value) {
  const DA d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int r = 0; r < kRows; r += 2 * lanes) {
    Oscillate(
        d, begin, end, state + r, kRows,
        [&](int n, int half) HWY_ATTR {
          const ptrdiff_t at = static_cast<ptrdiff_t>(n) * kRows + r + half * lanes;
          return hn::Add(value(at - kBehind * kRows), value(at + kAhead * kRows));
        },
        [&](int n, int half, hn::Vec<DA> v)
            HWY_ATTR { hn::StoreU(v, d, out + n * kRows + r + half * lanes); });
  }
}

void BlurAcross(const float* a, const float* b, int begin, int end, float* state, float* out) {
  const DA d;
  if (b == nullptr) {
    Across(begin, end, state, out, [=](ptrdiff_t i) HWY_ATTR { return hn::LoadU(d, a + i); });
  } else {
    Across(begin, end, state, out,
           [=](ptrdiff_t i) HWY_ATTR { return hn::Mul(hn::LoadU(d, a + i), hn::LoadU(d, b + i)); });
  }
}

void BlurDown(const float* HWY_RESTRICT ring, int pitch, int first, float* HWY_RESTRICT state,
              int state_pitch, float* HWY_RESTRICT out) {
  const DD d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int x = 0; x < kGroup; x += 2 * lanes) {
    const auto row = [&](int y) { return ring + (y & (kRing - 1)) * pitch + x; };
    Oscillate(
        d, first, first + kRows, state + x, state_pitch,
        [&](int n, int half) HWY_ATTR {
          return hn::Add(hn::LoadU(d, row(n - kBehind) + half * lanes),
                         hn::LoadU(d, row(n + kAhead) + half * lanes));
        },
        [&](int n, int half, hn::Vec<DD> v)
            HWY_ATTR { hn::StoreU(v, d, out + (n - first) * kGroup + x + half * lanes); });
  }
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
  structure = hn::Add(hn::Add(covariance, covariance), c2);
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
HWY_EXPORT(LanesToRows);
HWY_EXPORT(BlurAcross);
HWY_EXPORT(BlurDown);
HWY_EXPORT(AddSsim);
HWY_EXPORT(AddEdges);

void rows_to_lanes(const float* rows, ptrdiff_t pitch, int columns, float* lanes) {
  HWY_DYNAMIC_DISPATCH(RowsToLanes)(rows, pitch, columns, lanes);
}
void lanes_to_rows(const float* lanes, int columns, float* rows, ptrdiff_t pitch) {
  HWY_DYNAMIC_DISPATCH(LanesToRows)(lanes, columns, rows, pitch);
}
void blur_across(const float* a, const float* b, int begin, int end, float* state, float* out) {
  HWY_DYNAMIC_DISPATCH(BlurAcross)(a, b, begin, end, state, out);
}
void blur_down(const float* ring, int pitch, int first, float* state, int state_pitch, float* out) {
  HWY_DYNAMIC_DISPATCH(BlurDown)(ring, pitch, first, state, state_pitch, out);
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
