// SPDX-License-Identifier: BSD-2-Clause-Patent
// What an ONNX file asks for, found out before anything executes it.
//
// The file is walked as protobuf bytes; nothing in it is believed. What is accepted is a straight line of
// operators that compute on tensors: a list of names is allowed, all of the standard domain. Refused are
// control flow, functions, custom operators, random numbers, sparse tensors, and weights kept anywhere but in
// plain files beside the model. A graph may still ask for more time and memory than there is.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fovea::dnn {

// Of the model and the files of its weights together.
inline constexpr size_t kMaxModelBytes = size_t{50} << 20;

// An input or output of a graph.
struct TensorSpec {
  std::string name;
  int element_type = 0;                       // ONNX's number: 1 is float32
  std::optional<std::vector<int64_t>> shape;  // -1: any size; nothing: any rank

  bool is_float() const { return element_type == 1; }
};
// "input [1, 3, ?, ?] float32"
std::string describe(const TensorSpec& tensor);

struct Graph {
  int64_t ir_version = 0;
  int64_t opset = 0;               // of the standard domain
  std::vector<TensorSpec> inputs;  // without those that have a default
  std::vector<TensorSpec> outputs;
  // Names of files with weights, and how many bytes of each are asked for.
  std::map<std::string, uint64_t> weight_files;
};

// `name` is for messages. Errors are kInput.
Result<Graph> scan_graph(std::string_view bytes, const std::string& name);

// A file with its weights, as they were when it was scanned.
struct GraphFile {
  std::string path;
  std::string bytes;
  Graph graph;
  std::map<std::string, std::string> weights;  // file name -> content
};
// An error if the environment variable VMAF_TINY_MODEL_DIR names a folder and the file is not in it, links
// followed.
Status check_place(const std::string& path);
// Of a place that is allowed.
Result<GraphFile> read_graph_file(const std::string& path);

}  // namespace fovea::dnn
