// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of meltransform: those of the table transform_fields.def, and the rest.
#pragma once

#include <gst/gst.h>

#include "gst/meltransform/mel_transform.h"

namespace npumel {

void install_transform_properties(GObjectClass* klass);

/// False for an id that is no property. Any thread.
bool set_transform_property(MelTransform& element, guint id, const GValue* value);
bool get_transform_property(const MelTransform& element, guint id, GValue* value);

}  // namespace npumel
