// SPDX-License-Identifier: BSD-2-Clause-Patent
// An open network behind a VmafDnnSession, and behind a context that scores its frames with one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dnn/network.h"
#include "libvmaf/dnn.h"

struct VmafDnnSession {
 public:
  // 0, and a session; else a negative errno, after saying why.
  static int open(const char* path, const VmafDnnConfig* config, std::shared_ptr<VmafDnnSession>* out);
  explicit VmafDnnSession(fovea::dnn::Network network) : network_(std::move(network)) {}

  // Any tensors. The outputs' `written` are set in any case.
  int run(std::span<const VmafDnnInput> inputs, std::span<VmafDnnOutput> outputs) const;

  // 0 if the network takes one plane of that size: -ENOTSUP, -ERANGE. Size 0: any.
  int check_plane(int width, int height) const;
  // From codes to codes, both of `peak` at most; stride in bytes. Sample: uint8_t or uint16_t.
  template <class Sample>
  int filter(const Sample* in, size_t in_stride, int width, int height, int peak, Sample* out,
             size_t out_stride) const;
  // The one number that the network makes of a plane, given as fractions of the largest code.
  int score(const std::vector<float>& plane, int width, int height, double* out) const;

  const std::string& path() const { return network_.path(); }

 private:
  int run_plane(const std::vector<float>& plane, int width, int height, std::vector<float>* out) const;

  fovea::dnn::Network network_;
};

namespace fovea::compat {

// "name" of the description beside a model, or "vmaf_tiny_model". 0 or a negative errno.
int tiny_model_name(const std::string& model_path, std::string* name);

}  // namespace fovea::compat
