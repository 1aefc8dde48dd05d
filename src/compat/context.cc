// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "compat/context.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "compat/call.h"
#include "dnn/picture.h"

using namespace fovea;
using namespace fovea::compat;

namespace {

// Workers beyond this do not help, and a wild number must not exhaust the system.
constexpr unsigned kMaxThreads = 256;

thread_local bool in_handler = false;

std::string id_of(const FeatureUse& use) { return use.metric->name + (" " + use.suffix); }

}  // namespace

bool VmafContext::in_callback() { return in_handler; }

VmafContext::~VmafContext() {
  if (pool_ != nullptr) pool_->close();
  session_.reset();  // its last scores still go to the handlers
}

void VmafContext::close() {
  std::lock_guard lock(state_);
  if (pool_ != nullptr) pool_->close();
}

void VmafContext::with_scores(const std::function<void(ScoreTable&)>& body) {
  Session* session = nullptr;
  {
    std::lock_guard lock(state_);
    if (session_ == nullptr) return body(early_);
    session = session_.get();
  }
  session->with_table(0, body);
}

// ---- What is asked for ----------------------------------------------------------------------------------

int VmafContext::use(const std::vector<FeatureUse>& uses) {
  const auto is_new = [&](const FeatureUse& use) { return use_ids_.count(id_of(use)) == 0; };
  if (session_ != nullptr && std::any_of(uses.begin(), uses.end(), is_new)) {
    return refuse("features can only be added before the first picture");
  }
  for (const FeatureUse& use : uses) {
    if (use_ids_.insert(id_of(use)).second) uses_.push_back(use);
  }
  return 0;
}

void VmafContext::mount(const std::shared_ptr<const LoadedModel>& model, bool siblings) {
  with_scores([&](ScoreTable&) {
    expected_.insert(model->inputs.begin(), model->inputs.end());
    if (!siblings) {
      mounted_.push_back({model, &model->set.model, model->name});
      return;
    }
    for (size_t k = 0; k < model->set.siblings.size(); ++k) {
      mounted_.push_back({model, &model->set.siblings[k], sibling_score_name(model->name, k)});
    }
  });
}

int VmafContext::use_model(std::shared_ptr<const LoadedModel> model) {
  if (in_handler) return -EINVAL;
  std::lock_guard lock(calls_);
  if (model->fault) return refuse(*model->fault);
  if (const int status = use(model->uses); status != 0) return status;
  mount(model, /*siblings=*/false);
  return 0;
}

int VmafContext::use_collection(std::shared_ptr<const LoadedModel> collection) {
  if (in_handler) return -EINVAL;
  std::lock_guard lock(calls_);
  if (collection->fault) return refuse(*collection->fault);
  if (const int status = use(collection->uses); status != 0) return status;
  mount(collection, /*siblings=*/true);
  return 0;
}

int VmafContext::use_feature(const char* name, const OptionMap& options) {
  if (in_handler) return -EINVAL;
  std::lock_guard lock(calls_);
  const auto resolved = resolve_feature({name, options});
  if (!resolved.ok()) return refuse(resolved.error());
  return use({*resolved});
}

int VmafContext::use_tiny_model(std::shared_ptr<const VmafDnnSession> network, std::string name) {
  if (in_handler) return -EINVAL;
  std::lock_guard lock(calls_);
  if (tiny_model_ != nullptr) {
    log(VMAF_LOG_LEVEL_ERROR, "this context has a tiny model already");
    return -EBUSY;
  }
  tiny_model_ = std::move(network);
  tiny_model_name_ = std::move(name);
  return 0;
}

// ---- Scores -----------------------------------------------------------------------------------------------

void VmafContext::observe(ScoreTable& table) {
  table.observe([this](ScoreTable& t, int series, int64_t frame, double value) { on_score(t, series, frame, value); });
}

