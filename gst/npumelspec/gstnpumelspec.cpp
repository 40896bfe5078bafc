// SPDX-License-Identifier: LGPL-2.1-or-later
// The GObject type npumelspec: class, documentation and vfuncs, which call Element.
/**
 * SECTION:element-npumelspec
 * @title: npumelspec
 * @short_description: mel-spectrogram features from audio
 *
 * Turns mono audio into the mel-spectrogram features that speech and audio models are trained
 * with, on an AMD Ryzen AI NPU where one can be used and on the CPU otherwise: same numbers within
 * a stated tolerance, same timestamps, no frame lost.
 *
 * The #GstNpuMelSpec:preset property selects a published front end; everything in it can be
 * changed by other properties. The source caps name every value, so that a consumer that was
 * trained with another recipe does not link. Output does not depend on how the input is cut into
 * buffers. #GstNpuMelSpec:normalize is off by default: raw log-mel values are the only ones that
 * do not depend on the length of a buffer.
 *
 * ## Which NPU
 *
 * #GstNpuMelSpec:device names it. Where that is not set, a #GstContext of type "gst.npu.device"
 * does: the string field `device` of its structure is an index or a PCI address. An application
 * sets it on the pipeline (gst_element_set_context()) or answers the NEED_CONTEXT message of an
 * element that starts; without an answer the first NPU is taken and told to the others by a
 * HAVE_CONTEXT message. After the start gst_element_get_context() on the element says which NPU it
 * uses (fields `device`, a PCI address, and `name`). A context without a valid `device`, or one
 * that names another NPU while the element runs, is ignored with a warning in the log.
 *
 * ## Examples
 * |[
 * gst-launch-1.0 filesrc location=speech.wav ! decodebin ! audioconvert ! audioresample !
 * npumelspec frames=0 normalize=buffer ! npyenc ! filesink location=mel.npy
 * ]| The features of a file as openai/whisper computes them, in one NumPy array.
 * |[
 * gst-launch-1.0 autoaudiosrc ! audioconvert ! audioresample ! npumelspec frames=10 ! fakesink
 * silent=false -v
 * ]| Ten frames (0.1 s) at a time from a microphone.
 * |[
 * gst-launch-1.0 audiotestsrc num-buffers=100 ! npumelspec preset=kaldi80 !
 * audio/x-mel-spectrogram,layout=mel-major ! filesink location=features.f32
 * ]| Kaldi filter-bank features, one row a mel, as raw floats.
 */
#include "gst/npumelspec/gstnpumelspec.h"

#include <memory>

#include "gst/common/row_meta.h"
#include "gst/common/tensor.h"
#include "gst/npumelspec/caps.h"
#include "gst/npumelspec/element.h"
#include "gst/npumelspec/enum_types.h"
#include "gst/npumelspec/errors.h"
#include "gst/npumelspec/properties.h"

using npumel::guarded_call;

#define GST_CAT_DEFAULT npumelspec_debug

G_DEFINE_FINAL_TYPE(GstNpuMelSpec, gst_npu_mel_spec, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(npumelspec, "npumelspec", GST_RANK_NONE, GST_TYPE_NPU_MEL_SPEC)

namespace {

npumel::Element& element_of(gpointer object) { return *GST_NPU_MEL_SPEC(object)->element; }

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  const bool known = guarded_call(
      object, true, [&] { return npumel::set_property(element_of(object), id, value); });
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  const bool known = guarded_call(
      object, true, [&] { return npumel::get_property(element_of(object), id, value); });
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  const std::unique_ptr<npumel::Element> element(GST_NPU_MEL_SPEC(object)->element);
  G_OBJECT_CLASS(gst_npu_mel_spec_parent_class)->finalize(object);
}

void set_context(GstElement* object, GstContext* context) {
  if (guarded_call(object, false, [&] { return element_of(object).accepts_context(context); }))
    GST_ELEMENT_CLASS(gst_npu_mel_spec_parent_class)->set_context(object, context);
}

GstStateChangeReturn change_state(GstElement* object, GstStateChange transition) {
  // The streaming thread may wait for the NPU: the pads cannot be deactivated before it has left.
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) element_of(object).interrupt();
  return GST_ELEMENT_CLASS(gst_npu_mel_spec_parent_class)->change_state(object, transition);
}

