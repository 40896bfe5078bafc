// SPDX-License-Identifier: LGPL-2.1-or-later
// What PCEN's step and its reference have in common.
#pragma once

#include "kernels/transform/transform.h"

namespace npumel {

/// b of the smoothing M = (1 - b) M + b S, whose time constant is that of the recipe.
double pcen_smoothing(const TransformRecipe& recipe, const TransformInput& rows);

}  // namespace npumel
