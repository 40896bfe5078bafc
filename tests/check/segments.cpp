// SPDX-License-Identifier: LGPL-2.1-or-later
// Segments, stream starts, flushes and ends in the middle of a stream: what cuts it and what does
// not, and which samples belong to it.
#include <algorithm>
#include <memory>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

using Samples = std::vector<int16_t>;

GstSegment time_segment() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  return segment;
}

/// Answers the questions and takes the events of the next element's pad before the pad does.
class Peer {
 public:
  using Look = std::function<GstPadProbeReturn(GstPadProbeInfo*)>;
  Peer(MelStream& stream, Look look) : look_(std::move(look)) {
    gst_pad_add_probe(
        stream.harness()->sinkpad,
        static_cast<GstPadProbeType>(GST_PAD_PROBE_TYPE_QUERY_DOWNSTREAM |
                                     GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
                                     GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_PUSH),
        [](GstPad*, GstPadProbeInfo* info, gpointer data) {
          return static_cast<Peer*>(data)->look_(info);
        },
        this, nullptr);
  }

 private:
  Look look_;
};

bool is_query(GstPadProbeInfo* info, GstQueryType type) {
  return GST_IS_QUERY(info->data) && GST_QUERY_TYPE(GST_PAD_PROBE_INFO_QUERY(info)) == type;
}

}  // namespace

CHECK_TEST(segments_that_differ_in_position_stop_or_duration_only_cut_nothing) {
  const Samples samples = audio(48000);
  MelStream plain("frames=10 eos-mode=short");
  run(plain, samples);
  for (const int way : {0, 1, 2, 3, 4}) {
    MelStream stream("frames=10 eos-mode=short");
    stream.push(std::span<const int16_t>(samples).first(20777), 0);
    GstSegment segment = time_segment();
    if (way == 1) segment.position = time_of(20777);
    if (way == 2) segment.duration = 77 * GST_SECOND;
    if (way == 3) segment.stop = 99 * GST_SECOND;
    if (way == 4) {  // the same stream announced again, as a switch does
      const gchar* id = nullptr;
      for (const Item& item : stream.items())
        if (item.is(GST_EVENT_STREAM_START)) gst_event_parse_stream_start(item.event.get(), &id);
      fail_unless(stream.event(gst_event_new_stream_start(id)));
      stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    }
    fail_unless(stream.segment(segment));
    stream.push(std::span<const int16_t>(samples).subspan(20777), time_of(20777));
    stream.eos();
    ASSERT_EQUAL(stream.frames(), 300);
    fail_unless(stream.rows() == plain.rows(), "%d", way);
    for (const Received* buffer : stream.buffers())
      ASSERT_EQUAL(buffer->has(GST_BUFFER_FLAG_DISCONT), buffer->offset == 0);
  }
}

CHECK_TEST(segments_that_differ_otherwise_cut) {
  const auto change = [](int way, GstSegment& segment) {
    if (way == 0) segment.start = 1;
    if (way == 1) segment.time = 5;
    if (way == 2) segment.base = 5;
    if (way == 3) segment.rate = 2;
    if (way == 4) segment.applied_rate = 2;
    if (way == 5) segment.offset = 5;
  };
  for (const int way : {0, 1, 2, 3, 4, 5}) {
    MelStream stream("frames=30 eos-mode=short");
    stream.push(audio(8000), 0);
    GstSegment segment = time_segment();
    change(way, segment);
    fail_unless(stream.segment(segment));
    ASSERT_EQUAL(stream.frames(), 50);
    stream.push(audio(8000), GST_SECOND);
    stream.eos();
    ASSERT_EQUAL(stream.frames(), 100);
  }
}

CHECK_TEST(duration_says_nothing_about_which_samples_lie_in_a_segment) {
  for (const GstClockTime said : std::initializer_list<GstClockTime>{
           GST_CLOCK_TIME_NONE, 99 * GST_MSECOND, 100 * GST_MSECOND, 120 * GST_MSECOND,
           200 * GST_MSECOND, GST_SECOND, 0 * GST_SECOND}) {
    MelStream stream("frames=10 eos-mode=short");
    GstSegment segment = time_segment();
    segment.stop = GST_SECOND;
    stream.segment(segment);
    const Samples samples = audio(16000);
    for (size_t i = 0; i < 10; ++i) {
      GstBuffer* buffer = buffer_of(std::span<const int16_t>(samples).subspan(i * 1600, 1600));
      GST_BUFFER_PTS(buffer) = 50 * GST_MSECOND + time_of(i * 1600);
      GST_BUFFER_DURATION(buffer) = said;
      ASSERT_EQUAL(stream.push(buffer), GST_FLOW_OK);
    }
    stream.eos();
    ASSERT_EQUAL(stream.stat("samples-in"), 15200);
    ASSERT_EQUAL(stream.stat("samples-dropped"), 800);
    MelStream plain("frames=10 eos-mode=short");
    run(plain, Samples(samples.begin(), samples.begin() + 15200));
    fail_unless(stream.rows() == plain.rows());
  }
}

