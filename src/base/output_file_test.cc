// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/output_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace fovea {
namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class OutputFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("fovea_output_" + std::to_string(::getpid()));
    fs::create_directories(folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }
  size_t files() const { return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), fs::directory_iterator())); }
  fs::path folder_;
};

TEST_F(OutputFileTest, AppearsOnlyWhenCommitted) {
  const fs::path path = folder_ / "report.json";
  auto file = OutputFile::open(path);
  ASSERT_TRUE(file.ok());
  EXPECT_FALSE(fs::exists(path));
  ASSERT_TRUE(file->commit("hello").ok());
  EXPECT_EQ(read(path), "hello");
  EXPECT_EQ(files(), 1u);
}

TEST_F(OutputFileTest, LeavesTheOldFileAloneUntilThen) {
  const fs::path path = folder_ / "report.json";
  std::ofstream(path) << "old";
  {
    auto file = OutputFile::open(path);
    ASSERT_TRUE(file.ok());
  }
  EXPECT_EQ(read(path), "old");
  EXPECT_EQ(files(), 1u) << "the temporary file is gone";
}

TEST_F(OutputFileTest, NamesThePathItCannotWrite) {
  const auto missing = OutputFile::open(folder_ / "no" / "such" / "folder.json");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kOutput);
  EXPECT_NE(missing.error().message.find("folder.json: cannot create: No such file or directory"), std::string::npos);
  EXPECT_FALSE(OutputFile::open(folder_).ok()) << "a folder is no file";
}

TEST_F(OutputFileTest, FullDeviceIsAnError) {
  if (!fs::exists("/dev/full")) GTEST_SKIP() << "no /dev/full here";
  auto file = OutputFile::open("/dev/full");
  ASSERT_TRUE(file.ok());
  const Status written = file->commit("x");
  ASSERT_FALSE(written.ok());
  EXPECT_EQ(written.error().message, "/dev/full: cannot write: No space left on device");
}

TEST_F(OutputFileTest, ALinkStaysALink) {
  const fs::path target = folder_ / "target.json", link = folder_ / "link.json";
  std::ofstream(target) << "old and longer";
  fs::create_symlink(target, link);
  auto file = OutputFile::open(link);
  ASSERT_TRUE(file.ok());
  EXPECT_EQ(read(target), "old and longer");
  ASSERT_TRUE(file->commit("new").ok());
  EXPECT_TRUE(fs::is_symlink(link));
  EXPECT_EQ(read(target), "new");
  EXPECT_EQ(files(), 2u);
}

TEST_F(OutputFileTest, ALinkToNothingIsReplaced) {
  const fs::path link = folder_ / "link.json";
  fs::create_symlink(folder_ / "missing.json", link);
  auto file = OutputFile::open(link);
  ASSERT_TRUE(file.ok());
  ASSERT_TRUE(file->commit("new").ok());
  EXPECT_EQ(read(link), "new");
}

}  // namespace
}  // namespace fovea
