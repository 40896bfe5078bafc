// SPDX-License-Identifier: LGPL-2.1-or-later
// Ten batches of a backlog as one run of a kernel for 1000 frames: when, and what happens when it
// goes wrong.
#include "gst/backend/device/long_run.h"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/backend/scripted_npu.h"

namespace npumel {
namespace {

using std::chrono::microseconds;
using test::RunFault;
using ::testing::HasSubstr;
using ::testing::SizeIs;

TEST(LongChoice, IsByTheTimeOfAFrameAndTriesTheOtherNowAndThen) {
  LongChoice better;
  for (int i = 1; i < LongChoice::kTryOther; i++) EXPECT_TRUE(better.pays(100, 99, true)) << i;
  EXPECT_FALSE(better.pays(100, 99, true)) << "the other way, to know what it takes now";
  EXPECT_TRUE(better.pays(100, 99, true));
  EXPECT_FALSE(better.pays(100, 99, false)) << "too long for those who queue behind";
  LongChoice worse;
  for (int i = 1; i < LongChoice::kTryOther; i++)
    EXPECT_EQ(worse.pays(99, 100, true), i <= LongChoice::kTryFirst) << i;
  EXPECT_TRUE(worse.pays(99, 100, true));
  EXPECT_FALSE(worse.pays(99, 100, true));
  EXPECT_TRUE(worse.pays(0, 100, true)) << "nothing is known of short runs";
}

class LongBacklog : public test::ScriptedNpu {
 protected:
  static constexpr int kTogether = 10;

  void SetUp() override {
    ScriptedNpu::SetUp();
    test::write_package(folder, "long", test::test_manifest_of("whisper80", 1000));
    config.backlog = true;
    config.in_flight = 2;
    // What a run of 1000 takes is at most twice what one of 100 does: faster.
    test::script_run_time(100, microseconds(1000));
    test::script_run_time(1000, microseconds(1500));
  }

  /// Pumps batches of a backlog until there are buffers for `depth` in flight. The next batch is
  /// the first of ten.
  int64_t start_warm(Supervisor& npu, int depth = 2 * kTogether - 1) {
    start(npu);
    int64_t batch = 0;
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (npu.depth() < 8 && std::chrono::steady_clock::now() < limit) {
      submit(npu, batch, kBatchFrames, true);
      EXPECT_EQ(collect(npu, batch++), "npu");
    }
    EXPECT_EQ(npu.depth(), depth);
    // The first one after that was position 0 of the larger ring.
    for (int i = 1; i < kTogether; i++) EXPECT_EQ(pump(npu, batch++), "npu");
    // Until the times are known, however busy the machine.
    const int wanted = depth < 2 * kTogether - 1 || slow_long_runs ? 100 : 1000;
    for (int tens = 0;
         std::chrono::steady_clock::now() < limit && (tens < 4 || npu.stats().run_frames != wanted);
         tens++, batch += kTogether)
      EXPECT_EQ(ten(npu, batch), std::string(kTogether, 'n'));
    EXPECT_EQ(npu.stats().run_frames, wanted);
    npu.take_notices();
    return batch;
  }

  bool slow_long_runs = false;

