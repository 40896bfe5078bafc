// SPDX-License-Identifier: LGPL-2.1-or-later
// Units of time in nanoseconds.
#pragma once

#include <cstdint>

namespace npumel::test {

inline constexpr uint64_t ms = 1'000'000;
inline constexpr uint64_t second = 1000 * ms;

}  // namespace npumel::test
