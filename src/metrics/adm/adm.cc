// SPDX-License-Identifier: BSD-2-Clause-Patent
// ADM: detail loss and additive impairments. The README beside this file has the formulas.
//
// A phase is a scale. A strip is a range of band rows; it streams, row by row,
//
//   reference: transform, sum of cubes (the denominator), reciprocals
//   each distorted picture: transform; for each variant (gain limit): decouple, masks; contrast of the row
//   above, whose neighbourhood is now complete
//
// through rows that stay in cache. Only the low-low band goes to the FrameState, as input of the next scale.
// Detail outside the middle 4/5 of a band is not worked out: nothing depends on it. A strip repeats one row
// of detail beyond each of its ends.
#include <math.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "metrics/adm/adm_kernels.h"
#include "metrics/adm/adm_plan.h"
#include "metrics/adm/adm_scalar.h"
#include "metrics/metric.h"

namespace fovea::adm {
namespace {

constexpr float kThird = 1.0f / 3.0f;

// Rows of 16-bit numbers with slack around each.
class Plane16 {
 public:
  Plane16() = default;
  Plane16(int width, int height)
      : stride_(round_up(static_cast<size_t>(width), kSlack) + kSlack),
        data_(stride_ * height + 2 * kSlack) {}
  int16_t* row(int y) { return data_.data() + kSlack + stride_ * y; }
  const int16_t* row(int y) const { return data_.data() + kSlack + stride_ * y; }

 private:
  size_t stride_ = 0;
  AlignedBuffer<int16_t> data_;
};

// The low-low bands of one picture. The first has 16 bits and leaves `low` unused.
struct LowBands {
  std::array<Plane16, kScales - 1> high, low;
};

struct State final : FrameState {
  struct Sums {
    std::array<int64_t, kBands> num{}, aim{};
  };
  std::vector<LowBands> pictures;               // the reference, then the distorted ones
  std::array<std::vector<Sums>, kScales> sums;  // [scale][(strip * dis_count + dis) * variants + variant]
  std::array<std::vector<std::array<uint64_t, kBands>>, kScales> energy;  // [scale][strip]
};

// Hands out rows with slack, or, without a Scratch, only adds up what they take.
class RowAllocator {
 public:
  explicit RowAllocator(Scratch* scratch) : scratch_(scratch) {}
  template <class T>
  T* row(int count) {
    T* first = items<T>(static_cast<size_t>(count) + 2 * kSlack);
    return first == nullptr ? nullptr : first + kSlack;
  }
  template <class T>
  T* items(size_t count) {
    bytes_ += Scratch::bytes_for<T>(count);
    return scratch_ == nullptr ? nullptr : scratch_->take<T>(count);
  }
  size_t bytes() const { return bytes_; }

 private:
  Scratch* scratch_;
  size_t bytes_ = 0;
};

// What differs between scale 0 and the others: widths of numbers, and the row functions.
struct Level0 {
  using Coefficient = int16_t;
  using Signal = int16_t;
  using Mask = uint16_t;
  using Decouple = Decouple0;
  using Contrast = Contrast0;
  struct Prepared {
    int16_t* limit[kBands];
  };

  int16_t *low, *high;

