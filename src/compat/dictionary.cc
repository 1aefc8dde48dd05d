// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "compat/dictionary.h"

#include "compat/call.h"
#include "compat/handles.h"

namespace fovea::compat {
namespace {

using Dictionaries = Handles<VmafFeatureDictionary>;

int set(VmafFeatureDictionary** dict, const char* key, const char* value) {
  if (dict == nullptr || key == nullptr || value == nullptr) return -EINVAL;
  std::string text = normalise_option_text(value);
  if (*dict == nullptr) {
    auto made = std::make_shared<VmafFeatureDictionary>();
    made->options.emplace(key, std::move(text));
    *dict = Dictionaries::all().add(std::move(made));
    return 0;
  }
  const auto found = Dictionaries::all().find(*dict);
  if (found == nullptr) return -EINVAL;
  found->options[key] = std::move(text);
  return 0;
}

}  // namespace
}  // namespace fovea::compat

using namespace fovea::compat;

FOVEA_API int vmaf_feature_dictionary_set(VmafFeatureDictionary** dict, const char* key, const char* val) {
  return call([&] { return set(dict, key, val); });
}

FOVEA_API int vmaf_feature_dictionary_free(VmafFeatureDictionary** dict) {
  return call([&] {
    if (dict == nullptr) return -EINVAL;
    VmafFeatureDictionary* const handle = std::exchange(*dict, nullptr);
    return handle == nullptr || Dictionaries::all().take(handle) != nullptr ? 0 : -EINVAL;
  });
}
