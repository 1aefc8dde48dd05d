// SPDX-License-Identifier: BSD-2-Clause-Patent
// The fields of one protobuf message, one after the other. Never reads outside the message.
#pragma once

#include <cstdint>
#include <string_view>

namespace fovea::dnn {

struct WireField {
  enum Type { kNumber = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };
  uint32_t number = 0;
  Type type = kNumber;
  uint64_t value = 0;      // kNumber
  std::string_view bytes;  // kBytes
};

class WireReader {
 public:
  explicit WireReader(std::string_view message) : rest_(message) {}

  // False at the end, and when the rest is no field: then ok() is false, too.
  bool next(WireField& field) {
    if (!ok_ || rest_.empty()) return false;
    uint64_t key = 0;
    ok_ = varint(key) && key >> 3 != 0 && key >> 3 <= 0x1FFFFFFF && value(key & 7, field);
    field.number = static_cast<uint32_t>(key >> 3);
    return ok_;
  }
  bool ok() const { return ok_; }

 private:
  bool varint(uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return false;
      const uint64_t byte = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && byte > 1) return false;
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool value(uint64_t type, WireField& field) {
    field.type = static_cast<WireField::Type>(type);
    field.value = 0;
    field.bytes = {};
    uint64_t size = 0;
    switch (type) {
      case WireField::kNumber:
        return varint(field.value);
      case WireField::kFixed64:
        size = 8;
        break;
      case WireField::kFixed32:
        size = 4;
        break;
      case WireField::kBytes:
        if (!varint(size)) return false;
        break;
      default:
        return false;  // groups: nothing writes them any more
    }
    if (size > rest_.size()) return false;
    if (type == WireField::kBytes) field.bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace fovea::dnn
