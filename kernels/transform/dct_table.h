// SPDX-License-Identifier: LGPL-2.1-or-later
// The cosines, factors and places of cepstral coefficients.
#pragma once

#include "kernels/transform/transform.h"

namespace npumel {

/// Values of a row that the DCT reads: all but the energy.
inline int dct_length(const TransformInput& rows) { return rows.dims - (rows.energy ? 1 : 0); }

/// Coefficients of a row, the energy that replaces c0 included.
int dct_coefficients(const TransformRecipe& recipe, const TransformInput& rows);

/// Orthonormal DCT-II: the weight of value n of `length` in coefficient k.
double dct_weight(int k, int n, int length);

/// The lifter's factor on coefficient k; 1 without one.
double lifter_factor(const TransformRecipe& recipe, int k);

/// Where coefficient k stands in a row of `coefficients`, and its factor there, the lifter's and
/// that of dct-order=htk. Coefficient 0 has no factor where the energy replaces it.
struct DctPlace {
  int at = 0;
  double factor = 1;
};
DctPlace dct_place(const TransformRecipe& recipe, const TransformInput& rows, int k);

}  // namespace npumel
