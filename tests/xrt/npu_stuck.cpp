// SPDX-License-Identifier: LGPL-2.1-or-later
// Streams whose NPU is busy, stuck or pulled out: nothing that an application does waits for it.
// What is compared is order, not time; a wrong implementation hangs until the test's limit.
#include <thread>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

/// Pushes on a streaming thread of its own and says how that ended.
class Pusher {
 public:
  Pusher(MelStream& stream, const std::vector<int16_t>& samples)
      : thread_([&stream, &samples, this] {
          for (size_t at = 0; at < samples.size() && flow_ == GST_FLOW_OK; at += kBatchSamples)
            flow_ = stream.push(
                std::span(samples).subspan(at, std::min(kBatchSamples, samples.size() - at)),
                check::time_of(at));
        }) {}
  ~Pusher() {
    if (thread_.joinable()) thread_.join();
  }
  Pusher(const Pusher&) = delete;
  Pusher& operator=(const Pusher&) = delete;

  GstFlowReturn join() {
    thread_.join();
    return flow_;
  }

 private:
  GstFlowReturn flow_ = GST_FLOW_OK;
  std::thread thread_;
};

std::string npu(const std::string& more) {
  return "preset=whisper80 " + more + kernel_path("v2-80");
}

// Long enough that only a flush or a stop can end the wait in time.
constexpr const char* kPatient = "backend=auto npu-timeout=600000 processing-latency=600000000000 ";

CHECK_TEST(flush_while_the_npu_is_busy_returns_before_the_run_does) {
  const auto samples = check::audio(8 * kBatchSamples);
  MelStream stream(npu(kPatient));
  Emulation::set_faults("RUN#3=stuck");
  const guint64 runs = Emulation::counters().runs;
  {
    Pusher pusher(stream, samples);
    wait_for_fault();
    fail_unless(stream.event(gst_event_new_flush_start()));
    ASSERT_EQUAL(pusher.join(), GST_FLOW_FLUSHING);
  }
  ASSERT_EQUAL(Emulation::counters().runs - runs, 2);  // the third is still on the device
  fail_unless(stream.event(gst_event_new_flush_stop(TRUE)));
}

CHECK_TEST(after_a_flush_over_a_slow_run_the_rows_are_right) {
  const auto samples = check::audio(8 * kBatchSamples);
  const Result expected = run_stream("backend=software preset=whisper80", samples);
  MelStream stream(npu(kPatient));
  Emulation::set_faults("RUN#3=slow:700");
  {
    Pusher pusher(stream, samples);
    wait_for_fault();
    fail_unless(stream.event(gst_event_new_flush_start()));
    pusher.join();
  }
  fail_unless(stream.event(gst_event_new_flush_stop(TRUE)));
  stream.forget();
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  fail_unless(stream.segment(segment));
  for (size_t at = 0; at < samples.size(); at += kBatchSamples)
    ASSERT_EQUAL(stream.push(std::span(samples).subspan(at, kBatchSamples), check::time_of(at)),
                 GST_FLOW_OK);
  fail_unless(stream.eos());
  Result result;
  result.rows = stream.rows();
  for (const check::Received* buffer : stream.buffers()) result.times.push_back(buffer->pts);
  assert_same_stream(result, expected, 0.1, "after the flush");
  ASSERT_EQUAL(stream.stat("fallbacks"), 0);
}

CHECK_TEST(stopping_does_not_wait_for_a_stuck_npu) {
  const auto samples = check::audio(8 * kBatchSamples);
  for (const char* backend : {"backend=auto", "backend=npu"}) {
    MelStream stream(
        npu(std::string(backend) + " npu-timeout=600000 processing-latency=600000000000"));
    Emulation::set_faults("RUN#3=stuck");
    const guint64 runs = Emulation::counters().runs;
    Pusher pusher(stream, samples);
    wait_for_fault();
    ASSERT_EQUAL(gst_element_set_state(stream.element(), GST_STATE_READY),
                 GST_STATE_CHANGE_SUCCESS);
    fail_unless(pusher.join() != GST_FLOW_OK);
    ASSERT_EQUAL(Emulation::counters().runs - runs, 2);
    check::PostedError error = stream.error();
    fail_unless(error.code < 0, "a stop is no error: %s", error.text.c_str());
    gst_element_set_state(stream.element(), GST_STATE_NULL);
  }
}

