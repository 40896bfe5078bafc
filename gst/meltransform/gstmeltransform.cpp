// SPDX-License-Identifier: LGPL-2.1-or-later
// The GObject type meltransform: class, documentation and vfuncs, which call MelTransform.
/**
 * SECTION:element-meltransform
 *
 * Makes of mel rows what models eat: PCEN, cepstra, deltas, normalisation by stored or measured
 * statistics, stacked rows. The steps run in this order and each is off by default; another order
 * is two elements.
 *
 * |[
 * gst-launch-1.0 filesrc location=speech.wav ! wavparse ! npumelspec preset=kaldi80 mels=23
 * frames=0 ! meltransform preset=mfcc13-kaldi deltas=2 ! npyenc ! filesink location=mfcc.npy
 * ]| Kaldi's MFCC with deltas, 39 values a row.
 * |[
 * gst-launch-1.0 filesrc location=speech.wav ! wavparse ! npumelspec preset=funasr80 frames=0 !
 * meltransform preset=lfr-funasr ! npyenc ! filesink location=lfr.npy
 * ]| Low-frame-rate rows of Paraformer and SenseVoice, 560 values each.
 *
 * What comes out does not depend on how the rows are cut into buffers, and equals what the original
 * computes over the whole clip, edges included. What needs the clip (cmvn=clip) takes buffers that
 * are clips (npumelspec frames=0) and refuses others.
 *
 * Thread rules: the streaming thread works and no other is started; settings hold from the next
 * caps on.
 */
#include "gst/meltransform/gstmeltransform.h"

#include <memory>
#include <utility>

#include "gst/common/guarded.h"
#include "gst/common/row_meta.h"
#include "gst/common/tensor.h"
#include "gst/meltransform/log.h"
#include "gst/meltransform/mel_transform.h"
#include "gst/meltransform/transform_caps.h"
#include "gst/meltransform/transform_properties.h"

GST_DEBUG_CATEGORY(mel_transform_debug);
#define GST_CAT_DEFAULT mel_transform_debug

G_DEFINE_FINAL_TYPE(GstMelTransform, gst_mel_transform, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE(meltransform, "meltransform", GST_RANK_NONE, GST_TYPE_MEL_TRANSFORM)

namespace {

npumel::MelTransform& element_of(gpointer object) { return *GST_MEL_TRANSFORM(object)->element; }

GstBaseTransformClass* parent_class() {
  return GST_BASE_TRANSFORM_CLASS(gst_mel_transform_parent_class);
}

template <typename Result, typename Body>
Result guarded_call(gpointer object, Result failed, Body&& body) noexcept {
  return npumel::guarded(object, failed, std::forward<Body>(body));
}

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  const bool known = guarded_call(
      object, true, [&] { return npumel::set_transform_property(element_of(object), id, value); });
  npumel::reset_errors(GST_ELEMENT(object));
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  const bool known = guarded_call(
      object, true, [&] { return npumel::get_transform_property(element_of(object), id, value); });
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  const std::unique_ptr<npumel::MelTransform> element(GST_MEL_TRANSFORM(object)->element);
  G_OBJECT_CLASS(gst_mel_transform_parent_class)->finalize(object);
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
  GstCaps* fixed =
      gst_caps_make_writable(parent_class()->fixate_caps(base, direction, caps, other));
  if (direction == GST_PAD_SINK) npumel::describe_tensor(fixed);
  return fixed;
}

gboolean set_caps(GstBaseTransform* base, GstCaps* in, GstCaps* out) {
  return guarded_call(base, false, [&] { return element_of(base).set_caps(in, out); });
}

gboolean decide_allocation(GstBaseTransform* base, GstQuery* query) {
  const bool decided =
      guarded_call(base, false, [&] { return element_of(base).decide_allocation(query); });
  return decided && parent_class()->decide_allocation(base, query);
}

GstFlowReturn submit_input_buffer(GstBaseTransform* base, gboolean is_discont, GstBuffer* buffer) {
  // The base class renegotiates here and leaves the buffer in queued_buf.
  const GstFlowReturn flow = parent_class()->submit_input_buffer(base, is_discont, buffer);
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

/// Never called; without it the base class takes the element for one that works in place and
/// negotiates no pool.
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
    npumel::MelTransform& element = element_of(base);
    if (direction == GST_PAD_SRC && GST_QUERY_TYPE(query) == GST_QUERY_LATENCY)
      return element.latency_query(query) ? 1 : 0;
    if (direction == GST_PAD_SINK && GST_QUERY_TYPE(query) == GST_QUERY_CAPS) {
      element.sink_caps_query(query);
      return 1;
    }
    if (direction == GST_PAD_SINK && GST_QUERY_TYPE(query) == GST_QUERY_DRAIN)
      element.keep(element.drain());
    return -1;
  });
  return handled >= 0 ? handled : parent_class()->query(base, direction, query);
}

/// Caps that the pad refuses never reach the event function: the reason is told from here.
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

static void gst_mel_transform_class_init(GstMelTransformClass* klass) {
  GST_DEBUG_CATEGORY_INIT(mel_transform_debug, "meltransform", 0, "mel rows to features");
  GObjectClass* object_class = G_OBJECT_CLASS(klass);
  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);
  GstBaseTransformClass* base_class = GST_BASE_TRANSFORM_CLASS(klass);

  object_class->set_property = set_property;
  object_class->get_property = get_property;
  object_class->finalize = finalize;
  npumel::install_transform_properties(object_class);
  npumel::register_mel_meta();

  gst_element_class_set_static_metadata(
      element_class, "Mel features", "Filter/Analyzer/Audio",
      "Turns mel rows into the cepstra, deltas, normalised and stacked features that models take",
      "npumelspec contributors");
  gst_element_class_add_static_pad_template(element_class, npumel::transform_sink_template());
  gst_element_class_add_static_pad_template(element_class, npumel::transform_source_template());

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

static void gst_mel_transform_init(GstMelTransform* self) {
  GstBaseTransform* base = GST_BASE_TRANSFORM(self);
  gst_base_transform_set_passthrough(base, FALSE);
  gst_base_transform_set_in_place(base, FALSE);
  gst_base_transform_set_gap_aware(base, TRUE);
  self->element = std::make_unique<npumel::MelTransform>(self).release();
  gst_pad_add_probe(GST_BASE_TRANSFORM_SINK_PAD(base), GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
                    watch_caps, self, nullptr);
}
