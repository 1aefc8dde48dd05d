// SPDX-License-Identifier: BSD-2-Clause-Patent
// Small helpers of the readers in this folder. None depends on the locale.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace fovea::models {

inline constexpr size_t kMaxModelFileBytes = size_t{16} << 20;

inline bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

// A whole word as a finite number: decimal, optional sign and exponent. Nothing for "", "0x1", "nan",
// "1e999".
std::optional<double> parse_double(std::string_view word);
// A whole word as a count.
std::optional<size_t> parse_count(std::string_view word);

// The shortest decimal that reads back as the same bits.
void append_double(std::string& out, double value);

std::vector<std::string_view> split_words(std::string_view line);
// The same into a vector that exists already, for loops over many lines.
void split_words(std::string_view line, std::vector<std::string_view>& words);

// Takes the first line off `text`, without its end ("\n" or "\r\n"). False when nothing is left.
bool take_line(std::string_view& text, std::string_view& line);

// 'text' for messages: cut when long, control characters made harmless.
std::string shown(std::string_view text);

// Bytes that would not survive as one word of an ASCII line become %XX; with keep_blanks, of a whole line.
std::string percent_encode(std::string_view text, bool keep_blanks);
std::optional<std::string> percent_decode(std::string_view text);

// The whole file, at most kMaxModelFileBytes.
Result<std::string> read_text_file(const std::string& path);

}  // namespace fovea::models
