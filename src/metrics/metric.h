// SPDX-License-Identifier: BSD-2-Clause-Patent
// The contract of a metric.
//
//            once per stream            per frame, cut into strips        per frame       per stream
//   options ----------------> Metric --------------------------> sums ------------> raw ----------> scores
//            create(), a Plan           run(phase, strip)               finish()        Timeline
//
// - create() does the double-precision work that depends on format and options only, and keeps it in a
//   Plan of plain data. Unknown options, values out of range and formats a metric is not defined for are
//   errors there, never later.
// - run() is the only place with pixel loops and SIMD. It sees one reference picture and any number of
//   distorted ones (scored in lockstep, so that reference-only work and cache lines are shared), reads rows,
//   and leaves sums in a FrameState. A metric has one or more phases (VIF and ADM: one a scale); a phase is
//   cut into strips of rows which may run in any order and on any thread; phase p+1 starts after all strips
//   of phase p. Phases and strips depend on the format alone, never on the number of threads: sums that are
//   kept per strip and merged in order give the same bits on every machine.
// - finish() is scalar double arithmetic, one copy for all CPU targets and devices: logs, powers, floors.
//   It turns the sums of one distorted picture into raw values.
// - Timeline sees the raw values of one distorted clip in frame order, and emits scores. Most metrics emit
//   their raw values as they are (the default); motion needs the neighbours, APSNR the whole clip.
//
// One instance may serve several option sets, its variants, that differ in a late step only (VIF with and
// without credit for enhancement): what leads up to that step is then done once. MetricInfo says which sets
// go together.
//
// A Metric is immutable after create() and shared by all threads. Nothing allocates after the first frame:
// FrameStates are made once per frame in flight, Scratch once per worker.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "base/params.h"
#include "base/result.h"
#include "video/frame.h"

namespace fovea {

// One series of scores that a metric instance emits.
struct Feature {
  std::string key;         // as models, the C API and the score store know it, option suffix included
  std::string label;       // as reports print it
  bool late = false;       // its first value comes only after frame 0 is complete (orders report columns)
  bool aggregate = false;  // one value per clip
};

// A feature as a metric declares it, before options are known.
struct FeatureName {
  const char* name;   // internal name, e.g. "VMAF_integer_feature_vif_scale0_score"
  const char* alias;  // short name of the report, e.g. "integer_vif_scale0"; nullptr if there is none
};

// key and label of a declared feature under an option suffix (ParamTable::suffix). Without a suffix the key
// is the internal name and the label its alias; with one, both are alias + suffix, cut at 255 bytes.
Feature named_feature(const FeatureName& name, const std::string& suffix);
// A feature that carries no suffix whatever the options.
Feature plain_feature(const char* name);

// A reference picture and its distorted versions, same format, same time.
struct PictureSet {
  const Frame* ref = nullptr;
  std::span<const Frame> dis;
};

struct FrameInput {
  int64_t index = 0;  // 0-based, consecutive
  // at[0] is this frame, at[d] the one d frames earlier; history()+1 entries, those before the clip's start
  // have ref == nullptr.
  std::span<const PictureSet> at;

  const Frame& ref() const { return *at[0].ref; }
  std::span<const Frame> dis() const { return at[0].dis; }
};

// Sums and intermediate planes of one frame in flight. Reused for later frames: run() overwrites, it does
// not accumulate across frames.
class FrameState {
 public:
  virtual ~FrameState() = default;

  // For what create() cannot foresee (a full disk, a network that its runtime refuses to run): the first
  // error of a frame ends the session, which reports it. Thread safe.
  void fail(Error error) const {
    std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }
  std::optional<Error> take_error() const {
    std::lock_guard lock(mutex_);
    return std::exchange(error_, std::nullopt);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::optional<Error> error_;
};

// Receives scores. `feature` is the position in Metric::features().
class ScoreSink {
 public:
  virtual ~ScoreSink() = default;
  virtual void score(int feature, int64_t frame, double value) = 0;
  virtual void aggregate(int feature, double value) = 0;
};

// The ordered tail of a metric, one per distorted clip. Called from one thread at a time.
class Timeline {
 public:
  virtual ~Timeline() = default;
  virtual void add(int64_t frame, std::span<const double> raw, ScoreSink& sink) = 0;
  virtual void flush(ScoreSink&) {}
};

class Metric {
 public:
  virtual ~Metric() = default;

  // Option sets that this instance serves. features() and the raw values are those of the first one, then
  // those of the second, ..., equally many each; a Timeline belongs to one.
  virtual int variants() const { return 1; }
  // Everything this instance emits, in the order of emission.
  virtual const std::vector<Feature>& features() const = 0;
  // Earlier reference pictures that run() looks at.
  virtual int history() const { return 0; }
  // Whether it looks at the earlier distorted pictures, too; if not, at[d > 0].dis may be empty.
  virtual bool history_has_distorted() const { return false; }
  // False: run() looks at luma only, the chroma planes of its pictures may be empty.
  virtual bool uses_chroma() const { return true; }
  // True if every frame must be seen even when only each n-th is scored.
  virtual bool every_frame() const { return history() > 0; }
  // Number of raw values that finish() writes, for all variants.
  virtual int raw_count() const { return static_cast<int>(features().size()); }

  // strips()[p] is the number of strips of phase p; never empty, entries >= 1.
  virtual const std::vector<int>& strips() const = 0;
  // Upper bound on what one run() takes from its Scratch.
  virtual size_t scratch_bytes(int dis_count) const = 0;
  virtual std::unique_ptr<FrameState> make_state(int dis_count) const = 0;

  // Thread safe for different strips of one phase. Must be memory safe for any sample values, also ones
  // above the bit depth.
  virtual void run(const FrameInput& input, int phase, int strip, FrameState& state,
                   Scratch& scratch) const = 0;
  // Raw values of distorted picture `dis`, after the last phase.
  virtual void finish(const FrameInput& input, const FrameState& state, int dis,
                      std::span<double> raw) const = 0;

  // For one variant. The default emits raw value i as feature i.
  virtual std::unique_ptr<Timeline> make_timeline() const;
};

// What the registry knows of a metric before it meets a stream.
struct MetricInfo {
  const char* name;                   // extractor name: "vif"
  const char* summary;                // one line for `fovea metrics`
  std::vector<FeatureName> provided;  // names by which models may ask for it
  const std::vector<ParamSpec>& (*params)();
  // The option suffix of these options: two requests are the same instance iff name and suffix are equal.
  Result<std::string> (*suffix)(const OptionMap& options);
  Result<std::unique_ptr<Metric>> (*create)(const Format& format, const OptionMap& options);
  // Cannot work without a file that an option names: not a part of "all metrics".
  bool needs_file = false;
  // Whether one instance can serve both of two valid option sets, and the maker of such instances. Null:
  // never.
  bool (*shares_work)(const OptionMap& a, const OptionMap& b) = nullptr;
  Result<std::unique_ptr<Metric>> (*create_variants)(const Format& format,
                                                     std::span<const OptionMap> variants) = nullptr;
  // Files may claim any name: an instance that emits what another one emits is an error.
  bool owns_names = false;
};

// Error for a picture smaller than a metric is defined for.
Error too_small_error(const char* metric, const Format& format, int min_width_px, int min_height_px);

// Cuts `rows` rows into strips of about `target` rows, each a multiple of `multiple` (but the last).
struct StripRange {
  int begin;
  int end;
};
int strip_count(int rows, int target);
StripRange strip_range(int rows, int strips, int strip, int multiple);

}  // namespace fovea
