// SPDX-License-Identifier: LGPL-2.1-or-later
// The instruction sets of the processor, and which function of a table they choose.
#include "kernels/simd/targets.h"

#include <gtest/gtest.h>

#include "kernels/simd/aligned.h"

namespace npumel {
namespace {

using Function = int (*)();
constexpr int kFirstBit = HWY_HIGHEST_TARGET_BIT + 1 - HWY_MAX_DYNAMIC_TARGETS;
constexpr size_t kEntries = HWY_MAX_DYNAMIC_TARGETS + 1;

int best() { return 1; }
int middle() { return 2; }
int everywhere() { return 3; }

/// The bit of a table's entry.
int64_t target_of(size_t entry) { return int64_t{1} << (kFirstBit + static_cast<int>(entry)); }

class Targets : public testing::Test {
 protected:
  ~Targets() override { set_supported_targets_for_test(0); }
};

TEST_F(Targets, are_what_highway_finds) {
#if HWY_ARCH_X86
  constexpr int64_t kAll = HWY_SSSE3 | HWY_SSE4 | HWY_AVX2 | HWY_AVX3;
#else
  constexpr int64_t kAll = HWY_STATIC_TARGET;
#endif
  EXPECT_EQ(supported_targets() & kAll, hwy::SupportedTargets() & kAll);
  EXPECT_NE(supported_targets() & HWY_STATIC_TARGET, 0);
}

TEST_F(Targets, can_be_limited_by_tests) {
  const int64_t all = supported_targets();
  set_supported_targets_for_test(target_of(7));
  EXPECT_EQ(supported_targets(), target_of(7));
  set_supported_targets_for_test(0);
  EXPECT_EQ(supported_targets(), all);
}

TEST_F(Targets, the_best_one_that_was_compiled_is_chosen) {
  if (kEntries < 9) GTEST_SKIP() << "this architecture has no choice";
  Function table[kEntries] = {};
  table[4] = &best;
  table[7] = &middle;
  table[kEntries - 1] = &everywhere;
  const auto chosen = [&table](int64_t targets) {
    set_supported_targets_for_test(targets);
    return best_of(table)();
  };
  EXPECT_EQ(chosen(target_of(4) | target_of(7)), 1);
  EXPECT_EQ(chosen(target_of(2) | target_of(7)), 2) << "entry 2 was not compiled";
  EXPECT_EQ(chosen(target_of(5) | target_of(6)), 3);
  EXPECT_EQ(chosen(HWY_SCALAR), 3);
}

TEST(Aligned, arrays_begin_on_two_cache_lines) {
  for (const size_t length : {1, 3, 100}) {
    const AlignedArray<float> array = make_aligned<float>(length);
    EXPECT_EQ(reinterpret_cast<uintptr_t>(array.get()) % kArrayAlignment, 0U);
  }
  EXPECT_THROW(make_aligned<float>(SIZE_MAX / 2), std::bad_alloc);
}

}  // namespace
}  // namespace npumel
