// SPDX-License-Identifier: BSD-2-Clause-Patent
// A VmafContext: what was asked for, the engine that computes it, and the scores.
//
// The engine is made with the first picture, when the format is known. Scores that are imported before stand
// in a table of their own until then. Models are predicted when somebody asks for their scores, as libvmaf
// does: reports then have the columns that were asked for, in that order.
//
// Locks, in the order in which they are taken:
//   calls_   calls that hand over work or change what is asked for, one at a time
//   state_   where the scores are, and the plain members
//   the engine's own lock around its table, which the observer (metadata handlers) runs under
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "compat/dnn_session.h"
#include "compat/loaded_model.h"
#include "compat/picture.h"
#include "libvmaf/libvmaf.h"
#include "libvmaf/metadata.h"
#include "score/session.h"

struct VmafContext {
 public:
  explicit VmafContext(const VmafConfiguration& config) : config_(config) { observe(early_); }
  ~VmafContext();

  // All return 0 or a negative errno, as the functions of the same names in libvmaf.h.
  int use_model(std::shared_ptr<const fovea::compat::LoadedModel> model);
  int use_collection(std::shared_ptr<const fovea::compat::LoadedModel> collection);
  int use_feature(const char* name, const fovea::OptionMap& options);
  // Scores the luma of every distorted picture from now on with a network.
  int use_tiny_model(std::shared_ptr<const VmafDnnSession> network, std::string name);
  int import_score(const char* name, double value, unsigned index);
  int read_pictures(VmafPicture* ref, VmafPicture* dis, unsigned index);
  int flush();
  int feature_score(const std::string& name, double* score, unsigned index);
  int model_score(const fovea::compat::LoadedModel& model, double* score, unsigned index);
  int collection_score(const fovea::compat::LoadedModel& collection, VmafModelCollectionScore* score, unsigned index);
  int pool_feature(const std::string& name, int method, double* score, unsigned low, unsigned high);
  int pool_model(const fovea::compat::LoadedModel& model, int method, double* score, unsigned low, unsigned high);
  int pool_collection(const fovea::compat::LoadedModel& collection, int method, VmafModelCollectionScore* score,
                      unsigned low, unsigned high);
  int make_pool(const VmafPictureConfiguration& config);
  int fetch(VmafPicture* pic);
  int add_handler(const VmafMetadataConfiguration& config);
  // score_format: nullptr for libvmaf's own way to print scores.
  int write(const char* path, int format, const char* score_format);
  // Wakes whoever waits for a picture.
  void close();
  // True in a thread that runs a metadata handler: the scores are locked then, and calls are refused.
  static bool in_callback();

 private:
  struct Mounted {
    std::shared_ptr<const fovea::compat::LoadedModel> loaded;
    const fovea::Model* model;
    std::string name;
  };
  struct Handler {
    std::string name;
    void (*callback)(void*, VmafMetadata*);
    void* data;
  };
  // Which indices a call means.
  struct Range {
    int64_t first, last, step;
  };

  int use(const std::vector<fovea::FeatureUse>& uses);
  int start(const fovea::Format& format);
  void store(const std::string& name, unsigned index, double value);
  // Runs `body` with the table of scores, under the lock that guards it, mounted_, expected_ and handlers_.
  void with_scores(const std::function<void(fovea::ScoreTable&)>& body);
  void mount(const std::shared_ptr<const fovea::compat::LoadedModel>& model, bool siblings);
  void observe(fovea::ScoreTable& table);
  void on_score(fovea::ScoreTable& table, int series, int64_t frame, double value);
  int step() const;  // n_subsample, at least 1
  Range range(unsigned low, unsigned high) const;
  int pool(const fovea::ScoreTable& table, const std::string& name, int method, double* score, const Range& range) const;

  const VmafConfiguration config_;

  std::mutex calls_;
  std::vector<fovea::FeatureUse> uses_;
  std::set<std::string> use_ids_;  // metric name and suffix
  std::shared_ptr<const VmafDnnSession> tiny_model_;
  std::string tiny_model_name_;

  std::mutex state_;
  std::unique_ptr<fovea::Session> session_;
  fovea::ScoreTable early_;  // before there is a session
  std::shared_ptr<fovea::compat::PicturePool> pool_;
  int64_t pictures_ = 0;
  bool flushed_ = false;
  std::chrono::steady_clock::time_point begin_{}, end_{};

  // Guarded like the scores.
  std::vector<Mounted> mounted_;
  std::set<std::string> expected_;  // features of models in use
  std::vector<Handler> handlers_;
};
