// SPDX-License-Identifier: BSD-2-Clause-Patent
// Reports of a context.
#include <locale.h>

#include <cctype>
#include <cstring>

#include "base/output_file.h"
#include "compat/call.h"
#include "compat/context.h"
#include "report/peer_formats.h"

using namespace fovea;
using namespace fovea::compat;

namespace {

// True for a printf format that takes one double and nothing else: text, %%, and one conversion with flags,
// up to three digits of width and of precision, and one of aAeEfFgG.
bool takes_one_double(const char* format) {
  int conversions = 0;
  for (const char* c = format; *c != '\0'; ++c) {
    if (*c != '%') continue;
    if (*++c == '%') continue;
    c += std::strspn(c, "-+ #0");
    const auto skip_digits = [&] {
      int digits = 0;
      while (std::isdigit(static_cast<unsigned char>(*c)) != 0) ++c, ++digits;
      return digits <= 3;
    };
    if (!skip_digits()) return false;
    if (*c == '.' && (++c, !skip_digits())) return false;
    if (*c == '\0' || std::strchr("aAeEfFgG", *c) == nullptr || ++conversions > 1) return false;
  }
  return conversions == 1;
}

// printf follows the locale of the program; reports must not.
class CLocale {
 public:
  CLocale() : locale_(newlocale(LC_ALL_MASK, "C", nullptr)), old_(locale_ != nullptr ? uselocale(locale_) : nullptr) {}
  ~CLocale() {
    if (locale_ == nullptr) return;
    uselocale(old_);
    freelocale(locale_);
  }
  CLocale(const CLocale&) = delete;
  CLocale& operator=(const CLocale&) = delete;

 private:
  locale_t locale_, old_;
};

}  // namespace

int VmafContext::write(const char* path, int format, const char* score_format) {
  if (in_callback() || path == nullptr) return -EINVAL;
  PeerFormat peer_format{};
  switch (format) {
    case VMAF_OUTPUT_FORMAT_XML: peer_format = PeerFormat::kXml; break;
    case VMAF_OUTPUT_FORMAT_JSON: peer_format = PeerFormat::kJson; break;
    case VMAF_OUTPUT_FORMAT_CSV: peer_format = PeerFormat::kCsv; break;
    case VMAF_OUTPUT_FORMAT_SUB: peer_format = PeerFormat::kSub; break;
    default: return refuse("unknown output format " + std::to_string(format));
  }
  PeerReport report;
  if (score_format != nullptr) {
    if (!takes_one_double(score_format)) return refuse("a score cannot be printed as '" + std::string(score_format) + "'");
    report.number.style = NumberFormat::Style::kPrintf;
    report.number.printf_format = score_format;
  }
  auto file = OutputFile::open(path);
  if (!file.ok()) {
    log(VMAF_LOG_LEVEL_ERROR, "could not open file: " + file.error().message);
    return -EINVAL;
  }
  report.version = vmaf_version();
  report.subsample = step();
  {
    std::lock_guard lock(state_);
    if (session_ != nullptr) {
      report.width_px = session_->config().format.width_px;
      report.height_px = session_->config().format.height_px;
    }
    report.frame_count = pictures_;
    const double seconds = std::chrono::duration<double>(end_ - begin_).count();
    if (seconds > 0) report.fps = static_cast<double>(pictures_) / seconds;
  }
  std::string text;
  with_scores([&](ScoreTable& table) {
    const CLocale locale;
    report.table = &table;
    text = write_peer_report(report, peer_format);
  });
  const Status written = file->commit(text);
  return written.ok() ? 0 : refuse(written.error());
}
