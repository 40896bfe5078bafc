// SPDX-License-Identifier: LGPL-2.1-or-later
// Walks over the instruction sets.
#pragma once

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <set>
#include <string>

#include "kernels/cpu/mel_kernel.h"

namespace npumel::test {

template <typename Body>
void for_each_target(Body body) {
  std::set<std::string> seen;  // several of Highway's targets may fall back to one of ours
  int64_t remaining = hwy::SupportedTargets() | HWY_SCALAR;
  while (remaining != 0) {
    const int64_t best = remaining & -remaining;  // lower bits are better instruction sets
    hwy::SetSupportedTargetsForTest(remaining);
    if (seen.insert(MelKernel::target()).second) {
      SCOPED_TRACE(MelKernel::target());
      body();
    }
    remaining &= ~best;
  }
  hwy::SetSupportedTargetsForTest(0);
}

}  // namespace npumel::test
