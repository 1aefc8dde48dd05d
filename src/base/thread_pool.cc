// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>

namespace fovea {
namespace {

// cgroup v2 "cpu.max": "<quota|max> <period>" in microseconds; v1 keeps two files. 0 = no limit.
double cgroup_cpu_limit() {
  std::ifstream v2("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (v2 >> quota >> period && quota != "max" && period > 0) return std::atof(quota.c_str()) / period;
  std::ifstream v1_quota("/sys/fs/cgroup/cpu/cpu.cfs_quota_us"), v1_period("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  double q = 0, p = 0;
  if (v1_quota >> q && v1_period >> p && q > 0 && p > 0) return q / p;
  return 0;
}

}  // namespace

int available_cpus() {
  int cpus = static_cast<int>(std::thread::hardware_concurrency());
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) cpus = CPU_COUNT(&set);
  if (const double limit = cgroup_cpu_limit(); limit > 0) cpus = std::min(cpus, static_cast<int>(std::ceil(limit)));
  return std::max(cpus, 1);
}

ThreadPool::ThreadPool(int threads) {
  for (int slot = 1; slot < threads; ++slot) workers_.emplace_back([this, slot] { work(slot); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_workers_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::submit(TaskFunction function, void* context, uint64_t argument) {
  bool wake_caller = false;
  {
    std::lock_guard lock(mutex_);
    tasks_.push_back({function, context, argument});
    wake_caller = caller_waits_;
  }
  wake_workers_.notify_one();
  if (wake_caller) wake_caller_.notify_one();
}

void ThreadPool::help_until(const std::function<bool()>& done) {
  std::unique_lock lock(mutex_);
  while (!done()) {
    if (tasks_.empty()) {
      caller_waits_ = true;
      wake_caller_.wait(lock);
      caller_waits_ = false;
      continue;
    }
    const Task task = tasks_.front();
    tasks_.pop_front();
    lock.unlock();
    task.function(task.context, task.argument, 0);
    lock.lock();
  }
}

void ThreadPool::notify() { wake_caller_.notify_all(); }

void ThreadPool::work(int slot) {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_workers_.wait(lock, [&] { return stop_ || !tasks_.empty(); });
    if (stop_) return;
    const Task task = tasks_.front();
    tasks_.pop_front();
    lock.unlock();
    task.function(task.context, task.argument, slot);
    lock.lock();
  }
}

}  // namespace fovea
