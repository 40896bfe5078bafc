// SPDX-License-Identifier: LGPL-2.1-or-later
// PTS, DURATION and OFFSET come from a counter of samples: exact after hours, at any rate.
#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

/// Pushes HOURS of silence in 10 s buffers and holds every buffer against the absolute formula.
void assert_exact_for_hours(int hours, const std::string& properties, int rate, int hop) {
  const int frames = 100;
  MelStream stream(properties, ("audio/x-raw,format=S16LE,rate=" + std::to_string(rate)).c_str());
  const GstClockTime base = 1234567891;
  const std::vector<int16_t> silence(static_cast<size_t>(rate) * 10);
  guint64 expected = 0, pushed = 0;
  const auto check = [&] {
    for (const Received* buffer : stream.buffers()) {
      const guint64 first = expected * static_cast<guint64>(hop);
      const auto rows = static_cast<guint64>(buffer->frames());
      const guint64 past = first + rows * static_cast<guint64>(hop);
      ASSERT_EQUAL(buffer->pts, base + time_of(first, rate));
      ASSERT_EQUAL(buffer->duration, time_of(past, rate) - time_of(first, rate));
      ASSERT_EQUAL(buffer->offset, expected);
      ASSERT_EQUAL(buffer->offset_end, expected + rows);
      expected += rows;
    }
    stream.forget();
  };
  for (int i = 0; i < hours * 360; ++i, pushed += silence.size()) {
    fail_unless(stream.push(silence, base + time_of(pushed, rate)) == GST_FLOW_OK);
    check();
  }
  fail_unless(expected * static_cast<guint64>(hop) + 2 * static_cast<guint64>(frames * hop) >
              pushed);
  stream.eos();
  check();
  ASSERT_EQUAL(expected, pushed / static_cast<guint64>(hop));
}

}  // namespace

LONG_CHECK_TEST(ten_hours_at_16000_hz_are_exact) {
  assert_exact_for_hours(10, "eos-mode=short", 16000, 160);
}

// The smallest filter bank there is: the time is what is tested.
LONG_CHECK_TEST(ten_hours_at_44100_hz_with_hop_441_are_exact) {
  assert_exact_for_hours(10,
                         "preset=custom eos-mode=short mels=1 n-fft=512 win-length=441 "
                         "hop-length=441 padding=zero frame-count=drop-last",
                         44100, 441);
}

LONG_CHECK_TEST(ten_hours_at_44100_hz_with_hop_160_are_exact) {
  assert_exact_for_hours(10,
                         "preset=custom eos-mode=short mels=1 n-fft=512 win-length=400 "
                         "hop-length=160 padding=zero frame-count=drop-last",
                         44100, 160);
}

CHECK_TEST(hops_that_are_no_whole_nanoseconds_do_not_drift) {
  // 160 samples at 11025 Hz last 14512471.66 ns.
  MelStream stream("preset=custom frames=1 hop-length=160", "audio/x-raw,format=S16LE,rate=11025");
  run(stream, audio(11025 * 20));
  const auto received = stream.buffers();
  fail_unless(received.size() > 1300);
  for (size_t i = 0; i < received.size(); ++i) {
    ASSERT_EQUAL(received[i]->pts, time_of(i * 160, 11025));
    ASSERT_EQUAL(received[i]->duration, time_of((i + 1) * 160, 11025) - time_of(i * 160, 11025));
  }
}

CHECK_TEST(the_first_frame_has_the_time_of_the_first_sample_for_every_preset) {
  for (const char* nick :
       {"whisper80", "nemo80", "kaldi80", "icefall80", "librosa", "gemma4-128"}) {
    MelStream stream(std::string("frames=2 preset=") + nick);
    ASSERT_EQUAL(stream.push(audio(16000), 3 * GST_SECOND + 7), GST_FLOW_OK);
    fail_unless(!stream.buffers().empty());
    ASSERT_EQUAL(stream.buffers()[0]->pts, 3 * GST_SECOND + 7);
    ASSERT_EQUAL(stream.buffers()[0]->offset, 0);
  }
}

