// SPDX-License-Identifier: LGPL-2.1-or-later
// Any valid recipe, from a seed.
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <random>
#include <stdexcept>

#include "kernels/mel/framing.h"
#include "kernels/mel/recipe.h"
#include "kernels/mel/recipe_fields.h"

namespace npumel::test {

/// Every field of a recipe as an override: resolve(Preset::custom, overrides_of(r), r.rate) is `r`
/// but for its name.
inline RecipeOverrides overrides_of(const Recipe& recipe) {
  RecipeOverrides overrides{.normalization = recipe.preset};
  for (const RecipeField& field : recipe_fields())
    if (field.get != nullptr) field.set_override(overrides, field.get(recipe));
  // The Nyquist frequency of an odd rate, and what is counted from it, is no whole number.
  if (recipe.fmax_half) overrides.fmax = recipe.fmax - recipe.rate / 2;
  return overrides;
}

class RecipeGenerator {
 public:
  explicit RecipeGenerator(unsigned seed) : random_(seed) {}

  /// Always preset=custom.
  Recipe operator()() {
    for (;;) {
      const int rate = pick({8000, 11025, 16000, 22050, 24000, 44100, 48000});
      try {
        return resolve(Preset::custom, overrides(rate), rate);
      } catch (const std::invalid_argument&) {
        continue;  // padding and frame count that do not go together
      }
    }
  }

 private:
  int between(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  bool chance(double p) { return std::bernoulli_distribution(p)(random_); }
  int pick(std::initializer_list<int> values) {
    return *(values.begin() + between(0, static_cast<int>(values.size()) - 1));
  }
  template <typename E>
  E any() {
    return enum_names<E>()[static_cast<size_t>(
                               between(0, static_cast<int>(enum_names<E>().size()) - 1))]
        .value;
  }

  RecipeOverrides overrides(int rate) {
    RecipeOverrides o;
    // Mostly sizes that people use, sometimes any size: odd, prime.
    o.n_fft = chance(0.8) ? pick({64, 256, 320, 400, 480, 512, 640, 1024}) : between(16, 700);
    o.win_length = chance(0.4) ? *o.n_fft : between(std::max(2, *o.n_fft / 3), *o.n_fft);
    o.hop_length = chance(0.8) ? between(std::max(1, *o.win_length / 4), *o.win_length)
                               : between(1, 2 * *o.win_length);
    o.mels = chance(0.5) ? pick({32, 40, 64, 80, 128}) : between(1, 160);
    o.fmin = chance(0.5) ? 0 : between(0, rate / 4);
    o.fmax = chance(0.5) ? 0 : between(*o.fmin + 1, rate / 2);
    o.input_scale = pick({1, 32768});
    o.window = any<WindowFunction>();
    o.window_place = any<WindowPlace>();
    o.spectrum = any<Spectrum>();
    o.dft = any<Dft>();
    o.mel_scale = any<MelScale>();
    o.mel_norm = any<MelNorm>();
    o.padding = any<Padding>();
    o.frame_count = any<FrameCount>();
    o.log = any<LogType>();
    o.log_floor = std::pow(10.0, -between(0, 10));
    o.floor_mode = any<FloorMode>();
    o.preemphasis = chance(0.5) ? 0.0 : between(1, 99) / 100.0;
    o.preemphasis_mode = any<PreemphasisMode>();
    o.remove_dc = chance(0.5);
    o.energy = any<Energy>();
    if (chance(0.5)) o.magnitude_epsilon = std::pow(10.0, -between(0, 12));
    if (o.mel_scale == MelScale::none) o.mels.reset();
    return o;
  }

  std::mt19937 random_;
};

/// The same recipe for the same seed, on any platform whose standard library is libstdc++.
inline Recipe random_recipe(unsigned seed) { return RecipeGenerator(seed)(); }

}  // namespace npumel::test
