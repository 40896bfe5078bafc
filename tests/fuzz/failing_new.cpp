// SPDX-License-Identifier: LGPL-2.1-or-later
// Replaces operator new with one that can fail.
#include "tests/fuzz/failing_new.h"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {
std::atomic<int> countdown = 0;

bool is_to_fail() {
  if (countdown.load(std::memory_order_relaxed) == 0) return false;
  return countdown.fetch_sub(1, std::memory_order_relaxed) == 1;
}
}  // namespace

namespace npumel::fuzz {
void fail_allocation(int n) { countdown = n; }
}  // namespace npumel::fuzz

// NOLINTBEGIN(cppcoreguidelines-no-malloc): this is the allocator
void* operator new(std::size_t size) {
  void* const memory = is_to_fail() ? nullptr : std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
// Of one kind with the others: libFuzzer frees with our delete what it allocates with this one.
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return is_to_fail() ? nullptr : std::malloc(size);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
// NOLINTEND(cppcoreguidelines-no-malloc)
