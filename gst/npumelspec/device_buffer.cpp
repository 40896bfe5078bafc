// SPDX-License-Identifier: LGPL-2.1-or-later
// Wraps memory of the device in a GstMemory that gives it back.
#include "gst/npumelspec/device_buffer.h"

#include "gst/npumelspec/npumelspec.h"

namespace npumel {
namespace {

void give_back(gpointer rows) { DeviceRows(static_cast<DeviceOutput*>(rows)).reset(); }

}  // namespace

BufferPtr device_buffer(DeviceRows rows) {
  const gsize bytes = bytes_of(*rows);
  const int dma_buf = dma_buf_of(*rows);
  void* const data = data_of(*rows);
  GstMemory* memory = gst_memory_new_wrapped(static_cast<GstMemoryFlags>(0), data, bytes, 0, bytes,
                                             rows.release(), give_back);
  if (dma_buf >= 0)
    gst_mini_object_set_qdata(GST_MINI_OBJECT_CAST(memory),
                              g_quark_from_static_string(NPU_MEL_QDATA_DMABUF),
                              GINT_TO_POINTER(dma_buf + 1), nullptr);
  BufferPtr buffer(gst_buffer_new());
  gst_buffer_append_memory(buffer.get(), memory);
  return buffer;
}

}  // namespace npumel
