// SPDX-License-Identifier: LGPL-2.1-or-later
// The loops of each instruction set and the choice among them; the weights of a DCT.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/transform/row_loops.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/transform/dct-inl.h"
#include "kernels/transform/values-inl.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {

const RowLoops* TargetRowLoops() {
  static constexpr RowLoops kLoops{&DctRows,          &DeltaRows,    &NormalizeRows, &AddRow,
                                   &AddRowAndSquares, &SubtractMean, &Standardize,   &CopyValues};
  return &kLoops;
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/transform/dct_table.h"

namespace npumel {
HWY_EXPORT(TargetRowLoops);

const RowLoops& row_loops() { return *HWY_DYNAMIC_DISPATCH(TargetRowLoops)(); }

DctTables::DctTables(int length_of_rows, int number_of_coefficients)
    : length(length_of_rows),
      coefficients(number_of_coefficients),
      half(static_cast<size_t>(length + 1) / 2),
      columns((static_cast<size_t>(coefficients + 1) / 2 + 7) / 8 * 8),
      weights(half * 2 * columns),
      sources(static_cast<size_t>(coefficients)) {}

void DctTables::place(int k, int at, double factor) {
  const size_t column = static_cast<size_t>(k % 2) * columns + static_cast<size_t>(k / 2);
  for (size_t n = 0; n < half; ++n)
    weights[n * 2 * columns + column] =
        static_cast<float>(factor * dct_weight(k, static_cast<int>(n), length));
  // Only coefficient 0 sees the level: the other weights add up to 0.
  if (k == 0) level_weight = factor * dct_weight(0, 0, length) * length;
  sources[static_cast<size_t>(at)] = column;
}

DctScratch::DctScratch(const DctTables& tables)
    : folded(4 * 2 * tables.half), partial(4 * 2 * tables.columns), totals(partial.size()) {}

}  // namespace npumel
#endif  // HWY_ONCE
