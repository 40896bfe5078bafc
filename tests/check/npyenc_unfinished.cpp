// SPDX-License-Identifier: LGPL-2.1-or-later
// npyenc: a file is none that NumPy reads until its header is completed, and when that happens.
#include <fstream>

#include "tests/check/npyenc_support.h"

using namespace npumel::check;
using Shape = std::vector<uint64_t>;

namespace {

constexpr const char* kBuffered = "filesink";  // 64 KiB, written when the file is closed
constexpr const char* kUnbuffered = "filesink buffer-mode=unbuffered";

GstEvent* time_segment() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  return gst_event_new_segment(&segment);
}

void begin_stream(NpyWriter& writer, const char* id, const MelCaps& caps) {
  writer.event(gst_event_new_stream_start(id));
  writer.caps(caps);
  writer.event(time_segment());
}

/// A query for bytes at the source pad.
GstPad* source_pad(const Harness& harness) { return GST_PAD_PEER(harness->sinkpad); }

/// Upstream that would answer in bytes of its own.
gboolean upstream_query(GstPad*, GstObject*, GstQuery* query) {
  switch (GST_QUERY_TYPE(query)) {
    case GST_QUERY_POSITION:
      gst_query_set_position(query, GST_FORMAT_BYTES, 4711);
      return TRUE;
    case GST_QUERY_DURATION:
      gst_query_set_duration(query, GST_FORMAT_BYTES, 4711);
      return TRUE;
    case GST_QUERY_SEEKING:
      gst_query_set_seeking(query, GST_FORMAT_BYTES, TRUE, 0, 4711);
      return TRUE;
    default:
      return FALSE;
  }
}

}  // namespace

CHECK_TEST(a_file_is_refused_by_numpy_until_it_is_whole) {
  struct {
    const char* mode;
    MelCaps caps;
    const char* value;
  } const cases[] = {
      {"concat", {}, ": ['<f4', [-1, 5]]"},
      {"concat", {.layout = "mel-major", .frames = 0, .stride = 0}, ": ['<f4', [5, 3]]"},
      {"stack", {}, ": ['<f4', [-1, 3, 5]]"},
      {"stack", {.layout = "mel-major"}, ": ['<f4', [-1, 5, 3]]"}};
  for (const auto& expected : cases) {
    NpyWriter writer(expected.mode);
    writer.caps(expected.caps);
    ASSERT_EQUAL(writer.push(counting(15)), GST_FLOW_OK);
    fail_unless(writer.is_unfinished());
    const std::string bytes = read_file(writer.path());
    ASSERT_EQUAL(bytes.size(), 128 + 60);
    fail_unless(bytes.substr(0, 128).find(expected.value) != std::string::npos, "%s",
                bytes.substr(10, 118).c_str());
    const char* script =
        "import sys, numpy\n"
        "try: numpy.load(sys.argv[1])\n"
        "except ValueError as error: sys.exit(0 if 'npy_recover.py' in str(error) else 2)\n"
        "sys.exit(3)";
    const std::string path = writer.path();
    const char* command[] = {"/usr/bin/python3", "-c", script, path.c_str(), nullptr};
    int status = -1;
    fail_unless(g_spawn_sync(nullptr, const_cast<gchar**>(command), nullptr, G_SPAWN_DEFAULT,
                             nullptr, nullptr, nullptr, nullptr, &status, nullptr));
    ASSERT_EQUAL(status, 0);
    writer.eos();
    fail_unless(writer.file().values<float>() == counting(15));
  }
}

CHECK_TEST(stopping_without_eos_completes_the_file) {
  for (const char* sink : {kBuffered, kUnbuffered}) {
    struct {
      const char* mode;
      const char* layout;
      int buffers;
      Shape shape;
    } const cases[] = {{"concat", "frame-major", 4, {12, 5}},
                       {"concat", "mel-major", 1, {5, 3}},
                       {"stack", "frame-major", 4, {4, 3, 5}},
                       {"stack", "mel-major", 4, {4, 5, 3}}};
    for (const auto& expected : cases) {
      NpyWriter writer(expected.mode, nullptr, sink);
      writer.caps({.layout = expected.layout});
      for (int i = 0; i < expected.buffers; ++i)
        ASSERT_EQUAL(writer.push(counting(15, 15.0F * static_cast<float>(i))), GST_FLOW_OK);
      writer.set_state(GST_STATE_NULL);
      ASSERT_EQUAL(writer.error().code, -1);
      const NpyFile file = writer.file();
      fail_unless(file.shape == expected.shape);
      fail_unless(file.values<float>() == counting(static_cast<size_t>(15 * expected.buffers)));
    }
  }
}

