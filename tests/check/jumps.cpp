// SPDX-License-Identifier: LGPL-2.1-or-later
// Holes, stalls, restarts and lies in the timestamps of the audio: every sample is used once, and
// every sound is found at its time.
#include <gst/audio/audio.h>

#include <algorithm>
#include <cmath>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

constexpr const char* kFloat = "audio/x-raw,format=F32LE,rate=16000";
constexpr guint kDiscont = GST_BUFFER_FLAG_DISCONT;

struct Piece {
  double start, seconds;
};

/// Quiet noise that begins with 100 ms of a 1 kHz tone.
std::vector<float> speech(double seconds, int rate = 16000) {
  std::vector<float> samples(static_cast<size_t>(std::lround(seconds * rate)));
  uint32_t state = 7;
  for (size_t i = 0; i < samples.size(); ++i) {
    state = state * 1664525U + 1013904223U;
    samples[i] = (static_cast<float>(state >> 16U) / 32768.0F - 1) * 1e-3F;
    if (i < static_cast<size_t>(rate) / 10)
      samples[i] +=
          0.3F * std::sin(6.2831853F * 1000 * static_cast<float>(i) / static_cast<float>(rate));
  }
  return samples;
}

/// Buffers of 20 ms.
void push_pieces(MelStream& stream, const std::vector<Piece>& pieces) {
  for (const Piece& piece : pieces) {
    const std::vector<float> samples = speech(piece.seconds);
    for (size_t at = 0; at + 320 <= samples.size(); at += 320)
      ASSERT_EQUAL(stream.push(std::span<const float>(samples).subspan(at, 320),
                               static_cast<GstClockTime>(piece.start * 1e9) + time_of(at)),
                   GST_FLOW_OK);
  }
}

/// Seconds at which tones begin in rows of log10 power.
std::vector<double> tones(const MelStream& stream) {
  std::vector<double> found;
  bool before = false;
  for (const Received* buffer : stream.buffers()) {
    const std::vector<float> rows = buffer->rows();
    const auto mels = static_cast<size_t>(buffer->mels());
    for (size_t row = 0; row * mels < rows.size(); ++row) {
      const auto begin = rows.begin() + static_cast<long>(row * mels);
      const bool loud = *std::max_element(begin, begin + static_cast<long>(mels)) > 0;
      if (loud && !before)
        found.push_back(static_cast<double>(buffer->pts + time_of(row * 160)) / 1e9);
      before = loud;
    }
  }
  return found;
}

void assert_tones(const MelStream& stream, const std::vector<double>& expected) {
  const std::vector<double> found = tones(stream);
  ASSERT_EQUAL(found.size(), expected.size());
  for (size_t i = 0; i < expected.size(); ++i)
    fail_unless(std::abs(found[i] - expected[i]) <= 0.040, "tone %zu at %.3f s, not at %.3f s", i,
                found[i], expected[i]);
}

/// Upstream that is a file.
void make_not_live(MelStream& stream) {
  gst_pad_set_query_function(stream.harness()->srcpad,
                             [](GstPad* pad, GstObject* parent, GstQuery* query) -> gboolean {
                               if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
                                 return gst_pad_query_default(pad, parent, query);
                               gst_query_set_latency(query, FALSE, 0, GST_CLOCK_TIME_NONE);
                               return TRUE;
                             });
}

/// Ten seconds of buffers from a source with stamps of arrival that stands still for `stall`
/// seconds at 3 s and at 6 s, delivers at once what it has missed, and of each stall has really
/// lost `lost` seconds.
struct Arrival {
  GstClockTime pts;
  size_t begin, samples;
};
std::vector<Arrival> arrivals(int rate, double stall, double lost, double buffer_seconds) {
  std::vector<Arrival> result;
  const auto samples = static_cast<size_t>(std::lround(buffer_seconds * rate));
  const auto length = time_of(samples, rate);
  for (size_t at = 0; at + samples <= static_cast<size_t>(rate) * 10; at += samples) {
    GstClockTime pts = time_of(at, rate);
    bool drop = false;
    for (const double begin : {3.0, 6.0}) {
      const auto from = static_cast<GstClockTime>(begin * 1e9);
      const auto until = from + static_cast<GstClockTime>(stall * 1e9);
      if (pts < from || pts >= until) continue;
      drop = pts < from + static_cast<GstClockTime>(lost * 1e9);
      // The queue is read as fast as it goes.
      pts = until + (pts - from) / length * 20'000;
    }
    if (!drop) result.push_back({pts, at, samples});
  }
  return result;
}

