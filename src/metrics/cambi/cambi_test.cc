// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "metrics/cambi/cambi_kernels.h"
#include "metrics/cambi/cambi_plan.h"
#include "metrics/cambi/cambi_pool.h"
#include "metrics/metric.h"
#include "metrics/testing.h"

namespace fovea::cambi {
extern const MetricInfo kMetric;
namespace {

using namespace fovea::testing;

// ---- Kernels --------------------------------------------------------------------------------------------

// A row with its spare samples, all filled with junk first.
template <class Sample>
struct Row {
  explicit Row(int width, uint64_t seed = 1) : buffer(row_stride(width)) {
    Random random(seed);
    for (Sample& sample : buffer) sample = static_cast<Sample>(random.bits());
  }
  Sample* data() { return buffer.data() + kRowPad; }
  std::vector<Sample> first(int count) { return {data(), data() + count}; }
  std::vector<Sample> buffer;
};

// Samples in runs, few values among many pixels or noise.
void fill(Row<uint16_t>& row, int width, Random& random) {
  const int longest = static_cast<int>(random.uniform(1, 40)),
            values = static_cast<int>(random.uniform(1, 600));
  for (int x = -1; x <= width;) {
    const uint16_t sample = static_cast<uint16_t>(
        random.uniform(0, 3) == 0 ? random.uniform(0, 1024) : random.uniform(200, 200 + values));
    for (int64_t run = random.uniform(1, longest); run > 0 && x <= width; --run) row.data()[x++] = sample;
  }
}

// Rows of bits, random ones within `width`, zeros elsewhere.
struct BitRows {
  BitRows(int width, int rows, Random* random = nullptr)
      : stride(kBitPad + bit_words(width)), words(static_cast<size_t>(stride) * rows, 0) {
    for (int row = 0; random != nullptr && row < rows; ++row) {
      const int dense = static_cast<int>(random->uniform(1, 9));
      for (int x = 0; x < width; ++x) {
        if (random->uniform(0, 9) < dense) data()[row * stride + x / 64] |= uint64_t{1} << x % 64;
      }
    }
  }
  uint64_t* data() { return words.data() + kBitPad; }
  // The bits below `width` of each row.
  std::vector<bool> first(int width) {
    std::vector<bool> out;
    for (size_t row = 0; row < words.size() / stride; ++row) {
      for (int x = 0; x < width; ++x) out.push_back((data()[row * stride + x / 64] >> x % 64 & 1) != 0);
    }
    return out;
  }
  int stride;
  std::vector<uint64_t> words;
};

TEST(CambiKernel, RowsEqualTheirReferenceOnEveryTarget) {
  for_each_target([](const char* target) {
    for (int width = 1; width <= 200; ++width) {
      SCOPED_TRACE(std::string(target) + " width " + std::to_string(width));
      Random random(width);
      Row<uint16_t> above(width), row(width), below(width), out(width, 2), expected(width, 2);
      for (auto* r : {&above, &row, &below}) fill(*r, width, random);
      if (random.uniform(0, 2) == 0) below = row;

      pair_sums(row.data(), width, out.data());
      pair_sums_ref(row.data(), width, expected.data());
      ASSERT_EQ(out.first(width), expected.first(width)) << "pair_sums";
      for (const int shift : {0, 2}) {
        anti_dither(row.data(), below.data(), shift, width, out.data());
        anti_dither_ref(row.data(), below.data(), shift, width, expected.data());
        ASSERT_EQ(out.first(width + 1), expected.first(width + 1)) << "anti_dither";
      }
      mode_across(row.data(), width, out.data());
      mode_across_ref(row.data(), width, expected.data());
      ASSERT_EQ(out.first(width), expected.first(width)) << "mode_across";
      mode_down(above.data(), row.data(), below.data(), width, out.data());
      mode_down_ref(above.data(), row.data(), below.data(), width, expected.data());
      ASSERT_EQ(out.first(width), expected.first(width)) << "mode_down";
      halve_row(row.data(), width, out.data());
      halve_row_ref(row.data(), width, expected.data());
      ASSERT_EQ(out.first((width + 1) / 2), expected.first((width + 1) / 2)) << "halve_row";

      BitRows mask(width, 1, &random);
      for (const auto& [first, count] :
           {std::pair{0, 564}, std::pair{1, 0}, std::pair{0, 1025}, std::pair{231, 17}, std::pair{1024, 1}}) {
        std::vector<PixelRun> runs(width + kRowPad), expected_runs(width + kRowPad);
        std::vector<uint16_t> positions(2 * (width + kRowPad));
        const int found =
            find_runs(row.data(), mask.data(), width, first, count, runs.data(), positions.data());
        ASSERT_EQ(found, find_runs_ref(row.data(), mask.data(), width, first, count, expected_runs.data()))
            << "find_runs " << first << " " << count;
        for (int i = 0; i < found; ++i) {
          const PixelRun &run = runs[i], &other = expected_runs[i];
          ASSERT_TRUE(run.begin == other.begin && run.end == other.end && run.code == other.code)
              << "find_runs " << first << " " << count << " run " << i;
        }
      }
    }
  });
}

TEST(CambiKernel, RowsOfBitsEqualTheirReferenceOnEveryTarget) {
  for_each_target([](const char* target) {
    for (int width = 1; width <= 1200; width += width < 200 ? 1 : 37) {
      SCOPED_TRACE(std::string(target) + " width " + std::to_string(width));
      Random random(width);
      Row<uint16_t> row(width), below(width);
      fill(row, width, random);
      below = row;
      for (int x = 0; x < width; ++x) below.data()[x] = random.uniform(0, 3) == 0 ? 0 : below.data()[x];
      BitRows flat(width, 1), flat_expected(width, 1);
      flat_bits(row.data(), below.data(), width, flat.data());
      flat_bits_ref(row.data(), below.data(), width, flat_expected.data());
      ASSERT_EQ(flat.words, flat_expected.words) << "flat_bits";
      BitRows half((width + 1) / 2, 1), half_expected((width + 1) / 2, 1);
      halve_bits(flat.data(), width, half.data());
      halve_bits_ref(flat.data(), width, half_expected.data());
      ASSERT_EQ(half.words, half_expected.words) << "halve_bits";

      // A window of seven rows slides over rows of random flatness.
      std::vector<BitRows> counts;
      BitRows sums(width, 6), sums_expected(width, 6), mask(width, 1), mask_expected(width, 1);
      for (int y = 0; y < 20; ++y) {
        BitRows bits(width, 1, &random);
        counts.emplace_back(width, 3);
        BitRows counts_expected(width, 3);
        count_across(bits.data(), width, counts.back().data(), counts.back().stride);
        count_across_ref(bits.data(), width, counts_expected.data(), counts_expected.stride);
        ASSERT_EQ(counts.back().first(width), counts_expected.first(width)) << "count_across";
        uint64_t* const entering = y < 15 ? counts[y].data() : nullptr;
        uint64_t* const leaving = y >= 7 ? counts[y - 7].data() : nullptr;
        const int threshold = std::array{0, 7, 16, 21, 25, 31, 48, 49}[y % 8];
        slide_sums(entering, leaving, threshold, width, sums.data(), sums.stride, mask.data());
        slide_sums_ref(entering, leaving, threshold, width, sums_expected.data(), sums_expected.stride,
                       mask_expected.data());
        ASSERT_EQ(sums.first(width), sums_expected.first(width)) << "slide_sums row " << y;
        ASSERT_EQ(mask.words, mask_expected.words) << "slide_sums row " << y;
      }
    }
  });
}

template <class Sample>
void check_conversion(int bit_depth) {
  for_each_target([=](const char* target) {
    for (int width = 1; width <= 150; ++width) {
      Row<uint16_t> out(width, 2), expected(width, 2);
      Random random(width);
      std::vector<Sample> in(width);  // exactly as long as the row: a sanitizer sees reads beyond it
      for (Sample& sample : in)
        sample =
            static_cast<Sample>(random.uniform(0, 3) == 0 ? 65535 : random.bits());  // also above the maximum
      to_ten_bits(in.data(), width, bit_depth, out.data());
      to_ten_bits_ref(in.data(), width, bit_depth, expected.data());
      ASSERT_EQ(out.first(width + 1), expected.first(width + 1))
          << target << " width " << width << " bits " << bit_depth;
      if constexpr (sizeof(Sample) == 1) {
        pair_sums(in.data(), width, out.data());
        pair_sums_ref(in.data(), width, expected.data());
        ASSERT_EQ(out.first(width), expected.first(width)) << target << " width " << width;
      }
    }
  });
}

TEST(CambiKernel, ConversionEqualsItsReferenceOnEveryTarget) {
  check_conversion<uint8_t>(8);
  for (int bit_depth = 9; bit_depth <= 16; ++bit_depth) check_conversion<uint16_t>(bit_depth);
}

TEST(CambiKernel, ScanEqualsItsReferenceOnEveryTarget) {
  for_each_target([](const char* target) {
    for (int seed = 0; seed < 60; ++seed) {
      Random random(seed);
      Tile tile;
      tile.columns = static_cast<int>(random.uniform(1, 150));
      tile.height = static_cast<int>(random.uniform(1, 60));
      tile.radius = static_cast<int>(random.uniform(1, seed % 5 == 0 ? 127 : 20));
      tile.code_count = static_cast<int>(random.uniform(1, seed % 3 == 0 ? 1025 : 60));
      tile.contrasts = 1 << random.uniform(0, 5);
      const int width = tile.columns + 2 * tile.radius;
      std::vector<PixelRun> runs;
      std::vector<RowRuns> rows(tile.height);
      std::vector<uint16_t> indices(width);
      const int longest = static_cast<int>(random.uniform(1, 60)),
                values = static_cast<int>(random.uniform(1, 12));
      const int64_t base = random.uniform(0, tile.code_count), zeros = random.uniform(0, 3);
      for (int y = 0; y < tile.height; ++y) {
        const int kind =
            y == 0 ? 2 : static_cast<int>(random.uniform(0, 3));  // rows often resemble those before
        for (int x = 0; x < width && kind > 0;) {
          const int64_t code = random.uniform(0, 3) < zeros
                                   ? 0
                                   : std::min<int64_t>(base + random.uniform(0, values), tile.code_count);
          if (kind == 1) x += static_cast<int>(random.uniform(0, longest));
          for (int64_t run = random.uniform(1, longest); run > 0 && x < width; --run)
            indices[x++] = static_cast<uint16_t>(code);
        }
        const std::vector<uint64_t> mask(bit_words(width), ~uint64_t{0});
        runs.resize(runs.size() + random.uniform(0, 5));  // gaps
        rows[y].at = static_cast<uint32_t>(runs.size());
        runs.resize(rows[y].at + width);
        rows[y].count =
            find_runs_ref(indices.data(), mask.data(), width, 1, tile.code_count, runs.data() + rows[y].at);
        runs.resize(rows[y].at + rows[y].count);
      }
      tile.runs = runs.data();
      tile.rows = rows.data();
      std::vector<uint32_t> steps(tile.code_count + 1, 0);
      const uint32_t all = tile.contrasts == 32 ? ~0u : (1u << tile.contrasts) - 1;
      for (int code = 1; code <= tile.code_count; ++code)
        steps[code] = (seed % 4 == 0 ? static_cast<uint32_t>(random.bits()) : all) & all;
      std::vector<float> weights(32), reciprocals((2 * tile.radius + 1) * (2 * tile.radius + 1) + 1);
      for (int d = 0; d < 32; ++d) weights[d] = static_cast<float>(1 + d / 4);
      for (size_t i = 1; i < reciprocals.size(); ++i) reciprocals[i] = 1.0f / static_cast<float>(i);
      tile.steps = steps.data();
      tile.weights = weights.data();
      tile.reciprocals = reciprocals.data();

      AlignedBuffer<uint8_t> memory(ScanMemory(tile.columns, tile.code_count, tile.contrasts).bytes());
      const size_t count = static_cast<size_t>(tile.columns) * tile.height;
      std::vector<float> listed(count + kRowPad), expected_listed(count + kRowPad), map(count),
          expected_map(count);
      const TileResult result = scan_tile(tile, listed.data(), map.data(), tile.columns, memory.data());
      const TileResult expected =
          scan_tile_ref(tile, expected_listed.data(), expected_map.data(), tile.columns, memory.data());
      ASSERT_EQ(map, expected_map) << target << " seed " << seed;
      ASSERT_EQ(result.sum.value(), expected.sum.value()) << target << " seed " << seed;
      listed.resize(result.stored);
      expected_listed.resize(expected.stored);
      std::erase(listed, 0.0f);
      std::erase(expected_listed, 0.0f);
      ASSERT_EQ(listed, expected_listed) << target << " seed " << seed;
    }
  });
}

TEST(CambiPool, EqualsTheMeanOfTheSortedValues) {
  for (int seed = 0; seed < 200; ++seed) {
    Random random(seed);
    const size_t tiles = random.uniform(1, 4), per_tile = random.uniform(1, 3000);
    std::vector<float> values(tiles * per_tile), sorted;
    std::vector<TileResult> results(tiles);
    const int kind = static_cast<int>(random.uniform(0, 3));
    for (size_t t = 0; t < tiles; ++t) {
      results[t].stored = random.uniform(0, static_cast<int64_t>(per_tile));
      for (int64_t i = 0; i < results[t].stored; ++i) {
        float value = static_cast<float>(random.uniform(1, 9 * 65025)) * (1.0f / 4.0f) + 0.25f;
        if (kind == 1) value = 3.25f;
        if (kind == 2)
          value = random.uniform(0, 2) == 0
                      ? 0.0f
                      : 0.5f + static_cast<float>(random.uniform(0, 1 << 20)) / (1 << 23);
        values[t * per_tile + i] = value;
        results[t].sum.add(value);
        sorted.push_back(value);
      }
    }
    const int64_t total = static_cast<int64_t>(tiles * per_tile), kept = random.uniform(1, total);
    sorted.resize(total, 0.0f);
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    double sum = 0.0;
    for (int64_t i = 0; i < kept; ++i) sum += sorted[i];
    ASSERT_EQ(pool_largest(values.data(), per_tile, results, kept), sum / static_cast<double>(kept))
        << "seed " << seed << " kind " << kind;
  }
}

// ---- The definition, pixel by pixel ---------------------------------------------------------------------

using Grid = std::vector<std::vector<int>>;  // [y][x]

int at(const PlaneView& plane, int bytes, int y, int x) {
  return bytes == 1 ? plane.row<uint8_t>(y)[x] : plane.row<uint16_t>(y)[x];
}

int mode_of(int a, int b, int c) {
  return a == b || a == c ? a : b == c ? b : std::min({a, b, c});
}

double definition(const Frame& frame, const Plan& plan, const Layout& layout, std::vector<Grid>* = nullptr) {
  const int bit_depth = frame.format.bit_depth;
  int width = layout.width, height = layout.height;
  Grid image(height, std::vector<int>(width)), mask = image;
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const int value =
          std::min(at(frame.planes[0], frame.format.sample_bytes(), layout.rows.empty() ? y : layout.rows[y],
                      layout.columns.empty() ? x : layout.columns[x]),
                   (1 << bit_depth) - 1);
      image[y][x] =
          bit_depth <= 10 ? value << (10 - bit_depth) : (value + (1 << (bit_depth - 11))) >> (bit_depth - 10);
    }
  }
  if (plan.anti_dither) {
    const Grid in = image;
    for (int y = 0; y < height; ++y) {
      for (int x = 0; x < width; ++x) {
        const bool right = x + 1 < width, below = y + 1 < height;
        if (right && below) image[y][x] = (in[y][x] + in[y][x + 1] + in[y + 1][x] + in[y + 1][x + 1]) >> 2;
        if (right && !below) image[y][x] = (in[y][x] + in[y][x + 1]) >> 1;
        if (!right && below) image[y][x] = (in[y][x] + in[y + 1][x]) >> 1;
      }
    }
  }
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      int flat = 0;
      for (int i = std::max(y - 3, 0); i <= std::min(y + 3, height - 1); ++i) {
        for (int j = std::max(x - 3, 0); j <= std::min(x + 3, width - 1); ++j) {
          flat += (j + 1 == width || image[i][j] == image[i][j + 1]) &&
                  (i + 1 == height || image[i][j] == image[i + 1][j]);
        }
      }
      mask[y][x] = flat > layout.mask_threshold;
    }
  }
  double score = 0.0;
  for (int s = 0; s < kScales; ++s) {
    if (s > 0 || plan.half_size) {
      width = (width + 1) / 2;
      height = (height + 1) / 2;
      for (Grid* grid : {&image, &mask}) {
        Grid half(height, std::vector<int>(width));
        for (int y = 0; y < height; ++y) {
          for (int x = 0; x < width; ++x) half[y][x] = (*grid)[2 * y][2 * x];
        }
        *grid = half;
      }
    }
    Grid across = image;
    for (int y = 0; y < height; ++y) {
      for (int x = 1; x + 1 < width; ++x)
        across[y][x] = mode_of(image[y][x - 1], image[y][x], image[y][x + 1]);
    }
    for (int y = 1; y + 1 < height; ++y) {
      for (int x = 0; x < width; ++x) image[y][x] = mode_of(across[y - 1][x], across[y][x], across[y + 1][x]);
    }
    std::vector<float> values;
    std::vector<int> counts(2048);  // [code + 64]
    for (int y = 0; y < height; ++y) {
      std::fill(counts.begin(), counts.end(), 0);
      const auto add_column = [&](int x, int step) {
        for (int i = std::max(y - layout.radius, 0); i <= std::min(y + layout.radius, height - 1); ++i) {
          if (mask[i][x] != 0) counts[image[i][x] + 64] += step;
        }
      };
      for (int x = 0; x < std::min(layout.radius, width); ++x) add_column(x, 1);
      for (int x = 0; x < width; ++x) {
        if (x + layout.radius < width) add_column(x + layout.radius, 1);
        if (x - layout.radius - 1 >= 0) add_column(x - layout.radius - 1, -1);
        float strongest = 0.0f;
        const int v = image[y][x];
        for (int d = 0; mask[y][x] != 0 && d < plan.contrasts; ++d) {
          if (v > plan.limits[d] || v + plan.contrasts + d + 1 <= plan.darkest_code) continue;
          const int own = counts[v + 64], other = std::max(counts[v + 64 + d + 1], counts[v + 64 - d - 1]);
          const float product = static_cast<float>(static_cast<int64_t>(plan.weights[d]) * own * other);
          strongest = std::max(strongest, product * plan.reciprocals[own + other]);
        }
        values.push_back(strongest);
      }
    }
    const int64_t area = static_cast<int64_t>(width) * height;
    const int64_t kept =
        std::clamp<int64_t>(static_cast<int64_t>(plan.topk * static_cast<double>(area)), 1, area);
    std::sort(values.begin(), values.end(), std::greater<>());
    double sum = 0.0;
    for (int64_t i = 0; i < kept; ++i) sum += values[i];
    score += (16 >> s) * (sum / static_cast<double>(kept));
  }
  return score / (layout.window * layout.window);
}

