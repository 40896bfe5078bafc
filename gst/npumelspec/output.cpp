// SPDX-License-Identifier: LGPL-2.1-or-later
// What leaves: caps, time, flags and metas of a complete buffer.
#include <algorithm>

#include "gst/npumelspec/element.h"
#include "gst/npumelspec/meta.h"
#include "gst/npumelspec/tensor.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

/// A buffer of another length than the caps say is preceded by caps that say so.
GstFlowReturn Element::announce_frames(int frames) {
  if (frames == announced_frames_ || stream_.shape().whole()) return GST_FLOW_OK;
  const CapsPtr caps = with_frames(out_caps_.get(), config_.output.layout, frames);
  // Pushing refused caps succeeds, only the buffer after them fails: ask first.
  if (!peer_takes(caps.get()) ||
      !gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self_), gst_event_new_caps(caps.get()))) {
    GST_ELEMENT_ERROR(
        self_, CORE, NEGOTIATION,
        ("The next element refuses a buffer of %d instead of %d frames, as %s asks "
         "for: its caps must leave frames open",
         frames, stream_.shape().frames, first_output_ ? "first-frames" : "eos-mode=short"),
        (nullptr));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  announced_frames_ = frames;
  return GST_FLOW_OK;
}

GstFlowReturn Element::stamp(Output& output) {
  const int hop = config_.backend.recipe.hop_length;
  const int64_t start = output.start * hop;
  const int64_t end = (output.start + output.rows) * hop;
  const GstFlowReturn flow = announce_frames(output.rows);
  if (flow != GST_FLOW_OK) return flow;

  GstBuffer* buffer = output.buffer.get();
  GST_BUFFER_PTS(buffer) = timeline_.at(start);
  GST_BUFFER_DURATION(buffer) = timeline_.at(end) - timeline_.at(start);
  GST_BUFFER_OFFSET(buffer) = static_cast<guint64>(output.start);
  GST_BUFFER_OFFSET_END(buffer) = static_cast<guint64>(output.start + output.rows);
  if (first_output_) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  if (first_output_ && resynced_) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_RESYNC);
  if (output.silent) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_GAP);
  first_output_ = resynced_ = false;
  attach_mel_meta(buffer, output);
  attach_tensor_meta(buffer, config_.output.layout, config_.output.type, config_.output.mels,
                     output.rows);
  attach_captures(buffer, start);
  counters_.buffers += 1;
  counters_.frames += static_cast<uint64_t>(output.valid);
  return GST_FLOW_OK;
}

void Element::note_captures(GstBuffer* buffer, int64_t position) {
  const GType api = GST_REFERENCE_TIMESTAMP_META_API_TYPE;
  gpointer state = nullptr;
  while (GstMeta* meta = gst_buffer_iterate_meta_filtered(buffer, &state, api)) {
    const auto* reference = reinterpret_cast<const GstReferenceTimestampMeta*>(meta);
    captures_.push_back(
        {CapsPtr(gst_caps_ref(reference->reference)), reference->timestamp, position});
  }
}

/// The capture time of the buffer's first sample, counted from the latest one that is known.
void Element::attach_captures(GstBuffer* buffer, int64_t position) {
  if (captures_.empty()) return;
  int64_t latest = -1;
  for (const Capture& capture : captures_)
    if (capture.position <= position) latest = capture.position;
  std::erase_if(captures_, [&](const Capture& capture) { return capture.position < latest; });
  for (const Capture& capture : captures_) {
    if (capture.position != latest) continue;
    const GstClockTime since = timeline_.at(position) - timeline_.at(capture.position);
    gst_buffer_add_reference_timestamp_meta(buffer, capture.clock.get(), capture.time + since,
                                            GST_CLOCK_TIME_NONE);
  }
}

}  // namespace npumel
