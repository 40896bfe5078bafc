// SPDX-License-Identifier: LGPL-2.1-or-later
// Breaks in the stream: what counts as one, what is bridged, what starts a new grid.
#include <algorithm>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

using Samples = std::vector<int16_t>;

std::span<const int16_t> part(const Samples& samples, size_t from, size_t count) {
  return std::span<const int16_t>(samples).subspan(from, count);
}

std::vector<float> rows_of(const Samples& samples, const std::string& properties) {
  MelStream stream(properties);
  run(stream, samples);
  return stream.rows();
}

constexpr guint kDiscont = GST_BUFFER_FLAG_DISCONT;

}  // namespace

CHECK_TEST(small_buffers_after_a_discont_produce_output) {
  // GstBaseTransform keeps reporting the first DISCONT until something leaves the element.
  const Samples samples = audio(16000);
  MelStream stream("frames=10");
  for (size_t i = 0; i < 200; ++i)
    stream.push(part(samples, i * 80, 80), time_of(i * 80), i == 0 ? kDiscont : 0);
  ASSERT_EQUAL(stream.buffers().size(), 9);
  ASSERT_EQUAL(stream.stat("samples-in"), 16000);
}

CHECK_TEST(the_first_buffer_of_a_stream_is_a_discont_and_the_second_is_not) {
  MelStream stream("frames=10");
  stream.push(audio(16000), 0);
  fail_unless(stream.buffers()[0]->has(GST_BUFFER_FLAG_DISCONT));
  fail_if(stream.buffers()[0]->has(GST_BUFFER_FLAG_RESYNC));
  fail_if(stream.buffers()[1]->has(GST_BUFFER_FLAG_DISCONT));
}

CHECK_TEST(a_discont_flag_on_every_contiguous_buffer_keeps_the_grid) {
  const Samples samples = audio(16000);
  MelStream stream("frames=10 eos-mode=short");
  for (size_t i = 0; i < 100; ++i)
    stream.push(part(samples, i * 160, 160), time_of(i * 160), kDiscont);
  stream.eos();
  fail_unless(stream.rows() == rows_of(samples, "frames=10 eos-mode=short"));
}

CHECK_TEST(the_buffer_after_one_that_downstream_did_not_take_is_a_discont) {
  const Samples samples = audio(16000);
  MelStream stream("frames=10");
  ASSERT_EQUAL(stream.push(part(samples, 0, 4000), 0), GST_FLOW_OK);
  {
    const Refusing refusing(stream.harness()->sinkpad, GST_FLOW_NOT_LINKED);
    ASSERT_EQUAL(stream.push(part(samples, 4000, 2000), time_of(4000)), GST_FLOW_NOT_LINKED);
  }
  stream.forget();
  ASSERT_EQUAL(stream.push(part(samples, 6000, 10000), time_of(6000)), GST_FLOW_OK);
  fail_unless(stream.buffers()[0]->has(GST_BUFFER_FLAG_DISCONT));
  fail_if(stream.buffers()[1]->has(GST_BUFFER_FLAG_DISCONT));
}

CHECK_TEST(jitter_below_the_threshold_keeps_the_grid) {
  const Samples samples = audio(32000);
  MelStream stream("frames=10 eos-mode=short");
  for (size_t i = 0; i < 200; ++i) {
    const GstClockTime jitter = (i * 7919) % 2000001;  // up to 2 ms late
    stream.push(part(samples, i * 160, 160), GST_SECOND + time_of(i * 160) + (i ? jitter : 0));
  }
  stream.eos();
  fail_unless(stream.rows() == rows_of(samples, "frames=10 eos-mode=short"));
  const auto received = stream.buffers();
  for (size_t i = 0; i < received.size(); ++i)
    ASSERT_EQUAL(received[i]->pts, GST_SECOND + time_of(i * 1600));
  ASSERT_EQUAL(stream.stat("samples-inserted"), 0);
}

CHECK_TEST(a_lasting_offset_ahead_is_silence_once_normal_steps_confirm_it) {
  const Samples samples = audio(16000 * 4);
  MelStream stream("frames=10");
  // From 1 s on everything is 60 ms late: believed after 80 ms more, and the buffer that showed it.
  size_t at = 0;
  const auto push_until = [&](size_t end) {
    for (; at < end; at += 160)
      stream.push(part(samples, at, 160), time_of(at) + (at >= 16000 ? 60 * GST_MSECOND : 0));
  };
  push_until(16000 + 160 + 1280 - 160);
  ASSERT_EQUAL(stream.stat("samples-inserted"), 0);
  push_until(16000 + 160 + 1280);
  ASSERT_EQUAL(stream.stat("samples-inserted"), 960);
  push_until(samples.size());
  ASSERT_EQUAL(stream.stat("samples-inserted"), 960);
  ASSERT_EQUAL(stream.stat("resyncs"), 0);
}

