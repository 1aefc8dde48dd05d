// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "dnn/network.h"

#include <algorithm>
#include <utility>

#include "dnn/runtime.h"

namespace fovea::dnn {
namespace {

// One of the runtime's objects.
template <class T, class Release>
class Handle {
 public:
  explicit Handle(ort::Table* table = nullptr) : table_(table) {}
  Handle(Handle&& other) noexcept : table_(other.table_), object_(std::exchange(other.object_, nullptr)) {}
  Handle& operator=(Handle&&) = delete;
  ~Handle() {
    if (object_ != nullptr) Release::call(table_, object_);
  }
  T* get() const { return object_; }
  T** out() { return &object_; }

 private:
  ort::Table* table_;
  T* object_ = nullptr;
};
using Session = Handle<ort::OrtSession, ort::ReleaseSession>;
using SessionOptions = Handle<ort::OrtSessionOptions, ort::ReleaseSessionOptions>;
using MemoryInfo = Handle<ort::OrtMemoryInfo, ort::ReleaseMemoryInfo>;
using Value = Handle<ort::OrtValue, ort::ReleaseValue>;
using TypeAndShape = Handle<ort::OrtTensorTypeAndShapeInfo, ort::ReleaseTensorTypeAndShapeInfo>;

// The product of sizes, or -1 if it is no number of elements.
int64_t element_count(std::span<const int64_t> shape) {
  int64_t count = 1;
  for (const int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) return -1;
  }
  return count;
}

}  // namespace

struct Network::Impl {
  Impl(const Runtime& r, GraphFile f)
      : runtime(r), file(std::move(f)), session(r.table()), memory(r.table()) {}

  template <class Function, class... A>
  Status call(A... arguments) const {
    return runtime.check(Function::call(runtime.table(), arguments...));
  }
  Error failed(const Error& error) const { return {error.code, file.path + ": " + error.message}; }
  Status create_session(int threads);
  // The runtime and the scan must have read the same.
  Status compare_names() const;
  Result<Tensor> read(ort::OrtValue* value, const std::string& name) const;

  const Runtime& runtime;
  GraphFile file;  // the runtime may keep pointing at its weights
  Session session;
  MemoryInfo memory;
};

Status Network::Impl::create_session(int threads) {
  SessionOptions options(runtime.table());
  FOVEA_TRY(call<ort::CreateSessionOptions>(options.out()));
  FOVEA_TRY(call<ort::SetSessionLogSeverityLevel>(options.get(), static_cast<int>(ort::kLogFatal)));
  FOVEA_TRY(call<ort::SetSessionGraphOptimizationLevel>(options.get(), static_cast<int>(ort::kOptimiseAll)));
  FOVEA_TRY(call<ort::SetIntraOpNumThreads>(options.get(), threads));
  FOVEA_TRY(call<ort::SetInterOpNumThreads>(options.get(), 1));
  // A pattern is one block for all of a run: twice the memory, no time.
  FOVEA_TRY(call<ort::DisableMemPattern>(options.get()));
  std::vector<const char*> names;
  std::vector<char*> contents;
  std::vector<size_t> sizes;
  for (auto& [name, content] : file.weights) {
    names.push_back(name.c_str());
    contents.push_back(content.data());
    sizes.push_back(content.size());
  }
  if (!names.empty()) {
    FOVEA_TRY(call<ort::AddExternalInitializersFromFilesInMemory>(
        options.get(), static_cast<const char* const*>(names.data()),
        static_cast<char* const*>(contents.data()), static_cast<const size_t*>(sizes.data()), names.size()));
  }
  FOVEA_TRY(call<ort::CreateSessionFromArray>(
      runtime.environment(), static_cast<const void*>(file.bytes.data()), file.bytes.size(),
      static_cast<const ort::OrtSessionOptions*>(options.get()), session.out()));
  return call<ort::CreateCpuMemoryInfo>(0, 0, memory.out());
}

Status Network::Impl::compare_names() const {
  ort::OrtAllocator* allocator = nullptr;
  FOVEA_TRY(call<ort::GetAllocatorWithDefaultOptions>(&allocator));
  const ort::OrtSession* const s = session.get();
  const auto compare = [&](const std::vector<TensorSpec>& specs, size_t count,
                           const auto& get_name) -> Status {
    bool equal = specs.size() == count;
    for (size_t i = 0; i < count && equal; ++i) {
      char* name = nullptr;
      FOVEA_TRY(get_name(i, &name));
      equal = specs[i].name == name;
      FOVEA_TRY(call<ort::AllocatorFree>(allocator, static_cast<void*>(name)));
    }
    if (!equal) return input_error("the runtime finds other inputs or outputs than the file lists");
    return {};
  };
  size_t inputs = 0, outputs = 0;
  FOVEA_TRY(call<ort::SessionGetInputCount>(s, &inputs));
  FOVEA_TRY(call<ort::SessionGetOutputCount>(s, &outputs));
  FOVEA_TRY(compare(file.graph.inputs, inputs, [&](size_t i, char** out) {
    return call<ort::SessionGetInputName>(s, i, allocator, out);
  }));
  return compare(file.graph.outputs, outputs,
                 [&](size_t i, char** out) { return call<ort::SessionGetOutputName>(s, i, allocator, out); });
}

