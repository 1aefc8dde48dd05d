// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "report/report.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace fovea {
namespace {

using Json = nlohmann::ordered_json;

// JSON knows no infinity and no NaN.
Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

Json describe_stream(const StreamInfo& info) {
  Json j;
  j["path"] = info.name;
  j["width"] = info.format.width_px;
  j["height"] = info.format.height_px;
  j["chroma"] = chroma_name(info.format.chroma);
  j["bit_depth"] = info.format.bit_depth;
  j["range"] = range_name(info.color.range);
  j["matrix"] = matrix_name(info.color.matrix);
  j["primaries"] = primaries_name(info.color.primaries);
  j["transfer"] = transfer_name(info.color.transfer);
  j["frame_rate"] = info.frame_rate.num > 0 ? Json(std::to_string(info.frame_rate.num) + "/" + std::to_string(info.frame_rate.den)) : Json(nullptr);
  j["variable_frame_rate"] = info.is_variable_frame_rate;
  j["container"] = info.container;
  j["codec"] = info.codec;
  if (!info.notes.empty()) j["notes"] = info.notes;
  return j;
}

Json describe_model(const ModelRequest& request) {
  Json j;
  j["name"] = request.name;
  j["id"] = request.model->id;
  j["hash"] = request.model->hash.empty() ? Json(nullptr) : Json("sha256:" + request.model->hash);
  j["credit"] = request.model->credit;
  if (request.flags.disable_clip) j["disable_clip"] = true;
  if (request.flags.enable_transform) j["enable_transform"] = true;
  Json features = Json::array();
  for (const ModelFeature& feature : request.model->model.features) {
    Json f;
    f["name"] = feature.name;
    if (!feature.options.empty()) f["options"] = feature.options;
    features.push_back(std::move(f));
  }
  j["features"] = std::move(features);
  return j;
}

Json describe_pool(const Pooled& p) {
  Json j;
  for (const char* const name : pool_names()) j[name] = number_or_null(*pooled_value(p, name));
  return j;
}

Json describe_clip(const Report& report, const ClipReport& clip) {
  Json j;
  j["input"] = describe_stream(clip.info);
  j["plan"] = clip.plan;
  j["alignment"] = clip.alignment;
  const auto columns = clip.table->columns();
  Json pooled = Json::object();
  for (const Series* column : columns) {
    const auto p = pool(*column, 0, report.frames - 1, report.subsample);
    pooled[column->label()] = p ? describe_pool(*p) : Json(nullptr);
  }
  j["pooled"] = std::move(pooled);
  Json aggregates = Json::object();
  for (const auto& [name, value] : clip.table->aggregates()) aggregates[name] = number_or_null(value);
  j["aggregates"] = std::move(aggregates);
  Json frames = Json::array();
  for (int64_t i = 0; i < clip.table->frame_count(); i += report.subsample) {
    Json metrics = Json::object();
    for (const Series* column : columns) {
      if (const auto value = column->at(i)) metrics[column->label()] = number_or_null(*value);
    }
    if (!metrics.empty()) frames.push_back({{"frame", i}, {"metrics", std::move(metrics)}});
  }
  j["frames"] = std::move(frames);
  return j;
}

std::string fixed(double value, int digits) {
  if (!std::isfinite(value)) return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
  char text[64];
  const auto [end, status] = std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, digits);
  return std::string(text, end);
}

std::string left(std::string text, size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}
std::string right(const std::string& text, size_t width) { return std::string(width > text.size() ? width - text.size() : 0, ' ') + text; }

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

// What stands in the table: models first, then what was asked for by name. The parts a model is made of are in
// the reports.
std::vector<const Series*> table_rows(const Report& report, const ClipReport& clip) {
  std::vector<const Series*> models, features;
  for (const Series* column : clip.table->columns()) {
    if (column->rank() == Series::Rank::kModel) {
      const auto is_named = [&](const ModelRequest& m) { return column->key() == m.name; };
      if (std::any_of(report.models.begin(), report.models.end(), is_named)) models.push_back(column);
    } else if (std::find(report.requested.begin(), report.requested.end(), column->key()) != report.requested.end()) {
      features.push_back(column);
    }
  }
  models.insert(models.end(), features.begin(), features.end());
  return models;
}

