// SPDX-License-Identifier: LGPL-2.1-or-later
// An independent consumer of the features: knows GStreamer's tensor types and nothing of this
// project's code. Prints what caps and metas say, and holds the tensor's bytes against the
// buffer's.
//
//   tensor_reader LAUNCH      (a pipeline that ends in appsink name=sink)
#include <gst/app/app.h>
#include <gst/gst.h>
#ifdef HAVE_ANALYTICS
#include <gst/analytics/analytics.h>
#endif

#include <cstdio>

#include "examples/pull.h"

namespace {

void print_caps(const GstCaps* caps) {
  const GstStructure* structure = gst_caps_get_structure(caps, 0);
  const GValue* tensors = gst_structure_get_value(structure, "tensors");
  gchar* text = tensors != nullptr ? gst_value_serialize(tensors) : g_strdup("none");
  std::printf("media %s\ntensors %s\n", gst_structure_get_name(structure), text);
  g_free(text);
  if (gst_structure_has_name(structure, "other/tensors"))
    std::printf("dimensions %s\n", gst_structure_get_string(structure, "dimensions"));
}

void print_meta(GstBuffer* buffer) {
#ifdef HAVE_ANALYTICS
  GstTensorMeta* meta = gst_buffer_get_tensor_meta(buffer);
  if (meta == nullptr) {
    std::printf("meta none\n");
    return;
  }
  const GstTensor* tensor = gst_tensor_meta_get(meta, 0);
  const char* type = tensor->data_type == GST_TENSOR_DATA_TYPE_FLOAT32   ? "float32"
                     : tensor->data_type == GST_TENSOR_DATA_TYPE_FLOAT16 ? "float16"
                                                                         : "other";
  const bool row_major = tensor->dims_order == GST_TENSOR_DIM_ORDER_ROW_MAJOR;
  std::printf("meta %s %s %s dims", g_quark_to_string(tensor->id), type,
              row_major ? "row-major" : "col-major");
  for (gsize i = 0; i < tensor->num_dims; ++i) std::printf(" %" G_GSIZE_FORMAT, tensor->dims[i]);
  GstMapInfo own;
  GstMapInfo shared;
  gst_buffer_map(buffer, &own, GST_MAP_READ);
  gst_buffer_map(tensor->data, &shared, GST_MAP_READ);
  std::printf(" %s\n", tensor->data == buffer                               ? "a reference cycle"
                       : own.data == shared.data && own.size == shared.size ? "shared"
                                                                            : "copied");
  gst_buffer_unmap(tensor->data, &shared);
  gst_buffer_unmap(buffer, &own);
#else
  std::printf("meta unknown to this GStreamer (%" G_GSIZE_FORMAT " bytes)\n",
              gst_buffer_get_size(buffer));
#endif
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  GstElement* pipeline = argc == 2 ? gst_parse_launch(argv[1], nullptr) : nullptr;
  GstElement* sink = pipeline ? gst_bin_get_by_name(GST_BIN(pipeline), "sink") : nullptr;
  if (sink == nullptr) return 2;
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  int buffers = 0;
  bool failed = false;
  while (GstSample* sample = next_sample(pipeline, sink, failed)) {
    print_caps(gst_sample_get_caps(sample));
    print_meta(gst_sample_get_buffer(sample));
    gst_sample_unref(sample);
    ++buffers;
  }
  gst_element_set_state(pipeline, GST_STATE_NULL);
  gst_object_unref(sink);
  gst_object_unref(pipeline);
  std::printf("buffers %d\n", buffers);
  gst_deinit();
  return !failed && buffers > 0 ? 0 : 1;
}
