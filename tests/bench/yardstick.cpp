// SPDX-License-Identifier: LGPL-2.1-or-later
// The loops over FFTW that the kernel is compared with.
#include "tests/bench/yardstick.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>

#include "kernels/mel/filter_bank.h"
#include "kernels/mel/window_function.h"

namespace npumel::bench {

template <typename T>
BasicYardstick<T>::BasicYardstick(const Recipe& recipe, LogWith log)
    : recipe_(recipe),
      log_(log),
      scale_(static_cast<T>(recipe.input_scale)),
      strength_(static_cast<size_t>(recipe.n_fft / 2 + 1)),
      frame_(Fftw<T>::reals(static_cast<size_t>(recipe.n_fft))),
      spectrum_(Fftw<T>::complexes(static_cast<size_t>(recipe.n_fft / 2 + 1))),
      plan_(Fftw<T>::plan(recipe.n_fft, frame_.get(), spectrum_.get())) {
  for (const double value : window_function(recipe.window, recipe.win_length))
    window_.push_back(static_cast<T>(value) * scale_);
  const FilterBank bank(recipe);
  for (const MelFilter& filter : bank.filters())
    filters_.push_back({filter.first_bin, {filter.weights.begin(), filter.weights.end()}});
  std::fill_n(frame_.get(), recipe.n_fft, T{0});
}

template <typename T>
void BasicYardstick<T>::load(const float* samples) {
  const int win = recipe_.win_length;
  T* frame = frame_.get();
  if (!recipe_.remove_dc && recipe_.preemphasis == 0) {
    for (int i = 0; i < win; ++i) frame[i] = samples[i] * window_[static_cast<size_t>(i)];
    return;
  }
  T mean = 0;
  if (recipe_.remove_dc) {
    for (int i = 0; i < win; ++i) mean += samples[i];
    mean /= static_cast<T>(win);
  }
  const auto c = static_cast<T>(recipe_.preemphasis);
  const int before = recipe_.preemphasis_mode == PreemphasisMode::frame_next ? 1 : 0;
  frame[0] = ((samples[0] - mean) - c * (samples[before] - mean)) * window_[0];
  for (int i = 1; i < win; ++i)
    frame[i] =
        ((samples[i] - mean) - c * (samples[i - 1] - mean)) * window_[static_cast<size_t>(i)];
}

template <typename T>
void BasicYardstick<T>::power() {
  const typename Fftw<T>::Complex* spectrum = spectrum_.get();
  const bool magnitude = recipe_.spectrum == Spectrum::magnitude;
  for (size_t i = 0; i < strength_.size(); ++i) {
    const T squared = spectrum[i][0] * spectrum[i][0] + spectrum[i][1] * spectrum[i][1];
    strength_[i] = magnitude ? std::sqrt(squared) : squared;
  }
}

template <typename T>
void BasicYardstick<T>::apply_filters(float* row) {
  for (const Filter& filter : filters_) {
    const T* bins = strength_.data() + filter.first_bin;
    T sum = 0;
    for (size_t i = 0; i < filter.weights.size(); ++i) sum += bins[i] * filter.weights[i];
    *row++ = static_cast<float>(sum);
  }
}

template <typename T>
void BasicYardstick<T>::logarithms(float* row) const {
  if (recipe_.log == LogType::none) return;
  const auto floor = static_cast<float>(recipe_.log_floor);
  if (log_ == LogWith::vectors) {
    double units = recipe_.log == LogType::ln ? 1 : std::numbers::log10e;
    if (recipe_.log == LogType::db) units *= 10;
    vector_logarithms(row, recipe_.mels, floor, recipe_.floor_mode == FloorMode::add,
                      static_cast<float>(units));
    return;
  }
  for (int i = 0; i < recipe_.mels; ++i) {
    const float x = recipe_.floor_mode == FloorMode::add ? row[i] + floor : std::max(row[i], floor);
    if (recipe_.log == LogType::ln)
      row[i] = std::log(x);
    else
      row[i] = recipe_.log == LogType::log10 ? std::log10(x) : 10 * std::log10(x);
  }
}

template <typename T>
void BasicYardstick<T>::compute(const float* samples, int frames, float* rows) {
  for (int f = 0; f < frames; ++f, samples += recipe_.hop_length, rows += recipe_.mels) {
    load(samples);
    Fftw<T>::run(plan_.get());
    power();
    apply_filters(rows);
    logarithms(rows);
  }
}

template <typename T>
typename BasicYardstick<T>::Parts BasicYardstick<T>::time_parts(const float* samples, int frames,
                                                                float* rows) {
  const auto hop = recipe_.hop_length;
  const auto time = [&](auto part) {
    double best = 1e300;
    for (int round = 0; round < 20; ++round) {
      const auto start = std::chrono::steady_clock::now();
      for (int f = 0; f < frames; ++f) part(f);
      const std::chrono::duration<double, std::nano> spent =
          std::chrono::steady_clock::now() - start;
      best = std::min(best, spent.count() / frames);
    }
    return best;
  };
  Parts parts;
  parts.window = time([&](int f) { load(samples + f * hop); });
  parts.fft = time([&](int) { Fftw<T>::run(plan_.get()); });
  parts.power = time([&](int) { power(); });
  parts.mel = time([&](int f) { apply_filters(rows + f * recipe_.mels); });
  std::vector<float> energies(rows, rows + static_cast<ptrdiff_t>(frames) * recipe_.mels);
  parts.log = time([&](int f) {
    float* row = energies.data() + static_cast<ptrdiff_t>(f) * recipe_.mels;
    std::copy_n(rows + static_cast<ptrdiff_t>(f) * recipe_.mels, recipe_.mels, row);
    logarithms(row);
  });
  return parts;
}

template class BasicYardstick<float>;
template class BasicYardstick<double>;

}  // namespace npumel::bench
