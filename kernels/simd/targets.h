// SPDX-License-Identifier: LGPL-2.1-or-later
// Which of Highway's targets this processor runs, and the choice among the functions of each.
#pragma once

#include <hwy/targets.h>

#include <cstddef>
#include <cstdint>

namespace npumel {

/// Bits of Highway's targets (HWY_AVX2, ...) that the processor and the operating system run, lower
/// bits for better ones; never 0. hwy::SupportedTargets() says the same, but the library that it is
/// in times the processor's clock when it is loaded, which takes longer than the rest of the
/// plugin. From any thread.
int64_t supported_targets();

/// For tests and benchmarks: what supported_targets() returns from now on; 0 = the processor's
/// again.
void set_supported_targets_for_test(int64_t targets);

/// The best supported one of a table of functions made with NPUMEL_TARGET_TABLE.
template <typename Function, size_t kEntries>
Function best_of(const Function (&table)[kEntries]) {
  static_assert(kEntries == HWY_MAX_DYNAMIC_TARGETS + 1);
  constexpr int kFirstBit = HWY_HIGHEST_TARGET_BIT + 1 - HWY_MAX_DYNAMIC_TARGETS;
  const auto supported = static_cast<uint64_t>(supported_targets());
  for (size_t i = 0; i + 1 < kEntries; ++i)
    if (table[i] != nullptr && (supported >> (kFirstBit + i) & 1) != 0) return table[i];
  return table[kEntries - 1];
}

}  // namespace npumel

/// The functions of all targets that were compiled, best first, then the one that runs everywhere.
/// HWY_EXPORT without the entry that asks Highway's library. Where HWY_EXPORT may stand.
#define NPUMEL_TARGET_TABLE(function) \
  { HWY_CHOOSE_TARGET_LIST(function), HWY_CHOOSE_FALLBACK(function) }
