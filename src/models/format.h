// SPDX-License-Identifier: BSD-2-Clause-Patent
// Our model format: lines of plain ASCII text, loss-free, checked by a hash. README.md beside this file
// describes it.
//
// A set's text ends in the SHA-256 of all that stands before. It names its SVMs by the SHA-256 of their
// texts, so that models which share parameters share them on disk and in memory. Those texts follow in the
// same file (a bundle) or stand in svm/<hash>.svm beside it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "models/model.h"

namespace fovea {

// A model set as text: `model`, and the SVM texts it refers to by hash.
struct ModelText {
  std::string model;
  std::string hash;                         // the SHA-256 that `model` ends in
  std::map<std::string, std::string> svms;  // SHA-256, hexadecimal -> text
  // One self-contained file.
  std::string bundle() const;
};

// Writes a set. Every number is the shortest decimal that reads back as the same bits.
ModelText write_model(const ModelSet& set);

// The text of an SVM by its hash; "" if there is none. For SVMs that are not in the file itself.
using SvmSource = std::function<Result<std::string>(const std::string& hash)>;

// True if the text claims to be in this format.
bool is_model_text(std::string_view text);
// Reads a set. `where` names the text in errors. Unknown lines, numbers that are not finite, a wrong hash,
// an SVM that cannot be found are errors.
Result<ModelSet> read_model(std::string_view text, const std::string& where, const SvmSource& source);

}  // namespace fovea