CHECK_TEST(buffers_without_timestamps_count_from_the_start_of_the_segment) {
  MelStream stream("frames=10");
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 5 * GST_SECOND;
  stream.segment(segment);
  for (int i = 0; i < 20; ++i) stream.push(audio(1600));
  const auto received = stream.buffers();
  fail_unless(received.size() >= 18);
  for (size_t i = 0; i < received.size(); ++i)
    ASSERT_EQUAL(received[i]->pts, 5 * GST_SECOND + time_of(i * 1600));
}

CHECK_TEST(buffers_without_a_time_in_mid_stream_follow_the_one_before) {
  const std::vector<int16_t> samples = audio(16000);
  MelStream stream("frames=10 eos-mode=short");
  for (size_t at = 0; at < samples.size(); at += 500) {
    // Two of three have none, and one of those says DISCONT.
    const bool timed = at % 1500 == 0;
    stream.push(std::span<const int16_t>(samples).subspan(at, 500),
                timed ? GST_SECOND + time_of(at) : GST_CLOCK_TIME_NONE,
                at % 1500 == 500 ? GST_BUFFER_FLAG_DISCONT : 0);
  }
  stream.eos();
  MelStream plain("frames=10 eos-mode=short");
  run(plain, samples);
  fail_unless(stream.rows() == plain.rows());
  for (const Received* buffer : stream.buffers())
    ASSERT_EQUAL(buffer->pts, GST_SECOND + time_of(buffer->offset * 160));
  ASSERT_EQUAL(stream.stat("samples-inserted") + stream.stat("samples-dropped"), 0);
}

CHECK_TEST(offsets_of_the_audio_mean_nothing) {
  const std::vector<int16_t> samples = audio(16000);
  MelStream stream("frames=10 eos-mode=short");
  for (size_t at = 0; at < samples.size(); at += 4000) {
    GstBuffer* buffer = buffer_of(std::span<const int16_t>(samples).subspan(at, 4000));
    GST_BUFFER_PTS(buffer) = time_of(at);
    GST_BUFFER_OFFSET(buffer) = 5000000000 + (at % 8000 == 0 ? 7 * at : 0);
    GST_BUFFER_OFFSET_END(buffer) = 1;
    ASSERT_EQUAL(stream.push(buffer), GST_FLOW_OK);
  }
  stream.eos();
  MelStream plain("frames=10 eos-mode=short");
  run(plain, samples);
  fail_unless(stream.rows() == plain.rows());
  ASSERT_EQUAL(stream.buffers()[3]->offset, 30);
}

LONG_CHECK_TEST(five_billion_samples_are_counted) {
  // More than 32 bits hold, in one gap event: 87 hours, of which one frame in 4 s sees something.
  const std::string properties =
      "preset=custom frames=1000 eos-mode=short mels=2 n-fft=64 win-length=64 hop-length=65536 ";
  MelStream stream(properties + "max-gap=9000000000000000");
  const std::vector<int16_t> samples = audio(65536 * 3);
  const guint64 gap = 5000000000 / 65536 * 65536;
  stream.push(samples, 0);
  fail_unless(stream.event(gst_event_new_gap(time_of(samples.size()), time_of(gap))));
  stream.push(samples, time_of(samples.size() + gap));
  stream.eos();
  ASSERT_EQUAL(stream.stat("samples-inserted"), gap);
  guint64 expected = 0;
  for (const Received* buffer : stream.buffers()) {
    ASSERT_EQUAL(buffer->offset, expected);
    ASSERT_EQUAL(buffer->pts, time_of(expected * 65536));
    expected = buffer->offset_end;
  }
  ASSERT_EQUAL(expected, (2 * samples.size() + gap) / 65536);
  // The sound after the gap lies where it belongs: but for the first frame, whose left edge sees
  // zeros instead of a reflection.
  MelStream plain(properties);
  run(plain, samples);
  const std::vector<float> rows = stream.rows(), last = plain.rows();
  ASSERT_EQUAL(last.size(), 3 * 2);
  fail_unless(std::equal(last.begin() + 2, last.end(), rows.end() - 4));
}

