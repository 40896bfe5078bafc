// SPDX-License-Identifier: LGPL-2.1-or-later
// Many streams on one device.
#include <thread>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr int kStreams = 8;
const std::string kProperties = "preset=whisper80 ";

CHECK_TEST(eight_streams_share_one_context) {
  const auto samples = check::audio(20 * kBatchSamples);
  const Result expected = run_stream("backend=software " + kProperties, samples);
  const emu::Counters before = Emulation::present() ? Emulation::counters() : emu::Counters{};
  std::vector<Result> results(kStreams);
  std::vector<std::thread> threads;
  for (Result& result : results)
    threads.emplace_back(
        [&] { result = run_stream("backend=npu " + kProperties + kernel_path("v2-80"), samples); });
  for (std::thread& thread : threads) thread.join();
  for (const Result& result : results) {
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
    fail_unless(result.active == "npu");
    ASSERT_EQUAL(result.npu_batches, 20);
    assert_same_stream(result, expected, 0.1, "one of eight");
  }
  if (!Emulation::present()) return;
  const emu::Counters after = Emulation::counters();
  ASSERT_EQUAL(after.violations, before.violations);
  // Streams may come and go: the first may have ended before the last began. Never two at a time.
  fail_unless(after.contexts_created - before.contexts_created <= kStreams);
  ASSERT_EQUAL(after.contexts_alive, before.contexts_alive);
}

CHECK_TEST(streams_that_live_together_have_one_context) {
  if (!Emulation::present()) return;
  const emu::Counters before = Emulation::counters();
  std::vector<std::unique_ptr<MelStream>> streams;
  for (int i = 0; i < kStreams; ++i) {
    streams.push_back(
        std::make_unique<MelStream>("backend=npu " + kProperties + kernel_path("v2-80")));
    ASSERT_EQUAL(streams.back()->push(check::audio(2 * kBatchSamples), 0), GST_FLOW_OK);
  }
  ASSERT_EQUAL(Emulation::counters().contexts_created - before.contexts_created, 1);
}

CHECK_TEST(exhausted_contexts_are_no_end_of_the_stream) {
  if (!Emulation::present()) return;
  const auto samples = check::audio(5 * kBatchSamples);
  const Result expected = run_stream("backend=software " + kProperties, samples);
  for (const char* refusal : {"CREATE_HWCTX#1+=EINVAL", "CREATE_HWCTX#1+=EBUSY"}) {
    Emulation::set_faults(refusal);
    const Result automatic =
        run_stream("backend=auto " + kProperties + kernel_path("v2-80"), samples);
    fail_unless(automatic.active == "software");
    assert_same_stream(automatic, expected, 0, refusal);
    Emulation::set_faults(refusal);
    const Result forced = run_stream("backend=npu " + kProperties + kernel_path("v2-80"), samples);
    fail_unless(forced.error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY), "%s: %s", refusal,
                forced.error.text.c_str());
  }
}

}  // namespace
