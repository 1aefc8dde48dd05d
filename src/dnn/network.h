// SPDX-License-Identifier: BSD-2-Clause-Patent
// A network ready to run.
//
//   read_graph_file() --> GraphFile --> Network::open() --> run(), run(), ...
//
// The runtime is given bytes that were scanned; it opens no file. With one thread, a network gives the same
// numbers for the same input on the same processor; another processor or version of the runtime may round
// otherwise.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "dnn/graph.h"

namespace fovea::dnn {

// Numbers in row-major order that somebody else owns.
struct TensorView {
  std::string name;
  std::span<const float> data;
  std::vector<int64_t> shape;
};
struct Tensor {
  std::vector<int64_t> shape;
  std::vector<float> data;
};

class Network {
 public:
  // Errors: kUnsupported without a runtime, kInput for a graph that it refuses.
  // threads: of one run; 0 leaves the number to the runtime.
  static Result<Network> open(GraphFile file, int threads = 1);
  Network(Network&&) noexcept;
  Network& operator=(Network&&) noexcept;
  ~Network();

  const Graph& graph() const;
  const std::string& path() const;

  // All inputs by name, float32; the outputs asked for. Thread safe.
  Result<std::vector<Tensor>> run(std::span<const TensorView> inputs,
                                  std::span<const std::string> outputs) const;

 private:
  struct Impl;
  explicit Network(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fovea::dnn
