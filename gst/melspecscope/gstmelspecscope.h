// SPDX-License-Identifier: LGPL-2.1-or-later
// The melspecscope element.
#pragma once

#include <gst/base/gstbasetransform.h>

G_BEGIN_DECLS

#define GST_TYPE_MEL_SPEC_SCOPE (gst_mel_spec_scope_get_type())
G_DECLARE_FINAL_TYPE(GstMelSpecScope, gst_mel_spec_scope, GST, MEL_SPEC_SCOPE, GstBaseTransform)
GST_ELEMENT_REGISTER_DECLARE(melspecscope)

G_END_DECLS
