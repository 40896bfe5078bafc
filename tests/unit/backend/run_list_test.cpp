// SPDX-License-Identifier: LGPL-2.1-or-later
// Several batches in one submission: how many, in which order, and what happens when one of them
// goes wrong.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "gst/backend/device/npu_run.h"
#include "tests/unit/backend/scripted_npu.h"

namespace npumel {
namespace {

using test::RunFault;
using ::testing::SizeIs;

TEST(RunListDepth, IsWhatALiveStreamsPatienceAllows) {
  constexpr uint64_t ms = 1000000;
  EXPECT_EQ(RunLists::depth_for(0, 2000), 4);
  EXPECT_EQ(RunLists::depth_for(5 * ms, 2000), 4);
  EXPECT_EQ(RunLists::depth_for(5 * ms + 1, 2000), 2);
  EXPECT_EQ(RunLists::depth_for(10 * ms, 2000), 2);
  EXPECT_EQ(RunLists::depth_for(10 * ms + 1, 2000), 1);
  EXPECT_EQ(RunLists::depth_for(136 * ms, 2000), 1);
}

TEST(RunListDepth, IsNoMoreThanAQuarterOfTheTimeoutAllows) {
  EXPECT_EQ(RunLists::depth_for(1000000, 8), 2);
  EXPECT_EQ(RunLists::depth_for(1000000, 4), 1);
}

class Backlog : public test::ScriptedNpu {
 protected:
  void SetUp() override {
    ScriptedNpu::SetUp();
    config.backlog = true;
    config.in_flight = 2;
  }

  /// Starts, and pumps single batches until none takes long, however busy the machine: lists then
  /// have 4 runs, and the next batch is the first of a list. Returns its number.
  int64_t start_warm(Supervisor& npu) {
    start(npu);
    EXPECT_EQ(test::scripted_counters().lists_made, 0) << "before they pay";
    EXPECT_EQ(test::scripted_counters().runs_made, 3) << "the known-answer test's, and two";
    int64_t batch = 0;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (npu.depth() < 8 && std::chrono::steady_clock::now() < limit) {
      submit(npu, batch, kBatchFrames, true);
      EXPECT_EQ(collect(npu, batch++), "npu");
    }
    EXPECT_EQ(npu.depth(), 11);
    for (int i = 0; i < 3; i++) EXPECT_EQ(pump(npu, batch++), "npu");
    while ((batch < 24 || npu.stats().runlist_depth != 4) &&
           std::chrono::steady_clock::now() < limit)
      for (int i = 0; i < 4; i++) EXPECT_EQ(pump(npu, batch++), "npu");
    EXPECT_EQ(npu.stats().runlist_depth, 4);
    npu.take_notices();
    return batch;
  }

  void gather(Supervisor& npu, int64_t first, int64_t end) {
    for (int64_t batch = first; batch < end; batch++) submit(npu, batch, kBatchFrames, true);
  }

