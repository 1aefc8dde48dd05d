// SPDX-License-Identifier: BSD-2-Clause-Patent
// Compiled once per CPU target through foreach_target.h; the wrappers at the end choose at run time.
//
// A band of sixteen rows at a time walks from left to right, so that everything between the samples and the
// sums stays in the first-level cache:
//
// 1. Window. Sixteen columns of the band and of the radius around it, as floats, and their products.
// 2. Columns are filtered, lanes being columns, and transposed: from here on lanes are rows.
// 3. Rows are filtered by the same loop, lanes being rows: all loads are aligned, each serves up to sixteen
//    outputs, and sums and taps stay in registers.
// 4. Statistics, and the sums of sixteen rows from left to right, a lane a row: in order for nothing.
// The next scale comes from the same window: only its rows are filtered in step 2, only its columns in
// step 3. What belongs to the reference is made once for all distorted pictures.
#include "metrics/float_vif/float_vif_kernels.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "metrics/float_vif/float_vif_kernels.cc"
#include "hwy/cache_control.h"
#include "hwy/foreach_target.h"
#include "hwy/highway.h"
#include "metrics/float_vif/float_vif_filter-inl.h"

#ifndef FOVEA_FLOAT_VIF_ONCE
#define FOVEA_FLOAT_VIF_ONCE
namespace fovea::float_vif {

inline constexpr int kStep = 16;  // columns filtered at a time; also floats of a column of a band
inline constexpr int kTile = 64;  // columns whose statistics are made at a time
inline constexpr int kHalfRows = kBandRows / 2;
inline constexpr int kOverhang =
    16;  // columns that a last, incomplete block of outputs reads beyond those it needs
static_assert(kOverhang <= kStep);     // they exist
inline constexpr int kRefMoments = 2;  // mean, square
inline constexpr int kDisMoments = 3;  // and product with the reference

// Columns that wait for their neighbours, after step 2.
inline int waiting_columns(int radius) {
  return 2 * radius + kTile + kStep;
}
inline size_t window_floats(int radius) {
  return static_cast<size_t>(kBandRows + 2 * radius) * kStep;
}

// One picture's columns after step 2: moments of a band's rows, and the rows of the next scale.
struct Waiting {
  float* moment[kDisMoments];
  float* next;
};

}  // namespace fovea::float_vif
#endif

HWY_BEFORE_NAMESPACE();
namespace fovea::float_vif::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
void RunStrip(const Strip& strip, Scratch&) {
  run_strip_ref(strip);
}
void Log2Row(const float* v, int count, float* out) {
  for (int i = 0; i < count; ++i) out[i] = quick_log2(v[i]);
}
#else

using DF = hn::CappedTag<float, kBandRows>;
using DHalf = hn::CappedTag<float, kHalfRows>;

// ---- 1. window ----------------------------------------------------------------------------------------

// Columns x .. x + kStep - 1 of `rows` rows that start at row[0], row[1], ...
template <class Sample>
void LoadRows(const Source& source, const uint8_t* const* row, int rows, int x, float* HWY_RESTRICT out) {
  const DF df;
  const hn::RebindToSigned<DF> di;
  const hn::Rebind<Sample, DF> ds;
  const int lanes = static_cast<int>(hn::Lanes(df)), width = source.view.width_px;
  const auto zero = hn::Set(di, source.zero);
  const auto unit = hn::Set(df, source.unit);
  constexpr int kLine = 64 / sizeof(Sample);
  const bool new_line = x % kLine == 0;
  for (int r = 0; r < rows; ++r, out += kStep) {
    const Sample* from = reinterpret_cast<const Sample*>(row[r]) + x;
    if (new_line) hwy::Prefetch(from + 2 * kLine);  // CPUs do not foresee so many rows
    HWY_ALIGN Sample last[kStep];
    if (x + kStep > width) {
      for (int i = 0; i < kStep; ++i) last[i] = i < width - x ? from[i] : Sample{0};
      from = last;
    }
    for (int i = 0; i < kStep; i += lanes) {
      if constexpr (sizeof(Sample) == 4) {
        hn::Store(hn::LoadU(df, from + i), df, out + i);
      } else {
        const auto centred = hn::ConvertTo(df, hn::Sub(hn::PromoteTo(di, hn::LoadU(ds, from + i)), zero));
        hn::Store(sizeof(Sample) == 1 ? centred : hn::Mul(centred, unit), df, out + i);
      }
    }
  }
}

