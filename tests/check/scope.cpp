// SPDX-License-Identifier: LGPL-2.1-or-later
// melspecscope: what interface and element documentation promise, on hand-made mel buffers and on
// known sounds.
#include <array>
#include <cmath>

#include "tests/check/support.h"

namespace {

using namespace npumel::check;

constexpr int kGround = 18;  // red of what mode=scroll shows where nothing was shown yet

constexpr const char* kMel =
    "audio/x-mel-spectrogram, format=F32LE, layout=frame-major, mels=4, frames=%d, rate=16000, "
    "channels=1, hop-length=160, log=log10, normalize=none, framerate=(fraction)%s";

std::string mel_caps(int frames, const char* framerate = "10/1") {
  std::array<char, 512> text{};
  std::snprintf(text.data(), text.size(), kMel, frames, framerate);
  return text.data();
}

std::string with(std::string text, const std::string& old, const std::string& other) {
  return text.replace(text.find(old), old.size(), other);
}

/// A scope between a hand-made mel stream and a video sink of given caps.
Harness scope(const char* properties, const char* video, const std::string& mel = mel_caps(10)) {
  const std::string launch = std::string("melspecscope colormap=gray range=fixed ") +
                             "range-min=0 range-max=256 " + properties;
  Harness harness(gst_harness_new_parse(launch.c_str()));
  gst_harness_set_sink_caps_str(harness.get(), video);
  gst_harness_set_src_caps_str(harness.get(), mel.c_str());
  return harness;
}

/// `frames` frames of 4 mels, all of one value, at a time in ms.
GstBuffer* mel_buffer(int frames, float value, guint64 ms) {
  GstBuffer* buffer = buffer_of(std::vector<float>(static_cast<size_t>(frames) * 4, value));
  GST_BUFFER_PTS(buffer) = ms * GST_MSECOND;
  GST_BUFFER_DURATION(buffer) = static_cast<guint64>(frames) * 10 * GST_MSECOND;
  return buffer;
}

/// Red of a pixel of packed RGB video.
int red(GstBuffer* picture, int width, int x, int y) {
  const gsize stride = GST_ROUND_UP_4(static_cast<gsize>(width) * 3);
  return values_of<uint8_t>(picture).at(static_cast<size_t>(y) * stride +
                                        static_cast<size_t>(x) * 3);
}

using Times = std::vector<guint64>;

Times pull_times(const Harness& harness) {
  Times times;
  while (const Buffer buffer{gst_harness_try_pull(harness.get())})
    times.push_back(GST_BUFFER_PTS(buffer.get()) / GST_MSECOND);
  return times;
}

CHECK_TEST(a_page_has_the_time_and_the_frame_rate_of_its_buffer) {
  const Harness h = scope("mode=page", "video/x-raw, format=RGB, width=32, height=16");
  fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(10, 128, 700)), GST_FLOW_OK);
  const Buffer picture(gst_harness_pull(h.get()));
  fail_unless_equals_uint64(GST_BUFFER_PTS(picture.get()), 700 * GST_MSECOND);
  fail_unless_equals_uint64(GST_BUFFER_DURATION(picture.get()), 100 * GST_MSECOND);
  fail_unless_equals_int(red(picture.get(), 32, 5, 5), 128);
  const Caps caps(gst_pad_get_current_caps(h->sinkpad));
  int num = 0, den = 0;
  gst_structure_get_fraction(gst_caps_get_structure(caps.get(), 0), "framerate", &num, &den);
  fail_unless_equals_int(num, 10);
  fail_unless_equals_int(den, 1);
}

CHECK_TEST(scroll_keeps_the_negotiated_frame_rate_however_frames_arrive) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=32, height=16, framerate=25/1");
  Times expected;
  for (int i = 0; i < 10; ++i)
    fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(10, 1, 1000 + 100u * i)),
                           GST_FLOW_OK);
  for (guint64 ms = 1000; ms < 2000; ms += 40) expected.push_back(ms);
  fail_unless(pull_times(h) == expected);
}

