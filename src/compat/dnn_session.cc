// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "compat/dnn_session.h"

#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "compat/call.h"
#include "dnn/runtime.h"

using namespace fovea;
using namespace fovea::compat;

namespace {

constexpr int kMaxThreads = 256;
constexpr size_t kMaxRank = 8;
constexpr int kMaxSize = 1 << 15;
constexpr off_t kMaxSidecarBytes = 1 << 20;

int refuse_as(int status, const std::string& message) {
  log(VMAF_LOG_LEVEL_ERROR, message);
  return -status;
}

// A file that may be read as a network.
int check_file(const std::string& path) {
  if (const Status allowed = dnn::check_place(path); !allowed.ok())
    return refuse_as(EACCES, allowed.error().message);
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) {
    const int error = errno;
    return refuse_as(error, path + ": " + std::strerror(error));
  }
  if (!S_ISREG(info.st_mode)) return refuse_as(ENOENT, path + " is not a file");
  if (static_cast<uint64_t>(info.st_size) > dnn::kMaxModelBytes)
    return refuse_as(E2BIG, path + " has more than " + std::to_string(dnn::kMaxModelBytes >> 20) + " MiB");
  return 0;
}

// The one of these tensors that a C caller means, or nullptr.
const dnn::TensorSpec* find(const std::vector<dnn::TensorSpec>& specs, const char* name, size_t position) {
  if (name == nullptr) return &specs[position];
  const auto found =
      std::find_if(specs.begin(), specs.end(), [&](const auto& spec) { return spec.name == name; });
  return found == specs.end() ? nullptr : &*found;
}

}  // namespace

int VmafDnnSession::open(const char* path, const VmafDnnConfig* config,
                         std::shared_ptr<VmafDnnSession>* out) {
  if (const auto runtime = dnn::runtime(); !runtime.ok()) return refuse_as(ENOSYS, runtime.error().message);
  if (path == nullptr) return -EINVAL;
  int threads = 0;
  if (config != nullptr) {
    const int device = value_of(config->device);
    if (device < VMAF_DNN_DEVICE_AUTO || device > VMAF_DNN_DEVICE_OPENVINO_GPU)
      return refuse("there is no device " + std::to_string(device) + " for networks");
    if (device > VMAF_DNN_DEVICE_CPU) log(VMAF_LOG_LEVEL_WARNING, std::string(path) + " will run on the CPU");
    threads = std::clamp(config->threads, 0, kMaxThreads);
  }
  if (const int status = check_file(path); status != 0) return status;
  auto file = dnn::read_graph_file(path);
  if (!file.ok()) return refuse_as(EBADMSG, file.error().message);
  auto network = dnn::Network::open(*std::move(file), threads);
  if (!network.ok())
    return refuse_as(network.error().code == ErrorCode::kUnsupported ? ENOSYS : EIO, network.error().message);
  *out = std::make_shared<VmafDnnSession>(*std::move(network));
  return 0;
}

int VmafDnnSession::run(std::span<const VmafDnnInput> inputs, std::span<VmafDnnOutput> outputs) const {
  for (VmafDnnOutput& output : outputs) output.written = 0;
  const dnn::Graph& graph = network_.graph();
  if (inputs.size() != graph.inputs.size() || outputs.size() != graph.outputs.size()) {
    return refuse(path() + " has " + std::to_string(graph.inputs.size()) + " inputs and " +
                  std::to_string(graph.outputs.size()) + " outputs");
  }
  std::vector<dnn::TensorView> views;
  std::set<std::string> used;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const VmafDnnInput& input = inputs[i];
    if (input.data == nullptr || input.shape == nullptr || input.rank == 0 || input.rank > kMaxRank)
      return -EINVAL;
    const dnn::TensorSpec* const spec = find(graph.inputs, input.name, i);
    if (spec == nullptr || !used.insert(spec->name).second)
      return refuse(path() + ": each input by its name, once");
    size_t count = 1;
    for (size_t d = 0; d < input.rank; ++d) {
      if (input.shape[d] <= 0 || __builtin_mul_overflow(count, input.shape[d], &count)) return -EINVAL;
    }
    if (count > PTRDIFF_MAX / sizeof(float)) return -EINVAL;
    views.push_back({spec->name, {input.data, count}, {input.shape, input.shape + input.rank}});
  }
  std::vector<std::string> names;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const dnn::TensorSpec* const spec =
        outputs[i].data == nullptr ? nullptr : find(graph.outputs, outputs[i].name, i);
    if (spec == nullptr || std::find(names.begin(), names.end(), spec->name) != names.end())
      return refuse(path() + ": each output by its name, once, and memory for it");
    names.push_back(spec->name);
  }
  const auto results = network_.run(views, names);
  if (!results.ok()) return refuse_as(EIO, results.error().message);
  int status = 0;
  for (size_t i = 0; i < outputs.size(); ++i) {
    const std::vector<float>& numbers = (*results)[i].data;
    outputs[i].written = numbers.size();
    if (numbers.size() > outputs[i].capacity) {
      status = -ENOSPC;
    } else {
      std::copy(numbers.begin(), numbers.end(), outputs[i].data);
    }
  }
  return status;
}

