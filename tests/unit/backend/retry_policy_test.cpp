// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gtest/gtest.h>

#include "gst/backend/policy/npu_policy.h"

namespace npumel {
namespace {

TEST(RetryPolicy, WaitsTwiceAsLongEachTimeAndGivesUpAfterThree) {
  RetryPolicy policy(10);
  EXPECT_FALSE(policy.due(1000)) << "nothing has failed";
  policy.failed(1000);
  EXPECT_FALSE(policy.due(1009));
  EXPECT_TRUE(policy.due(1010));
  policy.failed(1010);
  EXPECT_FALSE(policy.due(1029));
  EXPECT_TRUE(policy.due(1030));
  EXPECT_FALSE(policy.gave_up());
  policy.failed(1030);
  EXPECT_TRUE(policy.gave_up());
  EXPECT_FALSE(policy.due(1000000));
}

TEST(RetryPolicy, ALongTimeOfHealthClearsTheSheet) {
  RetryPolicy policy(10);
  for (uint64_t now = 1000; now < 10000; now += 1000) {
    policy.failed(now);
    EXPECT_EQ(policy.next_wait(), 20U) << "the second failure's wait";
    EXPECT_TRUE(policy.due(now + 10));
    policy.worked(now + 1000);
    EXPECT_EQ(policy.next_wait(), 10U);
    EXPECT_FALSE(policy.gave_up());
  }
}

TEST(RetryPolicy, AShortTimeOfHealthDoesNot) {
  RetryPolicy policy(10);
  for (const uint64_t now : {1000, 2000, 3000}) {
    policy.failed(now);
    policy.worked(now + 999);
  }
  EXPECT_TRUE(policy.gave_up());
}

}  // namespace
}  // namespace npumel
