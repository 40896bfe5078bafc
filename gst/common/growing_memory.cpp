// SPDX-License-Identifier: LGPL-2.1-or-later
// Heap first, then a mapping that grows by moving its pages.
#include "gst/common/growing_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>
#include <utility>

namespace npumel {
namespace {

constexpr size_t kLargestHeap = size_t{1} << 20;
constexpr size_t kFirstMapping = size_t{64} << 20;  // address space; pages are taken when written
constexpr size_t kHugePage = size_t{2} << 20;
// Smaller streams would waste much of a huge page.
constexpr size_t kSmallPages = size_t{4} << 20;
constexpr std::align_val_t kAlignment{64};

size_t round_up(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

/// `room` bytes of address space that begin on a huge page; null where that is refused. `room` is a
/// multiple of kHugePage.
uint8_t* map_aligned(size_t room) {
  void* found = mmap(nullptr, room + kHugePage, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (found == MAP_FAILED) return nullptr;
  auto* first = static_cast<uint8_t*>(found);
  const size_t before =
      round_up(reinterpret_cast<uintptr_t>(first), kHugePage) - reinterpret_cast<uintptr_t>(first);
  if (before > 0) munmap(first, before);
  if (before < kHugePage) munmap(first + before + room, kHugePage - before);
  return first + before;
}

/// Room for `bytes` at least, `wished` where the system gives it.
std::unique_ptr<GrowingMemory::Block> map_block(size_t bytes, size_t wished) {
  auto block = std::make_unique<GrowingMemory::Block>();
  for (const size_t room : {round_up(wished, kHugePage), round_up(bytes, kHugePage)}) {
    block->data = map_aligned(room);
    if (block->data == nullptr) continue;
    block->room = room;
    block->mapped = true;
    return block;
  }
  throw std::bad_alloc();
}

void wish_for_huge_pages(const GrowingMemory::Block& block) {
  if (block.room > kSmallPages)
    madvise(block.data + kSmallPages, block.room - kSmallPages, MADV_HUGEPAGE);
}

}  // namespace

GrowingMemory::Block::~Block() {
  if (data == nullptr) return;
  if (mapped)
    munmap(data, room);
  else
    ::operator delete(data, kAlignment);
}

void GrowingMemory::make_room(size_t bytes) {
  const size_t room = block_ ? block_->room : 0;
  if (bytes <= room) return;
  const size_t doubled = std::max(bytes, 2 * room);
  std::unique_ptr<Block> larger;
  if (bytes <= kLargestHeap) {
    larger = std::make_unique<Block>();
    larger->room = std::min(doubled, kLargestHeap);
    larger->data = static_cast<uint8_t*>(::operator new(larger->room, kAlignment));
  } else {
    larger = map_block(bytes, std::max(doubled, kFirstMapping));
    if (block_ && block_->mapped &&
        mremap(block_->data, block_->room, block_->room, MREMAP_MAYMOVE | MREMAP_FIXED,
               larger->data) != MAP_FAILED) {
      block_->data = nullptr;  // its pages have moved
      wish_for_huge_pages(*larger);
      block_ = std::move(larger);
      return;
    }
    wish_for_huge_pages(*larger);
  }
  if (size_ > 0) std::memcpy(larger->data, block_->data, size_);
  block_ = std::move(larger);
}

uint8_t* GrowingMemory::append(size_t bytes) {
  if (bytes > std::numeric_limits<size_t>::max() / 4 - size_) throw std::bad_alloc();
  make_room(size_ + bytes);
  uint8_t* added = block_ ? block_->data + size_ : nullptr;
  size_ += bytes;
  return added;
}

void GrowingMemory::resize(size_t bytes) {
  if (bytes > size_) append(bytes - size_);
  size_ = bytes;
}

void GrowingMemory::reset() noexcept {
  size_ = 0;
  if (block_ && block_->mapped) block_.reset();
}

MemoryPtr GrowingMemory::release() {
  if (!block_) make_room(1);
  if (!block_->mapped && size_ > 0 && block_->room - size_ > size_ / 16) {
    // The next stream is likely to be as long: it gets the room.
    GrowingMemory exact;
    std::memcpy(exact.append(size_), block_->data, size_);
    size_ = 0;
    return exact.release();
  }
  Block& block = *block_;
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  if (const size_t used = std::max(round_up(size_, page), page);
      block.mapped && used < block.room) {
    munmap(block.data + used, block.room - used);
    block.room = used;
  }
  MemoryPtr memory(gst_memory_new_wrapped(
      static_cast<GstMemoryFlags>(0), block.data, block.room, 0, size_, block_.get(),
      [](gpointer owned) { const std::unique_ptr<Block> owner(static_cast<Block*>(owned)); }));
  if (!memory) throw std::bad_alloc();
  (void)block_.release();
  size_ = 0;
  return memory;
}

}  // namespace npumel
