// SPDX-License-Identifier: LGPL-2.1-or-later
// Random settings of all steps against the double reference.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

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
    pcen.pcen_smoothing = all.pcen_smoothing;
    pcen.pcen_start = all.pcen_start;
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
  if (recipe.dct == DctType::unnormalized) factor *= 11;  // 2 sqrt(N), N <= 30
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
    for (size_t i = 0; i < got.size() && !std::isnan(worst); ++i)
      worst = std::max(std::abs(static_cast<double>(got[i]) - wanted[i]), worst);
    ASSERT_FALSE(std::isnan(worst)) << canonical_text(recipe);
    const double largest = largest_value(chosen.overrides, chosen.input, given);
    EXPECT_LE(worst, allowance(recipe, largest)) << trial << ": " << canonical_text(recipe);
    compared += got.empty() ? 0 : 1;
  }
  EXPECT_GT(compared, 250);
}

void expect_rows(const TransformOverrides& overrides, const TransformInput& input,
                 const std::vector<float>& rows, const std::vector<double>& wanted) {
  const TransformRecipe recipe = resolve_transform(TransformPreset::none, overrides);
  const std::vector<float> got = test::transformed(recipe, input, rows);
  ASSERT_EQ(got.size(), wanted.size()) << canonical_text(recipe);
  for (size_t i = 0; i < got.size(); ++i)
    EXPECT_NEAR(got[i], wanted[i], 2e-6 * std::max(1.0, std::abs(wanted[i])))
        << i << ": " << canonical_text(recipe);
}

TransformInput rows_of(int dims) {
  TransformInput input;
  input.dims = dims;
  return input;
}

// scipy.fft.dct([1, 2, 4]), norm=None; sqrt(2 / 3) instead of 2: tf.signal's and HTK's.
TEST(TransformReference, SumsOfTheDctHaveTheFactorOfTheirType) {
  const std::vector<float> row = {1, 2, 4};
  TransformOverrides overrides;
  overrides.dct = DctType::unnormalized;
  expect_rows(overrides, rows_of(3), row, {14, -5.196152422706632, 1});
  overrides.dct = DctType::htk;
  expect_rows(overrides, rows_of(3), row,
              {5.715476066494082, -2.121320343559642, 0.408248290463863});
  // c0 last is as the others are.
  overrides.dct_order = DctOrder::htk;
  expect_rows(overrides, rows_of(3), row,
              {-2.121320343559642, 0.408248290463863, 5.715476066494082});
  overrides.dct = DctType::ortho;
  expect_rows(overrides, rows_of(3), row,
              {-2.121320343559642, 0.408248290463863, 5.715476066494082});
  overrides.dct = DctType::unnormalized;
  expect_rows(overrides, rows_of(3), row, {-5.196152422706632, 1, 14});
  // An energy is no sum.
  TransformInput energy = rows_of(4);
  energy.energy = true;
  expect_rows(overrides, energy, {9, 1, 2, 4}, {-5.196152422706632, 1, 9});
}

// librosa.feature.delta(x, width=3, mode="nearest"), orders 1 and 2; as short as it likes.
TEST(TransformReference, LibrosasDerivativesMayRepeatTheEdges) {
  TransformOverrides overrides;
  overrides.deltas = 2;
  overrides.delta_rule = DeltaRule::librosa;
  overrides.delta_window = 3;
  overrides.delta_edge = DeltaEdge::repeat;
  expect_rows(overrides, rows_of(1), {0, 1, 4, 9}, {0.5, 1, 2, 2, 4, 2, 2.5, -5});
  expect_rows(overrides, rows_of(1), {3}, {0, 0});
  EXPECT_EQ(check_transform(resolve_transform(TransformPreset::none, overrides), rows_of(1)).reach,
            1);
  overrides.delta_rule = DeltaRule::kaldi;
  EXPECT_EQ(test::transform_refusal([&] { resolve_transform(TransformPreset::none, overrides); }),
            "delta-edge=repeat is for delta-rule=librosa, and this is delta-rule=kaldi, which "
            "repeats rows anyway");
}

