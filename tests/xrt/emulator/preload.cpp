// SPDX-License-Identifier: LGPL-2.1-or-later
// The entry points: open(), ioctl() and mmap() of the whole process, of which those on the device
// node go to the emulated driver and all others to the C library. Loaded with LD_PRELOAD by
// with-npu.sh.

// Both names are defined here, so neither may be turned into the other.
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <fcntl.h>
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
    if (stat(npumel::emu::device_node().c_str(), &node) != 0) node.st_ino = 0;
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
    return driver().map(address, length, protection, flags, static_cast<uint64_t>(offset));
  }
  static const auto kReal = next<Mmap>("mmap");
  return kReal(address, length, protection, flags, fd, offset);
}

/// The C library's function of this name, unless it would open the device and the driver refuses.
template <typename... Arguments>
int open_somewhere(const char* name, const char* path, Arguments... arguments) {
  if (path && npumel::emu::device_node() == path) {
    if (const int result = driver().open(); result != 0) {
      errno = -result;
      return -1;
    }
  }
  return next<int (*)(Arguments...)>(name)(arguments...);
}

/// The mode, which the C library's own functions read only where there is one.
mode_t mode_of(int flags, va_list arguments) {
  const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? va_arg(arguments, mode_t) : 0;
}

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED int ioctl(int fd, unsigned long request, ...) noexcept {
  va_list arguments;
  va_start(arguments, request);
  void* argument = va_arg(arguments, void*);
  va_end(arguments);
  if (_IOC_TYPE(request) == DRM_IOCTL_BASE) {
    // What finding out costs is not the plugin's either.
    const uint64_t begun = npumel::emu::thread_cpu_ns();
    if (is_device(fd)) {
      const int result = driver().call(request, argument, begun);
      if (result == 0) return 0;
      errno = -result;
      return -1;
    }
  }
  static const auto kReal = next<int (*)(int, unsigned long, ...)>("ioctl");
  return kReal(fd, request, argument);
}

#define OPEN(name)                                         \
  EXPORTED int name(const char* path, int flags, ...) {    \
    va_list arguments;                                     \
    va_start(arguments, flags);                            \
    const mode_t mode = mode_of(flags, arguments);         \
    va_end(arguments);                                     \
    return open_somewhere(#name, path, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                \
  EXPORTED int name(int folder, const char* path, int flags, ...) { \
    va_list arguments;                                              \
    va_start(arguments, flags);                                     \
    const mode_t mode = mode_of(flags, arguments);                  \
    va_end(arguments);                                              \
    return open_somewhere(#name, path, folder, path, flags, mode);  \
  }
OPENAT(openat)
OPENAT(openat64)

// Programs that were built with _FORTIFY_SOURCE.
EXPORTED int __open_2(const char* path, int flags) {
  return open_somewhere("__open_2", path, path, flags);
}
EXPORTED int __open64_2(const char* path, int flags) {
  return open_somewhere("__open64_2", path, path, flags);
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

EXPORTED bool npumel_emu_set(const char* name, uint64_t value) { return driver().set(name, value); }

EXPORTED void npumel_emu_counters(npumel::emu::Counters* counters) {
  *counters = driver().counters();
}

EXPORTED uint64_t npumel_emu_thread_submissions() { return Driver::thread_submissions(); }

EXPORTED uint64_t npumel_emu_thread_cpu_ns() { return Driver::thread_cpu_ns(); }

EXPORTED void npumel_emu_reset_counters() { driver().reset_counters(); }
