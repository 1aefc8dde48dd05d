// SPDX-License-Identifier: BSD-2-Clause-Patent
// A metric that is a network: pictures in, numbers out, each frame by itself. What lpips and onnx share.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "dnn/graph.h"
#include "dnn/picture.h"
#include "metrics/metric.h"

namespace fovea {

struct FrameNetwork {
  struct Input {
    std::string name;
    bool is_reference = false;  // else the distorted picture
  };
  struct Output {
    std::string name;
    std::string feature;
    bool mean = false;  // of all its numbers; else it must be one
  };

  std::string metric;  // for messages
  dnn::PictureNumbers numbers;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  int min_width_px = 1;
  int min_height_px = 1;
};

// Whether graph and format fit each other and the description; kInput and kUnsupported.
Status check_frame_network(const FrameNetwork& network, const dnn::GraphFile& file, const Format& format);

// The metric; also needs the runtime (kUnsupported without one). An output that is not a number ends the run.
Result<std::unique_ptr<Metric>> make_frame_network(FrameNetwork network, dnn::GraphFile file,
                                                   const Format& format);

}  // namespace fovea
