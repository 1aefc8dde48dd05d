// SPDX-License-Identifier: BSD-2-Clause-Patent
// Any network that takes pictures. The README beside this file describes its sidecar.
#include "base/sha256.h"
#include "metrics/onnx/sidecar.h"

namespace fovea::onnx {
namespace {

#define FOVEA_PARAMS_OWNER "onnx"
#define FOVEA_PARAMS_FILE "metrics/onnx/onnx.params"
#include "metrics/define_params.inc"

std::string sidecar_of(const Params& params) {
  return params.sidecar.empty() ? sidecar_path(params.model_path) : params.sidecar;
}

Result<std::string> identity(const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  return "_" + params.model_path + "_" + sidecar_of(params);
}

Error named(const Error& error) {
  return {error.code, "onnx: " + error.message};
}

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  if (params.model_path.empty())
    return usage_error("onnx: which network? Give its file as onnx=model_path=FILE.onnx");
  auto file = dnn::read_graph_file(params.model_path);
  if (!file.ok()) return named(file.error());
  auto sidecar = read_sidecar(sidecar_of(params));
  if (!sidecar.ok()) return named(sidecar.error());
  if (!sidecar->sha256.empty() && sidecar->sha256 != sha256_hex(file->bytes))
    return named(input_error(file->path + " is not the file that " + sidecar_of(params) +
                             " describes: its SHA-256 differs"));
  return make_frame_network(std::move(sidecar->network), *std::move(file), format);
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "onnx",
    .summary = "any network that takes pictures, described by a sidecar (needs ONNX Runtime)",
    .provided = {},
    .params = param_specs,
    .suffix = identity,
    .create = create,
    .needs_file = true,
    .owns_names = true,
};

}  // namespace fovea::onnx
