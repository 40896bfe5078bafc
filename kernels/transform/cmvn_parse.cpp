// SPDX-License-Identifier: LGPL-2.1-or-later
// Recognises the form of a statistics file, and what all forms share.
#include "kernels/transform/cmvn_parse.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

namespace npumel {
namespace {

constexpr size_t kLargestFile = size_t{16} << 20;
constexpr std::string_view kBlanks = " \t\r\n\v\f";

std::string_view without_blanks(std::string_view text) {
  const size_t start = text.find_first_not_of(kBlanks);
  return start == std::string_view::npos ? std::string_view() : text.substr(start);
}

/// An archive's entry starts with its key and one blank.
std::string_view without_key(std::string_view contents) {
  const std::string_view start = contents.substr(0, 1);
  const size_t blank = contents.find_first_of(kBlanks);
  if (start == "{" || start == "<" || blank == 0 || blank == std::string_view::npos || blank > 4096)
    return contents;
  const std::string_view rest = contents.substr(blank + 1);
  const bool binary = rest.substr(0, 2) == std::string_view("\0B", 2);
  return binary || without_blanks(rest).substr(0, 1) == "[" ? rest : contents;
}

}  // namespace

std::string_view WordReader::next() {
  const std::string_view word = peek();
  rest_ = without_blanks(rest_);
  rest_.remove_prefix(word.size());
  return word;
}

std::string_view WordReader::peek() const {
  const std::string_view text = without_blanks(rest_);
  if (text.empty() || text[0] == '[' || text[0] == ']') return text.substr(0, 1);
  return text.substr(0, text.find_first_of(" \t\r\n\v\f[]"));
}

double number_of(std::string_view word, std::string_view what) {
  double value = 0;
  const char* end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  if (word.empty())
    throw std::invalid_argument(std::string(what) + " is missing: the file is cut short");
  if (error != std::errc() || stop != end || !std::isfinite(value))
    throw std::invalid_argument(std::string(what) +
                                " is no finite number: " + std::string(word.substr(0, 40)));
  return value;
}

CmvnStatistics statistics_of_sums(CmvnStatistics::Form form, const std::vector<double>& sums,
                                  const std::vector<double>& squares, double count) {
  if (sums.size() != squares.size())
    throw std::invalid_argument("there are " + std::to_string(sums.size()) + " sums and " +
                                std::to_string(squares.size()) + " sums of squares");
  if (sums.empty()) throw std::invalid_argument("there are no sums");
  if (!(count > 0) || !std::isfinite(count))
    throw std::invalid_argument("the number of rows is " + std::to_string(count) +
                                ": statistics of no rows");
  CmvnStatistics statistics{form, {}, {}};
  for (size_t i = 0; i < sums.size(); ++i) {
    if (!std::isfinite(sums[i]) || !std::isfinite(squares[i]))
      throw std::invalid_argument("value " + std::to_string(i) + " of the sums" +
                                  (std::isfinite(sums[i]) ? " of squares" : "") +
                                  " is no finite number");
    const double mean = sums[i] / count;
    const double variance = squares[i] / count - mean * mean;
    if (!std::isfinite(variance))
      throw std::invalid_argument("value " + std::to_string(i) + " of the sums is too large");
    statistics.mean.push_back(mean);
    statistics.variance.push_back(variance);
  }
  return statistics;
}

CmvnStatistics parse_cmvn(std::string_view contents) {
  const std::string_view entry = without_key(contents);
  if (entry.substr(0, 2) == std::string_view("\0B", 2)) return parse_kaldi_binary(entry);
  const std::string_view text = without_blanks(entry);
  if (text.empty()) throw std::invalid_argument("there is nothing in it");
  if (text[0] == '[') return parse_kaldi_text(text);
  if (text[0] == '{') return parse_wenet_json(text);
  if (text[0] == '<') return parse_nnet1(text);
  throw std::invalid_argument(
      "no statistics: neither a matrix of Kaldi (binary or text), nor WeNet's JSON, nor FunASR's "
      "am.mvn");
}

CmvnStatistics read_cmvn_file(const std::string& path) {
  const auto fail = [&](const std::string& why) {
    throw std::invalid_argument("cmvn-file " + path + ": " + why);
  };
  std::error_code error;
  // A pipe or a device could keep whoever reads it waiting for ever.
  if (!std::filesystem::is_regular_file(path, error))
    fail(error ? error.message() : "is no regular file");
  std::ifstream file(path, std::ios::binary);
  if (!file) fail("cannot be opened");
  std::string contents;
  std::array<char, 65536> part;
  while (file.read(part.data(), part.size()) || file.gcount() > 0) {
    contents.append(part.data(), static_cast<size_t>(file.gcount()));
    if (contents.size() > kLargestFile) fail("is larger than 16 MiB");
  }
  if (file.bad()) fail("cannot be read");
  try {
    return parse_cmvn(contents);
  } catch (const std::invalid_argument& why) {
    fail(why.what());
  }
  return {};
}

}  // namespace npumel
