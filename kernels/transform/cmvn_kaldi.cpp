// SPDX-License-Identifier: LGPL-2.1-or-later
// Kaldi's matrix of statistics: [sums, count], [sums of squares, 0], binary or text.
#include <array>
#include <bit>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "kernels/transform/cmvn_parse.h"

namespace npumel {
namespace {

/// Little-endian, wherever this runs.
template <typename Unsigned>
Unsigned little_endian(std::string_view bytes) {
  Unsigned value = 0;
  for (size_t i = 0; i < sizeof(Unsigned); ++i)
    value |= static_cast<Unsigned>(static_cast<Unsigned>(static_cast<unsigned char>(bytes[i]))
                                   << (8 * i));
  return value;
}

double real_of(std::string_view bytes) {
  if (bytes.size() == 4)
    return static_cast<double>(std::bit_cast<float>(little_endian<uint32_t>(bytes)));
  return std::bit_cast<double>(little_endian<uint64_t>(bytes));
}

/// Kaldi writes the size of an integer in front of it.
int32_t dimension(std::string_view header, size_t at) {
  if (header[at] != 4) throw std::invalid_argument("the dimensions of Kaldi's matrix are damaged");
  return static_cast<int32_t>(little_endian<uint32_t>(header.substr(at + 1, 4)));
}

CmvnStatistics statistics_of_lines(std::vector<double> sums, std::vector<double> squares) {
  if (sums.size() != squares.size())
    throw std::invalid_argument("the lines of Kaldi's matrix have " + std::to_string(sums.size()) +
                                " and " + std::to_string(squares.size()) + " values");
  if (sums.size() < 2)
    throw std::invalid_argument("Kaldi's matrix has " + std::to_string(sums.size()) +
                                " columns: there is no value beside the count");
  const double count = sums.back();
  sums.pop_back();
  squares.pop_back();
  return statistics_of_sums(CmvnStatistics::Form::kaldi, sums, squares, count);
}

[[noreturn]] void refuse_lines(int64_t lines) {
  throw std::invalid_argument("Kaldi's matrix has " + std::to_string(lines) +
                              " lines: statistics have 2, sums and sums of squares");
}

}  // namespace

CmvnStatistics parse_kaldi_binary(std::string_view contents) {
  constexpr size_t kHeader = 2 + 3 + 5 + 5;
  const std::string_view type = contents.substr(2, 3);
  if (type != "FM " && type != "DM ")
    throw std::invalid_argument("a binary file of Kaldi that holds no matrix of float or double (" +
                                std::string(type.substr(0, type.find(' '))) + ")");
  if (contents.size() < kHeader) throw std::invalid_argument("Kaldi's matrix is cut short");
  const int32_t lines = dimension(contents, 5);
  const int32_t columns = dimension(contents, 10);
  if (lines != 2) refuse_lines(lines);
  const size_t value = type[0] == 'F' ? 4 : 8;
  const std::string_view data = contents.substr(kHeader);
  // Compared before anything is allocated: the header may say what it likes.
  const int64_t needed = int64_t{2} * columns * static_cast<int64_t>(value);
  if (columns < 0 || needed > static_cast<int64_t>(data.size()))
    throw std::invalid_argument("Kaldi's matrix of 2 x " + std::to_string(columns) +
                                " is cut short: " + std::to_string(data.size()) + " bytes of " +
                                std::to_string(needed));
  if (needed < static_cast<int64_t>(data.size()))
    throw std::invalid_argument("something follows Kaldi's matrix of 2 x " +
                                std::to_string(columns) +
                                ": an archive of several speakers is no cmvn-file");
  std::array<std::vector<double>, 2> matrix;
  for (size_t at = 0; at < data.size(); at += value)
    matrix[2 * at / data.size()].push_back(real_of(data.substr(at, value)));
  return statistics_of_lines(std::move(matrix[0]), std::move(matrix[1]));
}

CmvnStatistics parse_kaldi_text(std::string_view contents) {
  const size_t end = contents.find(']');
  if (end == std::string_view::npos)
    throw std::invalid_argument("Kaldi's matrix is cut short: there is no ]");
  if (!WordReader(contents.substr(end + 1)).next().empty())
    throw std::invalid_argument(
        "something follows Kaldi's matrix: an archive of several speakers is no cmvn-file");
  std::vector<std::vector<double>> matrix;
  std::string_view rest = contents.substr(1, end - 1);
  while (!rest.empty()) {
    const size_t length = rest.find('\n');
    WordReader words(rest.substr(0, length));
    std::vector<double> line;
    for (std::string_view word = words.next(); !word.empty(); word = words.next())
      line.push_back(number_of(word, "a value of Kaldi's matrix"));
    if (!line.empty()) matrix.push_back(std::move(line));
    if (matrix.size() > 2) refuse_lines(3);
    rest = length == std::string_view::npos ? std::string_view() : rest.substr(length + 1);
  }
  if (matrix.size() != 2) refuse_lines(static_cast<int64_t>(matrix.size()));
  return statistics_of_lines(std::move(matrix[0]), std::move(matrix[1]));
}

}  // namespace npumel