// Slow ramps with coarse steps: what banding looks like. `grain` adds noise to some of it.
Frame banded_frame(const Format& format, uint64_t seed, int grain) {
  Frame frame = allocate_frame(format);
  Random random(seed);
  const double sx = static_cast<double>(random.uniform(-30, 30)) / 200.0,
               sy = static_cast<double>(random.uniform(-30, 30)) / 200.0;
  const int64_t level = random.uniform(100, 450), step = random.uniform(1, 4);
  const int noisy_from = static_cast<int>(random.uniform(format.width_px / 4, format.width_px));
  for (int p = 0; p < format.plane_count(); ++p) {
    for (int y = 0; y < frame.planes[p].height_px; ++y) {
      uint8_t* row = mutable_row(frame, p, y);
      for (int x = 0; x < frame.planes[p].width_px; ++x) {
        int64_t code = std::clamp<int64_t>(
            level + static_cast<int64_t>(sx * x + sy * y + 12 * std::sin(x / 31.0)) / step * step, 0, 1000);
        if (x > noisy_from && grain > 0) code += random.uniform(0, grain);
        const uint16_t sample = static_cast<uint16_t>(
            format.bit_depth < 10 ? code >> (10 - format.bit_depth) : code << (format.bit_depth - 10));
        if (format.sample_bytes() == 1) {
          row[x] = static_cast<uint8_t>(sample);
        } else {
          std::memcpy(row + 2 * x, &sample, 2);
        }
      }
    }
  }
  return frame;
}

