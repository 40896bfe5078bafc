// SPDX-License-Identifier: LGPL-2.1-or-later
// However many elements are stopped, they wait for the device 10 ms in a second.
#include "gst/backend/device/stop_patience.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

using std::chrono::milliseconds;

TEST(StopPatience, IsSharedByAllWhoStopWithinASecond) {
  StopPatience patience;
  const StopPatience::Clock::time_point now(std::chrono::hours(1));
  EXPECT_EQ(patience.left(now), milliseconds(10));
  patience.spend(milliseconds(7));
  EXPECT_EQ(patience.left(now + milliseconds(7)), milliseconds(3));
  patience.spend(milliseconds(30));
  EXPECT_EQ(patience.left(now + milliseconds(999)), milliseconds(0));
  EXPECT_EQ(patience.left(now + milliseconds(1000)), milliseconds(10));
}

}  // namespace
}  // namespace npumel
