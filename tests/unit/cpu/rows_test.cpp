// SPDX-License-Identifier: LGPL-2.1-or-later
// Where rows go and what they depend on.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <memory>

#include "kernels/mel/half.h"
#include "tests/unit/cpu/kernel_fixture.h"

namespace npumel::test {
namespace {

/// One call on given memory.
float compute(const MelKernel& kernel, const float* samples, int frames, const RowSink& out) {
  const auto workspace = kernel.make_workspace();
  return kernel.compute(samples, SampleType::f32, frames, out, *workspace);
}

double half_value(uint16_t bits) {
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  const int exponent = bits >> 10 & 31;
  const int fraction = bits & 1023;
  if (exponent == 31) return sign * std::numeric_limits<double>::infinity();
  if (exponent == 0) return sign * std::ldexp(fraction, -24);
  return sign * std::ldexp(1024 + fraction, exponent - 25);
}

TEST(Rows, do_not_depend_on_their_place_or_on_how_many_there_are) {
  constexpr int kFrames = 37;
  Random random(23);
  for (int i = 0; i < 20; ++i) {
    const Recipe recipe = random_recipe(random);
    SCOPED_TRACE(describe(recipe));
    const auto mels = static_cast<size_t>(recipe.width());
    const auto signal = test_signal(random, samples_for(recipe, kFrames));
    for_each_target([&] {
      const auto kept = MelKernel::get(recipe);  // so that its tables are made once
      const auto all = compute_rows(recipe, signal, kFrames);
      for (int first = 0; first < kFrames; first += 3)
        for (const int count : {1, 2, 5, 16, 17}) {
          if (first + count > kFrames) continue;
          const auto from = signal.begin() + first * recipe.hop_length;
          // No sample behind the last window function is in the vector: reads show under ASan.
          const std::vector<float> part(from,
                                        from + static_cast<ptrdiff_t>(samples_for(recipe, count)));
          const auto rows = compute_rows(recipe, part, count);
          ASSERT_EQ(std::memcmp(rows.data(), all.data() + static_cast<size_t>(first) * mels,
                                rows.size() * sizeof(float)),
                    0)
              << first << " " << count;
        }
    });
    if (HasFailure()) break;
  }
}

TEST(Rows, do_not_depend_on_the_mean_of_their_neighbours) {
  Recipe recipe = kernel_recipe(Preset::kaldi80);
  Random random(29);
  auto signal = test_signal(random, samples_for(recipe, 20));
  const auto quiet = compute_rows(recipe, signal, 20);
  std::fill(signal.begin() + 10 * recipe.hop_length + recipe.win_length, signal.end(), 0.9F);
  const auto loud = compute_rows(recipe, signal, 20);
  const auto same = static_cast<ptrdiff_t>(11 * recipe.width());
  EXPECT_TRUE(std::equal(quiet.begin(), quiet.begin() + same, loud.begin()));
}

TEST(Rows, land_in_any_strides) {
  constexpr int kFrames = 21;
  Random random(31);
  for (const int mels : {1, 3, 4, 7, 16, 17, 80}) {
    Recipe recipe = kernel_recipe(Preset::whisper80);
    recipe.mels = mels;
    const auto kernel_signal = test_signal(random, samples_for(recipe, kFrames));
    for_each_target([&] {
      const auto rows = compute_rows(recipe, kernel_signal, kFrames);
      const auto kernel = MelKernel::get(recipe);
      const struct {
        ptrdiff_t frame, mel;
      } strides[] = {{mels, 1}, {mels + 5, 1}, {1, kFrames}, {1, kFrames + 3}, {2, 2 * kFrames}};
      for (const auto& stride : strides) {
        const size_t size = static_cast<size_t>(kFrames * stride.frame + mels * stride.mel);
        std::vector<float> memory(size, 777.0F);
        RowSink out;
        out.data = memory.data();
        out.frame_stride = stride.frame;
        out.mel_stride = stride.mel;
        compute(*kernel, kernel_signal.data(), kFrames, out);
        size_t written = 0;
        for (const float value : memory) written += value != 777.0F ? 1 : 0;
        EXPECT_EQ(written, rows.size());
        for (ptrdiff_t frame = 0; frame < kFrames; ++frame)
          for (ptrdiff_t mel = 0; mel < mels; ++mel)
            ASSERT_EQ(memory[static_cast<size_t>(frame * stride.frame + mel * stride.mel)],
                      rows[static_cast<size_t>(frame * mels + mel)]);
      }
    });
  }
}

TEST(Rows, maximum_is_the_largest_value_written) {
  Random random(37);
  for (int i = 0; i < 30; ++i) {
    const Recipe recipe = random_recipe(random);
    SCOPED_TRACE(describe(recipe));
    for_each_target([&] {
      const auto kernel = MelKernel::get(recipe);
      for (const int frames : {1, 3, 16, 21}) {
        // The loud end lies behind the last frame's window function: it must not count.
        auto signal = test_signal(random, samples_for(recipe, frames));
        std::vector<float> rows(static_cast<size_t>(frames * recipe.width()));
        RowSink out;
        out.data = rows.data();
        out.frame_stride = recipe.width();
        const float highest = compute(*kernel, signal.data(), frames, out);
        EXPECT_EQ(highest, *std::max_element(rows.begin(), rows.end())) << frames;
      }
      EXPECT_EQ(compute(*kernel, nullptr, 0, {}), -std::numeric_limits<float>::infinity());
    });
  }
}

// Frames that the group before has computed are left out where that saves time; what the workspace
// holds in their place is of an earlier call if the group before was silent.
TEST(Rows, maximum_does_not_remember_an_earlier_call) {
  const Recipe recipe = kernel_recipe(Preset::librosa);
  Random random(67);
  for_each_target([&] {
    const auto kernel = MelKernel::get(recipe);
    const auto workspace = kernel->make_workspace();
    for (const int frames : {3, 20, 22}) {
      const auto loud = test_signal(random, samples_for(recipe, frames));
      std::vector<float> quiet(loud.size());
      for (size_t i = loud.size() - 400; i < loud.size(); ++i) quiet[i] = 0.001F * loud[i];
      std::vector<float> rows(static_cast<size_t>(frames * recipe.width()));
      const RowSink out{rows.data(), ElementType::f32, recipe.width(), 1};
      kernel->compute(loud.data(), SampleType::f32, frames, out, *workspace);
      const float highest = kernel->compute(quiet.data(), SampleType::f32, frames, out, *workspace);
      EXPECT_EQ(highest, *std::max_element(rows.begin(), rows.end())) << frames;
      EXPECT_EQ(rows, compute_rows(recipe, quiet, frames)) << frames;
    }
  });
}

// Areas of the workspace are shared: where samples are expected, infinite powers of an earlier call
// may lie.
TEST(Rows, do_not_remember_an_earlier_call_that_overflowed) {
  Random random(71);
  std::vector<Recipe> recipes;
  for (const auto& preset : enum_names<Preset>())
    if (preset.value != Preset::custom) recipes.push_back(kernel_recipe(preset.value));
  for (int i = 0; i < 60; ++i) recipes.push_back(random_recipe(random));
  for_each_target([&] {
    for (const Recipe& recipe : recipes) {
      SCOPED_TRACE(describe(recipe));
      const auto kernel = MelKernel::get(recipe);
      const auto workspace = kernel->make_workspace();
      constexpr int kFrames = 21;
      const auto signal = test_signal(random, samples_for(recipe, kFrames));
      std::vector<float> huge(signal);
      for (float& sample : huge) sample *= 1e30F;
      std::vector<float> rows(static_cast<size_t>(kFrames * recipe.width()));
      const RowSink out{rows.data(), ElementType::f32, recipe.width(), 1};
      kernel->compute(huge.data(), SampleType::f32, kFrames, out, *workspace);
      kernel->compute(signal.data(), SampleType::f32, kFrames, out, *workspace);
      ASSERT_EQ(rows, compute_rows(recipe, signal, kFrames));
      kernel->compute(huge.data(), SampleType::f32, kFrames, out, *workspace);
      const auto s16 = to_s16(signal);
      kernel->compute(s16.data(), SampleType::s16, kFrames, out, *workspace);
      ASSERT_EQ(rows, compute_rows(recipe, s16, kFrames));
    }
  });
}

TEST(Rows, silence_is_the_logarithm_of_the_floor_exactly) {
  for (const auto log : {LogType::ln, LogType::log10, LogType::db})
    for (const auto mode : {FloorMode::max, FloorMode::add})
      for (double floor = 1e-37; floor < 1e5; floor *= 3.7) {
        Recipe recipe = kernel_recipe(Preset::whisper80);
        recipe.normalization = {};
        recipe.log = log;
        recipe.floor_mode = mode;
        recipe.log_floor = floor;
        const double expected = log == LogType::ln      ? std::log(floor)
                                : log == LogType::log10 ? std::log10(floor)
                                                        : 10 * std::log10(floor);
        const std::vector<float> silence(samples_for(recipe, 4));
        for_each_target([&] {
          for (const float value : compute_rows(recipe, silence, 4))
            ASSERT_EQ(value, static_cast<float>(expected)) << nick(log) << " " << floor;
        });
      }
}

TEST(Rows, silence_beside_sound_is_the_same_silence) {
  const Recipe recipe = kernel_recipe(Preset::kaldi80);
  std::vector<float> signal(samples_for(recipe, 40));
  signal.back() = 1;
  signal.front() = 1;
  for_each_target([&] {
    const auto rows = compute_rows(recipe, signal, 40);
    const auto floor = static_cast<float>(std::log(recipe.log_floor));
    for (size_t frame = 1; frame < 39; ++frame)
      for (size_t mel = 0; mel < 80; ++mel) ASSERT_EQ(rows[frame * 80 + mel], floor) << frame;
    EXPECT_GT(rows[39 * 80 + 40], floor);
  });
}

TEST(Half, rounds_to_the_nearest_even_and_saturates) {
  EXPECT_EQ(half_bits(0.0F), 0);
  EXPECT_EQ(half_bits(-0.0F), 0x8000);
  EXPECT_EQ(half_bits(1.0F), 0x3C00);
  EXPECT_EQ(half_bits(1.0F + 0x1p-11F), 0x3C00);
  EXPECT_EQ(half_bits(1.0F + 0x3p-11F), 0x3C02);
  EXPECT_EQ(half_bits(65504.0F), 0x7BFF);
  EXPECT_EQ(half_bits(65519.0F), 0x7BFF);
  EXPECT_EQ(half_bits(1e30F), 0x7BFF);
  EXPECT_EQ(half_bits(-std::numeric_limits<float>::infinity()), 0xFBFF);
  EXPECT_EQ(half_bits(0x1p-24F), 1);
  EXPECT_EQ(half_bits(0x1p-25F), 0);
  EXPECT_EQ(half_bits(0x3p-25F), 2);
  EXPECT_EQ(half_bits(0x1p-14F), 0x0400);
}

TEST(Half, rows_are_the_float_rows_rounded_on_every_target_and_layout) {
  constexpr int kFrames = 19;
  Random random(41);
  for (const double floor : {1e-10, 1e-30}) {
    Recipe recipe = kernel_recipe(Preset::whisper80);
    recipe.log_floor = floor;
    recipe.normalization = {};
    const auto signal = test_signal(random, samples_for(recipe, kFrames));
    for_each_target([&] {
      const auto rows = compute_rows(recipe, signal, kFrames);
      const auto kernel = MelKernel::get(recipe);
      for (const bool mel_major : {false, true}) {
        std::vector<uint16_t> halves(rows.size());
        RowSink out{halves.data(), ElementType::f16, mel_major ? 1 : 80, mel_major ? kFrames : 1};
        compute(*kernel, signal.data(), kFrames, out);
        for (size_t frame = 0; frame < kFrames; ++frame)
          for (size_t mel = 0; mel < 80; ++mel)
            ASSERT_EQ(halves[mel_major ? mel * kFrames + frame : frame * 80 + mel],
                      half_bits(rows[frame * 80 + mel]));
      }
    });
  }
}

TEST(Half, saturates_and_never_becomes_infinite) {
  Recipe recipe = kernel_recipe(Preset::kaldi80);
  recipe.log = LogType::none;
  recipe.normalization = {};
  const std::vector<float> full_scale = [&] {
    std::vector<float> signal(samples_for(recipe, 17));
    for (size_t i = 0; i < signal.size(); ++i) signal[i] = i / 9 % 2 == 0 ? 1.0F : -1.0F;
    return signal;
  }();
  for_each_target([&] {
    std::vector<uint16_t> halves(17 * 80);
    compute(*MelKernel::get(recipe), full_scale.data(), 17,
            {halves.data(), ElementType::f16, 80, 1});
    EXPECT_EQ(*std::max_element(halves.begin(), halves.end()), 0x7BFF);
    for (const uint16_t value : halves) ASSERT_TRUE(std::isfinite(half_value(value)));
  });
}

}  // namespace
}  // namespace npumel::test
