// SPDX-License-Identifier: LGPL-2.1-or-later
// An NPU whose hardware contexts are all in use: whoever starts once one is given back has it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/unit/backend/scripted_npu.h"

namespace npumel {
namespace {

using test::RunFault;
using test::ScriptedNpu;

// A closed stream's context stays open until its run has left the device.
TEST_F(ScriptedNpu, AContextThatIsBeingClosedIsWaitedFor) {
  config.choice = BackendChoice::npu;
  test::script_most_contexts(1);
  test::script_run(1, RunFault::held);
  Supervisor first(test::scripted_xrt());
  start(first);
  submit(first, 0);
  wait_for_starts(2);
  first.close();
  EXPECT_EQ(test::scripted_counters().contexts_alive, 1);
  std::thread device([] {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (test::scripted_counters().contexts_refused == 0 &&
           std::chrono::steady_clock::now() < limit)
      std::this_thread::yield();
    test::release_hung_runs();
  });
  Supervisor second(test::scripted_xrt());
  EXPECT_NO_THROW(start(second));
  device.join();
  EXPECT_STREQ(second.active(), "npu");
  EXPECT_GE(test::scripted_counters().contexts_refused, 1);
}

TEST_F(ScriptedNpu, ThatNoneWasFreeIsNotRemembered) {
  test::script_most_contexts(0);
  Supervisor first(test::scripted_xrt());
  start(first);
  EXPECT_EQ(pump(first, 0), "software");
  test::script_most_contexts(1);
  config.choice = BackendChoice::npu;
  Supervisor second(test::scripted_xrt());
  EXPECT_NO_THROW(start(second));
  EXPECT_STREQ(second.active(), "npu");
}

}  // namespace
}  // namespace npumel