// (x - mean) / (std + e) with std of n - 1: S3PRL, NeMo.
TEST(TransformReference, AnEpsilonMayBeAddedToTheDeviation) {
  TransformOverrides overrides;
  overrides.cmvn = CmvnType::clip;
  overrides.cmvn_variance = true;
  overrides.cmvn_ddof = 1;
  overrides.cmvn_deviation_epsilon = 0.5;
  expect_rows(overrides, rows_of(1), {1, 3}, {-0.522407749927483, 0.522407749927483});
  overrides.cmvn = CmvnType::sliding;
  overrides.cmvn_ddof = std::nullopt;
  expect_rows(overrides, rows_of(1), {1, 3}, {-2 / 3.0, 2 / 3.0});
}

TEST(TransformReference, StacksThatAreNotFullMayBeLeftOut) {
  TransformOverrides overrides;
  overrides.stack_stride = 2;
  overrides.stack_left = 1;
  overrides.stack_right = 1;
  overrides.stack_edge = StackEdge::drop;
  expect_rows(overrides, rows_of(1), {1, 2, 3, 4, 5}, {1, 1, 2, 2, 3, 4});
  expect_rows(overrides, rows_of(1), {1, 2, 3, 4}, {1, 1, 2, 2, 3, 4});
  expect_rows(overrides, rows_of(1), {1}, {});
}

// M[t] = (1 - b) M[t-1] + b S[t], gain 1, no compression.
TEST(TransformReference, PcenMayStartWithTheFirstRow) {
  TransformInput input = rows_of(1);
  input.logarithm = false;
  TransformOverrides overrides;
  overrides.pcen = PcenType::librosa;
  overrides.pcen_scale = 1;
  overrides.pcen_gain = 1;
  overrides.pcen_bias = 0;
  overrides.pcen_power = 1;
  overrides.pcen_eps = 1e-9;
  overrides.pcen_smoothing = 0.25;
  expect_rows(overrides, input, {2, 4}, {1.6, 4 / 1.9375});
  overrides.pcen_start = PcenStart::first;
  expect_rows(overrides, input, {2, 4}, {1, 1.6});
}

// The originals divide by n - 1 = 0, or by the deviation of one row.
TEST(TransformReference, OneRowAloneBecomesZero) {
  TransformOverrides sliding;
  sliding.cmvn = CmvnType::sliding;
  sliding.cmvn_variance = true;
  TransformOverrides clip = sliding;
  clip.cmvn = CmvnType::clip;
  std::mt19937 random(21);
  const std::vector<float> row = test::random_rows(random, 1, 80);
  for (const TransformRecipe& recipe : {resolve_transform(TransformPreset::seamless160, {}),
                                        resolve_transform(TransformPreset::none, sliding),
                                        resolve_transform(TransformPreset::none, clip)}) {
    const std::vector<float> out = test::transformed(recipe, {}, row);
    EXPECT_EQ(out, std::vector<float>(out.size(), 0.0F)) << canonical_text(recipe);
  }
}

// Digital silence has no deviation, and its mean must be exact, or the floor would make its
// rounding error large.
TEST(TransformReference, EqualRowsBecomeZero) {
  std::vector<float> rows;
  for (int t = 0; t < 137; ++t)
    for (int i = 0; i < 5; ++i) rows.push_back(-15.942385F + 3.1F * static_cast<float>(i));
  TransformInput input;
  input.dims = 5;
  for (const CmvnType type : {CmvnType::clip, CmvnType::sliding, CmvnType::online}) {
    TransformOverrides overrides;
    overrides.cmvn = type;
    overrides.cmvn_variance = true;
    overrides.cmvn_window = 37;
    overrides.cmvn_floor = 1e-20;
    if (type == CmvnType::online) overrides.cmvn_global_frames = 0;
    const TransformRecipe recipe = resolve_transform(TransformPreset::none, overrides);
    for (const float value : test::transformed(recipe, input, rows))
      ASSERT_LE(std::abs(value), 1e-4F) << nick(type);
  }
}

}  // namespace
}  // namespace npumel