  void take_rows(RowAllocator& rows, int width) {
    low = rows.row<int16_t>(width);
    high = rows.row<int16_t>(width);
  }
  static Prepared take_prepared(RowAllocator& rows, int count) {
    Prepared out;
    for (int16_t*& limit : out.limit) limit = rows.row<int16_t>(count);
    return out;
  }
  template <class Sample>
  void transform(const PlaneView& luma, const int (&at)[6], int bit_depth, const Columns& columns,
                 const RowPlan& plan, LowBands& bands, int y, int16_t* const detail[kBands]) const {
    const Sample* rows[6];
    for (int k = 0; k < 6; ++k) rows[k] = luma.row<Sample>(at[k]);
    columns0(rows, columns, bit_depth, low, high);
    rows0(low, high, plan, plan.a_count > 0 ? bands.high[0].row(y) : nullptr, detail);
  }
  void transform(const Plan& plan, int, const Frame& frame, const int (&at)[6], const Columns& columns,
                 const RowPlan& row_plan, LowBands& bands, int y, int16_t* const detail[kBands]) const {
    const int b = plan.format.bit_depth;
    if (plan.format.sample_bytes() == 1) {
      transform<uint8_t>(frame.planes[0], at, b, columns, row_plan, bands, y, detail);
    } else {
      transform<uint16_t>(frame.planes[0], at, b, columns, row_plan, bands, y, detail);
    }
  }
  static void prepare(const int16_t* const o[kBands], int count, const Split& split, const Prepared& out) {
    for (int b = 0; b < kBands; ++b) prepare0(o[b], count, split, out.limit[b]);
  }
  static void point_to(const Prepared& prepared, Decouple& in) {
    std::copy_n(prepared.limit, kBands, in.limit);
  }
  // Masks that do not fit 16 bits are worked out from the coefficients: all three rows of them.
  static void point_to(const int16_t* const (&r)[3][kBands], const int16_t* const (&a)[3][kBands],
                       Contrast& in) {
    for (int y = 0; y < 3; ++y) {
      std::copy_n(r[y], kBands, in.r[y]);
      std::copy_n(a[y], kBands, in.a[y]);
    }
  }
  static uint64_t energy(const ScalePlan&, const int16_t* o, Range range) { return energy0(o, range); }
  static void decouple(bool fits_kernels, const Decouple& rows, int count, const Split& split) {
    fits_kernels ? decouple0(rows, count, split) : decouple0_ref(rows, count, split);
  }
  static ContrastSums contrast(bool fits_kernels, const Contrast& rows, Range range, const Pooling& pooling) {
    return fits_kernels ? contrast0(rows, range, pooling) : contrast0_ref(rows, range, pooling);
  }
};

struct Level1 {
  using Coefficient = int32_t;
  using Signal = uint32_t;
  using Mask = int32_t;
  using Decouple = Decouple1;
  using Contrast = Contrast1;
  struct Prepared {
    Reciprocal reciprocal[kBands];
  };

  SplitRow low, high;

  void take_rows(RowAllocator& rows, int width) {
    for (int16_t** row : {&low.high, &low.low, &high.high, &high.low}) *row = rows.row<int16_t>(width);
  }
  static Prepared take_prepared(RowAllocator& rows, int count) {
    Prepared out;
    for (Reciprocal& r : out.reciprocal) {
      r.twice = rows.row<uint32_t>(count);
      r.up = rows.row<uint32_t>(count);
    }
    return out;
  }
  void transform(const Plan&, int scale, const Frame&, const int (&at)[6], const Columns& columns,
                 const RowPlan& plan, LowBands& bands, int y, int32_t* const detail[kBands]) const {
    if (scale == 1) {
      const int16_t* rows[6];
      for (int k = 0; k < 6; ++k) rows[k] = bands.high[0].row(at[k]);
      columns1(rows, columns, low, high);
    } else {
      ConstSplitRow rows[6];
      for (int k = 0; k < 6; ++k)
        rows[k] = {bands.high[scale - 1].row(at[k]), bands.low[scale - 1].row(at[k])};
      columns2(rows, columns, low, high);
    }
    SplitRow a;
    if (plan.a_count > 0) a = {bands.high[scale].row(y), bands.low[scale].row(y)};
    rows1({low.high, low.low}, {high.high, high.low}, plan, kRowShift[scale], a, detail);
  }
  static void prepare(const int32_t* const o[kBands], int count, const Split&, const Prepared& out) {
    for (int b = 0; b < kBands; ++b) prepare1(o[b], count, out.reciprocal[b]);
  }
  static void point_to(const Prepared& prepared, Decouple& in) {
    std::copy_n(prepared.reciprocal, kBands, in.reciprocal);
  }
  static void point_to(const uint32_t* const (&r)[3][kBands], const uint32_t* const (&a)[3][kBands],
                       Contrast& in) {
    std::copy_n(r[1], kBands, in.r);
    std::copy_n(a[1], kBands, in.a);
  }
  static uint64_t energy(const ScalePlan& plan, const int32_t* o, Range range) {
    return energy1(o, range, plan.den_square_shift, plan.den_term_shift);
  }
  static void decouple(bool fits_kernels, const Decouple& rows, int count, const Split& split) {
    fits_kernels ? decouple1(rows, count, split) : decouple1_ref(rows, count, split);
  }
  static ContrastSums contrast(bool fits_kernels, const Contrast& rows, Range range, const Pooling& pooling) {
    return fits_kernels ? contrast1(rows, range, pooling) : contrast1_ref(rows, range, pooling);
  }
};

// The rows of a strip in flight. Band row y of a distorted picture, split by a variant, lives in slot y % 3.
template <class Level>
struct Rows {
  using Coefficient = typename Level::Coefficient;
  using Signal = typename Level::Signal;
  using Mask = typename Level::Mask;
  struct Slot {
    Signal* r[kBands];
    Signal* a[kBands];
    Mask* near[2];
    Mask* centre[2];
  };
  struct Pair {  // a distorted picture and a variant
    Slot slot[3];
  };

