// SPDX-License-Identifier: LGPL-2.1-or-later
// The vector facade in plain C++. This file is the specification of every operation: integer
// results are exact, and vec_aie.h must give the same bits.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <type_traits>

#ifdef __SSE2__
#include "kernels/aie2/vec_sse2.h"
#endif

namespace npumel::aie2::vec {

template <typename T, int N>
struct Vec {
  T v[N];
};
using I8x16 = Vec<int8_t, 16>;
using I16x16 = Vec<int16_t, 16>;
using I32x16 = Vec<int32_t, 16>;
using Acc = Vec<int64_t, 16>;  ///< 64-bit accumulators: no operation here can overflow them
/// Accumulators of products that are known to add up to less than 2^31: on the host half the work.
using Acc32 = Vec<int32_t, 16>;
using F32x16 = Vec<float, 16>;
/// bfloat16 as its bits.
using Bf16 = uint16_t;
using Bf16x16 = Vec<Bf16, 16>;
using Bf16x32 = Vec<Bf16, 32>;

/// Sticky modes of the NPU core (rounding to even, saturation); nothing to do on the host.
inline void set_modes() {}

template <typename V, typename T>
inline V load(const T* from) {
  V value;
  std::memcpy(value.v, from, sizeof value.v);
  return value;
}
template <typename V, typename T>
inline void store(T* to, const V& value) {
  std::memcpy(to, value.v, sizeof value.v);
}
template <typename V>
inline V zeros() {
  return V{};
}

/// Shift right, round half to even, saturate to T. shift >= 0.
template <typename T>
inline T shift_round_saturate(int64_t value, int shift) {
  const int64_t odd = (value >> shift) & 1;
  const int64_t below_half = shift == 0 ? -odd : (int64_t{1} << (shift - 1)) - 1;
  const int64_t rounded = (value + below_half + odd) >> shift;
  return static_cast<T>(
      std::clamp<int64_t>(rounded, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
}
template <typename V, typename A>
inline V plain_srs(const A& acc, int shift) {
  V out;
  for (int i = 0; i < 16; ++i)
    out.v[i] = shift_round_saturate<std::remove_reference_t<decltype(out.v[0])>>(acc.v[i], shift);
  return out;
}

/// acc += a * b with a, b, acc row-major 4x4 matrices.
template <typename A>
inline A plain_mac_4x4x4(const A& acc, const I16x16& a, const I16x16& b) {
  A out = acc;
  for (int row = 0; row < 4; ++row)
    for (int col = 0; col < 4; ++col)
      // Two products of 16-bit numbers fit 32 bits as long as one factor is never -32768.
      for (int k = 0; k < 4; k += 2)
        out.v[row * 4 + col] +=
            a.v[row * 4 + k] * b.v[k * 4 + col] + a.v[row * 4 + k + 1] * b.v[(k + 1) * 4 + col];
  return out;
}

/// Element by element: acc + a * b.
template <typename V>
inline Acc plain_mac(const Acc& acc, const V& a, const I16x16& b) {
  Acc out;
  for (int i = 0; i < 16; ++i) out.v[i] = acc.v[i] + int64_t{a.v[i]} * b.v[i];
  return out;
}

// These in the CPU's own vectors where that is worth it.
#ifdef __SSE2__
template <typename V, typename A>
inline V srs(const A& acc, int shift) {
  V out;
  if constexpr (std::is_same_v<V, I8x16>)
    out = plain_srs<V>(acc, shift);
  else
    sse2::srs(acc.v, shift, out.v);
  return out;
}
template <typename A>
inline A mac_4x4x4(const A& acc, const I16x16& a, const I16x16& b) {
  A out;
  sse2::mac_4x4x4(acc.v, a.v, b.v, out.v);
  return out;
}
template <typename V>
inline Acc mac(const Acc& acc, const V& a, const I16x16& b) {
  Acc out;
  sse2::mac(acc.v, a.v, b.v, out.v);
  return out;
}
#else
template <typename V, typename A>
inline V srs(const A& acc, int shift) {
  return plain_srs<V>(acc, shift);
}
template <typename A>
inline A mac_4x4x4(const A& acc, const I16x16& a, const I16x16& b) {
  return plain_mac_4x4x4(acc, a, b);
}
template <typename V>
inline Acc mac(const Acc& acc, const V& a, const I16x16& b) {
  return plain_mac(acc, a, b);
}
#endif

/// Sums of a 4x4 tile of products.
using TileAcc = Acc;
inline I32x16 srs_tile(const TileAcc& acc, int shift) { return srs<I32x16>(acc, shift); }

// Matrices of 4x8 as two tiles side by side: what the NPU's second generation multiplies at once.
struct I16x32 {
  I16x16 left;
  I16x16 right;
};
struct I32x32 {
  I32x16 left;
  I32x16 right;
};
template <typename A>
struct BasicWideAcc {
  A left = {};
  A right = {};
};
using WideAcc = BasicWideAcc<Acc>;
using WideAcc32 = BasicWideAcc<Acc32>;

inline I16x32 wide(const I16x16& left, const I16x16& right) { return {left, right}; }
/// acc += a * [left | right].
template <typename A>
inline BasicWideAcc<A> mac_4x4x8(const BasicWideAcc<A>& acc, const I16x16& a, const I16x32& b) {
  return {mac_4x4x4(acc.left, a, b.left), mac_4x4x4(acc.right, a, b.right)};
}
/// The left half += a * right, the right half += b * right.
template <typename A>
inline BasicWideAcc<A> mac_each(const BasicWideAcc<A>& acc, const I16x16& a, const I16x16& b,
                                const I16x16& right) {
  return {mac_4x4x4(acc.left, a, right), mac_4x4x4(acc.right, b, right)};
}
template <typename A>
inline I32x32 srs_wide(const BasicWideAcc<A>& acc, int shift) {
  return {srs<I32x16>(acc.left, shift), srs<I32x16>(acc.right, shift)};
}
inline I32x16 left(const I32x32& a) { return a.left; }
inline I32x16 right(const I32x32& a) { return a.right; }

/// Four rows of eight elements, `stride` apart.
inline I16x32 load_wide(const int16_t* from, int stride) {
  I16x32 out;
  for (int row = 0; row < 4; ++row) {
    std::memcpy(out.left.v + row * 4, from + row * stride, 8);
    std::memcpy(out.right.v + row * 4, from + row * stride + 4, 8);
  }
  return out;
}
inline void store_wide(int32_t* to, int stride, const I32x32& value) {
  for (int row = 0; row < 4; ++row) {
    std::memcpy(to + row * stride, value.left.v + row * 4, 16);
    std::memcpy(to + row * stride + 4, value.right.v + row * 4, 16);
  }
}

/// value << shift as accumulators.
template <typename V>
inline Acc upshift(const V& value, int shift) {
  Acc out;
  for (int i = 0; i < 16; ++i) out.v[i] = int64_t{value.v[i]} << shift;
  return out;
}

inline I32x16 shift_left(const I32x16& value, int shift) {
  I32x16 out;
  for (int i = 0; i < 16; ++i) out.v[i] = value.v[i] << shift;
  return out;
}
/// To 16 bits, saturated.
inline I16x16 narrow(const I32x16& value) {
  I16x16 out;
  for (int i = 0; i < 16; ++i)
    out.v[i] = static_cast<int16_t>(std::clamp(value.v[i], -32768, 32767));
  return out;
}

inline I32x16 max_abs(const I32x16& a, const I32x16& b) {
  I32x16 out;
  for (int i = 0; i < 16; ++i) out.v[i] = std::max(a.v[i], std::abs(b.v[i]));
  return out;
}
inline I32x16 max(const I32x16& a, const I32x16& b) {
  I32x16 out;
  for (int i = 0; i < 16; ++i) out.v[i] = std::max(a.v[i], b.v[i]);
  return out;
}
inline I32x16 add(const I32x16& a, const I32x16& b) {
  I32x16 out;
  for (int i = 0; i < 16; ++i) out.v[i] = a.v[i] + b.v[i];
  return out;
}
inline I32x32 add(const I32x32& a, const I32x32& b) {
  return {add(a.left, b.left), add(a.right, b.right)};
}
inline I16x16 add(const I16x16& a, const I16x16& b) {
  I16x16 out;
  for (int i = 0; i < 16; ++i) out.v[i] = static_cast<int16_t>(a.v[i] + b.v[i]);
  return out;
}
inline I16x16 negate(const I16x16& a) {
  I16x16 out;
  for (int i = 0; i < 16; ++i) out.v[i] = static_cast<int16_t>(-a.v[i]);
  return out;
}
template <typename V, typename T>
inline V broadcast(T value) {
  V out;
  for (auto& element : out.v) element = value;
  return out;
}
/// The four values in every row of a 4x4 matrix: one value for each frame.
template <typename V, typename T>
inline V broadcast_row(const T (&row)[4]) {
  V out;
  for (int i = 0; i < 16; ++i) out.v[i] = row[i % 4];
  return out;
}
inline F32x16 float_row(const float (&row)[4]) { return broadcast_row<F32x16>(row); }
/// Largest element of each column.
inline void column_max(const I32x16& a, int32_t (&out)[4]) {
  for (int col = 0; col < 4; ++col)
    out[col] = std::max(std::max(a.v[col], a.v[4 + col]), std::max(a.v[8 + col], a.v[12 + col]));
}

inline void column_sum(const I32x16& a, int32_t (&out)[4]) {
  for (int col = 0; col < 4; ++col)
    out[col] = a.v[col] + a.v[4 + col] + a.v[8 + col] + a.v[12 + col];
}
/// The rows of a 4x4 matrix moved down by one, the last row of `previous` above them.
inline I16x16 rows_before(const I16x16& a, const I16x16& previous) {
  I16x16 out;
  std::memcpy(out.v, previous.v + 12, 8);
  std::memcpy(out.v + 4, a.v, 24);
  return out;
}

/// Row i of a 4x4 matrix to `to + i * stride`.
inline void store_rows(int32_t* to, int stride, const I32x16& value) {
  for (int row = 0; row < 4; ++row) std::memcpy(to + row * stride, value.v + row * 4, 16);
}

/// value / 2^shift as float32, for magnitudes below 2^24: exact.
inline void store_float(float* to, const I32x16& value, int shift) {
  const float unit = 1.0F / static_cast<float>(1 << shift);
  for (int i = 0; i < 16; ++i) to[i] = static_cast<float>(value.v[i]) * unit;
}

/// Four vectors of 16 to 64 elements: out[4*i + j] = row j, element i.
inline void store_interleaved(int16_t* to, const I16x16& a, const I16x16& b, const I16x16& c,
                              const I16x16& d) {
  for (int i = 0; i < 16; ++i) {
    to[4 * i] = a.v[i];
    to[4 * i + 1] = b.v[i];
    to[4 * i + 2] = c.v[i];
    to[4 * i + 3] = d.v[i];
  }
}
/// Every fourth of 64 elements, from element `lane` on.
inline I16x16 load_lane(const int16_t* from, int lane) {
  I16x16 out;
  for (int i = 0; i < 16; ++i) out.v[i] = from[4 * i + lane];
  return out;
}
/// Four runs of eight elements, `stride` apart; `even` gets the first halves, `odd` the second.
inline void load_row_pairs(const int16_t* from, int stride, I16x16& even, I16x16& odd) {
  for (int row = 0; row < 4; ++row) {
    std::memcpy(even.v + row * 4, from + row * stride, 8);
    std::memcpy(odd.v + row * 4, from + row * stride + 4, 8);
  }
}
/// The inverse for two tiles: row i of `even` and row i of `odd` side by side at i * stride.
inline void store_row_pairs(Bf16* to, int stride, const Bf16x16& even, const Bf16x16& odd) {
  for (int row = 0; row < 4; ++row) {
    std::memcpy(to + row * stride, even.v + row * 4, 8);
    std::memcpy(to + row * stride + 4, odd.v + row * 4, 8);
  }
}

/// float32 to bfloat16, half to even. Finite values only.
inline Bf16 to_bf16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  return static_cast<Bf16>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
inline float from_bf16(Bf16 value) { return std::bit_cast<float>(uint32_t{value} << 16); }

/// int32 to float32 to bfloat16, both half to even.
inline Bf16x16 to_bf16(const I32x16& value) {
  Bf16x16 out;
  for (int i = 0; i < 16; ++i) out.v[i] = to_bf16(static_cast<float>(value.v[i]));
  return out;
}
/// re^2 + im^2 in float32, then bfloat16.
inline Bf16x16 power(const Bf16x16& re, const Bf16x16& im) {
  Bf16x16 out;
  for (int i = 0; i < 16; ++i) {
    const float a = from_bf16(re.v[i]);
    const float b = from_bf16(im.v[i]);
    out.v[i] = to_bf16(a * a + b * b);
  }
  return out;
}
/// acc += a * b with a 4x8, b 8x4, acc 4x4, all row-major. The order of the eight additions is the
/// only thing here that an NPU may do otherwise.
inline F32x16 mac_4x8x4(const F32x16& acc, const Bf16x32& a, const Bf16x32& b) {
  F32x16 out = acc;
  for (int k = 0; k < 8; ++k)
    for (int row = 0; row < 4; ++row)
      for (int col = 0; col < 4; ++col)
        out.v[row * 4 + col] += from_bf16(a.v[row * 8 + k]) * from_bf16(b.v[k * 4 + col]);
  return out;
}

/// Exponent and top 15 bits of the fraction of max(value, 1e-30): value = 2^e * (1 + f/2^15).
inline void split(const F32x16& value, I32x16& exponent, I16x16& fraction) {
  for (int i = 0; i < 16; ++i) {
    const auto bits = std::bit_cast<uint32_t>(std::max(value.v[i], 1e-30F));
    exponent.v[i] = static_cast<int32_t>(bits >> 23) - 127;
    fraction.v[i] = static_cast<int16_t>((bits >> 8) & 0x7fff);
  }
}

}  // namespace npumel::aie2::vec
