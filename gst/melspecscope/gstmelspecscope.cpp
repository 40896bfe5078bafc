// SPDX-License-Identifier: LGPL-2.1-or-later
// The GObject type melspecscope: class, properties and vfuncs, which call Scope.
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
 * display goes on at the new time. What nothing has been shown in yet has the colour of the ground.
 * Pictures that would come too late are not drawn unless qos=false.
 *
 * mode=page makes one picture a buffer, with the buffer's time and duration.
 *
 * Values are in the units of the caps, but powers and magnitudes (log=none) are drawn in dB. A
 * change of colormap, axes, span or level restarts the display.
 *
 * level=true draws the GstAudioLevelMeta of buffers (npumelspec level-meta=on) above the columns of
 * their frames. A column of several frames shows the loudest level, and voice if any of them has
 * it. Holes, gap events and buffers without the meta leave the strip in the colour of the ground.
 *
 * Thread rules: the streaming thread works; properties are copied under the object lock when a
 * buffer comes.
 */
#include "gst/melspecscope/gstmelspecscope.h"

#include <memory>
#include <optional>
#include <utility>

#include "gst/common/element_error.h"
#include "gst/common/guarded.h"
#include "gst/melspecscope/scope.h"

GST_DEBUG_CATEGORY(mel_spec_scope_debug);
#define GST_CAT_DEFAULT mel_spec_scope_debug

struct _GstMelSpecScope {
  GstBaseTransform parent;
  npumel::Scope* scope;
};

