// SPDX-License-Identifier: BSD-2-Clause-Patent
// Where model sets come from: built into the library, files in our format (models/format.h), or Netflix's
// JSON as it is (models/netflix_json.h).
//
// Files are untrusted. Every reader refuses what it does not understand with an Error that names file, place
// and value, and never allocates more than a small multiple of the file's size.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "models/model.h"

namespace fovea {

// The model used when nobody asks for another.
inline constexpr const char* kDefaultModelId = "vmaf_v0.6.1";

struct BuiltinModel {
  std::string id;
  std::string summary;
  std::string hash;  // SHA-256 of the content, hexadecimal
  ViewingConditions viewing;
  size_t siblings = 0;  // > 0: a bootstrap collection
};

// All built-in models, in the order in which lists show them (the default one first).
const std::vector<BuiltinModel>& builtin_models();

// A built-in model by id. Its content is checked against its hash. An unknown id is an error that names the
// nearest known one.
Result<std::shared_ptr<const ModelSet>> load_builtin(std::string_view id);

// Start-up self-check: everything built in has the content its hash promises. About 1 ms.
Status verify_builtin_models();

// A model file of either format, told apart by its content. The set's id is the one in the file, or (Netflix
// JSON) the file's name without extension.
Result<std::shared_ptr<const ModelSet>> load_model_file(const std::string& path);

// A built-in id or, if there is no such id and a file of that name exists, a file.
Result<std::shared_ptr<const ModelSet>> load_model(const std::string& id_or_path);

// The same as load_model_file() from memory. `where` names the text in errors.
Result<ModelSet> parse_model(std::string_view text, const std::string& where);

}  // namespace fovea
