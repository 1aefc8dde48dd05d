// SPDX-License-Identifier: BSD-2-Clause-Patent
#include "models/libsvm_text.h"

#include <algorithm>
#include <array>
#include <optional>

#include "models/model_check.h"
#include "models/text.h"

namespace fovea::models {
namespace {

struct HeaderWord {
  std::string_view name;
  std::string_view only;  // the one value that is understood; "": any number
  int values = 1;
  bool required = false;
};

constexpr std::array<HeaderWord, 12> kHeader = {{{"svm_type", "nu_svr", 1, true},
                                                 {"kernel_type", "rbf", 1, true},
                                                 {"nr_class", "2", 1, false},
                                                 {"gamma", "", 1, true},
                                                 {"total_sv", "", 1, true},
                                                 {"rho", "", 1, true},
                                                 // without effect on regression with this kernel:
                                                 {"degree", "", 1, false},
                                                 {"coef0", "", 1, false},
                                                 {"probA", "", 1, false},
                                                 {"probB", "", 1, false},
                                                 {"label", "", 2, false},
                                                 {"nr_sv", "", 2, false}}};
enum { kGamma = 3, kTotal = 4, kRho = 5 };

class Reader {
 public:
  Reader(std::string_view text, size_t features, const std::string& where)
      : text_(text), features_(features), where_(where) {}

  Result<Svm> read() {
    Svm svm;
    svm.dims = features_;
    FOVEA_TRY(read_header());
    svm.gamma = number_[kGamma];
    svm.rho = number_[kRho];
    for (size_t k = 0; k < total_; ++k) FOVEA_TRY(read_vector(svm));
    return svm;
  }

 private:
  // For what is wrong in the word or line read last.
  Error fail(const std::string& what) const {
    const auto line = 1 + std::count(text_.begin(), text_.begin() + static_cast<ptrdiff_t>(last_), '\n');
    return input_error(where_ + ": line " + std::to_string(line) + ": " + what);
  }

  std::string_view next_word() {
    while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    last_ = at_;
    while (at_ < text_.size() && !is_blank(text_[at_])) ++at_;
    return text_.substr(last_, at_ - last_);
  }

  std::optional<std::string_view> next_line() {
    std::string_view rest = text_.substr(at_), line;
    last_ = at_;
    if (!take_line(rest, line)) return std::nullopt;
    at_ = text_.size() - rest.size();
    return line;
  }

  Status read_header() {
    std::array<bool, kHeader.size()> seen{};
    while (true) {
      const std::string_view word = next_word();
      if (word.empty()) return fail("the text ends before 'SV'");
      if (word == "SV") break;
      const auto row =
          std::find_if(kHeader.begin(), kHeader.end(), [&](const HeaderWord& h) { return h.name == word; });
      if (row == kHeader.end()) return fail("unknown header word " + shown(word));
      const size_t index = static_cast<size_t>(row - kHeader.begin());
      if (seen[index]) return fail(std::string(word) + " is given twice");
      seen[index] = true;
      for (int i = 0; i < row->values; ++i) FOVEA_TRY(read_header_value(index));
    }
    if (const auto rest = next_line(); !rest || !split_words(*rest).empty()) {
      return fail("a line end must follow 'SV'");
    }
    for (size_t i = 0; i < kHeader.size(); ++i) {
      if (kHeader[i].required && !seen[i]) return fail("no " + std::string(kHeader[i].name) + " before 'SV'");
    }
    return {};
  }

  Status read_header_value(size_t index) {
    const HeaderWord& row = kHeader[index];
    const std::string_view value = next_word();
    if (!row.only.empty()) {
      if (value == row.only) return {};
      return fail(std::string(row.name) + " " + shown(value) + " is not supported, only " +
                  std::string(row.only));
    }
    if (index == kTotal) {
      const auto total = parse_count(value);
      if (!total || *total == 0) return fail("total_sv " + shown(value) + " is not a whole number above 0");
      total_ = *total;
      return {};
    }
    const auto number = parse_double(value);
    if (!number) return fail(std::string(row.name) + " " + shown(value) + " is not a finite number");
    number_[index] = *number;
    return {};
  }

  // coefficient index:value index:value ...
  Status read_vector(Svm& svm) {
    const auto line = next_line();
    if (!line) {
      return fail("total_sv is " + std::to_string(total_) + " but there " +
                  (svm.coefficients.size() == 1 ? "is " : "are ") +
                  count_of(svm.coefficients.size(), "support vector"));
    }
    const std::vector<std::string_view> words = split_words(*line);
    if (words.empty()) return fail("an empty line where a support vector was expected");
    const auto coefficient = parse_double(words[0]);
    if (!coefficient) return fail("the coefficient " + shown(words[0]) + " is not a finite number");
    if (svm.vectors.size() + svm.dims > kMaxSvmValues) {
      return fail("more than " + std::to_string(kMaxSvmValues) + " numbers in support vectors");
    }
    svm.coefficients.push_back(*coefficient);
    svm.vectors.resize(svm.vectors.size() + svm.dims, 0.0);
    double* vector = svm.vectors.data() + svm.vectors.size() - svm.dims;
    size_t previous = 0;
    for (size_t i = 1; i < words.size(); ++i) {
      const size_t colon = words[i].find(':');
      if (colon == std::string_view::npos) return fail(shown(words[i]) + " is not index:value");
      const auto index = parse_count(words[i].substr(0, colon));
      const auto value = parse_double(words[i].substr(colon + 1));
      if (!index) return fail("the index in " + shown(words[i]) + " is not a whole number");
      if (!value) return fail("the value in " + shown(words[i]) + " is not a finite number");
      if (*index < 1 || *index > features_) {
        return fail("index " + std::to_string(*index) + " is outside 1.." + std::to_string(features_) +
                    ", the number of features");
      }
      if (*index <= previous) return fail("index " + std::to_string(*index) + " does not ascend");
      vector[*index - 1] = *value;
      previous = *index;
    }
    return {};
  }

  std::string_view text_;
  size_t features_;
  const std::string& where_;
  size_t at_ = 0;
  size_t last_ = 0;  // where the word or line read last begins
  std::array<double, kHeader.size()> number_{};
  size_t total_ = 0;
};

}  // namespace

Result<Svm> read_libsvm(std::string_view text, size_t features, const std::string& where) {
  return Reader(text, features, where).read();
}

}  // namespace fovea::models
