// SPDX-License-Identifier: LGPL-2.1-or-later
// Waiting for the device with waits that fail for no reason.
#include "gst/backend/xrt/timed_wait.h"

#include <gtest/gtest.h>

#include <vector>

namespace npumel::xrt_module {
namespace {

using std::chrono::milliseconds;

bool never() { return false; }

TEST(TimedWait, WorkThatCompletedSinceItsWaitFailedHasSucceeded) {
  int waits = 0;
  const auto wait = [&](milliseconds) {
    ++waits;
    return NPUMEL_XRT_FAILED;
  };
  EXPECT_EQ(timed_wait(
                milliseconds(1000), wait, [] { return Progress::completed; }, never),
            NPUMEL_XRT_OK);
  EXPECT_EQ(waits, 1);
}

TEST(TimedWait, WorkThatFailedIsNotWaitedForAgain) {
  int waits = 0;
  const auto wait = [&](milliseconds) {
    ++waits;
    return NPUMEL_XRT_FAILED;
  };
  EXPECT_EQ(timed_wait(
                milliseconds(1000), wait, [] { return Progress::failed; }, never),
            NPUMEL_XRT_FAILED);
  EXPECT_EQ(waits, 1);
}

TEST(TimedWait, AWaitThatEndsEarlyIsMadeAgain) {
  int waits = 0;
  const auto wait = [&](milliseconds) { return ++waits < 4 ? NPUMEL_XRT_FAILED : NPUMEL_XRT_OK; };
  EXPECT_EQ(timed_wait(
                milliseconds(60000), wait, [] { return Progress::running; }, never),
            NPUMEL_XRT_OK);
  EXPECT_EQ(waits, 4);
}

TEST(TimedWait, PiecesAreShortAndEndAtTheDeadline) {
  std::vector<milliseconds> limits;
  const auto wait = [&](milliseconds limit) {
    limits.push_back(limit);
    return NPUMEL_XRT_FAILED;
  };
  EXPECT_EQ(timed_wait(
                milliseconds(30), wait, [] { return Progress::running; }, never),
            NPUMEL_XRT_TIMEOUT);
  ASSERT_FALSE(limits.empty());
  for (const milliseconds limit : limits) {
    EXPECT_GE(limit, milliseconds(1));
    EXPECT_LE(limit, milliseconds(5));
  }
}

TEST(TimedWait, TheEndOfTheProcessEndsIt) {
  const auto wait = [](milliseconds) { return NPUMEL_XRT_FAILED; };
  EXPECT_EQ(timed_wait(
                milliseconds(60000), wait, [] { return Progress::running; }, [] { return true; }),
            NPUMEL_XRT_FAILED);
}

TEST(TimedWait, AnotherResultIsGivenAsItIs) {
  const auto wait = [](milliseconds) { return NPUMEL_XRT_PERMISSION; };
  EXPECT_EQ(timed_wait(
                milliseconds(60000), wait, [] { return Progress::completed; }, never),
            NPUMEL_XRT_PERMISSION);
}

}  // namespace
}  // namespace npumel::xrt_module