void LoadWindow(const Source& source, const uint8_t* const* row, int rows, int x, float* out) {
  if (source.sample_bytes == 1) return LoadRows<uint8_t>(source, row, rows, x, out);
  if (source.sample_bytes == 2) return LoadRows<uint16_t>(source, row, rows, x, out);
  LoadRows<float>(source, row, rows, x, out);
}

void Multiply(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, size_t count,
              float* HWY_RESTRICT out) {
  const DF d;
  for (size_t i = 0; i < count; i += hn::Lanes(d))
    hn::Store(hn::Mul(hn::Load(d, a + i), hn::Load(d, b + i)), d, out + i);
}
void Square(const float* HWY_RESTRICT a, size_t count, float* HWY_RESTRICT out) {
  const DF d;
  for (size_t i = 0; i < count; i += hn::Lanes(d)) {
    const auto v = hn::Load(d, a + i);
    hn::Store(hn::Mul(v, v), d, out + i);
  }
}

// ---- 4. statistics ------------------------------------------------------------------------------------

using VF = hn::Vec<DF>;

HWY_INLINE VF Log2(VF v) {
  const DF d;
  const hn::RebindToSigned<DF> di;
  const auto bits = hn::BitCast(di, v);
  const auto exponent = hn::Sub(hn::And(hn::ShiftRight<23>(bits), hn::Set(di, 255)), hn::Set(di, 127));
  const auto mantissa = hn::Or(hn::And(bits, hn::Set(di, 0x7fffff)), hn::Set(di, 0x3f800000));
  const VF x = hn::Sub(hn::BitCast(d, mantissa), hn::Set(d, 1.0f));
  VF sum = hn::Set(d, kLog2Coefficients[0]);
  for (int i = 1; i < 8; ++i) sum = hn::Add(hn::Mul(sum, x), hn::Set(d, kLog2Coefficients[i]));
  return hn::Add(hn::ConvertTo(d, exponent), hn::Mul(sum, x));
}

// float(1 + a / (b + c)), where all but a and b is double.
HWY_INLINE VF OnePlusQuotient(VF a, VF b, double c) {
  const DF d;
  const hn::Half<DF> dh;
  const hn::Rebind<double, hn::Half<DF> > dd;
  const auto one = hn::Set(dd, 1.0), add = hn::Set(dd, c);
  const auto half = [&](auto ha, auto hb) FOVEA_VIF_LAMBDA {
    return hn::DemoteTo(dh,
                        hn::Add(one, hn::Div(hn::PromoteTo(dd, ha), hn::Add(hn::PromoteTo(dd, hb), add))));
  };
  return hn::Combine(d, half(hn::UpperHalf(dh, a), hn::UpperHalf(dh, b)),
                     half(hn::LowerHalf(dh, a), hn::LowerHalf(dh, b)));
}

// The reference's part: `square` becomes its variance; sums of what it has to tell are added to den.
void ReferenceInformation(const Statistic& s, const float* HWY_RESTRICT mean, float* HWY_RESTRICT square,
                          int columns, float* HWY_RESTRICT den) {
  const DF d;
  const auto epsilon = hn::Set(d, kEpsilon), one = hn::Set(d, 1.0f), flat_below = hn::Set(d, s.flat_below);
  for (int lane = 0; lane < kBandRows; lane += static_cast<int>(hn::Lanes(d))) {
    auto sum = hn::Load(d, den + lane);
    for (int i = lane; i < columns * kBandRows; i += kBandRows) {
      const auto m = hn::Load(d, mean + i);
      auto variance = hn::Max(hn::Sub(hn::Load(d, square + i), hn::Mul(m, m)), hn::Zero(d));
      variance = hn::IfThenZeroElse(hn::Lt(variance, epsilon), variance);
      hn::Store(variance, d, square + i);
      const auto flat = hn::Lt(variance, flat_below);
      auto told = one;
      if (!hn::AllTrue(d, flat)) {
        const auto signal = s.inverse_noise != 0
                                ? hn::Add(one, hn::Mul(variance, hn::Set(d, s.inverse_noise)))
                                : OnePlusQuotient(variance, hn::Zero(d), s.noise);
        told = hn::IfThenElse(flat, one, Log2(signal));
      }
      sum = hn::Add(sum, told);
    }
    hn::Store(sum, d, den + lane);
  }
}

