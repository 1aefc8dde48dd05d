// SPDX-License-Identifier: BSD-2-Clause-Patent
// Written against what FFmpeg 4.4 to 8 have in common.
#include "video/libav/libav_reader.h"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <set>
#include <utility>

#include "base/thread_pool.h"
#include "video/libav/av_api.h"
#include "video/pool.h"

namespace fovea {
namespace {

std::string reason(int error) {
  char text[AV_ERROR_MAX_STRING_SIZE] = "";
  av.av_strerror(error, text, sizeof(text));
  return text;
}

// ---------------------------------------------------------------------------------------------------------------
// FFmpeg logs to standard error through one callback for the whole process. Messages that arise in our calls,
// or in the threads of our decoders, are kept for error texts instead; all others go where they went.

struct LogSink {
  std::mutex mutex;
  int64_t errors = 0;
  std::string last;  // the last message of level error or worse

  std::string take_last() {
    const std::lock_guard lock(mutex);
    return last.empty() ? "" : " (" + last + ")";
  }
  int64_t error_count() {
    const std::lock_guard lock(mutex);
    return errors;
  }
};

thread_local LogSink* tl_sink = nullptr;

struct SinkRegistry {
  std::mutex mutex;
  std::set<const void*> sinks;
};
SinkRegistry& sink_registry() {
  static SinkRegistry registry;
  return registry;
}

void log_callback(void* context, int level, const char* format, va_list args) {
  LogSink* sink = tl_sink;
  std::unique_lock<std::mutex> registry_lock;
  if (sink == nullptr && context != nullptr) {
    const AVClass* cls = *static_cast<AVClass**>(context);
    if (cls != nullptr && std::strcmp(cls->class_name, "AVCodecContext") == 0) {
      void* opaque = static_cast<AVCodecContext*>(context)->opaque;
      registry_lock = std::unique_lock(sink_registry().mutex);
      if (sink_registry().sinks.count(opaque) > 0) sink = static_cast<LogSink*>(opaque);
    }
  }
  if (sink == nullptr) {
    av.av_log_default_callback(context, level, format, args);
    return;
  }
  if (level > AV_LOG_ERROR) return;
  char text[256];
  std::vsnprintf(text, sizeof(text), format, args);
  std::string line(text);
  while (!line.empty() && (line.back() == '\n' || line.back() == ' ')) line.pop_back();
  const std::lock_guard lock(sink->mutex);
  ++sink->errors;
  if (!line.empty()) sink->last = std::move(line);
}

class SinkScope {
 public:
  explicit SinkScope(LogSink* sink) : before_(std::exchange(tl_sink, sink)) {}
  ~SinkScope() { tl_sink = before_; }
  SinkScope(const SinkScope&) = delete;
  SinkScope& operator=(const SinkScope&) = delete;