  Level level;
  Coefficient* o[kBands];
  Coefficient* t[kBands];
  typename Level::Prepared* prepared;  // by variant
  Mask* sums[2];
  Pair* pairs;  // [dis * variants + variant]

  Rows(RowAllocator& rows, const ScalePlan& plan, int dis_count, int variants) {
    const int count = plan.end - plan.begin;
    level.take_rows(rows, plan.src_width);
    for (int b = 0; b < kBands; ++b) {
      o[b] = rows.row<Coefficient>(count);
      t[b] = rows.row<Coefficient>(count);
    }
    prepared = rows.items<typename Level::Prepared>(variants);
    for (int v = 0; v < variants; ++v) {
      const typename Level::Prepared p = Level::take_prepared(rows, count);
      if (prepared != nullptr) prepared[v] = p;
    }
    for (Mask*& row : sums) row = rows.row<Mask>(count);
    pairs = rows.items<Pair>(static_cast<size_t>(dis_count) * variants);
    for (int i = 0; i < dis_count * variants; ++i) {
      Pair pair;
      for (Slot& slot : pair.slot) {
        for (Signal*& row : slot.r) row = rows.row<Signal>(count);
        for (Signal*& row : slot.a) row = rows.row<Signal>(count);
        for (Mask*& row : slot.near) row = rows.row<Mask>(count);
        for (Mask*& row : slot.centre) row = rows.row<Mask>(count);
      }
      if (pairs != nullptr) pairs[i] = pair;
    }
  }
};

constexpr FeatureName kScores[] = {{"VMAF_integer_feature_adm2_score", "integer_adm2"},
                                   {"VMAF_integer_feature_aim_score", "integer_aim"},
                                   {"VMAF_integer_feature_adm3_score", "integer_adm3"},
                                   {"integer_adm_scale0", nullptr},
                                   {"integer_adm_scale1", nullptr},
                                   {"integer_adm_scale2", nullptr},
                                   {"integer_adm_scale3", nullptr}};
constexpr FeatureName kDebugScores[] = {{"integer_adm", nullptr},
                                        {"integer_adm_num", nullptr},
                                        {"integer_adm_den", nullptr},
                                        {"integer_adm_num_scale0", nullptr},
                                        {"integer_adm_den_scale0", nullptr},
                                        {"integer_adm_num_scale1", nullptr},
                                        {"integer_adm_den_scale1", nullptr},
                                        {"integer_adm_num_scale2", nullptr},
                                        {"integer_adm_den_scale2", nullptr},
                                        {"integer_adm_num_scale3", nullptr},
                                        {"integer_adm_den_scale3", nullptr}};

class Adm final : public Metric {
 public:
  // Variants differ in what shares_work() lets differ; the plan is the first one's.
  Adm(const Plan& plan, std::vector<Params> variants) : plan_(plan), variants_(std::move(variants)) {
    for (const ScalePlan& scale : plan.scale) strips_.push_back(scale.strips);
    for (const Params& params : variants_) {
      const std::string suffix = param_table().suffix(params);
      for (const FeatureName& name : kScores) features_.push_back(named_feature(name, suffix));
      for (const FeatureName& name : kDebugScores) {
        if (params.debug) features_.push_back(named_feature(name, suffix));
      }
    }
  }

  int variants() const override { return static_cast<int>(variants_.size()); }
  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return false; }
  const std::vector<int>& strips() const override { return strips_; }

