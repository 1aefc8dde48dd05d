// SPDX-License-Identifier: BSD-2-Clause-Patent
// Bringing clips to one form before they are compared, by explicit steps that are printed and reported.
//
// Nothing is done unless the request asks for it, with one exception: a clip of fewer bits is raised to the
// depth of the deeper one, by an exact shift to the left. Everything else that differs is either an error
// that names the option which deals with it, or a warning. Steps of one side, in this order:
//
//   skip frames -> keep every n-th -> crop -> range, matrix, chroma, scale (one pass) -> raise bit depth
//
// Lives in the target fovea_video_normalise, which links zimg.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "video/reader.h"

namespace fovea {

// bicubic: B = 0, C = 0.6, which is what FFmpeg's scaler calls bicubic.
enum class ScaleKernel : uint8_t { kPoint, kBilinear, kBicubic, kSpline36, kLanczos };
const char* kernel_name(ScaleKernel kernel);
// Error: unknown name; it lists the known ones.
Result<ScaleKernel> parse_kernel(const std::string& name);

struct CropRect {
  int left_px = 0;
  int top_px = 0;
  int width_px = 0;
  int height_px = 0;
  bool operator==(const CropRect&) const = default;
};
// "WxH+X+Y" or "WxH" (centred, rounded to even). Error: not of that form.
Result<CropRect> parse_crop(const std::string& text, int picture_width_px, int picture_height_px);

struct PlanOptions {
  // --offset, one for all distorted clips or one each: frame i of the reference pairs with frame i + offset
  // of the distorted clip. Positive: the distorted clip starts with extra frames.
  std::vector<int64_t> offset_frames;

  std::optional<CropRect> crop_ref;  // --crop-ref
  std::optional<CropRect> crop_dis;  // --crop: applied to each distorted clip

  // --scale: clips of another size are scaled to this size. kReference: distorted clips to the reference's
  // size.
  enum class Scale : uint8_t { kNone, kReference, kSize };
  Scale scale = Scale::kNone;
  int scale_width_px = 0;  // for kSize; both sides
  int scale_height_px = 0;
  ScaleKernel kernel = ScaleKernel::kBicubic;

  std::optional<ColorRange> range;  // --range limited|full: both sides; untagged clips count as limited
  std::optional<int> matrix;        // --matrix: H.273 code; both sides; untagged clips are left alone
  std::optional<Chroma> chroma;     // --chroma: both sides
  bool decimate = false;            // --fps: drop frames of the faster side when the ratio is a whole number
  bool allow_short = false;         // --allow-short: different lengths are expected
  bool require_equal = false;       // --no-normalise: any difference of form is an error, even of bit depth
};

// What happens to one clip.
struct SidePlan {
  std::string name;
  Format input;
  Format output;
  int64_t skip_frames = 0;
  int keep_every = 1;
  std::optional<CropRect> crop;
  ColorInfo color;                              // of the input
  ColorRange range = ColorRange::kUnspecified;  // converted to, if it differs from range_from
  ColorRange range_from = ColorRange::kUnspecified;
  int matrix = kColorUnspecified;  // converted to, if it differs from color.matrix
  ScaleKernel kernel = ScaleKernel::kBicubic;

  bool converts_range() const { return range != range_from; }
  bool converts_matrix() const { return matrix != color.matrix; }
  bool scales() const;
  // Samples change other than by crop and shift.
  bool resamples() const {
    return converts_range() || converts_matrix() || scales() || output.chroma != input.chroma;
  }
  // Frames pass through untouched.
  bool is_identity() const { return !crop && !resamples() && output == input; }
};

struct NormalisationPlan {
  SidePlan ref;
  std::vector<SidePlan> dis;          // in the order of the request
  std::vector<std::string> notes;     // what is done, and why
  std::vector<std::string> warnings;  // what differs and is left as it is
  bool is_identity() const;
};

// Errors (usage or input) name file, values and the option that deals with the difference.
Result<NormalisationPlan> make_plan(const StreamInfo& ref, std::span<const StreamInfo> dis,
                                    const PlanOptions& options);
inline Result<NormalisationPlan> make_plan(const StreamInfo& ref, const StreamInfo& dis,
                                           const PlanOptions& options) {
  return make_plan(ref, std::span(&dis, 1), options);
}

// One line per step, for people. "" if nothing is done and nothing is to be said.
std::string describe(const NormalisationPlan& plan);
// The same for reports.
nlohmann::ordered_json plan_json(const NormalisationPlan& plan);

// Applies the sample steps of one side (not the skipping of frames). Frames that need nothing pass through as
// they are; a crop alone moves pointers. Output storage is pooled. Safe for use by several threads at once.
class Normaliser {
 public:
  static Result<std::unique_ptr<Normaliser>> create(const SidePlan& plan);
  ~Normaliser();
  // Error: the frame has another format than planned, or memory is short.
  Result<Frame> apply(Frame frame) const;

 private:
  struct Impl;
  explicit Normaliser(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// A reader of normalised frames: all steps of `plan`, including the skipping of frames. Its info() has the
// output format, range, matrix and frame rate.
Result<std::unique_ptr<Reader>> normalise(std::unique_ptr<Reader> reader, const SidePlan& plan);

}  // namespace fovea
