// SPDX-License-Identifier: LGPL-2.1-or-later
// Counts heap allocations that the plugin's own code makes. This file replaces the allocation
// functions of the process; what decides is the innermost caller outside the C and C++ runtimes: an
// allocation is ours when that is the plugin or its XRT module, not when it is XRT, AMD's driver
// library, GLib or GStreamer. Include it in one file of a program that is built without sanitizers.
#pragma once

#include <dlfcn.h>
#include <execinfo.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace npumel::xrt_test {

inline std::atomic<bool> counting{false};
inline std::atomic<int> own_allocations{0};
inline thread_local bool inside = false;
inline std::array<void*, 32> first_frames{};  ///< of the first that was counted

/// The name of the file that an address lies in, without its folder; "" when nobody knows.
inline const char* file_of(void* address) {
  Dl_info info{};
  if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return "";
  const char* slash = std::strrchr(info.dli_fname, '/');
  return slash != nullptr ? slash + 1 : info.dli_fname;
}

inline bool is_runtime(const char* file) {
  static const char* const self = file_of(reinterpret_cast<void*>(&is_runtime));
  return std::strcmp(file, self) == 0 || std::strstr(file, "libc.so") != nullptr ||
         std::strstr(file, "libstdc++") != nullptr || std::strstr(file, "libgcc_s") != nullptr;
}

inline void note_allocation() {
  if (!counting || inside) return;
  inside = true;  // what follows may allocate
  std::array<void*, first_frames.size()> frames{};
  const int depth = backtrace(frames.data(), static_cast<int>(frames.size()));
  for (int i = 0; i < depth; ++i) {
    const char* file = file_of(frames[static_cast<size_t>(i)]);
    if (is_runtime(file)) continue;
    if (std::strstr(file, "npumelspec") == nullptr) break;
    if (own_allocations++ == 0) first_frames = frames;
    break;
  }
  inside = false;
}

/// Who made the first.
inline void print_first() {
  backtrace_symbols_fd(first_frames.data(), static_cast<int>(first_frames.size()), fileno(stderr));
}

/// How many the plugin makes while `action` runs.
template <typename Action>
int count_own_allocations(Action&& action) {
  std::array<void*, 4> frames{};
  backtrace(frames.data(), static_cast<int>(frames.size()));  // loads the unwinder
  is_runtime("");
  own_allocations = 0;
  counting = true;
  action();
  counting = false;
  return own_allocations;
}

}  // namespace npumel::xrt_test

extern "C" {
void* __libc_malloc(size_t);            // NOLINT(bugprone-reserved-identifier): glibc's own
void* __libc_calloc(size_t, size_t);    // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void*, size_t);    // NOLINT(bugprone-reserved-identifier)
void* __libc_memalign(size_t, size_t);  // NOLINT(bugprone-reserved-identifier)

void* malloc(size_t size) {
  npumel::xrt_test::note_allocation();
  return __libc_malloc(size);
}
void* calloc(size_t count, size_t size) {
  npumel::xrt_test::note_allocation();
  return __libc_calloc(count, size);
}
void* realloc(void* memory, size_t size) {
  npumel::xrt_test::note_allocation();
  return __libc_realloc(memory, size);
}
void* aligned_alloc(size_t alignment, size_t size) {
  npumel::xrt_test::note_allocation();
  return __libc_memalign(alignment, size);
}
int posix_memalign(void** memory, size_t alignment, size_t size) {
  npumel::xrt_test::note_allocation();
  *memory = __libc_memalign(alignment, size);
  return *memory != nullptr ? 0 : ENOMEM;
}
}
