// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers GstNpuMelMeta and attaches it to output buffers.
#include "gst/npumelspec/meta.h"

namespace npumel {

void register_mel_meta() {
  const gchar* no_tags[] = {nullptr};
  gst_meta_register_custom(kMelMetaName, no_tags, nullptr, nullptr, nullptr);
}

void attach_mel_meta(GstBuffer* buffer, const Output& output) {
  GstCustomMeta* meta = gst_buffer_add_custom_meta(buffer, kMelMetaName);
  gst_structure_set(gst_custom_meta_get_structure(meta), "valid-frames", G_TYPE_INT, output.valid,
                    "frame-offset", G_TYPE_UINT64, static_cast<guint64>(output.start), "log-max",
                    G_TYPE_DOUBLE, output.log_max, "backend", G_TYPE_STRING, output.backend,
                    nullptr);
}

}  // namespace npumel
