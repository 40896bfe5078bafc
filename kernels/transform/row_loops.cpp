// SPDX-License-Identifier: LGPL-2.1-or-later
// The loops of each instruction set and the choice among them; the weights of a DCT.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/transform/row_loops.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep
#include <hwy/highway.h>

#include "kernels/simd/targets.h"
#include "kernels/transform/dct-inl.h"
#include "kernels/transform/values-inl.h"

HWY_BEFORE_NAMESPACE();
namespace npumel {
namespace HWY_NAMESPACE {

const RowLoops* TargetRowLoops() {
  static constexpr RowLoops kLoops{&DctRows,   &DeltaRows,     &NormalizeRows, &AddUp,
                                   &AddUpEach, &AddDeviations, &SubtractMeans, &Standardize,
                                   &AllFinite, &CopyValues};
  return &kLoops;
}

}  // namespace HWY_NAMESPACE
}  // namespace npumel
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
#include "kernels/transform/dct_table.h"
#include "kernels/transform/transform.h"

namespace npumel {
namespace {

constexpr decltype(&HWY_STATIC_DISPATCH(TargetRowLoops)) kTargetLoops[] =
    NPUMEL_TARGET_TABLE(TargetRowLoops);

/// The part of coefficient k, and its number there.
struct DctMember {
  DctPart& part;
  size_t number;
};
DctMember member_of(DctTables& tables, size_t k) {
  if (k % 2 != 0) return {tables.odd, k / 2};
  if (tables.even_odd.terms == 0) return {tables.even, k / 2};
  return {k % 4 == 0 ? tables.even : tables.even_odd, k / 4};
}

}  // namespace

const RowLoops& row_loops() { return *best_of(kTargetLoops)(); }

bool all_finite(std::span<const float> values) {
  return row_loops().all_finite(values.data(), values.size());
}

DctTables::DctTables(int length_of_rows, int number_of_coefficients)
    : length(static_cast<size_t>(length_of_rows)),
      coefficients(static_cast<size_t>(number_of_coefficients)),
      places(coefficients) {
  odd.terms = length / 2;
  even.terms = length - odd.terms;
  if (length % 2 == 0 && length > 2) {
    even_odd.terms = even.terms / 2;
    even.terms -= even_odd.terms;
  }
  for (size_t k = 0; k < coefficients; ++k) ++member_of(*this, k).part.coefficients;
  size_t next_weight = 0;
  DctPart before;
  for (DctPart* part : {&even, &even_odd, &odd}) {
    part->first = before.first + before.terms;
    part->row = before.row + before.coefficients;
    part->weights = next_weight;
    next_weight += part->terms * part->coefficients;
    before = *part;
  }
  weights.resize(next_weight);
}

void DctTables::place(int k, int at, double factor) {
  const auto [part, number] = member_of(*this, static_cast<size_t>(k));
  const size_t group = number / kDctGroup * kDctGroup;
  const size_t together = std::min(kDctGroup, part.coefficients - group);
  float* first = weights.data() + part.weights + group * part.terms + (number - group);
  const auto values = static_cast<int>(length);
  for (size_t n = 0; n < part.terms; ++n)
    first[n * together] = static_cast<float>(factor * dct_weight(k, static_cast<int>(n), values));
  // Only coefficient 0 sees the level: the other weights add up to 0.
  if (k == 0) level_weight = factor * dct_weight(0, 0, values) * values;
  places[part.row + number] = static_cast<size_t>(at);
}

DctScratch::DctScratch(const DctTables& tables)
    : even(kDctRows * tables.length),
      folded(kDctRows * (tables.length + 1)),
      sums(kDctRows * tables.coefficients) {}

}  // namespace npumel
#endif  // HWY_ONCE
