// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace fovea {
namespace {

std::string system_reason(int code) {
  return std::generic_category().message(code);
}

}  // namespace

Result<std::unique_ptr<ByteSource>> ByteSource::open(const std::string& path) {
  if (path.empty()) return usage_error("an input has an empty name");
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "standard input" : path;
  int fd = STDIN_FILENO;
  if (!is_stdin) {
    do {
      fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) return input_error(name + ": cannot open: " + system_reason(errno));
  }
  // The destructor closes the file whatever happens below.
  std::unique_ptr<ByteSource> source(new ByteSource(fd, name, -1));
  struct stat st {};
  if (::fstat(fd, &st) != 0) return input_error(name + ": cannot open: " + system_reason(errno));
  if (S_ISDIR(st.st_mode)) return input_error(name + ": is a directory, not a video");
  // Redirected standard input may stand anywhere in its file: read it like a pipe.
  if (S_ISREG(st.st_mode) && !is_stdin) {
    source->size_bytes_ = st.st_size;
    (void)::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return source;
}

std::unique_ptr<ByteSource> ByteSource::from_memory(std::vector<uint8_t> bytes, std::string name,
                                                    bool as_pipe) {
  std::unique_ptr<ByteSource> source(
      new ByteSource(-1, std::move(name), as_pipe ? -1 : static_cast<int64_t>(bytes.size())));
  source->memory_ = std::move(bytes);
  return source;
}

ByteSource::~ByteSource() {
  if (fd_ > STDERR_FILENO) ::close(fd_);
}

// One read of at least one byte; 0 at the end. Does not touch buffer or position.
Result<size_t> ByteSource::read_some(const iovec* vectors, int count) {
  const int64_t from = position_ + static_cast<int64_t>(buffer_end_ - buffer_begin_);
  if (fd_ < 0) {
    size_t done = 0;
    for (int i = 0; i < count; ++i) {
      const size_t left = memory_.size() - std::min(memory_.size(), static_cast<size_t>(from) + done);
      const size_t n = std::min(vectors[i].iov_len, left);
      if (n > 0) std::memcpy(vectors[i].iov_base, memory_.data() + from + done, n);
      done += n;
    }
    return done;
  }
  while (true) {
    const ssize_t got = is_regular() ? ::preadv(fd_, vectors, count, from) : ::readv(fd_, vectors, count);
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) {
      return input_error(name_ + ": read error at byte " + std::to_string(position_) + ": " +
                         system_reason(errno));
    }
  }
}

Result<std::span<const uint8_t>> ByteSource::peek(size_t count) {
  count = std::min(count, kPeekBytes);
  if (buffer_end_ - buffer_begin_ < count && buffer_begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + buffer_begin_, buffer_end_ - buffer_begin_);
    buffer_end_ -= buffer_begin_;
    buffer_begin_ = 0;
  }
  while (buffer_end_ - buffer_begin_ < count) {
    const iovec room{buffer_.data() + buffer_end_, kPeekBytes - buffer_end_};
    FOVEA_ASSIGN(const size_t got, read_some(&room, 1));
    if (got == 0) break;
    buffer_end_ += got;
  }
  return std::span<const uint8_t>(buffer_.data() + buffer_begin_,
                                  std::min(count, buffer_end_ - buffer_begin_));
}

Result<size_t> ByteSource::read(std::span<const iovec> out) {
  constexpr int kMaxVectors = 8;
  size_t done = 0;
  size_t next = 0;       // vector in progress
  size_t next_done = 0;  // bytes of it that are filled
  while (next < out.size()) {
    if (next_done == out[next].iov_len) {
      ++next;
      next_done = 0;
      continue;
    }
    uint8_t* to = static_cast<uint8_t*>(out[next].iov_base) + next_done;
    const size_t want = out[next].iov_len - next_done;
    if (buffer_begin_ < buffer_end_) {
      const size_t n = std::min(want, buffer_end_ - buffer_begin_);
      std::memcpy(to, buffer_.data() + buffer_begin_, n);
      buffer_begin_ += n;
      position_ += static_cast<int64_t>(n);
      next_done += n;
      done += n;
      continue;
    }
    // Nothing is buffered: straight into the caller's memory, and what follows into the buffer.
    iovec vectors[kMaxVectors + 1];
    int count = 0;
    vectors[count++] = {to, want};
    for (size_t i = next + 1; i < out.size() && count < kMaxVectors; ++i) vectors[count++] = out[i];
    size_t wanted = 0;
    for (int i = 0; i < count; ++i) wanted += vectors[i].iov_len;
    vectors[count++] = {buffer_.data(), kPeekBytes};
    buffer_begin_ = buffer_end_ = 0;
    FOVEA_ASSIGN(const size_t got, read_some(vectors, count));
    if (got == 0) break;
    const size_t delivered = std::min(got, wanted);
    buffer_end_ = got - delivered;
    position_ += static_cast<int64_t>(delivered);
    done += delivered;
    for (size_t left = delivered; left > 0;) {
      const size_t n = std::min(left, out[next].iov_len - next_done);
      next_done += n;
      left -= n;
      if (next_done == out[next].iov_len) {
        ++next;
        next_done = 0;
      }
    }
  }
  return done;
}

Result<int64_t> ByteSource::skip(int64_t bytes) {
  if (is_regular()) {
    const int64_t n = std::clamp<int64_t>(size_bytes_ - position_, 0, bytes);
    FOVEA_TRY(seek(position_ + n));
    return n;
  }
  int64_t done = 0;
  std::array<uint8_t, 16384> waste;
  while (done < bytes) {
    const size_t want = static_cast<size_t>(std::min<int64_t>(bytes - done, waste.size()));
    FOVEA_ASSIGN(const size_t got, read(waste.data(), want));
    done += static_cast<int64_t>(got);
    if (got < want) break;
  }
  return done;
}

Status ByteSource::seek(int64_t offset) {
  if (!is_regular()) return internal_error(name_ + ": a stream cannot be positioned");
  const int64_t forward = offset - position_;
  if (forward >= 0 && forward <= static_cast<int64_t>(buffer_end_ - buffer_begin_)) {
    buffer_begin_ += static_cast<size_t>(forward);
  } else {
    buffer_begin_ = buffer_end_ = 0;
  }
  position_ = offset;
  return {};
}

}  // namespace fovea
