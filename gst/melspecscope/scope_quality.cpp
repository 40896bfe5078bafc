// SPDX-License-Identifier: LGPL-2.1-or-later
// Lateness from QOS events, in arithmetic that cannot overflow.
#include "gst/melspecscope/scope_quality.h"

#include <algorithm>

namespace npumel {
namespace {

__extension__ using Wide = __int128;

}  // namespace

void Quality::update(GstEvent* event) {
  GstClockTimeDiff lateness = 0;
  GstClockTime time = GST_CLOCK_TIME_NONE;
  gst_event_parse_qos(event, nullptr, &proportion_, &lateness, &time);
  if (!GST_CLOCK_TIME_IS_VALID(time)) return;
  // A late picture makes the next ones late too: leave twice the lateness to catch up.
  const Wide ahead = lateness > 0 ? 2 * Wide{lateness} : Wide{lateness};
  earliest_ = static_cast<GstClockTime>(std::clamp<Wide>(Wide{time} + ahead, 0, G_MAXINT64));
}

GstMessage* Quality::message(GstObject* source, GstClockTime running, GstClockTime stream_time,
                             GstClockTime time, GstClockTime duration) const {
  constexpr gint full_quality = 1000000;
  const auto jitter = static_cast<GstClockTimeDiff>(
      std::clamp<Wide>(Wide{earliest_} - Wide{running}, G_MININT64, G_MAXINT64));
  GstMessage* message = gst_message_new_qos(source, FALSE, running, stream_time, time, duration);
  gst_message_set_qos_values(message, jitter, proportion_, full_quality);
  gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, processed_, dropped_);
  return message;
}

}  // namespace npumel
