// SPDX-License-Identifier: BSD-2-Clause-Patent
// libFuzzer: sequences of calls of the C API.
#include <cstdio>
#include <cstdlib>

#include "compat/call_sequence.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const fovea::compat::SequenceResult result = fovea::compat::run_call_sequence(bytes, size);
  if (!result.fault.empty()) {
    std::fprintf(stderr, "%s\n", result.fault.c_str());
    std::abort();
  }
  return 0;
}
