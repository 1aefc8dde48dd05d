// SPDX-License-Identifier: BSD-2-Clause-Patent
// Windows over lanes, and the exchange of rows and columns. Include inside a foreach_target file.
#if defined(FOVEA_METRICS_FLOAT_VIF_FILTER_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef FOVEA_METRICS_FLOAT_VIF_FILTER_INL_H_
#undef FOVEA_METRICS_FLOAT_VIF_FILTER_INL_H_
#else
#define FOVEA_METRICS_FLOAT_VIF_FILTER_INL_H_
#endif

#include <utility>

#include "hwy/highway.h"
#include "metrics/float_vif/float_vif_kernels.h"

HWY_BEFORE_NAMESPACE();
namespace fovea::float_vif::HWY_NAMESPACE {
#if HWY_TARGET != HWY_SCALAR
namespace hn = hwy::HWY_NAMESPACE;

#undef FOVEA_VIF_LAMBDA
#define FOVEA_VIF_LAMBDA HWY_ATTR __attribute__((always_inline))

template <class Function, int... k>
HWY_INLINE void Unrolled(const Function& f, std::integer_sequence<int, k...>) {
  (f(std::integral_constant<int, k>()), ...);
}
template <int kCount, class Function>
HWY_INLINE void Unroll(const Function& f) {
  Unrolled(f, std::make_integer_sequence<int, kCount>());
}

// blocks * 4 outputs of d's lanes, `out_stride` floats apart: output i is the sum over k of taps[k] times the
// lanes at in + (kEvery * i + k) * stride. kRadius is 0 where the compiler does not know it.
template <int kRadius, int kEvery, class D>
HWY_INLINE void FilterKnown(D d, const float* HWY_RESTRICT in, size_t stride, const Taps& taps,
                            float* HWY_RESTRICT out, size_t out_stride, int blocks) {
  const float* tap = taps.data();
  if constexpr (kRadius == 0) {
    const int count = taps.count() + 3 * kEvery;
    for (int b = 0; b < blocks; ++b) {
      auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
      for (int i = 0; i < count; ++i) {  // beyond the taps' ends stand zeros
        const auto v = hn::Load(d, in + i * stride);
        s0 = hn::Add(s0, hn::Mul(v, hn::Set(d, tap[i])));
        s1 = hn::Add(s1, hn::Mul(v, hn::Set(d, tap[i - kEvery])));
        s2 = hn::Add(s2, hn::Mul(v, hn::Set(d, tap[i - 2 * kEvery])));
        s3 = hn::Add(s3, hn::Mul(v, hn::Set(d, tap[i - 3 * kEvery])));
      }
      hn::Store(s0, d, out);
      hn::Store(s1, d, out + out_stride);
      hn::Store(s2, d, out + 2 * out_stride);
      hn::Store(s3, d, out + 3 * out_stride);
      in += 4 * kEvery * stride;
      out += 4 * out_stride;
    }
  } else {
    // Taps are symmetric to the bit.
    const auto t0 = hn::Set(d, tap[0]), t1 = hn::Set(d, tap[1]), t2 = hn::Set(d, tap[HWY_MIN(2, kRadius)]);
    const auto t3 = hn::Set(d, tap[HWY_MIN(3, kRadius)]), t4 = hn::Set(d, tap[HWY_MIN(4, kRadius)]),
               t5 = hn::Set(d, tap[HWY_MIN(5, kRadius)]);
    const auto t6 = hn::Set(d, tap[HWY_MIN(6, kRadius)]), t7 = hn::Set(d, tap[HWY_MIN(7, kRadius)]),
               t8 = hn::Set(d, tap[HWY_MIN(8, kRadius)]);
    for (int b = 0; b < blocks; ++b) {
      auto s0 = hn::Zero(d), s1 = s0, s2 = s0, s3 = s0;
      Unroll<2 * kRadius + 1 + 3 * kEvery>([&](auto position) FOVEA_VIF_LAMBDA {
        constexpr int i = decltype(position)::value;
        const auto v = hn::Load(d, in + i * stride);
        const auto add = [&](auto which, auto& sum) FOVEA_VIF_LAMBDA {
          constexpr int k = decltype(which)::value;
          constexpr int mirrored = k <= kRadius ? k : 2 * kRadius - k;
          auto product = v;
          if constexpr (mirrored == 0) product = hn::Mul(v, t0);
          if constexpr (mirrored == 1) product = hn::Mul(v, t1);
          if constexpr (mirrored == 2) product = hn::Mul(v, t2);
          if constexpr (mirrored == 3) product = hn::Mul(v, t3);
          if constexpr (mirrored == 4) product = hn::Mul(v, t4);
          if constexpr (mirrored == 5) product = hn::Mul(v, t5);
          if constexpr (mirrored == 6) product = hn::Mul(v, t6);
          if constexpr (mirrored == 7) product = hn::Mul(v, t7);
          if constexpr (mirrored == 8) product = hn::Mul(v, t8);
          if constexpr (k == 0) sum = product;
          if constexpr (k > 0 && mirrored >= 0) sum = hn::Add(sum, product);
        };
        add(std::integral_constant<int, i>(), s0);
        add(std::integral_constant<int, i - kEvery>(), s1);
        add(std::integral_constant<int, i - 2 * kEvery>(), s2);
        add(std::integral_constant<int, i - 3 * kEvery>(), s3);
      });
      hn::Store(s0, d, out);
      hn::Store(s1, d, out + out_stride);
      hn::Store(s2, d, out + 2 * out_stride);
      hn::Store(s3, d, out + 3 * out_stride);
      in += 4 * kEvery * stride;
      out += 4 * out_stride;
    }
  }
}

// CPUs with 32 vector registers have room for sixteen sums, which share their inputs and most products.
#if HWY_ARCH_ARM_A64 || (HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3)
inline constexpr bool kManyRegisters = true;
#else
inline constexpr bool kManyRegisters = false;
#endif
inline constexpr int kWideBlock = 16;
#define FOVEA_VIF_EACH(M) \
  M(0) M(1) M(2) M(3) M(4) M(5) M(6) M(7) M(8) M(9) M(10) M(11) M(12) M(13) M(14) M(15)

// As above, blocks * 16 outputs.
template <int kRadius, class D>
HWY_INLINE void FilterWide(D d, const float* HWY_RESTRICT in, size_t stride, const Taps& taps,
                           float* HWY_RESTRICT out, size_t out_stride, int blocks) {
  const float* tap = taps.data();
  const auto t0 = hn::Set(d, tap[0]), t1 = hn::Set(d, tap[1]), t2 = hn::Set(d, tap[HWY_MIN(2, kRadius)]);
  const auto t3 = hn::Set(d, tap[HWY_MIN(3, kRadius)]), t4 = hn::Set(d, tap[HWY_MIN(4, kRadius)]),
             t5 = hn::Set(d, tap[HWY_MIN(5, kRadius)]);
  const auto t6 = hn::Set(d, tap[HWY_MIN(6, kRadius)]), t7 = hn::Set(d, tap[HWY_MIN(7, kRadius)]),
             t8 = hn::Set(d, tap[HWY_MIN(8, kRadius)]);
  for (int b = 0; b < blocks; ++b) {
#define FOVEA_VIF_SUM(j) auto s##j = hn::Zero(d);
    FOVEA_VIF_EACH(FOVEA_VIF_SUM)
#undef FOVEA_VIF_SUM
    Unroll<2 * kRadius + kWideBlock>([&](auto position) FOVEA_VIF_LAMBDA {
      constexpr int i = decltype(position)::value;
      const auto v = hn::Load(d, in + i * stride);
      // Tap k of the sum i - k, if there is one.
      const auto add = [&](auto tap_index, auto product) FOVEA_VIF_LAMBDA {
        constexpr int k = decltype(tap_index)::value;
#define FOVEA_VIF_ADD(j)                                \
  if constexpr (i - k == (j)) {                         \
    if constexpr (k == 0) s##j = product;               \
    if constexpr (k > 0) s##j = hn::Add(s##j, product); \
  }
        FOVEA_VIF_EACH(FOVEA_VIF_ADD)
#undef FOVEA_VIF_ADD
      };
      // One product at a time, for the tap and its mirror image: more would not fit the registers.
      const auto add_both = [&](auto tap_index, auto tap_value) FOVEA_VIF_LAMBDA {
        constexpr int k = decltype(tap_index)::value, mirrored = 2 * kRadius - k;
        constexpr bool kWanted = k <= kRadius && ((i - k >= 0 && i - k < kWideBlock) ||
                                                  (i - mirrored >= 0 && i - mirrored < kWideBlock));
        if constexpr (kWanted) {
          const auto product = hn::Mul(v, tap_value);
          add(tap_index, product);
          if constexpr (k < kRadius) add(std::integral_constant<int, mirrored>(), product);
        }
      };
      add_both(std::integral_constant<int, 0>(), t0);
      add_both(std::integral_constant<int, 1>(), t1);
      add_both(std::integral_constant<int, 2>(), t2);
      add_both(std::integral_constant<int, 3>(), t3);
      add_both(std::integral_constant<int, 4>(), t4);
      add_both(std::integral_constant<int, 5>(), t5);
      add_both(std::integral_constant<int, 6>(), t6);
      add_both(std::integral_constant<int, 7>(), t7);
      add_both(std::integral_constant<int, 8>(), t8);
    });
#define FOVEA_VIF_STORE(j) hn::Store(s##j, d, out + (j)*out_stride);
    FOVEA_VIF_EACH(FOVEA_VIF_STORE)
#undef FOVEA_VIF_STORE
    in += kWideBlock * stride;
    out += kWideBlock * out_stride;
  }
}
#undef FOVEA_VIF_EACH

// `outputs` is rounded up to a whole number of blocks.
template <int kEvery, int kWidth, int kStride>
HWY_NOINLINE void Filter(const float* in, const Taps& taps, float* out, int outputs) {
  // Not below the lanes of a vector: in groups, each walking down all blocks.
  const hn::CappedTag<float, kWidth> d;
  for (int lane = 0; lane < kWidth; lane += static_cast<int>(hn::Lanes(d))) {
    const auto run = [&](auto radius) FOVEA_VIF_LAMBDA {
      constexpr int kRadius = decltype(radius)::value;
      if constexpr (kManyRegisters && kEvery == 1 && kRadius > 0) {
        FilterWide<kRadius>(d, in + lane, kStride, taps, out + lane, kStride,
                            (outputs + kWideBlock - 1) / kWideBlock);
      } else {
        FilterKnown<kRadius, kEvery>(d, in + lane, kStride, taps, out + lane, kStride, (outputs + 3) / 4);
      }
    };
    switch (taps.radius) {
      case 8:
        run(std::integral_constant<int, 8>());
        break;
      case 4:
        run(std::integral_constant<int, 4>());
        break;
      case 2:
        run(std::integral_constant<int, 2>());
        break;
      case 1:
        run(std::integral_constant<int, 1>());
        break;
      default:
        run(std::integral_constant<int, 0>());
    }
  }
}

// Four lanes each of the rows 0, 4, 8, ..., as many as fill a vector.
template <class D>
HWY_INLINE hn::Vec<D> LoadBlocks(D d, const float* HWY_RESTRICT in, size_t stride) {
#if HWY_HAVE_SCALABLE
  (void)stride;
  return hn::Load(d, in);
#else
  if constexpr (hn::MaxLanes(D()) <= 4) {
    return hn::Load(d, in);
  } else {
    const hn::Half<D> half;
    return hn::Combine(d, LoadBlocks(half, in + hn::MaxLanes(half) * stride, stride),
                       LoadBlocks(half, in, stride));
  }
#endif
}

// out[x * out_stride + y] = in[y * in_stride + x] for y < rows, a multiple of kRows, and x < columns, of 4.
template <int kRows>
HWY_INLINE void Transpose(const float* HWY_RESTRICT in, size_t in_stride, int rows, int columns,
                          float* HWY_RESTRICT out, size_t out_stride) {
#if HWY_HAVE_SCALABLE
  const hn::FixedTag<float, 4> d;
#else
  const hn::CappedTag<float, kRows> d;
#endif
  for (int y = 0; y < rows; y += static_cast<int>(hn::Lanes(d))) {
    for (int x = 0; x < columns; x += 4) {
      const float* from = in + y * in_stride + x;
      float* to = out + x * out_stride + y;
      const auto r0 = LoadBlocks(d, from, in_stride), r1 = LoadBlocks(d, from + in_stride, in_stride);
      const auto r2 = LoadBlocks(d, from + 2 * in_stride, in_stride),
                 r3 = LoadBlocks(d, from + 3 * in_stride, in_stride);
      const auto even0 = hn::InterleaveLower(d, r0, r2), odd0 = hn::InterleaveLower(d, r1, r3);
      const auto even1 = hn::InterleaveUpper(d, r0, r2), odd1 = hn::InterleaveUpper(d, r1, r3);
      hn::Store(hn::InterleaveLower(d, even0, odd0), d, to);
      hn::Store(hn::InterleaveUpper(d, even0, odd0), d, to + out_stride);
      hn::Store(hn::InterleaveLower(d, even1, odd1), d, to + 2 * out_stride);
      hn::Store(hn::InterleaveUpper(d, even1, odd1), d, to + 3 * out_stride);
    }
  }
}

#endif
}  // namespace fovea::float_vif::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif
