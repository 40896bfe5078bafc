// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/melspecscope/scope.h"

#include <utility>

GST_DEBUG_CATEGORY_EXTERN(mel_spec_scope_debug);
#define GST_CAT_DEFAULT mel_spec_scope_debug

namespace npumel {

bool Scope::set_property(guint id, const GValue* value) {
  GST_OBJECT_LOCK(base_);
  const bool known = set_scope_property(settings_, id, value);
  GST_OBJECT_UNLOCK(base_);
  return known;
}

bool Scope::get_property(guint id, GValue* value) const {
  GST_OBJECT_LOCK(base_);
  const bool known = get_scope_property(settings_, id, value);
  GST_OBJECT_UNLOCK(base_);
  return known;
}

ViewSettings Scope::view_settings() const {
  GST_OBJECT_LOCK(base_);
  const ViewSettings settings = settings_.view();
  GST_OBJECT_UNLOCK(base_);
  return settings;
}

void Scope::quality_event(GstEvent* event) {
  GST_OBJECT_LOCK(base_);
  quality_.update(event);
  GST_OBJECT_UNLOCK(base_);
}

void Scope::reset_quality() {
  GST_OBJECT_LOCK(base_);
  quality_ = Quality();
  GST_OBJECT_UNLOCK(base_);
}

void Scope::start() { reset_quality(); }

void Scope::stop() {
  mel_.reset();
  view_.reset();
  scroller_ = Scroller();
}

void Scope::make_view() {
  view_.emplace(input_.stream, shown_, GST_VIDEO_INFO_WIDTH(&video_),
                GST_VIDEO_INFO_HEIGHT(&video_), pixel_format_of(video_));
}

bool Scope::set_caps(const GstCaps* mel, const GstCaps* video_caps) {
  ScopeInput input;
  GstVideoInfo video;
  if (!parse_mel_caps(mel, input) || !gst_video_info_from_caps(&video, video_caps)) return false;
  const ViewSettings settings = view_settings();
  if (settings.scroll && GST_VIDEO_INFO_FPS_N(&video) == 0) return false;
  // A short last buffer has caps of its own; the display goes on.
  const bool same =
      view_ && input.stream == input_.stream && gst_video_info_is_equal(&video, &video_);
  const bool same_time = same && input.rate == input_.rate;
  input_ = input;
  video_ = video;
  shown_ = settings;
  if (!same_time) {
    const int fps_n = settings.scroll ? GST_VIDEO_INFO_FPS_N(&video) : 1;
    scroller_ = Scroller({input.rate, input.hop, fps_n, GST_VIDEO_INFO_FPS_D(&video)});
  }
  if (!same) make_view();
  return true;
}

GstFlowReturn Scope::take(BufferPtr buffer, bool discont) {
  if (!view_) return GST_FLOW_NOT_NEGOTIATED;
  if (base_->segment.format != GST_FORMAT_TIME) {
    GST_ELEMENT_ERROR(base_, STREAM, FORMAT,
                      ("Features without a time segment: set format=time on appsrc."), (nullptr));
    return GST_FLOW_ERROR;
  }
  ViewSettings wanted = view_settings();
  wanted.scroll = shown_.scroll;
  if (wanted != shown_) {
    shown_ = wanted;
    make_view();
  }
  mel_.emplace(std::move(buffer), input_);
  if (!mel_->usable()) {
    GST_ELEMENT_ERROR(base_, STREAM, FORMAT,
                      ("A buffer of %" G_GSIZE_FORMAT " bytes does not hold whole frames of %d "
                       "mels.",
                       mel_->size(), input_.stream.mels),
                      (nullptr));
    mel_.reset();
    return GST_FLOW_ERROR;
  }
  if (!shown_.scroll) return GST_FLOW_OK;
  if (!GST_BUFFER_PTS_IS_VALID(mel_->buffer())) {
    GST_ELEMENT_ERROR(base_, STREAM, FORMAT, ("mode=scroll needs buffers with a time."), (nullptr));
    mel_.reset();
    return GST_FLOW_ERROR;
  }
  const GstClockTime time = GST_BUFFER_PTS(mel_->buffer());
  if (scroller_.add(*view_, mel_->block(), time, discont))
    GST_DEBUG_OBJECT(base_, "display goes on at %" GST_TIME_FORMAT, GST_TIME_ARGS(time));
  return GST_FLOW_OK;
}

bool Scope::show_gap(GstEvent* gap) {
  GstClockTime time = 0;
  GstClockTime duration = 0;
  gst_event_parse_gap(gap, &time, &duration);
  const bool has_time =
      base_->segment.format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID(duration);
  if (!view_ || !shown_.scroll || !has_time) return false;
  if (duration > GST_SECOND) {
    scroller_.stop();
    return false;
  }
  scroller_.add_gap(*view_, time, duration);
  GstBuffer* picture = nullptr;
  while (next(&picture) == GST_FLOW_OK && picture != nullptr)
    if (gst_pad_push(GST_BASE_TRANSFORM_SRC_PAD(base_), picture) != GST_FLOW_OK) break;
  return true;
}

void Scope::flush() {
  mel_.reset();
  scroller_.stop();
  if (view_) view_->clear();
  reset_quality();
}

}  // namespace npumel