int64_t worst_frame(const Series& series, double min) {
  for (int64_t i = 0; i < series.size(); ++i) {
    if (series.has(i) && *series.at(i) == min) return i;
  }
  return -1;
}

std::string describe_input(const StreamInfo& info) {
  std::string text = describe(info.format);
  if (info.frame_rate.num > 0) {
    std::string rate = fixed(info.frame_rate.value(), 3);
    while (rate.back() == '0') rate.pop_back();
    if (rate.back() == '.') rate.pop_back();
    text += ", " + rate + " fps" + (info.is_variable_frame_rate ? " (variable)" : "");
  }
  if (!info.codec.empty()) text += ", " + info.codec;
  if (info.color.range == ColorRange::kFull) text += ", full range";
  if (info.color.is_hdr()) text += ", " + transfer_name(info.color.transfer);
  return text;
}

}  // namespace

std::string write_json_report(const Report& report) {
  Json j;
  j["fovea"] = {{"version", report.version}, {"report_format", 1}};
  j["reference"] = describe_stream(report.reference);
  j["subsample"] = report.subsample;
  j["frames"] = report.frames;
  j["complete"] = report.complete;
  j["models"] = Json::array();
  for (const ModelRequest& model : report.models) j["models"].push_back(describe_model(model));
  j["clips"] = Json::array();
  for (const ClipReport& clip : report.clips) j["clips"].push_back(describe_clip(report, clip));
  j["refusals"] = Json::array();
  for (const Refusal& refusal : report.refusals) j["refusals"].push_back({{"what", refusal.what}, {"reason", refusal.reason}});
  j["warnings"] = report.warnings;
  if (report.with_timing) {
    j["timing"] = {{"threads", report.threads},
                   {"cpu_target", report.cpu_target},
                   {"wall_s", report.seconds},
                   {"cpu_s", report.cpu_seconds},
                   {"fps", report.seconds > 0 ? Json(static_cast<double>(report.frames) / report.seconds) : Json(nullptr)}};
  }
  return j.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string write_table(const Report& report) {
  std::string out = "reference  " + base_name(report.reference.name) + "  " + describe_input(report.reference) + "\n";
  size_t name_width = 4, score_width = 5;
  for (const ClipReport& clip : report.clips) {
    name_width = std::max(name_width, std::min<size_t>(base_name(clip.info.name).size(), 44));
    for (const Series* row : table_rows(report, clip)) score_width = std::max(score_width, row->label().size());
  }
  out += "\n" + left("clip", name_width) + "  " + left("score", score_width) + right("frames", 8) + right("mean", 11) +
         right("harmonic", 11) + right("p5", 11) + right("min", 11) + right("at frame", 10) + "\n";
  for (const ClipReport& clip : report.clips) {
    std::string name = base_name(clip.info.name);
    if (name.size() > name_width) name = name.substr(0, name_width - 3) + "...";
    for (const Series* row : table_rows(report, clip)) {
      out += left(name, name_width) + "  " + left(row->label(), score_width);
      name.clear();
      if (const auto p = pool(*row, 0, report.frames - 1, report.subsample)) {
        out += right(std::to_string(p->count), 8) + right(fixed(p->mean, 4), 11) + right(fixed(p->harmonic_mean, 4), 11) +
               right(fixed(p->p5, 4), 11) + right(fixed(p->min, 4), 11) + right(std::to_string(worst_frame(*row, p->min)), 10);
      } else {
        out += "  not available for every frame";
      }
      out += "\n";
    }
    for (const auto& [aggregate, value] : clip.table->aggregates()) {
      out += left(name, name_width) + "  " + left(aggregate, score_width) + right("clip", 8) + right(fixed(value, 4), 11) + "\n";
    }
  }
  return out;
}

std::string write_peer_report(const Report& report, size_t clip, PeerFormat format, const std::string& version) {
  PeerReport peer;
  peer.table = report.clips[clip].table;
  peer.version = version;
  peer.width_px = report.reference.format.width_px;
  peer.height_px = report.reference.format.height_px;
  peer.fps = report.with_timing && report.seconds > 0 ? static_cast<double>(report.frames) / report.seconds : 0.0;
  peer.frame_count = report.frames;
  peer.subsample = report.subsample;
  peer.number = report.number;
  return write_peer_report(peer, format);
}

}  // namespace fovea
