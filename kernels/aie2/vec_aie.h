// SPDX-License-Identifier: LGPL-2.1-or-later
// The vector facade in aie_api, for AIE2 (__AIE_ARCH__ 20) and AIE2P (21). vec_host.h is the
// specification: same names, same bits. Vectors in memory are aligned to their size, up to 64
// bytes.
#pragma once

#include <aie_api/aie.hpp>
#include <cstdint>

namespace npumel::aie2::vec {

using I8x16 = aie::vector<int8, 16>;
using I16x16 = aie::vector<int16, 16>;
using I32x16 = aie::vector<int32, 16>;
using Acc = aie::accum<acc64, 16>;
using F32x16 = aie::accum<accfloat, 16>;
using Bf16 = uint16_t;  ///< in memory
using Bf16x16 = aie::vector<bfloat16, 16>;
using Bf16x32 = aie::vector<bfloat16, 32>;

/// The modes are sticky state of the core and decide what every later operation rounds to.
inline void set_modes() {
  aie::set_rounding(aie::rounding_mode::conv_even);
  aie::set_saturation(aie::saturation_mode::saturate);
}

template <typename V, typename T>
inline V load(const T* from) {
  return aie::load_v<V::size()>(reinterpret_cast<const typename V::value_type*>(from));
}
template <typename V, typename T>
inline void store(T* to, const V& value) {
  aie::store_v(reinterpret_cast<typename V::value_type*>(to), value);
}

template <typename V>
inline V zeros() {
  return aie::zeros<typename V::value_type, V::size()>();
}
template <>
inline Acc zeros<Acc>() {
  return aie::zeros<acc64, 16>();
}
template <>
inline F32x16 zeros<F32x16>() {
  return aie::zeros<accfloat, 16>();
}

// Matrix products of 16-bit numbers with 64-bit sums are 4x4x4 on AIE2 and 4x4x8 on AIE2P.
#if __AIE_ARCH__ == 20

using TileAcc = Acc;
inline TileAcc mac_4x4x4(const TileAcc& acc, const I16x16& a, const I16x16& b) {
  aie::mmul<4, 4, 4, int16, int16, acc64> product(acc);
  product.mac(a, b);
  return product.to_accum();
}

struct I16x32 {
  I16x16 left;
  I16x16 right;
};
struct I32x32 {
  I32x16 left;
  I32x16 right;
};
struct WideAcc {
  TileAcc left = aie::zeros<acc64, 16>();
  TileAcc right = aie::zeros<acc64, 16>();
};
using WideAcc32 = WideAcc;

inline I16x32 wide(const I16x16& left, const I16x16& right) { return {left, right}; }
inline WideAcc mac_4x4x8(const WideAcc& acc, const I16x16& a, const I16x32& b) {
  return {mac_4x4x4(acc.left, a, b.left), mac_4x4x4(acc.right, a, b.right)};
}
inline WideAcc mac_each(const WideAcc& acc, const I16x16& a, const I16x16& b, const I16x16& right) {
  return {mac_4x4x4(acc.left, a, right), mac_4x4x4(acc.right, b, right)};
}
inline I32x32 srs_wide(const WideAcc& acc, int shift) {
  return {acc.left.to_vector<int32>(shift), acc.right.to_vector<int32>(shift)};
}
inline I32x32 add(const I32x32& a, const I32x32& b) {
  return {aie::add(a.left, b.left), aie::add(a.right, b.right)};
}
inline I32x16 left(const I32x32& a) { return a.left; }
inline I32x16 right(const I32x32& a) { return a.right; }
inline I16x32 load_wide(const int16_t* from, int stride) {
  const auto rows =
      aie::concat(aie::load_v<8>(from), aie::load_v<8>(from + stride),
                  aie::load_v<8>(from + 2 * stride), aie::load_v<8>(from + 3 * stride));
  return {aie::filter_even(rows, 4), aie::filter_odd(rows, 4)};
}
inline void store_wide(int32_t* to, int stride, const I32x32& value) {
  for (int row = 0; row < 4; ++row) {
    aie::store_v(to + row * stride, value.left.extract<4>(row));
    aie::store_v(to + row * stride + 4, value.right.extract<4>(row));
  }
}

#else

using TileAcc = aie::accum<acc64, 32>;  ///< the right half counts for nothing
template <>
inline TileAcc zeros<TileAcc>() {
  return aie::zeros<acc64, 32>();
}
using I16x32 = aie::vector<int16, 32>;
using I32x32 = aie::vector<int32, 32>;
struct WideAcc {
  aie::accum<acc64, 32> sums = aie::zeros<acc64, 32>();
};
using WideAcc32 = WideAcc;

/// Rows of 4 elements of both side by side.
inline I16x32 wide(const I16x16& left, const I16x16& right) {
  const auto [upper, lower] = aie::interleave_zip(left, right, 4);
  return aie::concat(upper, lower);
}
inline WideAcc mac_4x4x8(const WideAcc& acc, const I16x16& a, const I16x32& b) {
  aie::mmul<4, 4, 8, int16, int16, acc64> product(acc.sums);
  product.mac(a, b);
  return {product.to_accum()};
}
inline WideAcc mac_each(const WideAcc& acc, const I16x16& a, const I16x16& b, const I16x16& right) {
  const auto nothing = aie::zeros<int16, 16>();
  return mac_4x4x8(mac_4x4x8(acc, a, wide(right, nothing)), b, wide(nothing, right));
}
inline I32x32 srs_wide(const WideAcc& acc, int shift) { return acc.sums.to_vector<int32>(shift); }
inline I32x32 add(const I32x32& a, const I32x32& b) { return aie::add(a, b); }
inline I32x16 left(const I32x32& a) { return aie::filter_even(a, 4); }
inline I32x16 right(const I32x32& a) { return aie::filter_odd(a, 4); }
inline I16x32 load_wide(const int16_t* from, int stride) {
  return aie::concat(aie::load_v<8>(from), aie::load_v<8>(from + stride),
                     aie::load_v<8>(from + 2 * stride), aie::load_v<8>(from + 3 * stride));
}
inline void store_wide(int32_t* to, int stride, const I32x32& value) {
  for (int row = 0; row < 4; ++row) aie::store_v(to + row * stride, value.extract<8>(row));
}
inline TileAcc mac_4x4x4(const TileAcc& acc, const I16x16& a, const I16x16& b) {
  return mac_4x4x8({acc}, a, wide(b, aie::zeros<int16, 16>())).sums;
}

#endif

template <typename V>
inline V srs(const Acc& acc, int shift) {
  return acc.template to_vector<typename V::value_type>(shift);
}
// No accumulator goes to 8 bits directly: rounded at 16 bits, saturated at 8.
template <>
inline I8x16 srs<I8x16>(const Acc& acc, int shift) {
  return aie::pack(acc.to_vector<int16>(shift));
}
/// The sums of a tile, rounded.
inline I32x16 srs_tile(const TileAcc& acc, int shift) {
#if __AIE_ARCH__ == 20
  return acc.to_vector<int32>(shift);
#else
  return left(acc.to_vector<int32>(shift));
#endif
}

inline Acc mac(const Acc& acc, const I32x16& a, const I16x16& b) { return aie::mac(acc, a, b); }
inline Acc mac(const Acc& acc, const I16x16& a, const I16x16& b) {
#if __AIE_ARCH__ == 20
  return aie::mac(acc, a, b);
#else
  return aie::add(acc, aie::mul<acc64>(a, b));  // the API has no such mac there
#endif
}
template <typename V>
inline Acc upshift(const V& value, int shift) {
  Acc acc;
  acc.from_vector(value, shift);
  return acc;
}

inline I32x16 shift_left(const I32x16& value, int shift) { return aie::upshift(value, shift); }
inline I16x16 narrow(const I32x16& value) { return srs<I16x16>(upshift(value, 0), 0); }
inline I32x16 max_abs(const I32x16& a, const I32x16& b) { return aie::max(a, aie::abs(b)); }
inline I32x16 max(const I32x16& a, const I32x16& b) { return aie::max(a, b); }
inline I32x16 add(const I32x16& a, const I32x16& b) { return aie::add(a, b); }
inline I16x16 add(const I16x16& a, const I16x16& b) { return aie::add(a, b); }
inline I16x16 negate(const I16x16& a) { return aie::neg(a); }

template <typename V, typename T>
inline V broadcast(T value) {
  return aie::broadcast<typename V::value_type, 16>(value);
}
template <typename V, typename T>
inline V broadcast_row(const T (&row)[4]) {
  alignas(64) T lanes[16];
  for (int i = 0; i < 16; ++i) lanes[i] = row[i % 4];
  return load<V>(lanes);
}
inline F32x16 float_row(const float (&row)[4]) {
  alignas(64) float lanes[16];
  for (int i = 0; i < 16; ++i) lanes[i] = row[i % 4];
  F32x16 acc;
  acc.from_vector(aie::load_v<16>(lanes));
  return acc;
}
inline void column_max(const I32x16& a, int32_t (&out)[4]) {
  alignas(64) int32_t lanes[16];
  store(lanes, a);
  for (int col = 0; col < 4; ++col) {
    out[col] = lanes[col];
    for (int i = col + 4; i < 16; i += 4)
      if (lanes[i] > out[col]) out[col] = lanes[i];
  }
}

inline void column_sum(const I32x16& a, int32_t (&out)[4]) {
  alignas(64) int32_t lanes[16];
  store(lanes, a);
  for (int col = 0; col < 4; ++col)
    out[col] = lanes[col] + lanes[4 + col] + lanes[8 + col] + lanes[12 + col];
}
inline I16x16 rows_before(const I16x16& a, const I16x16& previous) {
  return aie::shuffle_up_fill(a, previous, 4);
}

inline void store_rows(int32_t* to, int stride, const I32x16& value) {
  aie::store_v(to, value.extract<4>(0));
  aie::store_v(to + stride, value.extract<4>(1));
  aie::store_v(to + 2 * stride, value.extract<4>(2));
  aie::store_v(to + 3 * stride, value.extract<4>(3));
}
inline void store_float(float* to, const I32x16& value, int shift) {
  // In halves of 256 bits: a store of 512 wants 64 bytes of alignment on AIE2P, a fifo object
  // has 32.
  const auto floats = aie::to_float<float>(value, shift);
  aie::store_v(to, floats.template extract<8>(0));
  aie::store_v(to + 8, floats.template extract<8>(1));
}
inline void store_interleaved(int16_t* to, const I16x16& a, const I16x16& b, const I16x16& c,
                              const I16x16& d) {
  const auto [ac_low, ac_high] = aie::interleave_zip(a, c, 1);
  const auto [bd_low, bd_high] = aie::interleave_zip(b, d, 1);
  const auto [first, second] = aie::interleave_zip(ac_low, bd_low, 1);
  const auto [third, fourth] = aie::interleave_zip(ac_high, bd_high, 1);
  aie::store_v(to, first);
  aie::store_v(to + 16, second);
  aie::store_v(to + 32, third);
  aie::store_v(to + 48, fourth);
}
inline I16x16 load_lane(const int16_t* from, int lane) {
  const auto [even, odd] =
      aie::interleave_unzip(aie::load_v<32>(from), aie::load_v<32>(from + 32), 1);
  const aie::vector<int16, 32> pairs = lane % 2 == 0 ? even : odd;
  return lane < 2 ? aie::filter_even(pairs, 1) : aie::filter_odd(pairs, 1);
}
inline void load_row_pairs(const int16_t* from, int stride, I16x16& even, I16x16& odd) {
  const auto rows =
      aie::concat(aie::load_v<8>(from), aie::load_v<8>(from + stride),
                  aie::load_v<8>(from + 2 * stride), aie::load_v<8>(from + 3 * stride));
  even = aie::filter_even(rows, 4);
  odd = aie::filter_odd(rows, 4);
}
inline void store_row_pairs(Bf16* to, int stride, const Bf16x16& even, const Bf16x16& odd) {
  const auto [upper, lower] = aie::interleave_zip(even, odd, 4);
  auto* out = reinterpret_cast<bfloat16*>(to);
  aie::store_v(out, upper.template extract<8>(0));
  aie::store_v(out + stride, upper.template extract<8>(1));
  aie::store_v(out + 2 * stride, lower.template extract<8>(0));
  aie::store_v(out + 3 * stride, lower.template extract<8>(1));
}

inline Bf16x16 to_bf16(const I32x16& value) {
  F32x16 acc;
  acc.from_vector(aie::to_float<float>(value, 0));
  return acc.to_vector<bfloat16>();
}
inline Bf16x16 power(const Bf16x16& re, const Bf16x16& im) {
  return aie::mac(F32x16(aie::mul(re, re)), im, im).to_vector<bfloat16>();
}
inline F32x16 mac_4x8x4(const F32x16& acc, const Bf16x32& a, const Bf16x32& b) {
  aie::mmul<4, 8, 4, bfloat16, bfloat16, accfloat> product(acc);
  product.mac(a, b);
  return product.to_accum();
}

/// Energies are not negative, so their bits compare as integers do.
inline void split(const F32x16& value, I32x16& exponent, I16x16& fraction) {
  constexpr int32_t kSmallest = __builtin_bit_cast(int32_t, 1e-30F);
  const I32x16 bits =
      aie::max(value.to_vector<float>().cast_to<int32>(), aie::broadcast<int32, 16>(kSmallest));
  exponent = aie::sub(aie::downshift(bits, 23), aie::broadcast<int32, 16>(127));
  fraction = narrow(aie::bit_and(aie::downshift(bits, 8), aie::broadcast<int32, 16>(0x7fff)));
}

}  // namespace npumel::aie2::vec
