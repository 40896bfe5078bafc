// SPDX-License-Identifier: LGPL-2.1-or-later
// Walks over the instruction sets.
#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "kernels/cpu/mel_kernel.h"
#include "kernels/simd/targets.h"

namespace npumel::test {

template <typename Body>
void for_each_target(Body body) {
  std::set<std::string> seen;  // several of Highway's targets may fall back to one of ours
  int64_t remaining = supported_targets() | HWY_SCALAR;
  while (remaining != 0) {
    const int64_t best = remaining & -remaining;  // lower bits are better instruction sets
    set_supported_targets_for_test(remaining);
    if (seen.insert(MelKernel::target()).second) {
      SCOPED_TRACE(MelKernel::target());
      body();
    }
    remaining &= ~best;
  }
  set_supported_targets_for_test(0);
}

}  // namespace npumel::test
