// SPDX-License-Identifier: BSD-2-Clause-Patent
// Alignment of two clips by the signatures of their frames.
//
// For an offset k the residuals x_i = D[i+k] - R[i] of the right alignment are coding error: small, and much
// the same from frame to frame. Their variance over time, e(k), forgets whatever is constant (a change of
// range, a denoiser's bias, a still background), so that what is left measures motion that does not match. On
// real encodes e(0) is 3 to 3000 times below e(+-1). Static clips have no motion to mismatch: e is the same
// for all k, and the answer "unsure".
//
// The clips go by in windows that overlap by half. In each window the best single offset is compared with the
// best pair of offsets, one before and one after some frame: that is a dropped or repeated frame.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <utility>

#include "video/diagnose.h"

namespace fovea {
namespace {

constexpr int kCells = LumaSignature::kColumns * LumaSignature::kRows;
constexpr int kWindow = 32;  // frames of the reference looked at together
constexpr int kHop = 16;
constexpr int kMinPart = 3;  // frames that may establish an offset of their own
constexpr int kMinSingle = 4;
constexpr double kClear = 2.0;      // an offset's e is this many times below that of any other
constexpr double kClearZero = 1.4;  // for offset 0, which needs less persuasion
constexpr double kExplained = 0.4;  // e over the clips' own variance, below which they show the same
constexpr double kSplit = 0.4;      // two offsets are believed if they divide e by at least 1 / this
constexpr double kNever = std::numeric_limits<double>::infinity();

// Sum over cells of the variance over time of vectors handed over one by one: unbiased, per cell.
class Variance {
 public:
  void add(const float* x) {
    for (int c = 0; c < kCells; ++c) {
      sum_[c] += x[c];
      squares_[c] += x[c] * x[c];
    }
    ++n_;
  }
  void add_difference(const float* a, const float* b) {
    for (int c = 0; c < kCells; ++c) {
      const float x = a[c] - b[c];
      sum_[c] += x;
      squares_[c] += x * x;
    }
    ++n_;
  }
  int count() const { return n_; }
  double per_cell() const {
    if (n_ < 2) return kNever;
    double total = 0;
    for (int c = 0; c < kCells; ++c) total += squares_[c] - double{sum_[c]} * sum_[c] / n_;
    return std::max(0.0, total) / (static_cast<double>(n_ - 1) * kCells);
  }

 private:
  std::array<float, kCells> sum_{};
  std::array<float, kCells> squares_{};
  int n_ = 0;
};

// The last signatures of one clip.
class History {
 public:
  explicit History(int capacity) : ring_(static_cast<size_t>(capacity)) {}
  void add(const LumaSignature& s) {
    // Means are kept relative to the middle, where floats are finest.
    LumaSignature& to = ring_[static_cast<size_t>(end_++) % ring_.size()];
    for (int c = 0; c < kCells; ++c) to.mean[c] = s.mean[c] - 128.0f;
  }
  int64_t begin() const { return std::max<int64_t>(0, end_ - static_cast<int64_t>(ring_.size())); }
  int64_t end() const { return end_; }
  const float* at(int64_t i) const { return ring_[static_cast<size_t>(i) % ring_.size()].mean.data(); }

 private:
  std::vector<LumaSignature> ring_;
  int64_t end_ = 0;
};

// What a stretch of frames says.
struct Evidence {
  bool is_clear = false;
  int offset = 0;
  double ratio = 1;  // e of the runner-up over e of the winner
};

struct Window {
  const History& ref;
  const History& dis;
  int search;

  // The frames of [a, b) that have a partner at offset k.
  std::pair<int64_t, int64_t> overlap(int64_t a, int64_t b, int k) const {
    return {std::max({a, ref.begin(), dis.begin() - k}), std::min({b, ref.end(), dis.end() - k})};
  }
  double e(int64_t a, int64_t b, int k, int min_frames) const {
    const auto [from, to] = overlap(a, b, k);
    if (to - from < min_frames) return kNever;
    Variance v;
    for (int64_t i = from; i < to; ++i) v.add_difference(dis.at(i + k), ref.at(i));
    return v.per_cell();
  }
  // The smaller of the clips' own variances over the frames that offset k compares.
  double activity(int64_t a, int64_t b, int k) const {
    const auto [from, to] = overlap(a, b, k);
    Variance r;
    Variance d;
    for (int64_t i = from; i < to; ++i) {
      r.add(ref.at(i));
      d.add(dis.at(i + k));
    }
    return std::min(r.per_cell(), d.per_cell());
  }

