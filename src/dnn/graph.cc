// SPDX-License-Identifier: BSD-2-Clause-Patent
// Field numbers are those of onnx.proto. A field that may stand once and stands twice is refused: readers
// differ in what they make of it.
#include "dnn/graph.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <utility>

#include "dnn/operators.h"
#include "dnn/wire.h"

namespace fovea::dnn {
namespace {

constexpr size_t kMaxTensors = 64;     // inputs, and outputs
constexpr size_t kMaxParts = 100'000;  // nodes, and weights
constexpr size_t kMaxRank = 8;
constexpr size_t kMaxNameBytes = 256;  // of inputs, outputs and files
constexpr size_t kMaxWeightFiles = 64;
constexpr int64_t kMaxDimension = int64_t{1} << 31;

// For messages: names come out of the file.
std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text.substr(0, 64)) out += c >= ' ' && c < 0x7F && c != '\'' ? c : '?';
  return out + (text.size() > 64 ? "...'" : "'");
}

int element_bytes(uint64_t type) {
  switch (type) {
    case 2:
    case 3:
    case 9:
      return 1;  // uint8, int8, bool
    case 4:
    case 5:
    case 10:
    case 16:
      return 2;  // uint16, int16, float16, bfloat16
    case 1:
    case 6:
    case 12:
      return 4;  // float, int32, uint32
    case 7:
    case 11:
    case 13:
      return 8;  // int64, double, uint64
    default:
      return 0;
  }
}

class Scanner {
 public:
  explicit Scanner(const std::string& name) : name_(name) {}

  Result<Graph> model(std::string_view bytes) {
    WireReader reader(bytes);
    std::string_view graph_bytes;
    for (WireField f; reader.next(f);) {
      switch (f.number) {
        case 1:
          graph_.ir_version = static_cast<int64_t>(f.value);
          break;
        case 7:
          FOVEA_TRY(once(f, "graph", graph_bytes));
          break;
        case 8:
          FOVEA_TRY(operator_set(f));
          break;
        case 20:
          return refuse("it has training information");
        case 25:
          return refuse("it defines functions");
        default:
          break;
      }
    }
    if (!reader.ok()) return malformed("the model");
    if (graph_bytes.data() == nullptr) return refuse("it has no graph");
    FOVEA_TRY(graph(graph_bytes));
    return std::move(graph_);
  }

 private:
  Error refuse(const std::string& what) const { return input_error(name_ + ": " + what); }
  Error malformed(const std::string& where) const {
    return refuse("this is no ONNX model (" + where + " is damaged)");
  }

  // A field of bytes that may stand once.
  Status once(const WireField& field, const char* what, std::string_view& out) const {
    if (field.type != WireField::kBytes || out.data() != nullptr) return malformed(what);
    out = field.bytes;
    return {};
  }
  Status message(const WireField& field, const char* what) const {
    if (field.type != WireField::kBytes) return malformed(what);
    return {};
  }

  Status operator_set(const WireField& field) {
    FOVEA_TRY(message(field, "an operator set"));
    std::string_view domain;
    int64_t version = 0;
    WireReader reader(field.bytes);
    for (WireField f; reader.next(f);) {
      if (f.number == 1) FOVEA_TRY(once(f, "an operator set", domain));
      if (f.number == 2) version = static_cast<int64_t>(f.value);
    }
    if (!reader.ok()) return malformed("an operator set");
    if (is_standard(domain)) graph_.opset = version;
    return {};
  }
  static bool is_standard(std::string_view domain) { return domain.empty() || domain == "ai.onnx"; }

  Status graph(std::string_view bytes) {
    size_t nodes = 0;
    WireReader reader(bytes);
    for (WireField f; reader.next(f);) {
      switch (f.number) {
        case 1:
          if (++nodes > kMaxParts) return refuse("it has too many operators");
          FOVEA_TRY(node(f));
          break;
        case 5:
          FOVEA_TRY(tensor(f, /*may_be_external=*/true));
          break;
        case 11:
          FOVEA_TRY(value_info(f, "an input", graph_.inputs));
          break;
        case 12:
          FOVEA_TRY(value_info(f, "an output", graph_.outputs));
          break;
        case 15:
          return refuse("it has sparse weights");
        default:
          break;
      }
    }
    if (!reader.ok()) return malformed("the graph");
    // Older files list weights among the inputs.
    std::erase_if(graph_.inputs, [&](const TensorSpec& input) { return weights_.count(input.name) != 0; });
    if (graph_.inputs.size() > kMaxTensors || graph_.outputs.size() > kMaxTensors) {
      return refuse("it has more than " + std::to_string(kMaxTensors) + " inputs or outputs");
    }
    if (graph_.outputs.empty()) return refuse("it has no outputs");
    return {};
  }

