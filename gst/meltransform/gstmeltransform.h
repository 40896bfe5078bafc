// SPDX-License-Identifier: LGPL-2.1-or-later
// The GObject type meltransform.
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

namespace npumel {
class MelTransform;
}

G_BEGIN_DECLS

#define GST_TYPE_MEL_TRANSFORM (gst_mel_transform_get_type())
G_DECLARE_FINAL_TYPE(GstMelTransform, gst_mel_transform, GST, MEL_TRANSFORM, GstBaseTransform)

struct _GstMelTransform {
  GstBaseTransform parent;
  npumel::MelTransform* element;
};

GST_ELEMENT_REGISTER_DECLARE(meltransform)

G_END_DECLS