std::unique_ptr<Metric> make(const Format& format, const OptionMap& options = {}) {
  auto metric = kMetric.create(format, options);
  EXPECT_TRUE(metric.ok()) << metric.error().message;
  return std::move(metric).value();
}

Plan plan_for(const Format& format, const OptionMap& options = {}) {
  return make_plan(format, param_table().parse(options).value()).value();
}

struct Case {
  Format format;
  OptionMap options;
};

const Case kCases[] = {
    {{257, 121, 8, Chroma::k420}, {}},
    {{217, 64, 10, Chroma::k400}, {}},
    {{33, 216, 12, Chroma::k444}, {{"max_log_contrast", "0"}}},
    {{301, 90, 16, Chroma::k420}, {{"max_log_contrast", "5"}, {"topk", "0.1"}}},
    {{290, 230, 8, Chroma::k420}, {{"window_size", "127"}, {"cambi_topk", "0.05"}, {"enc_bitdepth", "10"}}},
    {{400, 150, 10, Chroma::k420}, {{"eotf", "pq"}, {"max_log_contrast", "4"}, {"tvi_threshold", "0.005"}}},
    {{320, 200, 9, Chroma::k422},
     {{"cambi_eotf", "pq"}, {"cambi_vis_lum_threshold", "0.06"}, {"max_log_contrast", "3"}}},
    {{500, 180, 8, Chroma::k420}, {{"enc_width", "330"}, {"enc_height", "150"}, {"enc_bitdepth", "8"}}},
    {{300, 2, 10, Chroma::k420}, {{"window_size", "50"}}},
    {{1, 300, 10, Chroma::k400}, {}},
    {{260, 1, 8, Chroma::k400}, {}},
    {{240, 160, 10, Chroma::k420}, {{"cambi_vis_lum_threshold", "300"}}},
};

