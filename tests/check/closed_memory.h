// SPDX-License-Identifier: LGPL-2.1-or-later
// Memory that cannot be mapped, like that of a device.
#pragma once

#include "tests/check/support.h"

namespace npumel::check {

/// Memory that nobody can look into, like that of a device.
struct ClosedAllocator {
  GstAllocator parent;
};
struct ClosedAllocatorClass {
  GstAllocatorClass parent;
};
G_DEFINE_TYPE(ClosedAllocator, closed_allocator, GST_TYPE_ALLOCATOR)

void closed_allocator_class_init(ClosedAllocatorClass* klass) {
  klass->parent.alloc = [](GstAllocator* self, gsize size, GstAllocationParams*) {
    GstMemory* memory = g_new0(GstMemory, 1);
    gst_memory_init(memory, static_cast<GstMemoryFlags>(0), self, nullptr, size, 0, 0, size);
    return memory;
  };
  klass->parent.free = [](GstAllocator*, GstMemory* memory) { g_free(memory); };
}

void closed_allocator_init(ClosedAllocator* self) {
  self->parent.mem_type = "ClosedMemory";
  self->parent.mem_map = [](GstMemory*, gsize, GstMapFlags) -> gpointer { return nullptr; };
  self->parent.mem_unmap = [](GstMemory*) {};
  GST_OBJECT_FLAG_SET(self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
}

inline GstAllocator* make_closed_allocator() {
  return GST_ALLOCATOR(gst_object_ref_sink(g_object_new(closed_allocator_get_type(), nullptr)));
}

/// Downstream wants its buffers in closed memory.
inline void offer_closed_memory(const GstHarness* harness, GstAllocator* allocator) {
  gst_pad_add_probe(
      harness->sinkpad, GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        GstQuery* query = GST_PAD_PROBE_INFO_QUERY(info);
        if (GST_QUERY_TYPE(query) != GST_QUERY_ALLOCATION) return GST_PAD_PROBE_OK;
        gst_query_add_allocation_param(query, static_cast<GstAllocator*>(data), nullptr);
        return GST_PAD_PROBE_HANDLED;
      },
      allocator, nullptr);
}

}  // namespace npumel::check