struct Live {
  std::vector<GstClockTime> times;
  std::vector<GstClockTime> ends;
  int warnings = 0;
  int left_npu = 0;  ///< npumelspec-backend messages that name software
  check::PostedError error;
  std::string active;
};

/// A live source of 2 s, 100 ms a buffer, from which the NPU is pulled at its 9th batch.
Live pull_the_plug(const std::string& backend) {
  const std::string line =
      "audiotestsrc is-live=true wave=pink-noise num-buffers=40 samplesperbuffer=800 ! "
      "audio/x-raw,format=S16LE,rate=16000,channels=1 ! npumelspec name=mel frames=10 "
      "npu-timeout=300 processing-latency=390000000 backend=" +
      backend + " preset=whisper80" + kernel_path("v2-80") + " ! fakesink name=sink sync=false";
  GError* problem = nullptr;
  const check::Owned<GstElement> pipeline(gst_parse_launch(line.c_str(), &problem));
  fail_unless(pipeline && !problem);
  const check::Owned<GstElement> sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
  const check::Owned<GstElement> mel(gst_bin_get_by_name(GST_BIN(pipeline.get()), "mel"));
  const check::Owned<GstPad> pad(gst_element_get_static_pad(sink.get(), "sink"));
  Live live;
  gst_pad_add_probe(
      pad.get(), GST_PAD_PROBE_TYPE_BUFFER,
      [](GstPad*, GstPadProbeInfo* info, gpointer user_data) {
        auto& seen = *static_cast<Live*>(user_data);
        const GstBuffer* buffer = GST_PAD_PROBE_INFO_BUFFER(info);
        seen.times.push_back(GST_BUFFER_PTS(buffer));
        seen.ends.push_back(GST_BUFFER_PTS(buffer) + GST_BUFFER_DURATION(buffer));
        return GST_PAD_PROBE_OK;
      },
      &live, nullptr);
  Emulation::set_faults("RUN#10=lost");
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const check::Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  for (bool running = true; running;) {
    const check::Message message(gst_bus_timed_pop(bus.get(), GST_CLOCK_TIME_NONE));
    GError* error = nullptr;
    switch (GST_MESSAGE_TYPE(message.get())) {
      case GST_MESSAGE_EOS:
        running = false;
        break;
      case GST_MESSAGE_ERROR:
        gst_message_parse_error(message.get(), &error, nullptr);
        live.error = {error->domain, error->code, error->message};
        g_error_free(error);
        running = false;
        break;
      case GST_MESSAGE_WARNING:
        ++live.warnings;
        break;
      case GST_MESSAGE_ELEMENT:
        if (gst_message_has_name(message.get(), "npumelspec-backend") &&
            g_strcmp0(gst_structure_get_string(gst_message_get_structure(message.get()), "backend"),
                      "software") == 0)
          ++live.left_npu;
        break;
      default:
        break;
    }
  }
  gchar* active = nullptr;
  g_object_get(mel.get(), "active-backend", &active, nullptr);
  live.active = check::Owned<gchar>(active).get();
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  ASSERT_EQUAL(Emulation::counters().faults, 1);
  return live;
}

CHECK_TEST(an_npu_pulled_out_of_a_live_pipeline_costs_no_frame) {
  const Live live = pull_the_plug("auto");
  fail_unless(live.error.code < 0, "%s", live.error.text.c_str());
  ASSERT_EQUAL(live.warnings, 1);
  ASSERT_EQUAL(live.left_npu, 1);
  fail_unless(live.active == "software");
  ASSERT_EQUAL(live.times.size(), 20);
  for (size_t i = 1; i < live.times.size(); ++i) ASSERT_EQUAL(live.times[i], live.ends[i - 1]);
}

CHECK_TEST(an_npu_pulled_out_with_backend_npu_ends_the_live_pipeline) {
  const Live live = pull_the_plug("npu");
  fail_unless(live.error.is(GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_FAILED), "%s",
              live.error.text.c_str());
  ASSERT_EQUAL(live.times.size(), 8);  // what came before it
}

}  // namespace
