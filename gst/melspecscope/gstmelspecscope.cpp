// SPDX-License-Identifier: LGPL-2.1-or-later
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

#include <memory>
#include <utility>

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
  GstCaps* result = direction == GST_PAD_SINK
                        ? npumel::video_caps_for(caps, scope_of(base).scrolls())
                        : gst_static_pad_template_get_caps(npumel::scope_sink_template());
  if (filter == nullptr) return result;
  GstCaps* both = gst_caps_intersect_full(filter, result, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref(result);
  return both;
}

GstCaps* fixate_caps(GstBaseTransform*, GstPadDirection direction, GstCaps*, GstCaps* other) {
  return direction == GST_PAD_SINK ? npumel::fixate_video_caps(other) : gst_caps_fixate(other);
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

GstFlowReturn generate_output(GstBaseTransform* base, GstBuffer** output) {
  return guarded(base, GST_FLOW_ERROR, [&](npumel::Scope& scope) { return scope.next(output); });
}

/// Never called, as generate_output makes the buffers; but an element without this function is
/// taken for a passthrough, in place, and gets no buffer pool.
GstFlowReturn transform(GstBaseTransform*, GstBuffer*, GstBuffer*) {
  return GST_FLOW_NOT_SUPPORTED;
}

gboolean sink_event(GstBaseTransform* base, GstEvent* event) {
  const bool shown = guarded(base, false, [&](npumel::Scope& scope) {
    switch (GST_EVENT_TYPE(event)) {
      case GST_EVENT_GAP:
        return scope.show_gap(event);
      case GST_EVENT_SEGMENT:
        scope.new_segment();
        return false;
      case GST_EVENT_FLUSH_STOP:
        scope.flush();
        return false;
      default:
        return false;
    }
  });
  if (!shown) return parent_class()->sink_event(base, event);
  gst_event_unref(event);
  return TRUE;
}

gboolean src_event(GstBaseTransform* base, GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_QOS) scope_of(base).quality_event(event);
  return parent_class()->src_event(base, event);
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
  self->scope = std::make_unique<npumel::Scope>(GST_BASE_TRANSFORM(self)).release();
  gst_base_transform_set_gap_aware(GST_BASE_TRANSFORM(self), TRUE);
}
