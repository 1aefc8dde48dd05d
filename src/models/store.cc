// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "models/store.h"

#include <algorithm>
#include <filesystem>

#include "base/sha256.h"
#include "models/embedded.h"
#include "models/format.h"
#include "models/netflix_json.h"
#include "models/text.h"

namespace fovea {

using namespace models;

namespace {

namespace fs = std::filesystem;

const EmbeddedText* find_embedded(std::span<const EmbeddedText> texts, std::string_view name) {
  const auto at =
      std::find_if(texts.begin(), texts.end(), [&](const EmbeddedText& t) { return t.name == name; });
  return at == texts.end() ? nullptr : &*at;
}

Result<std::string> embedded_svm(const std::string& hash) {
  const EmbeddedText* svm = find_embedded(embedded_svms(), hash);
  return svm ? std::string(svm->text) : std::string();
}

// A look at the lines of a list, without the numbers.
BuiltinModel glance(const EmbeddedText& embedded) {
  BuiltinModel info;
  info.id = embedded.name;
  std::string_view text = embedded.text, line;
  while (take_line(text, line)) {
    const size_t blank = line.find(' ');
    const std::string_view word = line.substr(0, blank);
    const std::string_view rest =
        blank == std::string_view::npos ? std::string_view{} : line.substr(blank + 1);
    if (word == "summary") info.summary = percent_decode(rest).value_or("");
    if (word == "sha256") info.hash = rest;
    if (word == "sibling") ++info.siblings;
    if (word == "viewing") {
      const auto words = split_words(rest);
      if (words.size() != 2) continue;
      info.viewing = {parse_double(words[0]).value_or(0),
                      static_cast<int>(parse_count(words[1]).value_or(0))};
    }
  }
  return info;
}

bool is_pickle(const std::string& path, std::string_view text) {
  return fs::path(path).extension() == ".pkl" || text.starts_with('\x80') || text.starts_with("(dp");
}

Result<ModelSet> parse(std::string_view text, const std::string& where, const SvmSource& source) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // byte order mark
  if (is_model_text(text)) return read_model(text, where, source);
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return input_error(where + ": the model file is empty");
  if (text[first] == '{' || text[first] == '[') return read_netflix_json(text, where);
  return input_error(where +
                     ": neither a fovea model (it would begin with 'fovea-model') nor a Netflix JSON model "
                     "(it would begin with '{')");
}

}  // namespace

const std::vector<BuiltinModel>& builtin_models() {
  static const std::vector<BuiltinModel> models = [] {
    std::vector<BuiltinModel> list;
    for (const EmbeddedText& embedded : embedded_models()) list.push_back(glance(embedded));
    return list;
  }();
  return models;
}

Result<std::shared_ptr<const ModelSet>> load_builtin(std::string_view id) {
  const EmbeddedText* embedded = find_embedded(embedded_models(), id);
  if (embedded == nullptr) {
    std::vector<std::string> ids;
    for (const EmbeddedText& model : embedded_models()) ids.emplace_back(model.name);
    std::string message = "unknown model " + shown(id);
    if (const std::string guess = near_miss(id, ids); !guess.empty()) {
      message += "; did you mean '" + guess + "'?";
    } else {
      message += "; built in are";
      for (const std::string& known : ids) message += " " + known;
    }
    return usage_error(message);
  }
  auto set = read_model(embedded->text, "built-in model " + std::string(id), embedded_svm);
  if (!set.ok()) return internal_error(set.error().message);
  if (set->id != id)
    return internal_error("built-in model " + std::string(id) + " says it is " + shown(set->id));
  return std::make_shared<const ModelSet>(std::move(*set));
}

Status verify_builtin_models() {
  for (const EmbeddedText& svm : embedded_svms()) {
    if (sha256_hex(svm.text) != svm.name)
      return internal_error("built-in SVM " + std::string(svm.name) + " is damaged");
  }
  for (const EmbeddedText& model : embedded_models()) {
    const size_t size = model.text.rfind("sha256 ");
    if (size == std::string_view::npos || sha256_hex(model.text.substr(0, size)) != glance(model).hash) {
      return internal_error("built-in model " + std::string(model.name) + " is damaged");
    }
  }
  return {};
}

Result<std::shared_ptr<const ModelSet>> load_model_file(const std::string& path) {
  FOVEA_ASSIGN(const std::string text, read_text_file(path));
  if (is_pickle(path, text)) {
    return unsupported_error(
        path + ": a Python pickle, which is a program and is not run here; use the model's .json form");
  }
  const SvmSource beside = [&](const std::string& hash) -> Result<std::string> {
    const fs::path file = fs::path(path).parent_path() / "svm" / (hash + ".svm");
    std::error_code ignored;
    if (fs::exists(file, ignored)) return read_text_file(file.string());
    return embedded_svm(hash);
  };
  FOVEA_ASSIGN(ModelSet set, parse(text, path, beside));
  if (set.id.empty()) set.id = fs::path(path).stem().string();
  return std::make_shared<const ModelSet>(std::move(set));
}

Result<std::shared_ptr<const ModelSet>> load_model(const std::string& id_or_path) {
  std::error_code ignored;
  if (find_embedded(embedded_models(), id_or_path) == nullptr && fs::exists(id_or_path, ignored)) {
    return load_model_file(id_or_path);
  }
  return load_builtin(id_or_path);
}

Result<ModelSet> parse_model(std::string_view text, const std::string& where) {
  return parse(text, where, embedded_svm);
}

}  // namespace fovea
