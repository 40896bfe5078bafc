// SPDX-License-Identifier: LGPL-2.1-or-later
// Frame numbers to time, and where time or frames do not continue.
#include "gst/npumelspec/output_timing.h"

#include <algorithm>

namespace npumel {

void OutputTiming::stamp(const Output& output, int hop, const Timeline& timeline) {
  GstBuffer* buffer = output.buffer.get();
  const int64_t start = output.start * hop;
  const int64_t end = (output.start + output.rows) * hop;
  const int64_t until = limit_ < 0 ? end : std::clamp(limit_, start, std::max(start, end));
  GST_BUFFER_PTS(buffer) = timeline.at(start);
  GST_BUFFER_DURATION(buffer) = timeline.duration_between(start, until);
  GST_BUFFER_OFFSET(buffer) = static_cast<guint64>(output.start);
  GST_BUFFER_OFFSET_END(buffer) = static_cast<guint64>(output.start + output.rows);
  if (first_ || !timeline.continuous(last_start_, start))
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  if (first_ && resynced_) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_RESYNC);
  if (output.silent) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_GAP);
  first_ = resynced_ = false;
  last_start_ = start;
  sent_samples_ = end;
}

}  // namespace npumel
