/**
 * SECTION:element-melspecscope
 *
 * Draws mel-spectrogram buffers as video.
 *
 * |[
 * gst-launch-1.0 filesrc location=speech.wav ! wavparse ! npumelspec frames=0 ! melspecscope
 * mode=page ! pngenc ! filesink location=mel.png
 * ]| One picture of the whole clip.
 * |[
 * gst-launch-1.0 autoaudiosrc ! queue ! audioconvert ! audioresample ! npumelspec ! queue !
 * melspecscope ! videoconvert ! autovideosink
 * ]| A live display.
 *
 * mode=scroll makes pictures at the negotiated frame rate, the first at the time of the first mel
 * frame; a picture shows the mel frames up to its own time, the newest at the right edge. It adds
 * no latency. Holes of up to a second are shown in the lowest colour; after a longer one the
 * display goes on at the new time. Pictures that would come too late (QoS) are not drawn.
 *
 * mode=page makes one picture a buffer, with the buffer's time and duration.
 *
 * Values are in the units of the caps. A change of colormap, axes or span restarts the display.
 *
 * Thread rules: the streaming thread works; properties are copied under the object lock when a
 * buffer comes.
 */
#include "gst/melspecscope/gstmelspecscope.h"

#include <exception>
#include <memory>
#include <optional>
#include <utility>

#include "gst/melspecscope/scope_buffers.h"
#include "gst/melspecscope/scope_caps.h"
#include "gst/melspecscope/scope_quality.h"
#include "gst/melspecscope/scope_settings.h"
#include "gst/melspecscope/scroller.h"

GST_DEBUG_CATEGORY_STATIC(mel_spec_scope_debug);
#define GST_CAT_DEFAULT mel_spec_scope_debug

namespace {

using npumel::BufferPtr;
using npumel::MappedMel;
using npumel::Quality;
using npumel::ScopeInput;
using npumel::ScopeSettings;
using npumel::Scroller;
using npumel::View;

/// Belongs to the streaming thread.
struct Stream {
  ScopeInput input;
  GstVideoInfo video;
  npumel::ViewSettings view_settings;
  std::optional<View> view;
  std::optional<MappedMel> mel;  ///< the buffer in hand
  Scroller scroller;             ///< mode=scroll
};

}  // namespace

struct _GstMelSpecScope {
  GstBaseTransform parent;
  ScopeSettings* settings;  ///< under the object lock
  Quality* quality;
  Stream* stream;
};

