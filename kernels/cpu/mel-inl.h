// SPDX-License-Identifier: LGPL-2.1-or-later
// Sparse mel filters over a group of frames. Included once per instruction set.
#if defined(NPUMEL_MEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_MEL_INL_H_
#undef NPUMEL_MEL_INL_H_
#else
#define NPUMEL_MEL_INL_H_
#endif

#include <hwy/highway.h>

#include "kernels/cpu/tables.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// Where the next filters are read and written while the classes are walked.
struct FilterCursor {
  const FilterPlace* place;
  const float* weights;
};

/// Adds weights * bins to two sums alternately, which hides the latency of the additions (both may
/// be the same sum). Four weights are loaded at once and spread by shuffles: loads are the
/// bottleneck.
template <int kLength, class D, class V = hn::Vec<D>>
HWY_INLINE void AddBins(D d, const float* bins, const float* weights, V& even, V& odd) {
#if HWY_TARGET == HWY_SCALAR
  for (int i = 0; i < kLength; ++i) {
    V& sum = i % 2 == 0 ? even : odd;
    sum = hn::MulAdd(hn::Load(d, bins + i), hn::Set(d, weights[i]), sum);
  }
#else
  if constexpr (kLength > 0) {
    [[maybe_unused]] const size_t lanes = hn::Lanes(d);
    const V four = hn::LoadDup128(d, weights);
    even = hn::MulAdd(hn::Load(d, bins), hn::Broadcast<0>(four), even);
    if constexpr (kLength > 1)
      odd = hn::MulAdd(hn::Load(d, bins + lanes), hn::Broadcast<1>(four), odd);
    if constexpr (kLength > 2)
      even = hn::MulAdd(hn::Load(d, bins + 2 * lanes), hn::Broadcast<2>(four), even);
    if constexpr (kLength > 3)
      odd = hn::MulAdd(hn::Load(d, bins + 3 * lanes), hn::Broadcast<3>(four), odd);
    if constexpr (kLength > 4) AddBins<kLength - 4>(d, bins + 4 * lanes, weights + 4, even, odd);
  }
#endif
}

/// `count` filters of kLength bins each.
template <int kLength, class D>
HWY_INLINE FilterCursor FilterClass(D d, int count, FilterCursor at, const float* power,
                                    float* energy) {
  const FilterPlace* const end = at.place + count;
  for (; at.place != end; ++at.place) {
    auto sum = hn::Zero(d);
    AddBins<kLength>(d, power + at.place->bins, at.weights, sum, sum);
    at.weights += kLength;
    hn::Store(sum, d, energy + at.place->energy);
  }
  return at;
}

/// The same for lengths without a loop of their own.
template <class D>
HWY_NOINLINE FilterCursor LongFilters(D d, MelClass filters, FilterCursor at, const float* power,
                                      float* energy) {
  const size_t lanes = hn::Lanes(d);
  for (int filter = 0; filter < filters.count; ++filter) {
    const float* bins = power + at.place->bins;
    auto even = hn::Zero(d);
    auto odd = even;
    int left = filters.length;
    for (; left >= 8; left -= 8, bins += 8 * lanes, at.weights += 8)
      AddBins<8>(d, bins, at.weights, even, odd);
    for (; left >= 2; left -= 2, bins += 2 * lanes, at.weights += 2)
      AddBins<2>(d, bins, at.weights, even, odd);
    for (; left != 0; --left, bins += lanes, ++at.weights)
      AddBins<1>(d, bins, at.weights, even, odd);
    hn::Store(hn::Add(even, odd), d, energy + at.place++->energy);
  }
  return at;
}

/// energy[mel] = sum of weight * power over the filter's bins.
template <class D>
HWY_NOINLINE void ApplyFilters(D d, const MelTables& mel, const float* power, float* energy) {
  FilterCursor at{mel.places.data(), mel.weights.data()};
  for (const MelClass& filters : mel.classes) {
    switch (filters.length) {
      case 0:
        at = FilterClass<0>(d, filters.count, at, power, energy);
        break;
      case 1:
        at = FilterClass<1>(d, filters.count, at, power, energy);
        break;
      case 2:
        at = FilterClass<2>(d, filters.count, at, power, energy);
        break;
      case 3:
        at = FilterClass<3>(d, filters.count, at, power, energy);
        break;
      case 4:
        at = FilterClass<4>(d, filters.count, at, power, energy);
        break;
      case 5:
        at = FilterClass<5>(d, filters.count, at, power, energy);
        break;
      case 6:
        at = FilterClass<6>(d, filters.count, at, power, energy);
        break;
      case 7:
        at = FilterClass<7>(d, filters.count, at, power, energy);
        break;
      case 8:
        at = FilterClass<8>(d, filters.count, at, power, energy);
        break;
      case 9:
        at = FilterClass<9>(d, filters.count, at, power, energy);
        break;
      case 10:
        at = FilterClass<10>(d, filters.count, at, power, energy);
        break;
      case 11:
        at = FilterClass<11>(d, filters.count, at, power, energy);
        break;
      case 12:
        at = FilterClass<12>(d, filters.count, at, power, energy);
        break;
      default:
        at = LongFilters(d, filters, at, power, energy);
        break;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_MEL_INL_H_