// What of it the distorted picture keeps. A pixel whose gain is negative or whose distorted variance is
// nothing keeps nothing, and so does one without variance in the reference (should that not count as flat).
void KeptInformation(const Statistic& s, const float* HWY_RESTRICT mean_ref,
                     const float* HWY_RESTRICT variance_ref, const float* HWY_RESTRICT mean_dis,
                     const float* HWY_RESTRICT square_dis, const float* HWY_RESTRICT product, int columns,
                     float* HWY_RESTRICT num) {
  const DF d;
  const auto epsilon = hn::Set(d, kEpsilon), one = hn::Set(d, 1.0f), flat_below = hn::Set(d, s.flat_below);
  const auto limit = hn::Set(d, s.gain_limit), flat_weight = hn::Set(d, s.flat_weight);
  for (int lane = 0; lane < kBandRows; lane += static_cast<int>(hn::Lanes(d))) {
    auto sum = hn::Load(d, num + lane);
    for (int i = lane; i < columns * kBandRows; i += kBandRows) {
      const auto m2 = hn::Load(d, mean_dis + i), var_ref = hn::Load(d, variance_ref + i);
      const auto var_dis = hn::Max(hn::Sub(hn::Load(d, square_dis + i), hn::Mul(m2, m2)), hn::Zero(d));
      const auto flat = hn::Lt(var_ref, flat_below);
      auto kept = hn::Sub(one, hn::Mul(var_dis, flat_weight));
      if (!hn::AllTrue(d, flat)) {
        const auto covariance = hn::Sub(hn::Load(d, product + i), hn::Mul(hn::Load(d, mean_ref + i), m2));
        auto gain = hn::Div(covariance, hn::Add(var_ref, epsilon));
        const auto rest = hn::Max(hn::Sub(var_dis, hn::Mul(gain, covariance)), epsilon);
        gain = hn::Min(gain, limit);
        const auto signal = hn::Mul(hn::Mul(gain, gain), var_ref);
        const auto lost = hn::Or(hn::Lt(covariance, hn::Zero(d)), hn::Lt(var_dis, epsilon));
        const auto textured = hn::IfThenZeroElse(lost, Log2(OnePlusQuotient(signal, rest, s.noise)));
        kept = hn::IfThenElse(flat, kept, textured);
      }
      sum = hn::Add(sum, kept);
    }
    hn::Store(sum, d, num + lane);
  }
}

// ---- a band -------------------------------------------------------------------------------------------

class Walker {
 public:
  Walker(const Strip& strip, Scratch& scratch)
      : s_(strip), radius_(strip.taps != nullptr ? strip.taps->radius : strip.next_taps->radius) {
    for (float*& w : window_) w = scratch.take<float>(window_floats(radius_));
    staged_ = scratch.take<float>(kBandRows * kStep);
    const auto prepare = [&](Waiting& w) {
      for (float*& m : w.moment)
        m = scratch.take<float>(static_cast<size_t>(waiting_columns(radius_)) * kBandRows);
      w.next = scratch.take<float>(static_cast<size_t>(waiting_columns(radius_)) * kHalfRows);
    };
    prepare(ref_);
    dis_ = scratch.take<Waiting>(s_.dis_count);
    for (int d = 0; d < s_.dis_count; ++d) prepare(dis_[d]);
    for (float*& b : blurred_) b = scratch.take<float>(kTile * kBandRows);
    den_ = scratch.take<float>(kBandRows);
    num_ = scratch.take<float>(static_cast<size_t>(s_.dis_count) * kBandRows);
    rows_ = scratch.take<const uint8_t*>((1 + static_cast<size_t>(s_.dis_count)) * WindowRows());
  }

