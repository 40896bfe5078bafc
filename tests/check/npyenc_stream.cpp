// SPDX-License-Identifier: LGPL-2.1-or-later
// npyenc: what it refuses and how it says so, and how it treats the stream around the received.
#include "tests/check/npyenc_support.h"

using namespace npumel::check;
using Shape = std::vector<uint64_t>;

CHECK_TEST(stack_refuses_a_short_last_buffer_and_names_the_remedy) {
  NpyWriter writer("stack");
  writer.caps({});
  writer.push(counting(15));
  writer.caps({.frames = 2, .stride = 3});
  ASSERT_EQUAL(writer.push(counting(10)), GST_FLOW_ERROR);
  const PostedError error = writer.error();
  fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
  fail_unless(error.says("eos-mode=pad"), "%s", error.text.c_str());
}

CHECK_TEST(concat_refuses_overlapping_buffers_before_it_writes_any) {
  NpyWriter writer;
  writer.caps({.stride = 2});
  const PostedError error = writer.error();
  fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
  fail_unless(error.says("mode=stack"), "%s", error.text.c_str());
  fail_unless(writer.push(counting(15)) < GST_FLOW_OK);
  writer.eos();
  fail_unless(read_file(writer.path()).empty());
}

CHECK_TEST(concat_refuses_a_second_mel_major_buffer) {
  NpyWriter writer;
  writer.caps({.layout = "mel-major"});
  ASSERT_EQUAL(writer.push(counting(15)), GST_FLOW_OK);
  ASSERT_EQUAL(writer.push(counting(15)), GST_FLOW_ERROR);
  const PostedError error = writer.error();
  fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
  fail_unless(error.says("layout=frame-major") && error.says("mode=stack"));
}

CHECK_TEST(a_change_of_the_features_is_refused) {
  const MelCaps others[] = {{.mels = 6}, {.layout = "mel-major"}, {.format = "F16LE"}};
  for (const MelCaps& other : others) {
    NpyWriter writer;
    writer.caps({});
    ASSERT_EQUAL(writer.push(counting(15)), GST_FLOW_OK);
    writer.caps(other);
    const PostedError error = writer.error();
    fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
    fail_unless(error.says("changed"), "%s", error.text.c_str());
    fail_unless(writer.push(counting(30)) < GST_FLOW_OK);
    // What was written stays marked as unfinished.
    writer.eos();
    fail_unless(writer.is_unfinished());
  }
}

CHECK_TEST(a_buffer_of_broken_frames_is_refused) {
  NpyWriter writer;
  writer.caps({});
  ASSERT_EQUAL(writer.push(counting(14)), GST_FLOW_ERROR);
  fail_unless(writer.error().is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
}

CHECK_TEST(eos_before_caps_is_an_error) {
  NpyWriter writer;
  writer.eos();
  fail_unless(writer.error().is(GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE));
}

CHECK_TEST(a_downstream_that_cannot_seek_is_an_error_before_data_flows) {
  const Harness harness(gst_harness_new("npyenc"));
  BusWatch bus(harness);
  gst_harness_set_src_caps(harness.get(), MelCaps().make());
  ASSERT_EQUAL(gst_harness_push(harness.get(), buffer_of(counting(15))), GST_FLOW_ERROR);
  const PostedError error = posted(bus);
  fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_ENCODE));
  fail_unless(error.says("cannot seek"), "%s", error.text.c_str());
  ASSERT_EQUAL(gst_harness_buffers_received(harness.get()), 0);
}

CHECK_TEST(a_full_disk_stops_the_stream) {
  NpyWriter writer("concat", "/dev/full");
  writer.caps({});
  ASSERT_EQUAL(writer.push(counting(15)), GST_FLOW_ERROR);
  fail_unless(writer.error().is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT));
}

CHECK_TEST(a_failure_while_the_header_is_completed_is_an_error_unless_downstream_flushes) {
  for (const GstFlowReturn answer : {GST_FLOW_ERROR, GST_FLOW_FLUSHING}) {
    const Harness harness(gst_harness_new("npyenc"));
    BusWatch bus(harness);
    gst_pad_set_query_function(harness->sinkpad, SeekableSink::query);
    gst_harness_set_src_caps(harness.get(), MelCaps().make());
    ASSERT_EQUAL(gst_harness_push(harness.get(), buffer_of(counting(15))), GST_FLOW_OK);
    const Refusing refusing(harness->sinkpad, answer);
    gst_harness_push_event(harness.get(), gst_event_new_eos());
    const PostedError error = posted(bus);
    if (answer == GST_FLOW_FLUSHING) {
      ASSERT_EQUAL(error.code, -1);
      continue;
    }
    fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_ENCODE));
    fail_unless(error.says("header could not be completed"), "%s", error.text.c_str());
  }
}

CHECK_TEST(a_header_that_downstream_did_not_take_comes_again) {
  const Harness harness(gst_harness_new("npyenc"));
  gst_pad_set_query_function(harness->sinkpad, SeekableSink::query);
  gst_harness_set_src_caps(harness.get(), MelCaps().make());
  {
    const Refusing refusing(harness->sinkpad, GST_FLOW_FLUSHING);
    ASSERT_EQUAL(gst_harness_push(harness.get(), buffer_of(counting(15))), GST_FLOW_FLUSHING);
  }
  const SeekableSink sink(harness);
  ASSERT_EQUAL(gst_harness_push(harness.get(), buffer_of(counting(15))), GST_FLOW_OK);
  fail_unless(sink.start.substr(1, 5) == "NUMPY", "the file begins with %s", sink.start.c_str());
  ASSERT_EQUAL(sink.end, 128 + 60);
}

