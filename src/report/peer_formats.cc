// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "report/peer_formats.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <functional>
#include <vector>

namespace fovea {
namespace {

std::string print(double value, std::chars_format style, int digits) {
  char text[400];
  const auto [end, status] = std::to_chars(text, text + sizeof text, value, style, digits);
  return std::string(text, end);
}

// True for a fraction so small that six decimals would hide it: more than six multiplications by ten are
// needed to lift it to 1.
bool has_hidden_fraction(double value) {
  const double magnitude = std::fabs(value);
  if (!(magnitude < 2147483648.0)) return false;
  double fraction = magnitude - static_cast<int>(magnitude);
  if (fraction == 0.0) return false;
  int zeros = 0;
  while (fraction < 1.0) {
    fraction *= 10.0;
    ++zeros;
  }
  return zeros > 6;
}

std::string xml_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

std::string json_escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      static const char* const hex = "0123456789abcdef";
      out += std::string("\\u00") + hex[c >> 4] + hex[c & 15];
    } else {
      out += c;
    }
  }
  return out;
}

using Columns = std::vector<const Series*>;

// Calls `row` for every frame that is reported: it has a value, and its index is a multiple of the step.
void for_each_row(const PeerReport& report, const std::function<void(int64_t)>& row) {
  for (int64_t i = report.table->next_frame(0); i >= 0; i = report.table->next_frame(i + 1)) {
    if (i % report.subsample == 0) row(i);
  }
}

std::string frames_per_second(double fps) { return print(fps, std::chars_format::fixed, 2); }

std::string xml(const PeerReport& r, const Columns& columns) {
  std::string out = "<VMAF version=\"" + xml_escaped(r.version) + "\">\n";
  out += "  <params qualityWidth=\"" + std::to_string(r.width_px) + "\" qualityHeight=\"" + std::to_string(r.height_px) + "\" />\n";
  out += "  <fyi fps=\"" + frames_per_second(r.fps) + "\" />\n  <frames>\n";
  for_each_row(r, [&](int64_t i) {
    out += "    <frame frameNum=\"" + std::to_string(i) + "\" ";
    for (const Series* c : columns) {
      if (c->has(i)) out += xml_escaped(c->label()) + "=\"" + r.number(*c->at(i)) + "\" ";
    }
    out += "/>\n";
  });
  out += "  </frames>\n  <pooled_metrics>\n";
  for (const Series* c : columns) {
    out += "    <metric name=\"" + xml_escaped(c->label()) + "\" ";
    if (const auto p = pool(*c, 0, r.frame_count - 1, r.subsample)) {
      out += "min=\"" + r.number(p->min) + "\" max=\"" + r.number(p->max) + "\" mean=\"" + r.number(p->mean) +
             "\" harmonic_mean=\"" + r.number(p->harmonic_mean) + "\" ";
    }
    out += "/>\n";
  }
  out += "  </pooled_metrics>\n  <aggregate_metrics ";
  for (const auto& [name, value] : r.table->aggregates()) out += xml_escaped(name) + "=\"" + r.number(value) + "\" ";
  out += "/>\n</VMAF>\n";
  return out;
}

