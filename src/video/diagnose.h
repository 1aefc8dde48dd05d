// SPDX-License-Identifier: BSD-2-Clause-Patent
// Finding out, before and while two clips are compared, whether they are the same pictures in the same
// places.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "video/reader.h"

namespace fovea {

// ---- What the headers say ----

enum class Severity : uint8_t {
  kNote,     // worth a line in the report
  kWarning,  // the score may not mean what it seems to
  kError,    // cannot be compared as they are
};

struct Finding {
  Severity severity = Severity::kNote;
  std::string topic;  // "size", "chroma", "bit depth", "frame rate", "range", "matrix", "transfer", "length"
  std::string text;   // names both values, and the option that deals with it
};

// Every difference between two streams that bears on a score.
std::vector<Finding> compare_streams(const StreamInfo& ref, const StreamInfo& dis);

// ---- What the pictures say ----

// A picture in 576 numbers: means of luma over a grid of 32 x 18 cells, in units of 8-bit levels whatever the
// depth and size. Reads a few rows of each cell.
struct LumaSignature {
  static constexpr int kColumns = 32;
  static constexpr int kRows = 18;
  std::array<float, kColumns * kRows> mean{};
};
LumaSignature make_signature(const Frame& frame);

struct Alignment {
  enum class Status : uint8_t {
    kOk,         // frame i shows the same as frame i
    kOffset,     // frame i of the reference shows the same as frame i + offset of the distorted clip
    kDropOrDup,  // aligned up to `frame`, then shifted by `offset`
    kUnsure,     // too little motion, or too little resemblance, to tell
  };
  Status status = Status::kUnsure;
  int offset = 0;         // frames; positive: the distorted clip lags (it has extra frames before)
  int64_t frame = -1;     // of the reference, for kDropOrDup: near which the shift arises
  double confidence = 0;  // 0 .. 1
  std::string text;       // one sentence; for an offset it names the option that repairs it
};
const char* status_name(Alignment::Status status);  // "ok", "offset", "drop_or_dup", "unsure"

// Watches a pair of clips go by. Memory does not grow with their length.
class AlignmentTracker {
 public:
  // Looks for offsets of up to `search_frames` either way.
  explicit AlignmentTracker(int search_frames = 32);
  ~AlignmentTracker();
  AlignmentTracker(AlignmentTracker&&) noexcept;
  AlignmentTracker& operator=(AlignmentTracker&&) noexcept;

  // The frames of the pair of the next index; either may be missing when one clip has ended. Not thread-safe.
  void add(const LumaSignature* ref, const LumaSignature* dis);
  void add(const Frame& ref, const Frame& dis);

  // The finding so far; call it at any time, and for good at the end.
  Alignment result() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Opens both clips anew, reads the first `frames` frames of each (or all, if there are fewer) and aligns
// them. For files that can be read again, when the answer is wanted before the scoring.
Result<Alignment> align_heads(const InputOptions& ref, const InputOptions& dis,
                              ContainerOpener container_opener, int frames = 48, int search_frames = 32);

// Black bars: the part of the pictures that carries content, even in all four numbers; nullopt when there are
// no bars, or the pictures are too dark to tell. Feed it some frames from different places of the clip.
struct ActiveArea {
  int left_px = 0;
  int top_px = 0;
  int width_px = 0;
  int height_px = 0;
};
class BarDetector {
 public:
  void add(const Frame& frame);
  std::optional<ActiveArea> result() const;

 private:
  Format format_;
  int left_ = 0, top_ = 0, right_ = 0, bottom_ = 0;  // content seen within [left, right) x [top, bottom)
  int frames_ = 0;
};

}  // namespace fovea