CHECK_TEST(a_lasting_offset_back_moves_the_time_base_and_drops_nothing) {
  const Samples samples = audio(16000 * 4);
  MelStream stream("frames=10 eos-mode=short");
  for (size_t at = 0; at < samples.size(); at += 160)
    stream.push(part(samples, at, 160),
                GST_SECOND + time_of(at) - (at >= 16000 ? 60 * GST_MSECOND : 0));
  stream.eos();
  ASSERT_EQUAL(stream.stat("samples-dropped"), 0);
  ASSERT_EQUAL(stream.stat("samples-in"), samples.size());
  ASSERT_EQUAL(stream.stat("resyncs"), 1);
  fail_unless(stream.rows() == rows_of(samples, "frames=10 eos-mode=short"));
  // Frames go on uninterrupted; their times step back where 1 s of offset is over.
  const auto received = stream.buffers();
  int steps = 0;
  for (size_t i = 1; i < received.size(); ++i) {
    ASSERT_EQUAL(received[i]->offset, received[i - 1]->offset_end);
    const bool stepped = received[i]->pts != received[i - 1]->pts + received[i - 1]->duration;
    ASSERT_EQUAL(received[i]->has(GST_BUFFER_FLAG_DISCONT), stepped);
    fail_if(received[i]->has(GST_BUFFER_FLAG_RESYNC));
    steps += stepped;
    const bool moved = i >= 20;
    ASSERT_EQUAL(received[i]->pts, GST_SECOND + time_of(i * 1600) - (moved ? 60 * GST_MSECOND : 0));
  }
  ASSERT_EQUAL(steps, 1);
}

CHECK_TEST(a_gap_up_to_max_gap_is_bridged_with_silence) {
  Samples samples = audio(32000);
  std::fill(samples.begin() + 8000, samples.begin() + 20000, int16_t{0});  // 750 ms
  MelStream stream("frames=10 eos-mode=short");
  stream.push(part(samples, 0, 8000), 0);
  stream.push(part(samples, 20000, 12000), time_of(20000), kDiscont);
  stream.eos();
  fail_unless(stream.rows() == rows_of(samples, "frames=10 eos-mode=short"));
  ASSERT_EQUAL(stream.stat("samples-inserted"), 12000);
}

CHECK_TEST(what_overlaps_by_its_time_goes_on_and_is_not_dropped) {
  const Samples samples = audio(18000);
  for (const guint gap : {0U, static_cast<guint>(GST_BUFFER_FLAG_GAP)}) {
    Samples expected = samples;
    MelStream stream("frames=10 eos-mode=short");
    stream.push(part(samples, 0, 8000), 0);
    stream.push(part(samples, 8000, 5000), time_of(6000), kDiscont | gap);
    stream.push(part(samples, 13000, 5000), time_of(11000));
    stream.eos();
    if (gap != 0) std::fill(expected.begin() + 8000, expected.begin() + 13000, int16_t{0});
    fail_unless(stream.rows() == rows_of(expected, "frames=10 eos-mode=short"));
    ASSERT_EQUAL(stream.stat("samples-dropped"), 0);
    ASSERT_EQUAL(stream.stat("samples-in"), 18000);
  }
}

CHECK_TEST(a_gap_is_the_nearest_whole_number_of_samples) {
  // Times are rounded down to nanoseconds: 5000 samples at 44100 Hz last a little less.
  MelStream stream("preset=librosa", "audio/x-raw,format=S16LE,rate=44100");
  const Samples samples = audio(44100);
  stream.push(samples, 0);
  stream.push(samples, time_of(49100, 44100), kDiscont);
  stream.push(samples, time_of(93200, 44100));
  ASSERT_EQUAL(stream.stat("samples-inserted"), 5000);
}

CHECK_TEST(a_gap_of_exactly_max_gap_is_bridged_and_one_of_a_nanosecond_more_is_not) {
  const Samples samples = audio(16000);
  for (const GstClockTime beyond : {0, 1}) {
    MelStream stream("frames=10 max-gap=500000000");
    stream.push(samples, 0);
    stream.push(samples, GST_SECOND + GST_SECOND / 2 + beyond, kDiscont);
    stream.push(samples, 2 * GST_SECOND + GST_SECOND / 2 + beyond);
    ASSERT_EQUAL(stream.stat("samples-inserted"), beyond == 0 ? 8000 : 0);
    ASSERT_EQUAL(stream.stat("resyncs"), beyond);
  }
}

