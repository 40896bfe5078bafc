// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gst/npumelspec/timeline.h"

#include <gtest/gtest.h>

namespace npumel::test {
namespace {

constexpr GstClockTime ms = GST_MSECOND;
constexpr Timeline::Config usual = {16000, 40 * ms, GST_SECOND, GST_SECOND};

/// A timeline at 16 kHz whose first buffer of 1600 samples lay at `base`.
Timeline started(GstClockTime base = 0, const Timeline::Config& config = usual) {
  Timeline timeline;
  timeline.configure(config);
  timeline.start(base, 1600);
  return timeline;
}

TEST(Timeline, times_are_scaled_absolutely_over_ten_hours) {
  for (const int rate : {16000, 44100, 11025, 48000}) {
    const GstClockTime base = 123456789;
    const Timeline timeline = started(base, {rate, 40 * ms, GST_SECOND, GST_SECOND});
    for (int64_t sample = 0; sample < int64_t{rate} * 36000; sample += 441 * 1000 + 1) {
      const auto exact =
          static_cast<unsigned __int128>(sample) * GST_SECOND / static_cast<unsigned>(rate);
      ASSERT_EQ(timeline.at(sample), base + static_cast<GstClockTime>(exact));
    }
  }
}

TEST(Timeline, is_not_started_before_start_nor_after_restart) {
  Timeline timeline;
  timeline.configure(usual);
  EXPECT_FALSE(timeline.started());
  timeline.start(0, 1600);
  EXPECT_TRUE(timeline.started());
  timeline.restart();
  EXPECT_FALSE(timeline.started());
}

TEST(Timeline, jitter_below_the_threshold_moves_nothing) {
  Timeline timeline = started();
  for (int64_t i = 1; i < 100; ++i) {
    const GstClockTime pts = static_cast<GstClockTime>(i) * 100 * ms + (i % 2 == 0 ? 39 : 1) * ms;
    const auto placement = timeline.place(pts, false, 1600, i * 1600);
    EXPECT_FALSE(placement.resync);
    EXPECT_EQ(placement.gap, 0);
  }
}

TEST(Timeline, a_jump_counts_only_when_it_lasts) {
  Timeline timeline = started();
  int64_t i = 1;
  for (; i <= 10; ++i) {  // 60 ms off for less than a second
    const auto placement =
        timeline.place(static_cast<GstClockTime>(i) * 100 * ms + 60 * ms, false, 1600, i * 1600);
    ASSERT_EQ(placement.gap, 0) << i;
  }
  const auto placement =
      timeline.place(static_cast<GstClockTime>(i) * 100 * ms + 60 * ms, false, 1600, i * 1600);
  EXPECT_FALSE(placement.resync);
  EXPECT_EQ(placement.gap, 960);
}

TEST(Timeline, a_flag_makes_a_jump_count_at_once) {
  Timeline forward = started();
  EXPECT_EQ(forward.place(105 * ms, true, 1600, 1600).gap, 80);
  Timeline backward = started();
  EXPECT_EQ(backward.place(90 * ms, true, 1600, 1600).gap, -160);
  Timeline in_place = started();
  EXPECT_EQ(in_place.place(100 * ms, true, 1600, 1600).gap, 0);
}

TEST(Timeline, jumps_beyond_max_gap_start_anew) {
  Timeline edge = started();
  EXPECT_EQ(edge.place(1100 * ms, true, 1600, 1600).gap, 16000);
  Timeline beyond = started();
  EXPECT_TRUE(beyond.place(1100 * ms + 1, true, 1600, 1600).resync);
  Timeline backward = started(5 * GST_SECOND);
  EXPECT_TRUE(backward.place(3 * GST_SECOND, true, 1600, 1600).resync);
}

TEST(Timeline, an_overlap_longer_than_the_buffer_goes_on_into_the_next_one) {
  Timeline timeline = started(GST_SECOND);
  // 3200 samples overlap: two buffers of 1600 go, the third one stays.
  EXPECT_EQ(timeline.place(900 * ms, true, 1600, 1600).gap, -3200);
  EXPECT_EQ(timeline.place(1000 * ms, false, 1600, 1600).gap, -1600);
  EXPECT_EQ(timeline.place(1100 * ms, false, 1600, 1600).gap, 0);
}

TEST(Timeline, a_buffer_without_time_follows_the_one_before) {
  Timeline timeline = started(GST_SECOND);
  const auto placement = timeline.place(GST_CLOCK_TIME_NONE, true, 1600, 1600);
  EXPECT_FALSE(placement.resync);
  EXPECT_EQ(placement.gap, 0);
}

TEST(Timeline, durations_round_to_the_nearest_sample) {
  const Timeline timeline = started();
  EXPECT_EQ(timeline.samples_in(30 * GST_SECOND), 480000);
  EXPECT_EQ(timeline.samples_in(31250), 1);  // half a sample
  EXPECT_EQ(timeline.samples_in(31249), 0);
}

}  // namespace
}  // namespace npumel::test
