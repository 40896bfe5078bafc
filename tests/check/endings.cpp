// SPDX-License-Identifier: LGPL-2.1-or-later
// How a stream ends: EOS with every eos-mode, SEGMENT_DONE, drain, tail silence, the longest clip.
#include <algorithm>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

using Samples = std::vector<int16_t>;

/// Samples of a clip followed by zeros.
Samples with_zeros(Samples samples, size_t zeros) {
  samples.resize(samples.size() + zeros, 0);
  return samples;
}

std::vector<float> rows_of(const Samples& samples, const std::string& properties) {
  MelStream stream(properties);
  run(stream, samples);
  return stream.rows();
}

}  // namespace

CHECK_TEST(auto_gives_a_short_last_buffer_with_caps_of_its_own) {
  MelStream stream("frames=30");
  run(stream, audio(50 * 160));
  const auto received = stream.buffers();
  ASSERT_EQUAL(received.size(), 2);
  ASSERT_EQUAL(received[0]->integer("frames"), 30);
  ASSERT_EQUAL(received[1]->frames(), 20);
  ASSERT_EQUAL(received[1]->integer("frames"), 20);
  ASSERT_EQUAL(received[1]->duration, time_of(50 * 160) - time_of(30 * 160));
  ASSERT_EQUAL(received[1]->valid_frames, 20);
}

CHECK_TEST(auto_pads_with_silence_where_the_peer_fixes_frames) {
  const Samples samples = audio(50 * 160);
  MelStream stream = MelStream::idle("frames=30");
  stream.set_peer_caps("audio/x-mel-spectrogram,frames=30");
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  run(stream, samples);
  const auto received = stream.buffers();
  ASSERT_EQUAL(received.size(), 2);
  ASSERT_EQUAL(received[1]->frames(), 30);
  ASSERT_EQUAL(received[1]->valid_frames, 20);
  ASSERT_EQUAL(received[1]->offset_end, 60);
  ASSERT_EQUAL(received[1]->duration, time_of(60 * 160) - time_of(30 * 160));
  fail_unless(stream.rows() == rows_of(with_zeros(samples, 10 * 160), "frames=30"));
}

CHECK_TEST(pad_appends_zeros_to_the_audio_and_not_to_the_rows) {
  const Samples samples = audio(50 * 160 + 77);
  for (const char* nick : {"whisper80", "kaldi80", "nemo80"}) {
    const std::string preset = std::string("frames=30 preset=") + nick;
    MelStream stream(preset + " eos-mode=pad");
    run(stream, samples);
    const Recipe recipe = resolve(*from_nick<Preset>(nick), {}, 16000);
    const auto valid = static_cast<int>(frame_count(recipe, static_cast<int64_t>(samples.size())));
    ASSERT_EQUAL(stream.frames(), 60);
    ASSERT_EQUAL(stream.buffers().back()->valid_frames, valid - 30);
    auto expected = reference_rows(recipe, as_double(with_zeros(samples, 16000)));
    expected.resize(60UL * 80);
    assert_close(recipe, stream.rows(), expected);
  }
}

CHECK_TEST(pad_makes_a_buffer_even_of_audio_too_short_for_a_frame) {
  MelStream stream("frames=10 eos-mode=pad");
  run(stream, audio(100));
  ASSERT_EQUAL(stream.buffers().size(), 1);
  ASSERT_EQUAL(stream.buffers()[0]->valid_frames, 0);
  fail_unless(stream.rows() == rows_of(with_zeros(audio(100), 1700), "frames=10 eos-mode=drop"));
}

CHECK_TEST(short_is_an_error_where_the_peer_refuses) {
  MelStream stream = MelStream::idle("frames=30 eos-mode=short");
  stream.set_peer_caps("audio/x-mel-spectrogram,frames=30");
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  run(stream, audio(50 * 160));
  ASSERT_EQUAL(stream.buffers().size(), 1);
  const PostedError error = stream.error();
  fail_unless(error.code >= 0 && error.says("eos-mode"), "%s", error.text.c_str());
}

CHECK_TEST(drop_leaves_the_last_partial_buffer_out) {
  MelStream stream("frames=30 eos-mode=drop");
  run(stream, audio(59 * 160));
  ASSERT_EQUAL(stream.frames(), 30);
  fail_unless(stream.items().back().is(GST_EVENT_EOS));
}

CHECK_TEST(a_full_last_buffer_needs_no_ending) {
  for (const char* mode : {"auto", "pad", "short", "drop"}) {
    MelStream stream(std::string("frames=30 eos-mode=") + mode);
    run(stream, audio(60 * 160));
    ASSERT_EQUAL(stream.frames(), 60);
    ASSERT_EQUAL(stream.buffers().size(), 2);
  }
}

