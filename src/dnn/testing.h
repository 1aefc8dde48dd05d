// SPDX-License-Identifier: BSD-2-Clause-Patent
// Tiny ONNX models, made byte by byte, for tests.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::dnn::testing {

inline std::string varint(uint64_t value) {
  std::string out;
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  return out + static_cast<char>(value);
}
inline std::string number(int field, uint64_t value) {
  return varint(static_cast<uint64_t>(field) << 3) + varint(value);
}
inline std::string bytes(int field, std::string_view content) {
  return varint(static_cast<uint64_t>(field) << 3 | 2) + varint(content.size()) + std::string(content);
}

// A model piece by piece; sizes of -1 stay open.
class ModelBytes {
 public:
  ModelBytes& input(const std::string& name, const std::vector<int64_t>& shape, int type = 1) {
    return raw(11, value_info(name, shape, type));
  }
  ModelBytes& output(const std::string& name, const std::vector<int64_t>& shape, int type = 1) {
    return raw(12, value_info(name, shape, type));
  }
  ModelBytes& node(const std::string& op, const std::vector<std::string>& in,
                   const std::vector<std::string>& out, const std::string& attributes = "") {
    std::string n;
    for (const std::string& name : in) n += bytes(1, name);
    for (const std::string& name : out) n += bytes(2, name);
    return raw(1, n + bytes(4, op) + attributes);
  }
  ModelBytes& weight(const std::string& name, const std::vector<int64_t>& shape,
                     const std::vector<float>& values) {
    std::string data(values.size() * sizeof(float), '\0');
    if (!values.empty()) std::memcpy(data.data(), values.data(), data.size());
    return raw(5, dims(shape) + number(2, 1) + bytes(8, name) + bytes(9, data));
  }
  ModelBytes& weight(const std::string& name, const std::vector<int64_t>& values) {
    std::string t = dims({static_cast<int64_t>(values.size())}) + number(2, 7) + bytes(8, name);
    for (const int64_t v : values) t += number(7, static_cast<uint64_t>(v));
    return raw(5, t);
  }
  // float32 weights in another file.
  ModelBytes& far_weight(const std::string& name, const std::vector<int64_t>& shape, const std::string& file,
                         int64_t offset, int64_t length) {
    const auto entry = [](const std::string& key, const std::string& value) {
      return bytes(13, bytes(1, key) + bytes(2, value));
    };
    return raw(5, dims(shape) + number(2, 1) + bytes(8, name) + entry("location", file) +
                      entry("offset", std::to_string(offset)) + entry("length", std::to_string(length)) +
                      number(14, 1));
  }
  // Any field of the graph.
  ModelBytes& raw(int field, std::string_view content) {
    graph_ += bytes(field, content);
    return *this;
  }

  std::string str() const {
    return number(1, 8) + bytes(7, graph_ + bytes(2, "g")) + bytes(8, number(2, 17));
  }

  static std::string ints(const std::string& name, const std::vector<int64_t>& values) {
    std::string a = bytes(1, name);
    for (const int64_t v : values) a += number(8, static_cast<uint64_t>(v));
    return bytes(5, a + number(20, 7));
  }
  static std::string integer(const std::string& name, int64_t value) {
    return bytes(5, bytes(1, name) + number(3, static_cast<uint64_t>(value)) + number(20, 2));
  }
  static std::string value_info(const std::string& name, const std::vector<int64_t>& shape, int type) {
    std::string s;
    for (const int64_t size : shape)
      s += bytes(1, size < 0 ? bytes(2, "n") : number(1, static_cast<uint64_t>(size)));
    return bytes(1, name) + bytes(2, bytes(1, number(1, static_cast<uint64_t>(type)) + bytes(2, s)));
  }

 private:
  static std::string dims(const std::vector<int64_t>& shape) {
    std::string d;
    for (const int64_t size : shape) d += number(1, static_cast<uint64_t>(size));
    return d;
  }
  std::string graph_;
};

// A folder that goes with the object.
class Folder {
 public:
  explicit Folder(const std::string& name)
      : path_(std::filesystem::temp_directory_path() / (name + "." + std::to_string(getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::string write(const std::string& name, std::string_view content) const {
    std::ofstream(path_ / name, std::ios::binary) << content;
    return file(name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace fovea::dnn::testing