CHECK_TEST(a_longer_gap_drains_and_starts_a_new_grid) {
  const Samples samples = audio(24000);
  const Samples first(samples.begin(), samples.begin() + 8000);
  const Samples second(samples.begin() + 8000, samples.end());
  MelStream stream("frames=30 eos-mode=short");
  stream.push(first, 0);
  const GstClockTime later = 5 * GST_SECOND + 3;
  stream.push(second, later, kDiscont);
  stream.eos();

  const auto received = stream.buffers();
  // 50 frames: 30 and 20; then 100: 30, 30, 30, 10.
  ASSERT_EQUAL(received.size(), 6);
  ASSERT_EQUAL(received[1]->frames(), 20);
  ASSERT_EQUAL(received[2]->pts, later);
  ASSERT_EQUAL(received[2]->offset, 0);
  for (const GstBufferFlags flag : {GST_BUFFER_FLAG_DISCONT, GST_BUFFER_FLAG_RESYNC}) {
    fail_unless(received[2]->has(flag));
    fail_if(received[1]->has(flag) || received[3]->has(flag));
  }
  // Edges are padded as at the start and the end of a stream.
  std::vector<float> expected = rows_of(first, "frames=30 eos-mode=short");
  const std::vector<float> rest = rows_of(second, "frames=30 eos-mode=short");
  expected.insert(expected.end(), rest.begin(), rest.end());
  fail_unless(stream.rows() == expected);
}

CHECK_TEST(a_buffer_without_a_time_follows_one_that_overlaps) {
  const Samples samples = audio(17000);
  MelStream stream("frames=10 eos-mode=short");
  stream.push(part(samples, 0, 8000), 0);
  stream.push(part(samples, 8000, 1000), time_of(4000), kDiscont);
  stream.push(part(samples, 9000, 8000));
  stream.eos();
  fail_unless(stream.rows() == rows_of(samples, "frames=10 eos-mode=short"));
  ASSERT_EQUAL(stream.stat("samples-inserted"), 0);
  ASSERT_EQUAL(stream.stat("samples-dropped"), 0);
}

CHECK_TEST(max_gap_is_a_property) {
  const Samples samples = audio(16000);
  MelStream stream("frames=10 max-gap=100000000");
  stream.push(part(samples, 0, 8000), 0);
  stream.push(part(samples, 8000, 8000), GST_SECOND, kDiscont);  // 500 ms later than due
  stream.eos();
  bool restarted = false;
  for (const Received* buffer : stream.buffers()) restarted |= buffer->pts == GST_SECOND;
  fail_unless(restarted);
  ASSERT_EQUAL(stream.stat("samples-inserted"), 0);
}

CHECK_TEST(whole_stream_in_one_buffer_ends_at_a_resync_where_max_gap_is_set) {
  const Samples samples = audio(16000);
  MelStream stream("frames=0 max-gap=1000000000");
  stream.push(samples, 0);
  stream.push(samples, 10 * GST_SECOND, kDiscont);
  stream.push(samples, 11 * GST_SECOND);
  ASSERT_EQUAL(stream.buffers().size(), 1);
  stream.eos();
  ASSERT_EQUAL(stream.buffers().size(), 2);
  ASSERT_EQUAL(stream.buffers()[0]->frames(), 100);
  ASSERT_EQUAL(stream.buffers()[1]->frames(), 200);
  ASSERT_EQUAL(stream.buffers()[1]->pts, 10 * GST_SECOND);
}

CHECK_TEST(a_flush_forgets_the_past_and_restarts_the_grid) {
  const Samples samples = audio(16000);
  // In the middle of a buffer and of a batch; 80: before there is a frame at all.
  for (const size_t before : {7777UL, 16000UL, 80UL}) {
    for (const char* kind : {"", "preset=nemo80 ", "frames=20 stride=7 ", "frames=0 "}) {
      const std::string properties = std::string("frames=30 eos-mode=short ") + kind;
      MelStream stream(properties);
      stream.push(part(samples, 0, before), 0);
      stream.forget();
      fail_unless(stream.flush());
      GstSegment segment;
      gst_segment_init(&segment, GST_FORMAT_TIME);
      segment.start = segment.time = 3 * GST_SECOND;
      stream.segment(segment);
      stream.push(samples, 3 * GST_SECOND);
      stream.eos();
      fail_unless(stream.rows() == rows_of(samples, properties), "%s", kind);
      ASSERT_EQUAL(stream.buffers()[0]->pts, 3 * GST_SECOND);
      ASSERT_EQUAL(stream.buffers()[0]->offset, 0);
      fail_unless(stream.buffers()[0]->has(GST_BUFFER_FLAG_DISCONT));
    }
  }
}

CHECK_TEST(a_flush_right_before_eos_leaves_nothing_to_send) {
  MelStream stream("frames=30");
  stream.push(audio(3000), 0);
  fail_unless(stream.flush());
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  stream.segment(segment);
  stream.eos();
  fail_unless(stream.buffers().empty());
}
