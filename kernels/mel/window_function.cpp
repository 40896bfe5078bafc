// SPDX-License-Identifier: LGPL-2.1-or-later
// Coefficients of the window functions.
#include "kernels/mel/window_function.h"

#include <cmath>
#include <numbers>

namespace npumel {
namespace {

// 0.5 - 0.5 cos(2 pi i / period), 0.54 - 0.46 cos(...)
double hann(int i, int period) { return 0.5 - 0.5 * std::cos(2 * std::numbers::pi * i / period); }
double hamming(int i, int period) {
  return 0.54 - 0.46 * std::cos(2 * std::numbers::pi * i / period);
}

double value(WindowFunction function, int i, int length) {
  switch (function) {
    case WindowFunction::hann:
      return hann(i, length);
    case WindowFunction::hann_symmetric:
      return hann(i, length - 1);
    case WindowFunction::hamming:
      return hamming(i, length);
    case WindowFunction::hamming_symmetric:
      return hamming(i, length - 1);
    case WindowFunction::povey:
      return std::pow(hann(i, length - 1), 0.85);
    case WindowFunction::rectangular:
      return 1;
  }
  return 0;
}

}  // namespace

std::vector<double> window_function(WindowFunction function, int length) {
  std::vector<double> values;
  values.reserve(static_cast<size_t>(length));
  for (int i = 0; i < length; ++i) values.push_back(value(function, i, length));
  return values;
}

bool starts_with_zero(WindowFunction function) {
  return function == WindowFunction::hann || function == WindowFunction::hann_symmetric ||
         function == WindowFunction::povey;
}

}  // namespace npumel
