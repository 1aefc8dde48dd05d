// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "video/color.h"

#include <algorithm>
#include <iterator>

namespace fovea {
namespace {

struct CodeName {
  int code;
  const char* name;
};

// ITU-T H.273 (07/2021), tables 2 to 4.
constexpr CodeName kPrimaries[] = {{1, "bt709"},     {2, "unspecified"}, {4, "bt470m"},    {5, "bt470bg"},
                                   {6, "smpte170m"}, {7, "smpte240m"},   {8, "film"},      {9, "bt2020"},
                                   {10, "xyz"},      {11, "smpte431"},   {12, "smpte432"}, {22, "ebu3213"}};
constexpr CodeName kTransfers[] = {{1, "bt709"},      {2, "unspecified"}, {4, "gamma22"},  {5, "gamma28"},
                                   {6, "smpte170m"},  {7, "smpte240m"},   {8, "linear"},   {9, "log100"},
                                   {10, "log316"},    {11, "xvycc"},      {12, "bt1361e"}, {13, "srgb"},
                                   {14, "bt2020-10"}, {15, "bt2020-12"},  {16, "pq"},      {17, "smpte428"},
                                   {18, "hlg"}};
constexpr CodeName kMatrices[] = {{0, "rgb"},       {1, "bt709"},     {2, "unspecified"}, {4, "fcc"},
                                  {5, "bt470bg"},   {6, "smpte170m"}, {7, "smpte240m"},   {8, "ycgco"},
                                  {9, "bt2020nc"},  {10, "bt2020c"},  {11, "smpte2085"},  {12, "chroma-nc"},
                                  {13, "chroma-c"}, {14, "ictcp"}};

template <size_t N>
std::string lookup(const CodeName (&table)[N], int code) {
  const auto it =
      std::find_if(std::begin(table), std::end(table), [&](const CodeName& c) { return c.code == code; });
  return it == std::end(table) ? "code " + std::to_string(code) : it->name;
}

}  // namespace

const char* range_name(ColorRange range) {
  switch (range) {
    case ColorRange::kUnspecified:
      return "unspecified";
    case ColorRange::kLimited:
      return "limited";
    case ColorRange::kFull:
      return "full";
  }
  return "?";
}

const char* chroma_location_name(ChromaLocation place) {
  switch (place) {
    case ChromaLocation::kUnspecified:
      return "unspecified";
    case ChromaLocation::kLeft:
      return "left";
    case ChromaLocation::kCenter:
      return "center";
    case ChromaLocation::kTopLeft:
      return "topleft";
    case ChromaLocation::kTop:
      return "top";
    case ChromaLocation::kBottomLeft:
      return "bottomleft";
    case ChromaLocation::kBottom:
      return "bottom";
  }
  return "?";
}

std::string matrix_name(int matrix) {
  return lookup(kMatrices, matrix);
}
std::string primaries_name(int primaries) {
  return lookup(kPrimaries, primaries);
}
std::string transfer_name(int transfer) {
  return lookup(kTransfers, transfer);
}

}  // namespace fovea