CHECK_TEST(scroll_shows_the_newest_frames_at_the_right_edge) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=20, height=16, framerate=10/1");
  gst_harness_push(h.get(), mel_buffer(10, 50, 0));
  gst_harness_push(h.get(), mel_buffer(10, 200, 100));
  const Buffer earlier(gst_harness_pull(h.get()));
  fail_unless_equals_int(red(earlier.get(), 20, 19, 8), 50);
  fail_unless_equals_int(red(earlier.get(), 20, 18, 8), kGround);
  const Buffer later(gst_harness_pull(h.get()));
  fail_unless_equals_int(red(later.get(), 20, 19, 8), 200);
  fail_unless_equals_int(red(later.get(), 20, 18, 8), 50);
  fail_unless_equals_int(red(later.get(), 20, 9, 8), 50);
  fail_unless_equals_int(red(later.get(), 20, 8, 8), kGround);
}

CHECK_TEST(every_pixel_format_of_the_template_shows_the_same_colour) {
  struct Format {
    const char* name;
    int size, r, g, b;
  };
  const std::array<Format, 10> formats = {{{"BGRx", 4, 2, 1, 0},
                                           {"RGBx", 4, 0, 1, 2},
                                           {"xRGB", 4, 1, 2, 3},
                                           {"xBGR", 4, 3, 2, 1},
                                           {"BGRA", 4, 2, 1, 0},
                                           {"RGBA", 4, 0, 1, 2},
                                           {"ARGB", 4, 1, 2, 3},
                                           {"ABGR", 4, 3, 2, 1},
                                           {"RGB", 3, 0, 1, 2},
                                           {"BGR", 3, 2, 1, 0}}};
  for (const Format& format : formats) {
    const std::string video = std::string("video/x-raw, width=8, height=4, format=") + format.name;
    const Harness h = scope("mode=page colormap=viridis", video.c_str());
    gst_harness_push(h.get(), mel_buffer(10, 300, 0));
    const Buffer picture(gst_harness_pull(h.get()));
    const std::vector<uint8_t> bytes = values_of<uint8_t>(picture.get());
    fail_unless_equals_int(bytes[static_cast<size_t>(format.r)], 0xfd);
    fail_unless_equals_int(bytes[static_cast<size_t>(format.g)], 0xe7);
    fail_unless_equals_int(bytes[static_cast<size_t>(format.b)], 0x25);
    if (format.size == 4) {
      const int alpha = 6 - format.r - format.g - format.b;
      fail_unless_equals_int(bytes[static_cast<size_t>(alpha)], 255);
    }
  }
}

CHECK_TEST(a_short_last_buffer_does_not_clear_the_display) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=20, height=16, framerate=10/1");
  gst_harness_push(h.get(), mel_buffer(10, 50, 0));
  gst_harness_set_src_caps_str(h.get(), mel_caps(3).c_str());
  gst_harness_push(h.get(), mel_buffer(3, 200, 100));
  gst_buffer_unref(gst_harness_pull(h.get()));
  const Buffer later(gst_harness_pull(h.get()));
  fail_unless_equals_int(red(later.get(), 20, 19, 8), 200);
  fail_unless_equals_int(red(later.get(), 20, 15, 8), 50);
}

CHECK_TEST(downstream_may_change_the_size_in_mid_stream) {
  const Harness h = scope("mode=page", "video/x-raw, format=RGB, width=32, height=16");
  gst_harness_push(h.get(), mel_buffer(10, 1, 0));
  gst_harness_set_sink_caps_str(h.get(), "video/x-raw, format=RGB, width=64, height=24");
  gst_harness_push_upstream_event(h.get(), gst_event_new_reconfigure());
  gst_harness_push(h.get(), mel_buffer(10, 77, 100));
  const Buffer earlier(gst_harness_pull(h.get()));
  const Buffer later(gst_harness_pull(h.get()));
  fail_unless_equals_int(gst_buffer_get_size(earlier.get()), 32 * 3 * 16);
  fail_unless_equals_int(gst_buffer_get_size(later.get()), 64 * 3 * 24);
  fail_unless_equals_int(red(later.get(), 64, 63, 23), 77);
}

CHECK_TEST(a_gap_becomes_pictures_and_does_not_go_on_as_an_event) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=32, height=16, framerate=20/1");
  gst_harness_push(h.get(), mel_buffer(10, 1, 0));
  gst_harness_push_event(h.get(), gst_event_new_gap(100 * GST_MSECOND, 200 * GST_MSECOND));
  gst_harness_push(h.get(), mel_buffer(10, 1, 300));
  const Times expected = {0, 50, 100, 150, 200, 250, 300, 350};
  fail_unless(pull_times(h) == expected);
  while (const Event event{gst_harness_try_pull_event(h.get())})
    fail_if(GST_EVENT_TYPE(event.get()) == GST_EVENT_GAP);
}