TEST(Cambi, EqualsTheDefinitionOnEveryTarget) {
  std::vector<Frame> frames;
  std::vector<double> expected;
  int banded = 0;
  for (size_t i = 0; i < std::size(kCases); ++i) {
    const Plan plan = plan_for(kCases[i].format, kCases[i].options);
    frames.push_back(banded_frame(kCases[i].format, i, i % 3 == 2 ? 2 : 0));
    expected.push_back(definition(frames.back(), plan, plan.encode));
    banded += expected.back() > 0.0;
  }
  EXPECT_GE(banded, 8);
  for_each_target([&](const char* target) {
    for (size_t i = 0; i < std::size(kCases); ++i) {
      const auto metric = make(kCases[i].format, kCases[i].options);
      const auto scores = run_metric(*metric, {frames[i]}, {frames[i]});
      EXPECT_EQ(scores.begin()->second[0], expected[i]) << target << " case " << i;
    }
  });
}

TEST(Cambi, EqualsTheDefinitionOnAllPatterns) {
  int seed = 0;
  for (const Pattern pattern : kAllPatterns) {
    const int bit_depth = std::array{8, 10, 12, 16}[++seed % 4];
    const Format format{219 + 7 * seed, 70 + seed, bit_depth, Chroma::k420};
    const Frame frame = make_frame(format, pattern, seed);
    const Plan plan = plan_for(format);
    EXPECT_EQ(run_metric(*make(format), {frame}, {frame}).begin()->second[0],
              definition(frame, plan, plan.encode))
        << pattern_name(pattern);
    EXPECT_TRUE(poison_intact(frame));
  }
}

