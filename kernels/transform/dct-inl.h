// SPDX-License-Identifier: LGPL-2.1-or-later
// Products of rows with the weights of a DCT. Included once per instruction set.
#if defined(NPUMEL_DCT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef NPUMEL_DCT_INL_H_
#undef NPUMEL_DCT_INL_H_
#else
#define NPUMEL_DCT_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>

#include "kernels/transform/row_loops.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

/// The lanes of a vector are rows.
using DctTag = hn::CappedTag<float, kDctRows>;
using DctVec = hn::Vec<DctTag>;
constexpr size_t kDctLanes = hn::MaxLanes(DctTag());
constexpr size_t kDctTerms = 8;  // products that are added up in float32

/// The sum of a coefficient, in double: the two halves of a vector of rows.
using DctHalf = hn::CappedTag<float, HWY_MAX(1, kDctLanes / 2)>;
using DctWide = hn::Rebind<double, DctHalf>;
struct DctTotal {
  hn::Vec<DctWide> low, high;
};

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void AddTo(DctTotal& total, DctVec sum) {
  total.low = hn::Add(total.low, hn::PromoteTo(DctWide(), sum));
}
#else
HWY_INLINE void AddTo(DctTotal& total, DctVec sum) {
  const DctWide d;
  const DctHalf half;
  total.low = hn::Add(total.low, hn::PromoteTo(d, hn::LowerHalf(half, sum)));
  total.high = hn::Add(total.high, hn::PromoteTo(d, hn::UpperHalf(half, sum)));
}
#endif

HWY_INLINE void StoreTotal(const DctTotal& total, float* out) {
  const DctHalf half;
  hn::StoreU(hn::DemoteTo(half, total.low), half, out);
  if constexpr (kDctLanes > 1)
    hn::StoreU(hn::DemoteTo(half, total.high), half, out + kDctLanes / 2);
}

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE void FourColumns(const float* const* rows, size_t n, float* HWY_RESTRICT columns) {
  std::copy_n(rows[0] + n, 4, columns + n);
}
#else
/// The values n .. n + 3 of row r, and of row r + 4 where a vector has eight lanes.
template <class D>
HWY_INLINE hn::Vec<D> FourValues(D d, const float* const* rows, size_t r, size_t n) {
  if constexpr (hn::MaxLanes(D()) == 8) {
    const hn::Half<D> half;
    return hn::Combine(d, hn::LoadU(half, rows[r + 4] + n), hn::LoadU(half, rows[r] + n));
  } else {
    return hn::LoadU(d, rows[r] + n);
  }
}

/// Values n .. n + 3 of each row to the columns of these numbers.
HWY_INLINE void FourColumns(const float* const* rows, size_t n, float* HWY_RESTRICT columns) {
  static_assert(kDctLanes == 4 || kDctLanes == 8);
  const DctTag d;
  const auto row0 = FourValues(d, rows, 0, n);
  const auto row1 = FourValues(d, rows, 1, n);
  const auto row2 = FourValues(d, rows, 2, n);
  const auto row3 = FourValues(d, rows, 3, n);
  const auto lower_even = hn::InterleaveLower(d, row0, row2);
  const auto lower_odd = hn::InterleaveLower(d, row1, row3);
  const auto upper_even = hn::InterleaveUpper(d, row0, row2);
  const auto upper_odd = hn::InterleaveUpper(d, row1, row3);
  float* out = columns + n * kDctLanes;
  hn::StoreU(hn::InterleaveLower(d, lower_even, lower_odd), d, out);
  hn::StoreU(hn::InterleaveUpper(d, lower_even, lower_odd), d, out + kDctLanes);
  hn::StoreU(hn::InterleaveLower(d, upper_even, upper_odd), d, out + 2 * kDctLanes);
  hn::StoreU(hn::InterleaveUpper(d, upper_even, upper_odd), d, out + 3 * kDctLanes);
}
#endif

/// One of each row's own values that most others are near to: the median of three.
HWY_INLINE DctVec RowLevels(const float* columns, size_t length) {
  const DctTag d;
  const auto a = hn::LoadU(d, columns + length / 4 * kDctLanes);
  const auto b = hn::LoadU(d, columns + length / 2 * kDctLanes);
  const auto c = hn::LoadU(d, columns + 3 * length / 4 * kDctLanes);
  return hn::Max(hn::Min(a, b), hn::Min(hn::Max(a, b), c));
}

/// Sums and differences of columns that lie equally far from the middle of `length` columns; the
/// middle one, where there is one, is left alone.
template <class Sum, class Difference>
HWY_INLINE void FoldColumns(const float* columns, size_t length, Sum sum, Difference difference) {
  const DctTag d;
  for (size_t n = 0; n < length / 2; ++n) {
    const auto front = hn::LoadU(d, columns + n * kDctLanes);
    const auto back = hn::LoadU(d, columns + (length - 1 - n) * kDctLanes);
    sum(n, front, back);
    difference(n, hn::Sub(front, back));
  }
}