  size_t scratch_bytes(int dis_count) const override {
    size_t bytes = 0;
    for (int s = 0; s < kScales; ++s) {
      RowAllocator rows(nullptr);
      s == 0 ? void(Rows<Level0>(rows, plan_.scale[s], dis_count, variants()))
             : void(Rows<Level1>(rows, plan_.scale[s], dis_count, variants()));
      bytes = std::max(bytes, rows.bytes());
    }
    return bytes + Scratch::bytes_for<Split>(variants());
  }

  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    auto state = std::make_unique<State>();
    state->pictures.resize(dis_count + 1);
    for (LowBands& bands : state->pictures) {
      for (int s = 0; s + 1 < kScales; ++s) {
        bands.high[s] = Plane16(plan_.scale[s].width, plan_.scale[s].height);
        if (s > 0) bands.low[s] = Plane16(plan_.scale[s].width, plan_.scale[s].height);
      }
    }
    for (int s = 0; s < kScales; ++s) {
      state->sums[s].resize(static_cast<size_t>(strips_[s]) * dis_count * variants());
      state->energy[s].resize(strips_[s]);
    }
    return state;
  }

  void run(const FrameInput& input, int phase, int strip, FrameState& state,
           Scratch& scratch) const override {
    if (phase == 0) {
      run_strip<Level0>(input, phase, strip, static_cast<State&>(state), scratch);
    } else {
      run_strip<Level1>(input, phase, strip, static_cast<State&>(state), scratch);
    }
  }

  void finish(const FrameInput& input, const FrameState& state, int dis,
              std::span<double> raw) const override {
    const size_t count = features_.size() / variants_.size();
    const int dis_count = static_cast<int>(input.dis().size());
    for (int v = 0; v < variants(); ++v) {
      finish_variant(static_cast<const State&>(state), dis * variants() + v, dis_count * variants(),
                     variants_[v], raw.subspan(v * count, count));
    }
  }

 private:
  void finish_variant(const State& state, int pair, int pairs, const Params& params,
                      std::span<double> raw) const;
  template <class Level>
  void run_strip(const FrameInput& input, int scale, int strip, State& state, Scratch& scratch) const;

  Plan plan_;
  std::vector<Params> variants_;
  std::vector<int> strips_;
  std::vector<Feature> features_;
};

