// SPDX-License-Identifier: LGPL-2.1-or-later
// The order of events and buffers, new caps in mid-stream, and what flows back from downstream.
#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

using Samples = std::vector<int16_t>;

GstEvent* marker(const char* name) {
  return gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty(name));
}

size_t count_of(const MelStream& stream, GstEventType type) {
  size_t count = 0;
  for (const Item& item : stream.items()) count += item.is(type);
  return count;
}

}  // namespace

CHECK_TEST(stream_start_caps_segment_come_before_the_first_buffer_in_this_order) {
  MelStream stream("frames=10");
  stream.push(audio(16000), 0);
  std::vector<GstEventType> order;
  for (const Item& item : stream.items()) {
    if (item.buffer) break;
    order.push_back(GST_EVENT_TYPE(item.event.get()));
  }
  fail_unless(order == std::vector<GstEventType>(
                           {GST_EVENT_STREAM_START, GST_EVENT_CAPS, GST_EVENT_SEGMENT}));
}

CHECK_TEST(a_serialized_event_follows_the_buffers_that_were_complete_before_it) {
  // 0.99 s: 99 frames, of which 97 need no further sample; in tens, nine buffers have gone.
  const Samples samples = audio(48000);
  MelStream stream("frames=10 eos-mode=short");
  stream.push(std::span<const int16_t>(samples).first(15840), 0);
  ASSERT_EQUAL(stream.buffers().size(), 9);
  fail_unless(stream.event(marker("here")));
  fail_unless(stream.items().back().is(GST_EVENT_CUSTOM_DOWNSTREAM));
  stream.event(gst_event_new_tag(gst_tag_list_new(GST_TAG_TITLE, "speech", nullptr)));
  fail_unless(stream.items().back().is(GST_EVENT_TAG));
  ASSERT_EQUAL(stream.buffers().size(), 9);
  stream.push(std::span<const int16_t>(samples).subspan(15840), time_of(15840));
  stream.eos();
  ASSERT_EQUAL(count_of(stream, GST_EVENT_CUSTOM_DOWNSTREAM), 1);
  ASSERT_EQUAL(count_of(stream, GST_EVENT_TAG), 1);
  // The events did not disturb the grid.
  MelStream plain("frames=10 eos-mode=short");
  run(plain, samples);
  fail_unless(stream.rows() == plain.rows());
}

CHECK_TEST(no_serialized_event_overtakes_a_frame_that_could_have_left) {
  // After every sample count: what is complete has gone before the event, and nothing else.
  for (const char* properties : {"frames=1", "frames=2", "frames=90", "frames=3 stride=1"}) {
    const Samples samples = audio(200 * 160);
    MelStream stream(properties), plain(properties);
    for (size_t at = 0; at < samples.size(); at += 1000) {
      const auto part = std::span<const int16_t>(samples).subspan(at, 1000);
      stream.push(part, time_of(at));
      plain.push(part, time_of(at));
      const size_t before = stream.buffers().size();
      fail_unless(stream.event(marker("here")));
      ASSERT_EQUAL(stream.buffers().size(), before);
      ASSERT_EQUAL(plain.buffers().size(), before);
      fail_unless(stream.items().back().is(GST_EVENT_CUSTOM_DOWNSTREAM));
    }
    fail_unless(stream.rows() == plain.rows());
  }
}

CHECK_TEST(a_new_segment_ends_the_old_one_before_it_passes) {
  MelStream stream("frames=30 eos-mode=short");
  stream.push(audio(50 * 160), 0);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 100 * GST_SECOND;
  segment.base = GST_SECOND / 2;
  stream.segment(segment);
  stream.push(audio(50 * 160), 100 * GST_SECOND);
  stream.eos();
  ASSERT_EQUAL(stream.frames(), 100);
  // buffers: 30, 20 | segment | 30, 20
  size_t before = 0, segments = 0;
  for (const Item& item : stream.items()) {
    if (item.is(GST_EVENT_SEGMENT)) ++segments;
    if (item.buffer && segments == 1) ++before;
  }
  ASSERT_EQUAL(segments, 2);
  ASSERT_EQUAL(before, 2);
  ASSERT_EQUAL(stream.buffers()[2]->pts, 100 * GST_SECOND);
  fail_unless(stream.buffers()[2]->has(GST_BUFFER_FLAG_DISCONT));
}

