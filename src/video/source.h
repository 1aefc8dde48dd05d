// SPDX-License-Identifier: BSD-2-Clause-Patent
// Bytes of an input, front to back. Works the same on regular files, pipes and FIFOs: opening reads nothing,
// and reading never seeks, maps or asks for a size (size_bytes() is known for regular files only).
#pragma once

#include <sys/uio.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace fovea {

class ByteSource {
 public:
  // "-" is standard input. The error carries the system's reason (no such file, permission, is a directory).
  static Result<std::unique_ptr<ByteSource>> open(const std::string& path);
  // Bytes in memory, behaving like a regular file or like a pipe. For tests.
  static std::unique_ptr<ByteSource> from_memory(std::vector<uint8_t> bytes, std::string name, bool as_pipe);
  ~ByteSource();
  ByteSource(const ByteSource&) = delete;
  ByteSource& operator=(const ByteSource&) = delete;

  const std::string& name() const { return name_; }  // the path as given; "standard input" for "-"
  bool is_regular() const { return size_bytes_ >= 0; }
  int64_t size_bytes() const {
    return size_bytes_;
  }                                               // at the time of opening; -1 if it is not a regular file
  int64_t position() const { return position_; }  // of the next byte that read() delivers

  // Looks at up to `count` (<= kPeekBytes) bytes that read() has yet to deliver; fewer only at the end.
  Result<std::span<const uint8_t>> peek(size_t count);

  // Fills `out` in order and returns the number of bytes delivered; fewer than asked for only at the end.
  Result<size_t> read(std::span<const iovec> out);
  Result<size_t> read(void* out, size_t bytes) {
    const iovec one{out, bytes};
    return read(std::span(&one, 1));
  }

  // Moves forward by `bytes`; returns how many there were. Regular files do it without reading.
  Result<int64_t> skip(int64_t bytes);
  // Regular files only: sets the position, from the start of the file.
  Status seek(int64_t offset);

  static constexpr size_t kPeekBytes = 4096;

 private:
  ByteSource(int fd, std::string name, int64_t size_bytes)
      : fd_(fd), name_(std::move(name)), size_bytes_(size_bytes) {}
  Result<size_t> read_some(const iovec* vectors, int count);

  int fd_ = -1;  // -1: memory_
  std::vector<uint8_t> memory_;
  std::string name_;
  int64_t size_bytes_ = -1;
  int64_t position_ = 0;
  // Read ahead of position(): [buffer_begin_, buffer_end_).
  std::array<uint8_t, kPeekBytes> buffer_;
  size_t buffer_begin_ = 0;
  size_t buffer_end_ = 0;
};

}  // namespace fovea
