// SPDX-License-Identifier: BSD-2-Clause-Patent
// Many contexts in many threads, made, used and closed at the same time. For the thread and address sanitizers.
#include <atomic>
#include <thread>

#include "api_testing.h"

namespace fovea::compat {
namespace {

TEST(Stress, SixteenThreadsAndAThousandContexts) {
  constexpr int kThreads = 16, kContexts = 1000, kFrames = 3;
  const Clip clip = make_clip(48, 36, 8, Chroma::k420, kFrames);
  VmafModel* shared_model = load();

  // What every context must come to.
  VmafContext* first = open();
  ASSERT_EQ(vmaf_use_features_from_model(first, shared_model), 0);
  score_clip(first, clip);
  double expected = 0;
  ASSERT_EQ(vmaf_score_pooled(first, shared_model, VMAF_POOL_METHOD_MEAN, &expected, 0, kFrames - 1), 0);
  ASSERT_EQ(vmaf_close(first), 0);

  std::atomic<int> next = 0, wrong = 0;
  const auto work = [&] {
    for (int job = next++; job < kContexts; job = next++) {
      VmafContext* vmaf = open(static_cast<unsigned>(job % 3));
      VmafModel* model = job % 2 == 0 ? shared_model : load();
      bool good = vmaf_use_features_from_model(vmaf, model) == 0;
      for (int i = 0; i < kFrames; ++i) good = good && read(vmaf, clip, i, static_cast<unsigned>(i)) == 0;
      if (job % 5 != 4) {  // others are closed in the middle of their work
        double score = 0;
        good = good && vmaf_read_pictures(vmaf, nullptr, nullptr, 0) == 0;
        good = good && vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &score, 0, kFrames - 1) == 0;
        good = good && score == expected;
      }
      if (model != shared_model) vmaf_model_destroy(model);
      good = vmaf_close(vmaf) == 0 && good;
      if (!good) ++wrong;
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong.load(), 0);
  vmaf_model_destroy(shared_model);
}

// One context, one thread that reads and others that ask for scores.
TEST(Stress, ScoresMayBeAskedForMeanwhile) {
  const Clip clip = make_clip(48, 36, 8, Chroma::k420, 3);
  VmafContext* vmaf = open(2);
  VmafModel* model = load();
  ASSERT_EQ(vmaf_use_features_from_model(vmaf, model), 0);
  std::atomic<bool> done = false;
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      double score = 0;
      while (!done.load()) {
        for (unsigned frame = 0; frame < 100; ++frame) {
          (void)vmaf_score_at_index(vmaf, model, &score, frame);
          (void)vmaf_feature_score_at_index(vmaf, kVif0, &score, frame);
        }
        (void)vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &score, 0, 99);
        (void)vmaf_write_output(vmaf, "/dev/null", VMAF_OUTPUT_FORMAT_JSON);
      }
    });
  }
  for (unsigned i = 0; i < 100; ++i) EXPECT_EQ(read(vmaf, clip, static_cast<int>(i % 3), i), 0);
  EXPECT_EQ(vmaf_read_pictures(vmaf, nullptr, nullptr, 0), 0);
  done = true;
  for (std::thread& reader : readers) reader.join();
  double score = 0;
  EXPECT_EQ(vmaf_score_pooled(vmaf, model, VMAF_POOL_METHOD_MEAN, &score, 0, 99), 0);
  vmaf_model_destroy(model);
  EXPECT_EQ(vmaf_close(vmaf), 0);
}

}  // namespace
}  // namespace fovea::compat
