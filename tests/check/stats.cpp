// SPDX-License-Identifier: LGPL-2.1-or-later
// Metas, statistics, and what is said about the backend on a machine without an NPU.
#include <gst/audio/audio.h>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

bool machine_has_npu() {
  return g_file_test("/dev/accel", G_FILE_TEST_EXISTS) ||
         g_file_test("/sys/module/amdxdna", G_FILE_TEST_EXISTS);
}

const char* const kCounters[] = {"frames",
                                 "batches",
                                 "npu-batches",
                                 "software-batches",
                                 "fallbacks",
                                 "npu-timeouts",
                                 "verify-failures",
                                 "samples-in",
                                 "samples-inserted",
                                 "samples-dropped",
                                 "samples-gap",
                                 "resyncs",
                                 "nonfinite-samples",
                                 "late-buffers",
                                 "kernel-time",
                                 "transfer-time",
                                 "convert-time",
                                 "software-time",
                                 "input-buffer-size",
                                 "output-buffer-size",
                                 "instruction-buffer-size"};

}  // namespace

CHECK_TEST(the_meta_tells_rows_place_and_backend) {
  MelStream stream("frames=20 stride=10 eos-mode=pad");
  run(stream, audio(16000));
  const auto received = stream.buffers();
  ASSERT_EQUAL(received.size(), 9);
  for (size_t i = 0; i < received.size(); ++i) {
    fail_unless(received[i]->has_meta);
    ASSERT_EQUAL(received[i]->valid_frames, 20);
    ASSERT_EQUAL(received[i]->frame_offset, i * 10);
    fail_unless(received[i]->backend == "software");
  }
}

CHECK_TEST(metas_of_the_audio_do_not_travel_along) {
  MelStream stream("frames=10");
  GstBuffer* buffer = buffer_of(audio(16000));
  GST_BUFFER_PTS(buffer) = 0;
  gst_buffer_add_audio_clipping_meta(buffer, GST_FORMAT_DEFAULT, 0, 0);
  int clippings = 0;
  gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        if (gst_buffer_get_audio_clipping_meta(GST_PAD_PROBE_INFO_BUFFER(info)))
          ++*static_cast<int*>(data);
        return GST_PAD_PROBE_OK;
      },
      &clippings, nullptr);
  stream.push(buffer);
  fail_unless(!stream.buffers().empty());
  ASSERT_EQUAL(clippings, 0);
}

CHECK_TEST(the_capture_time_of_the_first_sample_travels_along) {
  MelStream stream("frames=10");
  GstBuffer* buffer = buffer_of(audio(16000));
  GST_BUFFER_PTS(buffer) = 0;
  const Caps ntp(gst_caps_new_empty_simple("timestamp/x-ntp"));
  gst_buffer_add_reference_timestamp_meta(buffer, ntp.get(), 12345 * GST_SECOND,
                                          GST_CLOCK_TIME_NONE);
  GstClockTime seen = GST_CLOCK_TIME_NONE;
  gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        const GstReferenceTimestampMeta* time =
            gst_buffer_get_reference_timestamp_meta(GST_PAD_PROBE_INFO_BUFFER(info), nullptr);
        auto* first = static_cast<GstClockTime*>(data);
        if (time && !GST_CLOCK_TIME_IS_VALID(*first)) *first = time->timestamp;
        return GST_PAD_PROBE_OK;
      },
      &seen, nullptr);
  stream.push(buffer);
  ASSERT_EQUAL(seen, 12345 * GST_SECOND);
}

CHECK_TEST(a_later_buffer_has_the_capture_time_of_its_own_first_sample) {
  MelStream stream("frames=10");
  GstBuffer* buffer = buffer_of(audio(16000));
  GST_BUFFER_PTS(buffer) = 0;
  const Caps ntp(gst_caps_new_empty_simple("timestamp/x-ntp"));
  gst_buffer_add_reference_timestamp_meta(buffer, ntp.get(), 500 * GST_SECOND, GST_CLOCK_TIME_NONE);
  std::vector<GstClockTime> seen;
  gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        const GstReferenceTimestampMeta* time =
            gst_buffer_get_reference_timestamp_meta(GST_PAD_PROBE_INFO_BUFFER(info), nullptr);
        if (time) static_cast<std::vector<GstClockTime>*>(data)->push_back(time->timestamp);
        return GST_PAD_PROBE_OK;
      },
      &seen, nullptr);
  stream.push(buffer);
  ASSERT_EQUAL(seen.size(), 9);
  for (size_t i = 0; i < seen.size(); ++i)
    ASSERT_EQUAL(seen[i], 500 * GST_SECOND + i * 100 * GST_MSECOND);
}

