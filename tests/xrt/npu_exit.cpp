// SPDX-License-Identifier: LGPL-2.1-or-later
// Processes that end while XRT is at work for them: a device is still being opened, a run is still
// on it. Neither XRT nor a leak checker may make a failure of it. Runs with CK_FORK=no: the end of
// this very process, after the last test, is tested as well.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

#include "tests/xrt/npu_stream.h"

/// What the module and XRT have made for a thread that is turned away at the end is left to the
/// system. The only suppression of leaks, and in this program only.
extern "C" __attribute__((visibility("default"))) const char* __lsan_default_suppressions() {
  return "leak:npumelspec-xrt\nleak:libxrt_coreutil\nleak:libxrt_driver_xdna\n";
}

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr int kStillInTheDriver = 77;

// Registered before XRT has registered anything: called after the last of its own clean-up, before
// which calls of the driver are waited for, unless they take more than 40 ms.
void after_the_clean_up_of_xrt() {
  if (Emulation::counters().calls_now > 0) _exit(kStillInTheDriver);
}

/// Stops a stream while this call of the driver, one of those that opening takes, is being made,
/// and ends the process.
[[noreturn]] void end_during(const std::string& call) {
  if (std::atexit(after_the_clean_up_of_xrt) != 0) std::abort();
  Emulation::set("contexts", 32);  // one for each of the processes
  Emulation::set_faults(call);
  {
    MelStream stream =
        MelStream::idle("backend=auto preset=whisper80 npu-timeout=600000" + kernel_path("v2-80"));
    std::thread opening([&] { stream.set_caps("audio/x-raw,format=S16LE,rate=16000"); });
    wait_for_fault();
    gst_element_set_state(stream.element(), GST_STATE_READY);
    opening.join();
  }
  std::exit(0);
}

/// Calls of the driver that opening a device makes, each with this fault.
std::vector<std::string> calls_of_opening(const std::string& fault) {
  std::vector<std::string> calls;
  for (const char* call :
       {"GET_INFO#1", "MMAP#1", "CREATE_HWCTX#1", "CONFIG_HWCTX#1", "SYNC_BO#1", "EXEC_CMD#1"})
    calls.push_back(std::string(call) + "=" + fault);
  for (int buffer = 1; buffer <= 8; ++buffer)
    calls.push_back("CREATE_BO#" + std::to_string(buffer) + "=" + fault);
  return calls;
}

/// Ends a process during each of the calls. Which of them did not end with `wanted`.
std::string unlike(int wanted, const std::vector<std::string>& calls) {
  std::vector<pid_t> processes;
  std::fflush(nullptr);
  for (const std::string& call : calls) {
    processes.push_back(fork());
    fail_unless(processes.back() >= 0);
    if (processes.back() == 0) end_during(call);
  }
  std::string others;
  for (size_t i = 0; i < calls.size(); ++i) {
    int status = 0;
    ASSERT_EQUAL(waitpid(processes[i], &status, 0), processes[i]);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != wanted)
      others += " " + calls[i] + " (status " + std::to_string(status) + ")";
  }
  return others;
}

// First: their processes are to be without XRT when they begin.
CHECK_TEST(a_process_may_end_while_its_device_is_opened) {
  std::vector<std::string> calls = calls_of_opening("slow:5");
  calls.push_back("RUN#1=slow:200");  // waits for a run are made of short ones
  const std::string failed = unlike(0, calls);
  fail_unless(failed.empty(), "%s", failed.c_str());
}

// The thread is left in the driver: it comes back when the process has long gone.
CHECK_TEST(a_process_does_not_wait_for_a_driver_that_is_stuck) {
  const std::string failed = unlike(kStillInTheDriver, calls_of_opening("slow:20000"));
  fail_unless(failed.empty(), "%s", failed.c_str());
}

// What is parked stays alive on purpose (gst/backend/xrt/module.cpp).
CHECK_TEST(a_run_is_parked_when_the_process_ends) {
  const emu::Counters before = Emulation::counters();
  Emulation::set_faults("RUN#3=stuck");
  const Result result =
      run_stream("backend=auto preset=whisper80 npu-timeout=1000" + kernel_path("v2-80"),
                 check::audio(4 * kBatchSamples));
  fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  ASSERT_EQUAL(result.fallbacks, 1);
  const emu::Counters after = Emulation::counters();
  // The run's two data buffers and its command at least; the hardware context with its thread.
  fail_unless(after.buffers_alive - before.buffers_alive >= 3);
  ASSERT_EQUAL(after.contexts_alive - before.contexts_alive, 1);
}

}  // namespace
