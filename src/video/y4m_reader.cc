// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/y4m_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "base/memory.h"
#include "video/pool.h"
#include "video/y4m_chroma.h"

namespace fovea {
namespace {

static_assert(std::endian::native == std::endian::little,
              "two-byte samples are handed on as they are stored");

constexpr int kMaxDimension = 65535;
constexpr size_t kFrameLine = 6;         // "FRAME\n"
constexpr size_t kFrameLineLimit = 256;  // with parameters

// How the chroma of the file becomes the chroma of a frame.
enum class Convert { kNone, kMonoTo420, kPaldvTo420, kShift422, k411To422, kDropAlpha };

struct Layout {
  Chroma stored = Chroma::k420;  // shape of the planes in the file; k411To422 stores quarter-width chroma
  int bit_depth = 8;
  ChromaLocation location = ChromaLocation::kUnspecified;
  Convert convert = Convert::kNone;
};

// The value of a C tag. nullopt: not known.
std::optional<Layout> parse_chroma_tag(std::string_view tag) {
  struct Exact {
    std::string_view tag;
    Layout layout;
  };
  static constexpr Exact kExact[] = {
      {"420", {Chroma::k420, 8, ChromaLocation::kUnspecified}},
      {"420jpeg", {Chroma::k420, 8, ChromaLocation::kCenter}},
      {"420mpeg2", {Chroma::k420, 8, ChromaLocation::kLeft}},
      {"420paldv", {Chroma::k420, 8, ChromaLocation::kTopLeft, Convert::kPaldvTo420}},
      {"422", {Chroma::k422, 8, ChromaLocation::kLeft, Convert::kShift422}},
      {"411", {Chroma::k422, 8, ChromaLocation::kLeft, Convert::k411To422}},
      {"444", {Chroma::k444, 8}},
      {"444alpha", {Chroma::k444, 8, ChromaLocation::kUnspecified, Convert::kDropAlpha}},
      {"mono", {Chroma::k400, 8, ChromaLocation::kUnspecified, Convert::kMonoTo420}},
  };
  for (const Exact& e : kExact) {
    if (e.tag == tag) return e.layout;
  }
  struct Deep {
    std::string_view prefix;
    Chroma chroma;
    Convert convert;
  };
  static constexpr Deep kDeep[] = {{"420p", Chroma::k420, Convert::kNone},
                                   {"422p", Chroma::k422, Convert::kNone},
                                   {"444p", Chroma::k444, Convert::kNone},
                                   {"mono", Chroma::k400, Convert::kMonoTo420}};
  for (const Deep& d : kDeep) {
    if (!tag.starts_with(d.prefix)) continue;
    const std::string_view digits = tag.substr(d.prefix.size());
    int depth = 0;
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), depth);
    if (ec == std::errc() && end == digits.data() + digits.size() && depth > 8 && depth <= 16) {
      return Layout{d.chroma, depth, ChromaLocation::kUnspecified, d.convert};
    }
  }
  return std::nullopt;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (ec != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// A tag as it may be shown in a message.
std::string printable(std::string_view text) {
  std::string out(text.substr(0, 40));
  for (char& c : out) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return out + (text.size() > 40 ? "..." : "");
}

class Y4mReader final : public Reader {
 public:
  static Result<std::unique_ptr<Reader>> open(std::unique_ptr<ByteSource> source,
                                              const InputOptions& options);

  const StreamInfo& info() const override { return info_; }
  Result<std::optional<Frame>> next() override;
  Result<int64_t> skip(int64_t frames) override;
  void skip_chroma() override {
    without_chroma_ = true;
    pool_.emplace(luma_only(info_.format), FramePool::Rows::kTight);
  }

 private:
  Y4mReader(std::unique_ptr<ByteSource> source, StreamInfo info, Convert convert, Chroma stored, bool compat)
      : source_(std::move(source)), info_(std::move(info)), convert_(convert), is_compat_(compat) {
    const Format& f = info_.format;
    Format file = f;
    file.chroma = stored;
    for (int p = 0; p < file.plane_count(); ++p) {
      const int width = p > 0 && convert == Convert::k411To422 ? (f.width_px + 3) / 4 : file.plane_width(p);
      plane_bytes_[p] = size_t{1} * file.sample_bytes() * width * file.plane_height(p);
    }
    if (convert == Convert::kDropAlpha) plane_bytes_[3] = plane_bytes_[0];
    for (const size_t b : plane_bytes_) frame_bytes_ += b;
  }

  Status parse_frame_line(bool& is_end);
  Result<std::optional<Frame>> read_frame();
  Status read_planes(Frame& frame);
  Status read_luma(Frame& frame);
  Error truncated(int64_t found_bytes) const;
  std::string where() const { return info_.name + ": frame " + std::to_string(index_); }

  std::unique_ptr<ByteSource> source_;
  StreamInfo info_;
  Convert convert_;
  bool is_compat_;
  bool without_chroma_ = false;
  std::optional<FramePool> pool_;
  std::array<size_t, 4> plane_bytes_{};  // as stored: Y, Cb, Cr, alpha
  size_t frame_bytes_ = 0;
  AlignedBuffer<uint8_t> stored_;  // planes that are not handed on as they are
  int64_t index_ = 0;
  std::optional<Error> failed_;
  bool has_ended_ = false;
};

// Reads up to and including the newline, which is not returned.
Result<std::string> read_header_line(ByteSource& source) {
  std::string line;
  while (line.size() < kY4mHeaderLimit) {
    FOVEA_ASSIGN(const auto bytes, source.peek(ByteSource::kPeekBytes));
    if (bytes.empty())
      return input_error(source.name() + ": the y4m header has no end: the file stops after " +
                         std::to_string(line.size()) + " bytes");
    const void* newline = std::memchr(bytes.data(), '\n', bytes.size());
    const size_t n =
        newline ? static_cast<size_t>(static_cast<const uint8_t*>(newline) - bytes.data()) : bytes.size();
    if (line.size() + n >= kY4mHeaderLimit) break;
    line.append(reinterpret_cast<const char*>(bytes.data()), n);
    FOVEA_TRY(source.skip(static_cast<int64_t>(newline ? n + 1 : n)));
    if (newline) return line;
  }
  return input_error(source.name() + ": the y4m header is longer than " + std::to_string(kY4mHeaderLimit) +
                     " bytes");
}

Result<std::unique_ptr<Reader>> Y4mReader::open(std::unique_ptr<ByteSource> source,
                                                const InputOptions& options) {
  const std::string name = source->name();
  const auto fail = [&](const std::string& what) { return input_error(name + ": y4m header: " + what); };
  FOVEA_ASSIGN(const std::string header, read_header_line(*source));
  std::string_view rest = header;
  if (!rest.starts_with("YUV4MPEG")) return input_error(name + ": not a y4m file");

  StreamInfo info;
  info.name = name;
  info.container = "y4m";
  info.codec = "rawvideo";
  info.is_rereadable = source->is_regular();
  if (rest.size() < 9 || rest[8] != '2') info.notes.push_back("y4m version is not 2; read as if it were");
  rest.remove_prefix(std::min(rest.size(), rest.find(' ')));

  std::string_view chroma_tag = "420";
  bool has_rate = false;
  char interlace = '?';
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::string_view tag = rest.substr(0, rest.find(' '));
    rest.remove_prefix(tag.size());
    if (tag.empty()) continue;
    const std::string_view value = tag.substr(1);
    switch (tag[0]) {
      case 'W':
      case 'H': {
        const auto n = parse_integer(value);
        if (!n || *n < 1 || *n > kMaxDimension) {
          return fail("invalid size " + printable(tag) + "; it has to be 1 to " +
                      std::to_string(kMaxDimension));
        }
        (tag[0] == 'W' ? info.format.width_px : info.format.height_px) = static_cast<int>(*n);
        break;
      }
      case 'F': {
        const size_t colon = value.find(':');
        const auto num = parse_integer(value.substr(0, colon));
        const auto den = colon == value.npos ? std::nullopt : parse_integer(value.substr(colon + 1));
        if (!num || !den || *num < 1 || *den < 1) {
          return fail("invalid frame rate " + printable(tag) +
                      "; it has to be F<n>:<d> with both above zero");
        }
        info.frame_rate = {*num, *den};
        has_rate = true;
        break;
      }
      case 'I':
        interlace = value.empty() ? '?' : value[0];
        break;
      case 'C':
        chroma_tag = value;
        break;
      case 'X':
        if (value == "COLORRANGE=FULL") info.color.range = ColorRange::kFull;
        if (value == "COLORRANGE=LIMITED") info.color.range = ColorRange::kLimited;
        break;
      default:
        break;
    }
  }
  if (info.format.width_px == 0) return fail("no width (W tag)");
  if (info.format.height_px == 0) return fail("no height (H tag)");
  if (!has_rate) return fail("no frame rate (F tag)");
  if (interlace == '?') {
    info.notes.push_back("y4m header does not say that the frames are progressive; read as progressive");
  } else if (interlace != 'p') {
    return fail(std::string("interlaced video (I") + printable({&interlace, 1}) +
                ") is not supported; de-interlace both clips in the same way first");
  }
  const auto layout = parse_chroma_tag(chroma_tag);
  if (!layout) {
    return fail(
        "chroma type C" + printable(chroma_tag) +
        " is not supported; known are 420, 420jpeg, 420mpeg2, 420paldv, 422, 444, 444alpha, 411, mono, and "
        "420p, 422p, 444p, mono followed by a depth of 9 to 16");
  }
  Convert convert = layout->convert;
  if (!options.libvmaf_compat &&
      (convert == Convert::kMonoTo420 || convert == Convert::kPaldvTo420 || convert == Convert::kShift422)) {
    convert = Convert::kNone;
  }
  info.format.bit_depth = layout->bit_depth;
  info.format.chroma = convert == Convert::kMonoTo420 ? Chroma::k420 : layout->stored;
  info.color.chroma_location = layout->location;
  switch (convert) {
    case Convert::kNone:
      break;
    case Convert::kMonoTo420:
      info.notes.push_back("grey y4m is given neutral 4:2:0 chroma");
      break;
    case Convert::kPaldvTo420:
    case Convert::kShift422:
      info.notes.push_back("chroma of C" + std::string(chroma_tag) + " is filtered to jpeg siting");
      info.color.chroma_location = ChromaLocation::kCenter;
      break;
    case Convert::k411To422:
      info.notes.push_back("4:1:1 chroma is upsampled to 4:2:2");
      break;
    case Convert::kDropAlpha:
      info.notes.push_back("the alpha plane is ignored");
      break;
  }

  const int64_t size = source->size_bytes();
  const int64_t position = source->position();
  std::unique_ptr<Y4mReader> reader(
      new Y4mReader(std::move(source), std::move(info), convert, layout->stored, options.libvmaf_compat));
  StreamInfo& i = reader->info_;
  if (reader->source_->is_regular()) {
    const int64_t frame = static_cast<int64_t>(reader->frame_bytes_ + kFrameLine);
    const int64_t body = size - position;
    if (body < frame) {
      return input_error(name + ": no whole frame: " + describe(i.format) + " needs " +
                         std::to_string(frame) + " bytes a frame, and " +
                         std::to_string(std::max<int64_t>(0, body)) + " bytes follow the header");
    }
    // Frame lines may carry parameters; then the count is not to be had without reading.
    if (body % frame == 0) {
      i.frame_count = body / frame;
      i.duration_s = static_cast<double>(i.frame_count) / i.frame_rate.value();
    }
  }
  if (options.skip_frames > 0) {
    FOVEA_TRY(reader->skip(options.skip_frames));
    if (i.frame_count >= 0) i.frame_count = std::max<int64_t>(0, i.frame_count - options.skip_frames);
  }
  return std::unique_ptr<Reader>(std::move(reader));
}

// Consumes "FRAME...\n".
Status Y4mReader::parse_frame_line(bool& is_end) {
  is_end = false;
  FOVEA_ASSIGN(auto head, source_->peek(kFrameLine));
  if (head.size() == kFrameLine && std::memcmp(head.data(), "FRAME\n", kFrameLine) == 0) {
    FOVEA_TRY(source_->skip(kFrameLine));
    return {};
  }
  if (head.empty() || (is_compat_ && head.size() < kFrameLine)) {
    is_end = true;
    return {};
  }
  if (head.size() < kFrameLine) {
    return input_error(where() + ": truncated: " + std::to_string(head.size()) +
                       " stray bytes at the end of the file where a frame of " +
                       std::to_string(frame_bytes_) + " bytes would begin");
  }
  if (std::memcmp(head.data(), "FRAME", 5) != 0 || (head[5] != ' ' && head[5] != '\n')) {
    return input_error(where() + ": lost framing: expected FRAME at byte " +
                       std::to_string(source_->position()) + ", found \"" +
                       printable({reinterpret_cast<const char*>(head.data()), head.size()}) + "\"");
  }
  FOVEA_ASSIGN(head, source_->peek(kFrameLineLimit));
  const void* newline = std::memchr(head.data(), '\n', head.size());
  if (newline == nullptr) {
    return input_error(where() + ": the FRAME line at byte " + std::to_string(source_->position()) +
                       " has no end within " + std::to_string(head.size()) + " bytes");
  }
  FOVEA_TRY(source_->skip(static_cast<const uint8_t*>(newline) - head.data() + 1));
  return {};
}

Error Y4mReader::truncated(int64_t found_bytes) const {
  return input_error(where() + ": truncated: expected " + std::to_string(frame_bytes_) + " bytes, found " +
                     std::to_string(found_bytes));
}

Status Y4mReader::read_luma(Frame& frame) {
  FOVEA_ASSIGN(const size_t got, source_->read(mutable_row(frame, 0, 0), plane_bytes_[0]));
  int64_t bytes = static_cast<int64_t>(got);
  if (got == plane_bytes_[0]) {
    FOVEA_ASSIGN(const int64_t skipped, source_->skip(static_cast<int64_t>(frame_bytes_ - got)));
    bytes += skipped;
  }
  if (bytes < static_cast<int64_t>(frame_bytes_)) return truncated(bytes);
  frame.format = info_.format;
  return {};
}

Status Y4mReader::read_planes(Frame& frame) {
  // Which planes land in the frame, and which in stored_ to be converted or dropped.
  std::array<uint8_t*, 4> to{};
  size_t stored_bytes = 0;
  const auto keep = [&](int p) { to[p] = mutable_row(frame, p, 0); };
  const auto store = [&](int p) { stored_bytes += round_up(plane_bytes_[p], kAlignment); };
  keep(0);
  const bool is_filtered =
      convert_ == Convert::kPaldvTo420 || convert_ == Convert::kShift422 || convert_ == Convert::k411To422;
  for (int p = 1; p < 4; ++p) {
    if (plane_bytes_[p] == 0) continue;
    is_filtered || p == 3 ? store(p) : keep(p);
  }
  const Format& f = info_.format;
  const int chroma_w = f.plane_width(1);
  const int chroma_h = f.plane_height(1);
  const size_t between = convert_ == Convert::kPaldvTo420 ? static_cast<size_t>(chroma_w) * chroma_h : 0;
  if (stored_.size() < stored_bytes + between) {
    try {
      stored_ = AlignedBuffer<uint8_t>(stored_bytes + between);
    } catch (const std::bad_alloc&) {
      return unsupported_error(where() + ": not enough memory");
    }
  }
  size_t used = 0;
  std::array<iovec, 4> vectors;
  size_t count = 0;
  for (int p = 0; p < 4; ++p) {
    if (plane_bytes_[p] == 0) continue;
    if (to[p] == nullptr) {
      to[p] = stored_.data() + used;
      used += round_up(plane_bytes_[p], kAlignment);
    }
    vectors[count++] = {to[p], plane_bytes_[p]};
  }
  FOVEA_ASSIGN(const size_t got, source_->read(std::span(vectors.data(), count)));
  if (got < frame_bytes_) return truncated(static_cast<int64_t>(got));
  switch (convert_) {
    case Convert::kNone:
    case Convert::kDropAlpha:
      break;
    case Convert::kMonoTo420:
      for (int p = 1; p < 3; ++p) {
        const size_t samples = static_cast<size_t>(chroma_w) * chroma_h;
        if (f.sample_bytes() == 1) {
          std::memset(mutable_row(frame, p, 0), 128, samples);
        } else {
          uint16_t* row = reinterpret_cast<uint16_t*>(mutable_row(frame, p, 0));
          std::fill(row, row + samples, static_cast<uint16_t>(1u << (f.bit_depth - 1)));
        }
      }
      break;
    case Convert::kPaldvTo420:
      for (int p = 1; p < 3; ++p) {
        uint8_t* shifted = stored_.data() + stored_bytes;
        shift_chroma_right(to[p], shifted, chroma_w, chroma_h);
        (p == 1 ? shift_chroma_paldv_cb : shift_chroma_paldv_cr)(shifted, mutable_row(frame, p, 0), chroma_w,
                                                                 chroma_h);
      }
      break;
    case Convert::kShift422:
      for (int p = 1; p < 3; ++p) shift_chroma_right(to[p], mutable_row(frame, p, 0), chroma_w, chroma_h);
      break;
    case Convert::k411To422:
      for (int p = 1; p < 3; ++p) {
        upsample_chroma_411(to[p], (f.width_px + 3) / 4, mutable_row(frame, p, 0), chroma_w, chroma_h);
      }
      break;
  }
  return {};
}

Result<std::optional<Frame>> Y4mReader::read_frame() {
  bool is_end = false;
  FOVEA_TRY(parse_frame_line(is_end));
  if (is_end) return std::optional<Frame>();
  if (!pool_) pool_.emplace(info_.format, FramePool::Rows::kTight);
  FOVEA_ASSIGN(Frame frame, pool_->acquire());
  FOVEA_TRY(without_chroma_ ? read_luma(frame) : read_planes(frame));
  ++index_;
  return std::optional<Frame>(std::move(frame));
}

Result<std::optional<Frame>> Y4mReader::next() {
  if (failed_) return *failed_;
  if (has_ended_) return std::optional<Frame>();
  auto frame = read_frame();
  if (!frame.ok()) {
    failed_ = frame.error();
  } else if (!*frame) {
    has_ended_ = true;
  }
  return frame;
}

Result<int64_t> Y4mReader::skip(int64_t frames) {
  int64_t done = 0;
  while (done < frames && !has_ended_) {
    if (failed_) return *failed_;
    const auto step = [&]() -> Status {
      FOVEA_TRY(parse_frame_line(has_ended_));
      if (has_ended_) return {};
      FOVEA_ASSIGN(const int64_t got, source_->skip(static_cast<int64_t>(frame_bytes_)));
      if (got < static_cast<int64_t>(frame_bytes_)) return truncated(got);
      ++index_;
      ++done;
      return {};
    }();
    if (!step.ok()) {
      failed_ = step.error();
      return *failed_;
    }
  }
  return done;
}

}  // namespace

Result<std::unique_ptr<Reader>> open_y4m(std::unique_ptr<ByteSource> source, const InputOptions& options) {
  return Y4mReader::open(std::move(source), options);
}

}  // namespace fovea
