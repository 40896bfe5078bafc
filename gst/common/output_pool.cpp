// SPDX-License-Identifier: LGPL-2.1-or-later
// Negotiates the pool of output buffers and takes buffers from it.
#include "gst/common/output_pool.h"

#include <algorithm>
#include <new>
#include <string>
#include <utility>

#include "gst/common/guarded.h"
#include "gst/common/pool_offer.h"

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

BufferPtr new_buffer(size_t bytes) {
  GstAllocationParams params;
  gst_allocation_params_init(&params);
  params.align = kAlignMask;
  return BufferPtr(gst_buffer_new_allocate(nullptr, bytes, &params));
}

}  // namespace

bool OutputPool::any_memory_will_do(GstQuery* query) {
  constexpr gsize kPage = 4096;
  if (PoolOffer::read(query).pool) return false;
  for (guint i = 0; i < gst_query_get_n_allocation_params(query); i++) {
    GstAllocator* theirs = nullptr;
    GstAllocationParams params;
    gst_query_parse_nth_allocation_param(query, i, &theirs, &params);
    const AllocatorPtr allocator(theirs);
    if (allocator || params.prefix > 0 || params.padding > 0 || params.align >= kPage) return false;
  }
  return true;
}

OutputPool::Decision OutputPool::decide(GstQuery* query, size_t bytes) {
  ask_for_alignment(query);
  if (bytes == 0) return Decision::later;
  PoolOffer offer = PoolOffer::read(query);
  Decision decision = offer.pool ? Decision::downstream : Decision::none;
  if (offer.pool && offer.size < bytes) {
    offer.pool.reset();
    decision = Decision::too_small;
  }
  if (!offer.pool) {
    offer.pool.reset(gst_buffer_pool_new());
    offer.size = static_cast<guint>(bytes);
    offer.most = 0;
    offer.least = std::max(offer.least, 2U);
  }
  offer.write(query);
  return decision;
}

/// Leaves `buffer` empty when there is no pool that works.
GstFlowReturn OutputPool::acquire_pooled(BufferPtr& buffer) {
  const PoolPtr pool = use_pool_ ? negotiated_() : nullptr;
  if (!pool || (gst_buffer_pool_is_active(pool.get()) == FALSE &&
                gst_buffer_pool_set_active(pool.get(), TRUE) == FALSE))
    return GST_FLOW_OK;
  GstBuffer* acquired = nullptr;
  const GstFlowReturn flow = gst_buffer_pool_acquire_buffer(pool.get(), &acquired, nullptr);
  if (flow == GST_FLOW_FLUSHING || flow == GST_FLOW_EOS) return flow;
  if (flow == GST_FLOW_OK) buffer.reset(acquired);
  return GST_FLOW_OK;
}

GstFlowReturn OutputPool::acquire(size_t bytes, MappedBuffer& buffer) {
  BufferPtr found;
  const GstFlowReturn flow = acquire_pooled(found);
  if (flow != GST_FLOW_OK) return flow;
  if (!found || gst_buffer_get_size(found.get()) < bytes) found = new_buffer(bytes);
  if (!found) throw std::bad_alloc();
  if (gst_buffer_get_size(found.get()) != bytes)
    gst_buffer_set_size(found.get(), static_cast<gssize>(bytes));
  MappedBuffer mapped(std::move(found), GST_MAP_WRITE);
  if (!mapped) {
    const GstMemory* memory = gst_buffer_peek_memory(mapped.buffer(), 0);
    throw ElementError(
        GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE,
        std::string("Cannot write into an output buffer: the memory that the next element offers "
                    "(") +
            (memory->allocator != nullptr ? memory->allocator->mem_type : "unknown") +
            ") cannot be mapped");
  }
  buffer = std::move(mapped);
  return GST_FLOW_OK;
}

}  // namespace npumel
