// SPDX-License-Identifier: BSD-2-Clause-Patent
// ONNX Runtime: a library that need not be there. It is looked for when a network is first opened:
//
//   FOVEA_ONNXRUNTIME   a file, or the folder it lies in; nothing else is tried then
//   the system          whatever the loader finds under the name libonnxruntime.so.1
//   this build's folder where `./dev` puts it; programs that were installed do not look there
#pragma once

#include <string>

#include "base/result.h"
#include "dnn/ort_api.h"

namespace fovea::dnn {

class Runtime {
 public:
  // Never unloaded: sessions may end as late as the process does.
  static Result<const Runtime*> load(const std::string& library);

  ort::Table* table() const { return table_; }
  const ort::OrtEnv* environment() const { return environment_; }
  const std::string& version() const { return version_; }  // "1.30.0"
  const std::string& library() const { return library_; }  // as it was asked for

  // The library's words, or success. Takes the status.
  Status check(ort::OrtStatus* status) const;

 private:
  Runtime() = default;

  ort::Table* table_ = nullptr;
  ort::OrtEnv* environment_ = nullptr;
  std::string version_;
  std::string library_;
};

// The one of this process, by the rules above; the first call decides. The error (kUnsupported) says how to
// get it.
Result<const Runtime*> runtime();

// The same with another value of FOVEA_ONNXRUNTIME (null: not set).
Result<const Runtime*> find_runtime(const char* variable);

}  // namespace fovea::dnn
