// SPDX-License-Identifier: LGPL-2.1-or-later
// Values that nobody would choose: refused with a reason, or computed without harm.
#include <cmath>

#include "tests/unit/cpu/kernel_fixture.h"

namespace npumel::test {
namespace {

int any_of(Random& random, std::initializer_list<int> values) {
  return values.begin()[random() % values.size()];
}

template <typename E>
E any(Random& random) {
  return static_cast<E>(random() % enum_names<E>().size());
}

RecipeOverrides any_overrides(Random& random) {
  constexpr int kHuge = 1 << 30;
  const auto maybe = [&] { return random() % 4 == 0; };
  RecipeOverrides o;
  if (maybe()) o.mels = any_of(random, {-kHuge, -2, 0, 1, 2, 512, 513, kHuge});
  if (maybe())
    o.n_fft = any_of(random, {-1, 0, 15, 16, 17, 251, 1103, 8191, 65521, 65536, 1 << 20});
  if (maybe()) o.win_length = any_of(random, {-400, 0, 1, 2, 3, 16, 65536, kHuge});
  if (maybe()) o.hop_length = any_of(random, {-160, 0, 1, 2, 3, 1601, 65536, kHuge});
  if (maybe()) o.input_scale = any_of(random, {-1, 0, 1, 32767, 32768});
  if (maybe()) o.fmin = any_of(random, {-kHuge, -1, 0, 1, 3999, 7999, 8000, kHuge});
  if (maybe()) o.fmax = any_of(random, {-kHuge, -8000, -7999, -1, 0, 1, 2, 8000, 8001, kHuge});
  if (maybe()) o.window = any<WindowFunction>(random);
  if (maybe()) o.window_place = any<WindowPlace>(random);
  if (maybe()) o.spectrum = any<Spectrum>(random);
  if (maybe()) o.dft = any<Dft>(random);
  if (maybe()) o.mel_scale = any<MelScale>(random);
  if (maybe()) o.mel_norm = any<MelNorm>(random);
  if (maybe()) o.log = any<LogType>(random);
  const double values[] = {NAN,   INFINITY, -INFINITY, -1, 0,    1e-310,
                           1e-37, 1e-5,     0.999,     1,  1e37, 1e300};
  if (maybe()) o.log_floor = values[random() % std::size(values)];
  if (maybe()) o.preemphasis = values[random() % std::size(values)];
  if (maybe()) o.magnitude_epsilon = values[random() % std::size(values)];
  if (maybe()) o.energy = any<Energy>(random);
  if (random() % 40 == 0) o.top_db = values[random() % std::size(values)];
  if (random() % 40 == 0) o.ref = values[random() % std::size(values)];
  if (maybe()) o.floor_mode = any<FloorMode>(random);
  if (maybe()) o.preemphasis_mode = any<PreemphasisMode>(random);
  if (maybe()) o.remove_dc = random() % 2 == 0;
  return o;
}

TEST(AnyRecipe, is_refused_with_a_reason_or_gives_finite_rows) {
  Random random(61);
  int refused = 0;
  int accepted = 0;
  for (int i = 0; i < 2500; ++i) {
    const auto preset = any<Preset>(random);
    const int rate = any_of(random, {16000, 16000, 16000, 4000, 48000, 192000, 0, -1});
    Recipe recipe;
    try {
      recipe = kernel_recipe(resolve(preset, any_overrides(random), rate));
    } catch (const std::invalid_argument& refusal) {
      // A name and a value: "fmin (9000 Hz) must be below ...".
      EXPECT_GT(std::string(refusal.what()).size(), 20U) << refusal.what();
      ++refused;
      continue;
    }
    ++accepted;
    const int frames = recipe.n_fft > 4096 ? 1 : 3;
    std::vector<float> signal(samples_for(recipe, frames));
    for (float& sample : signal) sample = random() % 2 == 0 ? -1.0F : 1.0F;
    for (const float value : compute_rows(recipe, signal, frames))
      ASSERT_TRUE(std::isfinite(value)) << describe(recipe);
  }
  EXPECT_GT(refused, 100);
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace npumel::test
