// SPDX-License-Identifier: LGPL-2.1-or-later
// The twin against the double-precision reference on the same int16 samples, inside max(x, M-8)
// where M is the clip's maximum: what Whisper keeps. Prints the table of the README.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <numbers>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "kernels/aie2/host_twin.h"
#include "kernels/aie2/shape.h"
#include "kernels/mel/reference.h"
#include "tests/unit/aie2/wav.h"

namespace npumel::aie2 {
namespace {

using Samples = std::vector<int16_t>;

// Generated clips are exactly one batch.
Samples generate(const std::function<double(double seconds)>& wave) {
  Samples samples(kSamplesV2);
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = static_cast<int16_t>(
        std::clamp(std::rint(32767 * wave(static_cast<double>(i) / 16000)), -32768.0, 32767.0));
  return samples;
}
Samples noise(double level) {
  std::mt19937 random(1);
  std::normal_distribution<double> normal(0, level);
  return generate([&](double) { return normal(random); });
}
double sine(double hz, double t) { return std::sin(2 * std::numbers::pi * hz * t); }

struct Errors {
  double max = 0;
  double rms = 0;
  double correlation = 0;
  double near_peak = 0;  ///< largest error within 6 decades of the frame's peak
};

Errors compare(std::span<const double> truth, std::span<const double> values, size_t mels) {
  const double clamp = *std::max_element(truth.begin(), truth.end()) - 8;
  Errors errors;
  double x = 0, y = 0, xx = 0, yy = 0, xy = 0, squares = 0;
  const auto n = static_cast<double>(truth.size());
  for (size_t i = 0; i < truth.size(); ++i) {
    const auto row = truth.subspan(i / mels * mels, mels);
    if (truth[i] >= std::max(clamp, *std::max_element(row.begin(), row.end()) - 6))
      errors.near_peak = std::max(errors.near_peak, std::abs(truth[i] - values[i]));
    const double a = std::max(truth[i], clamp);
    const double b = std::max(values[i], clamp);
    errors.max = std::max(errors.max, std::abs(a - b));
    squares += (a - b) * (a - b);
    x += a, y += b, xx += a * a, yy += b * b, xy += a * b;
  }
  errors.rms = std::sqrt(squares / n);
  errors.correlation =
      (xy - x * y / n) / std::sqrt(std::max((xx - x * x / n) * (yy - y * y / n), 1e-30));
  return errors;
}

constexpr std::array<Preset, 5> kPresets = {Preset::whisper80, Preset::whisper128, Preset::nemo80,
                                            Preset::nemo128, Preset::kaldi80};

// Rows in log10 of frames that lie one hop apart from the first sample on.
std::vector<double> exact_rows(Preset preset, const Samples& batch) {
  Recipe recipe = resolve(preset, {}, 16000);
  recipe.padding = Padding::none;
  recipe.window_place = WindowPlace::start;
  recipe.frame_count = FrameCount::snip;
  std::vector<double> exact;
  for (const int16_t sample : batch) exact.push_back(sample / 32768.0);
  std::vector<double> rows = reference_rows(recipe, exact);
  if (recipe.log == LogType::ln)
    for (double& value : rows) value /= std::numbers::ln10;
  return rows;
}

// All whole batches of a clip; a shorter clip and the last part are padded with zeros.
Errors measure(const std::string& name, const Samples& clip, int abi, Preset preset) {
  const auto mels = static_cast<size_t>(resolve(preset, {}, 16000).mels);
  std::vector<double> truth;
  std::vector<double> values;
  for (size_t at = 0; at + kWin <= clip.size(); at += kFrames * kHop) {
    Samples batch(kSamplesV2);
    std::copy_n(clip.begin() + static_cast<ptrdiff_t>(at), std::min(batch.size(), clip.size() - at),
                batch.begin());
    const auto rows = exact_rows(preset, batch);
    truth.insert(truth.end(), rows.begin(), rows.end());
    if (abi == 2) {
      std::vector<int16_t> q11(kFrames * mels);
      EXPECT_TRUE(twin_v2(batch.data(), nick(preset), q11.data()));
      for (const int16_t q : q11) values.push_back(q / 2048.0);
    } else {
      Samples frames;
      for (int i = 0; i < kFrames; ++i)
        frames.insert(frames.end(), batch.begin() + i * kHop, batch.begin() + i * kHop + kWin);
      std::vector<int8_t> q(kFrames * 80);
      EXPECT_TRUE(twin_v1(frames.data(), q.data()));
      for (const int8_t value : q) values.push_back(value / 20.0 - 3.7);
    }
  }
  const Errors errors = compare(truth, values, mels);
  std::printf("v%d %-10s %-22s max %.4f  rms %.5f  near peak %.4f  correlation %.7f\n", abi,
              nick(preset), name.c_str(), errors.max, errors.rms, errors.near_peak,
              errors.correlation);
  // What a kernel package's manifest states as its tolerance.
  EXPECT_LE(errors.near_peak, abi == 1 ? 0.045 : 0.02) << name << ' ' << nick(preset);
  return errors;
}

void expect_speech(const std::string& name, const Samples& clip) {
  for (const Preset preset : kPresets) {
    const Errors v2 = measure(name, clip, 2, preset);
    EXPECT_LE(v2.max, 0.04) << name << ' ' << nick(preset);
    EXPECT_LE(v2.rms, 0.002) << name << ' ' << nick(preset);
    EXPECT_GE(v2.correlation, 0.99999) << name << ' ' << nick(preset);
  }
  const Errors v1 = measure(name, clip, 1, Preset::whisper80);
  EXPECT_LE(v1.max, 0.05) << name;
  EXPECT_LE(v1.rms, 0.015) << name;
}

void expect_synthetic(const std::string& name, const Samples& clip) {
  for (const Preset preset : kPresets) {
    const Errors v2 = measure(name, clip, 2, preset);
    EXPECT_LE(v2.max, 0.10) << name << ' ' << nick(preset);
    EXPECT_LE(v2.rms, 0.005) << name << ' ' << nick(preset);
  }
}

TEST(Accuracy, Noise) {
  expect_speech("noise -20 dBFS", noise(0.1));
  expect_speech("noise -80 dBFS", noise(1e-4));
}

TEST(Accuracy, SpeechOfTheSystemsSoundTest) {
  const char* path = "/usr/share/sounds/alsa/Front_Center.wav";
  const Samples clip = test::decimate_by_3(test::read_wav(path, 48000));
  if (clip.empty()) GTEST_SKIP() << "no " << path;
  expect_speech("Front_Center.wav", clip);
}

TEST(Accuracy, SpeechAtThreeLevels) {
  const char* folder = std::getenv("NPUMELSPEC_GOLDEN");
  const Samples clip =
      test::read_wav(std::string(folder != nullptr ? folder : "") + "/audio/jfk.wav", 16000);
  if (clip.empty()) GTEST_SKIP() << "NPUMELSPEC_GOLDEN names no folder with audio/jfk.wav";
  const auto scaled = [&clip](double gain) {
    Samples out;
    for (const int16_t x : clip)
      out.push_back(static_cast<int16_t>(std::clamp(std::rint(x * gain), -32768.0, 32767.0)));
    return out;
  };
  expect_speech("jfk", clip);
  expect_speech("jfk -30 dB", scaled(std::pow(10, -1.5)));
  expect_speech("jfk x8, clipped", scaled(8));
}

TEST(Accuracy, TonesSweepSquareAndImpulses) {
  for (const double hz : {100.0, 440.0, 1000.0, 3777.0, 7000.0})
    expect_synthetic("sine " + std::to_string(static_cast<int>(hz)) + " Hz -60 dBFS",
                     generate([hz](double t) { return 1e-3 * sine(hz, t); }));
  for (const double hz : {100.0, 440.0, 1000.0, 1003.7, 3777.0, 7000.0}) {
    std::string name = "sine " + std::to_string(hz);
    name.resize(name.find('.') + 2);
    expect_synthetic(name + " Hz", generate([hz](double t) { return sine(hz, t); }));
  }
  expect_synthetic("sine 7800 Hz", generate([](double t) { return sine(7800, t); }));
  expect_synthetic("sine 10 Hz", generate([](double t) { return sine(10, t); }));
  expect_synthetic("sweep 20-8000 Hz", generate([](double t) {
                     return 0.89 * sine(1, 20 * t + 0.5 * 7980 / 1.015 * t * t);
                   }));
  expect_synthetic("300 Hz + 3 kHz -70 dB", generate([](double t) {
                     return 0.99 * sine(300, t) + 3.16e-4 * sine(3000, t);
                   }));
  expect_synthetic("square 500 Hz",
                   generate([](double t) { return sine(500, t + 1e-5) > 0 ? 2 : -2; }));
  expect_synthetic("impulses", generate([](double t) {
                     return std::fmod(std::rint(t * 16000), 1000) == 0 ? 1 : 0;
                   }));
  expect_synthetic("constant", generate([](double) { return 0.5; }));
  expect_synthetic("100 Hz on a constant",
                   generate([](double t) { return 0.5 + 1e-3 * sine(100, t); }));
  expect_synthetic("silence", generate([](double) { return 0; }));
}

// All energy at the Nyquist frequency, 8 decades above everything else: most of the rows is just
// inside M - 8.
TEST(Accuracy, NyquistAlternationHasABoundOfItsOwn) {
  const Samples clip = generate([](double t) { return std::lrint(t * 16000) % 2 == 0 ? -2 : 2; });
  for (const Preset preset : kPresets)
    EXPECT_LE(measure("Nyquist alternation", clip, 2, preset).max, 0.10) << nick(preset);
}

}  // namespace
}  // namespace npumel::aie2
