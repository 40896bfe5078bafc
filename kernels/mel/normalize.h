// SPDX-License-Identifier: LGPL-2.1-or-later
// The normalisations of published front ends, over blocks of rows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/mel/recipe.h"

namespace npumel {

/// A (rows x mels) block of numbers with strides in elements; frame-major or mel-major.
template <typename T>
struct BasicRowBlock {
  T* data = nullptr;
  int64_t rows = 0;
  int mels = 0;
  ptrdiff_t frame_stride = 0;
  ptrdiff_t mel_stride = 1;
};
using RowBlock = BasicRowBlock<float>;

/// Applies the recipe's published normalisation in place, in this order:
///   1. clamp:     x = max(x, M - clamp_range), M = `maximum` (Clamp::maximum) or fixed_max; then
///                 x = x - M if `relative`;
///   2. statistic: per mel bin over the first `valid` rows, x = (x - mean) or
///                 (x - mean) / deviation. The deviation of one single row counts as 0 before
///                 epsilon, and a bin whose deviation is 0 after it becomes 0 (not NaN);
///   3. affine:    x = (x + add) * multiply.
/// Rows at and after `valid` are set to 0 when the statistic is not none (NeMo masks them).
/// `maximum` is the largest raw value of the clip (Whisper's clip maximum), which may lie in rows
/// that are not in the block (tail silence, Granite's dropped row). A recipe without a published
/// normalisation: no change.
template <typename T>
void normalize(const Normalization& normalization, const BasicRowBlock<T>& block, int64_t valid,
               double maximum);
extern template void normalize<float>(const Normalization&, const RowBlock&, int64_t, double);
extern template void normalize<double>(const Normalization&, const BasicRowBlock<double>&, int64_t,
                                       double);

/// True when `normalize=running` and `normalize=fixed` make sense: the normalisation is a maximum
/// clamp and an affine map, with no statistic over the clip.
bool is_maximum_clamp(const Normalization& normalization);

/// True for librosa's power_to_db: a clamp in dB below the maximum and no scale. top-db and ref
/// change it.
bool is_decibel_clamp(const Normalization& normalization);

}  // namespace npumel
