// SPDX-License-Identifier: BSD-2-Clause-Patent
// A file that appears under its name only when it is complete.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace fovea {

// open() proves early that the place can be written: a temporary file is made beside the target. commit()
// writes, syncs and renames it. Without commit() nothing of it remains and an older file of that name is
// untouched. Links and what is no regular file (/dev/stdout, a pipe), and files in folders that cannot be
// written, are written in place by commit().
class OutputFile {
 public:
  static Result<OutputFile> open(const std::string& path);
  OutputFile(OutputFile&& other) noexcept;
  OutputFile& operator=(OutputFile&& other) noexcept;
  ~OutputFile();

  const std::string& path() const { return path_; }
  // Errors (kOutput) name the path and the system's reason.
  Status commit(std::string_view content);

 private:
  OutputFile() = default;
  static Result<OutputFile> open_in_place(const std::string& path);
  void discard();

  std::string path_;
  std::string temporary_;  // empty: written in place
  int fd_ = -1;
};

}  // namespace fovea