void VmafContext::on_score(ScoreTable& table, int series, int64_t frame, double value) {
  for (const Handler& handler : handlers_) {
    if (handler.name == table[series].key()) {
      std::string name = handler.name;
      VmafMetadata metadata{name.data(), static_cast<unsigned>(frame), value};
      const bool outer = std::exchange(in_handler, true);
      (void)call([&] {
        handler.callback(handler.data, &metadata);
        return 0;
      });
      in_handler = outer;
    } else if (frame % step() == 0) {
      // Storing a score comes back here, for the handlers that wait for it.
      for (const Mounted& m : mounted_) (void)score_at(*m.loaded, *m.model, m.name, table, frame);
    }
  }
}

int VmafContext::add_handler(const VmafMetadataConfiguration& config) {
  if (in_handler || config.feature_name == nullptr || config.callback == nullptr) return -EINVAL;
  Handler handler{config.feature_name, config.callback, config.data};
  with_scores([&](ScoreTable&) { handlers_.push_back(std::move(handler)); });
  return 0;
}

int VmafContext::import_score(const char* name, double value, unsigned index) {
  if (in_handler) return -EINVAL;
  bool stored = false;
  with_scores([&](ScoreTable& table) {
    const int series = table.add(name, report_label(name), Series::Rank::kFeature);
    if (table[series].has(index)) return;
    table.set(series, index, value);
    stored = true;
  });
  return stored ? 0 : refuse("there is a score of " + std::string(name) + " at index " + std::to_string(index) + " already");
}

void VmafContext::store(const std::string& name, unsigned index, double value) {
  with_scores([&](ScoreTable& table) {
    const int series = table.add(name, report_label(name), Series::Rank::kFeature);
    if (!table[series].has(index)) table.set(series, index, value);
  });
}

int VmafContext::feature_score(const std::string& name, double* score, unsigned index) {
  if (in_handler) return -EINVAL;
  std::optional<double> found;
  with_scores([&](ScoreTable& table) {
    if (const int series = table.find(name); series >= 0) found = table[series].at(index);
  });
  if (!found) return -EINVAL;
  *score = *found;
  return 0;
}

int VmafContext::model_score(const LoadedModel& model, double* score, unsigned index) {
  if (in_handler) return -EINVAL;
  std::optional<double> found;
  with_scores([&](ScoreTable& table) { found = score_at(model, model.set.model, model.name, table, index); });
  if (!found) return -EINVAL;
  *score = *found;
  return 0;
}

namespace {

VmafModelCollectionScore to_c(const BootstrapScore& score) {
  VmafModelCollectionScore out{};
  out.type = VMAF_MODEL_COLLECTION_SCORE_BOOTSTRAP;
  out.bootstrap.bagging_score = score.bagging;
  out.bootstrap.stddev = score.stddev;
  out.bootstrap.ci.p95.lo = score.ci_lo;
  out.bootstrap.ci.p95.hi = score.ci_hi;
  return out;
}

}  // namespace

int VmafContext::collection_score(const LoadedModel& collection, VmafModelCollectionScore* score, unsigned index) {
  if (in_handler) return -EINVAL;
  std::optional<BootstrapScore> found;
  with_scores([&](ScoreTable& table) {
    if (!stored_collection(collection, table, index)) found = predict_collection(collection, table, index);
  });
  if (!found) return -EINVAL;
  *score = to_c(*found);
  return 0;
}

// ---- Pooling ------------------------------------------------------------------------------------------------

int VmafContext::step() const { return static_cast<int>(std::clamp<unsigned>(config_.n_subsample, 1, INT32_MAX)); }

VmafContext::Range VmafContext::range(unsigned low, unsigned high) const {
  const int64_t n = step();
  return {(low + n - 1) / n * n, high, n};
}

