// SPDX-License-Identifier: BSD-2-Clause-Patent
// LPIPS. The README beside this file says what goes into the network.
#include <cstdlib>

#include "metrics/frame_network.h"

namespace fovea::lpips {
namespace {

#define FOVEA_PARAMS_OWNER "lpips"
#define FOVEA_PARAMS_FILE "metrics/lpips/lpips.params"
#include "metrics/define_params.inc"

// Below it the last layers of SqueezeNet have nothing to look at, and ONNX Runtime divides by zero.
constexpr int kMinimum = 17;

// Two networks are two metrics, though their feature has one name.
Result<std::string> identity(const OptionMap& options) {
  FOVEA_ASSIGN(const Params params, param_table().parse(options));
  return params.model_path.empty() ? std::string() : "_" + params.model_path;
}

Result<std::unique_ptr<Metric>> create(const Format& format, const OptionMap& options) {
  FOVEA_ASSIGN(Params params, param_table().parse(options));
  if (params.model_path.empty()) {
    if (const char* const path = secure_getenv("VMAF_LPIPS_MODEL_PATH"); path != nullptr)
      params.model_path = path;
  }
  if (params.model_path.empty()) {
    return usage_error(
        "lpips: which network? Give its file as lpips=model_path=FILE.onnx or in VMAF_LPIPS_MODEL_PATH");
  }
  auto file = dnn::read_graph_file(params.model_path);
  if (!file.ok()) return Error{file.error().code, "lpips: " + file.error().message};
  FrameNetwork network;
  network.metric = "lpips";
  network.numbers.channels = dnn::Channels::kRgb8;
  network.numbers.mean = {0.485f, 0.456f, 0.406f};  // of ImageNet
  network.numbers.std = {0.229f, 0.224f, 0.225f};
  network.inputs = {{"ref", true}, {"dist", false}};
  network.outputs = {{"score", "lpips", false}};
  network.min_width_px = network.min_height_px = kMinimum;
  return make_frame_network(std::move(network), *std::move(file), format);
}

}  // namespace

extern const MetricInfo kMetric;
const MetricInfo kMetric = {
    .name = "lpips",
    .summary = "LPIPS, a learned distance of pictures (needs ONNX Runtime and a network)",
    .provided = {{"lpips", nullptr}},
    .params = param_specs,
    .suffix = identity,
    .create = create,
    .needs_file = true,
    .owns_names = true,
};

}  // namespace fovea::lpips