HWY_INLINE void FoldRows(const DctTables& tables, DctVec levels, DctScratch& scratch) {
  const DctTag d;
  const size_t length = tables.length;
  const float* columns = scratch.columns.data();
  float* HWY_RESTRICT folded = scratch.folded.data();
  // Even coefficients of an even length are a DCT of half the length, which is folded again.
  const bool twice = tables.even_odd.terms != 0;
  float* even = twice ? scratch.even.data() : folded + tables.even.first * kDctLanes;
  float* odd = folded + tables.odd.first * kDctLanes;
  FoldColumns(
      columns, length,
      [&](size_t n, DctVec front, DctVec back) HWY_ATTR {
        hn::StoreU(hn::Add(hn::Sub(front, levels), hn::Sub(back, levels)), d, even + n * kDctLanes);
      },
      [&](size_t n, DctVec difference)
          HWY_ATTR { hn::StoreU(difference, d, odd + n * kDctLanes); });
  const size_t middle = length / 2;
  if (length % 2 != 0) {
    const auto column = hn::LoadU(d, columns + middle * kDctLanes);
    hn::StoreU(hn::Sub(column, levels), d, even + middle * kDctLanes);
  }
  if (!twice) return;
  float* sums = folded + tables.even.first * kDctLanes;
  float* differences = folded + tables.even_odd.first * kDctLanes;
  FoldColumns(
      even, middle,
      [&](size_t n, DctVec front, DctVec back)
          HWY_ATTR { hn::StoreU(hn::Add(front, back), d, sums + n * kDctLanes); },
      [&](size_t n, DctVec difference)
          HWY_ATTR { hn::StoreU(difference, d, differences + n * kDctLanes); });
  if (middle % 2 != 0)
    hn::StoreU(hn::LoadU(d, even + middle / 2 * kDctLanes), d, sums + middle / 2 * kDctLanes);
}

/// kCount coefficients of one part at once; `weights` are those of a term, one after the other.
template <size_t kCount>
HWY_INLINE void SumCoefficients(const DctPart& part, const float* HWY_RESTRICT weights,
                                const float* HWY_RESTRICT folded, DctTotal* totals) {
  const DctTag d;
  const float* values = folded + part.first * kDctLanes;
  for (size_t c = 0; c < kCount; ++c) totals[c].low = totals[c].high = hn::Zero(DctWide());
  for (size_t first = 0; first < part.terms; first += kDctTerms) {
    const size_t end = std::min(first + kDctTerms, part.terms);
    DctVec sums[kCount];
    for (size_t c = 0; c < kCount; ++c) sums[c] = hn::Zero(d);
    for (size_t n = first; n < end; ++n, values += kDctLanes, weights += kCount) {
      const auto value = hn::LoadU(d, values);
      for (size_t c = 0; c < kCount; ++c)
        sums[c] = hn::Add(sums[c], hn::Mul(value, hn::Set(d, weights[c])));
    }
    for (size_t c = 0; c < kCount; ++c) AddTo(totals[c], sums[c]);
  }
}

/// SumCoefficients<count>, which is kMost or less.
template <size_t kMost>
HWY_INLINE void SumUpTo(size_t count, const DctPart& part, const float* weights,
                        const float* folded, DctTotal* totals) {
  if constexpr (kMost > 0) {
    if (count == kMost)
      SumCoefficients<kMost>(part, weights, folded, totals);
    else
      SumUpTo<kMost - 1>(count, part, weights, folded, totals);
  }
}

/// All coefficients of a part to scratch.sums.
HWY_INLINE void SumPart(const DctTables& tables, const DctPart& part, DctVec levels,
                        DctScratch& scratch) {
  const float* weights = tables.weights.data() + part.weights;
  const float* folded = scratch.folded.data();
  for (size_t c = 0; c < part.coefficients; c += kDctGroup) {
    const size_t count = std::min(kDctGroup, part.coefficients - c);
    DctTotal totals[kDctGroup];
    SumUpTo<kDctGroup>(count, part, weights, folded, totals);
    weights += count * part.terms;
    if (&part == &tables.even && c == 0) {
      DctTotal level{hn::Zero(DctWide()), hn::Zero(DctWide())};
      AddTo(level, levels);
      const auto weight = hn::Set(DctWide(), tables.level_weight);
      totals[0].low = hn::Add(totals[0].low, hn::Mul(level.low, weight));
      totals[0].high = hn::Add(totals[0].high, hn::Mul(level.high, weight));
    }
    for (size_t i = 0; i < count; ++i)
      StoreTotal(totals[i], scratch.sums.data() + (part.row + c + i) * kDctLanes);
  }
}

void DctRows(const DctTables& tables, const float* rows, ptrdiff_t pitch, int64_t count, float* out,
             DctScratch& scratch) {
  const size_t length = tables.length;
  const size_t coefficients = tables.coefficients;
  for (; count > 0; count -= kDctLanes, rows += kDctLanes * pitch) {
    const auto present = static_cast<size_t>(std::min<int64_t>(count, kDctLanes));
    const float* pointers[kDctRows];
    for (size_t r = 0; r < kDctLanes; ++r)
      pointers[r] = rows + static_cast<ptrdiff_t>(std::min(r, present - 1)) * pitch;
    float* columns = scratch.columns.data();
    size_t n = 0;
    for (; n + 4 <= length; n += 4) FourColumns(pointers, n, columns);
    for (; n < length; ++n)
      for (size_t r = 0; r < kDctLanes; ++r) columns[n * kDctLanes + r] = pointers[r][n];
    const DctVec levels = RowLevels(columns, length);
    FoldRows(tables, levels, scratch);
    SumPart(tables, tables.even, levels, scratch);
    SumPart(tables, tables.even_odd, levels, scratch);
    SumPart(tables, tables.odd, levels, scratch);
    const float* sums = scratch.sums.data();
    for (size_t r = 0; r < present; ++r)
      for (size_t i = 0; i < coefficients; ++i) *out++ = sums[tables.sources[i] * kDctLanes + r];
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_DCT_INL_H_