CHECK_TEST(the_same_segment_again_changes_nothing) {
  const Samples samples = audio(16000);
  MelStream stream("frames=30 eos-mode=short");
  stream.push(std::span<const int16_t>(samples).first(7777), 0);
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  stream.segment(segment);
  stream.push(std::span<const int16_t>(samples).subspan(7777), time_of(7777));
  stream.eos();
  MelStream plain("frames=30 eos-mode=short");
  run(plain, samples);
  fail_unless(stream.rows() == plain.rows());
  ASSERT_EQUAL(count_of(stream, GST_EVENT_SEGMENT), 2);
}

CHECK_TEST(the_same_caps_again_change_nothing) {
  const Samples samples = audio(16000);
  MelStream stream("frames=30 eos-mode=short");
  stream.push(std::span<const int16_t>(samples).first(7777), 0);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  stream.push(std::span<const int16_t>(samples).subspan(7777), time_of(7777));
  stream.eos();
  MelStream plain("frames=30 eos-mode=short");
  run(plain, samples);
  fail_unless(stream.rows() == plain.rows());
}

CHECK_TEST(other_caps_end_what_is_held_with_the_old_ones) {
  MelStream stream("preset=custom frames=30 eos-mode=short");
  stream.push(audio(50 * 160), 0);
  stream.set_caps("audio/x-raw,format=S16LE,rate=32000");
  ASSERT_EQUAL(stream.frames(), 50);
  ASSERT_EQUAL(stream.buffers().back()->integer("rate"), 16000);
  stream.push(audio(50 * 160), 10 * GST_SECOND, GST_BUFFER_FLAG_DISCONT);
  stream.eos();
  ASSERT_EQUAL(stream.frames(), 100);
  const Received& first = *stream.buffers()[2];
  ASSERT_EQUAL(first.integer("rate"), 32000);
  ASSERT_EQUAL(first.pts, 10 * GST_SECOND);
  ASSERT_EQUAL(first.duration, time_of(30 * 160, 32000));
}

CHECK_TEST(caps_that_cannot_work_end_what_is_held_all_the_same) {
  MelStream stream("preset=custom fmax=8000 frames=30 eos-mode=short");
  stream.push(audio(50 * 160), 0);
  ASSERT_EQUAL(stream.frames(), 30);
  stream.set_caps("audio/x-raw,format=S16LE,rate=8000");
  ASSERT_EQUAL(stream.frames(), 50);
  const PostedError error = stream.error();
  fail_unless(error.says("fmax"), "%s", error.text.c_str());
}

CHECK_TEST(a_change_of_sample_format_continues_with_the_same_features) {
  const Samples samples = audio(16000);
  MelStream stream("frames=10 eos-mode=short");
  stream.push(samples, 0);
  stream.set_caps("audio/x-raw,format=F32LE,rate=16000");
  stream.push(as_float(samples), GST_SECOND);
  stream.eos();
  MelStream plain("frames=10 eos-mode=short");
  run(plain, samples);
  const std::vector<float> one = plain.rows(), both = stream.rows();
  ASSERT_EQUAL(both.size(), 2 * one.size());
  fail_unless(std::equal(one.begin(), one.end(), both.begin()));
  fail_unless(std::equal(one.begin(), one.end(), both.begin() + static_cast<long>(one.size())));
}

