// SPDX-License-Identifier: LGPL-2.1-or-later
// Time for statistics.
#pragma once

#include <chrono>
#include <cstdint>

namespace npumel {

inline uint64_t now_ns() noexcept {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace npumel