  /// Collects batches [first, end): 'n' for each that the NPU computed, 's' for software.
  std::string collect_all(Supervisor& npu, int64_t first, int64_t end) {
    std::string by;
    for (int64_t batch = first; batch < end; batch++) by += collect(npu, batch)[0];
    return by;
  }
};

TEST_F(Backlog, FourBatchesAreOneSubmission) {
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  const auto before = test::scripted_counters();
  EXPECT_GE(npu.depth(), 8);
  EXPECT_EQ(npu.ahead(), 2);
  for (int64_t batch = first; batch < first + 64; batch += 8) {
    gather(npu, batch, batch + 8);
    EXPECT_EQ(collect_all(npu, batch, batch + 8), std::string(8, 'n'));
  }
  const auto after = test::scripted_counters();
  EXPECT_EQ(after.list_starts - before.list_starts, 16);
  EXPECT_EQ(after.starts - before.starts, 64);
  EXPECT_EQ(after.input_syncs - before.input_syncs, 64);
  EXPECT_EQ(after.poison_syncs - before.poison_syncs, 64);
  EXPECT_EQ(after.output_syncs - before.output_syncs, 64);
  EXPECT_EQ(after.runs_made, before.runs_made);
  EXPECT_EQ(after.lists_made, before.lists_made);
  EXPECT_EQ(npu.stats().runlist_depth, 4);
  EXPECT_EQ(npu.stats().npu_batches, static_cast<uint64_t>(first) + 64);
}

TEST_F(Backlog, WhatIsGatheredIsStartedWhenAResultIsWanted) {
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  const auto before = test::scripted_counters();
  gather(npu, first, first + 3);
  EXPECT_EQ(test::scripted_counters().starts, before.starts);
  EXPECT_FALSE(npu.ready());
  EXPECT_EQ(collect_all(npu, first, first + 3), "nnn");
  EXPECT_EQ(test::scripted_counters().starts - before.starts, 3);
  EXPECT_EQ(test::scripted_counters().list_starts - before.list_starts, 1) << "two, then one";
}

TEST_F(Backlog, TheLastBatchThatIsThereStartsThemAll) {
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  const auto before = test::scripted_counters();
  gather(npu, first, first + 4);
  submit(npu, first + 4);
  wait_for_starts(before.starts + 5);
  EXPECT_EQ(collect_all(npu, first, first + 5), "nnnnn");
}

TEST_F(Backlog, StreamsThatAskForOneAtATimeHaveNoLists) {
  config.in_flight = 1;
  Supervisor npu(test::scripted_xrt());
  start(npu);
  submit(npu, 0, kBatchFrames, true);
  wait_for_starts(2);  // known-answer test and batch
  EXPECT_EQ(collect(npu, 0), "npu");
  EXPECT_EQ(test::scripted_counters().lists_made, 0);
  EXPECT_EQ(npu.stats().runlist_depth, 1);
}

TEST_F(Backlog, ABatchThatIsNotForTheNpuLeavesAGap) {
  config.type = SampleType::f32;
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  gather(npu, first, first + 3);
  gain = 10;
  gather(npu, first + 3, first + 4);
  gain = 1;
  gather(npu, first + 4, first + 8);
  EXPECT_EQ(collect_all(npu, first, first + 3), "nnn");
  std::vector<float> rows(size_t{kBatchFrames} * test::kMels);
  EXPECT_STREQ(npu.collect(RowSink{rows.data(), ElementType::f32, test::kMels, 1}).backend,
               "software");
  EXPECT_EQ(collect_all(npu, first + 4, first + 8), "nnnn");
  EXPECT_EQ(npu.stats().fallbacks, 0U);
}

TEST_F(Backlog, AFlushForgetsWhatIsGathered) {
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  gather(npu, first, first + 3);
  npu.discard();
  gather(npu, 100, 108);
  EXPECT_EQ(collect_all(npu, 100, 108), std::string(8, 'n'));
  EXPECT_EQ(test::scripted_counters().starts, first + 9) << "known-answer test, 8 batches more";
}

TEST_F(Backlog, AListThatHangsIsParkedWhole) {
  auto npu = std::make_unique<Supervisor>(test::scripted_xrt());
  const int64_t first = start_warm(*npu);
  test::script_run(static_cast<int>(first) + 3, RunFault::hang);
  gather(*npu, first, first + 4);
  wait_for_starts(first + 5);
  npu->interrupt();
  EXPECT_EQ(collect(*npu, first), "interrupted");
  npu->discard();
  npu->resume();
  npu.reset();  // with the list still on the device
  EXPECT_EQ(test::scripted_counters().destroyed_in_progress, 0);
  EXPECT_GE(test::scripted_counters().lists_alive, 1) << "parked";
  EXPECT_GE(test::scripted_counters().runs_alive, 4) << "parked with their buffers";
}

TEST_F(Backlog, InsistingOnTheNpuTurnsAFaultInAListIntoAnError) {
  config.choice = BackendChoice::npu;
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  test::script_run(static_cast<int>(first) + 3, RunFault::error_state);
  gather(npu, first, first + 4);
  EXPECT_EQ(collect_all(npu, first, first + 2), "nn");
  std::vector<float> rows(size_t{kBatchFrames} * test::kMels);
  EXPECT_THROW(npu.collect(RowSink{rows.data(), ElementType::f32, test::kMels, 1}), BackendError);
}

struct ListFault {
  const char* name;
  RunFault fault;
  bool spares_earlier;  ///< batches before it in the list come from the NPU
};
class FaultInAList : public Backlog,
                     public ::testing::WithParamInterface<std::tuple<ListFault, int>> {};

TEST_P(FaultInAList, LosesNoBatchWarnsOnceAndNamesTheFirstSuspect) {
  const auto [fault, place] = GetParam();
  if (fault.fault == RunFault::hang) config.timeout_ms = 400;
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  // The known-answer test was a run too.
  test::script_run(1 + static_cast<int>(first) + place, fault.fault);
  gather(npu, first, first + 8);
  const auto good = static_cast<size_t>(fault.spares_earlier ? place : 0);
  EXPECT_EQ(collect_all(npu, first, first + 8),
            std::string(good, 'n') + std::string(8 - good, 's'));
  const auto notices = npu.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_TRUE(notices[0].warn);
  EXPECT_EQ(notices[0].batch, static_cast<uint64_t>(first) + good);
  EXPECT_EQ(npu.stats().fallbacks, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    , FaultInAList,
    ::testing::Combine(::testing::Values(ListFault{"refuse_start", RunFault::refuse_start, false},
                                         ListFault{"error_state", RunFault::error_state, true},
                                         ListFault{"hang", RunFault::hang, false},
                                         ListFault{"zeros", RunFault::zeros, true},
                                         ListFault{"unwritten", RunFault::unwritten, true},
                                         ListFault{"first_row", RunFault::first_row, true},
                                         ListFault{"sync_fails", RunFault::sync_fails, true}),
                       ::testing::Values(0, 1, 3)),
    [](const auto& each) {
      return std::string(std::get<0>(each.param).name) + "_at_" +
             std::to_string(std::get<1>(each.param));
    });

}  // namespace
}  // namespace npumel
