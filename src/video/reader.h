// SPDX-License-Identifier: BSD-2-Clause-Patent
// Pictures of one clip, in order of presentation.
//
// A clip is YUV4MPEG2, raw planar yuv, or anything that FFmpeg's libraries decode. Frames are counted as they
// come out of the decoder; timestamps, edit lists and container cropping never add, drop or move one. So two
// clips pair by index, and a stream gives the same frames in every container.
//
//   FOVEA_ASSIGN(auto readers, open_inputs({{.path = "ref.y4m"}, {.path = "dis.mkv"}}, open_container));
//   while (true) {
//     FOVEA_ASSIGN(auto frame, readers[0]->next());
//     if (!frame) break;  // clean end
//     ...
//   }
//
// This library reads y4m and raw yuv. Containers need `open_container` from video/libav/libav_reader.h, which
// lives in a target of its own (fovea_video_libav) so that nothing else links FFmpeg.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "video/color.h"
#include "video/frame.h"
#include "video/source.h"

namespace fovea {

struct Rational {
  int64_t num = 0;
  int64_t den = 1;
  bool operator==(const Rational&) const = default;
  double value() const { return den == 0 ? 0.0 : static_cast<double>(num) / static_cast<double>(den); }
};

struct StreamInfo {
  std::string name;  // the path as given, or "standard input"; begins every error message
  Format format;     // of every frame that next() returns
  ColorInfo color;
  Rational frame_rate;  // frames per second; num == 0: not known
  bool is_variable_frame_rate = false;
  int64_t frame_count = -1;    // what header or file size promise, less skipped frames; -1: not known
  double duration_s = -1;      // < 0: not known
  std::string container;       // "y4m", "raw", or FFmpeg's name, e.g. "matroska,webm"
  std::string codec;           // "rawvideo", "h264", ...
  bool is_rereadable = false;  // a regular file: opening it again gives the same frames
  // What a user should know: sampling converted, alpha dropped, ... The end of the stream may add to it.
  std::vector<std::string> notes;
};

// Not safe for use by two threads at once. Frames may be kept, passed to other threads, and outlive their
// reader; their storage is recycled when the last reference goes, so that a steady number of frames in flight
// allocates nothing.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual const StreamInfo& info() const = 0;

  // The next frame; nullopt at the clean end of the stream. An error (truncated last frame, corrupt data,
  // change of size) names file, frame index and what was expected and found; frames before it are good.
  // After an end or an error every further call repeats it.
  virtual Result<std::optional<Frame>> next() = 0;

  // Drops up to `frames` frames; returns how many there were. Cheap where frames can be found without
  // decoding.
  virtual Result<int64_t> skip(int64_t frames);

  // From now on frames need not have chroma: its planes may be empty (data == nullptr), their format stays. A
  // promise of the caller not to look at them; readers that would have to copy chroma save that.
  virtual void skip_chroma() {}
};

struct InputOptions {
  std::string path;  // "-": standard input

  // Set: the bytes are headerless planar yuv of this shape (more than 8 bits: two bytes, little endian).
  // Files that are plainly something else (mp4, y4m, ...) are refused.
  std::optional<Format> raw_format = {};
  Rational raw_frame_rate = {};  // for the report only

  // y4m as libvmaf's tool delivers it: mono becomes 4:2:0 with neutral chroma, 8-bit 4:2:2 and 420paldv have
  // their chroma filtered. Without it samples are delivered as they are stored. Either way 4:1:1 becomes
  // 4:2:2 and the alpha of 444alpha is dropped.
  bool libvmaf_compat = false;

  int threads = 1;          // for decoding; 0: one per available core
  int64_t skip_frames = 0;  // drop this many first; beyond the end leaves no frames

  // Deliver frames that the decoder had to conceal instead of failing on them; counted in a note.
  bool allow_corrupt = false;
};

// Opens what is neither y4m nor raw yuv; `source` stands at its first byte.
using ContainerOpener = Result<std::unique_ptr<Reader>> (*)(std::unique_ptr<ByteSource> source,
                                                            const InputOptions& options);

// Chooses a reader by the first bytes: y4m, a container (through `container_opener`, if there is one), or raw
// yuv when options.raw_format is set. Errors: file cannot be opened (with the system's reason), empty, not a
// video, malformed header, raw file that is not a whole number of frames.
Result<std::unique_ptr<Reader>> open_input(const InputOptions& options,
                                           ContainerOpener container_opener = nullptr);

// Several inputs at once. All are opened, in order, before anything is read: needed when FIFOs share one
// writer.
Result<std::vector<std::unique_ptr<Reader>>> open_inputs(const std::vector<InputOptions>& options,
                                                         ContainerOpener container_opener = nullptr);

}  // namespace fovea
