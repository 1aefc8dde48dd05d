// SPDX-License-Identifier: BSD-2-Clause-Patent
// All metrics that were built in. The list itself is in src/metrics/CMakeLists.txt.
#pragma once

#include <span>
#include <string_view>

#include "metrics/metric.h"

namespace fovea {

// In registration order, which decides who provides a feature that two metrics know.
std::span<const MetricInfo* const> all_metrics();

// By extractor name; nullptr if there is none.
const MetricInfo* find_metric(std::string_view name);
// The first metric that provides the internal feature name; nullptr if there is none.
const MetricInfo* find_provider(std::string_view feature_name);

}  // namespace fovea