CHECK_TEST(the_capture_time_belongs_to_the_sample_it_came_with_across_gaps_and_overlaps) {
  for (const int jump : {12000, 1600, -1600}) {  // samples between the two buffers
    MelStream stream("frames=10");
    struct Seen {
      GstClockTime time, capture;
    };
    std::vector<Seen> seen;
    gst_pad_add_probe(
        stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
          GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
          const GstReferenceTimestampMeta* meta =
              gst_buffer_get_reference_timestamp_meta(buffer, nullptr);
          if (meta)
            static_cast<std::vector<Seen>*>(data)->push_back(
                {GST_BUFFER_PTS(buffer), meta->timestamp});
          return GST_PAD_PROBE_OK;
        },
        &seen, nullptr);
    stream.push(audio(16000), 0);
    GstBuffer* buffer = buffer_of(audio(16000));
    // What is stamped early goes on where the samples before it end.
    const GstClockTime begin = time_of(static_cast<guint64>(16000 + std::max(jump, 0)));
    GST_BUFFER_PTS(buffer) = time_of(static_cast<guint64>(16000 + jump));
    GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
    const Caps ntp(gst_caps_new_empty_simple("timestamp/x-ntp"));
    gst_buffer_add_reference_timestamp_meta(buffer, ntp.get(), 500 * GST_SECOND,
                                            GST_CLOCK_TIME_NONE);
    stream.push(buffer);
    stream.eos();
    fail_unless(seen.size() >= 8, "%d: %zu", jump, seen.size());
    for (const Seen& one : seen) {
      fail_unless(one.time >= begin, "%d", jump);
      ASSERT_EQUAL(one.capture, 500 * GST_SECOND + one.time - begin);
    }
  }
}

CHECK_TEST(padded_rows_are_not_counted_as_frames) {
  MelStream stream("frames=100 eos-mode=pad");
  run(stream, audio(8000));
  ASSERT_EQUAL(stream.frames(), 100);
  ASSERT_EQUAL(stream.stat("frames"), 50);
}

CHECK_TEST(stats_count_what_happened) {
  MelStream stream("frames=10 backend=software");
  run(stream, audio(32000));
  ASSERT_EQUAL(stream.stat("samples-in"), 32000);
  ASSERT_EQUAL(stream.stat("frames"), 200);
  fail_unless(stream.stat("batches") >= 2);
  ASSERT_EQUAL(stream.stat("software-batches"), stream.stat("batches"));
  ASSERT_EQUAL(stream.stat("npu-batches"), 0);
  fail_unless(stream.stat("software-time") > 0);
}

CHECK_TEST(stats_are_notified_at_the_end_with_the_last_frames_in_them) {
  MelStream stream("frames=100");
  std::vector<guint64> frames;
  g_signal_connect(stream.element(), "notify::stats",
                   G_CALLBACK(+[](GObject* object, GParamSpec*, std::vector<guint64>* out) {
                     GstStructure* stats = nullptr;
                     g_object_get(object, "stats", &stats, nullptr);
                     guint64 count = 0;
                     gst_structure_get_uint64(stats, "frames", &count);
                     gst_structure_free(stats);
                     out->push_back(count);
                   }),
                   &frames);
  stream.push(audio(16000), 0);
  ASSERT_EQUAL(frames.size(), 0);
  stream.push(audio(800), time_of(16000));
  fail_unless(stream.eos());
  ASSERT_EQUAL(frames.size(), 1);
  ASSERT_EQUAL(frames[0], 105);
}

CHECK_TEST(stats_only_grow) {
  MelStream stream("frames=10");
  std::vector<guint64> before(std::size(kCounters), 0);
  for (guint64 i = 0; i < 50; ++i) {
    stream.push(audio(1600), time_of(i * 1600));
    for (size_t c = 0; c < std::size(kCounters); ++c) {
      const guint64 now = stream.stat(kCounters[c]);
      fail_unless(now >= before[c], "%s", kCounters[c]);
      before[c] = now;
    }
  }
}

