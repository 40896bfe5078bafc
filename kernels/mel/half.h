// SPDX-License-Identifier: LGPL-2.1-or-later
// float to IEEE 754 binary16 and back, for instruction sets that cannot.
#pragma once

#include <bit>
#include <cstdint>

namespace npumel {

/// The largest finite binary16 number.
inline constexpr float kHalfMax = 65504.0F;

/// Rounds half to even; saturates at +-kHalfMax. `value` is not NaN.
constexpr uint16_t half_bits(float value) {
  constexpr auto kMost = std::bit_cast<uint32_t>(kHalfMax);
  const uint32_t sign = std::bit_cast<uint32_t>(value) >> 16 & 0x8000U;
  const uint32_t magnitude = std::bit_cast<uint32_t>(value) & 0x7FFFFFFFU;
  const uint32_t bits = magnitude < kMost ? magnitude : kMost;
  if (bits < 0x38800000U) {  // below 2^-14: subnormal, in units of 2^-24
    const float shifted =
        std::bit_cast<float>(bits) + 0.5F;  // one unit is one bit of 0.5's mantissa
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3F000000U));
  }
  const uint32_t odd = bits >> 13 & 1U;
  return static_cast<uint16_t>(sign | ((bits - 0x38000000U + 0xFFFU + odd) >> 13));
}

/// Exact for every value.
constexpr float from_half(uint16_t half) {
  const uint32_t sign = (half & 0x8000U) << 16U;
  const uint32_t exponent = (half >> 10U) & 0x1FU;
  const uint32_t mantissa = half & 0x3FFU;
  if (exponent == 0) {
    const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000U | (mantissa << 13U));
  return std::bit_cast<float>(sign | ((exponent + 112U) << 23U) | (mantissa << 13U));
}

}  // namespace npumel
