// SPDX-License-Identifier: LGPL-2.1-or-later
// The limits that a real driver has and an ideal one lacks: few commands at a time, an array that
// contexts take turns on, runs that are recovered late, outages, locked memory, other processes.
#include <fcntl.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>
#include <thread>

#include "tests/xrt/emulator_session.h"

namespace npumel::emulator_test {
namespace {

constexpr uint64_t kDriversCommands = 4;

std::atomic<int> signals{0};

class Limits : public Emulator {
 protected:
  void SetUp() override {
    Emulator::SetUp();
    session = std::make_unique<Session>(device);
    ASSERT_TRUE(session->round_trip(1));
    for (uint64_t i = 0; i <= kDriversCommands; ++i) runs.push_back(session->new_run());
    struct sigaction action {};
    action.sa_handler = [](int) { ++signals; };
    ASSERT_EQ(sigaction(SIGUSR1, &action, nullptr), 0);
  }

  /// As many runs as the driver takes, of which the first does what the fault says.
  void fill(const char* fault) {
    ASSERT_TRUE(kSetFaults(fault));
    before = counters();
    for (uint64_t i = 0; i < kDriversCommands; ++i) runs[i].start();
  }
  /// XRT aborts the process when a started run is destroyed whose final state it was not asked for.
  void settle() {
    for (xrt::run& run : runs)
      while (run.state() < ERT_CMD_STATE_COMPLETED) std::this_thread::yield();
  }
  static void wait_until_one_is_blocked() {
    while (counters().blocked_now != 1) std::this_thread::yield();
  }

