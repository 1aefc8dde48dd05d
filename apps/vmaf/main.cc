// SPDX-License-Identifier: BSD-2-Clause-Patent
// `vmaf`: a drop-in for libvmaf's command line tool. Exit status: 0 a valid report, 1 usage, 255 nothing
// could be set up, 3 an input broke off (the complete frames are reported), 4 the report could not be
// written, 5 our fault.
#include <unistd.h>

#include <chrono>
#include <cstdio>

#include "arguments.h"
#include "base/cpu.h"
#include "base/output_file.h"
#include "metrics/registry.h"
#include "models/store.h"
#include "report/peer_formats.h"
#include "score/feed.h"
#include "video/libav/libav_reader.h"
#include "video/normalise.h"
#include "video/reader.h"

namespace fovea::vmaf_tool {
namespace {

constexpr const char* kVersion = "3.2.0-fovea-" FOVEA_VERSION;
constexpr int kUsage = 1, kSetUp = 255, kPartial = 3, kOutput = 4;

int complain(int status, const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  return status;
}

Result<std::shared_ptr<const ModelSet>> load(const ModelArgument& argument) {
  if (argument.source().empty()) return usage_error("a model needs version=NAME or path=FILE");
  FOVEA_ASSIGN(std::shared_ptr<const ModelSet> model,
               argument.version.empty() ? load_model_file(argument.path) : load_builtin(argument.version));
  if (argument.overloads.empty()) return model;
  auto copy = std::make_shared<ModelSet>(*model);
  for (const auto& [extractor, options] : argument.overloads) {
    const auto provided_by = [&, name = std::string_view(extractor)](std::string_view feature) {
      const MetricInfo* metric = find_provider(feature);
      return metric != nullptr && name == metric->name;
    };
    overload_features(*copy, provided_by, options);
  }
  return std::shared_ptr<const ModelSet>(std::move(copy));
}

// The progress line: count, a turning cell, frames per second.
class Meter {
 public:
  explicit Meter(bool shown) : shown_(shown), start_(std::chrono::steady_clock::now()) {}
  void frame(int64_t count) {
    if (!shown_) return;
    static constexpr const char* kCells[] = {"⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"};
    if (count % 10 == 0) fps_ = static_cast<double>(count) / seconds();
    std::fprintf(stderr, "\r%lld frame%s %s %.2f FPS\033[K", static_cast<long long>(count),
                 count == 1 ? " " : "s", kCells[count % 10], fps_);
    std::fflush(stderr);
  }
  void end() const {
    if (shown_) std::fprintf(stderr, "\n");
  }
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  bool shown_;
  double fps_ = 0;
  std::chrono::steady_clock::time_point start_;
};

std::optional<double> mean_of(const ScoreTable& table, const std::string& name, int64_t frames,
                              int subsample) {
  const int series = table.find(name);
  if (series < 0) return std::nullopt;
  const auto pooled = pool(table[series], 0, frames - 1, subsample);
  return pooled ? std::optional(pooled->mean) : std::nullopt;
}

void print_summary(const Arguments& a, const std::vector<ModelRequest>& models, const ScoreTable& table,
                   int64_t frames, int subsample) {
  for (size_t i = 0; i < models.size(); ++i) {
    const std::string& source = a.models[i].source();
    const std::string& name = models[i].name;
    if (const auto mean = mean_of(table, name, frames, subsample)) {
      std::fprintf(stderr, "%s: %s\n", source.c_str(), a.number(*mean).c_str());
    }
    if (!models[i].model->is_collection()) continue;
    const BootstrapNames b = bootstrap_score_names(name);
    const auto bagging = mean_of(table, b.bagging, frames, subsample),
               stddev = mean_of(table, b.stddev, frames, subsample),
               lo = mean_of(table, b.ci_lo, frames, subsample),
               hi = mean_of(table, b.ci_hi, frames, subsample);
    if (bagging && stddev && lo && hi) {
      std::fprintf(stderr, "%s: %s, ci.p95: [%s, %s], stddev: %s\n", source.c_str(),
                   a.number(*bagging).c_str(), a.number(*lo).c_str(), a.number(*hi).c_str(),
                   a.number(*stddev).c_str());
    }
  }
}

int run(const Arguments& a) {
  const bool terminal = isatty(STDERR_FILENO) != 0;
  if (terminal && !a.quiet) std::fprintf(stderr, "VMAF version %s\n", kVersion);
  disable_cpu_features(a.cpumask);

  std::vector<InputOptions> inputs(2);
  inputs[0].path = a.reference;
  inputs[0].skip_frames = a.skip_ref;
  inputs[1].path = a.distorted;
  inputs[1].skip_frames = a.skip_dis;
  for (InputOptions& input : inputs) {
    input.raw_format = a.raw_format;
    input.libvmaf_compat = true;
    input.threads = std::max(1u, a.threads);
  }
  auto readers = open_inputs(inputs, open_container);
  if (!readers.ok()) return complain(kSetUp, readers.error().message);
  const Format ref = (*readers)[0]->info().format, dis = (*readers)[1]->info().format;
  std::string problems;
  int problem_count = 0;
  const auto problem = [&](const std::string& text) {
    problems += text + "\n";
    ++problem_count;
  };
  if (ref.width_px != dis.width_px || ref.height_px != dis.height_px) {
    problem("dimensions do not match: " + std::to_string(ref.width_px) + "x" + std::to_string(ref.height_px) +
            ", " + std::to_string(dis.width_px) + "x" + std::to_string(dis.height_px));
  }
  if (ref.chroma != dis.chroma)
    problem(std::string("pixel formats do not match: ") + chroma_name(ref.chroma) + ", " +
            chroma_name(dis.chroma));
  if (ref.bit_depth != dis.bit_depth && !a.common_bit_depth) {
    problem("bitdepths do not match: " + std::to_string(ref.bit_depth) + ", " +
            std::to_string(dis.bit_depth));
  }
  if (problem_count > 0) {
    return complain(kSetUp, problems + "videos are incompatible, " + std::to_string(problem_count) +
                                " problem" + (problem_count == 1 ? "" : "s") + ".");
  }

  SessionConfig config;
  config.format = ref;
  config.format.bit_depth = std::max(ref.bit_depth, dis.bit_depth);
  config.threads = static_cast<int>(std::max(1u, a.threads));
  config.subsample = static_cast<int>(std::max(1u, a.subsample));
  config.predict = !a.no_prediction;
  config.features = a.features;
  for (const ModelArgument& argument : a.models) {
    auto model = load(argument);
    if (!model.ok())
      return complain(kSetUp, "problem loading model: " +
                                  (argument.source().empty() ? argument.text : argument.source()) + "\n" +
                                  model.error().message);
    config.models.push_back({*std::move(model), argument.name, argument.flags});
  }
  const std::vector<ModelRequest> models = config.models;
  auto created = Session::create(std::move(config));
  if (!created.ok()) return complain(kSetUp, "problem loading feature extractor: " + created.error().message);
  Session& session = **created;
  for (const Refusal& refusal : session.refusals()) complain(0, "vmaf: not computed: " + refusal.reason);
  if (!session.has_metrics() && !(a.models.empty() && a.features.empty())) return kSetUp;

  // Before any work: can the report be written?
  std::optional<OutputFile> output;
  if (!a.output.empty()) {
    auto file = OutputFile::open(a.output);
    if (!file.ok()) return complain(kOutput, "could not open file: " + file.error().message);
    output = *std::move(file);
  }

  Meter meter(terminal && !a.quiet);
  FeedOptions options;
  options.max_frames = a.frame_count;
  options.progress = [&](int64_t frames) {
    meter.frame(frames);
    return true;
  };
  if (ref.bit_depth != dis.bit_depth) {
    // Under these presets the shallower clip is raised to the deeper one's bit depth.
    PlanOptions raise;
    raise.allow_short = true;
    auto plan = make_plan((*readers)[0]->info(), (*readers)[1]->info(), raise);
    if (!plan.ok()) return complain(kSetUp, plan.error().message);
    for (size_t i = 0; i < 2; ++i) {
      auto raised = normalise(std::move((*readers)[i]), i == 0 ? plan->ref : plan->dis[0]);
      if (!raised.ok()) return complain(kSetUp, raised.error().message);
      (*readers)[i] = *std::move(raised);
    }
  }
  if (!session.uses_chroma()) {
    for (const auto& reader : *readers) reader->skip_chroma();
  }
  const FeedResult fed = feed(session, *readers, options);
  meter.end();
  const double seconds = meter.seconds();

  int status = 0;
  if (fed.error) {
    status = fed.error->code == ErrorCode::kInternal ? 5 : kPartial;
    complain(0, fed.error->message + "\nproblem while reading pictures");
  } else if (fed.lengths_differ()) {
    const std::string& shorter = fed.ended[0] ? a.reference : a.distorted;
    const std::string& longer = fed.ended[0] ? a.distorted : a.reference;
    complain(0, "\"" + shorter + "\" ended before \"" + longer + "\".");
  }
  if (fed.frames == 0)
    return complain(status == 0 ? kSetUp : status, "problem reading pictures: no frames were scored");

  const ScoreTable& table = session.table(0);
  const int subsample = session.config().subsample;
  if (terminal && (!a.quiet || a.output.empty()) && !a.no_prediction)
    print_summary(a, models, table, fed.frames, subsample);
  if (output) {
    PeerReport report;
    report.table = &table;
    report.version = kVersion;
    report.width_px = ref.width_px;
    report.height_px = ref.height_px;
    report.fps = seconds > 0 ? static_cast<double>(fed.frames) / seconds : 0.0;
    report.frame_count = fed.frames;
    report.subsample = subsample;
    report.number = a.number;
    const Status written = output->commit(write_peer_report(report, a.format));
    if (!written.ok()) return complain(kOutput, written.error().message);
  }
  return status;
}

}  // namespace
}  // namespace fovea::vmaf_tool

int main(int argc, char** argv) {
  using namespace fovea::vmaf_tool;
  auto arguments = parse_arguments(argc, argv);
  if (!arguments.ok()) {
    std::fprintf(stderr, "%s\n\n%s", arguments.error().message.c_str(), usage_text(argv[0]).c_str());
    return kUsage;
  }
  if (arguments->show_version) {
    std::fprintf(stderr, "%s\n", kVersion);
    return 0;
  }
  if (arguments->show_help) {
    std::fprintf(stderr, "%s", usage_text(argv[0]).c_str());
    return 0;
  }
  return run(*arguments);
}
