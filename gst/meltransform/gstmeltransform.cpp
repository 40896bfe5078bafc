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

#include "gst/common/base_transform.h"
#include "gst/common/element_error.h"
#include "gst/common/guarded.h"
#include "gst/common/row_meta.h"
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

void set_property(GObject* object, guint id, const GValue* value, GParamSpec* spec) {
  const bool known = npumel::guarded(
      object, true, [&] { return npumel::set_transform_property(element_of(object), id, value); });
  npumel::reset_errors(GST_ELEMENT(object));
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void get_property(GObject* object, guint id, GValue* value, GParamSpec* spec) {
  const bool known = npumel::guarded(
      object, true, [&] { return npumel::get_transform_property(element_of(object), id, value); });
  if (!known) G_OBJECT_WARN_INVALID_PROPERTY_ID(object, id, spec);
}

void finalize(GObject* object) {
  const std::unique_ptr<npumel::MelTransform> element(GST_MEL_TRANSFORM(object)->element);
  G_OBJECT_CLASS(gst_mel_transform_parent_class)->finalize(object);
}

using Vfuncs =
    npumel::BaseTransformVfuncs<npumel::MelTransform, element_of, npumel::post_exception>;

}  // namespace

static void gst_mel_transform_class_init(GstMelTransformClass* klass) {
  GST_DEBUG_CATEGORY_INIT(mel_transform_debug, "meltransform", 0, "mel rows to features");
  GObjectClass* object_class = G_OBJECT_CLASS(klass);
  GstElementClass* element_class = GST_ELEMENT_CLASS(klass);

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

  Vfuncs::install(GST_BASE_TRANSFORM_CLASS(klass));
}

static void gst_mel_transform_init(GstMelTransform* self) {
  self->element = std::make_unique<npumel::MelTransform>(self).release();
  Vfuncs::prepare(GST_BASE_TRANSFORM(self));
}
