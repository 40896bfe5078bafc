// SPDX-License-Identifier: LGPL-2.1-or-later
// Kernels, signals and comparisons that the tests of the SIMD kernel share.
#include "tests/unit/cpu/kernel_fixture.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <stdexcept>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/reference.h"

namespace npumel::test {
namespace {

template <typename T>
T pick(Random& random, std::initializer_list<T> choices) {
  return choices.begin()[random() % choices.size()];
}
int between(Random& random, int low, int high) {
  return low + static_cast<int>(random() % static_cast<uint32_t>(high - low + 1));
}
double uniform(Random& random) { return static_cast<double>(random()) / 4294967296.0; }

template <typename Sample>
std::vector<float> rows_of(const Recipe& recipe, const std::vector<Sample>& signal, SampleType type,
                           int frames) {
  const auto kernel = MelKernel::get(recipe);
  const auto workspace = kernel->make_workspace();
  std::vector<float> rows(static_cast<size_t>(frames) * static_cast<size_t>(recipe.width()));
  RowSink out;
  out.data = rows.data();
  out.frame_stride = recipe.width();
  kernel->compute(signal.data(), type, frames, out, *workspace);
  return rows;
}

}  // namespace

Recipe kernel_recipe(Recipe recipe) {
  recipe.preset = Preset::custom;
  recipe.padding = Padding::none;
  recipe.window_place = WindowPlace::start;
  recipe.frame_count = FrameCount::snip;
  if (recipe.preemphasis_mode == PreemphasisMode::waveform) recipe.preemphasis = 0;
  return recipe;
}

Recipe kernel_recipe(Preset preset) {
  const int rate = published_rate(preset);
  return kernel_recipe(resolve(preset, {}, rate == 0 ? 16000 : rate));
}

Recipe random_recipe(Random& random) {
  Recipe recipe;
  recipe.preset = Preset::custom;
  recipe.padding = Padding::none;
  recipe.frame_count = FrameCount::snip;
  recipe.tail_rule = TailRule::none;
  recipe.normalization = {};
  recipe.rate = pick(random, {8000, 16000, 22050, 44100, 48000});
  recipe.n_fft = random() % 2 == 0 ? between(random, 16, 700)
                                   : pick(random, {256, 320, 400, 441, 480, 512, 640, 882, 960,
                                                   1024, 1103, 1200, 1920, 2048, 2100});
  const int shortest = std::min(recipe.n_fft, 16);
  recipe.win_length = random() % 2 == 0 ? recipe.n_fft : between(random, shortest, recipe.n_fft);
  recipe.hop_length =
      random() % 4 == 0 ? between(random, 1, 8) : between(random, 1, recipe.win_length * 3 / 2);
  recipe.mels = between(random, 1, 140);
  recipe.window = static_cast<WindowFunction>(random() % enum_names<WindowFunction>().size());
  recipe.window_place = WindowPlace::start;
  recipe.spectrum = pick(random, {Spectrum::power, Spectrum::magnitude});
  recipe.mel_scale = static_cast<MelScale>(random() % enum_names<MelScale>().size());
  recipe.mel_norm = pick(random, {MelNorm::slaney, MelNorm::none});
  recipe.fmin = between(random, 0, 300);
  recipe.fmax = between(random, recipe.rate / 4, recipe.rate / 2);
  recipe.log = pick(random, {LogType::none, LogType::ln, LogType::log10, LogType::db});
  recipe.log_floor = std::pow(10.0, -uniform(random) * 12);
  recipe.floor_mode = pick(random, {FloorMode::max, FloorMode::add});
  recipe.preemphasis = random() % 2 == 0 ? 0 : uniform(random) * 0.99;
  recipe.preemphasis_mode = pick(random, {PreemphasisMode::frame, PreemphasisMode::frame_next});
  recipe.remove_dc = random() % 2 == 0;
  recipe.input_scale = pick(random, {1, 32768});
  recipe.energy = static_cast<Energy>(random() % enum_names<Energy>().size());
  if (recipe.spectrum == Spectrum::magnitude && random() % 2 == 0)
    recipe.magnitude_epsilon = std::pow(10.0, -uniform(random) * 12);
  if (recipe.mel_scale == MelScale::none) recipe.mels = bins_in_range(recipe).count;
  const bool as_they_come = !recipe.remove_dc && recipe.preemphasis == 0;
  if (as_they_come && recipe.n_fft <= 2048 && random() % 2 == 0) recipe.dft = Dft::convolution;
  validate(recipe);
  return recipe;
}

std::string describe(const Recipe& recipe) { return canonical_text(recipe); }

size_t samples_for(const Recipe& recipe, int frames) {
  return frames == 0 ? 0
                     : static_cast<size_t>(frames - 1) * static_cast<size_t>(recipe.hop_length) +
                           static_cast<size_t>(recipe.win_length);
}

std::vector<float> test_signal(Random& random, size_t samples) {
  std::vector<float> signal;
  const double low = 0.01 + uniform(random) * 0.05;
  const double high = 0.3 + uniform(random) * 2;
  for (size_t i = 0; i < samples; ++i) {
    const auto t = static_cast<double>(i);
    const double loudness = 0.02 + 0.2 * std::pow(std::sin(t * 0.0007), 2);
    const double value = loudness * (2 * uniform(random) - 1) + 0.3 * std::sin(low * t) +
                         0.1 * std::sin(high * t) + 0.01;
    signal.push_back(static_cast<float>(std::round(value * 32768) / 32768));
  }
  return signal;
}

std::vector<int16_t> to_s16(const std::vector<float>& signal) {
  std::vector<int16_t> converted;
  for (const float sample : signal) converted.push_back(static_cast<int16_t>(sample * 32768));
  return converted;
}

std::vector<float> compute_rows(const Recipe& recipe, const std::vector<float>& signal,
                                int frames) {
  return rows_of(recipe, signal, SampleType::f32, frames);
}
std::vector<float> compute_rows(const Recipe& recipe, const std::vector<int16_t>& signal,
                                int frames) {
  return rows_of(recipe, signal, SampleType::s16, frames);
}

std::vector<double> expected_rows(const Recipe& recipe, const std::vector<float>& signal,
                                  int frames) {
  const std::vector<double> samples(
      signal.begin(), signal.begin() + static_cast<ptrdiff_t>(samples_for(recipe, frames)));
  return reference_rows(recipe, samples);
}

double worst_by_law(const Recipe& recipe, const std::vector<double>& expected,
                    const std::vector<float>& rows) {
  if (expected.size() != rows.size()) throw std::logic_error("row counts differ");
  const auto width = static_cast<size_t>(recipe.width());
  const auto energies = static_cast<size_t>(recipe.width() - recipe.mels);
  const auto ln = [&](double value) {
    switch (recipe.log) {
      case LogType::none:
        return std::log(std::max(value, 1e-30));
      case LogType::ln:
        return value;
      case LogType::log10:
        return value * std::numbers::ln10;
      case LogType::db:
        return value * std::numbers::ln10 / 10;
    }
    return value;
  };
  // 10^(D/20) is a ratio of amplitudes.
  const double amplitude = recipe.spectrum == Spectrum::magnitude ? 1 : 0.5;
  double worst = 0;
  for (size_t row = 0; row < expected.size(); row += width) {
    double peak = -1e300;
    for (size_t m = energies; m < width; ++m) peak = std::max(peak, ln(expected[row + m]));
    for (size_t m = 0; m < width; ++m) {
      // The energy is no result of a transform: it has no noise floor.
      const double below = m < energies ? 0 : peak - ln(expected[row + m]);
      const double allowed = 1e-4 + 2e-5 * std::exp(below * amplitude);
      const double error = std::abs(ln(rows[row + m]) - ln(expected[row + m])) / allowed;
      worst = std::max(worst, std::isfinite(error) ? error : 1e300);
    }
  }
  return worst;
}

}  // namespace npumel::test
