// SPDX-License-Identifier: LGPL-2.1-or-later
// SHA-256 (FIPS 180-4): identifies recipes. The kernels may not use a framework for it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace npumel {

/// The digest of `data` as bytes.
std::array<uint8_t, 32> sha256(std::string_view data);

/// The digest as 64 lower-case hex digits.
std::string sha256_hex(std::string_view data);

}  // namespace npumel
