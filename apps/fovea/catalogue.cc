// SPDX-License-Identifier: BSD-2-Clause-Patent
// What is built in: `fovea models`, `fovea model import`, `fovea metrics`.
#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/output_file.h"
#include "commands.h"
#include "metrics/registry.h"
#include "models/netflix_json.h"
#include "models/store.h"
#include "score/session.h"

namespace fovea::app {
namespace {

int list_models(bool verify) {
  if (verify) {
    const Status ok = verify_builtin_models();
    if (!ok.ok()) return complain(5, ok.error().message);
  }
  for (const BuiltinModel& model : builtin_models()) {
    auto set = load_builtin(model.id);
    if (!set.ok()) return complain(5, set.error().message);
    const bool usable = resolve_features((*set)->model, model.id).ok();
    std::printf("%-28s %s%s\n", model.id.c_str(), model.summary.c_str(), usable ? "" : "  [needs features this build does not have]");
  }
  std::printf("\nModel parameters (c) Netflix, Inc., BSD-2-Clause-Patent. `fovea score -m PATH` takes Netflix's JSON as it is.\n");
  return 0;
}

int import_model(const std::string& path, std::string id, std::string output) {
  auto read = [&]() -> Result<std::string> {
    std::FILE* file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) return input_error(path + ": " + std::strerror(errno));
    std::string text;
    char buffer[65536];
    for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
    std::fclose(file);
    return text;
  }();
  if (!read.ok()) return complain(2, read.error().message);
  if (id.empty()) {
    id = path.substr(path.rfind('/') + 1);
    if (const size_t dot = id.rfind(".json"); dot != std::string::npos) id = id.substr(0, dot);
  }
  if (output.empty()) output = id + ".model";
  auto imported = import_netflix_model(*read, id);
  if (!imported.ok()) return complain(exit_status(imported.error().code), path + ": " + imported.error().message);
  auto file = OutputFile::open(output);
  if (!file.ok()) return complain(4, file.error().message);
  const Status written = file->commit(imported->text.bundle());
  if (!written.ok()) return complain(4, written.error().message);
  std::printf("%s\nwritten to %s\n", imported->summary.c_str(), output.c_str());
  return 0;
}

const char* type_name(ParamType type) {
  switch (type) {
    case ParamType::kBool: return "true|false";
    case ParamType::kInt: return "whole number";
    case ParamType::kDouble: return "number";
    case ParamType::kString: return "text";
  }
  return "";
}

void describe_metric(const MetricInfo& metric) {
  std::printf("%s: %s\n\nfeatures:\n", metric.name, metric.summary);
  for (const FeatureName& feature : metric.provided) {
    std::printf("  %-28s %s\n", feature.alias != nullptr ? feature.alias : feature.name, feature.alias != nullptr ? feature.name : "");
  }
  if (metric.provided.empty()) std::printf("  named by the file it is given\n");
  std::printf("\noptions (--feature %s=OPTION=VALUE:...):\n", metric.name);
  if (metric.params().empty()) std::printf("  none\n");
  for (const ParamSpec& p : metric.params()) {
    std::string range;
    if (p.type == ParamType::kInt || p.type == ParamType::kDouble) range = " " + format_g(p.min) + " .. " + format_g(p.max);
    std::printf("  %-26s %s%s, default %s\n      %s\n", p.name.c_str(), type_name(p.type), range.c_str(), p.default_text.c_str(), p.help.c_str());
  }
}

int list_metrics(const std::string& name) {
  if (!name.empty()) {
    auto use = resolve_feature({name, {}});
    if (!use.ok()) return complain(2, use.error().message);
    describe_metric(*use->metric);
    return 0;
  }
  for (const MetricInfo* metric : all_metrics()) std::printf("%-16s %s\n", metric->name, metric->summary);
  std::printf("\n`fovea metrics NAME` shows features and options.\n");
  return 0;
}

}  // namespace

Command add_models(CLI::App& parent) {
  auto* app = parent.add_subcommand("models", "list the models that are built in");
  auto verify = std::make_shared<bool>(false);
  app->add_flag("--verify", *verify, "check each against its hash first");
  return [verify] { return list_models(*verify); };
}

Command add_model(CLI::App& parent) {
  auto* app = parent.add_subcommand("model", "work with model files");
  app->require_subcommand(1);
  auto* import = app->add_subcommand("import", "turn one of Netflix's JSON models into our format");
  struct Options {
    std::string path, id, output;
  };
  auto o = std::make_shared<Options>();
  import->add_option("FILE", o->path, "Netflix JSON: a model or a bootstrap collection")->required();
  import->add_option("-o,--output", o->output, "file to write; default ID.model");
  import->add_option("--id", o->id, "id of the model; default: the file's name");
  return [o] { return import_model(o->path, o->id, o->output); };
}

Command add_metrics(CLI::App& parent) {
  auto* app = parent.add_subcommand("metrics", "list metrics, or one metric's features and options");
  auto name = std::make_shared<std::string>();
  app->add_option("NAME", *name, "a metric");
  return [name] { return list_metrics(*name); };
}

}  // namespace fovea::app
