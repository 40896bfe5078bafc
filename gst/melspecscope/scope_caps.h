// SPDX-License-Identifier: LGPL-2.1-or-later
// Caps of melspecscope: what a mel stream says about itself, and the video it may become.
#pragma once

#include <gst/gst.h>
#include <gst/video/video.h>

#include "gst/common/feature_info.h"
#include "gst/melspecscope/view.h"

namespace npumel {

GstStaticPadTemplate* scope_sink_template();
GstStaticPadTemplate* scope_source_template();

struct ScopeInput {
  MelStream stream;
  int rate = 0;
  int hop = 0;
  ElementType type = ElementType::f32;
  Layout layout = Layout::frame_major;
};
/// Rows of more values are none that a picture shows.
inline constexpr int kMostMels = 4096;
/// Whether features can be drawn: their values still stand for mels.
bool shows(const FeatureInfo& features);

/// False when a field that drawing needs is missing, and for features that are not shown.
bool parse_mel_caps(const GstCaps* caps, ScopeInput& input);

/// Video for mel caps. A page is drawn for each buffer, so mode=page has their frame rate.
GstCaps* video_caps_for(const GstCaps* mel, bool scroll);
/// 1280x320, square pixels, 30 pictures a second where nothing else is asked for.
GstCaps* fixate_video_caps(GstCaps* caps);

PixelFormat pixel_format_of(const GstVideoInfo& info);

}  // namespace npumel
