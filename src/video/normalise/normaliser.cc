// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <zimg.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "video/normalise.h"
#include "video/pool.h"

namespace fovea {
namespace {

constexpr unsigned kZimgApi = ZIMG_MAKE_API_VERSION(2, 2);
constexpr uintptr_t kZimgAlignment = 64;

std::string zimg_reason() {
  char text[256] = "";
  zimg_get_last_error(text, sizeof(text));
  return text;
}

struct GraphDeleter {
  void operator()(zimg_filter_graph* g) const { zimg_filter_graph_free(g); }
};
struct Keep {
  template <class T>
  void operator()(T&) const {}
};

zimg_chroma_location_e zimg_location(ChromaLocation place) {
  switch (place) {
    case ChromaLocation::kCenter:
      return ZIMG_CHROMA_CENTER;
    case ChromaLocation::kTopLeft:
      return ZIMG_CHROMA_TOP_LEFT;
    case ChromaLocation::kTop:
      return ZIMG_CHROMA_TOP;
    case ChromaLocation::kBottomLeft:
      return ZIMG_CHROMA_BOTTOM_LEFT;
    case ChromaLocation::kBottom:
      return ZIMG_CHROMA_BOTTOM;
    case ChromaLocation::kUnspecified:
    case ChromaLocation::kLeft:
      break;
  }
  return ZIMG_CHROMA_LEFT;
}

zimg_image_format zimg_format(const Format& f, const ColorInfo& color, ColorRange range, int matrix) {
  zimg_image_format out;
  zimg_image_format_default(&out, kZimgApi);
  out.width = static_cast<unsigned>(f.width_px);
  out.height = static_cast<unsigned>(f.height_px);
  out.pixel_type = f.bit_depth > 8 ? ZIMG_PIXEL_WORD : ZIMG_PIXEL_BYTE;
  out.depth = static_cast<unsigned>(f.bit_depth);
  out.subsample_w = f.chroma == Chroma::k420 || f.chroma == Chroma::k422;
  out.subsample_h = f.chroma == Chroma::k420;
  out.color_family = f.chroma == Chroma::k400 ? ZIMG_COLOR_GREY : ZIMG_COLOR_YUV;
  out.matrix_coefficients = static_cast<zimg_matrix_coefficients_e>(matrix);
  out.pixel_range = range == ColorRange::kFull ? ZIMG_RANGE_FULL : ZIMG_RANGE_LIMITED;
  out.chroma_location = zimg_location(color.chroma_location);
  return out;
}

void set_kernel(ScaleKernel kernel, zimg_graph_builder_params& params) {
  zimg_resample_filter_e filter = ZIMG_RESIZE_BICUBIC;
  switch (kernel) {
    case ScaleKernel::kPoint:
      filter = ZIMG_RESIZE_POINT;
      break;
    case ScaleKernel::kBilinear:
      filter = ZIMG_RESIZE_BILINEAR;
      break;
    case ScaleKernel::kBicubic:
      params.filter_param_a = params.filter_param_a_uv = 0.0;
      params.filter_param_b = params.filter_param_b_uv = 0.6;
      break;
    case ScaleKernel::kSpline36:
      filter = ZIMG_RESIZE_SPLINE36;
      break;
    case ScaleKernel::kLanczos:
      filter = ZIMG_RESIZE_LANCZOS;
      params.filter_param_a = params.filter_param_a_uv = 3.0;
      break;
  }
  params.resample_filter = params.resample_filter_uv = filter;
}

// Moves the planes' pointers to the rectangle; nothing is copied.
void crop_view(Frame& frame, const CropRect& c) {
  const Format before = frame.format;
  frame.format.width_px = c.width_px;
  frame.format.height_px = c.height_px;
  for (int p = 0; p < frame.format.plane_count(); ++p) {
    const bool halves_x = p > 0 && before.chroma != Chroma::k444;
    const bool halves_y = p > 0 && before.chroma == Chroma::k420;
    PlaneView& plane = frame.planes[p];
    plane.data += (halves_y ? c.top_px / 2 : c.top_px) * plane.stride_bytes +
                  static_cast<ptrdiff_t>(halves_x ? c.left_px / 2 : c.left_px) * before.sample_bytes();
    plane.width_px = frame.format.plane_width(p);
    plane.height_px = frame.format.plane_height(p);
  }
}

template <class In>
void shift_plane(const PlaneView& src, uint16_t* dst, ptrdiff_t dst_stride_bytes, int shift) {
  for (int y = 0; y < src.height_px; ++y) {
    const In* from = src.row<In>(y);
    uint16_t* to = reinterpret_cast<uint16_t*>(reinterpret_cast<uint8_t*>(dst) + y * dst_stride_bytes);
    for (int x = 0; x < src.width_px; ++x) to[x] = static_cast<uint16_t>(from[x] << shift);
  }
}

bool is_aligned(const Frame& f) {
  for (int p = 0; p < f.format.plane_count(); ++p) {
    const PlaneView& plane = f.planes[p];
    if (reinterpret_cast<uintptr_t>(plane.data) % kZimgAlignment != 0 ||
        plane.stride_bytes % static_cast<ptrdiff_t>(kZimgAlignment) != 0) {
      return false;
    }
  }
  return true;
}

Error prefixed(const SidePlan& plan, const std::string& text) {
  return unsupported_error(plan.name + ": " + text);
}

}  // namespace

struct Normaliser::Impl {
  explicit Impl(const SidePlan& p)
      : plan(p),
        cropped(p.input),
        aligned(cropped_format(p), FramePool::Rows::kAligned),
        output(p.output, FramePool::Rows::kAligned) {
    cropped = cropped_format(p);
  }
  static Format cropped_format(const SidePlan& p) {
    Format f = p.input;
    if (p.crop) {
      f.width_px = p.crop->width_px;
      f.height_px = p.crop->height_px;
    }
    return f;
  }
  Status build_graph();
  Result<Frame> resample(const Frame& in);
  Result<Frame> raise(const Frame& in);

