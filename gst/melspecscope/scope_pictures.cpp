// SPDX-License-Identifier: LGPL-2.1-or-later
// Video buffers: which are made, and what is drawn into them.
#include <algorithm>
#include <utility>

#include "gst/common/element_error.h"
#include "gst/common/object_lock.h"
#include "gst/melspecscope/scope.h"

GST_DEBUG_CATEGORY_EXTERN(mel_spec_scope_debug);
#define GST_CAT_DEFAULT mel_spec_scope_debug

namespace npumel {

/// The time up to which pictures would be too late, or nothing when one of that time would not.
std::optional<GstClockTime> Scope::late_until(GstClockTime time) const {
  if (!gst_base_transform_is_qos_enabled(base_)) return std::nullopt;
  const GstSegment* segment = &base_->segment;
  const GstClockTime running = gst_segment_to_running_time(segment, GST_FORMAT_TIME, time);
  const GstClockTime earliest = with_lock(base_, [&] { return quality_.earliest(); });
  if (!GST_CLOCK_TIME_IS_VALID(running) || !GST_CLOCK_TIME_IS_VALID(earliest) || running > earliest)
    return std::nullopt;
  const GstClockTime last =
      gst_segment_position_from_running_time(segment, GST_FORMAT_TIME, earliest);
  // A running time outside the segment: every picture that is due is late.
  return GST_CLOCK_TIME_IS_VALID(last) ? std::max(last, time) : kLastTime;
}

/// Counts pictures that are not drawn and posts one QOS message for those in a row.
void Scope::drop(GstClockTime time, GstClockTime duration, guint64 pictures) {
  const GstSegment* segment = &base_->segment;
  const GstClockTime running = gst_segment_to_running_time(segment, GST_FORMAT_TIME, time);
  const GstClockTime stream_time = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, time);
  GST_DEBUG_OBJECT(base_, "%" G_GUINT64_FORMAT " pictures from %" GST_TIME_FORMAT " on too late",
                   pictures, GST_TIME_ARGS(time));
  GstMessage* const message = with_lock(base_, [&] {
    quality_.dropped(pictures);
    return quality_.message(GST_OBJECT(base_), running, stream_time, time, duration);
  });
  discont_ = true;
  gst_element_post_message(GST_ELEMENT(base_), message);
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
  if (std::exchange(discont_, false)) GST_BUFFER_FLAG_SET(raw, GST_BUFFER_FLAG_DISCONT);

  const MappedVideo video(raw, video_);
  if (!video) {
    NPUMEL_ELEMENT_ERROR(base_, RESOURCE, WRITE, ("A video buffer cannot be written."), (nullptr));
    return GST_FLOW_ERROR;
  }
  draw(video.pixels(), video.stride());
  {
    const ObjectLock lock(base_);
    quality_.drawn();
  }
  GST_LOG_OBJECT(base_, "picture of %" GST_TIME_FORMAT, GST_TIME_ARGS(time));
  *picture = buffer.release();
  return GST_FLOW_OK;
}

GstFlowReturn Scope::next_page(GstBuffer** picture) {
  if (!mel_) return GST_FLOW_OK;
  GstBuffer* buffer = mel_->buffer();
  const GstClockTime time = GST_BUFFER_PTS(buffer);
  const GstClockTime duration = GST_BUFFER_DURATION(buffer);
  GstFlowReturn flow = GST_FLOW_OK;
  if (late_until(time)) {
    drop(time, duration, 1);
  } else {
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
    const GstClockTime stop = base_->segment.stop;
    if (GST_CLOCK_TIME_IS_VALID(stop) && time >= stop) {
      scroller_.skip_pictures_before(kLastTime);
    } else if (const auto last = late_until(time)) {
      drop(time, duration, 1 + static_cast<guint64>(scroller_.skip_pictures_before(*last + 1)));
    } else {
      return make_picture(time, duration, picture, [&](uint8_t* pixels, ptrdiff_t stride) {
        view_->draw_scroll(pixels, stride);
      });
    }
  }
  mel_.reset();
  return GST_FLOW_OK;
}

GstFlowReturn Scope::next(GstBuffer** picture) {
  *picture = nullptr;
  return shown_.scroll ? next_of_scroll(picture) : next_page(picture);
}

/// Our own push and not the base class's, which knows nothing of the pictures of a GAP event: it
/// would mark DISCONT after them, and wherever the input does.
GstFlowReturn Scope::push_pictures() {
  while (true) {
    GstBuffer* picture = nullptr;
    const GstFlowReturn flow = next(&picture);
    if (flow != GST_FLOW_OK || picture == nullptr) return flow;
    const GstClockTime time = GST_BUFFER_PTS(picture);
    const GstFlowReturn pushed = gst_pad_push(GST_BASE_TRANSFORM_SRC_PAD(base_), picture);
    if (pushed != GST_FLOW_OK) {
      discont_ = true;  // should the stream go on, downstream lacks this picture
      return pushed;
    }
    if (GST_CLOCK_TIME_IS_VALID(time)) base_->segment.position = time;  // the answer to POSITION
  }
}

}  // namespace npumel