int VmafDnnSession::check_plane(int width, int height) const {
  const dnn::Graph& graph = network_.graph();
  const std::string needed =
      path() + " takes no plane; needed is one input [1, 1, height, width] float32, and one output";
  if (graph.inputs.size() != 1 || graph.outputs.size() != 1) return refuse_as(ENOTSUP, needed);
  const dnn::TensorSpec& input = graph.inputs[0];
  if (!input.is_float() || !graph.outputs[0].is_float() || !input.shape || input.shape->size() != 4)
    return refuse_as(ENOTSUP, needed);
  const std::vector<int64_t>& shape = *input.shape;
  if ((shape[0] != 1 && shape[0] != -1) || shape[1] != 1) return refuse_as(ENOTSUP, needed);
  const auto differs = [](int64_t fixed, int size) { return size > 0 && fixed != -1 && fixed != size; };
  if (!differs(shape[2], height) && !differs(shape[3], width)) return 0;
  return refuse_as(ERANGE, path() + ": its input is " + describe(input) + ", the plane is " +
                               std::to_string(width) + "x" + std::to_string(height));
}

int VmafDnnSession::run_plane(const std::vector<float>& plane, int width, int height,
                              std::vector<float>* out) const {
  if (const int status = check_plane(width, height); status != 0) return status;
  const dnn::Graph& graph = network_.graph();
  const dnn::TensorView input{graph.inputs[0].name, plane, {1, 1, height, width}};
  const std::vector<std::string> output = {graph.outputs[0].name};
  auto results = network_.run({&input, 1}, output);
  if (!results.ok()) return refuse_as(EIO, results.error().message);
  *out = std::move((*results)[0].data);
  return 0;
}

template <class Sample>
int VmafDnnSession::filter(const Sample* in, size_t in_stride, int width, int height, int peak, Sample* out,
                           size_t out_stride) const {
  if (in == nullptr || out == nullptr || width <= 0 || height <= 0 || width > kMaxSize || height > kMaxSize)
    return -EINVAL;
  const size_t columns = static_cast<size_t>(width), rows = static_cast<size_t>(height);
  if (in_stride < columns * sizeof(Sample) || out_stride < columns * sizeof(Sample)) return -EINVAL;
  if (const int status = check_plane(width, height); status != 0) return status;

  std::vector<float> plane(columns * rows), filtered;
  std::vector<Sample> row(columns);  // a stride may be odd
  const float unit = 1.0f / static_cast<float>(peak);
  for (size_t y = 0; y < rows; ++y) {
    std::memcpy(row.data(), reinterpret_cast<const uint8_t*>(in) + y * in_stride, columns * sizeof(Sample));
    for (size_t x = 0; x < columns; ++x) plane[y * columns + x] = static_cast<float>(row[x]) * unit;
  }
  if (const int status = run_plane(plane, width, height, &filtered); status != 0) return status;
  if (filtered.size() != plane.size()) {
    return refuse_as(ENOTSUP, path() + " makes " + std::to_string(filtered.size()) +
                                  " numbers of a plane of " + std::to_string(plane.size()));
  }
  if (std::any_of(filtered.begin(), filtered.end(), [](float v) { return std::isnan(v); }))
    return refuse_as(EIO, path() + ": its output is not a number");
  for (size_t y = 0; y < rows; ++y) {
    for (size_t x = 0; x < columns; ++x) {
      const float code = std::nearbyint(filtered[y * columns + x] * static_cast<float>(peak));
      row[x] = static_cast<Sample>(std::clamp(code, 0.0f, static_cast<float>(peak)));
    }
    std::memcpy(reinterpret_cast<uint8_t*>(out) + y * out_stride, row.data(), columns * sizeof(Sample));
  }
  return 0;
}
template int VmafDnnSession::filter(const uint8_t*, size_t, int, int, int, uint8_t*, size_t) const;
template int VmafDnnSession::filter(const uint16_t*, size_t, int, int, int, uint16_t*, size_t) const;

int VmafDnnSession::score(const std::vector<float>& plane, int width, int height, double* out) const {
  std::vector<float> numbers;
  if (const int status = run_plane(plane, width, height, &numbers); status != 0) return status;
  if (numbers.size() != 1)
    return refuse_as(ENOTSUP, path() + " gives " + std::to_string(numbers.size()) + " numbers, not one");
  if (std::isnan(numbers[0])) return refuse_as(EIO, path() + ": its output is not a number");
  *out = numbers[0];
  return 0;
}

namespace fovea::compat {

int tiny_model_name(const std::string& model_path, std::string* name) {
  *name = "vmaf_tiny_model";
  const bool has_suffix = std::string_view(model_path).ends_with(".onnx");
  const std::string path = model_path.substr(0, model_path.size() - (has_suffix ? 5 : 0)) + ".json";
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return errno == ENOENT ? 0 : -errno;
  if (!S_ISREG(info.st_mode)) return refuse_as(EINVAL, path + " is not a file");
  if (info.st_size > kMaxSidecarBytes) return refuse_as(EFBIG, path + " has more than 1 MiB");
  std::ifstream in(path, std::ios::binary);
  if (!in) return -errno;
  const auto json =
      nlohmann::json::parse(std::istreambuf_iterator<char>(in), {}, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return refuse_as(EBADMSG, path + " is not JSON");
  if (!json.is_object()) return 0;
  const auto found = json.find("name");
  if (found != json.end() && found->is_string() && !found->get_ref<const std::string&>().empty())
    *name = found->get<std::string>();
  return 0;
}

}  // namespace fovea::compat
