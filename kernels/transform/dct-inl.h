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
HWY_INLINE void FourValuesOfRows(const float* sums, size_t i, ptrdiff_t /*pitch*/, float* out) {
  std::copy_n(sums + i, 4, out + i);
}
#else
static_assert(kDctLanes == 4 || kDctLanes == 8);
struct DctFour {
  DctVec v0, v1, v2, v3;
};

/// Transposes the lower halves and the upper halves, four lanes each.
HWY_INLINE DctFour Transposed(const DctFour& in) {
  const DctTag d;
  const auto lower_even = hn::InterleaveLower(d, in.v0, in.v2);
  const auto lower_odd = hn::InterleaveLower(d, in.v1, in.v3);
  const auto upper_even = hn::InterleaveUpper(d, in.v0, in.v2);
  const auto upper_odd = hn::InterleaveUpper(d, in.v1, in.v3);
  return {
      hn::InterleaveLower(d, lower_even, lower_odd), hn::InterleaveUpper(d, lower_even, lower_odd),
      hn::InterleaveLower(d, upper_even, upper_odd), hn::InterleaveUpper(d, upper_even, upper_odd)};
}

/// Four values at `low`, and where a vector has eight lanes, four at `high`. Templates, so that
/// what a vector of four lanes has not is not compiled for it.
template <class D>
HWY_INLINE hn::Vec<D> LoadFours(D d, const float* low, const float* high) {
  if constexpr (hn::MaxLanes(D()) == 8) {
    const hn::Half<D> half;
    return hn::Combine(d, hn::LoadU(half, high), hn::LoadU(half, low));
  } else {
    return hn::LoadU(d, low);
  }
}
template <class D>
HWY_INLINE void StoreFours(D d, hn::Vec<D> values, float* low, float* high) {
  if constexpr (hn::MaxLanes(D()) == 8) {
    const hn::Half<D> half;
    hn::StoreU(hn::LowerHalf(half, values), half, low);
    hn::StoreU(hn::UpperHalf(half, values), half, high);
  } else {
    hn::StoreU(values, d, low);
  }
}

/// Values n .. n + 3 of each row to the columns of these numbers.
HWY_INLINE void FourColumns(const float* const* rows, size_t n, float* HWY_RESTRICT columns) {
  const DctTag d;
  constexpr size_t kUpper = kDctLanes - 4;
  const DctFour four = Transposed({LoadFours(d, rows[0] + n, rows[kUpper] + n),
                                   LoadFours(d, rows[1] + n, rows[kUpper + 1] + n),
                                   LoadFours(d, rows[2] + n, rows[kUpper + 2] + n),
                                   LoadFours(d, rows[3] + n, rows[kUpper + 3] + n)});
  float* out = columns + n * kDctLanes;
  hn::StoreU(four.v0, d, out);
  hn::StoreU(four.v1, d, out + kDctLanes);
  hn::StoreU(four.v2, d, out + 2 * kDctLanes);
  hn::StoreU(four.v3, d, out + 3 * kDctLanes);
}

/// The columns i .. i + 3 of `sums` to the values of these numbers of kDctLanes rows.
HWY_INLINE void FourValuesOfRows(const float* sums, size_t i, ptrdiff_t pitch, float* out) {
  const DctTag d;
  const float* from = sums + i * kDctLanes;
  const DctFour four =
      Transposed({hn::LoadU(d, from), hn::LoadU(d, from + kDctLanes),
                  hn::LoadU(d, from + 2 * kDctLanes), hn::LoadU(d, from + 3 * kDctLanes)});
  constexpr ptrdiff_t kUpper = kDctLanes - 4;
  out += i;
  StoreFours(d, four.v0, out, out + kUpper * pitch);
  StoreFours(d, four.v1, out + pitch, out + (kUpper + 1) * pitch);
  StoreFours(d, four.v2, out + 2 * pitch, out + (kUpper + 2) * pitch);
  StoreFours(d, four.v3, out + 3 * pitch, out + (kUpper + 3) * pitch);
}
#endif

/// `rows` rows out of columns.
HWY_INLINE void StoreRows(const float* sums, size_t coefficients, size_t rows, float* out) {
  if (rows < kDctLanes || coefficients < 4) {
    for (size_t r = 0; r < rows; ++r)
      for (size_t i = 0; i < coefficients; ++i) *out++ = sums[i * kDctLanes + r];
    return;
  }
  const auto pitch = static_cast<ptrdiff_t>(coefficients);
  size_t i = 0;
  for (; i + 4 <= coefficients; i += 4) FourValuesOfRows(sums, i, pitch, out);
  // Once more what overlaps.
  if (i < coefficients) FourValuesOfRows(sums, coefficients - 4, pitch, out);
}

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
  // `terms` is a constant in all calls but the last: that loop is unrolled.
  const auto add_terms = [&](size_t terms) HWY_ATTR {
    DctVec sums[kCount];
    for (size_t c = 0; c < kCount; ++c) sums[c] = hn::Zero(d);
    for (size_t n = 0; n < terms; ++n) {
      const auto value = hn::LoadU(d, values + n * kDctLanes);
      for (size_t c = 0; c < kCount; ++c)
        sums[c] = hn::Add(sums[c], hn::Mul(value, hn::Set(d, weights[n * kCount + c])));
    }
    for (size_t c = 0; c < kCount; ++c) AddTo(totals[c], sums[c]);
    values += terms * kDctLanes;
    weights += terms * kCount;
  };
  size_t left = part.terms;
  for (; left >= kDctTerms; left -= kDctTerms) add_terms(kDctTerms);
  if (left > 0) add_terms(left);
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
      StoreTotal(totals[i], scratch.sums.data() + tables.places[part.row + c + i] * kDctLanes);
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
    StoreRows(scratch.sums.data(), coefficients, present, out);
    out += present * coefficients;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_DCT_INL_H_