 private:
  LogSink* before_;
};

// ---------------------------------------------------------------------------------------------------------------

struct FrameDeleter {
  void operator()(AVFrame* f) const { av.av_frame_free(&f); }
};
using AvFramePtr = std::unique_ptr<AVFrame, FrameDeleter>;
struct UnrefFrame {
  void operator()(AvFramePtr& f) const { av.av_frame_unref(f.get()); }
};

struct PacketDeleter {
  void operator()(AVPacket* p) const { av.av_packet_free(&p); }
};
struct CodecDeleter {
  void operator()(AVCodecContext* c) const { av.avcodec_free_context(&c); }
};
struct FormatDeleter {
  void operator()(AVFormatContext* f) const { av.avformat_close_input(&f); }
};
struct IoDeleter {
  void operator()(AVIOContext* io) const {
    av.av_freep(&io->buffer);
    av.avio_context_free(&io);
  }
};

// How the planes of a pixel format become ours.
struct PixelLayout {
  Chroma chroma = Chroma::k420;
  int bit_depth = 8;
  bool is_direct = false;  // planes can be handed on as they are
  bool has_alpha = false;
};

// Error text: why frames of this pixel format cannot be compared.
Result<PixelLayout> pixel_layout(int pixel_format) {
  const AVPixFmtDescriptor* d = av.av_pix_fmt_desc_get(static_cast<AVPixelFormat>(pixel_format));
  if (d == nullptr) return unsupported_error("unknown pixel format " + std::to_string(pixel_format));
  const std::string name = d->name;
  if (d->flags & AV_PIX_FMT_FLAG_RGB) {
    return unsupported_error(
        name +
        " is RGB; the metrics are defined on YUV: convert both clips to YUV with one named "
        "matrix first");
  }
  PixelLayout out;
  const int colors = d->nb_components >= 3 ? 3 : 1;
  out.has_alpha = (d->flags & AV_PIX_FMT_FLAG_ALPHA) != 0;
  out.bit_depth = d->comp[0].depth;
  bool fits = (d->flags & (AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL |
                           AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_FLOAT)) == 0 &&
              out.bit_depth >= 8 && out.bit_depth <= 16 && std::strncmp(d->name, "xyz", 3) != 0 &&
              !((d->flags & AV_PIX_FMT_FLAG_BE) != 0 && out.bit_depth > 8);
  const int sample_bytes = out.bit_depth > 8 ? 2 : 1;
  out.is_direct = true;
  for (int c = 0; c < colors; ++c) {
    fits = fits && d->comp[c].depth == out.bit_depth && d->comp[c].shift + out.bit_depth <= 8 * sample_bytes;
    out.is_direct = out.is_direct && d->comp[c].plane == c && d->comp[c].shift == 0 &&
                    d->comp[c].offset == 0 && d->comp[c].step == sample_bytes;
  }
  if (colors == 1) {
    out.chroma = Chroma::k400;
  } else if (d->log2_chroma_w == 1 && d->log2_chroma_h == 1) {
    out.chroma = Chroma::k420;
  } else if (d->log2_chroma_w == 1 && d->log2_chroma_h == 0) {
    out.chroma = Chroma::k422;
  } else if (d->log2_chroma_w == 0 && d->log2_chroma_h == 0) {
    out.chroma = Chroma::k444;
  } else {
    fits = false;
  }
  if (!fits) {
    return unsupported_error("pixel format " + name +
                             " is not supported; convert to 4:0:0, 4:2:0, 4:2:2 or 4:4:4 "
                             "YUV of 8 to 16 bits first");
  }
  return out;
}

template <class In, class Out>
void gather_row(const uint8_t* src, int step, int shift, Out* dst, int width) {
  for (int x = 0; x < width; ++x, src += step) {
    In value;
    std::memcpy(&value, src, sizeof(value));
    dst[x] = static_cast<Out>(value >> shift);
  }
}

ColorInfo color_info(const AVFrame& f, const AVCodecParameters& par) {
  ColorInfo c;
  const auto or_else = [](int a, int unset, int b) { return a != unset ? a : b; };
  const AVColorRange range =
      static_cast<AVColorRange>(or_else(f.color_range, AVCOL_RANGE_UNSPECIFIED, par.color_range));
  c.range = range == AVCOL_RANGE_JPEG   ? ColorRange::kFull
            : range == AVCOL_RANGE_MPEG ? ColorRange::kLimited
                                        : ColorRange::kUnspecified;
  switch (f.format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
      c.range = ColorRange::kFull;
      break;
    default:
      break;
  }
  // FFmpeg's values are those of H.273.
  c.matrix = or_else(f.colorspace, AVCOL_SPC_UNSPECIFIED, par.color_space);
  c.primaries = or_else(f.color_primaries, AVCOL_PRI_UNSPECIFIED, par.color_primaries);
  c.transfer = or_else(f.color_trc, AVCOL_TRC_UNSPECIFIED, par.color_trc);
  switch (or_else(f.chroma_location, AVCHROMA_LOC_UNSPECIFIED, par.chroma_location)) {
    case AVCHROMA_LOC_LEFT:
      c.chroma_location = ChromaLocation::kLeft;
      break;
    case AVCHROMA_LOC_CENTER:
      c.chroma_location = ChromaLocation::kCenter;
      break;
    case AVCHROMA_LOC_TOPLEFT:
      c.chroma_location = ChromaLocation::kTopLeft;
      break;
    case AVCHROMA_LOC_TOP:
      c.chroma_location = ChromaLocation::kTop;
      break;
    case AVCHROMA_LOC_BOTTOMLEFT:
      c.chroma_location = ChromaLocation::kBottomLeft;
      break;
    case AVCHROMA_LOC_BOTTOM:
      c.chroma_location = ChromaLocation::kBottom;
      break;
    default:
      break;
  }
  return c;
}

bool is_interlaced(const AVFrame& f) {
#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(58, 7, 100)
  return (f.flags & AV_FRAME_FLAG_INTERLACED) != 0;
#else
  return f.interlaced_frame != 0;
#endif
}

class LibavReader final : public Reader {
 public:
  LibavReader(std::unique_ptr<ByteSource> source, const InputOptions& options)
      : source_(std::move(source)), is_tolerant_(options.allow_corrupt) {
    const std::lock_guard lock(sink_registry().mutex);
    sink_registry().sinks.insert(sink_.get());
  }
  ~LibavReader() override {
    codec_.reset();  // joins its threads
    const std::lock_guard lock(sink_registry().mutex);
    sink_registry().sinks.erase(sink_.get());
  }

