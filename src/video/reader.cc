// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/reader.h"

#include <string_view>
#include <utility>

#include "video/raw_reader.h"
#include "video/sniff.h"
#include "video/y4m_reader.h"

namespace fovea {
namespace {

Result<std::unique_ptr<Reader>> open_source(std::unique_ptr<ByteSource> source, const InputOptions& options,
                                            ContainerOpener container_opener) {
  if (options.raw_format) return open_raw(std::move(source), options);
  FOVEA_ASSIGN(const auto head, source->peek(kSniffBytes));
  const std::string name = source->name();
  if (head.empty()) return input_error(name + ": empty file");
  const char* kind = sniff_container(head);
  if (kind != nullptr && std::string_view(kind) == "y4m") return open_y4m(std::move(source), options);
  if (container_opener != nullptr) return container_opener(std::move(source), options);
  if (kind != nullptr) {
    return input_error(name + ": this is " + kind + ", and only y4m and raw yuv can be read here");
  }
  return input_error(name + ": not a y4m file; raw yuv needs its width, height, chroma format and bit depth");
}

}  // namespace

Result<int64_t> Reader::skip(int64_t frames) {
  int64_t done = 0;
  for (; done < frames; ++done) {
    FOVEA_ASSIGN(const auto frame, next());
    if (!frame) break;
  }
  return done;
}

Result<std::unique_ptr<Reader>> open_input(const InputOptions& options, ContainerOpener container_opener) {
  FOVEA_ASSIGN(auto source, ByteSource::open(options.path));
  return open_source(std::move(source), options, container_opener);
}

Result<std::vector<std::unique_ptr<Reader>>> open_inputs(const std::vector<InputOptions>& options,
                                                         ContainerOpener container_opener) {
  std::vector<std::unique_ptr<ByteSource>> sources;
  bool has_stdin = false;
  for (const InputOptions& o : options) {
    if (o.path == "-" && std::exchange(has_stdin, true)) {
      return usage_error("standard input can be read only once; give a file or a FIFO for the other input");
    }
    FOVEA_ASSIGN(auto source, ByteSource::open(o.path));
    sources.push_back(std::move(source));
  }
  std::vector<std::unique_ptr<Reader>> readers;
  for (size_t i = 0; i < options.size(); ++i) {
    FOVEA_ASSIGN(auto reader, open_source(std::move(sources[i]), options[i], container_opener));
    readers.push_back(std::move(reader));
  }
  return readers;
}

}  // namespace fovea