CHECK_TEST(a_segment_clips_at_both_ends_to_the_sample) {
  for (const int rate : {16000, 44100}) {
    for (const guint64 first : {0, 1, 799, 800, 4000}) {
      MelStream stream("preset=librosa frames=1 eos-mode=short",
                       ("audio/x-raw,format=S16LE,rate=" + std::to_string(rate)).c_str());
      GstSegment segment = time_segment();
      segment.start = segment.time =
          GST_SECOND + gst_util_uint64_scale_ceil(first, GST_SECOND, static_cast<guint64>(rate));
      segment.stop = 2 * GST_SECOND;
      stream.segment(segment);
      const Samples samples = audio(static_cast<size_t>(rate) * 3);
      for (guint64 at = 0; at < samples.size(); at += 700) {
        const size_t count = std::min<size_t>(700, samples.size() - at);
        stream.push(std::span<const int16_t>(samples).subspan(at, count), time_of(at, rate));
      }
      ASSERT_EQUAL(stream.stat("samples-in"), static_cast<guint64>(rate) - first);
      ASSERT_EQUAL(stream.stat("samples-in") + stream.stat("samples-dropped"), samples.size());
    }
  }
}

CHECK_TEST(samples_at_the_largest_times_are_clipped_and_not_wrapped) {
  MelStream stream("frames=1 eos-mode=short");
  GstSegment segment = time_segment();
  segment.stop = GST_SECOND;
  stream.segment(segment);
  ASSERT_EQUAL(stream.push(audio(1600), G_MAXUINT64 - 20 * GST_MSECOND), GST_FLOW_OK);
  ASSERT_EQUAL(stream.stat("samples-dropped"), 1600);
  MelStream open("frames=1 eos-mode=short");
  ASSERT_EQUAL(open.push(audio(1600), G_MAXUINT64 - 20 * GST_MSECOND), GST_FLOW_OK);
  open.event(gst_event_new_gap(G_MAXUINT64 - 5 * GST_MSECOND, GST_SECOND));
  open.eos();
  fail_unless(open.frames() >= 10);
  for (const Received* buffer : open.buffers())
    fail_unless(buffer->pts >= G_MAXUINT64 - 20 * GST_MSECOND);
}

CHECK_TEST(padding_in_the_middle_of_a_stream_covers_no_time_of_real_frames) {
  for (const int way : {0, 1, 2}) {
    MelStream stream = MelStream::idle("frames=30");
    stream.set_peer_caps("audio/x-mel-spectrogram,frames=30");
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    stream.push(audio(50 * 160), 0);
    if (way == 0) {
      GstSegment segment = time_segment();
      segment.start = segment.time = segment.base = time_of(50 * 160);
      stream.segment(segment);
    } else if (way == 1) {
      const Owned<GstQuery> drain(gst_query_new_drain());
      gst_pad_peer_query(stream.harness()->srcpad, drain.get());
    } else {
      stream.event(gst_event_new_gap(time_of(50 * 160), GST_CLOCK_TIME_NONE));
    }
    stream.push(audio(50 * 160), time_of(50 * 160));
    stream.eos();
    const auto received = stream.buffers();
    ASSERT_EQUAL(received.size(), 4);
    for (size_t i = 1; i < 4; ++i)
      fail_unless(received[i]->pts >= received[i - 1]->pts + received[i - 1]->duration);
    ASSERT_EQUAL(received[1]->frames(), 30);
    ASSERT_EQUAL(received[1]->valid_frames, 20);
    ASSERT_EQUAL(received[1]->duration, time_of(20 * 160));
    ASSERT_EQUAL(received[2]->pts, time_of(50 * 160));
    // At the end there is nothing after it: its time is that of its rows.
    ASSERT_EQUAL(received[3]->duration, time_of(30 * 160));
  }
}