struct Restart {
  guint64 pts = 0, expected = 0;
  gint64 jump = 0;
  std::string reason;
};
std::vector<Restart> restarts(BusWatch& bus) {
  std::vector<Restart> result;
  while (const Message message = bus.pop(GST_MESSAGE_ELEMENT)) {
    const GstStructure* fields = gst_message_get_structure(message.get());
    if (!gst_structure_has_name(fields, "npumelspec-resync")) continue;
    Restart restart;
    fail_unless(gst_structure_get_uint64(fields, "pts", &restart.pts));
    fail_unless(gst_structure_get_uint64(fields, "expected", &restart.expected));
    fail_unless(gst_structure_get_int64(fields, "jump", &restart.jump));
    restart.reason = gst_structure_get_string(fields, "reason");
    result.push_back(restart);
  }
  return result;
}

}  // namespace

CHECK_TEST(holes_without_a_flag_are_silence_and_sounds_lie_where_their_time_says) {
  struct {
    std::vector<Piece> pieces;
    std::vector<double> tones;
    int resyncs;
  } const cases[] = {
      {{{0, 2.0}, {2.5, 0.6}}, {0, 2.5}, 0},
      {{{0, 2.0}, {2.5, 0.02}}, {0, 2.5}, 0},
      {{{0, 2.0}, {32, 0.8}}, {0, 32}, 1},
      {{{0, 2.0}, {32, 3.0}}, {0, 32}, 1},
      {{{0, 2.0}, {3.5, 2.0}}, {0, 3.5}, 1},
      {{{10, 2.0}, {0, 3.0}}, {10, 0}, 1},
      {{{0, 0.5}, {0.9, 0.5}, {1.8, 0.5}, {2.7, 0.5}, {3.6, 0.5}}, {0, 0.9, 1.8, 2.7, 3.6}, 0},
  };
  for (const auto& one : cases) {
    MelStream stream("eos-mode=short", kFloat);
    push_pieces(stream, one.pieces);
    stream.eos();
    assert_tones(stream, one.tones);
    ASSERT_EQUAL(stream.stat("resyncs"), one.resyncs);
    ASSERT_EQUAL(stream.stat("samples-dropped"), 0);
    ASSERT_EQUAL(restarts(stream.bus()).size(), one.resyncs);
  }
}

CHECK_TEST(a_resync_is_told_with_its_numbers_and_is_a_warning_for_a_file) {
  for (const bool live : {false, true}) {
    MelStream stream = MelStream::idle("frames=10");
    if (!live) make_not_live(stream);
    stream.set_caps(kFloat);
    push_pieces(stream, {{1, 2.0}, {32, 1.0}, {0, 1.0}});
    fail_unless(stream.eos());
    int warnings = 0;
    std::vector<Restart> told;
    while (const Message message = stream.bus().pop(
               static_cast<GstMessageType>(GST_MESSAGE_WARNING | GST_MESSAGE_ELEMENT))) {
      const GstStructure* fields = gst_message_get_structure(message.get());
      if (GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_WARNING) {
        ++warnings;
      } else if (gst_structure_has_name(fields, "npumelspec-resync")) {
        Restart one;
        gst_structure_get_uint64(fields, "pts", &one.pts);
        gst_structure_get_uint64(fields, "expected", &one.expected);
        gst_structure_get_int64(fields, "jump", &one.jump);
        told.push_back(one);
      }
    }
    ASSERT_EQUAL(warnings, live ? 0 : 2);
    ASSERT_EQUAL(told.size(), 2);
    ASSERT_EQUAL(told[0].pts, 32 * GST_SECOND);
    ASSERT_EQUAL(told[0].expected, 3 * GST_SECOND);
    ASSERT_EQUAL(told[0].jump, 29 * GST_SECOND);
    ASSERT_EQUAL(told[1].pts, 0);
    ASSERT_EQUAL(told[1].expected, 33 * GST_SECOND);
    ASSERT_EQUAL(told[1].jump, -33 * static_cast<gint64>(GST_SECOND));
    ASSERT_EQUAL(stream.stat("resyncs"), 2);
  }
}

