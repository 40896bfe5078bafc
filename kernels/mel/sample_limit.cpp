// SPDX-License-Identifier: LGPL-2.1-or-later
// The bound behind sample_limit().
#include "kernels/mel/sample_limit.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/window_function.h"

namespace npumel {

float sample_limit(const Recipe& recipe) {
  double window = 0;
  for (const double value : window_function(recipe.window, recipe.win_length)) window += value;
  double weights = 1;
  const FilterBank bank(recipe);
  for (const MelFilter& filter : bank.filters()) {
    double sum = 0;
    for (const double weight : filter.weights) sum += weight;
    weights = std::max(weights, sum);
  }
  // A bin is at most the sum of the windowed samples; packed columns hold twice that before they
  // are scaled. Removing the mean and pre-emphasis may double a sample each.
  const double strongest =
      2 * window * recipe.input_scale * (1 + recipe.preemphasis) * (recipe.remove_dc ? 2 : 1);
  constexpr double kLargest = std::numeric_limits<float>::max() / 2;
  return static_cast<float>(std::sqrt(kLargest / weights) / strongest);
}

}  // namespace npumel