int VmafContext::pool(const ScoreTable& table, const std::string& name, int method, double* score, const Range& range) const {
  const int series = table.find(name);
  if (series < 0) return -EINVAL;
  const std::optional<Pooled> pooled = fovea::pool(table[series], range.first, range.last, range.step);
  if (!pooled) return -EINVAL;
  switch (method) {
    case VMAF_POOL_METHOD_MIN: *score = pooled->min; return 0;
    case VMAF_POOL_METHOD_MAX: *score = pooled->max; return 0;
    case VMAF_POOL_METHOD_MEAN: *score = pooled->mean; return 0;
    case VMAF_POOL_METHOD_HARMONIC_MEAN: *score = pooled->harmonic_mean; return 0;
    default: return -EINVAL;
  }
}

namespace {

bool is_pool_request(int method, unsigned low, unsigned high) {
  return low <= high && method > VMAF_POOL_METHOD_UNKNOWN && method < VMAF_POOL_METHOD_NB;
}

}  // namespace

int VmafContext::pool_feature(const std::string& name, int method, double* score, unsigned low, unsigned high) {
  if (in_handler || !is_pool_request(method, low, high)) return -EINVAL;
  int status = 0;
  with_scores([&](ScoreTable& table) { status = pool(table, name, method, score, range(low, high)); });
  return status;
}

int VmafContext::pool_model(const LoadedModel& model, int method, double* score, unsigned low, unsigned high) {
  if (in_handler || !is_pool_request(method, low, high)) return -EINVAL;
  bool may_come = false;
  {
    std::lock_guard lock(state_);
    may_come = !flushed_;
  }
  int status = 0;
  const Range r = range(low, high);
  with_scores([&](ScoreTable& table) {
    for (int64_t i = r.first; i <= r.last; i += r.step) {
      if (score_at(model, model.set.model, model.name, table, i)) continue;
      for (const std::string& input : model.inputs) may_come = may_come && expected_.count(input) != 0;
      status = may_come ? -EAGAIN : -EINVAL;
      return;
    }
    status = pool(table, model.name, method, score, r);
  });
  return status;
}

int VmafContext::pool_collection(const LoadedModel& collection, int method, VmafModelCollectionScore* score, unsigned low,
                                 unsigned high) {
  if (in_handler || !is_pool_request(method, low, high)) return -EINVAL;
  int status = 0;
  const Range r = range(low, high);
  with_scores([&](ScoreTable& table) {
    for (int64_t i = r.first; i <= r.last; i += r.step) {
      if (!stored_collection(collection, table, i) && !predict_collection(collection, table, i)) {
        status = -EINVAL;
        return;
      }
    }
    BootstrapScore pooled;
    const BootstrapNames names = bootstrap_score_names(collection.name);
    for (const auto& [name, value] : {std::pair{&names.bagging, &pooled.bagging}, {&names.stddev, &pooled.stddev},
                                      {&names.ci_lo, &pooled.ci_lo}, {&names.ci_hi, &pooled.ci_hi}}) {
      status = pool(table, *name, method, value, r);
      if (status != 0) return;
    }
    *score = to_c(pooled);
  });
  return status;
}

// ---- Pictures -------------------------------------------------------------------------------------------------

int VmafContext::make_pool(const VmafPictureConfiguration& config) {
  if (in_handler) return -EINVAL;
  const auto& params = config.pic_params;
  const auto layout = PictureLayout::make(value_of(params.pix_fmt), params.bpc, params.w, params.h);
  if (!layout.ok()) return refuse(layout.error());
  if (config.pic_cnt == 0) return refuse("a pool needs at least one picture");
  std::lock_guard lock(state_);
  if (pool_ != nullptr) return refuse("this context has a picture pool already");
  pool_ = std::make_shared<PicturePool>(*layout, config.pic_cnt);
  return 0;
}

int VmafContext::fetch(VmafPicture* pic) {
  if (in_handler) return -EINVAL;
  std::shared_ptr<PicturePool> pool;
  {
    std::lock_guard lock(state_);
    pool = pool_;
  }
  return pool == nullptr ? refuse("this context has no picture pool") : pool->fetch(pic);
}