  Status open(const InputOptions& options);
  const StreamInfo& info() const override { return info_; }
  Result<std::optional<Frame>> next() override;

 private:
  static int read_bytes(void* self, uint8_t* to, int size);
  static int64_t seek_bytes(void* self, int64_t offset, int whence);
  // A container may name other files (playlists, references); none is followed.
  static int refuse_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
    return AVERROR(EPERM);
  }

  Status open_decoder(const InputOptions& options);
  Status describe_stream(const AVFrame& first);
  Result<bool> decode(AVFrame* to);
  Result<Frame> convert(std::shared_ptr<AvFramePtr> decoded);
  void note_the_end();
  Error corrupt(const std::string& what) {
    return input_error(source_->name() + ": frame " + std::to_string(decoded_) + ": " + what +
                       sink_->take_last());
  }

  std::unique_ptr<ByteSource> source_;
  bool is_tolerant_ = false;
  StreamInfo info_;
  std::unique_ptr<LogSink> sink_ = std::make_unique<LogSink>();
  std::optional<Error> source_error_;  // of the file below, which FFmpeg would reduce to a number
  std::unique_ptr<AVIOContext, IoDeleter> io_;
  std::unique_ptr<AVFormatContext, FormatDeleter> format_;
  std::unique_ptr<AVCodecContext, CodecDeleter> codec_;
  std::unique_ptr<AVPacket, PacketDeleter> packet_;
  const AVStream* stream_ = nullptr;
  ObjectPool<AvFramePtr, UnrefFrame> frames_;
  std::optional<FramePool> copies_;  // for pixel formats that cannot be handed on
  PixelLayout layout_;
  int pixel_format_ = -1;
  std::optional<Frame> pending_;  // decoded when opening
  int64_t decoded_ = 0;           // frames that came out of the decoder
  int64_t concealed_ = 0;
  bool is_draining_ = false;
  std::optional<Error> end_error_;  // to be told once the decoder is empty
  bool has_ended_ = false;
  std::optional<Error> failed_;
};

int LibavReader::read_bytes(void* self, uint8_t* to, int size) {
  auto* reader = static_cast<LibavReader*>(self);
  auto got = reader->source_->read(to, static_cast<size_t>(size));
  if (!got.ok()) {
    reader->source_error_ = got.error();
    return AVERROR(EIO);
  }
  return *got == 0 ? AVERROR_EOF : static_cast<int>(*got);
}

int64_t LibavReader::seek_bytes(void* self, int64_t offset, int whence) {
  auto* reader = static_cast<LibavReader*>(self);
  ByteSource& source = *reader->source_;
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE:
      return source.size_bytes();
    case SEEK_SET:
      break;
    case SEEK_CUR:
      offset += source.position();
      break;
    case SEEK_END:
      offset += source.size_bytes();
      break;
    default:
      return AVERROR(EINVAL);
  }
  if (offset < 0 || !source.seek(offset).ok()) return AVERROR(EINVAL);
  return offset;
}

