// SPDX-License-Identifier: BSD-2-Clause-Patent
// The description that stands beside a network: what it is fed, and what its outputs are called. The README
// has its keys. Strict: an unknown or missing key, a wrong type and a value out of range are errors that name
// the place.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "metrics/frame_network.h"

namespace fovea::onnx {

struct Sidecar {
  FrameNetwork network;
  std::string sha256;  // of the .onnx; empty: not said
};

// "a/b.onnx" -> "a/b.json"
std::string sidecar_path(const std::string& model_path);
// `name` is for messages.
Result<Sidecar> parse_sidecar(std::string_view text, const std::string& name);
Result<Sidecar> read_sidecar(const std::string& path);

}  // namespace fovea::onnx