  Evidence judge(int64_t a, int64_t b, int min_frames) const {
    double best = kNever;
    Evidence out;
    for (int k = -search; k <= search; ++k) {
      const double value = e(a, b, k, min_frames);
      if (value < best) {
        best = value;
        out.offset = k;
      }
    }
    return best == kNever ? Evidence{} : confirm(a, b, out.offset, best);
  }

  // Is offset k, with its e, clearly better than the others?
  Evidence confirm(int64_t a, int64_t b, int k, double value) const {
    Evidence out;
    out.offset = k;
    // The rivals are judged on the frames that k is judged on, or luck with a still stretch would decide.
    const auto [from, to] = overlap(a, b, k);
    double second = kNever;
    for (int other = -search; other <= search; ++other) {
      // Three frames are enough for an objection.
      if (other != k) second = std::min(second, e(from, to, other, kMinPart));
    }
    if (second == kNever) return out;
    const double floor = 1e-4;  // below this, differences are rounding
    out.ratio = (second + floor) / (value + floor);
    const bool is_explained = value <= kExplained * activity(a, b, k);
    out.is_clear = is_explained && out.ratio >= (k == 0 ? kClearZero : kClear);
    return out;
  }

  // Cheap: the offset that held so far still holds.
  bool still_holds(int64_t a, int64_t b, int k) const {
    const double value = e(a, b, k, kMinSingle);
    if (value == kNever || value > 0.25 * activity(a, b, k)) return false;
    return e(a, b, k - 1, kMinSingle) >= kClear * value && e(a, b, k + 1, kMinSingle) >= kClear * value &&
           !has_bad_run(a, b, k);
  }
  // Some frames in a row match much worse than most do.
  bool has_bad_run(int64_t a, int64_t b, int k) const {
    constexpr int kRun = 3;
    constexpr double kMuchWorse = 4;
    const auto [from, to] = overlap(a, b, k);
    const int n = static_cast<int>(to - from);
    std::array<float, kCells> mean{};
    for (int64_t i = from; i < to; ++i) {
      for (int c = 0; c < kCells; ++c) mean[c] += (dis.at(i + k)[c] - ref.at(i)[c]) / static_cast<float>(n);
    }
    std::array<double, kWindow> error{};
    for (int i = 0; i < n; ++i) {
      for (int c = 0; c < kCells; ++c) {
        const double x = dis.at(from + i + k)[c] - ref.at(from + i)[c] - mean[c];
        error[i] += x * x;
      }
    }
    auto sorted = error;
    std::nth_element(sorted.begin(), sorted.begin() + n / 2, sorted.begin() + n);
    const double median = sorted[n / 2];
    for (int i = 0; i + kRun <= n; ++i) {
      if (std::min({error[i], error[i + 1], error[i + 2]}) > kMuchWorse * median + 1e-3) return true;
    }
    return false;
  }

