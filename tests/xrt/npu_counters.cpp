// SPDX-License-Identifier: LGPL-2.1-or-later
// What a stream costs at the driver's boundary.
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr guint64 kBatches = 60;

/// Batches whose samples the device has been given. The driver library syncs each data buffer once
/// when it makes it.
guint64 loaded(const emu::Counters& now, const emu::Counters& opened) {
  return (now.syncs_to_device + now.syncs_of_poison - now.data_buffers_created -
          opened.syncs_to_device - opened.syncs_of_poison + opened.data_buffers_created) /
         2;
}

/// Pushes 60 s, a chunk a buffer, counts what the driver sees of it, and says whether there were
/// lists.
template <typename T>
bool assert_cost(const char* package, const std::vector<T>& samples, const Feed& feed) {
  MelStream stream = MelStream::idle(
      "backend=npu preset=whisper80 verify-interval=8 processing-latency=20000000000" +
      kernel_path(package));
  if (!feed.live) not_live(stream);
  stream.set_caps(feed.caps);
  const emu::Counters opened = Emulation::counters();
  fail_unless(opened.buffers_alive > 0, "buffers are made before the first sample");
  // After half of the stream every buffer has been used: which ones only the device writes is known
  // then, and whose sync is the poison's.
  emu::Counters settled{};
  guint64 before = 0;
  for (size_t at = 0; at < samples.size(); at += feed.chunk) {
    const size_t count = std::min(feed.chunk, samples.size() - at);
    const GstFlowReturn flow =
        stream.push(std::span(samples).subspan(at, count), check::time_of(at));
    fail_unless(flow == GST_FLOW_OK, "%s: %s", gst_flow_get_name(flow),
                summary(stream).error.text.c_str());
    if (at != 30 * kBatchSamples) continue;
    settled = Emulation::counters();
    before = loaded(settled, opened);
  }
  stream.eos();
  const emu::Counters ended = Emulation::counters();
  // Lists, and their buffers, are made in the background once it shows that they pay. Slots take
  // turns: too late for each to have had its own by the middle of the stream?
  const guint64 slots = (settled.data_buffers_created - opened.data_buffers_created) / 2;
  const guint64 in_lists = settled.chained_runs - opened.chained_runs;
  if (!feed.live && (slots == 0 || in_lists < slots)) return false;
  const guint64 total = stream.stat("npu-batches");
  const guint64 batches = total - before;
  fail_unless(total >= kBatches, "only %d batches ran on the NPU", static_cast<int>(total));
  ASSERT_EQUAL(stream.stat("software-batches"), 0);
  ASSERT_EQUAL(ended.runs - opened.runs, total);
  ASSERT_EQUAL(ended.syncs_to_device - settled.syncs_to_device, batches);
  ASSERT_EQUAL(ended.syncs_of_poison - settled.syncs_of_poison, batches);
  ASSERT_EQUAL(ended.syncs_from_device - opened.syncs_from_device, total);
  // Rows of float are sent in the memory that they were written to: one more is made then.
  const guint64 spare = stream.stat("npu-direct-batches") > 0 ? 1 : 0;
  ASSERT_EQUAL(ended.buffers_created,
               feed.live ? opened.buffers_created + spare : settled.buffers_created);
  ASSERT_EQUAL(ended.contexts_created, opened.contexts_created);
  ASSERT_EQUAL(ended.violations, 0);
  return ended.chains > opened.chains;
}

/// The same of lists. How long they are follows from how fast the NPU seems to be, and on a machine
/// that does much else, or with a sanitizer, it may seem too slow for any.
template <typename T>
void assert_cost_in_lists(const char* package, const std::vector<T>& samples, const Feed& feed) {
  bool listed = false;
  for (int attempt = 0; attempt < 50 && !listed; ++attempt)
    listed = assert_cost(package, samples, feed);
  fail_unless(listed, "no lists");
}

constexpr const char* kFloat = "audio/x-raw,format=F32LE,rate=16000";

CHECK_TEST(a_batch_is_one_run_and_two_data_syncs) {
  const auto samples = check::audio(kBatchSamples * kBatches + 400);
  for (const char* package : {"v2-80", "v1-80", "v3-80"}) {
    fail_if(assert_cost(package, samples, {}), "a live stream was gathered");
    fail_if(assert_cost(package, check::as_float(samples), {.caps = kFloat}));
  }
}

CHECK_TEST(a_batch_of_a_list_is_one_run_and_two_data_syncs) {
  const auto samples = check::audio(kBatchSamples * kBatches + 400);
  for (const char* package : {"v2-80", "v1-80", "v3-80"}) {
    assert_cost_in_lists(package, samples, {.live = false, .chunk = 10 * kBatchSamples});
    assert_cost_in_lists(package, check::as_float(samples),
                         {.caps = kFloat, .live = false, .chunk = 10 * kBatchSamples});
  }
}

/// Waits until only `descriptors` are left and no buffer: a context's own thread closes what it had
/// after the driver has counted the context as gone.
void wait_for_nothing_open(size_t descriptors) {
  wait_for_contexts(0);
  wait_for([] { return Emulation::counters().buffers_alive; }, 0);
  wait_for(open_descriptors, descriptors);
}

CHECK_TEST(nothing_is_left_open) {
  const auto samples = check::audio(3 * kBatchSamples);
  const std::string properties = "backend=npu preset=whisper80" + kernel_path("v2-80");
  const size_t with_device = open_descriptors() + 1;  // XRT opens a device once for the process
  for (int i = 0; i < 10; ++i) {
    const Result result = run_stream(properties, samples);
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
    if (i == 0) wait_for_nothing_open(with_device);
  }
  wait_for_nothing_open(with_device);
}

}  // namespace
