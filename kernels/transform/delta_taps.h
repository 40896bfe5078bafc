// SPDX-License-Identifier: LGPL-2.1-or-later
// The weights that derivatives over time are sums with.
#pragma once

#include <vector>

#include "kernels/transform/transform_recipe.h"

namespace npumel {

/// Weights of rows t - reach to t + reach. Odd orders are antisymmetric, even ones symmetric.
struct DeltaTaps {
  int order = 1;
  std::vector<double> weights;

  int reach() const { return static_cast<int>(weights.size()) / 2; }
  /// Of row t + offset.
  double weight(int offset) const { return weights[static_cast<size_t>(offset + reach())]; }
};

/// Rows on each side of a row that its first derivative is taken over.
int delta_half_window(const TransformRecipe& recipe);

/// The derivative of `order` as one filter over the rows. With DeltaRule::torchaudio only where no
/// edge is near: there order 2 is order 1 of order 1's rows.
DeltaTaps delta_taps(const TransformRecipe& recipe, int order);

}  // namespace npumel
