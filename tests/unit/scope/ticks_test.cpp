// SPDX-License-Identifier: LGPL-2.1-or-later
// Where axes have ticks, and what these say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
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

TEST(RoundTicks, HaveLabelsOfTheirOwnFarFromZero) {
  for (const double first : {-3e12, -8e6, 1e6, 123456789.0, 1e12})
    for (const double span : {1.0, 10.0, 64.0, 5000.0}) {
      std::vector<std::string> found = labels(round_ticks(first, first + span, 8));
      ASSERT_GE(found.size(), 2U) << first << " " << span;
      const size_t count = found.size();
      std::sort(found.begin(), found.end());
      found.erase(std::unique(found.begin(), found.end()), found.end());
      EXPECT_EQ(found.size(), count) << first << " " << span;
    }
}

TEST(ValueTicks, OfARangeWithoutWidthAreItsOneValue) {
  // As range-min=range-max gives: the width keeps the arithmetic from dividing by zero.
  EXPECT_THAT(labels(value_ticks({-8, -8 + 9e-6F}, 8)), ElementsAre("-8"));
  EXPECT_THAT(labels(value_ticks({0, 1e-6F}, 8)), ElementsAre("0"));
  EXPECT_THAT(labels(value_ticks({1e30F, 1.000001e30F}, 8)), ElementsAre("1e+30"));
  EXPECT_EQ(value_ticks({-8, -8 + 9e-6F}, 8)[0].place, 0);
  EXPECT_THAT(labels(value_ticks({-8, 2}, 5)), ElementsAre("-8", "-6", "-4", "-2", "0", "2"));
  EXPECT_THAT(labels(value_ticks({-8, -7.5F}, 2)), ElementsAre("-8.0", "-7.5"));
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

TEST(FrequencyTicks, StandWhereTheyBelongWithFewBands) {
  for (const int mels : {1, 2, 3, 5, 10}) {
    const MelAxis axis{MelScale::slaney, 0, 8000, mels};
    const std::vector<Tick> ticks = frequency_ticks(axis, 0.06);
    EXPECT_GE(ticks.size(), 2U) << mels;
    for (const Tick& tick : ticks)
      EXPECT_NEAR(tick.place, axis.place(std::stod(tick.label)), 0.02) << mels << " " << tick.label;
  }
}

TEST(FrequencyTicks, AreRoundFrequenciesWhereOctavesAreTooFewForAScale) {
  EXPECT_THAT(labels(frequency_ticks({MelScale::htk, 1000, 1100, 80}, 0.06)),
              ElementsAre("1020", "1040", "1060", "1080", "1100"));
  EXPECT_THAT(labels(frequency_ticks({MelScale::kaldi, 20, 120, 80}, 0.06)),
              ElementsAre("40", "60", "80", "100", "120"));
  EXPECT_TRUE(frequency_ticks({MelScale::htk, 1000, 1000, 80}, 0.06).empty());
}

TEST(FrequencyTicks, OfBinsAreEvenlySpaced) {
  // 201 bins of 40 Hz; the middle of the rows of bin k stands for k * 40 Hz.
  const MelAxis axis{MelScale::none, 0, 8000, 201, 40};
  EXPECT_NEAR(axis.place(0), 0.5 / 201, 1e-12);
  EXPECT_NEAR(axis.place(8000), 200.5 / 201, 1e-12);
  EXPECT_THAT(labels(frequency_ticks(axis, 0.06)),
              ElementsAre("0", "1000", "2000", "3000", "4000", "5000", "6000", "7000", "8000"));
  // Bins from 1000 to 1080 Hz: the first is the 25th.
  const MelAxis part{MelScale::none, 990, 1100, 3, 40};
  EXPECT_NEAR(part.place(1040), 1.5 / 3, 1e-12);
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
