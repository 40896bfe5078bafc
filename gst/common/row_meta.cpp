// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers GstNpuMelMeta, attaches it to output buffers and reads it from input buffers.
#include "gst/common/row_meta.h"

namespace npumel {

void register_mel_meta() {
  static const GstMetaInfo* const registered = [] {
    const gchar* no_tags[] = {nullptr};
    return gst_meta_register_custom(kMelMetaName, no_tags, nullptr, nullptr, nullptr);
  }();
  (void)registered;
}

void attach_row_meta(GstBuffer* buffer, const RowMeta& meta) {
  GstCustomMeta* custom = gst_buffer_get_custom_meta(buffer, kMelMetaName);
  if (custom == nullptr) {
    custom = gst_buffer_add_custom_meta(buffer, kMelMetaName);
    // It stays with a buffer that comes back to its pool: the next one allocates nothing.
    auto& flags = reinterpret_cast<GstMeta*>(custom)->flags;
    if (buffer->pool != nullptr) flags = static_cast<GstMetaFlags>(flags | GST_META_FLAG_POOLED);
  }
  GstStructure* fields = gst_custom_meta_get_structure(custom);
  gst_structure_set(fields, "valid-frames", G_TYPE_INT, meta.valid, "frame-offset", G_TYPE_UINT64,
                    static_cast<guint64>(meta.offset), "log-max", G_TYPE_DOUBLE, meta.log_max,
                    nullptr);
  if (g_strcmp0(gst_structure_get_string(fields, "backend"), meta.backend) != 0)
    gst_structure_set(fields, "backend", G_TYPE_STRING, meta.backend, nullptr);
}

std::optional<RowMeta> read_row_meta(GstBuffer* buffer) {
  GstCustomMeta* custom = gst_buffer_get_custom_meta(buffer, kMelMetaName);
  if (custom == nullptr) return std::nullopt;
  const GstStructure* fields = gst_custom_meta_get_structure(custom);
  RowMeta meta{.valid = -1};
  guint64 offset = 0;
  gst_structure_get_int(fields, "valid-frames", &meta.valid);
  if (gst_structure_get_uint64(fields, "frame-offset", &offset)) meta.offset = offset;
  gst_structure_get_double(fields, "log-max", &meta.log_max);
  const char* backend = gst_structure_get_string(fields, "backend");
  if (backend != nullptr) meta.backend = backend;
  return meta;
}

}  // namespace npumel