LONG_CHECK_TEST(a_source_that_stalls_and_catches_up_has_lost_nothing) {
  const std::vector<float> samples = as_float(audio(160000));
  MelStream plain("frames=10 eos-mode=short", kFloat);
  run(plain, samples);
  for (const double stall : {0.05, 0.1, 0.3, 1.2}) {
    for (const double buffer : {0.01, 0.02, 0.1}) {
      MelStream stream("frames=10 eos-mode=short", kFloat);
      for (const Arrival& arrival : arrivals(16000, stall, 0, buffer))
        stream.push(std::span<const float>(samples).subspan(arrival.begin, arrival.samples),
                    arrival.pts, kDiscont);
      stream.eos();
      ASSERT_EQUAL(stream.frames(), 1000);
      fail_unless(stream.rows() == plain.rows(), "stall of %.2f s, buffers of %.2f s", stall,
                  buffer);
      ASSERT_EQUAL(stream.stat("samples-in"), 160000);
      ASSERT_EQUAL(stream.stat("samples-inserted") + stream.stat("samples-dropped"), 0);
      ASSERT_EQUAL(stream.stat("resyncs"), 0);
    }
  }
}

LONG_CHECK_TEST(a_source_that_stalls_behind_audioresample_has_lost_nothing) {
  const std::vector<float> samples = as_float(audio(480000));
  for (const double stall : {0.1, 0.3, 1.2}) {
    for (const double lost : {0.0, 0.2}) {
      if (lost > stall) continue;
      const Harness harness(gst_harness_new_parse(
          "audioconvert ! audioresample ! npumelspec name=mel frames=10 eos-mode=short"));
      gst_harness_set_src_caps_str(
          harness.get(), "audio/x-raw,format=F32LE,rate=48000,channels=1,layout=interleaved");
      size_t sent = 0;
      for (const Arrival& arrival : arrivals(48000, stall, lost, 0.01)) {
        GstBuffer* buffer =
            buffer_of(std::span<const float>(samples).subspan(arrival.begin, arrival.samples));
        GST_BUFFER_PTS(buffer) = arrival.pts;
        GST_BUFFER_DURATION(buffer) = 10 * GST_MSECOND;
        sent += arrival.samples;
        ASSERT_EQUAL(gst_harness_push(harness.get(), buffer), GST_FLOW_OK);
      }
      gst_harness_push_event(harness.get(), gst_event_new_eos());
      const Owned<GstElement> mel(gst_bin_get_by_name(GST_BIN(harness->element), "mel"));
      GstStructure* raw = nullptr;
      g_object_get(mel.get(), "stats", &raw, nullptr);
      const Owned<GstStructure> stats(raw);
      guint64 in = 0, inserted = 0, dropped = 0, resyncs = 0;
      fail_unless(gst_structure_get(stats.get(), "samples-in", G_TYPE_UINT64, &in,
                                    "samples-inserted", G_TYPE_UINT64, &inserted, "samples-dropped",
                                    G_TYPE_UINT64, &dropped, "resyncs", G_TYPE_UINT64, &resyncs,
                                    nullptr));
      const auto missing = static_cast<double>(480000 - sent) / 3;
      fail_unless(std::abs(static_cast<double>(in) - static_cast<double>(sent) / 3) <= 64);
      ASSERT_EQUAL(dropped + resyncs, 0);
      if (lost == 0) ASSERT_EQUAL(inserted, 0);
      // Two losses, each within 40 ms.
      fail_unless(std::abs(static_cast<double>(inserted) - missing) <= 2 * 640, "%.1f %.1f: %d",
                  stall, lost, static_cast<int>(inserted));
    }
  }
}

