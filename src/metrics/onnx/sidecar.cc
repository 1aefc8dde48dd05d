// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "metrics/onnx/sidecar.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace fovea::onnx {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxBytes = size_t{1} << 20;
constexpr size_t kMaxNames = 64;
constexpr size_t kMaxFeatureName = 100;
constexpr double kMaxNumber = 1e6;
constexpr int kMaxSize = 1 << 15;

// For messages: texts come out of the file.
std::string in_quotes(const std::string& text) {
  std::string out = "'";
  for (const char c : text.substr(0, 64)) out += c >= ' ' && c < 0x7F ? c : '?';
  return out + (text.size() > 64 ? "...'" : "'");
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

// One object of the document with the keys it may have.
class Object {
 public:
  static Result<Object> open(const Json& json, const std::string& where,
                             const std::vector<std::string>& keys) {
    if (!json.is_object()) return input_error(where + " must be an object");
    for (const auto& [key, value] : json.items()) {
      if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
      const std::string guess = near_miss(key, keys);
      return input_error(where + ": unknown key " + in_quotes(key) +
                         (guess.empty() ? "; it may have " + join(keys) : "; did you mean '" + guess + "'?"));
    }
    return Object(json, where);
  }

  const Json* find(const char* key) const {
    const auto found = json_.find(key);
    return found == json_.end() ? nullptr : &*found;
  }
  Result<const Json*> need(const char* key) const {
    const Json* const found = find(key);
    if (found == nullptr) return input_error(where_ + " has no '" + key + "'");
    return found;
  }
  Result<std::string> text(const char* key) const {
    FOVEA_ASSIGN(const Json* const value, need(key));
    if (!value->is_string() || value->get_ref<const std::string&>().empty()) return wrong(key, "a text");
    return value->get<std::string>();
  }
  // The position of the text in `words`; `fallback` if the key is absent, and -1 makes it obligatory.
  Result<int> word(const char* key, const std::vector<std::string>& words, int fallback) const {
    if (find(key) == nullptr && fallback >= 0) return fallback;
    FOVEA_ASSIGN(const std::string value, text(key));
    const auto found = std::find(words.begin(), words.end(), value);
    if (found == words.end())
      return input_error(where_ + ": '" + key + "' is " + in_quotes(value) + "; there are " + join(words));
    return static_cast<int>(found - words.begin());
  }
  Result<std::vector<float>> numbers(const char* key, size_t count) const {
    const std::string wanted = std::to_string(count) + (count == 1 ? " number" : " numbers");
    FOVEA_ASSIGN(const Json* const value, need(key));
    if (!value->is_array() || value->size() != count) return wrong(key, wanted);
    std::vector<float> out;
    for (const Json& item : *value) {
      if (!item.is_number() || !(std::abs(item.get<double>()) <= kMaxNumber))
        return wrong(key, wanted + " of at most 1e6");
      out.push_back(item.get<float>());
    }
    return out;
  }
  Result<const Json*> list(const char* key) const {
    FOVEA_ASSIGN(const Json* const value, need(key));
    if (!value->is_array() || value->empty() || value->size() > kMaxNames)
      return wrong(key, "a list of 1 to " + std::to_string(kMaxNames) + " objects");
    return value;
  }
  Error wrong(const std::string& key, const std::string& wanted) const {
    return input_error(where_ + ": '" + key + "' must be " + wanted);
  }

 private:
  Object(const Json& json, const std::string& where) : json_(json), where_(where) {}
  const Json& json_;
  std::string where_;
};

bool is_feature_name(const std::string& name) {
  return name.size() <= kMaxFeatureName && std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || std::strchr("_.-", c) != nullptr;
         });
}

Status read_inputs(const Object& root, const std::string& name, FrameNetwork& network) {
  FOVEA_ASSIGN(const Json* const inputs, root.list("inputs"));
  std::set<std::string> names;
  for (size_t i = 0; i < inputs->size(); ++i) {
    const std::string where = name + ", inputs " + std::to_string(i + 1);
    FOVEA_ASSIGN(const Object input, Object::open((*inputs)[i], where, {"name", "picture"}));
    FOVEA_ASSIGN(std::string text, input.text("name"));
    FOVEA_ASSIGN(const int picture, input.word("picture", {"reference", "distorted"}, -1));
    if (!names.insert(text).second) return input_error(where + ": a second input " + in_quotes(text));
    network.inputs.push_back({std::move(text), picture == 0});
  }
  return {};
}

Status read_outputs(const Object& root, const std::string& name, FrameNetwork& network) {
  FOVEA_ASSIGN(const Json* const outputs, root.list("outputs"));
  std::set<std::string> features;
  for (size_t i = 0; i < outputs->size(); ++i) {
    const std::string where = name + ", outputs " + std::to_string(i + 1);
    FOVEA_ASSIGN(const Object output, Object::open((*outputs)[i], where, {"name", "feature", "reduce"}));
    FOVEA_ASSIGN(std::string text, output.text("name"));
    FOVEA_ASSIGN(std::string feature, output.text("feature"));
    FOVEA_ASSIGN(const int reduce, output.word("reduce", {"none", "mean"}, 0));
    if (!is_feature_name(feature))
      return input_error(where + ": 'feature' is " + in_quotes(feature) +
                         "; up to 100 letters, digits, '_', '.' and '-' make a name");
    if (!features.insert(feature).second)
      return input_error(where + ": a second feature " + in_quotes(feature));
    network.outputs.push_back({std::move(text), std::move(feature), reduce == 1});
  }
  return {};
}

