// SPDX-License-Identifier: LGPL-2.1-or-later
// The operations of the facade that take most of the host twin's time, as every x86-64 CPU does
// them four or eight at a time. vec_host.h is the specification; a test holds these against it.
#pragma once

#include <emmintrin.h>

#include <cstdint>

namespace npumel::aie2::vec::sse2 {

inline __m128i load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }
inline void store(void* to, __m128i value) { _mm_storeu_si128(static_cast<__m128i*>(to), value); }

/// 1.5 * 2^52: a double of magnitude below 2^51 to which this is added is rounded half to even, and
/// the low bits of the sum's fraction are that whole number in two's complement.
inline constexpr double kRounder = 6755399441055744.0;

/// Two 64-bit whole numbers below 2^51 as doubles.
inline __m128d to_double(__m128i value) {
  const auto rounder = _mm_set1_pd(kRounder);
  return _mm_sub_pd(_mm_castsi128_pd(_mm_add_epi64(value, _mm_castpd_si128(rounder))), rounder);
}
inline __m128i to_int64(__m128d value) {
  const auto rounder = _mm_set1_pd(kRounder);
  return _mm_sub_epi64(_mm_castpd_si128(_mm_add_pd(value, rounder)), _mm_castpd_si128(rounder));
}

/// Four accumulators shifted right, rounded half to even, saturated to 32 bits.
inline __m128i shift_round_saturate(const int64_t* acc, int shift) {
  const auto scale = _mm_set1_pd(1.0 / (1 << shift));
  const auto rounded = [&](const int64_t* two) {
    const auto shifted = _mm_mul_pd(to_double(load(two)), scale);
    const auto bounded =
        _mm_max_pd(_mm_min_pd(shifted, _mm_set1_pd(INT32_MAX)), _mm_set1_pd(INT32_MIN));
    return _mm_castpd_ps(_mm_add_pd(bounded, _mm_set1_pd(kRounder)));
  };
  return _mm_castps_si128(_mm_shuffle_ps(rounded(acc), rounded(acc + 2), _MM_SHUFFLE(2, 0, 2, 0)));
}
inline void srs(const int64_t* acc, int shift, int32_t* out) {
  for (int i = 0; i < 16; i += 4) store(out + i, shift_round_saturate(acc + i, shift));
}
inline void srs(const int64_t* acc, int shift, int16_t* out) {
  for (int i = 0; i < 16; i += 8)
    store(out + i, _mm_packs_epi32(shift_round_saturate(acc + i, shift),
                                   shift_round_saturate(acc + i + 4, shift)));
}
/// The same of 32-bit accumulators of magnitude below 2^30.
inline void srs(const int32_t* acc, int shift, int32_t* out) {
  const auto count = _mm_cvtsi32_si128(shift);
  const auto below_half = _mm_set1_epi32((1 << (shift - 1)) - 1);
  for (int i = 0; i < 16; i += 4) {
    const auto value = load(acc + i);
    const auto odd = _mm_and_si128(_mm_sra_epi32(value, count), _mm_set1_epi32(1));
    const auto up = _mm_add_epi32(_mm_add_epi32(value, below_half), odd);
    store(out + i, _mm_sra_epi32(up, count));
  }
}

/// acc + a * b of 16 elements; products below 2^51.
inline void mac(const int64_t* acc, const int32_t* a, const int16_t* b, int64_t* out) {
  for (int i = 0; i < 16; i += 4) {
    const auto left = load(a + i);
    const auto narrow = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(b + i));
    const auto right = _mm_srai_epi32(_mm_unpacklo_epi16(narrow, narrow), 16);
    const auto two = [&](int at, __m128i x, __m128i y) {
      const auto product = _mm_mul_pd(_mm_cvtepi32_pd(x), _mm_cvtepi32_pd(y));
      store(out + at, _mm_add_epi64(load(acc + at), to_int64(product)));
    };
    two(i, left, right);
    two(i + 2, _mm_unpackhi_epi64(left, left), _mm_unpackhi_epi64(right, right));
  }
}

/// Four 32-bit numbers added to four accumulators.
inline void add(const int64_t* acc, __m128i value, int64_t* out) {
  const auto sign = _mm_srai_epi32(value, 31);
  store(out, _mm_add_epi64(load(acc), _mm_unpacklo_epi32(value, sign)));
  store(out + 2, _mm_add_epi64(load(acc + 2), _mm_unpackhi_epi32(value, sign)));
}
inline void mac(const int64_t* acc, const int16_t* a, const int16_t* b, int64_t* out) {
  for (int i = 0; i < 16; i += 8) {
    const auto low = _mm_mullo_epi16(load(a + i), load(b + i));
    const auto high = _mm_mulhi_epi16(load(a + i), load(b + i));
    add(acc + i, _mm_unpacklo_epi16(low, high), out + i);
    add(acc + i + 4, _mm_unpackhi_epi16(low, high), out + i + 4);
  }
}

/// The rows of a * b, 4x4 matrices, as do_row(index of its first element, x, y): the row is x + y.
/// As in the specification two products are added in 32 bits first.
template <typename Row>
inline void for_rows(const int16_t* a, const int16_t* b, const Row& do_row) {
  const auto pairs = [](__m128i rows) {
    return _mm_unpacklo_epi16(rows, _mm_unpackhi_epi64(rows, rows));
  };
  const auto pairs01 = pairs(load(b));
  const auto pairs23 = pairs(load(b + 8));
  const auto row = [&](int at, __m128i a01, __m128i a23) {
    do_row(at, _mm_madd_epi16(pairs01, a01), _mm_madd_epi16(pairs23, a23));
  };
  const auto rows01 = load(a);
  const auto rows23 = load(a + 8);
  row(0, _mm_shuffle_epi32(rows01, 0x00), _mm_shuffle_epi32(rows01, 0x55));
  row(4, _mm_shuffle_epi32(rows01, 0xaa), _mm_shuffle_epi32(rows01, 0xff));
  row(8, _mm_shuffle_epi32(rows23, 0x00), _mm_shuffle_epi32(rows23, 0x55));
  row(12, _mm_shuffle_epi32(rows23, 0xaa), _mm_shuffle_epi32(rows23, 0xff));
}

/// out = acc + a * b, row-major 4x4 matrices.
inline void mac_4x4x4(const int64_t* acc, const int16_t* a, const int16_t* b, int64_t* out) {
  for_rows(a, b, [=](int at, __m128i first, __m128i second) {
    auto low = load(acc + at);
    auto high = load(acc + at + 2);
    for (const auto sum : {first, second}) {
      const auto sign = _mm_srai_epi32(sum, 31);
      low = _mm_add_epi64(low, _mm_unpacklo_epi32(sum, sign));
      high = _mm_add_epi64(high, _mm_unpackhi_epi32(sum, sign));
    }
    store(out + at, low);
    store(out + at + 2, high);
  });
}
inline void mac_4x4x4(const int32_t* acc, const int16_t* a, const int16_t* b, int32_t* out) {
  for_rows(a, b, [=](int at, __m128i first, __m128i second) {
    store(out + at, _mm_add_epi32(load(acc + at), _mm_add_epi32(first, second)));
  });
}

}  // namespace npumel::aie2::vec::sse2
