// SPDX-License-Identifier: BSD-2-Clause-Patent
// Objects that come back when nobody holds them any more. Handing one out allocates nothing once the pool has
// as many as are ever held at a time: even the control block of the shared_ptr lives in the recycled slot.
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "base/result.h"
#include "video/frame.h"

namespace fovea {

// Reset is called with the object when its last reference goes, on that thread.
template <class T, class Reset>
class ObjectPool {
 public:
  // A free object, or a new one from make(), which returns T. Safe from any thread. Objects may outlive the
  // pool.
  template <class Make>
  std::shared_ptr<T> acquire(Make&& make) {
    std::unique_ptr<Slot> slot = core_->take();
    if (!slot) {
      slot = std::make_unique<Slot>(make());
      core_->expect_one_more();
    }
    Slot* raw = slot.release();
    return std::shared_ptr<T>(
        &raw->object, [](T*) {}, ControlAllocator<T>{core_, raw});
  }

 private:
  static constexpr size_t kControlBytes = 128;
  struct Slot {
    explicit Slot(T&& o) : object(std::move(o)) {}
    T object;
    alignas(std::max_align_t) std::array<std::byte, kControlBytes> control;
  };
  struct Core {
    std::unique_ptr<Slot> take() {
      const std::lock_guard lock(mutex);
      if (free.empty()) return nullptr;
      auto slot = std::move(free.back());
      free.pop_back();
      return slot;
    }
    void expect_one_more() {  // so that give_back() never allocates
      const std::lock_guard lock(mutex);
      free.reserve(++total);
    }
    void give_back(Slot* slot) {
      Reset{}(slot->object);
      const std::lock_guard lock(mutex);
      free.emplace_back(slot);
    }
    std::mutex mutex;
    std::vector<std::unique_ptr<Slot>> free;
    size_t total = 0;
  };
  // The shared_ptr frees its control block last of all: that is when the slot is free again.
  template <class U>
  struct ControlAllocator {
    using value_type = U;
    ControlAllocator(std::shared_ptr<Core> c, Slot* s) : core(std::move(c)), slot(s) {}
    template <class V>
    ControlAllocator(const ControlAllocator<V>& o) : core(o.core), slot(o.slot) {}
    U* allocate(size_t) {
      static_assert(sizeof(U) <= kControlBytes);
      return reinterpret_cast<U*>(slot->control.data());
    }
    void deallocate(U*, size_t) { core->give_back(slot); }
    bool operator==(const ControlAllocator& o) const { return slot == o.slot; }
    std::shared_ptr<Core> core;
    Slot* slot;
  };

  std::shared_ptr<Core> core_ = std::make_shared<Core>();
};

// Frames of one format with samples of their own. Planes start on aligned addresses.
class FramePool {
 public:
  enum class Rows {
    kAligned,  // every row starts on an aligned address
    kTight,    // row follows row without a gap, so that a plane is one piece of memory
  };
  FramePool(const Format& format, Rows rows);

  // An uninitialised frame for the caller to fill through mutable_row(). Error: not enough memory.
  Result<Frame> acquire();
  size_t frame_bytes() const { return bytes_; }

 private:
  struct Keep {
    template <class T>
    void operator()(T&) const {}
  };
  Frame layout_;  // without samples; `offset_` says where the planes begin
  std::array<size_t, 3> offset_{};
  size_t bytes_ = 0;
  ObjectPool<AlignedBuffer<uint8_t>, Keep> buffers_;
};

}  // namespace fovea
