// SPDX-License-Identifier: LGPL-2.1-or-later
// GStreamer's own consistency checker on the source pad: no buffer before a segment or between
// flushes, no event out of order, nothing after EOS, in everything a stream goes through.
#include <gst/check/gstconsistencychecker.h>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

struct FreeChecker {
  void operator()(GstStreamConsistency* checker) const { gst_consistency_checker_free(checker); }
};

/// A stream whose source pad is watched: what is inconsistent fails the test.
struct Watched {
  explicit Watched(const std::string& properties)
      : stream(MelStream::idle(properties)),
        source(gst_element_get_static_pad(stream.element(), "src")),
        checker(gst_consistency_checker_new(source.get())) {
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  }

  void segment(GstClockTime start) {
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    segment.start = segment.time = segment.position = start;
    fail_unless(stream.segment(segment));
  }
  /// Uneven pieces, SAMPLES in all, from the sample at BEGIN.
  void play(guint64 begin, size_t samples) {
    const auto sound = audio(samples);
    for (size_t at = 0; at < samples;) {
      const size_t count = std::min<size_t>(1117, samples - at);
      ASSERT_EQUAL(
          stream.push(std::span<const int16_t>(sound).subspan(at, count), time_of(begin + at)),
          GST_FLOW_OK);
      at += count;
    }
  }
  void finish() {
    fail_unless(stream.eos());
    fail_unless(stream.items().back().is(GST_EVENT_EOS));
    ASSERT_EQUAL(stream.error().code, -1);
    ASSERT_EQUAL(stream.bus().count(GST_MESSAGE_WARNING), 0);
  }

  MelStream stream;
  Owned<GstPad> source;
  std::unique_ptr<GstStreamConsistency, FreeChecker> checker;
};

/// The geometries that take different ways through the element.
constexpr const char* kGeometries[] = {
    "frames=10",
    "frames=100 eos-mode=pad",
    "frames=10 stride=3 eos-mode=short",
    "frames=7 first-frames=3",
    "frames=0",
    "frames=10 normalize=buffer tail-silence=300000000",
};

void in_every_geometry(const std::function<void(Watched&)>& scenario, size_t buffers) {
  for (const char* geometry : kGeometries) {
    Watched watched(geometry);
    scenario(watched);
    watched.finish();
    // One buffer for a whole clip keeps its true length: no gap cuts it.
    const size_t least =
        std::string(geometry) == "frames=0" ? std::min<size_t>(buffers, 1) : buffers;
    fail_unless(watched.stream.buffers().size() >= least, "%s: %zu buffers", geometry,
                watched.stream.buffers().size());
  }
}

}  // namespace

CHECK_TEST(a_plain_stream_is_consistent) {
  in_every_geometry([](Watched& watched) { watched.play(0, 20000); }, 1);
}

CHECK_TEST(a_stream_without_audio_is_consistent) {
  in_every_geometry([](Watched&) {}, 0);
}

CHECK_TEST(a_flushing_seek_is_consistent) {
  in_every_geometry(
      [](Watched& watched) {
        watched.play(0, 20000);
        fail_unless(watched.stream.flush());
        watched.segment(30 * GST_SECOND);
        watched.play(30 * 16000, 20000);
        // Twice in a row, with nothing in between.
        fail_unless(watched.stream.flush());
        fail_unless(watched.stream.flush());
        watched.segment(0);
        watched.play(0, 20000);
      },
      1);
}

CHECK_TEST(a_new_segment_without_a_flush_is_consistent) {
  in_every_geometry(
      [](Watched& watched) {
        watched.play(0, 20000);
        watched.segment(7 * GST_SECOND);
        watched.play(7 * 16000, 20000);
        watched.segment(7 * GST_SECOND);
        watched.play(7 * 16000, 300);
      },
      2);
}

CHECK_TEST(gaps_short_and_long_are_consistent) {
  in_every_geometry(
      [](Watched& watched) {
        MelStream& stream = watched.stream;
        stream.event(gst_event_new_gap(0, GST_SECOND / 10));
        watched.play(1600, 20000);
        stream.event(gst_event_new_gap(time_of(21600), GST_SECOND / 2));
        watched.play(29600, 20000);
        stream.event(gst_event_new_gap(time_of(49600), 5 * GST_SECOND));
        watched.play(49600 + 80000, 20000);
        stream.push(std::vector<int16_t>(1600), time_of(149600), GST_BUFFER_FLAG_GAP);
      },
      2);
}

CHECK_TEST(new_caps_in_mid_stream_are_consistent) {
  in_every_geometry(
      [](Watched& watched) {
        watched.play(0, 20000);
        watched.stream.set_caps("audio/x-raw,format=F32LE,rate=16000");
        watched.stream.push(as_float(audio(20000)), time_of(20000));
        watched.stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
        watched.play(40000, 20000);
      },
      1);
}

CHECK_TEST(a_new_stream_and_other_events_in_mid_stream_are_consistent) {
  in_every_geometry(
      [](Watched& watched) {
        MelStream& stream = watched.stream;
        watched.play(0, 20000);
        stream.event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "one", nullptr)));
        stream.event(
            gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty("between")));
        stream.event(gst_event_new_segment_done(GST_FORMAT_TIME, time_of(20000)));
        stream.event(gst_event_new_stream_start("another"));
        stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
        watched.segment(0);
        watched.play(0, 20000);
        gst_harness_push_upstream_event(stream.harness(), gst_event_new_reconfigure());
        const Owned<GstQuery> drain(gst_query_new_drain());
        gst_pad_peer_query(stream.harness()->srcpad, drain.get());
        watched.play(20000, 5000);
      },
      2);
}

CHECK_TEST(disconts_and_jumps_are_consistent) {
  in_every_geometry(
      [](Watched& watched) {
        watched.play(0, 20000);
        watched.stream.push(audio(3000), time_of(23000), GST_BUFFER_FLAG_DISCONT);
        watched.stream.push(audio(3000), time_of(24000), GST_BUFFER_FLAG_DISCONT);
        watched.stream.push(audio(3000), time_of(900000), GST_BUFFER_FLAG_RESYNC);
        watched.play(903000, 20000);
      },
      2);
}
