// SPDX-License-Identifier: LGPL-2.1-or-later
// The properties of melspecscope.
#pragma once

#include <glib-object.h>

#include "gst/melspecscope/view.h"

namespace npumel {

struct ScopeSettings {
  bool scroll = true;
  ColorMap map = ColorMap::viridis;
  bool fixed_range = false;
  double range_min = -8;
  double range_max = 2;
  bool axes = true;
  uint64_t span = 0;  ///< ns
  bool level = false;

  /// What drawing depends on. A fixed range that is no range is widened to one.
  ViewSettings view() const;
};

void install_scope_properties(GObjectClass* object_class);
/// False for an unknown property. The caller holds the object lock.
bool set_scope_property(ScopeSettings& settings, guint id, const GValue* value);
bool get_scope_property(const ScopeSettings& settings, guint id, GValue* value);

}  // namespace npumel
