// SPDX-License-Identifier: LGPL-2.1-or-later
// The forms of statistics files, one function each, and what they have in common.
#pragma once

#include <string_view>
#include <vector>

#include "kernels/transform/cmvn_statistics.h"

namespace npumel {

/// These throw as parse_cmvn() does. `contents` starts after an archive's key.
CmvnStatistics parse_kaldi_binary(std::string_view contents);
CmvnStatistics parse_kaldi_text(std::string_view contents);
CmvnStatistics parse_wenet_json(std::string_view contents);
CmvnStatistics parse_nnet1(std::string_view contents);

/// Mean and variance of `count` rows from sums and sums of squares of equal length.
CmvnStatistics statistics_of_sums(CmvnStatistics::Form form, const std::vector<double>& sums,
                                  const std::vector<double>& squares, double count);

/// Reads words that blanks separate.
class WordReader {
 public:
  explicit WordReader(std::string_view text) : rest_(text) {}

  /// The next word, without its blanks; empty at the end. '[' and ']' are words of their own.
  std::string_view next();
  /// The word that next() will give.
  std::string_view peek() const;

 private:
  std::string_view rest_;
};

/// A number that fills the word; `what` names it in the error.
double number_of(std::string_view word, std::string_view what);

}  // namespace npumel
