// SPDX-License-Identifier: LGPL-2.1-or-later
// A derivative of one row, from the rows around it.
#pragma once

#include <cstddef>
#include <vector>

#include "kernels/transform/delta_taps.h"

namespace npumel {

/// Adds up pairs of rows that lie equally far away, nearest first.
class DeltaFilter {
 public:
  explicit DeltaFilter(const DeltaTaps& taps);

  int reach() const { return static_cast<int>(pairs_.size()); }

  /// `row` has reach() rows of `dims` values before and after it in memory; `out` is elsewhere.
  void apply(const float* row, ptrdiff_t dims, float* out) const;

 private:
  bool odd_;
  float center_;
  std::vector<float> pairs_;  // weight of row t + 1, t + 2 ...
};

}  // namespace npumel
