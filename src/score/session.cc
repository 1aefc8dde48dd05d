// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "score/session.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <optional>

#include "base/thread_pool.h"
#include "metrics/registry.h"

namespace fovea {

namespace {

// Names of a model's series, in the order of predict_set().
std::vector<std::string> score_names(const ModelSet& set, const std::string& name) {
  std::vector<std::string> names = {name};
  if (!set.is_collection()) return names;
  for (size_t k = 0; k < set.siblings.size(); ++k) names.push_back(sibling_score_name(name, k));
  BootstrapNames bootstrap = bootstrap_score_names(name);
  for (std::string* text : {&bootstrap.bagging, &bootstrap.stddev, &bootstrap.ci_lo, &bootstrap.ci_hi}) {
    names.push_back(std::move(*text));
  }
  return names;
}

std::string with_context(const std::string& context, const Error& error) {
  return context + ": " + error.message;
}

const FeatureName* find_feature_name(const MetricInfo& metric, const std::string& internal_name) {
  for (const FeatureName& name : metric.provided) {
    if (internal_name == name.name) return &name;
  }
  return nullptr;
}

}  // namespace

Result<FeatureUse> resolve_feature(const FeatureRequest& request) {
  FeatureUse use;
  use.metric = find_metric(request.metric);
  if (use.metric == nullptr) {
    std::vector<std::string> known;
    for (const MetricInfo* metric : all_metrics()) known.emplace_back(metric->name);
    std::string message = "unknown metric '" + request.metric + "'";
    if (const std::string guess = near_miss(request.metric, known); !guess.empty()) {
      message += "; did you mean '" + guess + "'?";
    } else {
      message += "; there are";
      for (const std::string& name : known) message += " " + name;
    }
    return usage_error(std::move(message));
  }
  use.options = request.options;
  FOVEA_ASSIGN(use.suffix, use.metric->suffix(request.options));
  return use;
}

Result<std::vector<FeatureUse>> resolve_features(const Model& model, const std::string& model_name) {
  std::vector<FeatureUse> uses;
  for (const auto& feature : model.features) {
    const MetricInfo* metric = find_provider(feature.name);
    if (metric == nullptr) {
      return unsupported_error("model " + model_name + " needs the feature " + feature.name +
                               ", which this build of fovea does not provide");
    }
    auto suffix = metric->suffix(feature.options);
    if (!suffix.ok()) {
      return Error{suffix.error().code,
                   with_context("model " + model_name + ", feature " + feature.name, suffix.error())};
    }
    uses.push_back({metric, feature.options, *suffix});
  }
  return uses;
}

std::string feature_key(const FeatureUse& use, const std::string& internal_name) {
  const FeatureName* name = find_feature_name(*use.metric, internal_name);
  return name != nullptr ? named_feature(*name, use.suffix).key : internal_name;
}

namespace {

// One metric at work, for one or more option sets.
struct Instance {
  const MetricInfo* info = nullptr;
  std::vector<OptionMap> variants;
  std::unique_ptr<Metric> metric;
};

// What was asked for under one name and option set: a variant of an instance, and where its features stand in
// the tables (the same place in each).
struct Output {
  std::string id;  // metric and suffix
  int instance = 0;
  int variant = 0;
  std::vector<Feature> features;
  std::vector<int> series;                           // by feature; -1 for aggregates
  std::vector<std::unique_ptr<Timeline>> timelines;  // by distorted clip
};

// A reference picture with its distorted versions, kept as long as a later frame may look back at it.
struct PictureHolder {
  Frame ref;
  std::vector<Frame> dis;
};

// A frame in flight.
struct Job {
  int64_t ordinal = 0;  // 0, 1, 2, ... whatever the frame numbers are
  int64_t frame = 0;
  bool sampled = true;  // false: only metrics that must see every frame run
  std::vector<std::shared_ptr<PictureHolder>> holders;
  std::vector<PictureSet> sets;  // this frame and its history
  struct Work {
    std::unique_ptr<FrameState> state;
    std::atomic<int> strips_left{0};
    std::vector<std::vector<double>> raw;  // by distorted clip
  };
  std::vector<Work> work;  // by instance
  std::atomic<int> instances_left{0};
  bool busy = false;
  bool done = false;
};

// A model whose features are all at work.
struct ActiveModel {
  std::shared_ptr<const ModelSet> set;
  std::string name;
  LoadFlags flags;
  std::vector<int> inputs;    // series of its features
  std::vector<int> outputs;   // series of its scores
  std::vector<int64_t> next;  // by distorted clip: position in frames_ of the next prediction
};

// All scores of one frame: the model's own; of a collection also its siblings' and their statistics.
void predict_set(const ActiveModel& model, std::span<const double> features, std::vector<double>& scores) {
  const ModelSet& set = *model.set;
  scores.assign(model.outputs.size(), 0.0);
  scores[0] = predict_score(set.model, model.flags, features);
  if (!set.is_collection()) return;
  const BootstrapScore spread =
      predict_bootstrap(set, model.flags, features, std::span(scores).subspan(1, set.siblings.size()));
  std::copy_n(std::array{spread.bagging, spread.stddev, spread.ci_lo, spread.ci_hi}.begin(), 4,
              scores.end() - 4);
}

// Task arguments: job, instance, phase and strip in one word.
constexpr uint64_t pack(int job, int instance, int phase, int strip) {
  return static_cast<uint64_t>(job) << 48 | static_cast<uint64_t>(instance) << 32 |
         static_cast<uint64_t>(phase) << 24 | static_cast<uint64_t>(strip);
}

}  // namespace

struct Session::Impl {
  SessionConfig config;
  std::vector<Instance> instances;
  std::vector<Output> outputs;  // in the order of requests, which is that of emission
  std::vector<ActiveModel> models;
  std::vector<Refusal> refusals;
  std::map<std::string, const MetricInfo*> names;  // of features, and who emits them
  int max_history = 0;
  bool uses_chroma = false;
  bool keep_distorted = false;  // a metric looks at earlier distorted pictures

