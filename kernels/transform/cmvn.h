// SPDX-License-Identifier: LGPL-2.1-or-later
// Mean and variance normalisation: what its kinds have in common.
#pragma once

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
CmvnWindow cmvn_window(const TransformRecipe& recipe, int64_t t, int64_t rows);

/// 1 / (sqrt(max(variance, floor) + epsilon) + deviation epsilon); 1 without cmvn-variance.
double cmvn_scale(const TransformRecipe& recipe, double variance);

/// How many rows the file counts for beside `count` rows of a window (CmvnType::online).
int64_t cmvn_global_rows(const TransformRecipe& recipe, int64_t count);

std::unique_ptr<Step> make_global_cmvn(const TransformRecipe& recipe, const TransformInput& rows);
std::unique_ptr<Step> make_clip_cmvn(const TransformRecipe& recipe, const TransformInput& rows);
std::unique_ptr<Step> make_window_cmvn(const TransformRecipe& recipe, const TransformInput& rows);

}  // namespace npumel
