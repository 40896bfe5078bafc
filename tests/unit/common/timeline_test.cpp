// SPDX-License-Identifier: LGPL-2.1-or-later
// Samples to time and back, exactly, for hours and across steps of the time base.
#include "gst/common/timeline.h"

#include <gtest/gtest.h>

#include "tests/unit/npumelspec/units.h"

namespace npumel::test {
namespace {

Timeline started(uint64_t base = 0, int rate = 16000) {
  Timeline timeline;
  timeline.configure(rate);
  timeline.start(base);
  return timeline;
}

TEST(Timeline, times_are_scaled_absolutely_over_ten_hours) {
  for (const int rate : {16000, 44100, 11025, 48000}) {
    const uint64_t base = 123456789;
    const Timeline timeline = started(base, rate);
    for (int64_t sample = 0; sample < int64_t{rate} * 36000; sample += 441 * 1000 + 1) {
      const auto exact =
          static_cast<unsigned __int128>(sample) * second / static_cast<unsigned>(rate);
      ASSERT_EQ(timeline.at(sample), base + static_cast<uint64_t>(exact));
    }
  }
}

TEST(Timeline, is_not_started_before_start_nor_after_restart) {
  Timeline timeline;
  timeline.configure(16000);
  EXPECT_FALSE(timeline.started());
  timeline.start(0);
  EXPECT_TRUE(timeline.started());
  timeline.restart();
  EXPECT_FALSE(timeline.started());
}

TEST(Timeline, durations_round_to_the_nearest_sample) {
  const Timeline timeline = started();
  EXPECT_EQ(timeline.samples_in(30 * second), 480000);
  EXPECT_EQ(timeline.samples_in(31250), 1);  // half a sample
  EXPECT_EQ(timeline.samples_in(31249), 0);
  EXPECT_EQ(timeline.samples_before(62499), 0);
  EXPECT_EQ(timeline.samples_before(62500), 1);
  EXPECT_EQ(timeline.samples_until(62500), 1);
  EXPECT_EQ(timeline.samples_until(62501), 2);
}

TEST(Timeline, a_step_of_the_base_moves_what_follows_and_nothing_before) {
  Timeline timeline = started(10 * second, 44100);
  timeline.move(44100, -90'000'001);
  EXPECT_EQ(timeline.at(0), 10 * second);
  EXPECT_EQ(timeline.at(44099), 10 * second + 44099 * second / 44100);
  EXPECT_EQ(timeline.at(44100), 11 * second - 90'000'001);
  EXPECT_EQ(timeline.at(88200), 12 * second - 90'000'001);
  EXPECT_TRUE(timeline.continuous(0, 44099));
  EXPECT_FALSE(timeline.continuous(44099, 44100));
  EXPECT_TRUE(timeline.continuous(44100, 88200));
  // A buffer across the step lasts as long as any other.
  EXPECT_EQ(timeline.duration_between(44000, 44200), timeline.duration_between(0, 200));
  timeline.move(44100, 1);
  EXPECT_EQ(timeline.at(44100), 11 * second - 90'000'000);
}

TEST(Timeline, a_base_before_zero_is_no_reason_to_wrap) {
  Timeline timeline = started(0);
  timeline.move(1600, -500 * static_cast<int64_t>(ms));
  EXPECT_EQ(timeline.at(1600), 0U);
  EXPECT_EQ(timeline.at(17600), second);
}

TEST(Timeline, the_last_times_are_valid_ones) {
  const Timeline timeline = started(Timeline::none - 5 * ms);
  EXPECT_EQ(timeline.at(16), Timeline::none - 4 * ms);
  EXPECT_EQ(timeline.at(16000), Timeline::none - 1);
  EXPECT_EQ(timeline.at(std::numeric_limits<int64_t>::max()), Timeline::none - 1);
}

TEST(Timeline, any_number_of_steps_is_survived) {
  Timeline timeline = started(second);
  for (int64_t i = 1; i <= 100'000; ++i) timeline.move(i * 10, i % 2 == 0 ? 1000 : -1000);
  EXPECT_EQ(timeline.at(0), second);
  EXPECT_EQ(timeline.at(1'000'000), second + 62'500 * uint64_t{1'000'000});
}

}  // namespace
}  // namespace npumel::test
