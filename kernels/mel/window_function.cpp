// SPDX-License-Identifier: LGPL-2.1-or-later
// Computes window functions, in double and as NumPy does in float32.
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

// NumPy's float32 cosine: the angle less the nearest multiple of pi/2 (in three parts), then the
// polynomial of the sine or cosine. Every step is one fused multiply-add.
float numpy_cosine(float angle) {
  constexpr float kToWhole = 0x1.8p+23F;  // added and subtracted, it leaves a whole number
  const float turns = std::fma(angle, 0x1.45f306p-1F, kToWhole);
  const float quarters = turns - kToWhole;
  float x = std::fma(quarters, -0x1.921fb0p+00F, angle);
  x = std::fma(quarters, -0x1.5110b4p-22F, x);
  x = std::fma(quarters, -0x1.846988p-48F, x);
  const float square = x * x;
  const auto quadrant = static_cast<int>(quarters);
  float result = 0;
  if (quadrant % 2 == 0) {
    result = std::fma(0x1.98e616p-16F, square, -0x1.6c06dcp-10F);
    result = std::fma(result, square, 0x1.55553cp-05F);
    result = std::fma(result, square, -0.5F);
    result = std::fma(result, square, 1.0F);
  } else {
    result = std::fma(0x1.7d3bbcp-19F, square, -0x1.a06bbap-13F);
    result = std::fma(result, square, 0x1.11119ap-07F);
    result = std::fma(result, square, -0x1.555556p-03F);
    result = std::fma(result * square, x, x);
  }
  return (quadrant + 1) % 4 >= 2 ? -result : result;
}

}  // namespace

std::vector<float> float_window_function(WindowFunction function, int length) {
  const bool periodic = function == WindowFunction::hann;
  std::vector<float> values;
  values.reserve(static_cast<size_t>(length));
  for (int i = 0; i < length; ++i) {
    if (!periodic && function != WindowFunction::hann_symmetric) {
      values.push_back(static_cast<float>(value(function, i, length)));
      continue;
    }
    const auto period = static_cast<float>(periodic ? length : length - 1);
    const float angle = static_cast<float>(2 * std::numbers::pi) * static_cast<float>(i) / period;
    values.push_back(0.5F * (1.0F - numpy_cosine(angle)));
  }
  return values;
}

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
