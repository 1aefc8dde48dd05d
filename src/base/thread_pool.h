// SPDX-License-Identifier: BSD-2-Clause-Patent
// A pool of N threads, one of which is the caller: N-1 workers run tasks as they come, and the caller lends a
// hand whenever it would have to wait (help_until). With N = 1 there are no workers and everything runs in
// the caller, in the order of submission.
//
// Tasks are first in, first out, never block on each other, and may submit further tasks.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace fovea {

// Processors this process may really use: affinity mask and cgroup quota honoured. At least 1.
int available_cpus();

class ThreadPool {
 public:
  // `slot` is 0 for the caller, 1 .. threads-1 for workers: an index for per-thread memory.
  using TaskFunction = void (*)(void* context, uint64_t argument, int slot);

  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }

  void submit(TaskFunction function, void* context, uint64_t argument);
  // Runs tasks in the calling thread (slot 0, one caller at a time) until done() holds. done() is evaluated
  // under the pool's lock; whoever makes it true calls notify().
  void help_until(const std::function<bool()>& done);
  void notify();
  // For state that done() looks at.
  std::mutex& mutex() { return mutex_; }

 private:
  struct Task {
    TaskFunction function;
    void* context;
    uint64_t argument;
  };
  void work(int slot);

  std::mutex mutex_;
  std::condition_variable wake_workers_;
  std::condition_variable wake_caller_;
  std::deque<Task> tasks_;
  bool stop_ = false;
  bool caller_waits_ = false;
  std::vector<std::thread> workers_;
};

}  // namespace fovea
