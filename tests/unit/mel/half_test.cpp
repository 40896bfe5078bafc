// SPDX-License-Identifier: LGPL-2.1-or-later
// binary16 to float.
#include "kernels/mel/half.h"

#include <gtest/gtest.h>

#include <cmath>

namespace npumel {
namespace {

TEST(FromHalf, IsExact) {
  EXPECT_EQ(from_half(0x0000), 0.0F);
  EXPECT_EQ(from_half(0x0001), 0x1p-24F);
  EXPECT_EQ(from_half(0x03ff), 1023 * 0x1p-24F);
  EXPECT_EQ(from_half(0x0400), 0x1p-14F);
  EXPECT_EQ(from_half(0xc900), -10.0F);
  EXPECT_EQ(from_half(0x7bff), 65504.0F);
  EXPECT_TRUE(std::isinf(from_half(0x7c00)));
  EXPECT_TRUE(std::isnan(from_half(0x7e00)));
}

TEST(FromHalf, UndoesHalfBits) {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    const auto bits = static_cast<uint16_t>(half);
    if ((bits & 0x7c00) != 0x7c00) {
      ASSERT_EQ(half_bits(from_half(bits)), bits);
    }
  }
}

}  // namespace
}  // namespace npumel
