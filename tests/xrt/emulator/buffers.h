// SPDX-License-Identifier: LGPL-2.1-or-later
// Buffer objects. Host and device see separate memory, joined only by SYNC_BO, as on hardware whose
// caches are not coherent: a forgotten sync gives wrong data here, every time.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "tests/xrt/emulator/ranges.h"
#include "tests/xrt/emulator/report.h"
#include "tests/xrt/emulator/settings.h"
#include "tests/xrt/emulator/uapi.h"

namespace npumel::emu {

struct Buffer {
  Buffer() = default;
  ~Buffer();
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  uint32_t handle = 0;
  uint32_t type = 0;
  uint64_t size = 0;
  uint64_t offset = 0;   ///< in the arena; for DEV buffers in the heap
  uint64_t address = 0;  ///< as the device sees it
  uint8_t* host = nullptr;
  /// Its own memory, which lies at its place in the arena, if it can be exported.
  int file = -1;
  uint64_t locked = 0;                 ///< bytes of it that are mapped with MAP_LOCKED
  std::atomic<bool> is_output{false};  ///< a run has written to it
  std::vector<uint8_t> separate;       ///< the device's copy, empty when both share `host`

  std::span<uint8_t> device() {
    return separate.empty() ? std::span(host, size) : std::span(separate);
  }
};

/// Thread-safe. Calls return 0 or a negative errno, as the kernel's do.
class Buffers {
 public:
  /// With `coherent` there is one copy, for programs that run without force_driver_sync.
  Buffers(Report& report, const Settings& settings, bool coherent);
  ~Buffers();
  Buffers(const Buffers&) = delete;
  Buffers& operator=(const Buffers&) = delete;

  int create(amdxdna_drm_create_bo& call);
  int info(amdxdna_drm_get_bo_info& call);
  int sync(const amdxdna_drm_sync_bo& call);
  int close(uint32_t handle);
  /// As a dma-buf: a descriptor of the same memory, the caller's to close, which can be mapped from
  /// 0 to the buffer's end and not be resized.
  int export_to(drm_prime_handle& call);
  /// mmap() of the device node: maps the buffer whose map_offset is given. MAP_FAILED and errno on
  /// failure: EAGAIN when it is to be locked in memory and the limit does not allow that.
  void* map(void* address, size_t length, int protection, int flags, uint64_t map_offset);

  std::shared_ptr<Buffer> find(uint32_t handle);
  /// The buffer that holds a device address, and the bytes from there to its end.
  struct Place {
    std::shared_ptr<Buffer> buffer;
    std::span<uint8_t> bytes;
  };
  Place at(uint64_t address);

 private:
  std::shared_ptr<Buffer> in_arena(uint64_t size, uint64_t base);
  std::shared_ptr<Buffer> in_heap(uint64_t size);
  bool give_own_memory(Buffer& buffer, uint64_t size);

  Report& report_;
  const Settings& settings_;
  bool coherent_;
  std::mutex mutex_;
  int arena_fd_ = -1;
  uint8_t* arena_ = nullptr;
  Ranges arena_ranges_;
  Ranges heap_ranges_;
  uint64_t locked_ = 0;
  std::shared_ptr<Buffer> heap_;
  uint8_t* heap_mapping_ = nullptr;  ///< where the process mapped the heap
  uint32_t last_handle_ = 0;
  std::map<uint32_t, std::shared_ptr<Buffer>> by_handle_;
  std::map<uint64_t, std::shared_ptr<Buffer>> by_address_;
};

}  // namespace npumel::emu
