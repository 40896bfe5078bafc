// SPDX-License-Identifier: LGPL-2.1-or-later
// Rows against the double reference, for every preset and for random recipes.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/normalize.h"
#include "tests/unit/cpu/kernel_fixture.h"

namespace npumel::test {
namespace {

constexpr int kFrames = 19;  // full groups and a partial one for 4, 8 and 16 lanes

TEST(Accuracy, every_preset_keeps_the_error_law_on_every_target) {
  for (const auto& preset : enum_names<Preset>()) {
    if (preset.value == Preset::custom) continue;
    SCOPED_TRACE(preset.nick);
    const Recipe recipe = kernel_recipe(preset.value);
    Random random(7);
    const auto signal = test_signal(random, samples_for(recipe, kFrames));
    const auto expected = expected_rows(recipe, signal, kFrames);
    for_each_target([&] {
      EXPECT_LT(worst_by_law(recipe, expected, compute_rows(recipe, signal, kFrames)), 0.5);
    });
  }
}

TEST(AccuracySlow, random_recipes_keep_the_error_law_on_every_target) {
  Random random(11);
  for (int i = 0; i < 500; ++i) {
    const Recipe recipe = random_recipe(random);
    SCOPED_TRACE(describe(recipe));
    const auto signal = test_signal(random, samples_for(recipe, kFrames));
    const auto expected = expected_rows(recipe, signal, kFrames);
    for_each_target([&] {
      EXPECT_LT(worst_by_law(recipe, expected, compute_rows(recipe, signal, kFrames)), 1);
    });
    if (HasFailure()) break;
  }
}

TEST(Accuracy, targets_agree_within_a_tenth_of_the_law) {
  Random random(13);
  for (int i = 0; i < 60; ++i) {
    const Recipe recipe = i == 0 ? kernel_recipe(Preset::whisper80) : random_recipe(random);
    SCOPED_TRACE(describe(recipe));
    const auto signal = test_signal(random, samples_for(recipe, kFrames));
    const auto best = compute_rows(recipe, signal, kFrames);
    const std::vector<double> expected(best.begin(), best.end());
    for_each_target([&] {
      EXPECT_LT(worst_by_law(recipe, expected, compute_rows(recipe, signal, kFrames)), 0.1);
    });
    if (HasFailure()) break;
  }
}

TEST(Accuracy, magnitudes_are_the_square_roots_of_powers_to_the_last_bits) {
  const Recipe powers = kernel_recipe(Preset::torchaudio);
  Recipe magnitudes = powers;
  magnitudes.spectrum = Spectrum::magnitude;
  Random random(17);
  auto signal = test_signal(random, samples_for(powers, kFrames));
  std::fill(signal.begin() + 6 * 200, signal.begin() + 10 * 200, 0.0F);  // frames 6, 7 and 8
  // Finite samples, infinite powers.
  auto loud = signal;
  for (float& sample : loud) sample *= 1e30F;
  const FilterBank bank(powers);
  const auto filters = bank.filters();
  for_each_target([&] {
    const auto p = compute_rows(powers, signal, kFrames);
    const auto m = compute_rows(magnitudes, signal, kFrames);
    const auto infinite = compute_rows(magnitudes, loud, kFrames);
    int compared = 0;
    for (size_t at = 0; at < m.size(); ++at) {
      const auto& weights = filters[at % filters.size()].weights;
      if (weights.size() != 1) continue;
      ++compared;
      const double square = p[at] * weights[0];
      ASSERT_NEAR(static_cast<double>(m[at]) * m[at], square, 6e-7 * square) << at;
      ASSERT_EQ(infinite[at], square > 0 ? INFINITY : 0) << at;
    }
    EXPECT_GE(compared, 5 * kFrames);
    EXPECT_EQ(*std::max_element(m.begin() + 7 * 128, m.begin() + 8 * 128), 0);
  });
}

TEST(Accuracy, linear_output_of_a_long_transform_resolves_cells_far_below_the_peak) {
  Recipe recipe = kernel_recipe(Preset::librosa);
  const size_t samples = samples_for(recipe, kFrames);
  std::vector<float> tone;
  for (size_t i = 0; i < samples; ++i)
    tone.push_back(static_cast<float>(std::sin(0.4 * static_cast<double>(i))));
  const auto expected = expected_rows(recipe, tone, kFrames);
  for_each_target([&] {
    const auto rows = compute_rows(recipe, tone, kFrames);
    // 100 dB below the peak a transform in float is wrong by whole dB.
    for (size_t i = 0; i < rows.size(); ++i)
      ASSERT_LT(std::abs(rows[i] - expected[i]), 1e-4 * expected[i] + 1e-20) << i;
  });
}

TEST(Accuracy, a_loud_tone_beside_the_filters_hides_nothing) {
  for (const Preset preset :
       {Preset::vggish64, Preset::yamnet64, Preset::lasr128, Preset::clap64}) {
    SCOPED_TRACE(nick(preset));
    const Recipe recipe = kernel_recipe(preset);
    std::vector<float> tone;
    for (size_t i = 0; i < samples_for(recipe, kFrames); ++i)
      tone.push_back(static_cast<float>(0.8 * std::sin(3.05 * static_cast<double>(i))));
    const auto expected = expected_rows(recipe, tone, kFrames);
    for_each_target([&] {
      const auto rows = compute_rows(recipe, tone, kFrames);
      for (size_t i = 0; i < rows.size(); ++i) ASSERT_NEAR(rows[i], expected[i], 5e-5) << i;
    });
  }
}

TEST(Accuracy, a_frame_with_a_loud_tone_is_computed_alike_whatever_its_neighbours_are) {
  for (const Preset preset : {Preset::vggish64, Preset::clap64, Preset::seamless80}) {
    SCOPED_TRACE(nick(preset));
    const Recipe recipe = kernel_recipe(preset);
    const auto mels = static_cast<size_t>(recipe.width());
    Random random(61);
    auto signal = test_signal(random, samples_for(recipe, kFrames));
    for (size_t i = signal.size() / 2; i < signal.size(); ++i)
      signal[i] = static_cast<float>(0.8 * std::sin(3.05 * static_cast<double>(i)));
    for_each_target([&] {
      const auto all = compute_rows(recipe, signal, kFrames);
      for (size_t frame = 0; frame < kFrames; ++frame) {
        const size_t first = frame * static_cast<size_t>(recipe.hop_length);
        const std::vector<float> part(signal.begin() + static_cast<ptrdiff_t>(first), signal.end());
        const auto one = compute_rows(recipe, part, 1);
        ASSERT_EQ(std::memcmp(one.data(), all.data() + frame * mels, mels * sizeof(float)), 0)
            << frame;
      }
    });
  }
}

// Dividing by a bin's deviation makes much of small errors: a sweep hides most bins most of the
// time.
TEST(Accuracy, rows_divided_by_their_deviation_are_exact_beside_a_sweep) {
  constexpr int kRows = 150;
  const Recipe recipe = kernel_recipe(Preset::seamless80);
  for (const double steps : {32768.0, 1e9}) {  // of the sweep's samples, in [0, 1)
    std::vector<float> sweep;
    for (size_t i = 0; i < samples_for(recipe, kRows); ++i) {
      const double t = static_cast<double>(i) / 16000;
      const double value = 0.5 * std::sin(2 * M_PI * (50 * t + 2500 * t * t));
      sweep.push_back(static_cast<float>(std::round(value * steps) / steps));
    }
    auto expected = expected_rows(recipe, sweep, kRows);
    normalize<double>(recipe.normalization,
                      {expected.data(), kRows, recipe.width(), recipe.width(), 1}, kRows, 0);
    for_each_target([&] {
      auto rows = compute_rows(recipe, sweep, kRows);
      normalize<float>(recipe.normalization,
                       {rows.data(), kRows, recipe.width(), recipe.width(), 1}, kRows, 0);
      double worst = 0;
      for (size_t i = 0; i < rows.size(); ++i)
        worst = std::max(worst, std::abs(rows[i] - expected[i]));
      EXPECT_LT(worst, 5e-4) << steps;
    });
  }
}

TEST(Accuracy, noise_around_the_depth_of_the_transforms_own_keeps_its_logarithm) {
  const Recipe recipe = kernel_recipe(Preset::seamless80);
  for (const double level : {1e-2, 5e-3, 2.5e-3}) {  // the lowest filters: 60 to 90 dB down
    SCOPED_TRACE(level);
    Random random(5);
    std::vector<float> signal;
    for (size_t i = 0; i < samples_for(recipe, 150); ++i)
      signal.push_back(static_cast<float>(0.8 * std::sin(0.3 * static_cast<double>(i)) +
                                          level * (static_cast<double>(random()) / 0x1p31 - 1)));
    const auto expected = expected_rows(recipe, signal, 150);
    for_each_target([&] {
      const auto rows = compute_rows(recipe, signal, 150);
      for (size_t i = 0; i < rows.size(); ++i) ASSERT_NEAR(rows[i], expected[i], 1e-3) << i;
    });
  }
}

TEST(Accuracy, s16_and_f32_of_the_same_samples_give_the_same_bits) {
  Random random(17);
  for (int i = 0; i < 40; ++i) {
    const Recipe recipe = random_recipe(random);
    SCOPED_TRACE(describe(recipe));
    const auto signal = test_signal(random, samples_for(recipe, kFrames));
    for_each_target([&] {
      EXPECT_EQ(compute_rows(recipe, signal, kFrames),
                compute_rows(recipe, to_s16(signal), kFrames));
    });
  }
}

TEST(Accuracy, long_transforms_keep_the_law) {
  Random random(19);
  for (const int n : {4096, 6000, 8192, 10007}) {
    Recipe recipe = kernel_recipe(Preset::librosa);
    recipe.n_fft = recipe.win_length = n;
    recipe.hop_length = 37;
    SCOPED_TRACE(n);
    const auto signal = test_signal(random, samples_for(recipe, 1));
    const auto expected = expected_rows(recipe, signal, 1);
    EXPECT_LT(worst_by_law(recipe, expected, compute_rows(recipe, signal, 1)), 1);
  }
}

}  // namespace
}  // namespace npumel::test
