// SPDX-License-Identifier: LGPL-2.1-or-later
// The emulated driver, driven by the real XRT as the plugin's module drives it. If these fail, what
// the other tests of this folder say about the plugin means nothing.
#include <algorithm>

#include "tests/xrt/emulator_session.h"

#if __has_include(<xrt/experimental/xrt_kernel.h>)
#include <xrt/experimental/xrt_kernel.h>
#else
#include <experimental/xrt_kernel.h>
#endif

namespace npumel::emulator_test {
namespace {

constexpr unsigned kShort = 200;  // ms, below the driver's recovery time

TEST_F(Emulator, RunsAThousandTimesOnTheSameBuffers) {
  Session session(device);
  ASSERT_TRUE(session.round_trip(1));
  const Counters before = counters();
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(session.round_trip(static_cast<uint8_t>(i))) << i;
  const Counters after = counters();
  EXPECT_EQ(after.runs - before.runs, 1000U);
  EXPECT_EQ(after.syncs_to_device - before.syncs_to_device, 1000U);
  EXPECT_EQ(after.syncs_from_device - before.syncs_from_device, 1000U);
  EXPECT_EQ(after.buffers_created, before.buffers_created);
  EXPECT_EQ(after.violations, 0U);
}

TEST_F(Emulator, ShowsAForgottenSyncToTheDevice) {
  Session session(device);
  ASSERT_TRUE(session.round_trip(10));
  std::fill_n(session.in, kBytes, uint8_t{20});
  session.run.start();
  session.run.wait();
  session.output.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  EXPECT_EQ(session.out[0], 11) << "the device saw memory it was never given";
}

TEST_F(Emulator, ShowsAForgottenSyncFromTheDevice) {
  Session session(device);
  ASSERT_TRUE(session.round_trip(10));
  std::fill_n(session.in, kBytes, uint8_t{20});
  session.input.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  session.run.start();
  session.run.wait();
  EXPECT_EQ(session.out[0], 11) << "the host saw memory it was never given";
}

TEST_F(Emulator, SubBuffersShareOneSync) {
  Session session(device);
  const xrt::bo half(session.input, kBytes / 2, 0);
  const Counters before = counters();
  session.input.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  EXPECT_EQ(counters().syncs_to_device - before.syncs_to_device, 1U);
}

// What gst/backend/xrt/objects.h says of them.
TEST_F(Emulator, SubBuffersOfOneParentAreArguments) {
  Session session(device);
  xrt::bo parent(device, 2 * kBytes, XRT_BO_FLAGS_HOST_ONLY, session.kernel.group_id(3));
  xrt::bo input(parent, kBytes, 0);
  xrt::bo output(parent, kBytes, kBytes);
  auto* bytes = parent.map<uint8_t*>();
  std::fill_n(bytes, kBytes, uint8_t{30});
  std::fill_n(bytes + kBytes, kBytes, uint8_t{0xEE});  // poison
  const Counters before = counters();
  parent.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  xrt::run run = session.new_run(input, output);
  run.start();
  ASSERT_EQ(run.wait(std::chrono::milliseconds(5000)), ERT_CMD_STATE_COMPLETED);
  output.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  const Counters after = counters();
  EXPECT_EQ(bytes[0], 30);
  EXPECT_EQ(bytes[kBytes], 31);
  EXPECT_EQ(bytes[2 * kBytes - 1], 31);
  EXPECT_EQ(after.syncs_to_device + after.syncs_of_poison - before.syncs_to_device -
                before.syncs_of_poison,
            1U)
      << "one call for samples and poison";
}

TEST_F(Emulator, ARunThatIsRefusedReadsAsNewUntilItsCommandIsMarked) {
  Session session(device);
  ASSERT_TRUE(session.round_trip(1));
  ASSERT_TRUE(kSetFaults("EXEC_CMD#1=EIO"));
  EXPECT_ANY_THROW(session.run.start());
  EXPECT_EQ(session.run.state(), ERT_CMD_STATE_NEW);
  session.run.get_ert_packet()->state = ERT_CMD_STATE_ERROR;
  EXPECT_EQ(session.run.state(), ERT_CMD_STATE_ERROR);
  // XRT lets go of it now: the session's end does not abort the process.
}

class EmulatorChain : public Emulator {
 protected:
  static constexpr size_t kLength = 4;

