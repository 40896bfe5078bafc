// SPDX-License-Identifier: LGPL-2.1-or-later
// Which buffers go on, which move the time base and which begin a new stream.
#include "gst/meltransform/continuity.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

constexpr GstClockTime kRow = 10 * GST_MSECOND;
constexpr GstClockTime kNone = GST_CLOCK_TIME_NONE;

Placement counted(GstClockTime pts, uint64_t offset, bool discont = false) {
  return {.pts = pts, .offset = offset, .offset_end = offset + 10, .rows = 10, .discont = discont};
}
Placement timed(GstClockTime pts, bool discont = false) {
  return {.pts = pts, .rows = 10, .discont = discont};
}

class ContinuityTest : public testing::Test {
 protected:
  ContinuityTest() { continuity_.configure(kRow); }
  Continuity continuity_;
};

TEST_F(ContinuityTest, TheFirstBufferFollowsWhateverItSays) {
  EXPECT_EQ(continuity_.judge(counted(GST_SECOND, 77, true), kNone), Follows::yes);
  continuity_.took(counted(0, 0));
  EXPECT_EQ(continuity_.judge(counted(0, 77), 10 * kRow), Follows::no);
  continuity_.restart();
  EXPECT_EQ(continuity_.judge(counted(GST_SECOND, 77), kNone), Follows::yes);
}

TEST_F(ContinuityTest, OffsetsThatCountRowsDecide) {
  continuity_.took(counted(0, 0));
  const GstClockTime expected = 10 * kRow;
  EXPECT_EQ(continuity_.judge(counted(expected, 10), expected), Follows::yes);
  EXPECT_EQ(continuity_.judge(counted(expected, 10, true), expected), Follows::yes)
      << "a flag is no proof";
  EXPECT_EQ(continuity_.judge(counted(expected, 20), expected), Follows::no);
  EXPECT_EQ(continuity_.judge(counted(expected, 0), expected), Follows::no);
  EXPECT_EQ(continuity_.judge(counted(kNone, 10), expected), Follows::yes);
  EXPECT_EQ(continuity_.judge(counted(kNone, 11), expected), Follows::no);
}

TEST_F(ContinuityTest, AStepOfTimeAloneMovesTheTimeBase) {
  continuity_.took(counted(0, 0));
  const GstClockTime expected = 10 * kRow;
  EXPECT_EQ(continuity_.judge(counted(expected + kRow, 10), expected), Follows::with_step);
  EXPECT_EQ(continuity_.judge(counted(expected - kRow, 10), expected), Follows::with_step);
  EXPECT_EQ(continuity_.judge(counted(expected + kRow / 2, 10), expected), Follows::yes);
  EXPECT_EQ(continuity_.judge(counted(expected + kRow / 2 + 1, 10), expected), Follows::with_step);
  // Where a flag says that there is a step it may be smaller.
  EXPECT_EQ(continuity_.judge(counted(expected + GST_MSECOND, 10, true), expected),
            Follows::with_step);
  EXPECT_EQ(continuity_.judge(counted(expected + 1, 10, true), expected), Follows::yes);
}

TEST_F(ContinuityTest, WithoutOffsetsTimesDecide) {
  continuity_.took(timed(0));
  const GstClockTime expected = 10 * kRow;
  EXPECT_EQ(continuity_.judge(timed(expected), expected), Follows::yes);
  EXPECT_EQ(continuity_.judge(timed(expected, true), expected), Follows::yes);
  EXPECT_EQ(continuity_.judge(timed(expected + kRow / 2), expected), Follows::yes);
  EXPECT_EQ(continuity_.judge(timed(expected - kRow / 2), expected), Follows::yes);
  EXPECT_EQ(continuity_.judge(timed(expected + kRow / 2 + 1), expected), Follows::no);
  EXPECT_EQ(continuity_.judge(timed(expected - kRow / 2 - 1), expected), Follows::no);
  EXPECT_EQ(continuity_.judge(timed(kNone, true), expected), Follows::yes);
}

TEST_F(ContinuityTest, OffsetsThatCountSomethingElseAreNotLookedAt) {
  const GstClockTime expected = 10 * kRow;
  const Placement bytes{.pts = kNone, .offset = 3200, .offset_end = 6400, .rows = 10};
  continuity_.took({.pts = kNone, .offset = 0, .offset_end = 3200, .rows = 10});
  EXPECT_EQ(continuity_.judge(bytes, expected), Follows::yes);
  continuity_.took(counted(0, 0));
  EXPECT_EQ(continuity_.judge(bytes, expected), Follows::yes);
  Placement no_end = counted(expected, 55);
  no_end.offset_end = GST_BUFFER_OFFSET_NONE;
  EXPECT_EQ(continuity_.judge(no_end, expected), Follows::yes);
}

TEST_F(ContinuityTest, TimesAtTheEndsOfTheRangeAreComparedAsTheyAre) {
  continuity_.took(timed(0));
  EXPECT_EQ(continuity_.judge(timed(GST_CLOCK_TIME_NONE - 1), 0), Follows::no);
  EXPECT_EQ(continuity_.judge(timed(0), GST_CLOCK_TIME_NONE - 1), Follows::no);
  continuity_.took(counted(0, 0));
  EXPECT_EQ(continuity_.judge(counted(GST_CLOCK_TIME_NONE - 1, 10), 0), Follows::no);
}

}  // namespace
}  // namespace npumel
