// SPDX-License-Identifier: LGPL-2.1-or-later
// Just enough of WAV for test clips: 16-bit mono PCM.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <numbers>
#include <string>
#include <vector>

namespace npumel::test {

/// The samples of a 16-bit mono PCM file with this rate; empty when it is missing or another kind.
inline std::vector<int16_t> read_wav(const std::string& path, uint32_t rate) {
  std::ifstream in(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(in), {}};
  const auto number = [&bytes](size_t at, size_t size) {
    uint32_t value = 0;
    if (at + size <= bytes.size()) std::memcpy(&value, bytes.data() + at, size);
    return value;
  };
  bool wanted = false;
  for (size_t at = 12; at + 8 <= bytes.size(); at += 8 + (number(at + 4, 4) + 1) / 2 * 2) {
    const std::string id = bytes.substr(at, 4);
    if (id == "fmt ")
      wanted = number(at + 8, 2) == 1 && number(at + 10, 2) == 1 && number(at + 12, 4) == rate &&
               number(at + 22, 2) == 16;
    if (id != "data" || !wanted) continue;
    std::vector<int16_t> samples(std::min<size_t>(number(at + 4, 4), bytes.size() - at - 8) / 2);
    std::memcpy(samples.data(), bytes.data() + at + 8, samples.size() * 2);
    return samples;
  }
  return {};
}

/// 48 kHz to 16 kHz through a windowed sinc low-pass at 7.2 kHz.
inline std::vector<int16_t> decimate_by_3(const std::vector<int16_t>& samples) {
  constexpr int kHalfTaps = 72;
  constexpr double kCutoff = 0.15;  // of the input rate
  std::vector<int16_t> out;
  for (size_t at = 0; at < samples.size(); at += 3) {
    double sum = 0;
    for (int tap = -kHalfTaps; tap <= kHalfTaps; ++tap) {
      const auto from = static_cast<ptrdiff_t>(at) + tap;
      if (from < 0 || from >= static_cast<ptrdiff_t>(samples.size())) continue;
      const double x = 2 * kCutoff * tap;
      const double sinc = tap == 0 ? 1 : std::sin(std::numbers::pi * x) / (std::numbers::pi * x);
      const double window = 0.5 + 0.5 * std::cos(std::numbers::pi * tap / (kHalfTaps + 1));
      sum += samples[static_cast<size_t>(from)] * 2 * kCutoff * sinc * window;
    }
    out.push_back(static_cast<int16_t>(std::lrint(std::fmin(std::fmax(sum, -32768), 32767))));
  }
  return out;
}

}  // namespace npumel::test
