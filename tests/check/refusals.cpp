// SPDX-License-Identifier: LGPL-2.1-or-later
// What happens when somebody else says no: memory that cannot be mapped, a next element that takes
// no buffer.
#include "tests/check/audio.h"
#include "tests/check/closed_memory.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

using Samples = std::vector<int16_t>;

/// A next element that answers as told, once told.
class Downstream {
 public:
  explicit Downstream(MelStream& stream) : pad_(stream.harness()->sinkpad) {
    take_ = GST_PAD_CHAINFUNC(pad_);
    g_object_set_data(G_OBJECT(pad_), "downstream", this);
    gst_pad_set_chain_function(pad_, [](GstPad* pad, GstObject* parent, GstBuffer* buffer) {
      auto* self = static_cast<Downstream*>(g_object_get_data(G_OBJECT(pad), "downstream"));
      if (self->answer == GST_FLOW_OK) return self->take_(pad, parent, buffer);
      ++self->refused;
      gst_buffer_unref(buffer);
      return self->answer;
    });
  }

  GstFlowReturn answer = GST_FLOW_OK;
  int refused = 0;

 private:
  GstPad* pad_;
  GstPadChainFunction take_;
};

constexpr GstFlowReturn kRefusals[] = {GST_FLOW_FLUSHING, GST_FLOW_NOT_LINKED, GST_FLOW_EOS,
                                       GST_FLOW_ERROR};

/// What a stream that starts with SAMPLES at PTS gives.
void assert_starts_anew(MelStream& stream, const Samples& samples, GstClockTime pts) {
  MelStream fresh("frames=10");
  fresh.push(samples, pts);
  const auto expected = fresh.buffers(), received = stream.buffers();
  ASSERT_EQUAL(received.size(), expected.size());
  fail_unless(stream.rows() == fresh.rows());
  for (size_t i = 0; i < received.size(); ++i) {
    ASSERT_EQUAL(received[i]->pts, expected[i]->pts);
    ASSERT_EQUAL(received[i]->offset, expected[i]->offset);
    ASSERT_EQUAL(received[i]->has(GST_BUFFER_FLAG_DISCONT), i == 0);
  }
}

}  // namespace

CHECK_TEST(audio_that_cannot_be_read_is_an_error) {
  MelStream stream("frames=10");
  stream.push(audio(1600), 0);
  GstAllocator* allocator = make_closed_allocator();
  GstBuffer* buffer = gst_buffer_new_allocate(allocator, 3200, nullptr);
  GST_BUFFER_PTS(buffer) = time_of(1600);
  ASSERT_EQUAL(stream.push(buffer), GST_FLOW_ERROR);
  const PostedError error = stream.error();
  fail_unless(error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ), "%s", error.text.c_str());
  gst_object_unref(allocator);
}

CHECK_TEST(output_memory_that_cannot_be_written_is_an_error_that_names_it) {
  // Rows go straight into the buffer; by a detour, as buffers overlap.
  for (const char* properties : {"frames=100", "frames=10 stride=5"}) {
    MelStream stream = MelStream::idle(properties);
    GstAllocator* allocator = make_closed_allocator();
    offer_closed_memory(stream.harness(), allocator);
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    ASSERT_EQUAL(stream.push(audio(32000), 0), GST_FLOW_ERROR);
    const PostedError error = stream.error();
    fail_unless(error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE), "%s", error.text.c_str());
    fail_unless(error.says("ClosedMemory"), "%s", error.text.c_str());
    fail_unless(stream.buffers().empty());
    // No second error at the end, and no crash.
    stream.eos();
    gst_element_set_state(stream.element(), GST_STATE_NULL);
    gst_object_unref(allocator);
  }
}

CHECK_TEST(what_downstream_answers_is_what_upstream_hears) {
  for (const GstFlowReturn answer : kRefusals) {
    MelStream stream("frames=10");
    Downstream downstream(stream);
    stream.push(audio(1600), 0);
    downstream.answer = answer;
    ASSERT_EQUAL(stream.push(audio(16000), time_of(1600)), answer);
    // One question, one answer: what would follow is not tried.
    ASSERT_EQUAL(downstream.refused, 1);
    ASSERT_EQUAL(stream.error().code, -1);
  }
}

CHECK_TEST(an_answer_to_what_a_resync_sends_reaches_upstream) {
  for (const GstFlowReturn answer : kRefusals) {
    MelStream stream("frames=10 eos-mode=pad");
    Downstream downstream(stream);
    stream.push(audio(800), 0);
    downstream.answer = answer;
    // Held until the next buffer tells that the jump was real.
    ASSERT_EQUAL(stream.push(audio(800), 10 * GST_SECOND, GST_BUFFER_FLAG_DISCONT), GST_FLOW_OK);
    ASSERT_EQUAL(stream.push(audio(1600), 10 * GST_SECOND + time_of(800)), answer);
    ASSERT_EQUAL(downstream.refused, 1);
  }
}

CHECK_TEST(after_a_refusal_the_stream_starts_anew_at_the_next_buffer) {
  for (const GstFlowReturn answer : kRefusals) {
    MelStream stream("frames=10");
    Downstream downstream(stream);
    downstream.answer = answer;
    stream.push(audio(16000, 1), 0);
    downstream.answer = GST_FLOW_OK;
    stream.forget();
    const Samples next = audio(16000, 2);
    ASSERT_EQUAL(stream.push(next, GST_SECOND), GST_FLOW_OK);
    assert_starts_anew(stream, next, GST_SECOND);
  }
}

CHECK_TEST(silence_that_downstream_refused_does_not_shift_the_times_after_it) {
  // As a flagged buffer, as an event, and as an event after an event.
  for (const int way : {0, 1, 2}) {
    MelStream stream("frames=10 max-gap=2000000000");
    Downstream downstream(stream);
    stream.push(audio(1600), 0);
    downstream.answer = GST_FLOW_NOT_LINKED;
    if (way == 0)
      ASSERT_EQUAL(stream.push(Samples(32000), time_of(1600), GST_BUFFER_FLAG_GAP),
                   GST_FLOW_NOT_LINKED);
    else
      stream.event(gst_event_new_gap(time_of(1600), 2 * GST_SECOND));
    downstream.answer = GST_FLOW_OK;
    ASSERT_EQUAL(downstream.refused, 1);
    if (way == 2) stream.event(gst_event_new_gap(time_of(33600), GST_SECOND));
    stream.forget();
    const GstClockTime time = time_of(way == 2 ? 49600 : 33600);
    const Samples next = audio(16000, 2);
    ASSERT_EQUAL(stream.push(next, time), GST_FLOW_OK);
    assert_starts_anew(stream, next, time);
  }
}

CHECK_TEST(a_flush_after_a_refusal_leaves_nothing_behind) {
  MelStream stream("frames=10");
  Downstream downstream(stream);
  downstream.answer = GST_FLOW_FLUSHING;
  stream.push(audio(16000, 1), 0);
  downstream.answer = GST_FLOW_OK;
  fail_unless(stream.flush());
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  stream.segment(segment);
  stream.forget();
  const Samples next = audio(16000, 2);
  ASSERT_EQUAL(stream.push(next, 5 * GST_SECOND), GST_FLOW_OK);
  assert_starts_anew(stream, next, 5 * GST_SECOND);
}
