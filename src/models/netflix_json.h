// SPDX-License-Identifier: BSD-2-Clause-Patent
// Netflix's model files: JSON with a LIBSVM text inside, one model or a bootstrap collection.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "models/format.h"
#include "models/model.h"

namespace fovea {

// Reads a model or a collection. Errors name `where`, the JSON pointer of the culprit and what was expected.
Result<ModelSet> read_netflix_json(std::string_view text, const std::string& where);

// What `fovea model import` hands on.
struct ImportedModel {
  ModelSet set;         // id, summary, credit, source, viewing conditions and hash filled in
  ModelText text;       // in our format; text.bundle() is a self-contained file
  std::string summary;  // some lines for the user: what was read, what it asks for
};

// Turns a Netflix JSON text into our format. `id` becomes the set's id: letters, digits and . _ - only.
Result<ImportedModel> import_netflix_model(std::string_view json, const std::string& id);

}  // namespace fovea
