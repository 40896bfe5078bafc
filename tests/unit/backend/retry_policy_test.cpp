// SPDX-License-Identifier: LGPL-2.1-or-later
// RetryPolicy: how long each failure is waited out.
#include <gtest/gtest.h>

#include "gst/backend/policy/npu_policy.h"

namespace npumel {
namespace {

constexpr uint64_t kSecond = 1000000000;

TEST(RetryPolicy, WaitsTwiceAsLongEachTimeUpToFiveMinutesForEver) {
  RetryPolicy policy(5 * kSecond);
  EXPECT_FALSE(policy.due(1000 * kSecond)) << "nothing has failed";
  uint64_t now = 1000 * kSecond;
  for (const uint64_t seconds : {5, 10, 20, 40, 80, 160, 300, 300, 300}) {
    policy.failed(now);
    EXPECT_EQ(policy.wait(), seconds * kSecond);
    EXPECT_FALSE(policy.due(now + policy.wait() - 1));
    now += policy.wait();
    EXPECT_TRUE(policy.due(now));
  }
}

TEST(RetryPolicy, AnIntervalBeyondFiveMinutesStays) {
  RetryPolicy policy(3600 * kSecond);
  for (int failure = 0; failure < 3; failure++) {
    policy.failed(0);
    EXPECT_EQ(policy.wait(), 3600 * kSecond);
  }
}

TEST(RetryPolicy, ALongTimeOfHealthBeginsAnew) {
  RetryPolicy policy(10);
  for (uint64_t now = 1000; now < 10000; now += 1000) {
    policy.failed(now);
    EXPECT_EQ(policy.wait(), 10U);
    policy.worked(now + 1000);
  }
}

TEST(RetryPolicy, AShortTimeOfHealthDoesNot) {
  RetryPolicy policy(10);
  policy.failed(1000);
  policy.worked(1999);
  policy.failed(2000);
  EXPECT_EQ(policy.wait(), 20U);
}

TEST(RetryPolicy, ARetiredDeviceIsNeverDue) {
  RetryPolicy policy(10);
  policy.failed(1000);
  policy.retire();
  EXPECT_FALSE(policy.due(1000000));
}

}  // namespace
}  // namespace npumel