Result<Tensor> Network::Impl::read(ort::OrtValue* value, const std::string& name) const {
  int is_tensor = 0, type = 0;
  if (value != nullptr) FOVEA_TRY(call<ort::IsTensor>(static_cast<const ort::OrtValue*>(value), &is_tensor));
  if (is_tensor == 0) return input_error("output '" + name + "' is no tensor");
  TypeAndShape info(runtime.table());
  FOVEA_TRY(call<ort::GetTensorTypeAndShape>(static_cast<const ort::OrtValue*>(value), info.out()));
  const ort::OrtTensorTypeAndShapeInfo* const i = info.get();
  FOVEA_TRY(call<ort::GetTensorElementType>(i, &type));
  if (type != ort::kFloat) return input_error("output '" + name + "' is not float32");
  Tensor tensor;
  size_t rank = 0, count = 0;
  void* data = nullptr;
  FOVEA_TRY(call<ort::GetDimensionsCount>(i, &rank));
  tensor.shape.resize(rank);
  FOVEA_TRY(call<ort::GetDimensions>(i, tensor.shape.data(), rank));
  FOVEA_TRY(call<ort::GetTensorShapeElementCount>(i, &count));
  FOVEA_TRY(call<ort::GetTensorMutableData>(value, &data));
  const float* const numbers = static_cast<const float*>(data);
  if (count > 0) tensor.data.assign(numbers, numbers + count);
  return tensor;
}

Network::Network(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

const Graph& Network::graph() const {
  return impl_->file.graph;
}
const std::string& Network::path() const {
  return impl_->file.path;
}

Result<Network> Network::open(GraphFile file, int threads) {
  FOVEA_ASSIGN(const Runtime* const found, runtime());
  auto impl = std::make_unique<Impl>(*found, std::move(file));
  if (const Status created = impl->create_session(threads); !created.ok())
    return impl->failed(created.error());
  if (const Status equal = impl->compare_names(); !equal.ok()) return impl->failed(equal.error());
  impl->file.bytes = {};
  return Network(std::move(impl));
}

Result<std::vector<Tensor>> Network::run(std::span<const TensorView> inputs,
                                         std::span<const std::string> outputs) const {
  const Impl& impl = *impl_;
  std::vector<const char*> input_names, output_names;
  std::vector<Value> owners;
  std::vector<const ort::OrtValue*> values;
  for (const TensorView& input : inputs) {
    const int64_t count = element_count(input.shape);
    if (count < 0 || static_cast<uint64_t>(count) != input.data.size()) {
      return impl.failed(usage_error("input '" + input.name + "' has " + std::to_string(input.data.size()) +
                                     " numbers, but a shape of " + std::to_string(count)));
    }
    Value value(impl.runtime.table());
    // Inputs are only read, whatever the signature says.
    const Status made = impl.call<ort::CreateTensorWithDataAsOrtValue>(
        static_cast<const ort::OrtMemoryInfo*>(impl.memory.get()),
        const_cast<void*>(static_cast<const void*>(input.data.data())), input.data.size_bytes(),
        input.shape.data(), input.shape.size(), static_cast<int>(ort::kFloat), value.out());
    if (!made.ok()) return impl.failed(made.error());
    input_names.push_back(input.name.c_str());
    values.push_back(value.get());
    owners.push_back(std::move(value));
  }
  for (const std::string& name : outputs) output_names.push_back(name.c_str());
  std::vector<ort::OrtValue*> results(outputs.size(), nullptr);
  const Status ran = impl.call<ort::Run>(impl.session.get(), static_cast<const ort::OrtRunOptions*>(nullptr),
                                         static_cast<const char* const*>(input_names.data()),
                                         static_cast<const ort::OrtValue* const*>(values.data()),
                                         values.size(), static_cast<const char* const*>(output_names.data()),
                                         output_names.size(), results.data());
  for (ort::OrtValue* const result : results) {
    Value value(impl.runtime.table());
    *value.out() = result;
    owners.push_back(std::move(value));
  }
  if (!ran.ok()) return impl.failed(ran.error());
  std::vector<Tensor> tensors;
  for (size_t i = 0; i < results.size(); ++i) {
    auto tensor = impl.read(results[i], outputs[i]);
    if (!tensor.ok()) return impl.failed(tensor.error());
    tensors.push_back(*std::move(tensor));
  }
  return tensors;
}

}  // namespace fovea::dnn
