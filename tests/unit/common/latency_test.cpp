// SPDX-License-Identifier: LGPL-2.1-or-later
// The latency that is added, and when the pipeline has to be told.
#include "gst/common/latency.h"

#include <gtest/gtest.h>

#include "gst/common/pointers.h"

namespace npumel {
namespace {

constexpr GstClockTime kGranted = 20 * GST_MSECOND;

TEST(Latency, IsZeroBeforeCaps) {
  Latency latency;
  latency.set_live(true);
  EXPECT_FALSE(latency.known());
  EXPECT_EQ(latency.own(kGranted), 0U);
}

TEST(Latency, RoundsUpAndGrantsTimeToComputeToLivePipelinesOnly) {
  Latency latency;
  latency.configure(1, 48000);
  EXPECT_TRUE(latency.known());
  EXPECT_EQ(latency.own(kGranted), 20834U);
  latency.set_live(true);
  EXPECT_EQ(latency.own(kGranted), 20834 + kGranted);
  latency.reset();
  EXPECT_EQ(latency.own(kGranted), 0U);
  EXPECT_TRUE(latency.live());
}

TEST(Latency, AnswersQueries) {
  Latency latency;
  latency.configure(1600, 16000);
  const QueryPtr query(gst_query_new_latency());
  gst_query_set_latency(query.get(), TRUE, 5, 1000);
  latency.answer(query.get(), kGranted);
  gboolean live = FALSE;
  GstClockTime min = 0;
  GstClockTime max = 0;
  gst_query_parse_latency(query.get(), &live, &min, &max);
  EXPECT_TRUE(live);
  EXPECT_TRUE(latency.live());
  EXPECT_EQ(min, 5 + 120 * GST_MSECOND);
  EXPECT_EQ(max, 1000 + 120 * GST_MSECOND);

  gst_query_set_latency(query.get(), FALSE, 0, GST_CLOCK_TIME_NONE);
  latency.answer(query.get(), kGranted);
  gst_query_parse_latency(query.get(), &live, &min, &max);
  EXPECT_FALSE(latency.live());
  EXPECT_EQ(min, 100 * GST_MSECOND);
  EXPECT_EQ(max, GST_CLOCK_TIME_NONE);
}

TEST(Latency, IsToldOncePerValue) {
  Latency latency;
  latency.configure(1600, 16000);
  EXPECT_TRUE(latency.changed(kGranted));
  EXPECT_FALSE(latency.changed(kGranted));
  latency.set_live(true);
  EXPECT_TRUE(latency.changed(kGranted));
  EXPECT_TRUE(latency.changed(kGranted + 1));
  latency.reset();
  latency.configure(1600, 16000);
  EXPECT_TRUE(latency.changed(kGranted + 1));
}

TEST(Latency, LateIsMoreThanGrantedInALivePipeline) {
  Latency latency;
  EXPECT_FALSE(latency.late(kGranted + 1, kGranted));
  latency.set_live(true);
  EXPECT_TRUE(latency.late(kGranted + 1, kGranted));
  EXPECT_FALSE(latency.late(kGranted, kGranted));
}

}  // namespace
}  // namespace npumel
