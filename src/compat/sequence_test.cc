// SPDX-License-Identifier: BSD-2-Clause-Patent
#include <gtest/gtest.h>

#include <vector>

#include "compat/call_sequence.h"
#include "metrics/testing.h"

namespace fovea::compat {
namespace {

TEST(CallSequence, AnyOrderOfCallsIsSurvivedAndLeavesNothingBehind) {
  int calls = 0, succeeded = 0;
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    testing::Random random(seed);
    std::vector<uint8_t> bytes(static_cast<size_t>(random.uniform(50, 1500)));
    for (uint8_t& b : bytes) b = static_cast<uint8_t>(random.bits() >> 20);
    const SequenceResult result = run_call_sequence(bytes.data(), bytes.size());
    ASSERT_EQ(result.fault, "") << "seed " << seed;
    calls += result.calls;
    succeeded += result.succeeded;
  }
  // Neither all wrong nor all right, or the test would show little.
  EXPECT_GT(calls, 20000);
  EXPECT_GT(succeeded, calls / 10);
  EXPECT_LT(succeeded, calls * 9 / 10);
}

}  // namespace
}  // namespace fovea::compat