TEST(Cambi, LargeFormatsStartAtHalfSizeWhenAsked) {
  const Format format{1921, 1081, 8, Chroma::k400};
  const OptionMap options = {
      {"cambi_high_res_speedup", "1080"}, {"cambi_vis_lum_threshold", "0.06"}, {"cambi_max_val", "17"}};
  const Frame frame = banded_frame(format, 3, 1);
  const Plan plan = plan_for(format, options);
  EXPECT_TRUE(plan.half_size);
  EXPECT_EQ(plan.encode.window, 17);
  const double expected = definition(frame, plan, plan.encode);
  EXPECT_GT(expected, 0.0);
  const auto metric = make(format, options);
  EXPECT_EQ(run_metric(*metric, {frame}, {frame}).at("cambi_hrs_1080_cmxv_17_vlt_0.06")[0],
            std::min(expected, 17.0));
}

TEST(Cambi, FullReferenceScoresBothPictures) {
  const Format format{300, 220, 10, Chroma::k420};
  const OptionMap options = {{"full_ref", "true"}, {"src_width", "420"}, {"src_height", "300"}};
  const Frame ref = banded_frame(format, 1, 0), dis = banded_frame(format, 7, 2);
  const Plan plan = plan_for(format, options);
  const double encode = definition(dis, plan, plan.encode), source = definition(ref, plan, plan.source);
  const auto metric = make(format, options);
  const auto scores = run_metric(*metric, {ref}, std::vector<std::vector<Frame>>{{dis}, {ref}});
  EXPECT_EQ(scores[0].at("cambi_srch_300_srcw_420")[0], encode);
  for (const auto& clip : scores) EXPECT_EQ(clip.at("cambi_source")[0], source);
  EXPECT_EQ(scores[0].at("cambi_full_reference")[0], std::max(0.0, encode - source));
}

