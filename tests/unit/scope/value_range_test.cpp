// SPDX-License-Identifier: LGPL-2.1-or-later
// The range of values a picture covers.
#include "gst/melspecscope/value_range.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace npumel {
namespace {

Extent extent_of(std::vector<float> values) {
  Extent extent;
  extent.add(values);
  return extent;
}

TEST(Extent, IgnoresWhatIsNoNumber) {
  const Extent extent = extent_of({NAN, -2, std::numeric_limits<float>::infinity(), 3});
  EXPECT_FALSE(extent.empty);
  EXPECT_EQ(extent.low, -2);
  EXPECT_EQ(extent.high, 3);
}

TEST(PageRange, ShowsAtMostEightDecadesBelowTheMaximum) {
  EXPECT_EQ(page_range(extent_of({-10, 2}), 1), (ValueRange{-6, 2}));
  EXPECT_EQ(page_range(extent_of({-100, 20}), 10), (ValueRange{-60, 20}));
  EXPECT_EQ(page_range(extent_of({-3, 2}), 1), (ValueRange{-3, 2}));
}

TEST(PageRange, OfSilenceGivesEverythingTheLowestColour) {
  EXPECT_EQ(page_range(extent_of({-10, -10}), 1), (ValueRange{-10, -9}));
}

TEST(PageRange, OfNormalisedValuesIsTheirExtent) {
  EXPECT_EQ(page_range(extent_of({-0.5F, 1.5F}), 0), (ValueRange{-0.5F, 1.5F}));
}

TEST(RunningRange, WidensAtOnceAndNarrowsOnlyAfterADecade) {
  RunningRange range(1);
  EXPECT_EQ(range.update(extent_of({-5, -0.8F}), -0.8F), (ValueRange{-5, -0.5F}));
  EXPECT_EQ(range.update(extent_of({-5, 1.2F}), 1.2F), (ValueRange{-5, 1.5F}));
  EXPECT_EQ(range.update(extent_of({-5, 0.6F}), 0.6F), (ValueRange{-5, 1.5F})) << "held";
  EXPECT_EQ(range.update(extent_of({-5, -1}), -1), (ValueRange{-5, -1})) << "let go";
}

TEST(RunningRange, NeverShowsLessThanEightDecadesDownToTheSmallestValueSeen) {
  RunningRange range(1);
  range.update(extent_of({-10, -9}), -9);
  EXPECT_EQ(range.update(extent_of({-4, 2}), 2), (ValueRange{-6, 2}));
  EXPECT_EQ(range.update(extent_of({-10, -9}), -9), (ValueRange{-10, -9}));
}

TEST(Ranges, OfTheLargestNumbersStayFinite) {
  constexpr float kMost = std::numeric_limits<float>::max();
  Extent extent;
  extent.add(std::vector<float>{-kMost, kMost});
  for (const Decade decade : {0.0, 1.0, 10.0}) {
    const ValueRange page = page_range(extent, decade);
    EXPECT_TRUE(std::isfinite(page.low) && std::isfinite(page.high));
    const ValueRange running = RunningRange(decade).update(extent, kMost);
    EXPECT_TRUE(std::isfinite(running.low) && std::isfinite(running.high));
  }
}

}  // namespace
}  // namespace npumel
