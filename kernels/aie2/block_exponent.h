// SPDX-License-Identifier: LGPL-2.1-or-later
// Block floating point of four frames: each divided by its own power of two and rounded to 24 bits.
#pragma once

#include "kernels/aie2/shape.h"
#include "kernels/aie2/vec.h"

namespace npumel::aie2 {

/// Smallest s with |value| <= 32767 * 2^s, at most 15: larger values are no caller's.
constexpr int32_t block_exponent(int32_t max_abs) {
  int32_t s = 0;
  while (s < kBlockExponents - 1 && max_abs > (32767 << s)) ++s;
  return s;
}

/// The exponents of the four columns whose largest magnitudes are in `largest`.
inline void block_exponents(const vec::I32x16& largest, int32_t (&exponents)[kGroup]) {
  int32_t max_abs[kGroup];
  vec::column_max(largest, max_abs);
  for (int frame = 0; frame < kGroup; ++frame) exponents[frame] = block_exponent(max_abs[frame]);
}

/// Block floating point of `count` values [..][frame]: each frame divided by 2^s and rounded to 24
/// bits, half + rest / 256 with |rest| <= 128. 16 bits alone would leave a noise floor 7 decades
/// below a frame's peak. Values from element kNegate on (imaginary parts) are also stored negated,
/// behind all others. A vector shift takes one amount for all lanes, so the frames' different
/// amounts are factors: x / 2^s is x * 2^(15-s) / 2^15, and as 2^15 is no int16 the factor comes in
/// two parts.
template <int kCount, int kNegate>
inline void normalize_values(const int32_t* values, const int32_t (&exponents)[kGroup],
                             int16_t* half_out, int16_t* rest_out) {
  int16_t first[kGroup];
  int16_t second[kGroup];
  for (int frame = 0; frame < kGroup; ++frame) {
    const int32_t s = exponents[frame];
    first[frame] = static_cast<int16_t>(s == 0 ? 1 << 14 : 1 << (15 - s));
    second[frame] = static_cast<int16_t>(s == 0 ? 1 << 14 : 0);
  }
  const auto factor1 = vec::broadcast_row<vec::I16x16>(first);
  const auto factor2 = vec::broadcast_row<vec::I16x16>(second);
  const auto minus_one = vec::broadcast<vec::I16x16>(int16_t{-32768});
  const auto store = [](int16_t* out, int at, const vec::I16x16& value) {
    vec::store(out + at, value);
    if (at >= kNegate) vec::store(out + at + kCount - kNegate, vec::negate(value));
  };
  NPUMEL_LOOP(kCount / kTile)
  for (int i = 0; i < kCount; i += kTile) {
    const auto value = vec::load<vec::I32x16>(values + i);
    const auto acc = vec::mac(vec::mac(vec::zeros<vec::Acc>(), value, factor1), value, factor2);
    const auto half = vec::srs<vec::I16x16>(acc, 15);
    store(half_out, i, half);
    const auto below = vec::mac(acc, half, minus_one);
    store(rest_out, i, vec::srs<vec::I16x16>(below, 15 - kRestBits));
  }
}

}  // namespace npumel::aie2
