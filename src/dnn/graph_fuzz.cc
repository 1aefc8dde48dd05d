// SPDX-License-Identifier: BSD-2-Clause-Patent
// Fuzz target for the scan of ONNX files. What is accepted keeps what the scan promises.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "dnn/graph.h"
#include "dnn/testing.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void scan(std::string_view bytes) {
  const auto graph = fovea::dnn::scan_graph(bytes, "fuzz");
  if (!graph.ok()) return;
  require(!graph->outputs.empty());
  for (const auto* tensors : {&graph->inputs, &graph->outputs}) {
    for (const auto& tensor : *tensors) {
      require(!tensor.name.empty() && tensor.name.find('\0') == std::string::npos);
      require(!tensor.shape || tensor.shape->size() <= 8);
      require(!fovea::dnn::describe(tensor).empty());
    }
  }
  for (const auto& [name, size] : graph->weight_files) {
    require(!name.empty() && name[0] != '.' && name.find('/') == std::string::npos &&
            size <= fovea::dnn::kMaxModelBytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  scan(bytes);
  // As a part of a model, so that more is reached.
  scan(fovea::dnn::testing::bytes(7, bytes));
  scan(fovea::dnn::testing::ModelBytes().output("y", {1}).raw(1, bytes).str());
  scan(fovea::dnn::testing::ModelBytes().output("y", {1}).raw(5, bytes).str());
  scan(fovea::dnn::testing::ModelBytes().raw(12, bytes).str());
  return 0;
}
