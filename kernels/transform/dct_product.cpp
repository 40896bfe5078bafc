// SPDX-License-Identifier: LGPL-2.1-or-later
// The DCT's product, compiled once per instruction set.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/transform/dct_product.cpp"
#include "kernels/transform/dct_product.h"

#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/transform/dct_table.h"

#ifndef NPUMEL_DCT_BLOCK
#define NPUMEL_DCT_BLOCK
namespace npumel {
constexpr int kDctBlock = 4;  // numbers in the longest vector that is used
constexpr int kDctRows = 4;   // rows that share a load of weights
}  // namespace npumel
#endif

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
using BlockTag = hn::CappedTag<double, kDctBlock>;
using ValueTag = hn::Rebind<float, BlockTag>;

/// Sums and differences of values that lie equally far from the middle.
HWY_INLINE void FoldRow(const DctProduct::Tables& tables, const float* HWY_RESTRICT row,
                        double* HWY_RESTRICT even, double* HWY_RESTRICT odd) {
  const BlockTag d;
  const ValueTag values;
  const size_t lanes = hn::Lanes(d);
  const size_t pairs = static_cast<size_t>(tables.length) / 2;
  const float* end = row + tables.length;
  size_t n = 0;
  for (; n + lanes <= pairs; n += lanes) {
    const auto front = hn::PromoteTo(d, hn::LoadU(values, row + n));
    const auto back = hn::Reverse(d, hn::PromoteTo(d, hn::LoadU(values, end - n - lanes)));
    hn::StoreU(hn::Add(front, back), d, even + n);
    hn::StoreU(hn::Sub(front, back), d, odd + n);
  }
  for (; n < pairs; ++n) {
    const auto front = static_cast<double>(row[n]);
    const auto back = static_cast<double>(end[-1 - static_cast<ptrdiff_t>(n)]);
    even[n] = front + back;
    odd[n] = front - back;
  }
  if (tables.length % 2 != 0) {
    even[n] = static_cast<double>(row[n]);
    odd[n] = 0;
  }
}

template <size_t kRows>
HWY_INLINE void FoldedRows(const DctProduct::Tables& tables, const float* HWY_RESTRICT rows,
                           ptrdiff_t pitch, float* HWY_RESTRICT out, double* HWY_RESTRICT scratch) {
  const BlockTag d;
  using V = hn::Vec<BlockTag>;
  const auto half = static_cast<size_t>(tables.half);
  const auto columns = static_cast<size_t>(tables.columns);
  double* HWY_RESTRICT even = scratch;
  double* HWY_RESTRICT odd = even + kRows * half;
  double* HWY_RESTRICT sums = odd + kRows * half;
  for (size_t r = 0; r < kRows; ++r)
    FoldRow(tables, rows + static_cast<ptrdiff_t>(r) * pitch, even + r * half, odd + r * half);
  for (size_t c = 0; c < columns; c += hn::Lanes(d)) {
    const double* HWY_RESTRICT even_weights = tables.weights.data() + c;
    const double* HWY_RESTRICT odd_weights = even_weights + half * columns;
    V even_sums[kRows];
    V odd_sums[kRows];
    for (size_t r = 0; r < kRows; ++r) even_sums[r] = odd_sums[r] = hn::Zero(d);
    for (size_t n = 0; n < half; ++n) {
      const V even_weight = hn::LoadU(d, even_weights + n * columns);
      const V odd_weight = hn::LoadU(d, odd_weights + n * columns);
      for (size_t r = 0; r < kRows; ++r) {
        even_sums[r] = hn::Add(even_sums[r], hn::Mul(hn::Set(d, even[r * half + n]), even_weight));
        odd_sums[r] = hn::Add(odd_sums[r], hn::Mul(hn::Set(d, odd[r * half + n]), odd_weight));
      }
    }
    for (size_t r = 0; r < kRows; ++r) {
      hn::StoreU(even_sums[r], d, sums + r * 2 * columns + c);
      hn::StoreU(odd_sums[r], d, sums + (r * 2 + 1) * columns + c);
    }
  }
  const auto coefficients = static_cast<size_t>(tables.coefficients);
  for (size_t r = 0; r < kRows; ++r)
    for (size_t i = 0; i < coefficients; ++i)
      out[r * coefficients + i] =
          static_cast<float>(sums[r * 2 * columns + static_cast<size_t>(tables.sources[i])]);
}

void DctRows(const DctProduct::Tables& tables, const float* rows, ptrdiff_t pitch, int64_t count,
             float* out, double* scratch) {
  for (; count >= kDctRows; count -= kDctRows) {
    FoldedRows<kDctRows>(tables, rows, pitch, out, scratch);
    rows += kDctRows * pitch;
    out += static_cast<ptrdiff_t>(kDctRows) * tables.coefficients;
  }
  for (; count > 0; --count) {
    FoldedRows<1>(tables, rows, pitch, out, scratch);
    rows += pitch;
    out += tables.coefficients;
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace npumel {
HWY_EXPORT(DctRows);

DctProduct::DctProduct(int length, int coefficients) {
  tables_.length = length;
  tables_.coefficients = coefficients;
  tables_.half = (length + 1) / 2;
  tables_.columns = ((coefficients + 1) / 2 + kDctBlock - 1) / kDctBlock * kDctBlock;
  const auto half = static_cast<size_t>(tables_.half);
  const auto columns = static_cast<size_t>(tables_.columns);
  tables_.weights.assign(2 * half * columns, 0);
  tables_.sources.assign(static_cast<size_t>(coefficients), 0);
  scratch_.assign(2 * kDctRows * (half + columns), 0);
}

void DctProduct::place(int k, int at, double factor) {
  const auto half = static_cast<size_t>(tables_.half);
  const auto columns = static_cast<size_t>(tables_.columns);
  const auto parity = static_cast<size_t>(k % 2);
  const auto column = static_cast<size_t>(k / 2);
  for (size_t n = 0; n < half; ++n)
    tables_.weights[(parity * half + n) * columns + column] =
        factor * dct_weight(k, static_cast<int>(n), tables_.length);
  tables_.sources[static_cast<size_t>(at)] = static_cast<int>(parity * columns + column);
}

void DctProduct::compute(const float* rows, ptrdiff_t pitch, int64_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(DctRows)(tables_, rows, pitch, count, out, scratch_.data());
}

}  // namespace npumel
#endif  // HWY_ONCE