  struct Split {
    bool is_found = false;
    int64_t frame = 0;  // the first of the reference that no longer follows the first offset
    Evidence before;
    Evidence after;
  };
  // Two offsets within [a, b): `before` up to a frame, `after` from it, or from where its partners begin
  // again.
  Split find_split(int64_t a, int64_t b, int around) const {
    // Offsets worth trying: those near the one that held, and the best over the window.
    std::vector<std::pair<double, int>> ranked;
    for (int k = -search; k <= search; ++k) ranked.emplace_back(e(a, b, k, kMinPart), k);
    const double single = std::min_element(ranked.begin(), ranked.end())->first;
    std::stable_sort(ranked.begin(), ranked.end());
    std::vector<int> offsets;
    for (size_t i = 0; i < ranked.size(); ++i) {
      const int k = ranked[i].second;
      if (i < 6 || std::abs(k - around) <= 3 || std::abs(k) <= 3) offsets.push_back(k);
    }
    const int n = static_cast<int>(b - a);
    const size_t cells = static_cast<size_t>(n) + 1;
    std::vector<double> prefix(offsets.size() * cells, kNever);  // e of [a, a + t)
    std::vector<double> suffix(offsets.size() * cells, kNever);  // e of [a + t, b)
    for (size_t o = 0; o < offsets.size(); ++o) {
      const auto [from, to] = overlap(a, b, offsets[o]);
      Variance forward;
      for (int64_t i = from; i < to; ++i) {
        forward.add_difference(dis.at(i + offsets[o]), ref.at(i));
        if (forward.count() >= kMinPart)
          prefix[o * cells + static_cast<size_t>(i + 1 - a)] = forward.per_cell();
      }
      Variance backward;
      for (int64_t i = to - 1; i >= from; --i) {
        backward.add_difference(dis.at(i + offsets[o]), ref.at(i));
        if (backward.count() >= kMinPart)
          suffix[o * cells + static_cast<size_t>(i - a)] = backward.per_cell();
      }
    }
    Split best;
    double best_cost = kSplit * single;
    int best_gap = 0;
    for (int t = kMinPart; t <= n - kMinPart; ++t) {
      for (size_t o1 = 0; o1 < offsets.size(); ++o1) {
        const double first = prefix[o1 * cells + static_cast<size_t>(t)];
        if (first >= best_cost * n / t) continue;
        for (size_t o2 = 0; o2 < offsets.size(); ++o2) {
          // Dropped frames leave frames of the reference without a partner.
          const int gap = std::max(0, offsets[o1] - offsets[o2]);
          if (o1 == o2 || t + gap > n - kMinPart) continue;
          const double second = suffix[o2 * cells + static_cast<size_t>(t + gap)];
          const double cost = (first * t + second * (n - t - gap)) / (n - gap);
          if (cost < best_cost) {
            best_cost = cost;
            best = {true, a + t, {false, offsets[o1], 1}, {false, offsets[o2], 1}};
            best_gap = gap;
          }
        }
      }
    }
    if (!best.is_found) return best;
    const int64_t resume = best.frame + best_gap;
    best.before = confirm(a, best.frame, best.before.offset, e(a, best.frame, best.before.offset, kMinPart));
    best.after = confirm(resume, b, best.after.offset, e(resume, b, best.after.offset, kMinPart));
    best.is_found = best.before.is_clear && best.after.is_clear;
    return best;
  }
};

std::string frames_text(int64_t n) {
  return std::to_string(n) + (n == 1 ? " frame" : " frames");
}

}  // namespace

const char* status_name(Alignment::Status status) {
  switch (status) {
    case Alignment::Status::kOk:
      return "ok";
    case Alignment::Status::kOffset:
      return "offset";
    case Alignment::Status::kDropOrDup:
      return "drop_or_dup";
    case Alignment::Status::kUnsure:
      return "unsure";
  }
  return "?";
}

struct AlignmentTracker::Impl {
  explicit Impl(int search) : search_frames(std::clamp(search, 1, 1000)), ref(history()), dis(history()) {}
  int history() const { return 2 * kWindow + 2 * search_frames; }

  // Looks at frames [a, b) of the reference and takes in what they say.
  void look(int64_t a, int64_t b);
  // Returns whether the evidence was clear.
  bool take(const Evidence& evidence, int64_t frame, bool is_exact);
  // All windows that are complete; at the end of the clips also the last, shorter one.
  void advance(bool is_end);
  Alignment conclude() const;

  int search_frames;
  History ref;
  History dis;
  int64_t next_window = 0;
  int64_t windows = 0;
  int64_t clear_windows = 0;  // of them, those that could tell