CHECK_TEST(a_flush_while_the_last_buffer_is_negotiated_is_no_refusal) {
  // The flush comes with the question for the short caps, and with the caps themselves.
  for (const bool with_question : {true, false}) {
    MelStream stream("frames=30 eos-mode=short");
    stream.push(audio(8000), 0);
    bool flushed = false;
    const Peer peer(stream, [&](GstPadProbeInfo* info) {
      const bool question = is_query(info, GST_QUERY_ACCEPT_CAPS);
      const bool caps = GST_IS_EVENT(info->data) &&
                        GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_CAPS;
      if (flushed || !(with_question ? question : caps)) return GST_PAD_PROBE_OK;
      flushed = true;
      stream.event(gst_event_new_flush_start());
      if (!question) return GST_PAD_PROBE_DROP;
      gst_query_set_accept_caps_result(GST_PAD_PROBE_INFO_QUERY(info), FALSE);
      return GST_PAD_PROBE_HANDLED;
    });
    stream.eos();
    fail_unless(flushed);
    const PostedError error = stream.error();
    fail_unless(error.code == -1, "%s", error.text.c_str());
    // And the next stream is a whole one.
    stream.event(gst_event_new_flush_stop(TRUE));
    stream.segment(time_segment());
    stream.forget();
    ASSERT_EQUAL(stream.push(audio(8000), 0), GST_FLOW_OK);
    stream.eos();
    ASSERT_EQUAL(stream.frames(), 50);
    ASSERT_EQUAL(stream.error().code, -1);
  }
}

CHECK_TEST(the_error_for_a_short_buffer_names_what_asked_for_it) {
  struct {
    const char* properties;
    int samples;
    const char* says;
  } const cases[] = {
      {"frames=30 eos-mode=short", 1600, "eos-mode=short"},  // the first buffer, and the last
      {"frames=30 first-frames=7", 3200, "first-frames"},
  };
  for (const auto& one : cases) {
    MelStream stream = MelStream::idle(one.properties);
    stream.set_peer_caps("audio/x-mel-spectrogram,frames=30");
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    stream.push(audio(static_cast<size_t>(one.samples)), 0);
    stream.eos();
    const PostedError error = stream.error();
    fail_unless(error.says(one.says), "%s", error.text.c_str());
    ASSERT_EQUAL(stream.error().code, -1);
  }
}

CHECK_TEST(what_downstream_answers_to_a_drain_is_heard_with_the_next_buffer) {
  for (const GstFlowReturn answer : {GST_FLOW_ERROR, GST_FLOW_EOS, GST_FLOW_NOT_LINKED}) {
    for (const int way : {0, 1, 2, 3}) {
      MelStream stream("frames=30 eos-mode=short");
      stream.push(audio(8000), 0);
      GstPad* pad = stream.harness()->sinkpad;
      g_object_set_data(G_OBJECT(pad), "answer", GINT_TO_POINTER(answer));
      const GstPadChainFunction usual = GST_PAD_CHAINFUNC(pad);
      gst_pad_set_chain_function(pad, [](GstPad* self, GstObject*, GstBuffer* buffer) {
        gst_buffer_unref(buffer);
        return static_cast<GstFlowReturn>(
            GPOINTER_TO_INT(g_object_get_data(G_OBJECT(self), "answer")));
      });
      GstSegment segment = time_segment();
      segment.base = GST_SECOND;
      if (way == 0) stream.segment(segment);
      if (way == 1) stream.event(gst_event_new_segment_done(GST_FORMAT_TIME, -1));
      if (way == 2) stream.set_caps("audio/x-raw,format=F32LE,rate=16000");
      if (way == 3) {
        const Owned<GstQuery> drain(gst_query_new_drain());
        gst_pad_peer_query(stream.harness()->srcpad, drain.get());
      }
      gst_pad_set_chain_function(pad, usual);
      ASSERT_EQUAL(stream.push(audio(8000), GST_SECOND), answer);
      ASSERT_EQUAL(stream.push(audio(8000), GST_SECOND), GST_FLOW_OK);  // told once
    }
  }
}

CHECK_TEST(a_late_sink_makes_no_frame_go_missing_whatever_qos_says) {
  MelStream stream("frames=10 qos=true eos-mode=short");
  const Samples samples = audio(32000);
  for (size_t i = 0; i < 10; ++i) {
    stream.push(std::span<const int16_t>(samples).subspan(i * 3200, 3200), time_of(i * 3200));
    gst_harness_push_upstream_event(
        stream.harness(),
        gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 2.0, 30 * static_cast<gint64>(GST_SECOND), 0));
  }
  stream.eos();
  ASSERT_EQUAL(stream.frames(), 200);
  // A decoder upstream hears it.
  int heard = 0;
  while (const Event event{gst_harness_try_pull_upstream_event(stream.harness())})
    heard += GST_EVENT_TYPE(event.get()) == GST_EVENT_QOS;
  ASSERT_EQUAL(heard, 10);
}

