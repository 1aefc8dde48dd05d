// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "models/netflix_json.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/sha256.h"
#include "models/json_tree.h"
#include "models/libsvm_text.h"
#include "models/model_check.h"
#include "models/published.h"

namespace fovea {

using namespace models;

namespace {

using Type = JsonValue::Type;

constexpr std::array<std::pair<std::string_view, ModelKind>, 3> kKinds = {
    {{"LIBSVMNUSVR", ModelKind::kSvr},
     {"BOOTSTRAP_LIBSVMNUSVR", ModelKind::kBootstrapSvr},
     {"RESIDUEBOOTSTRAP_LIBSVMNUSVR", ModelKind::kResidueBootstrapSvr}}};

// A JSON value and the words that errors begin with: the text's name and the value's JSON pointer.
struct Place {
  const JsonValue& value;
  std::string name;

  Error fail(const std::string& what) const { return input_error(name + ": " + what); }
  Status expect(Type type) const {
    if (value.type == type) return {};
    return fail(std::string(json_type_name(value.type)) + ", expected " + json_type_name(type));
  }
  Place item(size_t i) const { return {value.items[i], name + "/" + std::to_string(i)}; }
};

// Known members of one object. Unknown ones are skipped; one that stands there twice is ambiguous.
class Members {
 public:
  explicit Members(const Place& object) : object_(object) {}

  // A member that may be absent; an empty list then. Of another type than expected: an error.
  Result<std::vector<Place>> optional(std::string_view name, Type type) const {
    std::vector<Place> found;
    for (const auto& [key, value] : object_.value.members) {
      if (key == name) found.push_back({value, object_.name + json_pointer_step(name)});
    }
    if (found.size() > 1) return found[0].fail("stands there " + std::to_string(found.size()) + " times");
    if (!found.empty()) FOVEA_TRY(found[0].expect(type));
    return found;
  }
  Result<Place> required(std::string_view name, Type type) const {
    FOVEA_ASSIGN(const std::vector<Place> found, optional(name, type));
    if (!found.empty()) return found[0];
    return input_error(object_.name + json_pointer_step(name) + ": missing, expected " +
                       json_type_name(type));
  }