CHECK_TEST(a_gap_of_more_than_a_second_goes_on_as_an_event) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=32, height=16, framerate=20/1");
  gst_harness_push(h.get(), mel_buffer(10, 1, 0));
  gst_harness_push_event(h.get(), gst_event_new_gap(100 * GST_MSECOND, 5 * GST_SECOND));
  gst_harness_push(h.get(), mel_buffer(10, 1, 5100));
  const Times expected = {0, 50, 5100, 5150};
  fail_unless(pull_times(h) == expected);
  int gaps = 0;
  while (const Event event{gst_harness_try_pull_event(h.get())})
    gaps += GST_EVENT_TYPE(event.get()) == GST_EVENT_GAP;
  fail_unless_equals_int(gaps, 1);
}

CHECK_TEST(a_new_segment_starts_the_times_anew) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=32, height=16, framerate=20/1");
  gst_harness_push(h.get(), mel_buffer(10, 1, 0));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.base = 100 * GST_MSECOND;
  gst_harness_push_event(h.get(), gst_event_new_segment(&segment));
  gst_harness_push(h.get(), mel_buffer(10, 1, 130));  // within what a hole may be
  const Times expected = {0, 50, 130, 180};
  fail_unless(pull_times(h) == expected);
}

CHECK_TEST(a_gap_far_ahead_is_shown_at_its_own_time) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=32, height=16, framerate=20/1");
  gst_harness_push(h.get(), mel_buffer(10, 1, 0));
  gst_harness_push_event(h.get(), gst_event_new_gap(3600 * GST_SECOND, 100 * GST_MSECOND));
  gst_harness_push(h.get(), mel_buffer(10, 1, 3600100));
  const Times expected = {0, 50, 3600000, 3600050, 3600100, 3600150};
  fail_unless(pull_times(h) == expected);
}

CHECK_TEST(a_flush_clears_the_display_and_starts_the_times_anew) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=20, height=16, framerate=10/1");
  gst_harness_push(h.get(), mel_buffer(10, 50, 0));
  gst_harness_push_event(h.get(), gst_event_new_flush_start());
  gst_harness_push_event(h.get(), gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(h.get(), gst_event_new_segment(&segment));
  while (const Buffer stale{gst_harness_try_pull(h.get())}) continue;
  gst_harness_push(h.get(), mel_buffer(10, 90, 5030));
  const Buffer picture(gst_harness_pull(h.get()));
  fail_unless_equals_uint64(GST_BUFFER_PTS(picture.get()), 5030 * GST_MSECOND);
  fail_unless_equals_int(red(picture.get(), 20, 19, 8), 90);
  fail_unless_equals_int(red(picture.get(), 20, 18, 8), kGround);
}

CHECK_TEST(late_pictures_are_not_drawn_and_the_application_is_told) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=32, height=16, framerate=10/1");
  BusWatch bus(h);
  gst_harness_push(h.get(), mel_buffer(10, 1, 0));
  gst_harness_push_upstream_event(
      h.get(), gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, 100 * GST_MSECOND, 0));
  for (guint64 ms = 100; ms <= 400; ms += 100) gst_harness_push(h.get(), mel_buffer(10, 1, ms));
  const Times expected = {0, 300, 400};
  fail_unless(pull_times(h) == expected);
  fail_unless_equals_int(bus.count(GST_MESSAGE_QOS), 2);
  // A flush forgets how late it was.
  gst_harness_push_event(h.get(), gst_event_new_flush_start());
  gst_harness_push_event(h.get(), gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(h.get(), gst_event_new_segment(&segment));
  gst_harness_push(h.get(), mel_buffer(10, 1, 0));
  fail_unless(pull_times(h) == Times({0}));
}

