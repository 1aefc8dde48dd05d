// SPDX-License-Identifier: BSD-2-Clause-Patent
// Running our programs from tests, as a user's shell would.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace fovea::testing {

struct RunResult {
  int status = 0;      // exit status; 128 + signal if it was killed
  std::string out;     // standard output
  std::string err;     // standard error
  std::string all() const { return out + err; }
};

// Runs a program with arguments; stdin is /dev/null or the named file. Killed after `limit_s` seconds (status
// 124).
RunResult run(const std::vector<std::string>& command, const std::string& input_path = "/dev/null", int limit_s = 120);

// A folder that is removed at the end.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& content);

// Raw planar frames with texture, deterministic; chroma "400", "420", "422" or "444".
std::string raw_clip(int width, int height, int bit_depth, const std::string& chroma, int frames, uint64_t seed);
// The same pictures with some noise and blur added.
std::string raw_clip_distorted(int width, int height, int bit_depth, const std::string& chroma, int frames, uint64_t seed);
// With a y4m header ("C" tag as given) and frame headers.
std::string y4m_clip(int width, int height, const std::string& c_tag, int frames, uint64_t seed, bool distorted);

// Folder of clips, golden reports and models, from FOVEA_TEST_DATA.
std::optional<std::string> test_data();
bool have_ffmpeg();

}  // namespace fovea::testing

// At the start of a test that needs the data folder.
#define FOVEA_NEED_DATA(data)                                                                            \
  const std::optional<std::string> data##_optional = ::fovea::testing::test_data();                     \
  if (!data##_optional) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: clips and golden reports not at hand"; \
  const std::string data = *data##_optional
