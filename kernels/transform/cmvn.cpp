// SPDX-License-Identifier: LGPL-2.1-or-later
// Mean and variance normalisation: windows, counts and the choice among its kinds.
#include "kernels/transform/cmvn.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

namespace npumel {

double cmvn_scale(const TransformRecipe& recipe, double variance) {
  if (!recipe.cmvn_variance) return 1;
  return 1 / (std::sqrt(std::max(variance, recipe.cmvn_floor) + recipe.cmvn_epsilon) +
              recipe.cmvn_deviation_epsilon);
}

int64_t cmvn_global_rows(const TransformRecipe& recipe, int64_t count) {
  if (recipe.cmvn != CmvnType::online || recipe.cmvn_statistics.empty()) return 0;
  return std::clamp<int64_t>(recipe.cmvn_window - count, 0, recipe.cmvn_global_frames);
}

int64_t count_cmvn(const TransformRecipe& recipe, int64_t rows, bool ended) {
  if (ended) return rows;
  if (recipe.cmvn == CmvnType::clip) return 0;
  if (recipe.cmvn != CmvnType::sliding) return rows;
  const int64_t window = recipe.cmvn_window;
  if (recipe.cmvn_center) return rows < window ? 0 : rows - window + window / 2 + 1;
  return rows < recipe.cmvn_min_window ? 0 : rows;
}

void shape_cmvn(const TransformRecipe& recipe, TransformInput& rows) {
  const CmvnStatistics& statistics = recipe.cmvn_statistics;
  if (!statistics.empty() && statistics.mean.size() != static_cast<size_t>(rows.dims)) {
    const size_t values = statistics.mean.size();
    std::string advice;
    if (recipe.has(TransformStep::stack) &&
        values == static_cast<size_t>(rows.dims) *
                      static_cast<size_t>(recipe.stack_left + 1 + recipe.stack_right))
      advice = "; they are those of stacked rows: let a second transform with cmvn follow";
    throw std::invalid_argument("the statistics of cmvn-file are for rows of " +
                                std::to_string(values) + " values, these rows have " +
                                std::to_string(rows.dims) + advice);
  }
  rows.logarithm = true;
}

std::unique_ptr<Step> make_cmvn(const TransformRecipe& recipe, const TransformInput& rows) {
  switch (recipe.cmvn) {
    case CmvnType::global:
      return make_global_cmvn(recipe, rows);
    case CmvnType::clip:
      return make_clip_cmvn(recipe, rows);
    default:
      return make_window_cmvn(recipe, rows);
  }
}

}  // namespace npumel
