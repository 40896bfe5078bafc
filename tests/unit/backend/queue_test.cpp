// SPDX-License-Identifier: LGPL-2.1-or-later
// Our queue before the device: nobody blocks in the driver, live streams do not wait for a device
// that is late, and what is late judges it.
#include <gmock/gmock.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/unit/backend/scripted_npu.h"

namespace npumel {
namespace {

using test::RunFault;
using ::testing::HasSubstr;
using ::testing::SizeIs;

constexpr uint64_t kMillisecond = 1000000;
// More than a few runs take, however busy the machine: else the queue seems too long for live
// streams.
constexpr uint64_t kGranted = 400 * kMillisecond;

class Queue : public test::ScriptedNpu {
 protected:
  /// A live stream that grants as much as a busy machine may take for a healthy run.
  void be_live(uint64_t granted) {
    config.in_flight = 1;
    config.live_deadline = granted;
  }
  /// Software's turn: the run has reached the device, and what is granted is over. A machine too
  /// busy for that would take it back from our queue instead.
  void be_late(Supervisor& npu, int64_t batch, int64_t starts) {
    submit(npu, batch);
    wait_for_starts(starts);
    // Late is what the device has been at for half of what is granted; before, it was the queue.
    const auto begun = std::chrono::steady_clock::now();
    const auto granted = std::chrono::nanoseconds(config.live_deadline);
    while (std::chrono::steady_clock::now() - begun < granted) std::this_thread::yield();
    EXPECT_EQ(collect(npu, batch), "software");
  }
};

TEST_F(Queue, NoMoreThanThreeCommandsAreOnAStuckDevice) {
  config.in_flight = 12;
  config.timeout_ms = 120000;
  test::script_run(1, RunFault::hang);
  auto npu = std::make_unique<Supervisor>(test::scripted_xrt());
  start(*npu);
  for (int64_t batch = 0; batch < 12; batch++) submit(*npu, batch);
  wait_for_starts(4);  // known-answer test and three batches
  npu->interrupt();
  EXPECT_EQ(collect(*npu, 0), "interrupted");
  npu->discard();
  npu->resume();
  npu.reset();
  EXPECT_EQ(test::scripted_counters().most_commands, 3);
  EXPECT_EQ(test::scripted_counters().blocked_starts, 0);
  EXPECT_EQ(test::scripted_counters().starts, 4) << "what waited in our queue was taken back";
}

TEST_F(Queue, ADriverThatBlocksTheSubmissionIsATimeout) {
  config.in_flight = 4;
  config.timeout_ms = 50;
  Supervisor npu(test::scripted_xrt());
  start(npu);
  EXPECT_EQ(pump(npu, 0), "npu");
  npu.take_notices();
  test::script_blocked_starts();
  for (int64_t batch = 1; batch < 5; batch++) submit(npu, batch);
  for (int64_t batch = 1; batch < 5; batch++) EXPECT_EQ(collect(npu, batch), "software");
  const auto notices = npu.take_notices();
  EXPECT_EQ(test::scripted_counters().blocked_starts, 1);
  EXPECT_EQ(npu.stats().fallbacks, 1U);
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_THAT(notices[0].reason, HasSubstr("no result within 50 ms"));
}

TEST_F(Queue, ElementsBehindAStuckRunAreNotHeldUp) {
  config.timeout_ms = 120000;
  test::script_run(1, RunFault::hang);
  std::vector<std::unique_ptr<Supervisor>> elements;
  for (int i = 0; i < 32; i++) {
    elements.push_back(std::make_unique<Supervisor>(test::scripted_xrt()));
    start(*elements.back());
  }
  for (auto& element : elements) submit(*element, 0);
  wait_for_starts(4);
  for (auto& element : elements) {
    element->interrupt();
    EXPECT_EQ(collect(*element, 0), "interrupted");
    element->discard();
  }
  elements.clear();
  EXPECT_EQ(test::scripted_counters().most_commands, 3);
  EXPECT_EQ(test::scripted_counters().blocked_starts, 0);
}

TEST_F(Queue, SoftwareComputesALateBatchAndTheNpuStays) {
  be_live(kGranted);
  test::script_run(1, RunFault::held);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  npu.take_notices();
  be_late(npu, 0, 2);
  EXPECT_STREQ(npu.active(), "npu");
  EXPECT_THAT(npu.take_notices(), SizeIs(0)) << "one late batch is nothing to report";
  EXPECT_EQ(npu.stats().late_batches, 1U);
  EXPECT_EQ(npu.stats().fallbacks, 0U);
  test::release_hung_runs();
  // In time again, once the late run has ended and been checked; a busy machine may be late itself.
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int64_t batch = 1;
  while (pump(npu, batch++) != "npu") ASSERT_LT(std::chrono::steady_clock::now(), limit);
}

TEST_F(Queue, LateRowsThatAreWrongJudgeTheDevice) {
  be_live(kGranted);
  test::script_run(1, RunFault::held_zeros);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  npu.take_notices();
  be_late(npu, 0, 2);
  test::release_hung_runs();
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  int64_t batch = 1;
  while (npu.stats().verify_failures == 0 && std::chrono::steady_clock::now() < limit)
    pump(npu, batch++);
  const auto notices = npu.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].batch, 0U) << "the batch whose rows were wrong, though nobody used them";
  EXPECT_THAT(notices[0].reason, HasSubstr("wrong numbers"));
  EXPECT_EQ(notices[0].backend, "software");
}

