// SPDX-License-Identifier: BSD-2-Clause-Patent
// The handles that C callers hold. A handle is looked up before it is used, so that one that was closed, or
// never made, is an error and not a crash; and what was found lives until the call that found it is over.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

namespace fovea::compat {

template <class T>
class Handles {
 public:
  // The handles of type T of this process.
  static Handles& all() {
    static Handles* const handles = new Handles;  // never destroyed: calls may come during exit
    return *handles;
  }

  T* add(std::shared_ptr<T> object) {
    T* const handle = object.get();
    std::lock_guard lock(mutex_);
    objects_.emplace(handle, std::move(object));
    return handle;
  }
  // nullptr if there is no such handle.
  std::shared_ptr<T> find(const T* handle) const {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
  }
  // The same, and the handle ends.
  std::shared_ptr<T> take(const T* handle) {
    std::lock_guard lock(mutex_);
    const auto found = objects_.find(handle);
    if (found == objects_.end()) return nullptr;
    std::shared_ptr<T> object = std::move(found->second);
    objects_.erase(found);
    return object;
  }
  size_t size() const {
    std::lock_guard lock(mutex_);
    return objects_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<const T*, std::shared_ptr<T>> objects_;
};

}  // namespace fovea::compat
