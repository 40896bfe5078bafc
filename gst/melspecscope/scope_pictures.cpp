// SPDX-License-Identifier: LGPL-2.1-or-later
// Video buffers: which are made, and what is drawn into them.
#include "gst/melspecscope/scope.h"

namespace npumel {

/// True when a picture of that time would be too late; tells the application.
bool Scope::too_late(GstClockTime time, GstClockTime duration) {
  const GstSegment* segment = &base_->segment;
  const GstClockTime running = gst_segment_to_running_time(segment, GST_FORMAT_TIME, time);
  const GstClockTime stream_time = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, time);
  GstMessage* message = nullptr;
  GST_OBJECT_LOCK(base_);
  if (quality_.drops(running))
    message = quality_.message(GST_OBJECT(base_), running, stream_time, time, duration);
  GST_OBJECT_UNLOCK(base_);
  return message != nullptr && (gst_element_post_message(GST_ELEMENT(base_), message), true);
}

bool Scope::outside_segment(GstClockTime time) const {
  const GstSegment& segment = base_->segment;
  return GST_CLOCK_TIME_IS_VALID(segment.stop) && time >= segment.stop;
}

/// A video buffer that `draw(pixels, stride)` fills.
template <typename Draw>
GstFlowReturn Scope::make_picture(GstClockTime time, GstClockTime duration, GstBuffer** picture,
                                  Draw draw) {
  GstBufferPool* pool = gst_base_transform_get_buffer_pool(base_);
  if (pool == nullptr) return GST_FLOW_NOT_NEGOTIATED;
  GstBuffer* raw = nullptr;
  // The base class leaves that to its own way of getting buffers; a no-op from the second time on.
  gst_buffer_pool_set_active(pool, TRUE);
  const GstFlowReturn flow = gst_buffer_pool_acquire_buffer(pool, &raw, nullptr);
  gst_object_unref(pool);
  if (flow != GST_FLOW_OK) return flow;
  BufferPtr buffer(raw);
  GST_BUFFER_PTS(raw) = time;
  GST_BUFFER_DURATION(raw) = duration;

  const MappedVideo video(raw, video_);
  if (!video) {
    GST_ELEMENT_ERROR(base_, RESOURCE, WRITE, ("A video buffer cannot be written."), (nullptr));
    return GST_FLOW_ERROR;
  }
  draw(video.pixels(), video.stride());
  *picture = buffer.release();
  return GST_FLOW_OK;
}

GstFlowReturn Scope::next_page(GstBuffer** picture) {
  if (!mel_) return GST_FLOW_OK;
  GstBuffer* buffer = mel_->buffer();
  const GstClockTime time = GST_BUFFER_PTS(buffer);
  const GstClockTime duration = GST_BUFFER_DURATION(buffer);
  GstFlowReturn flow = GST_FLOW_OK;
  if (!too_late(time, duration)) {
    const guint64 start = gst_segment_to_stream_time(&base_->segment, GST_FORMAT_TIME, time);
    const double seconds =
        GST_CLOCK_TIME_IS_VALID(start) ? static_cast<double>(start) / GST_SECOND : 0;
    flow = make_picture(time, duration, picture, [&](uint8_t* pixels, ptrdiff_t stride) {
      view_->draw_page(mel_->block(), seconds, pixels, stride);
    });
  }
  mel_.reset();
  return flow;
}

GstFlowReturn Scope::next_of_scroll(GstBuffer** picture) {
  const MelBlock* block = mel_ ? &mel_->block() : nullptr;
  while (const auto due = scroller_.next_picture(*view_, block)) {
    const auto [time, duration] = *due;
    if (outside_segment(time) || too_late(time, duration)) continue;
    return make_picture(time, duration, picture, [&](uint8_t* pixels, ptrdiff_t stride) {
      view_->draw_scroll(pixels, stride);
    });
  }
  mel_.reset();
  return GST_FLOW_OK;
}

GstFlowReturn Scope::next(GstBuffer** picture) {
  *picture = nullptr;
  return shown_.scroll ? next_of_scroll(picture) : next_page(picture);
}

}  // namespace npumel
