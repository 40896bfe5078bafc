// SPDX-License-Identifier: LGPL-2.1-or-later
// melspecscope: hostile caps and times, refusals with a reason, and what downstream answers.
#include <array>
#include <cmath>

#include "tests/check/support.h"

namespace {

using namespace npumel::check;

constexpr guint64 kEnd = G_MAXUINT64;  // 2^64 - 1: no time

std::string mel_caps(const char* log = "log10",
                     const char* rate_and_hop = "rate=16000,hop-length=160") {
  return std::string(
             "audio/"
             "x-mel-spectrogram,format=F32LE,layout=frame-major,mels=4,frames=10,channels=1,") +
         rate_and_hop + ",normalize=none,framerate=10/1,log=" + log;
}

Harness scope(const std::string& properties, const char* video,
              const std::string& mel = mel_caps()) {
  Harness harness(
      gst_harness_new_parse(("melspecscope colormap=gray axes=false " + properties).c_str()));
  if (video != nullptr) gst_harness_set_sink_caps_str(harness.get(), video);
  gst_harness_set_src_caps_str(harness.get(), mel.c_str());
  return harness;
}

GstBuffer* mel_buffer(int frames, float value, guint64 time) {
  GstBuffer* buffer = buffer_of(std::vector<float>(static_cast<size_t>(frames) * 4, value));
  GST_BUFFER_PTS(buffer) = time;
  return buffer;
}

int pictures(const Harness& harness) {
  int count = 0;
  while (const Buffer picture{gst_harness_try_pull(harness.get())}) ++count;
  return count;
}

int red(GstBuffer* picture, int width, int x, int y) {
  const gsize stride = GST_ROUND_UP_4(static_cast<gsize>(width) * 3);
  return values_of<uint8_t>(picture).at(static_cast<size_t>(y) * stride +
                                        static_cast<size_t>(x) * 3);
}

constexpr const char* kVideo = "video/x-raw,format=RGB,width=32,height=16,framerate=30/1";

void qos(const Harness& h, gint64 lateness, guint64 time) {
  gst_harness_push_upstream_event(h.get(),
                                  gst_event_new_qos(GST_QOS_TYPE_UNDERFLOW, 1.5, lateness, time));
}

CHECK_TEST(a_gap_at_the_end_of_all_times_returns) {
  const Harness h = scope("", kVideo);
  gst_harness_push_event(h.get(),
                         gst_event_new_gap(kEnd - 5 * GST_MSECOND + 1, 5 * GST_MSECOND - 1));
  gst_harness_push_event(h.get(), gst_event_new_gap(kEnd - 5 * GST_MSECOND + 1, GST_SECOND));
  fail_unless(pictures(h) <= 1);
}

CHECK_TEST(a_buffer_at_the_end_of_all_times_gives_its_one_picture) {
  const Harness h = scope("", kVideo);
  fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(1, 0, kEnd - 20 * GST_MSECOND + 1)),
                         GST_FLOW_OK);
  fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(1, 0, kEnd - 10 * GST_MSECOND + 1)),
                         GST_FLOW_OK);
  fail_unless_equals_int(pictures(h), 1);
  // And the display goes on at ordinary times.
  GstBuffer* later = mel_buffer(10, 0, 0);
  GST_BUFFER_FLAG_SET(later, GST_BUFFER_FLAG_DISCONT);
  fail_unless_equals_int(gst_harness_push(h.get(), later), GST_FLOW_OK);
  fail_unless_equals_int(pictures(h), 3);
}

CHECK_TEST(caps_beyond_the_bounds_are_refused) {
  for (const char* fields : {"rate=16000,hop-length=2147483647", "rate=16000,hop-length=65537",
                             "rate=1,hop-length=160", "rate=2147483647,hop-length=160"}) {
    const Harness h = scope("", kVideo, mel_caps("log10", fields));
    fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(10, 0, 0)),
                           GST_FLOW_NOT_NEGOTIATED);
  }
}

CHECK_TEST(pictures_in_a_row_that_are_too_late_are_told_once) {
  // The longest frames: half an hour of pictures a buffer.
  const Harness h = scope("", "video/x-raw,format=RGB,width=32,height=16,framerate=1000/1",
                          mel_caps("log10", "rate=1000,hop-length=65536"));
  BusWatch bus(h);
  qos(h, 0, G_MAXINT64 - 1);
  fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(1000, 0, 0)), GST_FLOW_OK);
  fail_unless_equals_int(pictures(h), 0);
  const Message message = bus.pop(GST_MESSAGE_QOS);
  fail_unless(message);
  guint64 dropped = 0;
  gst_message_parse_qos_stats(message.get(), nullptr, nullptr, &dropped);
  fail_unless_equals_uint64(dropped, 65536000);
  fail_unless_equals_int(bus.count(GST_MESSAGE_QOS), 0);
}

