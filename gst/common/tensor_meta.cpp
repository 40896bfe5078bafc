// SPDX-License-Identifier: LGPL-2.1-or-later
// GstTensorMeta of libgstanalytics.
#include <gst/analytics/analytics.h>

#include <array>

#include "gst/common/tensor.h"

namespace npumel {

bool have_tensor_meta() noexcept { return true; }

void attach_tensor_meta(GstBuffer* buffer, const char* id, Layout layout, ElementType type,
                        int width, int frames) {
  const bool frame_major = layout == Layout::frame_major;
  std::array<gsize, 3> dims = {1, static_cast<gsize>(frame_major ? frames : width),
                               static_cast<gsize>(frame_major ? width : frames)};
  // Memory by memory: gst_buffer_copy_region() would make the copy of a pooled buffer keep it.
  GstBuffer* data = gst_buffer_new();
  for (guint i = 0; i < gst_buffer_n_memory(buffer); ++i)
    gst_buffer_append_memory(data, gst_buffer_get_memory(buffer, i));
  GstTensor* tensor = gst_tensor_new_simple(
      g_quark_from_static_string(id),
      type == ElementType::f32 ? GST_TENSOR_DATA_TYPE_FLOAT32 : GST_TENSOR_DATA_TYPE_FLOAT16, data,
      GST_TENSOR_DIM_ORDER_ROW_MAJOR, dims.size(), dims.data());
  if (tensor == nullptr) return;
  GstTensor** tensors = g_new(GstTensor*, 1);
  tensors[0] = tensor;
  gst_tensor_meta_set(gst_buffer_add_tensor_meta(buffer), 1, tensors);
}

}  // namespace npumel
