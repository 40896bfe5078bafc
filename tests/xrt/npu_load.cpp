// SPDX-License-Identifier: LGPL-2.1-or-later
// Many streams on a slow NPU: nothing blocks on the driver's few commands, a queue is no failure,
// and what the NPU cannot do in time software does.
#include <cstdio>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

struct Streams {
  std::vector<Result> results;
  guint64 submissions = 0;  ///< of the streaming threads
};

Streams run_together(int count, const std::string& properties,
                     const std::vector<int16_t>& samples) {
  Streams streams;
  streams.results.resize(static_cast<size_t>(count));
  std::atomic<guint64> submissions{0};
  std::vector<std::thread> threads;
  for (Result& result : streams.results)
    threads.emplace_back([&] {
      result = run_stream("preset=whisper80 " + properties + kernel_path("v2-80"), samples);
      submissions += Emulation::thread_submissions();
    });
  for (std::thread& thread : threads) thread.join();
  streams.submissions = submissions;
  return streams;
}

CHECK_TEST(no_streaming_thread_makes_the_call_that_can_block) {
  const auto samples = check::audio(6 * kBatchSamples);
  const Result expected = run_stream("backend=software preset=whisper80", samples);
  const Streams streams = run_together(8, "backend=npu", samples);
  for (const Result& result : streams.results) {
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
    assert_same_stream(result, expected, 0.1, "one of eight");
  }
  ASSERT_EQUAL(streams.submissions, 0);
}

CHECK_TEST(the_driver_is_given_no_command_that_it_would_block) {
  Emulation::set_faults("RUN#1+=slow:5");
  const Streams streams = run_together(16, "backend=npu in-flight=4 npu-timeout=60000",
                                       check::audio(4 * kBatchSamples));
  for (const Result& result : streams.results)
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  const emu::Counters now = Emulation::counters();
  ASSERT_EQUAL(now.calls_blocked, 0);
  fail_unless(now.most_commands <= 3, "%lu", static_cast<unsigned long>(now.most_commands));
}

// Each run takes a twentieth of npu-timeout, the queue of all streams more than all of it.
CHECK_TEST(a_queue_of_healthy_runs_is_no_failure) {
  const auto samples = check::audio(3 * kBatchSamples);
  const Result expected = run_stream("backend=software preset=whisper80", samples);
  Emulation::set_faults("RUN#1+=slow:20");
  const Streams streams = run_together(32, "backend=auto npu-timeout=400", samples);
  guint64 by_npu = 0;
  for (const Result& result : streams.results) {
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
    fail_unless(result.suspect_batches.empty(), "a healthy NPU is called failed: %s",
                result.reason.c_str());
    ASSERT_EQUAL(result.fallbacks, 0);
    assert_same_stream(result, expected, 0.1, "one of 32");
    by_npu += result.npu_batches;
  }
  std::printf("32 streams, 20 ms a batch: %lu of 96 batches by the NPU\n",
              static_cast<unsigned long>(by_npu));
  fail_unless(by_npu > 0);
}

}  // namespace