TEST(Cambi, ManyClipsInLockstepAndReversedStripsEqualSingleRuns) {
  const Format format{620, 300, 8, Chroma::k420};
  std::vector<std::vector<Frame>> clips;
  for (int k = 0; k < 3; ++k) clips.push_back({banded_frame(format, k, k), banded_frame(format, k + 5, 0)});
  const auto metric = make(format, {{"max_log_contrast", "3"}});
  const auto together = run_metric(*metric, clips[0], clips, /*reverse=*/true);
  for (int k = 0; k < 3; ++k) EXPECT_EQ(together[k], run_metric(*metric, clips[0], clips[k]));
}

TEST(Cambi, SamplesAboveTheMaximumCountAsTheMaximum) {
  const Format format{240, 230, 10, Chroma::k400};
  Frame wild = banded_frame(format, 4, 0), tame = banded_frame(format, 4, 0);
  Random random(9);
  for (int y = 0; y < format.height_px; ++y) {
    for (int x = 0; x < format.width_px; ++x) {
      if (random.uniform(0, 3) != 0) continue;
      reinterpret_cast<uint16_t*>(mutable_row(wild, 0, y))[x] =
          static_cast<uint16_t>(random.uniform(1024, 65535));
      reinterpret_cast<uint16_t*>(mutable_row(tame, 0, y))[x] = 1023;
    }
  }
  const auto metric = make(format);
  EXPECT_EQ(run_metric(*metric, {wild}, {wild}), run_metric(*metric, {tame}, {tame}));
}

TEST(Cambi, ThresholdsAreThoseOfTheDefinition) {
  const Plan bt1886 = plan_for({640, 480, 8, Chroma::k420}, {{"max_log_contrast", "3"}});
  const int expected[] = {178, 305, 432, 559, 686, 813, 1023, 1023};
  for (int d = 0; d < 8; ++d) EXPECT_EQ(bt1886.limits[d], expected[d]);
  const Plan pq = plan_for({640, 480, 8, Chroma::k420}, {{"eotf", "pq"}});
  EXPECT_EQ(pq.limits[0], 233);
  EXPECT_EQ(pq.limits[1], 1023);
  EXPECT_EQ(plan_for({640, 480, 8, Chroma::k420}, {{"cambi_vis_lum_threshold", "0.06"}}).darkest_code, 78);
  EXPECT_EQ(plan_for({640, 480, 8, Chroma::k420}, {{"cambi_vis_lum_threshold", "5"}}).darkest_code, 214);
  EXPECT_EQ(bt1886.darkest_code, 0);
  // Reciprocals with nine digits: one unit beside the nearest float here and there.
  const Plan large = plan_for({3840, 2160, 8, Chroma::k420});
  EXPECT_EQ(large.reciprocals[82], std::nextafter(1.0f / 82, 1.0f));
  EXPECT_EQ(large.reciprocals[504], std::nextafter(1.0f / 504, 0.0f));
  EXPECT_EQ(large.reciprocals[4225], 1.0f / 4225);
  int differing = 0;
  for (int i = 1; i <= 4225; ++i) differing += large.reciprocals[i] != 1.0f / static_cast<float>(i);
  EXPECT_EQ(differing, 42);
}

TEST(Cambi, WindowsAndMasksFollowTheFormat) {
  const std::array<std::array<int, 4>, 7> expected = {{{576, 324, 9, 16},
                                                       {1280, 720, 21, 19},
                                                       {1920, 1080, 33, 21},
                                                       {2560, 1440, 43, 22},
                                                       {3840, 2160, 65, 24},
                                                       {4096, 2160, 67, 25},
                                                       {7680, 4320, 131, 27}}};
  for (const auto& [width, height, window, threshold] : expected) {
    const Plan plan = plan_for({width, height, 8, Chroma::k420});
    EXPECT_EQ(plan.encode.window, window) << width;
    EXPECT_EQ(plan.encode.mask_threshold, threshold) << width;
  }
}

