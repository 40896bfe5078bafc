// SPDX-License-Identifier: LGPL-2.1-or-later
// Silence that arrives as GAP buffers and GAP events.
#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

using Samples = std::vector<int16_t>;

std::vector<float> rows_of(const Samples& samples,
                           const std::string& properties = "frames=10 eos-mode=short") {
  MelStream stream(properties);
  run(stream, samples);
  return stream.rows();
}

int gaps_in(const MelStream& stream) {
  int gaps = 0;
  for (const Item& item : stream.items()) gaps += item.is(GST_EVENT_GAP);
  return gaps;
}

}  // namespace

CHECK_TEST(a_gap_buffer_counts_as_zeros_whatever_it_holds) {
  const Samples samples = audio(16000);
  Samples expected = samples;
  expected.resize(32000, 0);
  expected.insert(expected.end(), samples.begin(), samples.end());
  // Also where a sample reaches into the silence after it, and where the sound ends between two
  // frames that do not touch.
  for (const char* properties :
       {"frames=10 eos-mode=short", "frames=10 eos-mode=short preset=nemo80",
        "frames=1 preset=nemo80 window=hamming frame-count=centered hop-length=1031"}) {
    MelStream stream(properties);
    stream.push(samples, 0);
    stream.push(samples, GST_SECOND, GST_BUFFER_FLAG_GAP);
    stream.push(samples, 2 * GST_SECOND);
    stream.eos();
    fail_unless(stream.rows() == rows_of(expected, properties), "%s", properties);
  }
}

CHECK_TEST(only_buffers_of_pure_gap_are_flagged_gap) {
  const Samples samples = audio(16000);
  MelStream stream("frames=10");
  stream.push(samples, 0);
  stream.push(samples, GST_SECOND, GST_BUFFER_FLAG_GAP);
  stream.push(samples, 2 * GST_SECOND);
  const auto received = stream.buffers();
  fail_unless(received.size() > 25);
  int flagged = 0;
  for (const Received* buffer : received) {
    if (!buffer->has(GST_BUFFER_FLAG_GAP)) continue;
    ++flagged;
    // Every sample under the buffer's window functions lies in the gap.
    fail_unless(buffer->pts >= GST_SECOND + time_of(200));
    fail_unless(buffer->pts + buffer->duration <= 2 * GST_SECOND - time_of(200 - 160));
    for (const float value : buffer->rows()) fail_unless_equals_float(value, -10.0);
  }
  fail_unless(flagged >= 8, "%d buffers flagged", flagged);
}

CHECK_TEST(a_frame_that_sees_one_sample_of_sound_is_not_flagged_gap) {
  // hamming: the first and the last sample under the window weigh something. Frame t begins at
  // 160 t - 200.
  struct {
    const char* properties;
    size_t gap_begin, gap_end;
    int least;  ///< frames that must be flagged
  } const cases[] = {
      {"window=hamming", 1401, 8000, 38},  // ends with the first sample of a frame
      {"window=hamming", 2400, 8439, 35},  // begins with the last sample of a frame
      {"window=hamming", 0, 200, 0},       // its left edge mirrors the first sound
      {"preset=torchaudio window=hamming", 15800, 16000, 0},  // its right edge the last
      {"preset=nemo80 window=hamming", 1400, 8000, 38},       // pre-emphasis: one sample further
      {"preset=icefall80 window=hamming", 1400, 8000, 38},
  };
  const Samples loud(16000, 20000);
  for (const auto& gap : cases) {
    MelStream silence(std::string("frames=1 ") + gap.properties);
    silence.push(Samples(8000), 0);
    const std::vector<float> floor = silence.buffers()[10]->rows();
    MelStream stream(std::string("frames=1 eos-mode=short ") + gap.properties);
    const auto push = [&](size_t begin, size_t end, guint flags) {
      if (end > begin)
        stream.push(std::span<const int16_t>(loud).first(end - begin), time_of(begin), flags);
    };
    push(0, gap.gap_begin, 0);
    push(gap.gap_begin, gap.gap_end, GST_BUFFER_FLAG_GAP);
    push(gap.gap_end, loud.size(), 0);
    stream.eos();
    int flagged = 0;
    for (const Received* buffer : stream.buffers()) {
      if (!buffer->has(GST_BUFFER_FLAG_GAP)) continue;
      ++flagged;
      fail_unless(buffer->rows() == floor, "%s, %zu to %zu: frame %d", gap.properties,
                  gap.gap_begin, gap.gap_end, static_cast<int>(buffer->offset));
    }
    fail_unless(flagged >= gap.least, "%s: %d flagged", gap.properties, flagged);
  }
}

