// SPDX-License-Identifier: BSD-2-Clause-Patent
// Options of a metric, written once.
//
// A metric keeps one table, NAME.params, with a row per option:
//
//   FOVEA_PARAM(type, name, key, default, min, max, "help, with the unit")
//
// type     bool, int, double or String
// key      the short form used in the suffix of feature names; "" if the option never changes the name
// min,max  inclusive range; 0, 0 for bool and String
//
// metrics/define_params.inc makes the struct, the parser and the texts from it; a GPU language may include
// the same file.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/result.h"

namespace fovea {

using String = std::string;

// Option texts as given by a model, a command line or the C API: name -> text.
using OptionMap = std::map<std::string, std::string>;

enum class ParamType { kBool, kInt, kDouble, kString };

// One option as shown to users.
struct ParamSpec {
  std::string name;
  std::string key;  // empty: never part of a feature name
  ParamType type = ParamType::kBool;
  std::string default_text;
  double min = 0;
  double max = 0;
  std::string help;
};

// Numbers reach an option through single precision and "%g" (libvmaf's dictionaries do this, and the text
// becomes part of feature names): "1.0" -> "1", "0.1" -> "0.1". Other texts are left alone.
std::string normalise_option_text(const std::string& text);

// Strict, locale-independent parsing; the error names metric, option, value and the allowed range.
// T is bool, int, double or String.
template <class T>
Result<T> parse_option(std::string_view owner, std::string_view name, std::string_view text, double min, double max);

// "%g" without locale.
std::string format_g(double value);
inline std::string option_text(bool value) { return value ? "true" : "false"; }
inline std::string option_text(int value) { return std::to_string(value); }
inline std::string option_text(double value) { return format_g(value); }
inline std::string option_text(const String& value) { return value; }

// The closest of `candidates` within a third of the word's length, or "". For "did you mean".
std::string near_miss(std::string_view word, const std::vector<std::string>& candidates);

// "owner: unknown option 'x'; did you mean 'y'? It has: ..." for a misspelt option.
Error unknown_option_error(std::string_view owner, std::string_view name, const std::vector<std::string>& known);

template <class Params>
class ParamTable {
 public:
  struct Row {
    template <class T>
    Row(const char* name, const char* key, T Params::*field, double min, double max, const char* help)
        : spec{name, key, {}, {}, min, max, help},
          text([field](const Params& p) { return option_text(p.*field); }),
          equal([field](const Params& a, const Params& b) { return a.*field == b.*field; }),
          assign([=](std::string_view owner, const std::string& value, Params& p) -> Status {
            FOVEA_ASSIGN(p.*field, parse_option<T>(owner, name, value, min, max));
            return {};
          }) {
      spec.type = std::is_same_v<T, bool> ? ParamType::kBool : std::is_same_v<T, int> ? ParamType::kInt
                  : std::is_same_v<T, double> ? ParamType::kDouble : ParamType::kString;
      spec.default_text = text(Params{});
    }
    ParamSpec spec;
    std::function<std::string(const Params&)> text;
    std::function<bool(const Params&, const Params&)> equal;
    std::function<Status(std::string_view owner, const std::string& value, Params&)> assign;
  };

  ParamTable(const char* owner, std::vector<Row> rows) : owner_(owner), rows_(std::move(rows)) {
    for (const Row& row : rows_) {
      specs_.push_back(row.spec);
      names_.push_back(row.spec.name);
    }
  }

  const std::vector<ParamSpec>& specs() const { return specs_; }

  // Defaults overlaid with `options`. Unknown names and values out of range are errors.
  Result<Params> parse(const OptionMap& options) const {
    Params params{};
    for (const auto& [name, value] : options) {
      const auto position = std::find(names_.begin(), names_.end(), name);
      if (position == names_.end()) return unknown_option_error(owner_, name, names_);
      const auto row = rows_.begin() + (position - names_.begin());
      FOVEA_TRY(row->assign(owner_, value, params));
    }
    return params;
  }

  // "_key_value" ("_key" for a bool) of every option that has a key and differs from its default, in byte
  // order of the options' full names. "" if there is none.
  std::string suffix(const Params& params) const {
    const Params defaults{};
    std::map<std::string, std::string> parts;
    for (const Row& row : rows_) {
      const ParamSpec& spec = row.spec;
      if (spec.key.empty() || row.equal(params, defaults)) continue;
      parts[spec.name] = "_" + spec.key + (spec.type == ParamType::kBool ? "" : "_" + row.text(params));
    }
    std::string out;
    for (const auto& [name, part] : parts) out += part;
    return out;
  }

 private:
  std::string owner_;
  std::vector<Row> rows_;
  std::vector<ParamSpec> specs_;
  std::vector<std::string> names_;
};

}  // namespace fovea
