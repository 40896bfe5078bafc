// SPDX-License-Identifier: LGPL-2.1-or-later
// What a segment does to audio: which samples lie in it, and whether it, or a new STREAM_START,
// continues what was before.
#pragma once

#include <gst/gst.h>

#include <cstdint>

#include "gst/common/timeline.h"

namespace npumel {

/// The samples of a buffer that lie in a segment.
struct Clip {
  int64_t skip = 0;     ///< samples before them
  int64_t samples = 0;  ///< 0: none does
  GstClockTime pts = GST_CLOCK_TIME_NONE;
};

/// Clips `samples` samples at `pts` (GST_CLOCK_TIME_NONE: they cannot be clipped). The DURATION of
/// the buffer plays no part: demuxers and payloaders guess it.
Clip clip_to(const GstSegment& segment, GstClockTime pts, int64_t samples,
             const Timeline& timeline);

/// Whether `next` goes on with the stream of `now`: all but position, stop and duration are equal.
/// input-selector, interpipes and live DVR send such segments in the middle of a stream.
bool continues(const GstSegment& now, const GstSegment& next);

/// Whether a STREAM_START event has the id of the pad's current stream: input-selector announces
/// the same stream once more.
bool continues(GstPad* sink, GstEvent* stream_start);

}  // namespace npumel
