// SPDX-License-Identifier: LGPL-2.1-or-later
// Sums of rows with taps; the usual lengths are unrolled.
#include "kernels/transform/delta_filter.h"

#include <array>

namespace npumel {
namespace {

template <bool kOdd>
float pair_of(const float* value, ptrdiff_t distance) {
  return kOdd ? value[distance] - value[-distance] : value[distance] + value[-distance];
}

/// kPairs taps each side; all sums in one pass over the row.
template <bool kOdd, int kPairs>
void filter_row(const float* __restrict row, ptrdiff_t dims, float center, const float* pairs,
                float* __restrict out) {
  std::array<float, kPairs> weights;
  for (size_t j = 0; j < weights.size(); ++j) weights[j] = pairs[j];
  for (ptrdiff_t i = 0; i < dims; ++i) {
    float sum = kOdd ? 0 : center * row[i];
    for (int j = 0; j < kPairs; ++j)
      sum += weights[static_cast<size_t>(j)] * pair_of<kOdd>(row + i, (j + 1) * dims);
    out[i] = sum;
  }
}

template <bool kOdd>
void filter_long(const float* __restrict row, ptrdiff_t dims, float center,
                 const std::vector<float>& pairs, float* __restrict out) {
  for (ptrdiff_t i = 0; i < dims; ++i) out[i] = kOdd ? 0 : center * row[i];
  ptrdiff_t distance = 0;
  for (const float weight : pairs) {
    distance += dims;
    for (ptrdiff_t i = 0; i < dims; ++i) out[i] += weight * pair_of<kOdd>(row + i, distance);
  }
}

template <bool kOdd>
void filter_any(const float* row, ptrdiff_t dims, float center, const std::vector<float>& pairs,
                float* out) {
  switch (pairs.size()) {
    case 1:
      return filter_row<kOdd, 1>(row, dims, center, pairs.data(), out);
    case 2:
      return filter_row<kOdd, 2>(row, dims, center, pairs.data(), out);
    case 3:
      return filter_row<kOdd, 3>(row, dims, center, pairs.data(), out);
    case 4:
      return filter_row<kOdd, 4>(row, dims, center, pairs.data(), out);
    default:
      return filter_long<kOdd>(row, dims, center, pairs, out);
  }
}

}  // namespace

DeltaFilter::DeltaFilter(const DeltaTaps& taps)
    : odd_(taps.order % 2 != 0), center_(static_cast<float>(taps.weight(0))) {
  for (int j = 1; j <= taps.reach(); ++j) pairs_.push_back(static_cast<float>(taps.weight(j)));
}

void DeltaFilter::apply(const float* row, ptrdiff_t dims, float* out) const {
  if (odd_)
    filter_any<true>(row, dims, center_, pairs_, out);
  else
    filter_any<false>(row, dims, center_, pairs_, out);
}

}  // namespace npumel
