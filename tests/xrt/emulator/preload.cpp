// SPDX-License-Identifier: LGPL-2.1-or-later
// The entry points: ioctl() and mmap() of the whole process, of which those on the device node go
// to the emulated driver and all others to the C library. Loaded with LD_PRELOAD by with-npu.sh.

// Both names are defined here, so neither may be turned into the other.
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdarg>
#include <memory>

#include "tests/xrt/emulator/control.h"
#include "tests/xrt/emulator/driver.h"

namespace {

using npumel::emu::Driver;

Driver& driver() {
  // Never destroyed: XRT closes its buffers from destructors of static objects.
  static Driver* const instance = std::make_unique<Driver>().release();
  return *instance;
}

/// True for a descriptor of the device node that with-npu.sh has made.
bool is_device(int fd) {
  static const struct stat kNode = [] {
    struct stat node {};
    if (stat("/dev/accel/accel0", &node) != 0) node.st_ino = 0;
    return node;
  }();
  struct stat file {};
  return kNode.st_ino != 0 && fd >= 0 && fstat(fd, &file) == 0 && file.st_ino == kNode.st_ino &&
         file.st_dev == kNode.st_dev;
}

template <typename Function>
Function next(const char* name) {
  return reinterpret_cast<Function>(dlsym(RTLD_NEXT, name));
}

using Mmap = void* (*)(void*, size_t, int, int, int, off_t);

void* mmap_somewhere(void* address, size_t length, int protection, int flags, int fd,
                     off_t offset) {
  if (fd >= 0 && !(flags & MAP_ANONYMOUS) && is_device(fd)) {
    // Locked memory is the real driver's affair; here it would only need a higher limit.
    return driver().map(address, length, protection, flags & ~MAP_LOCKED,
                        static_cast<uint64_t>(offset));
  }
  static const auto kReal = next<Mmap>("mmap");
  return kReal(address, length, protection, flags, fd, offset);
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (_IOC_TYPE(request) == DRM_IOCTL_BASE && is_device(fd)) {
    const int result = driver().call(request, argument);
    if (result == 0) return 0;
    errno = -result;
    return -1;
  }
  static const auto kReal = next<int (*)(int, unsigned long, ...)>("ioctl");
  return kReal(fd, request, argument);
}

EXPORTED void* mmap(void* address, size_t length, int protection, int flags, int fd,
                    off_t offset) noexcept {
  return mmap_somewhere(address, length, protection, flags, fd, offset);
}

EXPORTED void* mmap64(void* address, size_t length, int protection, int flags, int fd,
                      off64_t offset) noexcept {
  return mmap_somewhere(address, length, protection, flags, fd, offset);
}

EXPORTED bool npumel_emu_set_faults(const char* faults) { return driver().set_faults(faults); }

EXPORTED void npumel_emu_counters(npumel::emu::Counters* counters) {
  *counters = driver().counters();
}

EXPORTED uint64_t npumel_emu_thread_cpu_ns() { return Driver::thread_cpu_ns(); }

EXPORTED void npumel_emu_reset_counters() { driver().reset_counters(); }
