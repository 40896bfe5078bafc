// SPDX-License-Identifier: LGPL-2.1-or-later
// A stand-in of the part of the AIE API that kernels/aie2/vec_aie.h uses: same names and, as the
// API's reference describes them, same meanings. It lets the NPU's side of the vector facade run on
// the host, against the same vectors as the plain one, and refuses to compile what the real headers
// do not have for the target (__AIE_ARCH__: 20 is AIE2, 21 is AIE2P). The tables are facts about
// aie_api 2026.1 (revision bec000f), see kernels/aie2/README.md.
#pragma once

#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <type_traits>
#include <utility>

#if !defined(__AIE_ARCH__) || (__AIE_ARCH__ != 20 && __AIE_ARCH__ != 21)
#error "__AIE_ARCH__ must be 20 (AIE2) or 21 (AIE2P)"
#endif

using int8 = int8_t;
using int16 = int16_t;
using int32 = int32_t;

struct bfloat16 {
  uint16_t bits;
  explicit operator float() const { return std::bit_cast<float>(uint32_t{bits} << 16); }
};
struct acc32 {};
struct acc64 {};
struct accfloat {};

namespace aie {

enum class rounding_mode {
  floor,
  ceil,
  positive_inf,
  negative_inf,
  symmetric_inf,
  symmetric_zero,
  conv_even,
  conv_odd,
  symmetric_floor,
  symmetric_ceil
};
enum class saturation_mode { none, saturate, symmetric };

namespace detail {
inline constexpr bool kAie2 = __AIE_ARCH__ == 20;

/// Vectors have 128 to 1024 bits, accumulators these lanes.
template <typename T, unsigned N>
inline constexpr bool is_vector =
    N * sizeof(T) == 16 || N * sizeof(T) == 32 || N * sizeof(T) == 64 || N * sizeof(T) == 128;
template <typename Tag, unsigned N>
inline constexpr bool is_accum = (std::is_same_v<Tag, acc64> &&
                                  (N == 4 || N == 8 || N == 16 || N == 32 || N == 64)) ||
                                 (std::is_same_v<Tag, acc32> &&
                                  (N == 8 || N == 16 || N == 32 || N == 64 || N == 128)) ||
                                 (std::is_same_v<Tag, accfloat> &&
                                  (N == 4 || N == 8 || N == 16 || N == 32 || N == 64 || N == 128));

/// What an accumulator can be rounded to, and loaded from.
template <typename Tag, typename T>
inline constexpr bool is_rounded_to =
    std::is_same_v<Tag, accfloat> ? std::is_same_v<T, float> || std::is_same_v<T, bfloat16>
    : std::is_same_v<Tag, acc64>  ? std::is_same_v<T, int16> || std::is_same_v<T, int32>
                                  : std::is_same_v<T, int8> || std::is_same_v<T, int16>;
template <typename Tag, typename T>
inline constexpr bool is_loaded_from =
    std::is_same_v<Tag, accfloat> ? std::is_same_v<T, float> || std::is_same_v<T, bfloat16>
                                  : std::is_same_v<T, int16> || std::is_same_v<T, int32>;

/// Shapes of mmul<M, K, N> of int16 by int16 and of bfloat16, dense, with their accumulators.
template <unsigned M, unsigned K, unsigned N, typename A, typename B, typename Tag>
constexpr bool is_mmul() {
  const auto shape = [](unsigned m, unsigned k, unsigned n) { return M == m && K == k && N == n; };
  if (std::is_same_v<A, int16> && std::is_same_v<B, int16> && std::is_same_v<Tag, acc64>)
    return shape(2, 4, 8) || shape(4, 4, 8) || (kAie2 && shape(4, 4, 4));
  if (std::is_same_v<A, int16> && std::is_same_v<B, int16> && std::is_same_v<Tag, acc32>)
    return shape(4, 2, 8) || shape(8, 2, 8) || shape(8, 1, 8);
  if (std::is_same_v<A, bfloat16> && std::is_same_v<B, bfloat16> && std::is_same_v<Tag, accfloat>)
    return shape(4, 8, 4) || shape(8, 8, 4) || shape(4, 8, 8) || shape(8, 8, 8) || shape(8, 1, 8) ||
           (kAie2 && shape(4, 16, 4)) || (kAie2 && shape(4, 16, 8));
  return false;
}

/// Element-wise products: mul() has them all, mac() of two int16 vectors is missing on AIE2P.
template <typename Tag, typename A, typename B>
inline constexpr bool is_mul = std::is_same_v<Tag, accfloat>
                                   ? std::is_same_v<A, bfloat16>&& std::is_same_v<B, bfloat16>
                                   : std::is_same_v<Tag, acc64>&& std::is_same_v<B, int16> &&
                                         (std::is_same_v<A, int16> || std::is_same_v<A, int32>);
template <typename Tag, typename A, typename B>
inline constexpr bool is_mac = is_mul<Tag, A, B> &&
                               (kAie2 || !(std::is_same_v<A, int16> && std::is_same_v<Tag, acc64>));

constexpr bool is_step(unsigned step, unsigned elements) {
  return step != 0 && (step & (step - 1)) == 0 && step <= elements / 2;
}

// The core starts with these: a kernel that relies on other modes has to set them.
inline rounding_mode rounding = rounding_mode::floor;
inline saturation_mode saturation = saturation_mode::none;

template <typename T>
T narrow(int64_t value) {
  constexpr int64_t kLow{std::numeric_limits<T>::min()};
  constexpr int64_t kHigh{std::numeric_limits<T>::max()};
  if (saturation == saturation_mode::saturate && value < kLow) return kLow;
  if (saturation == saturation_mode::saturate && value > kHigh) return kHigh;
  return static_cast<T>(value);
}
inline int64_t shift_right(int64_t value, int shift) {
  int64_t quotient = value >> shift;
  if (shift == 0 || rounding == rounding_mode::floor) return quotient;
  const int64_t rest = value - (quotient << shift);
  const int64_t half = int64_t{1} << (shift - 1);
  if (rest > half || (rest == half && quotient % 2 != 0)) ++quotient;
  return quotient;
}
inline bfloat16 to_bfloat16(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto kept = static_cast<uint16_t>(bits >> 16);
  const uint32_t rest = bits & 0xffff;
  const bool up =
      rounding == rounding_mode::conv_even && (rest > 0x8000 || (rest == 0x8000 && kept % 2 != 0));
  return {static_cast<uint16_t>(kept + (up ? 1 : 0))};
}
}  // namespace detail

inline void set_rounding(rounding_mode mode) { detail::rounding = mode; }
inline void set_saturation(saturation_mode mode) { detail::saturation = mode; }

template <typename T, unsigned N>
struct vector {
  static_assert(detail::is_vector<T, N>, "no vector has this size");
  using value_type = T;
  static constexpr unsigned size() { return N; }
  T elements[N];