/// Quiet noise and a click on the last sample, where the first frame of tail silence sees it best.
Samples quiet_with_a_click_at_the_end(size_t count) {
  Samples samples = audio(count);
  for (int16_t& sample : samples) sample = static_cast<int16_t>(sample / 500);
  samples.back() = 32000;
  return samples;
}

CHECK_TEST(the_longest_tail_silence_counts_as_that_many_zeros) {
  // Of each hop length, so that the frame with the maximum is the first or the second one of the
  // tail, and needs from 1 to 239 samples of silence.
  for (const size_t count : {17601U, 17680U, 17681U, 17690U, 17759U, 17760U})
    for (const char* preset : {"preset=whisper80", "preset=openwakeword"}) {
      const Samples samples = quiet_with_a_click_at_the_end(count);
      Samples with_zeros = samples;
      with_zeros.resize(count + 8000, 0);
      MelStream raw(std::string(preset) + " frames=0");
      run(raw, with_zeros);
      const std::vector<float> rows = raw.rows();
      const auto mels = static_cast<size_t>(raw.buffers().at(0)->mels());
      for (const char* shape :
           {"frames=0", "frames=30 eos-mode=short", "frames=200 eos-mode=pad"}) {
        MelStream stream(std::string(preset) +
                         " normalize=buffer tail-silence=9223372036854775807 " + shape);
        run(stream, samples);
        const Received& last = *stream.buffers().back();
        const size_t first = last.frame_offset * mels;
        const auto valid = first + static_cast<size_t>(last.valid_frames) * mels;
        const float maximum =
            *std::max_element(rows.begin() + static_cast<ptrdiff_t>(first), rows.end());
        const float without_tail = *std::max_element(rows.begin() + static_cast<ptrdiff_t>(first),
                                                     rows.begin() + static_cast<ptrdiff_t>(valid));
        if (g_str_has_suffix(preset, "80")) fail_unless(maximum > without_tail + 0.3F);
        fail_unless(last.log_max == static_cast<double>(maximum), "%s %s %zu: %.9g, not %.9g",
                    preset, shape, count, last.log_max, static_cast<double>(maximum));
        // The rows that are sent see zeros behind the end, and the clamp below that maximum.
        if (!g_str_has_suffix(preset, "80")) continue;
        const std::vector<float> sent = last.rows();
        for (size_t i = 0; first + i < valid; ++i) {
          const float expected = (std::max(rows[first + i], maximum - 8) + 4) / 4;
          fail_unless(std::abs(sent[i] - expected) < 1e-6F, "%s %zu: value %zu is %g, not %g",
                      shape, count, i, static_cast<double>(sent[i]), static_cast<double>(expected));
        }
      }
    }
}

CHECK_TEST(discont_leaves_only_where_time_or_offset_is_not_continuous) {
  const Samples samples = audio(160000);
  MelStream stream("frames=10 eos-mode=short");
  for (size_t i = 0; i < 500; ++i) {
    if (i % 5 == 3) continue;  // a lost packet of 20 ms
    stream.push(std::span<const int16_t>(samples).subspan(i * 320, 320), time_of(i * 320),
                i % 5 == 4 ? GST_BUFFER_FLAG_DISCONT : 0);
  }
  stream.eos();
  const auto received = stream.buffers();
  fail_unless(received.size() > 90);
  for (size_t i = 1; i < received.size(); ++i) {
    const bool continuous = received[i]->offset == received[i - 1]->offset_end &&
                            received[i]->pts == received[i - 1]->pts + received[i - 1]->duration;
    ASSERT_EQUAL(received[i]->has(GST_BUFFER_FLAG_DISCONT), !continuous);
    fail_unless(continuous);
  }
}

CHECK_TEST(position_is_what_has_left_the_element) {
  MelStream stream("frames=10");
  GstSegment segment = time_segment();
  segment.start = 10 * GST_SECOND;
  segment.time = 50 * GST_SECOND;
  stream.segment(segment);
  stream.push(audio(16000), 10 * GST_SECOND);
  ASSERT_EQUAL(stream.buffers().size(), 9);
  const Owned<GstPad> source(gst_element_get_static_pad(stream.element(), "src"));
  gint64 position = -1;
  fail_unless(gst_pad_query_position(source.get(), GST_FORMAT_TIME, &position));
  ASSERT_EQUAL(position, 50 * GST_SECOND + 900 * GST_MSECOND);
}