CHECK_TEST(whisper_pad_or_trim_is_3000_frames_with_eos_mode_pad) {
  const Samples samples = audio(4800);
  MelStream stream("frames=3000 eos-mode=pad normalize=buffer");
  run(stream, samples);
  ASSERT_EQUAL(stream.frames(), 3000);
  const Recipe recipe = resolve(Preset::whisper80, {}, 16000);
  // Every row but those next to the padding is the same; compare the first 60.
  auto expected = reference_clip(recipe, as_double(with_zeros(samples, 16000)), true);
  expected.resize(60UL * 80);
  std::vector<float> actual = stream.rows();
  actual.resize(60UL * 80);
  assert_close(recipe, actual, expected, true);
}

CHECK_TEST(eos_comes_last_once_and_keeps_its_seqnum) {
  MelStream stream("frames=30");
  stream.push(audio(50 * 160), 0);
  GstEvent* eos = gst_event_new_eos();
  const guint32 seqnum = gst_event_get_seqnum(eos);
  fail_unless(stream.event(eos));
  fail_unless(stream.items().back().is(GST_EVENT_EOS));
  ASSERT_EQUAL(gst_event_get_seqnum(stream.items().back().event.get()), seqnum);
  int count = 0;
  for (const Item& item : stream.items()) count += item.is(GST_EVENT_EOS);
  ASSERT_EQUAL(count, 1);
}

CHECK_TEST(segment_done_waits_for_held_audio) {
  MelStream stream("frames=30 eos-mode=short");
  stream.push(audio(50 * 160), 0);
  fail_unless(stream.event(gst_event_new_segment_done(GST_FORMAT_TIME, GST_SECOND / 2)));
  ASSERT_EQUAL(stream.frames(), 50);
  fail_unless(stream.items().back().is(GST_EVENT_SEGMENT_DONE));
}

CHECK_TEST(a_drain_query_pushes_what_is_held) {
  MelStream stream("frames=30 eos-mode=short");
  stream.push(audio(50 * 160), 0);
  ASSERT_EQUAL(stream.frames(), 30);
  const Owned<GstQuery> query(gst_query_new_drain());
  gst_pad_peer_query(stream.harness()->srcpad, query.get());
  ASSERT_EQUAL(stream.frames(), 50);
  fail_unless(stream.rows() == rows_of(audio(50 * 160), "frames=30 eos-mode=short"));
}

CHECK_TEST(a_new_stream_ends_the_old_one) {
  MelStream stream("frames=30 eos-mode=short");
  stream.push(audio(50 * 160), 0);
  stream.event(gst_event_new_stream_start("another"));
  ASSERT_EQUAL(stream.frames(), 50);
}

CHECK_TEST(tail_silence_changes_the_last_row_and_the_maximum_but_not_the_count) {
  const Samples samples = audio(16000);
  const Recipe recipe = resolve(Preset::whisper80, {}, 16000);
  for (const char* normalize : {"none", "buffer"}) {
    const bool normalized = std::string(normalize) == "buffer";
    MelStream stream(std::string("frames=0 tail-silence=500000000 normalize=") + normalize);
    run(stream, samples);
    ASSERT_EQUAL(stream.frames(), 100);
    const auto expected = reference_clip(recipe, as_double(samples), normalized, 8000);
    assert_close(recipe, stream.rows(), expected, normalized);
    // The last frame sees zeros instead of a reflection.
    const auto reflected = rows_of(samples, std::string("frames=0 normalize=") + normalize);
    const auto rows = stream.rows();
    fail_if(std::equal(rows.end() - 80, rows.end(), reflected.end() - 80));
  }
}

CHECK_TEST(a_full_last_buffer_waits_for_the_maximum_of_the_tail) {
  // The click is loudest in the frame after the last one, which only the tail makes.
  Samples samples(160 * 120);
  samples.back() = 30000;
  for (const char* frames : {"frames=10 ", "frames=60 "}) {
    MelStream with(std::string(frames) + "normalize=buffer tail-silence=100000000");
    MelStream without(std::string(frames) + "normalize=buffer");
    run(with, samples);
    run(without, samples);
    ASSERT_EQUAL(with.frames(), 120);
    fail_unless(with.buffers().back()->log_max > without.buffers().back()->log_max + 0.1, "%f %f",
                with.buffers().back()->log_max, without.buffers().back()->log_max);
  }
}

CHECK_TEST(the_tail_counts_for_no_maximum_without_normalisation) {
  Samples samples(160 * 120);
  samples.back() = 30000;
  for (const char* frames : {"frames=10 ", "frames=60 ", "frames=0 "}) {
    MelStream stream(std::string(frames) + "tail-silence=100000000");
    run(stream, samples);
    const Received& last = *stream.buffers().back();
    const std::vector<float> rows = last.rows();
    ASSERT_EQUAL(stream.frames(), 120);
    fail_unless(last.log_max == static_cast<double>(*std::max_element(rows.begin(), rows.end())),
                "%s%f", frames, last.log_max);
  }
}

