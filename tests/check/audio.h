// SPDX-License-Identifier: LGPL-2.1-or-later
// Test signals, and the double-precision reference that says what they should become.
#pragma once

#include <cmath>

#include "kernels/mel/framing.h"
#include "kernels/mel/reference.h"
#include "tests/check/support.h"

namespace npumel::check {

/// Noise and a sweep, at about -12 dB: every mel filter has something to see. Same seed, same
/// numbers on every machine.
inline std::vector<int16_t> audio(size_t count, uint32_t seed = 1) {
  std::vector<int16_t> samples(count);
  uint32_t state = seed * 2654435761U + 1;
  double phase = 0;
  for (size_t i = 0; i < count; ++i) {
    state = state * 1664525U + 1013904223U;
    const double noise = static_cast<double>(state >> 16) / 32768.0 - 1.0;
    phase += 0.02 + 2.5 * static_cast<double>(i % 40000) / 40000.0;
    samples[i] = static_cast<int16_t>(std::lround(6000 * std::sin(phase) + 2000 * noise));
  }
  return samples;
}

/// A sound that every filter hears, and one that lies outside of openWakeWord's.
inline std::vector<int16_t> sound(size_t count) {
  std::vector<int16_t> samples = audio(count);
  for (size_t i = count / 2; i < count; ++i)
    samples[i] = static_cast<int16_t>(std::lround(20000 * std::sin(2.4 * static_cast<double>(i))));
  return samples;
}

inline std::vector<double> as_double(std::span<const int16_t> samples) {
  std::vector<double> result(samples.size());
  for (size_t i = 0; i < samples.size(); ++i) result[i] = samples[i] / 32768.0;
  return result;
}

inline std::vector<float> as_float(std::span<const int16_t> samples) {
  std::vector<float> result(samples.size());
  for (size_t i = 0; i < samples.size(); ++i) result[i] = static_cast<float>(samples[i]) / 32768.0F;
  return result;
}

/// Feature units a neper of energy: what turns an error in a row into one of the energy.
inline double units_per_neper(const Recipe& recipe, bool normalized) {
  double units = 1;
  if (recipe.log == LogType::log10) units = 1 / std::log(10.0);
  if (recipe.log == LogType::db) units = 10 / std::log(10.0);
  return normalized ? units * recipe.normalization.multiply : units;
}

/// Fails unless ACTUAL follows EXPECTED (frames x mels) within the law of float32 FFT noise:
/// |d ln E| <= 1e-4 + 2e-5 * 10^(D/20), D in dB below the frame's peak.
inline void assert_close(const Recipe& recipe, std::span<const float> actual,
                         std::span<const double> expected, bool normalized = false) {
  ASSERT_EQUAL(actual.size(), expected.size());
  const auto mels = static_cast<size_t>(recipe.mels);
  const bool linear = recipe.log == LogType::none;
  const double units = linear ? 1 : units_per_neper(recipe, normalized);
  const auto nepers = [&](double x) { return linear ? std::log(std::max(x, 1e-10)) : x / units; };
  for (size_t row = 0; row < expected.size(); row += mels) {
    double peak = -1e300;
    for (size_t m = 0; m < mels; ++m) peak = std::max(peak, nepers(expected[row + m]));
    for (size_t m = 0; m < mels; ++m) {
      const double want = nepers(expected[row + m]);
      const double got = nepers(static_cast<double>(actual[row + m]));
      const double below = std::min((peak - want) * 10 / std::log(10.0), 200.0);
      const double allowed = 1e-4 + 2e-5 * std::pow(10.0, below / 20);
      fail_unless(std::abs(got - want) <= allowed, "frame %zu mel %zu: got %.9g, want %.9g",
                  row / mels, m, static_cast<double>(actual[row + m]), expected[row + m]);
    }
  }
}

}  // namespace npumel::check