CHECK_TEST(what_is_set_while_playing_holds_from_the_next_caps_on) {
  MelStream stream("frames=10 eos-mode=short");
  stream.push(audio(8000), 0);
  g_object_set(stream.element(), "frames", 20, "stride", 5, "preset", 1, nullptr);
  gst_util_set_object_arg(G_OBJECT(stream.element()), "eos-mode", "drop");
  stream.push(audio(8000), time_of(8000));
  stream.set_caps("audio/x-raw,format=F32LE,rate=16000");
  // The old stream ends as it began, its short last buffer included.
  ASSERT_EQUAL(stream.frames(), 100);
  for (const Received* buffer : stream.buffers()) {
    ASSERT_EQUAL(buffer->frames(), 10);
    ASSERT_EQUAL(buffer->mels(), 80);
  }
  stream.forget();
  stream.push(as_float(audio(16000)), GST_SECOND);
  fail_unless(stream.buffers().size() > 2);
  for (const Received* buffer : stream.buffers()) {
    ASSERT_EQUAL(buffer->frames(), 20);
    ASSERT_EQUAL(buffer->mels(), 128);
  }
  ASSERT_EQUAL(stream.buffers()[1]->offset, 5);
}

CHECK_TEST(reconfigure_makes_the_element_ask_downstream_again) {
  MelStream stream("frames=10");
  stream.push(audio(16000), 0);
  fail_unless(stream.buffers().back()->text("layout") == "frame-major");
  stream.set_peer_caps("audio/x-mel-spectrogram,layout=mel-major");
  gst_harness_push_upstream_event(stream.harness(), gst_event_new_reconfigure());
  stream.push(audio(16000), GST_SECOND);
  fail_unless(stream.buffers().back()->text("layout") == "mel-major");
}

CHECK_TEST(reconfigure_ends_the_old_stream_with_the_old_settings_and_caps) {
  MelStream stream("frames=30 eos-mode=short");
  stream.push(audio(50 * 160), 0);
  g_object_set(stream.element(), "frames", 20, nullptr);
  gst_util_set_object_arg(G_OBJECT(stream.element()), "eos-mode", "drop");
  gst_harness_push_upstream_event(stream.harness(), gst_event_new_reconfigure());
  stream.push(audio(50 * 160), time_of(50 * 160));
  stream.eos();
  // 30 and 20 frames with eos-mode=short, then 20 and 20 of 50 with eos-mode=drop.
  const auto received = stream.buffers();
  const std::vector<int> frames = {30, 20, 20, 20};
  ASSERT_EQUAL(received.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    ASSERT_EQUAL(received[i]->frames(), frames[i]);
    ASSERT_EQUAL(received[i]->integer("frames"), frames[i]);
  }
  // The framerate tells whose caps they are: 30 frames a buffer before, 20 after.
  const auto periods = [&](size_t i) {
    int num = 0, den = 0;
    gst_structure_get_fraction(gst_caps_get_structure(received[i]->caps.get(), 0), "framerate",
                               &num, &den);
    return 100 * den / num;
  };
  ASSERT_EQUAL(periods(1), 30);
  ASSERT_EQUAL(periods(2), 20);
  ASSERT_EQUAL(received[2]->pts, time_of(50 * 160));
  ASSERT_EQUAL(received[2]->offset, 0);
}

CHECK_TEST(another_preset_while_playing_holds_from_the_next_negotiation_on) {
  const Samples samples = audio(16000);
  MelStream stream("frames=10 eos-mode=short");
  stream.push(samples, 0);
  gst_util_set_object_arg(G_OBJECT(stream.element()), "preset", "nemo128");
  gst_harness_push_upstream_event(stream.harness(), gst_event_new_reconfigure());
  stream.push(samples, GST_SECOND);
  stream.eos();
  ASSERT_EQUAL(stream.error().code, -1);
  // Two streams, each whole, each with caps that tell the truth.
  MelStream one("frames=10 eos-mode=short"), two("frames=10 eos-mode=short preset=nemo128");
  run(one, samples);
  run(two, samples);
  std::vector<float> expected = one.rows();
  const std::vector<float> rest = two.rows();
  expected.insert(expected.end(), rest.begin(), rest.end());
  fail_unless(stream.rows() == expected);
  ASSERT_EQUAL(stream.buffers().front()->mels(), 80);
  ASSERT_EQUAL(stream.buffers().back()->mels(), 128);
}