gboolean start(GstBaseTransform* base) {
  return guarded_call(base, false, [&] { return element_of(base).start(); });
}

gboolean stop(GstBaseTransform* base) {
  return guarded_call(base, false, [&] { return element_of(base).stop(); });
}

GstCaps* transform_caps(GstBaseTransform* base, GstPadDirection direction, GstCaps* caps,
                        GstCaps* filter) {
  return guarded_call(base, static_cast<GstCaps*>(nullptr), [&] {
    npumel::CapsPtr result = element_of(base).transform_caps(direction, caps);
    if (filter != nullptr)
      result.reset(gst_caps_intersect_full(filter, result.get(), GST_CAPS_INTERSECT_FIRST));
    return result.release();
  });
}

GstCaps* fixate_caps(GstBaseTransform* base, GstPadDirection direction, GstCaps* caps,
                     GstCaps* other) {
  GstCaps* fixed = gst_caps_make_writable(GST_BASE_TRANSFORM_CLASS(gst_npu_mel_spec_parent_class)
                                              ->fixate_caps(base, direction, caps, other));
  if (direction == GST_PAD_SINK) npumel::describe_tensor(fixed);
  return fixed;
}

gboolean set_caps(GstBaseTransform* base, GstCaps* in, GstCaps* out) {
  return guarded_call(base, false, [&] { return element_of(base).set_caps(in, out); });
}

gboolean decide_allocation(GstBaseTransform* base, GstQuery* query) {
  const bool decided =
      guarded_call(base, false, [&] { return element_of(base).decide_allocation(query); });
  return decided &&
         GST_BASE_TRANSFORM_CLASS(gst_npu_mel_spec_parent_class)->decide_allocation(base, query);
}

GstFlowReturn submit_input_buffer(GstBaseTransform* base, gboolean is_discont, GstBuffer* buffer) {
  // The base class renegotiates here and leaves the buffer in queued_buf. Its is_discont stays set
  // until an output buffer leaves: only the buffer's own flag can be used.
  const GstFlowReturn flow = GST_BASE_TRANSFORM_CLASS(gst_npu_mel_spec_parent_class)
                                 ->submit_input_buffer(base, is_discont, buffer);
  if (flow == GST_FLOW_NOT_NEGOTIATED) element_of(base).post_missing_caps();
  if (flow != GST_FLOW_OK || base->queued_buf == nullptr) return flow;
  GstBuffer* queued = base->queued_buf;
  base->queued_buf = nullptr;
  return guarded_call(base, GST_FLOW_ERROR,
                      [&] { return element_of(base).submit(npumel::BufferPtr(queued)); });
}

/// Everything is sent from submit_input_buffer().
GstFlowReturn generate_output(GstBaseTransform*, GstBuffer** buffer) {
  *buffer = nullptr;
  return GST_FLOW_OK;
}

/// Never called; without it the base class assumes an element that works in place and negotiates
/// no pool.
GstFlowReturn transform(GstBaseTransform*, GstBuffer*, GstBuffer*) {
  return GST_FLOW_NOT_SUPPORTED;
}

gboolean sink_event(GstBaseTransform* base, GstEvent* event) {
  return guarded_call(base, false,
                      [&] { return element_of(base).sink_event(npumel::EventPtr(event)); });
}

gboolean src_event(GstBaseTransform* base, GstEvent* event) {
  return guarded_call(base, false,
                      [&] { return element_of(base).src_event(npumel::EventPtr(event)); });
}