G_DEFINE_TYPE(GstMelSpecScope, gst_mel_spec_scope, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(melspecscope, "melspecscope", GST_RANK_NONE, GST_TYPE_MEL_SPEC_SCOPE)

namespace {

GstBaseTransformClass* parent_class() {
  return GST_BASE_TRANSFORM_CLASS(gst_mel_spec_scope_parent_class);
}

/// Nothing may be thrown through GStreamer.
template <typename Result, typename Work>
Result guarded(GstMelSpecScope* self, Result failed, Work work) {
  try {
    return work();
  } catch (const std::exception& error) {
    GST_ELEMENT_ERROR(self, LIBRARY, FAILED, ("Drawing failed: %s", error.what()), (nullptr));
    return failed;
  }
}

npumel::ViewSettings view_settings(GstMelSpecScope* self) {
  GST_OBJECT_LOCK(self);
  const npumel::ViewSettings settings = self->settings->view();
  GST_OBJECT_UNLOCK(self);
  return settings;
}

bool scrolls(GstMelSpecScope* self) { return view_settings(self).scroll; }

void reset_quality(GstMelSpecScope* self) {
  GST_OBJECT_LOCK(self);
  *self->quality = Quality();
  GST_OBJECT_UNLOCK(self);
}

void make_view(GstMelSpecScope* self) {
  Stream& stream = *self->stream;
  stream.view.emplace(stream.input.stream, stream.view_settings,
                      GST_VIDEO_INFO_WIDTH(&stream.video), GST_VIDEO_INFO_HEIGHT(&stream.video),
                      npumel::pixel_format_of(stream.video));
}

// ---- negotiation ----

GstCaps* transform_caps(GstBaseTransform* base, GstPadDirection direction, GstCaps* caps,
                        GstCaps* filter) {
  GstCaps* result = direction == GST_PAD_SINK
                        ? npumel::video_caps_for(caps, scrolls(GST_MEL_SPEC_SCOPE(base)))
                        : gst_static_pad_template_get_caps(npumel::scope_sink_template());
  if (filter == nullptr) return result;
  GstCaps* both = gst_caps_intersect_full(filter, result, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref(result);
  return both;
}

GstCaps* fixate_caps(GstBaseTransform* base, GstPadDirection direction, GstCaps* caps,
                     GstCaps* other) {
  (void)base;
  (void)caps;
  return direction == GST_PAD_SINK ? npumel::fixate_video_caps(other) : gst_caps_fixate(other);
}

gboolean set_caps(GstBaseTransform* base, GstCaps* sink_caps, GstCaps* source_caps) {
  GstMelSpecScope* self = GST_MEL_SPEC_SCOPE(base);
  return guarded(self, FALSE, [&]() -> gboolean {
    Stream& stream = *self->stream;
    ScopeInput input;
    GstVideoInfo video;
    if (!npumel::parse_mel_caps(sink_caps, input) || !gst_video_info_from_caps(&video, source_caps))
      return FALSE;
    const npumel::ViewSettings settings = view_settings(self);
    if (settings.scroll && GST_VIDEO_INFO_FPS_N(&video) == 0) return FALSE;
    // A short last buffer has caps of its own; the display goes on.
    const bool same = stream.view && input.stream == stream.input.stream &&
                      gst_video_info_is_equal(&video, &stream.video);
    const bool same_time = same && input.rate == stream.input.rate;
    stream.input = input;
    stream.video = video;
    stream.view_settings = settings;
    if (!same_time) {
      const int fps_n = settings.scroll ? GST_VIDEO_INFO_FPS_N(&video) : 1;
      stream.scroller = Scroller({input.rate, input.hop, fps_n, GST_VIDEO_INFO_FPS_D(&video)});
    }
    if (!same) make_view(self);
    return TRUE;
  });
}

gboolean decide_allocation(GstBaseTransform* base, GstQuery* query) {
  return npumel::choose_video_pool(query) && parent_class()->decide_allocation(base, query);
}

// ---- drawing ----

/// True when a picture of that time would be too late; tells the application.
bool too_late(GstMelSpecScope* self, GstClockTime time, GstClockTime duration) {
  const GstSegment* segment = &GST_BASE_TRANSFORM(self)->segment;
  const GstClockTime running = gst_segment_to_running_time(segment, GST_FORMAT_TIME, time);
  const GstClockTime stream_time = gst_segment_to_stream_time(segment, GST_FORMAT_TIME, time);
  GstMessage* message = nullptr;
  GST_OBJECT_LOCK(self);
  if (self->quality->drops(running))
    message = self->quality->message(GST_OBJECT(self), running, stream_time, time, duration);
  GST_OBJECT_UNLOCK(self);
  return message != nullptr && (gst_element_post_message(GST_ELEMENT(self), message), true);
}

bool outside_segment(GstMelSpecScope* self, GstClockTime time) {
  const GstSegment& segment = GST_BASE_TRANSFORM(self)->segment;
  return segment.format == GST_FORMAT_TIME && GST_CLOCK_TIME_IS_VALID(segment.stop) &&
         time >= segment.stop;
}

/// A video buffer that `draw(pixels, stride)` fills.
template <typename Draw>
GstFlowReturn make_picture(GstMelSpecScope* self, GstClockTime time, GstClockTime duration,
                           GstBuffer** output, Draw draw) {
  GstBufferPool* pool = gst_base_transform_get_buffer_pool(GST_BASE_TRANSFORM(self));
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

  const npumel::MappedVideo video(raw, self->stream->video);
  if (!video) {
    GST_ELEMENT_ERROR(self, RESOURCE, WRITE, ("A video buffer cannot be written."), (nullptr));
    return GST_FLOW_ERROR;
  }
  draw(video.pixels(), video.stride());
  *output = buffer.release();
  return GST_FLOW_OK;
}

GstFlowReturn next_page(GstMelSpecScope* self, GstBuffer** output) {
  Stream& stream = *self->stream;
  if (!stream.mel) return GST_FLOW_OK;
  GstBuffer* buffer = stream.mel->buffer();
  const GstClockTime time = GST_BUFFER_PTS(buffer);
  const GstClockTime duration = GST_BUFFER_DURATION(buffer);
  GstFlowReturn flow = GST_FLOW_OK;
  if (!too_late(self, time, duration)) {
    const guint64 start =
        gst_segment_to_stream_time(&GST_BASE_TRANSFORM(self)->segment, GST_FORMAT_TIME, time);
    const double seconds =
        GST_CLOCK_TIME_IS_VALID(start) ? static_cast<double>(start) / GST_SECOND : 0;
    flow = make_picture(self, time, duration, output, [&](uint8_t* pixels, ptrdiff_t stride) {
      stream.view->draw_page(stream.mel->block(), seconds, pixels, stride);
    });
  }
  stream.mel.reset();
  return flow;
}

GstFlowReturn next_scroll_picture(GstMelSpecScope* self, GstBuffer** output) {
  Stream& stream = *self->stream;
  const npumel::MelBlock* block = stream.mel ? &stream.mel->block() : nullptr;
  while (const auto picture = stream.scroller.next_picture(*stream.view, block)) {
    const auto [time, duration] = *picture;
    if (outside_segment(self, time) || too_late(self, time, duration)) continue;
    return make_picture(self, time, duration, output, [&](uint8_t* pixels, ptrdiff_t stride) {
      stream.view->draw_scroll(pixels, stride);
    });
  }
  stream.mel.reset();
  return GST_FLOW_OK;
}

// ---- streaming ----

/// May throw.
GstFlowReturn take_input(GstMelSpecScope* self, BufferPtr buffer, bool discont) {
  Stream& stream = *self->stream;
  if (!stream.view) return GST_FLOW_NOT_NEGOTIATED;
  npumel::ViewSettings wanted = view_settings(self);
  wanted.scroll = stream.view_settings.scroll;  // fixed with the caps
  if (wanted != stream.view_settings) {
    stream.view_settings = wanted;
    make_view(self);
  }
  stream.mel.emplace(std::move(buffer), stream.input);
  if (!stream.mel->usable()) {
    GST_ELEMENT_ERROR(self, STREAM, FORMAT,
                      ("A buffer of %" G_GSIZE_FORMAT " bytes does not hold whole frames of %d "
                       "mels.",
                       stream.mel->size(), stream.input.stream.mels),
                      (nullptr));
    stream.mel.reset();
    return GST_FLOW_ERROR;
  }
  if (!wanted.scroll) return GST_FLOW_OK;
  if (!GST_BUFFER_PTS_IS_VALID(stream.mel->buffer())) {
    GST_ELEMENT_ERROR(self, STREAM, FORMAT, ("mode=scroll needs buffers with a time."), (nullptr));
    stream.mel.reset();
    return GST_FLOW_ERROR;
  }
  const GstClockTime time = GST_BUFFER_PTS(stream.mel->buffer());
  if (stream.scroller.add(*stream.view, stream.mel->block(), time, discont))
    GST_DEBUG_OBJECT(self, "display goes on at %" GST_TIME_FORMAT, GST_TIME_ARGS(time));
  return GST_FLOW_OK;
}

GstFlowReturn submit_input_buffer(GstBaseTransform* base, gboolean is_discont, GstBuffer* input) {
  GstMelSpecScope* self = GST_MEL_SPEC_SCOPE(base);
  const bool discont = GST_BUFFER_IS_DISCONT(input);
  const GstFlowReturn flow = parent_class()->submit_input_buffer(base, is_discont, input);
  BufferPtr buffer(std::exchange(base->queued_buf, nullptr));
  if (flow != GST_FLOW_OK || !buffer) return flow;
  return guarded(self, GST_FLOW_ERROR,
                 [&] { return take_input(self, std::move(buffer), discont); });
}

GstFlowReturn generate_output(GstBaseTransform* base, GstBuffer** output) {
  GstMelSpecScope* self = GST_MEL_SPEC_SCOPE(base);
  *output = nullptr;
  return guarded(self, GST_FLOW_ERROR, [&] {
    return self->stream->view_settings.scroll ? next_scroll_picture(self, output)
                                              : next_page(self, output);
  });
}

/// mode=scroll: pictures for a time without data. False: the event itself must go on.
bool show_gap(GstMelSpecScope* self, GstEvent* event) {
  Stream& stream = *self->stream;
  GstClockTime time = 0;
  GstClockTime duration = 0;
  gst_event_parse_gap(event, &time, &duration);
  if (!stream.view || !stream.view_settings.scroll || !GST_CLOCK_TIME_IS_VALID(duration))
    return false;
  if (duration > GST_SECOND) {
    stream.scroller.stop();
    return false;
  }
  stream.scroller.add_gap(time, duration);
  GstBuffer* output = nullptr;
  while (generate_output(GST_BASE_TRANSFORM(self), &output) == GST_FLOW_OK && output != nullptr)
    if (gst_pad_push(GST_BASE_TRANSFORM_SRC_PAD(self), output) != GST_FLOW_OK) break;
  return true;
}

gboolean sink_event(GstBaseTransform* base, GstEvent* event) {
  GstMelSpecScope* self = GST_MEL_SPEC_SCOPE(base);
  Stream& stream = *self->stream;
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_GAP:
      if (show_gap(self, event)) {
        gst_event_unref(event);
        return TRUE;
      }
      break;
    case GST_EVENT_SEGMENT:
      stream.scroller.stop();
      break;
    case GST_EVENT_FLUSH_STOP:
      stream.mel.reset();
      stream.scroller.stop();
      if (stream.view) stream.view->clear();
      reset_quality(self);
      break;
    default:
      break;
  }
  return parent_class()->sink_event(base, event);
}

gboolean src_event(GstBaseTransform* base, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) {
    GstMelSpecScope* self = GST_MEL_SPEC_SCOPE(base);
    GST_OBJECT_LOCK(self);
    self->quality->update(event);
    GST_OBJECT_UNLOCK(self);
  }
  return parent_class()->src_event(base, event);
}

/// Never called, as generate_output makes the buffers; but an element without this function is
/// taken for a passthrough, in place, and gets no buffer pool.
GstFlowReturn transform(GstBaseTransform* base, GstBuffer* input, GstBuffer* output) {
  (void)base;
  (void)input;
  (void)output;
  return GST_FLOW_NOT_SUPPORTED;
}

gboolean start(GstBaseTransform* base) {
  reset_quality(GST_MEL_SPEC_SCOPE(base));
  return TRUE;
}

gboolean stop(GstBaseTransform* base) {
  GstMelSpecScope* self = GST_MEL_SPEC_SCOPE(base);
  const std::unique_ptr<Stream> last(
      std::exchange(self->stream, std::make_unique<Stream>().release()));
  return TRUE;
}

// ---- object ----

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  GstMelSpecScope* self = GST_MEL_SPEC_SCOPE(object);
  GST_OBJECT_LOCK(self);
  const bool known = npumel::set_scope_property(*self->settings, id, value);
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  GstMelSpecScope* self = GST_MEL_SPEC_SCOPE(object);
  GST_OBJECT_LOCK(self);
  const bool known = npumel::get_scope_property(*self->settings, id, value);
  GST_OBJECT_UNLOCK(self);
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  GstMelSpecScope* self = GST_MEL_SPEC_SCOPE(object);
  const std::unique_ptr<ScopeSettings> settings(self->settings);
  const std::unique_ptr<Quality> quality(self->quality);
  const std::unique_ptr<Stream> stream(self->stream);
  G_OBJECT_CLASS(gst_mel_spec_scope_parent_class)->finalize(object);
}

}  // namespace

