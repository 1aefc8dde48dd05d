// SPDX-License-Identifier: BSD-2-Clause-Patent
// What scoring one distorted clip yields: a table of named series, and values for the whole clip.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fovea {

// One named series of per-frame scores. A frame may have no value (subsampling, a temporal metric's first
// frames); a value may be NaN or infinite where a metric is so defined.
class Series {
 public:
  // Reports print columns by rank, and within a rank in the order of their first value.
  enum class Rank { kFeature, kLateFeature, kModel };

  Series(std::string key, std::string label, Rank rank) : key_(std::move(key)), label_(std::move(label)), rank_(rank) {}

  const std::string& key() const { return key_; }      // as models and the C API know it
  const std::string& label() const { return label_; }  // as reports print it
  Rank rank() const { return rank_; }
  bool has(int64_t frame) const { return frame >= 0 && frame < static_cast<int64_t>(present_.size()) && present_[frame]; }
  std::optional<double> at(int64_t frame) const { return has(frame) ? std::optional(values_[frame]) : std::nullopt; }
  int64_t size() const { return static_cast<int64_t>(values_.size()); }
  void set(int64_t frame, double value);

 private:
  std::string key_;
  std::string label_;
  Rank rank_;
  std::vector<double> values_;
  std::vector<bool> present_;
};

class ScoreTable {
 public:
  // Position of the series with this key, added if new.
  int add(const std::string& key, const std::string& label, Series::Rank rank);
  int find(std::string_view key) const;  // by key; -1 if there is none
  Series& operator[](int series) { return series_[series]; }
  const Series& operator[](int series) const { return series_[series]; }
  int size() const { return static_cast<int>(series_.size()); }

  // First value of a series decides its place in reports.
  void set(int series, int64_t frame, double value);
  void set_aggregate(const std::string& name, double value);
  const std::vector<std::pair<std::string, double>>& aggregates() const { return aggregates_; }

  // Series that have at least one value, in report order.
  std::vector<const Series*> columns() const;
  // 1 + the highest frame with a value in any series.
  int64_t frame_count() const;

 private:
  std::vector<Series> series_;
  std::vector<int> order_;  // by first value
  std::vector<std::pair<std::string, double>> aggregates_;
};

// ---- Pooling: one number for a clip --------------------------------------------------------------------

struct Pooled {
  int64_t count = 0;
  double mean = 0, harmonic_mean = 0, min = 0, max = 0, stddev = 0;
  double p1 = 0, p5 = 0, p10 = 0, p25 = 0, median = 0, p75 = 0;
};

// Pools the frames first, first+step, ... <= last; nullopt if one of them has no value, or there is none.
//   mean           sequential sum / count            harmonic_mean  count / sum(1 / (v + 1)) - 1
//   stddev         population standard deviation     pN             linear interpolation at N (count-1) / 100
std::optional<Pooled> pool(const Series& series, int64_t first, int64_t last, int64_t step = 1);

// The member of Pooled called `name`; an unknown name is an error that lists the known ones.
Result<double> pooled_value(const Pooled& pooled, std::string_view name);
std::span<const char* const> pool_names();

}  // namespace fovea
