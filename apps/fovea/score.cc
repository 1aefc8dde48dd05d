// SPDX-License-Identifier: BSD-2-Clause-Patent
// `fovea score REF DIS...`: open, diagnose, plan, score, report.
#include <sys/resource.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <cstdio>
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
  int64_t offset = 0;
  std::string scale;
  std::string scale_kernel = "bicubic";
  std::string crop;
  std::string range;
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
      if (overload_features(*copy, provided, {{item.substr(dot + 1, equals - dot - 1), item.substr(equals + 1)}}) == 0) {
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
    if (value == std::string::npos) return usage_error("feature " + text + ": '" + item + "' is not OPTION=VALUE");
    request.options[item.substr(0, value)] = normalise_option_text(item.substr(value + 1));
  }
  return request;
}

// A report file and its format: by extension, or by ":FORMAT" after the name.
struct Output {
  enum class Format { kFovea, kPeer } format = Format::kFovea;
  PeerFormat peer = PeerFormat::kJson;
  OutputFile file;
};
Result<Output> open_output(const std::string& text) {
  std::string path = text, format;
  if (const size_t colon = text.rfind(':'); colon != std::string::npos && text.find('/', colon) == std::string::npos) {
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
                       "'; use the extension .json, .csv, .xml or .sub, or name it: PATH:json, PATH:libvmaf (libvmaf's json), PATH:csv, ...");
  }
  FOVEA_ASSIGN(OutputFile file, OutputFile::open(path));
  return Output{kind, peer, std::move(file)};
}

std::atomic<bool> g_interrupted{false};
void on_signal(int) { g_interrupted = true; }

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

Result<std::optional<Format>> raw_format(const Options& o) {
  if (o.size.empty()) return std::optional<Format>();
  Format format;
  char end = 0;
  if (std::sscanf(o.size.c_str(), "%dx%d%c", &format.width_px, &format.height_px, &end) != 2 || format.width_px < 1 || format.height_px < 1) {
    return usage_error("--size " + o.size + " is not WIDTHxHEIGHT");
  }
  const std::map<std::string, Chroma> known = {{"400", Chroma::k400}, {"420", Chroma::k420}, {"422", Chroma::k422}, {"444", Chroma::k444}};
  const auto chroma = known.find(o.chroma);
  if (chroma == known.end()) return usage_error("--chroma " + o.chroma + " is not one of 400, 420, 422, 444");
  format.chroma = chroma->second;
  if (o.bit_depth < 8 || o.bit_depth > 16) return usage_error("--bit-depth " + std::to_string(o.bit_depth) + " is outside [8, 16]");
  format.bit_depth = o.bit_depth;
  return std::optional<Format>(format);
}

int fail(const Error& error) { return complain(exit_status(error.code), error.message); }

// One name per model: as given, or "vmaf" for a single one, or the id.
Status name_models(std::vector<ModelRequest>& models) {
  for (ModelRequest& m : models) {
    if (m.name.empty()) m.name = models.size() == 1 ? kDefaultModelName : m.model->id;
  }
  for (size_t i = 0; i < models.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (models[i].name == models[j].name) return usage_error("two models are called '" + models[i].name + "'; give one a ':name=LABEL'");
    }
  }
  return {};
}

#include "score_run.inc"

}  // namespace
}  // namespace fovea::app
