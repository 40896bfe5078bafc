// SPDX-License-Identifier: LGPL-2.1-or-later
// Many threads at once: what helgrind and the thread sanitizer look at.
#include <atomic>
#include <thread>

#include "tests/check/audio.h"
#include "tests/check/mel_stream.h"

using namespace npumel::check;

namespace {

/// Runs BODY again and again in a thread of its own until this object goes.
class Repeat {
 public:
  explicit Repeat(std::function<void()> body)
      : thread_([this, body = std::move(body)] {
          while (!stop_) body(), ++rounds_;
        }) {}
  ~Repeat() {
    stop_ = true;
    thread_.join();
  }
  Repeat(const Repeat&) = delete;
  Repeat& operator=(const Repeat&) = delete;
  int rounds() const { return rounds_; }

 private:
  std::atomic<bool> stop_ = false;
  std::atomic<int> rounds_ = 0;
  std::thread thread_;
};

void read_everything(GstElement* element) {
  GstStructure* stats = nullptr;
  gchar *recipe = nullptr, *active = nullptr;
  int frames = 0;
  g_object_get(element, "stats", &stats, "recipe", &recipe, "active-backend", &active, "frames",
               &frames, nullptr);
  if (stats) gst_structure_free(stats);
  g_free(recipe);
  g_free(active);
}

}  // namespace

CHECK_TEST(properties_are_read_and_written_while_data_flows) {
  const auto samples = audio(1600);
  MelStream quiet("frames=10");
  for (guint64 i = 0; i < 60; ++i) quiet.push(samples, time_of(i * 1600));
  MelStream stream("frames=10");
  {
    GstElement* element = stream.element();
    const Repeat reader([element] { read_everything(element); });
    const Repeat writer([element, i = 0]() mutable {
      g_object_set(element, "processing-latency", static_cast<guint64>(++i % 50) * GST_MSECOND,
                   nullptr);
    });
    const Repeat asker([&stream] {
      const Owned<GstQuery> query(gst_query_new_latency());
      gst_pad_peer_query(stream.harness()->sinkpad, query.get());
      Caps(gst_pad_peer_query_caps(stream.harness()->srcpad, nullptr));
    });
    for (guint64 i = 0; i < 60; ++i)
      ASSERT_EQUAL(stream.push(samples, time_of(i * 1600)), GST_FLOW_OK);
    while (reader.rounds() < 3 || writer.rounds() < 3 || asker.rounds() < 3)
      std::this_thread::yield();
  }
  fail_unless(stream.rows() == quiet.rows());
}

CHECK_TEST(flushes_from_another_thread_do_not_disturb_each_other) {
  const auto samples = audio(1600);
  MelStream stream("frames=10");
  for (int round = 0; round < 20; ++round) {
    stream.forget();
    {
      std::thread flusher([&stream] { stream.event(gst_event_new_flush_start()); });
      for (guint64 i = 0; i < 20; ++i) stream.push(samples, time_of(i * 1600));
      flusher.join();
    }
    stream.event(gst_event_new_flush_stop(TRUE));
    GstSegment segment;
    gst_segment_init(&segment, GST_FORMAT_TIME);
    stream.segment(segment);
    stream.forget();
    for (guint64 i = 0; i < 20; ++i)
      ASSERT_EQUAL(stream.push(samples, time_of(i * 1600)), GST_FLOW_OK);
    ASSERT_EQUAL(stream.buffers().size(), 19);
    ASSERT_EQUAL(stream.buffers()[0]->offset, 0);
  }
}

CHECK_TEST(states_change_while_properties_are_read) {
  const Owned<GstElement> pipeline(gst_parse_launch(
      "audiotestsrc samplesperbuffer=1600 ! npumelspec name=mel frames=10 ! fakesink sync=false",
      nullptr));
  const Owned<GstElement> mel(gst_bin_get_by_name(GST_BIN(pipeline.get()), "mel"));
  const Repeat reader([&mel] { read_everything(mel.get()); });
  for (int i = 0; i < 10; ++i) {
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
    fail_unless(gst_element_get_state(pipeline.get(), nullptr, nullptr, 60 * GST_SECOND) ==
                GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  }
}

CHECK_TEST(eight_elements_in_eight_threads_agree) {
  const auto samples = audio(32000);
  MelStream single("frames=10");
  run(single, samples);
  const std::vector<float> expected = single.rows();
  std::vector<std::thread> threads;
  std::atomic<int> equal = 0;
  for (int i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      MelStream stream("frames=10");
      stream.push(samples, 0);
      stream.eos();
      equal += stream.rows() == expected;
    });
  for (std::thread& thread : threads) thread.join();
  ASSERT_EQUAL(equal.load(), 8);
}
