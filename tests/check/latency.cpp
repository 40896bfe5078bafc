// LATENCY: (frames-1)*hop + reach, and what a live pipeline adds.
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

CHECK_TEST(the_reach_of_every_preset_is_that_of_its_recipe) {
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
