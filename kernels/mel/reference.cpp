// SPDX-License-Identifier: LGPL-2.1-or-later
// The definition of every front end, written plainly in double precision.
#include "kernels/mel/reference.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/framing.h"
#include "kernels/mel/normalize.h"
#include "kernels/mel/window_function.h"

namespace npumel {
namespace {

using Signal = std::vector<double>;

Signal prepared_signal(const Recipe& recipe, std::span<const double> samples) {
  Signal x(samples.begin(), samples.end());
  for (double& value : x) value *= recipe.input_scale;
  if (recipe.preemphasis_mode == PreemphasisMode::waveform)
    for (size_t i = x.size(); i-- > 1;) x[i] -= recipe.preemphasis * x[i - 1];
  return x;
}

Signal frame_samples(const Framing& framing, const Signal& x, int64_t t) {
  Signal frame;
  for (int i = 0; i < framing.win; ++i) {
    const int64_t index = padded_index(framing.padding, t * framing.hop + framing.origin + i,
                                       static_cast<int64_t>(x.size()));
    frame.push_back(index < 0 ? 0 : x[static_cast<size_t>(index)]);
  }
  return frame;
}

void remove_mean(Signal& frame) {
  double sum = 0;
  for (const double value : frame) sum += value;
  for (double& value : frame) value -= sum / static_cast<double>(frame.size());
}

void preemphasise(const Recipe& recipe, Signal& frame) {
  if (recipe.preemphasis_mode == PreemphasisMode::waveform) return;
  const double before = recipe.preemphasis_mode == PreemphasisMode::frame ? frame[0] : frame[1];
  const double first = frame[0] - recipe.preemphasis * before;
  for (size_t i = frame.size(); i-- > 1;) frame[i] -= recipe.preemphasis * frame[i - 1];
  frame[0] = first;
}

// cos and sin of 2 pi i / n_fft, so that the DFT needs no trigonometry.
struct Circle {
  Signal cosine, sine;

  explicit Circle(int n_fft) {
    for (int i = 0; i < n_fft; ++i) {
      const double angle = 2 * std::numbers::pi * i / n_fft;
      cosine.push_back(std::cos(angle));
      sine.push_back(std::sin(angle));
    }
  }
};

// The place of the window inside the FFT turns phases only: it does not matter here.
double squared_magnitude(const Signal& frame, const Circle& circle, size_t bin) {
  double re = 0;
  double im = 0;
  size_t phase = 0;
  for (const double value : frame) {
    re += value * circle.cosine[phase];
    im -= value * circle.sine[phase];
    phase += bin;
    if (phase >= circle.cosine.size()) phase -= circle.cosine.size();
  }
  return re * re + im * im;
}

double logarithm(const Recipe& recipe, double x) {
  const double floored =
      recipe.floor_mode == FloorMode::max ? std::max(x, recipe.log_floor) : x + recipe.log_floor;
  switch (recipe.log) {
    case LogType::none:
      return x;
    case LogType::ln:
      return std::log(floored);
    case LogType::log10:
      return std::log10(floored);
    case LogType::db:
      return 10 * std::log10(floored);
  }
  return x;
}

// Calls use(spectrum) for every frame of the signal.
void for_each_spectrum(const Recipe& recipe, std::span<const double> samples, const auto& use) {
  const Signal x = prepared_signal(recipe, samples);
  const Framing frames = framing(recipe);
  const Signal window = window_function(recipe.window, recipe.win_length);
  const Circle circle(recipe.n_fft);

  const int64_t count = frame_count(recipe, static_cast<int64_t>(x.size()));
  for (int64_t t = 0; t < count; ++t) {
    Signal frame = frame_samples(frames, x, t);
    if (recipe.remove_dc) remove_mean(frame);
    preemphasise(recipe, frame);
    for (size_t i = 0; i < frame.size(); ++i) frame[i] *= window[i];

    Signal spectrum;
    for (int bin = 0; bin <= recipe.n_fft / 2; ++bin) {
      const double power = squared_magnitude(frame, circle, static_cast<size_t>(bin));
      spectrum.push_back(recipe.spectrum == Spectrum::power ? power : std::sqrt(power));
    }
    use(spectrum);
  }
}

}  // namespace

std::vector<double> reference_rows(const Recipe& recipe, std::span<const double> samples) {
  const FilterBank bank(recipe);
  std::vector<double> rows;
  for_each_spectrum(recipe, samples, [&](const Signal& spectrum) {
    for (const MelFilter& filter : bank.filters()) {
      double energy = 0;
      for (size_t i = 0; i < filter.weights.size(); ++i)
        energy += filter.weights[i] * spectrum[static_cast<size_t>(filter.first_bin) + i];
      rows.push_back(logarithm(recipe, energy));
    }
  });
  return rows;
}

std::vector<double> reference_peaks(const Recipe& recipe, std::span<const double> samples) {
  const FilterBank bank(recipe);
  double largest_sum = 0;
  for (const MelFilter& filter : bank.filters()) {
    double sum = 0;
    for (const double weight : filter.weights) sum += weight;
    largest_sum = std::max(largest_sum, sum);
  }
  std::vector<double> peaks;
  for_each_spectrum(recipe, samples, [&](const Signal& spectrum) {
    const double strongest = *std::max_element(spectrum.begin(), spectrum.end());
    peaks.push_back(logarithm(recipe, strongest * largest_sum));
  });
  return peaks;
}

std::vector<double> reference_clip(const Recipe& recipe, std::span<const double> samples,
                                   bool normalized, int64_t tail_silence) {
  const auto mels = static_cast<size_t>(recipe.mels);
  const auto n = static_cast<int64_t>(samples.size());
  const ClipShape shape = clip_shape(recipe, n, normalized);
  if (n == 0) return {};

  std::vector<double> audio(samples.begin(), samples.end());
  audio.resize(static_cast<size_t>(std::max(shape.samples, n + tail_silence)));
  std::vector<double> rows = reference_rows(recipe, audio);
  double maximum = -std::numeric_limits<double>::infinity();
  for (const double value : rows) maximum = std::max(maximum, value);

  rows.resize(static_cast<size_t>(shape.kept) * mels);
  if (normalized) {
    const BasicRowBlock<double> block{rows.data(), shape.kept, recipe.mels, recipe.mels, 1};
    normalize(recipe.normalization, block, shape.kept, maximum);
  }
  rows.resize(static_cast<size_t>(shape.kept + shape.zero_rows) * mels, 0.0);
  return rows;
}

}  // namespace npumel
