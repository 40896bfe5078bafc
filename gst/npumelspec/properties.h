// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties: what they are called, what they mean, how they reach Settings.
#pragma once

#include <gst/gst.h>

namespace npumel {

class Element;

void install_properties(GObjectClass* klass);
/// False: no such property.
bool set_property(Element& element, guint id, const GValue* value);
bool get_property(const Element& element, guint id, GValue* value);

}  // namespace npumel
