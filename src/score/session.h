// SPDX-License-Identifier: BSD-2-Clause-Patent
// The engine: pictures are pushed in, scores come out.
//
// A Session scores K distorted clips against one reference in lockstep. It does not know where pictures
// come from: files, an encoder in the same process and the libvmaf C API are the same to it.
//
//   push(frame, ref, dis[K]) --> strips of all metrics on one thread pool --> finish() per frame
//        --> (in frame order) timelines --> ScoreTable per distorted clip --> models, as soon as a frame's
//        features are complete
//
// Memory: at most frames_in_flight() frame states exist, made when the session is; push() waits (and works)
// when all are busy. Scores are identical for every number of threads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "metrics/metric.h"
#include "models/model.h"
#include "score/result.h"
#include "video/frame.h"

namespace fovea {

// An extractor with options, as a user asks for it.
struct FeatureRequest {
  std::string metric;
  OptionMap options;
};

// A model under the name its scores are reported by.
struct ModelRequest {
  std::shared_ptr<const ModelSet> model;
  std::string name = "vmaf";
  LoadFlags flags;
};

struct SessionConfig {
  Format format;
  int dis_count = 1;
  int threads = 1;      // total, the caller's included; 0: all available processors
  int subsample = 1;    // score frames whose index is a multiple of it
  bool predict = true;  // false: features only
  std::vector<ModelRequest> models;
  std::vector<FeatureRequest> features;
};

// Something that was asked for and cannot be given for this format; the rest goes on.
struct Refusal {
  std::string what;    // metric or model name
  std::string reason;  // a sentence
};

// One (extractor, options) pair that a request comes down to.
struct FeatureUse {
  const MetricInfo* metric = nullptr;
  OptionMap options;
  std::string suffix;
};

// What a model's features come down to, in model order. Errors: a feature that no metric provides, an
// unknown option, a value out of range; the message names model and feature.
Result<std::vector<FeatureUse>> resolve_features(const Model& model, const std::string& model_name);
// The same for a request by extractor name.
Result<FeatureUse> resolve_feature(const FeatureRequest& request);
// The key under which a model's feature is found in the ScoreTable.
std::string feature_key(const FeatureUse& use, const std::string& internal_name);

class Session {
 public:
  static Result<std::unique_ptr<Session>> create(SessionConfig config);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Hands over one reference picture and dis_count distorted ones of the session's format. `frame` counts up
  // from 0 and may leave gaps. Returns when a place in the queue was free, not when the frame is scored.
  Status push(int64_t frame, Frame ref, std::vector<Frame> dis);
  // Waits for everything pushed, emits what waited for the end of the clip, predicts what is left.
  // No push() after it.
  Status finish();

  const SessionConfig& config() const;
  int frames_in_flight() const;
  const std::vector<Refusal>& refusals() const;
  // True if at least one metric is at work.
  bool has_metrics() const;
  // Keys of the scores per frame that a request of the configuration gives; none if it was refused.
  std::vector<std::string> series_keys(const FeatureRequest& request) const;
  // False: pictures are scored by their luma; their chroma planes may be empty.
  bool uses_chroma() const;

  // Runs `reader` with distorted clip `dis`'s table under the session's lock; for use while frames are in
  // flight. After finish() table() may be used directly.
  void with_table(int dis, const std::function<void(ScoreTable&)>& reader);
  const ScoreTable& table(int dis) const;
  // Frames pushed, and frames completely scored (but for late features), so far.
  int64_t frames_pushed() const;
  int64_t frames_done();

 private:
  struct Impl;
  explicit Session(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fovea
