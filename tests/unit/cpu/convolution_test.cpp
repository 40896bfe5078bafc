// SPDX-License-Identifier: LGPL-2.1-or-later
// Dft::convolution: where a loud bin leaves noise in an original's weak filters, ours hold the same
// noise; everywhere else nothing changes.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include "tests/unit/cpu/kernel_fixture.h"
#include "tests/unit/support/float_convolution.h"

namespace npumel::test {
namespace {

constexpr int kFrames = 19;

Recipe openwakeword() { return resolve(Preset::openwakeword, {}, 16000); }

// Sound whose strongest bin is far above what most filters see: outside of their 60 .. 3800 Hz, and
// a tone within.
using Wave = std::function<double(double seconds)>;
const std::vector<Wave>& loud_and_narrow() {
  static const std::vector<Wave> kWaves = {
      [](double t) { return 0.7 * std::sin(2 * M_PI * 6000.3 * t); },
      [](double t) { return std::clamp(1.6 * std::sin(2 * M_PI * 7700 * t), -1.0, 0.99997); },
      [](double t) { return 0.5 * std::sin(2 * M_PI * (5000 * t + 1000 * t * t)); },
      [](double) { return 0.25; },
      [](double t) { return 0.7 * std::sin(2 * M_PI * 1000 * t); },
  };
  return kWaves;
}

std::vector<float> samples_of(const Wave& wave, int frames) {
  std::vector<float> signal;
  // A frame of the original is n_fft samples long; its window lies inside.
  const size_t size = samples_for(openwakeword(), frames) + 112;
  for (size_t i = 0; i < size; ++i)
    signal.push_back(
        static_cast<float>(std::round(wave(static_cast<double>(i) / 16000) * 32768) / 32768));
  return signal;
}

template <typename Sample>
std::vector<float> compute(const Recipe& recipe, const Sample* samples, int frames, int per_call) {
  const auto kernel = MelKernel::get(recipe, per_call);
  const auto workspace = kernel->make_workspace();
  std::vector<float> rows(static_cast<size_t>(frames * recipe.width()));
  kernel->compute(samples, sizeof(Sample) == 2 ? SampleType::s16 : SampleType::f32, frames,
                  {rows.data(), ElementType::f32, recipe.width(), 1}, *workspace);
  return rows;
}

double largest_difference(const std::vector<float>& a, const std::vector<double>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

TEST(Convolution, gives_the_originals_noise_for_calls_of_any_size_on_every_target) {
  const Recipe recipe = openwakeword();
  const struct {
    int rows_per_call;
    size_t part;
  } calls[] = {{0, 128}, {97, 128}, {64, 256}, {32, 512}, {8, 512}};
  for (const Wave& wave : loud_and_narrow()) {
    const auto signal = samples_of(wave, kFrames);
    const std::vector<double> exact(signal.begin(), signal.end());
    for (const auto& call : calls) {
      const auto expected = convolved_rows(recipe, exact, call.part);
      ASSERT_EQ(expected.size(), static_cast<size_t>(kFrames * recipe.width()));
      for_each_target([&] {
        // Sample 0 is the first one under the window.
        const auto rows = compute(recipe, signal.data() + 56, kFrames, call.rows_per_call);
        EXPECT_LT(largest_difference(rows, expected), 2e-5) << call.rows_per_call;
        EXPECT_EQ(rows, compute(recipe, to_s16(signal).data() + 56, kFrames, call.rows_per_call));
      });
    }
  }
}

// Else the test above would pass without a convolution.
TEST(Convolution, is_not_what_an_exact_transform_gives) {
  Recipe recipe = openwakeword();
  for (const Wave& wave : loud_and_narrow()) {
    const auto signal = samples_of(wave, kFrames);
    const std::vector<double> exact(signal.begin(), signal.end());
    const auto noisy = convolved_rows(recipe, exact, 512);
    const auto other_noise = convolved_rows(recipe, exact, 128);
    recipe.dft = Dft::exact;
    const auto rows = compute(recipe, signal.data() + 56, kFrames, 0);
    EXPECT_GT(largest_difference(rows, noisy), 1e-4);
    EXPECT_GT(largest_difference({noisy.begin(), noisy.end()}, other_noise), 5e-5);
    recipe.dft = Dft::convolution;
  }
}

// Sums in parts of another size would differ.
TEST(Convolution, leaves_other_audio_alone_to_the_bit) {
  const Recipe recipe = openwakeword();
  Random random(53);
  const auto signal = test_signal(random, samples_for(recipe, kFrames));
  for_each_target([&] {
    EXPECT_EQ(compute(recipe, signal.data(), kFrames, 0),
              compute(recipe, signal.data(), kFrames, 8));
  });
}

TEST(Convolution, is_decided_for_each_frame_alone) {
  const Recipe recipe = openwakeword();
  Random random(59);
  // Ten frames of speech-like sound, then a tone outside the filters.
  auto signal = test_signal(random, samples_for(recipe, kFrames));
  const auto tone = samples_of(loud_and_narrow()[0], kFrames);
  std::copy(tone.begin() + 1600, tone.begin() + static_cast<ptrdiff_t>(signal.size()),
            signal.begin() + 1600);
  const auto mels = static_cast<size_t>(recipe.width());
  for_each_target([&] {
    const auto all = compute(recipe, signal.data(), kFrames, 8);
    for (int first = 0; first < kFrames; ++first) {
      const auto one = compute(recipe, signal.data() + first * recipe.hop_length, 1, 8);
      ASSERT_EQ(std::memcmp(one.data(), all.data() + static_cast<size_t>(first) * mels,
                            mels * sizeof(float)),
                0)
          << first;
    }
  });
}

TEST(Convolution, kernels_for_calls_of_another_size_are_others) {
  const auto whole = MelKernel::get(openwakeword());
  EXPECT_EQ(whole, MelKernel::get(openwakeword(), 97));
  EXPECT_NE(whole, MelKernel::get(openwakeword(), 8));
  const Recipe whisper = kernel_recipe(Preset::whisper80);
  const auto plain = MelKernel::get(whisper, 8);
  EXPECT_EQ(plain, MelKernel::get(whisper));
}

}  // namespace
}  // namespace npumel::test