 private:
  const Place& object_;
};

Result<std::vector<double>> read_numbers(const Place& array) {
  std::vector<double> out;
  for (size_t i = 0; i < array.value.items.size(); ++i) {
    FOVEA_TRY(array.item(i).expect(Type::kNumber));
    out.push_back(array.value.items[i].number);
  }
  return out;
}

// Slopes or intercepts: of the score, then of each feature. More than needed is ignored, as in libvmaf.
Result<std::vector<double>> read_scale(const Place& array, size_t features) {
  FOVEA_ASSIGN(std::vector<double> out, read_numbers(array));
  if (out.size() > features + 1) out.resize(features + 1);
  return out;
}

Result<std::string> read_option(const Place& option) {
  const JsonValue& v = option.value;
  if (v.type == Type::kString) return v.text;
  if (v.type == Type::kBool) return option_text(v.boolean);
  if (v.type != Type::kNumber) {
    return option.fail(std::string(json_type_name(v.type)) + ", expected a number, a string, true or false");
  }
  const double single = static_cast<double>(static_cast<float>(v.number));
  if (!std::isfinite(single)) return option.fail(format_g(v.number) + " is beyond single precision");
  return format_g(single);
}

Status read_features(const Members& dict, Model& model) {
  FOVEA_ASSIGN(const Place names, dict.required("feature_names", Type::kArray));
  if (names.value.items.empty()) return names.fail("the model has no features");
  for (size_t i = 0; i < names.value.items.size(); ++i) {
    FOVEA_TRY(names.item(i).expect(Type::kString));
    model.features.push_back({names.value.items[i].text, {}});
  }
  FOVEA_ASSIGN(const std::vector<Place> found, dict.optional("feature_opts_dicts", Type::kArray));
  if (found.empty()) return {};
  const Place& dicts = found[0];
  if (dicts.value.items.size() > model.features.size()) {
    return dicts.fail(std::to_string(dicts.value.items.size()) + " dictionaries for " +
                      count_of(model.features.size(), "feature"));
  }
  for (size_t i = 0; i < dicts.value.items.size(); ++i) {
    const Place options = dicts.item(i);
    FOVEA_TRY(options.expect(Type::kObject));
    for (const auto& [key, value] : options.value.members) {
      const Place option{value, options.name + json_pointer_step(key)};
      FOVEA_ASSIGN(const std::string text, read_option(option));
      const auto [slot, is_new] = model.features[i].options.emplace(key, text);
      if (!is_new && slot->second != text) return option.fail("given twice with different values");
    }
  }
  return {};
}

Result<ScoreTransform> read_transform(const Place& place) {
  ScoreTransform t;
  const Members object(place);
  FOVEA_ASSIGN(const std::vector<Place> enabled, object.optional("enabled", Type::kBool));
  t.enabled = !enabled.empty() && enabled[0].value.boolean;
  const std::pair<const char*, std::optional<double>*> factors[] = {
      {"p0", &t.p0}, {"p1", &t.p1}, {"p2", &t.p2}};
  for (const auto& [name, factor] : factors) {
    FOVEA_ASSIGN(const std::vector<Place> found, object.optional(name, Type::kNumber));
    if (!found.empty()) *factor = found[0].value.number;
  }
  const std::pair<const char*, bool*> bounds[] = {{"out_lte_in", &t.out_lte_in},
                                                  {"out_gte_in", &t.out_gte_in}};
  for (const auto& [name, bound] : bounds) {
    FOVEA_ASSIGN(const std::vector<Place> found, object.optional(name, Type::kString));
    *bound = !found.empty() && found[0].value.text == "true";
  }
  FOVEA_ASSIGN(const std::vector<Place> knots, object.optional("knots", Type::kArray));
  for (size_t i = 0; !knots.empty() && i < knots[0].value.items.size(); ++i) {
    const Place knot = knots[0].item(i);
    FOVEA_TRY(knot.expect(Type::kArray));
    FOVEA_ASSIGN(const std::vector<double> xy, read_numbers(knot));
    if (xy.size() != 2) return knot.fail(count_of(xy.size(), "number") + ", 2 needed (x and y)");
    t.knots.push_back({xy[0], xy[1]});
  }
  return t;
}

Result<ModelKind> read_kind(const Place& place) {
  std::string known;
  for (const auto& [name, kind] : kKinds) {
    if (place.value.text == name) return kind;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return place.fail(json_pointer_step(place.value.text).substr(1) + " is unknown; known are " + known);
}

// `document` holds a model_dict.
Result<Model> read_single(const Place& document) {
  FOVEA_TRY(document.expect(Type::kObject));
  FOVEA_ASSIGN(const Place dict_place, Members(document).required("model_dict", Type::kObject));
  const Members dict(dict_place);
  Model model;

  FOVEA_ASSIGN(const Place type, dict.required("model_type", Type::kString));
  FOVEA_ASSIGN(model.kind, read_kind(type));
  FOVEA_ASSIGN(const Place norm, dict.required("norm_type", Type::kString));
  if (norm.value.text != "linear_rescale" && norm.value.text != "none") {
    return norm.fail(json_pointer_step(norm.value.text).substr(1) +
                     " is unknown; known are linear_rescale, none");
  }
  model.linear_rescale = norm.value.text == "linear_rescale";
  FOVEA_TRY(read_features(dict, model));

  for (const auto& [name, list] :
       {std::pair{"slopes", &model.slopes}, std::pair{"intercepts", &model.intercepts}}) {
    FOVEA_ASSIGN(const std::vector<Place> found, dict.optional(name, Type::kArray));
    if (!model.linear_rescale) continue;
    FOVEA_ASSIGN(const Place array, dict.required(name, Type::kArray));
    FOVEA_ASSIGN(*list, read_scale(array, model.features.size()));
  }
  FOVEA_ASSIGN(const std::vector<Place> clip, dict.optional("score_clip", Type::kArray));
  if (!clip.empty()) {
    FOVEA_ASSIGN(const std::vector<double> range, read_numbers(clip[0]));
    if (range.size() < 2)
      return clip[0].fail(count_of(range.size(), "number") + ", 2 needed (lowest and highest)");
    model.clip = ScoreClip{range[0], range[1]};
  }
  FOVEA_ASSIGN(const std::vector<Place> transform, dict.optional("score_transform", Type::kObject));
  if (!transform.empty()) {
    FOVEA_ASSIGN(model.transform, read_transform(transform[0]));
  }
  FOVEA_ASSIGN(const std::vector<Place> chroma, dict.optional("chroma_correction_parameter", Type::kNumber));
  if (!chroma.empty()) model.chroma_correction = chroma[0].value.number;

  FOVEA_ASSIGN(const Place svm_text, dict.required("model", Type::kString));
  FOVEA_ASSIGN(Svm svm, read_libsvm(svm_text.value.text, std::min(model.features.size(), kMaxModelFeatures),
                                    svm_text.name));
  model.svm = std::make_shared<const Svm>(std::move(svm));
  if (const auto fault = find_fault(model)) {
    return input_error(dict_place.name + "/" + fault->member + ": " + fault->text);
  }
  return model;
}

// Members "0", "1", ... in the order of the file; others are skipped.
Status read_collection(const Place& document, ModelSet& set) {
  size_t count = 0, values = 0;
  for (const auto& [key, value] : document.value.members) {
    if (key != std::to_string(count)) continue;
    const Place place{value, document.name + "/" + key};
    if (count > kMaxSiblings) return place.fail("more than " + std::to_string(kMaxSiblings) + " siblings");
    FOVEA_ASSIGN(Model model, read_single(place));
    if (model.kind == ModelKind::kSvr) {
      return input_error(place.name +
                         "/model_dict/model_type: LIBSVMNUSVR cannot be a member of a collection");
    }
    values += model.svm->vectors.size();
    if (values > kMaxSetSvmValues) return place.fail("the support vectors of the collection are too many");
    if (count == 0) {
      set.model = std::move(model);
    } else {
      if (const auto fault = find_sibling_fault(set.model, model)) {
        return input_error(place.name + "/model_dict/" + fault->member + ": " + fault->text);
      }
      set.siblings.push_back(std::move(model));
    }
    ++count;
  }
  if (count < 2) {
    return input_error(document.name +
                       "/1: missing: a collection has the members \"0\", \"1\", ... in this order");
  }
  return {};
}

bool is_id(std::string_view id) {
  return !id.empty() && id.size() <= 100 && std::all_of(id.begin(), id.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

Result<ModelSet> read_netflix_json(std::string_view text, const std::string& where) {
  FOVEA_ASSIGN(const JsonValue root, parse_json(text, where));
  const Place document{root, where + ": "};
  if (root.type != Type::kObject) {
    return input_error(where + ": " + json_type_name(root.type) + ", expected an object");
  }
  ModelSet set;
  set.hash = sha256_hex(text);
  if (root.find("model_dict") != nullptr) {
    FOVEA_ASSIGN(set.model, read_single(document));
  } else if (root.find("0") != nullptr) {
    FOVEA_TRY(read_collection(document, set));
  } else {
    return input_error(where +
                       ": neither a model (member 'model_dict') nor a collection (members '0', '1', ...)");
  }
  return set;
}

Result<ImportedModel> import_netflix_model(std::string_view json, const std::string& id) {
  if (!is_id(id)) return usage_error("a model's id is made of letters, digits, '.', '_' and '-'");
  ImportedModel imported;
  ModelSet& set = imported.set;
  FOVEA_ASSIGN(set, read_netflix_json(json, id));
  set.id = id;
  set.source = "SHA-256 " + set.hash;
  set.summary = "imported from Netflix JSON";
  if (const PublishedModel* known = find_published(id)) {
    set.summary = known->summary;
    set.viewing = known->viewing;
    set.credit = kNetflixCredit;
    set.source = "Netflix/vmaf model/" + std::string(known->folder) + id + ".json, " + set.source;
  }
  imported.text = write_model(set);
  set.hash = imported.text.hash;
  imported.summary = describe_model(set);
  return imported;
}

}  // namespace fovea
