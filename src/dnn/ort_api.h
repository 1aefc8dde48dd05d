// SPDX-License-Identifier: BSD-2-Clause-Patent
// The part of ONNX Runtime's C ABI that this room calls.
//
// OrtGetApiBase() leads to a table of functions that only ever grows at its end, so an entry is known by its
// position. Entry<N, R(A...)> is the function at position N. Functions that return OrtStatus* give null for
// success; the others cannot fail.
#pragma once

#include <cstddef>
#include <cstdint>

namespace fovea::dnn::ort {

struct OrtStatus;
struct OrtEnv;
struct OrtSession;
struct OrtSessionOptions;
struct OrtRunOptions;
struct OrtMemoryInfo;
struct OrtValue;
struct OrtTensorTypeAndShapeInfo;
struct OrtAllocator;

using Table = void* const;

struct ApiBase {
  Table* (*get_api)(uint32_t version);  // null if the library is older
  const char* (*get_version_string)();
};
using GetApiBase = const ApiBase* (*)();

// Version N came with release 1.N. 18 has the newest entry below.
inline constexpr uint32_t kApiVersion = 18;

enum LogLevel { kLogFatal = 4 };
enum ElementType { kFloat = 1 };
enum GraphOptimisation { kOptimiseAll = 99 };

template <int kPosition, class Signature>
struct Entry;
template <int kPosition, class R, class... A>
struct Entry<kPosition, R(A...)> {
  static R call(Table* table, A... arguments) {
    return reinterpret_cast<R (*)(A...)>(table[kPosition])(arguments...);
  }
};

using GetErrorMessage = Entry<2, const char*(const OrtStatus*)>;
using CreateEnv = Entry<3, OrtStatus*(int log_level, const char* id, OrtEnv** out)>;
using CreateSessionFromArray = Entry<8, OrtStatus*(const OrtEnv*, const void* bytes, size_t size,
                                                   const OrtSessionOptions*, OrtSession** out)>;
using Run = Entry<9, OrtStatus*(OrtSession*, const OrtRunOptions*, const char* const* input_names,
                                const OrtValue* const* inputs, size_t input_count,
                                const char* const* output_names, size_t output_count, OrtValue** outputs)>;
using CreateSessionOptions = Entry<10, OrtStatus*(OrtSessionOptions** out)>;
using DisableMemPattern = Entry<17, OrtStatus*(OrtSessionOptions*)>;
using SetSessionLogSeverityLevel = Entry<22, OrtStatus*(OrtSessionOptions*, int log_level)>;
using SetSessionGraphOptimizationLevel = Entry<23, OrtStatus*(OrtSessionOptions*, int level)>;
using SetIntraOpNumThreads = Entry<24, OrtStatus*(OrtSessionOptions*, int threads)>;
using SetInterOpNumThreads = Entry<25, OrtStatus*(OrtSessionOptions*, int threads)>;
using SessionGetInputCount = Entry<30, OrtStatus*(const OrtSession*, size_t* out)>;
using SessionGetOutputCount = Entry<31, OrtStatus*(const OrtSession*, size_t* out)>;
using SessionGetInputName = Entry<36, OrtStatus*(const OrtSession*, size_t index, OrtAllocator*, char** out)>;
using SessionGetOutputName =
    Entry<37, OrtStatus*(const OrtSession*, size_t index, OrtAllocator*, char** out)>;
using CreateTensorWithDataAsOrtValue =
    Entry<49, OrtStatus*(const OrtMemoryInfo*, void* data, size_t bytes, const int64_t* shape, size_t rank,
                         int element_type, OrtValue** out)>;
using IsTensor = Entry<50, OrtStatus*(const OrtValue*, int* out)>;
using GetTensorMutableData = Entry<51, OrtStatus*(OrtValue*, void** out)>;
using GetTensorElementType = Entry<60, OrtStatus*(const OrtTensorTypeAndShapeInfo*, int* out)>;
using GetDimensionsCount = Entry<61, OrtStatus*(const OrtTensorTypeAndShapeInfo*, size_t* out)>;
using GetDimensions = Entry<62, OrtStatus*(const OrtTensorTypeAndShapeInfo*, int64_t* dims, size_t count)>;
using GetTensorShapeElementCount = Entry<64, OrtStatus*(const OrtTensorTypeAndShapeInfo*, size_t* out)>;
using GetTensorTypeAndShape = Entry<65, OrtStatus*(const OrtValue*, OrtTensorTypeAndShapeInfo** out)>;
using CreateCpuMemoryInfo = Entry<69, OrtStatus*(int allocator_type, int memory_type, OrtMemoryInfo** out)>;
using AllocatorFree = Entry<76, OrtStatus*(OrtAllocator*, void*)>;
using GetAllocatorWithDefaultOptions = Entry<78, OrtStatus*(OrtAllocator** out)>;
using ReleaseEnv = Entry<92, void(OrtEnv*)>;
using ReleaseStatus = Entry<93, void(OrtStatus*)>;
using ReleaseMemoryInfo = Entry<94, void(OrtMemoryInfo*)>;
using ReleaseSession = Entry<95, void(OrtSession*)>;
using ReleaseValue = Entry<96, void(OrtValue*)>;
using ReleaseTensorTypeAndShapeInfo = Entry<99, void(OrtTensorTypeAndShapeInfo*)>;
using ReleaseSessionOptions = Entry<100, void(OrtSessionOptions*)>;
// Weights that the graph keeps in other files, as file names and contents.
using AddExternalInitializersFromFilesInMemory =
    Entry<279, OrtStatus*(OrtSessionOptions*, const char* const* names, char* const* contents,
                          const size_t* sizes, size_t count)>;

}  // namespace fovea::dnn::ort
