// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps of the two pads of meltransform, to and from transforms.
#pragma once

#include <gst/gst.h>

#include "gst/common/pointers.h"
#include "gst/common/row_caps.h"
#include "gst/meltransform/source.h"

namespace npumel {

GstStaticPadTemplate* transform_sink_template();
GstStaticPadTemplate* transform_source_template();

/// What the element takes when it is to make something of `source`: rows of any kind, of the rate
/// that is wanted.
CapsPtr transform_sink_caps(const GstCaps* source);
/// What it makes of `sink`, in order of preference. A recipe that does not go with those rows gives
/// the template: setting caps then fails with the reason.
CapsPtr transform_source_caps(const TransformRecipe& recipe, const GstCaps* sink);

/// What the negotiated source caps fix.
struct RowFormat {
  Layout layout = Layout::frame_major;
  ElementType type = ElementType::f32;
};
/// `caps` fixed, made by transform_source_caps().
RowFormat format_of(const GstCaps* caps, int dims);

}  // namespace npumel