template <class Level>
void Adm::run_strip(const FrameInput& input, int scale, int strip, State& state, Scratch& scratch) const {
  const ScalePlan& plan = plan_.scale[scale];
  const int dis_count = static_cast<int>(input.dis().size());
  RowAllocator allocator(&scratch);
  Rows<Level> rows(allocator, plan, dis_count, variants());
  const bool aim = !plan_.params.adm_skip_aim;
  Split* splits = scratch.take<Split>(variants());
  for (int v = 0; v < variants(); ++v) {
    const double limit = variants_[v].adm_enhn_gain_limit;
    splits[v] = {limit, whole_gain(limit), plan.weight.data(), aim};
  }
  const Pooling pooling{plan.weight.data(), plan.square_shift.data(), plan.term_shift.data(), aim};

  State::Sums* sums = &state.sums[scale][static_cast<size_t>(strip) * dis_count * variants()];
  std::fill_n(sums, dis_count * variants(), State::Sums{});
  auto& energy = state.energy[scale][strip];
  energy = {};

  const Range own = plan.strip_rows(strip);
  const Range middle = plan.scored ? plan.summed_rows(own) : Range{own.begin, own.begin};
  const Range detail_rows = plan.detail_rows(middle);
  const int count = plan.end - plan.begin;
  const Range summed{plan.left - plan.begin, plan.right - plan.begin};
  const Range source{std::max(2 * plan.begin - 1, 0), std::min(2 * plan.end + 1, plan.src_width)};

  const auto contrast_row = [&](int y, int pair) {
    const auto& slot = rows.pairs[pair].slot;
    const int at[3] = {(y == 0 ? 1 : y - 1) % 3, y % 3, std::min(y + 1, plan.height - 1) % 3};
    const typename Level::Signal *r[3][kBands], *a[3][kBands];
    typename Level::Contrast in;
    for (int i = 0; i < 3; ++i) {
      std::copy_n(slot[at[i]].r, kBands, r[i]);
      std::copy_n(slot[at[i]].a, kBands, a[i]);
      for (int which = 0; which < 2; ++which) in.near[which][i] = slot[at[i]].near[which];
    }
    Level::point_to(r, a, in);
    for (int which = 0; which < 2; ++which) {
      in.centre[which] = slot[at[1]].centre[which];
      in.sums[which] = rows.sums[which];
    }
    const ContrastSums row = Level::contrast(plan.fits_kernels, in, summed, pooling);
    for (int b = 0; b < kBands; ++b) {
      sums[pair].num[b] += shift_round(row.num[b], plan.row_shift);
      sums[pair].aim[b] += shift_round(row.aim[b], plan.row_shift);
    }
  };

  for (int y = std::min(own.begin, detail_rows.begin); y < std::max(own.end, detail_rows.end); ++y) {
    const bool is_own = scale + 1 < kScales && y >= own.begin && y < own.end;
    const bool is_detail = y >= detail_rows.begin && y < detail_rows.end;
    if (!is_own && !is_detail) continue;
    int at[6];  // the last two belong to the next row
    for (int k = 0; k < 6; ++k)
      at[k] = reflect(std::min(2 * y - 1 + k, plan.src_height + 1), plan.src_height);
    const Range none{};
    const Columns columns{plan.src_width, is_own ? Range{0, plan.src_width} : source,
                          is_detail ? source : none};
    const RowPlan row_plan{is_own ? plan.width : 0, is_detail ? Range{plan.begin, plan.end} : none};

    rows.level.transform(plan_, scale, input.ref(), at, columns, row_plan, state.pictures[0], y, rows.o);
    for (int v = 0; is_detail && v < variants(); ++v)
      Level::prepare(rows.o, count, splits[v], rows.prepared[v]);
    if (y >= middle.begin && y < middle.end) {
      for (int b = 0; b < kBands; ++b) {
        energy[b] += shift_round(Level::energy(plan, rows.o[b], summed), plan.den_row_shift);
      }
    }
    for (int k = 0; k < dis_count; ++k) {
      rows.level.transform(plan_, scale, input.dis()[k], at, columns, row_plan, state.pictures[k + 1], y,
                           rows.t);
      for (int v = 0; is_detail && v < variants(); ++v) {
        const int pair = k * variants() + v;
        const auto& slot = rows.pairs[pair].slot[y % 3];
        typename Level::Decouple in;
        std::copy_n(rows.o, kBands, in.o);
        std::copy_n(rows.t, kBands, in.t);
        std::copy_n(slot.r, kBands, in.r);
        std::copy_n(slot.a, kBands, in.a);
        std::copy_n(slot.near, 2, in.masks.near);
        std::copy_n(slot.centre, 2, in.masks.centre);
        Level::point_to(rows.prepared[v], in);
        Level::decouple(plan.fits_kernels, in, count, splits[v]);
        // The 3x3 neighbourhood beyond the bands' borders.
        const auto mirror = [&](auto* row) {
          if (plan.left == 0) row[-1] = row[1];
          if (plan.right == plan.width) row[count] = row[count - 1];
        };
        for (auto* row : slot.near) mirror(row);
        for (auto* row : slot.r) mirror(row);
        for (auto* row : slot.a) mirror(row);
        if (y - 1 >= middle.begin && y - 1 < middle.end) contrast_row(y - 1, pair);
        if (y + 1 == plan.height && y < middle.end) contrast_row(y, pair);
      }
    }
  }
}

// p-norm with p = 3 of a band. libvmaf's floats: the scores hang on powf.
float band_score(float value, float noise_floor) {
  return powf(value, kThird) + noise_floor;
}

