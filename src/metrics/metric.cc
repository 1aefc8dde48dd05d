// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/metric.h"

#include <algorithm>

namespace fovea {
namespace {

class PassThrough final : public Timeline {
 public:
  void add(int64_t frame, std::span<const double> raw, ScoreSink& sink) override {
    for (size_t i = 0; i < raw.size(); ++i) sink.score(static_cast<int>(i), frame, raw[i]);
  }
};

}  // namespace

Feature named_feature(const FeatureName& name, const std::string& suffix) {
  const std::string alias = name.alias != nullptr ? name.alias : name.name;
  if (suffix.empty()) return {name.name, alias};
  const std::string full = (alias + suffix).substr(0, 255);
  return {full, full};
}

Feature plain_feature(const char* name) { return {name, name}; }

std::unique_ptr<Timeline> Metric::make_timeline() const { return std::make_unique<PassThrough>(); }

Error too_small_error(const char* metric, const Format& format, int min_width_px, int min_height_px) {
  return unsupported_error(std::string(metric) + ": " + std::to_string(format.width_px) + "x" +
                           std::to_string(format.height_px) + " is smaller than its minimum of " +
                           std::to_string(min_width_px) + "x" + std::to_string(min_height_px));
}

int strip_count(int rows, int target) { return std::max(1, (rows + target / 2) / target); }

StripRange strip_range(int rows, int strips, int strip, int multiple) {
  const auto edge = [&](int s) {
    if (s >= strips) return rows;
    const int64_t row = static_cast<int64_t>(rows) * s / strips;
    return std::min(rows, static_cast<int>((row + multiple - 1) / multiple * multiple));
  };
  return {edge(strip), edge(strip + 1)};
}

}  // namespace fovea
