// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "models/json_tree.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

namespace fovea::models {
namespace {

using Json = nlohmann::json;
using Type = JsonValue::Type;

constexpr size_t kMaxMessageBytes = 200;

// Receives the parser's events. A false return ends the parse; error() then says why.
class TreeBuilder final : public nlohmann::json_sax<Json> {
 public:
  explicit TreeBuilder(JsonValue& root) : root_(root) {}
  const std::string& error() const { return error_; }

  bool null() override { return add(Type::kNull) != nullptr; }
  bool boolean(bool value) override {
    JsonValue* v = add(Type::kBool);
    if (v) v->boolean = value;
    return v != nullptr;
  }
  // Only tokens with a minus sign arrive here, so 0 was "-0".
  bool number_integer(number_integer_t value) override {
    return add_number(value == 0 ? -0.0 : static_cast<double>(value));
  }
  bool number_unsigned(number_unsigned_t value) override { return add_number(static_cast<double>(value)); }
  bool number_float(number_float_t value, const string_t&) override { return add_number(value); }
  bool string(string_t& value) override {
    JsonValue* v = add(Type::kString);
    if (v) v->text = std::move(value);
    return v != nullptr;
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(Type::kObject); }
  bool start_array(std::size_t) override { return open(Type::kArray); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(string_t& name) override {
    open_.back()->members.push_back({std::move(name), {}});
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception& e) override {
    const std::string_view what = e.what();
    const size_t begin = what.find("] ");  // after the library's own error number
    std::string text(what.substr(begin == std::string_view::npos ? 0 : begin + 2));
    if (text.size() > kMaxMessageBytes) text = text.substr(0, kMaxMessageBytes) + "...";
    for (char& c : text) c = c >= ' ' && c <= '~' ? c : '?';
    error_ = "not valid JSON: " + text;
    return false;
  }

 private:
  bool add_number(double value) {
    JsonValue* v = add(Type::kNumber);
    if (v) v->number = value;
    return v != nullptr;
  }

  // The place for the next value: the root, an array's new item, or the member whose key has just been read.
  // Pointers on the stack stay valid: a container does not grow while a value inside it is open.
  JsonValue* add(Type type) {
    if (++values_ > kMaxJsonValues) {
      error_ = pointer() + ": more than " + std::to_string(kMaxJsonValues) + " values";
      return nullptr;
    }
    JsonValue* v = &root_;
    if (!open_.empty()) {
      JsonValue& parent = *open_.back();
      v = parent.type == Type::kArray ? &parent.items.emplace_back() : &parent.members.back().value;
    }
    v->type = type;
    return v;
  }
  bool open(Type type) {
    if (open_.size() >= kMaxJsonDepth) {
      error_ = pointer() + ": nested deeper than " + std::to_string(kMaxJsonDepth) + " levels";
      return false;
    }
    JsonValue* v = add(type);
    if (v) open_.push_back(v);
    return v != nullptr;
  }
  bool close() {
    open_.pop_back();
    return true;
  }
  std::string pointer() const {
    std::string out;
    for (const JsonValue* v : open_) {
      if (v->type == Type::kArray) out += "/" + std::to_string(v->items.empty() ? 0 : v->items.size() - 1);
      if (v->type == Type::kObject && !v->members.empty()) out += json_pointer_step(v->members.back().name);
    }
    return out;
  }

  JsonValue& root_;
  std::vector<JsonValue*> open_;
  size_t values_ = 0;
  std::string error_;
};

}  // namespace

// Here and not in the class, where JsonMember is not complete yet.
JsonValue::JsonValue() = default;
JsonValue::~JsonValue() = default;
JsonValue::JsonValue(JsonValue&&) noexcept = default;
JsonValue& JsonValue::operator=(JsonValue&&) noexcept = default;

const JsonValue* JsonValue::find(std::string_view name) const {
  const auto at = std::find_if(members.begin(), members.end(), [&](const auto& m) { return m.name == name; });
  return at == members.end() ? nullptr : &at->value;
}

const char* json_type_name(JsonValue::Type type) {
  switch (type) {
    case Type::kNull:
      return "null";
    case Type::kBool:
      return "true or false";
    case Type::kNumber:
      return "a number";
    case Type::kString:
      return "a string";
    case Type::kArray:
      return "an array";
    case Type::kObject:
      return "an object";
  }
  return "";
}

std::string json_pointer_step(std::string_view key) {
  constexpr size_t kMaxStep = 60;
  std::string out = "/";
  for (const char c : key.substr(0, kMaxStep)) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c >= ' ' && c <= '~' ? c : '?';
    }
  }
  return key.size() > kMaxStep ? out + "..." : out;
}

Result<JsonValue> parse_json(std::string_view text, const std::string& where) {
  JsonValue root;
  TreeBuilder builder(root);
  if (!Json::sax_parse(text.begin(), text.end(), &builder)) {
    return input_error(where + ": " + (builder.error().empty() ? "not valid JSON" : builder.error()));
  }
  return root;
}

}  // namespace fovea::models