  std::string ten(Supervisor& npu, int64_t first) {
    for (int i = 0; i < kTogether; i++) submit(npu, first + i, kBatchFrames, true);
    std::string by;
    for (int i = 0; i < kTogether; i++) by += collect(npu, first + i)[0];
    return by;
  }
};

TEST_F(LongBacklog, TenBatchesAreOneRunWhereThatIsFaster) {
  Supervisor npu(test::scripted_xrt());
  int64_t batch = start_warm(npu);
  const auto before = test::scripted_counters();
  EXPECT_EQ(before.contexts_opened, 2) << "one for each kernel";
  for (int i = 0; i < 4; i++, batch += kTogether)
    EXPECT_EQ(ten(npu, batch), std::string(kTogether, 'n'));
  const auto after = test::scripted_counters();
  EXPECT_EQ(after.long_starts - before.long_starts, 4);
  EXPECT_EQ(after.starts - before.starts, 4) << "nothing else was started";
  EXPECT_EQ(after.output_syncs - before.output_syncs, 4) << "rows are fetched once for ten";
  EXPECT_EQ(after.runs_made, before.runs_made);
  const BackendStats stats = npu.stats();
  EXPECT_EQ(stats.run_frames, 1000);
  EXPECT_GE(stats.frame_ns, 10000U);
  EXPECT_GE(stats.long_frame_ns, 1500U);
  EXPECT_LT(stats.long_frame_ns, stats.frame_ns);
}

TEST_F(LongBacklog, SlowerRunsOfAThousandAreNotUsed) {
  slow_long_runs = true;
  test::script_run_time(100, microseconds(1));
  test::script_run_time(1000, microseconds(18000));
  Supervisor npu(test::scripted_xrt());
  int64_t batch = start_warm(npu);
  const auto before = test::scripted_counters();
  for (int i = 0; i < 2; i++, batch += kTogether)
    EXPECT_EQ(ten(npu, batch), std::string(kTogether, 'n'));
  const auto after = test::scripted_counters();
  EXPECT_EQ(after.long_starts, before.long_starts);
  EXPECT_EQ(after.starts - before.starts, 2 * kTogether);
  EXPECT_EQ(npu.stats().run_frames, 100);
  EXPECT_GT(npu.stats().long_frame_ns, npu.stats().frame_ns);
}

TEST_F(LongBacklog, FewerThanTenGoInLists) {
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  const auto before = test::scripted_counters();
  for (int i = 0; i < kTogether - 1; i++) submit(npu, first + i, kBatchFrames, true);
  for (int i = 0; i < kTogether - 1; i++) EXPECT_EQ(collect(npu, first + i), "npu");
  const auto after = test::scripted_counters();
  EXPECT_EQ(after.long_starts, before.long_starts);
  EXPECT_EQ(after.starts - before.starts, kTogether - 1);
  EXPECT_GE(after.list_starts - before.list_starts, 2) << "4, 4 and 1, or 2, 4, 2 and 1";
}

TEST_F(LongBacklog, AShortBatchAmongTenKeepsThemApart) {
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  const auto before = test::scripted_counters();
  for (int i = 0; i < kTogether; i++) submit(npu, first + i, i == 4 ? 99 : kBatchFrames, true);
  for (int i = 0; i < kTogether; i++)
    EXPECT_EQ(collect(npu, first + i, i == 4 ? 99 : kBatchFrames), "npu");
  EXPECT_EQ(test::scripted_counters().long_starts, before.long_starts);
}

TEST_F(LongBacklog, AFlushForgetsThemAll) {
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  for (int i = 0; i < kTogether + 4; i++) submit(npu, first + i, kBatchFrames, true);
  npu.discard();
  for (int i = 0; i < 2 * kTogether - 5; i++) submit(npu, 500 + i, kBatchFrames, true);
  int64_t batch = 500;
  // Where the device still has a flushed run, software computes the batch.
  for (int i = 0; i < 2 * kTogether - 5; i++) EXPECT_NE(collect(npu, batch++), "interrupted");
  // Then all buffers are free again, however busy the machine.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int in_a_row = 0;
  while (in_a_row < 2 * kTogether - 1 && std::chrono::steady_clock::now() < limit)
    in_a_row = pump(npu, batch++) == "npu" ? in_a_row + 1 : 0;
  EXPECT_EQ(in_a_row, 2 * kTogether - 1);
}

TEST_F(LongBacklog, APackageThatFailsItsTestIsLeftOutAndTheOtherServes) {
  // It computes a tenth of the rows.
  nlohmann::json manifest = test::test_manifest_of("whisper80", 1000);
  manifest["sha256"]["xclbin"] = sha256_hex(test::test_xclbin(2, 80));
  test::write_package(folder, "long", manifest);
  folder.write("long.xclbin", test::test_xclbin(2, 80));
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu, 11);
  EXPECT_EQ(ten(npu, first), std::string(kTogether, 'n'));
  EXPECT_THAT(npu.take_notices(), SizeIs(0));
  EXPECT_EQ(npu.stats().run_frames, 100);
}

struct LongFault {
  const char* name;
  RunFault fault;
  const char* says;
};
class FaultInALongRun : public LongBacklog, public ::testing::WithParamInterface<LongFault> {};

TEST_P(FaultInALongRun, LosesNoBatchWarnsOnceAndNamesThePackage) {
  // On a busy machine a run takes hundreds.
  if (GetParam().fault == RunFault::hang) config.timeout_ms = 1000;
  Supervisor npu(test::scripted_xrt());
  const int64_t first = start_warm(npu);
  test::script_run(test::scripted_counters().starts, GetParam().fault);
  EXPECT_EQ(ten(npu, first), std::string(kTogether, 's'));
  const auto notices = npu.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_TRUE(notices[0].warn);
  EXPECT_THAT(notices[0].reason, HasSubstr("kernel package long: "));
  EXPECT_THAT(notices[0].reason, HasSubstr(GetParam().says));
  EXPECT_EQ(npu.stats().fallbacks, 1U);
}

INSTANTIATE_TEST_SUITE_P(
    , FaultInALongRun,
    ::testing::Values(LongFault{"refuse_start", RunFault::refuse_start, "scripted: start"},
                      LongFault{"error_state", RunFault::error_state, "scripted: state"},
                      LongFault{"hang", RunFault::hang, "no result within 1000 ms"},
                      LongFault{"zeros", RunFault::zeros, "wrong numbers"},
                      LongFault{"unwritten", RunFault::unwritten, "did not write"},
                      LongFault{"first_row", RunFault::first_row, "wrong numbers"},
                      LongFault{"sync_fails", RunFault::sync_fails, "scripted: sync"}),
    [](const auto& fault) { return std::string(fault.param.name); });

TEST_F(LongBacklog, AfterALossTheNpuComesBackToTheSameRing) {
  config.retry_interval = 1;
  Supervisor npu(test::scripted_xrt());
  int64_t batch = start_warm(npu);
  test::script_run(test::scripted_counters().starts, RunFault::error_state);
  EXPECT_EQ(ten(npu, batch), std::string(kTogether, 's'));
  batch += kTogether;
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (pump(npu, batch++) != "npu") ASSERT_LT(std::chrono::steady_clock::now(), limit);
  EXPECT_EQ(npu.depth(), 2 * kTogether - 1);
  const auto before = test::scripted_counters();
  // Positions are not at the beginning of the ring any more: ten in a row lie among nineteen.
  for (int i = 0; i < 3; i++) {
    for (int k = 0; k < 2 * kTogether - 1; k++) submit(npu, batch + k, kBatchFrames, true);
    for (int k = 0; k < 2 * kTogether - 1; k++, batch++) EXPECT_EQ(collect(npu, batch), "npu");
  }
  EXPECT_GT(test::scripted_counters().long_starts, before.long_starts);
}

}  // namespace
}  // namespace npumel