CHECK_TEST(recipe_tells_what_runs_until_the_next_negotiation) {
  const auto recipe = [](MelStream& stream) {
    gchar* raw = nullptr;
    g_object_get(stream.element(), "recipe", &raw, nullptr);
    const Owned<gchar> text(raw);
    return std::string(raw);
  };
  MelStream stream("frames=10");
  stream.push(audio(16000), 0);
  const std::string before = recipe(stream);
  g_object_set(stream.element(), "mels", 64, nullptr);
  gst_util_set_object_arg(G_OBJECT(stream.element()), "preset", "nemo128");
  fail_unless(recipe(stream) == before);
  gst_harness_push_upstream_event(stream.harness(), gst_event_new_reconfigure());
  stream.push(audio(16000), GST_SECOND);
  fail_unless(recipe(stream).find("mels=64") != std::string::npos);
  // Without a stream it is what the next one will have.
  gst_element_set_state(stream.element(), GST_STATE_NULL);
  g_object_set(stream.element(), "mels", 32, nullptr);
  fail_unless(recipe(stream).find("mels=32") != std::string::npos);
}

CHECK_TEST(a_preset_for_another_rate_while_playing_ends_the_stream_with_the_reason) {
  MelStream stream("frames=10");
  stream.push(audio(16000), 0);
  gst_util_set_object_arg(G_OBJECT(stream.element()), "preset", "clap64");
  gst_harness_push_upstream_event(stream.harness(), gst_event_new_reconfigure());
  ASSERT_EQUAL(stream.push(audio(16000), GST_SECOND), GST_FLOW_NOT_NEGOTIATED);
  const PostedError error = stream.error();
  fail_unless(error.says("48000"), "%s", error.text.c_str());
}

CHECK_TEST(reconfigure_without_other_settings_disturbs_nothing) {
  const Samples samples = audio(16000);
  // Also while downstream still has the caps of a first buffer of another length.
  for (const char* properties :
       {"frames=30 eos-mode=short", "frames=30 first-frames=7 eos-mode=short"}) {
    MelStream stream(properties);
    stream.push(std::span<const int16_t>(samples).first(2000), 0);
    gst_harness_push_upstream_event(stream.harness(), gst_event_new_reconfigure());
    stream.push(std::span<const int16_t>(samples).subspan(2000), time_of(2000));
    stream.eos();
    MelStream plain(properties);
    run(plain, samples);
    fail_unless(stream.rows() == plain.rows(), "%s", properties);
    for (const Received* buffer : stream.buffers())
      ASSERT_EQUAL(buffer->integer("frames"), buffer->frames());
  }
}

CHECK_TEST(downstream_flow_returns_reach_upstream) {
  MelStream stream("frames=10");
  stream.push(audio(1600), 0);
  gst_pad_set_chain_function(stream.harness()->sinkpad, [](GstPad*, GstObject*, GstBuffer* buffer) {
    gst_buffer_unref(buffer);
    return GST_FLOW_EOS;
  });
  ASSERT_EQUAL(stream.push(audio(16000), time_of(1600)), GST_FLOW_EOS);
  ASSERT_EQUAL(stream.error().code, -1);
}

CHECK_TEST(data_before_caps_is_not_negotiated_and_the_error_says_what_to_insert) {
  MelStream stream = MelStream::idle("frames=10");
  stream.event(gst_event_new_stream_start("s"));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  stream.segment(segment);
  ASSERT_EQUAL(stream.push(audio(1600), 0), GST_FLOW_NOT_NEGOTIATED);
  const PostedError error = stream.error();
  fail_unless(error.is(GST_CORE_ERROR, GST_CORE_ERROR_NEGOTIATION), "%s", error.text.c_str());
  fail_unless(error.says("rawaudioparse"), "%s", error.text.c_str());
}

CHECK_TEST(a_segment_that_is_not_time_is_an_error) {
  MelStream stream;
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_BYTES);
  stream.segment(segment);
  fail_unless(stream.push(audio(1600)) < GST_FLOW_OK);
  fail_unless(stream.error().code >= 0);
}
