// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "models/text.h"

#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <memory>

namespace fovea::models {
namespace {

constexpr size_t kShownBytes = 60;
constexpr const char* kHexDigits = "0123456789ABCDEF";

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return -1;
}

}  // namespace

std::optional<double> parse_double(std::string_view word) {
  if (word.size() > 1 && word[0] == '+' && word[1] != '-') word.remove_prefix(1);
  double value = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (status != std::errc{} || end != word.data() + word.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<size_t> parse_count(std::string_view word) {
  size_t value = 0;
  const auto [end, status] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (status != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return value;
}

void append_double(std::string& out, double value) {
  char text[64];
  const auto [end, status] = std::to_chars(text, text + sizeof text, value);
  out.append(text, end);
}

std::vector<std::string_view> split_words(std::string_view line) {
  std::vector<std::string_view> words;
  split_words(line, words);
  return words;
}

void split_words(std::string_view line, std::vector<std::string_view>& words) {
  words.clear();
  size_t at = 0;
  while (true) {
    while (at < line.size() && is_blank(line[at])) ++at;
    if (at == line.size()) return;
    const size_t begin = at;
    while (at < line.size() && !is_blank(line[at])) ++at;
    words.push_back(line.substr(begin, at - begin));
  }
}

bool take_line(std::string_view& text, std::string_view& line) {
  if (text.empty()) return false;
  const size_t end = text.find('\n');
  line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return true;
}

std::string shown(std::string_view text) {
  const bool cut = text.size() > kShownBytes;
  std::string out = "'";
  for (const char c : text.substr(0, kShownBytes)) out += c >= ' ' && c <= '~' ? c : '?';
  return out + (cut ? "...'" : "'");
}

std::string percent_encode(std::string_view text, bool keep_blanks) {
  std::string out;
  for (const char c : text) {
    const bool plain = c > ' ' && c <= '~' && c != '%' && c != '"' && (keep_blanks || c != '=');
    if (plain || (keep_blanks && c == ' ')) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += kHexDigits[byte >> 4];
      out += kHexDigits[byte & 15];
    }
  }
  return out;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] < ' ' || text[i] > '~') return std::nullopt;
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

Result<std::string> read_text_file(const std::string& path) {
  struct Close {
    void operator()(std::FILE* f) const { std::fclose(f); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rb"));
  if (!file) return input_error(path + ": " + std::strerror(errno));
  std::string text;
  char buffer[16384];
  while (const size_t got = std::fread(buffer, 1, sizeof buffer, file.get())) {
    text.append(buffer, got);
    if (text.size() > kMaxModelFileBytes) {
      return input_error(path + ": larger than the " + std::to_string(kMaxModelFileBytes >> 20) +
                         " MiB that a model file may have");
    }
  }
  if (std::ferror(file.get())) return input_error(path + ": " + std::strerror(errno));
  return text;
}

}  // namespace fovea::models
