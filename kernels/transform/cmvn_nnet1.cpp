// SPDX-License-Identifier: LGPL-2.1-or-later
// FunASR's am.mvn, a text network of Kaldi's nnet1: AddShift (minus the mean), Rescale
// (1 / deviation).
#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "kernels/transform/cmvn_parse.h"

namespace npumel {
namespace {

int64_t size_of_component(WordReader& words, std::string_view tag) {
  const double size = number_of(words.next(), std::string(tag) + "'s number of values");
  const double input = number_of(words.next(), std::string(tag) + "'s number of input values");
  if (size != input || size < 1 || size > 1e15 ||
      size != static_cast<double>(static_cast<int64_t>(size)))
    throw std::invalid_argument(std::string(tag) + " has impossible dimensions");
  return static_cast<int64_t>(size);
}

/// "<LearnRateCoef> 0 [ values ]", with any number of such named values in front.
std::vector<double> component_values(WordReader& words, std::string_view tag) {
  const int64_t size = size_of_component(words, tag);
  while (words.peek().substr(0, 1) == "<") {
    words.next();
    number_of(words.next(), "a rate of " + std::string(tag));
  }
  if (words.next() != "[")
    throw std::invalid_argument(std::string(tag) + " has no values: the file is cut short");
  std::vector<double> values;
  for (std::string_view word = words.next(); word != "]"; word = words.next())
    values.push_back(
        number_of(word, "value " + std::to_string(values.size()) + " of " + std::string(tag)));
  if (static_cast<int64_t>(values.size()) != size)
    throw std::invalid_argument(std::string(tag) + " says " + std::to_string(size) +
                                " values and has " + std::to_string(values.size()));
  return values;
}

/// y = (x + shift) * scale, one component after the other.
class Affine {
 public:
  void shift(const std::vector<double>& values) {
    check("<AddShift>", values);
    if (shift_.empty()) shift_.assign(values.size(), 0);
    for (size_t i = 0; i < values.size(); ++i)
      shift_[i] += scale_.empty() ? values[i] : values[i] / scale_[i];
  }
  void scale(const std::vector<double>& values) {
    check("<Rescale>", values);
    if (scale_.empty()) scale_.assign(values.size(), 1);
    for (size_t i = 0; i < values.size(); ++i) {
      if (!(values[i] > 0))
        throw std::invalid_argument("value " + std::to_string(i) + " of <Rescale> is " +
                                    std::to_string(values[i]) + ": 1 / deviation must be positive");
      scale_[i] *= values[i];
      if (!std::isfinite(1 / (scale_[i] * scale_[i])) || !std::isfinite(scale_[i] * scale_[i]))
        throw std::invalid_argument("value " + std::to_string(i) +
                                    " of <Rescale> is out of range: " + std::to_string(values[i]));
    }
  }
  CmvnStatistics statistics() const {
    if (shift_.empty() && scale_.empty())
      throw std::invalid_argument("am.mvn without <AddShift> and <Rescale>");
    CmvnStatistics statistics{CmvnStatistics::Form::nnet1, {}, {}};
    statistics.mean.assign(std::max(shift_.size(), scale_.size()), 0);
    for (size_t i = 0; i < shift_.size(); ++i) statistics.mean[i] = -shift_[i];
    for (const double scale : scale_) statistics.variance.push_back(1 / (scale * scale));
    return statistics;
  }

 private:
  void check(const char* tag, const std::vector<double>& values) const {
    const size_t before = std::max(shift_.size(), scale_.size());
    if (before != 0 && before != values.size())
      throw std::invalid_argument(std::string(tag) + " has " + std::to_string(values.size()) +
                                  " values, the component before " + std::to_string(before));
  }

  std::vector<double> shift_;
  std::vector<double> scale_;
};

}  // namespace

CmvnStatistics parse_nnet1(std::string_view contents) {
  WordReader words(contents);
  if (words.next() != "<Nnet>") throw std::invalid_argument("text that starts with no <Nnet>");
  Affine affine;
  for (std::string_view tag = words.next(); tag != "</Nnet>"; tag = words.next()) {
    if (tag.empty()) throw std::invalid_argument("am.mvn is cut short: there is no </Nnet>");
    if (tag == "<!EndOfComponent>") continue;
    if (tag == "<AddShift>") {
      affine.shift(component_values(words, tag));
    } else if (tag == "<Rescale>") {
      affine.scale(component_values(words, tag));
    } else if (tag == "<Splice>") {
      // [ 0 ]: no splicing. Another one would be a stack in front of the statistics.
      size_of_component(words, tag);
      if (words.next() != "[" || words.next() != "0" || words.next() != "]")
        throw std::invalid_argument("am.mvn with a <Splice> of other rows");
    } else {
      throw std::invalid_argument("am.mvn with " + std::string(tag.substr(0, 40)) +
                                  ", which is no normalisation");
    }
  }
  return affine.statistics();
}

}  // namespace npumel
