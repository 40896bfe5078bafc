// SPDX-License-Identifier: LGPL-2.1-or-later
// The rows that the original of a Dft::convolution front end gives: the double reference, except
// for frames in which the rounding noise of its float32 sums shows.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <span>
#include <stdexcept>
#include <vector>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/framing.h"
#include "kernels/mel/reference.h"
#include "kernels/mel/window_function.h"

namespace npumel::test {

/// float32(window * cos) and float32(window * sin) of one bin, and what they make of a frame.
class ConvolvedBin {
 public:
  ConvolvedBin(const Recipe& recipe, int bin) {
    const int place =
        recipe.window_place == WindowPlace::center ? (recipe.n_fft - recipe.win_length) / 2 : 0;
    const auto window = window_function(recipe.window, recipe.win_length);
    cosine_.resize(static_cast<size_t>(recipe.n_fft));
    sine_.resize(cosine_.size());
    for (int i = 0; i < recipe.win_length; ++i) {
      const auto at = static_cast<size_t>(place + i);
      const double angle = 2 * std::numbers::pi * bin * static_cast<double>(at) / recipe.n_fft;
      cosine_[at] = static_cast<float>(window[static_cast<size_t>(i)] * std::cos(angle));
      sine_[at] = static_cast<float>(window[static_cast<size_t>(i)] * std::sin(angle));
    }
  }

  /// `frame` holds n_fft samples; sums begin anew after each `part` of them.
  float power(const std::vector<float>& frame, size_t part) const {
    const float re = sum(frame, cosine_, part);
    const float im = sum(frame, sine_, part);
    return re * re + im * im;
  }

 private:
  static float sum(const std::vector<float>& frame, const std::vector<float>& weights,
                   size_t part) {
    float total = 0;
    for (size_t begin = 0; begin < frame.size(); begin += part) {
      float of_part = 0;
      for (size_t n = begin; n < std::min(frame.size(), begin + part); ++n)
        of_part = std::fma(frame[n], weights[n], of_part);
      total += of_part;
    }
    return total;
  }

  std::vector<float> cosine_, sine_;
};

/// The n_fft samples of frame t, zeros outside the window.
inline std::vector<float> convolved_frame(const Recipe& recipe, std::span<const double> samples,
                                          int64_t t) {
  const Framing frames = framing(recipe);
  const int place =
      recipe.window_place == WindowPlace::center ? (recipe.n_fft - recipe.win_length) / 2 : 0;
  std::vector<float> frame(static_cast<size_t>(recipe.n_fft));
  for (int i = 0; i < frames.win; ++i) {
    const int64_t index = padded_index(frames.padding, t * frames.hop + frames.origin + i,
                                       static_cast<int64_t>(samples.size()));
    if (index >= 0)
      frame[static_cast<size_t>(place + i)] =
          static_cast<float>(samples[static_cast<size_t>(index)] * recipe.input_scale);
  }
  return frame;
}

/// Raw rows in dB. `part` is how many samples are summed up at once (kernels/mel/convolution.h).
inline std::vector<double> convolved_rows(const Recipe& recipe, std::span<const double> samples,
                                          size_t part) {
  if (recipe.log != LogType::db || recipe.spectrum != Spectrum::power)
    throw std::logic_error("a model of power in dB");
  std::vector<double> rows = reference_rows(recipe, samples);
  const std::vector<double> peaks = reference_peaks(recipe, samples);
  const FilterBank bank(recipe);
  std::vector<ConvolvedBin> bins;
  for (int bin = 0; bin < bank.bins(); ++bin) bins.emplace_back(recipe, bin);

  std::vector<double> sums;
  for (const MelFilter& filter : bank.filters())
    sums.push_back(std::accumulate(filter.weights.begin(), filter.weights.end(), 0.0));
  const double largest_sum = *std::max_element(sums.begin(), sums.end());

  const auto mels = static_cast<size_t>(recipe.width());
  for (size_t t = 0; t < peaks.size(); ++t) {
    double* row = rows.data() + t * mels;
    bool deep = false;
    for (size_t m = 0; m < mels; ++m)
      deep =
          deep || (sums[m] > 0 && peaks[t] - row[m] + 10 * std::log10(sums[m] / largest_sum) > 60);
    if (!deep) continue;
    const auto frame = convolved_frame(recipe, samples, static_cast<int64_t>(t));
    for (const MelFilter& filter : bank.filters()) {
      double energy = 0;
      for (size_t i = 0; i < filter.weights.size(); ++i)
        energy +=
            filter.weights[i] * bins[static_cast<size_t>(filter.first_bin) + i].power(frame, part);
      *row++ = 10 * std::log10(std::max(energy, recipe.log_floor));
    }
  }
  return rows;
}

}  // namespace npumel::test
