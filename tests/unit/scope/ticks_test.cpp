// SPDX-License-Identifier: LGPL-2.1-or-later
// Where axes have ticks, and what these say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "gst/melspecscope/axes.h"
#include "kernels/mel/mel_scale.h"

namespace npumel {
namespace {

std::vector<std::string> labels(const std::vector<Tick>& ticks) {
  std::vector<std::string> result;
  for (const Tick& tick : ticks) result.push_back(tick.label);
  return result;
}

using testing::ElementsAre;

TEST(RoundTicks, AreOneTwoOrFiveApart) {
  EXPECT_THAT(labels(round_ticks(0, 11, 6)), ElementsAre("0", "2", "4", "6", "8", "10"));
  EXPECT_THAT(labels(round_ticks(-6.2, 1.8, 8)),
              ElementsAre("-6", "-5", "-4", "-3", "-2", "-1", "0", "1"));
  EXPECT_THAT(labels(round_ticks(0, 1, 2)), ElementsAre("0.0", "0.5", "1.0"));
  EXPECT_THAT(labels(round_ticks(100, 100.04, 4)),
              ElementsAre("100.00", "100.01", "100.02", "100.03", "100.04"));
}

TEST(RoundTicks, StandAtTheirValue) {
  const std::vector<Tick> ticks = round_ticks(-5, 5, 2);
  ASSERT_THAT(labels(ticks), ElementsAre("-5", "0", "5"));
  EXPECT_DOUBLE_EQ(ticks[0].place, 0);
  EXPECT_DOUBLE_EQ(ticks[1].place, 0.5);
  EXPECT_DOUBLE_EQ(ticks[2].place, 1);
}

TEST(RoundTicks, OfAnEmptyRangeAreNone) { EXPECT_TRUE(round_ticks(1, 1, 5).empty()); }

TEST(RoundTicks, AreFewForEveryRange) {
  for (const double first : {-1e300, -1e30, -1e18, 0.0, 1e15, 1e18, 1e30})
    for (const double span : {1e-320, 1e-10, 1.0, 64.0, 1e9, 1e30, 1e308, HUGE_VAL})
      EXPECT_LE(round_ticks(first, first + span, 8).size(), 9U) << first << " " << span;
  EXPECT_TRUE(round_ticks(0, std::nan(""), 5).empty());
  EXPECT_THAT(labels(round_ticks(0, 1e30, 2)), ElementsAre("0", "5e+29", "1e+30"));
}

TEST(TimeTicks, AreSecondsBelowAMinuteAndRoundTimesFromThere) {
  EXPECT_THAT(labels(time_ticks(0, 50, 5)), ElementsAre("0", "10", "20", "30", "40", "50"));
  EXPECT_STREQ(time_title(0, 50, 5), "Time (s)");
  EXPECT_THAT(labels(time_ticks(0, 200, 8)),
              ElementsAre("0:00", "0:30", "1:00", "1:30", "2:00", "2:30", "3:00"));
  EXPECT_STREQ(time_title(0, 200, 8), "Time (m:ss)");
  EXPECT_THAT(labels(time_ticks(-300, 0, 2)), ElementsAre("-5:00", "0:00"));
  EXPECT_THAT(labels(time_ticks(3500, 3900, 5)), ElementsAre("1:00:00", "1:02:00", "1:04:00"));
  EXPECT_STREQ(time_title(3500, 3900, 5), "Time (h:mm:ss)");
  EXPECT_DOUBLE_EQ(time_ticks(0, 120, 4)[1].place, 0.25);
  // Parts of a second, late in a stream.
  EXPECT_THAT(labels(time_ticks(100, 101, 2)), ElementsAre("100.0", "100.5", "101.0"));
}

TEST(MelAxis, PutsTheCentreOfABandInTheMiddleOfItsRows) {
  const MelAxis axis{MelScale::htk, 20, 7600, 80};
  const double low = to_mel(MelScale::htk, 20);
  const double step = (to_mel(MelScale::htk, 7600) - low) / 81;
  for (const int band : {0, 17, 79}) {
    const double centre = to_hz(MelScale::htk, low + (band + 1) * step);
    EXPECT_NEAR(axis.place(centre), (band + 0.5) / 80, 1e-9) << band;
  }
}

TEST(FrequencyTicks, AreOctavesUpToTheTopEdge) {
  const MelAxis axis{MelScale::slaney, 0, 8000, 80};
  EXPECT_THAT(labels(frequency_ticks(axis, 0.06)),
              ElementsAre("250", "500", "1000", "2000", "4000", "8000"));
  EXPECT_EQ(frequency_ticks(axis, 0.06).back().place, 1);
  EXPECT_THAT(labels(frequency_ticks(axis, 0.3)), ElementsAre("500", "2000", "8000"));
}

TEST(Divide, HasAxesDownTo160By90) {
  for (const auto& [width, height] : {std::pair(160, 90), {320, 180}, {400, 90}, {200, 400}}) {
    const PageLayout layout = divide(width, height, true);
    EXPECT_TRUE(layout.axes) << width << "x" << height;
    EXPECT_FALSE(layout.titles);
    EXPECT_GT(layout.plot.width, width / 2);
    EXPECT_GT(layout.plot.height, height / 2);
    EXPECT_LT(layout.bar.x + layout.bar.width, width);
  }
  EXPECT_TRUE(divide(400, 180, true).titles);
  EXPECT_FALSE(divide(159, 90, true).axes);
  EXPECT_FALSE(divide(160, 89, true).axes);
}

TEST(Divide, GivesTheWholePictureToThePlotWhenTextWouldNotFit) {
  EXPECT_EQ(divide(64, 40, true).plot, (Rect{0, 0, 64, 40}));
  EXPECT_EQ(divide(1280, 320, false).plot, (Rect{0, 0, 1280, 320}));
  const PageLayout layout = divide(1280, 320, true);
  EXPECT_TRUE(layout.axes);
  EXPECT_GT(layout.plot.x, 0);
  EXPECT_LT(layout.plot.x + layout.plot.width, layout.bar.x);
  EXPECT_LT(layout.bar.x + layout.bar.width, 1280);
  EXPECT_LT(layout.plot.y + layout.plot.height, 320);
}

}  // namespace
}  // namespace npumel
