// SPDX-License-Identifier: LGPL-2.1-or-later
// Serialized events keep their place among the audio that is held.
#include <gst/audio/audio.h>

#include <algorithm>
#include <utility>

#include "gst/npumelspec/element.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {
namespace {

GstBaseTransformClass* base_class() {
  return GST_BASE_TRANSFORM_CLASS(g_type_class_peek(GST_TYPE_BASE_TRANSFORM));
}

}  // namespace

bool Element::forward(EventPtr event) {
  return base_class()->sink_event(GST_BASE_TRANSFORM(self_), event.release()) != FALSE;
}

bool Element::sink_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_START:
      interrupt();
      return forward(std::move(event));
    case GST_EVENT_FLUSH_STOP:
      flush_stop();
      return forward(std::move(event));
    case GST_EVENT_CAPS:
      return sink_caps_event(std::move(event));
    case GST_EVENT_SEGMENT:
      return segment_event(std::move(event));
    case GST_EVENT_GAP:
      return gap_event(std::move(event));
    case GST_EVENT_EOS:
      explain_silence();
      drain();
      // With the figures of the whole stream: gst-launch-1.0 -v prints them.
      g_object_notify(G_OBJECT(self_), "stats");
      return forward(std::move(event));
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_START:
      drain();
      return forward(std::move(event));
    default:
      break;
  }
  const bool serialized =
      (gst_event_type_get_flags(GST_EVENT_TYPE(event.get())) & GST_EVENT_TYPE_SERIALIZED) != 0;
  if (serialized) push_pending();
  return forward(std::move(event));
}

void Element::flush_stop() {
  reset_stream();
  stream_.supervisor().resume();
}

bool Element::sink_caps_event(EventPtr event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event.get(), &caps);
  const CapsPtr current(gst_pad_get_current_caps(GST_BASE_TRANSFORM_SINK_PAD(self_)));
  if (configured_ && !(current && gst_caps_is_equal(current.get(), caps))) drain();

  const Settings settings = this->settings();
  int rate = 0;
  gst_structure_get_int(gst_caps_get_structure(caps, 0), "rate", &rate);
  resolve_recipe(settings, rate);  // the reason is told here, before the base class gives up
  resolve_shape(settings);

  const CapsPtr held(gst_caps_ref(caps));
  if (forward(std::move(event))) return true;
  const CapsPtr peer(gst_pad_peer_query_caps(GST_BASE_TRANSFORM_SRC_PAD(self_), nullptr));
  const CapsPtr ours = source_caps(settings, held.get());
  if (!gst_caps_can_intersect(ours.get(), peer.get())) {
    GST_ELEMENT_ERROR(
        self_, CORE, NEGOTIATION,
        ("The next element does not take these features: %s",
         explain_mismatch(ours.get(), peer.get()).c_str()),
        ("have %" GST_PTR_FORMAT ", wanted %" GST_PTR_FORMAT, ours.get(), peer.get()));
  }
  return false;
}

bool Element::segment_event(EventPtr event) {
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event.get(), &segment);
  if (segment->rate < 0) {
    GST_ELEMENT_ERROR(self_, STREAM, FORMAT, ("Frames cannot be computed backwards"),
                      ("segment with rate %f", segment->rate));
    return false;
  }
  const GstSegment* now = &GST_BASE_TRANSFORM(self_)->segment;
  if (!gst_segment_is_equal(now, segment)) drain();
  return forward(std::move(event));
}

/// A gap that continues the stream is silence; its time is covered by the frames that see it.
bool Element::gap_event(EventPtr event) {
  GstClockTime start = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  gst_event_parse_gap(event.get(), &start, &duration);
  forget_refused();
  if (!configured_ || stream_.empty()) return forward(std::move(event));

  if (duration <= active_.max_gap) {  // which a gap without a duration exceeds
    const int64_t samples = timeline_.samples_in(duration);
    const Timeline::Placement placement = timeline_.place(start, true, samples, stream_.samples());
    if (!placement.resync) {
      const int64_t silence = std::max<int64_t>(samples + placement.gap, 0);
      counters_.samples_inserted += static_cast<uint64_t>(silence);
      stream_.feed(silence, nullptr, 0);
      return push_pending() == GST_FLOW_OK;
    }
  }
  drain();
  return forward(std::move(event));
}

}  // namespace npumel
