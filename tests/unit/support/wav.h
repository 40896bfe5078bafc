// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads the audio of the tests: 16-bit mono PCM.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/unit/support/npy.h"

namespace npumel::test {

inline std::vector<int16_t> read_wav(const std::filesystem::path& path) {
  const std::vector<unsigned char> file = read_bytes(path);
  const auto number = [&](size_t at, size_t bytes) {
    size_t value = 0;
    for (size_t i = 0; i < bytes; ++i) value |= size_t{file.at(at + i)} << (8 * i);
    return value;
  };
  for (size_t at = 12; at + 8 <= file.size();) {
    const std::string id(file.begin() + static_cast<ptrdiff_t>(at),
                         file.begin() + static_cast<ptrdiff_t>(at + 4));
    const size_t size = number(at + 4, 4);
    if (id == "fmt " && (number(at + 10, 2) != 1 || number(at + 22, 2) != 16))
      throw std::runtime_error(path.string() + " is not 16-bit mono");
    if (id == "data") {
      std::vector<int16_t> samples;
      for (size_t i = 0; i + 1 < size; i += 2)
        samples.push_back(static_cast<int16_t>(number(at + 8 + i, 2)));
      return samples;
    }
    at += 8 + size + size % 2;
  }
  throw std::runtime_error(path.string() + " has no data");
}

/// int16 / 32768, as the reference takes samples.
inline std::vector<double> unit_samples(const std::vector<int16_t>& samples) {
  std::vector<double> result;
  result.reserve(samples.size());
  for (const int16_t sample : samples) result.push_back(sample / 32768.0);
  return result;
}

}  // namespace npumel::test
