// SPDX-License-Identifier: LGPL-2.1-or-later
// The transform alone, against a direct DFT in double precision.
#include <cmath>
#include <numbers>

#include "kernels/cpu/engine.h"
#include "tests/unit/cpu/kernel_fixture.h"

namespace npumel::test {
namespace {

/// A recipe that leaves samples alone: back-to-back frames of n samples.
Recipe bare_recipe(int n, LogType log) {
  Recipe recipe = kernel_recipe(Preset::whisper80);
  recipe.normalization = {};
  recipe.log = log;
  recipe.n_fft = recipe.win_length = recipe.hop_length = n;
  recipe.window = WindowFunction::rectangular;
  recipe.mels = 1;
  return recipe;
}

/// Power of one bin of n samples, by the definition.
double direct_power(const float* frame, int n, int bin) {
  double re = 0;
  double im = 0;
  for (int i = 0; i < n; ++i) {
    const double angle =
        2 * std::numbers::pi * static_cast<double>(static_cast<int64_t>(i) * bin % n) / n;
    re += frame[i] * std::cos(angle);
    im -= frame[i] * std::sin(angle);
  }
  return re * re + im * im;
}

/// Largest error of the checked bins' amplitudes, relative to the amplitude of noise. `bin_step`
/// thins out what is checked of each frame, `frame_step` the frames.
double worst_amplitude_error(int n, int bin_step, size_t frame_step, LogType log = LogType::ln,
                             Vectors vectors = best_engine().vectors) {
  const Recipe recipe = bare_recipe(n, log);
  const Engine& engine = best_engine();
  const KernelTables tables(recipe, vectors, 0);
  MelWorkspace workspace(tables);
  Random random(static_cast<uint32_t>(n));
  const auto lanes = static_cast<size_t>(tables.lanes);
  std::vector<float> frames(lanes * static_cast<size_t>(n));
  for (float& sample : frames) sample = static_cast<float>(random()) / 2147483648.0F - 1;
  const auto bins = static_cast<size_t>(n / 2 + 1);
  std::vector<float> power(lanes * bins);
  engine.spectrum(tables, frames.data(), power.data(), workspace);

  const double typical = std::sqrt(n / 3.0);
  double worst = 0;
  for (size_t frame = 0; frame < lanes; frame += frame_step)
    for (int bin = 0; bin <= n / 2; bin += bin_step) {
      const double expected =
          std::sqrt(direct_power(frames.data() + frame * static_cast<size_t>(n), n, bin));
      const double got = std::sqrt(power[frame * bins + static_cast<size_t>(bin)]);
      worst = std::max(worst, std::abs(got - expected) / typical);
    }
  return worst;
}

TEST(Fft, equals_the_definition_for_every_length_to_600) {
  for_each_target([] {
    for (int n = 16; n <= 600; ++n)
      ASSERT_LT(worst_amplitude_error(n, 1 + n / 20, 3), 3e-6) << "N=" << n;
  });
}

TEST(Fft, equals_the_definition_for_long_lengths) {
  for (const int n : {882, 960, 1024, 1103, 1200, 1920, 2048, 2205, 3125, 4096, 4410, 4802, 6561,
                      8192, 10007, 16384, 65521, 65536})
    EXPECT_LT(worst_amplitude_error(n, 1 + n / 60, 5), 3e-6) << "N=" << n;
}

TEST(Fft, linear_output_of_long_transforms_is_computed_in_double) {
  // What is left is the rounding of the power to float: half a unit in the last place.
  for_each_target([] {
    for (const int n : {1024, 1103, 2048, 2205})
      EXPECT_LT(worst_amplitude_error(n, 1 + n / 60, 3, LogType::none), 2.5e-7) << "N=" << n;
  });
}

TEST(Fft, equals_the_definition_whatever_the_number_of_registers) {
  for_each_target([] {
    for (const int n : {320, 480, 512, 1024, 1103, 2048, 16384})
      for (const int registers : {16, 32})
        EXPECT_LT(worst_amplitude_error(n, 1 + n / 60, 3, LogType::ln,
                                        {best_engine().vectors.lanes, registers}),
                  3e-6)
            << "N=" << n << ", " << registers << " registers";
  });
}

TEST(Fft, lanes_do_not_mix) {
  const Recipe recipe = bare_recipe(400, LogType::ln);
  for_each_target([&] {
    const Engine& engine = best_engine();
    const KernelTables tables(recipe, engine.vectors, 0);
    MelWorkspace workspace(tables);
    const auto lanes = static_cast<size_t>(engine.vectors.lanes);
    for (size_t loud = 0; loud < lanes; ++loud) {
      std::vector<float> frames(lanes * 400);
      for (size_t i = 0; i < 400; ++i) frames[loud * 400 + i] = i % 7 == 0 ? 1.0F : -0.5F;
      std::vector<float> power(lanes * 201);
      engine.spectrum(tables, frames.data(), power.data(), workspace);
      for (size_t frame = 0; frame < lanes; ++frame)
        for (size_t bin = 0; bin < 201 && frame != loud; ++bin)
          ASSERT_EQ(power[frame * 201 + bin], 0) << frame << " " << bin;
      EXPECT_GT(power[loud * 201 + 57], 1000);  // 400 / 7 = 57.1: the pulses' own frequency
    }
  });
}

TEST(Fft, smooth_lengths_do_without_a_convolution) {
  for (const int n : {16, 320, 400, 441, 480, 512, 882, 960, 1024, 1200, 2048, 2205, 65536})
    EXPECT_FALSE(make_fft_plan(n, {}).chirp) << n;
  EXPECT_TRUE(make_fft_plan(11, {}).chirp);
  EXPECT_TRUE(make_fft_plan(1103, {}).chirp);
}

}  // namespace
}  // namespace npumel::test
