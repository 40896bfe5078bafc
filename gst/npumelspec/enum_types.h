// SPDX-License-Identifier: LGPL-2.1-or-later
// GEnum types of the properties.
#pragma once

#include <gst/gst.h>

namespace npumel {

/// The GEnum of a recipe's enumeration: its names plus `preset` (-1), which leaves the choice to
/// the preset. `Preset` itself has no such value.
template <typename E>
GType recipe_enum_type();

/// Presets, plus `preset` (-1).
GType normalize_as_type();
GType remove_dc_type();
GType normalize_type();
GType eos_mode_type();
GType layout_choice_type();
GType format_choice_type();
GType backend_choice_type();

}  // namespace npumel
