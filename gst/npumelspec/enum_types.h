// SPDX-License-Identifier: LGPL-2.1-or-later
// GEnum types of the properties.
#pragma once

#include <gst/gst.h>

namespace npumel {

GType preset_type();
GType normalize_type();
GType tail_frames_type();
GType eos_mode_type();
GType level_meta_type();
GType layout_choice_type();
GType format_choice_type();
GType backend_choice_type();

}  // namespace npumel
