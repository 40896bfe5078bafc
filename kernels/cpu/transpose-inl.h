// SPDX-License-Identifier: LGPL-2.1-or-later
// Square transposes of 4, 8 or 16 vectors. Included once per instruction set.
#if defined(NPUMEL_TRANSPOSE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_TRANSPOSE_INL_H_
#undef NPUMEL_TRANSPOSE_INL_H_
#else
#define NPUMEL_TRANSPOSE_INL_H_
#endif

#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR

/// 4 x 4 transposes within each 128-bit block of v[0..3].
template <class D, class V = hn::Vec<D>>
HWY_INLINE void TransposeBlocks(D d, V* v) {
  const hn::Repartition<double, D> pairs;
  const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(d, v[0], v[1]));
  const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(d, v[2], v[3]));
  const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(d, v[0], v[1]));
  const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(d, v[2], v[3]));
  v[0] = hn::BitCast(d, hn::InterleaveLower(pairs, low01, low23));
  v[1] = hn::BitCast(d, hn::InterleaveUpper(pairs, low01, low23));
  v[2] = hn::BitCast(d, hn::InterleaveLower(pairs, high01, high23));
  v[3] = hn::BitCast(d, hn::InterleaveUpper(pairs, high01, high23));
}

/// Lane i of v[j] becomes lane j of v[i].
template <class D, class V = hn::Vec<D>>
HWY_INLINE void Transpose(D d, V (&v)[hn::MaxLanes(D())]) {
  constexpr size_t kLanes = hn::MaxLanes(D());
  for (size_t group = 0; group < kLanes; group += 4) TransposeBlocks(d, v + group);
  if constexpr (kLanes == 8) {
    for (size_t j = 0; j < 4; ++j) {
      const V low = hn::ConcatLowerLower(d, v[4 + j], v[j]);
      v[4 + j] = hn::ConcatUpperUpper(d, v[4 + j], v[j]);
      v[j] = low;
    }
  } else if constexpr (kLanes == 16) {
    for (size_t j = 0; j < 4; ++j) {
      const auto even = [&](size_t g) HWY_ATTR {
        return hn::OddEvenBlocks(hn::SwapAdjacentBlocks(v[g + 4 + j]), v[g + j]);
      };
      const auto odd = [&](size_t g) HWY_ATTR {
        return hn::OddEvenBlocks(v[g + 4 + j], hn::SwapAdjacentBlocks(v[g + j]));
      };
      const V even0 = even(0);
      const V odd0 = odd(0);
      const V even1 = even(8);
      const V odd1 = odd(8);
      v[j] = hn::ConcatLowerLower(d, even1, even0);
      v[4 + j] = hn::ConcatLowerLower(d, odd1, odd0);
      v[8 + j] = hn::ConcatUpperUpper(d, even1, even0);
      v[12 + j] = hn::ConcatUpperUpper(d, odd1, odd0);
    }
  }
}

#endif  // HWY_TARGET != HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_TRANSPOSE_INL_H_
