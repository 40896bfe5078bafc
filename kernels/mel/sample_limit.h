// SPDX-License-Identifier: LGPL-2.1-or-later
// How large samples may be before float32 arithmetic overflows.
#pragma once

#include "kernels/mel/recipe.h"

namespace npumel {

/// Samples of at most this magnitude give finite rows in float32, whatever the signal (1e16 and
/// more without an input scale). Larger finite ones are to be clamped to it, so that rows saturate.
/// `recipe` must be valid.
float sample_limit(const Recipe& recipe);

}  // namespace npumel
