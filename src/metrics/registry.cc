// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/registry.h"

namespace fovea {

const MetricInfo* find_metric(std::string_view name) {
  for (const MetricInfo* metric : all_metrics()) {
    if (name == metric->name) return metric;
  }
  return nullptr;
}

const MetricInfo* find_provider(std::string_view feature_name) {
  for (const MetricInfo* metric : all_metrics()) {
    for (const FeatureName& feature : metric->provided) {
      if (feature_name == feature.name) return metric;
    }
  }
  return nullptr;
}

}  // namespace fovea