CHECK_TEST(what_a_stall_has_really_lost_is_silence) {
  const std::vector<float> samples = as_float(audio(160000));
  MelStream stream("frames=10 eos-mode=short", kFloat);
  size_t sent = 0;
  for (const Arrival& arrival : arrivals(16000, 0.3, 0.2, 0.01)) {
    stream.push(std::span<const float>(samples).subspan(arrival.begin, arrival.samples),
                arrival.pts);
    sent += arrival.samples;
  }
  stream.eos();
  ASSERT_EQUAL(stream.stat("samples-in"), sent);
  const auto off = static_cast<int>(stream.stat("samples-inserted")) - 2 * 3200;
  fail_unless(std::abs(off) <= 640, "%d", off);
  ASSERT_EQUAL(stream.stat("resyncs"), 0);
}

CHECK_TEST(packets_of_discontinuous_transmission_are_silence_between_and_speech_at_its_time) {
  std::vector<Piece> pieces = {{0, 1.0}};
  for (int i = 0; i < 6; ++i) pieces.push_back({1.38 + 0.4 * i, 0.02});
  pieces.push_back({3.78, 2.0});
  MelStream stream("frames=10 eos-mode=short", kFloat);
  push_pieces(stream, pieces);
  stream.eos();
  std::vector<double> expected = {0};
  for (int i = 0; i < 7; ++i) expected.push_back(1.38 + 0.4 * i);
  assert_tones(stream, expected);
  ASSERT_EQUAL(stream.stat("resyncs"), 0);
  ASSERT_EQUAL(stream.stat("samples-dropped"), 0);
}

CHECK_TEST(stamps_that_run_back_at_the_start_lose_nothing_and_are_followed) {
  const std::vector<float> samples = as_float(audio(96000));
  MelStream stream("frames=10 eos-mode=short", kFloat);
  for (size_t at = 0; at < samples.size(); at += 320) {
    const GstClockTime back = std::min<GstClockTime>(time_of(at), GST_SECOND) * 90 / 1000;
    stream.push(std::span<const float>(samples).subspan(at, 320), GST_SECOND + time_of(at) - back);
  }
  stream.eos();
  MelStream plain("frames=10 eos-mode=short", kFloat);
  run(plain, samples);
  fail_unless(stream.rows() == plain.rows());
  ASSERT_EQUAL(stream.stat("samples-dropped") + stream.stat("samples-inserted"), 0);
  ASSERT_EQUAL(stream.stat("resyncs"), 1);
  ASSERT_EQUAL(stream.buffers().back()->pts, GST_SECOND + 5900 * GST_MSECOND - 90 * GST_MSECOND);
  const std::vector<Restart> told = restarts(stream.bus());
  ASSERT_EQUAL(told.size(), 1);
  fail_unless(told[0].reason.find("discont-wait") != std::string::npos);
}

CHECK_TEST(discont_on_every_buffer_with_stamps_that_wobble_changes_nothing) {
  const std::vector<float> samples = as_float(audio(160000));
  MelStream stream("frames=10 eos-mode=short", kFloat);
  uint32_t state = 3;
  for (size_t at = 0; at < samples.size(); at += 160) {
    state = state * 1664525U + 1013904223U;
    const GstClockTime wobble = (state >> 16U) % 42 * GST_MSECOND;
    stream.push(std::span<const float>(samples).subspan(at, 160),
                GST_SECOND + time_of(at) - 21 * GST_MSECOND + wobble, kDiscont);
  }
  stream.eos();
  MelStream plain("frames=10 eos-mode=short", kFloat);
  run(plain, samples);
  fail_unless(stream.rows() == plain.rows());
  ASSERT_EQUAL(stream.stat("samples-inserted") + stream.stat("samples-dropped"), 0);
  int disconts = 0;
  for (const Received* buffer : stream.buffers()) disconts += buffer->has(GST_BUFFER_FLAG_DISCONT);
  ASSERT_EQUAL(disconts, 1);
}

