// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "score/feed.h"

#include <algorithm>

namespace fovea {

bool FeedResult::lengths_differ() const {
  return std::any_of(ended.begin(), ended.end(), [](bool e) { return e; }) &&
         std::any_of(ended.begin(), ended.end(), [](bool e) { return !e; });
}

FeedResult feed(Session& session, const std::vector<std::unique_ptr<Reader>>& inputs, const FeedOptions& options) {
  FeedResult result;
  result.ended.assign(inputs.size(), false);
  while (options.max_frames == 0 || result.frames < options.max_frames) {
    std::vector<Frame> frames;
    for (size_t i = 0; i < inputs.size() && !result.error; ++i) {
      auto next = inputs[i]->next();
      if (!next.ok()) {
        result.error = std::move(next).error();
      } else if (!*next) {
        result.ended[i] = true;
      } else {
        frames.push_back(**std::move(next));
      }
    }
    if (result.error || frames.size() < inputs.size()) break;

    Frame ref = std::move(frames.front());
    frames.erase(frames.begin());
    if (options.inspect) options.inspect(result.frames, ref, frames);
    if (const Status pushed = session.push(result.frames, std::move(ref), std::move(frames)); !pushed.ok()) {
      result.error = pushed.error();
      break;
    }
    ++result.frames;
    if (options.progress && !options.progress(result.frames)) {
      result.interrupted = true;
      break;
    }
  }
  if (const Status finished = session.finish(); !finished.ok() && !result.error) result.error = finished.error();
  return result;
}

}  // namespace fovea
