// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "dnn/runtime.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace fovea::dnn {
namespace {

TEST(Runtime, IsTheOneOfTheProcess) {
  const auto found = runtime();
  if (!found.ok()) GTEST_SKIP() << found.error().message;
  EXPECT_EQ(std::atoi((*found)->version().c_str()), 1) << (*found)->version();
  EXPECT_NE((*found)->environment(), nullptr);
  EXPECT_EQ(*runtime(), *found);
  // By its file, and by the folder of that file.
  if (!std::filesystem::path((*found)->library()).is_absolute()) return;
  EXPECT_TRUE(find_runtime((*found)->library().c_str()).ok());
  EXPECT_TRUE(find_runtime(std::filesystem::path((*found)->library()).parent_path().c_str()).ok());
}

TEST(Runtime, SaysHowToGetIt) {
  const auto missing = find_runtime("/no/such/file");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, ErrorCode::kUnsupported);
  EXPECT_EQ(missing.error().message.find("FOVEA_ONNXRUNTIME=/no/such/file cannot be used ("), 0u)
      << missing.error().message;
  EXPECT_NE(missing.error().message.find("1.18 or newer"), std::string::npos);
  EXPECT_NE(missing.error().message.find("./dev libraries"), std::string::npos);
}

TEST(Runtime, RefusesOtherLibraries) {
  const auto other = Runtime::load("libm.so.6");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().message, "libm.so.6 is not ONNX Runtime: it has no OrtGetApiBase");
  const auto folder =
      std::filesystem::temp_directory_path() / ("fovea_runtime_test" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  std::ofstream(folder / "libonnxruntime.so.1") << "no library";
  const auto text = find_runtime(folder.c_str());
  ASSERT_FALSE(text.ok());
  EXPECT_NE(text.error().message.find((folder / "libonnxruntime.so.1").string()), std::string::npos)
      << text.error().message;
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace fovea::dnn
