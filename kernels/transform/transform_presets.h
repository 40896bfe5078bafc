// SPDX-License-Identifier: LGPL-2.1-or-later
// What models expect of their rows, as data.
#pragma once

#include "kernels/transform/transform_recipe.h"

namespace npumel {

/// The values of a preset. Any value of TransformPreset has some.
const TransformRecipe& preset_transform(TransformPreset preset);

}  // namespace npumel
