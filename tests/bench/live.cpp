// SPDX-License-Identifier: LGPL-2.1-or-later
// What an element costs in many live streams of one process: CPU time and memory beyond source and
// sink. Each buffer of 10 ms wakes a thread whose code and data have left the nearest caches.
// usage: bench_live [--streams N] [--seconds S] [--rounds R] [ELEMENT ...]
#include <gst/gst.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/bench/cpu_seconds.h"

namespace {

struct Unref {
  void operator()(void* object) const { gst_object_unref(object); }
};
using Clock = std::chrono::steady_clock;
using Pipeline = std::unique_ptr<GstElement, Unref>;

struct Options {
  int streams = 100;
  int seconds = 5;
  int rounds = 5;
  std::vector<std::string> elements;
};

/// Of one stream: microseconds of CPU a second of audio, of these what passed in its thread behind
/// the source, and bytes of heap.
struct Cost {
  double cpu = 0;
  double inside = 0;
  double heap = 0;
};

constexpr double kBuffersASecond = 100;

/// A running pipeline, and how long its thread stays in everything behind the source with each
/// buffer. A thread that is not disturbed (chrt -r) spends that time computing.
class Stream {
 public:
  explicit Stream(const std::string& element) {
    const std::string text =
        "audiotestsrc is-live=true wave=white-noise samplesperbuffer=160 ! capsfilter name=entry "
        "caps=audio/x-raw,rate=16000,channels=1,format=S16LE ! " +
        (element.empty() ? "" : element + " ! ") + "fakesink sync=false";
    GError* error = nullptr;
    pipeline_.reset(gst_parse_launch(text.c_str(), &error));
    if (error != nullptr) {
      const std::string message = error->message;
      g_error_free(error);
      throw std::runtime_error(text + ": " + message);
    }
    const std::unique_ptr<GstElement, Unref> entry(
        gst_bin_get_by_name(GST_BIN(pipeline_.get()), "entry"));
    const std::unique_ptr<GstPad, Unref> source(gst_element_get_static_pad(entry.get(), "src"));
    const std::unique_ptr<GstPad, Unref> first(gst_pad_get_peer(source.get()));
    times_.reserve(kMost);
    chain_ = GST_PAD_CHAINFUNC(first.get());
    // The pads of these elements leave the private field to whoever uses them.
    gst_pad_set_element_private(first.get(), this);
    gst_pad_set_chain_function(first.get(), timed);
    if (gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
      throw std::runtime_error(text + " does not start");
  }
  ~Stream() { stop(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  GstElement* pipeline() const { return pipeline_.get(); }
  void stop() { gst_element_set_state(pipeline_.get(), GST_STATE_NULL); }
  /// After stop(): microseconds of each buffer.
  const std::vector<float>& times() const { return times_; }

 private:
  static constexpr size_t kMost = 4096;

  static GstFlowReturn timed(GstPad* pad, GstObject* parent, GstBuffer* buffer) {
    auto* self = static_cast<Stream*>(gst_pad_get_element_private(pad));
    const auto begun = Clock::now();
    const GstFlowReturn flow = self->chain_(pad, parent, buffer);
    const std::chrono::duration<float, std::micro> taken = Clock::now() - begun;
    if (self->times_.size() < kMost) self->times_.push_back(taken.count());
    return flow;
  }

  Pipeline pipeline_;
  GstPadChainFunction chain_ = nullptr;
  std::vector<float> times_;
};

/// Streams that have ended with an error would cost nothing.
void check(GstElement* pipeline) {
  GstBus* bus = gst_element_get_bus(pipeline);
  GstMessage* message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
  gst_object_unref(bus);
  if (message == nullptr) return;
  gst_message_unref(message);
  throw std::runtime_error("a pipeline failed");
}

double heap_bytes() {
  const auto info = mallinfo2();
  return static_cast<double>(info.uordblks + info.hblkhd);
}

/// The mean without the hundredth of buffers during which something else ran.
double undisturbed(std::vector<float> values) {
  std::sort(values.begin(), values.end());
  values.resize(values.size() - values.size() / 100);
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Streams in pipelines of their own, each with a thread.
Cost run(const Options& options, const std::string& element) {
  const double empty = heap_bytes();
  std::vector<std::unique_ptr<Stream>> streams;
  streams.reserve(static_cast<size_t>(options.streams));
  for (int i = 0; i < options.streams; ++i) streams.push_back(std::make_unique<Stream>(element));
  sleep(1);  // until all have negotiated and computed their first buffers
  const double before = npumel::cpu_seconds();
  const auto begun = Clock::now();
  sleep(static_cast<unsigned>(options.seconds));
  const double spent = npumel::cpu_seconds() - before;
  const double wall = std::chrono::duration<double>(Clock::now() - begun).count();
  const double heap = heap_bytes() - empty;
  std::vector<float> times;
  for (const auto& stream : streams) {
    check(stream->pipeline());
    stream->stop();
    const size_t settled = std::min<size_t>(stream->times().size(), 50);
    times.insert(times.end(), stream->times().begin() + static_cast<ptrdiff_t>(settled),
                 stream->times().end());
  }
  if (times.empty()) throw std::runtime_error("no stream came far enough");
  return {spent * 1e6 / wall / options.streams, undisturbed(times) * kBuffersASecond,
          heap / options.streams};
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Options parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const auto number = [&](const char* name, int& value) {
      if (std::strcmp(argv[i], name) != 0 || i + 1 >= argc) return false;
      value = std::max(1, std::atoi(argv[++i]));
      return true;
    };
    if (number("--streams", options.streams) || number("--seconds", options.seconds) ||
        number("--rounds", options.rounds))
      continue;
    options.elements.emplace_back(argv[i]);
  }
  if (!options.elements.empty()) return options;
  options.elements = {"audioconvert ! audio/x-raw,format=F32LE"};
  for (const char* frames : {"1", "10", "100"})
    options.elements.push_back(std::string("npumelspec backend=software frames=") + frames);
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  gst_init(&argc, &argv);
  const Options options = parse(argc, argv);
  struct Row {
    std::vector<double> cpu, inside, ratio, heap;
  };
  std::vector<Row> rows(options.elements.size());
  Row alone;
  try {
    run({options.streams, 1, 1, {}}, "");
    for (int round = 0; round < options.rounds; ++round) {
      const Cost base = run(options, "");
      alone.cpu.push_back(base.cpu);
      alone.inside.push_back(base.inside);
      for (size_t i = 0; i < options.elements.size(); ++i) {
        const Cost cost = run(options, options.elements[i]);
        rows[i].cpu.push_back(cost.cpu - base.cpu);
        rows[i].inside.push_back(cost.inside - base.inside);
        rows[i].ratio.push_back(rows[i].inside.back() / rows[0].inside.back());
        rows[i].heap.push_back((cost.heap - base.heap) / 1024);
      }
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  std::printf("%d live streams of 10 ms a buffer, medians of %d rounds of %d s\n", options.streams,
              options.rounds, options.seconds);
  std::printf("us a stream-second: of the process, in the thread behind the source\n");
  std::printf("  %-40s %7.0f %7.0f\n", "source and sink", median(alone.cpu), median(alone.inside));
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto [least, most] = std::minmax_element(rows[i].inside.begin(), rows[i].inside.end());
    std::printf("  %-40s %+7.0f %+7.0f (%+.0f to %+.0f), %5.2f of the first, %+6.1f KiB of heap\n",
                options.elements[i].c_str(), median(rows[i].cpu), median(rows[i].inside), *least,
                *most, median(rows[i].ratio), median(rows[i].heap));
  }
  return 0;
}
