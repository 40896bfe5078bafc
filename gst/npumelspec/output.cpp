// SPDX-License-Identifier: LGPL-2.1-or-later
// Output: caps, time, flags and metas of a complete buffer.
#include <gst/audio/audio.h>

#include <algorithm>

#include "gst/common/row_meta.h"
#include "gst/common/tensor.h"
#include "gst/npumelspec/element.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {

bool Element::decide_allocation(GstQuery* query) {
  const Shape& shape = stream_.shape();
  const size_t bytes = static_cast<size_t>(std::max(shape.frames, shape.first)) *
                       static_cast<size_t>(config_.output.mels) * size_of(config_.output.type);
  stream_.take_device_memory(OutputPool::any_memory_will_do(query));
  const char* pool = "";
  switch (OutputPool::decide(query, bytes)) {
    case OutputPool::Decision::downstream:
      pool = "downstream's pool";
      break;
    case OutputPool::Decision::none:
      pool = "a pool of our own: downstream offers none";
      break;
    case OutputPool::Decision::too_small:
      pool = "a pool of our own: the buffers of downstream's are too small";
      break;
    case OutputPool::Decision::later:
      pool = "no pool: the size is known at the end of the stream";
      break;
  }
  GST_INFO_OBJECT(self_, "buffers of up to %zu bytes come from %s", bytes, pool);
  return true;
}

/// Whether a FALSE from downstream may be due to a flush or a stop, which reaches the next element
/// before it reaches our own pads.
bool Element::flushing() const {
  GstPad* source = GST_BASE_TRANSFORM_SRC_PAD(self_);
  if (GST_PAD_IS_FLUSHING(source) || GST_PAD_IS_FLUSHING(GST_BASE_TRANSFORM_SINK_PAD(self_)))
    return true;
  const PadPtr peer(gst_pad_get_peer(source));
  return peer && GST_PAD_IS_FLUSHING(peer.get());
}

/// Sends caps with the number of frames where that differs from the last caps sent.
GstFlowReturn Element::announce_frames(int frames) {
  if (frames == announced_frames_ || stream_.shape().whole()) return GST_FLOW_OK;
  // Pushing refused caps succeeds, only the buffer after them fails: ask first.
  const bool taken = peer_takes(frames);
  if (flushing()) return GST_FLOW_FLUSHING;
  if (!taken) {
    NPUMEL_ELEMENT_ERROR(
        self_, CORE, NEGOTIATION,
        ("The next element refuses a buffer of %d instead of %d frames, as %s asks "
         "for: its caps must leave frames open",
         frames, stream_.shape().frames, stream_.finished() ? "eos-mode=short" : "first-frames"),
        (nullptr));
    return GST_FLOW_NOT_NEGOTIATED;
  }
  const CapsPtr caps = with_frames(out_caps_.get(), config_.output.layout, frames);
  // If the event is not sent (flush, end of stream), pushing the buffer returns the reason.
  if (gst_pad_push_event(GST_BASE_TRANSFORM_SRC_PAD(self_), gst_event_new_caps(caps.get())))
    announced_frames_ = frames;
  return GST_FLOW_OK;
}

/// Pushes a buffer. Not through the base class, which copies DISCONT from the input, also where the
/// output is continuous.
GstFlowReturn Element::push(BufferPtr buffer) {
  GstBaseTransform* base = GST_BASE_TRANSFORM(self_);
  const GstClockTime end = GST_BUFFER_PTS(buffer.get()) + GST_BUFFER_DURATION(buffer.get());
  const GstFlowReturn flow = gst_pad_push(GST_BASE_TRANSFORM_SRC_PAD(base), buffer.release());
  if (flow == GST_FLOW_OK && base->segment.format == GST_FORMAT_TIME)
    base->segment.position = end;  // the answer to POSITION
  return flow;
}

GstFlowReturn Element::push_pending(bool wait) {
  while (true) {
    GstBuffer* buffer = nullptr;
    const GstFlowReturn flow = produce(&buffer, wait);
    if (flow != GST_FLOW_OK || buffer == nullptr) return flow;
    const GstFlowReturn pushed = push(BufferPtr(buffer));
    if (pushed != GST_FLOW_OK) return pushed;
  }
}

GstFlowReturn Element::stamp(Output& output) {
  const GstFlowReturn flow = announce_frames(output.rows);
  if (flow != GST_FLOW_OK) return flow;

  const int hop = config_.backend.recipe.hop_length;
  timing_.stamp(output, hop, timeline_);
  GstBuffer* buffer = output.buffer.get();
  attach_row_meta(buffer, {.valid = output.valid,
                           .offset = static_cast<uint64_t>(output.start),
                           .log_max = output.log_max,
                           .backend = output.backend});
  if (config_.measures_level) {
    const AudioLevel level = stream_.level(output.start, output.rows);
    gst_buffer_add_audio_level_meta(buffer, level.level, level.voice ? TRUE : FALSE);
  }
  attach_tensor_meta(buffer, kMelTensorId, config_.output.layout, config_.output.type,
                     config_.output.mels, output.rows);
  captures_.attach(buffer, output.start * hop, timeline_);
  GST_LOG_OBJECT(self_,
                 "buffer %" G_GUINT64_FORMAT ": frames %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT
                 " (%d valid) at %" GST_TIME_FORMAT " for %" GST_TIME_FORMAT ", by %s%s%s",
                 counters_.buffers.load(), output.start, output.start + output.rows - 1,
                 output.valid, GST_TIME_ARGS(GST_BUFFER_PTS(buffer)),
                 GST_TIME_ARGS(GST_BUFFER_DURATION(buffer)), output.backend,
                 GST_BUFFER_IS_DISCONT(buffer) ? ", discont" : "", output.silent ? ", gap" : "");
  counters_.buffers += 1;
  counters_.frames += static_cast<uint64_t>(output.valid);
  return GST_FLOW_OK;
}

}  // namespace npumel
