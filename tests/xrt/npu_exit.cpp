// A process that ends while a run is still on the device: what is parked stays alive on purpose
// (gst/backend/exit_guard.h), and neither XRT nor a leak checker may make a failure of it. Runs
// with CK_FORK=no: the end of this very process, after the last test, is what is tested.
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

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