CHECK_TEST(samples_outside_the_segment_are_clipped) {
  const std::vector<int16_t> samples = audio(32000);
  MelStream stream("frames=10 eos-mode=short");
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = GST_SECOND / 2;
  segment.stop = 3 * GST_SECOND / 2;
  stream.segment(segment);
  stream.push(samples, 0);
  stream.eos();
  ASSERT_EQUAL(stream.frames(), 100);
  ASSERT_EQUAL(stream.buffers()[0]->pts, GST_SECOND / 2);

  // The same numbers as the piece alone: what was clipped is not even seen at the edges.
  MelStream piece("frames=10 eos-mode=short");
  run(piece, std::vector<int16_t>(samples.begin() + 8000, samples.begin() + 24000));
  fail_unless(stream.rows() == piece.rows());
}

CHECK_TEST(running_time_follows_segment_base_and_rate_one) {
  MelStream stream("frames=10");
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 10 * GST_SECOND;
  segment.base = 4 * GST_SECOND;
  stream.segment(segment);
  stream.push(audio(16000), 10 * GST_SECOND);
  GstEvent* forwarded = nullptr;
  for (const Item& item : stream.items())
    if (item.is(GST_EVENT_SEGMENT)) forwarded = item.event.get();
  const GstSegment* seen = nullptr;
  gst_event_parse_segment(forwarded, &seen);
  ASSERT_EQUAL(gst_segment_to_running_time(seen, GST_FORMAT_TIME, stream.buffers()[1]->pts),
               4 * GST_SECOND + time_of(1600));
}

CHECK_TEST(a_segment_with_negative_rate_passes_without_features_and_is_warned_of_once) {
  MelStream stream("frames=10 eos-mode=short");
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.rate = -1;
  segment.stop = 10 * GST_SECOND;
  stream.push(audio(1600), 0);
  fail_unless(stream.segment(segment));
  ASSERT_EQUAL(stream.frames(), 10);  // what was held has gone before
  stream.forget();
  for (guint64 i = 0; i < 5; ++i)
    ASSERT_EQUAL(stream.push(audio(1600), 9 * GST_SECOND - i * 100 * GST_MSECOND), GST_FLOW_OK);
  segment.stop = 9 * GST_SECOND;  // trick modes send one a step
  fail_unless(stream.segment(segment));
  stream.push(audio(1600), 8 * GST_SECOND);
  fail_unless(stream.buffers().empty());
  ASSERT_EQUAL(stream.stat("samples-dropped"), 6 * 1600);
  // Its time passes, so that the sink behind prerolls.
  GstClockTime start = 0, duration = 0;
  gst_event_parse_gap(stream.items()[0].event.get(), &start, &duration);
  ASSERT_EQUAL(start, 9 * GST_SECOND);
  ASSERT_EQUAL(duration, 100 * GST_MSECOND);
  int warnings = 0;
  while (const Message message = stream.bus().pop(
             static_cast<GstMessageType>(GST_MESSAGE_WARNING | GST_MESSAGE_ERROR))) {
    ASSERT_EQUAL(GST_MESSAGE_TYPE(message.get()), GST_MESSAGE_WARNING);
    ++warnings;
  }
  ASSERT_EQUAL(warnings, 1);
  // After a seek forwards features come again, and know nothing of what was before.
  stream.flush();
  stream.forget();
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 4 * GST_SECOND;
  stream.segment(segment);
  ASSERT_EQUAL(stream.push(audio(1800), 4 * GST_SECOND), GST_FLOW_OK);
  ASSERT_EQUAL(stream.buffers().size(), 1);
  ASSERT_EQUAL(stream.buffers()[0]->pts, 4 * GST_SECOND);
}

CHECK_TEST(a_seek_with_negative_rate_is_refused_and_others_go_upstream) {
  MelStream stream;
  const auto seek = [&](double rate) {
    return gst_harness_push_upstream_event(
        stream.harness(), gst_event_new_seek(rate, GST_FORMAT_TIME, GST_SEEK_FLAG_FLUSH,
                                             GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, 0));
  };
  const auto arrived = [&] {
    bool found = false;
    while (const Event event{gst_harness_try_pull_upstream_event(stream.harness())})
      found = found || GST_EVENT_TYPE(event.get()) == GST_EVENT_SEEK;
    return found;
  };
  fail_if(seek(-1.0));
  fail_if(arrived());
  seek(1.0);
  fail_unless(arrived());
}