CHECK_TEST(a_row_that_the_original_drops_counts_for_its_maximum) {
  // 11 rows; the click is loudest in the last one, and silence is 8 decades below that.
  Samples samples(1600);
  samples.back() = 30000;
  const Recipe recipe = resolve(Preset::granite80, {}, 16000);
  MelStream stream("preset=granite80 frames=0 normalize=buffer");
  run(stream, samples);
  ASSERT_EQUAL(stream.frames(), 10);
  assert_close(recipe, stream.rows(), reference_clip(recipe, as_double(samples), true), true);
}

CHECK_TEST(audio_is_padded_to_a_multiple_of_128_with_zeros_where_the_original_does) {
  RecipeOverrides overrides;
  overrides.tail_rule = TailRule::pad_audio_128;
  const Recipe reflecting = resolve(Preset::whisper80, overrides, 16000);
  const Recipe gemma = resolve(Preset::gemma3n128, {}, 16000);
  bool more_rows_than_frames = false;
  for (const size_t length : {1600UL - 63, 128UL * 12, 128UL * 12 + 1}) {
    const Samples samples = audio(length);
    MelStream mirrored("frames=0 tail-rule=pad-audio-128");
    run(mirrored, samples);
    assert_close(reflecting, mirrored.rows(),
                 reference_clip(reflecting, as_double(samples), false));
    MelStream plain("frames=0 preset=gemma3n128");
    run(plain, samples);
    assert_close(gemma, plain.rows(), reference_clip(gemma, as_double(samples), false));
    // A row that only the padding makes is not counted as one of the audio.
    ASSERT_EQUAL(plain.buffers()[0]->valid_frames,
                 frame_count(gemma, static_cast<int64_t>(length)));
    more_rows_than_frames |= plain.frames() > plain.buffers()[0]->valid_frames;
  }
  fail_unless(more_rows_than_frames);
}

CHECK_TEST(frames_zero_beyond_max_duration_is_an_error) {
  // What counts is how much audio there is, not what time it is; the last nanosecond is granted.
  for (const GstClockTime begin : {GstClockTime{0}, GstClockTime{3600 * GST_SECOND}}) {
    MelStream stream("frames=0 max-duration=2000000000");
    ASSERT_EQUAL(stream.push(audio(16000), begin), GST_FLOW_OK);
    ASSERT_EQUAL(stream.push(audio(16000), begin + GST_SECOND), GST_FLOW_OK);
    ASSERT_EQUAL(stream.error().code, -1);
    ASSERT_EQUAL(stream.push(audio(1), begin + 2 * GST_SECOND), GST_FLOW_ERROR);
    const PostedError error = stream.error();
    fail_unless(error.code >= 0 && error.says("max-duration"), "%s", error.text.c_str());
  }
}

CHECK_TEST(frames_zero_sends_one_buffer_with_the_length_in_its_caps_or_meta) {
  MelStream stream("frames=0");
  run(stream, audio(12345));
  ASSERT_EQUAL(stream.buffers().size(), 1);
  const Received& buffer = *stream.buffers()[0];
  ASSERT_EQUAL(buffer.integer("frames"), 0);
  ASSERT_EQUAL(buffer.valid_frames, 77);
  ASSERT_EQUAL(buffer.offset_end, 77);
  ASSERT_EQUAL(buffer.duration, time_of(77 * 160));
}

CHECK_TEST(tail_rules_apply_to_frames_zero_only) {
  struct {
    const char* nick;
    int samples;
    int whole;      ///< rows with frames=0 normalize=buffer
    int streaming;  ///< rows computed from audio
  } const cases[] = {
      {"nemo80", 16000, 101, 100},      // a masked row
      {"seamless80", 16400, 102, 101},  // a zero row makes the count even
      {"granite80", 16000, 100, 101},   // the odd last row is dropped
  };
  for (const auto& expected : cases) {
    const std::string preset = std::string("preset=") + expected.nick;
    MelStream whole(preset + " frames=0 normalize=buffer");
    run(whole, audio(static_cast<size_t>(expected.samples)));
    fail_unless(whole.frames() == expected.whole, "%s: %d", expected.nick, whole.frames());
    MelStream streaming(preset + " frames=10 eos-mode=short");
    run(streaming, audio(static_cast<size_t>(expected.samples)));
    fail_unless(streaming.frames() == expected.streaming, "%s: %d", expected.nick,
                streaming.frames());
  }
}
