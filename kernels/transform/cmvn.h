// SPDX-License-Identifier: LGPL-2.1-or-later
// Mean and variance normalisation: what its kinds have in common.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "kernels/transform/step.h"

namespace npumel {

/// Rows of the stream [first, end) that a row is normalised by.
struct CmvnWindow {
  int64_t first = 0;
  int64_t end = 0;
};

/// The window of row t for CmvnType::sliding and online. `rows` is the length of the stream, or
/// INT64_MAX while nobody knows it. Both ends never go back from one row to the next.
inline CmvnWindow cmvn_window(const TransformRecipe& recipe, int64_t t, int64_t rows) {
  const int64_t window = recipe.cmvn_window;
  // Online: `window` rows, the row itself included.
  if (recipe.cmvn == CmvnType::online) return {std::max<int64_t>(0, t - window + 1), t + 1};
  // Sliding without centre: `window` rows before the row, and the row.
  if (!recipe.cmvn_center)
    return {std::max<int64_t>(0, t - window),
            std::min<int64_t>(rows, std::max<int64_t>(t + 1, recipe.cmvn_min_window))};
  // The window is moved inside the stream, so that it stays full where the stream is long enough.
  const int64_t first = std::max<int64_t>(0, t - window / 2);
  if (first + window <= rows) return {first, first + window};
  return {std::max<int64_t>(0, rows - window), rows};
}

/// 1 / (sqrt(max(variance, floor) + epsilon) + deviation epsilon); 1 without cmvn-variance.
double cmvn_scale(const TransformRecipe& recipe, double variance);

/// How many rows the file counts for beside `count` rows of a window (CmvnType::online).
int64_t cmvn_global_rows(const TransformRecipe& recipe, int64_t count);

std::unique_ptr<Step> make_global_cmvn(const TransformRecipe& recipe, const TransformInput& rows);
std::unique_ptr<Step> make_clip_cmvn(const TransformRecipe& recipe, const TransformInput& rows);
std::unique_ptr<Step> make_window_cmvn(const TransformRecipe& recipe, const TransformInput& rows);

}  // namespace npumel
