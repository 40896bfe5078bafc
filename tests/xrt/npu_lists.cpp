// SPDX-License-Identifier: LGPL-2.1-or-later
// Several batches in one submission (xrt::runlist, for the driver a chain of commands): the rows,
// the cost, and what happens when one run of a chain goes wrong.
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr size_t kBatches = 24;
const std::string kNpu = "backend=npu preset=whisper80 " + kernel_path("v2-80") + " ";

Feed file(size_t batches_at_once) { return {.live = false, .chunk = batches_at_once * 16000}; }

const std::vector<int16_t>& samples() {
  static const auto signal = check::audio(kBatches * kBatchSamples);
  return signal;
}

const Result& expected() {
  static const Result result =
      run_stream("backend=software preset=whisper80", samples(), file(kBatches));
  return result;
}

/// Streams until one has what the test is about; every other one has to be healthy. Runs look slow
/// while the machine is busy with something else, and slow runs are handed over singly; and a chain
/// that the stream before has left on the device may take the fault that is meant for this one.
template <typename Shows>
Result run_until(Shows shows, const std::string& properties, Feed feed,
                 const std::string& fault = "") {
  Result result;
  for (int attempt = 0; attempt < 50; ++attempt) {
    Emulation::set_faults(fault);
    result = run_stream(properties, samples(), feed);
    if (shows(result)) break;
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
    ASSERT_EQUAL(result.npu_batches, kBatches);
    if (result.times.size() == expected().times.size())
      assert_same_stream(result, expected(), 0.1, "healthy, " + fault);
  }
  return result;
}

CHECK_TEST(lists_change_no_number) {
  const Result single = run_stream(kNpu, samples(), file(1));
  ASSERT_EQUAL(single.npu_batches, kBatches);
  for (const size_t at_once : {size_t{7}, kBatches}) {
    const emu::Counters before = Emulation::counters();
    const auto listed = [&](const Result&) { return Emulation::counters().chains > before.chains; };
    const Result result = run_until(listed, kNpu, file(at_once));
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
    ASSERT_EQUAL(result.npu_batches, kBatches);
    fail_unless(result.rows == single.rows, "%zu batches at once give other rows", at_once);
    fail_unless(result.times == single.times);
    fail_unless(listed(result), "nothing was handed over in lists");
  }
  fail_unless(Emulation::counters().violations == 0);
}

// XRT forgets a list whose wait has ended early, and says then that it is done.
CHECK_TEST(waits_for_lists_that_end_early_are_no_failure) {
  for (const char* fault :
       {"RUN#1+=slow:2,WAIT#1+=early", "RUN#1+=slow:2,WAIT#1+=EINTR", "RUN#12=slow:100"}) {
    const emu::Counters before = Emulation::counters();
    const auto listed = [&](const Result&) {
      return Emulation::counters().chains > before.chains + 1;
    };
    const Result result = run_until(listed, kNpu, file(kBatches), fault);
    fail_unless(result.error.code < 0, "%s: %s", fault, result.error.text.c_str());
    ASSERT_EQUAL(result.npu_batches, kBatches);
    assert_same_stream(result, expected(), 0.1, fault);
    fail_unless(listed(result), "%s: nothing was handed over in lists", fault);
  }
}

CHECK_TEST(long_buffers_are_computed_in_lists_however_short_the_input) {
  std::vector<float> rows;
  for (const char* frames : {"frames=100", "frames=400", "frames=3000", "frames=0"}) {
    const bool waits = std::string(frames) != "frames=100";
    const emu::Counters before = Emulation::counters();
    const auto listed = [&](const Result&) { return Emulation::counters().chains > before.chains; };
    const Result result = run_until([&](const Result& r) { return listed(r) || !waits; },
                                    kNpu + frames + " eos-mode=short", file(1));
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
    if (rows.empty()) rows = result.rows;
    fail_unless(result.rows == rows, "%s gives other rows", frames);
    fail_unless(listed(result) == waits, "%s: %s", frames, waits ? "no lists" : "lists");
  }
}