  void Band(int y) {
    const int width = s_.width();
    for (int p = 0; p <= s_.dis_count; ++p) {
      const PlaneView& view = p == 0 ? s_.ref.view : s_.dis[p - 1].view;
      for (int r = 0; r < WindowRows(); ++r) {  // rows far below are not used
        const int from = HWY_MIN(HWY_MAX(reflect101(y - radius_ + r, view.height_px), 0), view.height_px - 1);
        rows_[p * WindowRows() + r] = view.row<uint8_t>(from);
      }
    }
    std::memset(den_, 0, kBandRows * sizeof(float));
    std::memset(num_, 0, s_.dis_count * kBandRows * sizeof(float));
    int ready = 0;  // columns after step 2
    for (int x = 0; x < width; x += kTile) {
      const int end = HWY_MIN(x + kTile, width);
      for (; ready < HWY_MIN(end + radius_, width); ready += kStep) FilterColumns(ready, ready - x + radius_);
      ForEachBuffer([&](float* buffer, int floats, int) { MirrorEnds(buffer, floats, x, end); });
      if (s_.taps != nullptr) AddTile(end - x);
      if (s_.next_taps != nullptr) ShrinkTile(y, x, end);
      if (end < width) {
        ForEachBuffer([&](float* buffer, int floats, int) {
          std::memmove(buffer, buffer + kTile * floats,
                       static_cast<size_t>(ready - end + radius_) * floats * sizeof(float));
        });
      }
    }
    if (s_.taps == nullptr) return;
    for (int r = 0; r < HWY_MIN(kBandRows, s_.end - y); ++r) {
      s_.den[y + r] = den_[r];
      for (int d = 0; d < s_.dis_count; ++d) s_.num[d][y + r] = num_[d * kBandRows + r];
    }
  }

 private:
  int WindowRows() const { return kBandRows + 2 * radius_; }

  template <class Function>
  void ForEachBuffer(const Function& f) {
    for (int p = 0; p <= s_.dis_count; ++p) {
      const Waiting& w = p == 0 ? ref_ : dis_[p - 1];
      for (int q = 0; s_.taps != nullptr && q < (p == 0 ? kRefMoments : kDisMoments); ++q)
        f(w.moment[q], kBandRows, q);
      if (s_.next_taps != nullptr) f(w.next, kHalfRows, 0);
    }
  }

  // Steps 1 and 2 of columns x .. x + kStep - 1, to position `at` of the buffers.
  void FilterColumns(int x, int at) {
    const int rows = WindowRows();
    const size_t floats = static_cast<size_t>(rows) * kStep;
    float *ref = window_[0], *dis = window_[1], *product = window_[2];
    LoadWindow(s_.ref, rows_, rows, x, ref);
    Shrink(ref, ref_, at);
    if (s_.taps != nullptr) {
      Moment(ref, ref_.moment[0], at);
      Square(ref, floats, product);
      Moment(product, ref_.moment[1], at);
    }
    for (int d = 0; d < s_.dis_count; ++d) {
      LoadWindow(s_.dis[d], rows_ + (1 + d) * rows, rows, x, dis);
      Shrink(dis, dis_[d], at);
      if (s_.taps == nullptr) continue;
      Moment(dis, dis_[d].moment[0], at);
      Square(dis, floats, product);
      Moment(product, dis_[d].moment[1], at);
      Multiply(ref, dis, floats, product);
      Moment(product, dis_[d].moment[2], at);
    }
  }
  void Moment(const float* window, float* to, int at) {
    Filter<1, kStep, kStep>(window, *s_.taps, staged_, kBandRows);
    Transpose<kBandRows>(staged_, kStep, kBandRows, kStep, to + static_cast<size_t>(at) * kBandRows,
                         kBandRows);
  }
  void Shrink(const float* window, const Waiting& to, int at) {
    if (s_.next_taps == nullptr) return;
    Filter<2, kStep, kStep>(window + static_cast<size_t>(radius_ - s_.next_taps->radius) * kStep,
                            *s_.next_taps, staged_, kHalfRows);
    Transpose<kHalfRows>(staged_, kStep, kHalfRows, kStep, to.next + static_cast<size_t>(at) * kHalfRows,
                         kHalfRows);
  }

  // Columns outside the picture that the tile [x, end) needs.
  void MirrorEnds(float* buffer, int floats, int x, int end) const {
    const auto column = [&](int c) { return buffer + static_cast<ptrdiff_t>(c - x + radius_) * floats; };
    const auto copy = [&](int to, int from) {
      std::memcpy(column(to), column(from), floats * sizeof(float));
    };
    const int width = s_.width();
    for (int k = 1; x == 0 && k <= radius_; ++k) copy(-k, k);
    for (int c = width; c < end + radius_; ++c) copy(c, 2 * (width - 1) - c);
    // The last block of outputs may look further; the taps there are 0, and must not meet a NaN.
    if (end == width)
      std::memset(column(end + radius_), 0, static_cast<size_t>(kOverhang) * floats * sizeof(float));
  }