  template <unsigned M>
  vector<T, M> extract(unsigned part) const {
    vector<T, M> out;
    for (unsigned i = 0; i < M; ++i) out.elements[i] = elements[part * M + i];
    return out;
  }
  template <typename U>
  vector<U, N * sizeof(T) / sizeof(U)> cast_to() const {
    return std::bit_cast<vector<U, N * sizeof(T) / sizeof(U)>>(*this);
  }
};

template <typename Tag, unsigned N>
struct accum {
  static_assert(detail::is_accum<Tag, N>, "no accumulator has these lanes");
  using value_type = std::conditional_t<std::is_same_v<Tag, accfloat>, float, int64_t>;
  static constexpr unsigned size() { return N; }
  value_type elements[N];

  template <typename T>
  void from_vector(const vector<T, N>& v, int shift = 0) {
    static_assert(detail::is_loaded_from<Tag, T>, "this accumulator is not loaded from this type");
    for (unsigned i = 0; i < N; ++i)
      if constexpr (!std::is_same_v<Tag, accfloat>)
        elements[i] = static_cast<int64_t>(v.elements[i]) << shift;
      else
        elements[i] = v.elements[i];
  }
  template <typename T>
  vector<T, N> to_vector(int shift = 0) const {
    static_assert(detail::is_rounded_to<Tag, T>, "this accumulator is not rounded to this type");
    vector<T, N> out;
    for (unsigned i = 0; i < N; ++i)
      if constexpr (std::is_same_v<T, bfloat16>)
        out.elements[i] = detail::to_bfloat16(elements[i]);
      else if constexpr (std::is_same_v<T, float>)
        out.elements[i] = elements[i];
      else
        out.elements[i] = detail::narrow<T>(detail::shift_right(elements[i], shift));
    return out;
  }
};

/// Loads and stores are aligned to 16 bytes for 128 bits, to 32 for 256 bits and, on AIE2, for all
/// larger ones; AIE2P wants 64 there.
template <typename T, unsigned N>
void check_aligned(const T* at) {
  constexpr uintptr_t kLargest = detail::kAie2 ? 32 : 64;
  constexpr uintptr_t kAlignment = N * sizeof(T) < kLargest ? N * sizeof(T) : kLargest;
  if (reinterpret_cast<uintptr_t>(at) % kAlignment != 0) std::abort();
}
template <unsigned N, typename T>
vector<T, N> load_v(const T* from) {
  check_aligned<T, N>(from);
  vector<T, N> out;
  for (unsigned i = 0; i < N; ++i) out.elements[i] = from[i];
  return out;
}
template <typename T, unsigned N>
void store_v(T* to, const vector<T, N>& v) {
  check_aligned<T, N>(to);
  for (unsigned i = 0; i < N; ++i) to[i] = v.elements[i];
}

template <typename T, unsigned N>
auto zeros() {
  if constexpr (std::is_same_v<T, acc64> || std::is_same_v<T, acc32> || std::is_same_v<T, accfloat>)
    return accum<T, N>{};
  else
    return vector<T, N>{};
}
template <typename T, unsigned N>
vector<T, N> broadcast(T value) {
  vector<T, N> out;
  for (auto& element : out.elements) element = value;
  return out;
}

template <typename T, unsigned N, typename F>
vector<T, N> map(const vector<T, N>& a, const vector<T, N>& b, const F& f) {
  vector<T, N> out;
  for (unsigned i = 0; i < N; ++i)
    out.elements[i] = static_cast<T>(f(a.elements[i], b.elements[i]));
  return out;
}
template <typename T, unsigned N>
vector<T, N> max(const vector<T, N>& a, const vector<T, N>& b) {
  return map(a, b, [](T x, T y) { return x > y ? x : y; });
}
template <typename T, unsigned N>
vector<T, N> add(const vector<T, N>& a, const vector<T, N>& b) {
  return map(a, b, [](T x, T y) { return x + y; });
}
template <typename T, unsigned N>
vector<T, N> sub(const vector<T, N>& a, const vector<T, N>& b) {
  return map(a, b, [](T x, T y) { return x - y; });
}
template <typename T, unsigned N>
vector<T, N> bit_and(const vector<T, N>& a, const vector<T, N>& b) {
  return map(a, b, [](T x, T y) { return x & y; });
}
template <typename T, unsigned N>
vector<T, N> abs(const vector<T, N>& a) {
  return map(a, a, [](T x, T) { return x < 0 ? -x : x; });
}
template <typename T, unsigned N>
vector<T, N> neg(const vector<T, N>& a) {
  return map(a, a, [](T x, T) { return -x; });
}
template <typename T, unsigned N>
vector<T, N> upshift(const vector<T, N>& a, unsigned shift) {
  return map(a, a, [shift](T x, T) { return x << shift; });
}
template <typename T, unsigned N>
vector<T, N> downshift(const vector<T, N>& a, unsigned shift) {
  return map(a, a, [shift](T x, T) { return x >> shift; });
}
template <unsigned N>
vector<int8, N> pack(const vector<int16, N>& a) {
  vector<int8, N> out;
  for (unsigned i = 0; i < N; ++i) out.elements[i] = detail::narrow<int8>(a.elements[i]);
  return out;
}
template <typename F, unsigned N>
vector<F, N> to_float(const vector<int32, N>& a, int shift) {
  vector<F, N> out;
  for (unsigned i = 0; i < N; ++i)
    out.elements[i] = std::ldexp(static_cast<F>(a.elements[i]), -shift);
  return out;
}

/// Runs of `step` elements of a and b in turn, as (first half, second half).
template <typename T, unsigned N>
std::pair<vector<T, N>, vector<T, N>> interleave_zip(const vector<T, N>& a, const vector<T, N>& b,
                                                     unsigned step) {
  if (!detail::is_step(step, 2 * N)) std::abort();
  vector<T, N> out[2];
  for (unsigned i = 0; i < 2 * N; ++i) {
    const auto& from = i / step % 2 == 0 ? a : b;
    out[i / N].elements[i % N] = from.elements[i / (2 * step) * step + i % step];
  }
  return {out[0], out[1]};
}
template <typename... V, typename T, unsigned N>
auto concat(const vector<T, N>& first, const V&... rest) {
  vector<T, N*(1 + sizeof...(V))> out;
  unsigned at = 0;
  const auto put = [&](const vector<T, N>& v) {
    for (const T& element : v.elements) out.elements[at++] = element;
  };
  put(first);
  (put(rest), ...);
  return out;
}
/// Runs of `step` elements at even places, and at odd places.
template <typename T, unsigned N>
vector<T, N / 2> filter_even(const vector<T, N>& v, unsigned step) {
  if (!detail::is_step(step, N)) std::abort();
  vector<T, N / 2> out;
  for (unsigned i = 0; i < N / 2; ++i) out.elements[i] = v.elements[i / step * 2 * step + i % step];
  return out;
}
template <typename T, unsigned N>
vector<T, N / 2> filter_odd(const vector<T, N>& v, unsigned step) {
  if (!detail::is_step(step, N)) std::abort();
  vector<T, N / 2> out;
  for (unsigned i = 0; i < N / 2; ++i)
    out.elements[i] = v.elements[i / step * 2 * step + step + i % step];
  return out;
}
/// Moved up by n elements, the last n of `fill` before them.
template <typename T, unsigned N>
vector<T, N> shuffle_up_fill(const vector<T, N>& v, const vector<T, N>& fill, unsigned n) {
  vector<T, N> out;
  for (unsigned i = 0; i < N; ++i)
    out.elements[i] = i < n ? fill.elements[N - n + i] : v.elements[i - n];
  return out;
}
/// The inverse of interleave_zip.
template <typename T, unsigned N>
std::pair<vector<T, N>, vector<T, N>> interleave_unzip(const vector<T, N>& a, const vector<T, N>& b,
                                                       unsigned step) {
  const auto both = concat(a, b);
  return {filter_even(both, step), filter_odd(both, step)};
}

namespace detail {
template <typename Tag, unsigned N, typename A, typename B>
accum<Tag, N> multiply_add(const accum<Tag, N>& acc, const vector<A, N>& a, const vector<B, N>& b) {
  accum<Tag, N> out;
  using P = typename accum<Tag, N>::value_type;
  for (unsigned i = 0; i < N; ++i)
    out.elements[i] =
        acc.elements[i] + static_cast<P>(a.elements[i]) * static_cast<P>(b.elements[i]);
  return out;
}
}  // namespace detail

template <typename Tag, unsigned N, typename A, typename B>
accum<Tag, N> mac(const accum<Tag, N>& acc, const vector<A, N>& a, const vector<B, N>& b) {
  static_assert(detail::is_mac<Tag, A, B>, "no mac of these types on this target");
  return detail::multiply_add(acc, a, b);
}
template <typename Tag, unsigned N, typename A, typename B>
accum<Tag, N> mul(const vector<A, N>& a, const vector<B, N>& b) {
  static_assert(detail::is_mul<Tag, A, B>, "no mul of these types");
  return detail::multiply_add(accum<Tag, N>{}, a, b);
}
template <unsigned N>
accum<accfloat, N> mul(const vector<bfloat16, N>& a, const vector<bfloat16, N>& b) {
  return mul<accfloat>(a, b);
}
template <typename Tag, unsigned N>
accum<Tag, N> add(const accum<Tag, N>& a, const accum<Tag, N>& b) {
  accum<Tag, N> out;
  for (unsigned i = 0; i < N; ++i) out.elements[i] = a.elements[i] + b.elements[i];
  return out;
}

template <unsigned M, unsigned K, unsigned N, typename A, typename B, typename Tag>
struct mmul {
  static_assert(detail::is_mmul<M, K, N, A, B, Tag>(), "no mmul of this shape on this target");
  explicit mmul(const accum<Tag, M * N>& acc) : acc_(acc) {}
  void mac(const vector<A, M * K>& a, const vector<B, K * N>& b) {
    using P = typename accum<Tag, M * N>::value_type;
    for (unsigned row = 0; row < M; ++row)
      for (unsigned col = 0; col < N; ++col)
        for (unsigned k = 0; k < K; ++k)
          acc_.elements[row * N + col] +=
              static_cast<P>(a.elements[row * K + k]) * static_cast<P>(b.elements[k * N + col]);
  }
  accum<Tag, M * N> to_accum() const { return acc_; }

 private:
  accum<Tag, M * N> acc_;
};

}  // namespace aie
