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
  const uint32_t* first_bin;
  const uint32_t* row;
  const float* weights;
};

/// `count` filters of kLength bins each.
template <int kLength, class D>
HWY_INLINE void FilterClass(D d, int count, FilterCursor& at, const float* power, float* energy) {
  const size_t lanes = hn::Lanes(d);
  for (int filter = 0; filter < count; ++filter) {
    const auto* bins = power + lanes * *at.first_bin++;
    auto sum = hn::Zero(d);
    if constexpr (kLength > 0) sum = hn::Mul(hn::Load(d, bins), hn::Set(d, at.weights[0]));
    for (int i = 1; i < kLength; ++i)
      sum = hn::MulAdd(hn::Load(d, bins + lanes * static_cast<size_t>(i)),
                       hn::Set(d, at.weights[i]), sum);
    at.weights += kLength;
    hn::Store(sum, d, energy + lanes * *at.row++);
  }
}

/// The same for lengths without a loop of their own; two sums hide the latency of the additions.
template <class D>
HWY_NOINLINE void LongFilters(D d, MelClass filters, FilterCursor& at, const float* power,
                              float* energy) {
  const size_t lanes = hn::Lanes(d);
  for (int filter = 0; filter < filters.count; ++filter) {
    const auto* bins = power + lanes * *at.first_bin++;
    auto even = hn::Zero(d);
    auto odd = hn::Zero(d);
    int i = 0;
    for (; i + 2 <= filters.length; i += 2, bins += 2 * lanes) {
      even = hn::MulAdd(hn::Load(d, bins), hn::Set(d, at.weights[i]), even);
      odd = hn::MulAdd(hn::Load(d, bins + lanes), hn::Set(d, at.weights[i + 1]), odd);
    }
    if (i < filters.length) even = hn::MulAdd(hn::Load(d, bins), hn::Set(d, at.weights[i]), even);
    at.weights += filters.length;
    hn::Store(hn::Add(even, odd), d, energy + lanes * *at.row++);
  }
}

/// energy[mel] = sum of weight * power over the filter's bins.
template <class D>
HWY_NOINLINE void ApplyFilters(D d, const MelTables& mel, const float* power, float* energy) {
  FilterCursor at{mel.first_bin.data(), mel.row.data(), mel.weights.data()};
  for (const MelClass& filters : mel.classes) {
    switch (filters.length) {
      case 0:
        FilterClass<0>(d, filters.count, at, power, energy);
        break;
      case 1:
        FilterClass<1>(d, filters.count, at, power, energy);
        break;
      case 2:
        FilterClass<2>(d, filters.count, at, power, energy);
        break;
      case 3:
        FilterClass<3>(d, filters.count, at, power, energy);
        break;
      case 4:
        FilterClass<4>(d, filters.count, at, power, energy);
        break;
      case 5:
        FilterClass<5>(d, filters.count, at, power, energy);
        break;
      case 6:
        FilterClass<6>(d, filters.count, at, power, energy);
        break;
      case 7:
        FilterClass<7>(d, filters.count, at, power, energy);
        break;
      case 8:
        FilterClass<8>(d, filters.count, at, power, energy);
        break;
      case 9:
        FilterClass<9>(d, filters.count, at, power, energy);
        break;
      case 10:
        FilterClass<10>(d, filters.count, at, power, energy);
        break;
      case 11:
        FilterClass<11>(d, filters.count, at, power, energy);
        break;
      case 12:
        FilterClass<12>(d, filters.count, at, power, energy);
        break;
      default:
        LongFilters(d, filters, at, power, energy);
        break;
    }
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_MEL_INL_H_