  void AddTile(int columns) {
    for (int q = 0; q < kRefMoments; ++q)
      Filter<1, kBandRows, kBandRows>(ref_.moment[q], *s_.taps, blurred_[q], columns);
    ReferenceInformation(s_.statistic, blurred_[0], blurred_[1], columns, den_);
    for (int d = 0; d < s_.dis_count; ++d) {
      for (int q = 0; q < kDisMoments; ++q) {
        Filter<1, kBandRows, kBandRows>(dis_[d].moment[q], *s_.taps, blurred_[kRefMoments + q], columns);
      }
      KeptInformation(s_.statistic, blurred_[0], blurred_[1], blurred_[2], blurred_[3], blurred_[4], columns,
                      num_ + d * kBandRows);
    }
  }

  void ShrinkTile(int y, int x, int end) {
    const int columns = HWY_MIN((end + 1) / 2, s_.width() / 2) - x / 2,
              rows = HWY_MIN(kHalfRows, s_.height() / 2 - y / 2);
    const int blocks = (columns + 3) / 4;
    for (int p = 0; p <= s_.dis_count; ++p) {
      const NextPlane& to = p == 0 ? s_.next_ref : s_.next_dis[p - 1];
      const float* from = (p == 0 ? ref_ : dis_[p - 1]).next +
                          static_cast<size_t>(radius_ - s_.next_taps->radius) * kHalfRows;
      float *shrunk = blurred_[0], *lines = blurred_[1];
      Filter<2, kHalfRows, kHalfRows>(from, *s_.next_taps, shrunk, columns);
      Transpose<4>(shrunk, kHalfRows, 4 * blocks, kHalfRows, lines, kTile);
      for (int r = 0; r < rows; ++r) {
        std::memcpy(to.data + (y / 2 + r) * to.stride + x / 2, lines + r * kTile, columns * sizeof(float));
      }
    }
  }

  const Strip& s_;
  const int radius_;
  float* window_[3];  // reference, distorted, a product
  float* staged_;
  Waiting ref_;
  Waiting* dis_;
  float* blurred_[kRefMoments + kDisMoments];
  float* den_;
  float* num_;
  const uint8_t** rows_;  // [picture][window row], of the current band
};

void RunStrip(const Strip& strip, Scratch& scratch) {
  if (strip.taps == nullptr && strip.next_taps == nullptr) return;
  Walker walker(strip, scratch);
  for (int y = strip.begin; y < strip.end; y += kBandRows) walker.Band(y);
}

void Log2Row(const float* v, int count, float* out) {
  const DF d;
  for (int i = 0; i < count; i += static_cast<int>(hn::Lanes(d)))
    hn::StoreU(Log2(hn::LoadU(d, v + i)), d, out + i);
}

#endif  // HWY_SCALAR

}  // namespace fovea::float_vif::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace fovea::float_vif {

HWY_EXPORT(RunStrip);
HWY_EXPORT(Log2Row);

void run_strip(const Strip& strip, Scratch& scratch) {
  HWY_DYNAMIC_DISPATCH(RunStrip)(strip, scratch);
}
void log2_row(const float* v, int count, float* out) {
  HWY_DYNAMIC_DISPATCH(Log2Row)(v, count, out);
}

size_t strip_scratch_bytes(int radius, int dis_count) {
  const size_t waiting = waiting_columns(radius);
  const size_t picture = kDisMoments * Scratch::bytes_for<float>(waiting * kBandRows) +
                         Scratch::bytes_for<float>(waiting * kHalfRows);
  return 3 * Scratch::bytes_for<float>(window_floats(radius)) + Scratch::bytes_for<float>(kBandRows * kStep) +
         (1 + static_cast<size_t>(dis_count)) * picture + Scratch::bytes_for<Waiting>(dis_count) +
         (kRefMoments + kDisMoments) * Scratch::bytes_for<float>(kTile * kBandRows) +
         Scratch::bytes_for<float>(kBandRows) +
         Scratch::bytes_for<float>(static_cast<size_t>(dis_count) * kBandRows) +
         Scratch::bytes_for<const uint8_t*>((1 + static_cast<size_t>(dis_count)) * (kBandRows + 2 * radius));
}

}  // namespace fovea::float_vif
#endif