CHECK_TEST(rows_that_a_queue_has_passed_on_are_in_the_completed_file) {
  NpyWriter writer("concat", nullptr, "queue ! filesink buffer-mode=unbuffered");
  writer.caps({});
  for (int i = 0; i < 4; ++i) writer.push(counting(15, 15.0F * static_cast<float>(i)));
  while (read_file(writer.path()).size() < 128 + 4 * 60) g_thread_yield();
  writer.set_state(GST_STATE_NULL);
  ASSERT_EQUAL(writer.error().code, -1);
  fail_unless(writer.file().shape == Shape({12, 5}));
  fail_unless(writer.file().values<float>() == counting(60));
}

CHECK_TEST(what_has_reached_the_file_is_complete_in_ready) {
  NpyWriter writer;
  writer.caps({});
  writer.push(counting(15));
  writer.set_state(GST_STATE_READY);
  fail_unless(writer.file().shape == Shape({3, 5}));
  writer.set_state(GST_STATE_NULL);
  fail_unless(writer.file().shape == Shape({3, 5}));
}

CHECK_TEST(the_rest_of_a_row_is_cut_off) {
  NpyWriter writer;
  writer.caps({});
  writer.push(counting(15));
  // As when the sink is interrupted in the middle of a buffer: a row and seven bytes of the next.
  std::ofstream(writer.path(), std::ios::binary | std::ios::app) << std::string(20 + 7, '\0');
  writer.set_state(GST_STATE_NULL);
  fail_unless(writer.file().shape == Shape({4, 5}));
}

CHECK_TEST(no_whole_row_leaves_the_file_unfinished) {
  NpyWriter writer("stack");
  writer.caps({});
  writer.push(counting(15));
  ASSERT_EQUAL(truncate(writer.path().c_str(), 128 + 59), 0);
  writer.set_state(GST_STATE_NULL);
  fail_unless(writer.is_unfinished());
}

CHECK_TEST(another_file_of_the_same_name_is_not_touched) {
  NpyWriter writer;
  writer.caps({});
  writer.push(counting(15));
  const std::string moved = writer.path() + ".moved";
  ASSERT_EQUAL(rename(writer.path().c_str(), moved.c_str()), 0);
  std::ofstream(writer.path()) << "something else";
  writer.set_state(GST_STATE_NULL);
  fail_unless(read_file(writer.path()) == "something else");
  fail_unless(load_npy(moved).shape == Shape({3, 5}));
  unlink(moved.c_str());
}

CHECK_TEST(after_an_error_stopping_leaves_the_file_unfinished) {
  NpyWriter writer;
  writer.caps({});
  writer.push(counting(15));
  writer.push(counting(14));  // no whole rows
  writer.set_state(GST_STATE_NULL);
  fail_unless(writer.is_unfinished());
}

CHECK_TEST(a_stop_before_the_first_row_is_told_and_leaves_no_empty_file) {
  for (const bool caps : {false, true})
    for (const GstState state : {GST_STATE_READY, GST_STATE_NULL}) {
      NpyWriter writer;
      if (caps) writer.caps({});
      writer.set_state(state);
      fail_unless(writer.is_unfinished());
      ASSERT_EQUAL(read_file(writer.path()).size(), 128);
      const PostedError warning = posted(writer.bus(), GST_MESSAGE_WARNING);
      fail_unless(warning.is(GST_STREAM_ERROR, GST_STREAM_ERROR_ENCODE));
      fail_unless(warning.says("before the first features"), "%s", warning.text.c_str());
      writer.set_state(GST_STATE_NULL);
      ASSERT_EQUAL(writer.bus().count(GST_MESSAGE_WARNING), 0);
      // And the next start writes a file as any other.
      writer.set_state(GST_STATE_PLAYING);
      writer.caps({});
      ASSERT_EQUAL(writer.push(counting(15)), GST_FLOW_OK);
      writer.eos();
      fail_unless(writer.file().shape == Shape({3, 5}));
    }
}

