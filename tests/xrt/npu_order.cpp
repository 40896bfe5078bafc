// SPDX-License-Identifier: LGPL-2.1-or-later
// Frames that the NPU has not finished yet, and what may not overtake them.
#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

/// A batch and what completes it, pushed while the NPU takes long over its first run.
class SlowBatch {
 public:
  explicit SlowBatch(bool live)
      : stream_(
            MelStream::idle("backend=npu preset=whisper80 in-flight=3" + kernel_path("v2-80"))) {
    if (!live) not_live(stream_);
    stream_.set_caps("audio/x-raw,format=S16LE,rate=16000");
    Emulation::set_faults("RUN#1=slow:1500");
    ASSERT_EQUAL(stream_.push(check::audio(kBatchSamples + 400), 0), GST_FLOW_OK);
    wait_for_fault();
  }
  ~SlowBatch() { Emulation::set_faults(""); }
  SlowBatch(const SlowBatch&) = delete;
  SlowBatch& operator=(const SlowBatch&) = delete;

  MelStream* operator->() { return &stream_; }

 private:
  MelStream stream_;
};

GstEvent* mark(GstEventType type) {
  return gst_event_new_custom(type, gst_structure_new_empty("mark"));
}

CHECK_TEST(a_serialized_event_waits_for_the_frames_in_flight) {
  SlowBatch stream(false);
  ASSERT_EQUAL(stream->buffers().size(), 0);
  fail_unless(stream->event(mark(GST_EVENT_CUSTOM_DOWNSTREAM)));
  ASSERT_EQUAL(stream->buffers().size(), 1);
  fail_unless(stream->items().back().is(GST_EVENT_CUSTOM_DOWNSTREAM));
}

CHECK_TEST(an_event_out_of_band_does_not) {
  SlowBatch stream(false);
  fail_unless(stream->event(mark(GST_EVENT_CUSTOM_DOWNSTREAM_OOB)));
  ASSERT_EQUAL(stream->buffers().size(), 0);
  fail_unless(stream->eos());
  ASSERT_EQUAL(stream->buffers().size(), 2);
}

CHECK_TEST(a_drain_query_waits_for_the_frames_in_flight) {
  SlowBatch stream(false);
  ASSERT_EQUAL(stream->buffers().size(), 0);
  const check::Owned<GstQuery> query(gst_query_new_drain());
  fail_unless(gst_pad_peer_query(stream->harness()->srcpad, query.get()));
  ASSERT_EQUAL(stream->buffers().size(), 2);  // the rest of the audio was drained, too
}

CHECK_TEST(a_live_stream_leaves_nothing_in_flight_whatever_the_property_says) {
  SlowBatch stream(true);
  ASSERT_EQUAL(stream->buffers().size(), 1);
}

}  // namespace
