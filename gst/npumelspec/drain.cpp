// SPDX-License-Identifier: LGPL-2.1-or-later
// The end of a stream: the right edge, the last buffer, tail silence.
#include "gst/npumelspec/element.h"
#include "gst/npumelspec/errors.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

bool Element::peer_takes(int frames) const {
  const CapsPtr caps = with_frames(out_caps_.get(), config_.output.layout, frames);
  return gst_pad_peer_query_accept_caps(GST_BASE_TRANSFORM_SRC_PAD(self_), caps.get()) != FALSE;
}

/// What plan_ending() needs to know. Only at `eos`, where nothing follows in time, have rows of
/// tail silence a place.
StreamEnd Element::stream_end(bool eos) const {
  return {.samples = stream_.samples(),
          .tail_silence = timeline_.samples_in(active_.tail_silence),
          .keeps_tail = eos && active_.tail_frames == TailFrames::keep,
          .eos_mode = active_.eos_mode,
          .normalizes = active_.normalize == NormalizeMode::buffer};
}

/// Exceptions are caught here, so that the event that caused the drain (EOS) is still forwarded.
GstFlowReturn Element::drain(bool eos) {
  const GstFlowReturn flow = guarded_call(self_, GST_FLOW_ERROR, [&] {
    const GstFlowReturn confirmed = confirm_held();
    return confirmed == GST_FLOW_OK ? finish_stream(eos) : confirmed;
  });
  discard_input();
  return flow;
}

/// Sends what the samples taken so far yield, right edge included, and forgets them.
GstFlowReturn Element::finish_stream(bool eos) {
  GstFlowReturn flow = GST_FLOW_OK;
  if (configured_ && !stream_.empty()) flow = push_ending(eos);
  reset_stream();
  return flow;
}

GstFlowReturn Element::push_ending(bool eos) {
  const GstFlowReturn flow = push_pending();
  if (flow != GST_FLOW_OK) return flow;
  const EndingPlan plan = plan_ending(config_.backend.recipe, stream_.shape(), stream_end(eos),
                                      [this](int frames) { return peer_takes(frames); });
  GST_DEBUG_OBJECT(self_,
                   "ends after %" G_GINT64_FORMAT " samples: %" G_GINT64_FORMAT
                   " frames, %" G_GINT64_FORMAT " valid",
                   stream_.samples(), plan.ending.rows, plan.ending.valid);
  // Padded rows in the middle of a stream have no time of their own: real ones may follow.
  if (!eos) timing_.limit(stream_.samples());
  stream_.finish(plan.length, plan.ending);
  return push_pending();
}

}  // namespace npumel
