// SPDX-License-Identifier: BSD-2-Clause-Patent
// Calls of the C API in an order, and with arguments, that bytes decide: right ones, wrong ones, handles that
// are dead. A fuzzer and a test with random bytes drive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace fovea::compat {

struct SequenceResult {
  int calls = 0;
  int succeeded = 0;
  std::string fault;  // what was wrong: an impossible return value, something left behind; "" if nothing
};

// Everything that the sequence made is given back in the end.
SequenceResult run_call_sequence(const uint8_t* bytes, size_t size);

}  // namespace fovea::compat
