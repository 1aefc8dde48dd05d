// SPDX-License-Identifier: BSD-2-Clause-Patent
// The four report formats of libvmaf's tool, as every existing script reads them.
#pragma once

#include <cstdint>
#include <string>

#include "score/result.h"

namespace fovea {

enum class PeerFormat { kXml, kJson, kCsv, kSub };

// How scores are printed.
struct NumberFormat {
  enum class Style {
    kLibvmaf,      // "%.6f", or "%.16f" for a fraction below 1e-6 that would vanish
    kFixed6,       // "%.6f"
    kSignificant,  // "%.Ng"
    kPrintf,       // printf_format, with the decimal point of the thread's locale
  };
  Style style = Style::kLibvmaf;
  int digits = 17;                 // N
  std::string printf_format = {};  // one conversion, of a double: to be checked by whoever takes it from outside

  // Locale independent. Not-finite values print as C does: inf, -inf, nan, -nan.
  std::string operator()(double value) const;
  // "1" .. "17", "max", "full" or "legacy"; an error names the legal values.
  static Result<NumberFormat> parse(const std::string& text);
};

struct PeerReport {
  const ScoreTable* table = nullptr;
  std::string version;
  int width_px = 0;
  int height_px = 0;
  double fps = 0;
  int64_t frame_count = 0;  // picture pairs handed over; pooled over 0 .. frame_count-1
  int subsample = 1;
  NumberFormat number;
};

std::string write_peer_report(const PeerReport& report, PeerFormat format);

}  // namespace fovea
