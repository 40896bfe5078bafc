// SPDX-License-Identifier: LGPL-2.1-or-later
// GEnum types of the properties.
#pragma once

#include <gst/gst.h>

#include "kernels/mel/recipe_fields.h"

namespace npumel {

GType preset_type();
/// The GEnum of a recipe field's choices, plus `preset` (-1), which leaves the choice to the
/// preset. `field` is of FieldKind::choice. To be called once per field: it registers the type.
GType register_field_type(const RecipeField& field);
GType normalize_type();
GType tail_frames_type();
GType eos_mode_type();
GType level_meta_type();
GType layout_choice_type();
GType format_choice_type();
GType backend_choice_type();

}  // namespace npumel
