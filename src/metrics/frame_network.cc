// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/frame_network.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <semaphore>
#include <utility>

#include "dnn/network.h"

namespace fovea {
namespace {

using dnn::TensorSpec;

// "'a' [1, 3, ?, ?] float32, 'b' ..."
std::string list(const std::vector<TensorSpec>& tensors) {
  std::string out;
  for (const TensorSpec& tensor : tensors) out += (out.empty() ? "" : ", ") + describe(tensor);
  return out;
}

const TensorSpec* find(const std::vector<TensorSpec>& tensors, const std::string& name) {
  const auto found =
      std::find_if(tensors.begin(), tensors.end(), [&](const TensorSpec& t) { return t.name == name; });
  return found == tensors.end() ? nullptr : &*found;
}

Status check_input(const TensorSpec& input, const FrameNetwork& network, const Format& format) {
  const int64_t channels = network.numbers.channel_count();
  const int64_t wanted[] = {1, channels, format.height_px, format.width_px};
  const std::string needed = "; needed is [1, " + std::to_string(channels) + ", height, width] float32";
  if (!input.is_float() || !input.shape || input.shape->size() != 4)
    return input_error("its input is " + describe(input) + needed);
  // Without a fixed number of channels nothing tells a wrong layout from a right one.
  const std::vector<int64_t>& shape = *input.shape;
  if ((shape[0] != 1 && shape[0] != -1) || shape[1] != channels)
    return input_error("its input is " + describe(input) + needed);
  for (const int i : {2, 3}) {
    if (shape[i] == wanted[i] || shape[i] == -1) continue;
    return unsupported_error("its input is " + describe(input) + ", the pictures are " +
                             std::to_string(format.width_px) + "x" + std::to_string(format.height_px) +
                             "; bring them to its size, or export the graph with open height and width");
  }
  return {};
}

Status check_output(const TensorSpec& output, bool mean) {
  if (!output.is_float()) return input_error("its output is " + describe(output) + "; needed is float32");
  if (!output.shape || mean) return {};
  // Open sizes show when it runs.
  const bool several =
      std::any_of(output.shape->begin(), output.shape->end(), [](int64_t size) { return size > 1; });
  if (several)
    return input_error("its output is " + describe(output) +
                       "; a feature is one number, or the mean of many if the sidecar says so");
  return {};
}

Status check(const FrameNetwork& network, const dnn::Graph& graph, const Format& format) {
  for (const FrameNetwork::Input& input : network.inputs) {
    const TensorSpec* const spec = find(graph.inputs, input.name);
    if (spec == nullptr) return input_error("has no input '" + input.name + "', but " + list(graph.inputs));
    FOVEA_TRY(check_input(*spec, network, format));
  }
  for (const TensorSpec& spec : graph.inputs) {
    const auto is_it = [&](const FrameNetwork::Input& input) { return input.name == spec.name; };
    if (std::none_of(network.inputs.begin(), network.inputs.end(), is_it))
      return input_error("also has the input " + describe(spec) + ", which nothing is known of");
  }
  for (const FrameNetwork::Output& output : network.outputs) {
    const TensorSpec* const spec = find(graph.outputs, output.name);
    if (spec == nullptr)
      return input_error("has no output '" + output.name + "', but " + list(graph.outputs));
    FOVEA_TRY(check_output(*spec, output.mean));
  }
  return {};
}

// How many runs fit into half of the machine's memory, if each takes what LPIPS does.
ptrdiff_t runs_at_once(const Format& format) {
  constexpr double kBytesPerPixel = 400;
  const double memory =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  const double run = kBytesPerPixel * format.width_px * format.height_px;
  return static_cast<ptrdiff_t>(std::clamp(memory / 2 / run, 1.0, 1024.0));
}

// values[dis * outputs + output]
struct State final : FrameState {
  explicit State(size_t size) : values(size) {}
  std::vector<double> values;
};

// A run of the network is one task: frames run side by side, a frame does not. The memory of a run is the
// runtime's, so there is a limit to the runs at a time.
class NetworkMetric final : public Metric {
 public:
  NetworkMetric(FrameNetwork description, dnn::Network network, const Format& format)
      : description_(std::move(description)),
        network_(std::move(network)),
        tensor_(format, description_.numbers),
        free_runs_(runs_at_once(format)) {
    for (const FrameNetwork::Output& output : description_.outputs) {
      features_.push_back(plain_feature(output.feature.c_str()));
      outputs_.push_back(output.name);
    }
    for (const FrameNetwork::Input& input : description_.inputs)
      (input.is_reference ? needs_ref_ : needs_dis_) = true;
  }

