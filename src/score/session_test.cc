// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "score/session.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/sanitized.h"
#include "metrics/registry.h"
#include "metrics/testing.h"
#include "models/store.h"

namespace fovea {
namespace {

using testing::distort;
using testing::make_frame;
using testing::Pattern;

struct Clips {
  std::vector<Frame> ref;
  std::vector<std::vector<Frame>> dis;
};

Clips make_clips(const Format& format, int frames, int dis_count) {
  Clips clips;
  clips.dis.resize(dis_count);
  for (int i = 0; i < frames; ++i) {
    clips.ref.push_back(make_frame(format, i % 3 == 2 ? Pattern::kSmooth : Pattern::kTexture, i));
    for (int k = 0; k < dis_count; ++k) clips.dis[k].push_back(distort(clips.ref.back(), 100 * k + i));
  }
  return clips;
}

std::unique_ptr<Session> run(SessionConfig config, const Clips& clips) {
  auto session = Session::create(std::move(config));
  EXPECT_TRUE(session.ok()) << session.error().message;
  for (size_t i = 0; i < clips.ref.size(); ++i) {
    std::vector<Frame> dis;
    for (const auto& clip : clips.dis) dis.push_back(clip[i]);
    EXPECT_TRUE((*session)->push(static_cast<int64_t>(i), clips.ref[i], std::move(dis)).ok());
  }
  EXPECT_TRUE((*session)->finish().ok());
  return *std::move(session);
}

// Every value of a table, exactly.
std::string dump(const ScoreTable& table) {
  std::string out;
  for (const Series* s : table.columns()) {
    out += s->key();
    for (int64_t i = 0; i < s->size(); ++i) {
      char text[40] = " -";
      if (s->has(i)) std::snprintf(text, sizeof text, " %a", *s->at(i));
      out += text;
    }
    out += "\n";
  }
  for (const auto& [name, value] : table.aggregates()) {
    char text[40];
    std::snprintf(text, sizeof text, " %a\n", value);
    out += name + text;
  }
  return out;
}

SessionConfig default_config(const Format& format, int dis_count, int threads) {
  SessionConfig config;
  config.format = format;
  config.dis_count = dis_count;
  config.threads = threads;
  config.models.push_back({*load_builtin(kDefaultModelId), "vmaf", {}});
  config.features.push_back({"psnr", {{"enable_apsnr", "true"}}});
  return config;
}

TEST(Session, ThreadsDoNotChangeAnything) {
  const Format format{160, 300, 8, Chroma::k420};
  const Clips clips = make_clips(format, 9, 2);
  const auto expected = run(default_config(format, 2, 1), clips);
  EXPECT_NE(dump(expected->table(0)), dump(expected->table(1)));
  for (const int threads : {2, 3, 7}) {
    const auto session = run(default_config(format, 2, threads), clips);
    for (int k = 0; k < 2; ++k)
      EXPECT_EQ(dump(session->table(k)), dump(expected->table(k))) << threads << " threads";
  }
}

TEST(Session, LockstepEqualsSingleRuns) {
  const Format format{96, 64, 10, Chroma::k420};
  const Clips clips = make_clips(format, 4, 3);
  const auto together = run(default_config(format, 3, 2), clips);
  for (int k = 0; k < 3; ++k) {
    const auto alone = run(default_config(format, 1, 1), {clips.ref, {clips.dis[k]}});
    EXPECT_EQ(dump(together->table(k)), dump(alone->table(0)));
  }
}

TEST(Session, SubsamplingScoresEveryNthFrame) {
  const Format format{64, 48, 8, Chroma::k420};
  const Clips clips = make_clips(format, 7, 1);
  const auto all = run(default_config(format, 1, 1), clips);
  SessionConfig config = default_config(format, 1, 2);
  config.subsample = 3;
  const auto some = run(std::move(config), clips);
  const ScoreTable &a = all->table(0), &s = some->table(0);
  const Series& vmaf = s[s.find("vmaf")];
  for (int i = 0; i < 7; ++i) {
    EXPECT_EQ(vmaf.has(i), i % 3 == 0) << i;
    if (i % 3 == 0) {
      EXPECT_EQ(vmaf.at(i), a[a.find("vmaf")].at(i));
    }
  }
  EXPECT_EQ(s.aggregates(), a.aggregates()) << "the clip's PSNR sees every frame";
}

TEST(Session, ColumnsStandInLibvmafsOrder) {
  const Format format{64, 48, 8, Chroma::k420};
  const auto session = run(default_config(format, 1, 2), make_clips(format, 3, 1));
  std::string labels;
  for (const Series* s : session->table(0).columns()) labels += s->label() + " ";
  EXPECT_EQ(labels,
            "integer_adm2 integer_aim integer_adm3 integer_adm_scale0 integer_adm_scale1 integer_adm_scale2 "
            "integer_adm_scale3 "
            "VMAF_integer_feature_motion_sad_score integer_vif_scale0 integer_vif_scale1 integer_vif_scale2 "
            "integer_vif_scale3 "
            "psnr_y psnr_cb psnr_cr integer_motion2 integer_motion3 vmaf ");
}

TEST(Session, WhatAMetricIsNotDefinedForIsRefusedAndTheRestGoesOn) {
  const Format format{8, 8, 8, Chroma::k420};
  const auto session = run(default_config(format, 1, 1), make_clips(format, 2, 1));
  EXPECT_FALSE(session->refusals().empty());
  EXPECT_EQ(session->table(0).find("vmaf"), -1);
  EXPECT_TRUE(session->table(0)[session->table(0).find("psnr_y")].has(1));
}

TEST(Session, SaysWhatIsWrongWithARequest) {
  SessionConfig config;
  config.format = {64, 48, 8, Chroma::k420};
  config.features = {{"psrn", {}}};
  EXPECT_EQ(Session::create(config).error().message, "unknown metric 'psrn'; did you mean 'psnr'?");
  config.features = {{"psnr", {{"enable_mes", "true"}}}};
  EXPECT_EQ(Session::create(config).error().message,
            "psnr: unknown option 'enable_mes'; did you mean 'enable_mse'?");
}

TEST(Session, RefusesPicturesThatDoNotFit) {
  const Format format{64, 48, 8, Chroma::k420};
  SessionConfig config;
  config.format = format;
  config.features = {{"psnr", {}}};
  auto session = Session::create(std::move(config));
  ASSERT_TRUE(session.ok());
  const Frame good = make_frame(format, Pattern::kNoise, 1),
              wide = make_frame({66, 48, 8, Chroma::k420}, Pattern::kNoise, 1);
  EXPECT_TRUE((*session)->push(0, good, {good}).ok());
  EXPECT_EQ((*session)->push(1, good, {wide}).error().message,
            "frame 1 is 66x48 4:2:0 8 bit, but the clip began as 64x48 4:2:0 8 bit");
  EXPECT_FALSE((*session)->push(1, good, {}).ok());
  EXPECT_FALSE((*session)->push(0, good, {good}).ok()) << "frames count up";
  EXPECT_TRUE((*session)->finish().ok());
  EXPECT_FALSE((*session)->push(2, good, {good}).ok());
}

// Resident memory of this process, in bytes.
int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t size = 0, resident = 0;
  statm >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST(Session, WhatFailsWhileScoringEndsTheRunWithAnErrorThatSaysWhat) {
  const Format format{320, 240, 8, Chroma::k420};
  const auto folder = std::filesystem::temp_directory_path() / ("fovea_full_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  std::filesystem::create_symlink("/dev/full", folder / "cambi_heatmap_scale_0_320x240_16b.gray");
  const Clips clips = make_clips(format, 6, 1);
  for (const int threads : {1, 4}) {
    SessionConfig config;
    config.format = format;
    config.threads = threads;
    config.features = {{"cambi", {{"heatmaps_path", folder.string()}}}};
    auto session = Session::create(std::move(config));
    ASSERT_TRUE(session.ok()) << session.error().message;
    Status status;
    for (int64_t i = 0; i < 6 && status.ok(); ++i)
      status = (*session)->push(i, clips.ref[i], {clips.dis[0][i]});
    const Status end = (*session)->finish();
    ASSERT_FALSE(end.ok());
    EXPECT_EQ(end.error().code, ErrorCode::kOutput);
    EXPECT_NE(end.error().message.find("cambi: cannot write the heat maps in " + folder.string()),
              std::string::npos)
        << end.error().message;
    EXPECT_EQ(end.error().message.find("frame "), 0u) << end.error().message;
    EXPECT_FALSE((*session)->table(0)[0].has(0)) << "a frame that failed has no score";
  }
  std::filesystem::remove_all(folder);
}

TEST(Session, MemoryStaysFlatOverTenThousandFrames) {
  const Format format{64, 48, 8, Chroma::k420};
  const Clips clips = make_clips(format, 10, 1);
  auto session = Session::create(default_config(format, 1, 2));
  ASSERT_TRUE(session.ok());
  int64_t early = 0;
  for (int i = 0; i < 10000; ++i) {
    ASSERT_TRUE((*session)->push(i, clips.ref[i % 10], {clips.dis[0][i % 10]}).ok());
    if (i == 100) early = resident_bytes();
  }
  ASSERT_TRUE((*session)->finish().ok());
  EXPECT_EQ((*session)->table(0).frame_count(), 10000);
  // A sanitizer keeps freed memory for a while.
  if (!FOVEA_SANITIZED) {
    EXPECT_LT(resident_bytes() - early, 8 << 20);
  }
}

TEST(Session, IsDestroyedInTheMiddleOfWork) {
  const Format format{320, 240, 8, Chroma::k420};
  const Clips clips = make_clips(format, 3, 1);
  for (int round = 0; round < 5; ++round) {
    auto session = Session::create(default_config(format, 1, 3));
    ASSERT_TRUE(session.ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE((*session)->push(i, clips.ref[i], {clips.dis[0][i]}).ok());
  }
}

}  // namespace
}  // namespace fovea
