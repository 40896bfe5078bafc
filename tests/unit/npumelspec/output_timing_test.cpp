// SPDX-License-Identifier: LGPL-2.1-or-later
// Time, offsets and flags of output buffers, without an element.
#include "gst/npumelspec/output_timing.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

constexpr int kHopSamples = 160;
constexpr uint64_t kFrameTime = 10 * GST_MSECOND;

class OutputTimingTest : public testing::Test {
 protected:
  OutputTimingTest() {
    timeline_.configure(16000);
    timeline_.start(5 * GST_SECOND);
  }

  struct Stamped {
    uint64_t pts, duration, offset, offset_end;
    bool discont, resync, gap;
  };

  Stamped stamp(int64_t start, int rows, bool silent = false) {
    Output output;
    output.buffer.reset(gst_buffer_new());
    output.start = start;
    output.rows = rows;
    output.silent = silent;
    timing_.stamp(output, kHopSamples, timeline_);
    const GstBuffer* buffer = output.buffer.get();
    const auto has = [&](GstBufferFlags flag) {
      return GST_BUFFER_FLAG_IS_SET(buffer, flag) != FALSE;
    };
    return {GST_BUFFER_PTS(buffer),       GST_BUFFER_DURATION(buffer),
            GST_BUFFER_OFFSET(buffer),    GST_BUFFER_OFFSET_END(buffer),
            has(GST_BUFFER_FLAG_DISCONT), has(GST_BUFFER_FLAG_RESYNC),
            has(GST_BUFFER_FLAG_GAP)};
  }

  Timeline timeline_;
  OutputTiming timing_;
};

TEST_F(OutputTimingTest, CountsFramesFromTheBase) {
  const Stamped first = stamp(0, 100);
  EXPECT_EQ(first.pts, 5 * GST_SECOND);
  EXPECT_EQ(first.duration, GST_SECOND);
  EXPECT_EQ(first.offset, 0U);
  EXPECT_EQ(first.offset_end, 100U);
  const Stamped next = stamp(100, 30);
  EXPECT_EQ(next.pts, 6 * GST_SECOND);
  EXPECT_EQ(next.duration, 30 * kFrameTime);
  EXPECT_EQ(next.offset_end, 130U);
  EXPECT_EQ(timing_.sent_samples(), 130 * kHopSamples);
}

TEST_F(OutputTimingTest, FlagsTheFirstBufferOfAStream) {
  EXPECT_TRUE(stamp(0, 10).discont);
  EXPECT_FALSE(stamp(10, 10).discont);
  timing_.restart();
  const Stamped again = stamp(0, 10);
  EXPECT_TRUE(again.discont);
  EXPECT_FALSE(again.resync);
  timing_.restart();
  timing_.mark_resync();
  const Stamped resynced = stamp(0, 10);
  EXPECT_TRUE(resynced.discont);
  EXPECT_TRUE(resynced.resync);
  EXPECT_FALSE(stamp(10, 10).resync);
}

TEST_F(OutputTimingTest, FlagsAStepOfTheTimeBase) {
  stamp(0, 10);
  timeline_.move(10 * kHopSamples, -90 * static_cast<int64_t>(GST_MSECOND));
  const Stamped moved = stamp(10, 10);
  EXPECT_TRUE(moved.discont);
  EXPECT_FALSE(moved.resync);
  EXPECT_EQ(moved.pts, 5 * GST_SECOND + 10 * GST_MSECOND);
  EXPECT_FALSE(stamp(20, 10).discont);
}

TEST_F(OutputTimingTest, PaddedFramesLastNoTime) {
  timing_.limit(25 * kHopSamples);
  EXPECT_EQ(stamp(0, 20).duration, 20 * kFrameTime);
  EXPECT_EQ(stamp(20, 20).duration, 5 * kFrameTime);
  EXPECT_EQ(stamp(40, 20).duration, 0U);
  timing_.restart();
  EXPECT_EQ(stamp(20, 20).duration, 20 * kFrameTime);
}

TEST_F(OutputTimingTest, SilenceIsAGap) {
  EXPECT_TRUE(stamp(0, 10, true).gap);
  EXPECT_FALSE(stamp(10, 10).gap);
}

}  // namespace
}  // namespace npumel
