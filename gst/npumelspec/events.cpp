// SPDX-License-Identifier: LGPL-2.1-or-later
// Serialized events keep their place among the audio that is held.
#include <algorithm>
#include <utility>

#include "gst/common/base_transform.h"
#include "gst/common/mel_info.h"
#include "gst/common/segment_rules.h"
#include "gst/npumelspec/element.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {
bool Element::sink_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      GST_INFO_OBJECT(self_, "flush begins");
      interrupt();
      return forward_sink_event(self_, std::move(event));
    case GST_EVENT_FLUSH_STOP:
      flush_stop();
      return forward_sink_event(self_, std::move(event));
    case GST_EVENT_CAPS:
      return sink_caps_event(std::move(event));
    case GST_EVENT_SEGMENT:
      return segment_event(std::move(event));
    case GST_EVENT_GAP:
      return gap_event(std::move(event));
    case GST_EVENT_EOS:
      if (!gst_pad_has_current_caps(GST_BASE_TRANSFORM_SINK_PAD(self_)))
        negotiation_.post_empty_answer(settings());
      set_pending_flow(drain(true));
      // With the figures of the whole stream: gst-launch-1.0 -v prints them.
      g_object_notify(G_OBJECT(self_), "stats");
      return forward_sink_event(self_, mark_eos(GST_ELEMENT(self_), std::move(event)));
    case GST_EVENT_STREAM_START:
      set_pending_flow(continues(GST_BASE_TRANSFORM_SINK_PAD(self_), event.get()) ? push_pending()
                                                                                  : drain());
      return forward_sink_event(self_, std::move(event));
    case GST_EVENT_SEGMENT_DONE:
      set_pending_flow(drain());
      return forward_sink_event(self_, std::move(event));
    default:
      break;
  }
  const bool serialized =
      (gst_event_type_get_flags(GST_EVENT_TYPE(event.get())) & GST_EVENT_TYPE_SERIALIZED) != 0;
  if (serialized) set_pending_flow(push_pending());
  return forward_sink_event(self_, std::move(event));
}

void Element::flush_stop() {
  GST_INFO_OBJECT(self_, "flushed: what came in and was not sent is dropped");
  count_discarded();
  discard_input();
  reset_errors(GST_ELEMENT(self_));
  pending_flow_ = GST_FLOW_OK;
  reverse_ = false;
  stream_.supervisor().resume();
}

bool Element::sink_caps_event(EventPtr event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event.get(), &caps);
  const CapsPtr current(gst_pad_get_current_caps(GST_BASE_TRANSFORM_SINK_PAD(self_)));
  if (configured_ && !(current && gst_caps_is_equal(current.get(), caps)))
    set_pending_flow(drain());

  const Settings settings = this->settings();
  int rate = 0;
  gst_structure_get_int(gst_caps_get_structure(caps, 0), "rate", &rate);
  resolve_recipe(settings, rate);  // throws with the reason, before negotiation fails without one
  resolve_shape(settings);

  const CapsPtr held(gst_caps_ref(caps));
  if (forward_sink_event(self_, std::move(event))) return true;
  if (flushing()) return false;
  const CapsPtr peer(gst_pad_peer_query_caps(GST_BASE_TRANSFORM_SRC_PAD(self_), nullptr));
  const CapsPtr ours = source_caps(settings, held.get());
  if (!gst_caps_can_intersect(ours.get(), peer.get()) && !flushing())
    negotiation_.post_mismatch(ours.get(), peer.get());
  return false;
}

bool Element::segment_event(EventPtr event) {
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event.get(), &segment);
  const bool goes_on = continues(GST_BASE_TRANSFORM(self_)->segment, *segment);
  GST_INFO_OBJECT(self_, "%s %" GST_SEGMENT_FORMAT, goes_on ? "the stream goes on in" : "new",
                  segment);
  set_pending_flow(goes_on ? push_pending() : drain());
  const bool reverse = segment->rate < 0;
  if (reverse && !reverse_)
    GST_ELEMENT_WARNING(self_, STREAM, FORMAT,
                        ("Features cannot be computed backwards: there are none until the audio "
                         "plays forward again"),
                        ("segment with rate %f", segment->rate));
  reverse_ = reverse;
  return forward_sink_event(self_, std::move(event));
}

/// A gap that continues the stream is silence; its time is covered by the frames that see it.
bool Element::gap_event(EventPtr event) {
  GstClockTime start = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  gst_event_parse_gap(event.get(), &start, &duration);
  discard_rejected();
  if (!configured_ || !timeline_.started()) return forward_sink_event(self_, std::move(event));

  const GstFlowReturn flow = confirm_held();
  if (flow != GST_FLOW_OK) return false;
  // Without a duration it is a request to send what is held.
  if (!GST_CLOCK_TIME_IS_VALID(duration)) {
    set_pending_flow(drain());
    return forward_sink_event(self_, std::move(event));
  }
  const GstClockTime expected = timeline_.at(stream_.samples());
  if (!GST_CLOCK_TIME_IS_VALID(start)) start = expected;
  const GstClockTime end = start + std::min(duration, GST_CLOCK_TIME_NONE - 1 - start);
  const bool near = start > expected ? start - expected <= jumps_.config().max_fill
                                     : expected - start <= jumps_.config().max_gap;
  if (near && duration <= jumps_.config().max_fill) {
    const int64_t silence = end > expected ? timeline_.samples_between(expected, end) : 0;
    insert_silence(silence);
    return feed(silence, nullptr, 0) == GST_FLOW_OK;
  }
  report_resync(end, expected, "a gap event beyond max-gap");
  set_pending_flow(drain());
  timing_.mark_resync();
  return forward_sink_event(self_, std::move(event));
}

}  // namespace npumel
