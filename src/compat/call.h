// SPDX-License-Identifier: BSD-2-Clause-Patent
// What every entry point of the C API has in common: errors, and messages on stderr.
#pragma once

#include <cerrno>
#include <cstring>
#include <new>
#include <string>

#include "base/result.h"
#include "libvmaf/libvmaf.h"

#define FOVEA_API extern "C" __attribute__((visibility("default")))

namespace fovea::compat {

// The log level of the process.
void set_log_level(int level);
// "libvmaf LEVEL message" on stderr if the level is on.
void log(VmafLogLevel level, const std::string& message);

// Logs the error and returns its errno, negative.
int refuse(const Error& error);
inline int refuse(const std::string& message) { return refuse(usage_error(message)); }

// The number in an enum that a C caller filled: it may be none of the enumerators.
template <class Enum>
int value_of(const Enum& e) {
  static_assert(sizeof(Enum) == sizeof(int));
  int value = 0;
  std::memcpy(&value, &e, sizeof value);
  return value;
}

// Runs the body of an entry point; exceptions end here.
template <class Body>
int call(Body&& body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  } catch (...) {
    return -EINVAL;
  }
}

}  // namespace fovea::compat
