// SPDX-License-Identifier: LGPL-2.1-or-later
// Window functions.
#pragma once

#include <vector>

#include "kernels/mel/recipe.h"

namespace npumel {

/// The `length` values (>= 2) of a window function, in double precision. Periodic forms have the
/// denominator N, symmetric forms and Povey N-1. Hamming is 0.54 - 0.46 cos.
std::vector<double> window_function(WindowFunction function, int length);

/// True when the first value is 0 whatever the length.
bool starts_with_zero(WindowFunction function);

}  // namespace npumel
