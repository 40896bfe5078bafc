// SPDX-License-Identifier: LGPL-2.1-or-later
// The latency of one buffer, as an amount of time and as an answer to queries.
#include "gst/common/latency.h"

namespace npumel {

void Latency::configure(int64_t samples, int rate) {
  buffering_ = gst_util_uint64_scale_int_ceil(static_cast<guint64>(samples),
                                              static_cast<gint>(GST_SECOND), rate);
}

void Latency::reset() {
  buffering_ = GST_CLOCK_TIME_NONE;
  announced_ = GST_CLOCK_TIME_NONE;
}

GstClockTime Latency::own(GstClockTime granted) const {
  const GstClockTime buffering = buffering_;
  if (buffering == GST_CLOCK_TIME_NONE) return 0;
  return buffering + (live_ ? granted : 0);
}

void Latency::answer(GstQuery* query, GstClockTime granted) {
  gboolean live = FALSE;
  GstClockTime min = 0;
  GstClockTime max = GST_CLOCK_TIME_NONE;
  gst_query_parse_latency(query, &live, &min, &max);
  live_ = live != FALSE;
  const GstClockTime added = own(granted);
  min += added;
  if (GST_CLOCK_TIME_IS_VALID(max)) max += added;
  gst_query_set_latency(query, live, min, max);
}

bool Latency::changed(GstClockTime granted) {
  const GstClockTime now = own(granted);
  return announced_.exchange(now) != now;
}

}  // namespace npumel
