// SPDX-License-Identifier: BSD-2-Clause-Patent
// Result<T>: a value, or an Error that says what was asked, what was found and what would work.
// Errors are for the world's faults; assertions are for ours. No exception crosses a room's boundary.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace fovea {

// The classes that a caller can act on. Programs turn them into exit statuses (see exit_status()).
enum class ErrorCode {
  kUsage,        // the request itself is wrong: unknown option, value out of range
  kInput,        // a file or stream is missing, malformed, or does not fit its partner
  kUnsupported,  // well formed, but not defined for this input (a metric's minimum size, say)
  kPartial,      // some of the work was done and is delivered
  kOutput,       // a result could not be written
  kInternal,     // our fault
};

struct Error {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

// 2 bad usage or input, 3 partial, 4 output, 5 internal. 0 is success.
inline int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::kUsage:
    case ErrorCode::kInput:
    case ErrorCode::kUnsupported:
      return 2;
    case ErrorCode::kPartial:
      return 3;
    case ErrorCode::kOutput:
      return 4;
    case ErrorCode::kInternal:
      return 5;
  }
  return 5;
}

inline Error usage_error(std::string message) { return {ErrorCode::kUsage, std::move(message)}; }
inline Error input_error(std::string message) { return {ErrorCode::kInput, std::move(message)}; }
inline Error unsupported_error(std::string message) { return {ErrorCode::kUnsupported, std::move(message)}; }
inline Error output_error(std::string message) { return {ErrorCode::kOutput, std::move(message)}; }
inline Error internal_error(std::string message) { return {ErrorCode::kInternal, std::move(message)}; }

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const& { return std::get<1>(state_); }
  Error&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}

  bool ok() const { return !error_; }
  explicit operator bool() const { return ok(); }
  const Error& error() const& { return *error_; }
  Error&& error() && { return *std::move(error_); }

 private:
  std::optional<Error> error_;
};

using Status = Result<void>;

}  // namespace fovea

#define FOVEA_CONCAT_(a, b) a##b
#define FOVEA_CONCAT(a, b) FOVEA_CONCAT_(a, b)

// FOVEA_TRY(expr): returns the error of a failed Status or Result from the enclosing function.
#define FOVEA_TRY(expr)                                                          \
  do {                                                                           \
    if (auto fovea_status_ = (expr); !fovea_status_.ok()) {                      \
      return std::move(fovea_status_).error();                                   \
    }                                                                            \
  } while (false)

// FOVEA_ASSIGN(auto x, expr): x = the value of a Result, or return its error.
#define FOVEA_ASSIGN(decl, expr) FOVEA_ASSIGN_(FOVEA_CONCAT(fovea_result_, __LINE__), decl, expr)
#define FOVEA_ASSIGN_(tmp, decl, expr)          \
  auto tmp = (expr);                            \
  if (!tmp.ok()) return std::move(tmp).error(); \
  decl = std::move(tmp).value()
