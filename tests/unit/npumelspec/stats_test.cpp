// SPDX-License-Identifier: LGPL-2.1-or-later
// Every counter has its field, and what is derived from several does not divide by zero.
#include "gst/npumelspec/stats.h"

#include <gtest/gtest.h>

namespace npumel {
namespace {

uint64_t stats_field(const StructurePtr& stats, const char* name) {
  guint64 value = 0;
  EXPECT_TRUE(gst_structure_get_uint64(stats.get(), name, &value)) << name;
  return value;
}

TEST(Stats, EveryCounterHasItsField) {
  Counters counters;
  counters.frames = 1;
  counters.buffers = 2;
  counters.samples_in = 3;
  counters.samples_inserted = 4;
  counters.samples_dropped = 5;
  counters.samples_gap = 6;
  counters.resyncs = 7;
  counters.nonfinite = 8;
  counters.late_buffers = 9;
  const StructurePtr stats = stats_structure(counters, {}, 16000);
  EXPECT_STREQ(gst_structure_get_name(stats.get()), "npumelspec-stats");
  uint64_t expected = 0;
  for (const char* name : {"frames", "buffers", "samples-in", "samples-inserted", "samples-dropped",
                           "samples-gap", "resyncs", "nonfinite-samples", "late-buffers"})
    EXPECT_EQ(stats_field(stats, name), ++expected) << name;
  counters.reset();
  const StructurePtr none = stats_structure(counters, {}, 16000);
  for (const char* name : {"frames", "buffers", "samples-in", "samples-inserted", "samples-dropped",
                           "samples-gap", "resyncs", "nonfinite-samples", "late-buffers"})
    EXPECT_EQ(stats_field(none, name), 0U) << name;
}

TEST(Stats, MeansAreOfAllTheTimeSpent) {
  Counters counters;
  counters.frames = 100;
  counters.samples_in = 12000;
  counters.samples_inserted = 4000;
  BackendStats backend;
  backend.batches = 4;
  backend.kernel_time = 1000;
  backend.transfer_time = 2000;
  backend.convert_time = 3000;
  backend.software_time = 4000;
  const StructurePtr stats = stats_structure(counters, backend, 16000);
  EXPECT_EQ(stats_field(stats, "mean-frame-time"), 100U);
  EXPECT_EQ(stats_field(stats, "mean-batch-time"), 2500U);
  double factor = 0;
  EXPECT_TRUE(gst_structure_get_double(stats.get(), "realtime-factor", &factor));
  EXPECT_DOUBLE_EQ(factor, 1e9 / 10000);
}

TEST(Stats, NothingIsDividedByZero) {
  const StructurePtr stats = stats_structure(Counters(), {}, 0);
  EXPECT_EQ(stats_field(stats, "mean-frame-time"), 0U);
  EXPECT_EQ(stats_field(stats, "mean-batch-time"), 0U);
  double factor = -1;
  EXPECT_TRUE(gst_structure_get_double(stats.get(), "realtime-factor", &factor));
  EXPECT_EQ(factor, 0);
}

}  // namespace
}  // namespace npumel