  void SetUp() override {
    Emulator::SetUp();
    session = std::make_unique<Session>(device);
    list = xrt::runlist(session->context);
    for (size_t i = 0; i < kLength; ++i) {
      inputs.emplace_back(device, kBytes, XRT_BO_FLAGS_HOST_ONLY, session->kernel.group_id(3));
      outputs.emplace_back(device, kBytes, XRT_BO_FLAGS_HOST_ONLY, session->kernel.group_id(4));
      std::fill_n(inputs[i].map<uint8_t*>(), kBytes, static_cast<uint8_t>(10 * i));
      inputs[i].sync(XCL_BO_SYNC_BO_TO_DEVICE);
      runs.push_back(session->new_run(inputs[i], outputs[i]));
      list.add(runs[i]);
    }
  }

  std::unique_ptr<Session> session;
  std::vector<xrt::bo> inputs;
  std::vector<xrt::bo> outputs;
  std::vector<xrt::run> runs;
  xrt::runlist list;
};

TEST_F(EmulatorChain, RunsAllOfItInOneSubmissionAgainAndAgain) {
  const Counters before = counters();
  for (int round = 0; round < 3; ++round) {
    list.execute();
    EXPECT_EQ(list.wait(std::chrono::milliseconds(5000)), std::cv_status::no_timeout);
  }
  const Counters after = counters();
  EXPECT_EQ(after.chains - before.chains, 3U);
  EXPECT_EQ(after.runs - before.runs, 3 * kLength);
  EXPECT_EQ(after.violations, before.violations);
  EXPECT_EQ(after.buffers_created, before.buffers_created);
  for (size_t i = 0; i < kLength; ++i) {
    outputs[i].sync(XCL_BO_SYNC_BO_FROM_DEVICE);
    EXPECT_EQ(outputs[i].map<uint8_t*>()[7], 10 * i + 1);
  }
}

// What the module goes by to tell how many runs completed.
TEST_F(EmulatorChain, MarksTheRunThatFailedAndThoseAfterIt) {
  ASSERT_TRUE(kSetFaults("CHAIN_MIDDLE#1=error"));
  list.execute();
  EXPECT_ANY_THROW(list.wait(std::chrono::milliseconds(5000)));
  EXPECT_GE(list.state(), ERT_CMD_STATE_COMPLETED);
  std::vector<int> states;
  for (const xrt::run& run : runs) states.push_back(run.get_ert_packet()->state);
  EXPECT_EQ(states, (std::vector<int>{ERT_CMD_STATE_NEW, ERT_CMD_STATE_NEW, ERT_CMD_STATE_ERROR,
                                      ERT_CMD_STATE_ABORT}));
}

TEST_F(EmulatorChain, IsNoPlaceForARunThatIsInAnotherOrStartedAlone) {
  EXPECT_ANY_THROW({
    xrt::runlist other(session->context);
    other.add(runs[0]);
    runs[1].start();
  });
}

TEST_F(Emulator, ReusesWhatIsClosed) {
  const Counters before = counters();
  // Twice the memory of the emulated device, if nothing were taken back.
  for (int i = 0; i < 128; ++i) {
    xrt::bo big(device, size_t{16} << 20, XRT_BO_FLAGS_HOST_ONLY, 0);
    big.map<uint8_t*>()[0] = 1;
  }
  EXPECT_EQ(counters().buffers_alive, before.buffers_alive);
}

TEST_F(Emulator, AHangEndsInAnExpiredWaitThenInTheDriversRecovery) {
  Session session(device);
  ASSERT_TRUE(session.round_trip(1));
  ASSERT_TRUE(kSetFaults("RUN#1=hang"));
  session.run.start();
  EXPECT_ANY_THROW(session.run.wait(std::chrono::milliseconds(kShort)));
  // The recovery gives the state; only then may the run be destroyed.
  while (session.run.state() < ERT_CMD_STATE_COMPLETED) std::this_thread::yield();
  EXPECT_EQ(session.run.state(), ERT_CMD_STATE_TIMEOUT);
}

struct EndState {
  const char* fault;
  ert_cmd_state state;
};

class EmulatorEndState : public Emulator, public testing::WithParamInterface<EndState> {};

TEST_P(EmulatorEndState, ArrivesFromWait) {
  Session session(device);
  ASSERT_TRUE(kSetFaults(GetParam().fault));
  session.run.start();
  EXPECT_EQ(session.run.wait(std::chrono::milliseconds(5000)), GetParam().state);
}

INSTANTIATE_TEST_SUITE_P(States, EmulatorEndState,
                         testing::Values(EndState{"RUN#1=abort", ERT_CMD_STATE_ABORT},
                                         EndState{"RUN#1=error", ERT_CMD_STATE_ERROR},
                                         EndState{"RUN#1=timeout", ERT_CMD_STATE_TIMEOUT}));

class EmulatorBadOutput : public Emulator, public testing::WithParamInterface<const char*> {};

TEST_P(EmulatorBadOutput, IsCompletedAllTheSame) {
  Session session(device);
  ASSERT_TRUE(session.round_trip(1));
  ASSERT_TRUE(kSetFaults(GetParam()));
  // A ramp, so that rows differ: shifted and repeated ones show.
  for (size_t i = 0; i < kBytes; ++i) session.in[i] = static_cast<uint8_t>(i / 40);
  session.input.sync(XCL_BO_SYNC_BO_TO_DEVICE);
  session.run.start();
  EXPECT_EQ(session.run.wait(std::chrono::milliseconds(5000)), ERT_CMD_STATE_COMPLETED);
  session.output.sync(XCL_BO_SYNC_BO_FROM_DEVICE);
  size_t wrong = 0;
  for (size_t i = 0; i < kBytes; ++i)
    wrong += session.out[i] != static_cast<uint8_t>(session.in[i] + 1);
  EXPECT_GT(wrong, 30U);
}

INSTANTIATE_TEST_SUITE_P(Outputs, EmulatorBadOutput,
                         testing::Values("RUN#1=zero", "RUN#1=row0", "RUN#1=stale", "RUN#1=garbage",
                                         "RUN#1=shift", "RUN#1=unwritten", "RUN#1=row:37"));

class EmulatorFailingCall : public Emulator, public testing::WithParamInterface<const char*> {};

TEST_P(EmulatorFailingCall, IsAnExceptionOfXrt) {
  ASSERT_TRUE(kSetFaults(GetParam()));
  EXPECT_ANY_THROW({
    Session session(device);
    if (!session.round_trip(1)) throw std::runtime_error("wrong result");
  });
}

INSTANTIATE_TEST_SUITE_P(Calls, EmulatorFailingCall,
                         testing::Values("CREATE_HWCTX#1=EBUSY", "CONFIG_HWCTX#1=EINVAL",
                                         "CREATE_BO#1=ENOMEM", "CREATE_BO#2=ENOMEM",
                                         "CREATE_BO#3=ENOMEM", "GET_BO_INFO#1=EIO", "SYNC_BO#2=EIO",
                                         "EXEC_CMD#1=EIO", "MMAP#1=EAGAIN"));

TEST_F(Emulator, RefusesAMalformedFault) {
  EXPECT_FALSE(kSetFaults("RUN=zero"));
  EXPECT_FALSE(kSetFaults("RUN#0=zero"));
  EXPECT_FALSE(kSetFaults("RUN#1=EIO"));
  EXPECT_FALSE(kSetFaults("EXEC_CMD#1=zero"));
  EXPECT_FALSE(kSetFaults("EXEC_CMD#1=early"));
  EXPECT_FALSE(kSetFaults("RUN#1=slow"));
  EXPECT_FALSE(kSetFaults("RUN#1=outage:soon"));
  EXPECT_FALSE(kSetFaults("RUN#1=zero:3"));
}

}  // namespace
}  // namespace npumel::emulator_test