CHECK_TEST(lost_packets_of_uneven_size_trim_nothing) {
  // 44.1 kHz in packets of 694 and 330 samples, every tenth lost; stamps as they were sent.
  const std::vector<float> samples = as_float(audio(441000));
  MelStream stream("preset=librosa frames=10", "audio/x-raw,format=F32LE,rate=44100");
  size_t at = 0, sent = 0, lost = 0;
  for (int i = 0; at + 694 <= samples.size(); ++i) {
    const size_t count = i % 2 == 0 ? 694 : 330;
    if (i % 10 == 7) {
      lost += count;
    } else {
      stream.push(std::span<const float>(samples).subspan(at, count), time_of(at, 44100),
                  i % 10 == 8 ? kDiscont : 0);
      sent += count;
    }
    at += count;
  }
  stream.eos();
  ASSERT_EQUAL(stream.stat("samples-in"), sent);
  ASSERT_EQUAL(stream.stat("samples-dropped"), 0);
  ASSERT_EQUAL(stream.stat("resyncs"), 0);
  fail_unless(std::abs(static_cast<double>(stream.stat("samples-inserted")) -
                       static_cast<double>(lost)) <= 1764 + 694);
}

CHECK_TEST(one_buffer_keeps_the_true_length_of_a_clip_with_a_hole) {
  MelStream stream("frames=0", kFloat);
  push_pieces(stream, {{0, 2.0}, {7, 2.0}});
  stream.eos();
  ASSERT_EQUAL(stream.buffers().size(), 1);
  ASSERT_EQUAL(stream.frames(), 900);
  assert_tones(stream, {0, 7});
  ASSERT_EQUAL(stream.stat("samples-inserted"), 5 * 16000);
  ASSERT_EQUAL(stream.stat("resyncs"), 0);
}

CHECK_TEST(no_gap_takes_memory_beyond_max_duration) {
  // As a jump, as an event, and the largest of all; nothing of it may be computed first.
  for (const int way : {0, 1, 2}) {
    MelStream stream("frames=0 max-gap=9223372036854775807 layout=mel-major");
    stream.push(audio(16000), 0);
    GstFlowReturn flow = GST_FLOW_OK;
    if (way == 0) {
      stream.push(audio(16000), 3700 * GST_SECOND);
      flow = stream.push(audio(16000), 3701 * GST_SECOND);
    } else {
      const GstClockTime length = way == 1 ? 3600 * GST_SECOND : G_MAXINT64;
      fail_if(stream.event(gst_event_new_gap(GST_SECOND, length)));
      flow = stream.push(audio(16000), GST_SECOND + length);
    }
    ASSERT_EQUAL(flow, GST_FLOW_ERROR);
    const PostedError error = stream.error();
    fail_unless(error.says("max-duration"), "%s", error.text.c_str());
    ASSERT_EQUAL(stream.error().code, -1);  // told once
    ASSERT_EQUAL(stream.stat("frames"), 0);
    ASSERT_EQUAL(stream.stat("batches"), 0);
  }
}