  Status node(const WireField& field) {
    FOVEA_TRY(message(field, "a node"));
    std::string_view type, domain;
    WireReader reader(field.bytes);
    for (WireField f; reader.next(f);) {
      switch (f.number) {
        case 4:
          FOVEA_TRY(once(f, "an operator", type));
          break;
        case 5:
          FOVEA_TRY(attribute(f));
          break;
        case 7:
          FOVEA_TRY(once(f, "an operator", domain));
          break;
        default:
          break;
      }
    }
    if (!reader.ok()) return malformed("a node");
    if (!is_standard(domain))
      return refuse("operator " + in_quotes(type) + " is of the domain " + in_quotes(domain) +
                    "; only standard ones are allowed");
    if (!is_allowed_operator(type)) return refuse("operator " + in_quotes(type) + " is not allowed");
    return {};
  }

  Status attribute(const WireField& field) {
    FOVEA_TRY(message(field, "an attribute"));
    WireReader reader(field.bytes);
    for (WireField f; reader.next(f);) {
      switch (f.number) {
        case 5:
        case 10:
          FOVEA_TRY(tensor(f, /*may_be_external=*/false));
          break;
        case 6:
        case 11:
          return refuse("a node contains a graph; control flow is not allowed");
        case 21:
          return refuse("an attribute refers to another");
        case 22:
        case 23:
          return refuse("it has sparse weights");
        default:
          break;
      }
    }
    if (!reader.ok()) return malformed("an attribute");
    return {};
  }

  Status tensor(const WireField& field, bool may_be_external) {
    FOVEA_TRY(message(field, "a tensor"));
    std::string_view name;
    uint64_t type = 0, location = 0;
    uint64_t elements = 1;
    bool fits = true;
    const auto dimension = [&](uint64_t size) {
      fits = fits && !__builtin_mul_overflow(elements, size, &elements) && elements <= uint64_t{1} << 40;
    };
    std::vector<std::pair<std::string_view, std::string_view>> external;
    WireReader reader(field.bytes);
    for (WireField f; reader.next(f);) {
      switch (f.number) {
        case 1:
          if (f.type == WireField::kNumber) {
            dimension(f.value);
          } else if (f.type == WireField::kBytes) {
            FOVEA_TRY(numbers(f.bytes, "a tensor's shape", dimension));
          }
          break;
        case 2:
          type = f.value;
          break;
        case 8:
          FOVEA_TRY(once(f, "a tensor", name));
          break;
        case 13:
          FOVEA_TRY(entry(f, external));
          break;
        case 14:
          location = f.value;
          break;
        default:
          break;
      }
    }
    if (!reader.ok()) return malformed("a tensor");
    if (may_be_external && weights_.insert(name).second && weights_.size() > kMaxParts)
      return refuse("it has too many weights");
    if (external.empty() && location == 0) return {};
    if (!may_be_external) return refuse("a constant is kept in another file");
    if (!fits || element_bytes(type) == 0)
      return refuse("weight " + in_quotes(name) + " cannot be kept in another file");
    return weight_file(name, external, elements * element_bytes(type));
  }

  // The numbers of a packed field.
  template <class Use>
  Status numbers(std::string_view packed, const char* what, Use&& use) const {
    while (!packed.empty()) {
      uint64_t value = 0;
      int shift = 0;
      for (;; shift += 7) {
        if (packed.empty() || shift > 63) return malformed(what);
        const uint64_t byte = static_cast<uint8_t>(packed.front());
        packed.remove_prefix(1);
        value |= (byte & 0x7F) << shift;
        if (byte < 0x80) break;
      }
      use(value);
    }
    return {};
  }

