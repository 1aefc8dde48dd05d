// SPDX-License-Identifier: BSD-2-Clause-Patent
// `fovea score REF DIS...`: open, diagnose, plan, score, report.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <map>
#include <memory>

#include "base/cpu.h"
#include "base/output_file.h"
#include "base/thread_pool.h"
#include "commands.h"
#include "metrics/registry.h"
#include "models/store.h"
#include "progress.h"
#include "report/report.h"
#include "score/feed.h"
#include "score/presets.h"
#include "video/diagnose.h"
#include "video/libav/libav_reader.h"
#include "video/normalise.h"
#include "video/reader.h"

namespace fovea::app {
namespace {

struct Options {
  std::string reference;
  std::vector<std::string> distorted;
  // what
  std::string preset;
  std::vector<std::string> models;
  std::vector<std::string> features;
  bool no_model = false;
  // where it goes
  std::vector<std::string> outputs;
  std::string precision = "";
  std::string pool;
  bool quiet = false;
  bool no_timing = false;
  std::string progress = "auto";
  // how inputs are read
  std::string size;
  std::string chroma = "420";
  int bit_depth = 8;
  int64_t frames = 0;
  int64_t skip_ref = 0;
  int64_t skip_dis = 0;
  int subsample = 1;
  // how they are brought together
  std::vector<int64_t> offset;
  std::string scale;
  std::string scale_kernel = "bicubic";
  std::string crop;
  std::string crop_ref;
  std::string range;
  int matrix = -1;
  std::string convert_chroma;
  bool decimate = false;
  bool no_normalise = false;
  bool allow_short = false;
  bool no_align = false;
  bool strict = false;
  bool plan_only = false;
  // how it runs
  int threads = 0;
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  size_t begin = 0;
  while (true) {
    const size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return parts;
    begin = end + 1;
  }
}

// "ID_OR_PATH[:name=LABEL][:disable_clip][:enable_transform][:EXTRACTOR.OPTION=VALUE]"
Result<ModelRequest> parse_model(const std::string& text) {
  // A path may hold ':'; items are recognised from the end.
  std::vector<std::string> items = split(text, ':');
  size_t path_parts = 1;
  const auto is_item = [](const std::string& s) {
    return s == "disable_clip" || s == "enable_transform" || s.rfind("name=", 0) == 0 ||
           (s.find('=') != std::string::npos && s.find('.') < s.find('='));
  };
  for (size_t i = 1; i < items.size(); ++i) {
    if (!is_item(items[i])) path_parts = i + 1;
  }
  std::string source = items[0];
  for (size_t i = 1; i < path_parts; ++i) source += ":" + items[i];

  ModelRequest request;
  const bool is_path = source.find('/') != std::string::npos || ::access(source.c_str(), F_OK) == 0;
  FOVEA_ASSIGN(std::shared_ptr<const ModelSet> set, is_path ? load_model_file(source) : load_builtin(source));
  auto copy = std::make_shared<ModelSet>(*set);
  request.name.clear();
  for (size_t i = path_parts; i < items.size(); ++i) {
    const std::string& item = items[i];
    if (item == "disable_clip") {
      request.flags.disable_clip = true;
    } else if (item == "enable_transform") {
      request.flags.enable_transform = true;
    } else if (item.rfind("name=", 0) == 0) {
      request.name = item.substr(5);
    } else {
      const size_t dot = item.find('.'), equals = item.find('=');
      const std::string extractor = item.substr(0, dot);
      const auto provided = [&](std::string_view feature) {
        const MetricInfo* metric = find_provider(feature);
        return metric != nullptr && extractor == metric->name;
      };
      if (overload_features(*copy, provided,
                            {{item.substr(dot + 1, equals - dot - 1), item.substr(equals + 1)}}) == 0) {
        return usage_error("model " + source + " uses no feature of '" + extractor + "'");
      }
    }
  }
  request.model = std::move(copy);
  return request;
}

Result<FeatureRequest> parse_feature(const std::string& text) {
  const size_t equals = text.find('=');
  FeatureRequest request;
  request.metric = text.substr(0, equals);
  if (equals == std::string::npos) return request;
  for (const std::string& item : split(text.substr(equals + 1), ':')) {
    const size_t value = item.find('=');
    if (value == std::string::npos)
      return usage_error("feature " + text + ": '" + item + "' is not OPTION=VALUE");
    request.options[item.substr(0, value)] = normalise_option_text(item.substr(value + 1));
  }
  return request;
}

// A report file and its format: by extension, or by ":FORMAT" after the name.
struct Output {
  enum class Format { kFovea, kPeer } format = Format::kFovea;
  PeerFormat peer = PeerFormat::kJson;
  OutputFile file;
  size_t clip = 0;  // of libvmaf's formats, which hold one
};
Result<Output> open_output(const std::string& text) {
  std::string path = text, format;
  if (const size_t colon = text.rfind(':');
      colon != std::string::npos && text.find('/', colon) == std::string::npos) {
    path = text.substr(0, colon);
    format = text.substr(colon + 1);
  } else if (const size_t dot = text.rfind('.'); dot != std::string::npos) {
    format = text.substr(dot + 1);
  }
  Output::Format kind = Output::Format::kPeer;
  PeerFormat peer = PeerFormat::kJson;
  if (format == "json" || format == "fovea") {
    kind = Output::Format::kFovea;
  } else if (format == "libvmaf") {
    peer = PeerFormat::kJson;
  } else if (format == "csv") {
    peer = PeerFormat::kCsv;
  } else if (format == "xml") {
    peer = PeerFormat::kXml;
  } else if (format == "sub") {
    peer = PeerFormat::kSub;
  } else {
    return usage_error("-o " + text + ": unknown format '" + format +
                       "'; use the extension .json, .csv, .xml or .sub, or name it: PATH:json, PATH:libvmaf "
                       "(libvmaf's json), PATH:csv, ...");
  }
  FOVEA_ASSIGN(OutputFile file, OutputFile::open(path));
  return Output{kind, peer, std::move(file), 0};
}

std::atomic<bool> g_interrupted{false};
void on_signal(int) {
  g_interrupted = true;
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Result<Chroma> parse_chroma(const char* option, const std::string& text) {
  const std::map<std::string, Chroma> known = {
      {"400", Chroma::k400}, {"420", Chroma::k420}, {"422", Chroma::k422}, {"444", Chroma::k444}};
  const auto chroma = known.find(text);
  if (chroma == known.end())
    return usage_error(std::string(option) + " " + text + " is not one of 400, 420, 422, 444");
  return chroma->second;
}

Result<std::optional<Format>> raw_format(const Options& o) {
  if (o.size.empty()) return std::optional<Format>();
  Format format;
  char end = 0;
  if (std::sscanf(o.size.c_str(), "%dx%d%c", &format.width_px, &format.height_px, &end) != 2 ||
      format.width_px < 1 || format.height_px < 1) {
    return usage_error("--size " + o.size + " is not WIDTHxHEIGHT");
  }
  FOVEA_ASSIGN(format.chroma, parse_chroma("--chroma", o.chroma));
  if (o.bit_depth < 8 || o.bit_depth > 16)
    return usage_error("--bit-depth " + std::to_string(o.bit_depth) + " is outside [8, 16]");
  format.bit_depth = o.bit_depth;
  return std::optional<Format>(format);
}

int fail(const Error& error) {
  return complain(exit_status(error.code), error.message);
}

// One name per model: as given, or "vmaf" for a single one, or the id.
Status name_models(std::vector<ModelRequest>& models) {
  for (ModelRequest& m : models) {
    if (m.name.empty()) m.name = models.size() == 1 ? kDefaultModelName : m.model->id;
  }
  for (size_t i = 0; i < models.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (models[i].name == models[j].name)
        return usage_error("two models are called '" + models[i].name + "'; give one a ':name=LABEL'");
    }
  }
  return {};
}

// The area inside black bars at the clip's beginning.
Result<std::optional<CropRect>> detect_bars(const InputOptions& input) {
  FOVEA_ASSIGN(const std::unique_ptr<Reader> reader, open_input(input, open_container));
  BarDetector detector;
  for (int i = 0; i < 48; ++i) {
    FOVEA_ASSIGN(const std::optional<Frame> frame, reader->next());
    if (!frame) break;
    detector.add(*frame);
  }
  const std::optional<ActiveArea> area = detector.result();
  if (!area) return std::optional<CropRect>();
  return std::optional(CropRect{area->left_px, area->top_px, area->width_px, area->height_px});
}

// What the user asked for, in the plan's terms.
Result<PlanOptions> plan_options(const Options& o, const StreamInfo& ref, const StreamInfo& dis,
                                 const std::vector<InputOptions>& inputs) {
  PlanOptions p;
  p.offset_frames = o.offset;
  p.allow_short = o.allow_short;
  p.decimate = o.decimate;
  p.require_equal = o.no_normalise;
  if (o.crop == "auto") {
    FOVEA_ASSIGN(const std::optional<CropRect> ref_area, detect_bars(inputs[0]));
    FOVEA_ASSIGN(const std::optional<CropRect> dis_area, detect_bars(inputs[1]));
    p.crop_ref = ref_area;
    p.crop_dis = dis_area;
  } else if (!o.crop.empty()) {
    FOVEA_ASSIGN(p.crop_dis, parse_crop(o.crop, dis.format.width_px, dis.format.height_px));
  }
  if (!o.crop_ref.empty()) {
    FOVEA_ASSIGN(p.crop_ref, parse_crop(o.crop_ref, ref.format.width_px, ref.format.height_px));
  }
  if (o.scale == "ref") {
    p.scale = PlanOptions::Scale::kReference;
  } else if (!o.scale.empty()) {
    char end = 0;
    p.scale = PlanOptions::Scale::kSize;
    if (std::sscanf(o.scale.c_str(), "%dx%d%c", &p.scale_width_px, &p.scale_height_px, &end) != 2) {
      return usage_error("--scale " + o.scale + " is neither 'ref' nor WIDTHxHEIGHT");
    }
  }
  FOVEA_ASSIGN(p.kernel, parse_kernel(o.scale_kernel));
  if (o.range == "limited") {
    p.range = ColorRange::kLimited;
  } else if (o.range == "full") {
    p.range = ColorRange::kFull;
  } else if (!o.range.empty()) {
    return usage_error("--range " + o.range + " is neither limited nor full");
  }
  if (o.matrix >= 0) p.matrix = o.matrix;
  if (!o.convert_chroma.empty()) {
    FOVEA_ASSIGN(p.chroma, parse_chroma("--convert-chroma", o.convert_chroma));
  }
  return p;
}

nlohmann::ordered_json alignment_json(const Alignment& a) {
  nlohmann::ordered_json j;
  j["status"] = status_name(a.status);
  if (a.status == Alignment::Status::kOffset || a.status == Alignment::Status::kDropOrDup)
    j["offset_frames"] = a.offset;
  if (a.status == Alignment::Status::kDropOrDup) j["near_frame"] = a.frame;
  j["confidence"] = a.confidence;
  j["text"] = a.text;
  return j;
}

bool is_misaligned(const Alignment& a) {
  return a.status == Alignment::Status::kOffset || a.status == Alignment::Status::kDropOrDup;
}

// `--plan`: what is known and would be done, without scoring.
int print_plan(const NormalisationPlan& plan, const std::vector<InputOptions>& inputs,
               const std::vector<StreamInfo>& infos) {
  const std::string text = describe(plan);
  std::printf("%s", text.empty() ? "nothing to do: the clips have one form\n" : text.c_str());
  for (size_t k = 1; k < inputs.size(); ++k) {
    if (!infos[0].is_rereadable || !infos[k].is_rereadable) continue;
    const auto alignment = align_heads(inputs[0], inputs[k], open_container);
    if (!alignment.ok()) return fail(alignment.error());
    std::printf("%s: frames %s: %s\n", infos[k].name.c_str(), status_name(alignment->status),
                alignment->text.c_str());
  }
  return 0;
}

int run(const Options& o) {
  // --- what is asked for -------------------------------------------------------------------------------
  SessionConfig config;
  if (!o.preset.empty()) {
    auto preset = find_preset(o.preset);
    if (!preset.ok()) return fail(preset.error());
    for (const Preset::Model& m : preset->models) {
      if (o.no_model) break;
      auto set = load_builtin(m.id);
      if (!set.ok()) return fail(set.error());
      config.models.push_back({*std::move(set), m.name, {}});
    }
    config.features = std::move(preset->features);
  }
  for (const std::string& text : o.models) {
    auto model = parse_model(text);
    if (!model.ok()) return fail(model.error());
    config.models.push_back(*std::move(model));
  }
  if (config.models.empty() && o.preset.empty() && !o.no_model) {
    auto model = parse_model(kDefaultModelId);
    if (!model.ok()) return fail(model.error());
    config.models.push_back(*std::move(model));
  }
  if (const Status named = name_models(config.models); !named.ok()) return fail(named.error());
  for (const std::string& text : o.features) {
    auto feature = parse_feature(text);
    if (!feature.ok()) return fail(feature.error());
    // A name that does not exist is told before any file is opened.
    if (auto known = resolve_feature(*feature); !known.ok()) return fail(known.error());
    config.features.push_back(*std::move(feature));
  }
  if (config.models.empty() && config.features.empty())
    return complain(2, "nothing to compute: give a --model or a --feature");
  if (!o.pool.empty()) {
    if (auto known = pooled_value(Pooled{}, o.pool); !known.ok()) return fail(known.error());
  }
  NumberFormat number;
  if (!o.precision.empty()) {
    auto parsed = NumberFormat::parse(o.precision);
    if (!parsed.ok()) return fail(parsed.error());
    number = *parsed;
  }
  if (o.subsample < 1) return complain(2, "--subsample must be at least 1");
  if (o.threads < 0) return complain(2, "--threads must not be negative");

  // --- inputs, and what they have in common ------------------------------------------------------------
  auto raw = raw_format(o);
  if (!raw.ok()) return fail(raw.error());
  const int threads = o.threads > 0 ? o.threads : available_cpus();
  std::vector<InputOptions> inputs(1 + o.distorted.size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    inputs[i].path = i == 0 ? o.reference : o.distorted[i - 1];
    inputs[i].raw_format = *raw;
    inputs[i].threads = threads;
    inputs[i].skip_frames = i == 0 ? o.skip_ref : o.skip_dis;
  }
  auto readers = open_inputs(inputs, open_container);
  if (!readers.ok()) return fail(readers.error());
  std::vector<StreamInfo> infos;
  for (const auto& reader : *readers) infos.push_back(reader->info());
  auto requested = plan_options(o, infos[0], infos[1], inputs);
  if (!requested.ok()) return fail(requested.error());
  auto plan = make_plan(infos[0], std::span(infos).subspan(1), *requested);
  if (!plan.ok()) return fail(plan.error());
  if (o.plan_only) return print_plan(*plan, inputs, infos);

  for (size_t i = 0; i < readers->size(); ++i) {
    auto normalised = normalise(std::move((*readers)[i]), i == 0 ? plan->ref : plan->dis[i - 1]);
    if (!normalised.ok()) return fail(normalised.error());
    (*readers)[i] = *std::move(normalised);
  }

  // --- the engine --------------------------------------------------------------------------------------
  config.format = plan->ref.output;
  config.dis_count = static_cast<int>(o.distorted.size());
  config.threads = threads;
  config.subsample = o.subsample;
  const std::vector<ModelRequest> models = config.models;
  auto created = Session::create(std::move(config));
  if (!created.ok()) return fail(created.error());
  Session& session = **created;
  for (const Refusal& refusal : session.refusals()) complain(0, "not computed: " + refusal.reason);
  if (!session.uses_chroma()) {
    for (const auto& reader : *readers) reader->skip_chroma();
  }
  if (!session.has_metrics())
    return complain(2, "nothing that was asked for is defined for " + describe(session.config().format));

  std::vector<std::string> warnings = plan->warnings;
  if (infos[0].color.is_hdr() && !models.empty()) {
    warnings.push_back(infos[0].name + " is HDR (" + transfer_name(infos[0].color.transfer) +
                       "); the models were trained on SDR pictures, so their scores are an indication only");
  }
  for (const std::string& note : plan->notes) complain(0, note);
  for (const std::string& warning : warnings) complain(0, "warning: " + warning);

  // Can the reports be written? Before any work.
  std::vector<Output> outputs;
  for (const std::string& text : o.outputs) {
    auto output = open_output(text);
    if (!output.ok()) return fail(output.error());
    if (output->format == Output::Format::kPeer && o.distorted.size() > 1) {
      // libvmaf's formats hold one clip: one file each.
      outputs.push_back(*std::move(output));
      for (size_t k = 1; k < o.distorted.size(); ++k) {
        const size_t dot = text.rfind('.');
        auto next = open_output(text.substr(0, dot) + "_" + std::to_string(k + 1) + text.substr(dot));
        if (!next.ok()) return fail(next.error());
        next->clip = k;
        outputs.push_back(*std::move(next));
      }
    } else {
      outputs.push_back(*std::move(output));
    }
  }

  // --- scoring -----------------------------------------------------------------------------------------
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
  int64_t total = infos[0].frame_count;
  for (const StreamInfo& info : infos) {
    if (info.frame_count >= 0 && (total < 0 || info.frame_count < total)) total = info.frame_count;
  }
  if (o.frames > 0 && (total < 0 || o.frames < total)) total = o.frames;
  ProgressStyle style = ProgressStyle::kNone;
  if (o.progress == "json") style = ProgressStyle::kJson;
  if (o.progress == "auto" && !o.quiet && isatty(STDERR_FILENO) != 0) style = ProgressStyle::kTerminal;
  Progress progress(style, total);

  constexpr int64_t kHeadFrames = 48;
  std::vector<AlignmentTracker> trackers(o.no_align ? 0 : o.distorted.size());
  bool stop = false;
  std::vector<std::string> told(o.distorted.size());
  FeedOptions options;
  options.max_frames = o.frames;
  options.inspect = [&](int64_t frame, const Frame& ref, const std::vector<Frame>& dis) {
    if (trackers.empty()) return;
    const LumaSignature signature = make_signature(ref);
    for (size_t k = 0; k < dis.size(); ++k) {
      const LumaSignature other = make_signature(dis[k]);
      trackers[k].add(&signature, &other);
    }
    if (frame + 1 != kHeadFrames) return;
    // A long run need not end before its user knows that it is in vain.
    for (size_t k = 0; k < trackers.size(); ++k) {
      const Alignment a = trackers[k].result();
      if (!is_misaligned(a)) continue;
      told[k] = infos[k + 1].name + ": " + a.text;
      complain(0, "warning: " + told[k]);
      stop = stop || o.strict;
    }
  };
  options.progress = [&](int64_t frames) {
    progress.frame(frames);
    return !g_interrupted && !stop;
  };
  const FeedResult fed = feed(session, *readers, options);
  progress.end();

  // --- what came of it ---------------------------------------------------------------------------------
  int status = 0;
  Report report;
  report.complete = true;
  if (fed.error) {
    if (fed.error->code == ErrorCode::kInternal) return fail(*fed.error);
    complain(0, fed.error->message);
    warnings.push_back(fed.error->message);
    if (fed.frames == 0) return 2;
    complain(0, "the " + std::to_string(fed.frames) + " frames before it are reported");
    report.complete = false;
    status = 3;
  }
  if (fed.interrupted && !stop) {
    complain(0, "interrupted after " + std::to_string(fed.frames) + " frames; they are reported");
    report.complete = false;
    status = 3;
  }
  if (fed.frames == 0) return complain(2, "no frames to score");
  if (!session.refusals().empty()) status = 3;
  if (fed.lengths_differ() && o.frames == 0) {
    std::string text = "only " + std::to_string(fed.frames) + " frames were compared:";
    for (size_t i = 0; i < infos.size(); ++i) {
      if (fed.ended[i]) text += " " + infos[i].name + " ended";
    }
    if (o.allow_short) {
      warnings.push_back(text);
    } else {
      text += ", others go on; add --allow-short if that is as it should be";
      complain(0, text);
      warnings.push_back(text);
      report.complete = false;
      status = 3;
    }
  }

  report.version = kVersion;
  report.cpu_target = cpu_target_name();
  report.threads = threads;
  report.subsample = session.config().subsample;
  report.reference = infos[0];
  report.models = models;
  for (const FeatureRequest& request : session.config().features) {
    const std::vector<std::string> keys = session.series_keys(request);
    report.requested.insert(report.requested.end(), keys.begin(), keys.end());
  }
  report.refusals = session.refusals();
  report.frames = fed.frames;
  report.seconds = progress.seconds();
  report.cpu_seconds = cpu_seconds();
  report.with_timing = !o.no_timing;
  report.number = number;
  bool misaligned = false;
  for (size_t k = 0; k < o.distorted.size(); ++k) {
    ClipReport clip;
    clip.info = infos[k + 1];
    clip.table = &session.table(static_cast<int>(k));
    clip.plan = plan_json(*plan);
    if (!trackers.empty()) {
      const Alignment a = trackers[k].result();
      clip.alignment = alignment_json(a);
      if (is_misaligned(a)) {
        misaligned = true;
        const std::string text = infos[k + 1].name + ": " + a.text;
        warnings.push_back(text);
        if (text != told[k]) complain(0, "warning: " + text);
      }
    }
    report.clips.push_back(std::move(clip));
  }
  report.warnings = warnings;
  if (misaligned && o.strict) return complain(2, "clips are not aligned, and --strict was given: no report");

  for (Output& output : outputs) {
    const std::string text =
        output.format == Output::Format::kFovea
            ? write_json_report(report)
            : write_peer_report(report, output.clip, output.peer, std::string("fovea ") + kVersion);
    if (const Status written = output.file.commit(text); !written.ok()) return fail(written.error());
  }
  if (!o.pool.empty()) {
    // For scripts: one number a line.
    for (const ClipReport& clip : report.clips) {
      for (const ModelRequest& model : models) {
        const int series = clip.table->find(model.name);
        const auto pooled =
            series >= 0 ? pool((*clip.table)[series], 0, fed.frames - 1, report.subsample) : std::nullopt;
        if (pooled) std::printf("%s\n", number(*pooled_value(*pooled, o.pool)).c_str());
      }
    }
  } else if (!o.quiet) {
    std::printf("%s", write_table(report).c_str());
  }
  if (std::fflush(stdout) != 0) return complain(4, "standard output: cannot write");
  return status;
}

}  // namespace

Command add_score(CLI::App& parent) {
  auto* app = parent.add_subcommand("score", "measure distorted clips against their reference");
  auto o = std::make_shared<Options>();
  app->add_option("REFERENCE", o->reference,
                  "the original: any container, .y4m, raw yuv, or - for standard input")
      ->required();
  app->add_option("DISTORTED", o->distorted, "one or more encodes of it, scored together")->required();

  app->add_option("-m,--model", o->models,
                  "model: an id (`fovea models`) or a file, then :name=LABEL :disable_clip :enable_transform "
                  ":EXTRACTOR.OPTION=VALUE; repeatable. Default: vmaf_v0.6.1")
      ->allow_extra_args(false);
  app->add_option("-f,--feature", o->features,
                  "metric with options, NAME[=OPTION=VALUE:...] (`fovea metrics`); repeatable")
      ->allow_extra_args(false);
  app->add_option("-p,--preset", o->preset,
                  "models and features together, beside what else is asked for: all (VMAF, NEG and every "
                  "metric that needs no file), "
                  "aom-ctc (AOM's common test conditions; also aom-ctc-v1.0 .. v7.0), nflx-ctc (Netflix's)");
  app->add_flag("-n,--no-model", o->no_model, "no model: only the features that are asked for");
  app->add_option("--subsample", o->subsample, "score every N-th frame only")->group("What");
  app->add_option("--frames", o->frames, "stop after N frames")->group("What");

  app->add_option("-o,--output", o->outputs,
                  "report file, repeatable; format by extension: .json (fovea's), .csv .xml .sub "
                  "(libvmaf's), or PATH:FORMAT "
                  "with json, libvmaf, csv, xml, sub")
      ->allow_extra_args(false)
      ->group("Reports");
  app->add_option("--precision", o->precision, "digits in libvmaf's formats: 1..17, max, legacy")
      ->group("Reports");
  app->add_option("--pool", o->pool,
                  "print only this pooled value of each model: mean, harmonic_mean, min, max, stddev, p1, "
                  "p5, p10, p25, median, p75")
      ->group("Reports");
  app->add_flag("-q,--quiet", o->quiet, "no table, no progress")->group("Reports");
  app->add_flag("--no-timing", o->no_timing, "leave out what differs from run to run")->group("Reports");
  app->add_option("--progress", o->progress,
                  "auto (a line on a terminal), json (lines on standard error), none")
      ->check(CLI::IsMember({"auto", "json", "none"}))
      ->group("Reports");

  app->add_option("--size", o->size, "inputs are raw yuv of WIDTHxHEIGHT")->group("Raw yuv");
  app->add_option("--chroma", o->chroma, "400, 420, 422 or 444; default 420")->group("Raw yuv");
  app->add_option("--bit-depth", o->bit_depth, "8 .. 16; default 8")->group("Raw yuv");

  app->add_option("--skip-ref", o->skip_ref, "drop the reference's first N frames")
      ->group("Bringing clips together");
  app->add_option("--skip-dis", o->skip_dis, "drop the distorted clips' first N frames")
      ->group("Bringing clips together");
  app->add_option(
         "--offset", o->offset,
         "frame i of the reference pairs with frame i+N of the distorted clip; one for all, or one each")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->group("Bringing clips together");
  app->add_option("--scale", o->scale,
                  "scale clips of another size: 'ref' (to the reference's size) or WIDTHxHEIGHT")
      ->group("Bringing clips together");
  app->add_option("--kernel", o->scale_kernel,
                  "of scaling: bicubic (default), bilinear, point, spline36, lanczos")
      ->group("Bringing clips together");
  app->add_option("--crop", o->crop,
                  "crop distorted clips to WxH[+X+Y]; 'auto' removes black bars on either side")
      ->group("Bringing clips together");
  app->add_option("--crop-ref", o->crop_ref, "crop the reference to WxH[+X+Y]")
      ->group("Bringing clips together");
  app->add_option("--range", o->range, "bring both sides to limited or full range")
      ->group("Bringing clips together");
  app->add_option("--matrix", o->matrix,
                  "bring both sides to this matrix (H.273 code: 1 BT.709, 6 BT.601, 9 BT.2020)")
      ->group("Bringing clips together");
  app->add_option("--convert-chroma", o->convert_chroma, "bring both sides to 420, 422 or 444")
      ->group("Bringing clips together");
  app->add_flag("--fps", o->decimate, "drop frames of the faster side when the ratio is a whole number")
      ->group("Bringing clips together");
  app->add_flag("--no-normalise", o->no_normalise, "any difference of form is an error")
      ->group("Bringing clips together");
  app->add_flag("--allow-short", o->allow_short, "clips may differ in length; the common part is scored")
      ->group("Bringing clips together");
  app->add_flag("--no-align", o->no_align, "do not look for temporal misalignment")
      ->group("Bringing clips together");
  app->add_flag("--strict", o->strict, "misaligned clips are an error")->group("Bringing clips together");
  app->add_flag("--plan", o->plan_only, "say what was found and what would be done; do not score")
      ->group("Bringing clips together");

  app->add_option("-t,--threads", o->threads, "in all; default: every processor available");
  return [o] { return run(*o); };
}

}  // namespace fovea::app
