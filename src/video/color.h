// SPDX-License-Identifier: BSD-2-Clause-Patent
// What the samples of a stream mean. Matrix, primaries and transfer are the code points of ITU-T H.273, as
// every container and codec writes them; 2 means "not said".
#pragma once

#include <cstdint>
#include <string>

namespace fovea {

enum class ColorRange : uint8_t { kUnspecified, kLimited, kFull };

// Where a subsampled chroma sample sits within its block of luma samples.
enum class ChromaLocation : uint8_t { kUnspecified, kLeft, kCenter, kTopLeft, kTop, kBottomLeft, kBottom };

inline constexpr int kColorUnspecified = 2;
inline constexpr int kTransferPq = 16;   // SMPTE ST 2084
inline constexpr int kTransferHlg = 18;  // ARIB STD-B67

struct ColorInfo {
  ColorRange range = ColorRange::kUnspecified;
  int matrix = kColorUnspecified;     // H.273 MatrixCoefficients
  int primaries = kColorUnspecified;  // H.273 ColourPrimaries
  int transfer = kColorUnspecified;   // H.273 TransferCharacteristics
  ChromaLocation chroma_location = ChromaLocation::kUnspecified;

  bool operator==(const ColorInfo&) const = default;
  bool is_hdr() const { return transfer == kTransferPq || transfer == kTransferHlg; }
};

const char* range_name(ColorRange range);                // "limited", "full", "unspecified"
const char* chroma_location_name(ChromaLocation place);  // "left", ...
std::string matrix_name(int matrix);                     // "bt709", ...; "code 77" for an unknown code point
std::string primaries_name(int primaries);
std::string transfer_name(int transfer);  // "bt709", "pq", "hlg", ...

}  // namespace fovea
