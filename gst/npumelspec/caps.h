// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps of the two pads, to and from recipes.
#pragma once

#include <gst/gst.h>

#include "gst/common/pointers.h"
#include "gst/common/row_caps.h"
#include "gst/npumelspec/settings.h"

namespace npumel {

GstStaticPadTemplate* sink_template();
GstStaticPadTemplate* source_template();

/// What the element takes when it is to make something of `source`.
CapsPtr sink_caps(const Settings& settings, const GstCaps* source);
/// What the element makes of `sink`, in order of preference. Settings that contradict each other at
/// that rate give the template: setting caps then fails with the reason.
CapsPtr source_caps(const Settings& settings, const GstCaps* sink);

/// What the negotiated source caps fix.
struct OutputFormat {
  Layout layout = Layout::frame_major;
  ElementType type = ElementType::f32;
};
/// `caps` fixed, made by source_caps().
OutputFormat parse_source_caps(const Settings& settings, const Recipe& recipe, const GstCaps* caps);

}  // namespace npumel
