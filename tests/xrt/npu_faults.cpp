// SPDX-License-Identifier: LGPL-2.1-or-later
// Calls of the driver that fail, and runs that end badly or not at all.
#include "tests/xrt/fault_matrix.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

// A process each: who finds no context free waits for one that is being closed, and asks again.
CHECK_TEST(a_context_is_busy) { assert_everywhere("CREATE_HWCTX", "EBUSY", {kBusy}, false); }
CHECK_TEST(no_context_is_free) { assert_everywhere("CREATE_HWCTX", "ENOSPC", {kBusy}, false); }
CHECK_TEST(a_context_is_refused) { assert_everywhere("CREATE_HWCTX", "EINVAL", {kBusy}, false); }

CHECK_TEST(opening_fails) {
  assert_everywhere("CONFIG_HWCTX", "EINVAL", {kFailed}, false);
  // XRT's clean-up hides this behind an EINVAL of its own: no busy device all the same.
  assert_everywhere("GET_BO_INFO", "EIO", {kFailed}, false);
}

CHECK_TEST(device_does_not_open) {
  assert_everywhere("GET_INFO", "EIO", {kFailed, kNotFound}, false);
  assert_everywhere("MMAP", "EAGAIN", {kRights, kFailed}, false);
  assert_everywhere("MMAP", "EPERM", {kRights, kFailed}, false);
}

CHECK_TEST(memory_runs_out) {
  // The heap, the configuration, the instructions, the data, the command: each in turn.
  for (int call = 1; call <= 8; ++call) {
    const Case fault{"CREATE_BO#" + std::to_string(call) + "=ENOMEM", {kFailed, kBusy, kRights}};
    assert_auto(fault, kShort, call <= 5);
    assert_npu(fault, kShort);
  }
}

CHECK_TEST(syncs_fail) { assert_everywhere("SYNC_BO", "EIO", {kFailed}, true); }

CHECK_TEST(starts_fail) { assert_everywhere("EXEC_CMD", "EIO", {kFailed}, true); }
CHECK_TEST(starts_fail_without_device) { assert_everywhere("EXEC_CMD", "ENODEV", {kFailed}, true); }
CHECK_TEST(starts_fail_without_memory) { assert_everywhere("EXEC_CMD", "ENOMEM", {kFailed}, true); }

CHECK_TEST(refused_starts_give_their_contexts_back) {
  // One more than the device has contexts: a run that counted as being in progress would keep its
  // own until the process ends.
  const emu::Counters before = Emulation::counters();
  for (int i = 0; i < 8; ++i) assert_npu({"EXEC_CMD#2=EIO", {kFailed}}, kShort);
  assert_auto({"EXEC_CMD#500=EIO", {}, "", true}, kShort, false);
  wait_for_contexts(before.contexts_alive);
}

CHECK_TEST(waits_fail) {
  for (const char* error : {"EIO", "ENODEV", "EINTR", "ETIME"}) {
    // A wait that ends early can find the run completed all the same: then nothing is wrong.
    for (const char* nth : {"#1=", "#2="}) {
      const Outcome outcome = run_with({std::string("WAIT") + nth + error, {}}, "auto", kShort);
      fail_unless(outcome.result.error.code < 0);
      assert_same_stream(outcome.result, by_software(kShort), kTolerance,
                         std::string("WAIT") + nth + error);
    }
  }
}

CHECK_TEST(runs_end_badly) {
  for (const char* state : {"abort", "error", "timeout"})
    assert_everywhere("RUN", state, {kFailed}, true);
}

CHECK_TEST(a_hanging_run_costs_no_more_than_the_timeout) {
  assert_everywhere("RUN", "hang", {kFailed}, true, "npu-timeout=200");
}

CHECK_TEST(a_run_that_never_ends_is_left_behind) {
  assert_everywhere("RUN", "stuck", {kFailed}, true, "npu-timeout=200");
}

CHECK_TEST(the_device_goes_away) {
  assert_everywhere("RUN", "lost", {kFailed}, true, "npu-timeout=500");
}

CHECK_TEST(a_slow_first_run_is_no_failure) {
  assert_auto({"RUN#1=slow:300", {}, "", true}, kShort, true);
}

}  // namespace