std::string json(const PeerReport& r, const Columns& columns) {
  const auto number = [&](double v) { return std::isfinite(v) ? r.number(v) : std::string("null"); };
  const auto key = [&](const std::string& name) { return "\"" + json_escaped(name) + "\": "; };
  std::string out = "{\n  \"version\": \"" + json_escaped(r.version) + "\",\n";
  out += "  \"fps\": " + (std::isfinite(r.fps) ? frames_per_second(r.fps) : std::string("null")) + ",\n  \"frames\": [";
  bool first_frame = true;
  for_each_row(r, [&](int64_t i) {
    out += first_frame ? "\n" : ",\n";
    first_frame = false;
    out += "    {\n      \"frameNum\": " + std::to_string(i) + ",\n      \"metrics\": {";
    bool first = true;
    for (const Series* c : columns) {
      if (!c->has(i)) continue;
      out += first ? "\n" : ",\n";
      first = false;
      out += "        " + key(c->label()) + number(*c->at(i));
    }
    out += "\n      }\n    }";
  });
  out += "\n  ],\n  \"pooled_metrics\": {";
  bool first_metric = true;
  for (const Series* c : columns) {
    out += first_metric ? "\n" : ",\n";
    first_metric = false;
    out += "    " + key(c->label()) + "{";
    if (const auto p = pool(*c, 0, r.frame_count - 1, r.subsample)) {
      out += "\n      \"min\": " + number(p->min) + ",\n      \"max\": " + number(p->max) + ",\n      \"mean\": " + number(p->mean) +
             ",\n      \"harmonic_mean\": " + number(p->harmonic_mean);
    }
    out += "\n    }";
  }
  out += "\n  },\n  \"aggregate_metrics\": {";
  bool first_aggregate = true;
  for (const auto& [name, value] : r.table->aggregates()) {
    out += first_aggregate ? "\n" : ",\n";
    first_aggregate = false;
    out += "    " + key(name) + number(value);
  }
  out += "\n  }\n}\n";
  return out;
}

std::string csv(const PeerReport& r, const Columns& columns) {
  std::string out = "Frame,";
  for (const Series* c : columns) out += c->label() + ",";
  out += "\n";
  for_each_row(r, [&](int64_t i) {
    out += std::to_string(i) + ",";
    for (const Series* c : columns) {
      if (c->has(i)) out += r.number(*c->at(i)) + ",";
    }
    out += "\n";
  });
  return out;
}

std::string sub(const PeerReport& r, const Columns& columns) {
  std::string out;
  for_each_row(r, [&](int64_t i) {
    out += "{" + std::to_string(i) + "}{" + std::to_string(i + 1) + "}frame: " + std::to_string(i) + "|";
    for (const Series* c : columns) {
      if (c->has(i)) out += c->label() + ": " + r.number(*c->at(i)) + "|";
    }
    out += "\n";
  });
  return out;
}

}  // namespace

std::string NumberFormat::operator()(double value) const {
  if (std::isnan(value)) return std::signbit(value) ? "-nan" : "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  switch (style) {
    case Style::kLibvmaf: return print(value, std::chars_format::fixed, has_hidden_fraction(value) ? 16 : 6);
    case Style::kFixed6: return print(value, std::chars_format::fixed, 6);
    case Style::kSignificant: return print(value, std::chars_format::general, digits);
    case Style::kPrintf: {
      const int size = std::snprintf(nullptr, 0, printf_format.c_str(), value);
      std::string text(static_cast<size_t>(std::max(size, 0)) + 1, '\0');
      std::snprintf(text.data(), text.size(), printf_format.c_str(), value);
      text.pop_back();
      return text;
    }
  }
  return {};
}

Result<NumberFormat> NumberFormat::parse(const std::string& text) {
  if (text == "legacy") return NumberFormat{Style::kFixed6, 6};
  if (text == "max" || text == "full") return NumberFormat{Style::kSignificant, 17};
  int digits = 0;
  const auto [end, status] = std::from_chars(text.data(), text.data() + text.size(), digits);
  if (status != std::errc{} || end != text.data() + text.size() || digits < 1 || digits > 17) {
    return usage_error("precision '" + text + "' is not one of 1 .. 17, max, full, legacy");
  }
  return NumberFormat{Style::kSignificant, digits};
}

std::string write_peer_report(const PeerReport& report, PeerFormat format) {
  const Columns columns = report.table->columns();
  switch (format) {
    case PeerFormat::kXml: return xml(report, columns);
    case PeerFormat::kJson: return json(report, columns);
    case PeerFormat::kCsv: return csv(report, columns);
    case PeerFormat::kSub: return sub(report, columns);
  }
  return {};
}

}  // namespace fovea
