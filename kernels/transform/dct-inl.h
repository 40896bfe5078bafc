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

using DctTag = hn::CappedTag<float, 8>;
constexpr size_t kDctRows = 4;   // rows that share a load of weights
constexpr size_t kDctTerms = 8;  // products that are added up in float32

/// One of the row's own values that most others are near to: the median of three.
inline float RowLevel(const float* row, size_t length) {
  const float a = row[length / 4];
  const float b = row[length / 2];
  const float c = row[3 * length / 4];
  return std::max(std::min(a, b), std::min(std::max(a, b), c));
}

/// Sums and differences of values that lie equally far from the middle.
HWY_INLINE void FoldRow(const float* HWY_RESTRICT row, size_t length, float level,
                        float* HWY_RESTRICT even, float* HWY_RESTRICT odd) {
  const DctTag d;
  const size_t lanes = hn::Lanes(d);
  const size_t pairs = length / 2;
  const float* end = row + length;
  const auto levels = hn::Set(d, level);
  size_t n = 0;
  for (; n + lanes <= pairs; n += lanes) {
    const auto front = hn::LoadU(d, row + n);
    const auto back = hn::Reverse(d, hn::LoadU(d, end - n - lanes));
    hn::StoreU(hn::Add(hn::Sub(front, levels), hn::Sub(back, levels)), d, even + n);
    hn::StoreU(hn::Sub(front, back), d, odd + n);
  }
  for (; n < pairs; ++n) {
    const float front = row[n];
    const float back = end[-1 - static_cast<ptrdiff_t>(n)];
    even[n] = (front - level) + (back - level);
    odd[n] = front - back;
  }
  if (length % 2 != 0) {
    even[n] = row[n] - level;
    odd[n] = 0;
  }
}

/// Products first <= n < end of kRows folded rows, summed up to scratch.partial.
template <size_t kRows>
HWY_INLINE void DctTerms(const DctTables& tables, size_t first, size_t end, DctScratch& scratch) {
  const DctTag d;
  using V = hn::Vec<DctTag>;
  const size_t half = tables.half;
  const size_t columns = tables.columns;
  const float* HWY_RESTRICT folded = scratch.folded.data();
  for (size_t c = 0; c < columns; c += hn::Lanes(d)) {
    const float* HWY_RESTRICT weights = tables.weights.data() + first * 2 * columns + c;
    V even[kRows];
    V odd[kRows];
    for (size_t r = 0; r < kRows; ++r) even[r] = odd[r] = hn::Zero(d);
    for (size_t n = first; n < end; ++n, weights += 2 * columns) {
      const V even_weight = hn::LoadU(d, weights);
      const V odd_weight = hn::LoadU(d, weights + columns);
      for (size_t r = 0; r < kRows; ++r) {
        const float* values = folded + 2 * r * half + n;
        even[r] = hn::Add(even[r], hn::Mul(hn::Set(d, values[0]), even_weight));
        odd[r] = hn::Add(odd[r], hn::Mul(hn::Set(d, values[half]), odd_weight));
      }
    }
    float* HWY_RESTRICT partial = scratch.partial.data() + c;
    for (size_t r = 0; r < kRows; ++r) {
      hn::StoreU(even[r], d, partial + 2 * r * columns);
      hn::StoreU(odd[r], d, partial + (2 * r + 1) * columns);
    }
  }
}

template <size_t kRows>
HWY_INLINE void DctGroup(const DctTables& tables, const float* rows, ptrdiff_t pitch, float* out,
                         DctScratch& scratch) {
  const auto length = static_cast<size_t>(tables.length);
  const size_t columns = tables.columns;
  const size_t sums = kRows * 2 * columns;
  double* HWY_RESTRICT totals = scratch.totals.data();
  const float* HWY_RESTRICT partial = scratch.partial.data();
  float levels[kRows];
  for (size_t r = 0; r < kRows; ++r) {
    const float* row = rows + static_cast<ptrdiff_t>(r) * pitch;
    float* folded = scratch.folded.data() + 2 * r * tables.half;
    levels[r] = RowLevel(row, length);
    FoldRow(row, length, levels[r], folded, folded + tables.half);
  }
  for (size_t i = 0; i < sums; ++i) totals[i] = 0;
  for (size_t r = 0; r < kRows; ++r)
    totals[r * 2 * columns] = static_cast<double>(levels[r]) * tables.level_weight;
  for (size_t n = 0; n < tables.half; n += kDctTerms) {
    DctTerms<kRows>(tables, n, std::min(n + kDctTerms, tables.half), scratch);
    for (size_t i = 0; i < sums; ++i) totals[i] += static_cast<double>(partial[i]);
  }
  for (size_t r = 0; r < kRows; ++r, totals += 2 * columns)
    for (const size_t source : tables.sources) *out++ = static_cast<float>(totals[source]);
}

void DctRows(const DctTables& tables, const float* rows, ptrdiff_t pitch, int64_t count, float* out,
             DctScratch& scratch) {
  constexpr auto kGroup = static_cast<int64_t>(kDctRows);
  for (; count >= kGroup; count -= kGroup) {
    DctGroup<kDctRows>(tables, rows, pitch, out, scratch);
    rows += kGroup * pitch;
    out += kGroup * tables.coefficients;
  }
  for (; count > 0; --count) {
    DctGroup<1>(tables, rows, pitch, out, scratch);
    rows += pitch;
    out += tables.coefficients;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#endif  // NPUMEL_DCT_INL_H_
