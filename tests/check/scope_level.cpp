// SPDX-License-Identifier: LGPL-2.1-or-later
// melspecscope level=true: the pixels of the strip for buffers with known GstAudioLevelMeta, and
// for known sounds through npumelspec.
#include <gst/audio/audio.h>

#include <optional>

#include "tests/check/support.h"

namespace {

using namespace npumel::check;

// Plots of 60 rows and no axes: a strip of 5 rows of 12 dB, and one row between.
constexpr int kHeight = 60, kStripRows = 5;
constexpr const char* kScrolling = "video/x-raw, format=RGB, width=20, height=60, framerate=10/1";
constexpr const char* kPage = "video/x-raw, format=RGB, width=20, height=60";

struct Meta {
  guint8 below;  ///< -dBov
  bool voice;
};

std::string features(const char* layout = "frame-major", int frames = 10) {
  return std::string("audio/x-mel-spectrogram, format=F32LE, mels=4, rate=16000, channels=1, ") +
         "hop-length=160, log=log10, normalize=none, framerate=10/1, layout=" + layout +
         ", frames=" + std::to_string(frames);
}

Harness scope(const std::string& properties, const char* video,
              const std::string& caps = features()) {
  const std::string launch =
      "melspecscope colormap=gray range=fixed range-min=0 range-max=256 " + properties;
  Harness harness(gst_harness_new_parse(launch.c_str()));
  gst_harness_set_sink_caps_str(harness.get(), video);
  gst_harness_set_src_caps_str(harness.get(), caps.c_str());
  return harness;
}

/// 10 ms a frame.
void push(const Harness& harness, int frames, guint64 ms, std::optional<Meta> meta,
          guint flags = 0) {
  GstBuffer* buffer = buffer_of(std::vector<float>(static_cast<size_t>(frames) * 4, 100));
  GST_BUFFER_PTS(buffer) = ms * GST_MSECOND;
  GST_BUFFER_DURATION(buffer) = static_cast<guint64>(frames) * 10 * GST_MSECOND;
  GST_BUFFER_FLAGS(buffer) |= flags;
  if (meta) gst_buffer_add_audio_level_meta(buffer, meta->below, meta->voice);
  fail_unless_equals_int(gst_harness_push(harness.get(), buffer), GST_FLOW_OK);
}

Buffer last(const Harness& harness) {
  Buffer result;
  while (Buffer picture{gst_harness_try_pull(harness.get())}) result = std::move(picture);
  fail_unless(result != nullptr);
  return result;
}

using Rows = std::vector<std::string>;

/// The rows above the plot and the first of the plot. '.': the ground of the mode, 'L' and 'V': a
/// bar without and with voice, 'm': the features, 'h': a hole, '?': none of these.
Rows rows(GstBuffer* picture, int width = 20, int strip_rows = kStripRows) {
  const gsize stride = GST_ROUND_UP_4(static_cast<gsize>(width) * 3);
  const std::vector<uint8_t> bytes = values_of<uint8_t>(picture);
  Rows result;
  for (int y = 0; y < strip_rows + 2; ++y) {
    result.emplace_back();
    for (int x = 0; x < width; ++x) {
      const size_t at = static_cast<size_t>(y) * stride + static_cast<size_t>(x) * 3;
      const int color = bytes.at(at) << 16 | bytes.at(at + 1) << 8 | bytes.at(at + 2);
      result.back() += color == 0x121216 || color == 0xffffff ? '.'
                       : color == 0x8c8c8c                    ? 'L'
                       : color == 0xd55e00                    ? 'V'
                       : color == 0x646464                    ? 'm'
                       : color == 0                           ? 'h'
                                                              : '?';
    }
  }
  return result;
}

void expect(const Rows& actual, const Rows& expected) {
  std::string text;
  for (const std::string& row : actual) text += "\n" + row;
  fail_unless(actual == expected, "%s", text.c_str());
}

CHECK_TEST(each_column_of_a_scroll_has_the_level_and_the_voice_of_its_buffer) {
  for (const char* layout : {"frame-major", "mel-major"}) {
    const Harness h = scope("level=true", kScrolling, features(layout, 5));
    push(h, 5, 0, Meta{12, false});
    push(h, 5, 50, Meta{36, true});
    push(h, 5, 100, {});
    push(h, 5, 150, Meta{0, false});
    push(h, 1, 200, {});                                  // its picture shows all of the above
    expect(rows(last(h).get()), {"..............LLLLL.",  //
                                 "LLLL..........LLLLL.",  //
                                 "LLLL..........LLLLL.",  //
                                 "LLLLVVVVV.....LLLLL.",  //
                                 "LLLLVVVVV.....LLLLL.",  //
                                 "....................",  //
                                 "mmmmmmmmmmmmmmmmmmmm"});
  }
}

CHECK_TEST(minus_60_and_less_is_empty_and_0_is_full) {
  const Harness h = scope("level=true", kScrolling, features("frame-major", 2));
  const guint8 levels[] = {127, 61, 60, 48, 24, 0};
  for (size_t i = 0; i < std::size(levels); ++i) push(h, 2, 20 * i, Meta{levels[i], i % 2 == 1});
  push(h, 9, 120, {});
  expect(rows(last(h).get()), {".........VV.........",  //
                               ".........VV.........",  //
                               ".......LLVV.........",  //
                               ".......LLVV.........",  //
                               ".....VVLLVV.........",  //
                               "....................",  //
                               "mmmmmmmmmmmmmmmmmmmm"});
}

CHECK_TEST(a_page_has_the_level_of_its_buffer) {
  for (const char* layout : {"frame-major", "mel-major"}) {
    const Harness h = scope("level=true mode=page", kPage, features(layout));
    const std::string all_l(20, 'L'), all_v(20, 'V'), none(20, '.'), mels(20, 'm');
    push(h, 10, 0, Meta{48, false});
    expect(rows(last(h).get()), {none, none, none, none, all_l, none, mels});
    push(h, 10, 100, {});
    expect(rows(last(h).get()), {none, none, none, none, none, none, mels});
    push(h, 10, 200, Meta{12, true});
    expect(rows(last(h).get()), {none, all_v, all_v, all_v, all_v, none, mels});
  }
}

CHECK_TEST(gaps_are_empty_and_buffers_with_the_gap_flag_are_as_others) {
  const Harness h = scope("level=true", kScrolling);
  push(h, 10, 0, Meta{0, false});
  gst_harness_push_event(h.get(), gst_event_new_gap(100 * GST_MSECOND, 30 * GST_MSECOND));
  push(h, 2, 130, Meta{36, false}, GST_BUFFER_FLAG_GAP);
  push(h, 3, 170, Meta{24, true});  // 20 ms never came
  push(h, 1, 200, {});
  expect(rows(last(h).get()), {"LLLLLLLLL...........",  //
                               "LLLLLLLLL...........",  //
                               "LLLLLLLLL.......VVV.",  //
                               "LLLLLLLLL...LL..VVV.",  //
                               "LLLLLLLLL...LL..VVV.",  //
                               "....................",  //
                               "mmmmmmmmmhhhmmhhmmmm"});
}

CHECK_TEST(frames_that_are_known_keep_the_level_of_the_buffer_that_brought_them) {
  const Harness h = scope("level=true", kScrolling);
  push(h, 10, 0, Meta{48, false});
  push(h, 10, 50, Meta{48, true});
  push(h, 10, 150, Meta{0, false});
  expect({rows(last(h).get())[4]}, {"LLLLLLLLLVVVVVLLLLLL"});
}

CHECK_TEST(a_flush_clears_the_levels) {
  const Harness h = scope("level=true", kScrolling);
  push(h, 10, 0, Meta{0, false});
  push(h, 10, 100, Meta{0, false});
  gst_harness_push_event(h.get(), gst_event_new_flush_start());
  gst_harness_push_event(h.get(), gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(h.get(), gst_event_new_segment(&segment));
  push(h, 2, 5030, Meta{24, true});
  const std::string none(20, '.'), newest = std::string(19, '.') + 'V';
  expect(rows(last(h).get()),
         {none, none, newest, newest, newest, none, std::string(19, '.') + 'm'});
}

CHECK_TEST(another_size_has_a_strip_of_its_own_height_or_none) {
  for (const char* mode : {"mode=page", "mode=scroll"}) {
    const Harness h = scope(std::string("level=true ") + mode, kScrolling);
    push(h, 10, 0, Meta{0, false});
    fail_unless(rows(last(h).get())[0].ends_with("L"));
    gst_harness_set_sink_caps_str(h.get(),
                                  "video/x-raw, format=RGB, width=8, height=36, framerate=10/1");
    gst_harness_push_upstream_event(h.get(), gst_event_new_reconfigure());
    push(h, 10, 100, Meta{0, false});
    fail_unless(rows(last(h).get(), 8)[0].ends_with("m"));
    gst_harness_set_sink_caps_str(h.get(),
                                  "video/x-raw, format=RGB, width=8, height=144, framerate=10/1");
    gst_harness_push_upstream_event(h.get(), gst_event_new_reconfigure());
    push(h, 10, 200, Meta{30, true});
    const Rows large = rows(last(h).get(), 8, 12);
    for (size_t y = 0; y < large.size(); ++y) {
      const char newest = y == 13 ? 'm' : y == 12 || y < 6 ? '.' : 'V';
      fail_unless(large[y].ends_with(newest), "row %zu: %s", y, large[y].c_str());
    }
  }
}

CHECK_TEST(without_it_pictures_are_what_they_were) {
  for (const char* mode : {"mode=page", "mode=scroll axes=false", "mode=scroll"}) {
    for (const char* properties : {"level=false", ""}) {
      const char* video = "video/x-raw, format=RGB, width=160, height=96, framerate=10/1";
      const Harness with = scope(std::string(mode) + ' ' + properties, video);
      const Harness without = scope(mode, video);
      push(with, 10, 0, Meta{0, true});
      push(without, 10, 0, {});
      fail_unless(values_of<uint8_t>(last(with).get()) == values_of<uint8_t>(last(without).get()));
    }
    // Below 48 rows there is no room.
    const char* small = "video/x-raw, format=RGB, width=160, height=47, framerate=10/1";
    const Harness with = scope(std::string(mode) + " level=true", small);
    const Harness without = scope(mode, small);
    push(with, 10, 0, Meta{0, true});
    push(without, 10, 0, {});
    fail_unless(values_of<uint8_t>(last(with).get()) == values_of<uint8_t>(last(without).get()));
  }
}

CHECK_TEST(it_can_be_set_while_playing) {
  const Harness h = scope("mode=page", kPage);
  const Owned<GstElement> element(gst_harness_find_element(h.get(), "melspecscope"));
  push(h, 10, 0, Meta{0, true});
  fail_unless(rows(last(h).get())[0] == std::string(20, 'm'));
  g_object_set(element.get(), "level", TRUE, nullptr);
  push(h, 10, 100, Meta{0, true});
  fail_unless(rows(last(h).get())[0] == std::string(20, 'V'));
}

CHECK_TEST(bars_show_the_loudness_that_npumelspec_measured) {
  const Harness h(gst_harness_new_parse(
      "npumelspec frames=5 level-meta=on ! melspecscope colormap=gray level=true"));
  gst_harness_set_sink_caps_str(h.get(), kScrolling);
  gst_harness_set_src_caps_str(
      h.get(), "audio/x-raw, format=F32LE, rate=16000, channels=1, layout=interleaved");
  // 50 ms of silence, 50 ms of a square wave at -12 dBov, and so on.
  std::vector<float> samples(4800);
  for (size_t i = 0; i < samples.size(); ++i)
    samples[i] = i / 800 % 2 == 0 ? 0 : i / 8 % 2 == 0 ? 0.2512F : -0.2512F;
  GstBuffer* buffer = buffer_of(samples);
  GST_BUFFER_PTS(buffer) = 0;
  fail_unless_equals_int(gst_harness_push(h.get(), buffer), GST_FLOW_OK);
  gst_harness_push_event(h.get(), gst_event_new_eos());
  Rows strip = rows(last(h).get());
  strip.resize(kStripRows);
  expect(strip, {"....................",  // at 200 ms: from the frame of 10 ms on
                 "....VVVVV.....VVVVV.",  //
                 "....VVVVV.....VVVVV.",  //
                 "....VVVVV.....VVVVV.",  //
                 "....VVVVV.....VVVVV."});
}

}  // namespace
