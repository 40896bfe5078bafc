// SPDX-License-Identifier: LGPL-2.1-or-later
// Buffer objects of the emulated driver: separate memory for host and device, joined by SYNC_BO.
#include "tests/xrt/emulator/buffers.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace npumel::emu {
namespace {

constexpr uint64_t kPage = 4096;
constexpr uint64_t kArenaSize = uint64_t{1} << 30;  // sparse: only what is touched takes memory
constexpr uint64_t kHeapSize = uint64_t{64} << 20;
// Device addresses are no host addresses: a program that mixes them up must fail.
constexpr uint64_t kHeapBase = 0x4000000;
constexpr uint64_t kShareBase = 0x100000000000;
// What the device finds in a buffer that was never synced to it.
constexpr uint8_t kNeverSynced = 0xA5;

constexpr uint64_t whole_pages(uint64_t size) { return (size + kPage - 1) / kPage * kPage; }

}  // namespace

Buffer::~Buffer() {
  if (file >= 0) ::close(file);
}

Buffers::Buffers(Report& report, const Settings& settings, bool coherent)
    : report_(report),
      settings_(settings),
      coherent_(coherent),
      arena_ranges_(kArenaSize, kPage),
      heap_ranges_(kHeapSize, kPage) {
  arena_fd_ = memfd_create("emulated-npu", MFD_CLOEXEC);
  if (arena_fd_ < 0 || ftruncate(arena_fd_, static_cast<off_t>(kArenaSize)) != 0)
    throw std::system_error(errno, std::generic_category(), "memory of the emulated NPU");
  void* mapping =
      ::mmap(nullptr, kArenaSize, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, arena_fd_, 0);
  if (mapping == MAP_FAILED)
    throw std::system_error(errno, std::generic_category(), "memory of the emulated NPU");
  arena_ = static_cast<uint8_t*>(mapping);
}

Buffers::~Buffers() {
  munmap(arena_, kArenaSize);
  ::close(arena_fd_);
}

std::shared_ptr<Buffer> Buffers::in_arena(uint64_t size, uint64_t base) {
  const auto offset = arena_ranges_.take(size);
  if (!offset) return nullptr;
  auto buffer = std::make_shared<Buffer>();
  buffer->offset = *offset;
  buffer->address = base + *offset;
  buffer->host = arena_ + *offset;
  return buffer;
}

