// SPDX-License-Identifier: LGPL-2.1-or-later
// Properties, caps, buffers and events of melspecscope.
#include "gst/melspecscope/scope.h"

#include <utility>

#include "gst/common/element_error.h"
#include "gst/common/object_lock.h"
#include "gst/common/row_info.h"

GST_DEBUG_CATEGORY_EXTERN(mel_spec_scope_debug);
#define GST_CAT_DEFAULT mel_spec_scope_debug

namespace npumel {

bool Scope::set_property(guint id, const GValue* value) {
  reset_errors(GST_ELEMENT(base_));
  return with_lock(base_, [&] { return set_scope_property(settings_, id, value); });
}

bool Scope::get_property(guint id, GValue* value) const {
  return with_lock(base_, [&] { return get_scope_property(settings_, id, value); });
}

ViewSettings Scope::view_settings() const {
  return with_lock(base_, [&] { return settings_.view(); });
}

void Scope::quality_event(GstEvent* event) {
  const ObjectLock lock(base_);
  quality_.update(event);
}

void Scope::reset_quality() {
  const ObjectLock lock(base_);
  quality_ = Quality();
}

void Scope::start() {
  started_ = true;
  discont_ = true;
  reset_errors(GST_ELEMENT(base_));
  reset_quality();
}

void Scope::stop() {
  started_ = false;
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
  const bool same_time = same && input.rate == input_.rate && input.hop == input_.hop;
  input_ = input;
  video_ = video;
  shown_ = settings;
  if (!same_time) {
    const int fps_n = settings.scroll ? GST_VIDEO_INFO_FPS_N(&video) : 1;
    scroller_ = Scroller({input.rate, input.hop, fps_n, GST_VIDEO_INFO_FPS_D(&video)});
  }
  GST_INFO_OBJECT(base_, "%d mels, hop %d of %d Hz, %dx%d pictures, mode=%s", input.stream.mels,
                  input.hop, input.rate, GST_VIDEO_INFO_WIDTH(&video),
                  GST_VIDEO_INFO_HEIGHT(&video), settings.scroll ? "scroll" : "page");
  if (!same) {
    make_view();
    reset_errors(GST_ELEMENT(base_));
  }
  return true;
}

GstFlowReturn Scope::take(BufferPtr buffer, bool discont) {
  if (!view_) return GST_FLOW_NOT_NEGOTIATED;
  if (base_->segment.format != GST_FORMAT_TIME) {
    NPUMEL_ELEMENT_ERROR(base_, STREAM, FORMAT,
                         ("Features without a time segment: set format=time on appsrc."),
                         (nullptr));
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
    NPUMEL_ELEMENT_ERROR(base_, STREAM, FORMAT,
                         ("A buffer of %" G_GSIZE_FORMAT " bytes does not hold whole frames of %d "
                          "mels.",
                          mel_->size(), input_.stream.skipped + input_.stream.mels),
                         (nullptr));
    mel_.reset();
    return GST_FLOW_ERROR;
  }
  if (!shown_.scroll) {
    discont_ |= discont;
    return push_pictures();
  }
  if (!GST_BUFFER_PTS_IS_VALID(mel_->buffer())) {
    NPUMEL_ELEMENT_ERROR(base_, STREAM, FORMAT, ("mode=scroll needs buffers with a time."),
                         (nullptr));
    mel_.reset();
    return GST_FLOW_ERROR;
  }
  const GstClockTime time = GST_BUFFER_PTS(mel_->buffer());
  if (scroller_.add(*view_, mel_->block(), time, discont)) {
    GST_DEBUG_OBJECT(base_, "display goes on at %" GST_TIME_FORMAT, GST_TIME_ARGS(time));
    discont_ = true;
  }
  return push_pictures();
}

std::optional<GstFlowReturn> Scope::show_gap(GstEvent* gap) {
  GstClockTime time = 0;
  GstClockTime duration = 0;
  gst_event_parse_gap(gap, &time, &duration);
  const bool has_time = base_->segment.format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID(time) &&
                        GST_CLOCK_TIME_IS_VALID(duration);
  if (!view_ || !shown_.scroll || !has_time) return std::nullopt;
  if (duration > GST_SECOND) {
    scroller_.stop();
    return std::nullopt;
  }
  GST_DEBUG_OBJECT(base_, "gap of %" GST_TIME_FORMAT " at %" GST_TIME_FORMAT,
                   GST_TIME_ARGS(duration), GST_TIME_ARGS(time));
  discont_ |= scroller_.add_gap(*view_, time, duration);
  const GstFlowReturn flow = push_pictures();
  if (flow != GST_FLOW_OK)
    GST_DEBUG_OBJECT(base_, "pictures of a gap: %s", gst_flow_get_name(flow));
  return flow;
}

void Scope::explain_refusal(const GstCaps* mel) {
  const auto info = RowInfo::from_caps(mel);
  const FeatureInfo* features = info ? info->features() : nullptr;
  if (features != nullptr && !shows(*features)) {
    NPUMEL_ELEMENT_ERROR(
        base_, STREAM, WRONG_TYPE,
        ("melspecscope draws rows of at most %d mels, and these are features of kind %s with %d "
         "values a row: put it before meltransform, on a branch of a tee.",
         kMostMels, features->kind.empty() ? "(none)" : features->kind.c_str(), features->dims),
        (nullptr));
    return;
  }
  const CapsPtr wanted(gst_pad_peer_query_caps(GST_BASE_TRANSFORM_SRC_PAD(base_), nullptr));
  if (!info || !wanted || gst_caps_is_any(wanted.get()) || gst_caps_is_empty(wanted.get()) ||
      GST_PAD_IS_FLUSHING(GST_BASE_TRANSFORM_SRC_PAD(base_)))
    return;
  const GstStructure* video = gst_caps_get_structure(wanted.get(), 0);
  const GValue* rate = gst_structure_get_value(video, "framerate");
  const TextPtr rate_text(rate != nullptr ? gst_value_serialize(rate) : nullptr);
  const TextPtr wanted_text(gst_caps_to_string(wanted.get()));
  const CapsPtr offered(video_caps_for(mel, scrolls()));
  const bool rate_only = [&] {
    if (!rate_text) return false;
    const CapsPtr any_rate(gst_caps_copy(offered.get()));
    for (guint i = 0; i < gst_caps_get_size(any_rate.get()); ++i)
      gst_structure_remove_field(gst_caps_get_structure(any_rate.get(), i), "framerate");
    return gst_caps_can_intersect(any_rate.get(), wanted.get()) != FALSE;
  }();
  if (rate_only && !scrolls()) {
    NPUMEL_ELEMENT_ERROR(
        base_, STREAM, FORMAT,
        ("mode=page makes one picture a buffer, %d/%d a second here; the next element "
         "wants %s. Insert videorate, or use mode=scroll.",
         info->buffers_n(), info->buffers_d(), rate_text.get()),
        ("downstream: %s", wanted_text.get()));
  } else if (rate_only) {
    NPUMEL_ELEMENT_ERROR(base_, STREAM, FORMAT,
                         ("mode=scroll needs a frame rate from 1/1000 to 1000/1; the next element "
                          "wants %s. Use mode=page for single pictures.",
                          rate_text.get()),
                         ("downstream: %s", wanted_text.get()));
  } else {
    NPUMEL_ELEMENT_ERROR(base_, STREAM, FORMAT,
                         ("The next element does not take video that melspecscope makes; insert "
                          "videoconvert after it."),
                         ("downstream: %s", wanted_text.get()));
  }
}

void Scope::flush() {
  reset_errors(GST_ELEMENT(base_));
  mel_.reset();
  scroller_.stop();
  discont_ = true;
  if (view_) view_->clear();
  reset_quality();
}

}  // namespace npumel
