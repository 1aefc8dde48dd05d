// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/sha256.h"

#include <gtest/gtest.h>

namespace fovea {
namespace {

// The examples of FIPS 180-4 and of the SHA test vectors that come with it.
TEST(Sha256, KnownVectors) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PiecesGiveTheSameAsTheWhole) {
  std::string text;
  for (int i = 0; i < 300; ++i) text += static_cast<char>(i * 7);
  for (size_t size = 0; size <= text.size(); size += 13) {
    const std::string whole = sha256_hex(std::string_view(text).substr(0, size));
    for (const size_t piece : {1u, 3u, 63u, 64u, 65u, 200u}) {
      Sha256 hash;
      for (size_t at = 0; at < size; at += piece) {
        hash.update(std::string_view(text).substr(at, std::min<size_t>(piece, size - at)));
      }
      EXPECT_EQ(hash.finish_hex(), whole) << size << " bytes in pieces of " << piece;
    }
  }
}

}  // namespace
}  // namespace fovea
