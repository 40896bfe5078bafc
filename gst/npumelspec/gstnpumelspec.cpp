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

#include "gst/common/base_transform.h"
#include "gst/common/row_meta.h"
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

using Vfuncs =
    npumel::BaseTransformVfuncs<npumel::Element, element_of, npumel::post_element_exception>;

GstFlowReturn submit_input_buffer(GstBaseTransform* base, gboolean is_discont, GstBuffer* buffer) {
  const GstFlowReturn flow = Vfuncs::submit_input_buffer(base, is_discont, buffer);
  if (flow == GST_FLOW_NOT_NEGOTIATED) element_of(base).post_missing_caps();
  return flow;
}

gboolean query(GstBaseTransform* base, GstPadDirection direction, GstQuery* query) {
  const bool answered =
      GST_QUERY_TYPE(query) == GST_QUERY_CONTEXT &&
      guarded_call(base, false, [&] { return element_of(base).answer_context(query); });
  return answered || Vfuncs::query(base, direction, query);
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

  Vfuncs::install(base_class);
  base_class->submit_input_buffer = GST_DEBUG_FUNCPTR(submit_input_buffer);
  base_class->query = GST_DEBUG_FUNCPTR(query);
}

static void gst_npu_mel_spec_init(GstNpuMelSpec* self) {
  self->element = std::make_unique<npumel::Element>(self).release();
  Vfuncs::prepare(GST_BASE_TRANSFORM(self));
}