CHECK_TEST(each_buffer_has_the_offset_at_which_it_lies_in_the_file) {
  for (const char* mode : {"npyenc mode=concat", "npyenc mode=stack"}) {
    const Harness harness(gst_harness_new_parse(mode));
    const SeekableSink sink(harness);  // which compares them
    gst_harness_set_src_caps(harness.get(), MelCaps().make());
    for (int i = 0; i < 3; ++i)
      ASSERT_EQUAL(gst_harness_push(harness.get(), buffer_of(counting(15))), GST_FLOW_OK);
    ASSERT_EQUAL(sink.end, 128 + 3 * 60);
  }
}

CHECK_TEST(neither_the_mode_nor_the_rate_of_buffers_matters_once_a_file_has_begun) {
  NpyWriter writer;
  writer.caps({});
  writer.push(counting(15));
  const Owned<GstElement> encoder(gst_bin_get_by_name(GST_BIN(writer.element()), "encoder"));
  gst_util_set_object_arg(G_OBJECT(encoder.get()), "mode", "stack");
  writer.caps({.frames = 2, .stride = 2});
  ASSERT_EQUAL(writer.push(counting(10, 15)), GST_FLOW_OK);
  writer.eos();
  ASSERT_EQUAL(writer.error().code, -1);
  fail_unless(writer.file().shape == Shape({5, 5}));
  fail_unless(writer.file().values<float>() == counting(25));
}

LONG_CHECK_TEST(offsets_and_shape_count_beyond_4_gigabytes) {
  const Harness harness(gst_harness_new("npyenc"));
  SeekableSink sink(harness);
  constexpr int kMels = 512, kFrames = 1 << 17, kBuffers = 20;  // 256 MiB each
  gst_harness_set_src_caps(harness.get(),
                           MelCaps{.mels = kMels, .frames = kFrames, .stride = kFrames}.make());
  const Buffer large(gst_buffer_new_allocate(nullptr, gsize{kMels} * kFrames * 4, nullptr));
  for (int i = 0; i < kBuffers; ++i)
    fail_unless(gst_harness_push(harness.get(), gst_buffer_ref(large.get())) == GST_FLOW_OK);
  gst_harness_push_event(harness.get(), gst_event_new_eos());
  fail_unless(parse_npy(sink.start).shape == Shape({uint64_t{kFrames} * kBuffers, kMels}));
  ASSERT_EQUAL(sink.end, 128 + uint64_t{kMels} * kFrames * 4 * kBuffers);
}

CHECK_TEST(rows_are_passed_on_without_a_copy) {
  const Harness harness(gst_harness_new("npyenc"));
  SeekableSink sink(harness);
  gst_harness_set_src_caps(harness.get(), MelCaps().make());
  const Buffer rows(buffer_of(counting(15)));
  GST_BUFFER_PTS(rows.get()) = 5 * GST_SECOND;
  gst_harness_push(harness.get(), gst_buffer_ref(rows.get()));
  fail_unless(sink.last_memory == gst_buffer_peek_memory(rows.get(), 0));
}

CHECK_TEST(gaps_and_new_segments_do_not_reach_the_file) {
  const Harness harness(gst_harness_new("npyenc"));
  SeekableSink sink(harness);
  gst_harness_set_src_caps(harness.get(), MelCaps().make());
  gst_harness_push(harness.get(), buffer_of(counting(15)));
  gst_harness_push_event(harness.get(), gst_event_new_gap(0, GST_SECOND));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = 7 * GST_SECOND;
  gst_harness_push_event(harness.get(), gst_event_new_segment(&segment));
  gst_harness_push(harness.get(), buffer_of(counting(15)));
  ASSERT_EQUAL(sink.end, 128 + 2 * 60);
}

CHECK_TEST(a_flush_starts_the_file_again) {
  NpyWriter writer;
  writer.caps({});
  writer.push(counting(15));
  writer.push(counting(15, 15));
  writer.event(gst_event_new_flush_start());
  writer.event(gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  writer.event(gst_event_new_segment(&segment));
  ASSERT_EQUAL(writer.push(counting(15, 100)), GST_FLOW_OK);
  writer.eos();
  fail_unless(writer.file().shape == Shape({3, 5}));
  fail_unless(writer.file().values<float>() == counting(15, 100));
}

CHECK_TEST(a_restarted_element_writes_another_file) {
  NpyWriter writer;
  writer.caps({});
  writer.push(counting(15));
  writer.eos();
  gst_element_set_state(writer.element(), GST_STATE_NULL);
  gst_element_set_state(writer.element(), GST_STATE_PLAYING);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  writer.event(gst_event_new_stream_start("again"));
  writer.caps({.mels = 3});
  writer.event(gst_event_new_segment(&segment));
  ASSERT_EQUAL(writer.push(counting(9, 50)), GST_FLOW_OK);
  writer.eos();
  ASSERT_EQUAL(writer.error().code, -1);
  fail_unless(writer.file().shape == Shape({3, 3}));
  fail_unless(writer.file().values<float>() == counting(9, 50));
}