TEST_F(Queue, EightLateBatchesInARowLeaveTheNpu) {
  be_live(kGranted);
  config.timeout_ms = 120000;
  test::script_runs_from(1, RunFault::held);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  npu.take_notices();
  be_late(npu, 0, 2);
  be_late(npu, 1, 3);
  for (int64_t batch = 2; batch < 7; batch++) EXPECT_EQ(pump(npu, batch), "software");
  EXPECT_STREQ(npu.active(), "npu");
  EXPECT_EQ(pump(npu, 7), "software");
  EXPECT_STREQ(npu.active(), "software");
  const auto notices = npu.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].reason,
            "the NPU is too slow: kernel package mel: late for 8 batches of live streams in a row, "
            "which grant 400 ms; it will be tried again in 3600 s");
  EXPECT_EQ(notices[0].retry_in, static_cast<int64_t>(test::kNeverAgain));
  EXPECT_TRUE(notices[0].warn);
  EXPECT_EQ(npu.stats().late_batches, 8U);
  EXPECT_EQ(npu.stats().npu_timeouts, 0U);
  EXPECT_EQ(test::scripted_counters().starts, 3) << "a slot whose run is late starts none";
}

TEST_F(Queue, ALateDeviceIsLeftByLiveStreamsOnly) {
  config.timeout_ms = 120000;
  Supervisor file(test::scripted_xrt());
  start(file);
  EXPECT_EQ(pump(file, 0), "npu");
  be_live(kGranted);
  test::script_runs_from(2, RunFault::held);
  Supervisor live(test::scripted_xrt());
  start(live);
  be_late(live, 0, 3);
  be_late(live, 1, 4);
  for (int64_t batch = 2; batch < 8; batch++) EXPECT_EQ(pump(live, batch), "software");
  EXPECT_STREQ(live.active(), "software");
  test::script_runs_from(1000, RunFault::held);
  test::release_hung_runs();
  EXPECT_EQ(pump(file, 1), "npu");
}

// The queue is served by the time at which results are due: what waits for longer does not count.
TEST_F(Queue, AFileThatFillsTheQueueDoesNotSendLiveStreamsToSoftware) {
  test::script_run_time(kBatchFrames, std::chrono::milliseconds(60));
  config.in_flight = 16;  // 960 ms of work, more than three quarters of what is granted
  config.timeout_ms = 120000;
  Supervisor file(test::scripted_xrt());
  start(file);
  EXPECT_EQ(pump(file, 0), "npu");
  be_live(1000 * kMillisecond);
  Supervisor live(test::scripted_xrt());
  start(live);
  for (int64_t batch = 1; batch <= 16; batch++) submit(file, batch);
  pump(live, 0);  // late on a machine that is busy itself
  EXPECT_EQ(live.stats().overflow_batches, 0U);
  for (int64_t batch = 1; batch <= 16; batch++) EXPECT_EQ(collect(file, batch), "npu");
}

// Then the NPU's own timeout comes first, as for a stream that is not live.
TEST_F(Queue, ALiveStreamThatGrantsMoreThanTheTimeoutWaitsForIt) {
  be_live(3600000 * kMillisecond);
  config.timeout_ms = 50;
  test::script_run(1, RunFault::hang);
  Supervisor npu(test::scripted_xrt());
  start(npu);
  npu.take_notices();
  EXPECT_EQ(pump(npu, 0), "software");
  const auto notices = npu.take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_THAT(notices[0].reason, HasSubstr("no result within 50 ms"));
  EXPECT_EQ(npu.stats().npu_timeouts, 1U);
  EXPECT_EQ(npu.stats().late_batches, 0U);
}

}  // namespace
}  // namespace npumel
