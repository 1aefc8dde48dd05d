// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "models/format.h"

#include <algorithm>
#include <array>
#include <set>
#include <vector>

#include "base/sha256.h"
#include "models/model_check.h"
#include "models/text.h"

namespace fovea {

using namespace models;

namespace {

constexpr std::string_view kModelMark = "fovea-model";
constexpr std::string_view kSvmMark = "fovea-svm";
constexpr std::string_view kVersion = "1";
constexpr size_t kHashDigits = 64;

constexpr std::array<std::pair<std::string_view, ModelKind>, 3> kKinds = {
    {{"svr", ModelKind::kSvr},
     {"bootstrap_svr", ModelKind::kBootstrapSvr},
     {"residue_bootstrap_svr", ModelKind::kResidueBootstrapSvr}}};

// ---------------------------------------------------------------------------------------------------------
// Writing
// ---------------------------------------------------------------------------------------------------------

// One line: a word and what follows it.
class Line {
 public:
  explicit Line(std::string_view word) : text_(word) {}
  Line& word(std::string_view w) {
    text_ += ' ';
    text_ += w;
    return *this;
  }
  Line& number(double v) {
    text_ += ' ';
    append_double(text_, v);
    return *this;
  }
  Line& numbers(const std::vector<double>& list) {
    for (const double v : list) number(v);
    return *this;
  }
  Line& setting(const char* name, const std::optional<double>& v) {
    if (!v) return *this;
    text_ += ' ';
    text_ += name;
    text_ += '=';
    append_double(text_, *v);
    return *this;
  }
  std::string end() const { return text_ + '\n'; }

