// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>

namespace fovea {
namespace {

struct Counter {
  ThreadPool* pool;
  std::atomic<int> left;
  std::atomic<int> bad_slots{0};
  int threads;
};

// Each task submits two more until its depth is used up.
void branch(void* context, uint64_t depth, int slot) {
  auto* c = static_cast<Counter*>(context);
  if (slot < 0 || slot >= c->threads) ++c->bad_slots;
  if (depth > 0) {
    c->pool->submit(&branch, c, depth - 1);
    c->pool->submit(&branch, c, depth - 1);
  }
  if (c->left.fetch_sub(1) == 1) {
    { std::lock_guard lock(c->pool->mutex()); }
    c->pool->notify();
  }
}

TEST(ThreadPool, RunsEverythingWithAnyNumberOfThreads) {
  for (const int threads : {1, 2, 3, 7}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int round = 0; round < 20; ++round) {
      Counter counter{&pool, {(1 << 9) - 1}, {0}, threads};
      pool.submit(&branch, &counter, 8);
      pool.help_until([&] { return counter.left.load() == 0; });
      EXPECT_EQ(counter.bad_slots.load(), 0);
    }
  }
}

TEST(ThreadPool, OneThreadKeepsTheOrder) {
  ThreadPool pool(1);
  std::vector<uint64_t> seen;
  for (uint64_t i = 0; i < 100; ++i) {
    pool.submit([](void* context, uint64_t i, int) { static_cast<std::vector<uint64_t>*>(context)->push_back(i); }, &seen, i);
  }
  pool.help_until([&] { return seen.size() == 100; });
  for (uint64_t i = 0; i < 100; ++i) EXPECT_EQ(seen[i], i);
}

TEST(ThreadPool, KnowsItsMachine) { EXPECT_GE(available_cpus(), 1); }

}  // namespace
}  // namespace fovea