  std::unique_ptr<ThreadPool> pool;
  std::vector<Scratch> scratch;  // by pool slot
  std::vector<std::unique_ptr<Job>> jobs;
  std::deque<std::shared_ptr<PictureHolder>> history;  // newest first

  // Guarded by results_mutex: the ordered tail.
  std::mutex results_mutex;
  std::vector<ScoreTable> tables;
  std::vector<int64_t> frames;  // frame number by ordinal
  std::deque<Job*> in_order;    // jobs not yet emitted, oldest first
  int64_t emitted = 0;
  bool finished = false;
  std::optional<Error> failure;  // of a task: nothing is emitted after it, push() and finish() report it

  Status set_up();
  Status add_output(const FeatureUse& use, std::map<std::string, std::string>& refused);
  Status make_outputs();
  Status claim_name(const std::string& key, const MetricInfo& info);
  Status add_model(const ModelRequest& request, const std::map<std::string, std::string>& refused);
  void submit_phase(int job, int instance, int phase);
  static void run_task(void* context, uint64_t argument, int slot);
  void run_strip(uint64_t argument, int slot);
  void complete(Job& job);
  void emit(Job& job);
  void fail(Error error);
  void predict(bool at_end);
  bool has_inputs(const ActiveModel& model, const ScoreTable& table, int64_t frame) const;
};

namespace {

// Writes the scores of one output into a table.
class TableSink final : public ScoreSink {
 public:
  TableSink(const Output& output, const Metric& metric, const std::vector<int64_t>& frames, int subsample,
            ScoreTable& table)
      : output_(output),
        every_frame_(metric.every_frame()),
        frames_(frames),
        subsample_(subsample),
        table_(table) {}
  void score(int feature, int64_t ordinal, double value) override {
    const int64_t frame = frames_[static_cast<size_t>(ordinal)];
    if (frame % subsample_ == 0 || every_frame_) table_.set(output_.series[feature], frame, value);
  }
  void aggregate(int feature, double value) override {
    table_.set_aggregate(output_.features[feature].label, value);
  }

