// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/melspecscope/scope_quality.h"

namespace npumel {

void Quality::update(GstEvent* event) {
  GstClockTimeDiff lateness = 0;
  GstClockTime time = GST_CLOCK_TIME_NONE;
  gst_event_parse_qos(event, nullptr, &proportion_, &lateness, &time);
  if (!GST_CLOCK_TIME_IS_VALID(time)) return;
  // A late picture makes the next ones late too: leave twice the lateness to catch up.
  const GstClockTimeDiff ahead = lateness > 0 ? 2 * lateness : lateness;
  earliest_ = ahead < 0 && static_cast<GstClockTime>(-ahead) > time
                  ? 0
                  : time + static_cast<GstClockTime>(ahead);
}

bool Quality::drops(GstClockTime running) {
  const bool late = GST_CLOCK_TIME_IS_VALID(running) && GST_CLOCK_TIME_IS_VALID(earliest_) &&
                    running <= earliest_;
  (late ? dropped_ : processed_) += 1;
  return late;
}

GstMessage* Quality::message(GstObject* source, GstClockTime running, GstClockTime stream_time,
                             GstClockTime time, GstClockTime duration) const {
  constexpr gint full_quality = 1000000;
  GstMessage* message = gst_message_new_qos(source, FALSE, running, stream_time, time, duration);
  gst_message_set_qos_values(message, GST_CLOCK_DIFF(running, earliest_), proportion_,
                             full_quality);
  gst_message_set_qos_stats(message, GST_FORMAT_BUFFERS, processed_, dropped_);
  return message;
}

}  // namespace npumel