Status LibavReader::open(const InputOptions& options) {
  const SinkScope scope(sink_.get());
  const std::string& name = source_->name();
  constexpr int kIoBytes = 1 << 16;
  auto* buffer = static_cast<uint8_t*>(av.av_malloc(kIoBytes));
  if (buffer == nullptr) return internal_error(name + ": out of memory");
  io_.reset(av.avio_alloc_context(buffer, kIoBytes, 0, this, &read_bytes, nullptr,
                                  source_->is_regular() ? &seek_bytes : nullptr));
  packet_.reset(av.av_packet_alloc());
  AVFormatContext* format = av.avformat_alloc_context();
  if (!io_ || !packet_ || format == nullptr) {
    av.avformat_free_context(format);
    return internal_error(name + ": out of memory");
  }
  io_->seekable = source_->is_regular() ? AVIO_SEEKABLE_NORMAL : 0;
  format->pb = io_.get();
  format->flags |= AVFMT_FLAG_CUSTOM_IO;
  format->io_open = &refuse_open;
  // Every coded picture counts, whatever an edit list says.
  AVDictionary* settings = nullptr;
  av.av_dict_set(&settings, "ignore_editlist", "1", 0);
  av.av_dict_set(&settings, "advanced_editlist", "0", 0);
  // No name: the bytes alone decide, not the extension. A failure frees `format`.
  int status = av.avformat_open_input(&format, "", nullptr, &settings);
  av.av_dict_free(&settings);
  if (status < 0) {
    if (source_error_) return *source_error_;
    if (status != AVERROR_INVALIDDATA) return input_error(name + ": " + reason(status) + sink_->take_last());
    return input_error(name +
                       ": not a video: neither y4m nor a container or elementary stream that FFmpeg knows" +
                       sink_->take_last() + "; raw yuv needs its width, height, chroma format and bit depth");
  }
  format_.reset(format);
  status = av.avformat_find_stream_info(format, nullptr);
  if (status < 0)
    return source_error_ ? *source_error_ : input_error(name + ": " + reason(status) + sink_->take_last());

  int videos = 0;
  for (unsigned i = 0; i < format->nb_streams; ++i) {
    AVStream* s = format->streams[i];
    const bool is_picture =
        (s->disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_TIMED_THUMBNAILS)) != 0;
    const bool is_video = s->codecpar->codec_type == AVMEDIA_TYPE_VIDEO && !is_picture;
    if (is_video && ++videos == 1) {
      stream_ = s;
    } else {
      s->discard = AVDISCARD_ALL;
    }
  }
  if (stream_ == nullptr) {
    return input_error(name + ": no video stream in this " + std::string(format->iformat->name) + " file");
  }
  if (videos > 1) {
    info_.notes.push_back("the first of " + std::to_string(videos) + " video streams is used");
  }
  FOVEA_TRY(open_decoder(options));
  sink_->errors = 0;  // probing is guesswork: what it complained of is of no interest

  auto first = frames_.acquire([] { return AvFramePtr(av.av_frame_alloc()); });
  FOVEA_ASSIGN(const bool has_frame, decode(first->get()));
  if (!has_frame) return input_error(name + ": no frame could be decoded" + sink_->take_last());
  FOVEA_TRY(describe_stream(**first));
  FOVEA_ASSIGN(pending_, convert(std::move(first)));
  if (options.skip_frames > 0) {
    FOVEA_TRY(skip(options.skip_frames));
    if (info_.frame_count >= 0)
      info_.frame_count = std::max<int64_t>(0, info_.frame_count - options.skip_frames);
  }
  return {};
}

Status LibavReader::open_decoder(const InputOptions& options) {
  const std::string& name = source_->name();
  const AVCodecParameters& par = *stream_->codecpar;
  const AVCodec* decoder = av.avcodec_find_decoder(par.codec_id);
  if (decoder == nullptr) {
    return unsupported_error(name + ": no decoder for " + av.avcodec_get_name(par.codec_id) +
                             " in this FFmpeg");
  }
  codec_.reset(av.avcodec_alloc_context3(decoder));
  if (!codec_ || av.avcodec_parameters_to_context(codec_.get(), &par) < 0) {
    return internal_error(name + ": out of memory");
  }
  codec_->opaque = sink_.get();
  codec_->pkt_timebase = stream_->time_base;
  codec_->thread_count = options.threads > 0 ? options.threads : std::min(available_cpus(), 16);
  // Crop exactly as the bitstream says rather than to the next convenient address.
  codec_->flags |= AV_CODEC_FLAG_UNALIGNED;
  // Without a stated reordering depth the H.264 decoder guesses, and its first guesses may drop or swap
  // frames; the guess comes from the container. Strict means: assume the most.
  if (par.codec_id == AV_CODEC_ID_H264) codec_->strict_std_compliance = FF_COMPLIANCE_STRICT;
  const int status = av.avcodec_open2(codec_.get(), decoder, nullptr);
  if (status < 0) {
    return input_error(name + ": the decoder " + decoder->name + " does not start: " + reason(status) +
                       sink_->take_last());
  }
  return {};
}

