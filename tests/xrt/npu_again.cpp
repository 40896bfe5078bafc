// SPDX-License-Identifier: LGPL-2.1-or-later
// An NPU that was away, busy or stuck and is back: the stream returns to it, however long it took,
// and what the messages say will happen next is what stats say and what happens.
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(20);

/// A stream with two batches to repeat, and its messages.
class Stream {
 public:
  explicit Stream(const std::string& properties)
      : stream_(
            "preset=whisper80 backend=auto retry-interval=200000000 npu-timeout=300 "
            "processing-latency=390000000 " +  // what a busy machine may take to open the NPU
            properties +
            kernel_path("v2-80")) {}

  void push() {
    const auto samples =
        std::span<const int16_t>(period_).subspan(pushed_ % 2 * kBatchSamples, kBatchSamples);
    ASSERT_EQUAL(stream_.push(samples, check::time_of(pushed_ * kBatchSamples)), GST_FLOW_OK);
    ++pushed_;
  }
  /// Outages take time: batches come at a pace that leaves the streams short.
  static void wait_a_little() {
    const auto next = Clock::now() + std::chrono::milliseconds(10);
    while (Clock::now() < next) std::this_thread::yield();
  }
  std::string active() {
    gchar* active = nullptr;
    g_object_get(stream_.element(), "active-backend", &active, nullptr);
    return check::Owned<gchar>(active).get();
  }
  /// Pushes until that one computes. Returns ms, or fails after a long time.
  int push_until(const std::string& backend) {
    const auto begun = Clock::now();
    while (active() != backend) {
      fail_unless(Clock::now() - begun < kPatience, "%s does not come (stats: %s)", backend.c_str(),
                  reason().c_str());
      push();
      wait_a_little();
    }
    return static_cast<int>(
        std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count());
  }
  std::string reason() const {
    const auto stats = stream_.stats();
    const char* reason = gst_structure_get_string(stats.get(), "npu-reason");
    return reason ? reason : "";
  }
  /// The stream ends; every row is there and right.
  void assert_complete() {
    fail_unless(stream_.eos());
    std::vector<int16_t> samples;
    while (samples.size() < pushed_ * kBatchSamples)
      samples.insert(samples.end(), period_.begin(), period_.end());
    samples.resize(pushed_ * kBatchSamples);
    const Result expected = run_stream("backend=software preset=whisper80", samples);
    Result result;
    result.rows = stream_.rows();
    for (const check::Received* buffer : stream_.buffers()) result.times.push_back(buffer->pts);
    assert_same_stream(result, expected, 0.1, "all of it");
  }
  MelStream& mel() { return stream_; }

 private:
  MelStream stream_;
  std::vector<int16_t> period_ = check::audio(2 * kBatchSamples);
  size_t pushed_ = 0;
};

/// The fault ends the NPU's work; when it is over, so is the time without the NPU.
void leave_and_return(const std::string& fault, const char* what) {
  Stream stream("");
  stream.push();
  fail_unless(stream.active() == "npu");
  Emulation::set_faults(fault);
  stream.push_until("software");
  const std::string said = stream.reason();
  fail_unless(said.find("tried again") != std::string::npos &&
                  said.find("not be tried again") == std::string::npos,
              "%s: stats say: %s", what, said.c_str());
  std::printf("%s: back on the NPU after %d ms (retry-interval 200 ms)\n", what,
              stream.push_until("npu"));
  stream.push();
  stream.assert_complete();
}

// The tries at 200 ms, 600 ms and 1.4 s are within the outage.
CHECK_TEST(after_an_outage_of_many_retry_intervals_the_npu_is_back) {
  leave_and_return("RUN#2=outage:2000", "an outage of 2 s");
}

CHECK_TEST(after_a_run_that_the_driver_gave_up_the_npu_is_back) {
  leave_and_return("RUN#2=hang:1000", "a stuck run, recovered after 1 s");
}

CHECK_TEST(after_aborted_runs_the_npu_is_back) {
  leave_and_return("RUN#2=abort,RUN#3=abort,RUN#4=abort,RUN#5=abort", "four aborted runs");
}

CHECK_TEST(contexts_that_come_free_are_taken_though_there_were_none_at_the_start) {
  Emulation::set_faults("CREATE_HWCTX#1+=EBUSY");
  Stream stream("");
  fail_unless(stream.active() == "software");
  fail_unless(stream.reason().find("tried again") != std::string::npos, "stats say: %s",
              stream.reason().c_str());
  stream.push();
  Emulation::set_faults("");
  std::printf("busy at the start: on the NPU after %d ms\n", stream.push_until("npu"));
  stream.assert_complete();
}

CHECK_TEST(a_known_answer_test_that_hung_at_the_start_is_tried_again) {
  Emulation::set_faults("RUN#1=hang:1000");
  Stream stream("");
  std::printf("stuck at the start: on the NPU after %d ms\n", stream.push_until("npu"));
  stream.assert_complete();
}

CHECK_TEST(waits_that_end_early_are_no_failure) {
  for (const char* way : {"EINTR", "early"}) {
    Stream stream("");
    // Each run takes a while, so that there is something to wait for.
    Emulation::set_faults(std::string("RUN#1+=slow:20,WAIT#1+=") + way);
    for (int i = 0; i < 8; ++i) stream.push();
    const guint64 early = Emulation::counters().faults - 8;
    Emulation::set_faults("");
    fail_unless(early > 0, "%s: no wait was ended early", way);
    fail_unless(stream.active() == "npu", "%s: %s", way, stream.reason().c_str());
    ASSERT_EQUAL(stream.mel().stat("fallbacks"), 0);
    stream.assert_complete();
  }
}

CHECK_TEST(wrong_numbers_three_times_retire_the_npu_and_the_message_says_so) {
  Stream stream("");
  stream.push();
  for (int i = 0; i < 3; ++i) {
    Emulation::set_faults("RUN#1=zero");
    stream.push_until("software");
    if (i < 2) {
      Emulation::set_faults("");
      stream.push_until("npu");
    }
  }
  fail_unless(stream.reason().find("not be tried again") != std::string::npos, "stats say: %s",
              stream.reason().c_str());
  Emulation::set_faults("");
  const auto limit = Clock::now() + std::chrono::seconds(2);
  while (Clock::now() < limit) {
    stream.push();
    Stream::wait_a_little();
    fail_unless(stream.active() == "software");
  }
  stream.assert_complete();
}

}  // namespace
