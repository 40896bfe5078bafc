// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of recipe_fields.def at run time: what properties, caps and texts iterate over.
#pragma once

#include <span>
#include <string>

#include "kernels/mel/field.h"
#include "kernels/mel/recipe.h"

namespace npumel {

/// One row. `get` is null for overrides of the normalisation, which is no single field.
using RecipeField = Field<Recipe, RecipeOverrides>;

/// In the order of the canonical text; overrides of the normalisation last.
std::span<const RecipeField> recipe_fields();

/// The blurb as users read it: "[recipe] Expert: ... (-1 = as the preset)".
std::string field_blurb(const RecipeField& field);

}  // namespace npumel
