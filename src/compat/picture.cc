// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "compat/picture.h"

#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "base/memory.h"
#include "compat/call.h"
#include "compat/handles.h"

struct VmafRef {
  fovea::compat::Block block;
  size_t bytes = 0;
  std::shared_ptr<fovea::compat::PicturePool> pool;

  ~VmafRef() {
    if (pool != nullptr) pool->give_back(std::move(block));
  }
};

namespace fovea::compat {
namespace {

using Pictures = Handles<VmafRef>;

constexpr size_t kStrideSamples = 32;
constexpr size_t kAlignBytes = 64;
constexpr unsigned kEagerPictures = 64;

}  // namespace

void FreeBlock::operator()(void* memory) const { std::free(memory); }

Result<PictureLayout> PictureLayout::make(int pix_fmt, unsigned bpc, unsigned w, unsigned h) {
  if (w < 1 || h < 1 || w > kMaxSize || h > kMaxSize) {
    return usage_error("a picture of " + std::to_string(w) + "x" + std::to_string(h) + " samples; 1 .. " +
                       std::to_string(kMaxSize) + " are possible");
  }
  if (bpc < 8 || bpc > 16) return usage_error("bpc=" + std::to_string(bpc) + " is outside [8, 16]");
  if (pix_fmt <= VMAF_PIX_FMT_UNKNOWN || pix_fmt > VMAF_PIX_FMT_YUV400P) {
    return usage_error("unknown pixel format " + std::to_string(pix_fmt));
  }
  PictureLayout layout;
  VmafPicture& pic = layout.shape;
  pic.pix_fmt = static_cast<VmafPixelFormat>(pix_fmt);
  pic.bpc = bpc;
  const bool halve_w = pix_fmt == VMAF_PIX_FMT_YUV420P || pix_fmt == VMAF_PIX_FMT_YUV422P;
  const bool halve_h = pix_fmt == VMAF_PIX_FMT_YUV420P;
  const int planes = pix_fmt == VMAF_PIX_FMT_YUV400P ? 1 : 3;
  for (int p = 0; p < planes; ++p) {
    pic.w[p] = p > 0 && halve_w ? w / 2 : w;
    pic.h[p] = p > 0 && halve_h ? h / 2 : h;
    pic.stride[p] = static_cast<ptrdiff_t>(round_up(pic.w[p], kStrideSamples) * (bpc > 8 ? 2 : 1));
    layout.offset_bytes[p] = layout.bytes;
    layout.bytes += static_cast<size_t>(pic.stride[p]) * pic.h[p];
  }
  return layout;
}

// calloc: big blocks come from the system as zeros, untouched.
Block allocate(const PictureLayout& layout) {
  Block block(std::calloc(layout.bytes + kAlignBytes, 1));
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

void give_to_caller(const PictureLayout& layout, Block block, std::shared_ptr<PicturePool> pool, VmafPicture* pic) {
  auto ref = std::make_shared<VmafRef>();
  ref->block = std::move(block);
  ref->bytes = layout.bytes + kAlignBytes;
  ref->pool = std::move(pool);
  auto* base = reinterpret_cast<uint8_t*>(round_up(reinterpret_cast<uintptr_t>(ref->block.get()), kAlignBytes));
  *pic = layout.shape;
  for (int p = 0; p < (layout.shape.pix_fmt == VMAF_PIX_FMT_YUV400P ? 1 : 3); ++p) {
    pic->data[p] = base + layout.offset_bytes[p];
  }
  pic->ref = Pictures::all().add(std::move(ref));
}

std::shared_ptr<VmafRef> take_from_caller(VmafPicture* pic) {
  auto ref = Pictures::all().take(pic->ref);
  if (ref == nullptr) return nullptr;
  *pic = VmafPicture{};
  if (ref->pool != nullptr) ref->pool->caller_let_go();
  return ref;
}

bool drop_from_caller(VmafPicture* pic) {
  auto ref = Pictures::all().take(pic->ref);
  if (ref == nullptr) return false;
  *pic = VmafPicture{};
  const std::shared_ptr<PicturePool> pool = ref->pool;
  ref.reset();  // the block is back before anyone who waits for it wakes
  if (pool != nullptr) pool->caller_let_go();
  return true;
}

size_t live_pictures() { return Pictures::all().size(); }

Result<Format> format_of(const VmafPicture& pic) {
  FOVEA_ASSIGN(const PictureLayout layout, PictureLayout::make(value_of(pic.pix_fmt), pic.bpc, pic.w[0], pic.h[0]));
  Format format;
  format.width_px = static_cast<int>(pic.w[0]);
  format.height_px = static_cast<int>(pic.h[0]);
  format.bit_depth = static_cast<int>(pic.bpc);
  format.floor_chroma = true;
  switch (pic.pix_fmt) {
    case VMAF_PIX_FMT_YUV422P: format.chroma = Chroma::k422; break;
    case VMAF_PIX_FMT_YUV444P: format.chroma = Chroma::k444; break;
    case VMAF_PIX_FMT_YUV400P: format.chroma = Chroma::k400; break;
    default: format.chroma = Chroma::k420;
  }
  for (int p = 0; p < format.plane_count(); ++p) {
    if (pic.w[p] != layout.shape.w[p] || pic.h[p] != layout.shape.h[p] || pic.w[p] == 0 || pic.h[p] == 0) {
      return usage_error("plane " + std::to_string(p) + " of a " + describe(format) + " picture is " +
                         std::to_string(pic.w[p]) + "x" + std::to_string(pic.h[p]));
    }
  }
  return format;
}

Result<Frame> frame_of(const VmafPicture& pic, std::shared_ptr<VmafRef> ref) {
  FOVEA_ASSIGN(const Format format, format_of(pic));
  Frame frame;
  frame.format = format;
  const auto begin = reinterpret_cast<uintptr_t>(ref->block.get());
  const auto size = static_cast<ptrdiff_t>(ref->bytes);
  for (int p = 0; p < format.plane_count(); ++p) {
    const ptrdiff_t stride = pic.stride[p], rows = format.plane_height(p);
    const ptrdiff_t row_bytes = static_cast<ptrdiff_t>(format.plane_width(p)) * format.sample_bytes();
    const auto address = reinterpret_cast<uintptr_t>(pic.data[p]);
    bool inside = std::abs(stride) <= size && address >= begin && address - begin <= static_cast<uintptr_t>(size) &&
                  (address | static_cast<uintptr_t>(stride)) % format.sample_bytes() == 0;
    if (inside) {
      const auto first = static_cast<ptrdiff_t>(address - begin), last = first + (rows - 1) * stride;
      inside = std::min(first, last) >= 0 && std::max(first, last) + row_bytes <= size;
    }
    if (!inside) return usage_error("plane " + std::to_string(p) + " does not lie in the memory of its picture");
    frame.planes[p] = {static_cast<const uint8_t*>(pic.data[p]), stride, format.plane_width(p), format.plane_height(p)};
  }
  frame.owner = std::move(ref);
  return frame;
}

PicturePool::PicturePool(const PictureLayout& layout, unsigned count) : layout_(layout), count_(count) {
  for (unsigned i = 0; i < std::min(count, kEagerPictures); ++i) free_.push_back(allocate(layout));
}

// Pictures that the engine still looks at (motion keeps earlier ones) must not keep the caller waiting: nobody
// but the caller could end that. So only those in the caller's hands count, and the pool grows by the others.
int PicturePool::fetch(VmafPicture* pic) {
  Block block;
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return closed_ || held_by_caller_ < count_; });
    if (closed_) return -EINVAL;
    if (!free_.empty()) {
      block = std::move(free_.back());
      free_.pop_back();
    }
    ++held_by_caller_;
  }
  try {
    if (block == nullptr) block = allocate(layout_);
    give_to_caller(layout_, std::move(block), shared_from_this(), pic);
  } catch (...) {
    caller_let_go();
    throw;
  }
  return 0;
}

