// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/raw_reader.h"

#include <algorithm>
#include <array>
#include <bit>

#include "video/pool.h"
#include "video/sniff.h"

namespace fovea {
namespace {

static_assert(std::endian::native == std::endian::little,
              "two-byte samples are handed on as they are stored");

int64_t bytes_per_frame(const Format& f) {
  int64_t bytes = 0;
  for (int p = 0; p < f.plane_count(); ++p) {
    bytes += int64_t{f.plane_width(p)} * f.plane_height(p) * f.sample_bytes();
  }
  return bytes;
}

// Shapes that would divide the file evenly: first the given size with other samplings, then usual sizes.
std::string plausible_formats(const Format& given, int64_t file_bytes) {
  static constexpr int kSizes[][2] = {{3840, 2160}, {4096, 2160}, {2560, 1440}, {1920, 1080}, {1920, 1088},
                                      {1280, 720},  {1024, 576},  {960, 540},   {854, 480},   {720, 576},
                                      {720, 480},   {640, 480},   {640, 360},   {576, 324},   {480, 270},
                                      {352, 288},   {176, 144}};
  std::string out;
  int found = 0;
  const auto consider = [&](Format f) {
    if (found == 4 || f == given || file_bytes % bytes_per_frame(f) != 0) return;
    out += (found++ ? ", " : "") + describe(f) + " (" + std::to_string(file_bytes / bytes_per_frame(f)) +
           " frames)";
  };
  for (const Chroma chroma : {Chroma::k420, Chroma::k422, Chroma::k444, Chroma::k400}) {
    for (const int depth : {8, 10}) consider({given.width_px, given.height_px, depth, chroma});
  }
  for (const auto& size : kSizes) consider({size[0], size[1], given.bit_depth, given.chroma});
  return found == 0 ? "" : "; it would fit " + out;
}

class RawReader final : public Reader {
 public:
  RawReader(std::unique_ptr<ByteSource> source, StreamInfo info)
      : source_(std::move(source)), info_(std::move(info)), delivered_(info_.format) {}

  const StreamInfo& info() const override { return info_; }

  Result<std::optional<Frame>> next() override {
    if (failed_) return *failed_;
    auto frame = read_frame();
    if (!frame.ok()) failed_ = frame.error();
    return frame;
  }

  Result<int64_t> skip(int64_t frames) override {
    if (failed_) return *failed_;
    const int64_t frame_bytes = bytes_per_frame(info_.format);
    const int64_t most = INT64_MAX / frame_bytes;
    auto got = source_->skip(std::min(frames, most) * frame_bytes);
    if (got.ok() && *got % frame_bytes != 0) got = truncated(index_ + *got / frame_bytes, *got % frame_bytes);
    if (!got.ok()) {
      failed_ = got.error();
      return *failed_;
    }
    index_ += *got / frame_bytes;
    return *got / frame_bytes;
  }

  void skip_chroma() override {
    delivered_ = luma_only(info_.format);
    pool_.emplace(delivered_, FramePool::Rows::kTight);
  }

 private:
  Error truncated(int64_t index, int64_t found) const {
    return input_error(info_.name + ": frame " + std::to_string(index) + ": truncated: expected " +
                       std::to_string(bytes_per_frame(info_.format)) + " bytes (" + describe(info_.format) +
                       "), found " + std::to_string(found));
  }

  Result<std::optional<Frame>> read_frame() {
    FOVEA_ASSIGN(const auto head, source_->peek(1));
    if (head.empty()) return std::optional<Frame>();
    if (!pool_) pool_.emplace(delivered_, FramePool::Rows::kTight);
    FOVEA_ASSIGN(Frame frame, pool_->acquire());
    const Format& f = delivered_;
    std::array<iovec, 3> vectors;
    for (int p = 0; p < f.plane_count(); ++p) {
      vectors[p] = {mutable_row(frame, p, 0),
                    size_t{1} * f.plane_width(p) * f.plane_height(p) * f.sample_bytes()};
    }
    FOVEA_ASSIGN(const size_t got, source_->read(std::span(vectors.data(), f.plane_count())));
    int64_t bytes = static_cast<int64_t>(got);
    const int64_t skipped = bytes_per_frame(info_.format) - bytes_per_frame(f);
    if (skipped > 0 && bytes == bytes_per_frame(f)) {
      FOVEA_ASSIGN(const int64_t more, source_->skip(skipped));
      bytes += more;
    }
    if (bytes < bytes_per_frame(info_.format)) return truncated(index_, bytes);
    frame.format = info_.format;
    ++index_;
    return std::optional<Frame>(std::move(frame));
  }

  std::unique_ptr<ByteSource> source_;
  StreamInfo info_;
  Format delivered_;  // what is read of a frame
  std::optional<FramePool> pool_;
  int64_t index_ = 0;
  std::optional<Error> failed_;
};

}  // namespace

Result<std::unique_ptr<Reader>> open_raw(std::unique_ptr<ByteSource> source, const InputOptions& options) {
  const Format format = options.raw_format.value_or(Format{});
  const std::string name = source->name();
  if (format.width_px < 1 || format.height_px < 1 || format.width_px > 65535 || format.height_px > 65535) {
    return usage_error(name + ": invalid size " + std::to_string(format.width_px) + "x" +
                       std::to_string(format.height_px) + " for raw yuv; each side has to be 1 to 65535");
  }
  if (format.bit_depth < 8 || format.bit_depth > 16) {
    return usage_error(name + ": invalid bit depth " + std::to_string(format.bit_depth) +
                       " for raw yuv; it has to be 8 to 16");
  }
  FOVEA_ASSIGN(const auto head, source->peek(kSniffBytes));
  if (head.empty()) return input_error(name + ": empty file");
  if (const char* kind = sniff_container(head)) {
    return input_error(name + ": this is " + kind +
                       ", not raw yuv; leave out the raw geometry to have it decoded");
  }
  StreamInfo info;
  info.name = name;
  info.format = format;
  info.frame_rate = options.raw_frame_rate;
  info.container = "raw";
  info.codec = "rawvideo";
  info.is_rereadable = source->is_regular();
  if (source->is_regular()) {
    const int64_t frame = bytes_per_frame(format);
    const int64_t size = source->size_bytes();
    if (size % frame != 0) {
      return input_error(name + ": " + std::to_string(size) + " bytes are not a whole number of frames: " +
                         describe(format) + " takes " + std::to_string(frame) + " bytes a frame, so " +
                         std::to_string(size / frame) + " frames and a remainder of " +
                         std::to_string(size % frame) + " bytes" + plausible_formats(format, size));
    }
    info.frame_count = std::max<int64_t>(0, size / frame - std::max<int64_t>(0, options.skip_frames));
    if (info.frame_rate.num > 0)
      info.duration_s = static_cast<double>(info.frame_count) / info.frame_rate.value();
  }
  auto reader = std::make_unique<RawReader>(std::move(source), std::move(info));
  if (options.skip_frames > 0) FOVEA_TRY(reader->skip(options.skip_frames));
  return std::unique_ptr<Reader>(std::move(reader));
}

}  // namespace fovea
