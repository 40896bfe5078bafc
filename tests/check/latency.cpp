// SPDX-License-Identifier: LGPL-2.1-or-later
// LATENCY: (frames-1)*hop + reach, and what a live pipeline adds.
#include <gst/check/gsttestclock.h>

#include "kernels/mel/framing.h"
#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel;
using namespace npumel::check;

namespace {

struct Latency {
  gboolean answered = FALSE, live = FALSE;
  GstClockTime min = 0, max = 0;
};

/// Asked at the harness' sink pad, as a pipeline's sink would.
Latency ask(MelStream& stream) {
  Latency result;
  const Owned<GstQuery> query(gst_query_new_latency());
  result.answered = gst_pad_peer_query(stream.harness()->sinkpad, query.get());
  if (result.answered) gst_query_parse_latency(query.get(), &result.live, &result.min, &result.max);
  return result;
}

/// Upstream that is live or not, with 10 ms of its own and MAX.
struct Upstream {
  bool live = false;
  GstClockTime min = 10 * GST_MSECOND;
  GstClockTime max = GST_CLOCK_TIME_NONE;
  bool fails = false;

  void attach(MelStream& stream) {
    GstPad* srcpad = stream.harness()->srcpad;
    g_object_set_data(G_OBJECT(srcpad), "upstream", this);
    gst_pad_set_query_function(
        srcpad, [](GstPad* pad, GstObject* parent, GstQuery* query) -> gboolean {
          const auto* self = static_cast<Upstream*>(g_object_get_data(G_OBJECT(pad), "upstream"));
          if (GST_QUERY_TYPE(query) != GST_QUERY_LATENCY)
            return gst_pad_query_default(pad, parent, query);
          if (self->fails) return FALSE;
          gst_query_set_latency(query, self->live, self->min, self->max);
          return TRUE;
        });
  }
};

GstClockTime round_up(guint64 samples, int rate) {
  return gst_util_uint64_scale_ceil(samples, GST_SECOND, static_cast<guint64>(rate));
}

/// Counts what the element logs as a warning, while it lives.
class WarningLog {
 public:
  WarningLog() {
    gst_debug_set_threshold_for_name("npumelspec", GST_LEVEL_WARNING);
    gst_debug_add_log_function(note, this, nullptr);
  }
  ~WarningLog() {
    gst_debug_remove_log_function_by_data(this);
    gst_debug_unset_threshold_for_name("npumelspec");
  }
  WarningLog(const WarningLog&) = delete;
  WarningLog& operator=(const WarningLog&) = delete;

  int count(const char* words) const {
    int found = 0;
    for (const std::string& line : lines_) found += line.find(words) != std::string::npos;
    return found;
  }

 private:
  static void note(GstDebugCategory* category, GstDebugLevel level, const gchar*, const gchar*,
                   gint, GObject*, GstDebugMessage* message, gpointer user_data) {
    auto* self = static_cast<WarningLog*>(user_data);
    if (level == GST_LEVEL_WARNING &&
        std::string("npumelspec") == gst_debug_category_get_name(category))
      self->lines_.emplace_back(gst_debug_message_get(message));
  }

  std::vector<std::string> lines_;
};

int latency_messages(MelStream& stream) { return stream.bus().count(GST_MESSAGE_LATENCY); }

}  // namespace

CHECK_TEST(not_live_latency_of_every_geometry) {
  struct {
    const char* properties;
    int samples;  ///< (frames-1)*hop + reach
    int rate;
  } const cases[] = {
      {"", 99 * 160 + 200, 16000},
      {"frames=1", 200, 16000},
      {"frames=100 stride=10", 99 * 160 + 200, 16000},
      {"frames=10 first-frames=25", 24 * 160 + 200, 16000},
      {"frames=10 first-frames=5", 9 * 160 + 200, 16000},
      {"frames=50 preset=nemo80", 49 * 160 + 200, 16000},
      {"frames=1 preset=kaldi80", 400, 16000},
      {"frames=1 preset=icefall80", 280, 16000},
      {"frames=8 preset=openwakeword", 7 * 160 + 512, 16000},
      {"frames=2 preset=librosa", 512 + 1024, 16000},
      {"frames=3 preset=librosa", 2 * 512 + 1024, 44100},
  };
  for (const auto& expected : cases) {
    MelStream stream(expected.properties,
                     ("audio/x-raw,format=S16LE,rate=" + std::to_string(expected.rate)).c_str());
    Upstream upstream;
    upstream.attach(stream);
    const Latency latency = ask(stream);
    fail_unless(latency.answered);
    fail_if(latency.live);
    const GstClockTime own = round_up(static_cast<guint64>(expected.samples), expected.rate);
    fail_unless(latency.min == 10 * GST_MSECOND + own, "%s: %" GST_TIME_FORMAT, expected.properties,
                GST_TIME_ARGS(latency.min));
    fail_unless(latency.max == GST_CLOCK_TIME_NONE);
  }
}

