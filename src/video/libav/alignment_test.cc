// SPDX-License-Identifier: BSD-2-Clause-Patent
// Alignment on real sources and encodes of them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "video/diagnose.h"
#include "video/libav/libav_reader.h"

namespace fovea {
namespace {

using Signatures = std::vector<LumaSignature>;

Signatures signatures(const std::string& path, int frames) {
  InputOptions options;
  options.path = path;
  options.threads = 2;
  auto reader = open_input(options, open_container);
  EXPECT_TRUE(reader.ok()) << reader.error().message;
  Signatures out;
  for (int i = 0; i < frames; ++i) {
    auto frame = (*reader)->next();
    EXPECT_TRUE(frame.ok());
    if (!*frame) break;
    out.push_back(make_signature(**frame));
  }
  return out;
}

Alignment align(const Signatures& ref, const Signatures& dis) {
  AlignmentTracker tracker;
  for (size_t i = 0; i < std::max(ref.size(), dis.size()); ++i) {
    tracker.add(i < ref.size() ? &ref[i] : nullptr, i < dis.size() ? &dis[i] : nullptr);
  }
  return tracker.result();
}

TEST(AlignmentData, RealEncodes) {
  const char* data = std::getenv("FOVEA_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "FOVEA_TEST_DATA is not set: the folder with clips/ is not known";
  const std::filesystem::path clips = std::filesystem::path(data) / "clips";
  int pairs = 0;
  int shifts = 0;
  int shifts_found = 0;
  int drops = 0;
  int drops_found = 0;
  for (const auto& entry : std::filesystem::directory_iterator(clips / "encoded")) {
    const std::string name = entry.path().stem().string();
    const std::string source = name.substr(0, name.find("__"));
    for (const auto& candidate : std::filesystem::directory_iterator(clips / "source")) {
      if (candidate.path().stem().string() != source) continue;
      SCOPED_TRACE(name);
      ++pairs;
      const Signatures ref = signatures(candidate.path().string(), 40);
      const Signatures dis = signatures(entry.path().string(), 12);
      const Signatures ref12(ref.begin(), ref.begin() + 12);
      EXPECT_EQ(align(ref12, dis).status, Alignment::Status::kOk) << align(ref12, dis).text;
      EXPECT_EQ(align(ref, dis).status, Alignment::Status::kOk) << align(ref, dis).text;
      // Screen content that does not move can be told from itself in no position.
      const bool is_still = source == "pdf_1024x768";
      for (int k = 1; k <= 8; ++k) {
        for (const int offset : {k, -k}) {
          const Alignment a = offset > 0 ? align(Signatures(ref.begin() + k, ref.end()), dis)
                                         : align(ref, Signatures(dis.begin() + k, dis.end()));
          if (is_still) {
            EXPECT_NE(a.status, Alignment::Status::kOk);
            continue;
          }
          ++shifts;
          EXPECT_TRUE(a.status == Alignment::Status::kOffset || a.status == Alignment::Status::kUnsure)
              << offset << a.text;
          if (a.status == Alignment::Status::kOffset) {
            EXPECT_EQ(a.offset, offset);
            ++shifts_found;
          }
        }
      }
      if (is_still) continue;
      for (const int at : {5, 6}) {
        Signatures cut = dis;
        cut.erase(cut.begin() + at);
        const Alignment a = align(ref, cut);
        ++drops;
        drops_found +=
            a.status == Alignment::Status::kDropOrDup && a.offset == -1 && std::abs(a.frame - at) <= 2;
      }
    }
  }
  std::printf("[  NOTE    ] %d of %d shifts and %d of %d dropped frames found\n", shifts_found, shifts,
              drops_found, drops);
  EXPECT_GE(pairs, 8);
  EXPECT_GE(shifts_found, shifts * 95 / 100);
  EXPECT_GE(drops_found, drops * 90 / 100);
}

}  // namespace
}  // namespace fovea
