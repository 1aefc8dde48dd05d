// SPDX-License-Identifier: BSD-2-Clause-Patent
// Progress on standard error: a line on a terminal, JSON lines for programs, or nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace fovea::app {

enum class ProgressStyle { kNone, kTerminal, kJson };

class Progress {
 public:
  // `total` frames, -1 if not known.
  Progress(ProgressStyle style, int64_t total);
  void frame(int64_t done);
  void end();
  double seconds() const;

 private:
  void show(int64_t done, bool final);

  ProgressStyle style_;
  int64_t total_;
  int64_t last_ = 0;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point shown_;
};

}  // namespace fovea::app