CHECK_TEST(a_flush_before_the_first_row_and_a_stop_leave_no_empty_file) {
  NpyWriter writer;
  begin_stream(writer, "one", {});
  writer.push(counting(15));
  writer.event(gst_event_new_flush_start());
  writer.event(gst_event_new_flush_stop(TRUE));
  writer.set_state(GST_STATE_NULL);
  fail_unless(writer.is_unfinished());
}

CHECK_TEST(a_downstream_that_is_still_running_gets_the_header_when_the_element_is_stopped) {
  const Harness harness(gst_harness_new("npyenc"));
  SeekableSink sink(harness);
  gst_harness_set_src_caps(harness.get(), MelCaps().make());
  ASSERT_EQUAL(gst_harness_push(harness.get(), buffer_of(counting(15))), GST_FLOW_OK);
  ASSERT_EQUAL(gst_harness_push(harness.get(), buffer_of(counting(15))), GST_FLOW_OK);
  gst_element_set_state(harness->element, GST_STATE_READY);
  fail_unless(parse_npy(sink.start).shape == Shape({6, 5}));
}

CHECK_TEST(a_second_stream_without_null_between_leaves_nothing_of_a_longer_first) {
  for (const char* sink : {kBuffered, kUnbuffered}) {
    NpyWriter writer("concat", nullptr, sink);
    writer.caps({});
    for (int i = 0; i < 3; ++i) writer.push(counting(15));
    writer.eos();
    writer.set_state(GST_STATE_READY);
    fail_unless(writer.file().shape == Shape({9, 5}));
    writer.set_state(GST_STATE_PLAYING);
    begin_stream(writer, "again", {});
    ASSERT_EQUAL(writer.push(counting(15, 100)), GST_FLOW_OK);
    writer.eos();
    writer.set_state(GST_STATE_NULL);
    ASSERT_EQUAL(writer.error().code, -1);
    fail_unless(writer.file().shape == Shape({3, 5}));
    fail_unless(writer.file().values<float>() == counting(15, 100));
  }
}

CHECK_TEST(a_file_that_would_be_appended_to_is_refused_and_kept) {
  const TemporaryFile old;
  std::ofstream(old.path()) << "an old file";
  NpyWriter writer("concat", old.path().c_str(), "filesink append=true");
  writer.caps({});
  ASSERT_EQUAL(writer.push(counting(15)), GST_FLOW_ERROR);
  const PostedError error = writer.error();
  fail_unless(error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_WRITE));
  fail_unless(error.says("append=false"), "%s", error.text.c_str());
  writer.set_state(GST_STATE_NULL);
  fail_unless(read_file(old.path()) == "an old file");
}

CHECK_TEST(a_header_that_went_behind_the_rows_is_put_right_when_the_file_is_closed) {
  NpyWriter writer("concat", nullptr, "filesink append=true");
  writer.caps({});
  writer.push(counting(15));
  writer.eos();
  writer.set_state(GST_STATE_NULL);
  fail_unless(writer.file().shape == Shape({3, 5}));
}

CHECK_TEST(the_segment_has_the_seqnum_of_what_caused_it_and_headers_are_flagged) {
  const Harness harness(gst_harness_new("npyenc"));
  SeekableSink sink(harness);
  gst_harness_set_src_caps(harness.get(), MelCaps().make());
  gst_harness_push(harness.get(), buffer_of(counting(15)));
  GstEvent* eos = gst_event_new_eos();
  const guint32 seqnum = gst_event_get_seqnum(eos);
  gst_harness_push_event(harness.get(), eos);
  ASSERT_EQUAL(sink.segment_seqnums.size(), 2);
  ASSERT_EQUAL(sink.segment_seqnums[1], seqnum);
  ASSERT_EQUAL(sink.header_flags.size(), 2);
  for (const guint flags : sink.header_flags) {
    fail_unless(flags & GST_BUFFER_FLAG_HEADER);
    fail_unless(flags & GST_BUFFER_FLAG_DISCONT);
  }
}