CHECK_TEST(stats_start_anew_with_the_element) {
  MelStream stream("frames=10");
  stream.push(audio(16000), 0);
  stream.push(audio(16000), GST_SECOND + GST_SECOND / 2, GST_BUFFER_FLAG_DISCONT);
  stream.push(audio(16000), 2 * GST_SECOND + GST_SECOND / 2, GST_BUFFER_FLAG_GAP);
  stream.push(audio(16000), 30 * GST_SECOND);
  stream.push(audio(16000), 31 * GST_SECOND);
  stream.flush();  // discards what makes no whole buffer
  for (const char* name :
       {"frames", "samples-in", "samples-inserted", "samples-dropped", "samples-gap", "resyncs"})
    fail_unless(stream.stat(name) > 0, "%s", name);
  gst_element_set_state(stream.element(), GST_STATE_NULL);
  gst_element_set_state(stream.element(), GST_STATE_PLAYING);
  for (const char* name : {"frames", "buffers", "samples-in", "samples-inserted", "samples-dropped",
                           "samples-gap", "resyncs", "nonfinite-samples", "late-buffers"})
    fail_unless(stream.stat(name) == 0, "%s", name);
}

CHECK_TEST(stats_have_every_field_in_every_state) {
  MelStream stream = MelStream::idle("");
  for (const char* name : kCounters) stream.stat(name);
  const auto stats = stream.stats();
  for (const char* name : {"mean-frame-time", "mean-batch-time", "realtime-factor", "runlist-depth",
                           "npu-available", "npu-reason"})
    fail_unless(gst_structure_has_field(stats.get(), name), "%s", name);
}

CHECK_TEST(npu_reason_says_why_the_npu_is_not_used) {
  if (machine_has_npu()) return;
  MelStream stream("frames=10");
  stream.push(audio(16000), 0);
  const auto stats = stream.stats();
  gboolean available = TRUE;
  fail_unless(gst_structure_get_boolean(stats.get(), "npu-available", &available));
  fail_if(available);
  const char* reason = gst_structure_get_string(stats.get(), "npu-reason");
  fail_unless(reason && std::strlen(reason) > 10);
  gchar* active = nullptr;
  g_object_get(stream.element(), "active-backend", &active, nullptr);
  fail_unless_equals_string(active, "software");
  g_free(active);
}

CHECK_TEST(absence_of_an_npu_is_told_at_start_once_and_not_as_a_warning) {
  if (machine_has_npu()) return;
  MelStream stream = MelStream::idle("frames=10");
  const auto told = [&stream] {
    int found = 0;
    while (const Message message = stream.bus().pop(GST_MESSAGE_ANY)) {
      fail_if(GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING ||
              GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR);
      const GstStructure* fields = gst_message_get_structure(message.get());
      if (!fields || !gst_structure_has_name(fields, "npumelspec-backend")) continue;
      ++found;
      fail_unless_equals_string(gst_structure_get_string(fields, "backend"), "software");
      fail_unless_equals_string(gst_structure_get_string(fields, "previous"), "");
      fail_unless(std::strlen(gst_structure_get_string(fields, "reason")) > 10);
      fail_unless(gst_structure_has_field(fields, "batch"));
    }
    return found;
  };
  for (int start = 0; start < 2; ++start) {
    ASSERT_EQUAL(told(), 1);
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    stream.push(audio(16000), 0);
    stream.set_caps("audio/x-raw,format=F32LE,rate=16000");
    stream.push(as_float(audio(16000)), GST_SECOND);
    ASSERT_EQUAL(told(), 0);
    gst_element_set_state(stream.element(), GST_STATE_NULL);
    gst_element_set_state(stream.element(), GST_STATE_PLAYING);
  }
}

CHECK_TEST(backend_npu_without_an_npu_fails_at_start_with_the_right_code) {
  if (machine_has_npu()) return;
  const Owned<GstElement> element(gst_parse_launch("npumelspec backend=npu", nullptr));
  gst_object_ref_sink(element.get());
  BusWatch bus(element.get());
  fail_unless(gst_element_set_state(element.get(), GST_STATE_READY) == GST_STATE_CHANGE_SUCCESS);
  ASSERT_EQUAL(posted(bus).code, -1);
  fail_unless(gst_element_set_state(element.get(), GST_STATE_PAUSED) == GST_STATE_CHANGE_FAILURE);
  const PostedError error = posted(bus);
  fail_unless(error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND) ||
                  error.is(GST_LIBRARY_ERROR, GST_LIBRARY_ERROR_INIT),
              "%s", error.text.c_str());
  fail_unless(error.says("amdxdna") || error.says("accel"), "%s", error.text.c_str());
  ASSERT_EQUAL(posted(bus).code, -1);
  gst_element_set_state(element.get(), GST_STATE_NULL);
}

CHECK_TEST(backend_software_never_speaks_of_an_npu) {
  MelStream stream("backend=software frames=10");
  stream.push(audio(16000), 0);
  int alarms = 0;
  while (const Message message = stream.bus().pop(GST_MESSAGE_ANY))
    alarms += GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING;
  ASSERT_EQUAL(alarms, 0);
  fail_unless(stream.buffers()[0]->backend == "software");
}
