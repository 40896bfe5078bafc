// SPDX-License-Identifier: LGPL-2.1-or-later
// Asks the processor what it runs.
#include "kernels/simd/targets.h"

#include <atomic>

#if HWY_ARCH_X86
#include <cpuid.h>
#endif

namespace npumel {
namespace {

#if HWY_ARCH_X86

struct Registers {
  uint32_t eax = 0, ebx = 0, ecx = 0, edx = 0;
};

/// Zeros where the processor has no such leaf.
Registers cpuid(uint32_t leaf) {
  Registers r;
  if (__get_cpuid_count(leaf, 0, &r.eax, &r.ebx, &r.ecx, &r.edx) == 0) return {};
  return r;
}

/// Which registers the operating system saves when it switches threads (XCR0).
uint32_t saved_registers() {
  uint32_t low = 0, high = 0;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

constexpr bool all_of(uint32_t value, uint32_t bits) { return (value & bits) == bits; }
constexpr uint32_t bits(auto... positions) { return (0U | ... | (1U << positions)); }

/// Everything that Highway lets the compiler use in code of a target: see HWY_TARGET_STR_* of its
/// headers. A virtual machine may hide any of it.
int64_t targets_of_processor() {
  const Registers basic = cpuid(1);
  const Registers more = cpuid(7);
  const Registers extended = cpuid(0x80000001);
  int64_t targets = 0;

  if (!all_of(basic.edx, bits(25, 26)) || !all_of(basic.ecx, bits(0, 9))) return targets;
  targets |= HWY_SSSE3;  // SSE, SSE2, SSE3, SSSE3
  if (!all_of(basic.ecx, bits(1, 19, 20, 25))) return targets;
  targets |= HWY_SSE4;  // PCLMULQDQ, SSE4.1, SSE4.2, AES

  if (!all_of(basic.ecx, bits(27))) return targets;  // OSXSAVE
  const uint32_t saved = saved_registers();
  if (!all_of(saved, bits(1, 2))) return targets;            // XMM, YMM
  if (!all_of(basic.ecx, bits(12, 28, 29))) return targets;  // FMA, AVX, F16C
  if (!all_of(more.ebx, bits(3, 5, 8))) return targets;      // BMI, AVX2, BMI2
  if (!all_of(extended.ecx, bits(5))) return targets;        // LZCNT
  targets |= HWY_AVX2;
  if (!all_of(saved, bits(5, 6, 7))) return targets;                // masks, ZMM
  if (!all_of(more.ebx, bits(16, 17, 28, 30, 31))) return targets;  // AVX-512 F, DQ, CD, BW, VL
  return targets | HWY_AVX3;
}

#else

// kernels/cpu/meson.build leaves out the targets beyond what every processor of the architecture
// has.
int64_t targets_of_processor() { return 0; }

#endif

std::atomic<int64_t>& targets_for_test() {
  static std::atomic<int64_t> targets{0};
  return targets;
}

}  // namespace

int64_t supported_targets() {
  // In a virtual machine each question costs microseconds.
  static const int64_t of_processor = targets_of_processor();
  const int64_t for_test = targets_for_test().load(std::memory_order_relaxed);
  return for_test != 0 ? for_test : of_processor | HWY_STATIC_TARGET;
}

void set_supported_targets_for_test(int64_t targets) {
  targets_for_test().store(targets, std::memory_order_relaxed);
}

}  // namespace npumel
