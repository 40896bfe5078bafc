// SPDX-License-Identifier: LGPL-2.1-or-later
// LATENCY queries and messages, and events that come from downstream.
#include "gst/npumelspec/element.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

/// Read alone, once a buffer: a copy of all settings would allocate.
GstClockTime Element::processing_latency() const {
  const ObjectLock lock(self_);
  return settings_.processing_latency;
}

/// `taken`: from the last sample that a buffer needed until the buffer was complete.
void Element::count_late(GstClockTime taken) {
  const GstClockTime granted = processing_latency();
  if (!latency_.late(taken, granted)) return;
  counters_.late_buffers += 1;
  GST_WARNING_OBJECT(self_,
                     "computing a buffer took %" GST_TIME_FORMAT
                     ", more than processing-latency=%" GST_TIME_FORMAT,
                     GST_TIME_ARGS(taken), GST_TIME_ARGS(granted));
}

bool Element::latency_query(GstQuery* query) {
  if (!gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(self_), query)) return false;
  latency_.answer(query, processing_latency());
  return true;
}

void Element::update_liveness() {
  const QueryPtr query(gst_query_new_latency());
  if (!gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(self_), query.get())) return;
  gboolean live = FALSE;
  gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  if (latency_.live() != (live != FALSE))
    GST_INFO_OBJECT(self_, "upstream is %s", live != FALSE ? "live" : "not live");
  latency_.set_live(live != FALSE);
}

void Element::update_latency() {
  const GstClockTime granted = processing_latency();
  if (!latency_.changed(granted)) return;
  GST_INFO_OBJECT(self_, "latency %" GST_TIME_FORMAT, GST_TIME_ARGS(latency_.own(granted)));
  gst_element_post_message(GST_ELEMENT(self_), gst_message_new_latency(GST_OBJECT(self_)));
}

void Element::processing_latency_changed() {
  if (latency_.known()) update_latency();
}

bool Element::src_event(EventPtr event) {
  if (GST_EVENT_TYPE(event.get()) == GST_EVENT_SEEK) {
    gdouble rate = 1;
    gst_event_parse_seek(event.get(), &rate, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr);
    if (rate < 0) {
      GST_INFO_OBJECT(self_, "frames cannot be computed backwards: seek refused");
      return false;
    }
  }
  const bool latency_changed = GST_EVENT_TYPE(event.get()) == GST_EVENT_LATENCY;
  const bool handled =
      gst_pad_push_event(GST_BASE_TRANSFORM_SINK_PAD(self_), event.release()) != FALSE;
  if (latency_changed) update_liveness();
  return handled;
}

}  // namespace npumel
