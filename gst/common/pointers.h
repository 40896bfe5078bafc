// SPDX-License-Identifier: LGPL-2.1-or-later
// Owning pointers for the reference-counted and boxed types of GStreamer: each owns one reference.
#pragma once

#include <gst/gst.h>

#include <memory>

namespace npumel {

/// Releases what a pointer below owns. A type that is missing here does not compile.
struct Release {
  void operator()(GstBuffer* buffer) const { gst_buffer_unref(buffer); }
  void operator()(GstCaps* caps) const { gst_caps_unref(caps); }
  void operator()(GstContext* context) const { gst_context_unref(context); }
  void operator()(GstMemory* memory) const { gst_memory_unref(memory); }
  void operator()(GstEvent* event) const { gst_event_unref(event); }
  void operator()(GstMessage* message) const { gst_message_unref(message); }
  void operator()(GstQuery* query) const { gst_query_unref(query); }
  void operator()(GstAllocator* allocator) const { gst_object_unref(allocator); }
  void operator()(GstBufferPool* pool) const { gst_object_unref(pool); }
  void operator()(GstPad* pad) const { gst_object_unref(pad); }
  void operator()(GstStructure* structure) const { gst_structure_free(structure); }
  void operator()(gchar* text) const { g_free(text); }
};

using BufferPtr = std::unique_ptr<GstBuffer, Release>;
using CapsPtr = std::unique_ptr<GstCaps, Release>;
using ContextPtr = std::unique_ptr<GstContext, Release>;
using EventPtr = std::unique_ptr<GstEvent, Release>;
using MemoryPtr = std::unique_ptr<GstMemory, Release>;
using MessagePtr = std::unique_ptr<GstMessage, Release>;
using QueryPtr = std::unique_ptr<GstQuery, Release>;
using AllocatorPtr = std::unique_ptr<GstAllocator, Release>;
using PoolPtr = std::unique_ptr<GstBufferPool, Release>;
using PadPtr = std::unique_ptr<GstPad, Release>;
using StructurePtr = std::unique_ptr<GstStructure, Release>;
using TextPtr = std::unique_ptr<gchar, Release>;

/// Takes another reference. Null stays null.
inline CapsPtr share(GstCaps* caps) { return CapsPtr(caps != nullptr ? gst_caps_ref(caps) : caps); }
inline BufferPtr share(GstBuffer* buffer) {
  return BufferPtr(buffer != nullptr ? gst_buffer_ref(buffer) : buffer);
}
inline EventPtr share(GstEvent* event) {
  return EventPtr(event != nullptr ? gst_event_ref(event) : event);
}

}  // namespace npumel
