// SPDX-License-Identifier: LGPL-2.1-or-later
// Where output memory comes from: downstream's pool if it fits, else one of our own.
#include <algorithm>
#include <new>

#include "gst/common/pool_offer.h"
#include "gst/npumelspec/element.h"

#define GST_CAT_DEFAULT npumelspec_debug

namespace npumel {
namespace {

/// Buffers start on a cache line: where a vector of a row straddles two of them, rows without a
/// logarithm take 7 % longer.
constexpr gsize kAlignMask = 63;

void ask_for_alignment(GstQuery* query) {
  GstAllocator* theirs = nullptr;
  GstAllocationParams params;
  gst_allocation_params_init(&params);
  const bool offered = gst_query_get_n_allocation_params(query) > 0;
  if (offered) gst_query_parse_nth_allocation_param(query, 0, &theirs, &params);
  const AllocatorPtr allocator(theirs);
  params.align |= kAlignMask;
  if (offered)
    gst_query_set_nth_allocation_param(query, 0, allocator.get(), &params);
  else
    gst_query_add_allocation_param(query, nullptr, &params);
}

GstBuffer* new_buffer(size_t bytes) {
  GstAllocationParams params;
  gst_allocation_params_init(&params);
  params.align = kAlignMask;
  return gst_buffer_new_allocate(nullptr, bytes, &params);
}

}  // namespace

bool Element::decide_allocation(GstQuery* query) {
  ask_for_alignment(query);
  const Shape& shape = stream_.shape();
  const size_t bytes = static_cast<size_t>(std::max(shape.frames, shape.first)) *
                       static_cast<size_t>(config_.output.mels) * size_of(config_.output.type);
  if (bytes == 0) return true;  // the whole stream in one buffer: its size is not known yet

  PoolOffer offer = PoolOffer::read(query);
  if (offer.pool && offer.size < bytes) {
    GST_DEBUG_OBJECT(self_, "downstream's pool has buffers of %u bytes, %zu are needed", offer.size,
                     bytes);
    offer.pool.reset();
  }
  if (!offer.pool) {
    offer.pool.reset(gst_buffer_pool_new());
    offer.size = static_cast<guint>(bytes);
    offer.most = 0;
    offer.least = std::max(offer.least, 2U);
  }
  offer.write(query);
  return true;
}

/// From the pool, or of no pool when there is none that works.
GstFlowReturn Element::allocate(size_t bytes, BufferPtr& buffer) {
  GstBuffer* acquired = nullptr;
  if (!stream_.shape().whole()) {
    const PoolPtr pool(gst_base_transform_get_buffer_pool(GST_BASE_TRANSFORM(self_)));
    if (pool && (gst_buffer_pool_is_active(pool.get()) ||
                 gst_buffer_pool_set_active(pool.get(), TRUE) != FALSE)) {
      const GstFlowReturn flow = gst_buffer_pool_acquire_buffer(pool.get(), &acquired, nullptr);
      if (flow == GST_FLOW_FLUSHING || flow == GST_FLOW_EOS) return flow;
      if (flow != GST_FLOW_OK) acquired = nullptr;
    }
  }
  buffer.reset(acquired);
  if (!buffer || gst_buffer_get_size(buffer.get()) < bytes) buffer.reset(new_buffer(bytes));
  if (!buffer) throw std::bad_alloc();
  if (gst_buffer_get_size(buffer.get()) != bytes)
    gst_buffer_set_size(buffer.get(), static_cast<gssize>(bytes));
  return GST_FLOW_OK;
}

GstFlowReturn Element::acquire(size_t bytes, BufferPtr& buffer, GstMapInfo& map) {
  const GstFlowReturn flow = allocate(bytes, buffer);
  if (flow != GST_FLOW_OK) return flow;
  if (gst_buffer_map(buffer.get(), &map, GST_MAP_WRITE)) return GST_FLOW_OK;
  const GstMemory* memory = gst_buffer_peek_memory(buffer.get(), 0);
  GST_ELEMENT_ERROR(self_, RESOURCE, WRITE,
                    ("Cannot write into an output buffer: the memory that the next element "
                     "offers (%s) cannot be mapped",
                     memory->allocator != nullptr ? memory->allocator->mem_type : "unknown"),
                    (nullptr));
  map = {};
  buffer.reset();
  return GST_FLOW_ERROR;
}

}  // namespace npumel
