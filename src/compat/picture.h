// SPDX-License-Identifier: BSD-2-Clause-Patent
// The samples behind a VmafPicture.
//
// A VmafRef is a block of samples. It is a handle as long as the caller owns the picture; handing the picture
// over moves it into the Frame's owner. Copies of the struct that the caller keeps are then handles no more.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "libvmaf/libvmaf.h"
#include "video/frame.h"

namespace fovea::compat {

class PicturePool;

// Zeroed memory.
struct FreeBlock {
  void operator()(void* memory) const;
};
using Block = std::unique_ptr<void, FreeBlock>;

// Where a picture's planes stand in its block.
struct PictureLayout {
  static constexpr unsigned kMaxSize = 32768;
  // An error for sizes, depths and formats that do not exist.
  static Result<PictureLayout> make(int pix_fmt, unsigned bpc, unsigned w, unsigned h);

  VmafPicture shape{};          // without data and ref
  size_t offset_bytes[3] = {};
  size_t bytes = 0;
};
Block allocate(const PictureLayout& layout);

// Makes *pic a new picture that the caller owns. `pool` gets the block in the end, or nullptr.
void give_to_caller(const PictureLayout& layout, Block block, std::shared_ptr<PicturePool> pool, VmafPicture* pic);

// Takes *pic from the caller and zeroes the struct; nullptr if the caller does not own it.
std::shared_ptr<VmafRef> take_from_caller(VmafPicture* pic);

// Ends the caller's ownership of *pic and zeroes the struct; false if there was none.
bool drop_from_caller(VmafPicture* pic);

// Pictures in the hands of the caller; for tests.
size_t live_pictures();

// The format of a picture; an error if there is none, or chroma without samples.
Result<Format> format_of(const VmafPicture& pic);
// A picture as the engine sees it, in the same memory. The planes must lie in the picture's own block.
Result<Frame> frame_of(const VmafPicture& pic, std::shared_ptr<VmafRef> ref);

// Pictures that come back when nobody uses them any more.
class PicturePool : public std::enable_shared_from_this<PicturePool> {
 public:
  PicturePool(const PictureLayout& layout, unsigned count);
  // Waits while the caller holds `count` pictures. -EINVAL if the pool is closed meanwhile.
  int fetch(VmafPicture* pic);
  void close();

  void give_back(Block block);
  void caller_let_go();

 private:
  const PictureLayout layout_;
  const unsigned count_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Block> free_;
  unsigned held_by_caller_ = 0;
  bool closed_ = false;
};

}  // namespace fovea::compat
