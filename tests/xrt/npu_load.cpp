// SPDX-License-Identifier: LGPL-2.1-or-later
// Many streams on a slow NPU: nothing blocks on the driver's few commands, a queue is no failure,
// and what the NPU cannot do in time software does.
#include <algorithm>
#include <cstdio>
#include <memory>
#include <numeric>

#include "tests/xrt/npu_stream.h"

using namespace npumel;
using namespace npumel::xrt_test;
namespace {

struct Streams {
  std::vector<Result> results;
  guint64 submissions = 0;  ///< of the streaming threads
};

Streams run_together(int count, const std::string& properties,
                     const std::vector<int16_t>& samples) {
  Streams streams;
  streams.results.resize(static_cast<size_t>(count));
  std::atomic<guint64> submissions{0};
  std::vector<std::thread> threads;
  for (Result& result : streams.results)
    threads.emplace_back([&] {
      result = run_stream("preset=whisper80 " + properties + kernel_path("v2-80"), samples);
      submissions += Emulation::thread_submissions();
    });
  for (std::thread& thread : threads) thread.join();
  streams.submissions = submissions;
  return streams;
}

CHECK_TEST(no_streaming_thread_makes_the_call_that_can_block) {
  const auto samples = check::audio(6 * kBatchSamples);
  const Result expected = run_stream("backend=software preset=whisper80", samples);
  const Streams streams = run_together(8, "backend=npu", samples);
  for (const Result& result : streams.results) {
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
    assert_same_stream(result, expected, 0.1, "one of eight");
  }
  ASSERT_EQUAL(streams.submissions, 0);
}

CHECK_TEST(the_driver_is_given_no_command_that_it_would_block) {
  Emulation::set_faults("RUN#1+=slow:5");
  const Streams streams = run_together(16, "backend=npu in-flight=4 npu-timeout=60000",
                                       check::audio(4 * kBatchSamples));
  for (const Result& result : streams.results)
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
  const emu::Counters now = Emulation::counters();
  ASSERT_EQUAL(now.calls_blocked, 0);
  fail_unless(now.most_commands <= 3, "%lu", static_cast<unsigned long>(now.most_commands));
}

// Each run takes a twentieth of npu-timeout, the queue of all streams more than all of it.
CHECK_TEST(a_queue_of_healthy_runs_is_no_failure) {
  const auto samples = check::audio(3 * kBatchSamples);
  const Result expected = run_stream("backend=software preset=whisper80", samples);
  Emulation::set_faults("RUN#1+=slow:20");
  const Streams streams = run_together(32, "backend=auto npu-timeout=400", samples);
  guint64 by_npu = 0;
  for (const Result& result : streams.results) {
    fail_unless(result.error.code < 0, "%s", result.error.text.c_str());
    fail_unless(result.suspect_batches.empty(), "a healthy NPU is called failed: %s",
                result.reason.c_str());
    ASSERT_EQUAL(result.fallbacks, 0);
    assert_same_stream(result, expected, 0.1, "one of 32");
    by_npu += result.npu_batches;
  }
  std::printf("32 streams, 20 ms a batch: %lu of 96 batches by the NPU\n",
              static_cast<unsigned long>(by_npu));
  fail_unless(by_npu > 0);
}

/// One of many live pipelines.
struct LivePipeline {
  check::Owned<GstElement> pipeline;
  check::Owned<GstElement> mel;
  std::vector<GstClockTime> times;
  GstClockTimeDiff worst = 0;  ///< how much later than its time and the granted latency
};

GstPadProbeReturn arrived(GstPad* pad, GstPadProbeInfo* info, gpointer user_data) {
  auto& live = *static_cast<LivePipeline*>(user_data);
  const GstClockTime pts = GST_BUFFER_PTS(GST_PAD_PROBE_INFO_BUFFER(info));
  const check::Owned<GstQuery> query(gst_query_new_latency());
  GstClockTime granted = 0;
  if (gst_pad_peer_query(pad, query.get()))
    gst_query_parse_latency(query.get(), nullptr, &granted, nullptr);
  const check::Owned<GstElement> sink(gst_pad_get_parent_element(pad));
  const GstClockTime now =
      gst_clock_get_time(GST_ELEMENT_CLOCK(sink.get())) - gst_element_get_base_time(sink.get());
  live.worst = std::max(live.worst, GST_CLOCK_DIFF(pts + granted, now));
  live.times.push_back(pts);
  return GST_PAD_PROBE_OK;
}

guint64 stat_of(GstElement* mel, const char* name) {
  GstStructure* raw = nullptr;
  g_object_get(mel, "stats", &raw, nullptr);
  const check::Owned<GstStructure> stats(raw);
  guint64 value = 0;
  fail_unless(gst_structure_get_uint64(stats.get(), name, &value), "no stat %s", name);
  return value;
}

constexpr int kPipelines = 32;
constexpr size_t kLiveBuffers = 30;

/// 32 live pipelines on one context, a buffer of 100 ms each, that grant 80 ms for it.
void live_together(int run_ms) {
  Emulation::set_faults("RUN#1+=slow:" + std::to_string(run_ms));
  const emu::Counters before = Emulation::counters();
  std::vector<std::unique_ptr<LivePipeline>> all;
  for (int i = 0; i < kPipelines; ++i) {
    const std::string line =
        "audiotestsrc is-live=true wave=pink-noise samplesperbuffer=1600 num-buffers=" +
        std::to_string(kLiveBuffers) +
        " ! audio/x-raw,format=S16LE,rate=16000,channels=1 ! npumelspec name=mel frames=10 "
        "preset=whisper80 backend=auto npu-timeout=60000 processing-latency=80000000" +
        kernel_path("v2-80") + " ! fakesink name=sink sync=false";
    all.push_back(std::make_unique<LivePipeline>());
    LivePipeline& live = *all.back();
    live.pipeline = check::Owned<GstElement>(gst_parse_launch(line.c_str(), nullptr));
    fail_unless(live.pipeline != nullptr);
    live.mel = check::Owned<GstElement>(gst_bin_get_by_name(GST_BIN(live.pipeline.get()), "mel"));
    const check::Owned<GstElement> sink(gst_bin_get_by_name(GST_BIN(live.pipeline.get()), "sink"));
    const check::Owned<GstPad> pad(gst_element_get_static_pad(sink.get(), "sink"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, arrived, &live, nullptr);
  }
  for (const auto& live : all) gst_element_set_state(live->pipeline.get(), GST_STATE_PLAYING);
  std::vector<guint64> by_npu;
  guint64 overflows = 0;
  guint64 late = 0;
  GstClockTimeDiff worst = 0;
  for (const auto& live : all) {
    const check::Owned<GstBus> bus(gst_element_get_bus(live->pipeline.get()));
    const check::Message end(gst_bus_timed_pop_filtered(
        bus.get(), 120 * GST_SECOND,
        static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_WARNING)));
    fail_unless(end && GST_MESSAGE_TYPE(end.get()) == GST_MESSAGE_EOS,
                "not a stream without errors and warnings to its end");
    ASSERT_EQUAL(live->times.size(), kLiveBuffers);
    for (size_t i = 1; i < kLiveBuffers; ++i)
      ASSERT_EQUAL(live->times[i] - live->times[i - 1], 100 * GST_MSECOND);
    ASSERT_EQUAL(stat_of(live->mel.get(), "fallbacks"), 0);
    by_npu.push_back(stat_of(live->mel.get(), "npu-batches"));
    overflows += stat_of(live->mel.get(), "npu-overflow-batches");
    late += stat_of(live->mel.get(), "npu-late-batches");
    worst = std::max(worst, live->worst);
  }
  for (const auto& live : all) gst_element_set_state(live->pipeline.get(), GST_STATE_NULL);
  const auto [least, most] = std::minmax_element(by_npu.begin(), by_npu.end());
  std::printf(
      "32 live pipelines, %d ms a run: %lu to %lu of %zu batches by the NPU, %lu to software for "
      "the queue, %lu late; the worst buffer %ld ms after its time and the granted latency\n",
      run_ms, static_cast<unsigned long>(*least), static_cast<unsigned long>(*most), kLiveBuffers,
      static_cast<unsigned long>(overflows), static_cast<unsigned long>(late),
      static_cast<long>(worst / GST_MSECOND));
  ASSERT_EQUAL(Emulation::counters().contexts_created - before.contexts_created, 1);
  // How much they are together goes by how busy the machine is; tests/unit/backend's RunQueue holds
  // the shares to closer bounds.
  const guint64 all_shares = std::accumulate(by_npu.begin(), by_npu.end(), guint64{0});
  fail_unless(*least >= all_shares / kPipelines / 4, "%lu of %lu",
              static_cast<unsigned long>(*least), static_cast<unsigned long>(all_shares));
}

// All together take 32 of 100 ms: the NPU does them all, unless the machine is too busy itself.
CHECK_TEST(live_pipelines_share_a_device_that_suffices) { live_together(1); }

// All together take 256 of 100 ms: software takes what is too much, and nobody is left without.
CHECK_TEST(live_pipelines_share_a_device_that_does_not_suffice) { live_together(8); }

}  // namespace