int VmafContext::start(const Format& format) {
  SessionConfig config;
  config.format = format;
  config.threads = static_cast<int>(std::min(config_.n_threads, kMaxThreads)) + 1;
  config.subsample = step();
  config.predict = false;
  for (const FeatureUse& use : uses_) config.features.push_back({use.metric->name, use.options});
  auto created = Session::create(std::move(config));
  if (!created.ok()) return refuse(created.error());
  if (!(*created)->refusals().empty()) {
    for (const Refusal& refusal : (*created)->refusals()) log(VMAF_LOG_LEVEL_ERROR, refusal.reason);
    return -EINVAL;
  }
  std::lock_guard lock(state_);
  (*created)->with_table(0, [&](ScoreTable& table) {
    for (const Series* series : early_.columns()) {
      const int to = table.add(series->key(), series->label(), series->rank());
      for (int64_t i = series->next(0); i >= 0; i = series->next(i + 1)) table.set(to, i, *series->at(i));
    }
    observe(table);
  });
  session_ = *std::move(created);
  early_ = ScoreTable();
  begin_ = std::chrono::steady_clock::now();
  return 0;
}

int VmafContext::read_pictures(VmafPicture* ref, VmafPicture* dis, unsigned index) {
  const VmafPicture ref_copy = *ref, dis_copy = *dis;
  std::shared_ptr<VmafRef> ref_owner = take_from_caller(ref), dis_owner = take_from_caller(dis);
  if (in_handler) return -EINVAL;
  if (ref_owner == nullptr || dis_owner == nullptr) {
    return refuse("picture " + std::to_string(index) + ": the caller does not own the " +
                  (ref_owner == nullptr ? "reference" : "distorted") + " picture");
  }
  auto ref_frame = frame_of(ref_copy, std::move(ref_owner));
  if (!ref_frame.ok()) return refuse(ref_frame.error());
  auto dis_frame = frame_of(dis_copy, std::move(dis_owner));
  if (!dis_frame.ok()) return refuse(dis_frame.error());
  if (ref_frame->format != dis_frame->format) {
    return refuse("picture " + std::to_string(index) + ": the reference is " + describe(ref_frame->format) +
                  ", the distorted picture " + describe(dis_frame->format));
  }

  std::lock_guard lock(calls_);
  if (flushed_) return refuse("picture " + std::to_string(index) + " after the end of the clip");
  if (session_ == nullptr) {
    if (const int status = start(ref_frame->format); status != 0) return status;
  }
  std::optional<double> tiny_score;
  if (tiny_model_ != nullptr && index % static_cast<unsigned>(step()) == 0) {
    const Format luma = luma_only(dis_frame->format);
    const dnn::PictureTensor tensor(luma, {});
    std::vector<float> plane(tensor.size());
    tensor.fill(*dis_frame, plane.data());
    double score = 0;
    if (const int status = tiny_model_->score(plane, luma.width_px, luma.height_px, &score); status != 0) return status;
    tiny_score = score;
  }
  std::vector<Frame> distorted;
  distorted.push_back(*std::move(dis_frame));
  if (const Status pushed = session_->push(index, *std::move(ref_frame), std::move(distorted)); !pushed.ok()) {
    return refuse(pushed.error());
  }
  if (tiny_score) store(tiny_model_name_, index, *tiny_score);
  std::lock_guard state(state_);
  ++pictures_;
  end_ = std::chrono::steady_clock::now();
  return 0;
}

int VmafContext::flush() {
  if (in_handler) return -EINVAL;
  std::lock_guard lock(calls_);
  if (flushed_) return refuse("the clip has ended already");
  if (session_ == nullptr && !uses_.empty()) return refuse("flush before the first picture");
  if (session_ != nullptr) {
    if (const Status finished = session_->finish(); !finished.ok()) return refuse(finished.error());
  }
  std::lock_guard state(state_);
  flushed_ = true;
  end_ = std::chrono::steady_clock::now();
  return 0;
}
