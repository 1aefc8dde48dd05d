// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "score/result.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/params.h"

namespace fovea {

bool Series::has(int64_t frame) const {
  const auto page = pages_.find(frame / kPageFrames);
  return frame >= 0 && page != pages_.end() && page->second.present[frame % kPageFrames];
}

std::optional<double> Series::at(int64_t frame) const {
  const auto page = pages_.find(frame / kPageFrames);
  if (frame < 0 || page == pages_.end() || !page->second.present[frame % kPageFrames]) return std::nullopt;
  return page->second.values[frame % kPageFrames];
}

int64_t Series::next(int64_t frame) const {
  frame = std::max<int64_t>(frame, 0);
  for (auto page = pages_.lower_bound(frame / kPageFrames); page != pages_.end(); ++page) {
    const int64_t begin = page->first * kPageFrames;
    for (int64_t i = std::max(frame - begin, int64_t{0}); i < kPageFrames; ++i) {
      if (page->second.present[i]) return begin + i;
    }
  }
  return -1;
}

void Series::set(int64_t frame, double value) {
  Page& page = pages_[frame / kPageFrames];
  page.values[frame % kPageFrames] = value;
  page.present[frame % kPageFrames] = true;
  size_ = std::max(size_, frame + 1);
}

int ScoreTable::add(const std::string& key, const std::string& label, Series::Rank rank) {
  if (const int existing = find(key); existing >= 0) return existing;
  series_.emplace_back(key, label, rank);
  return size() - 1;
}

int ScoreTable::find(std::string_view key) const {
  for (int i = 0; i < size(); ++i) {
    if (series_[i].key() == key) return i;
  }
  return -1;
}

void ScoreTable::set(int series, int64_t frame, double value) {
  if (series_[series].size() == 0) order_.push_back(series);
  series_[series].set(frame, value);
  if (observer_) observer_(*this, series, frame, value);
}

void ScoreTable::set_aggregate(const std::string& name, double value) {
  for (auto& [existing, old] : aggregates_) {
    if (existing == name) {
      old = value;
      return;
    }
  }
  aggregates_.emplace_back(name, value);
}

std::vector<const Series*> ScoreTable::columns() const {
  std::vector<const Series*> columns;
  for (const int i : order_) columns.push_back(&series_[i]);
  std::stable_sort(columns.begin(), columns.end(), [](const Series* a, const Series* b) { return a->rank() < b->rank(); });
  return columns;
}

int64_t ScoreTable::frame_count() const {
  int64_t count = 0;
  for (const Series& series : series_) count = std::max(count, series.size());
  return count;
}

int64_t ScoreTable::next_frame(int64_t frame) const {
  int64_t first = -1;
  for (const Series& series : series_) {
    const int64_t next = series.next(frame);
    if (next >= 0 && (first < 0 || next < first)) first = next;
  }
  return first;
}

namespace {

double percentile(const std::vector<double>& sorted, double percent) {
  const double position = percent * static_cast<double>(sorted.size() - 1) / 100.0;
  const size_t below = static_cast<size_t>(position);
  const double weight = position - static_cast<double>(below);
  if (weight == 0.0) return sorted[below];
  return sorted[below] * (1 - weight) + sorted[below + 1] * weight;
}

struct PoolField {
  const char* name;
  double Pooled::*field;
};
constexpr std::array<PoolField, 11> kPoolFields = {{{"mean", &Pooled::mean},
                                                    {"harmonic_mean", &Pooled::harmonic_mean},
                                                    {"min", &Pooled::min},
                                                    {"max", &Pooled::max},
                                                    {"stddev", &Pooled::stddev},
                                                    {"p1", &Pooled::p1},
                                                    {"p5", &Pooled::p5},
                                                    {"p10", &Pooled::p10},
                                                    {"p25", &Pooled::p25},
                                                    {"median", &Pooled::median},
                                                    {"p75", &Pooled::p75}}};

}  // namespace

std::optional<Pooled> pool(const Series& series, int64_t first, int64_t last, int64_t step) {
  std::vector<double> values;
  for (int64_t i = first; i <= last; i += step) {
    const std::optional<double> value = series.at(i);
    if (!value) return std::nullopt;
    values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;

  Pooled p;
  const double count = static_cast<double>(values.size());
  p.count = static_cast<int64_t>(values.size());
  double sum = 0, inverse_sum = 0;
  p.min = p.max = values[0];
  for (const double v : values) {
    sum += v;
    inverse_sum += 1.0 / (v + 1.0);
    if (v < p.min) p.min = v;
    if (v > p.max) p.max = v;
  }
  p.mean = sum / count;
  p.harmonic_mean = count / inverse_sum - 1.0;
  double squares = 0;
  for (const double v : values) squares += (v - p.mean) * (v - p.mean);
  p.stddev = std::sqrt(squares / count);
  // NaN has no place in an order: percentiles of a series with NaN are NaN.
  if (std::any_of(values.begin(), values.end(), [](double v) { return std::isnan(v); })) {
    p.p1 = p.p5 = p.p10 = p.p25 = p.median = p.p75 = std::numeric_limits<double>::quiet_NaN();
    return p;
  }
  std::sort(values.begin(), values.end());
  p.p1 = percentile(values, 1);
  p.p5 = percentile(values, 5);
  p.p10 = percentile(values, 10);
  p.p25 = percentile(values, 25);
  p.median = percentile(values, 50);
  p.p75 = percentile(values, 75);
  return p;
}

std::span<const char* const> pool_names() {
  static const auto names = [] {
    std::array<const char*, kPoolFields.size()> out{};
    for (size_t i = 0; i < out.size(); ++i) out[i] = kPoolFields[i].name;
    return out;
  }();
  return names;
}

Result<double> pooled_value(const Pooled& pooled, std::string_view name) {
  std::vector<std::string> known;
  for (const PoolField& field : kPoolFields) {
    if (name == field.name) return pooled.*field.field;
    known.emplace_back(field.name);
  }
  return unknown_option_error("pool", name, known);
}

}  // namespace fovea
