// SPDX-License-Identifier: LGPL-2.1-or-later
// Where the memory of output buffers comes from: downstream's pool if it fits, else one of our own.
#pragma once

#include <gst/gst.h>

#include <functional>

#include "gst/common/mapped_buffer.h"
#include "gst/common/pointers.h"

namespace npumel {

/// Belongs to the streaming thread.
class OutputPool {
 public:
  /// `negotiated`: the pool that the base class negotiated, or null.
  explicit OutputPool(std::function<PoolPtr()> negotiated) : negotiated_(std::move(negotiated)) {}

  enum class Decision {
    downstream,  ///< its pool
    none,        ///< a pool of our own, downstream offers none
    too_small,   ///< a pool of our own, the buffers of downstream's are too small
    later        ///< sizes are not known yet: buffers will be allocated one by one
  };
  /// Whether an ALLOCATION query, before decide(), asks for no memory in particular: neither a pool
  /// nor an allocator, nor room around the data, and alignment to a page at most.
  static bool any_memory_will_do(GstQuery* query);

  /// Completes an ALLOCATION query for buffers of at most `bytes` bytes (0 = not known) that start
  /// on a cache line.
  static Decision decide(GstQuery* query, size_t bytes);

  /// Whether buffers have a known largest size and can come from the pool.
  void use_pool(bool use) { use_pool_ = use; }

  /// A buffer of exactly `bytes` bytes, mapped for writing: from the pool where it has one that
  /// large, else newly allocated. GST_FLOW_FLUSHING or GST_FLOW_EOS, as the pool says: no buffer.
  /// Throws ElementError when the memory cannot be mapped, std::bad_alloc.
  GstFlowReturn acquire(size_t bytes, MappedBuffer& buffer);

 private:
  GstFlowReturn acquire_pooled(BufferPtr& buffer);

  std::function<PoolPtr()> negotiated_;
  bool use_pool_ = true;
};

}  // namespace npumel