CHECK_TEST(discont_is_where_the_pictures_do_not_follow_each_other_and_nowhere_else) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=32, height=16, framerate=20/1");
  using Disconts = std::vector<std::pair<guint64, bool>>;
  const auto pull = [&] {
    Disconts result;
    while (const Buffer picture{gst_harness_try_pull(h.get())})
      result.emplace_back(GST_BUFFER_PTS(picture.get()) / GST_MSECOND,
                          GST_BUFFER_IS_DISCONT(picture.get()));
    return result;
  };
  gst_harness_push(h.get(), mel_buffer(10, 1, 0));
  fail_unless(pull() == Disconts({{0, true}, {50, false}}));
  // A flagged buffer that follows the one before.
  GstBuffer* flagged = mel_buffer(10, 1, 100);
  GST_BUFFER_FLAG_SET(flagged, GST_BUFFER_FLAG_DISCONT);
  gst_harness_push(h.get(), flagged);
  fail_unless(pull() == Disconts({{100, false}, {150, false}}));
  // A flush, and no more than a gap after it.
  gst_harness_push_event(h.get(), gst_event_new_flush_start());
  gst_harness_push_event(h.get(), gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(h.get(), gst_event_new_segment(&segment));
  gst_harness_push_event(h.get(), gst_event_new_gap(0, 100 * GST_MSECOND));
  fail_unless(pull() == Disconts({{0, true}, {50, false}}));
  gst_harness_push(h.get(), mel_buffer(10, 1, 100));
  fail_unless(pull() == Disconts({{100, false}, {150, false}}));
  // A jump; a gap event far ahead.
  gst_harness_push(h.get(), mel_buffer(10, 1, 9000));
  fail_unless(pull() == Disconts({{9000, true}, {9050, false}}));
  gst_harness_push_event(h.get(), gst_event_new_gap(20 * GST_SECOND, 100 * GST_MSECOND));
  fail_unless(pull() == Disconts({{20000, true}, {20050, false}}));
  // Pictures that downstream did not take.
  {
    const Refusing refusing(h->sinkpad, GST_FLOW_NOT_LINKED);
    ASSERT_EQUAL(gst_harness_push(h.get(), mel_buffer(5, 1, 20100)), GST_FLOW_NOT_LINKED);
  }
  gst_harness_push(h.get(), mel_buffer(10, 1, 20150));
  fail_unless(pull() == Disconts({{20150, true}, {20200, false}}));
  // Pictures that were left out.
  gst_harness_push_upstream_event(
      h.get(), gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, 0, 20270 * GST_MSECOND));
  gst_harness_push(h.get(), mel_buffer(10, 1, 20250));
  fail_unless(pull() == Disconts({{20300, true}}));
}

CHECK_TEST(the_energy_in_front_of_a_row_is_not_drawn) {
  for (const char* layout : {"frame-major", "mel-major"}) {
    std::string caps = with(mel_caps(2), "mels=4", "mels=3, energy=raw");
    caps = with(caps, "frame-major", layout);
    const Harness h = scope("mode=page", "video/x-raw, format=RGB, width=2, height=2", caps);
    const std::vector<float> values = layout[0] == 'f'
                                          ? std::vector<float>{250, 64, 128, 250, 64, 128}
                                          : std::vector<float>{250, 250, 64, 64, 128, 128};
    GstBuffer* buffer = buffer_of(values);
    GST_BUFFER_PTS(buffer) = 0;
    fail_unless_equals_int(gst_harness_push(h.get(), buffer), GST_FLOW_OK);
    const Buffer picture(gst_harness_pull(h.get()));
    for (const int x : {0, 1}) {
      fail_unless_equals_int(red(picture.get(), 2, x, 1), 64);
      fail_unless_equals_int(red(picture.get(), 2, x, 0), 128);
    }
  }
}

CHECK_TEST(pictures_end_with_the_segment) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=32, height=16, framerate=50/1");
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.stop = 45 * GST_MSECOND;
  gst_harness_push_event(h.get(), gst_event_new_segment(&segment));
  gst_harness_push(h.get(), mel_buffer(10, 1, 0));
  const Times expected = {0, 20, 40};
  fail_unless(pull_times(h) == expected);
}

CHECK_TEST(no_latency_is_added) {
  for (const char* mode : {"mode=scroll", "mode=page"}) {
    const Harness h = scope(mode, "video/x-raw, format=RGB, width=32, height=16");
    gst_harness_set_upstream_latency(h.get(), 123 * GST_MSECOND);
    gst_harness_push(h.get(), mel_buffer(10, 1, 0));
    fail_unless_equals_uint64(gst_harness_query_latency(h.get()), 123 * GST_MSECOND);
  }
}

CHECK_TEST(a_buffer_of_broken_size_is_an_error_that_names_it) {
  const Harness h = scope("mode=page", "video/x-raw, format=RGB, width=32, height=16");
  BusWatch bus(h);
  fail_unless_equals_int(gst_harness_push(h.get(), gst_buffer_new_allocate(nullptr, 18, nullptr)),
                         GST_FLOW_ERROR);
  const PostedError error = posted(bus);
  fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
  fail_unless(error.says("18 bytes"));
}

