// SPDX-License-Identifier: LGPL-2.1-or-later
// Between which values the rows of 16-bit audio lie, whatever the audio is.
#pragma once

#include "kernels/mel/recipe.h"

namespace npumel {

/// Range of values, as log10.
struct RowRange {
  double least = 0;
  double most = 0;

  /// False when a value cannot come from 16-bit audio. Poison never can: a row that the device did
  /// not write shows here.
  bool within(const RowRange& limits) const noexcept {
    return least >= limits.least && most <= limits.most;
  }
};

/// The recipe's floor, and what its widest filter would hold if every sample were of full scale
/// and of the sign that suits its bin. `recipe` must be valid. Throws std::bad_alloc.
RowRange row_limits(const Recipe& recipe);

}  // namespace npumel
