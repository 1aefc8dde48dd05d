// SPDX-License-Identifier: BSD-2-Clause-Patent
// fovea's own report: everything needed to understand a score later, and to tell whether two reports may be
// compared. As JSON for machines, as a table for a terminal.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "report/peer_formats.h"
#include "score/session.h"
#include "video/reader.h"

namespace fovea {

struct ClipReport {
  StreamInfo info;
  const ScoreTable* table = nullptr;
  nlohmann::ordered_json plan;       // how its samples were brought to the reference's shape
  nlohmann::ordered_json alignment;  // what is known of its frames' order against the reference's
  std::string plan_text;             // one line each, "" if there is nothing to say
  std::string alignment_text;
};

struct Report {
  std::string version;     // of fovea
  std::string cpu_target;  // instruction set in use
  int threads = 1;
  int subsample = 1;
  StreamInfo reference;
  std::vector<ClipReport> clips;
  std::vector<ModelRequest> models;
  std::vector<std::string> requested;  // keys of features that were asked for by name: the table shows them
  std::vector<Refusal> refusals;
  std::vector<std::string> warnings;
  int64_t frames = 0;   // pairs scored
  bool complete = true; // false: an input broke off, or the run was interrupted
  double seconds = 0;   // wall clock
  double cpu_seconds = 0;
  bool with_timing = true;  // false: leave out what differs from run to run
  NumberFormat number;
};

// Keys: fovea, reference, models, clips[] {input, plan, alignment, pooled, aggregates, frames}, refusals,
// warnings, timing. Numbers are the shortest decimals that read back as the same bits; what is not finite is
// null.
std::string write_json_report(const Report& report);

// Compact: a line per clip and score.
std::string write_table(const Report& report);

// One of the peer's formats for clip `clip`.
std::string write_peer_report(const Report& report, size_t clip, PeerFormat format, const std::string& version);

}  // namespace fovea
