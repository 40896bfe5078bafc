// SPDX-License-Identifier: LGPL-2.1-or-later
// Live pipelines on an NPU that is stuck, slow or away for a while: no frame is lost and none waits
// for npu-timeout. How late the worst one was is printed, not judged.
#include <algorithm>
#include <cstdio>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

/// The length of a buffer: 10 frames.
constexpr GstClockTime kBuffer = 100 * GST_MSECOND;

struct Live {
  std::vector<GstClockTime> times;
  std::vector<std::string> backends;
  GstClockTimeDiff worst = 0;  ///< how much later than its time and the granted latency
  std::vector<std::pair<std::string, std::string>> changes;  ///< backend, reason
  std::string error;
  std::string active;
};

GstPadProbeReturn arrived(GstPad* pad, GstPadProbeInfo* info, gpointer user_data) {
  Live& live = *static_cast<Live*>(user_data);
  const check::Received buffer(GST_PAD_PROBE_INFO_BUFFER(info), gst_pad_get_current_caps(pad));
  const check::Owned<GstQuery> query(gst_query_new_latency());
  GstClockTime granted = 0;
  if (gst_pad_peer_query(pad, query.get()))
    gst_query_parse_latency(query.get(), nullptr, &granted, nullptr);
  const check::Owned<GstElement> sink(gst_pad_get_parent_element(pad));
  const GstClockTime now =
      gst_clock_get_time(GST_ELEMENT_CLOCK(sink.get())) - gst_element_get_base_time(sink.get());
  live.worst = std::max(live.worst, GST_CLOCK_DIFF(buffer.pts + granted, now));
  live.times.push_back(buffer.pts);
  live.backends.push_back(buffer.backend);
  return GST_PAD_PROBE_OK;
}

/// A live source of so many buffers of 100 ms, through npumelspec.
Live run_live(const std::string& properties, int buffers, const std::string& fault) {
  const std::string line =
      "audiotestsrc is-live=true wave=pink-noise samplesperbuffer=800 num-buffers=" +
      std::to_string(2 * buffers) +
      " ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! npumelspec name=mel frames=10 "
      "preset=whisper80 backend=auto " +
      properties + kernel_path("v2-80") + " ! fakesink name=sink sync=false";
  GError* problem = nullptr;
  const check::Owned<GstElement> pipeline(gst_parse_launch(line.c_str(), &problem));
  fail_unless(pipeline && !problem);
  const check::Owned<GstElement> sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
  const check::Owned<GstElement> mel(gst_bin_get_by_name(GST_BIN(pipeline.get()), "mel"));
  const check::Owned<GstPad> pad(gst_element_get_static_pad(sink.get(), "sink"));
  Live live;
  gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, arrived, &live, nullptr);
  Emulation::set_faults(fault);
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  const check::Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  for (bool running = true; running;) {
    // A stream that waits for npu-timeout here would wait for ten minutes.
    const check::Message message(gst_bus_timed_pop(bus.get(), 60 * GST_SECOND));
    fail_unless(message != nullptr, "the stream has stopped after %zu buffers", live.times.size());
    switch (GST_MESSAGE_TYPE(message.get())) {
      case GST_MESSAGE_EOS:
        running = false;
        break;
      case GST_MESSAGE_ERROR: {
        GError* error = nullptr;
        gst_message_parse_error(message.get(), &error, nullptr);
        live.error = error->message;
        g_error_free(error);
        running = false;
        break;
      }
      case GST_MESSAGE_ELEMENT:
        if (gst_message_has_name(message.get(), "npumelspec-backend")) {
          const GstStructure* fields = gst_message_get_structure(message.get());
          const char* reason = gst_structure_get_string(fields, "reason");
          live.changes.emplace_back(gst_structure_get_string(fields, "backend"),
                                    reason ? reason : "");
        }
        break;
      default:
        break;
    }
  }
  gchar* active = nullptr;
  g_object_get(mel.get(), "active-backend", &active, nullptr);
  live.active = check::Owned<gchar>(active).get();
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return live;
}

void assert_complete(const Live& live, int buffers, const char* what) {
  fail_unless(live.error.empty(), "%s", live.error.c_str());
  ASSERT_EQUAL(live.times.size(), buffers);
  // A live source's first sample is as old as the pipeline's start was slow.
  for (size_t i = 0; i < live.times.size(); ++i)
    ASSERT_EQUAL(live.times[i], live.times[0] + i * kBuffer);
  std::printf(
      "%s: %d buffers of 100 ms, the worst %ld ms after its time and the granted latency, on %s "
      "in the end\n",
      what, buffers, static_cast<long>(live.worst / GST_MSECOND), live.active.c_str());
}

CHECK_TEST(a_stuck_run_is_overtaken) {
  const Live live = run_live("npu-timeout=600000", 30, "RUN#5=stuck");
  assert_complete(live, 30, "one stuck run");
  fail_unless(std::count(live.backends.begin(), live.backends.end(), "software") > 0);
}

CHECK_TEST(an_npu_that_is_late_for_every_buffer_is_left) {
  const Live live = run_live("npu-timeout=600000", 40, "RUN#1+=slow:300");
  assert_complete(live, 40, "300 ms a batch");
  ASSERT_EQUAL(live.active == "software", true);
  const auto left = std::find_if(live.changes.begin(), live.changes.end(), [](const auto& change) {
    return change.first == "software" && change.second.find("late") != std::string::npos;
  });
  fail_unless(left != live.changes.end(), "no message says that it is late");
}

CHECK_TEST(after_an_outage_the_stream_is_back_on_the_npu) {
  const Live live = run_live("retry-interval=500000000", 60, "RUN#5=outage:2000");
  assert_complete(live, 60, "an outage of 2 s, retry-interval 500 ms");
  fail_unless(live.active == "npu", "on %s", live.active.c_str());
  const auto away = std::count(live.backends.begin(), live.backends.end(), "software");
  std::printf("  %ld buffers came from software\n", static_cast<long>(away));
  fail_unless(away > 0);
}

}  // namespace