CHECK_TEST(pictures_after_the_segment_are_not_counted_one_by_one) {
  const Harness h = scope("", "video/x-raw,format=RGB,width=32,height=16,framerate=1000/1",
                          mel_caps("log10", "rate=1000,hop-length=65536"));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.stop = 3 * GST_MSECOND;
  gst_harness_push_event(h.get(), gst_event_new_segment(&segment));
  fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(100000, 0, 0)), GST_FLOW_OK);
  fail_unless_equals_int(pictures(h), 3);
}

CHECK_TEST(without_qos_no_picture_is_dropped) {
  for (const char* mode : {"mode=scroll", "mode=page"}) {
    const Harness h = scope(std::string(mode) + " qos=false",
                            "video/x-raw,format=RGB,width=32,height=16,framerate=10/1");
    BusWatch bus(h);
    gst_harness_push(h.get(), mel_buffer(10, 1, 0));
    qos(h, GST_SECOND, 0);
    for (guint64 i = 1; i < 5; ++i)
      gst_harness_push(h.get(), mel_buffer(10, 1, i * 100 * GST_MSECOND));
    fail_unless_equals_int(pictures(h), 5);
    fail_unless_equals_int(bus.count(GST_MESSAGE_QOS), 0);
  }
}

CHECK_TEST(frames_of_pictures_that_were_too_late_are_on_the_next_one) {
  const Harness h = scope("range=fixed range-min=0 range-max=256",
                          "video/x-raw,format=RGB,width=32,height=16,framerate=10/1");
  gst_harness_push(h.get(), mel_buffer(10, 50, 0));
  qos(h, 100 * GST_MSECOND, 0);  // up to 200 ms
  for (guint64 i = 1; i < 4; ++i)
    gst_harness_push(h.get(), mel_buffer(10, 100, i * 100 * GST_MSECOND));
  const Buffer one(gst_harness_pull(h.get()));
  const Buffer next(gst_harness_pull(h.get()));
  fail_unless_equals_uint64(GST_BUFFER_PTS(next.get()), 300 * GST_MSECOND);
  for (int x = 1; x < 32; ++x)
    fail_unless_equals_int(red(next.get(), 32, x, 8), x <= 10 ? 50 : 100);
}

CHECK_TEST(lateness_of_any_size_is_no_overflow) {
  for (const gint64 lateness : {G_MAXINT64, G_MININT64 + 1, gint64{0}})
    for (const guint64 time : {guint64{0}, guint64{G_MAXINT64}, kEnd - 1}) {
      if (lateness < 0 && static_cast<guint64>(-lateness) > time) continue;  // no QOS event says so
      const Harness h = scope("", kVideo);
      qos(h, lateness, time);
      fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(10, 1, 0)), GST_FLOW_OK);
      gst_harness_push_event(h.get(), gst_event_new_gap(kEnd - GST_SECOND, GST_MSECOND));
    }
}

CHECK_TEST(a_page_for_another_frame_rate_is_an_error_that_says_why) {
  const Harness h(gst_harness_new_parse("melspecscope mode=page"));
  BusWatch bus(h);
  gst_harness_set_sink_caps_str(h.get(), kVideo);
  gst_harness_set_src_caps_str(h.get(), mel_caps().c_str());
  const PostedError error = posted(bus);
  fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT));
  fail_unless(error.says("10/1 a second") && error.says("30/1") && error.says("videorate"), "%s",
              error.text.c_str());
}

CHECK_TEST(a_scroll_without_a_frame_rate_is_an_error_that_says_why) {
  const Harness h(gst_harness_new_parse("melspecscope"));
  BusWatch bus(h);
  gst_harness_set_sink_caps_str(h.get(), "video/x-raw,format=RGB,width=32,height=16,framerate=0/1");
  gst_harness_set_src_caps_str(h.get(), mel_caps().c_str());
  const PostedError error = posted(bus);
  fail_unless(error.says("mode=page"), "%s", error.text.c_str());
}

CHECK_TEST(other_video_is_an_error_that_says_what_to_insert) {
  const Harness h(gst_harness_new_parse("melspecscope"));
  BusWatch bus(h);
  gst_harness_set_sink_caps_str(h.get(),
                                "video/x-raw,format=I420,width=32,height=16,framerate=30/1");
  gst_harness_set_src_caps_str(h.get(), mel_caps().c_str());
  const PostedError error = posted(bus);
  fail_unless(error.says("videoconvert"), "%s", error.text.c_str());
}

CHECK_TEST(without_a_next_element_the_flow_says_so_and_nothing_is_critical) {
  for (const char* mode : {"mode=scroll", "mode=page"}) {
    const Owned<GstElement> element(gst_element_factory_make("melspecscope", nullptr));
    gst_object_ref_sink(element.get());
    gst_util_set_object_arg(G_OBJECT(element.get()), "mode", mode + 5);
    const Harness h(gst_harness_new_with_element(element.get(), "sink", nullptr));
    gst_harness_set_src_caps_str(h.get(), mel_caps().c_str());
    fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(10, 0, 0)), GST_FLOW_NOT_LINKED);
  }
}

