// SPDX-License-Identifier: BSD-2-Clause-Patent
// Names, sizes, offsets and values that programs were compiled with.
#include "abi_facts.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>
#include <set>
#include <string>

namespace {

TEST(Abi, SizesOffsetsAndValuesAreLibvmafs) {
  if (sizeof(void*) != 8) GTEST_SKIP() << "the table is for 64-bit systems";
  ASSERT_GT(kAbiFactCount, 70);
  for (int i = 0; i < kAbiFactCount; ++i) EXPECT_EQ(kAbiFacts[i].ours, kAbiFacts[i].libvmaf) << kAbiFacts[i].name;
}

std::set<std::string> lines_of(std::istream& in) {
  std::set<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.insert(line);
  return lines;
}

TEST(Abi, ExactlyThePublicFunctionsAreExported) {
  FILE* const nm = ::popen("nm -D --defined-only --format=posix '" LIBVMAF_FILE "' 2>/dev/null", "r");
  ASSERT_NE(nm, nullptr);
  std::set<std::string> exported;
  char line[4096];
  while (std::fgets(line, sizeof line, nm) != nullptr) exported.insert(std::string(line).substr(0, std::string(line).find(' ')));
  ::pclose(nm);
  if (exported.empty()) GTEST_SKIP() << "there is no nm here to list the exported symbols";
  std::ifstream list(LIBVMAF_SYMBOLS);
  const std::set<std::string> expected = lines_of(list);
  EXPECT_EQ(static_cast<int>(expected.size()), kAbiFunctionCount) << "symbols.txt and the headers";
  EXPECT_EQ(exported, expected);
}

TEST(Abi, TheLibraryHasLibvmafsSoname) {
  FILE* const objdump = ::popen("objdump -p '" LIBVMAF_FILE "' 2>/dev/null", "r");
  ASSERT_NE(objdump, nullptr);
  std::string text;
  char line[4096];
  while (std::fgets(line, sizeof line, objdump) != nullptr) text += line;
  ::pclose(objdump);
  if (text.empty()) GTEST_SKIP() << "there is no objdump here to read the soname";
  const size_t at = text.find("SONAME");
  ASSERT_NE(at, std::string::npos);
  EXPECT_NE(text.substr(at, 60).find("libvmaf.so.3\n"), std::string::npos) << text.substr(at, 60);
}

}  // namespace