CHECK_TEST(a_segment_that_is_not_time_is_an_error_that_says_what_to_set) {
  for (const char* mode : {"mode=page", "mode=scroll"}) {
    const Harness h = scope(mode, "video/x-raw, format=RGB, width=32, height=16");
    BusWatch bus(h);
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_BYTES);
    gst_harness_push_event(h.get(), gst_event_new_segment(&segment));
    gst_harness_push_event(h.get(), gst_event_new_gap(0, 100 * GST_MSECOND));
    fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(10, 1, 0)), GST_FLOW_ERROR);
    const PostedError error = posted(bus);
    fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
    fail_unless(error.says("format=time"), "%s", error.text.c_str());
  }
}

CHECK_TEST(an_empty_page_is_the_lowest_colour) {
  const Harness h =
      scope("mode=page", "video/x-raw, format=RGB, width=32, height=16", mel_caps(0, "0/1"));
  GstBuffer* empty = gst_buffer_new();
  GST_BUFFER_PTS(empty) = 0;
  fail_unless_equals_int(gst_harness_push(h.get(), empty), GST_FLOW_OK);
  const Buffer picture(gst_harness_pull(h.get()));
  fail_unless_equals_int(red(picture.get(), 32, 31, 15), 0);
}

CHECK_TEST(other_features_in_mid_stream_start_a_new_display) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=20, height=16, framerate=10/1");
  gst_harness_push(h.get(), mel_buffer(10, 50, 0));
  gst_harness_set_src_caps_str(h.get(), with(mel_caps(10), "mels=4", "mels=2").c_str());
  GstBuffer* two_mels = buffer_of(std::vector<float>(20, 200));
  GST_BUFFER_PTS(two_mels) = 100 * GST_MSECOND;
  fail_unless_equals_int(gst_harness_push(h.get(), two_mels), GST_FLOW_OK);
  gst_buffer_unref(gst_harness_pull(h.get()));
  const Buffer later(gst_harness_pull(h.get()));
  fail_unless_equals_uint64(GST_BUFFER_PTS(later.get()), 100 * GST_MSECOND);
  fail_unless_equals_int(red(later.get(), 20, 19, 8), 200);
  fail_unless_equals_int(red(later.get(), 20, 18, 8), kGround);
}

CHECK_TEST(half_precision_in_mel_major_order_is_read_by_the_caps) {
  std::string caps = with(mel_caps(2), "F32LE", "F16LE");
  caps = with(with(caps, "frame-major", "mel-major"), "mels=4", "mels=2");
  const Harness h = scope("mode=page", "video/x-raw, format=RGB, width=2, height=2", caps);
  constexpr uint16_t k128 = 0x5800, k64 = 0x5400;
  GstBuffer* buffer = buffer_of(std::vector<uint16_t>{k128, 0, k64, 0});  // band 0, then band 1
  GST_BUFFER_PTS(buffer) = 0;
  fail_unless_equals_int(gst_harness_push(h.get(), buffer), GST_FLOW_OK);
  const Buffer picture(gst_harness_pull(h.get()));
  fail_unless_equals_int(red(picture.get(), 2, 0, 1), 128);
  fail_unless_equals_int(red(picture.get(), 2, 0, 0), 64);
  fail_unless_equals_int(red(picture.get(), 2, 1, 1), 0);
}

CHECK_TEST(scroll_without_a_frame_rate_does_not_link) {
  const Harness h = scope("", "video/x-raw, format=RGB, width=20, height=16, framerate=0/1");
  fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(10, 50, 0)), GST_FLOW_NOT_NEGOTIATED);
}

CHECK_TEST(a_colour_map_can_be_changed_while_playing) {
  const Harness h = scope("mode=page", "video/x-raw, format=RGB, width=8, height=4");
  Owned<GstElement> element(gst_harness_find_element(h.get(), "melspecscope"));
  gst_harness_push(h.get(), mel_buffer(10, 0, 0));
  gst_util_set_object_arg(G_OBJECT(element.get()), "colormap", "viridis");
  gst_harness_push(h.get(), mel_buffer(10, 0, 100));
  const Buffer gray(gst_harness_pull(h.get()));
  const Buffer viridis(gst_harness_pull(h.get()));
  fail_unless_equals_int(red(gray.get(), 8, 0, 0), 0);
  fail_unless_equals_int(red(viridis.get(), 8, 0, 0), 0x44);
}

}  // namespace
