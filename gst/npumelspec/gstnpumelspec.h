// SPDX-License-Identifier: LGPL-2.1-or-later
// The GObject type npumelspec.
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/gst.h>

#include <type_traits>

namespace npumel {
class Element;
}

G_BEGIN_DECLS

#define GST_TYPE_NPU_MEL_SPEC (gst_npu_mel_spec_get_type())
G_DECLARE_FINAL_TYPE(GstNpuMelSpec, gst_npu_mel_spec, GST, NPU_MEL_SPEC, GstBaseTransform)

struct _GstNpuMelSpec {
  GstBaseTransform parent;
  npumel::Element* element;
};

GST_ELEMENT_REGISTER_DECLARE(npumelspec)

G_END_DECLS
