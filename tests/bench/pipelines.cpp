// SPDX-License-Identifier: LGPL-2.1-or-later
// What only a running application shows: the time from the last sample of a buffer to the buffer in
// a live pipeline, what a stream among many costs, and what a second core brings to several.
// usage: bench_pipelines [--quick] [--json FILE]
#include <gst/gst.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/cpu_seconds.h"

namespace {

using Json = nlohmann::ordered_json;
using Clock = std::chrono::steady_clock;

struct Unref {
  void operator()(void* object) const { gst_object_unref(object); }
};
using Pipeline = std::unique_ptr<GstElement, Unref>;

Pipeline parse(const std::string& text) {
  GError* error = nullptr;
  Pipeline pipeline(gst_parse_launch(text.c_str(), &error));
  if (error != nullptr) {
    const std::string message = error->message;
    g_error_free(error);
    throw std::runtime_error(text + ": " + message);
  }
  return pipeline;
}

/// Waits for EOS; anything else that ends a pipeline is an error.
void wait_for_end(GstElement* pipeline) {
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = gst_bus_timed_pop_filtered(
      bus, GST_CLOCK_TIME_NONE, static_cast<GstMessageType>(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  const bool ended = GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS;
  gst_message_unref(message);
  gst_object_unref(bus);
  if (!ended) throw std::runtime_error("a pipeline failed");
}

double quantile(std::vector<double> values, double q) {
  if (values.empty()) throw std::runtime_error("a pipeline without buffers");
  const auto at = static_cast<size_t>(q * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<ptrdiff_t>(at), values.end());
  return values[at];
}

/// One live stream. Both probes run in its streaming thread: the software backend computes there.
struct LiveStream {
  Pipeline pipeline;
  Clock::time_point arrived;
  std::vector<double> microseconds;

  explicit LiveStream(int frames, int seconds)
      : pipeline(
            parse("audiotestsrc is-live=true wave=white-noise samplesperbuffer=160 num-buffers=" +
                  std::to_string(seconds * 100) +
                  " ! audio/x-raw,rate=16000,channels=1,format=S16LE ! npumelspec name=mel "
                  "backend=software frames=" +
                  std::to_string(frames) + " ! fakesink name=sink sync=false")) {
    // A buffer of samples arrives when its last sample was due: audiotestsrc waits for it.
    watch("mel", [](GstPad*, GstPadProbeInfo*, gpointer data) {
      static_cast<LiveStream*>(data)->arrived = Clock::now();
      return GST_PAD_PROBE_OK;
    });
    watch("sink", [](GstPad*, GstPadProbeInfo*, gpointer data) {
      auto* self = static_cast<LiveStream*>(data);
      self->microseconds.push_back(
          std::chrono::duration<double, std::micro>(Clock::now() - self->arrived).count());
      return GST_PAD_PROBE_OK;
    });
  }

 private:
  void watch(const char* element, GstPadProbeCallback callback) {
    const std::unique_ptr<GstElement, Unref> found(
        gst_bin_get_by_name(GST_BIN(pipeline.get()), element));
    const std::unique_ptr<GstPad, Unref> pad(gst_element_get_static_pad(found.get(), "sink"));
    gst_pad_add_probe(pad.get(), GST_PAD_PROBE_TYPE_BUFFER, callback, this, nullptr);
  }
};

double milliseconds_property(GstElement* pipeline, const char* property) {
  const std::unique_ptr<GstElement, Unref> element(gst_bin_get_by_name(GST_BIN(pipeline), "mel"));
  guint64 value = 0;
  g_object_get(element.get(), property, &value, nullptr);
  return static_cast<double>(value) / 1e6;
}

Json latency(bool quick) {
  Json results = Json::array();
  for (const auto& [frames, seconds] : {std::pair{1, 10}, {10, 10}, {100, 30}}) {
    LiveStream stream(frames, quick ? 3 : seconds);
    gst_element_set_state(stream.pipeline.get(), GST_STATE_PLAYING);
    wait_for_end(stream.pipeline.get());
    gst_element_set_state(stream.pipeline.get(), GST_STATE_NULL);
    // What EOS pushed out has no last sample.
    if (stream.microseconds.size() > 1) stream.microseconds.pop_back();
    const Json row = {
        {"frames", frames},
        {"buffers", stream.microseconds.size()},
        {"median_us", quantile(stream.microseconds, 0.5)},
        {"p99_us", quantile(stream.microseconds, 0.99)},
        {"processing_latency_ms",
         milliseconds_property(stream.pipeline.get(), "processing-latency")},
    };
    std::printf("  frames=%-5d %5zu buffers  median %8.1f us  p99 %8.1f us  (promised: %.0f ms)\n",
                frames, stream.microseconds.size(), row["median_us"].get<double>(),
                row["p99_us"].get<double>(), row["processing_latency_ms"].get<double>());
    results.push_back(row);
  }
  return results;
}

/// CPU seconds from playing to the end of `streams` pipelines at once, fed in buffers of 10 ms.
double run_many(int streams, int seconds, const std::string& element) {
  std::vector<Pipeline> pipelines;
  for (int i = 0; i < streams; ++i) {
    pipelines.push_back(parse("audiotestsrc wave=white-noise samplesperbuffer=160 num-buffers=" +
                              std::to_string(seconds * 100) +
                              " ! audio/x-raw,rate=16000,channels=1,format=S16LE ! " + element +
                              "fakesink sync=false"));
    gst_element_set_state(pipelines.back().get(), GST_STATE_READY);
  }
  const double before = npumel::cpu_seconds();
  for (const Pipeline& pipeline : pipelines)
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  for (const Pipeline& pipeline : pipelines) wait_for_end(pipeline.get());
  const double spent = npumel::cpu_seconds() - before;
  for (const Pipeline& pipeline : pipelines) gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return spent;
}

/// What the element costs where 500 of them run in one process, each in a pipeline of its own.
Json many(bool quick) {
  constexpr int kStreams = 500;
  const int seconds = quick ? 10 : 30;
  std::vector<double> costs;
  for (int round = 0; round < (quick ? 1 : 5); ++round) {
    const double without = run_many(kStreams, seconds, "");
    const double with = run_many(kStreams, seconds, "npumelspec backend=software ! ");
    costs.push_back((with - without) / kStreams / seconds);
  }
  const double cost = quantile(costs, 0.5);
  std::printf("  %d streams of 10 ms a buffer: %.0f us of CPU a second of one stream\n", kStreams,
              cost * 1e6);
  return {{"streams", kStreams}, {"us_a_stream_second", cost * 1e6}};
}

/// Lets every thread of this process run on `cores` only. Streaming threads come from GLib's pool
/// and are made by a thread of the pool's own, so the mask of the main thread alone says nothing
/// about them.
bool use_cores(const cpu_set_t& cores) {
  bool done = true;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    const pid_t thread = std::stoi(task.path().filename().string());
    if (sched_setaffinity(thread, sizeof cores, &cores) != 0 && errno != ESRCH) done = false;
  }
  return done;  // a thread that has ended meanwhile needs no core
}

/// The first `count` of the cores that this process may use.
bool use_cores(const cpu_set_t& allowed, int count) {
  cpu_set_t chosen;
  CPU_ZERO(&chosen);
  for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&chosen) < count; ++cpu)
    if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &chosen);
  return CPU_COUNT(&chosen) == count && use_cores(chosen);
}

