// SPDX-License-Identifier: LGPL-2.1-or-later
// Window functions and filter banks against values worked out by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/window_function.h"

namespace npumel {
namespace {

using ::testing::DoubleNear;
using ::testing::Pointwise;

MATCHER(Near, "") { return std::abs(std::get<0>(arg) - std::get<1>(arg)) < 1e-12; }

TEST(WindowFunctions, HaveTheirDefinedValues) {
  EXPECT_THAT(window_function(WindowFunction::hann, 4),
              Pointwise(Near(), std::vector<double>{0, 0.5, 1, 0.5}));
  EXPECT_THAT(window_function(WindowFunction::hann_symmetric, 5),
              Pointwise(Near(), std::vector<double>{0, 0.5, 1, 0.5, 0}));
  EXPECT_THAT(window_function(WindowFunction::hamming, 4),
              Pointwise(Near(), std::vector<double>{0.08, 0.54, 1, 0.54}));
  EXPECT_THAT(window_function(WindowFunction::hamming_symmetric, 5),
              Pointwise(Near(), std::vector<double>{0.08, 0.54, 1, 0.54, 0.08}));
  const double half = std::pow(0.5, 0.85);
  EXPECT_THAT(window_function(WindowFunction::povey, 5),
              Pointwise(Near(), std::vector<double>{0, half, 1, half, 0}));
  EXPECT_THAT(window_function(WindowFunction::rectangular, 3),
              Pointwise(Near(), std::vector<double>{1, 1, 1}));
}

TEST(WindowFunctions, SayTruthfullyWhetherTheyStartWithZero) {
  for (const auto& name : enum_names<WindowFunction>())
    EXPECT_EQ(starts_with_zero(name.value), window_function(name.value, 400)[0] == 0) << name.nick;
}

FilterBank bank_of(Preset preset) {
  return FilterBank(resolve(preset, {}, published_rate(preset)));
}

// Slaney: 8000 Hz = 15 + 27 ln 8 / ln 6.4 = 45.2456 mel; corners every 0.558588 mel, 37.2392 Hz in
// the linear part. Bin 1 is at 40 Hz: (74.4784 - 40) / 37.2392 * 2 / 74.4784.
TEST(FilterBank, OfWhisperStartsWithItsPublishedWeight) {
  const FilterBank bank = bank_of(Preset::whisper80);
  const MelFilter& first = bank.filters()[0];
  EXPECT_EQ(first.first_bin, 1);
  ASSERT_EQ(first.weights.size(), 1U);
  EXPECT_NEAR(first.weights[0], 0.02486259, 1e-8);
}

// Kaldi: 20 Hz = 31.748 mel, 8000 Hz = 2840.04 mel; corners every 34.6703 mel. Bin 1 (31.25 Hz) is
// at 49.2211 mel: 17.4731 / 34.6703 up the first triangle.
TEST(FilterBank, OfKaldiIsLinearInMel) {
  const FilterBank bank = bank_of(Preset::kaldi80);
  const double low = 1127 * std::log(1 + 20.0 / 700);
  const double high = 1127 * std::log(1 + 8000.0 / 700);
  const double at = 1127 * std::log(1 + 31.25 / 700);
  EXPECT_EQ(bank.filters()[0].first_bin, 1);
  EXPECT_NEAR(bank.filters()[0].weights[0], (at - low) / ((high - low) / 81), 1e-12);
}

TEST(FilterBank, HasUnitAreaUnderTheSlaneyNorm) {
  // Summed over bins of 1/8 Hz, so that the sum is the integral.
  const Recipe recipe =
      resolve(Preset::custom, {.mels = 10, .n_fft = 65536, .fmin = 100, .fmax = 2000}, 8192);
  const FilterBank bank(recipe);
  for (const MelFilter& filter : bank.filters()) {
    const double sum = std::accumulate(filter.weights.begin(), filter.weights.end(), 0.0);
    EXPECT_THAT(sum / 8, DoubleNear(1, 1e-5));
  }
}

TEST(FilterBank, NeighboursSumToOneWithoutNorm) {
  const Recipe recipe = resolve(
      Preset::custom,
      {.mels = 20, .n_fft = 1024, .mel_scale = MelScale::htk, .mel_norm = MelNorm::none}, 16000);
  const FilterBank bank(recipe);
  std::vector<double> sum(static_cast<size_t>(bank.bins()));
  for (const MelFilter& filter : bank.filters())
    for (size_t i = 0; i < filter.weights.size(); ++i)
      sum[static_cast<size_t>(filter.first_bin) + i] += filter.weights[i];
  // Between the first and the last centre (bins well inside).
  for (size_t bin = 20; bin < 400; ++bin) EXPECT_NEAR(sum[bin], 1, 1e-12) << bin;
}

TEST(FilterBank, CountsEmptyFilters) {
  EXPECT_EQ(bank_of(Preset::whisper80).empty_filters(), 0);
  EXPECT_EQ(bank_of(Preset::kaldi80).empty_filters(), 0);
  // 128 HTK or Kaldi filters over 257 bins: low triangles fall between two bins.
  EXPECT_GT(bank_of(Preset::gemma4_128).empty_filters(), 0);
  const Recipe crowded = resolve(Preset::custom, {.mels = 512}, 16000);
  EXPECT_GT(FilterBank(crowded).empty_filters(), 200);
}

TEST(FilterBank, ReachesTheNyquistFrequencyOfAnOddRate) {
  // fmax = 5512 stands for 5512.5: the last triangle ends there, so bin 511 of 1024 is inside.
  const Recipe recipe = resolve(Preset::custom, {.mels = 20, .n_fft = 65536, .fmax = 0}, 11025);
  const FilterBank bank(recipe);
  const MelFilter& last = bank.filters().back();
  EXPECT_EQ(last.first_bin + static_cast<int>(last.weights.size()), bank.bins() - 1);
}

}  // namespace
}  // namespace npumel
