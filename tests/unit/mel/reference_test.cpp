// SPDX-License-Identifier: LGPL-2.1-or-later
// The reference against values that follow from theory.
#include "kernels/mel/reference.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/framing.h"

namespace npumel {
namespace {

std::vector<double> tone(double hz, double amplitude, size_t samples) {
  std::vector<double> x;
  for (size_t i = 0; i < samples; ++i)
    x.push_back(amplitude * std::cos(2 * std::numbers::pi * hz * static_cast<double>(i) / 16000));
  return x;
}

// A cosine in the middle of bin 32 of 256, no window: |X| = a N / 2 there and 0 elsewhere.
Recipe plain_recipe(const RecipeOverrides& more = {}) {
  RecipeOverrides o = more;
  o.n_fft = 256;
  o.win_length = 256;
  o.hop_length = 128;
  o.window = WindowFunction::rectangular;
  o.padding = Padding::none;
  o.frame_count = FrameCount::snip;
  if (!o.log) o.log = LogType::none;
  return resolve(Preset::custom, o, 16000);
}

double sum_of_weights_at(const Recipe& recipe, int bin) {
  double sum = 0;
  const FilterBank bank(recipe);
  for (const MelFilter& filter : bank.filters()) {
    const int i = bin - filter.first_bin;
    if (i >= 0 && i < static_cast<int>(filter.weights.size()))
      sum += filter.weights[static_cast<size_t>(i)];
  }
  return sum;
}

double sum(const std::vector<double>& values) {
  double total = 0;
  for (const double value : values) total += value;
  return total;
}

TEST(Reference, GivesAToneItsPower) {
  const Recipe recipe = plain_recipe();
  const auto rows = reference_rows(recipe, tone(2000, 0.5, 256));
  ASSERT_EQ(rows.size(), 80U);
  EXPECT_NEAR(sum(rows) / sum_of_weights_at(recipe, 32), std::pow(0.5 * 256 / 2, 2), 1e-6);
}

TEST(Reference, GivesAToneItsMagnitude) {
  const Recipe recipe = plain_recipe({.spectrum = Spectrum::magnitude});
  const auto rows = reference_rows(recipe, tone(2000, 0.5, 256));
  EXPECT_NEAR(sum(rows) / sum_of_weights_at(recipe, 32), 0.5 * 256 / 2, 1e-6);
}

// Lengths that halve to 1, to an odd rest, and not at all.
TEST(Reference, HasThePowerOfTheDftByItsDefinition) {
  for (const int n : {16, 24, 25, 128, 400, 441, 1103}) {
    RecipeOverrides o{.mel_scale = MelScale::none, .log = LogType::none};
    o.n_fft = o.win_length = n;
    o.window = WindowFunction::rectangular;
    o.padding = Padding::none;
    o.frame_count = FrameCount::snip;
    const Recipe recipe = resolve(Preset::custom, o, 16000);
    std::vector<double> x;
    for (int i = 0; i < n; ++i) x.push_back(std::sin(i * i * 0.37) + 0.1 * std::cos(3.0 * i));
    const auto rows = reference_rows(recipe, x);
    ASSERT_EQ(rows.size(), static_cast<size_t>(n / 2 + 1)) << n;
    for (int bin = 0; bin <= n / 2; ++bin) {
      std::complex<double> expected = 0;
      for (int i = 0; i < n; ++i)
        expected +=
            x[static_cast<size_t>(i)] * std::polar(1.0, -2 * std::numbers::pi * (bin * i % n) / n);
      EXPECT_NEAR(rows[static_cast<size_t>(bin)], std::norm(expected), 1e-10) << n << " " << bin;
    }
  }
}

TEST(Reference, ScalesInputToInt16Values) {
  const auto x = tone(2000, 0.5, 256);
  const double plain = sum(reference_rows(plain_recipe(), x));
  const double scaled = sum(reference_rows(plain_recipe({.input_scale = 32768}), x));
  EXPECT_NEAR(scaled / plain, std::pow(32768.0, 2), 1e-3);
}

TEST(Reference, RemovesAConstant) {
  const std::vector<double> x(256, 0.25);
  EXPECT_NEAR(sum(reference_rows(plain_recipe({.remove_dc = true}), x)), 0, 1e-20);
}

TEST(Reference, AppliesTheFloorOfEachMode) {
  const std::vector<double> silence(256, 0.0);
  const auto value = [&](LogType log, FloorMode mode) {
    return reference_rows(plain_recipe({.log = log, .log_floor = 1e-3, .floor_mode = mode}),
                          silence)[0];
  };
  EXPECT_DOUBLE_EQ(value(LogType::log10, FloorMode::max), -3);
  EXPECT_DOUBLE_EQ(value(LogType::db, FloorMode::add), -30);
  EXPECT_DOUBLE_EQ(value(LogType::ln, FloorMode::max), std::log(1e-3));
}

// What the filters make of a power spectrum given as a function of the angle of a bin.
double filtered(const Recipe& recipe, double (*power)(double angle)) {
  double energy = 0;
  for (int bin = 0; bin <= recipe.n_fft / 2; ++bin)
    energy += sum_of_weights_at(recipe, bin) * power(2 * std::numbers::pi * bin / recipe.n_fft);
  return energy;
}

TEST(Reference, TreatsTheFirstSampleAsThePreemphasisModeSays) {
  const auto with = [](PreemphasisMode mode, size_t at) {
    std::vector<double> x(256, 0.0);
    x[at] = 1;
    return sum(reference_rows(plain_recipe({.preemphasis = 0.5, .preemphasis_mode = mode}), x));
  };
  const Recipe recipe = plain_recipe();
  // A lone x[0] = 1: y = 1-c, -c in mode frame; 1, -c in the others.
  const double half_half = filtered(recipe, [](double w) { return 0.5 - 0.5 * std::cos(w); });
  const double one_half = filtered(recipe, [](double w) { return 1.25 - std::cos(w); });
  EXPECT_NEAR(with(PreemphasisMode::frame, 0), half_half, 1e-9);
  EXPECT_NEAR(with(PreemphasisMode::frame_next, 0), one_half, 1e-9);
  EXPECT_NEAR(with(PreemphasisMode::waveform, 0), one_half, 1e-9);
  // A lone x[1] = 1: y = -c, 1, -c in mode frame_next; 0, 1, -c in the others.
  const double around =
      filtered(recipe, [](double w) { return (1 - std::cos(w)) * (1 - std::cos(w)); });
  EXPECT_NEAR(with(PreemphasisMode::frame, 1), one_half, 1e-9);
  EXPECT_NEAR(with(PreemphasisMode::frame_next, 1), around, 1e-9);
  EXPECT_NEAR(with(PreemphasisMode::waveform, 1), one_half, 1e-9);
}

TEST(ReferenceClip, CountsTailSilenceForTheMaximumOnly) {
  const Recipe recipe = resolve(Preset::whisper80, {}, 16000);
  // A step at the end: without silence after it the reflection continues it, with silence it is an
  // edge that is louder at high frequencies.
  std::vector<double> x(1600, 0.0);
  x.back() = 0.9;
  const auto plain = reference_clip(recipe, x, true);
  const auto with_tail = reference_clip(recipe, x, true, 16000);
  EXPECT_EQ(plain.size(), with_tail.size());
  EXPECT_NE(plain, with_tail);
}

TEST(ReferenceClip, FollowsTheTailRules) {
  const auto rows = [](Preset preset, size_t n, bool normalized) {
    const Recipe recipe = resolve(preset, {}, 16000);
    return reference_clip(recipe, tone(500, 0.3, n), normalized).size() /
           static_cast<size_t>(recipe.mels);
  };
  EXPECT_EQ(rows(Preset::nemo80, 1600, false), 11U);
  EXPECT_EQ(rows(Preset::granite80, 1600, true), 10U);
  EXPECT_EQ(rows(Preset::granite80, 1760, true), 12U);
  EXPECT_EQ(rows(Preset::seamless80, 400, true), 2U);
  EXPECT_EQ(rows(Preset::seamless80, 400, false), 1U);
  EXPECT_EQ(rows(Preset::gemma3n128, 641, false), 2U);
  EXPECT_EQ(rows(Preset::whisper80, 0, true), 0U);
}

TEST(ReferenceClip, MasksGemma4sRowThatReadsPadding) {
  const Recipe recipe = resolve(Preset::gemma4_128, {}, 16000);
  const auto rows = reference_clip(recipe, tone(500, 0.3, 300), false);
  ASSERT_EQ(rows.size(), 2U * 128);
  EXPECT_NE(rows[0], 0);
  for (size_t m = 128; m < 256; ++m) EXPECT_EQ(rows[m], 0);
}

TEST(ReferencePeaks, SeeWhatTheFiltersLeaveOut) {
  // openWakeWord's filters end at 3800 Hz.
  const Recipe recipe = resolve(Preset::openwakeword, {}, 16000);
  const auto x = tone(6000, 0.5, 512);
  const auto rows = reference_rows(recipe, x);
  const auto peaks = reference_peaks(recipe, x);
  ASSERT_EQ(peaks.size(), 1U);
  EXPECT_GT(peaks[0], *std::max_element(rows.begin(), rows.end()) + 60);
}

}  // namespace
}  // namespace npumel
