// SPDX-License-Identifier: BSD-2-Clause-Patent
// libFuzzer entry for the y4m and raw readers: no input may crash them, and a file must read like a pipe.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "video/diagnose.h"
#include "video/raw_reader.h"
#include "video/y4m_reader.h"

namespace {

using namespace fovea;

constexpr int64_t kMostSamples = 1 << 16;  // larger pictures only take the fuzzer's time

uint64_t digest(const Frame& frame) {
  uint64_t h = 14695981039346656037u;
  for (int p = 0; p < frame.format.plane_count(); ++p) {
    for (int y = 0; y < frame.format.plane_height(p); ++y) {
      const uint8_t* row = frame.planes[p].row_bytes(y);
      for (int i = 0; i < frame.format.plane_width(p) * frame.format.sample_bytes(); ++i) {
        h = (h ^ row[i]) * 1099511628211u;
      }
    }
  }
  return h;
}

struct Outcome {
  bool opened = false;
  std::vector<uint64_t> frames;
};

Outcome read(const std::vector<uint8_t>& bytes, const InputOptions& options, bool as_pipe) {
  Outcome out;
  auto source = ByteSource::from_memory(bytes, "fuzz", as_pipe);
  auto reader =
      options.raw_format ? open_raw(std::move(source), options) : open_y4m(std::move(source), options);
  if (!reader.ok()) return out;
  out.opened = true;
  const Format& f = (*reader)->info().format;
  if (int64_t{f.width_px} * f.height_px > kMostSamples) return out;
  while (true) {
    auto frame = (*reader)->next();
    if (!frame.ok() || !*frame) break;
    if (out.frames.size() < 4) (void)make_signature(**frame);
    out.frames.push_back(digest(**frame));
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 8) return 0;
  InputOptions options;
  options.libvmaf_compat = (data[0] & 1) != 0;
  options.skip_frames = (data[0] >> 1) & 3;
  const bool is_raw = (data[0] & 8) != 0;
  if (is_raw) {
    options.raw_format = Format{data[1], data[2], data[3] % 18, static_cast<Chroma>(data[4] % 4)};
  }
  std::vector<uint8_t> bytes(data + 8, data + size);
  if (!is_raw) bytes.insert(bytes.begin(), {'Y', 'U', 'V', '4', 'M', 'P', 'E', 'G'});
  const Outcome file = read(bytes, options, false);
  const Outcome pipe = read(bytes, options, true);
  // A file may be refused at once for its length; otherwise both give the same frames.
  if (file.opened && (!pipe.opened || file.frames != pipe.frames)) {
    std::fprintf(stderr, "a file and a pipe of the same bytes differ\n");
    std::abort();
  }
  return 0;
}
