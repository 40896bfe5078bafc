// SPDX-License-Identifier: LGPL-2.1-or-later
// Stored statistics for mean and variance normalisation, and the files that hold them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace npumel {

/// Mean and variance of each value of a row.
struct CmvnStatistics {
  /// Who wrote the file; decides what happens when nobody says whether to divide by the deviation.
  enum class Form { kaldi, wenet, nnet1 };

  Form form = Form::kaldi;
  std::vector<double> mean;      ///< empty = no statistics
  std::vector<double> variance;  ///< as long as mean, or empty where the file has none

  bool empty() const { return mean.empty(); }
  bool operator==(const CmvnStatistics&) const = default;
};

/// The contents of a statistics file, recognised by what they are:
///  Kaldi      a matrix 2 x (D + 1) of sums and sums of squares, the number of rows last in the
///  first
///             line: float32 ("BFM"), double ("BDM") or text ("[ ... ]"), also as the only entry of
///             an archive, after its key
///  WeNet      JSON with mean_stat and var_stat (sums) and frame_num
///  nnet1      am.mvn of FunASR: AddShift (minus the mean), Rescale (1 / deviation), or one of them
/// Throws std::invalid_argument with a sentence that says what is wrong and where: not one of these
/// forms, cut short, dimensions that do not fit the size, values that are no numbers, no rows. It
/// allocates no more than a few times `contents.size()`, whatever the dimensions in it say.
CmvnStatistics parse_cmvn(std::string_view contents);

/// parse_cmvn() of a file of at most 16 MiB. Throws std::invalid_argument, with the name and the
/// reason, when it cannot be read.
CmvnStatistics read_cmvn_file(const std::string& path);

}  // namespace npumel