gboolean query(GstBaseTransform* base, GstPadDirection direction, GstQuery* query) {
  const auto handled = guarded_call(base, 0, [&] {
    npumel::Element& element = element_of(base);
    if (GST_QUERY_TYPE(query) == GST_QUERY_CONTEXT && element.answer_context(query)) return 1;
    if (direction == GST_PAD_SRC && GST_QUERY_TYPE(query) == GST_QUERY_LATENCY)
      return element.latency_query(query) ? 1 : 0;
    if (direction == GST_PAD_SINK && GST_QUERY_TYPE(query) == GST_QUERY_CAPS) {
      element.sink_caps_query(query);
      return 1;
    }
    if (direction == GST_PAD_SINK && GST_QUERY_TYPE(query) == GST_QUERY_DRAIN)
      element.set_pending_flow(element.drain());
    return -1;
  });
  if (handled >= 0) return handled;
  return GST_BASE_TRANSFORM_CLASS(gst_npu_mel_spec_parent_class)->query(base, direction, query);
}

/// Caps that the pad refuses never reach the event function: the reason is posted from here.
GstPadProbeReturn watch_caps(GstPad* pad, GstPadProbeInfo* info, gpointer object) {
  GstEvent* event = GST_PAD_PROBE_INFO_EVENT(info);
  if (GST_EVENT_TYPE(event) != GST_EVENT_CAPS) return GST_PAD_PROBE_OK;
  GstCaps* caps = nullptr;
  gst_event_parse_caps(event, &caps);
  if (!gst_pad_query_accept_caps(pad, caps)) {
    guarded_call(object, 0, [&] {
      element_of(object).post_refusal(caps);
      return 0;
    });
  }
  return GST_PAD_PROBE_OK;
}

}  // namespace

static void gst_npu_mel_spec_class_init(GstNpuMelSpecClass* klass) {
  npumel::init_debug_category();
  GObjectClass* object_class = G_OBJECT_CLASS(klass);
  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
  GstBaseTransformClass* base_class = GST_BASE_TRANSFORM_CLASS(klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  npumel::install_properties(object_class);
  npumel::register_mel_meta();

  element_class->change_state = GST_DEBUG_FUNCPTR(change_state);
  element_class->set_context = GST_DEBUG_FUNCPTR(set_context);
  gst_element_class_set_static_metadata(
      element_class, "NPU mel spectrogram", "Filter/Analyzer/Audio",
      "Turns mono audio into the mel-spectrogram features of published speech and audio models, on "
      "an AMD Ryzen AI NPU where one can be used and on the CPU otherwise",
      "npumelspec contributors");
  gst_element_class_add_static_pad_template(element_class, npumel::sink_template());
  gst_element_class_add_static_pad_template(element_class, npumel::source_template());

  base_class->passthrough_on_same_caps = FALSE;
  base_class->start = GST_DEBUG_FUNCPTR(start);
  base_class->stop = GST_DEBUG_FUNCPTR(stop);
  base_class->transform_caps = GST_DEBUG_FUNCPTR(transform_caps);
  base_class->fixate_caps = GST_DEBUG_FUNCPTR(fixate_caps);
  base_class->set_caps = GST_DEBUG_FUNCPTR(set_caps);
  base_class->decide_allocation = GST_DEBUG_FUNCPTR(decide_allocation);
  base_class->submit_input_buffer = GST_DEBUG_FUNCPTR(submit_input_buffer);
  base_class->transform = GST_DEBUG_FUNCPTR(transform);
  base_class->generate_output = GST_DEBUG_FUNCPTR(generate_output);
  base_class->sink_event = GST_DEBUG_FUNCPTR(sink_event);
  base_class->src_event = GST_DEBUG_FUNCPTR(src_event);
  base_class->query = GST_DEBUG_FUNCPTR(query);
}

static void gst_npu_mel_spec_init(GstNpuMelSpec* self) {
  GstBaseTransform* base = GST_BASE_TRANSFORM(self);
  gst_base_transform_set_passthrough(base, FALSE);
  gst_base_transform_set_in_place(base, FALSE);
  gst_base_transform_set_gap_aware(base, TRUE);
  self->element = std::make_unique<npumel::Element>(self).release();
  gst_pad_add_probe(GST_BASE_TRANSFORM_SINK_PAD(base), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                    watch_caps, self, nullptr);
}
