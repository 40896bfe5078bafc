// SPDX-License-Identifier: LGPL-2.1-or-later
// Registers GstNpuMelMeta, attaches it to output buffers and reads it from input buffers.
#include "gst/common/row_meta.h"

namespace npumel {

namespace {

/// Looked up once: buffers would look for the name of the meta among all that are registered.
const GstMetaInfo* mel_meta_info() {
  static const GstMetaInfo* const registered = [] {
    const GstMetaInfo* known = gst_meta_get_info(kMelMetaName);
    if (known != nullptr) return known;  // registered by another copy of this code
    const gchar* no_tags[] = {nullptr};
    return gst_meta_register_custom(kMelMetaName, no_tags, nullptr, nullptr, nullptr);
  }();
  return registered;
}

GstCustomMeta* find(GstBuffer* buffer) {
  return reinterpret_cast<GstCustomMeta*>(gst_buffer_get_meta(buffer, mel_meta_info()->api));
}

#if GST_CHECK_VERSION(1, 26, 0)  // fields have names only
void set_fields(GstStructure* fields, const RowMeta& meta) {
  gst_structure_set(fields, "valid-frames", G_TYPE_INT, meta.valid, "frame-offset", G_TYPE_UINT64,
                    static_cast<guint64>(meta.offset), "log-max", G_TYPE_DOUBLE, meta.log_max,
                    nullptr);
  if (g_strcmp0(gst_structure_get_string(fields, "backend"), meta.backend) != 0)
    gst_structure_set(fields, "backend", G_TYPE_STRING, meta.backend, nullptr);
}
#else
/// By quarks: a name is looked up in a table of the process, under a lock.
void set_fields(GstStructure* fields, const RowMeta& meta) {
  static const GQuark valid = g_quark_from_static_string("valid-frames");
  static const GQuark offset = g_quark_from_static_string("frame-offset");
  static const GQuark log_max = g_quark_from_static_string("log-max");
  static const GQuark backend = g_quark_from_static_string("backend");
  gst_structure_id_set(fields, valid, G_TYPE_INT, meta.valid, offset, G_TYPE_UINT64,
                       static_cast<guint64>(meta.offset), log_max, G_TYPE_DOUBLE, meta.log_max,
                       nullptr);
  const GValue* now = gst_structure_id_get_value(fields, backend);
  if (now == nullptr || g_strcmp0(g_value_get_string(now), meta.backend) != 0)
    gst_structure_id_set(fields, backend, G_TYPE_STRING, meta.backend, nullptr);
}
#endif

}  // namespace

void register_mel_meta() { mel_meta_info(); }

void attach_row_meta(GstBuffer* buffer, const RowMeta& meta) {
  GstCustomMeta* custom = find(buffer);
  if (custom == nullptr) {
    custom =
        reinterpret_cast<GstCustomMeta*>(gst_buffer_add_meta(buffer, mel_meta_info(), nullptr));
    // It stays with a buffer that comes back to its pool: the next one allocates nothing.
    auto& flags = reinterpret_cast<GstMeta*>(custom)->flags;
    if (buffer->pool != nullptr) flags = static_cast<GstMetaFlags>(flags | GST_META_FLAG_POOLED);
  }
  set_fields(gst_custom_meta_get_structure(custom), meta);
}

std::optional<RowMeta> read_row_meta(GstBuffer* buffer) {
  GstCustomMeta* custom = find(buffer);
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
