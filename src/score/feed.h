// SPDX-License-Identifier: BSD-2-Clause-Patent
// From readers to a session: pictures pair by their order, nothing is repeated or dropped.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "score/session.h"
#include "video/reader.h"

namespace fovea {

struct FeedOptions {
  int64_t max_frames = 0;  // 0: all
  // Sees every complete pair before it is scored.
  std::function<void(int64_t frame, const Frame& ref, const std::vector<Frame>& dis)> inspect;
  // Called after each frame; false stops (interrupted).
  std::function<bool(int64_t frames)> progress;
};

struct FeedResult {
  int64_t frames = 0;                     // complete pairs handed over
  std::vector<bool> ended;                // by input: it had no frame when the feeding stopped
  bool interrupted = false;
  std::optional<Error> error;             // what an input or the engine complained of; `frames` pairs were good
  // True if one input went on when another had ended.
  bool lengths_differ() const;
};

// Reads all inputs (reference first) in step until one ends, then finishes the session. Which inputs still
// had frames is found by one more read of each.
FeedResult feed(Session& session, const std::vector<std::unique_ptr<Reader>>& inputs, const FeedOptions& options);

}  // namespace fovea
