// What a stream costs at the driver's boundary.
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

constexpr guint64 kBatches = 60;

CHECK_TEST(a_batch_is_one_run_and_two_data_syncs) {
  const auto samples = check::audio(kBatchSamples * kBatches + 400);
  MelStream stream("backend=npu preset=whisper80 verify-interval=8" + kernel_path("v2-80"));
  const emu::Counters opened = Emulation::counters();
  fail_unless(opened.buffers_alive > 0, "buffers are made before the first sample");
  // After some batches every buffer has been used: which ones only the device writes is known then.
  emu::Counters settled{};
  guint64 before = 0;
  for (size_t at = 0; at < samples.size(); at += kBatchSamples) {
    const size_t count = std::min(kBatchSamples, samples.size() - at);
    ASSERT_EQUAL(stream.push(std::span(samples).subspan(at, count), check::time_of(at)),
                 GST_FLOW_OK);
    if (at != 10 * kBatchSamples) continue;
    settled = Emulation::counters();
    before = stream.stat("npu-batches");
  }
  stream.eos();
  const emu::Counters ended = Emulation::counters();
  const guint64 total = stream.stat("npu-batches");
  const guint64 batches = total - before;
  fail_unless(total >= kBatches, "only %d batches ran on the NPU", static_cast<int>(total));
  ASSERT_EQUAL(stream.stat("software-batches"), 0);
  ASSERT_EQUAL(ended.runs - opened.runs, total);
  ASSERT_EQUAL(ended.syncs_to_device - settled.syncs_to_device, batches);
  ASSERT_EQUAL(ended.syncs_from_device - settled.syncs_from_device, batches);
  fail_unless(ended.syncs_of_poison - settled.syncs_of_poison <= batches);
  ASSERT_EQUAL(ended.buffers_created, opened.buffers_created);
  ASSERT_EQUAL(ended.contexts_created, opened.contexts_created);
  ASSERT_EQUAL(ended.violations, 0);
}

CHECK_TEST(nothing_is_left_open) {
  const auto samples = check::audio(3 * kBatchSamples);
  const std::string properties = "backend=npu preset=whisper80" + kernel_path("v2-80");
  run_stream(properties, samples);  // what XRT opens once for the process
  const size_t descriptors = open_descriptors();
  const emu::Counters before = Emulation::counters();
  for (int i = 0; i < 10; ++i) {
    const Result result = run_stream(properties, samples);
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  }
  const emu::Counters after = Emulation::counters();
  ASSERT_EQUAL(open_descriptors(), descriptors);
  ASSERT_EQUAL(after.buffers_alive, before.buffers_alive);
  ASSERT_EQUAL(after.contexts_alive, before.contexts_alive);
}

}  // namespace