CHECK_TEST(what_is_held_leaves_with_every_way_to_end) {
  const std::vector<float> samples = as_float(audio(16000));
  for (const int way : {0, 1, 2, 3, 4, 5}) {
    MelStream stream("frames=10 eos-mode=short", kFloat);
    stream.push(samples, 0);
    stream.push(std::span<const float>(samples).first(320), GST_SECOND + GST_SECOND / 2);
    ASSERT_EQUAL(stream.stat("samples-inserted"), 0);
    switch (way) {
      case 0:
        stream.eos();
        break;
      case 1:
        stream.event(gst_event_new_segment_done(GST_FORMAT_TIME, -1));
        break;
      case 2:
        stream.event(gst_event_new_gap(GST_SECOND + 520 * GST_MSECOND, GST_CLOCK_TIME_NONE));
        break;
      case 3: {
        const Owned<GstQuery> drain(gst_query_new_drain());
        fail_unless(gst_pad_peer_query(stream.harness()->srcpad, drain.get()));
        break;
      }
      case 4:
        stream.event(gst_event_new_stream_start("another"));
        break;
      default:
        stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
        break;
    }
    ASSERT_EQUAL(stream.stat("samples-inserted"), 8000);
    ASSERT_EQUAL(stream.frames(), 152);
  }
  // A flush throws it away and says so.
  MelStream stream("frames=10", kFloat);
  stream.push(samples, 0);
  stream.push(std::span<const float>(samples).first(320), GST_SECOND + GST_SECOND / 2);
  stream.flush();
  ASSERT_EQUAL(stream.stat("samples-inserted"), 0);
  ASSERT_EQUAL(stream.stat("samples-dropped"), 320 + 16000 - 9 * 1600);
}

CHECK_TEST(a_flagged_gap_is_counted_also_while_it_is_held) {
  MelStream stream("frames=10 eos-mode=short", kFloat);
  const std::vector<float> samples = as_float(audio(16000));
  stream.push(samples, 0);
  stream.push(std::span<const float>(samples).first(320), GST_SECOND + GST_SECOND / 2);
  stream.push(std::span<const float>(samples).first(640), GST_SECOND + 520 * GST_MSECOND,
              GST_BUFFER_FLAG_GAP);
  stream.push(samples, GST_SECOND + 560 * GST_MSECOND);
  stream.eos();
  ASSERT_EQUAL(stream.stat("samples-gap"), 640);
  std::vector<float> expected = samples;
  expected.resize(24000, 0);
  expected.insert(expected.end(), samples.begin(), samples.begin() + 320);
  expected.resize(24960, 0);
  expected.insert(expected.end(), samples.begin(), samples.end());
  MelStream plain("frames=10 eos-mode=short", kFloat);
  run(plain, expected);
  fail_unless(stream.rows() == plain.rows());
}

CHECK_TEST(the_capture_time_stays_with_its_sample_while_it_is_held) {
  MelStream stream("frames=1 eos-mode=short", kFloat);
  struct Seen {
    GstClockTime time, capture;
  };
  std::vector<Seen> seen;
  gst_pad_add_probe(
      stream.harness()->sinkpad, GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer data) {
        GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
        const auto* meta = gst_buffer_get_reference_timestamp_meta(buffer, nullptr);
        if (meta)
          static_cast<std::vector<Seen>*>(data)->push_back(
              {GST_BUFFER_PTS(buffer), meta->timestamp});
        return GST_PAD_PROBE_OK;
      },
      &seen, nullptr);
  const std::vector<float> samples = as_float(audio(16000));
  stream.push(samples, 0);
  const Caps ntp(gst_caps_new_empty_simple("timestamp/x-ntp"));
  for (guint64 i = 0; i < 20; ++i) {
    GstBuffer* buffer = buffer_of(std::span<const float>(samples).first(320));
    GST_BUFFER_PTS(buffer) = 1700 * GST_MSECOND + i * 20 * GST_MSECOND;
    gst_buffer_add_reference_timestamp_meta(
        buffer, ntp.get(), 500 * GST_SECOND + GST_BUFFER_PTS(buffer), GST_CLOCK_TIME_NONE);
    stream.push(buffer);
  }
  stream.eos();
  ASSERT_EQUAL(seen.size(), 40);
  for (const Seen& one : seen) ASSERT_EQUAL(one.capture, 500 * GST_SECOND + one.time);
}