G_DEFINE_TYPE(GstMelSpecScope, gst_mel_spec_scope, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(melspecscope, "melspecscope", GST_RANK_NONE, GST_TYPE_MEL_SPEC_SCOPE)

namespace {

npumel::Scope& scope_of(gpointer object) { return *GST_MEL_SPEC_SCOPE(object)->scope; }

GstBaseTransformClass* parent_class() {
  return GST_BASE_TRANSFORM_CLASS(gst_mel_spec_scope_parent_class);
}

template <typename Result, typename Work>
Result guarded(gpointer object, Result failed, Work&& work) {
  return npumel::guarded(object, failed, [&] { return work(scope_of(object)); });
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  if (!scope_of(object).set_property(id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  if (!scope_of(object).get_property(id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  const std::unique_ptr<npumel::Scope> scope(GST_MEL_SPEC_SCOPE(object)->scope);
  G_OBJECT_CLASS(gst_mel_spec_scope_parent_class)->finalize(object);
}

gboolean start(GstBaseTransform* base) {
  scope_of(base).start();
  return TRUE;
}

gboolean stop(GstBaseTransform* base) {
  scope_of(base).stop();
  return TRUE;
}

GstCaps* transform_caps(GstBaseTransform* base, GstPadDirection direction, GstCaps* caps,
                        GstCaps* filter) {
  const npumel::Scope& scope = scope_of(base);
  GstCaps* result = nullptr;
  if (direction == GST_PAD_SRC)
    result = gst_static_pad_template_get_caps(npumel::scope_sink_template());
  else if (!scope.started())
    result = gst_static_pad_template_get_caps(npumel::scope_source_template());
  else
    result = npumel::video_caps_for(caps, scope.scrolls());
  if (filter == nullptr) return result;
  GstCaps* both = gst_caps_intersect_full(filter, result, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref(result);
  return both;
}

GstCaps* fixate_caps(GstBaseTransform* base, GstPadDirection direction, GstCaps* caps,
                     GstCaps* other) {
  if (direction == GST_PAD_SRC) return gst_caps_fixate(other);
  // Without a peer the base class proposes to pass the caps of the features through.
  const GstStructure* structure =
      gst_caps_is_empty(other) ? nullptr : gst_caps_get_structure(other, 0);
  if (structure != nullptr && !gst_structure_has_name(structure, "video/x-raw")) {
    gst_caps_unref(other);
    other = npumel::video_caps_for(caps, scope_of(base).scrolls());
  }
  return npumel::fixate_video_caps(other);
}

gboolean set_caps(GstBaseTransform* base, GstCaps* mel, GstCaps* video) {
  return guarded(base, false, [&](npumel::Scope& scope) { return scope.set_caps(mel, video); });
}

gboolean decide_allocation(GstBaseTransform* base, GstQuery* query) {
  return npumel::choose_video_pool(query) && parent_class()->decide_allocation(base, query);
}

GstFlowReturn submit_input_buffer(GstBaseTransform* base, gboolean is_discont, GstBuffer* input) {
  const bool discont = GST_BUFFER_IS_DISCONT(input);
  const GstFlowReturn flow = parent_class()->submit_input_buffer(base, is_discont, input);
  npumel::BufferPtr buffer(std::exchange(base->queued_buf, nullptr));
  if (flow != GST_FLOW_OK || !buffer) return flow;
  return guarded(base, GST_FLOW_ERROR,
                 [&](npumel::Scope& scope) { return scope.take(std::move(buffer), discont); });
}

/// Everything is sent from submit_input_buffer().
GstFlowReturn generate_output(GstBaseTransform*, GstBuffer** output) {
  *output = nullptr;
  return GST_FLOW_OK;
}

/// Never called; but an element without this function is
/// taken for a passthrough, in place, and gets no buffer pool.
GstFlowReturn transform(GstBaseTransform*, GstBuffer*, GstBuffer*) {
  return GST_FLOW_NOT_SUPPORTED;
}

gboolean sink_event(GstBaseTransform* base, GstEvent* event) {
  const GstEventType type = GST_EVENT_TYPE(event);
  if (type == GST_EVENT_GAP) {
    const auto flow = guarded(base, std::optional(GST_FLOW_ERROR),
                              [&](npumel::Scope& scope) { return scope.show_gap(event); });
    if (!flow) return parent_class()->sink_event(base, event);
    gst_event_unref(event);
    return *flow == GST_FLOW_OK;
  }
  if (type == GST_EVENT_SEGMENT) scope_of(base).new_segment();
  if (type == GST_EVENT_FLUSH_STOP) {
    guarded(base, false, [](npumel::Scope& scope) {
      scope.flush();
      return true;
    });
  }
  if (type == GST_EVENT_EOS)
    event = npumel::mark_eos(GST_ELEMENT(base), npumel::EventPtr(event)).release();
  const npumel::EventPtr caps_event(type == GST_EVENT_CAPS ? gst_event_ref(event) : nullptr);
  const gboolean accepted = parent_class()->sink_event(base, event);
  if (!accepted && caps_event) {
    GstCaps* caps = nullptr;
    gst_event_parse_caps(caps_event.get(), &caps);
    guarded(base, false, [&](npumel::Scope& scope) {
      scope.explain_refusal(caps);
      return true;
    });
  }
  return accepted;
}

gboolean src_event(GstBaseTransform* base, GstEvent* event) {
  switch (GST_EVENT_TYPE(event)) {
    case GST_EVENT_QOS:
      // Not for the base class, which would drop features before they are drawn: the display would
      // have a hole where only a picture was too late.
      scope_of(base).quality_event(event);
      return gst_pad_push_event(GST_BASE_TRANSFORM_SINK_PAD(base), event);
    case GST_EVENT_SEEK: {
      // Bytes and buffers of video are not those of upstream.
      GstFormat format = GST_FORMAT_UNDEFINED;
      gst_event_parse_seek(event, nullptr, &format, nullptr, nullptr, nullptr, nullptr, nullptr);
      if (format == GST_FORMAT_TIME) break;
      gst_event_unref(event);
      return FALSE;
    }
    default:
      break;
  }
  return parent_class()->src_event(base, event);
}

gboolean query(GstBaseTransform* base, GstPadDirection direction, GstQuery* asked) {
  GstFormat format = GST_FORMAT_TIME;
  if (direction == GST_PAD_SRC) {
    if (GST_QUERY_TYPE(asked) == GST_QUERY_POSITION)
      gst_query_parse_position(asked, &format, nullptr);
    else if (GST_QUERY_TYPE(asked) == GST_QUERY_DURATION)
      gst_query_parse_duration(asked, &format, nullptr);
    else if (GST_QUERY_TYPE(asked) == GST_QUERY_SEEKING)
      gst_query_parse_seeking(asked, &format, nullptr, nullptr, nullptr);
  }
  return (format == GST_FORMAT_TIME || format == GST_FORMAT_PERCENT) &&
         parent_class()->query(base, direction, asked);
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
  transform_class->query = query;
  transform_class->start = start;
  transform_class->stop = stop;
}

static void gst_mel_spec_scope_init(GstMelSpecScope* self) {
  self->scope = std::make_unique<npumel::Scope>(GST_BASE_TRANSFORM(self)).release();
  gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
  gst_base_transform_set_qos_enabled(GST_BASE_TRANSFORM(self), TRUE);
}
