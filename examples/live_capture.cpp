// SPDX-License-Identifier: LGPL-2.1-or-later
// Mel features of a live source in an application.
//
//   live_capture SOURCE [PROPERTIES [FILE]]
//
// SOURCE is what gst-launch-1.0 would take ("autoaudiosrc", "pulsesrc device=..."), or "stdin" for
// raw S16LE mono samples of 16 kHz, handed over by the application itself (appsrc). PROPERTIES are
// npumelspec's ("preset=kaldi80 frames=10"). FILE gets the frames as float32.
// Ends at the end of the stream or with Ctrl-C; nothing captured before that is lost.
#include <gst/app/app.h>
#include <gst/gst.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <thread>

namespace {

struct Unref {
  void operator()(void* object) const { gst_object_unref(object); }
  void operator()(GstSample* sample) const { gst_sample_unref(sample); }
  void operator()(GstMessage* message) const { gst_message_unref(message); }
  void operator()(GError* error) const { g_error_free(error); }
};
template <typename T>
using Owned = std::unique_ptr<T, Unref>;

/// One buffer of features: called on this program's own thread, so it may take its time.
void use(GstSample* sample, std::ofstream& file) {
  GstBuffer* buffer = gst_sample_get_buffer(sample);
  GstMapInfo map;
  if (!gst_buffer_map(buffer, &map, GST_MAP_READ)) return;
  const GstStructure* caps = gst_caps_get_structure(gst_sample_get_caps(sample), 0);
  int mels = 1;
  gst_structure_get_int(caps, "mels", &mels);
  const GstClockTime when = gst_segment_to_running_time(gst_sample_get_segment(sample),
                                                        GST_FORMAT_TIME, GST_BUFFER_PTS(buffer));
  std::printf("%" GST_TIME_FORMAT " %zu frames of %d mels\n", GST_TIME_ARGS(when),
              map.size / sizeof(float) / static_cast<size_t>(mels), mels);
  if (file.is_open())
    file.write(reinterpret_cast<const char*>(map.data), static_cast<std::streamsize>(map.size));
  gst_buffer_unmap(buffer, &map);
}

/// False when the stream is over; `failed` says how.
bool handle(GstMessage* message, GstElement* pipeline, bool& failed) {
  GError* raw = nullptr;
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_EOS:
      return false;
    case GST_MESSAGE_ERROR:
      gst_message_parse_error(message, &raw, nullptr);
      std::fprintf(stderr, "error: %s\n", Owned<GError>(raw)->message);
      failed = true;
      return false;
    case GST_MESSAGE_WARNING:  // the NPU was lost: features go on, computed by the CPU
      gst_message_parse_warning(message, &raw, nullptr);
      std::fprintf(stderr, "warning: %s\n", Owned<GError>(raw)->message);
      return true;
    case GST_MESSAGE_LATENCY:
      gst_bin_recalculate_latency(GST_BIN(pipeline));
      return true;
    case GST_MESSAGE_ELEMENT:
      if (gst_message_has_name(message, "npumelspec-backend"))
        std::fprintf(stderr, "backend: %s\n",
                     gst_structure_get_string(gst_message_get_structure(message), "backend"));
      return true;
    default:
      return true;
  }
}

/// Hands samples to the pipeline as they come. is-live and do-timestamp are what makes an appsrc a
/// capture device: the pipeline counts its latency and does not wait for it in PAUSED.
void feed(GstElement* source) {
  std::array<int16_t, 1600> block;  // 100 ms
  while (const size_t got = std::fread(block.data(), sizeof(int16_t), block.size(), stdin)) {
    GstBuffer* buffer = gst_buffer_new_memdup(block.data(), got * sizeof(int16_t));
    if (gst_app_src_push_buffer(GST_APP_SRC(source), buffer) != GST_FLOW_OK) return;
  }
  gst_app_src_end_of_stream(GST_APP_SRC(source));
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  if (argc < 2) {
    std::fprintf(stderr, "usage: live_capture SOURCE [PROPERTIES [FILE]]\n");
    return 2;
  }
  const bool own = std::string(argv[1]) == "stdin";
  const std::string launch =
      (own ? std::string("appsrc name=source format=time is-live=true do-timestamp=true "
                         "caps=audio/x-raw,format=S16LE,rate=16000,channels=1,layout=interleaved")
           : std::string(argv[1])) +
      " ! queue ! audioconvert ! audioresample ! npumelspec " + (argc > 2 ? argv[2] : "") +
      " ! audio/x-mel-spectrogram,format=F32LE ! appsink name=sink sync=false max-buffers=16";
  GError* raw = nullptr;
  const Owned<GstElement> pipeline(gst_parse_launch(launch.c_str(), &raw));
  if (const Owned<GError> error{raw}) {
    std::fprintf(stderr, "error: %s\n", error->message);
    return 1;
  }
  std::ofstream file;
  if (argc > 3) file.open(argv[3], std::ios::binary);
  const Owned<GstElement> sink(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sink"));
  const Owned<GstBus> bus(gst_element_get_bus(pipeline.get()));
  static volatile std::sig_atomic_t interrupted = 0;
  std::signal(SIGINT, [](int) { interrupted = 1; });

  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  std::jthread feeder;
  Owned<GstElement> source;
  if (own) {
    source.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "source"));
    feeder = std::jthread(feed, source.get());
  }

  bool failed = false;
  for (bool going = true; going;) {
    if (interrupted == 1) gst_element_send_event(pipeline.get(), gst_event_new_eos());
    if (interrupted == 1) interrupted = 2;
    const Owned<GstSample> sample(
        gst_app_sink_try_pull_sample(GST_APP_SINK(sink.get()), 100 * GST_MSECOND));
    if (sample) use(sample.get(), file);
    while (const Owned<GstMessage> message{gst_bus_pop(bus.get())})
      if (!handle(message.get(), pipeline.get(), failed)) going = false;
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return failed ? 1 : 0;
}