 private:
  const Output& output_;
  bool every_frame_;
  const std::vector<int64_t>& frames_;
  int subsample_;
  ScoreTable& table_;
};

}  // namespace

// Finds or makes an instance that can do it. What is made here is a trial: make_outputs() makes those that
// serve several option sets anew.
Status Session::Impl::add_output(const FeatureUse& use, std::map<std::string, std::string>& refused) {
  const std::string id = use.metric->name + use.suffix;
  if (refused.count(id) != 0) return {};
  if (std::any_of(outputs.begin(), outputs.end(), [&](const Output& o) { return o.id == id; })) return {};
  auto metric = use.metric->create(config.format, use.options);
  if (!metric.ok()) {
    if (metric.error().code != ErrorCode::kUnsupported) return std::move(metric).error();
    refused[id] = metric.error().message;
    refusals.push_back({use.metric->name, metric.error().message});
    return {};
  }
  Output output;
  output.id = id;
  const auto serves = [&](const Instance& instance) {
    return instance.info == use.metric && use.metric->shares_work != nullptr &&
           use.metric->shares_work(instance.variants[0], use.options);
  };
  const auto existing = std::find_if(instances.begin(), instances.end(), serves);
  output.instance = static_cast<int>(existing - instances.begin());
  if (existing == instances.end()) {
    instances.push_back({use.metric, {use.options}, std::move(metric).value()});
  } else {
    output.variant = static_cast<int>(existing->variants.size());
    existing->variants.push_back(use.options);
  }
  outputs.push_back(std::move(output));
  return {};
}

Status Session::Impl::claim_name(const std::string& key, const MetricInfo& info) {
  const auto [place, is_new] = names.emplace(key, &info);
  if (is_new || (!info.owns_names && !place->second->owns_names)) return {};
  return usage_error(std::string(info.name) + ": the feature '" + key + "' is emitted by " +
                     (place->second == &info ? "another " : "") + place->second->name + " already");
}

Status Session::Impl::make_outputs() {
  for (Instance& instance : instances) {
    if (instance.variants.size() > 1) {
      FOVEA_ASSIGN(instance.metric, instance.info->create_variants(config.format, instance.variants));
    }
    max_history = std::max(max_history, instance.metric->history());
    uses_chroma = uses_chroma || instance.metric->uses_chroma();
    if (instance.metric->history() > 0 && instance.metric->history_has_distorted()) keep_distorted = true;
  }
  for (Output& output : outputs) {
    const Metric& metric = *instances[output.instance].metric;
    const std::vector<Feature>& all = metric.features();
    const size_t count = all.size() / metric.variants();
    output.features.assign(all.begin() + output.variant * count, all.begin() + (output.variant + 1) * count);
    for (const Feature& feature : output.features) {
      FOVEA_TRY(claim_name(feature.key, *instances[output.instance].info));
      int series = -1;
      for (ScoreTable& table : tables) {
        if (!feature.aggregate) {
          series = table.add(feature.key, feature.label,
                             feature.late ? Series::Rank::kLateFeature : Series::Rank::kFeature);
        }
      }
      output.series.push_back(series);
    }
    for (int k = 0; k < config.dis_count; ++k) output.timelines.push_back(metric.make_timeline());
  }
  return {};
}

Status Session::Impl::add_model(const ModelRequest& request,
                                const std::map<std::string, std::string>& refused) {
  FOVEA_ASSIGN(const std::vector<FeatureUse> uses, resolve_features(request.model->model, request.name));
  for (const FeatureUse& use : uses) {
    if (const auto it = refused.find(std::string(use.metric->name) + use.suffix); it != refused.end()) {
      refusals.push_back({request.name, "model " + request.name + " cannot be computed: " + it->second});
      return {};
    }
  }
  if (!config.predict) return {};
  ActiveModel model;
  model.set = request.model;
  model.name = request.name;
  model.flags = request.flags;
  for (size_t i = 0; i < uses.size(); ++i) {
    model.inputs.push_back(tables[0].find(feature_key(uses[i], request.model->model.features[i].name)));
  }
  for (const std::string& name : score_names(*request.model, request.name)) {
    int series = -1;
    for (ScoreTable& table : tables) series = table.add(name, name, Series::Rank::kModel);
    model.outputs.push_back(series);
  }
  model.next.assign(config.dis_count, 0);
  models.push_back(std::move(model));
  return {};
}

Status Session::Impl::set_up() {
  if (config.dis_count < 1) return usage_error("at least one distorted clip is needed");
  config.subsample = std::max(config.subsample, 1);
  if (config.threads <= 0) config.threads = available_cpus();
  tables.resize(config.dis_count);

  std::map<std::string, std::string> refused;  // instance -> reason
  for (const ModelRequest& request : config.models) {
    FOVEA_ASSIGN(const std::vector<FeatureUse> uses, resolve_features(request.model->model, request.name));
    for (const FeatureUse& use : uses) FOVEA_TRY(add_output(use, refused));
  }
  for (const FeatureRequest& request : config.features) {
    FOVEA_ASSIGN(const FeatureUse use, resolve_feature(request));
    FOVEA_TRY(add_output(use, refused));
  }
  FOVEA_TRY(make_outputs());
  for (const ModelRequest& request : config.models) FOVEA_TRY(add_model(request, refused));

  size_t scratch_bytes = 0;
  int tasks = 0;
  for (const Instance& instance : instances) {
    scratch_bytes = std::max(scratch_bytes, instance.metric->scratch_bytes(config.dis_count));
    tasks += instance.metric->strips()[0];
  }
  pool = std::make_unique<ThreadPool>(config.threads);
  for (int slot = 0; slot < config.threads; ++slot) scratch.emplace_back(scratch_bytes);

  // One frame at a time needs no overlap with one thread. Otherwise enough frames that each thread finds
  // about two strips to do while the oldest frame runs out of them.
  int in_flight = 1;
  if (config.threads > 1)
    in_flight = std::clamp(2 + 2 * config.threads / std::max(tasks, 1), 2, 2 * config.threads);
  for (int j = 0; j < in_flight; ++j) {
    auto job = std::make_unique<Job>();
    job->work = std::vector<Job::Work>(instances.size());
    for (size_t i = 0; i < instances.size(); ++i) {
      job->work[i].state = instances[i].metric->make_state(config.dis_count);
      job->work[i].raw.assign(config.dis_count, std::vector<double>(instances[i].metric->raw_count()));
    }
    job->sets.resize(max_history + 1);
    job->holders.resize(max_history + 1);
    jobs.push_back(std::move(job));
  }
  return {};
}

void Session::Impl::submit_phase(int job, int instance, int phase) {
  const int strips = instances[instance].metric->strips()[phase];
  jobs[job]->work[instance].strips_left.store(strips, std::memory_order_relaxed);
  for (int strip = 0; strip < strips; ++strip)
    pool->submit(&run_task, this, pack(job, instance, phase, strip));
}

void Session::Impl::fail(Error error) {
  std::lock_guard lock(results_mutex);
  if (!failure) failure = std::move(error);
}

void Session::Impl::run_task(void* context, uint64_t argument, int slot) {
  static_cast<Impl*>(context)->run_strip(argument, slot);
}

void Session::Impl::run_strip(uint64_t argument, int slot) {
  const int job_index = static_cast<int>(argument >> 48),
            instance_index = static_cast<int>(argument >> 32 & 0xFFFF);
  const int phase = static_cast<int>(argument >> 24 & 0xFF), strip = static_cast<int>(argument & 0xFFFFFF);
  Job& job = *jobs[job_index];
  Job::Work& work = job.work[instance_index];
  const Metric& metric = *instances[instance_index].metric;
  const FrameInput input{job.ordinal, std::span(job.sets).first(metric.history() + 1)};

  // Metrics do not throw but for want of memory; the accounting must go on all the same.
  try {
    scratch[slot].reset();
    metric.run(input, phase, strip, *work.state, scratch[slot]);
  } catch (const std::exception& e) {
    fail(internal_error(std::string("scoring failed: ") + e.what()));
  }
  if (work.strips_left.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (phase + 1 < static_cast<int>(metric.strips().size())) {
    submit_phase(job_index, instance_index, phase + 1);
    return;
  }
  std::optional<Error> error = work.state->take_error();
  try {
    for (int k = 0; k < config.dis_count && !error; ++k) {
      metric.finish(input, *work.state, k, work.raw[k]);
      error = work.state->take_error();
    }
  } catch (const std::exception& e) {
    fail(internal_error(std::string("scoring failed: ") + e.what()));
  }
  if (error) fail({error->code, "frame " + std::to_string(job.frame) + ": " + error->message});
  if (job.instances_left.fetch_sub(1, std::memory_order_acq_rel) == 1) complete(job);
}

// The frame is complete. Emits it, and those after it that were waiting for it, in order.
void Session::Impl::complete(Job& job) {
  {
    std::lock_guard lock(results_mutex);
    job.done = true;
    while (!in_order.empty() && in_order.front()->done) {
      Job* front = in_order.front();
      in_order.pop_front();
      emit(*front);
      front->done = false;
      for (auto& holder : front->holders) holder.reset();
      std::lock_guard pool_lock(pool->mutex());
      front->busy = false;
    }
  }
  pool->notify();
}

void Session::Impl::emit(Job& job) {
  if (failure) return;
  for (Output& output : outputs) {
    const Metric& metric = *instances[output.instance].metric;
    if (!job.sampled && !metric.every_frame()) continue;
    for (int k = 0; k < config.dis_count; ++k) {
      const std::span<const double> raw = job.work[output.instance].raw[k];
      const size_t count = raw.size() / metric.variants();
      TableSink sink(output, metric, frames, config.subsample, tables[k]);
      output.timelines[k]->add(job.ordinal, raw.subspan(output.variant * count, count), sink);
    }
  }
  ++emitted;
  predict(/*at_end=*/false);
}

bool Session::Impl::has_inputs(const ActiveModel& model, const ScoreTable& table, int64_t frame) const {
  return std::all_of(model.inputs.begin(), model.inputs.end(),
                     [&](int series) { return table[series].has(frame); });
}

void Session::Impl::predict(bool at_end) {
  std::vector<double> values, scores;
  for (ActiveModel& model : models) {
    for (int k = 0; k < config.dis_count; ++k) {
      for (int64_t& next = model.next[k]; next < emitted; ++next) {
        const int64_t frame = frames[static_cast<size_t>(next)];
        if (frame % config.subsample != 0) continue;
        if (!has_inputs(model, tables[k], frame)) {
          if (at_end) continue;
          break;
        }
        values.clear();
        for (const int series : model.inputs) values.push_back(*tables[k][series].at(frame));
        predict_set(model, values, scores);
        for (size_t i = 0; i < scores.size(); ++i) tables[k].set(model.outputs[i], frame, scores[i]);
      }
    }
  }
}

Session::Session(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Session::~Session() {
  // Tasks refer to the jobs: let them end first.
  if (impl_ != nullptr && impl_->pool != nullptr) (void)finish();
}

Result<std::unique_ptr<Session>> Session::create(SessionConfig config) {
  auto impl = std::make_unique<Impl>();
  impl->config = std::move(config);
  FOVEA_TRY(impl->set_up());
  return std::unique_ptr<Session>(new Session(std::move(impl)));
}

Status Session::push(int64_t frame, Frame ref, std::vector<Frame> dis) {
  Impl& s = *impl_;
  if (s.finished)
    return usage_error("frame " + std::to_string(frame) + " was pushed after the end of the clip");
  if (static_cast<int>(dis.size()) != s.config.dis_count) {
    return usage_error("frame " + std::to_string(frame) + ": " + std::to_string(dis.size()) +
                       " distorted pictures, " + std::to_string(s.config.dis_count) + " expected");
  }
  const auto fits = [&](const Frame& picture) { return picture.format == s.config.format; };
  if (!fits(ref) || !std::all_of(dis.begin(), dis.end(), fits)) {
    const Frame& odd = fits(ref) ? *std::find_if_not(dis.begin(), dis.end(), fits) : ref;
    return input_error("frame " + std::to_string(frame) + " is " + describe(odd.format) +
                       ", but the clip began as " + describe(s.config.format));
  }

  const auto has_planes = [&](const Frame& picture) {
    return picture.planes[0].data != nullptr &&
           (!s.uses_chroma || picture.format.plane_count() == 1 ||
            (picture.planes[1].data != nullptr && picture.planes[2].data != nullptr));
  };
  if (!has_planes(ref) || !std::all_of(dis.begin(), dis.end(), has_planes)) {
    return usage_error("frame " + std::to_string(frame) + ": a plane that is scored has no samples");
  }

  // A free place; the pool works meanwhile, and so does this thread.
  int place = -1;
  s.pool->help_until([&] {
    for (size_t j = 0; j < s.jobs.size() && place < 0; ++j) {
      if (!s.jobs[j]->busy) place = static_cast<int>(j);
    }
    return place >= 0;
  });
  Job& job = *s.jobs[place];

  auto holder = std::make_shared<PictureHolder>(PictureHolder{std::move(ref), std::move(dis)});
  for (int d = 0; d <= s.max_history; ++d) {
    const bool exists = d <= static_cast<int>(s.history.size());
    job.holders[d] = d == 0 ? holder : exists ? s.history[d - 1] : nullptr;
    job.sets[d] = exists ? PictureSet{&job.holders[d]->ref, job.holders[d]->dis} : PictureSet{};
  }
  // Earlier pictures are kept for later frames; most metrics need the reference only.
  if (s.max_history > 0) {
    s.history.push_front(s.keep_distorted ? holder
                                          : std::make_shared<PictureHolder>(PictureHolder{holder->ref, {}}));
    if (static_cast<int>(s.history.size()) > s.max_history) s.history.pop_back();
  }

  job.frame = frame;
  job.sampled = frame % s.config.subsample == 0;
  int active = 0;
  for (const Instance& instance : s.instances) active += job.sampled || instance.metric->every_frame();
  {
    std::lock_guard lock(s.results_mutex);
    if (s.failure) return *s.failure;
    if (!s.frames.empty() && frame <= s.frames.back()) {
      return usage_error("frame " + std::to_string(frame) + " was pushed after frame " +
                         std::to_string(s.frames.back()));
    }
    job.ordinal = static_cast<int64_t>(s.frames.size());
    s.frames.push_back(frame);
    job.busy = true;
    job.done = false;
    s.in_order.push_back(&job);
  }
  if (active == 0) s.complete(job);
  job.instances_left.store(active, std::memory_order_relaxed);
  for (size_t i = 0; i < s.instances.size(); ++i) {
    if (job.sampled || s.instances[i].metric->every_frame()) s.submit_phase(place, static_cast<int>(i), 0);
  }
  // With one thread there is nobody else to do it, and pictures are let go as early as possible.
  if (s.config.threads == 1) s.pool->help_until([&] { return !job.busy; });
  return {};
}

Status Session::finish() {
  Impl& s = *impl_;
  s.pool->help_until(
      [&] { return std::none_of(s.jobs.begin(), s.jobs.end(), [](const auto& job) { return job->busy; }); });
  std::lock_guard lock(s.results_mutex);
  if (s.failure) return *s.failure;
  if (s.finished) return {};
  s.finished = true;
  s.history.clear();
  for (Output& output : s.outputs) {
    for (int k = 0; k < s.config.dis_count; ++k) {
      TableSink sink(output, *s.instances[output.instance].metric, s.frames, s.config.subsample, s.tables[k]);
      output.timelines[k]->flush(sink);
    }
  }
  s.predict(/*at_end=*/true);
  return {};
}

const SessionConfig& Session::config() const {
  return impl_->config;
}
int Session::frames_in_flight() const {
  return static_cast<int>(impl_->jobs.size());
}
const std::vector<Refusal>& Session::refusals() const {
  return impl_->refusals;
}
bool Session::has_metrics() const {
  return !impl_->instances.empty();
}
std::vector<std::string> Session::series_keys(const FeatureRequest& request) const {
  std::vector<std::string> keys;
  const auto use = resolve_feature(request);
  if (!use.ok()) return keys;
  for (const Output& output : impl_->outputs) {
    if (output.id != use->metric->name + use->suffix) continue;
    for (const Feature& feature : output.features) {
      if (!feature.aggregate) keys.push_back(feature.key);
    }
  }
  return keys;
}
bool Session::uses_chroma() const {
  return impl_->uses_chroma;
}

void Session::with_table(int dis, const std::function<void(ScoreTable&)>& reader) {
  std::lock_guard lock(impl_->results_mutex);
  reader(impl_->tables[dis]);
}

const ScoreTable& Session::table(int dis) const {
  return impl_->tables[dis];
}
int64_t Session::frames_pushed() const {
  return static_cast<int64_t>(impl_->frames.size());
}

int64_t Session::frames_done() {
  std::lock_guard lock(impl_->results_mutex);
  return impl_->emitted;
}

}  // namespace fovea
