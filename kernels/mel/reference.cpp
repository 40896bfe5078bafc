// SPDX-License-Identifier: LGPL-2.1-or-later
// The double-precision reference: samples to rows.
#include "kernels/mel/reference.h"

#include <algorithm>
#include <cmath>
#include <complex>
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

using Complex = std::complex<double>;
using Bins = std::vector<Complex>;

// exp(-2 pi j i / n_fft), so that the DFT needs no trigonometry.
Bins unit_circle(int n_fft) {
  Bins circle;
  for (int i = 0; i < n_fft; ++i)
    circle.push_back(std::polar(1.0, -2 * std::numbers::pi * i / n_fft));
  return circle;
}

// std::complex multiplies by way of a function that looks after infinities.
Complex product(Complex a, Complex b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

// DFT of the n real samples x[0], x[stride], x[2 * stride], ...; n * stride = n_fft. Radix 2,
// decimation in time, while n is even; an odd rest by definition. Writes n bins to `out`.
void transform(const double* x, size_t n, size_t stride, const Bins& circle, Complex* out) {
  if (n % 2 != 0) {
    for (size_t bin = 0; bin <= n / 2; ++bin) {
      Complex sum = 0;
      for (size_t i = 0; i < n; ++i) sum += x[i * stride] * circle[i * bin % n * stride];
      out[bin] = sum;
      if (bin > 0) out[n - bin] = std::conj(sum);
    }
    return;
  }
  const size_t half = n / 2;
  transform(x, half, 2 * stride, circle, out);
  transform(x + stride, half, 2 * stride, circle, out + half);
  for (size_t bin = 0; bin < half; ++bin) {
    const Complex turned = product(circle[bin * stride], out[half + bin]);
    out[half + bin] = out[bin] - turned;
    out[bin] += turned;
  }
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

// Dft::float_frames: every step rounded to float32, as NumPy does.
void window_in_float(const Recipe& recipe, Signal& frame) {
  const bool emphasizes =
      recipe.preemphasis != 0 && recipe.preemphasis_mode != PreemphasisMode::waveform;
  const auto c = static_cast<float>(emphasizes ? recipe.preemphasis : 0);
  const std::vector<float> window = float_window_function(recipe.window, recipe.win_length);
  auto previous = static_cast<float>(
      recipe.preemphasis_mode == PreemphasisMode::frame_next ? frame[1] : frame[0]);
  for (size_t i = 0; i < frame.size(); ++i) {
    const auto sample = static_cast<float>(frame[i]);
    const float product = c * previous;
    const float emphasized = sample - product;
    frame[i] = emphasized * window[i];
    previous = sample;
  }
}

double sum_of_squares(const Signal& frame) {
  double sum = 0;
  for (const double value : frame) sum += value * value;
  return sum;
}

// Calls use(spectrum, energy) for every frame of the signal; energy as the
// recipe defines it, before the logarithm.
void for_each_spectrum(const Recipe& recipe, std::span<const double> samples, const auto& use) {
  const Signal x = prepared_signal(recipe, samples);
  const Framing frames = framing(recipe);
  const Signal window = window_function(recipe.window, recipe.win_length);
  const Bins circle = unit_circle(recipe.n_fft);
  Bins bins(circle.size());

  const int64_t count = frame_count(recipe, static_cast<int64_t>(x.size()));
  for (int64_t t = 0; t < count; ++t) {
    Signal frame = frame_samples(frames, x, t);
    if (recipe.remove_dc) remove_mean(frame);
    double energy = sum_of_squares(frame);
    if (recipe.dft == Dft::float_frames) {
      window_in_float(recipe, frame);
    } else {
      preemphasise(recipe, frame);
      for (size_t i = 0; i < frame.size(); ++i) frame[i] *= window[i];
    }
    if (recipe.energy == Energy::windowed) energy = sum_of_squares(frame);

    // The place of the window inside the FFT turns phases only: it does not matter here.
    frame.resize(circle.size());
    transform(frame.data(), frame.size(), 1, circle, bins.data());
    Signal spectrum;
    for (size_t bin = 0; bin <= bins.size() / 2; ++bin) {
      const double power = std::norm(bins[bin]);
      spectrum.push_back(
          recipe.spectrum == Spectrum::power ? power : std::sqrt(power + recipe.magnitude_epsilon));
    }
    use(spectrum, energy);
  }
}

}  // namespace

std::vector<double> reference_rows(const Recipe& recipe, std::span<const double> samples) {
  const FilterBank bank(recipe);
  std::vector<double> rows;
  for_each_spectrum(recipe, samples, [&](const Signal& spectrum, double frame_energy) {
    if (recipe.energy != Energy::none) rows.push_back(logarithm(recipe, frame_energy));
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
  for_each_spectrum(recipe, samples, [&](const Signal& spectrum, double) {
    const double strongest = *std::max_element(spectrum.begin(), spectrum.end());
    peaks.push_back(logarithm(recipe, strongest * largest_sum));
  });
  return peaks;
}

std::vector<double> reference_clip(const Recipe& recipe, std::span<const double> samples,
                                   bool normalized, int64_t tail_silence) {
  const auto width = static_cast<size_t>(recipe.width());
  const auto n = static_cast<int64_t>(samples.size());
  const ClipShape shape = clip_shape(recipe, n, normalized);
  if (n == 0) return {};

  std::vector<double> audio(samples.begin(), samples.end());
  audio.resize(static_cast<size_t>(std::max(shape.samples, n + tail_silence)));
  std::vector<double> rows = reference_rows(recipe, audio);
  double maximum = -std::numeric_limits<double>::infinity();
  for (const double value : rows) maximum = std::max(maximum, value);

  rows.resize(static_cast<size_t>(shape.kept) * width);
  if (normalized) {
    const BasicRowBlock<double> block{rows.data(), shape.kept, recipe.width(), recipe.width(), 1};
    normalize(recipe.normalization, block, shape.kept, maximum);
  }
  rows.resize(static_cast<size_t>(shape.kept + shape.zero_rows) * width, 0.0);
  return rows;
}

}  // namespace npumel
