// SPDX-License-Identifier: LGPL-2.1-or-later
// A buffer that is owned and mapped, so that it is unmapped however its scope is left.
#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <cstdint>
#include <utility>

#include "gst/common/pointers.h"

namespace npumel {

/// Not thread-safe. Moving it leaves an empty one.
class MappedBuffer {
 public:
  MappedBuffer() = default;
  /// Maps all memory of the buffer. False as bool when it cannot be mapped.
  MappedBuffer(BufferPtr buffer, GstMapFlags flags) : buffer_(std::move(buffer)) {
    mapped_ = gst_buffer_map(buffer_.get(), &map_, flags) != FALSE;
  }
  MappedBuffer(MappedBuffer&& other) noexcept
      : buffer_(std::move(other.buffer_)),
        map_(other.map_),
        mapped_(std::exchange(other.mapped_, false)) {}
  MappedBuffer& operator=(MappedBuffer&& other) noexcept {
    reset();
    buffer_ = std::move(other.buffer_);
    map_ = other.map_;
    mapped_ = std::exchange(other.mapped_, false);
    return *this;
  }
  ~MappedBuffer() { reset(); }

  explicit operator bool() const { return mapped_; }
  /// Valid while mapped.
  uint8_t* data() const { return map_.data; }
  size_t size() const { return map_.size; }
  GstBuffer* buffer() const { return buffer_.get(); }

  /// Unmaps and gives up the buffer.
  BufferPtr release() {
    unmap();
    return std::move(buffer_);
  }
  void reset() {
    unmap();
    buffer_.reset();
  }

 private:
  void unmap() {
    if (std::exchange(mapped_, false)) gst_buffer_unmap(buffer_.get(), &map_);
  }

  BufferPtr buffer_;
  GstMapInfo map_ = GST_MAP_INFO_INIT;
  bool mapped_ = false;
};

}  // namespace npumel
