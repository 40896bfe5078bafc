// SPDX-License-Identifier: LGPL-2.1-or-later
// Window functions.
#pragma once

#include <vector>

#include "kernels/mel/recipe.h"

namespace npumel {

/// The values that NumPy computes in float32: Hann from a float32 angle with NumPy's own float32
/// cosine, other functions rounded. They differ from window_function() by up to 2e-7, which shows
/// 140 dB below a frame's strongest bin (Dft::float_frames).
std::vector<float> float_window_function(WindowFunction function, int length);

/// The `length` values (>= 2) of a window function, in double precision. Periodic forms have the
/// denominator N, symmetric forms and Povey N-1. Hamming is 0.54 - 0.46 cos.
std::vector<double> window_function(WindowFunction function, int length);

/// True when the first value is 0 whatever the length.
bool starts_with_zero(WindowFunction function);

}  // namespace npumel
