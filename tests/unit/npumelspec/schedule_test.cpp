// SPDX-License-Identifier: LGPL-2.1-or-later
// The order in which batches are filled and their results are taken.
#include "gst/npumelspec/schedule.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

TEST(Schedule, WhatMayStayInFlight) {
  EXPECT_EQ(may_lag({.everything = true, .completes_buffer = false, .depth = 4, .ahead = 2}), 0U);
  EXPECT_EQ(may_lag({.everything = true, .completes_buffer = true, .depth = 4, .ahead = 2}), 0U);
  EXPECT_EQ(may_lag({.everything = false, .completes_buffer = false, .depth = 4, .ahead = 2}), 4U);
  EXPECT_EQ(may_lag({.everything = false, .completes_buffer = true, .depth = 4, .ahead = 2}), 1U);
  EXPECT_EQ(may_lag({.everything = false, .completes_buffer = true, .depth = 1, .ahead = 0}), 0U);
}

TEST(Schedule, AResultThatIsThereIsTakenBeforeAnythingElse) {
  for (const bool fill : {false, true})
    for (const bool waits : {false, true})
      EXPECT_EQ(next_step({.oldest_done = true,
                           .can_fill = fill,
                           .input_waits = waits,
                           .in_flight = 1,
                           .may_lag = 4}),
                StreamStep::collect);
}

TEST(Schedule, InputIsMovedBeforeAnyWaiting) {
  for (const size_t in_flight : {0U, 1U, 3U})
    EXPECT_EQ(next_step({.can_fill = true, .input_waits = true, .in_flight = in_flight}),
              StreamStep::fill);
}

TEST(Schedule, InputWithoutASlotWaitsForTheOldestBatch) {
  EXPECT_EQ(next_step({.input_waits = true, .in_flight = 2, .may_lag = 4}), StreamStep::collect);
}

TEST(Schedule, WithoutInputOnlyWhatMustNotStayIsWaitedFor) {
  EXPECT_EQ(next_step({.in_flight = 2, .may_lag = 1}), StreamStep::collect);
  EXPECT_EQ(next_step({.in_flight = 1, .may_lag = 1}), StreamStep::leave);
  EXPECT_EQ(next_step({.in_flight = 1, .may_lag = 0}), StreamStep::collect);
}

TEST(Schedule, WithNothingInFlightThereIsNothingToWaitFor) {
  EXPECT_EQ(next_step({.input_waits = true, .in_flight = 0}), StreamStep::leave);
  EXPECT_EQ(next_step({}), StreamStep::leave);
}

}  // namespace
}  // namespace npumel
