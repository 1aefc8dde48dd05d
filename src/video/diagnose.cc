// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/diagnose.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace fovea {
namespace {

std::string rate_text(const StreamInfo& info) {
  char text[64];
  std::snprintf(text, sizeof(text), "%.6g frames per second%s", info.frame_rate.value(),
                info.is_variable_frame_rate ? " on average, varying" : "");
  return text;
}

bool is_said(int code) {
  return code != kColorUnspecified;
}

}  // namespace

std::vector<Finding> compare_streams(const StreamInfo& ref, const StreamInfo& dis) {
  std::vector<Finding> out;
  const auto find = [&](Severity severity, const char* topic, const std::string& dis_value,
                        const std::string& ref_value, const std::string& remedy) {
    out.push_back({severity, topic,
                   dis.name + ": " + dis_value + " but " + ref.name + " is " + ref_value + "; " + remedy});
  };
  const Format& a = ref.format;
  const Format& b = dis.format;
  if (a.width_px != b.width_px || a.height_px != b.height_px) {
    const auto size = [](const Format& f) {
      return std::to_string(f.width_px) + "x" + std::to_string(f.height_px);
    };
    find(Severity::kError, "size", size(b), size(a), "add --scale, or --crop to cut bars off");
  }
  if (a.chroma != b.chroma) {
    find(Severity::kError, "chroma", chroma_name(b.chroma), chroma_name(a.chroma),
         "add --chroma to bring both to one");
  }
  if (a.bit_depth != b.bit_depth) {
    find(Severity::kNote, "bit depth", std::to_string(b.bit_depth) + " bit",
         std::to_string(a.bit_depth) + " bit", "the shallower clip is raised by shifting left");
  }
  const double rate_a = ref.frame_rate.value();
  const double rate_b = dis.frame_rate.value();
  const bool rates_differ =
      rate_a > 0 && rate_b > 0 && std::abs(rate_a - rate_b) > 0.005 * std::max(rate_a, rate_b);
  if (rates_differ || ref.is_variable_frame_rate != dis.is_variable_frame_rate) {
    find(rates_differ ? Severity::kWarning : Severity::kNote, "frame rate", rate_text(dis), rate_text(ref),
         "frames pair by their order; --fps drops frames of the faster clip when the ratio is whole");
  }
  const ColorInfo& c = ref.color;
  const ColorInfo& d = dis.color;
  if (c.range != d.range) {
    // Untagged is limited by convention.
    const bool is_full = c.range == ColorRange::kFull || d.range == ColorRange::kFull;
    find(is_full ? Severity::kWarning : Severity::kNote, "range", std::string(range_name(d.range)) + " range",
         std::string(range_name(c.range)) + " range",
         "samples are compared as they are; --range converts both");
  }
  if (c.matrix != d.matrix) {
    const bool conflict = is_said(c.matrix) && is_said(d.matrix);
    find(conflict ? Severity::kWarning : Severity::kNote, "matrix", "matrix " + matrix_name(d.matrix),
         "matrix " + matrix_name(c.matrix), "samples are compared as they are; --matrix converts both");
  }
  if (c.is_hdr() != d.is_hdr()) {
    find(Severity::kWarning, "transfer", "transfer " + transfer_name(d.transfer),
         "transfer " + transfer_name(c.transfer), "HDR against SDR: no score of such a pair means anything");
  } else if (c.transfer != d.transfer) {
    const bool conflict = c.is_hdr();
    find(conflict ? Severity::kWarning : Severity::kNote, "transfer", "transfer " + transfer_name(d.transfer),
         "transfer " + transfer_name(c.transfer), "samples are compared as they are");
  }
  if (ref.frame_count >= 0 && dis.frame_count >= 0 && ref.frame_count != dis.frame_count) {
    find(Severity::kWarning, "length", std::to_string(dis.frame_count) + " frames",
         std::to_string(ref.frame_count) + " frames",
         "only the common part can be scored; --allow-short says that this is meant");
  }
  return out;
}

void BarDetector::add(const Frame& frame) {
  const PlaneView& luma = frame.planes[0];
  const int depth = frame.format.bit_depth;
  // Bars are black: 16 in limited range, 0 in full; coding error adds a little.
  const int threshold = 24 << (depth - 8);
  const auto sample = [&](int x, int y) {
    return depth > 8 ? int{luma.row<uint16_t>(y)[x]} : int{luma.row<uint8_t>(y)[x]};
  };
  // A line carries content if more than one sample in 64 is not black: noise and a stray logo pixel do not
  // count.
  const auto row_is_black = [&](int y) {
    int bright = 0;
    for (int x = 0; x < luma.width_px; x += 2) bright += sample(x, y) > threshold;
    return bright * 2 * 64 <= luma.width_px;
  };
  const auto column_is_black = [&](int x, int top, int bottom) {
    int bright = 0;
    for (int y = top; y < bottom; y += 2) bright += sample(x, y) > threshold;
    return bright * 2 * 64 <= bottom - top;
  };
  int top = 0;
  int bottom = luma.height_px;
  while (top < bottom && row_is_black(top)) ++top;
  if (top == bottom) return;  // all black: says nothing
  while (row_is_black(bottom - 1)) --bottom;
  int left = 0;
  int right = luma.width_px;
  while (left < right && column_is_black(left, top, bottom)) ++left;
  if (left == right) return;
  while (column_is_black(right - 1, top, bottom)) --right;
  if (frames_++ == 0) {
    format_ = frame.format;
    left_ = left;
    top_ = top;
    right_ = right;
    bottom_ = bottom;
    return;
  }
  left_ = std::min(left_, left);
  top_ = std::min(top_, top);
  right_ = std::max(right_, right);
  bottom_ = std::max(bottom_, bottom);
}

std::optional<ActiveArea> BarDetector::result() const {
  if (frames_ == 0) return std::nullopt;
  ActiveArea area;
  area.left_px = (left_ + 1) & ~1;
  area.top_px = (top_ + 1) & ~1;
  // A side that reaches the edge of an odd picture keeps its last line.
  const int right = right_ == format_.width_px ? right_ : right_ & ~1;
  const int bottom = bottom_ == format_.height_px ? bottom_ : bottom_ & ~1;
  area.width_px = right - area.left_px;
  area.height_px = bottom - area.top_px;
  const bool has_bars =
      area.left_px > 0 || area.top_px > 0 || right < format_.width_px || bottom < format_.height_px;
  // Less than a quarter of the picture is not a picture with bars but a dark scene.
  if (!has_bars || area.width_px < format_.width_px / 4 || area.height_px < format_.height_px / 4)
    return std::nullopt;
  return area;
}

}  // namespace fovea