/// Noise in a file that is gone when this is.
class NoiseFile {
 public:
  explicit NoiseFile(int minutes) {
    gchar* name = nullptr;
    const int handle = g_file_open_tmp("npumelspec-XXXXXX", &name, nullptr);
    if (handle < 0) throw std::runtime_error("no temporary file");
    close(handle);
    path_ = name;
    g_free(name);
    std::mt19937 random(1);
    std::vector<int16_t> minute(16000 * 60);
    for (int16_t& sample : minute) sample = static_cast<int16_t>(random() % 16000) - 8000;
    std::ofstream file(path_, std::ios::binary);
    for (int i = 0; i < minutes; ++i)
      file.write(reinterpret_cast<const char*>(minute.data()),
                 static_cast<std::streamsize>(minute.size() * sizeof minute[0]));
  }
  ~NoiseFile() { std::remove(path_.c_str()); }
  NoiseFile(const NoiseFile&) = delete;
  NoiseFile& operator=(const NoiseFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Wall and CPU seconds of `streams` streams at once, each in a thread of its own.
std::pair<double, double> run_streams(int streams, const NoiseFile& noise) {
  std::vector<Pipeline> pipelines;
  for (int i = 0; i < streams; ++i) {
    pipelines.push_back(parse("filesrc location=" + noise.path() +
                              " ! rawaudioparse use-sink-caps=false format=pcm pcm-format=s16le "
                              "sample-rate=16000 num-channels=1 ! npumelspec backend=software ! "
                              "fakesink sync=false"));
    gst_element_set_state(pipelines.back().get(), GST_STATE_READY);
  }
  const double cpu = npumel::cpu_seconds();
  const auto start = Clock::now();
  for (const Pipeline& pipeline : pipelines)
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  for (const Pipeline& pipeline : pipelines) wait_for_end(pipeline.get());
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  const double spent = npumel::cpu_seconds() - cpu;
  for (const Pipeline& pipeline : pipelines) gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return {wall, spent};
}

Json cores(bool quick) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  sched_getaffinity(0, sizeof allowed, &allowed);
  // Long enough that it does not matter when the scheduler moves a new thread to the free core.
  const NoiseFile noise(quick ? 10 : 60);
  Json results = Json::array();
  for (const int streams : {2, 4, 16}) {
    std::vector<double> ratios;
    std::vector<double> cpu_ratios;
    for (int round = 0; round < (quick ? 3 : 9); ++round) {
      if (!use_cores(allowed, 1)) throw std::runtime_error("no core");
      const auto one = run_streams(streams, noise);
      if (!use_cores(allowed, 2)) return results;  // a machine of one core
      const auto two = run_streams(streams, noise);
      ratios.push_back(one.first / two.first);
      cpu_ratios.push_back(two.second / one.second);
    }
    const Json row = {{"streams", streams},
                      {"throughput", quantile(ratios, 0.5)},
                      {"best_round", quantile(ratios, 1)},
                      {"cpu_time", quantile(cpu_ratios, 0.5)}};
    std::printf(
        "  %2d streams: two cores give %.2f times the throughput of one (best round %.2f), "
        "for %.2f times the CPU time\n",
        streams, row["throughput"].get<double>(), row["best_round"].get<double>(),
        row["cpu_time"].get<double>());
    results.push_back(row);
  }
  use_cores(allowed);
  return results;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  bool quick = false;
  std::string file;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--quick") == 0) quick = true;
    if (std::strcmp(argv[i], "--json") == 0 && i + 1 < argc) file = argv[++i];
  }
  try {
    Json results;
    std::puts("live: from the arrival of a buffer's last sample to the buffer at the sink");
    results["live"] = latency(quick);
    std::puts("many");
    results["many"] = many(quick);
    std::puts("cores");
    results["cores"] = cores(quick);
    if (!file.empty()) std::ofstream(file) << results.dump(1) << "\n";
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