static void gst_mel_spec_scope_class_init(GstMelSpecScopeClass* klass) {
  GST_DEBUG_CATEGORY_INIT(mel_spec_scope_debug, "melspecscope", 0, "Mel spectrogram display");
  auto* object_class = G_OBJECT_CLASS(klass);
  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  npumel::install_scope_properties(object_class);

  auto* element_class = GST_ELEMENT_CLASS(klass);
  gst_element_class_add_static_pad_template(element_class, npumel::scope_sink_template());
  gst_element_class_add_static_pad_template(element_class, npumel::scope_source_template());
  gst_element_class_set_static_metadata(element_class, "Mel spectrogram display", "Visualization",
                                        "Draws mel-spectrogram features as video", "npumelspec");

  auto* transform_class = GST_BASE_TRANSFORM_CLASS(klass);
  transform_class->passthrough_on_same_caps = FALSE;
  transform_class->transform_caps = transform_caps;
  transform_class->fixate_caps = fixate_caps;
  transform_class->set_caps = set_caps;
  transform_class->decide_allocation = decide_allocation;
  transform_class->submit_input_buffer = submit_input_buffer;
  transform_class->generate_output = generate_output;
  transform_class->transform = transform;
  transform_class->sink_event = sink_event;
  transform_class->src_event = src_event;
  transform_class->start = start;
  transform_class->stop = stop;
}

static void gst_mel_spec_scope_init(GstMelSpecScope* self) {
  self->settings = std::make_unique<ScopeSettings>().release();
  self->quality = std::make_unique<Quality>().release();
  self->stream = std::make_unique<Stream>().release();
  gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}