 private:
  std::string text_;
};

std::string svm_to_text(const Svm& svm) {
  std::string out = Line(kSvmMark).word(kVersion).end();
  out += Line("gamma").number(svm.gamma).end();
  out += Line("rho").number(svm.rho).end();
  out += Line("vectors").word(std::to_string(svm.coefficients.size())).word(std::to_string(svm.dims)).end();
  const double* v = svm.vectors.data();
  for (const double coefficient : svm.coefficients) {
    append_double(out, coefficient);
    for (size_t i = 0; i < svm.dims; ++i) {
      out += ' ';
      append_double(out, *v++);
    }
    out += '\n';
  }
  return out;
}

std::string feature_to_text(const ModelFeature& feature) {
  Line line("feature");
  line.word(percent_encode(feature.name, false));
  for (const auto& [name, text] : feature.options) {
    line.word(percent_encode(name, false) + "=" + percent_encode(text, false));
  }
  return line.end();
}

std::string transform_to_text(const std::optional<ScoreTransform>& t) {
  if (!t) return Line("transform").word("none").end();
  Line line("transform");
  line.word(t->enabled ? "on" : "off").setting("p0", t->p0).setting("p1", t->p1).setting("p2", t->p2);
  if (t->out_lte_in) line.word("out_lte_in");
  if (t->out_gte_in) line.word("out_gte_in");
  std::string out = line.end();
  for (const TransformKnot& knot : t->knots) out += Line("knot").number(knot.x).number(knot.y).end();
  return out;
}

std::string clip_to_text(const std::optional<ScoreClip>& clip) {
  return clip ? Line("clip").number(clip->min).number(clip->max).end() : Line("clip").word("none").end();
}

std::string chroma_to_text(const std::optional<double>& chroma) {
  Line line("chroma_correction");
  return chroma ? line.number(*chroma).end() : line.word("none").end();
}

// A part of a model as text, written whenever the part differs from `base`.
std::string parts_to_text(const Model& model, const Model& base) {
  std::string out;
  if (model.slopes != base.slopes) out += Line("slopes").numbers(model.slopes).end();
  if (model.intercepts != base.intercepts) out += Line("intercepts").numbers(model.intercepts).end();
  if (model.chroma_correction != base.chroma_correction) out += chroma_to_text(model.chroma_correction);
  if (model.transform != base.transform) out += transform_to_text(model.transform);
  if (model.clip != base.clip) out += clip_to_text(model.clip);
  return out;
}

// Adds the SVM's text to `svms` and returns the line that refers to it.
std::string svm_reference(const Svm& svm, std::map<std::string, std::string>& svms) {
  std::string text = svm_to_text(svm);
  const std::string hash = sha256_hex(text);
  svms.emplace(hash, std::move(text));
  return Line("svm").word(hash).end();
}

// ---------------------------------------------------------------------------------------------------------
// Reading
// ---------------------------------------------------------------------------------------------------------

bool is_hash(std::string_view word) {
  return word.size() == kHashDigits && word.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Lines of a text, counted from `first_line`.
class Lines {
 public:
  Lines(std::string_view text, const std::string& where, size_t first_line)
      : rest_(text), where_(where), number_(first_line - 1) {}

  bool next() {
    ++number_;
    words_.clear();
    if (!take_line(rest_, line_)) return false;
    split_words(line_, words_);
    return true;
  }
  std::string_view word(size_t i) const { return i < words_.size() ? words_[i] : std::string_view{}; }
  const std::vector<std::string_view>& words() const { return words_; }
  // Everything after the first word and one blank.
  std::string_view after_word() const {
    const size_t skip = word(0).size() + 1;
    return line_.size() > skip ? line_.substr(skip) : std::string_view{};
  }
  Error fail(const std::string& what) const {
    return input_error(where_ + ": line " + std::to_string(number_) + ": " + what);
  }

  // Words from `first` on, all of them finite numbers.
  Result<std::vector<double>> numbers(size_t first) const {
    std::vector<double> out;
    for (size_t i = first; i < words_.size(); ++i) {
      const auto v = parse_double(words_[i]);
      if (!v) return fail(shown(words_[i]) + " is not a finite number");
      out.push_back(*v);
    }
    return out;
  }
  Result<std::vector<double>> numbers(size_t first, size_t count) const {
    if (words_.size() != first + count) {
      return fail(shown(word(0)) + " needs " + count_of(count, "number") + ", found " +
                  std::to_string(words_.size() - std::min(first, words_.size())));
    }
    return numbers(first);
  }

 private:
  std::string_view rest_;
  std::string_view line_;
  const std::string& where_;
  size_t number_;
  std::vector<std::string_view> words_;
};

Status check_mark(const Lines& lines, std::string_view mark) {
  if (lines.word(0) != mark) return lines.fail("expected '" + std::string(mark) + "'");
  if (lines.word(1) != kVersion || lines.words().size() != 2) {
    return lines.fail(std::string(mark) + " version " + shown(lines.word(1)) +
                      " is not known, only version 1");
  }
  return {};
}

Result<Svm> svm_from_text(std::string_view text, const std::string& where) {
  Lines lines(text, where, 1);
  lines.next();
  FOVEA_TRY(check_mark(lines, kSvmMark));
  Svm svm;
  for (const auto& [name, value] : {std::pair{"gamma", &svm.gamma}, std::pair{"rho", &svm.rho}}) {
    if (!lines.next() || lines.word(0) != name) return lines.fail("expected '" + std::string(name) + "'");
    FOVEA_ASSIGN(const std::vector<double> numbers, lines.numbers(1, 1));
    *value = numbers[0];
  }
  if (!lines.next() || lines.word(0) != "vectors" || lines.words().size() != 3) {
    return lines.fail("expected 'vectors', their count and their size");
  }
  const auto count = parse_count(lines.word(1)), dims = parse_count(lines.word(2));
  if (!count || *count == 0) return lines.fail(shown(lines.word(1)) + " is not a count above 0");
  if (!dims || *dims == 0 || *dims > kMaxModelFeatures)
    return lines.fail(shown(lines.word(2)) + " is not in 1..64");
  svm.dims = *dims;
  for (size_t k = 0; k < *count; ++k) {
    if (!lines.next())
      return lines.fail(std::to_string(*count) + " vectors promised, the text ends after " +
                        std::to_string(k));
    if (svm.vectors.size() >= kMaxSvmValues) return lines.fail("too many numbers in support vectors");
    if (lines.words().size() != 1 + *dims) {
      return lines.fail(count_of(lines.words().size(), "number") + ", " + std::to_string(1 + *dims) +
                        " needed");
    }
    for (size_t i = 0; i <= *dims; ++i) {
      const auto v = parse_double(lines.word(i));
      if (!v) return lines.fail(shown(lines.word(i)) + " is not a finite number");
      (i == 0 ? svm.coefficients : svm.vectors).push_back(*v);
    }
  }
  if (lines.next()) return lines.fail("more lines than the " + std::to_string(*count) + " vectors promised");
  return svm;
}

// SVM texts of a bundle by hash, and what has been read already.
class SvmShelf {
 public:
  SvmShelf(const std::string& where, const SvmSource& source) : where_(where), source_(source) {}

  // `text`: zero or more SVM texts.
  Status fill(std::string_view text) {
    while (!text.empty()) {
      if (!text.starts_with(kSvmMark))
        return input_error(where_ + ": what follows the sha256 line is not an SVM");
      const size_t next = text.find("\n" + std::string(kSvmMark) + " ");
      const size_t size = next == std::string_view::npos ? text.size() : next + 1;
      texts_.emplace(sha256_hex(text.substr(0, size)), text.substr(0, size));
      text.remove_prefix(size);
    }
    return {};
  }

  Result<std::shared_ptr<const Svm>> get(const std::string& hash) {
    if (const auto at = svms_.find(hash); at != svms_.end()) return at->second;
    const std::string name = where_ + ": svm " + hash;
    std::string text;
    if (const auto at = texts_.find(hash); at != texts_.end()) {
      text = at->second;
      used_ += 1;
    } else {
      if (source_) {
        FOVEA_ASSIGN(text, source_(hash));
      }
      if (text.empty())
        return input_error(name + ": not in the file, and there is no svm/" + hash + ".svm beside it");
      text.erase(std::remove(text.begin(), text.end(), '\r'), text.end());
      if (sha256_hex(text) != hash)
        return input_error(name + ": its content has another hash, " + sha256_hex(text));
    }
    FOVEA_ASSIGN(Svm svm, svm_from_text(text, name));
    values_ += svm.vectors.size();
    if (values_ > kMaxSetSvmValues) return input_error(where_ + ": the support vectors are too many");
    return svms_[hash] = std::make_shared<const Svm>(std::move(svm));
  }

  bool all_used() const { return used_ == texts_.size(); }

 private:
  const std::string& where_;
  const SvmSource& source_;
  std::map<std::string, std::string_view> texts_;
  std::map<std::string, std::shared_ptr<const Svm>> svms_;
  size_t used_ = 0;
  size_t values_ = 0;
};

class SetReader {
 public:
  SetReader(std::string_view text, const std::string& where, SvmShelf& shelf)
      : lines_(text, where, 1), shelf_(shelf) {}

  Result<ModelSet> read() {
    lines_.next();
    FOVEA_TRY(check_mark(lines_, kModelMark));
    while (lines_.next()) {
      const std::string_view word = lines_.word(0);
      if (word == "sibling") {
        FOVEA_TRY(begin_sibling());
        continue;
      }
      if (word != "feature" && word != "knot" && !seen_.insert(std::string(word)).second) {
        return lines_.fail(shown(word) + " is given twice");
      }
      FOVEA_TRY(read_line(word));
    }
    FOVEA_TRY(end_model());
    if (set_.id.empty()) return lines_.fail("the set has no id");
    return std::move(set_);
  }

 private:
  Model& current() { return set_.siblings.empty() ? set_.model : set_.siblings.back(); }

  // A sibling is the model but for the lines that follow; its SVM is always its own.
  Status begin_sibling() {
    if (lines_.words().size() != 1) return lines_.fail("'sibling' stands alone");
    FOVEA_TRY(end_model());
    if (set_.model.kind == ModelKind::kSvr)
      return lines_.fail("only models of a bootstrap kind have siblings");
    if (set_.siblings.size() >= kMaxSiblings) return lines_.fail("too many siblings");
    set_.siblings.push_back(set_.model);
    current().svm = nullptr;
    seen_.clear();
    return {};
  }

  Status end_model() {
    if (!seen_.contains("kind") && set_.siblings.empty()) return lines_.fail("the model has no kind");
    if (!seen_.contains("norm") && set_.siblings.empty()) return lines_.fail("the model has no norm");
    if (!current().svm) return lines_.fail("the model has no svm");
    if (const auto fault = find_fault(current())) {
      return lines_.fail("the model that ends here: " + fault->member + ": " + fault->text);
    }
    return {};
  }

  Status read_line(std::string_view word) {
    Model& model = current();
    if (set_.siblings.empty()) {
      if (word == "id" || word == "summary" || word == "credit" || word == "source") return read_text(word);
      if (word == "viewing") return read_viewing();
      if (word == "kind") return read_kind(model);
      if (word == "norm") return read_norm(model);
      if (word == "feature") return read_feature(model);
    }
    if (word == "slopes" || word == "intercepts") {
      FOVEA_ASSIGN((word == "slopes" ? model.slopes : model.intercepts), lines_.numbers(1));
      return {};
    }
    if (word == "chroma_correction") return read_chroma(model);
    if (word == "transform") return read_transform(model);
    if (word == "knot") return read_knot(model);
    if (word == "clip") return read_clip(model);
    if (word == "svm") return read_svm(model);
    return lines_.fail("unknown line " + shown(word));
  }

  Status read_text(std::string_view word) {
    const auto text = percent_decode(lines_.after_word());
    if (!text) return lines_.fail("neither plain text nor a %XX code");
    if (word == "id") {
      if (text->empty() || lines_.words().size() != 2) return lines_.fail("'id' needs one word");
      set_.id = *text;
    }
    if (word == "summary") set_.summary = *text;
    if (word == "credit") set_.credit = *text;
    if (word == "source") set_.source = *text;
    return {};
  }

  Status read_viewing() {
    FOVEA_ASSIGN(const std::vector<double> v, lines_.numbers(1, 2));
    if (!(v[0] >= 0 && v[0] <= 1000))
      return lines_.fail("a viewing distance lies in [0, 1000] picture heights");
    const auto height_px = parse_count(lines_.word(2));
    if (!height_px || *height_px > 1000000) {
      return lines_.fail("a display height is a whole number in [0, 1000000] pixels");
    }
    set_.viewing = {v[0], static_cast<int>(*height_px)};
    return {};
  }

  Status read_kind(Model& model) {
    for (const auto& [name, kind] : kKinds) {
      if (lines_.word(1) != name || lines_.words().size() != 2) continue;
      model.kind = kind;
      return {};
    }
    return lines_.fail("kind " + shown(lines_.word(1)) + " is unknown");
  }

  Status read_norm(Model& model) {
    const std::string_view norm = lines_.word(1);
    if ((norm != "linear_rescale" && norm != "none") || lines_.words().size() != 2) {
      return lines_.fail("norm " + shown(norm) + " is unknown");
    }
    model.linear_rescale = norm == "linear_rescale";
    return {};
  }

  Status read_feature(Model& model) {
    if (model.features.size() >= kMaxModelFeatures) return lines_.fail("more than 64 features");
    const auto name = percent_decode(lines_.word(1));
    if (!name || name->empty()) return lines_.fail("'feature' needs a name");
    ModelFeature feature{*name, {}};
    for (size_t i = 2; i < lines_.words().size(); ++i) {
      const std::string_view option = lines_.word(i);
      const size_t equals = option.find('=');
      if (equals == std::string_view::npos) return lines_.fail(shown(option) + " is not option=value");
      const auto key = percent_decode(option.substr(0, equals)),
                 text = percent_decode(option.substr(equals + 1));
      if (!key || !text) return lines_.fail(shown(option) + " has a bad %XX code");
      if (!feature.options.emplace(*key, *text).second) return lines_.fail(shown(*key) + " is given twice");
    }
    model.features.push_back(std::move(feature));
    return {};
  }

  bool is_none() const { return lines_.word(1) == "none" && lines_.words().size() == 2; }

  Status read_chroma(Model& model) {
    model.chroma_correction.reset();
    if (is_none()) return {};
    FOVEA_ASSIGN(const std::vector<double> v, lines_.numbers(1, 1));
    model.chroma_correction = v[0];
    return {};
  }

  Status read_transform(Model& model) {
    model.transform.reset();
    if (is_none()) return {};
    ScoreTransform t;
    if (lines_.word(1) != "on" && lines_.word(1) != "off")
      return lines_.fail("'transform' needs on, off or none");
    t.enabled = lines_.word(1) == "on";
    for (size_t i = 2; i < lines_.words().size(); ++i) {
      const std::string_view item = lines_.word(i);
      const std::string_view name = item.substr(0, item.find('='));
      if (item == "out_lte_in") {
        t.out_lte_in = true;
      } else if (item == "out_gte_in") {
        t.out_gte_in = true;
      } else if (item.size() > name.size() && (name == "p0" || name == "p1" || name == "p2")) {
        const auto value = parse_double(item.substr(name.size() + 1));
        if (!value) return lines_.fail(shown(item) + " is not a finite number");
        (name == "p0" ? t.p0 : name == "p1" ? t.p1 : t.p2) = *value;
      } else {
        return lines_.fail(shown(item) + " is unknown");
      }
    }
    model.transform = t;
    return {};
  }

  Status read_knot(Model& model) {
    FOVEA_ASSIGN(const std::vector<double> v, lines_.numbers(1, 2));
    if (!model.transform || !seen_.contains("transform")) return lines_.fail("a knot without a transform");
    if (model.transform->knots.size() >= kMaxTransformKnots) return lines_.fail("more than 10 knots");
    model.transform->knots.push_back({v[0], v[1]});
    return {};
  }

  Status read_clip(Model& model) {
    model.clip.reset();
    if (is_none()) return {};
    FOVEA_ASSIGN(const std::vector<double> v, lines_.numbers(1, 2));
    model.clip = ScoreClip{v[0], v[1]};
    return {};
  }

  Status read_svm(Model& model) {
    if (!is_hash(lines_.word(1)) || lines_.words().size() != 2) return lines_.fail("'svm' needs a SHA-256");
    FOVEA_ASSIGN(model.svm, shelf_.get(std::string(lines_.word(1))));
    return {};
  }

  Lines lines_;
  SvmShelf& shelf_;
  ModelSet set_;
  std::set<std::string> seen_;  // words of the current model
};

}  // namespace

std::string ModelText::bundle() const {
  std::string out = model;
  for (const auto& [svm_hash, text] : svms) out += text;
  return out;
}

ModelText write_model(const ModelSet& set) {
  ModelText out;
  std::string& text = out.model;
  text = Line(kModelMark).word(kVersion).end();
  const std::pair<const char*, const std::string*> facts[] = {
      {"id", &set.id}, {"summary", &set.summary}, {"credit", &set.credit}, {"source", &set.source}};
  for (const auto& [word, fact] : facts) {
    if (!fact->empty()) text += Line(word).word(percent_encode(*fact, fact != &set.id)).end();
  }
  if (set.viewing != ViewingConditions{}) {
    text += Line("viewing")
                .number(set.viewing.distance_h)
                .word(std::to_string(set.viewing.display_height_px))
                .end();
  }
  const auto kind =
      std::find_if(kKinds.begin(), kKinds.end(), [&](const auto& k) { return k.second == set.model.kind; });
  text += Line("kind").word(kind->first).end();
  text += Line("norm").word(set.model.linear_rescale ? "linear_rescale" : "none").end();
  for (const ModelFeature& feature : set.model.features) text += feature_to_text(feature);
  text += parts_to_text(set.model, Model{});
  text += svm_reference(*set.model.svm, out.svms);
  for (const Model& sibling : set.siblings) {
    text += Line("sibling").end();
    text += parts_to_text(sibling, set.model);
    text += svm_reference(*sibling.svm, out.svms);
  }
  out.hash = sha256_hex(text);
  text += Line("sha256").word(out.hash).end();
  return out;
}

bool is_model_text(std::string_view text) {
  return text.starts_with(kModelMark);
}

Result<ModelSet> read_model(std::string_view text, const std::string& where, const SvmSource& source) {
  std::string unix_text;  // without carriage returns, if somebody's tools have put them in
  if (text.find('\r') != std::string_view::npos) {
    unix_text = text;
    unix_text.erase(std::remove(unix_text.begin(), unix_text.end(), '\r'), unix_text.end());
    text = unix_text;
  }
  constexpr std::string_view kHashLine = "\nsha256 ";
  const size_t newline = text.find(kHashLine);
  if (!is_model_text(text) || newline == std::string_view::npos) {
    // Let the header speak first: a later version may end otherwise.
    Lines lines(text, where, 1);
    lines.next();
    FOVEA_TRY(check_mark(lines, kModelMark));
    return input_error(where + ": the text is cut: there is no sha256 line");
  }
  const std::string_view content = text.substr(0, newline + 1);
  std::string_view rest = text.substr(newline + kHashLine.size()), hash;
  take_line(rest, hash);
  Lines lines(content, where, 1);
  lines.next();
  FOVEA_TRY(check_mark(lines, kModelMark));
  const std::string found = sha256_hex(content);
  if (hash != found) {
    return input_error(where + ": the content has been changed: its SHA-256 is " + found +
                       ", the file says " + shown(hash));
  }
  SvmShelf shelf(where, source);
  FOVEA_TRY(shelf.fill(rest));
  FOVEA_ASSIGN(ModelSet set, SetReader(content, where, shelf).read());
  if (!shelf.all_used()) return input_error(where + ": the file has an SVM that no model refers to");
  set.hash = found;
  return set;
}

}  // namespace fovea