  std::unique_ptr<Session> session;
  std::vector<xrt::run> runs;
  Counters before{};
};

TEST_F(Limits, TheFifthCommandBlocksUntilTheDriverHasRecovered) {
  fill("RUN#1=hang:700");
  std::thread fifth([&] { runs[4].start(); });
  wait_until_one_is_blocked();
  EXPECT_EQ(counters().runs - before.runs, 0U) << "blocked, though nothing had ended";
  EXPECT_EQ(runs[0].state(), ERT_CMD_STATE_NEW) << "no final state";
  fifth.join();
  EXPECT_EQ(runs[0].state(), ERT_CMD_STATE_TIMEOUT);
  for (uint64_t i = 1; i < kDriversCommands; ++i)
    EXPECT_EQ(runs[i].state(), ERT_CMD_STATE_ABORT) << i;
  EXPECT_EQ(runs[4].wait(std::chrono::milliseconds(5000)), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(counters().most_commands, kDriversCommands);
}

TEST_F(Limits, ASignalEndsThatCallWhereTheDriverAllowsIt) {
  ASSERT_TRUE(kSet("interruptible", 1));
  fill("RUN#1=hang:700");
  int error = 0;
  std::thread fifth([&] {
    try {
      runs[4].start();
    } catch (const std::system_error& refused) {
      error = refused.code().value();
      runs[4].get_ert_packet()->state = ERT_CMD_STATE_ERROR;
    }
  });
  wait_until_one_is_blocked();
  pthread_kill(fifth.native_handle(), SIGUSR1);
  fifth.join();
  EXPECT_EQ(error, EINTR);
  EXPECT_EQ(counters().runs - before.runs, 0U);
  settle();
}

TEST_F(Limits, NoSignalEndsItWhereTheDriverDoesNot) {
  fill("RUN#1=hang:700");
  const int seen = signals;
  std::thread fifth([&] { runs[4].start(); });
  wait_until_one_is_blocked();
  pthread_kill(fifth.native_handle(), SIGUSR1);
  while (signals == seen) std::this_thread::yield();
  fifth.join();
  EXPECT_EQ(runs[4].wait(std::chrono::milliseconds(5000)), ERT_CMD_STATE_COMPLETED);
  settle();
}

TEST_F(Limits, CommandsThatEndMakeRoom) {
  ASSERT_TRUE(kSet("commands", 1));
  const Counters first = counters();
  for (xrt::run& run : runs) run.start();
  for (xrt::run& run : runs)
    EXPECT_EQ(run.wait(std::chrono::milliseconds(5000)), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(counters().runs - first.runs, runs.size());
}

TEST_F(Limits, AContextWaitsForThePartitionThatAnotherHolds) {
  ASSERT_TRUE(kSet("partitions", 1));
  Session other(device);
  ASSERT_TRUE(kSetFaults("RUN#1=hang:700"));
  before = counters();
  session->run.start();
  std::thread second([&] { EXPECT_TRUE(other.round_trip(7)); });
  wait_until_one_is_blocked();
  EXPECT_EQ(counters().runs - before.runs, 0U);
  second.join();
  EXPECT_EQ(session->run.state(), ERT_CMD_STATE_TIMEOUT);
}

TEST_F(Limits, BusyContextsTakeTurns) {
  ASSERT_TRUE(kSet("partitions", 1));
  ASSERT_TRUE(kSet("slice-ms", 1));
  Session other(device);
  before = counters();
  std::atomic<int> left{2};
  const auto work = [&left](Session& mine) {
    // Until both have had their turns: neither may be kept from the array for good.
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(mine.round_trip(static_cast<uint8_t>(i)));
    --left;
    while (left > 0) ASSERT_TRUE(mine.round_trip(9));
  };
  std::thread second([&] { work(other); });
  work(*session);
  second.join();
  EXPECT_GE(counters().calls_blocked - before.calls_blocked, 2U);
}

TEST_F(Limits, AfterAnOutageTheDeviceIsBackAndItsContextsAreGone) {
  ASSERT_TRUE(kSetFaults("RUN#1=outage:500"));
  session->run.start();
  EXPECT_ANY_THROW(session->run.wait(std::chrono::milliseconds(5000)));
  EXPECT_ANY_THROW(Session during(device));
  EXPECT_EQ(open("/dev/accel/accel0", O_RDWR), -1);
  EXPECT_EQ(errno, ENODEV);
  // What was on the device is given up when it is back.
  while (session->run.state() < ERT_CMD_STATE_COMPLETED) std::this_thread::yield();
  EXPECT_EQ(session->run.state(), ERT_CMD_STATE_ABORT);
  EXPECT_ANY_THROW(session->run.start()) << "a context of before";
  session->run.get_ert_packet()->state = ERT_CMD_STATE_ERROR;
  Session after(device);
  EXPECT_TRUE(after.round_trip(3));
}

class LimitsEarlyWait : public Limits, public testing::WithParamInterface<const char*> {};

TEST_P(LimitsEarlyWait, LeavesTheRunOnTheDevice) {
  ASSERT_TRUE(kSetFaults((std::string("RUN#1=slow:300,WAIT#1=") + GetParam()).c_str()));
  session->run.start();
  EXPECT_ANY_THROW(session->run.wait(std::chrono::milliseconds(5000)));
  EXPECT_LT(session->run.state(), ERT_CMD_STATE_COMPLETED);
  EXPECT_EQ(session->run.wait(std::chrono::milliseconds(5000)), ERT_CMD_STATE_COMPLETED);
}

INSTANTIATE_TEST_SUITE_P(Returns, LimitsEarlyWait, testing::Values("EINTR", "early"));

TEST_F(Limits, OpeningCanFailThoughTheRightsSuffice) {
  for (const auto& [name, error] : {std::pair("ENXIO", ENXIO), std::pair("ENODEV", ENODEV)}) {
    ASSERT_TRUE(kSetFaults((std::string("OPEN#1=") + name).c_str()));
    EXPECT_EQ(access("/dev/accel/accel0", R_OK | W_OK), 0);
    EXPECT_EQ(open("/dev/accel/accel0", O_RDWR), -1);
    EXPECT_EQ(errno, error);
    const int fd = open("/dev/accel/accel0", O_RDWR);
    EXPECT_GE(fd, 0) << "the second time";
    close(fd);
  }
}

TEST_F(Limits, LockedMemoryCanSufficeForTheHeapOnly) {
  constexpr uint64_t kHeap = uint64_t{64} << 20;
  const uint64_t locked = counters().locked_bytes;
  EXPECT_GE(locked, kHeap);
  ASSERT_TRUE(kSet("memlock", locked + kBytes));
  {
    xrt::bo fits(device, kBytes, XRT_BO_FLAGS_HOST_ONLY, 0);
    try {
      xrt::bo another(device, kBytes, XRT_BO_FLAGS_HOST_ONLY, 0);
      ADD_FAILURE() << "beyond the limit";
    } catch (const std::system_error& refused) {
      EXPECT_EQ(refused.code().value(), EAGAIN);
    }
  }
  EXPECT_EQ(counters().locked_bytes, locked);
  EXPECT_NO_THROW(xrt::bo(device, kBytes, XRT_BO_FLAGS_HOST_ONLY, 0));
}

/// This program's other tests of that name, in a process of their own.
bool passes_elsewhere(const std::string& filter) {
  const pid_t child = fork();
  if (child == 0) {
    const std::string argument = "--gtest_filter=" + filter;
    execl("/proc/self/exe", "emulator_limits_test", argument.c_str(), nullptr);
    _exit(127);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && status == 0;
}

TEST_F(Emulator, LimitsContexts) {
  std::vector<std::unique_ptr<Session>> sessions;
  for (int i = 0; i < 6; ++i) sessions.push_back(std::make_unique<Session>(device));
  EXPECT_THROW(Session seventh(device), std::exception);
  sessions.pop_back();
  EXPECT_NO_THROW(Session again(device));
}

TEST_F(Emulator, TheContextsAreThoseOfAllProcesses) {
  {
    Session one(device);
    EXPECT_FALSE(passes_elsewhere("Emulator.LimitsContexts")) << "there are five left";
  }
  EXPECT_TRUE(passes_elsewhere("Emulator.LimitsContexts"));
  // It has given all of them back.
  EXPECT_TRUE(passes_elsewhere("Emulator.LimitsContexts"));
}

TEST_F(Emulator, SharesThePartitionWithOtherProcesses) {
  ASSERT_TRUE(kSet("partitions", 1));
  Session mine(device);
  setenv("NPUMEL_EMU_PARTITIONS", "1", 1);
  ASSERT_TRUE(kSetFaults("RUN#2=hang:300"));
  ASSERT_TRUE(mine.round_trip(1));
  // Idle, it gives the partition away; stuck, it keeps it until the driver has recovered.
  EXPECT_TRUE(passes_elsewhere("Limits.CommandsThatEndMakeRoom"));
  mine.run.start();
  EXPECT_TRUE(passes_elsewhere("Limits.CommandsThatEndMakeRoom"));
  EXPECT_EQ(mine.run.state(), ERT_CMD_STATE_TIMEOUT);
  unsetenv("NPUMEL_EMU_PARTITIONS");
}

TEST_F(Emulator, RefusesASettingThatItDoesNotHave) {
  EXPECT_FALSE(kSet("command", 1));
  EXPECT_FALSE(kSet("", 1));
}

}  // namespace
}  // namespace npumel::emulator_test
