// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "dnn/runtime.h"

#include <dlfcn.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

namespace fovea::dnn {
namespace {

constexpr const char* kName = "libonnxruntime.so.1";
constexpr const char* kHowTo =
    "set FOVEA_ONNXRUNTIME to a libonnxruntime.so.1 of version 1.18 or newer, install it where the system "
    "finds "
    "libraries, or run `./dev libraries` in fovea's source tree";

std::string last_loader_error() {
  const char* const text = dlerror();
  return text != nullptr ? text : "unknown error";
}

// Where `./dev` puts it, if this code runs from the tree it was built in; else "".
std::string build_folder_library() {
  namespace fs = std::filesystem;
  Dl_info self{};
  if (std::string(FOVEA_ONNXRUNTIME_FOLDER).empty() || dladdr(reinterpret_cast<void*>(&runtime), &self) == 0)
    return "";
  std::error_code failed;
  const fs::path program = fs::canonical(self.dli_fname, failed);
  if (failed) return "";
  const fs::path tree = fs::canonical(FOVEA_BUILD_FOLDER, failed);
  if (failed || program.string().rfind(tree.string() + "/", 0) != 0) return "";
  const fs::path library = fs::path(FOVEA_ONNXRUNTIME_FOLDER) / kName;
  return fs::exists(library, failed) ? library.string() : "";
}

}  // namespace

Status Runtime::check(ort::OrtStatus* status) const {
  if (status == nullptr) return {};
  Error error = input_error(ort::GetErrorMessage::call(table_, status));
  ort::ReleaseStatus::call(table_, status);
  return error;
}

Result<const Runtime*> Runtime::load(const std::string& library) {
  void* const handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return unsupported_error(last_loader_error());
  const auto get_base = reinterpret_cast<ort::GetApiBase>(dlsym(handle, "OrtGetApiBase"));
  if (get_base == nullptr) {
    dlclose(handle);
    return unsupported_error(library + " is not ONNX Runtime: it has no OrtGetApiBase");
  }
  const ort::ApiBase* const base = get_base();
  std::unique_ptr<Runtime> runtime(new Runtime);
  runtime->library_ = library;
  runtime->version_ = base->get_version_string();
  runtime->table_ = base->get_api(ort::kApiVersion);
  if (runtime->table_ == nullptr) {
    return unsupported_error(library + " is ONNX Runtime " + runtime->version_ + "; 1.18 or newer is needed");
  }
  FOVEA_TRY(
      runtime->check(ort::CreateEnv::call(runtime->table_, ort::kLogFatal, "fovea", &runtime->environment_)));
  // Within reach to the end of the process, so that leak checkers see it for what it is.
  static std::mutex mutex;
  static auto& kept = *new std::vector<std::unique_ptr<const Runtime>>;
  const std::lock_guard lock(mutex);
  return kept.emplace_back(std::move(runtime)).get();
}

Result<const Runtime*> find_runtime(const char* variable) {
  if (variable != nullptr && *variable != '\0') {
    std::error_code ignored;
    std::filesystem::path path(variable);
    if (std::filesystem::is_directory(path, ignored)) path /= kName;
    // Without a slash the loader would search for it.
    auto loaded = Runtime::load(std::filesystem::absolute(path, ignored).string());
    if (loaded.ok()) return loaded;
    return unsupported_error("FOVEA_ONNXRUNTIME=" + std::string(variable) + " cannot be used (" +
                             loaded.error().message + "); " + kHowTo);
  }
  auto system = Runtime::load(kName);
  if (system.ok()) return system;
  const std::string library = build_folder_library();
  if (library.empty())
    return unsupported_error("ONNX Runtime was not found (" + system.error().message + "); " + kHowTo);
  auto built = Runtime::load(library);
  if (built.ok()) return built;
  return unsupported_error("ONNX Runtime cannot be used (" + built.error().message + "); " + kHowTo);
}

Result<const Runtime*> runtime() {
  static const Result<const Runtime*> found = find_runtime(secure_getenv("FOVEA_ONNXRUNTIME"));
  return found;
}

}  // namespace fovea::dnn