Status LibavReader::describe_stream(const AVFrame& first) {
  const std::string& name = source_->name();
  auto layout = pixel_layout(first.format);
  if (!layout.ok()) return Error{layout.error().code, name + ": " + layout.error().message};
  layout_ = *layout;
  pixel_format_ = first.format;
  info_.name = name;
  info_.format = {first.width, first.height, layout_.bit_depth, layout_.chroma};
  info_.color = color_info(first, *stream_->codecpar);
  info_.container = format_->iformat->name;
  info_.codec = av.avcodec_get_name(stream_->codecpar->codec_id);
  info_.is_rereadable = source_->is_regular();
  if (!layout_.is_direct) copies_.emplace(info_.format, FramePool::Rows::kAligned);
  const AVRational average = stream_->avg_frame_rate;
  const AVRational base = stream_->r_frame_rate;  // the rate at which all timestamps can be expressed
  const AVRational rate = av.av_guess_frame_rate(format_.get(), const_cast<AVStream*>(stream_), nullptr);
  if (rate.num > 0 && rate.den > 0) info_.frame_rate = {rate.num, rate.den};
  if (average.num > 0 && base.num > 0 && av_q2d(base) > 1.5 * av_q2d(average))
    info_.is_variable_frame_rate = true;
  if (stream_->nb_frames > 0) info_.frame_count = stream_->nb_frames;
  if (stream_->duration > 0) {
    info_.duration_s = static_cast<double>(stream_->duration) * av_q2d(stream_->time_base);
  } else if (format_->duration > 0 && format_->duration_estimation_method != AVFMT_DURATION_FROM_BITRATE) {
    info_.duration_s = static_cast<double>(format_->duration) / AV_TIME_BASE;
  }
  if (layout_.has_alpha) info_.notes.push_back("the alpha plane is ignored");
  if (is_interlaced(first)) {
    info_.notes.push_back("the frames are interlaced; they are compared as they are, without de-interlacing");
  }
  if (first.sample_aspect_ratio.num > 0 && first.sample_aspect_ratio.num != first.sample_aspect_ratio.den) {
    info_.notes.push_back("samples are not square (" + std::to_string(first.sample_aspect_ratio.num) + ":" +
                          std::to_string(first.sample_aspect_ratio.den) + "); compared as they are stored");
  }
  return {};
}

