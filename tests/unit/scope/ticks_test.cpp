// SPDX-License-Identifier: LGPL-2.1-or-later
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
