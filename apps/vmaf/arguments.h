// SPDX-License-Identifier: BSD-2-Clause-Patent
// The command line of libvmaf's `vmaf` tool, and that of its fork's scoring options.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "models/model.h"
#include "report/peer_formats.h"
#include "score/session.h"
#include "video/frame.h"

namespace fovea::vmaf_tool {

// version=NAME or path=FILE, name=LABEL, flags, EXTRACTOR.OPTION=VALUE, separated by ':'.
struct ModelArgument {
  std::string text;  // as given
  std::string version;
  std::string path;
  std::string name = kDefaultModelName;
  LoadFlags flags;
  std::vector<std::pair<std::string, OptionMap>> overloads;  // extractor -> options
  // What the terminal's summary calls it.
  const std::string& source() const { return version.empty() ? path : version; }
};

struct Arguments {
  std::string reference;
  std::string distorted;
  std::optional<Format> raw_format;
  std::vector<ModelArgument> models;
  std::vector<FeatureRequest> features;
  std::string output;
  PeerFormat format = PeerFormat::kXml;
  NumberFormat number;
  unsigned threads = 0;
  unsigned subsample = 0;
  uint64_t cpumask = 0;
  unsigned frame_count = 0;
  unsigned skip_ref = 0;
  unsigned skip_dis = 0;
  bool common_bit_depth = false;  // shallower input is raised to the deeper one's bit depth
  bool no_prediction = false;
  bool quiet = false;
  bool show_version = false;
  bool show_help = false;
};

// Errors (kUsage) carry the message that stands above the usage text.
Result<Arguments> parse_arguments(int argc, char** argv);
std::string usage_text(const char* program);

}  // namespace fovea::vmaf_tool
