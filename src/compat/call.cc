// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "compat/call.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>

namespace fovea::compat {
namespace {

std::atomic<int> log_level = VMAF_LOG_LEVEL_INFO;

}  // namespace

void set_log_level(int level) {
  log_level = std::clamp<int>(level, VMAF_LOG_LEVEL_NONE, VMAF_LOG_LEVEL_DEBUG);
}

void log(VmafLogLevel level, const std::string& message) {
  static constexpr const char* kNames[] = {"", "ERROR", "WARNING", "INFO", "DEBUG"};
  static constexpr const char* kColours[] = {"", "\033[31m", "\033[33m", "\033[32m", "\033[34m"};
  if (level > log_level.load()) return;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  const std::string name = terminal ? std::string(kColours[level]) + kNames[level] + "\033[0m" : kNames[level];
  std::fprintf(stderr, "%s %s %s\n", terminal ? "\033[35mlibvmaf\033[0m" : "libvmaf", name.c_str(), message.c_str());
}

int refuse(const Error& error) {
  log(VMAF_LOG_LEVEL_ERROR, error.message);
  return error.code == ErrorCode::kOutput ? -EIO : -EINVAL;
}

}  // namespace fovea::compat