CHECK_TEST(what_downstream_answers_to_pictures_of_a_gap_is_looked_at) {
  const Harness h = scope("", kVideo);
  gst_harness_push(h.get(), mel_buffer(10, 0, 0));
  static int pushed;
  pushed = 0;
  gst_pad_set_chain_function(h->sinkpad, [](GstPad*, GstObject*, GstBuffer* buffer) {
    gst_buffer_unref(buffer);
    ++pushed;
    return GST_FLOW_ERROR;
  });
  fail_if(gst_harness_push_event(h.get(), gst_event_new_gap(100 * GST_MSECOND, 900 * GST_MSECOND)));
  fail_unless_equals_int(pushed, 1);
}

CHECK_TEST(bytes_at_the_source_pad_are_not_those_of_upstream) {
  const Harness h = scope("", kVideo);
  gst_pad_set_query_function(h->srcpad, [](GstPad*, GstObject*, GstQuery* query) -> gboolean {
    if (GST_QUERY_TYPE(query) != GST_QUERY_POSITION) return FALSE;
    GstFormat format = GST_FORMAT_UNDEFINED;
    gst_query_parse_position(query, &format, nullptr);
    gst_query_set_position(query, format, 4711);
    return TRUE;
  });
  gint64 position = 0;
  fail_if(gst_pad_peer_query_position(h->sinkpad, GST_FORMAT_BYTES, &position));
  fail_unless(gst_pad_peer_query_position(h->sinkpad, GST_FORMAT_TIME, &position));
  fail_if(gst_harness_push_upstream_event(
      h.get(), gst_event_new_seek(1.0, GST_FORMAT_BYTES, GST_SEEK_FLAG_NONE, GST_SEEK_TYPE_SET, 0,
                                  GST_SEEK_TYPE_NONE, 0)));
}

CHECK_TEST(powers_are_drawn_in_decibels) {
  const Harness h =
      scope("mode=page range=fixed range-min=-80 range-max=0",
            "video/x-raw,format=RGB,width=10,height=4,framerate=10/1", mel_caps("none"));
  gst_harness_push(h.get(), mel_buffer(10, 1e-4F, 0));  // -40 dB
  const Buffer picture(gst_harness_pull(h.get()));
  fail_unless_equals_int(red(picture.get(), 10, 5, 2), 128);
}

CHECK_TEST(values_of_every_size_are_drawn) {
  for (const char* log : {"none", "ln"})
    for (const char* mode : {"mode=page", "mode=scroll"}) {
      const Harness h =
          scope(mode, "video/x-raw,format=RGB,width=40,height=16,framerate=10/1", mel_caps(log));
      const std::vector<float> odd = {3.4e38F, -3.4e38F, NAN, INFINITY, -INFINITY, 1e-45F, 0, -1};
      std::vector<float> values;
      for (int i = 0; i < 40; ++i) values.push_back(odd[static_cast<size_t>(i) % odd.size()]);
      GstBuffer* buffer = buffer_of(values);
      GST_BUFFER_PTS(buffer) = 0;
      fail_unless_equals_int(gst_harness_push(h.get(), buffer), GST_FLOW_OK);
      fail_unless_equals_int(pictures(h), 1);
    }
}

std::string feature_caps(const char* kind, int dims) {
  return "audio/x-speech-features,format=F32LE,layout=frame-major,rate=16000,hop-length=160,"
         "frames=10,framerate=10/1,kind=" +
         std::string(kind) + ",dims=" + std::to_string(dims);
}

CHECK_TEST(features_whose_values_stand_for_mels_are_drawn) {
  for (const char* kind : {"mel", "mel+cmvn", "mel+pcen+cmvn"}) {
    const Harness h = scope("mode=page", "video/x-raw,format=RGB,width=10,height=4,framerate=10/1",
                            feature_caps(kind, 4));
    fail_unless_equals_int(gst_harness_push(h.get(), mel_buffer(10, 1, 0)), GST_FLOW_OK);
    fail_unless_equals_int(pictures(h), 1);
  }
}

CHECK_TEST(other_features_are_refused_by_their_kind) {
  const struct {
    const char* kind;
    int dims;
  } cases[] = {{"mel+dct+deltas", 39}, {"mel+stack", 560}, {"mel+cmvn", 4097}};
  for (const auto& wrong : cases) {
    const Harness h(gst_harness_new("melspecscope"));
    BusWatch bus(h);
    gst_harness_set_sink_caps_str(h.get(), "video/x-raw");
    gst_harness_set_src_caps_str(h.get(), feature_caps(wrong.kind, wrong.dims).c_str());
    const PostedError error = posted(bus);
    fail_unless(error.is(GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE), "%s", wrong.kind);
    const std::string words =
        std::string("kind ") + wrong.kind + " with " + std::to_string(wrong.dims) + " values";
    fail_unless(error.says(words.c_str()), "%s", error.text.c_str());
    fail_unless(error.says("before meltransform"));
    ASSERT_EQUAL(bus.count(GST_MESSAGE_ERROR), 0);
  }
}

}  // namespace