  bool has_offset = false;
  int first_offset = 0;
  int offset = 0;
  double weakest_ratio = kNever;
  int64_t changes = 0;
  int64_t change_frame = -1;
  int64_t last_change_frame = -1;
  int change_from = 0;
  int change_to = 0;
};

bool AlignmentTracker::Impl::take(const Evidence& evidence, int64_t frame, bool is_exact) {
  if (!evidence.is_clear) return false;
  weakest_ratio = std::min(weakest_ratio, evidence.ratio);
  if (!has_offset) {
    has_offset = true;
    first_offset = offset = evidence.offset;
    return true;
  }
  if (evidence.offset == offset) return true;
  // The windows overlap, so the second of two may still show what the first has told.
  if (last_change_frame >= 0 && frame <= last_change_frame + 2 && !is_exact) return true;
  if (changes++ == 0) {
    change_frame = frame;
    change_from = offset;
    change_to = evidence.offset;
  }
  last_change_frame = frame;
  offset = evidence.offset;
  return true;
}

void AlignmentTracker::Impl::look(int64_t a, int64_t b) {
  const Window window{ref, dis, search_frames};
  ++windows;
  if (has_offset && window.still_holds(a, b, offset)) {
    ++clear_windows;
    return;
  }
  const Window::Split split = window.find_split(a, b, has_offset ? offset : 0);
  if (split.is_found) {
    ++clear_windows;
    const bool is_told = last_change_frame >= 0 && std::abs(split.frame - last_change_frame) <= 4 &&
                         split.after.offset == offset;
    if (is_told) return;
    take(split.before, a, false);
    take(split.after, split.frame, true);
    return;
  }
  clear_windows += take(window.judge(a, b, kMinSingle), a, false);
}

void AlignmentTracker::Impl::advance(bool is_end) {
  const int64_t ready = std::min(ref.end(), dis.end());
  // Partners lie up to search_frames later.
  while (next_window + kWindow + search_frames <= ready) {
    look(next_window, next_window + kWindow);
    next_window += kHop;
  }
  if (!is_end) return;
  const int64_t last = std::max(ref.end(), dis.end());
  while (true) {
    const int64_t end = std::min(ref.end(), next_window + kWindow);
    if (end - next_window < kMinSingle) break;
    look(next_window, end);
    if (end >= ref.end() || end >= last) break;
    next_window += kHop;
  }
}

Alignment AlignmentTracker::Impl::conclude() const {
  Alignment out;
  if (!has_offset) {
    out.text = "alignment cannot be told: too little motion, or too little resemblance";
    return out;
  }
  const double told = static_cast<double>(clear_windows) / static_cast<double>(windows);
  out.confidence = std::clamp((1.0 - 1.0 / weakest_ratio) * told, 0.0, 1.0);
  std::string where;
  if (clear_windows < windows) {
    where = " (seen in " + std::to_string(clear_windows) + " of " + std::to_string(windows) +
            " stretches; the others move too little to tell)";
  }
  if (changes > 0) {
    out.status = Alignment::Status::kDropOrDup;
    out.offset = change_to - change_from;
    out.frame = change_frame;
    out.text = "from about frame " + std::to_string(change_frame) + " the distorted clip is " +
               (out.offset < 0 ? frames_text(-out.offset) + " short: frames were dropped"
                               : frames_text(out.offset) + " late: frames were repeated or inserted");
    if (changes > 1) out.text += "; " + std::to_string(changes) + " such places in all";
    if (first_offset != 0) out.text += "; before that it is offset by " + std::to_string(first_offset);
    return out;
  }
  out.offset = first_offset;
  if (first_offset == 0) {
    out.status = Alignment::Status::kOk;
    out.text = "frames are aligned" + where;
    return out;
  }
  out.status = Alignment::Status::kOffset;
  out.text = "frame i of the reference matches frame i" + std::string(first_offset > 0 ? "+" : "") +
             std::to_string(first_offset) + " of the distorted clip; add --offset " +
             std::to_string(first_offset);
  return out;
}

AlignmentTracker::AlignmentTracker(int search_frames) : impl_(std::make_unique<Impl>(search_frames)) {}
AlignmentTracker::~AlignmentTracker() = default;
AlignmentTracker::AlignmentTracker(AlignmentTracker&&) noexcept = default;
AlignmentTracker& AlignmentTracker::operator=(AlignmentTracker&&) noexcept = default;

void AlignmentTracker::add(const LumaSignature* ref, const LumaSignature* dis) {
  if (ref != nullptr) impl_->ref.add(*ref);
  if (dis != nullptr) impl_->dis.add(*dis);
  impl_->advance(false);
}

void AlignmentTracker::add(const Frame& ref, const Frame& dis) {
  const LumaSignature r = make_signature(ref);
  const LumaSignature d = make_signature(dis);
  add(&r, &d);
}

Alignment AlignmentTracker::result() const {
  Impl end = *impl_;
  end.advance(true);
  return end.conclude();
}

Result<Alignment> align_heads(const InputOptions& ref, const InputOptions& dis,
                              ContainerOpener container_opener, int frames, int search_frames) {
  AlignmentTracker tracker(search_frames);
  FOVEA_ASSIGN(auto ref_reader, open_input(ref, container_opener));
  FOVEA_ASSIGN(auto dis_reader, open_input(dis, container_opener));
  for (int i = 0; i < frames; ++i) {
    FOVEA_ASSIGN(const auto r, ref_reader->next());
    FOVEA_ASSIGN(const auto d, dis_reader->next());
    if (!r && !d) break;
    LumaSignature rs;
    LumaSignature ds;
    if (r) rs = make_signature(*r);
    if (d) ds = make_signature(*d);
    tracker.add(r ? &rs : nullptr, d ? &ds : nullptr);
  }
  return tracker.result();
}

}  // namespace fovea