// `pair`: distorted picture and variant, of `pairs`.
void Adm::finish_variant(const State& s, int pair, int pairs, const Params& params,
                         std::span<double> raw) const {
  std::array<float, kScales> num{}, den{}, aim{};
  double num_sum = 0, den_sum = 0, aim_sum = 0;
  for (int scale = 0; scale < kScales; ++scale) {
    const ScalePlan& plan = plan_.scale[scale];
    den[scale] = static_cast<float>(1e-10);  // of a skipped scale
    if (plan.scored) {
      State::Sums sums{};
      std::array<uint64_t, kBands> energy{};
      for (int strip = 0; strip < plan.strips; ++strip) {
        const State::Sums& part = s.sums[scale][static_cast<size_t>(strip) * pairs + pair];
        for (int b = 0; b < kBands; ++b) {
          sums.num[b] += part.num[b];
          sums.aim[b] += part.aim[b];
          energy[b] += s.energy[scale][strip][b];
        }
      }
      const auto value = [&](int64_t sum, int b) {
        const float rounded =
            scale == 0 ? static_cast<float>(static_cast<double>(sum)) : static_cast<float>(sum);
        return std::ldexp(rounded, -plan.exponent[b]);
      };
      den[scale] = 0;
      for (int b = 0; b < kBands; ++b) {
        num[scale] += band_score(value(sums.num[b], b), plan.noise_floor);
        if (!params.adm_skip_aim) aim[scale] += band_score(value(sums.aim[b], b), 0);
        const double reference =
            std::ldexp(static_cast<double>(energy[b]), -plan.den_exponent) * plan.den_factor[b];
        den[scale] += band_score(static_cast<float>(reference), plan.noise_floor);
      }
    }
    num_sum += num[scale];
    den_sum += den[scale];
    aim_sum += aim[scale];
  }

  const double limit = least_sum(plan_.format);
  if (num_sum < limit) num_sum = 0;
  if (den_sum < limit) den_sum = 0;
  const double adm2 = den_sum == 0 ? 1.0 : num_sum / den_sum;
  const double additive = den_sum == 0 ? 0.0 : aim_sum / den_sum;
  const double mean = adm2 * params.adm_dlm_weight + (1.0 - additive) * (1.0 - params.adm_dlm_weight);
  size_t next = 0;
  raw[next++] = adm2;
  raw[next++] = additive;
  raw[next++] = mean > params.adm_min_val ? mean : params.adm_min_val;  // in this form NaN gives the minimum
  for (int scale = 0; scale < kScales; ++scale) {
    raw[next++] = static_cast<double>(num[scale]) / static_cast<double>(den[scale]);
  }
  if (!params.debug) return;
  raw[next++] = adm2;
  raw[next++] = num_sum;
  raw[next++] = den_sum;
  for (int scale = 0; scale < kScales; ++scale) {
    raw[next++] = num[scale];
    raw[next++] = den[scale];
  }
}

Result<std::unique_ptr<Metric>> create_variants(const Format& format, std::span<const OptionMap> variants) {
  std::vector<Params> params;
  for (const OptionMap& options : variants) {
    FOVEA_ASSIGN(params.emplace_back(), param_table().parse(options));
  }
  const int b = format.bit_depth;
  if (b != 8 && b != 10 && b != 12 && b != 16) {
    return unsupported_error("adm: bit depth " + std::to_string(b) + " is not 8, 10, 12 or 16");
  }
  if (format.width_px < kMinSize || format.height_px < kMinSize)
    return too_small_error("adm", format, kMinSize, kMinSize);
  const double product = params[0].adm_norm_view_dist * params[0].adm_ref_display_height;
  if (product < 3240) {
    return usage_error("adm: adm_norm_view_dist * adm_ref_display_height = " + format_g(product) +
                       " is below 3240: nearer displays need more than the 16 bits of scale 0");
  }
  const Plan plan = make_plan(format, params[0]);
  return std::unique_ptr<Metric>(std::make_unique<Adm>(plan, std::move(params)));
}

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  return create_variants(format, std::span(&options, 1));
}

// Pictures are transformed before the gain is limited; the others are for finish().
bool shares_work(const OptionMap& a, const OptionMap& b) {
  auto first = param_table().parse(a), second = param_table().parse(b);
  if (!first.ok() || !second.ok()) return false;
  first->adm_enhn_gain_limit = second->adm_enhn_gain_limit;
  first->adm_dlm_weight = second->adm_dlm_weight;
  first->adm_min_val = second->adm_min_val;
  return *first == *second;
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "adm",
    .summary = "detail loss (adm2), additive impairments (aim) and both (adm3), integer arithmetic",
    .provided = {std::begin(kScores), std::end(kScores)},
    .params = param_specs,
    .suffix = suffix,
    .create = create,
    .shares_work = shares_work,
    .create_variants = create_variants,
};

}  // namespace fovea::adm
