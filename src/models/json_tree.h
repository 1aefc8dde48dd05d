// SPDX-License-Identifier: BSD-2-Clause-Patent
// A JSON document as a tree that keeps the order and the repetitions of object members, with limits on depth
// and size so that no input can exhaust stack or memory.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fovea::models {

inline constexpr size_t kMaxJsonDepth = 32;
inline constexpr size_t kMaxJsonValues = 500000;

struct JsonMember;

struct JsonValue {
  JsonValue();
  ~JsonValue();
  JsonValue(JsonValue&&) noexcept;
  JsonValue& operator=(JsonValue&&) noexcept;

  enum class Type { kNull, kBool, kNumber, kString, kArray, kObject };

  Type type = Type::kNull;
  bool boolean = false;
  double number = 0;
  std::string text;
  std::vector<JsonValue> items;
  std::vector<JsonMember> members;

  // The first member of that name, or nullptr.
  const JsonValue* find(std::string_view name) const;
};

struct JsonMember {
  std::string name;
  JsonValue value;
};

// "a string", "an object", ... for messages.
const char* json_type_name(JsonValue::Type type);

// "/key" with the escapes of RFC 6901, control characters made harmless, cut when very long.
std::string json_pointer_step(std::string_view key);

Result<JsonValue> parse_json(std::string_view text, const std::string& where);

}  // namespace fovea::models