  Status entry(const WireField& field,
               std::vector<std::pair<std::string_view, std::string_view>>& out) const {
    FOVEA_TRY(message(field, "a tensor's place"));
    std::string_view key, value;
    WireReader reader(field.bytes);
    for (WireField f; reader.next(f);) {
      if (f.number == 1) FOVEA_TRY(once(f, "a tensor's place", key));
      if (f.number == 2) FOVEA_TRY(once(f, "a tensor's place", value));
    }
    if (!reader.ok() || out.size() == 8) return malformed("a tensor's place");
    out.emplace_back(key, value);
    return {};
  }

  Status weight_file(std::string_view weight,
                     const std::vector<std::pair<std::string_view, std::string_view>>& external,
                     uint64_t bytes) {
    std::string_view file;
    uint64_t offset = 0, length = bytes;
    for (const auto& [key, value] : external) {
      if (key == "location") {
        if (file.data() != nullptr) return malformed("a tensor's place");
        file = value;
      } else if (key == "offset" || key == "length") {
        uint64_t& number = key == "offset" ? offset : length;
        const auto [end, status] = std::from_chars(value.data(), value.data() + value.size(), number);
        if (status != std::errc{} || end != value.data() + value.size()) return malformed("a tensor's place");
      } else if (key != "checksum") {
        return refuse("weight " + in_quotes(weight) + " has an unknown kind of place, " + in_quotes(key));
      }
    }
    if (length != bytes)
      return refuse("weight " + in_quotes(weight) + " has " + std::to_string(bytes) + " bytes, but " +
                    std::to_string(length) + " in its file");
    // A plain name: no folders, no links out of here, and none of the marks that a runtime may give a
    // meaning.
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::strchr("._- +@", c) != nullptr;
    };
    if (file.empty() || file.size() > kMaxNameBytes || file.front() == '.' || file.find('\0') != file.npos ||
        !std::all_of(file.begin(), file.end(), plain)) {
      return refuse("weight " + in_quotes(weight) + " is kept in " + in_quotes(file) +
                    "; only a plain file name beside the model is allowed");
    }
    if (offset > kMaxModelBytes || offset + bytes > kMaxModelBytes) {
      return refuse("weight " + in_quotes(weight) + " lies beyond the first " +
                    std::to_string(kMaxModelBytes >> 20) + " MiB of its file");
    }
    uint64_t& end = graph_.weight_files[std::string(file)];
    end = std::max(end, offset + bytes);
    if (graph_.weight_files.size() > kMaxWeightFiles) return refuse("its weights are kept in too many files");
    return {};
  }

  Status value_info(const WireField& field, const char* what, std::vector<TensorSpec>& out) {
    FOVEA_TRY(message(field, what));
    std::string_view name, type;
    WireReader reader(field.bytes);
    for (WireField f; reader.next(f);) {
      if (f.number == 1) FOVEA_TRY(once(f, what, name));
      if (f.number == 2) FOVEA_TRY(once(f, what, type));
    }
    if (!reader.ok()) return malformed(what);
    if (name.empty() || name.size() > kMaxNameBytes || name.find('\0') != name.npos)
      return refuse(std::string(what) + " has no usable name");
    TensorSpec spec;
    spec.name = std::string(name);
    FOVEA_TRY(tensor_type(type, spec));
    if (out.size() == kMaxParts) return refuse("it has too many inputs or outputs");
    out.push_back(std::move(spec));
    return {};
  }

  Status tensor_type(std::string_view type, TensorSpec& spec) const {
    std::string_view tensor;
    WireReader reader(type);
    for (WireField f; reader.next(f);) {
      if (f.number == 1) FOVEA_TRY(once(f, "a type", tensor));
      if (f.number != 1 && f.number != 6) return refuse(in_quotes(spec.name) + " is not a tensor");
    }
    if (!reader.ok()) return malformed("a type");
    if (tensor.data() == nullptr) return refuse(in_quotes(spec.name) + " has no type");
    std::string_view shape;
    WireReader fields(tensor);
    for (WireField f; fields.next(f);) {
      if (f.number == 1) spec.element_type = static_cast<int>(std::min<uint64_t>(f.value, 255));
      if (f.number == 2) FOVEA_TRY(once(f, "a shape", shape));
    }
    if (!fields.ok()) return malformed("a type");
    if (shape.data() == nullptr) return {};
    spec.shape.emplace();
    WireReader dimensions(shape);
    for (WireField f; dimensions.next(f);) {
      if (f.number != 1) continue;
      FOVEA_TRY(message(f, "a shape"));
      int64_t size = -1;
      WireReader dimension(f.bytes);
      for (WireField d; dimension.next(d);) {
        if (d.number == 1) size = static_cast<int64_t>(d.value);
      }
      if (!dimension.ok()) return malformed("a shape");
      if (size < -1 || size > kMaxDimension)
        return refuse(in_quotes(spec.name) + " has a size that cannot be");
      spec.shape->push_back(size);
      if (spec.shape->size() > kMaxRank)
        return refuse(in_quotes(spec.name) + " has more than " + std::to_string(kMaxRank) + " dimensions");
    }
    if (!dimensions.ok()) return malformed("a shape");
    return {};
  }

  const std::string& name_;
  Graph graph_;
  std::set<std::string_view> weights_;
};