TEST(Cambi, RefusesWhatItIsNotDefinedFor) {
  const Format hd{1920, 1080, 8, Chroma::k420};
  EXPECT_EQ(kMetric.create({215, 215, 8, Chroma::k420}, {}).error().message,
            "cambi: 215x215 is too small; width or height must be at least 216");
  EXPECT_EQ(kMetric.create(hd, {{"enc_width", "200"}, {"enc_height", "200"}}).error().message,
            "cambi: 200x200 is too small; width or height must be at least 216");
  EXPECT_EQ(kMetric.create(hd, {{"eotf", "srgb"}}).error().message, "cambi: eotf=srgb is not bt1886 or pq");
  EXPECT_EQ(kMetric.create(hd, {{"cambi_eotf", "srgb"}}).error().message,
            "cambi: cambi_eotf=srgb is not bt1886 or pq");
  EXPECT_TRUE(kMetric.create(hd, {{"eotf", "srgb"}, {"cambi_eotf", "pq"}}).ok());
  EXPECT_EQ(kMetric.create(hd, {{"src_width", "1280"}, {"src_height", "1200"}}).error().message,
            "cambi: src 1280x1200 is wider but lower than enc 1920x1080, or the reverse; neither may be");
  EXPECT_EQ(kMetric.create({16000, 9000, 8, Chroma::k420}, {}).error().code, ErrorCode::kUnsupported);
  EXPECT_FALSE(kMetric.create(hd, {{"window_size", "14"}}).ok());
  EXPECT_FALSE(kMetric.create(hd, {{"enc_width", "0"}}).ok());
  EXPECT_FALSE(kMetric.create(hd, {{"window", "65"}}).ok());
  EXPECT_FALSE(kMetric.create(hd, {{"heatmaps_path", "/nonexistent/folder/x"}}).ok());
  EXPECT_TRUE(kMetric.create({7680, 4320, 10, Chroma::k420}, {}).ok());
}

TEST(Cambi, NamesCarryTheOptions) {
  const Format format{640, 480, 8, Chroma::k420};
  EXPECT_EQ(make(format)->features()[0].key, "Cambi_feature_cambi_score");
  EXPECT_EQ(make(format)->features()[0].label, "cambi");
  EXPECT_EQ(make(format, {{"window_size", "63"}})->features()[0].label, "cambi_ws_63");
  EXPECT_EQ(make(format, {{"topk", "0.5"}, {"full_ref", "true"}})->features()[0].label, "cambi_topk_0.5");
  EXPECT_EQ(make(format, {{"topk", "0.5"}, {"full_ref", "true"}})->features()[1].label, "cambi_source");
}

TEST(Cambi, HeatMapsHoldTheCValues) {
  const Format format{301, 217, 8, Chroma::k420};
  const auto folder = std::filesystem::temp_directory_path() /
                      ("fovea_cambi_" + std::to_string(::testing::UnitTest::GetInstance()->random_seed()) +
                       "_" + std::to_string(getpid()));
  std::vector<Frame> clip = {banded_frame(format, 2, 0), banded_frame(format, 3, 0)};
  const auto with_maps = make(format, {{"heatmaps_path", folder.string()}});
  const auto scores = run_metric(*with_maps, clip, std::vector<std::vector<Frame>>{clip, {clip[1], clip[0]}});
  EXPECT_EQ(scores[0], run_metric(*make(format), clip, clip));
  int width = 301, height = 217;
  const int window = plan_for(format).encode.window, full_scale = 4 * window * window / 4;
  for (int s = 0; s < kScales; ++s) {
    const std::string name = "cambi_heatmap_scale_" + std::to_string(s) + "_" + std::to_string(width) + "x" +
                             std::to_string(height) + "_16b.gray";
    const auto read = [](const std::filesystem::path& path) {
      std::ifstream file(path, std::ios::binary);
      return std::string(std::istreambuf_iterator<char>(file), {});
    };
    const std::string first = read(folder / name), second = read(folder / "1" / name);
    const size_t frame_bytes = 2 * static_cast<size_t>(width) * height;
    ASSERT_EQ(first.size(), 2 * frame_bytes);
    EXPECT_EQ(first.substr(0, frame_bytes), second.substr(frame_bytes));
    EXPECT_EQ(first.substr(frame_bytes), second.substr(0, frame_bytes));
    if (s == 0) {  // the levels are those c-values whose mean over the worst 60 % is the score's first part
      double sum = 0.0;
      for (size_t i = 0; i < frame_bytes; i += 2)
        sum +=
            (static_cast<uint8_t>(first[i]) | static_cast<uint8_t>(first[i + 1]) << 8) * full_scale / 65535.0;
      EXPECT_GT(sum, 0.0);
      EXPECT_LE(16 * sum / (0.6 * width * height) / (window * window), scores[0].begin()->second[0] * 1.7);
    }
    width = (width + 1) / 2;
    height = (height + 1) / 2;
  }
  std::filesystem::remove_all(folder);
}

// ---- Known values ---------------------------------------------------------------------------------------

// The folder with clips and their reports, or null with the test skipped.
const char* test_data() {
  return std::getenv("FOVEA_TEST_DATA");
}

// Frames that a command writes as planar samples.
std::vector<Frame> frames_of(const std::string& command, const Format& format, int count) {
  std::vector<Frame> frames;
  FILE* pipe = popen(command.c_str(), "r");
  for (int i = 0; pipe != nullptr && i < count; ++i) {
    Frame frame = allocate_frame(format);
    bool complete = true;
    for (int p = 0; p < format.plane_count(); ++p) {
      const size_t bytes = static_cast<size_t>(format.plane_width(p)) * format.sample_bytes();
      for (int y = 0; y < format.plane_height(p); ++y)
        complete = complete && std::fread(mutable_row(frame, p, y), 1, bytes, pipe) == bytes;
    }
    if (!complete) break;
    frames.push_back(std::move(frame));
  }
  if (pipe != nullptr) pclose(pipe);
  return frames;
}