CHECK_TEST(live_adds_processing_latency) {
  for (const GstClockTime processing : {20 * GST_MSECOND, 0 * GST_MSECOND, 35 * GST_MSECOND}) {
    MelStream stream("frames=10 processing-latency=" + std::to_string(processing));
    Upstream upstream{.live = true, .max = 3 * GST_SECOND};
    upstream.attach(stream);
    const Latency latency = ask(stream);
    const GstClockTime own = round_up(9 * 160 + 200, 16000) + processing;
    fail_unless(latency.live);
    ASSERT_EQUAL(latency.min, 10 * GST_MSECOND + own);
    ASSERT_EQUAL(latency.max, 3 * GST_SECOND + own);
  }
}

LONG_CHECK_TEST(the_reach_of_every_preset_is_that_of_its_recipe) {
  for (const auto& name : enum_names<Preset>()) {
    const int rate = published_rate(name.value) ? published_rate(name.value) : 16000;
    MelStream stream(std::string("frames=1 preset=") + name.nick,
                     ("audio/x-raw,format=S16LE,rate=" + std::to_string(rate)).c_str());
    Upstream upstream{.min = 0};
    upstream.attach(stream);
    const int reach = framing(resolve(name.value, {}, rate)).reach;
    fail_unless(ask(stream).min == round_up(static_cast<guint64>(reach), rate), "%s", name.nick);
    // And it is true: one sample fewer gives no frame, that many give one.
    const auto samples = audio(static_cast<size_t>(reach));
    fail_unless(stream.push(std::span<const int16_t>(samples).first(samples.size() - 1), 0) ==
                GST_FLOW_OK);
    fail_unless(stream.buffers().empty(), "%s", name.nick);
    stream.push(std::span<const int16_t>(samples).last(1), time_of(samples.size() - 1, rate));
    fail_unless(stream.buffers().size() == 1, "%s", name.nick);
  }
}

CHECK_TEST(an_unanswered_upstream_query_stays_unanswered) {
  MelStream stream;
  Upstream upstream{.fails = true};
  upstream.attach(stream);
  fail_if(ask(stream).answered);
}

CHECK_TEST(a_change_of_latency_is_announced) {
  MelStream stream("frames=10");
  fail_unless(latency_messages(stream) >= 1);
  g_object_set(stream.element(), "processing-latency", guint64{50 * GST_MSECOND}, nullptr);
  fail_unless(latency_messages(stream) >= 1);
}

CHECK_TEST(caps_with_another_rate_announce_another_latency) {
  MelStream stream("preset=custom frames=10");
  stream.push(audio(1600), 0);
  latency_messages(stream);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  stream.push(audio(1600), time_of(1600));
  ASSERT_EQUAL(latency_messages(stream), 0);
  stream.set_caps("audio/x-raw,format=S16LE,rate=32000");
  stream.push(audio(1600), GST_SECOND);
  fail_unless(latency_messages(stream) >= 1);
}

CHECK_TEST(no_latency_is_announced_before_the_caps_tell_it) {
  MelStream stream = MelStream::idle("frames=10");
  for (guint64 start = 0; start < 2; ++start) {  // also when it is not the first time
    g_object_set(stream.element(), "processing-latency", (50 + start) * GST_MSECOND, nullptr);
    ASSERT_EQUAL(latency_messages(stream), 0);
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    stream.push(audio(1600), 0);
    ASSERT_EQUAL(latency_messages(stream), 1);
    gst_element_set_state(stream.element(), GST_STATE_NULL);
    gst_element_set_state(stream.element(), GST_STATE_PLAYING);
  }
}

CHECK_TEST(a_latency_that_stays_the_same_is_not_announced_again) {
  MelStream stream("frames=10");
  stream.push(audio(1600), 0);
  ASSERT_EQUAL(latency_messages(stream), 1);
  // Other caps, other settings, and the same number of samples to wait for.
  stream.set_caps("audio/x-raw,format=F32LE,rate=16000");
  stream.push(as_float(audio(1600)), time_of(1600));
  g_object_set(stream.element(), "processing-latency", guint64{20 * GST_MSECOND}, nullptr);
  ASSERT_EQUAL(latency_messages(stream), 0);
  g_object_set(stream.element(), "processing-latency", guint64{21 * GST_MSECOND}, nullptr);
  ASSERT_EQUAL(latency_messages(stream), 1);
}

