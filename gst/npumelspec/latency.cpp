// SPDX-License-Identifier: LGPL-2.1-or-later
// What the element adds to the pipeline's latency, and whether there is one.
#include "gst/npumelspec/element.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

/// Alone: a copy of all settings allocates, and buffers ask for this one.
GstClockTime Element::processing_latency() const {
  const ObjectLock lock(self_);
  return settings_.processing_latency;
}

/// Until a buffer is complete its first frame has waited for all the others and for the last one's
/// reach. Live pipelines also grant time to compute.
GstClockTime Element::own_latency() const {
  const int64_t samples = latency_samples_;
  if (samples < 0) return 0;
  const GstClockTime waiting =
      gst_util_uint64_scale_int_ceil(static_cast<guint64>(samples), GST_SECOND, rate_);
  return waiting + (live_ ? processing_latency() : 0);
}

/// `taken`: between the last sample that a buffer needed and the complete buffer. A live pipeline
/// has granted processing-latency for that; what takes longer comes too late for a sink that syncs.
void Element::judge_computing(GstClockTime taken) {
  if (!live_) return;
  const GstClockTime granted = processing_latency();
  if (taken <= granted) return;
  counters_.late_buffers += 1;
  GST_WARNING_OBJECT(self_,
                     "computing a buffer took %" GST_TIME_FORMAT
                     ", more than processing-latency=%" GST_TIME_FORMAT,
                     GST_TIME_ARGS(taken), GST_TIME_ARGS(granted));
}

bool Element::latency_query(GstQuery* query) {
  if (!gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(self_), query)) return false;
  gboolean live = FALSE;
  GstClockTime min = 0;
  GstClockTime max = GST_CLOCK_TIME_NONE;
  gst_query_parse_latency(query, &live, &min, &max);
  live_ = live != FALSE;
  const GstClockTime own = own_latency();
  min += own;
  if (GST_CLOCK_TIME_IS_VALID(max)) max += own;
  gst_query_set_latency(query, live, min, max);
  return true;
}

void Element::update_liveness() {
  const QueryPtr query(gst_query_new_latency());
  if (!gst_pad_peer_query(GST_BASE_TRANSFORM_SINK_PAD(self_), query.get())) return;
  gboolean live = FALSE;
  gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  live_ = live != FALSE;
}

void Element::update_latency() {
  const GstClockTime now = own_latency();
  if (last_latency_.exchange(now) == now) return;
  GST_INFO_OBJECT(self_, "latency %" GST_TIME_FORMAT, GST_TIME_ARGS(now));
  gst_element_post_message(GST_ELEMENT(self_), gst_message_new_latency(GST_OBJECT(self_)));
}

void Element::processing_latency_changed() {
  if (latency_samples_ >= 0) update_latency();
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
