// SPDX-License-Identifier: LGPL-2.1-or-later
// Regression over a window (Kaldi, torchaudio) and Savitzky-Golay filters (librosa).
#include "kernels/transform/delta_taps.h"

namespace npumel {
namespace {

/// j / sum of j^2: the slope of the line of least squares.
std::vector<double> slope(int half) {
  double squares = 0;
  for (int j = -half; j <= half; ++j) squares += j * j;
  std::vector<double> weights;
  for (int j = -half; j <= half; ++j) weights.push_back(j / squares);
  return weights;
}

/// The second derivative of the parabola of least squares.
std::vector<double> curvature(int half) {
  const double count = 2 * half + 1;
  double mean = 0;
  for (int j = -half; j <= half; ++j) mean += j * j / count;
  double squares = 0;
  for (int j = -half; j <= half; ++j) squares += (j * j - mean) * (j * j - mean);
  std::vector<double> weights;
  for (int j = -half; j <= half; ++j) weights.push_back(2 * (j * j - mean) / squares);
  return weights;
}

std::vector<double> convolved(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> product(a.size() + b.size() - 1);
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; j < b.size(); ++j) product[i + j] += a[i] * b[j];
  return product;
}

}  // namespace

int delta_half_window(const TransformRecipe& recipe) {
  return recipe.delta_rule == DeltaRule::kaldi ? recipe.delta_window : recipe.delta_window / 2;
}

DeltaTaps delta_taps(const TransformRecipe& recipe, int order) {
  const int half = delta_half_window(recipe);
  DeltaTaps taps{order, slope(half)};
  if (order == 1) return taps;
  if (recipe.delta_rule == DeltaRule::librosa)
    taps.weights = curvature(half);
  else
    taps.weights = convolved(taps.weights, taps.weights);
  return taps;
}

}  // namespace npumel