// False: end of stream. An error names the frame that would have come next.
Result<bool> LibavReader::decode(AVFrame* to) {
  while (true) {
    int status = av.avcodec_receive_frame(codec_.get(), to);
    if (status == AVERROR_EOF) {
      if (source_error_) return *source_error_;
      if (end_error_) return corrupt(end_error_->message);
      return false;
    }
    if (status >= 0) {
      const bool is_corrupt = (to->flags & AV_FRAME_FLAG_CORRUPT) != 0 || to->decode_error_flags != 0;
      if (is_corrupt) {
        if (!is_tolerant_) return corrupt("damaged, and concealed by the decoder");
        ++concealed_;
      }
      return true;
    }
    if (status != AVERROR(EAGAIN)) {
      if (!is_tolerant_) return corrupt("cannot be decoded: " + reason(status));
      ++concealed_;
      continue;
    }
    // The decoder wants a packet.
    const int64_t errors_before = sink_->error_count();
    status = av.av_read_frame(format_.get(), packet_.get());
    if (status < 0 && status != AVERROR(EAGAIN)) {
      if (source_error_) return *source_error_;
      // Frames that are still in the decoder come first.
      const bool is_early = status != AVERROR_EOF || sink_->error_count() > errors_before;
      if (is_early && !is_tolerant_ && !is_draining_) {
        end_error_ = input_error("missing: the file ends early or is damaged" +
                                 (status != AVERROR_EOF ? ": " + reason(status) : ""));
      }
      if (!std::exchange(is_draining_, true)) (void)av.avcodec_send_packet(codec_.get(), nullptr);
      continue;
    }
    if (status < 0) continue;
    if (packet_->stream_index != stream_->index) {
      av.av_packet_unref(packet_.get());
      continue;
    }
    const bool is_corrupt = (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0;
    if (is_corrupt && !is_tolerant_) {
      av.av_packet_unref(packet_.get());
      if (!end_error_) end_error_ = input_error("the container marks its data as damaged or cut");
      if (!std::exchange(is_draining_, true)) (void)av.avcodec_send_packet(codec_.get(), nullptr);
      continue;
    }
    packet_->flags &= ~AV_PKT_FLAG_DISCARD;
    status = av.avcodec_send_packet(codec_.get(), packet_.get());
    av.av_packet_unref(packet_.get());
    if (is_tolerant_) {
      concealed_ += status < 0 || is_corrupt;
      continue;
    }
    if (status < 0) return corrupt("cannot be decoded: " + reason(status));
  }
}

Result<Frame> LibavReader::convert(std::shared_ptr<AvFramePtr> decoded) {
  const AVFrame& f = **decoded;
  const Format& want = info_.format;
  if (f.width != want.width_px || f.height != want.height_px || f.format != pixel_format_) {
    const char* pixel_name = av.av_get_pix_fmt_name(static_cast<AVPixelFormat>(f.format));
    return input_error(info_.name + ": frame " + std::to_string(decoded_) + ": the picture changes from " +
                       std::to_string(want.width_px) + "x" + std::to_string(want.height_px) + " " +
                       av.av_get_pix_fmt_name(static_cast<AVPixelFormat>(pixel_format_)) + " to " +
                       std::to_string(f.width) + "x" + std::to_string(f.height) + " " +
                       (pixel_name ? pixel_name : "?") + "; score the parts separately");
  }
  ++decoded_;
  if (layout_.is_direct) {
    Frame frame;
    frame.format = want;
    for (int p = 0; p < want.plane_count(); ++p) {
      frame.planes[p] = {f.data[p], f.linesize[p], want.plane_width(p), want.plane_height(p)};
    }
    frame.owner = std::move(decoded);
    return frame;
  }
  FOVEA_ASSIGN(Frame frame, copies_->acquire());
  const AVPixFmtDescriptor* d = av.av_pix_fmt_desc_get(static_cast<AVPixelFormat>(f.format));
  for (int p = 0; p < want.plane_count(); ++p) {
    const AVComponentDescriptor& c = d->comp[p];
    for (int y = 0; y < want.plane_height(p); ++y) {
      const uint8_t* src = f.data[c.plane] + static_cast<ptrdiff_t>(y) * f.linesize[c.plane] + c.offset;
      uint8_t* dst = mutable_row(frame, p, y);
      if (want.sample_bytes() == 1) {
        gather_row<uint8_t>(src, c.step, c.shift, dst, want.plane_width(p));
      } else {
        gather_row<uint16_t>(src, c.step, c.shift, reinterpret_cast<uint16_t*>(dst), want.plane_width(p));
      }
    }
  }
  return frame;
}

// What went wrong without being an error.
void LibavReader::note_the_end() {
  if (concealed_ > 0) {
    info_.notes.push_back(std::to_string(concealed_) +
                          " damaged frames were concealed or dropped by the decoder");
  } else if (const int64_t errors = sink_->error_count(); errors > 0) {
    info_.notes.push_back("FFmpeg reported " + std::to_string(errors) + " faults while decoding; the last" +
                          sink_->take_last());
  }
  if (stream_->nb_frames > 0 && decoded_ != stream_->nb_frames) {
    info_.notes.push_back("the container promises " + std::to_string(stream_->nb_frames) + " frames, " +
                          std::to_string(decoded_) + " were decoded");
  }
}

Result<std::optional<Frame>> LibavReader::next() {
  if (pending_) return std::exchange(pending_, std::nullopt);
  if (failed_) return *failed_;
  if (has_ended_) return std::optional<Frame>();
  const SinkScope scope(sink_.get());
  const auto step = [&]() -> Result<std::optional<Frame>> {
    auto decoded = frames_.acquire([] { return AvFramePtr(av.av_frame_alloc()); });
    FOVEA_ASSIGN(const bool has_frame, decode(decoded->get()));
    if (!has_frame) {
      has_ended_ = true;
      note_the_end();
      return std::optional<Frame>();
    }
    FOVEA_ASSIGN(Frame frame, convert(std::move(decoded)));
    return std::optional<Frame>(std::move(frame));
  };
  auto frame = step();
  if (!frame.ok()) failed_ = frame.error();
  return frame;
}

}  // namespace

Result<std::unique_ptr<Reader>> open_container(std::unique_ptr<ByteSource> source,
                                               const InputOptions& options) {
  if (const Status loaded = load_av(); !loaded.ok()) {
    return Error{loaded.error().code, source->name() + ": " + loaded.error().message};
  }
  static std::once_flag once;
  std::call_once(once, [] { av.av_log_set_callback(&log_callback); });
  auto reader = std::make_unique<LibavReader>(std::move(source), options);
  FOVEA_TRY(reader->open(options));
  return std::unique_ptr<Reader>(std::move(reader));
}

}  // namespace fovea
