// SPDX-License-Identifier: BSD-2-Clause-Patent
// Aligned memory: a buffer that owns it, and a per-worker arena so that scoring a frame allocates nothing.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace fovea {

inline constexpr size_t kAlignment = 128;  // a multiple of every vector and cache-line size in use

inline size_t round_up(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

// Uninitialised storage for `size` elements of a trivial type, aligned to kAlignment.
template <class T>
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size)
      : size_(size), data_(static_cast<T*>(::operator new(round_up(size * sizeof(T), kAlignment) + kAlignment,
                                                          std::align_val_t{kAlignment}))) {}
  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }
  T& operator[](size_t i) { return data_.get()[i]; }
  const T& operator[](size_t i) const { return data_.get()[i]; }

 private:
  struct Free {
    void operator()(T* p) const { ::operator delete(p, std::align_val_t{kAlignment}); }
  };
  size_t size_ = 0;
  std::unique_ptr<T, Free> data_;
};

// A bump allocator of fixed size that one task uses at a time. take() never fails: its user has said how
// much it needs (scratch_bytes()) and the sum is asserted.
class Scratch {
 public:
  explicit Scratch(size_t bytes) : storage_(bytes + kAlignment), bytes_(bytes) {}
  // `count` uninitialised elements, aligned to kAlignment.
  template <class T>
  T* take(size_t count) {
    const size_t size = round_up(count * sizeof(T), kAlignment);
    assert(used_ + size <= bytes_);
    T* out = reinterpret_cast<T*>(storage_.data() + used_);
    used_ += size;
    return out;
  }
  void reset() { used_ = 0; }
  size_t used_bytes() const { return used_; }
  size_t bytes() const { return bytes_; }

  // What take<T>(count) will use up; for scratch_bytes() sums.
  template <class T>
  static size_t bytes_for(size_t count) {
    return round_up(count * sizeof(T), kAlignment);
  }

 private:
  AlignedBuffer<uint8_t> storage_;
  size_t bytes_ = 0;
  size_t used_ = 0;
};

}  // namespace fovea
