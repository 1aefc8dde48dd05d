// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "arguments.h"

#include <getopt.h>

#include <cerrno>
#include <cstdlib>
#include <functional>
#include <map>

#include "score/presets.h"

namespace fovea::vmaf_tool {
namespace {

constexpr size_t kMaxItems = 32;  // of --model and of --feature
constexpr size_t kMaxArgumentBytes = 1024;

// One table: parser, usage text and "did you mean" come from it.
struct OptionRow {
  const char* name;
  char letter;           // 0: none
  const char* argument;  // nullptr: takes none
  const char* help;
};
constexpr OptionRow kOptions[] = {
    {"reference", 'r', "PATH", "reference: .y4m, raw yuv, or any container"},
    {"distorted", 'd', "PATH", "distorted: the same"},
    {"width", 'w', "PIXELS", "width of raw yuv"},
    {"height", 'h', "PIXELS", "height of raw yuv"},
    {"pixel_format", 'p', "420|422|444", "chroma of raw yuv"},
    {"bitdepth", 'b', "8|10|12|16", "bit depth of raw yuv"},
    {"model", 'm', "SPEC",
     "version=NAME | path=FILE, then :name=LABEL :disable_clip :enable_transform\n"
     ":EXTRACTOR.OPTION=VALUE; default version=vmaf_v0.6.1; repeatable"},
    {"output", 'o', "PATH", "report file"},
    {"xml", 0, nullptr, "report as XML (default)"},
    {"json", 0, nullptr, "report as JSON"},
    {"csv", 0, nullptr, "report as CSV"},
    {"sub", 0, nullptr, "report as subtitles"},
    {"threads", 0, "N", "threads in all; 0 or 1: one"},
    {"feature", 0, "SPEC", "NAME[=OPTION=VALUE[:OPTION=VALUE...]]; repeatable"},
    {"subsample", 0, "N", "score every N-th frame only"},
    {"cpumask", 0, "MASK",
     "instruction sets not to use: 1 SSE2 2 SSSE3 4 SSE4.1 8 AVX2 16 AVX-512 32 AVX-512 ICL"},
    {"gpumask", 0, "MASK", "accepted for compatibility; this build has no GPU code"},
    {"frame_cnt", 0, "N", "stop after N pairs"},
    {"frame_skip_ref", 0, "N", "drop the first N frames of the reference"},
    {"frame_skip_dist", 0, "N", "drop the first N frames of the distorted clip"},
    {"aom_ctc", 0, "v1.0 .. v7.0", "models and features of AOM's common test conditions"},
    {"nflx_ctc", 0, "v1.0", "models and features of Netflix's common test conditions"},
    {"precision", 0, "1..17|max|legacy", "significant digits of every score; legacy: six decimals"},
    {"no_prediction", 'n', nullptr, "features only"},
    {"quiet", 'q', nullptr, "no progress on a terminal"},
    {"version", 'v', nullptr, "print the version"},
    {"help", 0, nullptr, "print this text"},
    {"", 'c', "X", nullptr},  // accepted and ignored, as libvmaf's tool does
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

std::string shown(const OptionRow& row) {
  return (row.letter != 0 ? std::string("-") + row.letter + "/" : std::string()) + "--" + row.name;
}

Error bad_argument(const OptionRow& row, const std::string& text, const std::string& expected) {
  return usage_error("Invalid argument \"" + text + "\" for option " + shown(row) + "; should be " +
                     expected);
}

// C's strtoul with base 0, cut to 32 bits; the whole text must be used.
Result<unsigned> parse_unsigned(const OptionRow& row, const std::string& text) {
  char* end = nullptr;
  errno = 0;
  const unsigned long value = std::strtoul(text.c_str(), &end, 0);
  if (text.empty() || *end != '\0') return bad_argument(row, text, "an integer");
  return static_cast<unsigned>(value);
}

Result<ModelArgument> parse_model_spec(const std::string& argument) {
  ModelArgument model;
  model.text = argument;
  for (const std::string& item : split(argument.substr(0, kMaxArgumentBytes), ':')) {
    const std::vector<std::string> parts = split(item, '=');
    const std::string& key = parts[0];
    const bool has_value = parts.size() > 1;
    const std::string value = has_value ? parts[1] : "";
    if (key == "disable_clip") {
      model.flags.disable_clip = !has_value || value == "true";
    } else if (key == "enable_transform") {
      model.flags.enable_transform = !has_value || value == "true";
    } else if (!has_value) {
      return usage_error("Problem parsing model, bad option string \"" + item + "\".");
    } else if (key == "version") {
      model.version = value;
    } else if (key == "path") {
      model.path = value;
    } else if (key == "name") {
      model.name = value;
    } else if (const size_t dot = key.find('.'); dot != std::string::npos) {
      model.overloads.emplace_back(key.substr(0, dot),
                                   OptionMap{{key.substr(dot + 1), normalise_option_text(value)}});
    } else {
      return usage_error("Problem parsing model, bad option string \"" + item + "\".");
    }
  }
  return model;
}

Result<FeatureRequest> parse_feature_spec(const std::string& argument) {
  const std::string text = argument.substr(0, kMaxArgumentBytes);
  const size_t equals = text.find('=');
  FeatureRequest request;
  request.metric = text.substr(0, equals);
  if (equals == std::string::npos) return request;
  for (const std::string& item : split(text.substr(equals + 1), ':')) {
    const std::vector<std::string> parts = split(item, '=');
    if (parts.size() < 2) return usage_error("Problem parsing feature, bad option string \"" + item + "\".");
    request.options[parts[0]] = normalise_option_text(parts[1]);
  }
  return request;
}

// Presets add to what was given before them.
Status add_preset(const std::string& option, const std::string& version, Arguments& arguments) {
  const auto preset = find_preset((option == "aom_ctc" ? "aom-ctc-" : "nflx-ctc-") + version);
  if (version == "proposed") return usage_error("`--" + option + " proposed` is deprecated.");
  if (!preset.ok()) return usage_error("bad " + option + " version \"" + version + "\"");
  for (const Preset::Model& model : preset->models) {
    FOVEA_ASSIGN(const ModelArgument argument,
                 parse_model_spec("version=" + model.id + ":name=" + model.name));
    arguments.models.push_back(argument);
  }
  arguments.features.insert(arguments.features.end(), preset->features.begin(), preset->features.end());
  arguments.common_bit_depth = arguments.common_bit_depth || preset->common_bit_depth;
  return {};
}

// What getopt_long refused, with the nearest option's name.
Error refused_option(const std::string& word) {
  std::vector<std::string> names;
  for (const OptionRow& row : kOptions) {
    if (*row.name != '\0') names.emplace_back(row.name);
  }
  std::string plain = word.substr(std::min(word.find_first_not_of('-'), word.size()));
  plain = plain.substr(0, plain.find('='));
  std::string message = "unrecognized or incomplete option '" + word + "'";
  if (const std::string guess = near_miss(plain, names); !guess.empty())
    message += "; did you mean '--" + guess + "'?";
  return usage_error(std::move(message));
}

}  // namespace

Result<Arguments> parse_arguments(int argc, char** argv) {
  std::vector<option> long_options;
  std::string letters = ":";  // report a missing argument apart from an unknown option
  for (size_t i = 0; i < std::size(kOptions); ++i) {
    const OptionRow& row = kOptions[i];
    const int has_argument = row.argument != nullptr ? required_argument : no_argument;
    if (*row.name != '\0')
      long_options.push_back({row.name, has_argument, nullptr, 1000 + static_cast<int>(i)});
    if (row.letter != 0) letters += std::string(1, row.letter) + (row.argument != nullptr ? ":" : "");
  }
  long_options.push_back({nullptr, 0, nullptr, 0});

  Arguments a;
  Format raw;
  bool has_width = false, has_height = false, has_chroma = false, has_bit_depth = false;
  opterr = 0;
  optind = 1;
  while (true) {
    const int before = optind;
    const int code = getopt_long(argc, argv, letters.c_str(), long_options.data(), nullptr);
    if (code == -1) break;
    if (code == '?' || code == ':') return refused_option(argv[std::min(before, argc - 1)]);
    const OptionRow* row = nullptr;
    for (size_t i = 0; i < std::size(kOptions); ++i) {
      if (code == 1000 + static_cast<int>(i) || code == kOptions[i].letter) row = &kOptions[i];
    }
    const std::string name = row->name, value = optarg != nullptr ? optarg : "";
    const auto number = [&](auto& field) -> Status {
      FOVEA_ASSIGN(field, parse_unsigned(*row, value));
      return {};
    };
    if (name == "reference") {
      a.reference = value;
    } else if (name == "distorted") {
      a.distorted = value;
    } else if (name == "width" || name == "height") {
      unsigned pixels = 0;
      FOVEA_TRY(number(pixels));
      (name == "width" ? raw.width_px : raw.height_px) = static_cast<int>(std::min(pixels, 1u << 30));
      (name == "width" ? has_width : has_height) = true;
    } else if (name == "pixel_format") {
      if (value != "420" && value != "422" && value != "444")
        return bad_argument(*row, value, "a valid pixel format (420/422/444)");
      raw.chroma = value == "420" ? Chroma::k420 : value == "422" ? Chroma::k422 : Chroma::k444;
      has_chroma = true;
    } else if (name == "bitdepth") {
      unsigned bits = 0;
      FOVEA_TRY(number(bits));
      if (bits != 8 && bits != 10 && bits != 12 && bits != 16)
        return bad_argument(*row, value, "a valid bitdepth (8/10/12/16)");
      raw.bit_depth = static_cast<int>(bits);
      has_bit_depth = true;
    } else if (name == "model") {
      FOVEA_ASSIGN(ModelArgument model, parse_model_spec(value));
      a.models.push_back(std::move(model));
    } else if (name == "feature") {
      FOVEA_ASSIGN(FeatureRequest request, parse_feature_spec(value));
      a.features.push_back(std::move(request));
    } else if (name == "output") {
      a.output = value;
    } else if (name == "xml") {
      a.format = PeerFormat::kXml;
    } else if (name == "json") {
      a.format = PeerFormat::kJson;
    } else if (name == "csv") {
      a.format = PeerFormat::kCsv;
    } else if (name == "sub") {
      a.format = PeerFormat::kSub;
    } else if (name == "threads") {
      FOVEA_TRY(number(a.threads));
    } else if (name == "subsample") {
      FOVEA_TRY(number(a.subsample));
    } else if (name == "cpumask") {
      unsigned mask = 0;
      FOVEA_TRY(number(mask));
      a.cpumask = mask;
    } else if (name == "gpumask") {
      unsigned ignored = 0;
      FOVEA_TRY(number(ignored));
    } else if (name == "frame_cnt") {
      FOVEA_TRY(number(a.frame_count));
    } else if (name == "frame_skip_ref") {
      FOVEA_TRY(number(a.skip_ref));
    } else if (name == "frame_skip_dist") {
      FOVEA_TRY(number(a.skip_dis));
    } else if (name == "aom_ctc" || name == "nflx_ctc") {
      FOVEA_TRY(add_preset(name, value, a));
    } else if (name == "precision") {
      FOVEA_ASSIGN(a.number, NumberFormat::parse(value));
    } else if (name == "no_prediction") {
      a.no_prediction = true;
    } else if (name == "quiet") {
      a.quiet = true;
    } else if (name == "version") {
      a.show_version = true;
      return a;
    } else if (name == "help") {
      a.show_help = true;
      return a;
    }
  }

  if (a.reference.empty()) return usage_error("Reference .y4m or .yuv (-r/--reference) is required");
  if (a.distorted.empty()) return usage_error("Distorted .y4m or .yuv (-d/--distorted) is required");
  if (has_width || has_height || has_chroma || has_bit_depth) {
    if (!(has_width && has_height && has_chroma && has_bit_depth)) {
      return usage_error(
          "The following options are required for .yuv input: --width/-w, --height/-h, --pixel_format/-p, "
          "--bitdepth/-b");
    }
    if (raw.width_px < 1 || raw.height_px < 1) return usage_error("width and height must be at least 1");
    a.raw_format = raw;
  }
  if (a.models.size() > kMaxItems) return usage_error("A maximum of 32 models is supported");
  if (a.features.size() > kMaxItems) return usage_error("A maximum of 32 features is supported");
  if (a.models.empty() && !a.no_prediction) {
    FOVEA_ASSIGN(ModelArgument model, parse_model_spec(std::string("version=") + "vmaf_v0.6.1"));
    a.models.push_back(std::move(model));
  }
  for (size_t i = 0; i < a.models.size(); ++i) {
    for (size_t j = 0; j < i; ++j) {
      if (a.models[i].name == a.models[j].name) {
        return usage_error(
            "Each model should be uniquely named. Set using `--model` via the `:name=` option.");
      }
    }
  }
  return a;
}

std::string usage_text(const char* program) {
  std::string text = std::string("Usage: ") + program + " [options]\n\n";
  for (const OptionRow& row : kOptions) {
    if (row.help == nullptr) continue;
    std::string left = std::string(" --") + row.name;
    if (row.letter != 0) left += std::string("/-") + row.letter;
    if (row.argument != nullptr) left += std::string(" ") + row.argument;
    left.resize(std::max<size_t>(left.size() + 1, 32), ' ');
    for (const char* c = row.help; *c != '\0'; ++c) {
      left += *c;
      if (*c == '\n') left += std::string(32, ' ');
    }
    text += left + "\n";
  }
  return text;
}

}  // namespace fovea::vmaf_tool
