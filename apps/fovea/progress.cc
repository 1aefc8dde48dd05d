// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "progress.h"

#include <algorithm>
#include <cstdio>

namespace fovea::app {
namespace {

using Clock = std::chrono::steady_clock;

std::string clock_text(double seconds) {
  const int s = static_cast<int>(seconds + 0.5);
  char text[32];
  if (s >= 3600) {
    std::snprintf(text, sizeof text, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
  } else {
    std::snprintf(text, sizeof text, "%d:%02d", s / 60, s % 60);
  }
  return text;
}

}  // namespace

Progress::Progress(ProgressStyle style, int64_t total) : style_(style), total_(total), start_(Clock::now()), shown_(start_) {}

double Progress::seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void Progress::frame(int64_t done) {
  last_ = done;
  if (style_ == ProgressStyle::kNone) return;
  const auto now = Clock::now();
  const auto interval = style_ == ProgressStyle::kTerminal ? std::chrono::milliseconds(100) : std::chrono::milliseconds(1000);
  if (now - shown_ < interval) return;
  shown_ = now;
  show(done, false);
}

void Progress::end() {
  if (style_ == ProgressStyle::kTerminal) {
    std::fprintf(stderr, "\r\033[K");
    std::fflush(stderr);
  } else if (style_ == ProgressStyle::kJson) {
    show(last_, true);
  }
}

void Progress::show(int64_t done, bool final) {
  const double elapsed = seconds();
  const double fps = elapsed > 0 ? static_cast<double>(done) / elapsed : 0.0;
  const bool known = total_ > 0 && fps > 0;
  const double eta = known ? static_cast<double>(std::max<int64_t>(total_ - done, 0)) / fps : -1;
  if (style_ == ProgressStyle::kJson) {
    std::string line = "{\"event\":\"" + std::string(final ? "done" : "progress") + "\",\"frames\":" + std::to_string(done);
    char text[64];
    if (total_ > 0) line += ",\"total\":" + std::to_string(total_);
    std::snprintf(text, sizeof text, ",\"fps\":%.2f", fps);
    line += text;
    if (known && !final) {
      std::snprintf(text, sizeof text, ",\"eta_s\":%.1f", eta);
      line += text;
    }
    std::fprintf(stderr, "%s}\n", line.c_str());
  } else if (total_ > 0) {
    std::fprintf(stderr, "\r%lld/%lld frames  %.0f %%  %.1f fps  %s left\033[K", static_cast<long long>(done),
                 static_cast<long long>(total_), 100.0 * static_cast<double>(done) / static_cast<double>(total_), fps,
                 known ? clock_text(eta).c_str() : "?");
  } else {
    std::fprintf(stderr, "\r%lld frames  %.1f fps\033[K", static_cast<long long>(done), fps);
  }
  std::fflush(stderr);
}

}  // namespace fovea::app
