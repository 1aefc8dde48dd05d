// SPDX-License-Identifier: BSD-2-Clause-Patent
// Fuzz target for both readers. Whatever is accepted must predict finite scores and survive being written and
// read again. Build with clang and -DFOVEA_FUZZ=ON -DFOVEA_SANITIZE=fuzzer-no-link,address,undefined.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.h"
#include "models/format.h"
#include "models/netflix_json.h"
#include "models/store.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const fovea::ModelSet& set) {
  std::vector<double> scores(set.siblings.size());
  for (const double value : {0.0, 0.75, -30.0, 1e30}) {
    const std::vector<double> x(set.model.features.size(), value);
    for (const bool transform : {false, true}) {
      const fovea::LoadFlags flags{.enable_transform = transform};
      require(std::isfinite(fovea::predict_score(set.model, flags, x)));
      if (!set.is_collection()) continue;
      require(std::isfinite(fovea::predict_bootstrap(set, flags, x, scores).stddev));
      for (const double score : scores) require(std::isfinite(score));
    }
  }
  fovea::ModelSet named = set;
  if (named.id.empty()) named.id = "fuzz";
  const std::string text = fovea::write_model(named).bundle();
  const auto back = fovea::read_model(text, "again", {});
  require(back.ok() && fovea::write_model(*back).bundle() == text);
}

// The reader refuses a text at its hash already; so that the rest is reached, the hashes are made right.
// The text of the SVM stands after the model, as in a bundle.
std::string with_hashes(std::string_view text) {
  const size_t at = text.find("fovea-svm ");
  const std::string svm(at == std::string_view::npos ? std::string_view{} : text.substr(at));
  std::string model(text.substr(0, at));
  if (const size_t reference = model.find("\nsvm @"); reference != std::string::npos) {
    model.replace(reference + 5, 1, fovea::sha256_hex(svm));
  }
  return model + "sha256 " + fovea::sha256_hex(model) + "\n" + svm;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto set = fovea::parse_model(text, "fuzz"); set.ok()) check(*set);
  if (fovea::is_model_text(text)) {
    if (const auto set = fovea::parse_model(with_hashes(text), "fuzz"); set.ok()) check(*set);
  }
  return 0;
}
