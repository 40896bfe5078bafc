// SPDX-License-Identifier: LGPL-2.1-or-later
// Random settings of all steps against the double reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "kernels/transform/transform_reference.h"
#include "tests/unit/transform/random_transform.h"
#include "tests/unit/transform/transform_support.h"

namespace npumel {
namespace {

/// The largest value that is summed up: of the rows, or of what PCEN makes of them.
double largest_value(const TransformOverrides& all, const TransformInput& input,
                     const std::vector<double>& rows) {
  std::vector<double> values = rows;
  if (all.pcen) {
    TransformOverrides pcen;
    pcen.pcen = all.pcen;
    pcen.pcen_scale = all.pcen_scale;
    pcen.pcen_time_constant = all.pcen_time_constant;
    pcen.pcen_gain = all.pcen_gain;
    pcen.pcen_bias = all.pcen_bias;
    pcen.pcen_power = all.pcen_power;
    pcen.pcen_eps = all.pcen_eps;
    values = reference_transform(resolve_transform(TransformPreset::none, pcen), input, rows);
  }
  double largest = 1;
  for (const double value : values) largest = std::max(largest, std::abs(value));
  return largest;
}

/// What float32 may lose: rounding of sums, on the scale of the largest value that is summed up.
double allowance(const TransformRecipe& recipe, double largest) {
  double factor = 4;
  if (recipe.has(TransformStep::dct)) factor *= 4 + recipe.lifter;
  if (recipe.has(TransformStep::deltas)) factor *= 4;
  // Division by the smallest deviation that the settings allow.
  if (recipe.cmvn_variance) factor /= std::sqrt(recipe.cmvn_floor);
  return factor * largest * 6e-8;
}

TEST(TransformReference, HoldsForRandomSettings) {
  std::mt19937 random(20);
  test::TransformChooser chooser(random);
  int compared = 0;
  for (int trial = 0; trial < 300; ++trial) {
    const test::RandomTransform chosen = chooser.choose();
    const TransformRecipe recipe = resolve_transform(TransformPreset::none, chosen.overrides);
    const int64_t count = std::uniform_int_distribution<int64_t>(1, 90)(random);
    const std::vector<float> rows = test::rows_for(random, chosen, count);
    const std::vector<double> given(rows.begin(), rows.end());
    const std::vector<double> wanted = reference_transform(recipe, chosen.input, given);
    const std::vector<float> got = test::transformed(recipe, chosen.input, rows);
    ASSERT_EQ(got.size(), wanted.size()) << canonical_text(recipe);
    double worst = 0;
    for (size_t i = 0; i < got.size(); ++i)
      worst = std::max(worst, std::abs(static_cast<double>(got[i]) - wanted[i]));
    const double largest = largest_value(chosen.overrides, chosen.input, given);
    EXPECT_LE(worst, allowance(recipe, largest)) << trial << ": " << canonical_text(recipe);
    compared += got.empty() ? 0 : 1;
  }
  EXPECT_GT(compared, 250);
}

}  // namespace
}  // namespace npumel