Status read_numbers(const Object& root, const std::string& name, dnn::PictureNumbers& numbers) {
  using dnn::Channels, dnn::Matrix;
  FOVEA_ASSIGN(const int layout, root.word("layout", {"luma", "ycbcr", "rgb", "rgb8"}, -1));
  numbers.channels = std::array{Channels::kLuma, Channels::kYcbcr, Channels::kRgb, Channels::kRgb8}[layout];
  FOVEA_ASSIGN(const std::vector<float> range, root.numbers("range", 2));
  if (!(range[0] < range[1])) return root.wrong("range", "two rising numbers");
  numbers.low = range[0];
  numbers.high = range[1];
  const size_t channels = static_cast<size_t>(numbers.channel_count());
  if (root.find("mean") != nullptr) {
    FOVEA_ASSIGN(const std::vector<float> mean, root.numbers("mean", channels));
    std::copy(mean.begin(), mean.end(), numbers.mean.begin());
  }
  if (root.find("std") != nullptr) {
    FOVEA_ASSIGN(const std::vector<float> std, root.numbers("std", channels));
    if (std::any_of(std.begin(), std.end(), [](float s) { return !(s >= 1e-6f); }))
      return root.wrong("std", "numbers of at least 1e-6");
    std::copy(std.begin(), std.end(), numbers.std.begin());
  }
  for (const char* key : {"matrix", "signal"}) {
    if (root.find(key) != nullptr && numbers.channels != Channels::kRgb)
      return input_error(name + ": '" + key + "' goes with the layout rgb only");
  }
  FOVEA_ASSIGN(const int matrix, root.word("matrix", {"bt601", "bt709", "bt2020"}, 1));
  numbers.matrix = std::array{Matrix::kBt601, Matrix::kBt709, Matrix::kBt2020}[matrix];
  FOVEA_ASSIGN(const int signal, root.word("signal", {"limited", "full"}, 0));
  numbers.full_range = signal == 1;
  return {};
}

Status read_rest(const Object& root, Sidecar& sidecar) {
  FOVEA_ASSIGN(const Json* const version, root.need("schema_version"));
  if (*version != 1) return root.wrong("schema_version", "1");
  if (root.find("min_size") != nullptr) {
    FOVEA_ASSIGN(const std::vector<float> size, root.numbers("min_size", 2));
    for (const float length : size) {
      if (!(length >= 1 && length <= kMaxSize) || length != std::floor(length))
        return root.wrong("min_size", "width and height, 1 to 32768");
    }
    sidecar.network.min_width_px = static_cast<int>(size[0]);
    sidecar.network.min_height_px = static_cast<int>(size[1]);
  }
  if (root.find("sha256") != nullptr) {
    FOVEA_ASSIGN(sidecar.sha256, root.text("sha256"));
    const std::string& hash = sidecar.sha256;
    if (hash.size() != 64 || hash.find_first_not_of("0123456789abcdef") != hash.npos)
      return root.wrong("sha256", "64 lower-case hexadecimal digits");
  }
  return {};
}

}  // namespace

std::string sidecar_path(const std::string& model_path) {
  std::filesystem::path path(model_path);
  if (path.extension() == ".onnx") return path.replace_extension(".json").string();
  return model_path + ".json";
}

Result<Sidecar> parse_sidecar(std::string_view text, const std::string& name) {
  Json json;
  try {
    json = Json::parse(text);
  } catch (const Json::parse_error& e) {
    return input_error(name + " is not JSON, at byte " + std::to_string(e.byte));
  } catch (const Json::exception&) {
    return input_error(name + " is not JSON: a number is out of range");
  }
  FOVEA_ASSIGN(const Object root,
               Object::open(json, name,
                            {"schema_version", "inputs", "outputs", "layout", "range", "mean", "std",
                             "matrix", "signal", "min_size", "sha256", "notes"}));
  Sidecar sidecar;
  FOVEA_TRY(read_rest(root, sidecar));
  FOVEA_TRY(read_numbers(root, name, sidecar.network.numbers));
  FOVEA_TRY(read_inputs(root, name, sidecar.network));
  FOVEA_TRY(read_outputs(root, name, sidecar.network));
  sidecar.network.metric = "onnx";
  return sidecar;
}

Result<Sidecar> read_sidecar(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    return input_error(path +
                       " is missing: a network needs a description of its inputs and outputs beside it");
  if (!std::filesystem::is_regular_file(status)) return input_error(path + " is not a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) return input_error(path + ": " + std::strerror(errno));
  std::string text(kMaxBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (text.size() > kMaxBytes) return input_error(path + " has more than 1 MiB");
  return parse_sidecar(text, path);
}

}  // namespace fovea::onnx