CHECK_TEST(live_streams_wait_for_nothing) {
  const emu::Counters before = Emulation::counters();
  const Result result =
      run_stream(kNpu, samples(), {.live = true, .chunk = kBatches * kBatchSamples});
  ASSERT_EQUAL(result.npu_batches, kBatches);
  ASSERT_EQUAL(Emulation::counters().chains, before.chains);
}

CHECK_TEST(a_flush_does_not_wait_for_lists_and_the_stream_goes_on) {
  MelStream stream = MelStream::idle(kNpu + "frames=0 npu-timeout=60000");
  not_live(stream);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  Emulation::set_faults("RUN#1=slow:2000");
  const emu::Counters before = Emulation::counters();
  const auto first = std::span(samples()).first(2 * kBatchSamples);
  ASSERT_EQUAL(stream.push(first, 0), GST_FLOW_OK);
  fail_unless(stream.flush());
  ASSERT_EQUAL(Emulation::counters().runs, before.runs);  // none has ended: nobody waited
  Emulation::set_faults("");
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  fail_unless(stream.segment(segment));
  stream.forget();
  ASSERT_EQUAL(stream.push(samples(), 0), GST_FLOW_OK);
  fail_unless(stream.eos());
  Result result;
  result.rows = stream.rows();
  result.times = {0};
  Result whole = expected();
  whole.times = {0};
  assert_same_stream(result, whole, 0.1, "after the flush");
}

void assert_fault(const std::string& fault, const std::string& more, bool forced_too = true) {
  // Never opened again: what stays on the device for ever keeps its context.
  const OwnPackage package("v2-80");
  const std::string properties =
      "preset=whisper80 retry-interval=3600000000000 " + package.kernel_path() + " " + more;
  const auto told = [](const Result& result) { return !result.suspect_batches.empty(); };
  const Result automatic = run_until(told, "backend=auto " + properties, file(kBatches), fault);
  fail_unless(automatic.error.code < 0, "%s: %s", fault.c_str(), automatic.error.text.c_str());
  assert_same_stream(automatic, expected(), 0.1, fault);
  fail_unless(automatic.suspect_batches.size() == 1, "%s: %zu messages", fault.c_str(),
              automatic.suspect_batches.size());
  ASSERT_EQUAL(automatic.warnings, 1);

  if (!forced_too) return;
  const auto ended = [](const Result& result) { return result.error.code >= 0; };
  const Result forced = run_until(ended, "backend=npu " + properties, file(kBatches), fault);
  fail_unless(forced.error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED), "%s: %d %s",
              fault.c_str(), forced.error.code, forced.error.text.c_str());
  Emulation::set_faults("");
}

void assert_anywhere_in_a_chain(const std::string& what, const std::string& more = "") {
  for (const char* site : {"CHAIN_FIRST", "CHAIN_MIDDLE", "CHAIN_LAST"})
    assert_fault(std::string(site) + "#1=" + what, more, site == std::string("CHAIN_MIDDLE"));
}

CHECK_TEST(runs_of_a_chain_end_badly) {
  for (const char* state : {"abort", "error", "timeout"}) assert_anywhere_in_a_chain(state);
}

CHECK_TEST(a_chain_hangs) { assert_anywhere_in_a_chain("hang", "npu-timeout=300"); }
CHECK_TEST(a_chain_never_ends) { assert_anywhere_in_a_chain("stuck", "npu-timeout=300"); }
CHECK_TEST(the_device_goes_away_during_a_chain) {
  assert_anywhere_in_a_chain("lost", "npu-timeout=500");
}

CHECK_TEST(wrong_numbers_of_one_run_of_a_chain_are_not_believed) {
  for (const char* what : {"zero", "row0", "stale", "garbage", "shift", "unwritten"})
    assert_anywhere_in_a_chain(what);
}

CHECK_TEST(a_chain_that_is_refused_has_ended) {
  const emu::Counters before = Emulation::counters();
  // The first call is the known-answer test's; by the eighth, batches may go in chains.
  for (int i = 0; i < 8; ++i) assert_fault(i % 2 == 0 ? "EXEC_CMD#2=EIO" : "EXEC_CMD#8=ENOMEM", "");
  ASSERT_EQUAL(run_stream(kNpu, samples(), file(kBatches)).npu_batches, kBatches);
  wait_for_contexts(before.contexts_alive);
}

}  // namespace