void PicturePool::close() {
  std::vector<Block> unused;
  std::lock_guard lock(mutex_);
  closed_ = true;
  unused.swap(free_);
  changed_.notify_all();
}

void PicturePool::give_back(Block block) {
  std::lock_guard lock(mutex_);
  try {
    if (!closed_ && block != nullptr) free_.push_back(std::move(block));
  } catch (const std::bad_alloc&) {  // called by a destructor: then the pool is a picture smaller
  }
}

void PicturePool::caller_let_go() {
  std::lock_guard lock(mutex_);
  --held_by_caller_;
  changed_.notify_one();
}

}  // namespace fovea::compat

using namespace fovea::compat;

FOVEA_API int vmaf_picture_alloc(VmafPicture* pic, VmafPixelFormat pix_fmt, unsigned bpc, unsigned w, unsigned h) {
  return call([&] {
    if (pic == nullptr) return -EINVAL;
    const auto layout = PictureLayout::make(value_of(pix_fmt), bpc, w, h);
    if (!layout.ok()) return refuse(layout.error());
    give_to_caller(*layout, allocate(*layout), nullptr, pic);
    return 0;
  });
}

FOVEA_API int vmaf_picture_unref(VmafPicture* pic) {
  return call([&] { return pic != nullptr && drop_from_caller(pic) ? 0 : -EINVAL; });
}
