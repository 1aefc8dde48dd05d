// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

namespace fovea::testing {

RunResult run(const std::vector<std::string>& command, const std::string& input_path, int limit_s) {
  int out[2], err[2];
  // Closed on exec: programs that other threads start must not hold these ends open.
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) return {-1, "", "pipe failed"};
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const int in = open(input_path.c_str(), O_RDONLY);
    dup2(in, 0);
    dup2(out[1], 1);
    dup2(err[1], 2);
    for (const int fd : {in, out[0], out[1], err[0], err[1]}) close(fd);
    execvp(argv[0], argv.data());
    _exit(127);
  }
  close(out[1]);
  close(err[1]);
  RunResult result;
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(limit_s);
  pollfd fds[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  bool killed = false;
  while (fds[0].fd >= 0 || fds[1].fd >= 0) {
    poll(fds, 2, 100);
    for (int i = 0; i < 2; ++i) {
      if (fds[i].fd < 0 || (fds[i].revents & (POLLIN | POLLHUP)) == 0) continue;
      char buffer[65536];
      const ssize_t n = read(fds[i].fd, buffer, sizeof buffer);
      if (n > 0) {
        (i == 0 ? result.out : result.err).append(buffer, static_cast<size_t>(n));
      } else {
        close(fds[i].fd);
        fds[i].fd = -1;
      }
    }
    if (!killed && std::chrono::steady_clock::now() > end) {
      kill(child, SIGKILL);
      killed = true;
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  result.status = killed ? 124 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "fovea_test_XXXXXX").string();
  path_ = mkdtemp(pattern.data());
}
TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

namespace {

// A moving pattern with detail at several scales; `damage` adds noise that the seed decides.
std::string raw_frames(int width, int height, int bit_depth, const std::string& chroma, int frame, uint64_t seed, bool damage) {
  std::string out;
  const int peak = (1 << bit_depth) - 1;
  uint64_t state = seed * 0x9E3779B97F4A7C15ull + static_cast<uint64_t>(frame) + (damage ? 77 : 0) + 1;
  const auto noise = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<double>(state % 1000) / 1000.0 - 0.5;
  };
  for (int p = 0; p < (chroma == "400" ? 1 : 3); ++p) {
    const int w = p > 0 && chroma != "444" ? (width + 1) / 2 : width;
    const int h = p > 0 && chroma == "420" ? (height + 1) / 2 : height;
    for (int y = 0; y < h; ++y) {
      for (int x = 0; x < w; ++x) {
        double v = 0.5 + 0.2 * std::sin(0.11 * (x + 3 * frame) + p) + 0.15 * std::cos(0.07 * y + 0.03 * x) +
                   0.06 * std::sin(1.7 * x) * std::sin(1.1 * y + static_cast<double>(seed));
        v += 0.02 * noise();
        if (damage) v = 0.93 * v + 0.03 + 0.05 * noise();
        const int sample = std::min(peak, std::max(0, static_cast<int>(v * peak)));
        out += static_cast<char>(sample & 255);
        if (bit_depth > 8) out += static_cast<char>(sample >> 8);
      }
    }
  }
  return out;
}

std::string raw(int width, int height, int bit_depth, const std::string& chroma, int frames, uint64_t seed, bool damage) {
  std::string out;
  for (int i = 0; i < frames; ++i) out += raw_frames(width, height, bit_depth, chroma, i, seed, damage);
  return out;
}

}  // namespace

std::string raw_clip(int width, int height, int bit_depth, const std::string& chroma, int frames, uint64_t seed) {
  return raw(width, height, bit_depth, chroma, frames, seed, false);
}
std::string raw_clip_distorted(int width, int height, int bit_depth, const std::string& chroma, int frames, uint64_t seed) {
  return raw(width, height, bit_depth, chroma, frames, seed, true);
}

std::string y4m_clip(int width, int height, const std::string& c_tag, int frames, uint64_t seed, bool distorted) {
  std::string chroma = "420";
  for (const char* known : {"422", "444"}) {
    if (c_tag.find(known) != std::string::npos) chroma = known;
  }
  if (c_tag.find("mono") != std::string::npos) chroma = "400";
  const size_t p = c_tag.find('p');
  const bool deep = p != std::string::npos && p + 1 < c_tag.size() && c_tag[p + 1] >= '0' && c_tag[p + 1] <= '9';
  const int bit_depth = deep ? std::atoi(c_tag.c_str() + p + 1) : 8;
  std::string out = "YUV4MPEG2 W" + std::to_string(width) + " H" + std::to_string(height) + " F25:1 Ip A1:1 C" + c_tag + "\n";
  for (int i = 0; i < frames; ++i) out += "FRAME\n" + raw_frames(width, height, bit_depth, chroma, i, seed, distorted);
  return out;
}

std::optional<std::string> test_data() {
  const char* folder = std::getenv("FOVEA_TEST_DATA");
  if (folder == nullptr || *folder == '\0') return std::nullopt;
  return folder;
}

bool have_ffmpeg() {
  static const bool have = run({"ffmpeg", "-version"}).status == 0;
  return have;
}

}  // namespace fovea::testing
