// SPDX-License-Identifier: LGPL-2.1-or-later
// Serialized events keep their place among the rows that are held.
#include <algorithm>
#include <utility>

#include "gst/common/base_transform.h"
#include "gst/common/segment_rules.h"
#include "gst/meltransform/log.h"
#include "gst/meltransform/mel_transform.h"

#define GST_CAT_DEFAULT mel_transform_debug

namespace npumel {
bool MelTransform::sink_event(EventPtr event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_FLUSH_STOP:
      GST_INFO_OBJECT(self_, "flushed: rows that came in and were not sent are dropped");
      reset_stream();
      reset_errors(GST_ELEMENT(self_));
      pending_flow_ = GST_FLOW_OK;
      reverse_ = false;
      return forward_sink_event(self_, std::move(event));
    case GST_EVENT_CAPS:
      return sink_caps_event(std::move(event));
    case GST_EVENT_SEGMENT:
      return segment_event(std::move(event));
    case GST_EVENT_GAP:
      return gap_event(std::move(event));
    case GST_EVENT_EOS:
      set_pending_flow(drain(true));
      return forward_sink_event(self_, mark_eos(GST_ELEMENT(self_), std::move(event)));
    case GST_EVENT_STREAM_START:
      if (!continues(GST_BASE_TRANSFORM_SINK_PAD(self_), event.get())) set_pending_flow(drain());
      return forward_sink_event(self_, std::move(event));
    case GST_EVENT_SEGMENT_DONE:
      set_pending_flow(drain());
      return forward_sink_event(self_, std::move(event));
    default:
      return forward_sink_event(self_, std::move(event));
  }
}

bool MelTransform::sink_caps_event(EventPtr event) {
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event.get(), &caps);
  const auto info = RowInfo::from_caps(caps);
  if (configured_ && info && source_->same_stream(*info)) {
    // A buffer of another length belongs to the stream: its rows go on, and what leaves has caps
    // of its own. Without a frame rate only rows that are held tell it from another geometry.
    const bool knows = source_->info.stride() > 0 || timeline_.started();
    if (info->frames() == source_->info.frames() || knows) return true;
  }
  const CapsPtr current(gst_pad_get_current_caps(GST_BASE_TRANSFORM_SINK_PAD(self_)));
  if (configured_ && !(current && gst_caps_is_equal(current.get(), caps)))
    set_pending_flow(drain());
  if (info) {
    // The reason is posted here, before the base class gives up.
    const Source source(*info);
    const TransformChoice::Recipe recipe = choice_.recipe();
    check_transform(*recipe, source.input);
    choose_mode(*recipe, source);
  }
  const CapsPtr held(gst_caps_ref(caps));
  if (forward_sink_event(self_, std::move(event))) return true;
  if (flushing() || !info) return false;
  const CapsPtr peer(gst_pad_peer_query_caps(GST_BASE_TRANSFORM_SRC_PAD(self_), nullptr));
  const CapsPtr ours = transform_source_caps(*choice_.recipe(), held.get());
  if (!gst_caps_can_intersect(ours.get(), peer.get()) && !flushing()) {
    const std::string why =
        explain_mismatch(ours.get(), peer.get(), "meltransform", kFeatureMediaType);
    NPUMEL_ELEMENT_ERROR(
        self_, CORE, NEGOTIATION,
        ("The next element does not take these features: %s", why.c_str()),
        ("have %" GST_PTR_FORMAT ", wanted %" GST_PTR_FORMAT, ours.get(), peer.get()));
  }
  return false;
}

bool MelTransform::segment_event(EventPtr event) {
  const GstSegment* segment = nullptr;
  gst_event_parse_segment(event.get(), &segment);
  const bool goes_on = continues(GST_BASE_TRANSFORM(self_)->segment, *segment);
  GST_INFO_OBJECT(self_, "%s %" GST_SEGMENT_FORMAT, goes_on ? "the stream goes on in" : "new",
                  segment);
  if (!goes_on) set_pending_flow(drain());
  const bool reverse = segment->rate < 0;
  if (reverse && !reverse_)
    GST_ELEMENT_WARNING(self_, STREAM, FORMAT,
                        ("Rows cannot be transformed backwards: there are none until they come "
                         "forward again"),
                        ("segment with rate %f", segment->rate));
  reverse_ = reverse;
  return forward_sink_event(self_, std::move(event));
}

/// There are no rows for the time of a gap: what is held ends before it. One whose time has been
/// covered already is nothing.
bool MelTransform::gap_event(EventPtr event) {
  GstClockTime start = GST_CLOCK_TIME_NONE;
  GstClockTime duration = GST_CLOCK_TIME_NONE;
  gst_event_parse_gap(event.get(), &start, &duration);
  if (configured_ && mode_ == Mode::stream && timeline_.started()) {
    const GstClockTime expected = timeline_.at(transformer_->rows_in() * hop());
    const bool known = GST_CLOCK_TIME_IS_VALID(start) && GST_CLOCK_TIME_IS_VALID(duration);
    const bool covered = known && start < expected && duration <= expected - start;
    if (!covered) set_pending_flow(drain());
  }
  return forward_sink_event(self_, std::move(event));
}

}  // namespace npumel
