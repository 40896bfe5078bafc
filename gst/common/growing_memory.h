// SPDX-License-Identifier: LGPL-2.1-or-later
// Bytes that are appended until a stream ends and then handed over as one GstMemory, without a
// copy.
#pragma once

#include <gst/gst.h>

#include <cstddef>
#include <cstdint>
#include <memory>

#include "gst/common/pointers.h"

namespace npumel {

/// Starts on a cache line at least. Up to a megabyte it grows as a vector does. Beyond, it is a
/// mapping whose pages are moved, not copied, and huge ones where the system has them: a page fault
/// for each 4 KiB would take longer than computing what is written there. Not thread-safe.
class GrowingMemory {
 public:
  GrowingMemory() = default;
  GrowingMemory(const GrowingMemory&) = delete;
  GrowingMemory& operator=(const GrowingMemory&) = delete;

  uint8_t* data() const noexcept { return block_ ? block_->data : nullptr; }
  size_t size() const noexcept { return size_; }

  /// Adds bytes whose values are not set, and returns where they begin. Earlier pointers are void
  /// then. Throws std::bad_alloc.
  uint8_t* append(size_t bytes);
  /// Cuts off what lies behind, or appends.
  void resize(size_t bytes);
  /// Forgets the bytes. Keeps room for another stream unless there is a lot of it.
  void reset() noexcept;

  /// Hands over what there is, and is empty then. Room behind it is given back. Throws
  /// std::bad_alloc.
  MemoryPtr release();

  /// What release() hands over.
  struct Block {
    uint8_t* data = nullptr;
    size_t room = 0;
    bool mapped = false;

    Block() = default;
    Block(const Block&) = delete;
    Block& operator=(const Block&) = delete;
    ~Block();
  };

 private:
  void make_room(size_t bytes);

  std::unique_ptr<Block> block_;
  size_t size_ = 0;
};

}  // namespace npumel