CHECK_TEST(a_short_gap_event_is_silence_and_is_swallowed) {
  const Samples samples = audio(16000);
  MelStream stream("frames=10 eos-mode=short");
  stream.push(std::span<const int16_t>(samples).first(8000), 0);
  fail_unless(stream.event(gst_event_new_gap(GST_SECOND / 2, 70 * GST_MSECOND)));
  stream.push(std::span<const int16_t>(samples).subspan(8000), GST_SECOND / 2 + 70 * GST_MSECOND);
  stream.eos();
  Samples expected(samples.begin(), samples.begin() + 8000);
  expected.resize(8000 + 1120, 0);
  expected.insert(expected.end(), samples.begin() + 8000, samples.end());
  fail_unless(stream.rows() == rows_of(expected));
  ASSERT_EQUAL(gaps_in(stream), 0);
}

CHECK_TEST(a_gap_event_is_silence_up_to_its_end_wherever_it_starts) {
  struct {
    GstClockTime start;  ///< the audio before it ends at 500 ms
    size_t silence;      ///< up to start + 70 ms
  } const cases[] = {
      {500 * GST_MSECOND, 1120},
      {550 * GST_MSECOND, 1920},
      {450 * GST_MSECOND, 320},
      {400 * GST_MSECOND, 0},
  };
  const Samples samples = audio(16000);
  for (const auto& gap : cases) {
    MelStream stream("frames=10 eos-mode=short");
    stream.push(std::span<const int16_t>(samples).first(8000), 0);
    fail_unless(stream.event(gst_event_new_gap(gap.start, 70 * GST_MSECOND)));
    stream.push(std::span<const int16_t>(samples).subspan(8000), time_of(8000 + gap.silence));
    stream.eos();
    ASSERT_EQUAL(stream.stat("samples-inserted"), gap.silence);
    Samples expected(samples.begin(), samples.begin() + 8000);
    expected.resize(8000 + gap.silence, 0);
    expected.insert(expected.end(), samples.begin() + 8000, samples.end());
    fail_unless(stream.rows() == rows_of(expected));
  }
}

CHECK_TEST(a_long_gap_event_comes_after_the_audio_before_it) {
  const Samples samples = audio(8000);
  MelStream stream("frames=30 eos-mode=short");
  stream.push(samples, 0);
  fail_unless(stream.event(gst_event_new_gap(GST_SECOND / 2, 20 * GST_SECOND)));
  ASSERT_EQUAL(stream.frames(), 50);
  fail_unless(stream.items().back().is(GST_EVENT_GAP));
  stream.push(samples, 20 * GST_SECOND + GST_SECOND / 2);
  stream.eos();
  ASSERT_EQUAL(stream.frames(), 100);
  ASSERT_EQUAL(stream.buffers()[2]->pts, 20 * GST_SECOND + GST_SECOND / 2);
  ASSERT_EQUAL(stream.buffers()[2]->offset, 0);
}

CHECK_TEST(a_gap_event_without_a_duration_ends_what_is_held) {
  // Whatever max-gap is: nobody knows how much silence that would be.
  for (const char* max_gap : {"1000000000", "9223372036854775807"}) {
    MelStream stream(std::string("frames=30 eos-mode=short max-gap=") + max_gap);
    stream.push(audio(8000), 0);
    fail_unless(stream.event(gst_event_new_gap(GST_SECOND / 2, GST_CLOCK_TIME_NONE)));
    ASSERT_EQUAL(stream.frames(), 50);
    fail_unless(stream.items().back().is(GST_EVENT_GAP));
    ASSERT_EQUAL(stream.stat("samples-inserted"), 0);
  }
}

LONG_CHECK_TEST(gap_events_alone_give_silent_frames_without_drift) {
  // An hour of silence as 1 s gap events.
  MelStream stream("frames=100");
  stream.push(Samples(16000), 0);
  for (guint64 second = 1; second < 3600; ++second)
    stream.event(gst_event_new_gap(second * GST_SECOND, GST_SECOND));
  const auto received = stream.buffers();
  fail_unless(received.size() >= 3598);
  for (size_t i = 0; i < received.size(); ++i) ASSERT_EQUAL(received[i]->pts, i * GST_SECOND);
}

CHECK_TEST(a_gap_event_before_any_audio_passes) {
  MelStream stream("frames=30");
  fail_unless(stream.event(gst_event_new_gap(0, 20 * GST_SECOND)));
  ASSERT_EQUAL(gaps_in(stream), 1);
  fail_unless(stream.buffers().empty());
}

CHECK_TEST(large_buffers_are_flagged_gap_one_by_one) {
  // Sound, two buffers of nothing, sound: none of the edges may rub off.
  MelStream stream("frames=100");
  stream.push(audio(17000), 0);
  stream.push(std::vector<int16_t>(48000), time_of(17000), GST_BUFFER_FLAG_GAP);
  stream.push(audio(24000), time_of(65000));
  const auto received = stream.buffers();
  ASSERT_EQUAL(received.size(), 5);
  const bool expected[] = {false, false, true, true, false};
  for (size_t i = 0; i < 5; ++i) ASSERT_EQUAL(received[i]->has(GST_BUFFER_FLAG_GAP), expected[i]);
}
