// SPDX-License-Identifier: LGPL-2.1-or-later
// Clipping and comparison of segments.
#include "gst/common/segment_rules.h"

#include <algorithm>

#include "gst/common/pointers.h"

namespace npumel {

Clip clip_to(const GstSegment& segment, GstClockTime pts, int64_t samples,
             const Timeline& timeline) {
  Clip clip{0, samples, pts};
  if (!GST_CLOCK_TIME_IS_VALID(pts) || segment.format != GST_FORMAT_TIME) return clip;
  // A sample belongs to the segment when it begins before the stop.
  if (GST_CLOCK_TIME_IS_VALID(segment.stop)) {
    const GstClockTime left = segment.stop > pts ? segment.stop - pts : 0;
    if (left < timeline.duration(samples))
      clip.samples = std::min(samples, timeline.samples_until(left));
  }
  if (GST_CLOCK_TIME_IS_VALID(segment.start) && pts < segment.start) {
    const GstClockTime early = segment.start - pts;
    // What ends within the first sample of the segment is over before it.
    clip.skip = early >= timeline.duration(samples) ? samples : timeline.samples_before(early);
    clip.skip = std::min(clip.skip, clip.samples);
    clip.samples -= clip.skip;
    clip.pts = segment.start;
  }
  return clip;
}

bool continues(const GstSegment& now, const GstSegment& next) {
  return now.format == next.format && now.flags == next.flags && now.rate == next.rate &&
         now.applied_rate == next.applied_rate && now.base == next.base &&
         now.offset == next.offset && now.start == next.start && now.time == next.time;
}

bool continues(GstPad* sink, GstEvent* stream_start) {
  const gchar* next = nullptr;
  gst_event_parse_stream_start(stream_start, &next);
  const TextPtr now(gst_pad_get_stream_id(sink));
  return g_strcmp0(now.get(), next) == 0;
}

}  // namespace npumel
