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
constexpr size_t kDctTerms = 20;  // products that are added up in float32, at most

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

/// Four columns, one next to the other.
struct DctFour {
  DctVec v0, v1, v2, v3;
};

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE DctFour FourColumns(const float* const* rows, size_t n) {
  const DctTag d;
  const float* from = rows[0] + n;
  return {hn::LoadU(d, from), hn::LoadU(d, from + 1), hn::LoadU(d, from + 2),
          hn::LoadU(d, from + 3)};
}
HWY_INLINE void FourValuesOfRows(const float* sums, size_t i, ptrdiff_t /*pitch*/, float* out) {
  std::copy_n(sums + i, 4, out + i);
}
#else
static_assert(kDctLanes == 4 || kDctLanes == 8);

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

/// Values n .. n + 3 of each row.
HWY_INLINE DctFour FourColumns(const float* const* rows, size_t n) {
  const DctTag d;
  constexpr size_t kUpper = kDctLanes - 4;
  return Transposed({LoadFours(d, rows[0] + n, rows[kUpper] + n),
                     LoadFours(d, rows[1] + n, rows[kUpper + 1] + n),
                     LoadFours(d, rows[2] + n, rows[kUpper + 2] + n),
                     LoadFours(d, rows[3] + n, rows[kUpper + 3] + n)});
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

/// Value n of each row.
HWY_INLINE DctVec OneColumn(const float* const* rows, size_t n) {
  float column[kDctLanes];
  for (size_t r = 0; r < kDctLanes; ++r) column[r] = rows[r][n];
  return hn::LoadU(DctTag(), column);
}

/// One of each row's own values that most others are near to: the median of three.
HWY_INLINE DctVec RowLevels(const float* const* rows, size_t length) {
  const auto a = OneColumn(rows, length / 4);
  const auto b = OneColumn(rows, length / 2);
  const auto c = OneColumn(rows, 3 * length / 4);
  return hn::Max(hn::Min(a, b), hn::Min(hn::Max(a, b), c));
}

/// pair(n, front, back) for the columns that lie equally far from the middle of `length` columns;
/// the middle one, where there is one, is left alone. Some pairs may come twice.
template <class Pair>
HWY_INLINE void PairsOfRows(const float* const* rows, size_t length, Pair pair) {
  const size_t half = length / 2;
  if (half < 4) {
    for (size_t n = 0; n < half; ++n) pair(n, OneColumn(rows, n), OneColumn(rows, length - 1 - n));
    return;
  }
  for (size_t begin = 0; begin < half; begin += 4) {
    const size_t n = HWY_MIN(begin, half - 4);
    const DctFour front = FourColumns(rows, n);
    const DctFour back = FourColumns(rows, length - 4 - n);
    pair(n, front.v0, back.v3);
    pair(n + 1, front.v1, back.v2);
    pair(n + 2, front.v2, back.v1);
    pair(n + 3, front.v3, back.v0);
  }
}

/// The values of all parts, from rows and their levels.
HWY_INLINE void FoldRows(const DctTables& tables, const float* const* rows, DctVec levels,
                         DctScratch& scratch) {
  const DctTag d;
  const size_t length = tables.length;
  float* HWY_RESTRICT folded = scratch.folded.data();
  // Even coefficients of an even length are a DCT of half the length, which is folded again.
  const bool twice = tables.even_odd.terms != 0;
  float* HWY_RESTRICT even = twice ? scratch.even.data() : folded + tables.even.first * kDctLanes;
  float* HWY_RESTRICT odd = folded + tables.odd.first * kDctLanes;
  PairsOfRows(rows, length, [&](size_t n, DctVec front, DctVec back) HWY_ATTR {
    hn::StoreU(hn::Add(hn::Sub(front, levels), hn::Sub(back, levels)), d, even + n * kDctLanes);
    hn::StoreU(hn::Sub(front, back), d, odd + n * kDctLanes);
  });
  const size_t middle = length / 2;
  if (length % 2 != 0)
    hn::StoreU(hn::Sub(OneColumn(rows, middle), levels), d, even + middle * kDctLanes);
  if (!twice) return;
  float* HWY_RESTRICT sums = folded + tables.even.first * kDctLanes;
  float* HWY_RESTRICT differences = folded + tables.even_odd.first * kDctLanes;
  for (size_t n = 0; n < middle / 2; ++n) {
    const auto front = hn::LoadU(d, even + n * kDctLanes);
    const auto back = hn::LoadU(d, even + (middle - 1 - n) * kDctLanes);
    hn::StoreU(hn::Add(front, back), d, sums + n * kDctLanes);
    hn::StoreU(hn::Sub(front, back), d, differences + n * kDctLanes);
  }
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
  for (size_t left = part.terms; left > 0;) {
    const size_t terms = HWY_MIN(left, kDctTerms);
    DctVec sums[kCount];
    for (size_t c = 0; c < kCount; ++c) sums[c] = hn::Zero(d);
    for (size_t n = 0; n < terms; ++n, values += kDctLanes, weights += kCount) {
      const auto value = hn::LoadU(d, values);
      for (size_t c = 0; c < kCount; ++c)
        sums[c] = hn::Add(sums[c], hn::Mul(value, hn::Set(d, weights[c])));
    }
    for (size_t c = 0; c < kCount; ++c) AddTo(totals[c], sums[c]);
    left -= terms;
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

/// All coefficients of a part to scratch.sums. Not inlined: three copies of the same loops cost
/// time to compile and save none.
HWY_NOINLINE void SumPart(const DctTables& tables, const DctPart& part, DctVec levels,
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
    const DctVec levels = RowLevels(pointers, length);
    FoldRows(tables, pointers, levels, scratch);
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