CHECK_TEST(the_first_segment_has_the_seqnum_of_upstream_s) {
  const Harness harness(gst_harness_new("npyenc"));
  SeekableSink sink(harness);
  gst_harness_push_event(harness.get(), gst_event_new_stream_start("seqnum"));
  gst_harness_push_event(harness.get(), gst_event_new_caps(Caps(MelCaps().make()).get()));
  GstEvent* segment = time_segment();
  const guint32 seqnum = gst_event_get_seqnum(segment);
  gst_harness_push_event(harness.get(), segment);
  ASSERT_EQUAL(sink.segment_seqnums.size(), 1);
  ASSERT_EQUAL(sink.segment_seqnums[0], seqnum);
}

CHECK_TEST(bytes_at_the_source_pad_are_those_of_the_file) {
  const Harness harness(gst_harness_new("npyenc"));
  const SeekableSink sink(harness);
  gst_pad_set_query_function(harness->srcpad, upstream_query);
  gst_harness_set_src_caps(harness.get(), MelCaps().make());
  gst_harness_push(harness.get(), buffer_of(counting(15)));
  GstPad* pad = source_pad(harness);
  gint64 position = -1;
  fail_unless(gst_pad_query_position(pad, GST_FORMAT_BYTES, &position));
  ASSERT_EQUAL(position, 128 + 60);
  fail_if(gst_pad_query_duration(pad, GST_FORMAT_BYTES, &position));
  const Owned<GstQuery> seeking(gst_query_new_seeking(GST_FORMAT_BYTES));
  fail_unless(gst_pad_query(pad, seeking.get()));
  gboolean seekable = TRUE;
  gst_query_parse_seeking(seeking.get(), nullptr, &seekable, nullptr, nullptr);
  fail_if(seekable);
  fail_if(gst_harness_push_upstream_event(
      harness.get(), gst_event_new_seek(1.0, GST_FORMAT_BYTES, GST_SEEK_FLAG_NONE,
                                        GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0)));
  const Owned<GstEvent> forwarded(gst_harness_try_pull_upstream_event(harness.get()));
  fail_if(forwarded && GST_EVENT_TYPE(forwarded.get()) == GST_EVENT_SEEK);
}

CHECK_TEST(a_flush_while_the_header_is_completed_is_no_error) {
  const Harness harness(gst_harness_new("npyenc"));
  BusWatch bus(harness);
  const SeekableSink sink(harness);
  gst_harness_set_src_caps(harness.get(), MelCaps().make());
  gst_harness_push(harness.get(), buffer_of(counting(15)));
  GST_OBJECT_LOCK(harness->sinkpad);
  GST_PAD_SET_FLUSHING(harness->sinkpad);
  GST_OBJECT_UNLOCK(harness->sinkpad);
  gst_harness_push_event(harness.get(), gst_event_new_eos());
  ASSERT_EQUAL(posted(bus).code, -1);
}

CHECK_TEST(caps_may_repeat_the_shape_in_a_field_of_tensors) {
  NpyWriter writer;
  writer.caps({});
  for (const int frames : {3, 3, 2}) {
    // As GStreamer 1.28 has it, in a type that older versions know.
    Caps caps(MelCaps{.frames = frames}.make());
    GValue dims = G_VALUE_INIT;
    GValue size = G_VALUE_INIT;
    g_value_init(&dims, GST_TYPE_ARRAY);
    g_value_init(&size, G_TYPE_INT);
    g_value_set_int(&size, frames);
    gst_value_array_append_value(&dims, &size);
    gst_caps_set_value(caps.get(), "tensors", &dims);
    g_value_unset(&dims);
    writer.event(gst_event_new_caps(caps.get()));
    ASSERT_EQUAL(writer.push(counting(static_cast<size_t>(frames) * 5)), GST_FLOW_OK);
  }
  writer.eos();
  ASSERT_EQUAL(writer.error().code, -1);
  fail_unless(writer.file().shape == Shape({8, 5}));
}

CHECK_TEST(it_is_a_muxer) {
  const Owned<GstElementFactory> factory(gst_element_factory_find("npyenc"));
  fail_unless_equals_string(
      gst_element_factory_get_metadata(factory.get(), GST_ELEMENT_METADATA_KLASS), "Codec/Muxer");
}
