// SPDX-License-Identifier: LGPL-2.1-or-later
// What holds for every valid recipe.
#include <gtest/gtest.h>

#include <set>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/framing.h"
#include "kernels/mel/window_function.h"
#include "tests/unit/support/random_recipe.h"

namespace npumel {
namespace {

constexpr unsigned kRecipes = 500;

Recipe recipe_of(Preset name) {
  const int rate = published_rate(name);
  return resolve(name, {}, rate != 0 ? rate : 16000);
}

std::vector<Recipe> many_recipes() {
  std::vector<Recipe> recipes;
  for (const auto& name : enum_names<Preset>()) recipes.push_back(recipe_of(name.value));
  for (unsigned seed = 0; seed < kRecipes; ++seed) recipes.push_back(test::random_recipe(seed));
  return recipes;
}

TEST(EveryPreset, CanBeWrittenAsCustomWithProperties) {
  for (const auto& name : enum_names<Preset>()) {
    const Recipe published = recipe_of(name.value);
    const Recipe custom = resolve(Preset::custom, test::overrides_of(published), published.rate);
    EXPECT_EQ(canonical_text(published), canonical_text(custom)) << name.nick;
  }
}

TEST(EveryRecipe, ResolvesToItselfThroughItsOwnOverrides) {
  for (const Recipe& recipe : many_recipes()) {
    const Recipe again = resolve(Preset::custom, test::overrides_of(recipe), recipe.rate);
    EXPECT_EQ(canonical_text(recipe), canonical_text(again));
  }
}

TEST(EveryRecipe, HasAnIdOfItsOwn) {
  std::set<std::string> texts;
  std::set<std::string> ids;
  for (unsigned seed = 0; seed < kRecipes; ++seed) {
    texts.insert(canonical_text(test::random_recipe(seed)));
    ids.insert(recipe_id(test::random_recipe(seed)));
  }
  EXPECT_EQ(ids.size(), kRecipes);
  EXPECT_EQ(texts.size(), kRecipes);
}

// The last sample of a frame that counts, or of its window: whichever part of the frame lies before
// the end must not depend on what comes later, once `reach` samples after its time are there.
TEST(EveryRecipe, GivesAFrameTheSameSamplesOnceItsReachIsThere) {
  for (const Recipe& recipe : many_recipes()) {
    const Framing frames = framing(recipe);
    const int64_t later = 10 * int64_t{recipe.n_fft} + 10 * int64_t{recipe.hop_length};
    const bool first_has_weight =
        !starts_with_zero(recipe.window) || recipe.remove_dc ||
        (recipe.preemphasis > 0 && recipe.preemphasis_mode != PreemphasisMode::waveform);
    for (int64_t t = 0; t < 4; ++t) {
      const int64_t now = t * frames.hop + frames.reach;
      ASSERT_GT(frame_count(recipe, now), t) << canonical_text(recipe);
      for (int i = first_has_weight ? 0 : 1; i < frames.win; ++i) {
        const int64_t at = t * frames.hop + frames.origin + i;
        ASSERT_EQ(padded_index(frames.padding, at, now), padded_index(frames.padding, at, later))
            << "frame " << t << " sample " << i << " of\n"
            << canonical_text(recipe);
      }
    }
  }
}

TEST(EveryRecipe, CountsNoFrameThatReadsUndefinedSamples) {
  for (const Recipe& recipe : many_recipes()) {
    if (recipe.padding != Padding::none && recipe.padding != Padding::semi_causal) continue;
    const Framing frames = framing(recipe);
    for (int64_t n = 0; n < 3 * (recipe.n_fft + recipe.hop_length); n += 7) {
      const int64_t last = frame_count(recipe, n) - 1;
      if (last < 0) continue;
      ASSERT_LE(last * frames.hop + frames.origin + frames.win, n) << canonical_text(recipe);
    }
  }
}

TEST(EveryRecipe, CountsOneFrameMoreForOneHopMore) {
  for (const Recipe& recipe : many_recipes()) {
    const int64_t n = 5 * int64_t{recipe.n_fft} + 3 * int64_t{recipe.hop_length} + 1;
    EXPECT_EQ(frame_count(recipe, n + recipe.hop_length), frame_count(recipe, n) + 1)
        << canonical_text(recipe);
  }
}

// The three scales map 0 Hz to 0 mel and triangles are 0 at their corners: no switch is needed for
// front ends that leave the DC bin out (VGGish, LASR).
TEST(EveryRecipe, LeavesTheDcBinOut) {
  for (const Recipe& recipe : many_recipes()) {
    if (recipe.mel_scale == MelScale::none) continue;
    const FilterBank bank(recipe);
    for (const MelFilter& filter : bank.filters())
      EXPECT_TRUE(filter.weights.empty() || filter.first_bin > 0) << canonical_text(recipe);
  }
}

TEST(EveryRecipe, HasFiltersInsideItsSpectrum) {
  for (const Recipe& recipe : many_recipes()) {
    const FilterBank bank(recipe);
    ASSERT_EQ(bank.filters().size(), static_cast<size_t>(recipe.mels));
    EXPECT_EQ(bank.bins(), recipe.n_fft / 2 + 1);
    for (const MelFilter& filter : bank.filters()) {
      if (filter.weights.empty()) continue;
      const double hz_per_bin = static_cast<double>(recipe.rate) / recipe.n_fft;
      const auto last = filter.first_bin + static_cast<int>(filter.weights.size()) - 1;
      EXPECT_LT(last, bank.bins());
      if (recipe.mel_scale == MelScale::none) {  // limits belong to the range
        EXPECT_GE(filter.first_bin * hz_per_bin, recipe.fmin - 1e-6);
        EXPECT_LE(last * hz_per_bin, recipe.highest_frequency() + 1e-6);
        continue;
      }
      EXPECT_GT(filter.first_bin * hz_per_bin, recipe.fmin);
      EXPECT_LT(last * hz_per_bin, recipe.highest_frequency());
      EXPECT_GT(filter.weights.front(), 0);
      EXPECT_GT(filter.weights.back(), 0);
    }
  }
}

}  // namespace
}  // namespace npumel