TEST(CambiGolden, SmallClipsGiveThePublishedScores) {
  if (test_data() == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA does not name the folder with test clips";
  const std::string folder = std::string(test_data()) + "/clips/netflix/src01_hrc0";
  struct {
    const char* file;
    int bit_depth;
    OptionMap options;
    std::array<double, 3> scores;
  } const cases[] = {
      {"1_576x324.yuv420p10le.yuv", 10, {}, {0.930441, 0.962341, 0.982862}},
      {"1_576x324_3frames.yuv", 8, {}, {0.339171, 0.276505, 0.268370}},
      {"1_576x324_3frames.yuv",
       8,
       {{"enc_width", "480"}, {"enc_height", "270"}, {"enc_bitdepth", "8"}},
       {0.252312, 0.208119, 0.198117}},
      {"1_576x324_3frames.yuv",
       8,
       {{"cambi_high_res_speedup", "1080"}, {"cambi_vis_lum_threshold", "0.06"}, {"cambi_max_val", "17"}},
       {0.339087, 0.276463, 0.268356}},
      {"1_576x324.yuv420p10le.yuv",
       10,
       {{"cambi_high_res_speedup", "1080"}, {"cambi_vis_lum_threshold", "0.06"}, {"cambi_max_val", "17"}},
       {0.922358, 0.954946, 0.974882}},
  };
  for (const auto& c : cases) {
    const Format format{576, 324, c.bit_depth, Chroma::k420};
    const auto frames = frames_of("cat '" + folder + c.file + "'", format, 3);
    ASSERT_EQ(frames.size(), 3u);
    const auto scores = run_metric(*make(format, c.options), frames, frames).begin()->second;
    for (int i = 0; i < 3; ++i) EXPECT_NEAR(scores[i], c.scores[i], 5.1e-7) << c.file << " frame " << i;
  }
}

TEST(CambiGolden, EncodesGiveTheReportedScores) {
  if (test_data() == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA does not name the folder with test clips";
  if (std::system("ffmpeg -version > /dev/null 2>&1") != 0) GTEST_SKIP() << "the ffmpeg program is missing";
  const std::string folder = test_data();
  const struct {
    const char* name;
    Format format;
  } clips[] = {{"bbb_1080p60__x264", {1920, 1080, 8, Chroma::k420}},
               {"bbb_2160p60__x265", {3840, 2160, 8, Chroma::k420}},
               {"bee_720p30__svtav1", {1280, 720, 8, Chroma::k420}},
               {"bloom_720p30__vp9", {1280, 720, 8, Chroma::k420}},
               {"butterfly_720p30__x264", {1280, 720, 8, Chroma::k420}},
               {"flower_540p30__x265", {960, 540, 8, Chroma::k420}},
               {"highway_540p25__svtav1", {960, 540, 8, Chroma::k420}},
               {"nightcity_1080p50__vp9", {1920, 1080, 8, Chroma::k420}},
               {"pdf_1024x768__x264", {1024, 768, 8, Chroma::k420}},
               {"roofs_hdr10_1080p30__x265", {1920, 1080, 10, Chroma::k420}},
               {"street_1080p25__svtav1", {1920, 1080, 8, Chroma::k420}}};
  const struct {
    const char* report;
    const char* label;
    OptionMap options;
  } requests[] = {
      {"float", "cambi", {}},
      {"v1",
       "cambi_hrs_1080_cmxv_17_vlt_0.06",
       {{"cambi_high_res_speedup", "1080"}, {"cambi_vis_lum_threshold", "0.06"}, {"cambi_max_val", "17"}}}};
  for (const auto& clip : clips) {
    // The full-range source of one clip was encoded in limited range; its report was made at the source's
    // range.
    const bool full_range = std::string(clip.name).starts_with("street");
    const auto frames = frames_of("ffmpeg -v error -i '" + folder + "/clips/encoded/" + clip.name +
                                      ".mkv' -fps_mode passthrough" +
                                      (full_range ? " -pix_fmt yuvj420p" : "") + " -f rawvideo -",
                                  clip.format, 12);
    ASSERT_FALSE(frames.empty()) << clip.name;
    for (const auto& request : requests) {
      std::ifstream file(folder + "/golden/" + clip.name + "." + request.report + ".json");
      const auto report = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
      ASSERT_TRUE(report.is_object()) << clip.name;
      const auto metric = make(clip.format, request.options);
      const auto scores = run_metric(*metric, frames, frames).at(metric->features()[0].key);
      ASSERT_EQ(report["frames"].size(), scores.size()) << clip.name;
      for (size_t i = 0; i < scores.size(); ++i) {
        EXPECT_NEAR(scores[i], report["frames"][i]["metrics"][request.label].get<double>(), 5.1e-7)
            << clip.name << " frame " << i << " " << request.label;
      }
    }
  }
}

}  // namespace
}  // namespace fovea::cambi
