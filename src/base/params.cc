// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "base/params.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

namespace fovea {
namespace {

// A leading '+' is legal for strtod but not for from_chars.
std::string_view without_plus(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

template <class T>
bool parse_whole(std::string_view text, T& value) {
  text = without_plus(text);
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), value);
  return status == std::errc{} && end == text.data() + text.size();
}

Error range_error(std::string_view owner, std::string_view name, std::string_view text, double min, double max) {
  const std::string low = format_g(min), high = format_g(max);
  return usage_error(std::string(owner) + ": " + std::string(name) + "=" + std::string(text) + " is outside [" + low + ", " +
                     high + "]");
}

Error type_error(std::string_view owner, std::string_view name, std::string_view text, const char* expected) {
  return usage_error(std::string(owner) + ": " + std::string(name) + "=" + std::string(text) + " is not " + expected);
}

// Insertions, deletions, substitutions and swaps of neighbours.
size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> d(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + (a[i - 1] != b[j - 1])});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string format_g(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  char text[64];
  const auto [end, status] = std::to_chars(text, text + sizeof text, value, std::chars_format::general, 6);
  return std::string(text, end);
}

std::string normalise_option_text(const std::string& text) {
  double value = 0;
  if (!parse_whole(text, value)) return text;
  return format_g(static_cast<double>(static_cast<float>(value)));
}

template <>
Result<bool> parse_option(std::string_view owner, std::string_view name, std::string_view text, double, double) {
  if (text == "true") return true;
  if (text == "false") return false;
  return type_error(owner, name, text, "true or false");
}

template <>
Result<int> parse_option(std::string_view owner, std::string_view name, std::string_view text, double min, double max) {
  int value = 0;
  if (!parse_whole(text, value)) return type_error(owner, name, text, "a whole number");
  if (value < min || value > max) return range_error(owner, name, text, min, max);
  return value;
}

template <>
Result<double> parse_option(std::string_view owner, std::string_view name, std::string_view text, double min, double max) {
  double value = 0;
  if (!parse_whole(text, value)) return type_error(owner, name, text, "a number");
  if (!(value >= min && value <= max)) return range_error(owner, name, text, min, max);
  return value;
}

template <>
Result<String> parse_option(std::string_view, std::string_view, std::string_view text, double, double) {
  return String(text);
}

std::string near_miss(std::string_view word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t best_distance = std::max<size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

Error unknown_option_error(std::string_view owner, std::string_view name, const std::vector<std::string>& known) {
  std::string message = std::string(owner) + ": unknown option '" + std::string(name) + "'";
  if (const std::string guess = near_miss(name, known); !guess.empty()) {
    message += "; did you mean '" + guess + "'?";
  } else if (known.empty()) {
    message += "; it has no options";
  } else {
    message += "; it has";
    for (const std::string& option : known) message += " " + option;
  }
  return usage_error(std::move(message));
}

}  // namespace fovea
