// SPDX-License-Identifier: LGPL-2.1-or-later
// Reads decisions from the bytes that a fuzzer provides; zeros when they are used up.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace npumel::fuzz {

class Bytes {
 public:
  Bytes(const uint8_t* data, size_t size) : rest_(data, size) {}
  bool empty() const { return rest_.empty(); }

  uint8_t byte() {
    if (rest_.empty()) return 0;
    const uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  uint16_t word() {
    const uint8_t low = byte();
    return static_cast<uint16_t>(low | byte() << 8);
  }
  /// A number in [low, high]; high - low <= 65535.
  int between(int low, int high) {
    const int span = high - low + 1;
    return low + (span <= 256 ? byte() : word()) % span;
  }
  template <typename T, size_t N>
  const T& pick(const T (&choices)[N]) {
    return choices[byte() % N];
  }

 private:
  std::span<const uint8_t> rest_;
};

}  // namespace npumel::fuzz