// A regular file of at most `limit` bytes.
Result<std::string> read_regular_file(const std::string& path, int flags, size_t limit) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | flags);
  if (fd < 0) {
    if (errno == ELOOP && (flags & O_NOFOLLOW) != 0)
      return input_error(path + " is a link; a file beside the model is needed");
    return input_error(path + ": " + std::strerror(errno));
  }
  struct Close {
    int fd;
    ~Close() { ::close(fd); }
  } close{fd};
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return input_error(path + " is not a file");
  if (static_cast<uint64_t>(info.st_size) > limit) {
    return input_error(path + ": a model and its weights may have " + std::to_string(kMaxModelBytes >> 20) +
                       " MiB, this is more");
  }
  std::string content(static_cast<size_t>(info.st_size), '\0');
  size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(fd, content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return input_error(path + ": " + std::strerror(errno));
    if (got == 0) break;
    done += static_cast<size_t>(got);
  }
  content.resize(done);
  return content;
}

}  // namespace

std::string describe(const TensorSpec& tensor) {
  static constexpr const char* kTypes[] = {"",      "float32", "uint8", "int8", "uint16",  "int16",
                                           "int32", "int64",   "text",  "bool", "float16", "float64"};
  std::string out = in_quotes(tensor.name) + " ";
  if (tensor.shape) {
    out += "[";
    for (size_t i = 0; i < tensor.shape->size(); ++i) {
      out += (i > 0 ? ", " : "") +
             ((*tensor.shape)[i] < 0 ? std::string("?") : std::to_string((*tensor.shape)[i]));
    }
    out += "] ";
  }
  const bool known = tensor.element_type > 0 && tensor.element_type < static_cast<int>(std::size(kTypes));
  return out + (known ? kTypes[tensor.element_type] : "of another type");
}

Result<Graph> scan_graph(std::string_view bytes, const std::string& name) {
  if (bytes.empty()) return input_error(name + " is empty");
  return Scanner(name).model(bytes);
}

Status check_place(const std::string& path) {
  const char* const folder = secure_getenv("VMAF_TINY_MODEL_DIR");
  if (folder == nullptr || *folder == '\0') return {};
  std::error_code missing, not_there;
  const auto allowed = std::filesystem::canonical(folder, not_there);
  const auto place = std::filesystem::canonical(path, missing);
  if (missing) return {};  // opening it says why
  const bool inside =
      !not_there &&
      std::mismatch(allowed.begin(), allowed.end(), place.begin(), place.end()).first == allowed.end();
  if (inside && allowed != place) return {};
  return input_error(path + " is not in VMAF_TINY_MODEL_DIR=" + folder);
}

Result<GraphFile> read_graph_file(const std::string& path) {
  FOVEA_TRY(check_place(path));
  GraphFile file;
  file.path = path;
  FOVEA_ASSIGN(file.bytes, read_regular_file(path, 0, kMaxModelBytes));
  FOVEA_ASSIGN(file.graph, scan_graph(file.bytes, path));
  size_t left = kMaxModelBytes - file.bytes.size();
  for (const auto& [name, end] : file.graph.weight_files) {
    const std::string place = (std::filesystem::path(path).parent_path() / name).string();
    FOVEA_ASSIGN(std::string content, read_regular_file(place, O_NOFOLLOW, left));
    if (content.size() < end) {
      return input_error(place + " has " + std::to_string(content.size()) + " bytes, but the model " + path +
                         " uses " + std::to_string(end));
    }
    left -= content.size();
    file.weights.emplace(name, std::move(content));
  }
  return file;
}

}  // namespace fovea::dnn