  SidePlan plan;
  Format cropped;     // of what the graph sees
  FramePool aligned;  // for inputs that zimg cannot take where they lie
  FramePool output;
  std::unique_ptr<zimg_filter_graph, GraphDeleter> graph;
  size_t scratch_bytes = 0;
  ObjectPool<AlignedBuffer<uint8_t>, Keep> scratch;
};

Status Normaliser::Impl::build_graph() {
  for (const Format& f : {cropped, plan.output}) {
    const bool odd =
        (f.plane_width(1) * 2 != f.width_px && (f.chroma == Chroma::k420 || f.chroma == Chroma::k422)) ||
        (f.plane_height(1) * 2 != f.height_px && f.chroma == Chroma::k420);
    if (odd) {
      return prefixed(plan,
                      describe(f) +
                          " has an odd side; scaling and colour conversion of subsampled chroma need even "
                          "sides: crop to even first");
    }
  }
  // Depth changes by a shift unless the range is converted: for zimg that is what "limited" means on both
  // sides.
  const bool uses_range = plan.converts_range() || plan.converts_matrix();
  const ColorRange from = uses_range ? plan.range_from : ColorRange::kLimited;
  const ColorRange to = uses_range ? plan.range : ColorRange::kLimited;
  zimg_image_format in = zimg_format(cropped, plan.color, from, plan.color.matrix);
  zimg_image_format out = zimg_format(plan.output, plan.color, to, plan.matrix);
  zimg_graph_builder_params params;
  zimg_graph_builder_params_default(&params, kZimgApi);
  set_kernel(plan.kernel, params);
  graph.reset(zimg_filter_graph_build(&in, &out, &params));
  if (!graph) return prefixed(plan, "this conversion is not possible: " + zimg_reason());
  if (zimg_filter_graph_get_tmp_size(graph.get(), &scratch_bytes) != ZIMG_ERROR_SUCCESS) {
    return prefixed(plan, "this conversion is not possible: " + zimg_reason());
  }
  return {};
}

Result<Frame> Normaliser::Impl::resample(const Frame& in) try {
  Frame source = in;
  if (!is_aligned(source)) {
    FOVEA_ASSIGN(Frame copy, aligned.acquire());
    for (int p = 0; p < in.format.plane_count(); ++p) {
      const size_t bytes = static_cast<size_t>(in.format.plane_width(p)) * in.format.sample_bytes();
      for (int y = 0; y < in.format.plane_height(p); ++y) {
        std::memcpy(mutable_row(copy, p, y), in.planes[p].row_bytes(y), bytes);
      }
    }
    source = std::move(copy);
  }
  FOVEA_ASSIGN(Frame out, output.acquire());
  zimg_image_buffer_const from{};
  zimg_image_buffer to{};
  from.version = to.version = kZimgApi;
  for (int p = 0; p < source.format.plane_count(); ++p) {
    from.plane[p] = {source.planes[p].data, source.planes[p].stride_bytes, ZIMG_BUFFER_MAX};
  }
  for (int p = 0; p < out.format.plane_count(); ++p) {
    to.plane[p] = {mutable_row(out, p, 0), out.planes[p].stride_bytes, ZIMG_BUFFER_MAX};
  }
  const auto temporary = scratch.acquire([&] { return AlignedBuffer<uint8_t>(scratch_bytes); });
  if (zimg_filter_graph_process(graph.get(), &from, &to, temporary->data(), nullptr, nullptr, nullptr,
                                nullptr) != ZIMG_ERROR_SUCCESS) {
    return internal_error(plan.name + ": conversion failed: " + zimg_reason());
  }
  return out;
} catch (const std::bad_alloc&) {
  return prefixed(plan, "not enough memory to convert a frame");
}

Result<Frame> Normaliser::Impl::raise(const Frame& in) {
  FOVEA_ASSIGN(Frame out, output.acquire());
  const int shift = out.format.bit_depth - in.format.bit_depth;
  for (int p = 0; p < in.format.plane_count(); ++p) {
    auto* to = reinterpret_cast<uint16_t*>(mutable_row(out, p, 0));
    if (in.format.sample_bytes() == 1) {
      shift_plane<uint8_t>(in.planes[p], to, out.planes[p].stride_bytes, shift);
    } else {
      shift_plane<uint16_t>(in.planes[p], to, out.planes[p].stride_bytes, shift);
    }
  }
  return out;
}

Normaliser::Normaliser(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Normaliser::~Normaliser() = default;

Result<std::unique_ptr<Normaliser>> Normaliser::create(const SidePlan& plan) {
  auto impl = std::make_unique<Impl>(plan);
  if (plan.output.bit_depth < plan.input.bit_depth) {
    return internal_error(plan.name + ": a plan never lowers the bit depth");
  }
  if (plan.resamples()) FOVEA_TRY(impl->build_graph());
  return std::unique_ptr<Normaliser>(new Normaliser(std::move(impl)));
}

Result<Frame> Normaliser::apply(Frame frame) const {
  const SidePlan& plan = impl_->plan;
  if (frame.format != plan.input) {
    return internal_error(plan.name + ": a frame of " + describe(frame.format) + " where " +
                          describe(plan.input) + " was planned");
  }
  if (plan.is_identity()) return frame;
  if (plan.crop) crop_view(frame, *plan.crop);
  if (plan.resamples()) return impl_->resample(frame);
  if (plan.output.bit_depth != frame.format.bit_depth) return impl_->raise(frame);
  return frame;
}

namespace {

class NormalisedReader final : public Reader {
 public:
  NormalisedReader(std::unique_ptr<Reader> reader, std::unique_ptr<Normaliser> normaliser,
                   const SidePlan& plan)
      : reader_(std::move(reader)),
        normaliser_(std::move(normaliser)),
        keep_every_(plan.keep_every),
        plan_(plan) {
    update_info();
    if (info_.frame_count >= 0) {
      info_.frame_count = std::max<int64_t>(0, info_.frame_count - plan.skip_frames);
      info_.frame_count = (info_.frame_count + keep_every_ - 1) / keep_every_;
    }
  }
  const StreamInfo& info() const override { return info_; }

  Result<std::optional<Frame>> next() override {
    if (!is_first_ && keep_every_ > 1) FOVEA_TRY(reader_->skip(keep_every_ - 1));
    is_first_ = false;
    FOVEA_ASSIGN(auto frame, reader_->next());
    if (!frame) {
      info_.notes = reader_->info().notes;
      return std::optional<Frame>();
    }
    FOVEA_ASSIGN(Frame out, normaliser_->apply(std::move(*frame)));
    return std::optional<Frame>(std::move(out));
  }

  Result<int64_t> skip(int64_t frames) override {
    if (keep_every_ > 1 || frames <= 0) return Reader::skip(frames);
    return reader_->skip(frames);
  }

 private:
  void update_info() {
    info_ = reader_->info();
    info_.format = plan_.output;
    info_.color.range = plan_.range;
    info_.color.matrix = plan_.matrix;
    info_.frame_rate.den *= keep_every_;
  }

  std::unique_ptr<Reader> reader_;
  std::unique_ptr<Normaliser> normaliser_;
  int keep_every_;
  SidePlan plan_;
  StreamInfo info_;
  bool is_first_ = true;
};

}  // namespace

Result<std::unique_ptr<Reader>> normalise(std::unique_ptr<Reader> reader, const SidePlan& plan) {
  if (plan.skip_frames > 0) FOVEA_TRY(reader->skip(plan.skip_frames));
  if (plan.is_identity() && plan.keep_every == 1) return reader;
  FOVEA_ASSIGN(auto normaliser, Normaliser::create(plan));
  return std::unique_ptr<Reader>(
      std::make_unique<NormalisedReader>(std::move(reader), std::move(normaliser), plan));
}

}  // namespace fovea
