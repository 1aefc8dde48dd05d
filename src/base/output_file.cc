// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

namespace fovea {
namespace {

Error system_error(const std::string& path, const char* action, int error) {
  return output_error(path + ": cannot " + action + ": " + std::strerror(error));
}

Status write_all(int fd, std::string_view content, const std::string& path) {
  while (!content.empty()) {
    const ssize_t written = ::write(fd, content.data(), content.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return system_error(path, "write", errno);
    }
    content.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

Result<OutputFile> OutputFile::open_in_place(const std::string& path) {
  OutputFile file;
  file.path_ = path;
  file.fd_ = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (file.fd_ < 0) return system_error(path, "open for writing", errno);
  return file;
}

Result<OutputFile> OutputFile::open(const std::string& path) {
  OutputFile file;
  file.path_ = path;
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) return system_error(path, "write", EISDIR);
  // A link must stay one: /dev/stdout leads to a regular file when output is redirected.
  struct stat link {};
  const bool is_link = ::lstat(path.c_str(), &link) == 0 && S_ISLNK(link.st_mode);
  if (exists && (is_link || !S_ISREG(status.st_mode))) return open_in_place(path);
  if (exists && ::access(path.c_str(), W_OK) != 0) return system_error(path, "write", errno);

  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "" : path.substr(0, slash + 1);
  const std::string name = slash == std::string::npos ? path : path.substr(slash + 1);
  std::string pattern = folder + "." + name.substr(0, 200) + ".XXXXXX";
  std::vector<char> buffer(pattern.begin(), pattern.end());
  buffer.push_back('\0');
  file.fd_ = ::mkostemp(buffer.data(), O_CLOEXEC);
  if (file.fd_ < 0) {
    const int error = errno;
    if (exists) return open_in_place(path);  // a writable file in a folder that is not
    return system_error(path, "create", error);
  }
  file.temporary_ = buffer.data();
  // mkostemp makes it private; give it the rights that a plain open() would have.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  (void)::fchmod(file.fd_, exists ? status.st_mode & 07777 : 0666 & ~mask);
  return file;
}

OutputFile::OutputFile(OutputFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})), fd_(std::exchange(other.fd_, -1)) {}

OutputFile& OutputFile::operator=(OutputFile&& other) noexcept {
  if (this != &other) {
    discard();
    path_ = std::move(other.path_);
    temporary_ = std::exchange(other.temporary_, {});
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

OutputFile::~OutputFile() { discard(); }

void OutputFile::discard() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

Status OutputFile::commit(std::string_view content) {
  if (temporary_.empty()) (void)::ftruncate(fd_, 0);  // pipes and devices have no length
  FOVEA_TRY(write_all(fd_, content, path_));
  if (!temporary_.empty() && ::fsync(fd_) != 0) return system_error(path_, "sync", errno);
  const int closed = ::close(std::exchange(fd_, -1));
  if (closed != 0) return system_error(path_, "close", errno);
  if (temporary_.empty()) return {};
  if (::rename(temporary_.c_str(), path_.c_str()) != 0) {
    if (errno != EBUSY) return system_error(path_, "rename to its name", errno);
    // A mount point, as containers make them of single files.
    discard();
    FOVEA_ASSIGN(*this, open_in_place(path_));
    return commit(content);
  }
  temporary_.clear();
  return {};
}

}  // namespace fovea
