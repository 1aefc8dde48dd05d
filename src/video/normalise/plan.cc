// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "video/normalise.h"

namespace fovea {
namespace {

struct KernelName {
  ScaleKernel kernel;
  const char* name;
};
constexpr KernelName kKernels[] = {{ScaleKernel::kPoint, "point"},
                                   {ScaleKernel::kBilinear, "bilinear"},
                                   {ScaleKernel::kBicubic, "bicubic"},
                                   {ScaleKernel::kSpline36, "spline36"},
                                   {ScaleKernel::kLanczos, "lanczos"}};

std::string size_text(const Format& f) {
  return std::to_string(f.width_px) + "x" + std::to_string(f.height_px);
}

std::string crop_text(const CropRect& c) {
  return std::to_string(c.width_px) + "x" + std::to_string(c.height_px) + "+" + std::to_string(c.left_px) +
         "+" + std::to_string(c.top_px);
}

std::string rate_text(const Rational& r) {
  char text[32];
  std::snprintf(text, sizeof(text), "%.6g", r.value());
  return text;
}

Status check_crop(const StreamInfo& info, const CropRect& c) {
  const Format& f = info.format;
  if (c.left_px < 0 || c.top_px < 0 || c.width_px < 1 || c.height_px < 1 ||
      c.left_px > f.width_px - c.width_px || c.top_px > f.height_px - c.height_px) {
    return usage_error(info.name + ": crop " + crop_text(c) + " is not within the picture of " +
                       size_text(f));
  }
  const bool halves_x = f.chroma == Chroma::k420 || f.chroma == Chroma::k422;
  const bool halves_y = f.chroma == Chroma::k420;
  if ((halves_x && c.left_px % 2 != 0) || (halves_y && c.top_px % 2 != 0)) {
    return usage_error(info.name + ": crop " + crop_text(c) + " splits a chroma sample of " +
                       chroma_name(f.chroma) + "; the offsets have to be even");
  }
  return {};
}

// The whole number that `fast` is of `slow`, or 0.
int rate_ratio(const Rational& fast, const Rational& slow) {
  if (fast.num <= 0 || slow.num <= 0) return 0;
  const double ratio = fast.value() / slow.value();
  const double whole = std::round(ratio);
  return whole >= 1 && whole <= 64 && std::abs(ratio - whole) < 0.005 * whole ? static_cast<int>(whole) : 0;
}

// Crop, wanted size, range, matrix and chroma of one side; depth comes later, as it depends on all sides.
Result<SidePlan> begin_side(const StreamInfo& info, const std::optional<CropRect>& crop,
                            const PlanOptions& options) {
  SidePlan side;
  side.name = info.name;
  side.input = side.output = info.format;
  side.color = info.color;
  side.kernel = options.kernel;
  side.matrix = info.color.matrix;
  if (crop) {
    FOVEA_TRY(check_crop(info, *crop));
    if (crop->width_px != info.format.width_px || crop->height_px != info.format.height_px) side.crop = crop;
    side.output.width_px = crop->width_px;
    side.output.height_px = crop->height_px;
  }
  if (options.range) {
    const bool is_full = info.color.range == ColorRange::kFull;
    side.range_from = is_full ? ColorRange::kFull : ColorRange::kLimited;
    side.range = *options.range;
  } else {
    side.range_from = side.range = info.color.range;
  }
  if (options.matrix && info.color.matrix != kColorUnspecified) side.matrix = *options.matrix;
  if (options.chroma) side.output.chroma = *options.chroma;
  return side;
}

std::string lacks(const StreamInfo& dis, const std::string& a, const StreamInfo& ref, const std::string& b,
                  const std::string& remedy) {
  return dis.name + ": " + a + " but " + ref.name + " is " + b + "; " + remedy;
}

void warn_about_tags(const StreamInfo& ref, const StreamInfo& dis, const PlanOptions& options,
                     std::vector<std::string>& warnings) {
  const ColorInfo& a = ref.color;
  const ColorInfo& b = dis.color;
  const auto differ = [](int x, int y) { return x != kColorUnspecified && y != kColorUnspecified && x != y; };
  if (!options.range && a.range != b.range &&
      (a.range == ColorRange::kFull || b.range == ColorRange::kFull)) {
    warnings.push_back(lacks(
        dis, std::string(range_name(b.range)) + " range", ref, std::string(range_name(a.range)) + " range",
        "samples are compared as they are; add --range limited to bring both to one range"));
  }
  if (!options.matrix && differ(a.matrix, b.matrix)) {
    warnings.push_back(lacks(dis, "matrix " + matrix_name(b.matrix), ref, "matrix " + matrix_name(a.matrix),
                             "samples are compared as they are; add --matrix to convert"));
  }
  if (a.is_hdr() != b.is_hdr()) {
    warnings.push_back(lacks(dis, "transfer " + transfer_name(b.transfer), ref, transfer_name(a.transfer),
                             "HDR against SDR: no score of such a pair means anything"));
  } else if (differ(a.transfer, b.transfer) && (a.is_hdr() || b.is_hdr())) {
    warnings.push_back(lacks(dis, "transfer " + transfer_name(b.transfer), ref, transfer_name(a.transfer),
                             "the code values mean different light"));
  }
}

nlohmann::ordered_json side_json(const SidePlan& s) {
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  const auto format_json = [](const Format& f) {
    return nlohmann::ordered_json{{"width", f.width_px},
                                  {"height", f.height_px},
                                  {"chroma", chroma_name(f.chroma)},
                                  {"bit_depth", f.bit_depth}};
  };
  if (s.skip_frames > 0) steps.push_back({{"step", "skip"}, {"frames", s.skip_frames}});
  if (s.keep_every > 1) steps.push_back({{"step", "decimate"}, {"keep_every", s.keep_every}});
  if (s.crop) {
    steps.push_back({{"step", "crop"},
                     {"left", s.crop->left_px},
                     {"top", s.crop->top_px},
                     {"width", s.crop->width_px},
                     {"height", s.crop->height_px}});
  }
  if (s.converts_range()) {
    steps.push_back({{"step", "range"}, {"from", range_name(s.range_from)}, {"to", range_name(s.range)}});
  }
  if (s.converts_matrix()) {
    steps.push_back(
        {{"step", "matrix"}, {"from", matrix_name(s.color.matrix)}, {"to", matrix_name(s.matrix)}});
  }
  if (s.output.chroma != s.input.chroma) {
    steps.push_back(
        {{"step", "chroma"}, {"from", chroma_name(s.input.chroma)}, {"to", chroma_name(s.output.chroma)}});
  }
  if (s.scales()) {
    steps.push_back({{"step", "scale"},
                     {"width", s.output.width_px},
                     {"height", s.output.height_px},
                     {"kernel", kernel_name(s.kernel)}});
  }
  if (s.output.bit_depth != s.input.bit_depth) {
    steps.push_back({{"step", "bit_depth"}, {"from", s.input.bit_depth}, {"to", s.output.bit_depth}});
  }
  return {
      {"file", s.name}, {"input", format_json(s.input)}, {"steps", steps}, {"output", format_json(s.output)}};
}

}  // namespace

const char* kernel_name(ScaleKernel kernel) {
  for (const KernelName& k : kKernels) {
    if (k.kernel == kernel) return k.name;
  }
  return "?";
}

Result<ScaleKernel> parse_kernel(const std::string& name) {
  std::string known;
  for (const KernelName& k : kKernels) {
    if (name == k.name) return k.kernel;
    known += (known.empty() ? "" : ", ") + std::string(k.name);
  }
  return usage_error("unknown scaling kernel '" + name + "'; known are " + known);
}

Result<CropRect> parse_crop(const std::string& text, int picture_width_px, int picture_height_px) {
  int values[4];
  int count = 0;
  const char* at = text.data();
  const char* const end = at + text.size();
  for (const char separator : {'\0', 'x', '+', '+'}) {
    if (separator != '\0') {
      if (at == end || *at != separator) break;
      ++at;
    }
    const auto [next, ec] = std::from_chars(at, end, values[count]);
    if (ec != std::errc() || values[count] < 0) break;
    at = next;
    ++count;
  }
  if (at != end || (count != 2 && count != 4)) {
    return usage_error("crop '" + text + "' is not WIDTHxHEIGHT or WIDTHxHEIGHT+LEFT+TOP");
  }
  if (count == 2) {
    values[2] = std::max(0, (picture_width_px - values[0]) / 2) & ~1;
    values[3] = std::max(0, (picture_height_px - values[1]) / 2) & ~1;
  }
  return CropRect{values[2], values[3], values[0], values[1]};
}

bool SidePlan::scales() const {
  const int width = crop ? crop->width_px : input.width_px;
  const int height = crop ? crop->height_px : input.height_px;
  return width != output.width_px || height != output.height_px;
}

bool NormalisationPlan::is_identity() const {
  const auto untouched = [](const SidePlan& s) {
    return s.is_identity() && s.skip_frames == 0 && s.keep_every == 1;
  };
  return untouched(ref) && std::all_of(dis.begin(), dis.end(), untouched);
}

Result<NormalisationPlan> make_plan(const StreamInfo& ref, std::span<const StreamInfo> dis,
                                    const PlanOptions& options) {
  NormalisationPlan plan;
  if (options.require_equal) {
    for (const StreamInfo& d : dis) {
      if (d.format != ref.format) {
        return input_error(lacks(d, describe(d.format), ref, describe(ref.format),
                                 "leave out --no-normalise to have them brought to one form"));
      }
    }
  }
  FOVEA_ASSIGN(plan.ref, begin_side(ref, options.crop_ref, options));
  for (const StreamInfo& d : dis) {
    FOVEA_ASSIGN(SidePlan side, begin_side(d, options.crop_dis, options));
    plan.dis.push_back(std::move(side));
  }

  // Size.
  if (options.scale == PlanOptions::Scale::kSize) {
    if (options.scale_width_px < 1 || options.scale_height_px < 1 || options.scale_width_px > 65535 ||
        options.scale_height_px > 65535) {
      return usage_error("--scale: invalid size " + std::to_string(options.scale_width_px) + "x" +
                         std::to_string(options.scale_height_px));
    }
    plan.ref.output.width_px = options.scale_width_px;
    plan.ref.output.height_px = options.scale_height_px;
  }
  int depth = plan.ref.input.bit_depth;
  for (size_t i = 0; i < dis.size(); ++i) {
    SidePlan& side = plan.dis[i];
    Format& out = side.output;
    const Format& want = plan.ref.output;
    if (options.scale != PlanOptions::Scale::kNone) {
      out.width_px = want.width_px;
      out.height_px = want.height_px;
    }
    if (out.width_px != want.width_px || out.height_px != want.height_px) {
      const bool is_cropped = side.crop || plan.ref.crop;
      return input_error(
          lacks(dis[i], size_text(out) + (is_cropped ? " after cropping" : ""), ref, size_text(want),
                "add --scale ref to bring the distorted clip to the reference's size, or --crop or "
                "--crop-ref to cut bars off"));
    }
    if (out.chroma != want.chroma) {
      return input_error(lacks(dis[i], chroma_name(out.chroma), ref, chroma_name(want.chroma),
                               "add --chroma 420 (or 422, 444, 400) to bring both to one sampling"));
    }
    depth = std::max(depth, side.input.bit_depth);
  }

  // Depth: everything to the deepest.
  const auto raise = [&](SidePlan& side) {
    side.output.bit_depth = depth;
    if (side.input.bit_depth != depth) {
      plan.notes.push_back(side.name + ": " + std::to_string(side.input.bit_depth) + " bit raised to " +
                           std::to_string(depth) + " bit by shifting left");
    }
  };
  raise(plan.ref);
  for (SidePlan& side : plan.dis) raise(side);

  // Frames.
  const auto& offsets = options.offset_frames;
  if (offsets.size() > 1 && offsets.size() != dis.size()) {
    return usage_error("--offset: " + std::to_string(offsets.size()) + " values for " +
                       std::to_string(dis.size()) + " distorted clips; give one for all or one each");
  }
  const auto offset_of = [&](size_t i) {
    return offsets.empty() ? int64_t{0} : offsets.size() == 1 ? offsets[0] : offsets[i];
  };
  int64_t ref_skip = 0;
  for (size_t i = 0; i < dis.size(); ++i) ref_skip = std::max(ref_skip, -offset_of(i));
  plan.ref.skip_frames = ref_skip;
  for (size_t i = 0; i < dis.size(); ++i) plan.dis[i].skip_frames = ref_skip + offset_of(i);

  for (size_t i = 0; i < dis.size(); ++i) {
    const StreamInfo& d = dis[i];
    const std::string rates = rate_text(d.frame_rate) + " frames per second";
    const int ref_faster = rate_ratio(ref.frame_rate, d.frame_rate);
    const int dis_faster = rate_ratio(d.frame_rate, ref.frame_rate);
    const bool same_count = ref.frame_count >= 0 && ref.frame_count == d.frame_count;
    if (ref_faster == 1 || dis_faster == 1 || ref.frame_rate.num <= 0 || d.frame_rate.num <= 0) {
      // Equal, or unknown: raw yuv says nothing.
    } else if (same_count || ref.is_variable_frame_rate || d.is_variable_frame_rate) {
      plan.notes.push_back(
          lacks(d, rates, ref, rate_text(ref.frame_rate), "frames pair by their order, not by time"));
    } else if (options.decimate && dis_faster > 1) {
      plan.dis[i].keep_every = dis_faster;
    } else if (options.decimate && ref_faster > 1) {
      if (plan.ref.keep_every != 1 && plan.ref.keep_every != ref_faster) {
        return input_error(
            lacks(d, rates, ref, rate_text(ref.frame_rate),
                  "the distorted clips differ in rate among themselves: score them separately"));
      }
      plan.ref.keep_every = ref_faster;
    } else if (ref_faster > 1 || dis_faster > 1) {
      return input_error(lacks(d, rates, ref, rate_text(ref.frame_rate),
                               "add --fps to drop frames of the faster clip, one in " +
                                   std::to_string(std::max(ref_faster, dis_faster)) + " being kept"));
    } else {
      plan.warnings.push_back(
          lacks(d, rates, ref, rate_text(ref.frame_rate),
                "frames pair by their order: if one clip has dropped or repeated frames, bring both "
                "to one rate first"));
    }
  }
  for (size_t i = 0; i < dis.size() && plan.ref.keep_every > 1; ++i) {
    if (rate_ratio(ref.frame_rate, dis[i].frame_rate) != plan.ref.keep_every) {
      return input_error(lacks(dis[i], rate_text(dis[i].frame_rate) + " frames per second", ref,
                               rate_text(ref.frame_rate),
                               "the distorted clips differ in rate among themselves: score them separately"));
    }
  }
  // Length, as far as the headers know it.
  for (size_t i = 0; i < dis.size(); ++i) {
    const auto left = [](const StreamInfo& info, const SidePlan& side) {
      const int64_t frames = std::max<int64_t>(0, info.frame_count - side.skip_frames);
      return (frames + side.keep_every - 1) / side.keep_every;
    };
    if (options.allow_short || ref.frame_count < 0 || dis[i].frame_count < 0) continue;
    const int64_t a = left(ref, plan.ref);
    const int64_t b = left(dis[i], plan.dis[i]);
    if (a != b) {
      plan.warnings.push_back(
          lacks(dis[i], std::to_string(b) + " frames", ref, std::to_string(a) + " frames",
                "only the common part can be scored; add --allow-short if that is meant"));
    }
  }
  for (const StreamInfo& d : dis) warn_about_tags(ref, d, options, plan.warnings);
  return plan;
}

std::string describe(const NormalisationPlan& plan) {
  std::string out;
  const auto line = [&](const SidePlan& side, const std::string& text) {
    out += side.name + ": " + text + "\n";
  };
  const auto side_lines = [&](const SidePlan& s) {
    if (s.skip_frames > 0) line(s, "skip the first " + std::to_string(s.skip_frames) + " frames");
    if (s.keep_every > 1) line(s, "keep one frame in " + std::to_string(s.keep_every));
    if (s.crop) line(s, "crop to " + crop_text(*s.crop));
    if (s.converts_range()) {
      line(s, std::string("range ") + range_name(s.range_from) + " -> " + range_name(s.range));
    }
    if (s.converts_matrix())
      line(s, "matrix " + matrix_name(s.color.matrix) + " -> " + matrix_name(s.matrix));
    if (s.output.chroma != s.input.chroma) {
      line(s, std::string("chroma ") + chroma_name(s.input.chroma) + " -> " + chroma_name(s.output.chroma));
    }
    if (s.scales()) line(s, "scale to " + size_text(s.output) + " (" + kernel_name(s.kernel) + ")");
  };
  side_lines(plan.ref);
  for (const SidePlan& side : plan.dis) side_lines(side);
  for (const std::string& note : plan.notes) out += note + "\n";
  for (const std::string& warning : plan.warnings) out += "warning: " + warning + "\n";
  return out;
}

nlohmann::ordered_json plan_json(const NormalisationPlan& plan) {
  nlohmann::ordered_json out;
  out["reference"] = side_json(plan.ref);
  out["distorted"] = nlohmann::ordered_json::array();
  for (const SidePlan& side : plan.dis) out["distorted"].push_back(side_json(side));
  out["notes"] = plan.notes;
  out["warnings"] = plan.warnings;
  return out;
}

}  // namespace fovea
