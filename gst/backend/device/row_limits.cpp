// SPDX-License-Identifier: LGPL-2.1-or-later
// A bound from the sum of the window function and that of a filter's weights.
#include "gst/backend/device/row_limits.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/window_function.h"

namespace npumel {
namespace {

// Rounding of the device's rows: half a step of 8 bits is 0.025.
constexpr double kRounding = 0.04;

}  // namespace

RowRange row_limits(const Recipe& recipe) {
  double window = 0;
  for (const double weight : window_function(recipe.window, recipe.win_length))
    window += std::fabs(weight);
  // Of a frame without its mean a sample may be twice full scale, and pre-emphasis takes (1 - c)
  // of the mean off again.
  const double gain = recipe.remove_dc ? 2 : 1 + recipe.preemphasis;
  const double amplitude = recipe.input_scale * gain * window;
  double weights = 0;
  const FilterBank bank(recipe);
  for (const MelFilter& filter : bank.filters())
    weights = std::max(weights, std::accumulate(filter.weights.begin(), filter.weights.end(), 0.0));
  const double energy =
      weights * (recipe.spectrum == Spectrum::power ? amplitude * amplitude : amplitude);
  return {std::log10(recipe.log_floor) - kRounding,
          std::log10(energy + recipe.log_floor) + kRounding};
}

}  // namespace npumel
