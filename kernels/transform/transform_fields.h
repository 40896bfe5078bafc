// SPDX-License-Identifier: LGPL-2.1-or-later
// The table of transform_fields.def at run time: what properties and texts iterate over.
#pragma once

#include <span>
#include <string>

#include "kernels/mel/field.h"
#include "kernels/transform/transform_recipe.h"

namespace npumel {

/// One row. Values travel as double; see kernels/mel/field.h.
struct TransformField : Field<TransformRecipe, TransformOverrides> {
  TransformStep step = TransformStep::pcen;
};

/// In the order of the canonical text. cmvn-file is no row: its contents are no single value.
std::span<const TransformField> transform_fields();

/// The first row of a step.
const TransformField& switch_of(TransformStep step);

/// The blurb as users read it: "[cmvn] Expert: ... (-1 = as the preset)".
std::string field_blurb(const TransformField& field);

}  // namespace npumel
