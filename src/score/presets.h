// SPDX-License-Identifier: BSD-2-Clause-Patent
// Named sets of models and features.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "score/session.h"

namespace fovea {

struct Preset {
  struct Model {
    std::string id;  // built in
    std::string name;
  };
  std::vector<Model> models;
  std::vector<FeatureRequest> features;
  // The shallower clip of a pair is raised to the deeper one's bit depth.
  bool common_bit_depth = false;
};

// "all": the default model, its NEG and every metric with its default options that needs no file.
// "aom-ctc[-vN.0]": AOM's common test conditions, N = 1 .. 7 (AVM project, CWG-F180 and libvmaf's tool); the
// newest without a version. "nflx-ctc[-v1.0]": Netflix's. Error: no such preset, with the nearest name.
Result<Preset> find_preset(const std::string& name);

// The names without versions, for help.
const std::vector<std::string>& preset_names();

}  // namespace fovea