CHECK_TEST(a_live_buffer_leaves_when_its_last_sample_arrives_and_not_later) {
  // Chunks of 2.5 ms, each at the time of its end, as a sound card gives them.
  const int chunk = 40, needed = 9 * 160 + 200;
  MelStream stream("frames=10 processing-latency=0");
  Upstream upstream{.live = true, .min = 0};
  upstream.attach(stream);
  const GstClockTime own = ask(stream).min;
  ASSERT_EQUAL(own, time_of(needed));
  gst_harness_use_testclock(stream.harness());
  GstTestClock* clock = gst_harness_get_testclock(stream.harness());
  const auto samples = audio(16000);
  size_t seen = 0;
  for (size_t begin = 0; begin < samples.size(); begin += chunk) {
    const GstClockTime now = time_of(begin + chunk);
    gst_test_clock_set_time(clock, now);
    stream.push(std::span<const int16_t>(samples).subspan(begin, chunk), time_of(begin));
    for (; seen < stream.buffers().size(); ++seen) {
      const Received& buffer = *stream.buffers()[seen];
      ASSERT_EQUAL(buffer.pts, seen * time_of(1600));
      ASSERT_EQUAL(now, buffer.pts + own);
    }
  }
  ASSERT_EQUAL(seen, 9);
  gst_object_unref(clock);
}

CHECK_TEST(a_sink_shows_each_buffer_at_its_time_plus_the_latency) {
  const Owned<GstElement> pipeline(
      gst_parse_launch("appsrc name=src is-live=true format=time min-latency=10000000 ! "
                       "audio/x-raw,format=S16LE,rate=16000,channels=1,layout=interleaved ! "
                       "npumelspec frames=10 processing-latency=5000000 ! "
                       "fakesink name=sink sync=true processing-deadline=0",
                       nullptr));
  const Owned<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "src"));
  GstClock* clock = gst_test_clock_new();
  gst_pipeline_use_clock(GST_PIPELINE(pipeline.get()), clock);
  fail_unless(gst_element_set_state(pipeline.get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE);
  const auto samples = audio(8000);
  const auto push = [&](size_t begin, size_t count) {
    GstBuffer* buffer = buffer_of(std::span<const int16_t>(samples).subspan(begin, count));
    GST_BUFFER_PTS(buffer) = time_of(begin);
    GstFlowReturn flow = GST_FLOW_ERROR;
    g_signal_emit_by_name(source.get(), "push-buffer", buffer, &flow);
    gst_buffer_unref(buffer);
    ASSERT_EQUAL(flow, GST_FLOW_OK);
  };
  // With the caps the element knows its latency and asks the application to have it distributed.
  push(0, 160);
  const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  bool asked = false;
  while (!asked) {
    const Message message(gst_bus_timed_pop_filtered(
        bus.get(), GST_CLOCK_TIME_NONE,
        static_cast<GstMessageType>(GST_MESSAGE_LATENCY | GST_MESSAGE_ERROR)));
    fail_if(GST_MESSAGE_TYPE(message.get()) == GST_MESSAGE_ERROR);
    asked = std::string(GST_OBJECT_NAME(GST_MESSAGE_SRC(message.get()))).find("npumelspec") == 0;
  }
  fail_unless(gst_bin_recalculate_latency(GST_BIN(pipeline.get())));
  push(160, 7840);
  const GstClockTime latency = time_of(9 * 160 + 200) + 15 * GST_MSECOND;
  for (guint64 k = 0; k < 4; ++k) {
    GstClockID id = nullptr;
    gst_test_clock_wait_for_next_pending_id(GST_TEST_CLOCK(clock), &id);
    ASSERT_EQUAL(gst_clock_id_get_time(id), k * time_of(1600) + latency);
    gst_clock_id_unref(id);
    fail_unless(gst_test_clock_crank(GST_TEST_CLOCK(clock)));
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  gst_object_unref(clock);
}

CHECK_TEST(computing_longer_than_processing_latency_is_logged_and_counted_when_live) {
  struct {
    bool live;
    const char* granted;
    guint64 late;
  } const cases[] = {{true, "0", 9}, {true, "3600000000000", 0}, {false, "0", 0}};
  for (const auto& expected : cases) {
    MelStream stream =
        MelStream::idle(std::string("frames=10 processing-latency=") + expected.granted);
    Upstream upstream{.live = expected.live};
    upstream.attach(stream);
    stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
    const WarningLog log;
    stream.push(audio(16000), 0);
    ASSERT_EQUAL(stream.buffers().size(), 9);
    ASSERT_EQUAL(stream.stat("late-buffers"), expected.late);
    ASSERT_EQUAL(log.count("processing-latency"), expected.late);
    // Nothing for an application's user: the bus stays quiet.
    ASSERT_EQUAL(stream.bus().count(GST_MESSAGE_WARNING), 0);
  }
}

CHECK_TEST(a_latency_event_has_the_element_ask_again_whether_upstream_is_live) {
  MelStream stream = MelStream::idle("frames=10 processing-latency=0");
  Upstream upstream;
  upstream.attach(stream);
  stream.set_caps("audio/x-raw,format=S16LE,rate=16000");
  stream.push(audio(16000), 0);
  ASSERT_EQUAL(stream.stat("late-buffers"), 0);
  upstream.live = true;  // as when a live source joins
  gst_harness_push_upstream_event(stream.harness(), gst_event_new_latency(0));
  stream.push(audio(16000), GST_SECOND);
  fail_unless(stream.stat("late-buffers") > 0);
}