bool Buffers::give_own_memory(Buffer& buffer, uint64_t size) {
  const uint64_t bytes = whole_pages(size);
  buffer.file = memfd_create("emulated-npu-buffer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  return buffer.file >= 0 && ftruncate(buffer.file, static_cast<off_t>(bytes)) == 0 &&
         fcntl(buffer.file, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) == 0 &&
         ::mmap(buffer.host, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, buffer.file,
                0) != MAP_FAILED;
}

std::shared_ptr<Buffer> Buffers::in_heap(uint64_t size) {
  if (!heap_) return nullptr;
  const auto offset = heap_ranges_.take(size);
  if (!offset) return nullptr;
  auto buffer = std::make_shared<Buffer>();
  buffer->offset = *offset;
  buffer->address = heap_->address + *offset;
  buffer->host = heap_->host + *offset;
  return buffer;
}

int Buffers::create(amdxdna_drm_create_bo& call) {
  // A real driver takes user memory too; this project never asks for it.
  if (call.vaddr != 0) return -EOPNOTSUPP;
  if (call.size == 0) return -EINVAL;
  const std::lock_guard lock(mutex_);
  std::shared_ptr<Buffer> buffer;
  switch (call.type) {
    case AMDXDNA_BO_DEV_HEAP:
      // XRT leaves the heap to the kernel's clean-up when a call on it fails half-way; here the
      // next heap takes its place.
      if (call.size > kHeapSize) return -EINVAL;
      buffer = in_arena(call.size, 0);
      if (buffer) buffer->address = kHeapBase;
      break;
    case AMDXDNA_BO_DEV:
      buffer = in_heap(call.size);
      break;
    case AMDXDNA_BO_SHARE:
    case AMDXDNA_BO_CMD:
      buffer = in_arena(call.size, kShareBase);
      if (buffer && call.type == AMDXDNA_BO_SHARE && !give_own_memory(*buffer, call.size)) {
        arena_ranges_.give_back(buffer->offset, call.size);
        return -ENOMEM;
      }
      break;
    default:
      return -EINVAL;
  }
  if (!buffer) return -ENOMEM;
  buffer->handle = ++last_handle_;
  buffer->type = call.type;
  buffer->size = call.size;
  const bool separate = call.type == AMDXDNA_BO_SHARE || call.type == AMDXDNA_BO_DEV;
  if (separate && !coherent_) buffer->separate.assign(call.size, kNeverSynced);
  by_handle_[buffer->handle] = buffer;
  if (call.type == AMDXDNA_BO_DEV_HEAP)
    heap_ = buffer;
  else
    by_address_[buffer->address] = buffer;
  call.handle = buffer->handle;
  const bool holds_data = call.type == AMDXDNA_BO_SHARE;
  report_.count([&](Counters& c) {
    ++c.buffers_created, ++c.buffers_alive;
    if (holds_data) ++c.data_buffers_created;
  });
  return 0;
}

int Buffers::info(amdxdna_drm_get_bo_info& call) {
  const std::lock_guard lock(mutex_);
  const auto it = by_handle_.find(call.handle);
  if (it == by_handle_.end()) return -ENOENT;
  const Buffer& buffer = *it->second;
  call.xdna_addr = buffer.address;
  call.vaddr = 0;
  call.map_offset = buffer.offset;
  if (buffer.type == AMDXDNA_BO_DEV) {
    // Part of the heap, which the process has mapped already.
    call.map_offset = AMDXDNA_INVALID_ADDR;
    call.vaddr = reinterpret_cast<uint64_t>(heap_mapping_ + buffer.offset);
  }
  return 0;
}

int Buffers::sync(const amdxdna_drm_sync_bo& call) {
  const auto buffer = find(call.handle);
  if (!buffer) return -ENOENT;
  if (call.offset > buffer->size || call.size > buffer->size - call.offset) return -EINVAL;
  const bool to_device = call.direction == SYNC_DIRECT_TO_DEVICE;
  if (!to_device && call.direction != SYNC_DIRECT_FROM_DEVICE) return -EINVAL;
  if (!buffer->separate.empty()) {
    uint8_t* host = buffer->host + call.offset;
    uint8_t* device = buffer->separate.data() + call.offset;
    std::memcpy(to_device ? device : host, to_device ? host : device, call.size);
  }
  report_.count([&](Counters& c) {
    ++(!to_device          ? c.syncs_from_device
       : buffer->is_output ? c.syncs_of_poison
                           : c.syncs_to_device);
  });
  return 0;
}

int Buffers::close(uint32_t handle) {
  const std::lock_guard lock(mutex_);
  const auto it = by_handle_.find(handle);
  if (it == by_handle_.end()) return -EINVAL;
  const auto buffer = it->second;
  by_handle_.erase(it);
  if (buffer->type == AMDXDNA_BO_DEV) {
    heap_ranges_.give_back(buffer->offset, buffer->size);
  } else {
    if (buffer->file >= 0)
      ::mmap(buffer->host, whole_pages(buffer->size), PROT_READ | PROT_WRITE,
             MAP_SHARED | MAP_FIXED | MAP_NORESERVE, arena_fd_, static_cast<off_t>(buffer->offset));
    // Pages that are used again must read as zero, and the arena must not grow with time.
    fallocate(arena_fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
              static_cast<off_t>(buffer->offset), static_cast<off_t>(buffer->size));
    arena_ranges_.give_back(buffer->offset, buffer->size);
  }
  if (buffer == heap_) {
    heap_ = nullptr;
    heap_mapping_ = nullptr;
  } else {
    by_address_.erase(buffer->address);
  }
  locked_ -= buffer->locked;
  report_.count([&](Counters& c) { --c.buffers_alive, c.locked_bytes = locked_; });
  return 0;
}

int Buffers::export_to(drm_prime_handle& call) {
  if ((call.flags & ~static_cast<uint32_t>(DRM_CLOEXEC | DRM_RDWR)) != 0) return -EINVAL;
  const auto buffer = find(call.handle);
  if (!buffer) return -ENOENT;
  if (buffer->file < 0 || settings_.dma_buf == 0) return -EOPNOTSUPP;
  const int command = (call.flags & DRM_CLOEXEC) != 0 ? F_DUPFD_CLOEXEC : F_DUPFD;
  const int exported = fcntl(buffer->file, command, 0);
  if (exported < 0) return -errno;
  call.fd = exported;
  return 0;
}

void* Buffers::map(void* address, size_t length, int protection, int flags, uint64_t map_offset) {
  const std::lock_guard lock(mutex_);
  for (const auto& [handle, buffer] : by_handle_) {
    if (buffer->type == AMDXDNA_BO_DEV || buffer->offset != map_offset) continue;
    const uint64_t locks = flags & MAP_LOCKED ? length : 0;
    if (settings_.memlock != 0 && locked_ + locks > settings_.memlock) {
      errno = EAGAIN;
      return MAP_FAILED;
    }
    // Counted, not done: the process that runs tests may lock little.
    const bool own = buffer->file >= 0;
    void* mapping =
        ::mmap(address, length, protection, flags & ~MAP_LOCKED, own ? buffer->file : arena_fd_,
               own ? 0 : static_cast<off_t>(map_offset));
    if (mapping == MAP_FAILED) return mapping;
    buffer->locked += locks;
    locked_ += locks;
    report_.count([&](Counters& c) { c.locked_bytes = locked_; });
    if (buffer == heap_) heap_mapping_ = static_cast<uint8_t*>(mapping);
    return mapping;
  }
  errno = EINVAL;
  return MAP_FAILED;
}

std::shared_ptr<Buffer> Buffers::find(uint32_t handle) {
  const std::lock_guard lock(mutex_);
  const auto it = by_handle_.find(handle);
  return it == by_handle_.end() ? nullptr : it->second;
}

Buffers::Place Buffers::at(uint64_t address) {
  const std::lock_guard lock(mutex_);
  auto it = by_address_.upper_bound(address);
  if (it == by_address_.begin()) return {};
  --it;
  const auto& buffer = it->second;
  if (address >= buffer->address + buffer->size) return {};
  return {buffer, buffer->device().subspan(address - buffer->address)};
}

}  // namespace npumel::emu