  const std::vector<Feature>& features() const override { return features_; }
  bool uses_chroma() const override { return description_.numbers.channels != dnn::Channels::kLuma; }
  const std::vector<int>& strips() const override { return strips_; }
  size_t scratch_bytes(int) const override {
    return (needs_ref_ + needs_dis_) * Scratch::bytes_for<float>(tensor_.size());
  }
  std::unique_ptr<FrameState> make_state(int dis_count) const override {
    return std::make_unique<State>(features_.size() * dis_count);
  }

  void run(const FrameInput& input, int, int, FrameState& frame_state, Scratch& scratch) const override {
    State& state = static_cast<State&>(frame_state);
    float* const ref = needs_ref_ ? scratch.take<float>(tensor_.size()) : nullptr;
    float* const dis = needs_dis_ ? scratch.take<float>(tensor_.size()) : nullptr;
    if (needs_ref_) tensor_.fill(input.ref(), ref);
    std::vector<dnn::TensorView> views;
    for (const FrameNetwork::Input& in : description_.inputs)
      views.push_back({in.name, {in.is_reference ? ref : dis, tensor_.size()}, tensor_.shape()});
    for (size_t k = 0; k < input.dis().size(); ++k) {
      if (needs_dis_) tensor_.fill(input.dis()[k], dis);
      const auto results = run_network(views);
      if (!results.ok()) return state.fail(named(results.error()));
      for (size_t i = 0; i < outputs_.size(); ++i) {
        const auto value = value_of((*results)[i], description_.outputs[i]);
        if (!value.ok()) return state.fail(named(value.error()));
        state.values[k * outputs_.size() + i] = *value;
      }
    }
  }

  void finish(const FrameInput&, const FrameState& state, int dis, std::span<double> raw) const override {
    const auto& values = static_cast<const State&>(state).values;
    std::copy_n(values.begin() + static_cast<ptrdiff_t>(dis * raw.size()), raw.size(), raw.begin());
  }

 private:
  Error named(const Error& error) const { return {error.code, description_.metric + ": " + error.message}; }

  Result<std::vector<dnn::Tensor>> run_network(const std::vector<dnn::TensorView>& views) const {
    free_runs_.acquire();
    const std::unique_ptr<std::counting_semaphore<>, void (*)(std::counting_semaphore<>*)> running(
        &free_runs_, [](std::counting_semaphore<>* runs) { runs->release(); });
    return network_.run(views, outputs_);
  }

  Result<double> value_of(const dnn::Tensor& tensor, const FrameNetwork::Output& output) const {
    const std::string what = network_.path() + ": its output '" + output.name + "' ";
    const size_t count = tensor.data.size();
    if (count == 0 || (count > 1 && !output.mean)) {
      return input_error(what + "has " + std::to_string(count) + " numbers, not one" +
                         (count > 1 ? "; the sidecar can ask for their mean" : ""));
    }
    double sum = 0;
    for (const float number : tensor.data) sum += number;
    const double value = sum / static_cast<double>(count);
    if (std::isnan(value)) return input_error(what + "is not a number");
    return value;
  }

  FrameNetwork description_;
  dnn::Network network_;
  dnn::PictureTensor tensor_;
  std::vector<Feature> features_;
  std::vector<std::string> outputs_;
  std::vector<int> strips_{1};
  mutable std::counting_semaphore<> free_runs_;
  bool needs_ref_ = false, needs_dis_ = false;
};

}  // namespace

Status check_frame_network(const FrameNetwork& network, const dnn::GraphFile& file, const Format& format) {
  if (const Status fits = check(network, file.graph, format); !fits.ok())
    return Error{fits.error().code, network.metric + ": " + file.path + ": " + fits.error().message};
  if (network.numbers.channels != dnn::Channels::kLuma) {
    if (format.chroma == Chroma::k400)
      return unsupported_error(network.metric + ": needs chroma, the pictures are 4:0:0");
    if (format.plane_width(1) < 1 || format.plane_height(1) < 1)
      return unsupported_error(network.metric + ": the pictures have no chroma samples");
  }
  if (format.width_px < network.min_width_px || format.height_px < network.min_height_px)
    return too_small_error(network.metric.c_str(), format, network.min_width_px, network.min_height_px);
  return {};
}

Result<std::unique_ptr<Metric>> make_frame_network(FrameNetwork network, dnn::GraphFile file,
                                                   const Format& format) {
  FOVEA_TRY(check_frame_network(network, file, format));
  auto opened = dnn::Network::open(std::move(file));
  if (!opened.ok()) return Error{opened.error().code, network.metric + ": " + opened.error().message};
  return std::unique_ptr<Metric>(
      std::make_unique<NetworkMetric>(std::move(network), *std::move(opened), format));
}

}  // namespace fovea
