// SPDX-License-Identifier: BSD-2-Clause-Patent
// What scoring one distorted clip yields: a table of named series, and values for the whole clip.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fovea {

// One named series of per-frame scores. A frame may have no value (subsampling, a temporal metric's first
// frames); a value may be NaN or infinite where a metric is so defined. Memory goes by the number of values,
// however far apart their frames are.
class Series {
 public:
  // Reports print columns by rank, and within a rank in the order of their first value.
  enum class Rank { kFeature, kLateFeature, kModel };

  Series(std::string key, std::string label, Rank rank) : key_(std::move(key)), label_(std::move(label)), rank_(rank) {}

  const std::string& key() const { return key_; }      // as models and the C API know it
  const std::string& label() const { return label_; }  // as reports print it
  Rank rank() const { return rank_; }
  bool has(int64_t frame) const;
  std::optional<double> at(int64_t frame) const;
  // The first frame from `frame` on that has a value; -1 if there is none.
  int64_t next(int64_t frame) const;
  int64_t size() const { return size_; }  // 1 + the highest frame with a value
  void set(int64_t frame, double value);  // frame >= 0

 private:
  static constexpr int64_t kPageFrames = 256;
  struct Page {
    std::array<double, kPageFrames> values;
    std::bitset<kPageFrames> present;
  };

  std::string key_;
  std::string label_;
  Rank rank_;
  int64_t size_ = 0;
  std::map<int64_t, Page> pages_;  // by frame / kPageFrames
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
  // The first frame from `frame` on with a value in any series; -1 if there is none.
  int64_t next_frame(int64_t frame) const;

  // `observer` is called after each value that is stored, and may store further ones.
  using Observer = std::function<void(ScoreTable& table, int series, int64_t frame, double value)>;
  void observe(Observer observer) { observer_ = std::move(observer); }

 private:
  Observer observer_;
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
